"""The code of the pages: which cell calls which checker."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from docutils import nodes


@dataclass(frozen=True)
class Attempt:
    """A function that a page hands to a checker.

    Attributes
    ----------
    exercise : str
        Name of the checker.
    function : str
        Name of the function.
    start : str
        Code that defines it.
    cell : int
        Which cell of the page it is.
    """

    exercise: str
    function: str
    start: str
    cell: int


def is_cell(node: nodes.Node) -> bool:
    """Tell whether this is a code cell of a notebook, with its output."""
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def cells(doctree: nodes.document) -> list[nodes.container]:
    """Return the code cells of a page, in order."""
    return [*doctree.findall(is_cell)]


def code(cell: nodes.container) -> str:
    """Return the source of a cell."""
    block = cell.next_node(nodes.literal_block)
    return block.astext() if block else ""


# ------------------------------------------------------------------ calls of checkers


def calls(source: str) -> Iterator[tuple[str, str | None]]:
    """Yield the checkers that code names, each with the function that it is handed, if it is.

    >>> list(calls("check.loss(my_loss)"))
    [('loss', 'my_loss')]
    """
    tree = ast.parse(source)
    handed = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := checker(node.func)):
            first = node.args[0] if node.args else None
            yield name, first.id if isinstance(first, ast.Name) else None
            handed.add(node.func)
    for node in ast.walk(tree):
        if node not in handed and (name := checker(node)):
            yield name, None


def checker(node: ast.AST) -> str | None:
    """Return NAME if this is `check.NAME`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.attr if node.value.id == "check" else None
    return None


def attempts(sources: list[str]) -> Iterator[Attempt]:
    """Yield the first attempt at each exercise that a page has."""
    found = set()
    for number, source in enumerate(sources):
        for exercise, function in calls(source):
            if function is None or exercise in found or function not in defined_by(source):
                continue
            found.add(exercise)
            yield Attempt(exercise, function, without_calls(source), number)


def defined_by(source: str) -> set[str]:
    """Return the functions that code defines at its top level."""
    return {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


def without_calls(source: str) -> str:
    """Return code without the statements that call a checker."""
    lines = source.splitlines()
    for statement in reversed(ast.parse(source).body):
        if isinstance(statement, ast.Expr | ast.Assert) and [*calls(ast.unparse(statement))]:
            del lines[statement.lineno - 1 : statement.end_lineno]
    return "\n".join(lines).strip("\n")
