"""The built site in a real Chromium: over http and from the disk, with everything else blocked."""

import gzip
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

import jupytext
import numpy as np
import pytest
from matplotlib.lines import Line2D
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from threadpoolctl import threadpool_limits

import bptt_lab.book
from bptt_lab.book.explorer import Explorer
from conftest import tab
from sample_explorer import ROUNDING, expected, numbers
from tools.live.in_page.needs import needs

ROOT = Path(__file__).resolve().parent.parent
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PAGES = [path.stem for path in sorted((ROOT / "book").glob("*.md"))]
SOURCE = "_modules/bptt_lab/cells/lstm"  # a page of the package's source
EVERY = [*PAGES, "search", SOURCE]
PAGE_WEIGHT = 300_000  # bytes, gzipped: everything that a page loads when it is opened
EXPLORERS_WEIGHT = 80_000  # bytes, gzipped: what its explorers load when they come near
ELEMENTS = 20_000
"""What a page may have. Formulas are most of it: thirty elements each, on average."""
MORE_ELEMENTS = {
    "after": 24_000,
    "bptt": 39_000,
    "forward": 23_000,
    "ledger": 60_000,
    "lstm": 34_000,
    "vanishing": 24_000,
}
# Pages of the reference are made alike: one stands for all that have no cells.
ALIKE = {n for n in PAGES if n.startswith("api-")} - {"api-cells", "api-own-cell"}
CHAPTERS = ["forward", "bptt", "vanishing", "lstm", "training", "after"]
WIDE = {"width": 1280, "height": 900}

pytestmark = [pytest.mark.site, pytest.mark.browser]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """Say nothing when a page is closed while it loads."""


