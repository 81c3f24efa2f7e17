"""What keeps pages quick: few elements, few bytes, and no layout of what is far from the screen."""

import pytest
from playwright.sync_api import expect

from test_browser import CHAPTERS, FROM_DISK, address, server, visit  # noqa: F401 (fixtures)

pytestmark = [pytest.mark.site, pytest.mark.browser]

SECTIONS = ".bd-article > section > section"
# Sections that the browser has laid out: what is skipped is not visible to this question.
LAID_OUT = f"""() => [...document.querySelectorAll("{SECTIONS} > :is(h2, span + h2)")]
    .filter(heading => heading.checkVisibility({{ contentVisibilityAuto: true }})).length"""

KINDS = f"""() => [...new Set([...document.querySelectorAll("{SECTIONS}")]
    .map(one => getComputedStyle(one).contentVisibility))]"""


@pytest.mark.parametrize("name", CHAPTERS)
def test_sections_far_from_the_screen_are_not_laid_out(visit, name):  # noqa: F811
    page = visit(name, viewport={"width": 360, "height": 800})
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(300)  # every script has had its turn
        assert page.evaluate(LAID_OUT) < page.locator(SECTIONS).count() / 2, width


HEIGHTS = f"""() => [...document.querySelectorAll("{SECTIONS}")].map((section) => {{
  section.style.contentVisibility = "visible";
  const taken = parseFloat(section.style.getPropertyValue("--height"));
  return [section.id, taken, section.getBoundingClientRect().height / 16];
}})"""


@pytest.mark.parametrize("name", [*CHAPTERS, *(f"{n}-exercises" for n in CHAPTERS), "ledger"])
def test_a_section_is_about_as_tall_as_it_is_taken_to_be(visit, name):  # noqa: F811
    """Rather less tall: what is laid out later would lie over its neighbours."""
    heights = visit(name, viewport={"width": 412, "height": 800}).evaluate(HEIGHTS)
    for anchor, taken, real in heights:
        assert 0.9 * real < taken < max(3 * real, 30), (anchor, taken, real)
    taken, real = (sum(column) for column in list(zip(*heights, strict=True))[1:])
    assert real < taken < 1.6 * real


def test_on_paper_and_without_scripts_every_section_is_laid_out(visit):  # noqa: F811
    page = visit("bptt")
    assert page.evaluate(KINDS) == ["auto"]
    page.emulate_media(media="print")
    assert page.evaluate(KINDS) == ["visible"]
    page.emulate_media(media="screen")
    page.evaluate("delete document.documentElement.dataset.mode")  # a script sets it
    assert page.evaluate(KINDS) == ["visible"]


def test_sections_are_as_far_apart_as_if_all_were_laid_out(visit):  # noqa: F811
    page = visit("bptt")
    heights = []
    for style in ("contain: layout paint style", "contain: none"):
        page.add_style_tag(
            content=f"{SECTIONS} {{ content-visibility: visible !important; {style} }}"
        )
        heights.append(page.evaluate("document.documentElement.scrollHeight"))
    assert abs(heights[0] - heights[1]) < 100


PLACES = ["sec-bptt-truncated", "equation-eq-bptt-recursion", "sec-bptt-cut-formulas", "quiz"]


@FROM_DISK
def test_a_link_leads_far_down_a_page(visit):  # noqa: F811
    page = visit("bptt")
    for place in PLACES:
        page.reload()  # nothing has been laid out yet
        page.goto(f"{page.url.split('#')[0]}#{place}")
        target = page.locator(f"#{place}")
        if target.evaluate("one => !one.childElementCount"):  # an anchor before a heading
            target = target.locator("xpath=following-sibling::*[self::h2 or self::h3][1]")
        expect(target, place).to_be_in_viewport()
        page.wait_for_timeout(300)  # what is above has got its height, and nothing has moved
        expect(target, place).to_be_in_viewport()


def test_the_search_of_the_browser_finds_what_is_far_down(visit):  # noqa: F811
    page = visit("bptt")
    words = page.locator(f"{SECTIONS} h2", has_text="Forward instead of backward")
    expect(words).not_to_be_in_viewport()
    assert page.evaluate("find('Forward instead of backward')")
    expect(page.locator("#page-contents")).to_be_visible()
    while not words.evaluate("one => one.getBoundingClientRect().top < innerHeight"):
        assert page.evaluate("find('Forward instead of backward')")
    expect(words).to_be_in_viewport()


def test_the_end_of_a_page_can_be_reached(visit):  # noqa: F811
    page = visit("vanishing", viewport={"width": 360, "height": 740})
    for _ in range(4):  # what comes near gets its height
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        page.wait_for_timeout(100)
    expect(page.locator(".prev-next-footer")).to_be_in_viewport()


def test_what_scrolls_sideways_can_be_reached_by_keyboard(visit):  # noqa: F811
    page = visit("bptt", viewport={"width": 360, "height": 740})
    code = page.locator(".cell_input:visible pre").last
    code.scroll_into_view_if_needed()
    page.wait_for_timeout(100)
    wide = "one => one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight"
    assert (code.get_attribute("tabindex") == "0") == code.evaluate(wide)
    areas = page.locator("article pre[tabindex='0']")
    assert areas.count()


PLACE = "() => document.querySelector('.bd-docs-nav').getBoundingClientRect().top"


@pytest.mark.parametrize("width", [360, 1280])
def test_the_list_of_pages_shows_where_the_reader_is(visit, width):  # noqa: F811
    page = visit("accessibility", viewport={"width": width, "height": 500})
    for name in ("accessibility", "forward", "lstm-exercises"):
        page.goto(page.url.rpartition("/")[0] + f"/{name}.html")
        if width < 992:
            page.locator(".primary-toggle").click()
        expect(page.locator(".bd-docs-nav .active").last.locator("> a")).to_be_in_viewport()
    if width >= 992:  # what is in view already does not move
        before = page.evaluate(PLACE)
        page.goto(page.url.replace("lstm-exercises", "lstm"))
        page.wait_for_function(f"before => ({PLACE})() === before", arg=before)


@pytest.mark.parametrize("width", [360, 1280])
def test_the_sidebars_open_and_close(visit, width):  # noqa: F811
    page = visit("forward", viewport={"width": width, "height": 740})
    links = page.locator(".bd-docs-nav")
    before = links.is_visible()
    page.locator(".primary-toggle").click()
    (expect(links).to_be_hidden if before else expect(links).to_be_visible)()
    if not before:
        page.keyboard.press("Escape")
        expect(links).to_be_hidden()
        expect(page.locator(".primary-toggle")).to_be_focused()
        page.locator(".primary-toggle").click()
        page.mouse.click(width - 5, 400)  # beside it
        expect(links).to_be_hidden()
    assert page.locator("#pst-primary-sidebar .bd-docs-nav").count() == 1
