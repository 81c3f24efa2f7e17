"""`make lab` works on a copy: what a learner writes never lands in the book, and is never lost."""

import re

from conftest import ROOT
from tools.lab import refresh


def test_what_a_learner_writes_stays_and_the_rest_follows_the_book(tmp_path):
    book, lab = tmp_path / "book", tmp_path / "lab"
    book.mkdir()
    for name in ("a.md", "b.md"):
        (book / name).write_text("first", encoding="utf-8")
    assert refresh(book, lab) == []
    (lab / "a.md").write_text("mine", encoding="utf-8")
    assert refresh(book, lab) == []  # the book has not changed
    for name in ("a.md", "b.md", "c.md"):
        (book / name).write_text("second", encoding="utf-8")
    assert refresh(book, lab) == ["a.md"]
    read = {path.name: path.read_text(encoding="utf-8") for path in lab.glob("*.md")}
    assert read == {"a.md": "mine", "b.md": "second", "c.md": "second"}
    assert refresh(book, lab) == ["a.md"]
    (lab / "a.md").write_text("second", encoding="utf-8")
    assert refresh(book, lab) == []  # it is that of the book again
    (book / "a.md").write_text("third", encoding="utf-8")
    assert refresh(book, lab) == [] and (lab / "a.md").read_text(encoding="utf-8") == "third"


def test_the_command_opens_the_copy_which_is_in_no_repository():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^lab: .*?(?=\n\n)", makefile, re.M | re.S)[0]
    assert "tools.lab book lab" in recipe and recipe.splitlines()[-1].endswith(" lab")
    assert "/lab/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
