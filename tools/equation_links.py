"""Sphinx extension: beside a numbered equation stands what computes it, and what tests it.

1. Below each equation with a label there are links to the reference of the package.
2. The directive `equations` lists all of them, with their code and their tests.
"""

from __future__ import annotations

import pydoc
from collections.abc import Iterator

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from tools import equations
from tools.quiz import Element, html

PAGE = "equations"


# ------------------------------------------------------------------ where the reference has what


def reference(env: BuildEnvironment) -> dict[str, tuple[str, str, str]]:
    """Return page, anchor and shown name of every definition that the reference has.

    The key is the definition's true name: what `bptt_lab.cells` shows is made in modules of it.
    """
    found = {}
    for name, entry in env.get_domain("py").objects.items():
        value = pydoc.locate(name)
        if hasattr(value, "__qualname__") and not entry.aliased:
            true_name = f"{value.__module__}.{value.__qualname__}"
            found[true_name] = entry.docname, entry.node_id, shown(name, value)
    return found


def shown(name: str, value: object) -> str:
    """Return how a reader writes a name: the shortest that leads to it below the package."""
    package, *parts = name.split(".")
    ends = (".".join(parts[i:]) for i in reversed(range(len(parts))))
    return next(end for end in ends if pydoc.locate(f"{package}.{end}") is value)


def code_links(app: Sphinx, page: str, label: str) -> list[nodes.inline]:
    """Return links to what computes an equation: methods first, then functions of the package.

    Last come those of its parts that write the same out, in symbols or without a trick.
    """
    known = app.env.equation_reference
    places = [known[p.name] for p in app.env.equation_code.get(label, ()) if p.name in known]
    places.sort(key=lambda place: (place[2][0].islower() and "." in place[2], "." not in place[2]))
    return [
        in_text(make_refnode(app.builder, page, target, anchor, nodes.literal("", name)))
        for target, anchor, name in places
    ]


def in_text(link: nodes.Node) -> nodes.inline:
    """Return a link as a part of a line, which it has to be outside of a paragraph of docutils."""
    return nodes.inline("", "", link)


# ------------------------------------------------------------------ beside the equation


def read_places(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Find code and tests of all equations, once for a build."""
    env.equation_code, env.equation_tests = equations.computed(), equations.tested()


def read_reference(app: Sphinx, env: BuildEnvironment) -> None:
    """Find what the reference shows, once for a build."""
    env.equation_reference = reference(env)


def add_links(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put a line with links below every equation that has a label."""
    for block in list(doctree.findall(nodes.math_block)):
        if (label := block.get("label")) and (line := links_of(app, page, label)):
            block.parent.insert(block.parent.index(block) + 1, line)


def links_of(app: Sphinx, page: str, label: str) -> Element | None:
    """Return the line: what computes an equation, and where its tests are listed."""
    code = code_links(app, page, label)
    parts: list[nodes.Node | str] = ["code: ", *separated(code)] if code else []
    if PAGE in app.env.found_docs and label in app.env.equation_tests:
        link = make_refnode(app.builder, page, PAGE, f"of-{label}", nodes.Text("test"))
        parts += [" · "] * bool(parts) + [in_text(link)]
    return html("p", *parts, kind="equation-code") if parts else None


def separated(links: list[nodes.inline]) -> Iterator[nodes.Node | str]:
    """Yield links with commas between them."""
    for i, link in enumerate(links):
        yield from ([", "] if i else [])
        yield link


# ------------------------------------------------------------------ all of them


class Row(nodes.General, nodes.Element):
    """An equation of the list; filled in when all pages are read."""


class Equations(SphinxDirective):
    """The numbered equations of a page, and of that of its exercises."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a row for each; when a test changes, so does this page."""
        for place in sum(self.env.equation_tests.values(), []):
            self.env.note_dependency(str(equations.ROOT / place.file))
        pages = {self.arguments[0], f"{self.arguments[0]}-exercises"}
        labels = [label for label, page in equations.numbered().items() if page in pages]
        return [Row("", label=label) for label in labels]


def fill_rows(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Fill in the rows of the list."""
    for row in list(doctree.findall(Row)):
        label = row["label"]
        code = code_links(app, page, label)
        parts = [number(app, page, label), " ", nodes.literal("", label)]
        parts += [" computed by ", *separated(code)] if code else []
        tests = [test(place) for place in app.env.equation_tests.get(label, ())]
        row.replace_self(
            html("div", html("p", *parts), *tests, name=f"of-{label}", kind="equation-row")
        )


def number(app: Sphinx, page: str, label: str) -> nodes.Node:
    """Return the number of an equation, as a link to it."""
    asked = addnodes.pending_xref("", refdoc=page, reftype="eq", reftarget=label)
    domain = app.env.get_domain("math")
    text = nodes.Text(label)
    return in_text(domain.resolve_xref(app.env, page, app.builder, "eq", label, asked, text))


def test(place: equations.Place) -> Element:
    """Return a test: its file and its name, and its text folded."""
    name = place.name.rpartition(".")[2]
    summary = html("summary", "tested by ", nodes.literal("", name), f" in {place.file}")
    return html(
        "details", summary, nodes.literal_block(place.source, place.source, language="python")
    )


def setup(app: Sphinx) -> dict:
    """Connect everything."""
    app.add_directive("equations", Equations)
    app.connect("env-before-read-docs", read_places)
    app.connect("env-updated", read_reference)
    app.connect("doctree-resolved", add_links, priority=400)
    app.connect("doctree-resolved", fill_rows, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
