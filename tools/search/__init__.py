"""Sphinx extension: a search that finds sections, from a server and from a disk alike.

The list of what can be found is a script, `_static/search-list.js`: a page loaded from a disk may
load a script but may not fetch. MiniSearch (from npm) builds its index of it in the browser, where
query.mjs says which spellings are one word. One entry is a section, a name of the package, a term
of the glossary or a claim of the ledger.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from bptt_lab.claims import CLAIMS, Claim
from tools.book_site import NODE
from tools.ledger import PAGE as LEDGER
from tools.ledger import ClaimMark
from tools.order import reading_order

HERE = Path(__file__).resolve().parent
LIST, SCRIPT = "search-list.js", "search.js"
Entry = dict[str, str | int]

# What nobody reads as text, or what has an entry of its own.
PASSED_OVER = (
    nodes.title, nodes.section, nodes.raw, nodes.Invisible, nodes.math_block, nodes.image,
    addnodes.desc, addnodes.toctree, ClaimMark,
)  # fmt: skip

# ------------------------------------------------------------------ texts


def plain(tex: str) -> str:
    r"""Return a formula as somebody would type it: `\sigma_{\max}` as sigma_max."""
    tex = re.sub(r"\\(?:mathrm|text|operatorname|mathbf|mathcal|top|quad|,|;|!)\b", "", tex)
    return re.sub(r"\s+", " ", re.sub(r"[\\{}$]", "", tex)).strip()


def words(node: nodes.Node) -> Iterator[str]:
    """Yield the text of a node piece by piece, without what is below a heading of its own."""
    if isinstance(node, nodes.Text):
        yield node.astext()
    elif isinstance(node, nodes.math):
        yield plain(node.astext())
    elif isinstance(node, addnodes.pending_xref) and node.get("reftype") in ("eq", "p", "t"):
        return  # its text is a key, which the page replaces
    elif not isinstance(node, PASSED_OVER):
        for child in node.children:
            yield from words(child)
        if isinstance(node, (nodes.TextElement, nodes.list_item)) and not isinstance(
            node, nodes.Inline
        ):
            yield " "


def text_of(*parts: nodes.Node) -> str:
    """Return the text of some nodes, with single spaces."""
    return re.sub(r"\s+", " ", "".join(piece for part in parts for piece in words(part))).strip()


# ------------------------------------------------------------------ entries


def entry(page: str, anchor: str, title: str, text: str, **more: str | int) -> Entry:
    """Return what can be found: where it is, its title, its text, and other words for it."""
    return {"address": f"{page}.html#{anchor}", "title": title, "text": text, **more}


def title_of(section: nodes.section) -> str:
    return text_of(*section.next_node(nodes.title).children)


def of_section(page: str, section: nodes.section) -> Entry:
    """Return the entry of a section, which the words of its label find too: `sec-gru` by gru."""
    body = [child for child in section.children if not isinstance(child, nodes.section)]
    labels = [name for name in section["ids"] if re.match(r"(sec|ex)-", name)]
    other = " ".join(dict.fromkeys(word for name in labels for word in name.split("-")[1:]))
    anchor = [*labels, *section["ids"]][0]
    around = section.parent
    level = 0
    while isinstance(around, nodes.section):
        around, level = around.parent, level + 1
    return entry(page, anchor, title_of(section), text_of(*body), other=other, level=level)


def of_name(page: str, described: addnodes.desc) -> Iterator[Entry]:
    """Yield the entry of a name of the package."""
    for signature in described.findall(addnodes.desc_signature):
        if signature.parent is described and signature.get("ids"):
            name = signature["fullname"]
            text = text_of(*described.children[1:])
            yield entry(page, signature["ids"][0], name, text, kind="code")


def of_term(page: str, item: nodes.definition_list_item) -> Iterator[Entry]:
    """Yield the entry of a word of the glossary."""
    terms = [child for child in item.children if isinstance(child, nodes.term)]
    if terms and terms[0]["ids"]:
        title = ", ".join(text_of(*term.children) for term in terms)
        yield entry(page, terms[0]["ids"][0], title, text_of(item.children[-1]), kind="term")


def of_claim(claim: Claim) -> Entry:
    text = plain(f"{claim.states} {claim.holds}")
    return entry(LEDGER, claim.id, f"{claim.id}: {claim.title}", text, kind="claim")


def of_page(page: str, doctree: nodes.document) -> Iterator[Entry]:
    """Yield the entries of a page, in its order."""
    for node in doctree.findall(nodes.Element):
        if isinstance(node, nodes.section):
            yield of_section(page, node)
        elif isinstance(node, addnodes.desc):
            yield from of_name(page, node)
        elif isinstance(node, nodes.definition_list_item):
            yield from of_term(page, node)


def entries(env: BuildEnvironment) -> list[dict]:
    """Return all pages in the book's order, each with its title and entries."""
    found = []
    for page in reading_order(env):
        doctree = env.get_doctree(page)
        first = doctree.next_node(nodes.section)
        if first is None:
            continue
        own = list(of_page(page, doctree))
        if page == LEDGER:
            own += map(of_claim, CLAIMS.values())
        number = ".".join(map(str, env.toc_secnumbers.get(page, {}).get("", ())))
        found.append({"title": title_of(first), "number": number, "entries": own})
    return found


# ------------------------------------------------------------------ the site


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the list and the script, in place of what Sphinx would search."""
    if exception is not None or app.builder.name != "html":
        return
    static = Path(app.outdir) / "_static"
    text = json.dumps(entries(app.env), ensure_ascii=False, separators=(",", ":"))
    (static / LIST).write_text(f"window.BOOK_TEXTS = {text};\n", encoding="utf-8")
    subprocess.run([NODE, HERE / "bundle.mjs", static / SCRIPT], check=True)


def without_index(app: Sphinx) -> None:
    """Let Sphinx make no index of its own, which takes a second and would be shipped."""
    app.builder.search = False


def page_of_search(app: Sphinx) -> Iterator[tuple[str, dict, str]]:
    """Yield the page, which Sphinx leaves out with its index."""
    yield "search", {"title": "Search"}, "search.html"


def setup(app: Sphinx) -> dict:
    """Connect everything."""
    app.connect("builder-inited", without_index)
    app.connect("html-collect-pages", page_of_search)
    app.connect("build-finished", write, priority=700)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
