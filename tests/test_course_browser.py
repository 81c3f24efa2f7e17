"""Quizzes, progress and the sheet of formulas in a real Chromium, over http and from the disk."""

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from sample_explorer import settled
from test_browser import (  # noqa: F401 (fixtures)
    BOTH_WAYS,
    FROM_DISK,
    address,
    check_with_axe,
    server,
    visit,
)
from test_quizzes import CHAPTERS

KEY = "bptt-lab.progress"
ONE_BIT = '[name="done-ex-forward-one-bit"]'  # an exercise of the first chapter
pytestmark = [pytest.mark.site, pytest.mark.browser]


def question(page: Page, title: str) -> Locator:
    named = re.compile(rf"^\d+\. {re.escape(title)}(solved.*|to be .*)?$")
    return page.locator(".question", has=page.locator("legend", has_text=named))


def store(page: Page) -> dict:
    return json.loads(page.evaluate(f"localStorage.getItem('{KEY}')") or '{"done": {}}')


def kept(page: Page) -> dict:
    return store(page)["done"]


def order(form: Locator) -> list[int]:
    """Return the order in which answers stand on the screen, by their places as written."""
    items = form.locator(".options > li")
    return items.evaluate_all("items => items.map(item => Number(item.dataset.written))")


def choose(form: Locator, *answers: int) -> None:
    """Choose answers by their places as written."""
    for place, box in zip(order(form), form.locator("input").all(), strict=True):
        if box.get_attribute("type") == "checkbox" or place in answers:
            box.set_checked(place in answers)
    form.get_by_role("button", name="Check").click()


AT_ONCE = """(form, answers) => {
  for (const item of form.querySelectorAll(".options > li")) {
    const wanted = answers.includes(Number(item.dataset.written));
    const box = item.querySelector("input");
    if (box.checked !== wanted && (wanted || box.type === "checkbox")) box.click();
  }
  form.querySelector("button").click();
}"""
"""Chooses and checks without bringing anything into view: there are hundreds of answers."""


ANSWERS = f"""(form, all) => all.map(places => {{
    ({AT_ONCE})(form, places);
    const reason = form.querySelector(`.reasons > li[data-written="${{places[0]}}"]`);
    const said = form.querySelector("[role=status]").textContent;
    return [said, reason.textContent, [...form.classList]];
}})"""


def right(chapter: str, title: str) -> list[int]:
    return [i for i, (is_right, *_) in enumerate(CHAPTERS[chapter][title].answers) if is_right]


# ---------------------------------------------------------------- quizzes


@FROM_DISK
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_answer_gets_its_explanation(visit, chapter):  # noqa: F811
    page = visit(chapter)
    assert page.locator(".exercise-done").count() == 0  # its exercises are on their own page
    for title, asked in CHAPTERS[chapter].items():
        named = question(page, title).get_attribute("id")  # found once, not at every step
        form, solution = page.locator(f"#{named}"), right(chapter, title)
        expect(form.locator("details")).to_be_hidden()
        each = [[place] for place in range(len(asked.answers))]
        *answers, solved = form.evaluate(ANSWERS, [*each, solution])
        for place, (said, reason, classes) in enumerate(answers):
            if place not in solution or len(solution) == 1:
                assert said == reason
            if [place] == solution:
                assert "right" in classes
            elif place in solution:
                assert "these are not all" in said
            else:
                assert "wrong" in classes
        assert solved[0].count("Right.") == len(solution)
        first = "solved at once" if solution == [0] else "solved"  # the first was tried first
        expect(form.locator("legend .done")).to_have_text(first)
        expect(form.locator("details")).to_be_visible()
    assert len(kept(page)[chapter]) >= len(CHAPTERS[chapter])


