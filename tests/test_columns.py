"""No line of code is cut off on the page: the cells of the book have 79 columns."""

import re
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parent.parent / "book"
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.S | re.M)
OPTIONS = re.compile(r"\A(?:---\n.*?\n---\n|(?::[^\n]*\n)+)", re.S)
COLUMNS = 79


@pytest.mark.parametrize("page", [path.stem for path in sorted(BOOK.glob("*.md"))])
def test_code_has_79_columns(page):
    text = (BOOK / f"{page}.md").read_text(encoding="utf-8")
    cells = [OPTIONS.sub("", cell) for cell in CELL.findall(text)]
    assert [line for cell in cells for line in cell.splitlines() if len(line) > COLUMNS] == []