@contextmanager
def serve(site: Path) -> Iterator[str]:
    """Serve a site on this machine, and give its address."""
    handler = partial(Quiet, directory=str(site))
    with Server(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


@pytest.fixture(scope="session")
def server(site) -> Iterator[str]:
    """Address of the site, served on this machine."""
    with serve(site) as address:
        yield address


@pytest.fixture
def address(request, site) -> str:
    """Address of the site: served, or, where a test asks for it, as a folder of files."""
    return request.getfixturevalue("server") if served(request) else site.as_uri()


def served(request) -> bool:
    return getattr(request, "param", "http") == "http"


BOTH_WAYS = pytest.mark.parametrize("address", ["http", "file"], indirect=True)
FROM_DISK = pytest.mark.parametrize("address", ["file"], indirect=True)


class Visit:
    """A page that is open, and what went wrong on it."""

    def __init__(self, context: BrowserContext, address: str, name: str):
        self.faults: list[str] = []
        self.loaded: dict[str, bytes] = {}
        self.address, self.name = address, name
        self.page: Page = tab(context) if address.startswith("file:") else context.new_page()
        self.page.on("console", self.hear)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.route("**/*", self.admit)
        self.page.goto(f"{address}/{name}.html")

    def hear(self, message):
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    def admit(self, route):
        """Let the site's own files through; anything else is a fault."""
        url = route.request.url
        if url.startswith((self.address, "data:")):
            self.loaded[urlsplit(url)._replace(query="", fragment="").geturl()] = b""
            route.continue_()
        else:
            self.faults.append(f"asked for {url}")
            route.abort()


@pytest.fixture
def visit(chromium: Browser, address: str):
    """Open a page of the site; any fault on it fails the test."""
    contexts, visits = [], []

    def open_page(name: str, unfolded: bool = False, **options) -> Page:
        contexts.append(chromium.new_context(**options))
        if unfolded:
            contexts[-1].add_init_script(UNFOLDED)
        visits.append(Visit(contexts[-1], address, name))
        return visits[-1].page

    yield open_page
    faults = [fault for one in visits for fault in one.faults]
    for context in contexts:
        context.close()
    assert not faults


# The reader wants everything, and reads the article too.
UNFOLDED = """localStorage.setItem("bptt-lab.reading", '{"path": "all", "article": true}');"""

OF_COLOURS = ["color-contrast", "link-in-text-block"]

# These take axe-core long. Texts that are styled alike have the same: the first stands for all.
# Of a single sign, and of texts in drawings, it cannot tell.
ONE_OF_EACH_STYLE = """() => {
  document.querySelectorAll("svg").forEach((drawing) => drawing.remove());
  const seen = new Set(), texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const paths = new Map([[null, ""]]);
  const path = (part) => {
    const own = part && `${part.tagName}.${part.className} ${part.style.color}`;
    if (!paths.has(part)) paths.set(part, `${path(part.parentElement)} ${own}`);
    return paths.get(part);
  };
  const again = [];
  while (texts.nextNode()) {
    const words = texts.currentNode.data.trim(), style = path(texts.currentNode.parentElement);
    if (!words || seen.has(style)) again.push(texts.currentNode);
    else if (words.length > 1) seen.add(style);
  }
  const remove = (part) => {
    const above = part.parentElement;
    part.remove();
    if (!above.hasChildNodes()) remove(above);
  };
  again.forEach(remove);
}"""

# Everything is laid out, and what is there many times goes, or axe-core takes minutes: rows of the
# ledger, words of code that have the same colour, lines of drawings, and formulas, which one
# renderer writes alike. What a script still does to a figure, it does to the one that was there.
PREPARE = """() => {
  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
  each("figure.explorer", (figure) => figure.replaceWith(figure.cloneNode(true)));
  each(".claim ~ .claim, .katex-html, math > *, svg path", (part) => part.remove());
  [...document.querySelectorAll(".katex")].slice(1).forEach((formula) => formula.remove());
  const seen = new Set();
  for (const word of document.querySelectorAll(".highlight pre span")) {
    if (seen.has(word.className)) word.replaceWith(...word.childNodes);
    else if (word.textContent.length > 1) seen.add(word.className);
  }
  each("section", (part) => (part.style.contentVisibility = "visible"));
  each(".highlight pre", (code) => (code.style.whiteSpace = "pre-wrap")); // nothing out of sight
  return new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}"""


def faults(page: Page, where: str, **options) -> str:
    """Return what axe-core finds in parts of a page that is serious or critical."""
    page.evaluate("document.getAnimations().forEach(one => one.finish())")  # half faded in
    options |= {"preload": False, "resultTypes": ["violations"]}
    parts = {"include": [[part] for part in where.split(", ")]}
    run = "([parts, options]) => axe.run(parts, options).then(result => result.violations)"
    found = page.evaluate(run, [parts, options])
    serious = [v for v in found if v["impact"] in ("serious", "critical")]
    told = [(v["id"], v["help"], [n["html"][:150] for n in v["nodes"][:3]]) for v in serious]
    return json.dumps(told, indent=1) if told else ""


def check_with_axe(page: Page, where: str = "html") -> None:
    """Find nothing serious, and no contrast too low in either theme. The page is spent after it."""
    page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    page.evaluate(PREPARE)
    assert not faults(page, where, rules={rule: {"enabled": False} for rule in OF_COLOURS})
    page.evaluate(ONE_OF_EACH_STYLE)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
        assert not faults(page, where, runOnly=OF_COLOURS)


# ---------------------------------------------------------------- every page, in two visits


def once(visits: str, names: list[str]):
    """Give a test every page as it was opened once, for all tests that look at it in this way.

    Pages are told apart by their place in the list: all lists begin alike. Unfolded, which takes
    longest, those that are made alike come in `make slow`.
    """
    rare = ALIKE if visits == "unfolded" else ()
    marks = {n: [pytest.mark.xdist_group(n)] + [pytest.mark.slow] * (n in rare) for n in names}
    each = [pytest.param(name, marks=marks[name]) for name in names]
    return pytest.mark.parametrize(visits, each, indirect=True, scope="module")


def open_once(chromium: Browser, address: str, name: str, *scripts: str) -> Iterator[Visit]:
    """Open a page until the tests that share it are through; the last one looks at its faults."""
    context = chromium.new_context()
    for script in scripts:
        context.add_init_script(script)
    visit = Visit(context, address, name)
    yield visit
    context.close()


@pytest.fixture(scope="module")
def as_served(request, chromium: Browser, server: str) -> Iterator[Visit]:
    """Return a page that is served, as who comes for the first time sees it."""
    yield from open_once(chromium, server, request.param)


@pytest.fixture(scope="module")
def unfolded(request, chromium: Browser, site: Path) -> Iterator[Visit]:
    """Return a page from the disk, with all of it unfolded."""
    for visit in open_once(chromium, site.as_uri(), request.param, UNFOLDED):
        visit.page.evaluate(
            "document.querySelectorAll('details').forEach(one => (one.open = true))"
        )
        yield visit


@once("as_served", PAGES)
def test_page_weight(as_served, server, site):
    """Everything that a page loads, gzipped, stays below the bound."""
    paths = [
        site / unquote(urlsplit(url).path).lstrip("/")
        for url in as_served.loaded
        if url.startswith(server)
    ]
    weight = {p.name: len(gzip.compress(p.read_bytes(), 9)) for p in paths}
    heaviest = sorted(weight.items(), key=lambda item: -item[1])[:6]
    print(f"{as_served.name}: {sum(weight.values()) / 1000:.0f} kB gzipped; {heaviest}")
    assert len(weight) > 3
    assert sum(weight.values()) < PAGE_WEIGHT


@once("as_served", PAGES)
def test_what_explorers_load_later_is_no_more_than_a_picture(as_served, site):
    named = as_served.page.locator("script[data-src]").evaluate_all(
        "all => all.map(s => s.dataset.src)"
    )
    assert len(named) == as_served.page.locator("figure.explorer").count()
    data = [gzip.compress((site / name).read_bytes(), 9) for name in set(named)]
    assert sum(map(len, data)) < EXPLORERS_WEIGHT


@once("as_served", PAGES)
def test_pages_have_few_elements(as_served):
    count = as_served.page.evaluate("document.querySelectorAll('*').length")
    assert count < MORE_ELEMENTS.get(as_served.name, ELEMENTS)


# A font is asked for when a formula far down is laid out, and until it comes another stands in.
LAID_OUT_IN_ITS_FONTS = """() => {
    document.querySelectorAll(".katex-html").forEach(one => one.getBoundingClientRect());
    return document.fonts.ready.then(() => null);
}"""


@once("as_served", EVERY)
def test_pages_fit_a_phone(as_served):
    page = as_served.page
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 360, "height": 640})
    page.evaluate(LAID_OUT_IN_ITS_FONTS)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    header = page.locator(".article-header-buttons").bounding_box()
    assert header["x"] >= 0 and header["x"] + header["width"] <= 360
    too_wide = """() => [...document.querySelectorAll("div.math .katex-html")]
        .filter(e => !e.closest(".output") && e.scrollWidth > e.clientWidth)
        .map(e => e.closest("div.math").id || e.textContent)"""
    assert page.evaluate(too_wide) == []
    parted = """() => [...document.querySelectorAll(".together")].filter(e => {
        const boxes = e.querySelectorAll(".base"), text = document.createRange();
        if (e.lastChild.nodeType !== Node.TEXT_NODE) return false;
        text.selectNodeContents(e.lastChild);
        const formula = boxes[boxes.length - 1].getBoundingClientRect();
        const { left, right } = text.getBoundingClientRect();
        return left < formula.left || right > e.closest("article").getBoundingClientRect().right;
    }).map(e => e.textContent)"""
    assert page.evaluate(parted) == []


