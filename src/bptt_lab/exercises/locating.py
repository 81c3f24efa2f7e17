"""Say where the numbers are wrong: in which part, from which step on, and in which way."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from bptt_lab.arguments import Array
from bptt_lab.exercises.comparing import (
    CLOSE,
    Parts,
    Sizes,
    agree,
    factor_in_symbols,
    factors,
    norm,
    relative_error,
    shape_in_symbols,
)

# ------------------------------------------------------------------------------------- cells


def first_step(arrays: Sequence[Array], sizes: Sequence[Sizes]) -> int | None:
    """Return which step the first entry belongs to, 0 or 1; None if the axis is no time axis."""
    if not all(a.ndim and "T" in some for a, some in zip(arrays, sizes, strict=True)):
        return None
    lengths = [len(a) - some["T"] for a, some in zip(arrays, sizes, strict=True)]
    if {*lengths} == {0}:
        return 1
    return 0 if {*lengths} == {1} else None


def right_steps(got: Array, expected: Array) -> Array:
    """Tell for each entry of the first axis whether it agrees.

    A step in which next to nothing is expected is measured against the whole array.
    """
    if got.shape != expected.shape:
        return np.zeros(len(expected), bool)
    rest = tuple(range(1, expected.ndim))
    difference, a, b = (
        np.sqrt(np.square(array, dtype=float).sum(axis=rest))
        for array in (np.subtract(got, expected, dtype=float), got, expected)
    )
    whole = norm(expected) / np.sqrt(len(expected))
    with np.errstate(invalid="ignore"):
        good: Array = difference <= CLOSE * np.maximum(np.maximum(a, b), 1e-3 * whole)
    return good


def agreement(
    got: Sequence[Parts], expected: Sequence[Parts], steps: Mapping[str, Sequence[int] | None]
) -> Array:
    """Tell for each cell whether it agrees: each step of each part of each problem.

    ``steps`` has the number of steps in each problem for the parts that have steps.
    """

    def cells(a: Array, b: Array, count: int) -> Array:
        if count and a.shape == b.shape and len(a) == count:
            return right_steps(a, b)
        return np.full(count or 1, agree(a, b))

    found = [
        cells(parts[name], expected[k][name], counts[k] if counts else 0)
        for name, counts in steps.items()
        for k, parts in enumerate(got)
    ]
    return np.concatenate(found)


# ------------------------------------------------------------------------------------- steps


def steps_said(masks: Sequence[Array], first: int) -> str:
    """Say at which steps a part is right; what is said holds in all problems.

    >>> masks = [np.array([0, 0, 1], bool), np.array([0, 0, 0, 1], bool)]
    >>> steps_said(masks, first=1)
    'right at the last step, wrong before: look at what goes from step to step'
    >>> steps_said([np.array([1, 1, 0, 0], bool)], first=0)
    'right up to step 1; step 2 is the first that is wrong'
    """
    masks = [mask for mask in masks if len(mask) > 1 or not mask.all()] or masks
    wrong = [np.flatnonzero(~mask) for mask in masks]
    ends = [len(mask) - 1 for mask in masks]
    if all(mask.all() for mask in masks):
        return "right"
    if not any(mask.any() for mask in masks):
        return "wrong at every step"
    if all([*w] == [*range(end)] for w, end in zip(wrong, ends, strict=True)):
        return "right at the last step, wrong before: look at what goes from step to step"
    if all([*w] == [end] for w, end in zip(wrong, ends, strict=True)):
        return "wrong at the last step only"
    starts = {int(w[0]) if len(w) else -1 for w in wrong}
    if len(starts) == 1 and -1 not in starts:
        start = starts.pop()
        if all(len(w) == 1 for w in wrong):
            return f"wrong at step {start + first} only"
        if all(len(w) == end + 1 - start for w, end in zip(wrong, ends, strict=True)) and start:
            before = (
                f"right at step {first}" if start == 1 else f"right up to step {start + first - 1}"
            )
            return f"{before}; step {start + first} is the first that is wrong"
    tails = {end - int(w[-1]) if len(w) else -1 for w, end in zip(wrong, ends, strict=True)}
    if len(tails) == 1 and all(len(w) == w[-1] + 1 for w in wrong if len(w)) and tails != {0}:
        return f"right at the last {tails.pop()} steps, wrong before"
    worst = max(range(len(masks)), key=lambda k: len(wrong[k]))
    listed = ", ".join(str(int(t) + first) for t in wrong[worst])
    steps = "step" if len(wrong[worst]) == 1 else "the steps"
    return f"wrong at {steps} {listed}, where T = {ends[worst] + first}"


# ---------------------------------------------------------------------------------- relations


class Part:
    """One part of the result in all problems, beside what it should be.

    Parameters
    ----------
    name : str
    got, right : sequence of dict
        The results of all problems.
    arguments : sequence of dict
        What the function was given.
    sizes : sequence of dict
    """

    def __init__(
        self, name: str, got: Sequence[Parts], right: Sequence[Parts],
        arguments: Sequence[Mapping[str, Any]], sizes: Sequence[Sizes],
    ) -> None:  # fmt: skip
        self.name, self.all_right = name, right
        self.got, self.right = [p[name] for p in got], [p[name] for p in right]
        self.arguments, self.sizes = arguments, sizes
        self.first = first_step(self.right, sizes)

    @property
    def errors(self) -> list[float]:
        """Relative error in each problem."""
        return [relative_error(a, b) for a, b in zip(self.got, self.right, strict=True)]

    @property
    def masks(self) -> list[Array]:
        """Which steps are right, in each problem."""
        return [right_steps(a, b) for a, b in zip(self.got, self.right, strict=True)]

    def said(self) -> str:
        """Say in one line whether it is right, and if not, where and how it is wrong."""
        errors = self.errors
        if max(errors) <= CLOSE:
            return "right"
        for a in self.got:
            if not np.isfinite(a).all():
                index = tuple(int(i) for i in np.argwhere(~np.isfinite(a))[0])
                return f"{a[index]} at index {index}" if index else f"{a[()]}"
        if all(b.dtype.kind == "b" for b in self.right):
            return f"wrong in {sum(e > 0 for e in errors)} of {len(errors)} calls"
        related = self.relation()
        if self.misshapen:
            shapes = [[a.shape for a in some] for some in (self.got, self.right)]
            shape, wanted = (shape_in_symbols(some, self.sizes) for some in shapes)
            return f"shape {shape}, should be {wanted}" + f": {related}" * bool(related)
        if related and not related.startswith(("the right one", "a multiple")):
            return related
        where = steps_said(self.masks, self.first) if self.first is not None else ""
        return (where or f"relative error {max(errors):.2g}") + f": {related}" * bool(related)

    @property
    def misshapen(self) -> bool:
        """Whether it has another shape than it should have."""
        return any(a.shape != b.shape for a, b in zip(self.got, self.right, strict=True))

    def relation(self) -> str:
        """Say how it is related to what is right; nothing if it is not, in all problems alike."""
        return next(self.relations(), "")

    def relations(self) -> Iterator[str]:
        """Yield what it is, if it is something else that is known."""
        if not any(a.any() for a in self.got) and all(a.size for a in self.got):
            yield "zero: is it ever added to?"
            return
        if all(a.T.shape == b.shape and agree(a.T, b) for a, b in self.pairs):
            yield "the transpose of the right one"
        if self.misshapen:
            yield from self.pieces()
        for name in self.named_arguments():
            yield f"the argument `{name}` as it was given"
        for other in self.all_right[0]:
            if other != self.name and self.are([p[other] for p in self.all_right]):
                yield f"the numbers of `{other}`"
        found = factors(self.got, self.right)
        varied = max(a.size for a in self.got) > 1 or len(self.got) > 1
        text = factor_in_symbols(found, self.sizes) if found and varied else ""
        if text:
            yield "right but for the sign" if text == "-1" else f"the right one times {text}"
        elif found and min(a.size for a in self.got) > 1:
            yield "a multiple of the right one, but not the same in all problems"
        if self.first is not None and not self.misshapen:
            yield from self.along_time()
        elif self.are([b[::-1] if b.ndim else b for b in self.right]):
            yield "right, but in reverse order"
        here, there = ([norm(a) for a in some] for some in (self.got, self.right))
        if len(here) > 1 and np.ptp(here) < 1e-5 * max(here) < np.ptp(there):
            yield f"its norm is {here[0]:.4g} in every problem: is it clipped or normalised?"
        if all(a.dtype.kind in "iu" and (a == np.trunc(b)).all() for a, b in self.pairs):
            yield "integers: the fractions were cut off"
        if not self.misshapen and self.right[0].size > 1 and self.are_sorted():
            yield "the right numbers in other places: is it reshaped, or are axes mixed up?"
        for axis in range(self.right[0].ndim):
            if self.are([b.sum(axis=axis) for b in self.right]):
                yield "right, but summed over an axis that should stay"

    def pieces(self) -> Iterator[str]:
        """Yield where in a larger array the right one stands."""
        for place, rows in (
            ("first", lambda b: slice(len(b))), ("last", lambda b: slice(-len(b), None)),
        ):  # fmt: skip
            if all(a.ndim and b.ndim and agree(a[rows(b)], b) for a, b in self.pairs):
                yield f"its {place} rows are the right ones, the others do not belong to it"

    def along_time(self) -> Iterator[str]:
        """Yield what its steps are, if they are those of others."""
        if all(len(a) > 1 and all(map(agree, a[1:], a[:-1])) for a in self.got):
            last = all(agree(a[-1], b[-1]) for a, b in self.pairs)
            yield "all steps hold the same numbers" + (
                ": is one array appended each time, not a copy?" if last else ""
            )
        if self.are([b[::-1] for b in self.right]):
            yield "the steps are in reverse order"
        if all(agree(a[1:], b[:-1]) for a, b in self.pairs):
            yield "each step holds what belongs to the step before"
        if all(agree(a[:-1], b[1:]) for a, b in self.pairs):
            yield "each step holds what belongs to the step after"

    @property
    def pairs(self) -> list[tuple[Array, Array]]:
        """What it is and what it should be, in each problem."""
        return [*zip(self.got, self.right, strict=True)]

    def are(self, others: Sequence[Array]) -> bool:
        """Tell whether it is, in all problems, something else that is not right by chance."""
        differ = any(not agree(b, c) for b, c in zip(self.right, others, strict=True))
        return differ and all(agree(a, c) for a, c in zip(self.got, others, strict=True))

    def are_sorted(self) -> bool:
        """Tell whether it has the right numbers in any order, and not in the right one."""
        return all(
            agree(np.sort(a, axis=None), np.sort(b, axis=None)) and not agree(a, b)
            for a, b in self.pairs
        )

    def named_arguments(self) -> Iterator[str]:
        """Yield the names of arguments, or of entries of them, that it equals."""
        for name, value in self.arguments[0].items():
            keys = [*value] if isinstance(value, dict) else [None]
            for key in keys:
                arrays = [
                    np.asarray(some[name] if key is None else some[name].get(key, 0))
                    for some in self.arguments
                ]
                if all(array.size > 1 for array in arrays) and self.are(arrays):
                    yield name if key is None else f"{name}[{key!r}]"
