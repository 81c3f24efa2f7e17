"""What a reader sees of the code: no line is cut off, and what stays open is short."""

import re

import pytest

from conftest import ROOT

CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.S | re.M)
OPTIONS = re.compile(r"\A(?:---\n.*?\n---\n|(?::[^\n]*\n)+)?", re.S)
CHAPTERS = ("forward", "bptt", "vanishing", "lstm", "training", "after")
COLUMNS = 79


def cells(page):
    """Return options and code of each cell of a page."""
    found = CELL.findall((ROOT / "book" / f"{page}.md").read_text(encoding="utf-8"))
    ends = [OPTIONS.match(cell).end() for cell in found]
    return [(cell[:end], cell[end:]) for cell, end in zip(found, ends, strict=True)]


@pytest.mark.parametrize("page", [path.stem for path in sorted((ROOT / "book").glob("*.md"))])
def test_code_has_79_columns(page):
    lines = [line for _, code in cells(page) for line in code.splitlines()]
    assert [line for line in lines if len(line) > COLUMNS] == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_few_cells_are_open_and_none_is_there_to_assert(chapter):
    shown = [code for options, code in cells(chapter) if "hide-" not in options]
    assert len(shown) <= 8 and sum(code.count("\n") for code in shown) <= 80
    for code in shown:
        lines = code.splitlines()
        assert sum("assert" in line for line in lines) <= 1 < len(lines), code
