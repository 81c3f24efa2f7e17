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
    "omission": "nothing false is stated, but something needed is left out",
}

SIGNS = {"holds": "✓", "condition": "◐", "corrected": "✗", "omission": "○"}
"""A sign for each verdict, which tells them apart without colour."""

HARMS = {
    "wrong-number": "whoever computes with it as printed gets a wrong number, or none",
    "misleads": "whoever reasons with it can come to a wrong conclusion",
    "wording": "what is meant is right, and the words or letters are not",
}
"""How much harm a line does that is a condition or corrected, the worst first."""

CAUSES = {
    "immediate": "the immediate and the total derivative have one symbol",
    "eigenvalues": "eigenvalues are taken for norms, or for what decides",
    "shapes": "shapes are copied from a text in which the output is the state",
    "transpose": "a transpose is missing",
    "shift": "the losses are counted from $t+1$",
    "three indices": "an array with three indices is written as a vector",
    "number of steps": "the steps back are counted one too few",
    "one path": "one path of the gradient is taken for all of them",
    "numbers": "matrices are treated as numbers",
    "learned": "what is learned is said to be set",
    "slope": "the slope of the activation is taken for the whole Jacobian",
    "bound": "a bound is taken for the value that it bounds",
    "entries": "the size of the weights is taken to decide, whatever the state",
    "remedy": "a remedy is named without the condition under which it is one",
    "product": "the product of the Jacobians is taken for the gradient",
    "effect": "the derivative is taken for the effect",
    "previous": "the previous and the current state are confused",
    "cut": "the carousel and the cut of 1997 are not told apart",
    "growth": "when the cell state grows, and when not, is not said",
    "element-wise": "softmax is taken for an element-wise function",
    "inner product": "a sum over the classes is not written",
    "one label": "one label, and one sequence, are taken for granted",
    "softmax": "the derivative with respect to what enters softmax is named after what leaves it",
    "unrolled": "the copies in an unrolled drawing are taken for layers",
    "borderline": "the borderline between vanishing and exploding is left out",
    "at rest": "the slope of tanh at rest is forgotten",
}
"""Why a line is not true as it stands, in plain words: one slip may recur in several lines."""

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
        A few words that name the claim, the article's own where they are short.
    states
        What the article states, in Markdown with LaTeX.
    verdict
        A key of `VERDICTS`.
    holds
        What holds, in Markdown with LaTeX and in the book's convention.
    condition
        When it holds; empty where no condition is needed.
    harm
        A key of `HARMS` if the verdict is "condition" or "corrected", else empty.
    cause
        A key of `CAUSES` if there is a harm, else empty.
    sources
        Keys of the book's bibliography, each with the place and the words that are meant, or with
        what of the source was not read.
    check
        A function that computes, asserts the conclusion, and returns the numbers that it saw; None
        where nothing can be computed.
    unchecked
        Why there is no check; empty if there is one.
    unsure
        What could not be read in a source at first hand; empty as a rule.
    equations
        Labels of the equations of the book that say what holds.
    """

    id: str
    title: str
    states: str
    verdict: str
    holds: str
    condition: str = ""
    harm: str = ""
    cause: str = ""
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
        harmful = self.verdict in ("condition", "corrected")
        for name, names in (("harm", HARMS), ("cause", CAUSES)):
            value, allowed = getattr(self, name), [*names] if harmful else [""]
            if value not in allowed:
                raise ValueError(f"{self.id}: {name} must be one of {allowed}, got {value!r}")

    @property
    def section(self) -> str:
        """The part of the article, a key of `SECTIONS`."""
        return self.id.split("-")[0]

    @property
    def graded(self) -> str:
        """The verdict, and the harm if there is any, in words."""
        return ", ".join(filter(None, (self.verdict, self.harm.replace("-", " "))))

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
            "Cause": CAUSES.get(self.cause, ""),
            "Sources": "; ".join(self.sources),
            "Why there is no check": self.unchecked,
            "Not certain": self.unsure,
            "Equations of the book": ", ".join(self.equations),
        }
        return {name: text for name, text in parts.items() if text}

    def _repr_markdown_(self) -> str:
        """Show the entry in a notebook."""
        head = f"{SIGNS[self.verdict]} **{self.id}, {self.title}**: {self.graded}"
        parts = [f"*{name}:* {text}" for name, text in self.parts.items()]
        code = [f"```python\n{self.code}\n```"] if self.check else []
        return "\n\n".join([head, *parts, *code])


class Ledger(dict[str, Claim]):
    """Claims by identifier, in the order in which they are entered.

    >>> ledger = Ledger()
    >>> @ledger.enter("bptt-99", "a sum", states="$1+1=2$", verdict="holds", holds="It does.")
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

    def by_cause(self) -> dict[str, list[Claim]]:
        """Return the claims of each cause, the worst and most frequent causes first."""
        found: dict[str, list[Claim]] = {}
        for claim in self.values():
            if claim.cause:
                found.setdefault(claim.cause, []).append(claim)
        worst = {cause: min(map(harm_of, claims)) for cause, claims in found.items()}
        order = sorted(found, key=lambda cause: (worst[cause], -len(found[cause])))
        return {cause: found[cause] for cause in order}

    def add(self, claim: Claim) -> None:
        """Enter a claim; an identifier is entered once."""
        if claim.id in self:
            raise ValueError(f"{claim.id} is entered twice")
        self[claim.id] = claim


def harm_of(claim: Claim) -> int:
    """Return the place of a claim's harm among the `HARMS`, the worst first; last if it has none.

    >>> from bptt_lab.claims import CLAIMS
    >>> [harm_of(CLAIMS[id]) for id in ("vg-05", "vg-12", "lstm-12", "vg-01")]
    [0, 1, 2, 3]
    """
    return [*HARMS, ""].index(claim.harm)
