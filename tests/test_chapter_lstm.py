"""What the chapter on gated cells cannot assert about itself."""

import re
from pathlib import Path

import pytest

from bptt_lab.claims import CLAIMS

TEXT = (Path(__file__).resolve().parent.parent / "book" / "lstm.md").read_text(encoding="utf-8")
ENTRIES = [f"lstm-{number:02d}" for number in range(1, 27)]


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_is_cited_in_the_text_and_in_the_table(entry):
    assert TEXT.count(f"{{ledger}}`{entry}`") >= 2


def test_the_table_has_each_entry_once_with_the_ledgers_verdicts():
    rows = re.findall(r"^\| \{ledger\}`(lstm-\d\d)` \|.*\| (.) \| \[\]\(#\S+\) \|$", TEXT, re.M)
    marks = {"holds": "✓", "condition": "◐", "corrected": "✗"}
    assert rows == [(entry, marks[CLAIMS[entry].verdict]) for entry in ENTRIES]


def test_every_exercise_has_a_hint_a_solution_and_code():
    exercises = TEXT.split("## Exercises")[1].split("## Summary")[0].split("\n### ")[1:]
    assert len(exercises) >= 8
    for exercise in exercises:
        for part in ("{dropdown} Hint", "{dropdown} Solution", "{code-cell}", "assert "):
            assert part in exercise, exercise[:40]


def test_every_equation_has_a_label_that_is_used_once():
    labels = re.findall(r"^\$\$ \((eq-[\w-]+)\)$", TEXT, re.M)
    assert len(labels) == len(set(labels)) == len(re.findall(r"^\$\$", TEXT, re.M)) / 2
