"""Sphinx extension: addresses of sections.

A section has the id of its title, and its label beside it, whichever version of MyST reads it.

A section that a cell's output names is a link. The output says
`<span data-section="sec-bptt-order">..</span>`. In a notebook that is text; in the book the section
has a page, and the page an address.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

NAMED = re.compile(r'<span data-section="([\w-]+)">(.*?)</span>', re.S)

log = logging.getLogger(__name__)


class TitleFirst(SphinxTransform):
    """Put the ids that labels gave last; MyST 5.2 puts them first."""

    default_priority = 263  # after MyST has sorted them

    def apply(self) -> None:
        """Sort the ids of every section."""
        document = self.document
        labels = {document.nameids[name] for name, given in document.nametypes.items() if given}
        for section in document.findall(nodes.section):
            section["ids"].sort(key=labels.__contains__)


def link_sections(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put links in the place of names."""
    labels = app.env.get_domain("std").labels

    def link(match: re.Match) -> str:
        if match[1] not in labels:
            log.warning(
                "an output names the section %s, which is not there", match[1], location=page
            )
            return match[2]
        other, anchor, _ = labels[match[1]]
        return f'<a href="{app.builder.get_relative_uri(page, other)}#{anchor}">{match[2]}</a>'

    for node in doctree.findall(nodes.raw):
        if "html" in node["format"] and "data-section" in node.astext():
            node.children = [nodes.Text(NAMED.sub(link, node.astext()))]


def setup(app: Sphinx) -> dict:
    """Connect both."""
    app.add_transform(TitleFirst)
    app.connect("doctree-resolved", link_sections)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
