"""Find the fewest known mistakes that explain a wrong result, and nothing that fits by chance.

A result is divided into cells: each step of each part of each problem. A mistake acts on some cells
and leaves the others right. So where only one of two mistakes acts, the numbers have to be those
with this one alone. That leaves few pairs to be computed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import combinations, islice
from typing import Any

import numpy as np

from bptt_lab.arguments import Array
from bptt_lab.exercises.comparing import CLOSE, Parts, agree, all_agree, factors, norm
from bptt_lab.exercises.locating import agreement, first_step
from bptt_lab.exercises.mistakes import Mistake, Mistakes, compatible, shares
from bptt_lab.exercises.places import at
from bptt_lab.exercises.trials import Problem

MOST = 200
"""Pairs of mistakes that are computed at most, so that an answer never takes long."""

Result = Callable[[int, Mistakes], Parts]
"""What the reference returns for one problem, by number, if it commits some mistakes."""


class Effects:
    """What each known mistake does to a result, cell by cell.

    Parameters
    ----------
    mistakes : sequence of Mistake
    result : callable
        From the number of a problem and some mistakes to the result with them.
    problems : sequence of Problem
    """

    def __init__(
        self, mistakes: Sequence[Mistake], result: Result, problems: Sequence[Problem]
    ) -> None:
        self.mistakes, self.result, self.problems = tuple(mistakes), result, tuple(problems)
        self.right = self.results(())
        self.step_counts = {name: self.steps(name) for name in self.right[0]}

    def results(self, mistakes: Mistakes) -> list[Parts]:
        """Return the results of all problems with some mistakes."""
        return [self.result(k, mistakes) for k in range(len(self.problems))]

    def steps(self, name: str) -> list[int] | None:
        """Return how many steps a part has in each problem; None if it has none."""
        arrays = [parts[name] for parts in self.right]
        sizes = [problem.sizes for problem in self.problems]
        return None if first_step(arrays, sizes) is None else [len(a) for a in arrays]

    def agreement(self, got: Sequence[Parts], mistakes: Mistakes) -> Array:
        """Tell for each cell whether the numbers are those with some mistakes."""
        return agreement(got, self.results(mistakes), self.step_counts)

    def shaped(self, got: Sequence[Parts]) -> Array:
        """Tell for each cell whether its part has the right shape, so that its steps are known."""
        found = [
            np.full(counts[k] if counts else 1, parts[name].shape == self.right[k][name].shape)
            for name, counts in self.step_counts.items()
            for k, parts in enumerate(got)
        ]
        return np.concatenate(found)

    @cached_property
    def acts(self) -> Array:
        """For each mistake, on which cells it acts."""
        return np.array([~self.agreement(self.right, (m,)) for m in self.mistakes])

    @cached_property
    def scales(self) -> dict[Mistake, list[float]]:
        """The mistakes that multiply everything by one number, with that of each problem."""
        found = {m: common_factors(self.results((m,)), self.right) for m in self.mistakes}
        return {mistake: numbers for mistake, numbers in found.items() if numbers}

    @cached_property
    def pairs(self) -> list[tuple[int, int]]:
        """Every two mistakes that one function can contain at once; first those that rarely meet.

        Where only one of two acts, most is known already.
        """
        meet = self.acts.astype(float) @ self.acts.T
        numbers = combinations(range(len(self.mistakes)), 2)
        found = [(a, b) for a, b in numbers if compatible((self.mistakes[a], self.mistakes[b]))]
        return sorted(found, key=lambda pair: meet[pair])


class Case:
    """One wrong result, beside what known mistakes would give.

    Explained is what the reference returns with them. A local mistake need not be made in every
    part. Every mistake named is one without which a part could not be explained.
    """

    def __init__(self, got: Sequence[Parts], effects: Effects) -> None:
        self.got, self.effects = got, effects
        arguments = [problem.arguments for problem in effects.problems]
        self.telling = {name: telling([parts[name] for parts in got], arguments) for name in got[0]}

    def explanations(self, at_once: int) -> Iterator[Mistakes]:
        """Yield the known mistakes that explain the result, one alone before two together."""
        if at_once >= 1:
            yield from self.explaining((mistake,) for mistake in self.effects.mistakes)
        if at_once >= 2 and len(self.effects.mistakes) > 1:
            yield from self.explaining(islice(self.possible_pairs(), MOST))

    def explaining(self, candidates: Iterable[Mistakes]) -> Iterator[Mistakes]:
        """Yield those candidates that explain the whole result and of which none can be missed."""
        for mistakes in candidates:
            shown: dict[str, Mistakes] = {}
            for name in self.got[0]:
                some = next((some for some in shares(mistakes) if self.fits(name, some)), None)
                if some is None:
                    break
                shown[name] = some
            else:
                if len(mistakes) == 1 or all(self.needed(m, shown) for m in mistakes):
                    yield mistakes

    def fits(self, name: str, mistakes: Mistakes) -> bool:
        """Tell whether a part is what it would be with these mistakes."""
        return all(
            agree(parts[name], self.effects.result(k, mistakes)[name])
            for k, parts in enumerate(self.got)
        )

    def needed(self, mistake: Mistake, shown: Mapping[str, Mistakes]) -> bool:
        """Tell whether some part that can tell anything is not explained without this mistake."""
        return any(
            mistake in some
            and self.telling[name]
            and not self.fits(name, tuple(other for other in some if other is not mistake))
            for name, some in shown.items()
        )

    def rescaled_pairs(self) -> Iterator[Mistakes]:
        """Yield pairs of which one multiplies everything, and the other explains what is left."""
        for scale, numbers in self.effects.scales.items():
            whole = divided(self.got, numbers)
            for mistake in self.effects.mistakes:
                pair = mistake, scale
                if compatible(pair) and all_agree(whole, self.effects.results((mistake,))):
                    yield pair

    def possible_pairs(self) -> Iterator[Mistakes]:
        """Yield two mistakes if the cells on which at most one of them acts allow for both."""
        acts, right = self.effects.acts, self.effects.agreement(self.got, ())
        alone = np.array([
            self.effects.agreement(self.got, (m,)) | (right & m.local)
            for m in self.effects.mistakes
        ])  # fmt: skip
        against = np.where(acts, ~alone, ~right) & self.effects.shaped(self.got)
        refuted = against.astype(float) @ ~acts.T  # where the other one is not
        yield from self.rescaled_pairs()
        few = len(self.effects.pairs) <= MOST
        for a, b in self.effects.pairs:
            if few or not (refuted[a, b] or refuted[b, a]):
                yield self.effects.mistakes[a], self.effects.mistakes[b]


def telling(arrays: Sequence[Array], arguments: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether a part can be evidence: a zero, or an argument, can come from anything.

    Two mistakes at once are claimed on better grounds.
    """
    if not any(a.any() for a in arrays):
        return False
    given = [
        [
            part
            for value in some.values()
            for part in (value.values() if isinstance(value, dict) else [value])
        ]
        for some in arguments
    ]  # fmt: skip
    return not all(
        any(np.shape(value) == a.shape and np.array_equal(value, a) for value in values)
        for a, values in zip(arrays, given, strict=True)
    )