@once("as_served", PAGES)
def test_print_shows_the_text_and_the_figures_alone(as_served):
    page = as_served.page
    page.set_viewport_size(WIDE)
    page.emulate_media(media="print")
    shown = """selector => [...document.querySelectorAll(selector)].map(one => {
        const { width, height } = one.getBoundingClientRect();
        return width > 0 && height > 0 && getComputedStyle(one).visibility === "visible";
    })"""
    assert any(page.evaluate(shown, "article h1, #jb-print-docs-body h1"))
    for hidden in (".bd-sidebar-primary", "#pst-back-to-top", ".article-header-buttons"):
        assert not any(page.evaluate(shown, hidden)), hidden
    assert all(page.evaluate(shown, ".drawing svg, .explorer svg"))


@once("as_served", EVERY)
def test_no_fault_was_told_when_served(as_served):
    assert not as_served.faults


CUT_OFF = """all => all
    .filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
    .map(one => one.textContent.slice(0, 200))"""


@once("unfolded", PAGES)
def test_no_code_and_no_output_is_cut_off(unfolded):
    assert unfolded.page.locator(".cell pre").evaluate_all(CUT_OFF) == []


SIZES = """all => all.map(text => {
    const svg = text.closest("svg");
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    return [scale * parseFloat(getComputedStyle(text).fontSize), text.textContent];
})"""


