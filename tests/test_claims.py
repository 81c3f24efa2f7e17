"""The ledger: every check runs, under the identifier of its claim, and every entry is whole."""

import inspect
import json
import math
import os
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bptt_lab.claims import (
    CAUSES,
    CLAIMS,
    HARMS,
    SECTIONS,
    SIGNS,
    VERDICTS,
    CheckFailed,
    Claim,
    Ledger,
    check_all,
)
from bptt_lab.claims.__main__ import main
from bptt_lab.claims.lstm import walk
from bptt_lab.reference import relative_error
from tools.book_site import NODE, NODE_MODULES

ROOT = Path(__file__).resolve().parent.parent
FORMULA = re.compile(r"(?<!\\)\$(.+?)(?<!\\)\$", re.S)
CHECKED = [claim for claim in CLAIMS.values() if claim.check]
SEEDED = [claim for claim in CHECKED if "seeds" in inspect.signature(claim.check).parameters]
ENTRY = {
    "title": "a sum",
    "states": "$1+1=3$",
    "verdict": "corrected",
    "harm": "wrong-number",
    "cause": "bound",
    "holds": "$1+1=2$",
}

PAGES = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "book").glob("*.md")}


def texts(claim: Claim) -> list[str]:
    """Everything of an entry that a page prints as Markdown."""
    parts = [claim.title, claim.states, claim.holds, claim.condition, claim.unchecked, claim.unsure]
    return [text for text in (*parts, CAUSES.get(claim.cause), *claim.sources) if text]


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


AS_PYTHON = {
    r"\,": "",
    r"\bigl[": "(",
    r"\bigr]": ") @ ",
    r"\mathrm{diag}": "diag",
    r"\circ": "*",
    r"\sigma'(a^f_t)": "f * (1 - f)",
    r"\sigma'(a^i_t)": "i * (1 - i)",
    r"\tanh'(a^C_t)": "(1 - new**2)",
    r"\tanh'(C_{t-1})": "(1 - tanh(C)**2)",
    r"\tilde C_t": "new",
    "C_{t-1}": "C",
    "o_{t-1}": "o",
    "i_t": "i",
    "f_t": "f",
    "W_{hf}^\\top": "@ W_hf.T",
    "W_{hi}^\\top": "@ W_hi.T",
    "W_{hC}^\\top": "@ W_hC.T",
}
"""What the corrected derivative of the LSTM is made of, in this order."""


def test_the_derivative_is_right_as_it_is_printed():
    """A check stands beside a formula and computes its own; here the printed one is computed."""
    printed = FORMULA.findall(CLAIMS["lstm-18"].holds)[0].strip("$")
    for tex, code in AS_PYTHON.items():
        assert tex in printed
        printed = printed.replace(tex, code)
    w = walk(20)
    (i, f, _, new), (_, _, o, _) = w.gates(20), w.gates(19)
    names = {"i": i, "f": f, "o": o, "new": new, "C": w.C[19], "tanh": np.tanh, "diag": np.diag}
    assert relative_error(eval(printed, names | w.params), w.exact(20, 1)) < 1e-13


@pytest.mark.slow
@pytest.mark.parametrize("claim", SEEDED, ids=lambda claim: claim.id)
def test_what_is_said_of_networks_holds_for_others(claim):
    usual = inspect.signature(claim.check).parameters["seeds"].default
    numbers = claim.check(range(1000, 1000 + len(usual)))
    assert numbers.keys() == claim.check().keys() and numbers != claim.check()


def test_a_check_asserts_and_its_code_can_be_shown():
    for claim in CHECKED:
        assert claim.code.startswith("def ") and "LEDGER" not in claim.code, claim.id
        assert re.search(r"^\s+assert ", claim.code, re.M), claim.id


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
    assert not [title for title in titles if len(title) > 59 or title.endswith(".")]


def test_an_entry_says_what_is_stated_and_what_holds():
    for claim in CLAIMS.values():
        assert claim.title and claim.states and claim.holds, claim.id
        for text in texts(claim):
            assert text == text.strip() and "  " not in text and "\n" not in text, text
            assert len(re.findall(r"(?<!\\)\$", text)) % 2 == 0, f"a formula does not end: {text}"