@FROM_DISK
def test_a_quiz_by_keyboard(visit):  # noqa: F811
    page = visit("bptt")
    form = question(page, "One step")
    places = order(form)
    page.evaluate("document.activeElement.blur()")
    form.locator("input").first.focus()
    page.keyboard.press("Enter")  # nothing chosen yet
    expect(form.get_by_role("status")).to_have_text("Choose an answer first.")
    page.keyboard.press("Space")
    assert form.locator("input").nth(0).is_checked()
    expect(form.get_by_role("status")).to_have_text("")  # moving on does not answer
    for step in range(places.index(right("bptt", "One step")[0])):
        page.keyboard.press("ArrowDown")
        assert form.locator("input").nth(step + 1).is_checked()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Check"
    page.keyboard.press("Enter")
    expect(form.get_by_role("status")).to_contain_text("Right.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(form.locator(".reasons")).to_be_visible()


def test_what_a_screen_reader_is_told(visit):  # noqa: F811
    page = visit("bptt")
    form = question(page, "Twice as long")
    group = page.get_by_role("group", name=re.compile("Twice as long.*doubles"))
    assert group.count() == 1
    assert group.get_by_role("radio").count() == 4
    assert group.get_by_role("radio", name="4 and 2", exact=True).count() == 1
    choose(form, 0)
    assert form.locator("[role=status]").text_content().startswith("Not this.")


def test_an_answered_quiz_and_the_progress_page_are_accessible(visit):  # noqa: F811
    page = visit("forward")
    for title in CHAPTERS["forward"]:
        choose(question(page, title), *right("forward", title))
    choose(question(page, "Silence"), 0)
    page.evaluate(
        "document.querySelectorAll('.question details').forEach(one => (one.open = true))"
    )
    check_with_axe(page, ".question, .exercise-done, .bd-sidebar-primary")
    page.goto(page.url.replace("forward", "progress"))
    check_with_axe(page, "main, .bd-sidebar-primary")


WHAT_UNFOLDS = """forms => forms.map(form => {
    form.querySelector("details").open = true;
    const seen = selector => [...form.querySelectorAll(selector)].map(one => one.checkVisibility());
    return [
        seen(".options li").every(Boolean),
        seen(".reasons > li").length > 0 && seen(".reasons > li").every(Boolean),
        seen("button").some(Boolean),
    ];
})"""


@FROM_DISK
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_without_scripts_the_answers_unfold(visit, chapter):  # noqa: F811
    page = visit(chapter, java_script_enabled=False)
    first = page.locator(".question").first
    first.scroll_into_view_if_needed()  # what is far from the screen is not laid out
    assert not first.get_by_role("button").is_visible()
    first.locator("summary").click()
    assert first.locator(".reasons > li").first.is_visible()
    for options, reasons, button in page.locator(".question").evaluate_all(WHAT_UNFOLDS):
        assert options and reasons and not button
    assert not page.locator(".exercise-done, .ring").count()


def test_print_shows_the_questions_without_what_only_a_screen_can_use(visit):  # noqa: F811
    page = visit("lstm")
    title = "Half-life"
    choose(question(page, title), 0)
    page.emulate_media(media="print")
    form = question(page, title)
    assert form.locator(".options li").count() == form.locator(".options li:visible").count()
    assert form.get_by_role("status").is_visible()  # what was answered is printed
    assert not page.locator(".question button:visible, .exercise-done:visible").count()
    assert not page.locator(".question .answers:visible").count()


# ---------------------------------------------------------------- progress


def ring(page: Page, chapter: str) -> str:
    link = page.locator(f'.bd-links a[href="{chapter}.html"], .bd-links .active > a').first
    return re.search(r"\((\d+) of (\d+) done\)", link.text_content()).group(1)


@BOTH_WAYS
def test_progress_is_kept_shown_exported_cleared_and_imported(visit, tmp_path):  # noqa: F811
    page = visit("forward-exercises")
    page.locator(ONE_BIT).check()
    page.goto(page.url.replace("forward-exercises", "forward"))
    choose(question(page, "Silence"), *right("forward", "Silence"))
    assert {"ex-forward-one-bit", "question-silence"} <= set(kept(page)["forward"])
    before = set(kept(page)["forward"])

    page.reload()
    expect(question(page, "Silence").locator("legend .done")).to_have_text("solved at once")
    assert before <= set(kept(page)["forward"])
    page.goto(page.url.replace("forward", "forward-exercises"))
    assert page.locator(ONE_BIT).is_checked()

    page.goto(page.url.replace("forward-exercises", "progress"))
    row = page.locator("#progress-panel tr", has_text="Forward pass")
    cells = row.locator("td").all_text_contents()
    assert cells[2:4] == [f"1 of {len(CHAPTERS['forward'])}", "1"] and cells[4].startswith("1 of ")
    counted = [int(cell.split(" of ")[0]) for cell in cells[1:] if " of " in cell]
    assert int(ring(page, "forward")) == sum(counted)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    exported = json.loads(saved.read_text(encoding="utf-8"))
    assert exported["version"] == 1 and set(exported["done"]["forward"]) == set(
        kept(page)["forward"]
    )

    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Clear").click()
    assert kept(page)["forward"]
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("status")).to_have_text("Cleared.")
    assert store(page)["answers"] == {}
    assert kept(page) == {} and row.locator("td").nth(2).text_content().startswith("0 of ")

    page.locator("input[type=file]").set_input_files(saved)
    expect(page.get_by_role("status")).to_contain_text("Imported")
    assert set(kept(page)["forward"]) == set(exported["done"]["forward"])
    assert (
        store(page)["answers"]
        == exported["answers"]
        == {"forward#question-silence": {"first": True}}
    )


