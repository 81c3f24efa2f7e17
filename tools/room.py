"""Sphinx extension: how high a section will be, told before it is laid out.

A browser lays out a section when it comes near the screen (book.css). Until then the section has
the height that stands here: the better it is, the less the scroll bar moves later, and the fewer
sections a browser takes for near. It is an estimate for a window 1280 pixels wide, and for the core
path.
"""

from __future__ import annotations

import math
import re

from docutils import nodes
from sphinx.application import Sphinx

from tools.folds import ARTICLE
from tools.paths import ALL, draws, paths

LINE, CHARACTERS = 28, 85  # pixels, and how many characters one has
CODE_LINE = 21
GAP = 18  # between paragraphs
DISPLAY, FIGURE, FOLD, HEADING, ROW = 85, 430, 46, 85, 42
LINES = ("p", "label", "legend", "button")  # elements of HTML that have one line, or a few
FOLDED = (ALL, ARTICLE)
HIDDEN = (nodes.raw, nodes.Invisible, paths)


def height(node: nodes.Node) -> float:
    """Return how high a node will be, in pixels."""
    if isinstance(node, (nodes.Text, *HIDDEN)):
        return 0
    if isinstance(node, (nodes.paragraph, nodes.term, nodes.caption)) or node.get("tag") in LINES:
        return LINE * math.ceil(len(node.astext()) / CHARACTERS) + GAP
    if isinstance(node, nodes.title):
        return HEADING
    if isinstance(node, nodes.math_block):
        return DISPLAY
    if isinstance(node, nodes.image):
        return FIGURE
    if isinstance(node, nodes.literal_block):
        return CODE_LINE * (node.astext().count("\n") + 1) + 2 * GAP
    if isinstance(node, nodes.row):
        return ROW
    if node.get("nb_element") == "cell_code":
        return cell(node)
    if node.get("attributes", {}).get("data-fold") in FOLDED:
        return 0
    if node.get("tag") == "details" or node.get("design_component") == "dropdown":
        return FOLD
    if isinstance(node, nodes.Admonition):
        return GAP + sum(map(height, node.children))
    return sum(map(height, node.children))


def cell(node: nodes.container) -> float:
    """Return how high a cell will be: its code and its output, as far as they are open."""
    parts = {part.get("nb_element"): part for part in node.children}
    hidden = set((node.get("hide_mode") or "").split("+"))
    found = FOLD if hidden & {"all", "input", "output"} else 0.0
    if "cell_code_source" in parts and not hidden & {"all", "input"}:
        found += sum(map(height, parts["cell_code_source"].children))
    if "cell_code_output" in parts and not hidden & {"all", "output"}:
        output = parts["cell_code_output"]
        found += FIGURE if draws(output) else sum(map(height, output.children))
    return found


def tell(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Write the height of every section of a page to where the styles read it."""
    page = doctree and doctree.next_node(nodes.section)
    if not page:
        return
    heights = {
        section["ids"][0]: height(section)
        for section in page.children
        if isinstance(section, nodes.section)
    }

    def told(match: re.Match) -> str:
        pixels = heights.get(match[1])
        return match[0] if pixels is None else f'{match[0][:-1]} style="--room:{pixels:.0f}px">'

    context["body"] = re.sub(r'<section[^>]* id="([^"]+)">', told, context.get("body", ""))


def setup(app: Sphinx) -> dict:
    """Connect it."""
    app.connect("html-page-context", tell, priority=710)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
