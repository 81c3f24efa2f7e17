"""What tests of the chapters share: the page's functions, and the checks of its equations."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

BOOK = Path(__file__).resolve().parent.parent / "book"
CELL = re.compile(r"^```\{code-cell\}\n(?:---\n.*?^---\n|(?::[^\n]*\n)+)?(.*?)^```$", re.M | re.S)


def functions(chapter: str, *names: str, **scope: Any) -> list[Any]:
    """Return functions that a chapter defines; `scope` has the other names that they use."""
    text = (BOOK / f"{chapter}.md").read_text(encoding="utf-8")
    for code in CELL.findall(text):
        for node in ast.parse(code).body:
            if isinstance(node, ast.FunctionDef) and node.name in names:
                exec(ast.unparse(node), scope)
    return [scope[name] for name in names]


class Checks(dict[str, Callable[..., None]]):
    """The check of each equation, by its label."""

    def holds(self, label: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Register the check of one equation."""

        def register(check: Callable[..., None]) -> Callable[..., None]:
            assert label not in self
            self[label] = check
            return check

        return register
