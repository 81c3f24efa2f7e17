"""The built ledger: every entry has its row, with numbers of this build, and marks lead there."""

import json
import re

import pytest

from bptt_lab.claims import CAUSES, CLAIMS, HARMS, SECTIONS, SIGNS
from parsed import by_id, parse

pytestmark = [pytest.mark.site, pytest.mark.xdist_group("pages")]
CHAPTERS = ("forward", "bptt", "vanishing", "lstm")
EXERCISES = tuple(f"{chapter}-exercises" for chapter in CHAPTERS)


@pytest.fixture(scope="module")
def ledger(site):
    return parse(site / "ledger.html")


@pytest.fixture(scope="module")
def rows(ledger):
    return {row["id"]: row for row in ledger.select("details.claim")}


def parts(row) -> dict:
    """Return what stands in a row, by its name."""
    return {dt.get_text(): dt.find_next_sibling("dd") for dt in row.select("dl dt")}


def test_every_entry_has_one_row_in_the_articles_order(rows, ledger):
    assert list(rows) == list(CLAIMS)
    for section, title in SECTIONS.items():
        part = ledger.find("section", id=f"claims-{section}")
        assert part.find("h3").get_text().startswith(title)
        own = [claim.id for claim in CLAIMS.values() if claim.section == section]
        assert [row["id"] for row in part.select("details.claim")] == own


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda claim: claim.id)
def test_a_row_has_all_that_the_entry_says(rows, claim):
    row, said = rows[claim.id], parts(rows[claim.id])
    summary = row.find("summary").get_text()
    assert SIGNS[claim.verdict] in summary and claim.graded in summary and claim.id in summary
    assert (row["data-verdict"], row["data-harm"]) == (claim.verdict, claim.harm)
    assert said["The article states"].get_text().strip() and said["What holds"].get_text().strip()
    assert ("Condition" in said) == bool(claim.condition)
    assert ("Cause" in said) == bool(claim.cause)
    assert ("Not certain" in said) == bool(claim.unsure)
    assert ("No check" in said) == bool(claim.unchecked)
    links = said["Sources"].select("a[href^='bibliography.html#']") if claim.sources else []
    assert len(links) == len(claim.sources)
    assert said["In this book"].select("li a[href]")
    code = row.select("div.highlight-python pre")
    assert [one.get_text().strip() for one in code] == [claim.code] * bool(claim.check)
    assert not row.select("div.highlight .err")


def test_the_numbers_are_those_that_the_cell_of_the_page_saw(rows, site):
    executed = json.loads((site.parent / "notebooks" / "ledger.ipynb").read_text(encoding="utf-8"))
    outputs = [out for cell in executed["cells"] for out in cell.get("outputs", [])]
    (numbers,) = [out["metadata"]["numbers"] for out in outputs if out.get("metadata")]
    for claim in CLAIMS.values():
        table = rows[claim.id].select("table.numbers tr")
        assert len(table) == len(numbers[claim.id]) >= bool(claim.check)
        for line, (_, value) in zip(table, numbers[claim.id], strict=True):
            shown = line.find("td")
            if isinstance(value, float):
                power = shown.sup.extract().get_text().replace("−", "-") if shown.sup else "0"
                digits = float(shown.get_text().removesuffix(" · 10"))
                assert digits * 10.0 ** int(power) == pytest.approx(value, rel=1e-3)
            else:
                power = re.compile(r"(?<=\d)e([+-]\d+)")
                expected = power.sub(lambda found: f" · 10{int(found[1])}", str(value))
                assert shown.get_text().replace("−", "-") == expected


def test_the_strip_has_a_cell_for_every_claim(ledger):
    cells = ledger.select("figure.claims-strip .parts a.square")
    assert [cell["href"] for cell in cells] == [f"#{id}" for id in CLAIMS]
    for cell, claim in zip(cells, CLAIMS.values(), strict=True):
        assert cell.get_text() == SIGNS[claim.verdict] and claim.verdict in cell["class"]
        assert cell["aria-label"] == f"{claim.id}, {claim.graded}: {claim.title}"
    counted = ledger.select_one(".claims-strip figcaption").get_text()
    for verdict in SIGNS:
        number = sum(claim.verdict == verdict for claim in CLAIMS.values())
        assert re.search(rf"\b{number} ", counted)
    corrected = {claim.cause for claim in CLAIMS.values() if claim.verdict == "corrected"}
    assert f"{len(corrected)} slips, and {len(CLAIMS.by_cause())} behind these" in counted


