"""What an entry of the ledger is, and how one is entered."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Numbers = Mapping[str, float | int | str]
"""What a check saw: a short name of each number (plain text, LaTeX allowed) and its value."""

Check = Callable[[], Numbers]

VERDICTS = {
    "holds": "true as the article writes it",
    "condition": "true only under the condition stated",
    "corrected": "false, or too imprecise to use; the corrected statement replaces it",
}

SIGNS = {"holds": "✓", "condition": "◐", "corrected": "✗"}
"""A sign for each verdict, which tells them apart without colour."""

SECTIONS = {
    "dyn": "The model",
    "shape": "Mini-batches and shapes",
    "bptt": "Backpropagation through time",
    "vg": "Vanishing and exploding gradients",
    "norm": "Additional explanation: norms",
    "lstm": "Vanishing and exploding gradients with LSTMs",
    "ref": "References",
    "com": "Comments",
}
"""The article's parts by the first word of an identifier, in the article's order."""


@dataclass(frozen=True)
class Claim:
    """One claim of the article.

    Attributes
    ----------
    id
        Identifier, such as ``"bptt-13"``.
    title
        A few words that name the claim.
    states
        What the article states, in Markdown with LaTeX.
    verdict
        A key of `VERDICTS`.
    holds
        What holds, in Markdown with LaTeX and in the book's convention.
    condition
        When it holds; empty where no condition is needed.
    sources
        Keys of the book's bibliography, and what of the source is meant.
    check
        A function that computes, asserts the conclusion, and returns the numbers that it saw; None
        where nothing can be computed.
    unchecked
        Why there is no check; empty if there is one.
    unsure
        What could not be read in a source at first hand; empty as a rule.
    equations
        Labels of the book's equations that say what holds, such as ``"eq-jacobian"``.
    """

    id: str
    title: str
    states: str
    verdict: str
    holds: str
    condition: str = ""
    sources: tuple[str, ...] = ()
    check: Check | None = None
    unchecked: str = ""
    unsure: str = ""
    equations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            known = [*VERDICTS]
            raise ValueError(f"{self.id}: verdict must be one of {known}, got {self.verdict!r}")
        if self.section not in SECTIONS:
            raise ValueError(f"{self.id}: no section {self.section!r}; known: {[*SECTIONS]}")
        if (self.check is None) == (not self.unchecked):
            raise ValueError(f"{self.id}: needs a check, or the reason why it has none, not both")
        if self.verdict == "condition" and not self.condition:
            raise ValueError(f"{self.id}: the verdict is 'condition', so a condition is needed")

    @property
    def section(self) -> str:
        """The part of the article, a key of `SECTIONS`."""
        return self.id.split("-")[0]

    @property
    def code(self) -> str:
        """Source of the check, without the entry's text above it."""
        if self.check is None:
            return ""
        source = textwrap.dedent(inspect.getsource(self.check))
        return source[source.index("def ") :].rstrip()

    @property
    def parts(self) -> dict[str, str]:
        """What the entry says, in Markdown, by the name of each part; empty parts are left out."""
        parts = {
            "The article states": self.states,
            "What holds": self.holds,
            "Condition": self.condition,
            "Sources": "; ".join(self.sources),
            "Why there is no check": self.unchecked,
            "Not certain": self.unsure,
            "Equations of the book": ", ".join(self.equations),
        }
        return {name: text for name, text in parts.items() if text}

    def _repr_markdown_(self) -> str:
        """Show the entry in a notebook."""
        head = f"{SIGNS[self.verdict]} **{self.id}, {self.title}**: {self.verdict}"
        parts = [f"*{name}:* {text}" for name, text in self.parts.items()]
        code = [f"```python\n{self.code}\n```"] if self.check else []
        return "\n\n".join([head, *parts, *code])


class Ledger(dict[str, Claim]):
    """Claims by identifier, in the order in which they are entered.

    >>> ledger = Ledger()
    >>> @ledger.enter("bptt-99", "a sum", states="$1+1=3$", verdict="corrected", holds="$1+1=2$")
    ... def one_and_one():
    ...     total = sum([1, 1])
    ...     assert total == 2
    ...     return {"sum": total}
    >>> ledger["bptt-99"].check()
    {'sum': 2}
    """

    def enter(self, id: str, title: str, **fields: Any) -> Callable[[Check], Check]:
        """Enter the claim whose check is decorated. Fields are those of `Claim`."""

        def decorate(check: Check) -> Check:
            self.add(Claim(id, title, check=check, **fields))
            return check

        return decorate

    def enter_unchecked(self, id: str, title: str, *, unchecked: str, **fields: Any) -> None:
        """Enter a claim that nothing can check, with the reason: a definition, an opinion."""
        self.add(Claim(id, title, unchecked=unchecked, **fields))

    def add(self, claim: Claim) -> None:
        """Enter a claim; an identifier is entered once."""
        if claim.id in self:
            raise ValueError(f"{claim.id} is entered twice")
        self[claim.id] = claim
