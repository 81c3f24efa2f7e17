"""Explorers in a real Chromium, on a page opened from the disk."""

# ruff: noqa: D400, D401 (here the first line of a docstring names a figure)

import json
import re
from pathlib import Path

import numpy as np
import pytest

from bptt_lab.book.explorer import Control, Explorer
from bptt_lab.book.plots import panels
from bptt_lab.book.svg import SMALLEST, Drawing
from bptt_lab.exercises import PAGES as CHAPTERS
from sample_explorer import ROUNDING, expected, numbers, reference
from test_browser import UNFOLDED

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "book" / "assets"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 800}


def document(*bodies, script=True, dark=False):
    """A page about as wide as the book's."""
    look = (
        "color-scheme:dark;background:#121212;color:#ddd;--pst-color-text-base:#ddd;"
        if dark
        else "background:#fff;color:#222;"
    )
    tag = f'<script defer src="{(ASSETS / "explorer.js").as_uri()}"></script>' if script else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{(ASSETS / "explorer.css").as_uri()}">'
        f"<style>html{{{look}font-family:sans-serif}}"
        "body{max-width:740px;margin:0 auto;padding:0 16px}</style>"
        f"{tag}</head><body><main><h1>A page</h1>{'<p>Between.</p>'.join(bodies)}</main></body>"
    )


@pytest.fixture(scope="module")
def explorer():
    return reference()


@pytest.fixture
def visit(chromium, tmp_path):
    """Open a page; at the end nothing may have gone wrong, nor anything been asked of the net."""
    faults, contexts = [], []

    def open_page(*bodies, viewport=DESK, context=None, **options):
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(document(*bodies, **options), encoding="utf-8")
        contexts.append(chromium.new_context(viewport=viewport, **(context or {})))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text))
        page.on("request", lambda r: r.url.startswith("file:") or faults.append(r.url))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults


def setting(page, which=0):
    """The setting that a figure says it shows, as texts."""
    return json.loads(page.locator("figure.explorer").nth(which).get_attribute("data-setting"))


def values(explorer, texts):
    return {p.name: p.values[p.texts.index(texts[p.name])] for p in explorer.parameters}


def drawn(page, explorer, number, which=0):
    """Path data of moving line `number`, as the page has it."""
    place = explorer.picture.groups[number].findall("path")[-1].get("data-i")
    figure = page.locator("figure.explorer").nth(which)
    return figure.locator(f'[data-i="{place}"]').get_attribute("d")


def check(page, explorer, which=0):
    """Hold that picture, words and numbers are those of the setting shown."""
    texts = setting(page, which)
    sentence = explorer.show(values(explorer, texts))
    figure = page.locator("figure.explorer").nth(which)
    for number, line in enumerate(explorer.picture.moving[:4]):
        points = numbers(drawn(page, explorer, number, which))
        np.testing.assert_allclose(points, expected(line).clip(-1e5, 1e5), atol=ROUNDING)
        # Back in data units, as far as matplotlib can bring them back.
        points[:, 1] = explorer.figure.bbox.height - points[:, 1]
        data = line.axes.transData.inverted().transform(points)
        np.testing.assert_allclose(data[:5, 0], line.get_xdata()[:5], rtol=1e-3, atol=2e-3)
        if line.axes.get_yscale() == "log":
            np.testing.assert_allclose(data[:5, 1], line.get_ydata()[:5], rtol=5e-3)
    assert figure.locator("figcaption").text_content() == sentence
    alt = figure.locator("[role=img]").get_attribute("aria-label")
    assert alt == f"{explorer.title}. {sentence}"
    slider = figure.locator("input[type=range]")
    assert slider.get_attribute("aria-valuetext") == texts["rho"]
    assert figure.locator("output").text_content() == texts["rho"]
    checked = figure.locator("label:has(input:checked)")
    assert checked.text_content().strip() == texts["activation"]
    return texts


