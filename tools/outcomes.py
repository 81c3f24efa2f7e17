"""Sphinx extension: what a reader can do after each chapter, in one list.

The directive `outcomes` shows the boxes at the heads of all chapters: each is written once.
"""

from __future__ import annotations

from collections.abc import Iterator

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

TITLE = "After this chapter you can"


class outcomes(nodes.General, nodes.Element):  # noqa: N801 (nodes have small names)
    """Stands where the list will be."""


class Outcomes(SphinxDirective):
    """The list of all chapters' outcomes."""

    def run(self) -> list[nodes.Node]:
        """Leave a mark: other pages may not have been read yet. When one changes, so does this."""
        for page in self.env.found_docs:
            self.env.note_dependency(self.env.doc2path(page))
        return [outcomes()]


def boxes(app: Sphinx) -> Iterator[tuple[str, nodes.admonition]]:
    """Yield the name of every chapter and its box, in the order of the book."""
    for page in app.env.toctree_includes.get(app.config.root_doc, []):
        for box in app.env.get_doctree(page).findall(nodes.Admonition):
            if box.next_node(nodes.title) and box.next_node(nodes.title).astext() == TITLE:
                yield page, box


def fill(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the list where the directive stood."""
    for place in list(doctree.findall(outcomes)):
        found = []
        for chapter, box in boxes(app):
            name = nodes.strong("", app.env.titles[chapter].astext())
            link = make_refnode(app.builder, page, chapter, "", name)
            found += [nodes.paragraph("", "", link), box.next_node(nodes.bullet_list).deepcopy()]
        place.replace_self(found)


def setup(app: Sphinx) -> dict:
    """Add the directive."""
    app.add_node(outcomes)
    app.add_directive("outcomes", Outcomes)
    app.connect("doctree-resolved", fill, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