@once("unfolded", PAGES)
def test_text_in_figures_can_be_read(unfolded):
    sizes = unfolded.page.locator("article svg text").evaluate_all(SIZES)
    assert len(sizes) > 20 or unfolded.name not in [*CHAPTERS, "index"]
    assert [found for found in sizes if found[0] < 10.95] == []


@once("unfolded", EVERY)
def test_pages_are_accessible(unfolded):
    """It takes the page apart: only its faults can be looked at afterwards."""
    check_with_axe(unfolded.page)


@once("unfolded", EVERY)
def test_no_fault_was_told_from_the_disk(unfolded):
    assert not unfolded.faults


# ---------------------------------------------------------------- visits of their own


def test_links_to_the_next_page_are_not_cut_off(visit):
    page = visit("forward", viewport={"width": 360, "height": 740})
    titles = page.locator(".prev-next-title").all()
    assert len(titles) == 2
    for title in titles:
        assert title.evaluate("e => e.closest('a').scrollWidth <= e.closest('a').clientWidth")


@FROM_DISK
@pytest.mark.parametrize("name", [n for n in PAGES if n not in ALIKE])
def test_pages_are_whole_without_scripts(visit, name):
    """Text, math, figures, sentences and tables are there; what needs a script is not offered."""
    page = visit(name, java_script_enabled=False)
    source = (ROOT / "book" / f"{name}.md").read_text(encoding="utf-8")
    assert page.locator("article h1").is_visible()
    assert page.locator(".pst-js-only:visible").count() == 0
    if "$$" in source:
        assert page.locator("article .katex:visible").count() > 0
    for explorer in page.locator("figure.explorer").all():
        assert explorer.locator("svg").first.is_visible()
        assert explorer.locator("figcaption").inner_text().strip()
        for table in explorer.locator("table").all():  # a heat map has none
            assert table.locator("td").count() > 0
        for control in explorer.locator("input").all():
            assert not control.is_enabled() or not control.is_visible()


def test_an_address_with_a_word_finds_the_page_that_has_it(visit):
    page = visit("search")
    page.goto(f"{page.url}?q=eigenvalue")
    page.wait_for_selector("#search-results li a")
    links = page.locator("#search-results li a").evaluate_all("all => all.map(a => a.href)")
    assert any("vanishing.html" in link for link in links)


def test_search_opens_by_keyboard(visit):
    page = visit("index")
    page.keyboard.press("Control+k")
    page.keyboard.type("softmax")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")


@FROM_DISK
def test_the_theme_button_changes_the_theme(visit):
    page = visit("notation", color_scheme="light")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    for _ in range(3):
        page.locator(".theme-switch-button").first.click()
        if menu := page.locator(".theme-change-button[data-mode=dark]:visible").all():
            menu[0].click()  # newer themes ask which one
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.parametrize("name", ["api-own-cell", "bptt-exercises", "index"])
def test_in_the_dark_outputs_have_no_light_sheet(visit, name):
    page = visit(name, color_scheme="dark")
    sheets = page.locator(".cell_output .text_html").evaluate_all(
        "all => all.map((one) => getComputedStyle(one).backgroundColor)"
    )
    assert set(sheets) == {"rgba(0, 0, 0, 0)"}


@cache
def explorers_of(name: str) -> list[Explorer]:
    """Run what the explorers of a chapter rest on, and return them in their order."""
    made = []

    class Noted(Explorer):
        def __init__(self, *args, **grid):
            super().__init__(*args, **grid)
            made.append(self)

    text = (ROOT / "book" / f"{name}.md").read_text(encoding="utf-8")
    cells = [c.source for c in jupytext.reads(text, fmt="md:myst").cells if c.cell_type == "code"]
    threads = 1 if "threadpool_limits(1)" in text else None  # with more, a training is another one
    with pytest.MonkeyPatch.context() as patch, threadpool_limits(threads):
        patch.setattr(bptt_lab.book, "Explorer", Noted)
        for place, source in enumerate(cells):
            if "Explorer(" in source:
                names: dict = {"__name__": name}
                exec(needs(source, cells[:place]), names)  # the book's own code
                exec(source, names)
    return made


