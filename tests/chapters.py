"""Functions of the chapters, for tests that run them on other networks than the page."""

import ast
import re
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