@FROM_DISK
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_an_exercise_is_ticked_where_it_stands(visit, chapter):  # noqa: F811
    page = visit(f"{chapter}-exercises")
    assert page.locator(".exercise-done").count() == page.locator("section section > h2").count()
    for heading in page.locator("section section > h2").all():
        title = heading.evaluate("one => one.childNodes[1].textContent")  # after its number
        assert page.get_by_role("checkbox", name=f": {title}").count() >= 1


@pytest.mark.parametrize(
    "content",
    ["not JSON", "[]", "null", '{"version": 2, "done": {}}', '{"version": 1, "done": null}'],
)
def test_a_foreign_file_changes_nothing(visit, tmp_path, content):  # noqa: F811
    page = visit("progress")
    page.evaluate(f'localStorage.setItem(\'{KEY}\', \'{{"version":1,"done":{{"bptt":["x"]}}}}\')')
    file = tmp_path / "file.json"
    file.write_text(content, encoding="utf-8")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_role("status")).to_contain_text("Nothing was changed")
    assert kept(page) == {"bptt": ["x"]}


def test_a_broken_store_is_as_an_empty_one(visit):  # noqa: F811
    page = visit("forward")
    for broken in ("{", '{"version":1,"done":{"forward":7,"bptt":[1,null]}}', '"x"'):
        page.evaluate("text => localStorage.setItem(" + repr(KEY) + ", text)", broken)
        page.reload()
        choose(question(page, "Silence"), *right("forward", "Silence"))
        assert "question-silence" in kept(page)["forward"]


def test_a_store_of_another_edition_is_kept_aside(visit):  # noqa: F811
    page = visit("forward-exercises")
    later = '{"version":2,"read":["sec-cell"]}'
    page.evaluate("text => localStorage.setItem(" + repr(KEY) + ", text)", later)
    page.locator(ONE_BIT).check()
    page.locator(ONE_BIT).uncheck()
    assert page.evaluate(f"localStorage.getItem('{KEY}.aside')") == later
    assert kept(page) == {"forward": []}


def test_a_section_is_read_when_its_end_was_in_view(visit):  # noqa: F811
    page = visit("forward", viewport={"width": 1280, "height": 700})
    assert "sec-cell" not in kept(page).get("forward", [])
    end = page.locator('[data-end-of="sec-cell"]')
    end.evaluate("one => one.scrollIntoView({ block: 'center', behavior: 'instant' })")
    page.wait_for_function(f"(localStorage.getItem('{KEY}') ?? '').includes('\"sec-cell\"')")
    assert "sec-state-explorer" not in kept(page)["forward"]  # it was jumped over


