"""Python in the page, in a real Chromium: the core from npm always, NumPy where the site has it."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bptt_lab.exercises import PAGES as CHAPTERS
from bptt_lab.exercises import check
from conftest import tab
from students import ATTEMPTS, SOLUTIONS, changed
from test_browser import AXE, PAGES, Visit, serve
from tools.live import pack
from tools.live.cells import Attempt
from tools.live.exercises import section

pytestmark = [pytest.mark.site, pytest.mark.browser, pytest.mark.xdist_group("live")]

EXPORTED = re.compile(r"contents = (.*);\n")
PATIENCE = 90_000  # ms; a busy machine is several times slower


# ------------------------------------------------------------------ sites and pages


def contents(site: Path) -> dict:
    """Return what the pack of a site says of itself."""
    text = (site / "python" / "contents.js").read_text(encoding="utf-8")
    return json.loads(EXPORTED.search(text)[1])


def change_contents(site: Path, **changes) -> None:
    path = site / "python" / "contents.js"
    table = contents(site) | changes
    path.unlink()
    path.write_text(
        f"(window.PYTHON_PACK ??= {{}}).contents = {json.dumps(table)};\n", encoding="utf-8"
    )


CELLS = [
    "a = 20\nprint('hello')\na + 1",
    "b = 2 * a\nb",
    "import matplotlib.pyplot as plt\nplt.plot(b)",
    "c = b",
]
ATTEMPT = Attempt("forward", "my_forward", "def my_forward(params, x, h_0):\n    return x", 0)


@pytest.fixture(scope="session")
def bare(site, tmp_path_factory) -> Path:
    """Return a copy of the site without NumPy, whose page `try` has cells that need none."""
    copy = tmp_path_factory.mktemp("bare") / "html"
    shutil.copytree(site, copy, copy_function=os.link)
    change_contents(copy, numpy=pack.about_numpy(None))
    page = (site / "notation.html").read_text(encoding="utf-8")
    blocks = re.findall(r"<pre>.*?</pre>", page, re.S)
    for block, cell in zip(blocks, CELLS, strict=True):
        page = page.replace(block, f"<pre>{cell}\n</pre>", 1)
    exercise = section(check["forward"], ATTEMPT, "sec-shapes-checked").astext()
    page = page.replace("</article>", f"{exercise}</article>", 1)
    (copy / "try.html").write_text(page, encoding="utf-8")
    return copy


@pytest.fixture
def visit(chromium: Browser, bare: Path):
    """Open a page of the bare site from the disk; any fault on it fails the test."""
    visits: list[Visit] = []

    def open_page(name: str = "try", script: str = "", **options) -> Page:
        context = chromium.new_context(**options)
        if script:
            context.add_init_script(script)
        visits.append(Visit(context, bare.as_uri(), name))
        return visits[-1].page

    open_page.visits = visits
    yield open_page
    faults = [fault for one in visits for fault in one.faults]
    for one in visits:
        one.page.context.close()
    assert not faults


def button(place, name: str):
    """Return a button, in view: what is above it has got its height and moves no more."""
    place.evaluate("one => one.scrollIntoView({ block: 'center' })")
    return place.get_by_role("button", name=name, exact=True)


def write(place, code: str) -> None:
    place.locator(".cm-content, textarea").first.fill(code)


def settle(place) -> None:
    """Wait until nothing runs any more."""
    idle = "!live.exercises.concat(live.cells).some(place => place.host.dataset.busy)"
    place.page.wait_for_function(idle, timeout=PATIENCE)


def answer(place) -> str:
    """Wait for what the page says of an exercise."""
    settle(place)
    return place.locator(".live-answer").inner_text()


def output(cell) -> str:
    """Wait until a cell has run, and return what it gave."""
    settle(cell)
    return cell.locator(".live-output").inner_text()


WATCH = """(place, [words, name]) => {
  place.told = [];
  new MutationObserver(() => {
    const now = place.querySelector(".live-stage")?.textContent ?? "";
    if (now === place.told.at(-1)) return;
    place.told.push(now);
    if (!name || !now.includes(words)) return;
    [...place.querySelectorAll("button")].find((one) => one.textContent === name).click();
    name = "";
  }).observe(place, { childList: true, subtree: true, characterData: true });
}"""


def watch(place, words: str = "", name: str = "") -> None:
    """Note all that the place says of its start, however short it stands; press a button at one."""
    place.evaluate(WATCH, [words, name])


def go_on_without(page: Page) -> None:
    page.get_by_role("button", name="Go on without").click(timeout=PATIENCE)


@pytest.fixture(scope="module")
def started(chromium: Browser, bare: Path) -> Iterator[Page]:
    """Return a page on which Python runs, without NumPy; tests use it one after another."""
    context = chromium.new_context()
    one = Visit(context, bare.as_uri(), "try")
    one.page.evaluate("live.seconds = { check: 8 }")
    button(one.page.locator("div.cell").first, "Run").click()
    go_on_without(one.page)
    output(one.page.locator("div.cell").first)
    yield one.page
    context.close()
    assert not one.faults


# ------------------------------------------------------------------ before a press


def test_nothing_is_loaded_before_a_press(visit):
    page = visit("forward-exercises")
    loaded = {url.rsplit("/", 1)[-1] for url in visit.visits[0].loaded}
    assert "live.js" in loaded
    assert not [url for url in visit.visits[0].loaded if "/python/" in url]
    assert page.locator("section.live").count() > 3 and page.locator(".live-bar").count() > 10


def test_there_is_nothing_of_it_where_there_is_no_code(site):
    with_code = []
    for page in site.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        named = bool(re.search(r"live\.(?:js|css)|live-page", text))
        assert named == ('class="cell_input' in text), page.name
        assert "python/" not in re.sub(r"<article.*</article>", "", text, flags=re.S), page.name
        with_code += [page.stem] * named
    assert {"forward", "training-exercises"} <= {*with_code} < {*PAGES}


def test_every_exercise_has_one_place(site):
    found = []
    for page in site.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        found += re.findall(r'<section class="live" data-exercise="(\w+)"', text)
    assert sorted(found) == sorted(check)


def test_without_a_script_no_button_is_offered(visit):
    page = visit("forward-exercises", java_script_enabled=False)
    assert page.locator("section.live").count() > 0
    assert page.locator("section.live:visible, .live-button:visible").count() == 0


# ------------------------------------------------------------------ cells


def test_cells_run_in_order_and_show_what_they_give(started):
    first, second = (started.locator("div.cell").nth(i) for i in (0, 1))
    assert output(first).split() == ["Run", "here", "Remove", "hello", "21"]
    button(second, "Run").click()
    assert "40" in output(second)
    button(second, "Remove").click()
    assert not second.locator(".live-output").is_visible()


def test_a_cell_can_be_changed_and_brought_back(started):
    cell = started.locator("div.cell").nth(1)
    button(cell, "Edit").click()
    write(cell, "b = a + 5\nb[0]")
    button(cell, "Run").click()
    said = output(cell)
    assert "TypeError" in said and "line 2" in said and "b[0]" in said
    assert cell.locator(".live-marked").inner_text() == "b[0]"
    button(cell, "Reset").click()
    assert cell.locator("pre").first.inner_text().strip() == CELLS[1]
    button(cell, "Edit").click()
    button(cell, "Show it").click()  # nothing typed is lost
    assert "b[0]" in cell.locator(".cm-content").inner_text()
    button(cell, "Reset").click()


def test_a_cell_that_draws_says_so(started):
    cell = started.locator("div.cell").nth(2)
    button(cell, "Run").click()
    assert "Drawing needs a notebook" in output(cell)


def test_what_a_cell_gives_cannot_take_over_the_page(started):
    cell = started.locator("div.cell").first
    button(cell, "Edit").click()
    html = (
        "<p onclick='x()' style='position:fixed' class='live answer' id='live-page'>kept"
        "<script>window.taken = 1</script><img src=x onerror='window.taken = 1'>"
        "<a href='https://example.org'>link</a><iframe src='about:blank'></iframe>"
        "<style>body { display: none }</style><form><button>b</button></form>"
    )
    write(cell, f"class A:\n    def _repr_html_(self):\n        return {html!r}\nA()")
    button(cell, "Run").click()
    assert "kept" in output(cell)
    shown = cell.locator(".live-html").inner_html()
    assert shown == '<p class="answer">kept<a>link</a></p>', shown
    assert started.evaluate("window.taken") is None
    write(cell, "'<b onclick=1>text</b>'")
    button(cell, "Run").click()
    assert "<b onclick=1>" in output(cell)
    button(cell, "Reset").click()


def test_memory_that_runs_out_is_an_error_like_others(started):
    cell = started.locator("div.cell").nth(3)
    button(cell, "Edit").click()
    write(cell, "c = [0] * 10**9")
    button(cell, "Run").click()
    assert "MemoryError" in output(cell)
    button(cell, "Reset").click()
    button(cell, "Run").click()
    assert "shows nothing" in output(cell)


def test_a_loop_that_never_ends_is_stopped_by_the_button(started):
    scratch = started.locator(".live-scratch")
    write(scratch, "while True: print('on and on')")
    started.evaluate("live.cells.slice(0, -1).forEach(cell => (cell.ran = true))")
    button(scratch, "Run").click()
    expect(scratch.locator(".live-printed")).to_be_visible(timeout=PATIENCE)
    assert started.evaluate("1 + 1") == 2  # the page goes on
    button(scratch, "Stop").click()
    said = output(scratch)
    assert "on and on" in said and said.index("on and on") < said.index("It was stopped.")
    button(started.locator("div.cell").nth(1), "Run").click()  # from the top, in another worker
    assert "40" in output(started.locator("div.cell").nth(1))


# ------------------------------------------------------------------ exercises


def test_what_was_written_is_tried_and_the_line_is_marked(started):
    place = started.locator("section.live").first
    write(place, "def f(x):\n    return 1\nprint('tried')\nf()")
    button(place, "Check").click()
    said = answer(place)
    assert "TypeError" in said and "line 4" in said and "tried" in said
    assert place.locator(".live-marked").inner_text() == "f()"
    assert place.locator(".live-answer").get_attribute("role") == "status"


def test_what_needs_numpy_says_that_it_is_not_here(started):
    place = started.locator("section.live").first
    write(place, "def my_forward(params, x, h_0):\n    return x")
    button(place, "Check").click()
    assert "NumPy is not here" in answer(place)


def test_a_loop_that_never_ends_is_stopped_after_a_time(started):
    place = started.locator("section.live").first
    write(place, "print('one')\nprint('two')\nwhile True: pass")
    button(place, "Check").click()
    expect(button(place, "Stop")).to_be_enabled()
    said = answer(place)
    assert "stopped after 8 seconds" in said and "one\ntwo" in said
    expect(button(place, "Check")).to_be_enabled(timeout=PATIENCE)
    assert place.locator(".cm-content").inner_text().startswith("print('one')")


def test_reset_brings_the_attempt_back_and_loses_nothing(started):
    place = started.locator("section.live").first
    write(place, "mine = 1")
    button(place, "Reset").click()
    assert "def my_forward" in place.locator(".cm-content").inner_text()
    button(place, "Show it").click()
    assert place.locator(".cm-content").inner_text() == "mine = 1"


def test_by_keyboard_alone(started):
    place = started.locator("section.live").first
    editor = place.locator(".cm-content")
    editor.focus()
    keys = started.keyboard
    keys.press("Control+a")
    keys.type("if 1:")
    keys.press("Enter")
    keys.type("1 / 0")
    keys.press("Tab")
    assert editor.inner_text() == "if 1:\n    1 / 0" or editor.inner_text().startswith("if 1:")
    assert started.evaluate("document.activeElement.className").startswith("cm-content")
    keys.press("Shift+Enter")
    assert "ZeroDivisionError" in answer(place)
    editor.focus()
    keys.press("Escape")
    keys.press("Tab")
    assert not editor.evaluate("e => e === document.activeElement")
    assert "after Escape" in place.locator(".live-hint").inner_text()
    assert editor.get_attribute("aria-describedby") == place.locator(".live-hint").get_attribute(
        "id"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_editors_and_answers_are_accessible(started, scheme):
    started.emulate_media(color_scheme=scheme)
    started.evaluate(f"document.documentElement.dataset.theme = '{scheme}'")
    started.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    if not started.evaluate("window.axe"):
        started.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    only = "{ include: ['.live', '.live-scratch', '.live-bar', '.live-output'] }"
    found = started.evaluate(f"axe.run({only}, {{ preload: false }}).then(r => r.violations)")
    serious = [v for v in found if v["impact"] in ("serious", "critical")]
    assert not serious, json.dumps(
        [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in serious]
    )


def test_editors_fit_a_phone_and_paper(started):
    started.set_viewport_size({"width": 360, "height": 640})
    assert started.evaluate("document.documentElement.scrollWidth") <= 360
    size = started.locator(".cm-content").first.evaluate(
        "e => parseFloat(getComputedStyle(e).fontSize)"
    )
    assert size >= 16
    started.emulate_media(media="print")
    assert started.locator(".cm-content").first.is_visible()
    assert started.locator(".live-button:visible").count() == 0
    started.emulate_media(media="screen")


# ------------------------------------------------------------------ what is kept

MINE = "# mine\nx = 1"


def test_what_is_written_stays_and_is_not_run(visit):
    page = visit()
    write(page.locator("section.live").first, MINE)
    page.reload()
    place = page.locator("section.live").first
    assert place.locator("textarea").input_value() == MINE
    assert not [url for url in visit.visits[0].loaded if "/python/" in url]


def test_where_nothing_can_be_kept_it_is_said(visit):
    forbidden = """for (const name of ["getItem", "setItem"]) {
      const native = Storage.prototype[name];  // which the theme needs
      Storage.prototype[name] = function (key, ...more) {
        if (key.startsWith("bptt-lab.")) throw new Error("forbidden");
        return native.call(this, key, ...more);
      };
    }"""
    page = visit(script=forbidden)
    place = page.locator("section.live").first
    write(place, MINE)
    button(place, "Reset").click()
    expect(place.locator(".live-hint")).to_contain_text("keeps nothing")
    button(place, "Show it").click()
    assert place.locator("textarea").input_value() == MINE


def test_a_second_tab_takes_nothing_away(visit):
    page = visit()
    other = tab(page.context)
    other.goto(page.url)
    write(page.locator("section.live").first, "here = 1")
    write(other.locator("section.live").first, "there = 1")
    place = page.locator("section.live").first
    expect(place.locator(".live-others")).to_contain_text("another tab")
    write(place, "here = 2")  # it was not looked at, and is still offered
    page.reload()
    place = page.locator("section.live").first
    assert place.locator("textarea").input_value() == "here = 2"
    button(place, "Show it").click()
    assert place.locator("textarea").input_value() == "there = 1"


def test_code_travels_with_the_progress(visit, tmp_path):
    page = visit()
    place = page.locator("section.live").first
    name = place.get_attribute("data-exercise")
    write(place, MINE)
    page.goto(page.url.replace("try.html", "progress.html"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    download.value.save_as(tmp_path / "mine.json")
    saved = json.loads((tmp_path / "mine.json").read_text(encoding="utf-8"))
    entry = saved["code"][f"exercise:{name}"]
    assert entry["text"] == MINE and entry["date"] and entry["book"]

    page = visit("progress")  # another browser, in which something else was written
    page.goto(page.url.replace("progress.html", "try.html"))
    write(page.locator("section.live").first, "other = 1")
    page.goto(page.url.replace("try.html", "progress.html"))
    saved["code"]["elsewhere"] = {"text": "x"}
    saved["code"]["cell:y"] = {"text": {"no": "text"}}
    (tmp_path / "mine.json").write_text(json.dumps(saved), encoding="utf-8")
    page.locator("input[type=file]").set_input_files(tmp_path / "mine.json")
    page.wait_for_function(
        "document.querySelector('[role=status]').textContent.includes('Imported')"
    )
    kept = json.loads(page.evaluate("localStorage.getItem('bptt-lab.code')"))["code"]
    assert set(kept) == {f"exercise:{name}"}
    page.goto(page.url.replace("progress.html", "try.html"))
    place = page.locator("section.live").first
    assert place.locator("textarea").input_value() == "other = 1"
    button(place, "Show it").click()
    expect(place.locator("textarea")).to_have_value(MINE)
    assert not [url for url in visit.visits[1].loaded if "/python/" in url]


# ------------------------------------------------------------------ what can go wrong on the way


def damage(bare: Path, tmp_path: Path, name: str, change) -> Path:
    """Return a copy of the bare site in which one script is another."""
    copy = tmp_path / "html"
    shutil.copytree(bare, copy, copy_function=os.link)
    path = copy / "python" / name
    text = path.read_text(encoding="utf-8")
    path.unlink()
    if (text := change(text)) is not None:
        path.write_text(text, encoding="utf-8")
    return copy


MIDDLE = 500_000
DAMAGES = {
    "missing": ("pack-core-02.js", lambda text: None, "pack-core-02"),
    "cut off": ("pack-core-01.js", lambda text: text[:MIDDLE], "pack-core-01"),
    "changed": (
        "pack-core-01.js",
        lambda text: (
            text[:MIDDLE] + "".join(reversed(text[MIDDLE : MIDDLE + 40])) + text[MIDDLE + 40 :]
        ),
        "pyodide.asm.wasm",
    ),
    "empty": ("pack-core-03.js", lambda text: "", "pack-core-03"),
    "of another build": (
        "contents.js",
        lambda t: re.sub('"build": "', '"build": "x', t),
        "contents",
    ),
    "without contents": ("contents.js", lambda text: "", "contents"),
    "no script": ("live.js", lambda text: None, "live"),
    "half a script": ("live.js", lambda text: text[:1000], "live"),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_a_pack_that_is_not_whole_gets_a_sentence(chromium, bare, tmp_path, case):
    script, change, named = DAMAGES[case]
    site = damage(bare, tmp_path, script, change)
    context = chromium.new_context()
    page = tab(context)
    page.goto(f"{site.as_uri()}/try.html")
    place = page.locator("section.live").first
    write(place, MINE)
    button(place, "Check").click()
    said = place.locator(".live-answer, .live-stage").filter(has_text="copy the whole folder")
    expect(said).to_be_visible(timeout=PATIENCE)
    assert named in said.inner_text()
    assert (place.locator("textarea, .cm-content").first).is_visible()
    expect(button(place, "Check")).to_be_enabled()
    if (
        script == "pack-core-02.js"
    ):  # what is there at last is taken, and the rest not asked for again
        shutil.copy2(bare / "python" / script, site / "python" / script)
        button(place, "Check").click()
        expect(page.get_by_role("button", name="Go on without")).to_be_visible(timeout=PATIENCE)
    context.close()


def test_a_start_can_be_stopped(chromium, bare):
    context = chromium.new_context()
    page = tab(context)
    page.goto(f"{bare.as_uri()}/try.html")
    place = page.locator("section.live").first
    write(place, "1 / 0")
    watch(place, "Loading", "Stop")
    button(place, "Check").click()
    assert "It was stopped." in answer(place)
    button(place, "Check").click()  # what was loaded meanwhile is used
    expect(page.get_by_role("button", name="Go on without")).to_be_visible(timeout=PATIENCE)
    button(place, "Stop").click()
    assert "It was stopped." in answer(place)
    button(place, "Check").click()  # and the question is asked again
    go_on_without(page)
    assert "ZeroDivisionError" in answer(place)
    context.close()


def test_a_reader_is_asked_before_numpy_is_fetched_from_elsewhere(chromium, bare):
    numpy = contents(bare)["numpy"]
    context = chromium.new_context()
    asked = []
    page = tab(context)
    page.route(
        re.compile("^https?:"), lambda route: (asked.append(route.request.url), route.abort())
    )
    page.goto(f"{bare.as_uri()}/try.html")
    place = page.locator("section.live").first
    watch(place)
    button(place, "Check").click()
    stage = place.locator(".live-stage")
    expect(stage).to_contain_text(numpy["address"], timeout=PATIENCE)
    told = place.evaluate("place => place.told.join()")
    assert "Loading Python" in told and "from the folder of this page" in told
    assert "MB" in stage.inner_text() and not asked
    stage.get_by_role("button", name=f"Fetch NumPy {numpy['version']}").click()
    assert "make book BOOK_WHEELS" in answer(place)
    assert asked == [numpy["address"]]
    # What comes from there has to be what was published.
    page.unroute_all()
    headers = {"access-control-allow-origin": "*"}
    page.route(re.compile("^https?:"), lambda route: route.fulfill(body="no", headers=headers))
    button(place, "Check").click()
    stage.get_by_role("button", name="Fetch NumPy").click(timeout=PATIENCE)
    assert "not what Pyodide published" in answer(place)
    context.close()


def test_a_worker_that_dies_gets_a_sentence_and_a_successor(started):
    scratch = started.locator(".live-scratch")
    write(scratch, "import js\njs.setTimeout(js.Function.new('throw new Error(\"gone\")'))\n1")
    started.evaluate("live.cells.slice(0, -1).forEach(cell => (cell.ran = true))")
    button(scratch, "Run").click()
    output(scratch)
    write(scratch, "'alive'")
    started.wait_for_function("!live.cells[0].ran", timeout=PATIENCE)
    started.evaluate("live.cells.slice(0, -1).forEach(cell => (cell.ran = true))")
    button(scratch, "Run").click()
    assert "alive" in output(scratch)


# ------------------------------------------------------------------ with NumPy


@pytest.fixture(scope="session")
def packed(site) -> Path:
    """Return the site, if it has NumPy."""
    if not contents(site)["numpy"]["packed"]:
        pytest.skip("the site has no NumPy: `make wheels`, or make book BOOK_WHEELS=FOLDER")
    return site


@pytest.fixture
def full(request, packed, chromium) -> Iterator[str]:
    """Address of the site with NumPy: served, or as a folder."""
    if request.param == "file":
        yield packed.as_uri()
    else:
        with serve(packed) as address:
            yield address


BOTH_WAYS = pytest.mark.parametrize("full", ["http", "file"], indirect=True)
WITH_EXERCISES = [f"{name}-exercises" for name in CHAPTERS]
WITH_CODE = [
    name
    for name in PAGES
    if "{code-cell}" in (AXE.parents[2] / "book" / f"{name}.md").read_text(encoding="utf-8")
]


def wrong(name: str) -> str:
    """Return a solution with a mistake that is known."""
    found = [changes for exercise, changes, mistakes in ATTEMPTS if exercise == name and mistakes]
    return (
        changed(SOLUTIONS[name], *found[0])
        if found
        else SOLUTIONS[name].replace("return ", "return 2 * ")
    )


@BOTH_WAYS
@pytest.mark.parametrize("name", WITH_EXERCISES)
def test_every_exercise_can_be_solved_in_the_page(chromium, full, name):
    context = chromium.new_context()
    one = Visit(context, full, name)
    one.page.evaluate("live.seconds = { check: 60 }")
    for place in one.page.locator("section.live").all():
        exercise = place.get_attribute("data-exercise")
        write(place, wrong(exercise))
        button(place, "Check").click()
        assert "Not yet." in answer(place), exercise
        write(place, SOLUTIONS[exercise])
        button(place, "Check").click()
        expect(place.locator(".live-answer")).to_contain_text("Right.", timeout=PATIENCE)
        kept = one.page.evaluate("key => live.store.get(key)", f"exercise:{exercise}")
        assert kept["right"] and kept["tries"] == 2 and len(kept["hash"]) == 16, exercise
        solves = place.get_attribute("data-solves")
        if solves:
            assert one.page.locator(f"[name='done-{solves}']").is_checked(), exercise
    assert not one.faults
    context.close()


@pytest.mark.parametrize("full", ["file"], indirect=True)
def test_a_formula_is_set_as_one(chromium, full):
    context = chromium.new_context()
    one = Visit(context, full, "notation")
    one.page.evaluate("live.cells.slice(0, -1).forEach(cell => (cell.ran = true))")
    scratch = one.page.locator(".live-scratch")
    write(scratch, "import sympy as sp\nsp.Symbol('x') ** 2 / 2")
    button(scratch, "Run").click()
    output(scratch)
    assert scratch.locator(".live-formula math mfrac").count() == 1
    assert not one.faults
    context.close()


@BOTH_WAYS
@pytest.mark.parametrize("name", WITH_CODE)
def test_every_cell_runs_in_the_page_or_draws(chromium, full, name):
    context = chromium.new_context()
    one = Visit(context, full, name)
    one.page.evaluate("live.seconds = { cell: 1800, printed: 1800 }")
    scratch = one.page.locator(".live-scratch")
    write(scratch, "'the end'")
    button(scratch, "Run").click()
    one.page.wait_for_function(
        "!live.cells.at(-1).busy && live.cells.at(-1).output", timeout=1_800_000
    )
    failed = one.page.locator(".live-failure").all_inner_texts()
    assert not failed and "the end" in output(scratch)
    assert not one.faults
    context.close()
