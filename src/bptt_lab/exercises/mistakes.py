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
    """

    name: str
    sentence: str
    hint: str
    place: Place | None = None
    commits: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def by(self, **commits: Any) -> "Mistake":
        """Return the same mistake, as another reference commits it."""
        return replace(self, commits=commits)


Mistakes = tuple[Mistake, ...]


def together(mistakes: Iterable[Mistake], size: int) -> Iterator[Mistakes]:
    """Yield every choice of ``size`` mistakes that one function can contain at once.

    Two mistakes that set the same option exclude each other.

    >>> a, b, c = (Mistake(n, "", "", commits={o: 0}) for n, o in ("ax", "by", "cx"))
    >>> [[m.name for m in pair] for pair in together((a, b, c), 2)]
    [['a', 'b'], ['b', 'c']]
    """
    for chosen in combinations(mistakes, size):
        options = [option for mistake in chosen for option in mistake.commits]
        if len(set(options)) == len(options):
            yield chosen


def parts_of(mistakes: Mistakes) -> Iterator[Mistakes]:
    """Yield every choice from these mistakes, from none of them to all.

    >>> [len(some) for some in parts_of((1, 2))]
    [0, 1, 1, 2]
    """
    for size in range(len(mistakes) + 1):
        yield from combinations(mistakes, size)


def options(mistakes: Mistakes) -> dict[str, Any]:
    """All that these mistakes change in the reference."""
    return {option: value for mistake in mistakes for option, value in mistake.commits.items()}