# -- moving -----------------------------------------------------------------------------------


def test_the_default_is_what_was_built(visit, explorer):
    page = visit(explorer._repr_html_())
    assert check(page, explorer) == {"rho": "0.900", "activation": "tanh"}
    assert not page.locator(".note").count()
    assert all(page.locator("input").nth(i).is_enabled() for i in range(5))


def test_by_keyboard(visit, explorer):
    page = visit(explorer._repr_html_())
    page.keyboard.press("Tab")
    for key, wanted in [
        ("ArrowRight", "0.925"),
        ("ArrowUp", "0.950"),
        ("ArrowLeft", "0.925"),
        ("End", "1.600"),
        ("Home", "0.200"),
    ]:
        page.keyboard.press(key)
        assert check(page, explorer)["rho"] == wanted
    page.keyboard.press("PageUp")
    assert float(check(page, explorer)["rho"]) > 0.225
    page.keyboard.press("Tab")
    for wanted in ["relu", "sigmoid", "identity", "tanh"]:
        page.keyboard.press("ArrowRight")
        assert check(page, explorer)["activation"] == wanted
    page.keyboard.press("Enter")  # would submit a form that nobody holds back
    assert check(page, explorer)["activation"] == "tanh"
    assert page.url.endswith(".html")


def test_by_pointer(visit, explorer):
    page = visit(explorer._repr_html_())
    box = page.locator("input[type=range]").bounding_box()
    middle = box["y"] + box["height"] / 2
    for share in (0.1, 0.5, 0.93):
        page.mouse.click(box["x"] + share * box["width"], middle)
        rho = float(check(page, explorer)["rho"])
        assert rho == pytest.approx(0.2 + 1.4 * share, abs=0.05)
    page.mouse.move(box["x"] + 0.93 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] - 20, middle, steps=5)
    assert check(page, explorer)["rho"] == "0.200"
    page.mouse.up()
    for word in ("sigmoid", "relu"):
        page.get_by_text(word, exact=True).click()
        assert check(page, explorer)["activation"] == word


def test_a_preset_sets_every_control(visit):
    figure, axes = panels(xlim=(0, 3), ylim=(0, 3))
    (line,) = axes.plot([0, 1], [0, 1])

    def update(slope, side):
        """A line"""
        line.set_data([0, 1] if side == "left" else [1, 2], [0, slope])
        return f"It rises by {slope} on the {side}."

    grid = {"slope": [0.5, 1.0, 1.5], "side": ["left", "right"]}
    presets = {"flat": {}, "steep": {"slope": 1.5, "side": "right"}}
    made = Explorer(figure, update, moving=[line], presets=presets, **grid)
    page = visit(made._repr_html_())
    flat, steep = (page.get_by_role("button", name=name) for name in presets)
    pressed = [button.get_attribute("aria-pressed") for button in (flat, steep)]
    assert pressed == ["true", "false"]
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("figcaption").text_content() == "It rises by 1.5 on the right."
    assert setting(page) == {"slope": "1.5", "side": "right"}
    assert steep.get_attribute("aria-pressed") == "true"
    page.get_by_role("radio", name="left").check()
    assert steep.get_attribute("aria-pressed") == "false"
    flat.click()
    assert setting(page) == {"slope": "0.5", "side": "left"}


def test_by_touch(visit, explorer):
    page = visit(explorer._repr_html_(), viewport=PHONE, context={"has_touch": True})
    box = page.locator("input[type=range]").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
    page.get_by_text("identity", exact=True).tap()
    assert check(page, explorer) == {"rho": "1.600", "activation": "identity"}


MOVE = """(figure, [rho, activation]) => {
    const [slider, ...radios] = figure.querySelectorAll("input");
    slider.value = rho;
    radios[activation].checked = true;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
}"""


def move(page, rho, activation, which=0):
    page.locator("figure.explorer").nth(which).evaluate(MOVE, [rho, activation])


