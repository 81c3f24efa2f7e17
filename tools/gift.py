r"""The questions of the book for a learning platform, in the format GIFT, which Moodle imports.

They are read from the built site, where every number and name of the text is known. A formula
becomes TeX between ``\(`` and ``\)``, which MathJax sets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup, NavigableString, Tag

from bptt_lab.exercises import PAGES

CONTROL = re.compile(r"[\\~=#{}:]")
KEPT = {"p", "code", "em", "strong", "pre", "ul", "ol", "li"}
ASIDE = ".headerlink, .section-number, button, .rests-on, .feedback"


def controlled(text: str) -> str:
    r"""Escape what GIFT reads as a sign.

    >>> print(controlled(r"\(h_{t}\)"))
    \\(h_\{t\}\\)
    """
    return CONTROL.sub(lambda sign: "\\" + sign[0], text)


def html(tag: Tag) -> str:
    """Return what stands in an element, as HTML without attributes, formulas as TeX."""
    parts = []
    for child in tag.children:
        if isinstance(child, NavigableString):
            parts.append(escape(str(child), quote=False))
        elif "katex" in child.get("class", ()):
            display = child.find_parent(class_="katex-display") is not None
            tex = escape(child.annotation.get_text(), quote=False)
            parts.append(f"\\[{tex}\\]" if display else f"\\({tex}\\)")
        elif child.name in KEPT:
            parts.append(f"<{child.name}>{html(child)}</{child.name}>")
        else:
            parts.append(html(child))
    return re.sub(r"\s*\n\s*", " ", "".join(parts)).strip()


def answers(form: Tag) -> Iterator[str]:
    """Yield each answer with its share of the points and what is said of it."""
    options, reasons = form.select(".options > li"), form.select(".reasons > li")
    right = ["right" in reason.get("class", ()) for reason in reasons]
    several = sum(right) > 1
    for option, reason, is_right in zip(options, reasons, right, strict=True):
        share = 100 / sum(right) if is_right else -100 / (len(right) - sum(right))
        sign = f"~%{share:.5f}%" if several else "=" if is_right else "~"
        text, said = html(option.select_one("label > span")), html(reason)
        yield f"{sign}{controlled(text)}#{controlled(said)}"


def question(form: Tag, chapter: str) -> str:
    """Return one question."""
    for aside in form.select(ASIDE):
        aside.decompose()
    title = form.select_one("legend strong").get_text()
    text = html(form.select_one("fieldset > div"))
    lines = "\n".join(f"\t{line}" for line in answers(form))
    return f"::{controlled(f'{chapter} {title}')}::[html]{controlled(text)}{{\n{lines}\n}}\n"


def chapter(page: Path, title: str) -> str:
    """Return the questions of one page as a category."""
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    asked = [question(form, page.stem) for form in soup.select(".question")]
    return f"$CATEGORY: {title}\n\n" + "\n".join(asked)


def write_questions(site: Path, folder: Path) -> Iterator[Path]:
    """Write the questions of every chapter into a folder, a file for each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, title in PAGES.items():
        path = folder / f"{name}.gift.txt"
        path.write_text(chapter(site / f"{name}.html", title), encoding="utf-8")
        yield path
