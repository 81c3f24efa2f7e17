"""The commands around the book: which browser they take, and how the tools import one another."""

import ast

import pytest

from conftest import ROOT
from tools import chromium

TOOLS = {path.stem for path in (ROOT / "tools").glob("*.py")}


@pytest.fixture
def bare(monkeypatch):
    """Return the list of commands that are run on a machine without a browser."""
    commands = []
    for name in ("CI", "INSTALL", "CHROMIUM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(chromium, "of_playwright", lambda: None)
    monkeypatch.setattr(chromium, "installed", lambda: "/found" if commands else None)
    monkeypatch.setattr(chromium, "run", lambda *command: commands.append(command))
    return commands


def test_nothing_is_installed_without_being_asked_and_the_way_is_told(bare, capsys):
    chromium.main()
    told = capsys.readouterr()
    assert not bare and told.out == "\n"
    assert "INSTALL=1" in told.err and "CHROMIUM" in told.err


@pytest.mark.parametrize("name, value", [("CI", "true"), ("INSTALL", "1")])
def test_an_integration_machine_and_who_asks_get_a_browser(bare, capsys, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    chromium.main()
    assert bare and capsys.readouterr().out == "/found\n"


def test_a_browser_that_is_there_is_taken_as_it_is(bare, capsys, monkeypatch):
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(chromium, "installed", lambda: "/there")
    chromium.main()
    assert not bare and capsys.readouterr().out == "/there\n"


def test_the_machine_that_tests_by_itself_may_install():
    assert "make test INSTALL=1" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", ["tools", "tests"])
def test_tools_are_imported_as_a_package(folder):
    """By two names a module would be loaded twice, and its classes would not be the same."""
    bare = [
        (path.name, name)
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module] * (not node.level)
            if isinstance(node, ast.ImportFrom)
            else []
        )
        if name in TOOLS
    ]
    assert not bare