def test_every_setting_in_any_order(visit, explorer):
    page = visit(explorer._repr_html_())
    order = np.random.default_rng(0).permutation(57 * 4)[:30]
    for k in order:
        move(page, *map(int, divmod(k, 4)))
        shown = values(explorer, check(page, explorer))
        rho, activation = explorer.parameters
        assert shown == {"rho": rho.values[k // 4], "activation": activation.values[k % 4]}


def test_a_step_is_drawn_in_the_event_itself_and_quickly(visit, explorer, capsys):
    busy = "<script>window.requestIdleCallback = () => {}</script>"  # nothing is prepared
    page = visit(busy, explorer._repr_html_())
    times, sentences = page.locator("figure.explorer").evaluate(
        """(figure) => {
            const slider = figure.querySelector("input"), times = [], sentences = new Set();
            for (let i = 0; i < 57; i++) {
                slider.value = i;
                const start = performance.now();
                slider.dispatchEvent(new Event("input", { bubbles: true }));
                times.push(performance.now() - start);
                sentences.add(figure.querySelector("figcaption").textContent);
            }
            return [times, [...sentences]];
        }"""
    )
    assert len(sentences) == 57
    with capsys.disabled():
        print(f"\na step: median {np.median(times):.2f} ms, largest {max(times):.2f} ms")


# -- words and numbers ------------------------------------------------------------------------


def cells(page, table):
    rows = page.locator("details table").nth(table).locator("tbody tr").all()
    texts = [[td.text_content() for td in row.locator("td").all()] for row in rows]
    return [[float(text.replace("−", "-")) for text in row] for row in texts]


def test_the_numbers_are_current_when_opened_and_stay_so(visit, explorer):
    page = visit(explorer._repr_html_())
    details, curve = page.locator("details"), explorer.picture.moving[1]
    assert not details.locator("table").first.is_visible()
    move(page, 50, 1)  # while it is closed
    page.get_by_text("The numbers").click()
    for rho, activation in [(50, 1), (3, 2)]:
        move(page, rho, activation)
        check(page, explorer)
        data = np.column_stack(curve.get_data())
        rows = cells(page, 1)
        assert len(rows) == 12
        np.testing.assert_allclose(
            rows, data[np.linspace(0, 99, 12).round().astype(int)], rtol=5e-3
        )
        dots = np.column_stack(explorer.picture.moving[0].get_data())
        np.testing.assert_allclose(cells(page, 0)[-1], dots[-1], rtol=5e-3)


def test_the_sentence_is_announced_once_the_hand_rests(visit, explorer):
    page = visit(explorer._repr_html_())
    status = page.get_by_role("status").filter(has_not=page.locator("output"))
    assert page.locator(".status").text_content() == ""
    heard = page.evaluate(
        """async () => {
            const heard = [], slider = document.querySelector("input");
            new MutationObserver(() => heard.push(document.querySelector(".status").textContent))
                .observe(document.querySelector(".status"), { childList: true });
            for (let i = 0; i < 20; i++) {
                slider.value = i;
                slider.dispatchEvent(new Event("input", { bubbles: true }));
                await new Promise((resolve) => setTimeout(resolve, 20));
            }
            await new Promise((resolve) => setTimeout(resolve, 900));
            return heard;
        }"""
    )
    assert heard == [page.locator("figcaption").text_content()]
    assert status.count() and page.locator("output").get_attribute("aria-live") == "off"


def test_names_for_a_screen_reader(visit, explorer):
    page = visit(explorer._repr_html_())
    assert page.get_by_role("slider", name="spectral radius", exact=True).count() == 1
    group = page.get_by_role("group", name="activation", exact=True)
    assert group.get_by_role("radio", name="relu", exact=True).count() == 1
    assert page.get_by_role("img", name=f"{explorer.title}. {explorer.sentence}").count() == 1


def test_what_hides_comes_back_and_words_change(visit):
    figure, axes = panels(xlim=(0, 3), ylim=(0, 3))
    (line,) = axes.plot([0, 1], [0, 1], color="#123456")
    note = axes.text(1, 2, "")

    def update(n, on):
        """Hide and seek"""
        line.set(visible=on, ydata=[0, n + 1], color="#123456" if n < 2 else "#000000")
        note.set_text(f"n = {n} <&>" if n else "")
        return f"Number {n}."

    html = Explorer(
        figure, update, moving=[line, note], n=[0, 1, 2], on=[False, True]
    )._repr_html_()
    page = visit(html)
    words, path = page.locator("svg text[data-i]"), page.locator("svg g path[data-i]")
    assert not words.is_visible() and not path.is_visible()
    page.get_by_text("yes").click()
    assert (
        path.is_visible() and path.evaluate("e => getComputedStyle(e).stroke") == "rgb(18, 52, 86)"
    )
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("End")
    assert words.text_content() == "n = 2 <&>" and words.is_visible()
    assert path.evaluate("e => getComputedStyle(e).stroke") == "rgb(34, 34, 34)"
    page.keyboard.press("Home")
    assert not words.is_visible() and path.is_visible()


# -- neighbours, history ----------------------------------------------------------------------


def test_explorers_on_a_page_do_not_disturb_each_other(visit, explorer):
    other = reference(name="Another")
    same = explorer._repr_html_()
    page = visit(same, other._repr_html_(), same)
    figures = page.locator("figure.explorer")
    before = [figures.nth(i).evaluate("e => e.outerHTML") for i in range(3)]
    figures.nth(0).get_by_text("sigmoid", exact=True).click()
    move(page, 7, 2)
    assert check(page, explorer, 0) == {"rho": "0.375", "activation": "sigmoid"}
    assert [figures.nth(i).evaluate("e => e.outerHTML") for i in (1, 2)] == before[1:]
    move(page, 40, 3, which=1)
    move(page, 9, 1, which=2)
    assert check(page, explorer, 0) == {"rho": "0.375", "activation": "sigmoid"}
    assert check(page, other, 1) == {"rho": "1.200", "activation": "identity"}
    assert check(page, explorer, 2) == {"rho": "0.425", "activation": "relu"}


def test_after_reload_and_on_the_way_back_controls_and_picture_agree(visit, explorer):
    page = visit(explorer._repr_html_())
    slider = page.locator("input[type=range]")
    move(page, 50, 1)
    page.reload()
    texts = check(page, explorer)
    assert explorer.parameters[0].texts[int(slider.input_value())] == texts["rho"]
    move(page, 50, 1)
    page.goto("about:blank")
    page.go_back()
    page.wait_for_timeout(100)
    texts = check(page, explorer)
    assert explorer.parameters[0].texts[int(slider.input_value())] == texts["rho"]


def test_controls_that_the_browser_restored_are_obeyed(visit, explorer):
    page = visit(explorer._repr_html_())
    page.evaluate(
        """() => {
            document.querySelector("input[type=range]").value = 3;
            dispatchEvent(new Event("pageshow"));
        }"""
    )
    assert check(page, explorer)["rho"] == "0.275"


def test_the_script_leaves_nothing_behind(visit, explorer):
    names = "() => Object.getOwnPropertyNames(window)"
    without = visit(explorer._repr_html_(), script=False).evaluate(names)
    assert set(visit(explorer._repr_html_()).evaluate(names)) == set(without)


def test_the_script_may_come_early_or_late(visit, explorer):
    page = visit(explorer._repr_html_(), script=False)
    assert page.locator("input").first.is_disabled()
    page.add_script_tag(path=ASSETS / "explorer.js")
    move(page, 3, 0)
    assert check(page, explorer)["rho"] == "0.275"
    script = f"<script>{(ASSETS / 'explorer.js').read_text(encoding='utf-8')}</script>"
    page = visit(script, explorer._repr_html_(), script=False)  # before the figure, not deferred
    move(page, 3, 0)
    assert check(page, explorer)["rho"] == "0.275"


# -- without a script, on paper, on a phone, in the dark --------------------------------------


def test_without_javascript_the_default_stands_and_says_so(visit, explorer):
    page = visit(explorer._repr_html_(), context={"java_script_enabled": False})
    assert page.get_by_text("The controls need JavaScript").is_visible()
    assert page.locator("figcaption").inner_text() == explorer.sentence
    assert page.get_by_text("spectral radius").is_visible()
    assert page.locator("input:enabled").count() == 0
    assert page.locator("svg").count() == 2 and page.locator("svg").first.is_visible()
    page.get_by_text("The numbers").click()
    assert page.locator("td").first.is_visible()


def test_paper_shows_the_setting_and_not_the_means_to_change_it(visit, explorer):
    page = visit(explorer._repr_html_())
    move(page, 50, 1)
    page.emulate_media(media="print")
    assert not any(control.is_visible() for control in page.locator("input").all())
    seen = page.locator(".controls").inner_text().split()
    assert seen == ["spectral", "radius", "1.450", "activation", "relu"]
    assert page.locator("figcaption").is_visible() and page.locator("svg").first.is_visible()
    assert not page.locator("details").is_visible()


def widest(page):
    return page.evaluate("document.documentElement.scrollWidth")


def text_sizes(page):
    return page.evaluate(
        """() => [...document.querySelectorAll("svg text")].map((text) => {
            const svg = text.closest("svg");
            const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
            return scale * parseFloat(getComputedStyle(text).fontSize);
        })"""
    )


def tall_figure():
    figure, axes = panels(3, size=(5, 3), xlabel="step", title="A panel")
    for ax in axes:
        ax.plot([1, 10, 100], label="a line")
        ax.set_yscale("log")
    return Drawing(figure, "Three panels.")._repr_html_()


def test_on_a_phone_panels_stack_and_can_be_read(visit, explorer):
    page = visit(explorer._repr_html_(), tall_figure(), viewport=PHONE)
    page.get_by_text("The numbers").click()
    assert widest(page) <= 360
    assert min(text_sizes(page)) >= SMALLEST - 0.05
    boxes = [svg.bounding_box() for svg in page.locator("figure svg").all()]
    assert boxes[1]["y"] >= boxes[0]["y"] + boxes[0]["height"]
    targets = page.locator("input[type=range], .choices label, summary").all()
    assert min(min(t.bounding_box()["height"], t.bounding_box()["width"]) for t in targets) >= 24


def test_on_a_phone_the_controls_stay_above_the_lower_panel(chromium, site):
    page = chromium.new_page(viewport=PHONE)
    page.goto((site / "vanishing.html").as_uri())
    figure = page.locator("figure.explorer").first
    figure.evaluate("e => scrollBy(0, e.getBoundingClientRect().bottom - innerHeight)")
    seen = figure.locator(".controls").bounding_box()
    caption = figure.locator("figcaption").bounding_box()
    page.close()
    assert seen["y"] >= 0 and seen["y"] + seen["height"] < PHONE["height"] / 2
    assert caption["y"] + caption["height"] <= PHONE["height"]


@pytest.mark.parametrize("name", CHAPTERS)
def test_on_a_phone_what_stays_in_view_leaves_room_for_the_figure(chromium, site, name):
    page = chromium.new_page(viewport={"width": 360, "height": 640})
    page.add_init_script(UNFOLDED)  # what a fold hides has no height
    page.goto((site / f"{name}.html").as_uri())
    page.add_style_tag(content="* { content-visibility: visible !important; }")
    page.evaluate("document.querySelectorAll('details').forEach(one => (one.open = true))")
    header = page.locator(".bd-header-article").bounding_box()["height"]
    heights = page.locator(".explorer .controls").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().height)"
    )
    page.close()
    assert heights and 640 - header - max(heights) > 280, heights