def test_the_list_of_slips_has_each_once_with_its_claims(ledger, rows):
    groups = ledger.select(".claims-causes")
    assert [group.strong.get_text() for group in groups] == [h.replace("-", " ") for h in HARMS]
    items = {item["id"]: item for group in groups for item in group.select("li")}
    assert len(items) == len(CAUSES)
    for claims in CLAIMS.by_cause().values():
        (anchor,) = {parts(rows[claim.id])["Cause"].a["href"] for claim in claims}
        links = items[anchor.removeprefix("#")].select("a.ledger")
        assert [link["href"] for link in links] == [f"#{claim.id}" for claim in claims]


def test_marks_lead_to_rows_and_rows_to_marks(site, rows):
    marks = {}
    for name in (*CHAPTERS, *EXERCISES, "after", "index", "glossary", "bibliography"):
        for mark in parse(site / f"{name}.html").select("a.ledger"):
            claim = CLAIMS[mark["href"].removeprefix("ledger.html#")]
            assert mark.get_text() == SIGNS[claim.verdict] + claim.id
            assert claim.verdict in mark["class"] and claim.title in mark["aria-label"]
            marks[f"{name}.html#{mark['id']}"] = claim.id
    assert set(marks.values()) == set(CLAIMS)
    for id, row in rows.items():
        for link in parts(row)["In this book"].find_all("a"):
            assert marks[link["href"]] == id


def test_only_the_page_of_all_marks_loads_the_cards_at_once(site):
    for path in site.glob("*.html"):
        page = parse(path)
        loaded = [tag["src"] for tag in page.select("script[src*=ledger-cards]")]
        assert bool(loaded) == (path.stem == "crosswalk"), path.name
        ours = page.select("script[src*='_static/ledger.js']")
        assert bool(ours) == bool(page.select(".claims-strip, .claims-causes")), path.name


def test_a_card_has_title_and_statement_of_each_claim(site):
    text = (site / "_static" / "ledger-cards.js").read_text(encoding="utf-8")
    cards = json.loads(text.removeprefix("window.LEDGER = ").removesuffix(";\n"))
    assert list(cards) == list(CLAIMS)
    for id, card in cards.items():
        assert card["verdict"] == CLAIMS[id].verdict and card["title"]
        assert card["graded"] == CLAIMS[id].graded
        assert ("$" in CLAIMS[id].holds) == ("katex-html" in card["holds"])
        assert "katex-mathml" not in card["holds"] and "dd" not in re.findall(
            r"<(\w+)", card["holds"]
        )


# ------------------------------------------------------------------ the crosswalk


def test_the_crosswalk_leads_from_every_line_to_section_equation_and_entry(site):
    lines = parse(site / "crosswalk.html").select("table.crosswalk tbody tr")
    assert len(lines) == len(CLAIMS)
    equations = 0
    for line, claim in zip(lines, CLAIMS.values(), strict=True):
        states, sections, numbers, entry = line.find_all("td")
        assert states.get_text().strip()
        assert entry.a["href"] == f"ledger.html#{claim.id}"
        assert sections.find_all("a") and all(".html#" in a["href"] for a in sections.find_all("a"))
        for link in numbers.find_all("a"):
            page, anchor = link["href"].split("#")
            target = by_id(site / page)[anchor]
            assert link.get_text() in target.get_text()
            equations += 1
    assert equations > len(CLAIMS)


def test_sections_have_the_numbers_of_the_chapters(site):
    for link in parse(site / "crosswalk.html").select("table.crosswalk td:nth-of-type(2) a"):
        page, anchor = link["href"].split("#")
        if page.removesuffix(".html") in CHAPTERS:
            heading = by_id(site / page)[anchor].find(["h1", "h2", "h3"])
            number = re.match(r"[\d.]+\d", link.get_text())[0]
            assert heading.get_text().startswith(f"{number}.")
