"""What a known mistake is, and which of them one function can contain at once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from bptt_lab.exercises.places import Place


@dataclass(frozen=True, eq=False)
class Mistake:
    """A way of getting it wrong that teachers know.

    Attributes
    ----------
    name : str
        A few words; no other mistake has the same.
    sentence : str
        What the learner's function does, said to the learner.
    hint : str
        A question or a remark that leads to the repair.
    place : Place, optional
        Where the book explains it.
    commits : dict
        What it changes: options of the exercise's reference, with the values that are wrong.
    local : bool
        Whether it can be made in one part of the result and not in another. A sum over the steps
        can be forgotten for one weight alone; a wrong recursion shows in all that it feeds.
    """

    name: str
    sentence: str
    hint: str
    place: Place | None = None
    commits: Mapping[str, Any] = field(default_factory=dict, repr=False)
    local: bool = False

    def by(self, **commits: Any) -> "Mistake":
        """Return the same mistake, as another reference commits it."""
        return replace(self, commits=commits)


Mistakes = tuple[Mistake, ...]


def compatible(mistakes: Iterable[Mistake]) -> bool:
    """Tell whether one function can contain these mistakes at once.

    Two that set the same option exclude each other.

    >>> a, b, c = (Mistake(n, "", "", commits={o: 0}) for n, o in ("ax", "by", "cx"))
    >>> compatible((a, b)), compatible((a, c))
    (True, False)
    """
    options = [option for mistake in mistakes for option in mistake.commits]
    return len(set(options)) == len(options)


def together(mistakes: Iterable[Mistake], size: int) -> Iterator[Mistakes]:
    """Yield every choice of ``size`` mistakes that one function can contain at once."""
    return filter(compatible, combinations(mistakes, size))


def shares(mistakes: Mistakes) -> Iterator[Mistakes]:
    """Yield the choices that one part of a result can show, the fullest first.

    A local mistake may be missing from a part; every other one is in all of them.

    >>> shared, local = Mistake("recursion", "", ""), Mistake("sum", "", "", local=True)
    >>> [[m.name for m in some] for some in shares((shared, local))]
    [['recursion', 'sum'], ['recursion']]
    """
    local = [mistake for mistake in mistakes if mistake.local]
    for size in range(len(local) + 1):
        for left_out in combinations(local, size):
            yield tuple(mistake for mistake in mistakes if mistake not in left_out)


def options(mistakes: Mistakes) -> dict[str, Any]:
    """All that these mistakes change in the reference."""
    return {option: value for mistake in mistakes for option, value in mistake.commits.items()}