def test_sources_are_in_the_bibliography():
    bibliography = (ROOT / "book/references.bib").read_text(encoding="utf-8")
    keys = set(re.findall(r"^@\w+\{([\w-]+),", bibliography, re.M))
    named = {source.split(",")[0] for claim in CLAIMS.values() for source in claim.sources}
    assert named <= keys


def test_a_source_has_its_place_and_words_or_says_what_was_not_read():
    for claim in CLAIMS.values():
        for source in claim.sources:
            said = re.search(r'"[^"]+"|\bread\b|, for the equation|\beqs?\. ', source)
            assert said, (claim.id, source)


def test_every_slip_is_some_claims_and_is_counted_once():
    assert set(SIGNS) == set(VERDICTS)
    causes = CLAIMS.by_cause()
    assert set(causes) == set(CAUSES)
    harmful = [c.id for c in CLAIMS.values() if c.verdict in ("condition", "corrected")]
    assert sorted(c.id for claims in causes.values() for c in claims) == sorted(harmful)
    worst = [min([*HARMS].index(claim.harm) for claim in claims) for claims in causes.values()]
    assert worst == sorted(worst)


def test_what_is_only_left_out_is_not_called_wrong():
    left_out = [claim for claim in CLAIMS.values() if claim.verdict == "omission"]
    assert left_out and not any(claim.harm or claim.cause for claim in left_out)


def test_equations_are_in_the_book_and_nearly_every_entry_names_one():
    labels = {
        label for page in PAGES.values() for label in re.findall(r"\((eq-[\w-]+)\)$", page, re.M)
    }
    assert {label for claim in CLAIMS.values() for label in claim.equations} <= labels
    # A list of links, and a statement about eigenvalues that no equation of the book repeats.
    assert {claim.id for claim in CLAIMS.values() if not claim.equations} == {"ref-01", "vg-08"}


@pytest.mark.site  # it needs what the book is built with, not the book
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
        encoding="utf-8",
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
        ("vg-99", {"harm": ""}, "harm must be one of"),
        ("vg-99", {"harm": "fatal"}, "harm must be one of"),
        ("vg-99", {"cause": "a whim"}, "cause must be one of"),
        ("vg-99", {"verdict": "holds"}, "harm must be one of"),
        ("vg-99", {"verdict": "omission", "harm": ""}, "cause must be one of"),
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


# ------------------------------------------------------------------ findings


def entered(check, id="vg-99") -> Ledger:
    ledger = Ledger()
    ledger.enter(id, **ENTRY)(check)
    return ledger


def one():
    return {"one": 1, "tiny": 1.23456e-20}


def zero():
    assert False, "zero is not one"  # noqa: B011


def test_findings_keep_what_the_checks_saw():
    some = {id: CLAIMS[id] for id in ("vg-06", "ref-01")}
    findings = check_all(some)
    assert findings["vg-06"].numbers["t - k + 1"] == 6
    assert [finding.status for finding in findings.values()] == ["passed", "no check"]
    shown, about = findings._repr_mimebundle_()
    assert about["numbers"]["vg-06"][1] == ("t - k + 1", 6) and about["numbers"]["ref-01"] == []
    assert json.dumps(about)
    rows = shown["text/markdown"].splitlines()
    assert len(rows) == 4 and "✗ corrected, wrong number" in rows[2] and "t - k + 1: 6" in rows[2]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1


def test_a_check_that_fails_is_named_and_the_others_run():
    ran = []
    claims = entered(zero, "vg-98") | entered(lambda: ran.append(1) or one())
    with pytest.raises(CheckFailed, match=r"1 of 2 .*vg-98 \(a sum\): .*zero is not one") as raised:
        check_all(claims)
    assert ran and isinstance(raised.value.__cause__, AssertionError)


def test_a_line_says_how_far_the_checks_are(capsys):
    check_all(entered(one), shown=True)
    assert "1/1" in capsys.readouterr().out
    check_all(entered(one))
    assert capsys.readouterr().out == ""


def test_a_notebook_shows_an_entry():
    text = CLAIMS["vg-12"]._repr_markdown_()
    assert text.startswith("✗ **vg-12, ") and "```python\ndef " in text
    assert all(part in text for part in CLAIMS["vg-12"].parts.values())
    assert "```" not in CLAIMS["ref-01"]._repr_markdown_()


# ------------------------------------------------------------------ on a terminal