BLOCKED = """
Object.defineProperty(window, "localStorage", {
  get() { throw new DOMException("no", "SecurityError"); },
});
"""
FULL = """
Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
"""


@pytest.mark.parametrize("script", [BLOCKED, FULL], ids=["blocked", "full"])
def test_without_storage_nothing_breaks(chromium, server, script):  # noqa: F811
    context = chromium.new_context()
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(error.stack))
    page.add_init_script(script)
    page.goto(f"{server}/forward.html")
    choose(question(page, "Silence"), *right("forward", "Silence"))
    expect(question(page, "Silence").locator("legend .done")).to_have_text("solved at once")
    assert int(ring(page, "forward")) >= 1
    page.goto(f"{server}/forward-exercises.html")
    page.locator(ONE_BIT).check()
    assert page.locator(ONE_BIT).is_checked()
    page.goto(f"{server}/progress.html")
    expect(page.get_by_role("status")).to_contain_text("keep nothing")
    assert page.locator("#progress-panel table").is_visible()
    context.close()
    # The theme itself stumbles where it cannot keep which theme was chosen.
    assert not [stack for stack in faults if "progress.js" in stack or "quiz.js" in stack]


def test_another_tab_is_heard(visit):  # noqa: F811
    page = visit("progress")
    other = page.context.new_page()
    other.goto(page.url.replace("progress", "forward"))
    choose(question(other, "Silence"), *right("forward", "Silence"))
    row = page.locator("#progress-panel tr", has_text="Forward pass")
    expect(row.locator("td").nth(2)).to_have_text(re.compile("^1 of"))


@FROM_DISK
def test_the_progress_page_says_what_it_needs(visit):  # noqa: F811
    page = visit("progress", java_script_enabled=False)
    expect(page.locator("#progress-panel")).to_contain_text("needs JavaScript")


# ---------------------------------------------------------------- every reader's own order


def test_answers_stand_in_an_order_of_the_readers_own(chromium, server):  # noqa: F811
    """The same at every visit, as written on paper, and at every place for some reader."""
    seen, first = set(), set()
    drawn = chromium.new_context()
    page = drawn.new_page()
    page.goto(f"{server}/prerequisites.html")
    assert int(page.evaluate("localStorage.getItem('bptt-lab.order')")) < 2**32
    drawn.close()
    for reader in range(5):  # not drawn, so that the test always says the same
        context = chromium.new_context()
        page = context.new_page()
        page.add_init_script(f"localStorage.setItem('bptt-lab.order', '{reader}')")
        page.goto(f"{server}/prerequisites.html")
        orders = [order(form) for form in page.locator(".question").all()]
        first |= {one[0] for one in orders}
        seen.add(str(orders))
        reasons = page.locator(".question .reasons > li")
        told = reasons.evaluate_all("items => items.map(item => Number(item.dataset.written))")
        assert told == [place for one in orders for place in one]
        page.reload()
        assert [order(form) for form in page.locator(".question").all()] == orders
        for media, expected in (("print", [sorted(one) for one in orders]), ("screen", orders)):
            page.emulate_media(media=media)
            page.wait_for_function(f"matchMedia('{media}').matches")
            page.evaluate("() => new Promise(requestAnimationFrame)")
            assert [order(form) for form in page.locator(".question").all()] == expected
        context.close()
    assert len(seen) == 5 and first >= {0, 1, 2}


# ---------------------------------------------------------------- what is next


