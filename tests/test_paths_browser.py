"""Paths, folds and the contents of a page in a real Chromium, and what is without scripts."""

import json

import pytest
from playwright.sync_api import Locator, Page, expect

from test_browser import (  # noqa: F401 (fixtures)
    FROM_DISK,
    WIDE,
    address,
    check_with_axe,
    server,
    visit,
)

KEY = "bptt-lab.reading"
DEEPER, INSIDE = "#fold-eigenvalues-are-not-enough", "#sec-nilpotent"
WITHIN = "#two-eigenvalues-both-zero"
pytestmark = [pytest.mark.site, pytest.mark.browser]


def body(page: Page, kind: str) -> Locator:
    return page.locator(f'.fold-body[data-fold="{kind}"]')


def open_bodies(page: Page, kind: str) -> list[bool]:
    """Tell of each fold of a kind whether what it holds can be seen."""
    shown = "one => one.firstElementChild.checkVisibility()"
    return body(page, kind).evaluate_all(f"all => all.map({shown})")


def path(page: Page, name: str) -> Locator:
    return page.get_by_role("radio", name=name)


def kept(page: Page) -> dict:
    return json.loads(page.evaluate(f"localStorage.getItem('{KEY}')") or "{}")


# ---------------------------------------------------------------- paths


@FROM_DISK
def test_the_path_is_chosen_by_keyboard_and_kept(visit):  # noqa: F811
    page = visit("vanishing")
    group = page.get_by_role("group", name="Read")
    assert group.get_by_role("radio").count() == 3
    assert path(page, "core").is_checked()
    assert set(open_bodies(page, "core")) == {True} and set(open_bodies(page, "all")) == {False}

    path(page, "core").focus()
    page.keyboard.press("ArrowLeft")
    assert path(page, "short").is_checked() and kept(page)["path"] == "short"
    assert set(open_bodies(page, "core")) == {False}
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert set(open_bodies(page, "core") + open_bodies(page, "all")) == {True}
    assert not page.locator(".fold-line button:visible").count()

    page.goto(page.url.replace("vanishing", "lstm"))
    assert path(page, "everything").is_checked() and set(open_bodies(page, "all")) == {True}


def test_a_folded_section_opens_by_its_button(visit):  # noqa: F811
    page = visit("vanishing")
    button = page.locator(f'[aria-controls="{DEEPER[1:]}"]')
    expect(button).to_have_attribute("aria-expanded", "false")
    assert page.locator(".fold-line", has=button).text_content().startswith("Deeper. ")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(page.locator(WITHIN)).to_be_visible()
    page.keyboard.press("Space")
    expect(button).to_have_attribute("aria-expanded", "false")


@FROM_DISK
def test_a_link_into_a_folded_section_opens_it(visit):  # noqa: F811
    page = visit("vanishing", viewport=WIDE)
    assert page.locator(DEEPER).get_attribute("hidden") == "until-found"  # a search finds it too
    page.locator(f'a[href="{INSIDE}"]').first.click()
    expect(page.locator(INSIDE)).to_be_in_viewport()
    page.goto(page.url.split("#")[0].replace("vanishing", "index"))
    page.goto(page.url.replace("index.html", f"vanishing.html{INSIDE}"))
    expect(page.locator(INSIDE)).to_be_in_viewport()
    assert kept(page) == {}  # the path is the reader's


def test_what_a_search_finds_is_opened(visit):  # noqa: F811
    page = visit("vanishing")
    page.locator(DEEPER).evaluate("one => one.dispatchEvent(new Event('beforematch'))")
    expect(page.locator(WITHIN)).to_be_visible()
    button = page.locator(f'[aria-controls="{DEEPER[1:]}"]')
    expect(button).to_have_attribute("aria-expanded", "true")


def test_a_folded_section_is_not_read(visit):  # noqa: F811
    page = visit("vanishing", viewport=WIDE)
    page.locator("#eigenvalues-are-not-enough").scroll_into_view_if_needed()
    page.wait_for_timeout(1500)  # longer than it takes to count as read
    assert "sec-non-normal" not in page.evaluate("localStorage.getItem('bptt-lab.progress') ?? ''")


SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("choice", ["short", "core", "all"])
def test_nothing_moves_while_a_page_loads(chromium, server, choice):  # noqa: F811
    context = chromium.new_context(viewport=WIDE)
    store = json.dumps({"path": choice, "article": choice == "all"})
    context.add_init_script(f"localStorage.setItem('{KEY}', {json.dumps(store)});" + SHIFTS)
    page = context.new_page()
    page.goto(f"{server}/vanishing.html")
    page.wait_for_timeout(500)
    assert page.evaluate("window.shifts") < 0.02
    context.close()


# ---------------------------------------------------------------- the article


@FROM_DISK
def test_the_switch_unfolds_what_is_about_the_article(visit):  # noqa: F811
    page = visit("lstm", viewport=WIDE)
    path(page, "everything").check()
    switch = page.get_by_role("button", name="I am reading the article")
    expect(switch).to_have_attribute("aria-pressed", "false")
    assert not page.locator(".marks:visible").count()
    assert set(open_bodies(page, "article")) == {False}
    box = page.locator(".admonition.article").first
    assert box.bounding_box()["height"] < 90  # its title

    box.get_by_role("button").click()  # one box alone
    assert open_bodies(page, "article").count(True) == 1
    switch.focus()
    page.keyboard.press("Enter")
    expect(switch).to_have_attribute("aria-pressed", "true")
    assert page.locator(".marks:visible").count() > 10
    assert set(open_bodies(page, "article")) == {True}
    assert not box.get_by_role("button").is_visible()

    page.reload()
    expect(switch).to_have_attribute("aria-pressed", "true")
    switch.click()
    assert kept(page)["article"] is False


