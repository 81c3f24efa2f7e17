"""The ledger in a real Chromium: filter, links, keyboard, cards, print, and without scripts."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from bptt_lab.claims import CLAIMS, HARMS, SECTIONS, VERDICTS
from test_browser import (  # noqa: F401 (fixtures)
    FROM_DISK,
    address,
    server,
    visit,
)

pytestmark = [pytest.mark.site, pytest.mark.browser]


def shown(page: Page) -> list[str]:
    return page.locator("details.claim:visible").evaluate_all("all => all.map(one => one.id)")


def part(page: Page) -> Locator:
    return page.get_by_role("form", name="Filter the claims").get_by_label("Part")


def expected(**fields: str) -> list[str]:
    return [c.id for c in CLAIMS.values() if all(getattr(c, k) == v for k, v in fields.items())]


@FROM_DISK
def test_rows_are_filtered_by_verdict_part_and_words(visit):  # noqa: F811
    page = visit("ledger")
    form = page.get_by_role("form", name="Filter the claims")
    status = form.get_by_role("status")
    expect(status).to_have_text(f"All {len(CLAIMS)} claims.")
    form.get_by_label("holds").uncheck()
    form.get_by_label("condition").uncheck()
    form.get_by_label("omission").uncheck()
    corrected = expected(verdict="corrected")
    assert shown(page) == corrected
    expect(status).to_have_text(f"{len(corrected)} of {len(CLAIMS)} claims.")

    form.get_by_label("Part").select_option("norm")
    assert shown(page) == expected(verdict="corrected", section="norm")
    assert page.locator("#claims-norm h3").is_visible()
    assert not page.locator("#claims-vg h3").is_visible()
    lit = page.locator(".claims-strip .parts a.square:not(.filtered)")
    assert lit.count() == len(shown(page))

    form.get_by_label("Part").select_option("")
    form.get_by_label("Words or symbols").fill(r"Lyapunov \rho")
    found = shown(page)
    assert "vg-12" in found and 0 < len(found) < len(corrected)
    form.get_by_label("Words or symbols").fill("no such word")
    assert not shown(page)
    expect(status).to_have_text(f"0 of {len(CLAIMS)} claims.")


@FROM_DISK
def test_rows_are_filtered_and_sorted_by_harm(visit):  # noqa: F811
    page = visit("ledger")
    form = page.get_by_role("form", name="Filter the claims")
    form.get_by_label("Harm").select_option("wrong-number")
    assert shown(page) == expected(harm="wrong-number")
    form.get_by_label("Harm").select_option("")
    form.get_by_label("Order").select_option("the worst first")
    assert shown(page) == [id for harm in (*HARMS, "") for id in expected(harm=harm)]
    assert not page.locator("#claims-dyn h3").is_visible()
    form.get_by_label("Part").select_option("vg")
    sorted_part = [id for harm in (*HARMS, "") for id in expected(harm=harm, section="vg")]
    assert shown(page) == sorted_part

    page.locator('.claims-strip a[href="#dyn-05"]').click()  # hidden: form and order give way
    expect(page.locator("#dyn-05")).to_have_attribute("open", "")
    assert shown(page) == list(CLAIMS)
    assert page.locator("#claims-dyn h3").is_visible()


@FROM_DISK
def test_a_link_to_a_row_opens_it(visit):  # noqa: F811
    page = visit("vanishing", unfolded=True)
    page.locator('a.ledger[href="ledger.html#vg-12"]').first.click()
    page.wait_for_url("**/ledger.html#vg-12")
    row = page.locator("#vg-12")
    expect(row).to_have_attribute("open", "")
    assert row.locator("summary").evaluate("one => one.getBoundingClientRect().top") >= 0
    expect(row.locator("summary")).to_be_in_viewport()
    assert page.locator("details.claim[open]").count() == 1
    page.keyboard.press("Tab")  # reading goes on from there
    expect(row.locator("summary")).to_be_focused()

    # A filter that hides the row gives way; and what was closed opens again.
    row.locator("summary").click()
    part(page).select_option("dyn")
    expect(row).to_be_hidden()
    page.locator('.claims-strip a[href="#vg-12"]').click()
    expect(row).to_have_attribute("open", "")
    expect(part(page)).to_have_value("")

    place = row.locator("dd li a").first
    href = place.get_attribute("href")
    place.click()
    page.wait_for_url(f"**/{href}")
    mark = page.locator(f"#{href.split('#')[1]}")
    expect(mark).to_be_in_viewport()
    expect(mark).to_have_text(re.compile("vg-12"))


def test_all_can_be_opened_and_closed(visit):  # noqa: F811
    page = visit("ledger")
    part(page).select_option("com")
    page.get_by_role("button", name="Open all").click()
    assert page.locator("details.claim[open]").count() == len(expected(section="com"))
    page.get_by_role("button", name="Close all").click()
    assert page.locator("details.claim[open]").count() == 0


def test_the_keyboard_reaches_everything(visit):  # noqa: F811
    page = visit("ledger")
    cells = page.locator(".claims-strip .parts a.square")
    cells.first.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "End"):
        page.keyboard.press(key)
    expect(cells.last).to_be_focused()
    expect(page.locator(".claims-strip .said")).to_contain_text(list(CLAIMS)[-1])
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#dyn-02")).to_have_attribute("open", "")
    expect(page.locator("#dyn-02 summary")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#dyn-02")).not_to_have_attribute("open", "")

    # The strip is one stop of the Tab key.
    cells.nth(1).focus()
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.matches('.claims-strip .parts a.square')")


@FROM_DISK
def test_a_mark_tells_what_holds_when_it_is_pointed_at(visit):  # noqa: F811
    page = visit("vanishing", unfolded=True)
    mark = page.locator('a.ledger[href="ledger.html#norm-02"]').first
    mark.hover()
    card = page.locator(".preview")
    expect(card).to_contain_text(CLAIMS["norm-02"].title)
    expect(card).to_contain_text("no eigenvalues")
    assert card.locator(".katex-html").count() > 1
    card.hover()  # it stays while the pointer is on it
    expect(card).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    page.mouse.move(0, 0)
    mark.evaluate("one => one.focus({ focusVisible: true })")
    expect(card).to_be_visible()
    mark.evaluate("one => one.blur()")
    expect(card).to_have_count(0)


@FROM_DISK
def test_without_scripts_everything_is_there_unfiltered(visit):  # noqa: F811
    page = visit("ledger", java_script_enabled=False)
    assert shown(page) == list(CLAIMS)
    assert not page.locator(".claims-filter").is_visible()
    row = page.locator("#bptt-13")
    row.locator("summary").click()
    assert row.locator(".compared dd").nth(1).is_visible() and row.locator("pre").is_visible()
    cell = page.locator('.claims-strip a[href="#bptt-13"]')
    assert "bptt-13, condition, wrong number" in cell.get_attribute("title")
    assert page.locator(".claims-causes li:visible").count() == len(CLAIMS.by_cause())
    assert page.locator(".claims-strip figcaption").is_visible()


def test_print_shows_every_row_unfolded(visit):  # noqa: F811
    page = visit("ledger")
    part(page).select_option("com")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert shown(page) == list(CLAIMS)
    assert page.locator("details.claim .compared:visible").count() == len(CLAIMS)
    for section in SECTIONS:
        assert page.locator(f"#claims-{section} h3").is_visible()
    assert not page.locator(".claims-filter").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.claim[open]").count() == 0


def test_open_rows_fit_a_phone(visit):  # noqa: F811
    page = visit("ledger", viewport={"width": 360, "height": 800})
    part(page).select_option("norm")
    page.get_by_role("button", name="Open all").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_verdicts_differ_without_colour(visit):  # noqa: F811
    page = visit("ledger", forced_colors="active")
    forms = {
        verdict: page.locator(f".claims-strip figcaption .square.{verdict}").evaluate(
            "one => [one.textContent, getComputedStyle(one).borderStyle]"
        )
        for verdict in VERDICTS
    }
    assert len({form[0] for form in forms.values()}) == len(VERDICTS)
    assert len({forms[verdict][1] for verdict in ("holds", "condition", "omission")}) == 3
