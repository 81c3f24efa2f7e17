"""The package's floors, its imports, and the environment's pins."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "bptt_lab"
FLOORS = {
    "arguments": 0,
    "activations": 0,
    "losses": 0,
    "initializers": 0,
    "progress": 0,
    "symbolic": 0,
    "cells": 1,
    "book": 1,
    "bptt": 2,
    "jacobians": 3,
    "gradcheck": 3,
    "tasks": 0,
    "training": 3,
    "experiments": 4,
    "claims": 4,
    "exercises": 4,
    "classroom": 5,
    "__init__": 9,
}
ONLY_IMPORTERS = {
    "sympy": {"symbolic", "claims"},
    "ipywidgets": {"book"},
    "matplotlib": {"book"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def module_of(path: Path) -> str:
    """Name of the module or subpackage, on the package's first level, that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Everything a file imports, as absolute dotted names."""
    found = set()
    package = ["bptt_lab", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = [*above, *(node.module or "").split(".")]
            base = [part for part in base if part]
            found.update(".".join([*base, alias.name]) for alias in node.names)
    return found


def own_modules(path: Path) -> set[str]:
    """First-level modules of the package that a file imports."""
    inside = (name.split(".") for name in imports(path))
    return {parts[1] for parts in inside if parts[0] == "bptt_lab" and parts[1] in FLOORS}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_nothing_imports_upwards(path):
    assert module_of(path) in FLOORS, f"{path.name} has no floor"
    above = {m for m in own_modules(path) if FLOORS[m] > FLOORS[module_of(path)]}
    assert not above, f"{path.name} imports from above: {above}"


def test_the_test_of_floors_sees_relative_and_absolute_imports():
    assert "activations" in {m for path in MODULES for m in own_modules(path)}
    assert any("bptt" in own_modules(path) for path in MODULES)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_heavy_packages_have_one_importer(path):
    for package, allowed in ONLY_IMPORTERS.items():
        if any(name.split(".")[0] == package for name in imports(path)):
            assert module_of(path) in allowed, f"{path.name} imports {package}"


def test_importing_the_package_loads_only_numpy():
    code = "import bptt_lab, sys; print(*{m.split('.')[0] for m in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert "bptt_lab" in loaded and "numpy" in loaded
    assert not {"matplotlib", "sympy", "ipywidgets", "IPython"} & set(loaded.split())


def test_public_names_resolve_and_have_docstrings():
    import bptt_lab

    for name in bptt_lab.__all__:
        assert getattr(bptt_lab, name).__doc__, name


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", name.strip())[0]).lower()


def test_every_dependency_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    named = project["dependencies"] + extras["book"] + extras["lab"] + extras["test"]
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pins = {normal(line) for line in lines if "==" in line}
    assert {normal(name) for name in named} <= pins
    assert all("==" in line for line in lines if line.strip() and line.lstrip()[0] not in "#")


def test_the_lock_files_name_no_address():
    lock = (ROOT / "package-lock.json").read_text()
    packages = json.loads(lock)["packages"]
    assert len(packages) > 3 and '"resolved"' not in lock
    assert "://" not in (ROOT / "requirements.txt").read_text()


def test_the_makefile_explains_its_commands():
    told = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    commands = "book serve lab notebooks bundle pdf epub links test check bench clean"
    assert set(commands.split()) <= set(re.findall(r"make ([a-z]+) +\w", told))
