"""What the chapter on gated cells cannot assert about itself."""

import re
from pathlib import Path

import pytest

TEXT = (Path(__file__).resolve().parent.parent / "book" / "lstm.md").read_text(encoding="utf-8")
ENTRIES = [f"lstm-{number:02d}" for number in range(1, 27)]


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_is_cited_in_the_text(entry):
    assert f"{{ledger}}`{entry}`" in TEXT


def test_every_equation_has_a_label_that_is_used_once():
    labels = re.findall(r"^\$\$ \((eq-[\w-]+)\)$", TEXT, re.M)
    assert len(labels) == len(set(labels)) == len(re.findall(r"^\$\$", TEXT, re.M)) / 2
