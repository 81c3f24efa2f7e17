"""What a checker says, in plain text and in HTML."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape
from textwrap import fill

from bptt_lab.exercises.mistakes import Mistake, Mistakes
from bptt_lab.exercises.places import Place

STYLE = "border-inline-start: 0.25rem solid; padding-inline-start: 1rem; margin: 0.5rem 0"
"""The line beside an answer has the colour of the text, so that it suits every theme."""


@dataclass(frozen=True)
class Answer:
    """The answer of a checker. It is true if the function is right, and false if not.

    Attributes
    ----------
    right : bool
    sentence : str
        The verdict.
    mistakes : tuple of Mistake
        Those that explain the numbers; empty if the function is right or they are unknown.
    table : tuple of (str, str)
        Each part of the result, and what is to be said of it.
    notes : tuple of str
        What else was noticed.
    """

    right: bool
    sentence: str
    mistakes: Mistakes = ()
    table: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.right

    def require(self) -> "Answer":
        """Return the answer if the function is right; raise it as an error if not.

        >>> Answer(False, "The sign is wrong.").require()
        Traceback (most recent call last):
        AssertionError: Not yet. The sign is wrong.
        """
        if not self.right:
            raise AssertionError(str(self))
        return self

    def with_notes(self, *more: str) -> "Answer":
        """Return the same answer with more notes before its own."""
        return replace(self, notes=(*more, *self.notes))

    @property
    def verdict(self) -> str:
        """Right or not, in a word or two."""
        return "Right." if self.right else "Not yet."

    def __str__(self) -> str:
        paragraphs = [f"{self.verdict} {self.sentence}", *self.explanations(), *self.rows()]
        return "\n".join(fill(text, 79, subsequent_indent="  ") for text in paragraphs)

    __repr__ = __str__

    def explanations(self) -> Iterator[str]:
        """Yield the mistakes, line by line."""
        for mistake in self.mistakes:
            yield f"* {mistake.sentence}"
            yield f"  Hint: {mistake.hint}"
            if mistake.place:
                yield f"  In the book: {mistake.place}."

    def rows(self) -> Iterator[str]:
        """Yield the table and the notes, line by line."""
        width = max((len(name) for name, _ in self.table), default=0)
        for name, said in self.table:
            yield f"  {name.ljust(width)}  {said}"
        yield from self.notes

    def _repr_html_(self) -> str:
        parts = [f"<p><strong>{self.verdict}</strong> {marked(self.sentence)}</p>"]
        parts += [explained(mistake) for mistake in self.mistakes]
        if self.table:
            parts.append(f"<ul>{''.join(item(*pair) for pair in self.table)}</ul>")
        parts += [f"<p>{marked(note)}</p>" for note in self.notes]
        return f'<div class="answer" style="{STYLE}">{"".join(parts)}</div>'


def marked(text: str) -> str:
    """HTML of a sentence in which code stands between backticks.

    >>> marked("`h[t]` < 1")
    '<code>h[t]</code> &lt; 1'
    """
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def explained(mistake: Mistake) -> str:
    """HTML of a mistake: the sentence, and the hint for who wants it."""
    hint = f"<details><summary>Hint</summary><p>{marked(mistake.hint)}</p></details>"
    return f"<p>{marked(mistake.sentence)}</p>{hint}{reference(mistake.place)}"


def reference(place: Place | None) -> str:
    """HTML of a section's name. Where the book's pages are, the build makes a link of it."""
    if place is None:
        return ""
    named = f'<span data-section="{place.label}">{escape(str(place), quote=False)}</span>'
    return f"<p>In the book: {named}.</p>"


def item(name: str, said: str) -> str:
    """HTML of a line of the table: a list, for no two notebooks set a table alike."""
    return f"<li><code>{escape(name)}</code>: {marked(said)}</li>"
