"""The built book: how long it takes to build, what its pages weigh, how fast explorers move."""

import gzip
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import live
from benchmarks.serving import served
from benchmarks.tables import Goal, Table, goal_table, machine

ROOT = Path(__file__).resolve().parent.parent
FLAGS = [  # as root Chromium needs the first; the others keep it from calling home
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
KINDS = {"document": "HTML", "stylesheet": "CSS", "script": "scripts", "font": "fonts"}
COLUMNS = [*KINDS.values(), "other"]
SLOWED = (1, 4)  # times
EVENTS, QUICK_EVENTS = 50, 10

PAGE_GOAL = 350  # kB, gzipped
SCRIPT_GOALS = (4, 16)  # ms
COLD_GOAL, UNCHANGED_GOAL = 60, 5  # s

Say = Callable[[str], None]


# -------------------------------------------------------------------------- building


def build(out: Path) -> float:
    """Seconds that `make book` takes, the environment being there; raises where it fails."""
    command = ["make", "-C", str(ROOT), "-o", ".venv/complete", "book", f"OUT={out}"]
    start = time.perf_counter()
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError("the book does not build:\n" + done.stdout[-3000:])
    return seconds


def time_builds(out: Path, say: Say) -> list[Goal]:
    """Build into a fresh folder, and again with nothing changed."""
    goals = []
    for what, bound in [("from nothing", COLD_GOAL), ("with nothing changed", UNCHANGED_GOAL)]:
        goals.append(Goal(f"`make book` {what}, s", build(out), bound))
        say(f"{goals[-1].name}: {goals[-1].value:.1f}")
    return goals


# -------------------------------------------------------------------------- weight


@contextmanager
def chromium() -> Iterator[Browser]:
    """Return a running Chromium."""
    finder = [sys.executable, str(ROOT / "tools" / "chromium.py")]
    path = subprocess.run(finder, capture_output=True, encoding="utf-8", check=True).stdout.strip()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path or None, args=FLAGS)
        yield browser
        browser.close()


def weigh(page: Page, address: str, site: Path, name: str) -> dict[str, float]:
    """Open a page; return kB of what it loads, gzipped, by kind."""
    loaded: dict[str, str] = {}
    page.on("request", lambda request: loaded.update({request.url: request.resource_type}))
    page.goto(f"{address}/{name}.html", wait_until="networkidle")
    weight = dict.fromkeys(COLUMNS, 0.0)
    for path, kind in {urlsplit(url).path: k for url, k in loaded.items()}.items():
        file = site / unquote(path).lstrip("/")
        if file.is_file():
            weight[KINDS.get(kind, "other")] += len(gzip.compress(file.read_bytes(), 9)) / 1000
    return weight


def weights(browser: Browser, address: str, site: Path) -> tuple[Table, list[Goal]]:
    """Weight of every page."""
    table, totals = Table(["page, kB gzipped", *COLUMNS, "total"]), {}
    for name in sorted(path.stem for path in site.glob("*.html")):
        page = browser.new_page()
        weight = weigh(page, address, site, name)
        page.close()
        totals[name] = sum(weight.values())
        table.rows.append([name, *(f"{w:.0f}" for w in weight.values()), f"{totals[name]:.0f}"])
    goals = [
        Goal(f"page {name}, kB gzipped", weight, PAGE_GOAL)
        for name, weight in sorted(totals.items(), key=lambda item: -item[1])[:3]
    ]
    return table, goals


# -------------------------------------------------------------------------- explorers

# Notes for every input event: the time of its handlers, the time until the next frame has been
# rendered, and whether that frame was the first after the event and done before the one after it.
WATCH = """() => {
  window.steps = [];
  let frame = 0, begin = 0, period = 1000 / 60;
  const tick = (now) => { frame = now; requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
  addEventListener("input", () => { begin = performance.now(); }, true);
  addEventListener("input", () => {
    const start = begin, before = frame, script = performance.now() - begin;
    requestAnimationFrame((now) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        const done = performance.now();
        const next = now - before < 1.5 * period && done - now < period;
        steps.push({ script, paint: done - start, next });
      };
      port2.postMessage(0);
    });
  });
}"""
RENDERED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20)))"
AT_END = "(input) => input.type === 'range' && input.value === input.max"
AT_START = "(input) => input.type === 'range' && input.value === input.min"