def test_on_a_desk_panels_stand_side_by_side(visit, explorer):
    page = visit(explorer._repr_html_())
    left, right = (svg.bounding_box() for svg in page.locator("svg").all())
    assert left["y"] == right["y"] and right["x"] > left["x"] + left["width"]
    assert min(text_sizes(page)) >= 10
    assert widest(page) <= 1280


def test_the_page_does_not_jump_while_the_sentence_changes(visit):
    figure, axes = panels()

    def update(n):
        """Long and short"""
        return "Long words " * 30 if n else "Short."

    page = visit(Explorer(figure, update, n=[0, 1])._repr_html_(), "<p>After.</p>")
    heights = []
    for key in ("Home", "End"):
        page.locator("input").press(key)
        heights.append(page.get_by_text("After.").bounding_box()["y"])
    assert heights[0] == heights[1]


CONTRASTS = """() => {
    const channel = (v) => (v /= 255, v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const light = (c) => c[0] * 0.2126 + c[1] * 0.7152 + c[2] * 0.0722;
    const rgb = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number).map(channel);
    const paper = light(rgb(getComputedStyle(document.documentElement).backgroundColor));
    const contrast = (text) => {
        const [a, b] = [light(rgb(text)), paper].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
    };
    const seen = [...document.querySelectorAll("svg text, svg tspan")]
        .map((e) => ["text", contrast(getComputedStyle(e).fill)]);
    for (const e of document.querySelectorAll("svg path")) {
        const { stroke, strokeOpacity, opacity } = getComputedStyle(e);
        if (stroke === "none" || strokeOpacity * opacity < 1) continue; // a grid, a frame
        seen.push(["line", contrast(stroke)]);
    }
    return seen;
}"""


