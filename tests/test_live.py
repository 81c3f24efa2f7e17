"""Python in the page, without a browser: what runs inside, what pages say, what is packed."""

import base64
import gzip
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Coroutine
from pathlib import Path
from zipfile import ZipFile

import jupytext
import pytest

import bptt_lab
from bptt_lab.exercises import check
from students import ATTEMPTS, SOLUTIONS, changed
from tools.live import pack, wheels
from tools.live.cells import attempts, calls
from tools.live.in_page import Page
from tools.live.in_page.missing import Finder, StandIn, library_of
from tools.live.in_page.needs import needs
from tools.live.in_page.printing import MOST

ROOT = Path(__file__).resolve().parent.parent


def finished(work: Coroutine[None, None, dict]) -> dict:
    """Return the result of what waits for nothing, without a loop: a browser may have one."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("the page waited for something")


class Inside:
    """A page's namespace, and what it told."""

    def __init__(self, brings=()):
        self.told: list[dict] = []
        self.wanted: list[str] = []
        self.brings = brings
        self.page = Page(self.told.append, self.want)

    async def want(self, library: str) -> bool:
        self.wanted.append(library)
        if library in self.brings:
            sys.modules[library] = json  # any module does
        return library in self.brings

    def run(self, code: str, name: str = "cell") -> dict:
        return finished(self.page.run(code, name))

    def check(self, *arguments) -> dict:
        return finished(self.page.check(*arguments))

    @property
    def printed(self) -> str:
        return "".join(one["content"] for one in self.told if one["kind"] == "print")


@pytest.fixture
def inside(monkeypatch):
    """Return a page's namespace; what it changes of Python is undone afterwards."""
    modules = dict(sys.modules)
    monkeypatch.setattr(bptt_lab, "book", None, raising=False)
    for name in filter(library_of, modules):
        del sys.modules[name]
    yield Inside()
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, Finder)]
    for name in set(sys.modules) - set(modules):
        del sys.modules[name]
    sys.modules.update(modules)


# ------------------------------------------------------------------ cells


def test_cells_share_a_namespace_and_show_their_last_value(inside):
    assert inside.run("a = 20\nprint('here')")["value"] is None
    assert inside.run("a += 1\n2 * a")["value"] == {"kind": "text", "content": "42"}
    assert inside.run("a;")["value"] is None
    assert inside.printed == "here\n"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("def _repr_html_(self): return '<b>x</b>'", "html"),
        ("def _repr_latex_(self): return '$x$'", "latex"),
        ("def __repr__(self): return 'x'", "text"),
        ("def _repr_html_(self): raise ValueError", "text"),
        ("def _repr_html_(self): return 3", "text"),
    ],
)
def test_a_value_is_shown_as_it_says(inside, body, kind):
    value = inside.run(f"class A:\n    {body}\nA()")["value"]
    assert value["kind"] == kind


def test_what_notebooks_display_is_displayed(inside):
    inside.run("from IPython.display import HTML, display\ndisplay(HTML('<b>1</b>'), 2)")
    assert [one["kind"] for one in inside.told] == ["html", "text"]


def test_an_error_tells_the_readers_lines_alone(inside):
    inside.run("def f(x):\n    y = x\n    return 1 / y", "first")
    error = inside.run("a = (1,\n     2)\na[0] if f(0) else 0", "second")["error"]
    assert (error["type"], error["line"]) == ("ZeroDivisionError", 3)
    assert [(f["line"], f["where"]) for f in error["frames"]] == [(3, ""), (3, "f")]
    assert error["frames"][1]["text"] == "return 1 / y"
    error = inside.run("import json\njson.loads('x')")["error"]
    assert [frame["line"] for frame in error["frames"]] == [2]


def test_an_assertion_that_fails_is_shown_whole(inside):
    error = inside.run("a = 1\nassert a == 1\nassert (a ==\n        2)")["error"]
    assert (error["type"], error["line"]) == ("AssertionError", 3)
    assert error["frames"][-1]["text"] == "assert (a ==\n        2)"