def test_the_table_has_a_line_for_every_claim_and_counts(monkeypatch, capsys):
    some = Ledger((id, CLAIMS[id]) for id in CLAIMS if id.startswith(("ref", "com", "shape")))
    monkeypatch.setattr("bptt_lab.claims.__main__.CLAIMS", some)
    assert main([]) == 0
    told = capsys.readouterr().out
    lines = told.splitlines()
    for claim, line in zip(some.values(), lines, strict=False):
        fields = [claim.id, claim.verdict, *filter(None, [claim.harm])]
        assert line.split()[: len(fields)] == fields and line.endswith(claim.title)
        assert ("passed" if claim.check else "no check") in line
    verdicts = Counter(claim.verdict for claim in some.values())
    assert f"{len(some)} claims: {verdicts['holds']} holds" in told
    assert f"the slips behind these, each counted once, are {len(some.by_cause())}." in told
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize(
    "chosen", [{"section": "dyn", "verdict": "corrected"}, {"harm": "wrong-number"}]
)
def test_a_part_a_verdict_and_a_harm_can_be_chosen(monkeypatch, capsys, chosen):
    unrun = Ledger((id, replace(claim, check=one)) for id, claim in CLAIMS.items() if claim.check)
    monkeypatch.setattr("bptt_lab.claims.__main__.CLAIMS", unrun)
    assert main([f"--{name}={value}" for name, value in chosen.items()]) == 0
    told = capsys.readouterr().out.splitlines()
    ids = [line.split()[0] for line in told if re.match(r"[a-z]+-\d\d ", line)]
    assert ids == [
        id for id, c in unrun.items() if all(getattr(c, name) == chosen[name] for name in chosen)
    ]


def test_an_entry_in_full_on_a_terminal_in_ascii():
    done = subprocess.run(
        [sys.executable, "-m", "bptt_lab.claims", "vg-06", "ref-01"],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    said = " ".join(done.stdout.split())
    for text in CLAIMS["vg-06"].parts.values():
        assert text in said
    assert re.search(r"t - k \+ 1 +6", done.stdout)
    assert "def number_of_factors()" in done.stdout
    assert CLAIMS["ref-01"].unchecked in said


def test_an_entry_that_does_not_exist(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["vg-44"])
    told = capsys.readouterr().err
    assert "there is no entry 'vg-44'" in told and "vg-14" in told


def test_help_explains_the_verdicts_and_the_exit_status(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    told = capsys.readouterr().out
    assert all(name in told for name in (*VERDICTS, *HARMS, *SECTIONS))
    assert "exit status is 1" in told


def test_a_failed_check_is_the_exit_status(monkeypatch, capsys):
    monkeypatch.setattr("bptt_lab.claims.__main__.CLAIMS", entered(zero))
    assert main([]) == 1
    assert re.search(r"vg-99 +corrected +wrong-number +FAILED +a sum", capsys.readouterr().out)
    assert main(["vg-99"]) == 1
    assert "zero is not one" in capsys.readouterr().out


# ------------------------------------------------------------------ in the chapters


CHAPTERS = {  # the parts of the article that each chapter treats
    "forward": {"dyn", "shape"},
    "bptt": {"bptt", "com"},
    "vanishing": {"vg", "norm"},
    "lstm": {"lstm"},
}


def cited(page: str) -> set[str]:
    return set(re.findall(r"\{ledger\}`([^`]+)`", PAGES[page]))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_cites_the_entries_of_its_part(chapter):
    own = {claim.id for claim in CLAIMS.values() if claim.section in CHAPTERS[chapter]}
    assert own and not own - cited(chapter) - cited(f"{chapter}-exercises")


def test_every_entry_is_cited_and_every_citation_is_an_entry():
    used = set().union(*(cited(page) for page in PAGES if page not in ("index", "glossary")))
    assert used == set(CLAIMS)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_table_of_verdicts_has_those_of_the_ledger(chapter):
    rows = re.findall(r"^\|.*\{ledger\}`[^`]+`.*\|$", PAGES[chapter], re.M)
    for row in rows:
        (id,) = re.findall(r"\{ledger\}`([^`]+)`", row)
        signs = set(re.findall(rf"\| ([{''.join(SIGNS.values())}]) (?=\|)", row))
        assert signs <= {SIGNS[CLAIMS[id].verdict]}, row