def check_explorer(figure: Locator, explorer: Explorer) -> dict[str, str]:
    """Hold what a figure shows against what the chapter's code computes for its setting."""
    texts = json.loads(figure.get_attribute("data-setting"))
    setting = {p.name: p.values[p.texts.index(texts[p.name])] for p in explorer.parameters}
    sentence = explorer.update(**setting)
    expect(figure.locator("figcaption")).to_have_text(sentence)  # its data may still be coming
    assert sentence in figure.locator("[role=img]").get_attribute("aria-label")
    for artist, group in zip(explorer.picture.moving, explorer.picture.groups, strict=True):
        if isinstance(artist, Line2D) and artist.get_visible() and artist.get_linestyle() != "None":
            path = group.findall("path")[-1]
            place = path.get("data-i")  # none where the line is the same at every setting
            on_page = place and figure.locator(f'[data-i="{place}"]').get_attribute("d")
            shown = numbers(on_page or path.get("d"))
            points = expected(artist)
            points = points[np.isfinite(points).all(axis=1)]  # a line may have gaps
            seen = np.abs(points).max(axis=1) < 1e4
            # What was trained elsewhere may differ a little, and more the longer it was trained.
            np.testing.assert_allclose(shown[seen], points[seen], atol=4 * ROUNDING)
    return texts


def press_everything(figure: Locator) -> Iterator[None]:
    """Move every control of a figure by keyboard, one step at a time."""
    for slider in figure.locator("input[type=range]").all():
        slider.focus()
        for key in ("ArrowRight", "End", "ArrowLeft", "Home", "PageUp"):
            figure.page.keyboard.press(key)
            yield
    for preset in figure.locator(".presets button").all():
        preset.press("Enter")
        yield
    for group in figure.locator("fieldset:not(.presets)").all():
        group.locator("input:checked").focus()
        for _ in range(group.locator("input").count()):
            figure.page.keyboard.press("ArrowRight")
            yield


def point_at_everything(figure: Locator) -> Iterator[None]:
    """Move every control of a figure by pointer."""
    for slider in figure.locator("input[type=range]").all():
        slider.evaluate("slider => slider.scrollIntoView({ block: 'center' })")
        box = slider.bounding_box()
        for share in (0.02, 0.7, 0.35):
            figure.page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
            yield
    for choice in figure.locator("fieldset label, .presets button").all():
        choice.click()
        yield


# What their explorers show takes half a minute or more; where a pointer moves one it moves all.
LONG = {"lstm", "training", "vanishing"}
WITH_EXPLORERS = [
    n for n in PAGES if "Explorer(" in (ROOT / "book" / f"{n}.md").read_text(encoding="utf-8")
]


def moved(address: str, move, name: str):
    """Return a way to move a page's explorers: one worker runs the code of a page, not each."""
    slow = name in LONG or (move is point_at_everything and name != "forward")
    marks = [pytest.mark.xdist_group(f"explorers of {name}"), *[pytest.mark.slow] * slow]
    return pytest.param(address, move, name, marks=marks)


@pytest.mark.parametrize(
    ("address", "move", "name"),
    [
        moved(*how, name)
        for how in [("file", press_everything), ("http", point_at_everything)]
        for name in WITH_EXPLORERS
    ],
    indirect=["address"],
)
def test_explorers_show_what_the_package_computes(visit, name, move):
    page, explorers = visit(name, unfolded=True), explorers_of(name)
    figures = page.locator("figure.explorer")
    assert figures.count() == len(explorers) > 0
    for figure, explorer in zip(figures.all(), explorers, strict=True):
        settings = [check_explorer(figure, explorer)]
        for _ in move(figure):
            settings.append(check_explorer(figure, explorer))
        for parameter in explorer.parameters:  # every control did something
            assert len({setting[parameter.name] for setting in settings}) > 1