def test_an_error_of_syntax_has_its_line(inside):
    error = inside.run("a = 1\nb = (")["error"]
    assert (error["type"], error["line"]) == ("SyntaxError", 2)
    assert "name" not in inside.page.names  # nothing of the cell was run
    assert "a" not in inside.page.names


def test_deep_recursion_is_not_told_in_full(inside):
    error = inside.run("def f():\n    f()\nf()")["error"]
    assert error["type"] == "RecursionError" and len(error["frames"]) < 10


@pytest.mark.parametrize(
    "code", ["raise SystemExit", "raise KeyboardInterrupt", "raise BaseException"]
)
def test_no_exception_leaves_the_page(inside, code):
    assert inside.run(code)["error"]["type"] in code


def test_a_loop_that_prints_does_not_bury_the_page(inside):
    inside.run(f"for i in range({MOST}): print(i)")
    assert MOST <= len(inside.printed) < MOST + 100 and "not shown" in inside.printed
    assert len(inside.run(f"'x' * {3 * MOST}")["value"]["content"]) < MOST


# ------------------------------------------------------------------ what is not there


def test_what_draws_is_left_out_and_the_rest_runs(inside):
    cell = """
from bptt_lab.book import Explorer, plots
figure, (left, right) = plots.panels(2)
total = 3
shades = {}
shades[left.name] = 1
def update(w):
    left.set(title=w)
Explorer(figure, update)
"""
    result = inside.run(cell)
    assert result["missing"] == ["drawing"] and not result["error"] and result["value"] is None
    assert inside.run("total")["value"]["content"] == "3"
    for name in ("figure", "left", "right", "shades"):  # nobody computes with half a picture
        assert isinstance(inside.page.names[name], StandIn)
    assert inside.run("update(1)")["missing"] == ["drawing"]
    assert inside.run("right + 1, f'{right}', len(right)")["missing"] == ["drawing"]


def test_a_large_library_is_named(inside):
    assert inside.run("from sklearn import datasets\ndatasets.load()")["missing"] == [
        "scikit-learn"
    ]


def test_a_library_is_brought_when_it_is_first_imported(inside):
    inside.brings = {"brought"}
    result = inside.run("import brought\nbrought.dumps(1)")
    assert result["value"]["content"] == "'1'" and inside.wanted == ["brought"]
    result = inside.run("import nowhere")
    assert result["error"]["type"] == "ModuleNotFoundError" and inside.wanted[1:] == ["nowhere"]


# ------------------------------------------------------------------ exercises


def function_of(name: str) -> str:
    """Return the name of the function that the solution of an exercise defines."""
    return re.search(r"def (my_\w+)", SOLUTIONS[name])[1]


@pytest.mark.parametrize("name", check)
def test_a_right_function_is_right_in_the_page(inside, name):
    result = inside.check(name, SOLUTIONS[name], function_of(name), [])
    assert result["right"] and not result["error"], result
    assert "Right." in result["value"]["content"]
    note = result["note"]
    assert note["right"] and note["mistakes"] == [] and len(note["hash"]) == 16


def test_a_mistake_is_named_in_the_page(inside):
    name, changes, known = next(attempt for attempt in ATTEMPTS if len(attempt[2]) == 1)
    code = changed(SOLUTIONS[name], *changes)
    result = inside.check(name, code, function_of(name), [])
    assert not result["right"] and "Not yet." in result["value"]["content"]
    assert result["note"]["mistakes"] == [*known]


def test_what_is_written_for_a_checker_leaves_no_names(inside):
    inside.run("scale = 2")
    inside.check("loss", "def my_loss(o, y):\n    return scale", "my_loss", [])
    assert "my_loss" not in inside.page.names and "check" not in inside.page.names


@pytest.mark.parametrize(
    ("code", "line", "said"),
    [
        ("def my_loss(o, y):\n    return 1 / 0", 2, "ZeroDivisionError"),
        ("x = 1", None, "Define a function"),
        ("check.loss", None, "Define a function"),
    ],
)
def test_what_is_no_answer_is_said(inside, code, line, said):
    result = inside.check("loss", code, "my_loss", [])
    assert not result["right"] and said in result["value"]["content"]
    assert result.get("line") == line


