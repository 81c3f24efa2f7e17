"""The build: what fails it, what it executes again, and how it recovers."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from sphinxcontrib import katex

from conftest import SITE
from tools import book_site

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = """---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
---
# Page {name}

{prose}

```{{code-cell}}
import bptt_lab, pathlib, time
with pathlib.Path("{log}").open("a", encoding="utf-8") as log:
    log.write("{name}\\n")
{code}
```
"""

# Fails unless another page is executed at the same time.
MEET = """\
deadline = time.monotonic() + 30
while len(pathlib.Path(log.name).read_text(encoding="utf-8").split()) < 2:
    assert time.monotonic() < deadline
    time.sleep(0.05)"""

# Ends when a file is gone.
WAIT = """\
while pathlib.Path("{file}").exists():
    time.sleep(0.05)"""

pytestmark = pytest.mark.site


class Book:
    """A small book with the build of this one."""

    def __init__(self, root: Path):
        self.root, self.log = root, root / "log"
        for name in ("Makefile", "_config.yml", "requirements.txt", "package-lock.json"):
            shutil.copy2(ROOT / name, root)
        for folder in ("tools", "src", "book/assets"):
            shutil.copytree(ROOT / folder, root / folder)
        packed = SITE.parent / "python"  # what pages run is made once, with the site
        if packed.is_dir():
            shutil.copytree(packed, root / "_build" / "python", copy_function=os.link)
        (root / "node_modules").symlink_to(ROOT / "node_modules")
        (root / ".venv").symlink_to(ROOT / ".venv")
        (root / "_toc.yml").write_text(
            "format: jb-book\nroot: index\nchapters:\n  - file: a\n  - file: b\n",
            encoding="utf-8",
        )
        (root / "book" / "references.bib").write_text(
            "@misc{known, title={T}, author={A}}\n", encoding="utf-8"
        )
        (root / "book" / "index.md").write_text(
            "# Book\n\n{cite:t}`known`\n\n```{bibliography}\n```\n", encoding="utf-8"
        )
        self.page("a")
        self.page("b")

    def page(self, name: str, prose: str = "Text.", code: str = "1 + 1") -> None:
        page = NOTEBOOK if code else "# Page {name}\n\n{prose}\n"
        text = page.format(name=name, prose=prose, code=code, log=self.log)
        (self.root / "book" / f"{name}.md").write_text(text, encoding="utf-8")

    def start(self, **environment: str) -> subprocess.Popen:
        # -o: the environment is used as it is.
        command = ["make", "-o", ".venv/complete", "-o", ".venv/installed", "book"]
        own = {"PYTHONPATH": str(self.root / "src"), "LC_ALL": "C"}
        environment = os.environ | own | environment
        return subprocess.Popen(
            command, cwd=self.root, env=environment, encoding="utf-8", start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def cached(self) -> list[Path]:
        """Return the executed notebooks of the cache."""
        return list(self.root.glob("_build/executed/*/executed/*/base.ipynb"))

    def build(self, **environment: str) -> tuple[int, str, list[str]]:
        """Return the exit status, what was printed, and the names of the pages that ran."""
        self.log.write_text("", encoding="utf-8")
        process = self.start(**environment)
        printed, _ = process.communicate(timeout=120)
        return process.returncode, printed, self.ran()

    def ran(self) -> list[str]:
        """Return the names of the pages that ran, in the order in which they began."""
        return self.log.read_text(encoding="utf-8").split()


@pytest.fixture
def book(tmp_path):
    """Return a book in a folder whose name is not ASCII; its build runs in a locale that is."""
    root = tmp_path / "Bücher und mehr"
    root.mkdir()
    return Book(root)


def test_a_killed_build_is_completed_and_only_what_changed_is_executed_again(book):
    """It is killed when one page is done and the other waits, which began at the same time."""
    wait = book.root / "wait"
    wait.touch()
    book.page("a", code=MEET if os.cpu_count() > 1 else "1 + 1")
    book.page("b", code=WAIT.format(file=wait))
    book.log.write_text("", encoding="utf-8")
    process = book.start()
    deadline = time.monotonic() + 60
    while not (book.cached() and {*book.ran()} == {"a", "b"}) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert {*book.ran()} == {"a", "b"} and not (book.root / "_build/html/b.html").exists()

    wait.unlink()
    status, printed, ran = book.build()
    assert (status, ran) == (0, ["b"]), printed
    assert (book.root / "_build/html/b.html").exists()

    book.page("a", prose="Größer: ∂.", code='print("ß", 1 + 1)')
    style = book.root / "book/assets/book.css"
    with style.open("a", encoding="utf-8") as file:
        file.write("\nbody { --changed: 1 }\n")
    assert book.build()[::2] == (0, ["a"])
    page = (book.root / "_build/html/a.html").read_text(encoding="utf-8")
    assert "Größer: ∂." in page and "ß 2" in page
    assert "--changed" in (book.root / "_build/html/_static/styles.css").read_text(encoding="utf-8")

    module = book.root / "src/bptt_lab/activations.py"
    with module.open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    status, printed, ran = book.build()
    assert (status, sorted(ran)) == (0, ["a", "b"]), printed


FAULTS = {
    "cell": {"code": "raise RuntimeError"},
    "warning": {"code": "import warnings; warnings.warn('w')"},
    "reference": {"prose": "See {eq}`no-such-equation`.", "code": ""},
    "citation": {"prose": "After {cite:t}`unknown`.", "code": ""},
    "entry": {"prose": "So {ledger}`vg-99`.", "code": ""},
    "link": {"prose": "See [there](no-such-page.md).", "code": ""},
}


def test_a_fault_fails_the_build_every_time(book):
    for name, fault in FAULTS.items():
        book.page(name, **fault)
    with (book.root / "_toc.yml").open("a", encoding="utf-8") as toc:
        toc.write("".join(f"  - file: {name}\n" for name in FAULTS))
    # A page's warnings must not be forgotten by a second build, in which the page is not new.
    for _ in range(2):
        status, printed, _ = book.build()
        assert status != 0
        for name in FAULTS:
            assert re.search(rf"book/{name}\.md\S*:.*(WARNING|ERROR)", printed), (name, printed)

    for name, fault in FAULTS.items():
        book.page(name, code=fault["code"] and "1 + 1")
    status, printed, ran = book.build()
    assert status == 0, printed
    assert set(ran) <= set(FAULTS)

    book.page("a", prose="$$ \\frac{1 $$")
    status, printed, _ = book.build()
    assert status != 0 and "KaTeX parse error" in printed


def test_formulas_are_rendered_without_waiting(monkeypatch, tmp_path):
    monkeypatch.setattr(katex, "NODEJS_BINARY", str(book_site.NODE))
    started = book_site.start_math_server(katex.KaTeXServer, tmp_path, 30)
    server = katex.KaTeXServer(tmp_path, *started)
    try:
        began = time.perf_counter()
        for n in range(200):
            assert "katex" in server.render({"latex": f"x_{{{n}}}"}, 10)["html"]
        assert time.perf_counter() - began < 4  # where each waits 40 ms it takes 8
    finally:
        server.terminate()