# ------------------------------------------------------------------------- clipped on the way

CLIPPED_INSIDE = Mistake(
    "clipped inside the function",
    "All numbers are the right ones times one factor, which differs from problem to problem: the "
    "gradient is clipped or normalised inside the function.",
    "Return the gradient as it is, and clip it outside. A gradient check of a clipped gradient can "
    "never pass.",
    at("sec-clipping"),
)
ENTRIES_CLIPPED_INSIDE = Mistake(
    "entries clipped inside the function",
    "All entries are right, but cut off at one size: they are clipped inside the function.",
    "Return the gradient as it is, and clip it outside. A gradient check of a clipped gradient can "
    "never pass.",
    at("sec-clipping"),
)


CLIPPED = CLIPPED_INSIDE, ENTRIES_CLIPPED_INSIDE


def multiples(got: Sequence[Parts], right: Sequence[Parts]) -> list[list[float]]:
    """Return the factors, one for each problem, that most parts have in common, once for each."""
    found = [factors([p[k] for p in got], [p[k] for p in right]) for k in right[0]]
    known = [some for some in found if some]
    alike = [[b for b in known if np.allclose(a, b, rtol=CLOSE)] for a in known]
    return max(alike, key=len, default=[])


def common_factors(got: Sequence[Parts], right: Sequence[Parts]) -> list[float] | None:
    """Return the factor of each problem if all parts have it; None if they have not."""
    first: list[float] | None = None
    for name in right[0]:
        found = factors([parts[name] for parts in got], [parts[name] for parts in right])
        if found is None or not np.allclose(found, first or found, rtol=CLOSE):
            return None
        first = first or found
    return first


def divided(got: Sequence[Parts], numbers: Sequence[float]) -> list[Parts]:
    """Divide the results of each problem by a number."""
    pairs = zip(got, numbers, strict=True)
    return [{name: a / number for name, a in parts.items()} for parts, number in pairs]


def unclipped(got: Sequence[Parts], right: Sequence[Parts]) -> list[Parts] | None:
    """Divide by what shortened the results to one length; None if nothing did.

    A factor that differs from problem to problem may come from anything. Those results that have
    one must be equally long, and the others no longer.
    """
    found = multiples(got, right)
    if len(found) < min(2, len(right[0])) or np.allclose(found[0], found[0][0], rtol=CLOSE):
        return None
    lengths = np.array([norm([norm(a) for a in parts.values()]) for parts in got])
    whole = np.isclose(found[0], 1, rtol=CLOSE)
    longest = np.isclose(lengths, lengths.max(), rtol=CLOSE)
    return divided(got, found[0]) if (whole | longest).all() else None


def entries_clipped(got: Sequence[Parts], right: Sequence[Parts]) -> bool:
    """Tell whether all entries are right but for those beyond one bound."""
    bound = max(float(np.abs(a).max()) for parts in got for a in parts.values())
    clipped = [{k: np.clip(b, -bound, bound) for k, b in parts.items()} for parts in right]
    pairs = [(a[k], b[k]) for a, b in zip(got, clipped, strict=True) for k in b]
    return bound > 0 and all(agree(a, b) for a, b in pairs)
