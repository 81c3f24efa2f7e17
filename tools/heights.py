"""Sphinx extension: a page says about how tall each of its sections is on a phone.

A section far from the screen is not laid out (book.css). Until it is, the browser takes it to be as
tall as it is told, and the scroll bar rests on that, as do programs that ask where things are. The
numbers are fitted to the pages as they are; tests/test_speed_browser.py holds them together.
"""

from __future__ import annotations

import re

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx_design.dropdown import dropdown_main

from tools.folds import ARTICLE
from tools.paths import ALL, sections
from tools.quiz import Element

# What takes how much room, in rem.
CHARACTER = 0.052
BLOCK = 0.9  # what is around a paragraph
LINE = 1.15  # of code
LISTING = 7  # what is around code, and below it
FORMULA = 4
FIGURE = 35
FOLDED = 6

FOLDS = (HideCodeCellNode, dropdown_main)
SECTION = re.compile(r'<section id="([^"]+)">')


def is_folded(node: nodes.Node) -> bool:
    """Tell whether a reader who opens the page for the first time sees no more than a title."""
    if isinstance(node, Element):
        folds = node["attributes"].get("data-fold") in (ALL, ARTICLE)
        return folds or (node["tag"] == "details" and "open" not in node["attributes"])
    return isinstance(node, FOLDS)


def height(node: nodes.Node) -> float:
    """Return about how tall a node is on a phone, in rem."""
    if is_folded(node):
        return FOLDED
    if isinstance(node, nodes.math_block):
        return FORMULA * (1 + node.astext().count(r"\\") / 2)
    if isinstance(node, (nodes.literal_block, nodes.doctest_block)):
        return LISTING + LINE * (node.astext().count("\n") + 1)
    if isinstance(node, nodes.raw):
        return FIGURE * node.astext().count("<svg")
    if isinstance(node, nodes.image):
        return FIGURE
    if isinstance(node, (nodes.TextElement, nodes.Text)):
        return BLOCK + CHARACTER * len(node.astext())
    return sum(map(height, node.children))


def estimate(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Note how tall the sections of a page are."""
    whole = doctree.next_node(nodes.section)
    top = sections(whole) if whole else []
    doctree["heights"] = {section["ids"][0]: height(section) for section in top}


def write(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Write the heights into a page."""
    heights = doctree.get("heights", {}) if doctree else {}

    def sized(match: re.Match) -> str:
        if match[1] not in heights:
            return match[0]
        return f'{match[0][:-1]} style="--height: {heights[match[1]]:.0f}rem">'

    context["body"] = SECTION.sub(sized, context.get("body", ""))


def setup(app: Sphinx) -> dict:
    """Connect both."""
    app.connect("doctree-resolved", estimate, priority=950)  # when folds.py has folded
    app.connect("html-page-context", write, priority=710)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
