"""Sphinx extension: a word of the glossary is a link where it stands first in a page's text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.nodes import make_refnode

from tools.quiz import Element

# Where no link is made: it would be in the way, or is one already.
NOT_IN = (
    nodes.title, nodes.reference, nodes.literal, nodes.literal_block, nodes.math, nodes.math_block,
    nodes.Admonition, nodes.table, nodes.term, nodes.comment, nodes.raw, nodes.citation, Element,
)  # fmt: skip


def pattern(term: str) -> str:
    """Return what finds a term in a sentence: its plural too, and at a sentence's beginning."""
    first = term[0] if term[:2].isupper() else f"[{term[0].upper()}{term[0].lower()}]"
    return rf"(?<![\w-]){first}{re.escape(term[1:])}(?:s|es)?(?![\w-])"


def glossary(app: Sphinx, page: str) -> dict[str, tuple[str, str]]:
    """Return page and anchor of the entry of every term, the longest first."""
    objects = app.env.get_domain("std").objects
    pages = {place[0] for (kind, _), place in objects.items() if kind == "term"} - {page}
    entries = {}
    for other in pages:
        for item in app.env.get_doctree(other).findall(nodes.definition_list_item):
            terms = [child for child in item.children if isinstance(child, nodes.term)]
            entries |= {term.astext(): (other, terms[0]["ids"][0]) for term in terms if term["ids"]}
    return {name: entries[name] for name in sorted(entries, key=len, reverse=True)}


def running_text(doctree: nodes.document) -> Iterator[nodes.Text]:
    """Yield the pieces of text in which a link may stand."""
    for text in list(doctree.findall(nodes.Text)):
        around, node = [], text.parent
        while node is not None:
            around.append(node)
            node = node.parent
        if any(isinstance(n, nodes.paragraph) for n in around) and not any(
            isinstance(n, NOT_IN) for n in around
        ):
            yield text


def link_first_uses(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Link every term at its first use in a page, but for the page of the glossary itself."""
    left = glossary(app, page)
    linked: set[tuple[str, str]] = set()  # an entry of several names is linked once
    for text in running_text(doctree):
        left = {term: place for term, place in left.items() if place not in linked}
        if not left:
            return
        either = "|".join(f"({pattern(term)})" for term in left)
        parts, end = [], 0
        for match in re.finditer(either, text.astext()):
            place = list(left.values())[match.lastindex - 1]
            if place in linked:
                continue
            linked.add(place)
            link = make_refnode(app.builder, page, *place, nodes.Text(match[0]))
            link["classes"].append("term")
            parts += [nodes.Text(text.astext()[end : match.start()]), link]
            end = match.end()
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(text.astext()[end:])])


def setup(app: Sphinx) -> dict:
    """Connect it."""
    app.connect("doctree-resolved", link_first_uses)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
