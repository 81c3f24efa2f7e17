"""Try a learner's function on problems, and say what stands in the way of comparing."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, NamedTuple

from bptt_lab.arguments import describe
from bptt_lab.exercises.comparing import Unusable, same
from bptt_lab.exercises.mistakes import Mistake
from bptt_lab.exercises.running import Outcome, call, place_of


@dataclass(frozen=True, eq=False)
class Problem:
    """The arguments of one call.

    Attributes
    ----------
    arguments : dict
        Arrays, numbers or dicts of arrays, in the order in which they are handed over.
    sizes : dict
        Length of each axis by its symbol. They should all differ, so that a wrong axis shows.
    about : str
        What is special about it, so that one can say "right for ...".
    shows : Mistake, optional
        What a function that gets this problem alone wrong does not know.
    apart : bool
        Whether a line of its own may answer it, such as ``if t == k``. A mistake in the other
        lines need not show in it.
    """

    arguments: Mapping[str, Any]
    sizes: Mapping[str, int] = field(default_factory=dict)
    about: str = ""
    shows: Mistake | None = None
    apart: bool = False

    def fresh(self) -> list[Any]:
        """Copy the arguments, so that a function may do with them what it likes."""
        return deepcopy([*self.arguments.values()])


class Trial(NamedTuple):
    """One call of the learner's function: what it led to, and which arguments it changed."""

    problem: Problem
    outcome: Outcome
    changed: tuple[str, ...]


def check_callable(function: Any, names: Sequence[str]) -> None:
    """Raise if this is no function, or none that takes these arguments."""
    if not callable(function):
        raise Unusable(
            "Hand over the function itself, as `my_function`, without calling it; "
            f"this is {describe(function)}."
        )
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions of compiled libraries have none
        return
    wanted = ", ".join(names)
    try:
        signature.bind(*names)
    except TypeError:
        raise Unusable(
            f"The function is called with `({wanted})`; yours takes `{signature}`."
        ) from None
    own = [*signature.parameters]
    if sorted(own) == sorted(names) and own != [*names]:
        raise Unusable(
            f"The arguments come in the order `({wanted})`; yours takes `{signature}`, the same "
            "names in another order."
        )


def run_trials(
    function: Callable[..., Any], problems: Sequence[Problem], seconds: float
) -> Iterator[Trial]:
    """Yield one trial for each problem; all calls together may take so many seconds."""
    until = monotonic() + seconds
    for problem in problems:
        arguments = problem.fresh()
        outcome = call(function, arguments, until - monotonic())
        pairs = zip(problem.arguments.items(), arguments, strict=True)
        changed = tuple(name for (name, before), after in pairs if not same(before, after))
        yield Trial(problem, outcome, changed)


def raise_if_failed(
    function: Callable[..., Any], trial: Trial, seconds: float, before: Sequence[Trial] = ()
) -> None:
    """Raise if a call has returned nothing, because it raised or never ended."""
    outcome = trial.outcome
    if outcome.late:
        raise Unusable(
            f"The calls took more than {seconds:g} s and were stopped. Does a loop never end?"
            + " The last call could not be stopped; restart the kernel to be rid of it."
            * (not outcome.ended)
        )
    if isinstance(outcome.error, NotImplementedError):
        raise Unusable("There is nothing to check yet: the function raises NotImplementedError.")
    if outcome.error is not None:
        where = place_of(outcome.error, function)
        what = f"{type(outcome.error).__name__}: {outcome.error}".rstrip(": ")
        sizes = ", ".join(f"{name} = {size}" for name, size in trial.problem.sizes.items())
        raise Unusable(
            f"The function stops{where}, with {what}."
            + f" In this call {sizes}." * bool(sizes)
            + advice(outcome.error, trial.problem, [one for one in before if one is not trial])
        )


def advice(error: BaseException, problem: Problem, before: Sequence[Trial]) -> str:
    """Say what is known of two frequent errors: an unknown key, and shapes that do not fit."""
    weights = {
        name: value
        for name, value in problem.arguments.items()
        if isinstance(value, dict) and value
    }
    if isinstance(error, KeyError):
        for name, entries in weights.items():
            if not {*error.args} & {*entries}:
                return f" The keys of `{name}` are {', '.join(map(str, entries))}."
    misfit = ("matmul", "not aligned", "broadcast")
    if not isinstance(error, ValueError) or not any(word in str(error) for word in misfit):
        return ""
    if any(one.problem.sizes != problem.sizes for one in before):
        return " With other sizes it does not stop there. Is a size written as a number?"
    if weights:
        return (
            " Examples are rows here, so a matrix stands on the right, `x_t @ W`; its shape is "
            "(from, to)."
        )
    return ""


def notes(trials: Sequence[Trial]) -> tuple[str, ...]:
    """Say what else was noticed of the calls, each thing once."""
    changed = dict.fromkeys(f"`{name}`" for trial in trials for name in trial.changed)
    warned = dict.fromkeys(text for trial in trials for text in trial.outcome.warned)
    printed = [trial.outcome.printed.strip() for trial in trials if trial.outcome.printed.strip()]
    said = [f"It warns: {text}." for text in warned]
    if changed:
        said.append(
            f"It changes {', '.join(changed)}, which belongs to who called it. Work on a copy, and "
            "look for `+=`, `*=` and the like."
        )
    if printed:
        line = printed[0].splitlines()[0][:60].replace("`", "'")
        said.append(f"It prints, first of all `{line}`.")
    return tuple(said)