def test_a_missed_question_comes_again_after_a_day_and_a_week(visit):  # noqa: F811
    page = visit("forward")
    page.clock.set_fixed_time("2026-03-01T12:00:00Z")
    solution = right("forward", "Silence")
    sign = question(page, "Silence").locator("legend .done")
    choose(question(page, "Silence"), next(k for k in range(4) if k not in solution))
    choose(question(page, "Silence"), *solution)
    choose(question(page, "One product"), *right("forward", "One product"))
    expect(sign).to_have_text("solved")
    expect(question(page, "One product").locator("legend .done")).to_have_text("solved at once")
    expect(page.locator(".quiz-sum")).to_contain_text("Right at once: 1 of 10. What you missed")

    def at(day: str, name: str) -> None:
        page.clock.set_fixed_time(f"2026-03-{day}T12:00:00Z")
        page.goto(re.sub(r"\w+\.html", f"{name}.html", page.url))

    again = page.locator("#progress-panel .continue p", has_text="To be answered again")
    for day, due in (("01", False), ("02", True)):
        at(day, "progress")
        assert again.count() == due
    expect(again.get_by_role("link")).to_have_attribute("href", "forward.html#question-silence")
    at("02", "forward")
    expect(sign).to_have_text("to be answered again")
    choose(question(page, "Silence"), *solution)
    expect(sign).to_have_text("solved")
    for day, due in (("08", False), ("09", True)):
        at(day, "progress")
        assert again.count() == due
    at("09", "forward")
    choose(question(page, "Silence"), *solution)
    at("31", "progress")
    assert again.count() == 0
    assert store(page)["answers"]["forward#question-silence"] == {"first": False}


def test_where_to_go_on_is_said_on_the_first_page_and_on_that_of_progress(visit):  # noqa: F811
    page = visit("index")
    place = page.locator(".continue")
    expect(place).to_contain_text("Start with")
    page.evaluate(f"""localStorage.setItem('{KEY}', JSON.stringify({{
        version: 1, done: {{ bptt: ["sec-bptt-loss"] }}, last: "bptt#sec-bptt-loss" }}))""")
    page.reload()
    expect(place).to_contain_text(re.compile(r"Continue at 2\.\d+ \S.*minutes are left"))
    target = place.get_by_role("link").get_attribute("href")
    assert re.fullmatch(r"bptt\.html#sec-bptt-(?!loss)[\w-]+", target)
    left = int(re.search(r"(\d+) minutes", place.text_content())[1])
    page.goto(page.url.replace("index", "progress"))
    place = page.locator(".continue")
    expect(place.get_by_role("link")).to_have_attribute("href", target)
    page.evaluate("localStorage.setItem('bptt-lab.reading', '{\"path\": \"all\"}')")
    page.reload()
    assert int(re.search(r"(\d+) minutes", place.text_content())[1]) > left
    place.get_by_role("link").click()
    page.wait_for_url(re.compile(re.escape(target) + "$"))
    expect(page.locator(f"[id='{target.split('#')[1]}']")).to_be_attached()


def test_what_is_open_is_linked_below_the_outcome_that_rests_on_it(visit):  # noqa: F811
    page = visit("progress")
    chapters = page.locator(".open-items")
    assert chapters.count() == len(CHAPTERS) + 1  # with what comes before them
    for chapter in CHAPTERS:
        one = page.locator(f'.open-items[data-page="{chapter}"]')
        one.locator("summary").click()
        outcomes = one.locator(":scope > ul > li", has=page.locator(":scope > .done"))
        assert outcomes.count() >= 4
        links = one.get_by_role("link").evaluate_all("all => all.map(link => link.href)")
        number = int(re.search(r"(\d+) open", one.locator("summary").text_content())[1])
        assert len({*links}) == number > 10
    formula = page.locator('.open-items[data-page="forward"] li > .katex').first
    assert "KaTeX" in formula.evaluate("one => getComputedStyle(one).fontFamily")
    link = page.locator('.open-items[data-page="forward"] a', has_text="1. Silence")
    assert link.count() == 1
    link.click()
    page.wait_for_url(re.compile("forward.html#question-silence$"), wait_until="load")
    choose(question(page, "Silence"), *right("forward", "Silence"))
    page.goto(re.sub(r"forward\.html.*", "progress.html", page.url))
    assert page.locator('.open-items[data-page="forward"] a[href*=silence]').count() == 0
    expect(
        page.locator('.open-items[data-page="forward"] .done', has_text="1 of")
    ).not_to_have_count(0)


