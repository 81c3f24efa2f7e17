"""An exercise: a reference, problems to try it on, and the mistakes that are known.

A mistake is an option of the reference. So everything that a learner may have got wrong, alone or
together, can be computed and compared with what came.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, cached_property
from typing import Any

import numpy as np

from bptt_lab.exercises.answers import Answer
from bptt_lab.exercises.comparing import (
    CLOSE,
    Parts,
    Unusable,
    read,
    relation,
    relative_error,
    shape_in_symbols,
)
from bptt_lab.exercises.mistakes import Mistake, Mistakes, options, parts_of, together
from bptt_lab.exercises.trials import Problem, Trial, complain, notes, refuse, tried

DOUBLE = 1e-9
"""Relative error above which a right result was hardly computed in double precision."""


@dataclass(frozen=True, eq=False)
class Exercise:
    """A function to be written, and a checker that says what is wrong with it.

    Call it with the learner's function; it returns an `Answer`, which is true if the function is
    right.

    Attributes
    ----------
    name : str
    task : str
        One sentence that says what is to be computed.
    reference : callable
        ``reference(*arguments, **options)``. Without options it is right; each known mistake
        sets one or more of them to something wrong.
    problems : sequence of Problem
        On all of them the function is tried.
    mistakes : sequence of Mistake
    returns : tuple of str
        Names of what is returned: one for an array or number, several for a tuple. A dict has
        names of its own.
    at_once : int
        Up to how many mistakes are looked for together.
    seconds : float
        Time that all calls together may take.

    Examples
    --------
    A teacher's own exercise, the step of a leaky neuron, with one mistake:

    >>> def leaky(alpha, h, new, *, kept=lambda alpha: 1 - alpha):
    ...     return kept(alpha) * h + alpha * new
    >>> whole = Mistake(
    ...     "keeps everything", "The old state is kept whole.", "What do the two factors sum to?",
    ...     commits={"kept": lambda alpha: 1},
    ... )
    >>> problem = Problem({"alpha": 0.3, "h": np.array([1.0, 2.0]), "new": np.array([0.5, 0.1])})
    >>> check_leaky = Exercise("leaky", "One step of a leaky neuron.", leaky, [problem], [whole])
    >>> check_leaky(lambda alpha, h, new: alpha * new + (1 - alpha) * h)
    Right. It agrees with the reference to the last bit.
    >>> check_leaky(lambda alpha, h, new: h + alpha * new)
    Not yet. This is a known mistake.
    * The old state is kept whole.
      Hint: What do the two factors sum to?
    """

    name: str
    task: str
    reference: Callable[..., Any]
    problems: Sequence[Problem]
    mistakes: Sequence[Mistake]
    returns: tuple[str, ...] = ("result",)
    at_once: int = 2
    seconds: float = 5.0

    def __call__(self, function: Callable[..., Any]) -> Answer:
        """Try a function on all problems, and on the first one twice."""
        trials: list[Trial] = []
        came: list[Parts] = []
        try:
            refuse(function, self.name, [*self.problems[0].arguments])
            for trial in tried(function, [*self.problems, self.problems[0]], self.seconds):
                trials.append(trial)
                complain(function, trial, self.seconds)
                came.append(self.parts(trial.outcome.value))
        except Unusable as why:
            return Answer(False, str(why), notes=notes(trials))
        *came, again = came
        answer = self.confirm(came, again, trials)
        if answer is None:
            answer = self.explain(came)
        if answer is None:
            answer = self.unknown(came)
        return answer.noting(*notes(trials))

    def example(self) -> list[Any]:
        """Arguments of a call, to try a function on: ``f(*check.bptt.example())``."""
        return self.problems[0].fresh()

    # ------------------------------------------------------------------------- what is computed

    @cached_property
    def kind(self) -> Any:
        """A right result: what others are to be like."""
        return self.reference(*self.problems[0].fresh())

    def parts(self, value: Any) -> Parts:
        """Read a result of this exercise."""
        return read(value, self.kind, self.returns)

    @cached_property
    def variants(self) -> dict[Mistakes, list[Parts]]:
        """Results with some mistakes, as far as they were needed."""
        return {}

    def variant(self, mistakes: Mistakes = ()) -> list[Parts]:
        """Return what the reference makes of each problem if it commits these mistakes."""
        if mistakes not in self.variants:
            with np.errstate(all="ignore"):
                values = [self.reference(*p.fresh(), **options(mistakes)) for p in self.problems]
            self.variants[mistakes] = [self.parts(value) for value in values]
        return self.variants[mistakes]

    # --------------------------------------------------------------------------------- judging

    def confirm(self, came: list[Parts], again: Parts, trials: list[Trial]) -> Answer | None:
        """Answer if the numbers are right; None if they are not."""
        largest = max(errors_of(came, self.variant()).values())
        if largest > CLOSE:
            return None
        if any(trial.changed for trial in trials):
            return Answer(False, "The numbers are right, but the function changes its arguments.")
        if max(errors_of([again], came[:1]).values()) > CLOSE:
            return Answer(
                False,
                "The numbers are right at the first call and others at the second, with the same "
                "arguments. Something outlives the call: an array made outside of the function?",
            )
        said = "It agrees with the reference to the last bit."
        if largest:
            said = f"It agrees with the reference; the largest relative error is {largest:.1e}."
        if largest > DOUBLE:
            said += " That is more than double precision leaves: single precision, or differences?"
        return Answer(True, said)

    def explain(self, came: list[Parts]) -> Answer | None:
        """Answer if known mistakes explain what came; None if they do not.

        Explained is what the reference returns with them. A mistake need not be committed in
        every part: some parts may be as they are with some of them only, or right.
        """

        @cache
        def agreeing(mistakes: Mistakes) -> frozenset[tuple[int, str]]:
            errors = errors_of(came, self.variant(mistakes))
            return frozenset(part for part, error in errors.items() if error <= CLOSE)

        def explained(mistakes: Mistakes) -> bool:
            return frozenset().union(*map(agreeing, parts_of(mistakes))) == everything

        everything = {(k, name) for k, parts in enumerate(came) for name in parts}
        for size in range(1, self.at_once + 1):
            found = [*filter(explained, together(self.mistakes, size))]
            if found:
                fullest = max(found, key=lambda mistakes: len(agreeing(mistakes)))
                return self.diagnosis(fullest, came)
        return None

    def diagnosis(self, mistakes: Mistakes, came: list[Parts]) -> Answer:
        """Name the mistakes, and which parts are touched by which if that differs."""
        one = len(mistakes) == 1
        said = "This is a known mistake." if one else f"{len(mistakes)} known mistakes at once."
        causes = {name: self.cause(name, mistakes, came) for name in came[0]}
        differ = len({*causes.values()}) > 1
        return Answer(False, said, mistakes, tuple(causes.items()) if differ else ())

    def cause(self, name: str, mistakes: Mistakes, came: list[Parts]) -> str:
        """Say which of the mistakes explain one part."""
        for some in parts_of(mistakes):
            pairs = zip(came, self.variant(some), strict=True)
            if all(relative_error(a[name], b[name]) <= CLOSE for a, b in pairs):
                return " and ".join(mistake.name for mistake in some) or "right"
        return "a part of it"

    def unknown(self, came: list[Parts]) -> Answer:
        """Say of a result that nothing explains what can be said of it."""
        right = self.variant()
        pairs = [(a[k], b[k]) for a, b in zip(came, right, strict=True) for k in a]
        said = "The numbers differ, and by no mistake that this checker knows."
        if any(a.shape != b.shape for a, b in pairs):
            said = "The shapes are not those of the result."
        elif not all(np.isfinite(a).all() for a, _ in pairs):
            said = (
                "There are infinite numbers or NaN in the result. They come from an `exp` of "
                "something large, a `log` of 0, or a division by 0."
            )
        table = tuple((name, self.difference(name, came, right)) for name in came[0])
        more = f"To look at it step by step: `check.{self.name}.example()` returns such arguments."
        return Answer(False, said, (), table, (more,))

    def difference(self, name: str, came: list[Parts], right: list[Parts]) -> str:
        """Say how one part differs, in the problem in which it is furthest off."""
        errors = [relative_error(a[name], b[name]) for a, b in zip(came, right, strict=True)]
        worst = int(np.argmax(errors))
        if errors[worst] <= CLOSE:
            return "right"
        value, wanted, sizes = came[worst][name], right[worst][name], self.problems[worst].sizes
        if value.shape != wanted.shape:
            shape, other = (shape_in_symbols(a.shape, sizes) for a in (value, wanted))
            said = f"shape {shape}, should be {other}"
        elif not np.isfinite(value).all():
            index = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
            return f"{value[index]} at index {index}"
        else:
            said = f"relative error {errors[worst]:.2g}"
        related = relation(value, wanted, sizes)
        return f"{said}: {related}" if related else said

    # ------------------------------------------------------------------------------ describing

    def __str__(self) -> str:
        arguments, sizes = self.problems[0].arguments, self.problems[0].sizes
        lines = [f"{self.name}({', '.join(arguments)}): {self.task}"]
        lines += [f"  {name}: {kind(value, sizes)}" for name, value in arguments.items()]
        form = "a dict of " if isinstance(self.kind, dict) else ""
        return "\n".join([*lines, f"  returns {form}{kind(self.parts(self.kind), sizes)}"])

    __repr__ = __str__


class Check(Mapping[str, Exercise]):
    """All exercises: ``check.bptt`` or ``check["bptt"]``."""

    def __init__(self, exercises: Iterable[Exercise]) -> None:
        self.exercises = {exercise.name: exercise for exercise in exercises}

    def __getitem__(self, name: str) -> Exercise:
        return self.exercises[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.exercises)

    def __len__(self) -> int:
        return len(self.exercises)

    def __getattr__(self, name: str) -> Exercise:
        exercises: dict[str, Exercise] = self.__dict__.get("exercises", {})
        if name in exercises:
            return exercises[name]
        near = get_close_matches(name, exercises, 1)
        more = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(exercises)}"
        raise AttributeError(f"no exercise {name!r}; {more}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.exercises]

    def __repr__(self) -> str:
        return "\n".join(
            f"check.{name}({', '.join(e.problems[0].arguments)}): {e.task}"
            for name, e in self.items()
        )


def errors_of(came: list[Parts], wanted: list[Parts]) -> dict[tuple[int, str], float]:
    """Relative error of every part of every problem."""
    return {
        (k, name): relative_error(part, right[name])
        for k, (parts, right) in enumerate(zip(came, wanted, strict=True))
        for name, part in parts.items()
    }


def kind(value: Any, sizes: Mapping[str, int]) -> str:
    """Describe an argument or a result by its shape, in symbols."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {kind(part, sizes)}" for name, part in value.items())
    array = np.asarray(value)
    if not array.ndim:
        return "number" if array.dtype.kind == "f" else "integer"
    integers = " of integers" if array.dtype.kind in "iu" else ""
    return shape_in_symbols(array.shape, sizes) + integers
