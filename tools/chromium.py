"""Find a Chromium for the browser tests, or install one: prints its path, or nothing and why."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# As root Chromium needs the first; the others keep it from looking for its maker's servers.
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


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


def install() -> str | None:
    """Install Debian's package where that is allowed, else the browser of Playwright."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        run("apt-get", "update")
        run("apt-get", "install", "-y", "--no-install-recommends", "chromium")
    if not installed():
        run(sys.executable, "-m", "playwright", "install", "chromium")
    return installed() or of_playwright()


def main() -> None:
    """Print the path."""
    path = installed() or of_playwright() or install()
    if path is None:
        print("no Chromium could be installed: the browser tests are skipped", file=sys.stderr)
    print(path or "")


if __name__ == "__main__":
    main()
