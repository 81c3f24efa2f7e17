"""The code of the pages: which cell calls which checker, and what an attempt rests on."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from symtable import symtable

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
    needs : str
        Statements of the cells above on which that code rests.
    cell : int
        Which cell of the page it is.
    """

    exercise: str
    function: str
    start: str
    needs: str
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
            start = without_calls(source)
            yield Attempt(exercise, function, start, needs(start, sources[:number]), number)


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


# ------------------------------------------------------------------ what code rests on


def names_read(source: str) -> set[str]:
    r"""Return the names that code takes from outside, as far as they are no builtins.

    >>> sorted(names_read("b = 1\ndef f(x): return a * b * x\nc += len(d)"))
    ['a', 'c', 'd']
    """
    read, bound = set(), set()
    for statement in ast.parse(source).body:
        read |= free(statement) - bound
        bound |= names_bound(statement)
    return read - {*dir(builtins)}


def free(statement: ast.stmt) -> set[str]:
    """Return the names that a statement takes from the module, in whatever scope it uses them."""
    tables = [symtable(ast.unparse(statement), "<statement>", "exec")]
    for table in tables:
        tables.extend(table.get_children())
    top, *inner = tables
    names = {name.get_name() for name in top.get_symbols() if name.is_referenced()}
    names |= {n.get_name() for table in inner for n in table.get_symbols() if n.is_global()}
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        names.add(statement.target.id)
    return names


def names_bound(statement: ast.stmt) -> set[str]:
    """Return the names that a statement of the top level gives a value."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.split(".")[0] for alias in statement.names}
    targets = (n for n in ast.walk(statement) if isinstance(n, ast.Name))
    return {node.id for node in targets if isinstance(node.ctx, ast.Store)}


def names_changed(statement: ast.stmt) -> set[str]:
    """Return the names whose values a statement changes in part, as in `a[0] = 1`."""
    found = set()
    for node in ast.walk(statement):
        while isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            node = node.value
            if isinstance(node, ast.Name):
                found.add(node.id)
    return found


def only(statement: ast.stmt, wanted: set[str]) -> ast.stmt:
    """Return an import without the names that are not wanted; other statements as they are."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        names = [a for a in statement.names if (a.asname or a.name.split(".")[0]) in wanted]
        statement = ast.parse(ast.unparse(statement)).body[0]
        statement.names = names  # type: ignore[attr-defined]
    return statement


def needs(source: str, above: list[str]) -> str:
    r"""Return the statements of the cells above that give code the names that it reads.

    >>> needs("f(np.e)", ["import numpy as np, math", "a = 1", "def f(x): return a * x"])
    'import numpy as np\na = 1\ndef f(x):\n    return a * x'
    """
    wanted, found = names_read(source), []
    statements = [statement for cell in above for statement in ast.parse(cell).body]
    for statement in reversed(statements):
        bound = names_bound(statement) & wanted
        if bound or names_changed(statement) & wanted:
            kept = ast.unparse(only(statement, bound))
            found.append(kept)
            wanted = (wanted - bound) | names_read(kept)
    return "\n".join(reversed(found))
