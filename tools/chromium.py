"""Find a Chromium for the browser tests and the PDF: prints its path, or nothing and why.

Only where it is allowed to does it install one: on an integration machine, which has the variable
CI, or if INSTALL=1 says so.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The first is Chromium without a window, which opens a page in half the time.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
# As root Chromium needs the first; the others keep it from looking for its maker's servers.
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

MISSING = (
    "No Chromium: the browser tests are skipped, and no PDF can be printed. Install one, name one "
    "in the variable CHROMIUM, or let make install one: make test INSTALL=1"
)


def installed() -> str | None:
    """Path of a Chromium or Chrome: the one the variable CHROMIUM names, or one that is found."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def of_playwright() -> str | None:
    """Path of the browser that Playwright has downloaded, if it has."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        path = driver.chromium.executable_path
    return path if Path(path).exists() else None


def run(*command: str) -> None:
    """Run a command whose failure only means that the next way is tried."""
    print(f"no Chromium yet: {' '.join(command)}", file=sys.stderr)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=900)


def may_install() -> bool:
    """Tell whether this machine, or who called make, allows it."""
    return bool(os.environ.get("CI") or os.environ.get("INSTALL") == "1")


def install() -> str | None:
    """Install one of Debian's packages where that is allowed, else the browser of Playwright."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        run("apt-get", "update")
        for package in ("chromium-headless-shell", "chromium"):
            if not installed():
                run("apt-get", "install", "-y", "--no-install-recommends", package)
    if not installed():
        run(sys.executable, "-m", "playwright", "install", "chromium")
    return installed() or of_playwright()


def main() -> None:
    """Print the path."""
    path = installed() or of_playwright() or (install() if may_install() else None)
    if path is None:
        print(MISSING, file=sys.stderr)
    print(path or "")


if __name__ == "__main__":
    main()
