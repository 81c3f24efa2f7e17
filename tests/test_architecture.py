"""The package's layers and imports, how files are read, and the environment's pins."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from conftest import ROOT, normal, read

PACKAGE = ROOT / "src" / "bptt_lab"

LAYERS = (
    {"arguments", "activations", "losses", "initializers", "mean_field", "tasks", "symbolic"},
    {"cells", "book", "linear"},
    {"bptt", "reference", "traces"},
    {"jacobians", "gradcheck", "training", "newton", "checkpointing"},
    {"experiments", "claims", "exercises"},
    {"__init__"},
)
"""Modules and subpackages, lowest first: each may import from its own layer and those below."""

LAYER = {module: number for number, modules in enumerate(LAYERS) for module in modules}

ONLY_IMPORTERS = {
    "sympy": {"symbolic", "claims"},
    "ipywidgets": {"book"},
    "matplotlib": {"book"},
}


def dotted(path: Path, package: Path = PACKAGE) -> str:
    """Name of the module in a file, such as "bptt_lab.cells.rnn"."""
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {dotted(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(source: str, module: str, is_package: bool = False) -> set[str]:
    """Everything that a module's source imports, as absolute dotted names.

    ``from a import b`` is a.b; so is ``import_module("a.b")``. What cannot be read off the source
    is called "?".
    """
    found = set()
    package = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = [*above, *filter(None, [node.module])]
            found.update(".".join([*base, alias.name]) for alias in node.names)
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
            if getattr(called, "id", called) in ("import_module", "__import__"):
                name = node.args[0] if node.args else None
                found.add(name.value if isinstance(name, ast.Constant) else "?")
    return found


def modules_imported(names: set[str]) -> set[str]:
    """Return the package's modules among imported names; a name of its root is the root's."""
    own = set()
    for name in names:
        while name.startswith("bptt_lab") and name not in FILES:
            name = name.rpartition(".")[0]
        if name in FILES:
            own.add(name)
    return own


def layer(module: str) -> int:
    """Return the number of a module's layer."""
    return LAYER[module.split(".")[1] if "." in module else "__init__"]


def imports_of(module: str) -> set[str]:
    path = FILES[module]
    return imports(path.read_text(encoding="utf-8"), module, path.name == "__init__.py")


FORMS = {
    "import bptt_lab": "bptt_lab",
    "import bptt_lab.training as t": "bptt_lab.training",
    "from bptt_lab import train": "bptt_lab",
    "from bptt_lab import training": "bptt_lab.training",
    "from bptt_lab.training import train": "bptt_lab.training",
    "from .. import train": "bptt_lab",
    "from ..training import train": "bptt_lab.training",
    "from . import base": "bptt_lab.cells.base",
    "def f():\n    from bptt_lab import train": "bptt_lab",
    "import importlib\nimportlib.import_module('bptt_lab.training')": "bptt_lab.training",
    "__import__('bptt_lab.training')": "bptt_lab.training",
}


@pytest.mark.parametrize("source", FORMS)
def test_every_form_of_import_is_seen(source):
    assert modules_imported(imports(source, "bptt_lab.cells.rnn")) == {FORMS[source]}


@pytest.mark.parametrize("module", FILES)
def test_nothing_imports_from_a_layer_above(module):
    names = imports_of(module)
    assert "?" not in names or module == "bptt_lab", "a name that is made up when it runs"
    above = {other for other in modules_imported(names) if layer(other) > layer(module)}
    assert not above, f"{module} imports from above: {above}"


def test_every_module_has_a_layer_and_every_layer_its_modules():
    assert {module.split(".")[1] for module in FILES if "." in module} | {"__init__"} == {*LAYER}


def test_imports_go_in_circles_nowhere():
    TopologicalSorter(
        {module: modules_imported(imports_of(module)) - {module} for module in FILES}
    ).prepare()


@pytest.mark.parametrize("package", ONLY_IMPORTERS)
def test_heavy_packages_have_few_importers(package):
    importers = {
        module.split(".")[1]
        for module in FILES
        if any(name.split(".")[0] == package for name in imports_of(module))
    }
    assert importers == ONLY_IMPORTERS[package]


def test_importing_the_package_loads_only_numpy():
    code = "import bptt_lab, sys; print(*{m.split('.')[0] for m in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8"
    ).stdout
    assert "bptt_lab" in loaded and "numpy" in loaded
    heavy = {"matplotlib", "sympy", "ipywidgets", "IPython", "joblib", "tqdm", "threadpoolctl"}
    assert not heavy & set(loaded.split())


def test_public_names_resolve_and_have_docstrings():
    import bptt_lab

    for name in bptt_lab.__all__:
        assert getattr(bptt_lab, name).__doc__, name


# ------------------------------------------------------------------------------------ encoding


def without_encoding(source: str) -> list[int]:
    """Lines that read or write text in whatever encoding the machine prefers."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or any(k.arg == "encoding" for k in node.keywords):
            continue
        name = ast.unparse(node.func)
        values = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        mode = values[-1] if values else ""
        opens = name.endswith("open") and not name.endswith(
            ("Popen", "urlopen", "Image.open", "os.open")
        )
        text = opens and isinstance(mode, str) and "b" not in mode
        decodes = name.startswith("subprocess.") and any(k.arg == "text" for k in node.keywords)
        if text or decodes or name.endswith((".read_text", ".write_text")):
            lines.append(node.lineno)
    return lines


def test_text_without_encoding_is_seen():
    assert without_encoding("p.read_text()\np.write_text(s)\nopen(p)\np.open('w')") == [1, 2, 3, 4]
    assert without_encoding("subprocess.run(command, text=True)") == [1]
    assert not without_encoding("p.read_text(encoding='utf-8')\np.open('rb')\nopen(p, 'wb')")


@pytest.mark.parametrize("folder", ["src", "tests", "tools", "benchmarks"])
def test_files_are_read_and_written_as_utf8(folder):
    """Ruff's rule for this, PLW1514, sees one place in three: it has to know that p is a path."""
    places = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in (ROOT / folder).rglob("*.py")
        for line in without_encoding(path.read_text(encoding="utf-8"))
    }
    assert not places


# ------------------------------------------------------------------------------ the environment


def test_every_dependency_is_pinned():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    extras = project["optional-dependencies"]
    named = project["dependencies"] + extras["book"] + extras["lab"] + extras["test"]
    lines = read("requirements.txt").splitlines()
    pins = {normal(line) for line in lines if "==" in line}
    assert {normal(name) for name in named} <= pins
    assert all("==" in line for line in lines if line.strip() and line.lstrip()[0] not in "#")


def test_the_lock_files_name_no_address():
    lock = read("package-lock.json")
    packages = json.loads(lock)["packages"]
    assert len(packages) > 3 and '"resolved"' not in lock
    assert "://" not in read("requirements.txt")


@pytest.mark.skipif(os.name == "nt", reason="the book is not built on Windows")
def test_the_makefile_explains_its_commands():
    told = subprocess.run(
        ["make"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    ).stdout
    commands = "book serve lab notebooks bundle pdf epub links"
    commands += " test lint check slow lowest next bench clean"
    assert set(commands.split()) <= set(re.findall(r"make ([a-z]+) +\w", told))
