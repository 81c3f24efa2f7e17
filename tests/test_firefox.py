"""The built site in the stock Firefox, from the disk: scripts work, and no fault is told."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.book_site import NODE

HERE = Path(__file__).resolve().parent
NAMES = ("firefox-esr", "firefox")
DRIVER = HERE.parent / "node_modules" / "puppeteer-core"

pytestmark = [pytest.mark.site, pytest.mark.browser, pytest.mark.xdist_group("firefox")]


@pytest.fixture(scope="module")
def seen(site) -> dict[str, dict]:
    """Return what tests/firefox.mjs found on every page."""
    firefox = next(filter(None, map(shutil.which, NAMES)), None)
    if not firefox or not DRIVER.exists():
        pytest.skip("no Firefox is installed, or no puppeteer-core to drive it")
    command = [NODE, HERE / "firefox.mjs", firefox, site]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_no_page_has_a_fault_in_firefox(seen, site):
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert set(seen) == pages
    assert not {name: page["faults"] for name, page in seen.items() if page["faults"]}


def test_sliders_questions_and_the_filter_were_tried(seen):
    with_figures = {name for name, page in seen.items() if page["sliders"]}
    assert {"forward.html", "bptt.html", "vanishing.html", "lstm.html"} <= with_figures
    assert {name for name, page in seen.items() if page["answer"]} >= {"forward.html", "lstm.html"}
    assert seen["ledger.html"]["rows"]
