"""Python in the page: what it weighs, how soon it is ready, how fast a checker answers.

The limit is Pyodide alone, fetched over http from its npm package into a worker of its own.
"""

import gzip
import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page

from benchmarks.serving import served
from benchmarks.tables import Goal, Table

ROOT = Path(__file__).resolve().parent.parent
PYODIDE = ROOT / "node_modules" / "pyodide"
PAGE = "forward-exercises"
WORKER = """importScripts("pyodide.js");
const here = new URL(".", location).href;
loadPyodide({ indexURL: here }).then((python) => postMessage(python.version));
"""
BARE = """<!doctype html><title>Pyodide alone</title><button>Start</button><script>
document.querySelector("button").onclick = () => {
  const start = performance.now();
  new Worker("worker.js").onmessage = () => { window.took = performance.now() - start; };
};</script>"""
RUNS, QUICK_RUNS, VERDICTS = 5, 1, 20

PACK_GOAL, GROWTH_GOAL = 13, 15  # MB; kB, gzipped
READY_GOAL, VERDICT_GOAL = 1.3, 100  # times the core alone, ms
OWN = re.compile(r'<section class="live".*?</section>|<script[^>]*id="live-page".*?</script>', re.S)

Say = Callable[[str], None]


def contents(site: Path) -> dict:
    """Return what the pack of a site says of itself."""
    text = (site / "python" / "contents.js").read_text(encoding="utf-8")
    return json.loads(re.search(r"contents = (.*);", text)[1])  # type: ignore[index]


def bare_core(browser: Browser, folder: Path) -> float:
    """Seconds from a click until Pyodide alone is there."""
    page = browser.new_context().new_page()
    with served(folder) as address:
        page.goto(f"{address}/index.html")
        page.click("button")
        page.wait_for_function("window.took", timeout=120_000)
        took = page.evaluate("took")
    page.context.close()
    return took / 1000


def set_up_core(folder: Path) -> None:
    """Put Pyodide into a folder with a page that starts it."""
    for path in PYODIDE.iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "worker.js").write_text(WORKER, encoding="utf-8")
    (folder / "index.html").write_text(BARE, encoding="utf-8")


def pressed(page: Page) -> None:
    """Press the first Check, and note when, and when Python was ready and the verdict came."""
    page.evaluate("""() => {
      const place = document.querySelector("section.live"), now = () => performance.now();
      const watch = (part, act) => new MutationObserver(act).observe(part, { childList: true });
      window.times = { click: now() };
      watch(place.querySelector(".live-stage"), () => {
        if (live.python?.started) times.ready ??= now();
      });
      watch(place.querySelector(".live-answer"), () => (times.verdict = now()));
      place.querySelector("button").click();
    }""")


def book(browser: Browser, address: str) -> tuple[float, float, list[float]]:
    """Seconds until Python is ready and until the first verdict; milliseconds of later ones."""
    page = browser.new_context().new_page()
    page.goto(f"{address}/{PAGE}.html")
    pressed(page)
    waiting = "times.ready && live.exercises[0].answer.hasChildNodes() && !live.exercises[0].busy"
    page.wait_for_function(waiting, timeout=120_000)
    times = page.evaluate("times")
    verdicts = [page.evaluate("""async () => {
      const start = performance.now();
      await live.exercises[0].act();
      return performance.now() - start;
    }""") for _ in range(VERDICTS)]  # fmt: skip
    page.context.close()
    click = times["click"]
    return (times["ready"] - click) / 1000, (times["verdict"] - click) / 1000, verdicts


def growth(site: Path) -> float:
    """KB, gzipped, by which Python in the page makes a page heavier before a press: the most."""
    assets = ROOT / "book" / "assets"  # the site has the styles of all pages in one sheet
    own = sum(packed((assets / name).read_bytes()) for name in ("live.js", "live.css"))
    pages = (path.read_text(encoding="utf-8") for path in site.glob("*.html"))
    return max(packed(p.encode()) - packed(OWN.sub("", p).encode()) for p in pages) + own


def packed(content: bytes) -> float:
    """KB that something has when it is gzipped."""
    return len(gzip.compress(content, 9)) / 1000


def measure(
    browser: Browser, address: str, site: Path, quick: bool, say: Say
) -> tuple[Table, list[Goal]]:
    """Measure the pack, the start over http and from the disk, and verdicts."""
    packs = contents(site)["packs"]
    table = Table(["Python in the page", "median", "lowest", "highest"])
    if "numpy" not in packs:
        table.rows.append(["not measured: the site has no NumPy (`make wheels`)", "", "", ""])
        return table, []
    weight = (packs["core"]["weight"] + packs["numpy"]["weight"]) / 1e6
    ways = {"http": address, "file": site.resolve().as_uri()}
    core, ready, first, later = [], {w: [] for w in ways}, {w: [] for w in ways}, []
    with tempfile.TemporaryDirectory() as scratch:
        set_up_core(Path(scratch))
        for _ in range(QUICK_RUNS if quick else RUNS):  # in turns, as the machine is busy by turns
            core.append(bare_core(browser, Path(scratch)))
            for way, where in ways.items():
                start, verdict, verdicts = book(browser, where)
                ready[way].append(start)
                first[way].append(verdict)
                later += verdicts
            say(f"core alone {core[-1]:.1f} s, ready {start:.1f} s, verdict {later[-1]:.0f} ms")
    measured = {"Pyodide alone over http, s": core}
    for way in ways:
        measured |= {f"ready over {way}, s": ready[way], f"first verdict over {way}, s": first[way]}
    measured["later verdicts, ms"] = later
    for name, values in measured.items():
        table.rows.append([name, *(f"{v:.2f}" for v in (median(values), min(values), max(values)))])
    goals = [
        Goal("pack with NumPy, MB", weight, PACK_GOAL),
        Goal("growth of the heaviest page, kB gzipped", growth(site), GROWTH_GOAL),
    ]
    goals += [
        Goal(
            f"ready over {way}, times Pyodide alone", median(ready[way]) / median(core), READY_GOAL
        )
        for way in ways
    ]
    return table, [*goals, Goal("verdict, ms", median(later), VERDICT_GOAL)]