@pytest.mark.parametrize("width", [1280, 360])
def test_the_table_of_progress_shows_all_its_columns(visit, width):  # noqa: F811
    page = visit("progress", viewport={"width": width, "height": 740})
    box = page.locator(".progress-table")
    assert box.evaluate("box => box.scrollWidth <= box.clientWidth + 1")
    assert page.locator(".progress-table th").count() == 5


# ---------------------------------------------------------------- an address with a setting


@BOTH_WAYS
def test_a_setting_of_a_figure_can_be_linked_to(visit):  # noqa: F811
    page = visit("index")
    figure = page.locator("figure.explorer").first
    slider, caption = figure.locator("input[type=range]"), figure.locator("figcaption")
    first = caption.text_content()
    slider.fill("5")
    said = settled(figure).locator("figcaption").text_content()
    assert said != first
    figure.get_by_role("button", name="Copy link").click()
    expect(figure.locator(".copy-link")).to_have_text(re.compile("copied|address bar"))
    linked = page.url
    assert re.search(r"#sec-index~w=\d\.\d$", linked)
    other = page.context.new_page()
    other.goto(linked)
    figure = other.locator("figure.explorer").first
    expect(figure.locator("figcaption")).to_have_text(said)
    assert figure.locator("input[type=range]").input_value() == "5"
    for lost in ("#sec-index~w=77", "#sec-index~v=1", "#elsewhere~w=1.0", "#sec-index", "#~"):
        other.evaluate(f"location.hash = '{lost}'")  # no such setting: nothing happens
        expect(figure.locator("figcaption")).to_have_text(said)
    other.evaluate(f"location.hash = '#sec-index~w={re.search(r'w = (.*?):', first)[1]}'")
    expect(figure.locator("figcaption")).to_have_text(first)


# ---------------------------------------------------------------- a figure for a projector


@FROM_DISK
def test_a_figure_fills_the_screen_and_can_be_moved_there(visit):  # noqa: F811
    page = visit("index")
    figure = page.locator("figure.explorer").first
    button, picture = figure.locator(".full-screen"), figure.locator(".panels svg").first
    slider, caption = figure.locator("input[type=range]"), figure.locator("figcaption")
    size = "one => parseFloat(getComputedStyle(one).fontSize)"
    width, letters = picture.bounding_box()["width"], caption.evaluate(size)
    height = figure.bounding_box()["height"]
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.fullscreenElement?.matches('figure.explorer')")
    expect(button).to_have_text("Leave full screen")
    assert picture.bounding_box()["width"] > 1.1 * width
    assert caption.evaluate(size) > 1.1 * letters
    assert figure.evaluate("one => one.scrollHeight <= one.clientHeight + 1")
    said = caption.text_content()
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(caption).not_to_have_text(said)
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("!document.fullscreenElement")
    expect(button).to_have_text("Full screen")
    assert figure.bounding_box()["height"] == height
    page.emulate_media(media="print")
    assert not page.locator(".full-screen:visible").count()


def test_where_nothing_can_fill_the_screen_no_button_offers_it(visit):  # noqa: F811
    page = visit("index")
    page.add_init_script("Object.defineProperty(document, 'fullscreenEnabled', { value: false })")
    page.reload()
    assert page.locator(".copy-link").count() >= 1 and not page.locator(".full-screen").count()
    assert not visit("index", java_script_enabled=False).locator(".full-screen").count()


# ---------------------------------------------------------------- focus, forced colours, drawers