def move(page: Page, number: int, events: int) -> list[dict[str, Any]]:
    """Step the first control of an explorer to and fro by keyboard."""
    control = page.locator("figure.explorer").nth(number).locator("input").first
    control.focus()
    key = "ArrowRight"
    page.evaluate("() => { steps.length = 0; }")
    for _ in range(events):
        if control.evaluate(AT_END):
            key = "ArrowLeft"
        elif control.evaluate(AT_START):
            key = "ArrowRight"
        page.keyboard.press(key)
        page.evaluate(RENDERED)
    return page.evaluate("() => steps")


def slow_down(page: Page, times: int) -> None:
    """Slow the processor, as Chromium simulates it."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": times})


def follow(browser: Browser, url: str, events: int) -> Iterator[tuple[int, int, list[dict]]]:
    """Move every explorer of a page at both speeds: which one, how slow, its steps."""
    for times in SLOWED:
        page = browser.new_page()
        page.goto(url, wait_until="networkidle")
        slow_down(page, times)
        page.evaluate(WATCH)
        for number in range(page.locator("figure.explorer").count()):
            yield number, times, move(page, number, events)
        page.close()


def milliseconds(steps: list[dict[str, Any]], what: str) -> list[str]:
    """First, median and worst."""
    values = [step[what] for step in steps]
    return [f"{v:.1f}" for v in (values[0], median(values), max(values))]


def explorers(
    browser: Browser, address: str, site: Path, events: int, say: Say
) -> tuple[Table, list[Goal]]:
    """Script and paint time of every explorer."""
    kinds = [
        f"{what} {n}" for what in ("script ms", "paint ms") for n in ("first", "median", "worst")
    ]
    table = Table(["explorer", "slowed", *kinds, "in the next frame"])
    medians: dict[int, list[float]] = {times: [] for times in SLOWED}
    late = 0
    for name in sorted(path.stem for path in site.glob("*.html")):
        for number, times, steps in follow(browser, f"{address}/{name}.html", events):
            medians[times].append(median(step["script"] for step in steps))
            late += sum(not step["next"] for step in steps) if times == 1 else 0
            numbers = milliseconds(steps, "script") + milliseconds(steps, "paint")
            punctual = f"{sum(step['next'] for step in steps)} of {len(steps)}"
            table.rows.append([f"{name} {number + 1}", f"{times}x", *numbers, punctual])
            say("  ".join(table.rows[-1]))
    return table, explorer_goals(medians, late)


def explorer_goals(medians: dict[int, list[float]], late: int) -> list[Goal]:
    """Bounds on the script of the slowest explorer, and on frames that came late."""
    goals = [
        Goal(f"script of a step, slowest explorer, slowed {times}x, ms", max(found), bound)
        for (times, found), bound in zip(medians.items(), SCRIPT_GOALS, strict=True)
        if found
    ]
    return [*goals, Goal("steps not painted in the next frame, processor as it is", late, 0)]


# -------------------------------------------------------------------------- all of it


def look(site: Path, events: int, say: Say) -> tuple[list[Table], list[Goal]]:
    """Open the site in a browser."""
    with served(site) as address, chromium() as browser:
        page_table, goals = weights(browser, address, site)
        say(f"{goals[0].name}: {goals[0].value:.0f}")
        explorer_table, more = explorers(browser, address, site, events, say)
        python_table, last = live.measure(browser, address, site, events == QUICK_EVENTS, say)
    return [page_table, explorer_table, python_table], goals + more + last


def report(quick: bool, site: Path | None, say: Say) -> str:
    """Build the book, unless a built site is given, and measure it."""
    events = QUICK_EVENTS if quick else EVENTS
    with tempfile.TemporaryDirectory() as out:
        built = [] if site else time_builds(Path(out), say)
        found, goals = look(site or Path(out) / "_build" / "html", events, say)
    return "\n\n".join(map(str, [machine(), *found, goal_table(built + goals)]))
