"""Sphinx extension: HTML without errors where other extensions write some.

A browser that meets such an error guesses. Firefox shows a formula whose MathML is wrong as a row
of letters, and a screen reader there reads no fraction and no index. tests/test_html.py asks the Nu
checker about every page.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from docutils import nodes
from sphinx.application import Sphinx
from sphinxcontrib import katex

MATHML = "http://www.w3.org/1998/Math/MathML"
APPLIES = "\u2061"  # the invisible operator between a function and its argument
HOLD_PARTS = {f"{{{MATHML}}}{name}" for name in ("msub", "msup", "msubsup", "munder", "mover")}

# ------------------------------------------------------------------ formulas

FORMULA = re.compile(r"<math .*?</math>", re.S)
NEGATIVE_HEIGHT = re.compile(r"(?<=[\";])height:-[\d.]+em;")


def mended(math: str) -> str:
    r"""Return the MathML of a formula as the standard has it.

    KaTeX writes `\\max` as a name and an operator, which are two children too many where it is an
    index or has one, and `\\bmod` as an operator made of elements.
    """
    ElementTree.register_namespace("", MATHML)
    tree = ElementTree.fromstring(math)
    for element in tree.iter():
        if element.tag in HOLD_PARTS:
            for child in [child for child in element if child.text == APPLIES]:
                element.remove(child)
        elif element.tag == f"{{{MATHML}}}mo" and len(element):
            name = "".join(element.itertext())
            element[:], element.text = [], name
    return ElementTree.tostring(tree, encoding="unicode", short_empty_elements=False)


def render_latex(*args, **kwargs) -> str:
    """Render a formula as KaTeX does, without what no standard knows.

    Browsers ignore a negative height, which KaTeX gives to some rows.
    """
    html = FORMULA.sub(lambda match: mended(match[0]), rendered_by_katex(*args, **kwargs))
    return NEGATIVE_HEIGHT.sub("", html)


rendered_by_katex = katex.render_latex

# ------------------------------------------------------------------ texts


def part_paragraphs(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Take lists and paragraphs out of the paragraph around them, in a field of a docstring."""
    for paragraph in list(doctree.findall(nodes.paragraph)):
        children = paragraph.children
        if any(isinstance(child, (nodes.Sequential, nodes.paragraph)) for child in children):
            paragraph.replace_self(children)


# ------------------------------------------------------------------ pages

FOLD_TITLE = re.compile(r'<p class="(collapsed|expanded) admonition-title">(.*?)</p>', re.S)
LISTING = re.compile(r"<pre>.*?</pre>", re.S)


def spans_in_code(match: re.Match) -> str:
    """Name a piece of a listing by a span: a listing may contain no blocks."""
    return match[0].replace("<div ", "<span ").replace("</div>", "</span>")


def tidy(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Mend what the writer of a page has no setting for."""
    body = context.get("body", "")
    body = FOLD_TITLE.sub(r'<span class="\1 admonition-title">\2</span>', body)
    if pagename.startswith("_modules/"):
        body = LISTING.sub(spans_in_code, body)
    context["body"] = body


def setup(app: Sphinx) -> dict:
    """Connect everything."""
    katex.render_latex = render_latex
    app.connect("doctree-resolved", part_paragraphs)
    app.connect("html-page-context", tidy, priority=700)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
