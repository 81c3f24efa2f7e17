"""The ledger: every check runs, under the identifier of its claim, and every entry is whole."""

import json
import math
import re
import subprocess
import time
from pathlib import Path

import pytest

from book_site import NODE, NODE_MODULES
from bptt_lab.claims import CLAIMS, SECTIONS, Claim, Ledger

ROOT = Path(__file__).resolve().parent.parent
FORMULA = re.compile(r"(?<!\\)\$(.+?)(?<!\\)\$", re.S)
CHECKED = [claim for claim in CLAIMS.values() if claim.check]
ENTRY = {"title": "a sum", "states": "$1+1=3$", "verdict": "corrected", "holds": "$1+1=2$"}

every_claim = pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda claim: claim.id)


def texts(claim: Claim) -> list[str]:
    """Everything of an entry that a page prints as Markdown."""
    parts = [claim.title, claim.states, claim.holds, claim.condition, claim.unchecked, claim.unsure]
    return [text for text in parts if text]


def formulas(claim: Claim) -> list[str]:
    return [formula for text in texts(claim) for formula in FORMULA.findall(text)]


# ------------------------------------------------------------------ the checks


@pytest.mark.parametrize("claim", CHECKED, ids=lambda claim: claim.id)
def test_check(claim):
    before = time.process_time()
    numbers = claim.check()
    assert time.process_time() - before < 5
    assert numbers, "a check returns the numbers that it saw"
    for name, value in numbers.items():
        assert name.strip() and isinstance(value, float | int | str), (name, value)
        assert not isinstance(value, bool), f"{name}: say what was computed, not that it is right"
        assert isinstance(value, str) or math.isfinite(value), (name, value)


@pytest.mark.parametrize("claim", CHECKED, ids=lambda claim: claim.id)
def test_a_check_asserts_and_its_code_can_be_shown(claim):
    assert claim.code.startswith("def ") and "LEDGER" not in claim.code
    assert re.search(r"^\s+assert ", claim.code, re.M)


# ------------------------------------------------------------------ the entries


def test_claims_stand_in_the_articles_order_and_none_is_left_out():
    order = [*SECTIONS]
    numbers = [(order.index(c.section), int(c.id.split("-")[1])) for c in CLAIMS.values()]
    assert numbers == sorted(numbers)
    for section in order:
        found = [claim.id for claim in CLAIMS.values() if claim.section == section]
        assert found == [f"{section}-{i:02}" for i in range(1, len(found) + 1)]


def test_titles_name_one_claim_each():
    titles = [claim.title for claim in CLAIMS.values()]
    assert len(set(titles)) == len(titles)
    assert not [title for title in titles if len(title) > 70 or title.endswith(".")]


@every_claim
def test_an_entry_says_what_is_stated_and_what_holds(claim):
    assert claim.title and claim.states and claim.holds
    for text in texts(claim):
        assert text == text.strip() and "  " not in text and "\n" not in text
        assert len(re.findall(r"(?<!\\)\$", text)) % 2 == 0, f"a formula does not end: {text}"


@every_claim
def test_sources_are_in_the_bibliography(claim):
    keys = set(re.findall(r"^@\w+\{([\w-]+),", (ROOT / "book/references.bib").read_text(), re.M))
    assert {source.split(",")[0] for source in claim.sources} <= keys


def test_every_formula_renders():
    script = """
        const katex = require("katex"), faults = [];
        for (const f of JSON.parse(require("fs").readFileSync(0)))
            try { katex.renderToString(f, {strict: "error"}) }
            catch (e) { faults.push([f, `${e}`]) }
        console.log(JSON.stringify(faults));
    """
    told = subprocess.run(
        [NODE, "-e", script],
        input=json.dumps([formula for claim in CLAIMS.values() for formula in formulas(claim)]),
        cwd=NODE_MODULES,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(told.stdout) == []


# ------------------------------------------------------------------ what is not an entry


@pytest.mark.parametrize(
    ("id", "change", "complaint"),
    [
        ("vg-99", {"verdict": "true"}, "verdict must be one of"),
        ("xx-01", {}, "no section 'xx'"),
        ("vg-99", {"verdict": "condition"}, "a condition is needed"),
    ],
)
def test_half_an_entry_is_refused(id, change, complaint):
    with pytest.raises(ValueError, match=complaint):
        Ledger().enter_unchecked(id, unchecked="a definition", **(ENTRY | change))


def test_an_entry_without_a_check_needs_a_reason():
    with pytest.raises(ValueError, match="the reason why it has none"):
        Ledger().enter_unchecked("vg-99", unchecked="", **ENTRY)


def test_an_identifier_is_entered_once():
    ledger = Ledger()
    ledger.enter_unchecked("vg-99", unchecked="a definition", **ENTRY)
    with pytest.raises(ValueError, match="vg-99 is entered twice"):
        ledger.enter_unchecked("vg-99", unchecked="a definition", **ENTRY)