def test_code_gets_from_above_what_it_reads_and_no_more(inside):
    above = [
        "import math\nfrom nowhere import x\nscale = math.e",
        "%no python",
        "scale = 2 * scale",
    ]
    result = inside.check("loss", "def my_loss(o, y):\n    return scale\nmy_loss(0, 0)", "", above)
    assert not result["error"]
    inside.run("scale = [3]")  # what has been run comes first
    result = inside.check("loss", "scale.append(4)\nscale[5]", "", above)
    assert result["error"]["type"] == "IndexError"
    assert inside.check("loss", "def f(:", "", above)["error"]["type"] == "SyntaxError"
    assert inside.check("loss", "x", "", above)["error"]["type"] == "ModuleNotFoundError"


def test_an_error_before_the_function_is_shown_with_its_line(inside):
    result = inside.check("loss", "\n1 / 0\ndef my_loss(o, y): ...", "my_loss", [])
    assert result["error"]["line"] == 2


# ------------------------------------------------------------------ what pages say


def test_calls_of_checkers_are_found():
    assert dict(calls("assert check.loss(my_loss)\ncheck.bptt")) == {
        "loss": "my_loss",
        "bptt": None,
    }
    assert not [*calls("checks.loss(f)"), *calls("check['loss'](f)")]


def test_an_attempt_is_the_cell_that_defines_the_function():
    cells = ["import numpy as np", "check.loss", "def f(o, y):\n    return np.e\n\ncheck.loss(f)",
             "def f(o, y):\n    return 2\n\nassert check.loss(f)"]  # fmt: skip
    (attempt,) = attempts(cells)
    assert (attempt.exercise, attempt.function, attempt.cell) == ("loss", "f", 2)
    assert attempt.start == "def f(o, y):\n    return np.e"


def test_an_attempt_needs_no_more_than_it_reads():
    above = [
        "from math import e, pi\nimport sympy as sp",
        "a = [e]\nb = sp.pi",
        "a = 2 * a\na[0] = 1",
    ]
    needed = ["from math import e", "a = [e]", "a = 2 * a", "a[0] = 1"]
    assert needs("def f(x): return a * x", above).splitlines() == needed


# ------------------------------------------------------------------ the pack


def unpacked(folder: Path, table: dict) -> dict[str, bytes]:
    """Read a pack as the page does."""
    texts = {}
    for script in folder.glob("*.js"):
        name, text = re.search(
            r'\["(.+?)"\] = "(.*)";', script.read_text(encoding="utf-8")
        ).groups()
        texts[name] = base64.b64decode(text)
    parts = [texts[piece["name"]] for piece in table["pieces"]]
    assert [len(part) for part in parts] == [piece["size"] for piece in table["pieces"]]
    return {
        name: gzip.decompress(b"".join(parts[k][start:end] for k, start, end in rows))
        for name, rows in table["files"].items()
    }


@pytest.mark.parametrize("sizes", [(1, 0), (200, 1000, 3), (64, 64), (63, 65, 1)])
def test_a_pack_gives_back_what_was_put_in(tmp_path, monkeypatch, sizes):
    monkeypatch.setattr(pack, "PIECE", 64)
    files = {f"f{k}": os.urandom(size) for k, size in enumerate(sizes)}
    table = pack.write("some", files, tmp_path)
    assert unpacked(tmp_path, table) == files
    assert table["weight"] == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_the_packed_package_works(tmp_path):
    (tmp_path / "p.whl").write_bytes(pack.package(ROOT / "src" / "bptt_lab"))
    code = "import bptt_lab.exercises as e; print(e.__file__, len(e.check))"
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "p.whl")}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert "p.whl" in ran.stdout and ran.stdout.split()[-1] == str(len(check))


def test_an_installed_library_is_packed_without_its_tests():
    with ZipFile(io.BytesIO(pack.installed("mpmath"))) as packed:
        names = packed.namelist()
    assert "mpmath/__init__.py" in names
    assert not [name for name in names if "/tests/" in name or ".." in name or name.startswith("/")]