UNSEEN = """() => {
  const found = [];
  const controls = "a[href], button, input, select, textarea, summary, [tabindex='0']";
  for (const one of document.querySelectorAll(controls)) {
    if (one.disabled || !one.checkVisibility({ visibilityProperty: true })) continue;
    if (!one.getClientRects().length || one.tabIndex < 0) continue;
    one.focus();
    if (document.activeElement !== one) continue;
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    const seen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    if (!seen) found.push(one.outerHTML.slice(0, 120));
  }
  return found;
}"""


@pytest.mark.parametrize("colours", ["none", "active"])
@pytest.mark.parametrize("name", ["index", "forward", "forward-exercises", "ledger", "progress"])
def test_the_focus_is_seen_on_every_control(visit, name, colours):  # noqa: F811
    page = visit(name, forced_colors=colours)
    page.keyboard.press("Tab")  # from now on the focus is that of a keyboard
    unseen = page.evaluate(UNSEEN)
    assert not unseen, unseen[:5]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_forced_colours_leave_icons_and_rings(visit, width, scheme):  # noqa: F811
    """An icon is a mask over a background, which has to differ from that of the page."""
    page = visit(
        "progress",
        forced_colors="active",
        color_scheme=scheme,
        viewport={"width": width, "height": 740},
    )
    icons = page.locator(".bd-header-article .fa-solid:visible, .bd-header .fa-solid:visible")
    assert icons.count() >= 3
    for icon in icons.all():
        colours = icon.evaluate("""icon => [
            getComputedStyle(icon).backgroundColor, getComputedStyle(document.body).backgroundColor,
        ]""")
        assert colours[0] != colours[1]
    ring_ = page.locator(".ring").first.evaluate("one => getComputedStyle(one).backgroundImage")
    assert len({*re.findall(r"rgba?\([^)]*\)", ring_)}) == 2


def test_the_drawer_of_contents_closes_after_a_tap_and_by_a_button(visit):  # noqa: F811
    page = visit("bptt", viewport={"width": 360, "height": 740})
    drawer = page.locator("#pst-secondary-sidebar-modal")
    toggle = page.locator("button.secondary-toggle:visible")
    toggle.click()
    link = drawer.locator('a[href="#sec-bptt-order"], nav a[href^="#"]').nth(4)
    target = link.get_attribute("href")
    link.click()
    expect(drawer).not_to_be_visible()
    assert page.url.endswith(target)
    page.wait_for_timeout(300)
    section = page.locator(f"[id='{target[1:]}']").first
    top = section.evaluate("one => one.getBoundingClientRect().top")
    assert -50 < top < 400
    toggle.click()
    drawer.get_by_role("button", name="Close").click()
    expect(drawer).not_to_be_visible()
    page.locator("button.primary-toggle:visible").click()
    chapters = page.locator("#pst-primary-sidebar-modal")
    chapters.get_by_role("button", name="Close").click()
    expect(chapters).not_to_be_visible()


def test_a_drawer_has_its_button_only_where_it_is_one(visit):  # noqa: F811
    page = visit("bptt")
    assert page.locator(".drawer-close").count() == 2
    assert page.locator(".drawer-close:visible").count() == 0


# ---------------------------------------------------------------- formulas, notebooks


@FROM_DISK
@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_formulas_fit_one_page(visit, tmp_path, paper):  # noqa: F811
    page = visit("formulas")
    margins = dict.fromkeys(("top", "bottom", "left", "right"), "10mm")
    page.pdf(path=tmp_path / "sheet.pdf", format=paper, margin=margins)
    pages = re.findall(rb"/Type\s*/Page\b", (tmp_path / "sheet.pdf").read_bytes())
    assert len(pages) == 1


def test_the_download_saves_a_notebook(visit, tmp_path):  # noqa: F811
    page = visit("forward")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download this page as a notebook").click()
    assert download.value.suggested_filename == "forward.ipynb"
    download.value.save_as(tmp_path / "forward.ipynb")
    assert json.loads((tmp_path / "forward.ipynb").read_text(encoding="utf-8"))["nbformat"] == 4
