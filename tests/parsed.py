"""The pages of the built site as trees, each parsed once, without what only the eye needs."""

import re
from functools import cache
from pathlib import Path

from bs4 import BeautifulSoup, Tag

VISIBLE = '<span class="katex-html"'
"""Begins the half of a formula that screen readers do not see: most of a page's elements."""


@cache
def parse(path: Path) -> BeautifulSoup:
    """Return a page as a tree. Tests that use it belong to the group "pages" of one worker."""
    return BeautifulSoup(without_visible_halves(path.read_text(encoding="utf-8")), "html.parser")


@cache
def by_id(path: Path) -> dict[str, Tag]:
    """Return the elements of a page that have an id: a search for each would read all the page."""
    return {tag["id"]: tag for tag in parse(path).find_all(id=True)}


def without_visible_halves(text: str) -> str:
    """Drop elements that begin with VISIBLE, whatever spans they hold."""
    first, *rest = text.split(VISIBLE)
    return first + "".join(after_element(part) for part in rest)


def after_element(text: str) -> str:
    """Return what follows the end of the span that was opened before this text."""
    depth = 1
    for tag in re.finditer(r"<(/?)span\b", text):
        depth += -1 if tag[1] else 1
        if not depth:
            return text[text.index(">", tag.end()) + 1 :]
    raise ValueError("a span has no end")
