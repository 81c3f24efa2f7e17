"""What tests of the built site share: the site, a Chromium, and what to do where they are missing."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Playwright, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
SITE = Path(os.environ.get("BOOK_SITE", ROOT / "_build" / "html"))
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# As root Chromium needs the first; the others keep it from looking for its maker's servers.
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def missing(what: str) -> None:
    """Skip with a reason; on the integration machine, where nothing may be missing, fail."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


@pytest.fixture(scope="session")
def site() -> Path:
    """Folder of the built site."""
    if not (SITE / "index.html").exists():
        missing(f"the book is not built: no index.html in {SITE.name}; run `make book`")
    return SITE


def installed_chromium() -> str | None:
    """Path of a Chromium or Chrome on this machine, if there is one."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def install_chromium() -> None:
    """Try Debian's package where it may be installed, else the browser of Playwright."""
    commands = [["playwright", "install", "chromium"]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        commands.insert(0, ["apt-get", "update"])
        commands.insert(1, ["apt-get", "install", "-y", "--no-install-recommends", "chromium"])
    for command in commands:
        if installed_chromium():
            return
        subprocess.run(command, capture_output=True, timeout=600, check=False)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Return a running Chromium: one that is found, or one that is installed."""
    try:
        browser = playwright.chromium.launch(executable_path=installed_chromium(), args=FLAGS)
    except Error:
        missing(
            "no Chromium: the tests in a browser are skipped. Install one (Debian: `apt-get install"
            " chromium`), or name it in the variable CHROMIUM"
        )
    yield browser
    browser.close()
