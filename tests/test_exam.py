"""The exam for teachers: solutions are computed, points add up, the site leads to none of it."""

import re
from pathlib import Path

import jupytext
import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAM = ROOT / "teaching" / "exam.md"


def test_the_solutions_are_right():
    space: dict = {}
    cells = [cell for cell in jupytext.read(EXAM).cells if cell.cell_type == "code"]
    assert sum("assert" in cell.source for cell in cells) >= 8
    for cell in cells:
        exec(cell.source, space)


def test_the_points_add_up():
    text = EXAM.read_text(encoding="utf-8")
    points = [int(number) for number in re.findall(r"^## \d+\. .*\((\d+) points\)$", text, re.M)]
    said = re.search(r"(\w+) questions, (\d+) points", text)
    assert said[1] == "Ten" and len(points) == 10 and sum(points) == int(said[2])
    assert text.count("**Solution.**") == text.count("*Marking:*") == len(points)


@pytest.mark.site
def test_the_site_does_not_publish_it(site):
    words = ["*Marking:*", "Remembering without learning", "Two steps through an LSTM"]
    assert all(word in EXAM.read_text(encoding="utf-8") for word in words)
    files = [path for path in site.rglob("*") if path.suffix in {".html", ".md", ".ipynb", ".js"}]
    assert len(files) > 10
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert "teaching/" not in text and "exam.md" not in text, path.name  # nor leads there
        assert not [word for word in words if word.strip("*") in text], path.name
