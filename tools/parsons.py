"""Sphinx extension: put the lines of a piece of code in order, by mouse or keyboard.

The content of the directive is the code as it is right. A page shows its lines shuffled, and
parsons.js moves and judges them: any order is right that computes the same. Which line has to come
before which is read off the code. Without a script the right order is folded below.
"""

from __future__ import annotations

import ast
import json
import random
from collections.abc import Iterator

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tools.quiz import html


def lines(code: str) -> list[ast.stmt]:
    """Return the statement of each line; the head of a loop is a line, and so is all in it."""

    def below(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
        for one in statements:
            yield one
            yield from below(getattr(one, "body", []))

    found = [*below(ast.parse(code).body)]
    if [one.lineno for one in found] != [*range(1, len(code.splitlines()) + 1)]:
        raise ValueError("each statement has to stand on a line of its own")
    return found


def names(line: ast.stmt) -> tuple[set[str], set[str]]:
    """Return the names that a line reads and those that it changes.

    An array of which an entry is set is changed, and read too.
    """
    parts = [line.target, line.iter] if isinstance(line, ast.For) else [line]
    found = [node for part in parts for node in ast.walk(part)]
    loaded = {n.id for n in found if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    stored = {n.id for n in found if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    within = {
        base.id
        for n in found
        if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store)
        for base in ast.walk(n.value)
        if isinstance(base, ast.Name)
    }
    return loaded, stored | within


def before(code: str) -> list[tuple[int, int]]:
    r"""Return the pairs of lines whose order must not change.

    Those are two of which one changes what the other reads or changes, and the head of a loop with
    all that stands in it, before it or behind it.

    >>> before("a = 1\nb = 2\nc = a")
    [(0, 2)]
    """
    found = lines(code)
    told = [names(line) for line in found]
    loops = {i for i, line in enumerate(found) if hasattr(line, "body")}

    def depend(i: int, j: int) -> bool:
        (read_i, changed_i), (read_j, changed_j) = told[i], told[j]
        shared = changed_i & (read_j | changed_j) or read_i & changed_j
        return bool(shared) or i in loops or j in loops

    return [(i, j) for j in range(len(found)) for i in range(j) if depend(i, j)]


class Parsons(SphinxDirective):
    """Lines to be put in order."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the lines shuffled, and the right order folded."""
        code = "\n".join(self.content)
        try:
            pairs = before(code)
        except (SyntaxError, ValueError) as error:
            raise self.error(str(error)) from None
        written = [*enumerate(self.content)]
        random.Random(code).shuffle(written)  # the same in every build
        items = [
            html("li", html("code", text), **{"data-line": str(number)}) for number, text in written
        ]
        title = nodes.paragraph("", "", nodes.strong("", self.arguments[0]))
        block = nodes.literal_block(code, code, language="python")
        answers = html("details", html("summary", "The lines in order"), block, kind="answers")
        label = {"data-before": json.dumps(pairs), "aria-label": self.arguments[0]}
        role = html("p", kind="verdict", role="status")
        group = html("div", title, html("ol", *items), role, answers, kind="parsons", **label)
        group["attributes"]["role"] = "group"
        return [group]


def setup(app: Sphinx) -> dict:
    """Add the directive."""
    app.add_directive("parsons", Parsons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