@FROM_DISK
def test_a_link_of_the_ledger_shows_the_mark(visit):  # noqa: F811
    page = visit("ledger")
    page.goto(page.url + "#lstm-12")
    link = page.locator('#lstm-12 a[href^="lstm.html#cites-lstm-12"]').first
    anchor = link.get_attribute("href").split("#")[1]
    link.click()
    expect(page.locator(f"#{anchor}")).to_be_in_viewport()
    assert kept(page)["article"] is True


def test_links_from_and_to_the_crosswalk_switch_it_on(visit):  # noqa: F811
    page = visit("crosswalk")
    page.locator('.crosswalk a[href^="vanishing.html#"]').first.click()
    expect(page.locator(".article-switch")).to_have_attribute("aria-pressed", "true")

    page = visit("lstm")
    page.locator('article a[href="crosswalk.html"]').first.click()
    assert kept(page)["article"] is True


# ---------------------------------------------------------------- exercises


@FROM_DISK
def test_an_old_link_to_an_exercise_leads_to_its_page(visit):  # noqa: F811
    page = visit("bptt")
    page.goto(page.url + "#write-it-yourself-the-window")
    page.wait_for_url("**/bptt-exercises.html#write-it-yourself-the-window")
    expect(page.locator("#write-it-yourself-the-window")).to_be_in_viewport()
    page.go_back()
    assert "bptt-exercises" not in page.url  # the chapter is where one came from


def test_progress_under_former_names_still_counts(visit):  # noqa: F811
    page = visit("progress")
    old = {"bptt": ["write-it-yourself-the-window", "what-is-to-be-computed", "question-one-step"]}
    store = json.dumps({"version": 1, "done": old})
    page.evaluate("text => localStorage.setItem('bptt-lab.progress', text)", store)
    page.reload()
    row = page.locator("#progress-panel tr", has=page.locator('a[href="bptt.html"]'))
    heads = page.locator("#progress-panel th").all_text_contents()
    cells = dict(zip(heads, row.locator("td").all_text_contents(), strict=True))
    for kind in ("Sections read", "Questions solved", "Exercises solved"):
        assert cells[kind].startswith("1 of "), kind
    page.goto(page.url.replace("progress", "bptt-exercises"))
    box = page.locator('[name="done-ex-bptt-window"]')
    assert box.is_checked()
    box.uncheck()
    done = json.loads(page.evaluate("localStorage.getItem('bptt-lab.progress')"))["done"]
    assert done["bptt"] == ["sec-bptt-loss", "question-one-step"]


# ---------------------------------------------------------------- no scripts, paper, everybody


@FROM_DISK
def test_without_scripts_nothing_is_folded(visit):  # noqa: F811
    page = visit("lstm", java_script_enabled=False)
    for kind in ("core", "all", "article"):
        assert all(one.is_visible() for one in body(page, kind).all())
    for only_with_scripts in (".fold-button", ".paths input", ".article-switch"):
        assert not page.locator(f"{only_with_scripts}:visible").count()
    assert page.locator(".marks:visible").count() > 10
    assert "min" in page.locator(".paths").inner_text()


def test_paper_shows_everything(visit):  # noqa: F811
    page = visit("lstm")
    path(page, "short").check()
    page.emulate_media(media="print")
    for kind in ("core", "all", "article"):
        assert set(open_bodies(page, kind)) == {True}
    assert page.locator(".marks:visible").count() > 10
    code = page.locator(".tag_check details:not([open]) .cell_input").first
    assert code.evaluate("one => one.checkVisibility({ contentVisibilityAuto: true })")
    assert code.bounding_box()["height"] > 20
    for only_on_a_screen in (".fold-button", ".paths", ".article-switch"):
        assert not page.locator(f"{only_on_a_screen}:visible").count()


def test_what_is_folded_is_accessible(visit):  # noqa: F811
    page = visit("vanishing")
    path(page, "short").check()
    check_with_axe(page, ".paths, .fold-line, .admonition.article, .article-switch, .tag_check")


def test_the_choice_is_seen_in_forced_colours(visit):  # noqa: F811
    page = visit("vanishing", forced_colors="active")
    switch = page.locator(".article-switch")
    before = switch.evaluate("one => getComputedStyle(one).textDecorationLine")
    switch.click()
    assert switch.evaluate("one => getComputedStyle(one).textDecorationLine") != before
    mark = page.locator(".fold-button:visible").first
    colour = "one => getComputedStyle(one, '::before').backgroundColor"
    assert mark.evaluate(colour) != mark.evaluate("one => getComputedStyle(one).backgroundColor")


@pytest.mark.parametrize("how", ["jump", "wheel", "link"])
def test_the_contents_mark_the_section_on_screen(visit, how):  # noqa: F811
    page = visit("vanishing", viewport=WIDE)
    path(page, "everything").check()
    links = page.locator("#page-contents a")
    marked = page.locator('#page-contents a[aria-current="true"]')
    for number in range(links.count()):
        link = links.nth(number)
        anchor = link.get_attribute("href")
        if how == "link":
            page.evaluate("anchor => (location.hash = anchor)", anchor)
        else:
            top = page.locator(anchor).evaluate("one => one.getBoundingClientRect().top")
            if how == "jump":
                page.evaluate("y => scrollBy({ top: y, behavior: 'instant' })", top - 60)
            else:
                page.mouse.move(600, 500)
                page.mouse.wheel(0, top - 60)
        expect(marked).to_have_count(1)
        if number < links.count() - 3:  # the last ones cannot come to the top
            expect(marked).to_have_attribute("href", anchor)
    if how == "link":
        expect(marked).to_have_attribute("href", anchor)