def test_numpy_is_named_as_the_pinned_pyodide_publishes_it():
    wheel = wheels.published()
    assert wheels.fits(wheel.file) and wheel.address.endswith(f"/full/{wheel.file}")
    version = json.loads((wheels.PYODIDE / "package.json").read_text(encoding="utf-8"))["version"]
    assert f"/v{version}/" in wheel.address
    assert base64.b64decode(wheel.integrity.removeprefix("sha256-")).hex() == wheel.sha256


def test_a_wheel_for_another_python_is_not_taken(tmp_path):
    fit = wheels.published().file
    for name in (fit.replace("cp313", "cp312"), fit.replace("wasm32", "x86_64"), "numpy.whl"):
        (tmp_path / name).touch()
    assert wheels.find(tmp_path) is None and wheels.find(tmp_path / "none") is None
    (tmp_path / fit).touch()
    assert wheels.find(tmp_path) == tmp_path / fit
    older = fit.replace(wheels.published().version, "1.9.9")
    (tmp_path / older).touch()
    assert wheels.find(tmp_path) == tmp_path / fit


def served(monkeypatch, content: bytes | Exception):
    """Let the address of the distribution answer so."""

    def open_address(address, timeout):
        if isinstance(content, Exception):
            raise content
        return io.BytesIO(content)

    monkeypatch.setattr(wheels.urllib.request, "urlopen", open_address)


def test_what_was_fetched_is_compared_with_the_lock_file(tmp_path, monkeypatch):
    served(monkeypatch, b"not NumPy")
    with pytest.raises(ValueError, match="checksum"):
        wheels.fetch(tmp_path / "w")
    assert not [*tmp_path.iterdir()]


def test_without_a_network_it_is_said_what_to_do(tmp_path, monkeypatch):
    served(monkeypatch, OSError("no route"))
    monkeypatch.setattr(sys, "argv", ["wheels.py", str(tmp_path)])
    with pytest.raises(SystemExit, match="could not be fetched.*no route(?s:.*)BOOK_WHEELS"):
        wheels.main()


# ------------------------------------------------------------------ the chapters


def numpy_of_the_page() -> Path | None:
    """Return a folder with the NumPy that pages use, installed once; None if it cannot be had."""
    version = wheels.published().version
    folder = Path(sys.prefix) / f"numpy-{version}"
    if not (folder / "numpy").is_dir():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
        subprocess.run(
            [*command, str(folder), f"numpy=={version}"], capture_output=True, timeout=300
        )
    return folder if (folder / "numpy").is_dir() else None


def is_notebook(path: Path) -> bool:
    return "{code-cell}" in path.read_text(encoding="utf-8")


# Their experiments take half a minute and more; the ledger runs every claim, as test_claims does.
LONG = dict.fromkeys(["after", "ledger", "lstm", "training", "vanishing"], [pytest.mark.slow])
NOTEBOOKS = [p.stem for p in sorted((ROOT / "book").glob("*.md")) if is_notebook(p)]


@pytest.mark.site
@pytest.mark.parametrize("chapter", [pytest.param(n, marks=LONG.get(n, [])) for n in NOTEBOOKS])
def test_every_cell_runs_as_in_the_page_or_draws(chapter):
    """With the NumPy of the pages, if it can be installed beside the one of the book."""
    folder = numpy_of_the_page()
    path = [*filter(None, [folder]), ROOT]
    command = [sys.executable, ROOT / "tests" / "page_cells.py"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))}
    text = (ROOT / "book" / f"{chapter}.md").read_text(encoding="utf-8")
    cells = [c.source for c in jupytext.reads(text, fmt="md:myst").cells if c.cell_type == "code"]
    ran = subprocess.run(
        command, env=environment, input=json.dumps(cells), capture_output=True, encoding="utf-8"
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = json.loads(ran.stdout)
    assert folder is None or found["numpy"] == wheels.published().version
    for cell in found["cells"]:
        assert not cell["error"], (cell["source"], cell["error"])
        assert set(cell["missing"]) <= {"drawing", "scikit-learn"}
        if "drawing" in cell["missing"]:
            assert re.search(r"Explorer|Drawing|plots|panels|figure|ax\b", cell["source"])
