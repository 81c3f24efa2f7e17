"""What code rests on: the statements of the cells above that give it its names."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection
from contextlib import suppress
from symtable import symtable


def names_read(source: str) -> set[str]:
    r"""Return the names that code takes from outside, as far as they are no builtins.

    >>> sorted(names_read("b = 1\ndef f(x): return a * b * x\nc += len(d)"))
    ['a', 'c', 'd']
    """
    read, bound = set(), set()
    for statement in statements(source):
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


def needs(source: str, above: list[str], known: Collection[str] = ()) -> str:
    r"""Return the statements of the cells above that give code the names that it reads.

    Nothing is returned for names that are known already. A cell that is no Python has none.

    >>> needs("f(np.e)", ["import numpy as np, math", "a = 1", "def f(x): return a * x"])
    'import numpy as np\na = 1\ndef f(x):\n    return a * x'
    """
    wanted, found = names_read(source) - {*known}, []
    for statement in reversed([one for cell in above for one in statements(cell)]):
        bound = names_bound(statement) & wanted
        if bound or names_changed(statement) & wanted:
            kept = ast.unparse(only(statement, bound))
            found.append(kept)
            wanted = (wanted - bound) | (names_read(kept) - {*known})
    return "\n".join(reversed(found))


def statements(source: str) -> list[ast.stmt]:
    """Return the statements of a cell's top level."""
    with suppress(SyntaxError):
        return ast.parse(source).body
    return []
