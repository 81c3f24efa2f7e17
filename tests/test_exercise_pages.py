"""The pages of exercises: what each exercise has, and the label that a reader's progress needs."""

import re
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parent.parent / "book"
CHAPTERS = [path for path in sorted(BOOK.glob("*.md")) if "\n## Quiz\n" in path.read_text("utf-8")]
PAGES = {path.stem: (BOOK / f"{path.stem}-exercises.md").read_text("utf-8") for path in CHAPTERS}
EXERCISE = re.compile(
    r"^(?:\(([\w-]+)\)=\n)?## ([^\n]+)\n(.*?)(?=^\([\w-]+\)=\n## |^## |\Z)", re.S | re.M
)


@pytest.mark.parametrize("chapter", PAGES)
def test_every_exercise_has_a_label_a_hint_a_solution_and_code(chapter):
    exercises = EXERCISE.findall(PAGES[chapter])
    assert len(exercises) >= 6 and len(exercises) == len(re.findall("^## ", PAGES[chapter], re.M))
    for label, title, text in exercises:
        assert label.startswith(f"ex-{chapter}-"), title
        for part in ("{dropdown} Hint", "{dropdown} Solution", "{code-cell}", "assert "):
            assert part in text, title
