"""A reference that is pointed at, or reached by keyboard, shows what it leads to."""

import pytest
from playwright.sync_api import Page, expect

from test_browser import FROM_DISK, address, server, visit  # noqa: F401 (fixtures)

pytestmark = [pytest.mark.site, pytest.mark.browser]

KINDS = {  # a source first: its card needs no script
    "source": "article a.reference.internal[href^='bibliography.html#']",
    "equation": "article a.reference.internal[href*='#equation-']",
    "section": "article a.reference.internal[href*='#sec-']",
    "term": "article a.term",
}

AT_REST = """one => new Promise((done) => {
  let [last, frames] = [NaN, 0];
  const look = () => {
    const { top } = one.getBoundingClientRect();
    frames = top === last ? frames + 1 : 0;
    last = top;
    frames < 6 ? requestAnimationFrame(look) : done();
  };
  look();
})"""


def reference(page: Page, kind: str):
    return page.locator(KINDS[kind]).locator("visible=true").first


def point_at(link) -> None:
    """Point at a link when what is around it has been laid out and moves no more."""
    link.scroll_into_view_if_needed()
    link.evaluate(AT_REST)
    link.hover()


@FROM_DISK
def test_pointing_at_a_reference_shows_it(visit):  # noqa: F811
    page = visit("vanishing", unfolded=True)
    scripts = "document.querySelectorAll('script[src*=\"cards/\"]').length"
    card = page.locator(".preview")
    for kind in KINDS:
        if kind in ("source", "equation"):
            assert page.evaluate(scripts) == 0  # nothing is loaded before, nor for a source
        link = reference(page, kind)
        title = link.get_attribute("title")
        point_at(link)
        expect(card, kind).to_be_visible()
        if kind == "equation":
            assert card.locator(".katex-html").count()
            expect(card).to_contain_text("(")
        elif kind == "term":
            expect(card.locator(".head")).not_to_be_empty()
        elif kind == "source":
            expect(card).to_have_text(title)
            assert link.get_attribute("title") is None  # it would be shown beside the card
        else:
            expect(card.locator(".head")).to_contain_text(".")
        assert card.get_attribute("aria-hidden") == "true", kind
        assert card.locator("a, button, [id]").count() == 0, kind
        card.hover()  # it stays while the pointer is on it
        expect(card, kind).to_be_visible()
        page.keyboard.press("Escape")
        expect(card, kind).to_have_count(0)


def test_the_keyboard_shows_and_hides_it(visit):  # noqa: F811
    page = visit("vanishing", unfolded=True)
    card = page.locator(".preview")
    for kind in KINDS:
        link = reference(page, kind)
        link.evaluate("one => one.focus({ focusVisible: true })")
        expect(card, kind).to_be_visible()
        page.keyboard.press("Escape")
        expect(card, kind).to_have_count(0)
        expect(link).to_be_focused()
        link.evaluate("one => one.blur()")
        link.evaluate("one => one.focus({ focusVisible: true })")
        expect(card, kind).to_be_visible()
        link.evaluate("one => one.blur()")
        expect(card, kind).to_have_count(0)


def test_a_pointer_that_passes_by_shows_nothing(visit):  # noqa: F811
    page = visit("vanishing", unfolded=True)
    link = reference(page, "term")
    link.scroll_into_view_if_needed()
    box = link.bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.move(box["x"] + 2, box["y"] + 60)
    page.wait_for_timeout(400)
    expect(page.locator(".preview")).to_have_count(0)


OUTERMOST = """all => {
  const left = all.map((one) => one.checkVisibility() ? one.getBoundingClientRect().left : NaN);
  const there = left.filter((x) => !isNaN(x));
  return [left.indexOf(Math.min(...there)), left.indexOf(Math.max(...there))];
}"""


@pytest.mark.parametrize("width", [360, 1280])
def test_a_card_stays_within_the_window(visit, width):  # noqa: F811
    """Also those of the links that are furthest to the left and to the right."""
    page = visit("vanishing", unfolded=True, viewport={"width": width, "height": 600})
    for kind, links in {**KINDS, "mark": "a.ledger"}.items():
        for place in page.locator(links).evaluate_all(OUTERMOST):
            point_at(page.locator(links).nth(place))
            box = page.locator(".preview").bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width, kind
            page.keyboard.press("Escape")
            page.mouse.move(0, 0)


def test_a_link_of_the_menu_shows_none(visit):  # noqa: F811
    page = visit("vanishing")
    page.locator("#page-contents a").locator("visible=true").nth(2).hover()
    page.wait_for_timeout(400)
    expect(page.locator(".preview")).to_have_count(0)
