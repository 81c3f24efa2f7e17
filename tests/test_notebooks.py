"""The notebooks that the pages offer: plain Markdown, the book's code, and they run."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import jupytext
import nbformat
import pytest
from sphinx.errors import ConfigError

from test_architecture import normal
from tools import notebooks

ROOT = Path(__file__).resolve().parent.parent
SOURCES = {path.stem: path for path in (ROOT / "book").glob("*.md")}
RUNNING = [
    name for name, path in SOURCES.items() if "kernelspec:" in path.read_text(encoding="utf-8")
]
INSIDE = {"bptt_lab", "IPython"}  # ours, and what every Jupyter kernel has


def config(repository="", branch="notebooks", hub=""):
    names = {"book_repository": repository, "book_branch": branch, "book_hub": hub}

    class Config(SimpleNamespace):
        __getitem__, __setitem__ = SimpleNamespace.__getattribute__, SimpleNamespace.__setattr__

    found = Config(**names)
    notebooks.check_addresses(None, found)
    return found


def test_without_an_address_nothing_is_offered():
    assert notebooks.launches(config(), "forward") == {}
    assert notebooks.launches(config(hub="https://hub.example"), "forward") == {}


def test_the_services_open_notebooks():
    known = config("https://github.com/owner/name.git/", hub="https://hub.example/")
    found = notebooks.launches(known, "forward")
    assert list(found) == ["Binder", "Colab", "JupyterHub"]
    assert all("forward.ipynb" in address and ".md" not in address for address in found.values())
    assert "/gh/owner/name/notebooks?" in found["Binder"]
    assert found["Colab"].endswith("/github/owner/name/blob/notebooks/forward.ipynb")
    query = parse_qs(urlsplit(found["JupyterHub"]).query)
    assert query["repo"] == ["https://github.com/owner/name"]
    assert query["urlpath"] == ["lab/tree/name/forward.ipynb"]


def test_colab_is_offered_for_github_alone():
    found = notebooks.launches(config("https://git.example.org/owner/name", "a/b"), "forward")
    assert list(found) == ["Binder"]
    assert "/git/https%3A%2F%2Fgit.example.org%2Fowner%2Fname/a%2Fb?" in found["Binder"]


@pytest.mark.parametrize("address", ["owner/name", "https://github.com/owner", "git@host:a/b"])
def test_an_address_that_makes_dead_buttons_is_refused(address):
    with pytest.raises(ConfigError, match="BOOK_REPOSITORY"):
        config(address)


def test_one_install_brings_all_that_the_notebooks_import():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    brought = project["dependencies"] + project["optional-dependencies"]["notebooks"]
    named = {}
    for name in RUNNING:
        for cell in jupytext.read(SOURCES[name], fmt="md:myst").cells:
            if cell.cell_type == "code":
                for node in ast.walk(ast.parse(cell.source)):
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        full = [one.name for one in node.names]
                        full = [node.module] if isinstance(node, ast.ImportFrom) else full
                        named |= {top.split(".")[0]: name for top in full}
    outside = set(named) - set(sys.stdlib_module_names) - INSIDE
    brought = {normal(one).replace("scikit-learn", "sklearn") for one in brought}
    assert {"numpy", "sympy", "autograd"} <= outside <= brought


@pytest.fixture(scope="module")
def offered(site):
    found = {
        path.stem: nbformat.read(path, as_version=4) for path in site.glob("notebooks/*.ipynb")
    }
    assert set(RUNNING) <= set(found)
    return {name: found[name] for name in RUNNING}


@pytest.mark.site
def test_they_hold_the_code_of_the_chapters_and_no_output(offered):
    for name, notebook in offered.items():
        nbformat.validate(notebook)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert not any(cell.outputs or cell.execution_count for cell in code)
        source = jupytext.read(SOURCES[name], fmt="md:myst").cells
        chapter = [cell.source for cell in source if cell.cell_type == "code"]
        assert [cell.source for cell in code][-len(chapter) :] == chapter
        assert "pip install" in notebook.cells[0].source


@pytest.mark.site
def test_their_text_is_plain_markdown(offered):
    for name, notebook in offered.items():
        text = "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
        text = re.sub(r"^```\w*\n.*?^```$", "", text, flags=re.M | re.S)
        assert not re.findall(r"\{[\w:]+\}`|^:::|^`{3,}|^\([\w-]+\)=|\$\$ \(", text, re.M), name
        for target in re.findall(r"\]\(([^)]+)\)", text):
            if target.startswith("#"):
                headings = re.findall(r"^#+ (.+)$", text, re.M)
                assert target[1:].replace("-", " ") in [h.replace("-", " ") for h in headings]
            elif not urlsplit(target).scheme:
                assert target.removesuffix(".ipynb") in offered, (name, target)


@pytest.mark.site
def test_equations_have_the_numbers_of_the_page(offered, site):
    for name, notebook in offered.items():
        page = (site / f"{name}.html").read_text(encoding="utf-8")
        text = "\n".join(cell.source for cell in notebook.cells)
        tags = re.findall(r"\\tag\{(.+?)\}", text)
        assert tags == re.findall(r'class="eqno">\((.+?)\)', page), name


@pytest.mark.site
@pytest.mark.parametrize("name", ["index", "notation"])
def test_they_run(offered, name, tmp_path):
    path = tmp_path / f"{name}.ipynb"
    nbformat.write(offered[name], path)
    command = [sys.executable, "-m", "jupyter", "execute", "--inplace", str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    ran = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert ran and all(cell.execution_count for cell in ran)


@pytest.mark.site
def test_executed_ones_lie_beside_the_site(offered, site):
    for name, clean in offered.items():
        found = nbformat.read(site.parent / "notebooks" / f"{name}.ipynb", as_version=4)
        has_figures = "Explorer(" in SOURCES[name].read_text(encoding="utf-8")
        assert any(cell.get("outputs") for cell in found.cells) >= has_figures
        assert len(found.cells) == len(clean.cells)
