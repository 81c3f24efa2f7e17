"""What tests of the built site share: the site, a Chromium, and what to do without them."""

import gc
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tools.chromium import FLAGS, installed

ROOT = Path(__file__).resolve().parent.parent
SITE = Path(os.environ.get("BOOK_SITE", ROOT / "_build" / "html")).resolve()

gc.set_threshold(100_000, 20, 100)  # parsed pages are large, and no garbage: see tools/book_site.py

# Day by day each property has the same few examples, so that no test fails by chance.
settings.register_profile("same", max_examples=40, deadline=None, derandomize=True)
settings.register_profile("fresh", max_examples=1000, deadline=None, print_blob=True)
settings.load_profile("same")


def read(name: str | Path) -> str:
    """Text of a file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def normal(requirement: str) -> str:
    """Name of what is required, as an index writes it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement.strip())[0]).lower()


@pytest.fixture(scope="session")
def fresh_seed(request: pytest.FixtureRequest) -> int:
    """Seed of the slow tests: `make slow` gives another one each time, and shows which."""
    return int(request.config.getoption("--hypothesis-seed") or 0)


@pytest.fixture
def axes() -> object:
    """Axes in the style of the book, to draw on."""
    from bptt_lab.book.plots import panels  # matplotlib is slow to load

    return panels()[1]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let `pytest -k eq-bptt-recursion` select the tests of that equation."""
    for mark in item.iter_markers("equation"):
        item.extra_keyword_matches.update(mark.args)


def missing(what: str) -> None:
    """Skip with a reason; on the integration machine, where nothing may be missing, fail."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


@pytest.fixture(scope="session")
def site() -> Path:
    """Folder of the built site."""
    if not (SITE / "index.html").exists():
        missing("the book is not built: run `make book`")
    return SITE


# Chromium gives a page an empty storage for as long as it is shown, if the page asks for it before
# the browser knows that this frame now shows a page of that origin. Pages from the disk come so
# fast that on a busy machine it happens (31 of 600). It cannot where the frame is kept from page to
# page, which this asks for, and showed a file before, as it does in a new tab of `tab`.
SAME_FRAME = "--disable-features=RenderDocument"


def tab(context: BrowserContext) -> Page:
    """Return a new tab, in which pages from the disk have their storage at once."""
    page = context.new_page()
    page.goto((ROOT / "LICENSE").as_uri())
    return page


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Return a running Chromium."""
    path = installed()
    if not path:
        missing("no Chromium is installed, and none is named in the variable CHROMIUM")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=[*FLAGS, SAME_FRAME])
        yield browser
        browser.close()
