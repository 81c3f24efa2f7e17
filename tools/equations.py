"""What computes each numbered equation of the book, and what tests it.

The label of an equation is its name everywhere. A docstring of the package names the labels of
what it computes, a test those of what it tests, in a decorator::

    @pytest.mark.equation("eq-bptt-recursion")

Nothing is imported for that: pages, package and tests are read as text.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LABEL = re.compile(r"\beq-[a-z0-9-]*[a-z0-9]\b")
NUMBERED = re.compile(r"^\$\$ \((eq-[\w-]+)\)$", re.M)

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, order=True)
class Place:
    """A definition: its file below the root of the repository, its lines and its full name."""

    file: str
    line: int
    last_line: int
    name: str

    @property
    def source(self) -> str:
        """Its text, decorators included."""
        lines = (ROOT / self.file).read_text(encoding="utf-8").splitlines()
        return "\n".join(lines[self.line - 1 : self.last_line])


Places = dict[str, list[Place]]
"""For each label the places that name it, in the order of files and lines."""


def numbered(folder: Path = ROOT / "book") -> dict[str, str]:
    """Return the label of every numbered equation, with the name of its page."""
    pages = sorted(folder.glob("*.md"))
    return {
        label: page.stem
        for page in pages
        for label in NUMBERED.findall(page.read_text(encoding="utf-8"))
    }


def definitions(node: ast.AST, name: str) -> Iterator[tuple[str, Definition]]:
    """Yield the classes and functions below a node, each with its full name."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            yield f"{name}.{child.name}", child
            yield from definitions(child, f"{name}.{child.name}")


def place(path: Path, name: str, node: Definition) -> Place:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return Place(path.relative_to(ROOT).as_posix(), first, node.end_lineno or first, name)


def modules(folder: Path) -> Iterator[tuple[Path, str, ast.Module]]:
    """Yield the path, the dotted name and the syntax tree of every file of Python."""
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        yield path, name, ast.parse(path.read_text(encoding="utf-8"))


def computed(folder: Path = ROOT / "src") -> Places:
    """Return the definitions of the package whose docstring names an equation.

    A class whose own method names it too is left out: the method says more precisely where.
    """
    found: Places = defaultdict(list)
    for path, module, tree in modules(folder):
        for name, node in definitions(tree, module):
            for label in dict.fromkeys(LABEL.findall(ast.get_docstring(node) or "")):
                found[label].append(place(path, name, node))
    return {label: most_precise(places) for label, places in found.items()}


def most_precise(places: list[Place]) -> list[Place]:
    """Leave out the places that another place is within."""
    names = [place.name for place in places]
    return [p for p in places if not any(other.startswith(f"{p.name}.") for other in names)]


def decorated(node: Definition) -> Iterator[str]:
    """Yield the labels in the decorators of a definition."""
    for decorator in node.decorator_list:
        arguments = decorator.args if isinstance(decorator, ast.Call) else []
        for argument in arguments:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield from LABEL.findall(argument.value)


def tested(folder: Path = ROOT / "tests") -> Places:
    """Return the functions of the tests whose decorators name an equation."""
    found: Places = defaultdict(list)
    for path, module, tree in modules(folder):
        for name, node in definitions(tree, module):
            for label in decorated(node):
                found[label].append(place(path, name, node))
    return dict(found)