@pytest.mark.parametrize("dark", [False, True])
def test_lines_and_words_can_be_told_from_the_page(visit, explorer, dark):
    seen = visit(explorer._repr_html_(), dark=dark).evaluate(CONTRASTS)
    assert {"text", "line"} == {kind for kind, _ in seen}
    assert min(ratio for kind, ratio in seen if kind == "text") >= 4.5
    assert min(ratio for kind, ratio in seen if kind == "line") >= 3


def test_white_becomes_the_colour_of_the_page(visit):
    figure, axes = panels()
    axes.plot([0, 1], "o", mfc="white", mec="black", ms=20)
    page = visit(Drawing(figure, "Two rings.")._repr_html_(), dark=True)
    marker = page.locator("marker path")
    assert marker.evaluate("e => getComputedStyle(e).stroke") == "rgb(221, 221, 221)"
    fill = marker.evaluate("e => getComputedStyle(e).fill")
    assert max(map(int, re.findall(r"\d+", fill)[:3])) < 40


def test_focus_can_be_seen(visit, explorer):
    page = visit(explorer._repr_html_())
    for control in ("input[type=range]", "input[type=radio]", "summary"):
        page.keyboard.press("Tab")
        style = page.locator(f"{control}:focus").evaluate(
            "e => [getComputedStyle(e).outlineStyle, getComputedStyle(e).outlineWidth]"
        )
        assert style == ["solid", "2px"]


@pytest.mark.parametrize(("dark", "viewport"), [(False, PHONE), (True, DESK)])
def test_axe_finds_nothing(visit, explorer, dark, viewport):
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run `npm ci`")
    page = visit(explorer._repr_html_(), tall_figure(), dark=dark, viewport=viewport)
    move(page, 50, 1)
    page.get_by_text("The numbers").click()
    page.add_script_tag(path=AXE)
    found = page.evaluate("async () => (await axe.run({ preload: false })).violations")
    assert not [(v["id"], v["impact"], [n["html"][:200] for n in v["nodes"]]) for v in found]


# -- the corners of the format ----------------------------------------------------------------


def test_breaks_growth_and_distance_in_the_browser(visit):
    figure, axes = panels(xlim=(0, 10), ylim=(0, 1))
    (line,) = axes.plot([0], [0], "o-")
    steps = [2, 3, 9]

    def update(length):
        """A line with a gap"""
        y = np.linspace(0, 1, length)
        y[length // 2] = np.nan
        y[-1] = 1e9 * length
        line.set_data(np.arange(length), y)
        return f"{length} points."

    explorer = Explorer(figure, update, moving=[line], length=Control("length", steps, start=9))
    page = visit(explorer._repr_html_())
    slider = page.locator("input")
    for place in [2, 0, 1, 2, 1, 0]:
        slider.evaluate(
            "(e, i) => { e.value = i; e.dispatchEvent(new Event('input', { bubbles: true })); }",
            place,
        )
        explorer.show({"length": steps[place]})
        wanted = expected(line)
        wanted = wanted[np.isfinite(wanted).all(axis=1)].clip(-1e5, 1e5)
        np.testing.assert_allclose(numbers(drawn(page, explorer, 0)), wanted, atol=ROUNDING)


def test_awkward_names_of_arguments(visit):
    figure, axes = panels()

    def update(length, item, submit):
        """Names that a form has too"""
        return f"{length} {item} {submit}."

    grid = {"length": [1, 2], "item": ["a", "b"], "submit": [False, True]}
    page = visit(Explorer(figure, update, **grid)._repr_html_())
    page.get_by_text("yes").click()
    page.get_by_text("b", exact=True).click()
    page.locator("input[type=range]").press("End")
    assert page.locator("figcaption").text_content() == "2 b True."
    assert setting(page) == {"length": "2", "item": "b", "submit": "yes"}


# -- playing ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def player():
    figure, axes = panels(xlim=(0, 3), ylim=(0, 3))
    (line,) = axes.plot([0, 1], [0, 1])

    def update(move):
        """A line"""
        line.set_ydata([0, move])
        return f"It rises by {move}."

    control = Control("move", range(4), start=1, play=True)
    return Explorer(figure, update, moving=line, move=control)


def test_play_moves_the_slider_to_its_end_and_from_there_to_its_beginning(visit, player):
    page = visit()
    page.clock.install()
    page.set_content(document(player._repr_html_(), script=False))
    page.add_script_tag(path=ASSETS / "explorer.js")
    button = page.get_by_role("button", name="Play")
    button.focus()
    page.keyboard.press("Enter")
    assert setting(page)["move"] == "2" and page.get_by_role("button", name="Pause").count()
    page.clock.run_for(1700)
    assert setting(page)["move"] == "3" and button.count()  # the end: it stopped by itself
    page.clock.run_for(5000)
    assert setting(page)["move"] == "3"
    button.click()
    assert setting(page)["move"] == "0"


def test_play_stops_when_it_is_pressed_again_or_the_reader_takes_over(visit, player):
    page = visit()
    page.clock.install()
    page.set_content(document(player._repr_html_(), script=False))
    page.add_script_tag(path=ASSETS / "explorer.js")
    page.locator("input[type=range]").press("Home")
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(5000)
    assert setting(page)["move"] == "1"
    page.get_by_role("button", name="Play").click()
    page.locator("input[type=range]").press("Home")
    page.clock.run_for(5000)
    assert setting(page)["move"] == "0" and page.get_by_role("button", name="Play").count()


def test_with_reduced_motion_each_press_is_one_step(visit, player):
    page = visit(player._repr_html_(), context={"reduced_motion": "reduce"})
    button = page.get_by_role("button", name="Next")
    for move in "230":
        button.click()
        page.wait_for_timeout(100)
        assert setting(page)["move"] == move
    assert button.count()


def test_without_a_script_the_button_is_off(visit, player):
    page = visit(player._repr_html_(), script=False)
    assert page.get_by_role("button", name="Play").is_disabled()
