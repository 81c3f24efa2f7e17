"""Sphinx extension: the ledger of the article's claims, and its marks in the chapters.

1. {ledger}`vg-05` in a page is a mark: the verdict's sign, and a link to the entry's row.
2. The directive `claims` shows the entries with the numbers that their checks saw in the page's own
   cell, `claims-strip` the article as a strip of them, `claims-causes` the slips behind them.
3. The directive `crosswalk` shows for each line of the article where the book teaches it: the
   sections whose pages cite the entry, and the equations that the entry names.
4. A script holds what a mark tells when it is pointed at, for ledger.js.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from myst_nb.ext.glue.utils import retrieve_glue_data
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.nodes import make_refnode

from bptt_lab.claims import CAUSES, CLAIMS, HARMS, SECTIONS, SIGNS, VERDICTS, Claim
from bptt_lab.claims.findings import format_number
from tools.order import reading_order
from tools.quiz import Element, html

PAGE = "ledger"
COUNTED = {
    "holds": "hold",
    "condition": "need a condition",
    "corrected": "are corrected",
    "omission": "leave something out",
}
DEFINES = {PAGE, "glossary", "index"}  # their marks are examples: they teach nothing


def described(claim: Claim) -> str:
    """Name a claim in one line of text."""
    return f"{claim.id}, {claim.graded}: {claim.title}"


def sign(verdict: str, kind: str = "sign") -> Element:
    """Return the sign of a verdict, for the eye alone."""
    return html("span", SIGNS[verdict], kind=kind, **{"aria-hidden": "true"})


# ------------------------------------------------------------------ marks


class ClaimMark(nodes.inline):
    """A mark that is not yet a link; `claim` is the identifier, `ids` its place."""


class LedgerRole(SphinxRole):
    """{ledger}`vg-05`."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the mark; an entry that does not exist is an error."""
        if self.text not in CLAIMS:
            message = self.inliner.reporter.error(
                f"the ledger has no entry {self.text!r}", line=self.lineno
            )
            return [nodes.literal("", self.text)], [message]
        marks = self.env.temp_data.setdefault("marks", {})
        number = marks[self.text] = marks.get(self.text, 0) + 1
        place = f"cites-{self.text}" + f"-{number}" * (number > 1)
        return [ClaimMark("", self.text, ids=[place], claim=self.text)], []


def link(
    claim: Claim, address: str, *inside: str, kind: str = "ledger", place: str = ""
) -> Element:
    """Return a link to the claim's row: the sign, what is inside, and a name that says all."""
    attributes = {"href": address, "title": described(claim), "aria-label": described(claim)}
    kind = f"{kind} {claim.verdict}"
    return html("a", sign(claim.verdict), *inside, name=place, kind=kind, **attributes)


def address_of(app: Sphinx, page: str, claim: Claim) -> str:
    return f"{app.builder.get_relative_uri(page, PAGE)}#{claim.id}"


def resolve_marks(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Make links of the marks."""
    for mark in list(doctree.findall(ClaimMark)):
        claim = CLAIMS[mark["claim"]]
        address, place = address_of(app, page, claim), mark["ids"][0]
        mark.replace_self(link(claim, address, claim.id, place=place))


# ------------------------------------------------------------------ where the book teaches what


@dataclass(frozen=True)
class Citation:
    """A place that cites an entry.

    Attributes
    ----------
    page, anchor
        Where the mark is.
    section, title
        The section around it: its anchor and its title.
    in_table
        Whether the mark is in a table, which sums up what is taught elsewhere.
    """

    page: str
    anchor: str
    section: str
    title: str
    in_table: bool


def above(node: nodes.Node) -> Iterator[nodes.Element]:
    """Yield what is around a node, from inside to outside."""
    while node.parent is not None:
        node = node.parent
        yield node


def first_above(node: nodes.Node, *kinds: type) -> nodes.Element | None:
    return next((one for one in above(node) if isinstance(one, kinds)), None)


def citation_of(env: BuildEnvironment, page: str, mark: ClaimMark) -> Citation:
    section = first_above(mark, nodes.section)
    return Citation(
        page,
        mark["ids"][0],
        section["ids"][0],
        section[0].astext(),
        first_above(mark, nodes.table) is not None,
    )


def collect_citations(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Keep what the pages cite; if it has changed, the pages that show it are to be written."""
    places: dict[str, list[Citation]] = {id: [] for id in CLAIMS}
    for page in reading_order(env):
        if page not in DEFINES:
            for mark in env.get_doctree(page).findall(ClaimMark):
                places[mark["claim"]].append(citation_of(env, page, mark))
    changed = places != getattr(env, "ledger_citations", None)
    env.ledger_citations = places
    return [page for page in (PAGE, "crosswalk") if changed and page in env.found_docs]


def taught(env: BuildEnvironment, claim: Claim) -> list[Citation]:
    """Return the places that teach a claim, one for each section; a table if there is no other."""
    found = env.ledger_citations[claim.id]
    found = [place for place in found if not place.in_table] or found
    return [*{(place.page, place.section): place for place in reversed(found)}.values()][::-1]


def link_to(app: Sphinx, page: str, place: Citation, anchor: str) -> nodes.reference:
    """Return a link with the number and the title of a place's section."""
    entries = app.env.tocs[place.page].findall(nodes.reference)
    entry = next((one for one in entries if one["anchorname"] == f"#{place.section}"), None)
    if entry is None:  # the page's own title has no anchor
        entry = app.env.tocs[place.page].next_node(nodes.reference)
    number = ".".join(map(str, entry.get("secnumber") or ()))
    title = [nodes.Text(number + " " * bool(number)), *(one.deepcopy() for one in entry)]
    return make_refnode(app.builder, page, place.page, anchor, title)


class Citations(nodes.General, nodes.Element):
    """Where a claim is taught; filled in when all pages are read."""


def fill_citations(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Link the places that teach a claim from its row."""
    for node in list(doctree.findall(Citations)):
        places = taught(app.env, CLAIMS[node["claim"]])
        links = [link_to(app, page, place, place.anchor) for place in places]
        node.replace_self(listed(links) if links else nodes.paragraph("", "nowhere yet"))


def listed(links: Iterable[nodes.Node]) -> Element:
    return html("ul", *(html("li", nodes.inline("", "", one)) for one in links))


# ------------------------------------------------------------------ the rows


class MarkdownDirective(SphinxDirective):
    """What directives need that write the Markdown of entries."""

    def blocks(self, text: str) -> list[nodes.Node]:
        """Parse Markdown."""
        around = nodes.Element()
        self.state.nested_parse(StringList([text], "ledger"), self.content_offset, around)
        return around.children

    def line(self, text: str) -> list[nodes.Node]:
        """Parse Markdown that stands in a line."""
        return self.state.inline_text(text, self.lineno)[0]


class Claims(MarkdownDirective):
    """All entries, a section for each part of the article, and the form that filters them."""

    def run(self) -> list[nodes.Node]:
        """Return the form, and the sections."""
        found = retrieve_glue_data(self.state.document, "findings").metadata["numbers"]
        if set(found) != set(CLAIMS):
            raise self.error("the findings of this page are those of another ledger")
        self.numbers = found
        return [filters(), *(self.section(name) for name in SECTIONS)]

    def section(self, name: str) -> nodes.section:
        rows = [self.row(claim) for claim in CLAIMS.values() if claim.section == name]
        heading = nodes.title("", SECTIONS[name])
        return nodes.section("", heading, *rows, ids=[f"claims-{name}"])

    def row(self, claim: Claim) -> Element:
        """Return an entry that unfolds."""
        summary = html(
            "summary",
            sign(claim.verdict),
            " ",  # between words where nothing else parts them: in print, to a screen reader
            html("span", claim.id, kind="name"),
            " ",
            html("span", *self.line(curled(claim.title)), kind="what"),
            " ",
            html("span", claim.graded, kind="verdict"),
        )
        parts = [
            self.part("The article states", claim.states),
            self.part("What holds", claim.holds),
        ]
        folded = html(  # with scripts this is text until the row is needed: see ledger.js
            "noscript",
            html("dl", *parts, kind="compared"),
            html("dl", *self.remarks(claim), kind="remarks"),
            *(self.checked(claim) if claim.check else ()),
        )
        return html(
            "details",
            summary,
            folded,
            name=claim.id,
            kind=f"claim {claim.verdict}",
            **{
                "data-section": claim.section,
                "data-verdict": claim.verdict,
                "data-harm": claim.harm,
            },
        )

    def part(self, name: str, text: str) -> Element:
        return described_by(name, *self.blocks(text))

    def remarks(self, claim: Claim) -> Iterator[Element]:
        if claim.condition:
            yield self.part("Condition", claim.condition)
        if claim.cause:
            yield described_by("Cause", *self.cause(claim))
        if claim.unsure:
            yield self.part("Not certain", claim.unsure)
        if claim.unchecked:
            yield self.part("No check", claim.unchecked)
        if claim.sources:
            yield self.part("Sources", "; ".join(map(cited, claim.sources)) + ".")
        yield described_by("In this book", Citations(claim=claim.id))

    def cause(self, claim: Claim) -> Iterator[nodes.Node]:
        """Yield the slip behind a claim, which leads to the list of them, and how often it is."""
        words = self.line(CAUSES[claim.cause])
        yield html("a", *words, href=f"#{slip(claim.cause)}")
        number = len(CLAIMS.by_cause()[claim.cause])
        yield nodes.Text(f" (in {number} lines)" if number > 1 else " (in this line alone)")

    def checked(self, claim: Claim) -> list[nodes.Node]:
        """Return what the check saw, and its code."""
        rows = [
            html("tr", html("th", *self.line(name), scope="row"), html("td", *number(value)))
            for name, value in self.numbers[claim.id]
        ]
        caption = html("caption", "The check saw, when this page was made")
        module = claim.check.__module__
        file = f"{module.replace('.', '/')}.py"
        return [
            html("table", caption, html("tbody", *rows), kind="numbers"),
            nodes.paragraph(
                "",
                "",
                nodes.Text("The check, from "),
                nodes.literal("", file),
                nodes.Text("; to run it: "),
                nodes.literal("", f"python -m bptt_lab.claims {claim.id}"),
                classes=["source"],
            ),
            nodes.literal_block(claim.code, claim.code, language="python"),
        ]


def described_by(name: str, *content: nodes.Node) -> Element:
    return html("div", html("dt", name), html("dd", *content))


def curled(text: str) -> str:
    """Return a text with typographic quotation marks; in paragraphs Sphinx makes them itself."""
    return re.sub(r'"([^"]*)"', r"“\1”", text).replace("'", "’")


def slip(cause: str) -> str:
    """Return the anchor of a cause."""
    return f"slip-{cause.replace(' ', '-')}"


def marks(claims: Iterable[Claim]) -> Iterator[nodes.Node]:
    """Yield marks of claims on the ledger's own page, with spaces between them."""
    for claim in claims:
        yield link(claim, f"#{claim.id}", claim.id)
        yield nodes.Text(" ")


def cited(source: str) -> str:
    """Return a source as a citation: its key is all before the first comma."""
    key, comma, where = source.partition(",")
    return f"{{cite:t}}`{key}`{comma}{where}"


def number(value: float | int | str) -> list[nodes.Node]:
    """Return a number, or several in words, as printed: with powers of ten where needed."""
    *scaled, last = re.split(r"(?<=\d)e([+-]\d+)", format_number(value))
    printed: list[nodes.Node] = []
    for digits, power in zip(scaled[::2], scaled[1::2], strict=True):
        exponent = str(int(power)).replace("-", "−")
        printed += [nodes.Text(f"{digits} · 10"), nodes.superscript("", exponent)]
    return [*printed, nodes.Text(last)]


def filters() -> Element:
    """Return the form that filters; ledger.js shows it."""
    boxes = [
        html("label", field("input", "verdict", type="checkbox", value=verdict, checked="checked"),
             sign(verdict), verdict)
        for verdict in VERDICTS
    ]  # fmt: skip
    sections = [html("option", SECTIONS[name], value=name) for name in SECTIONS]
    parts = field("select", "section", html("option", "the whole article", value=""), *sections)
    grades = [html("option", name.replace("-", " "), value=name) for name in HARMS]
    harms = field("select", "harm", html("option", "any, or none", value=""), *grades)
    orders = field(
        "select",
        "order",
        html("option", "as in the article", value=""),
        html("option", "the worst first", value="harm"),
    )
    return html(
        "form",
        html("fieldset", html("legend", "Verdict"), *boxes),
        html("label", html("span", "Part"), parts),
        html("label", html("span", "Harm"), harms),
        html("label", html("span", "Order"), orders),
        html("label", html("span", "Words or symbols"), field("input", "words", type="search")),
        html("button", "Open all", type="button", kind="btn btn-sm"),
        html("p", role="status"),
        kind="claims-filter",
        hidden="hidden",
        **{"aria-label": "Filter the claims"},
    )


def field(tag: str, name: str, *children: nodes.Node, **attributes: str) -> Element:
    """Return a control of a form; its name is not its id."""
    control = html(tag, *children, **attributes)
    control["attributes"]["name"] = name
    return control


# ------------------------------------------------------------------ the strip


class ClaimStrip(SphinxDirective):
    """The article as a strip: a cell for each claim, which links to its row."""

    def run(self) -> list[nodes.Node]:
        """Return the figure."""
        counts = [
            html("li", sign(v, f"square {v}"),
                 html("span", html("strong", f"{count(v)} {COUNTED[v]}"), f": {VERDICTS[v]}"))
            for v in VERDICTS
        ]  # fmt: skip
        caption = html("figcaption", html("p", slips()), html("ul", *counts))
        said = html("p", "\u00a0", kind="said", **{"aria-hidden": "true"})
        rows = html("div", *map(self.part, SECTIONS), kind="parts")
        return [html("figure", rows, said, caption, kind="claims-strip")]

    def part(self, name: str) -> Element:
        cells = [
            html("li", link(claim, f"#{claim.id}", kind="square"))
            for claim in CLAIMS.values()
            if claim.section == name
        ]
        heading = html("p", html("a", SECTIONS[name], href=f"#claims-{name}"))
        return html("div", heading, html("ol", *cells))


def count(verdict: str) -> int:
    return sum(claim.verdict == verdict for claim in CLAIMS.values())


def slips() -> str:
    """Count the claims, and the slips behind those that do not simply hold."""
    corrected = {claim.cause for claim in CLAIMS.values() if claim.verdict == "corrected"}
    return (
        f"{len(CLAIMS)} claims. One slip can recur in several lines: behind the "
        f"{count('corrected')} that are corrected there are {len(corrected)} slips, and "
        f"{len(CLAIMS.by_cause())} behind these and the {count('condition')} that need a condition."
    )


class ClaimCauses(MarkdownDirective):
    """The slips, each once, with the claims that it is behind, below the worst harm it does."""

    def run(self) -> list[nodes.Node]:
        """Return a list for each harm."""
        causes = CLAIMS.by_cause()
        shown = []
        for harm, meaning in HARMS.items():
            items = [
                html("li", *self.line(CAUSES[cause]), " ", *marks(causes[cause]), name=slip(cause))
                for cause in causes
                if worst(causes[cause]) == harm
            ]
            head = html("p", html("strong", harm.replace("-", " ")), f": {meaning}.")
            shown.append(html("div", head, html("ul", *items), kind="claims-causes"))
        return shown


def worst(claims: Iterable[Claim]) -> str:
    """Return the worst harm that these claims do."""
    done = {claim.harm for claim in claims}
    return next(harm for harm in HARMS if harm in done)


# ------------------------------------------------------------------ the crosswalk


class Crosswalk(MarkdownDirective):
    """For each line of the article the sections and equations of the book, and the entry."""

    def run(self) -> list[nodes.Node]:
        """Return a section with a table for each part of the article."""
        return [self.section(name) for name in SECTIONS]

    def section(self, name: str) -> nodes.section:
        columns = ("The article states", "Section", "Equations", "Entry")
        head = html("tr", *(html("th", column, scope="col") for column in columns))
        rows = [self.row(claim) for claim in CLAIMS.values() if claim.section == name]
        table = html("table", html("thead", head), html("tbody", *rows), kind="table crosswalk")
        around = html("div", table, kind="wide", tabindex="0", role="region")
        around["attributes"]["aria-label"] = SECTIONS[name]
        heading = nodes.title("", SECTIONS[name])
        return nodes.section("", heading, around, ids=[f"crosswalk-{name}"])

    def row(self, claim: Claim) -> Element:
        cells = html("td", *self.line(claim.states)), CrosswalkCells(claim=claim.id)
        return html("tr", *cells)


class CrosswalkCells(nodes.General, nodes.Element):
    """The cells of a row of the crosswalk; filled in when all pages are read."""


def fill_crosswalk(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Link the sections, the equations and the entry in each row of the crosswalk."""
    for node in list(doctree.findall(CrosswalkCells)):
        claim = CLAIMS[node["claim"]]
        sections = [link_to(app, page, place, place.section) for place in taught(app.env, claim)]
        numbers = [equation(app, page, label) for label in claim.equations]
        entry = link(claim, address_of(app, page, claim), claim.id)
        cells = listed(sections), listed(numbers), entry
        node.replace_self([html("td", cell) for cell in cells])


def equation(app: Sphinx, page: str, label: str) -> nodes.Node:
    """Return a link to an equation, which is its number."""
    asked = addnodes.pending_xref("", refdoc=page, reftype="eq", reftarget=label)
    domain = app.env.get_domain("math")
    return domain.resolve_xref(app.env, page, app.builder, "eq", label, asked, nodes.Text(label))


# ------------------------------------------------------------------ what a mark tells


def cards(app: Sphinx) -> dict[str, dict[str, str]]:
    """Return title, verdict, harm and what holds of each claim, in HTML."""
    rows = app.env.get_doctree(PAGE).findall(
        lambda node: isinstance(node, Element) and "claim" in node["classes"]
    )
    told = {}
    for row in rows:
        claim = CLAIMS[row["ids"][0]]
        what, holds = (render(app, found) for found in (what_of(row), holds_of(row)))
        told[claim.id] = {
            "verdict": claim.verdict,
            "graded": claim.graded,
            "title": what,
            "holds": holds,
        }
    return told


def what_of(row: Element) -> nodes.Node:
    return next(node for node in row.findall(Element) if "what" in node["classes"])


def holds_of(row: Element) -> nodes.Node:
    return [node for node in row.findall(Element) if node["tag"] == "dd"][1]


def render(app: Sphinx, node: nodes.Node) -> str:
    """Return the HTML of what is in a node, without the half of formulas that nobody sees."""
    around = nodes.container("", *(child.deepcopy() for child in node.children))
    text = app.builder.render_partial(around)["fragment"]
    text = re.sub(r'<span class="katex-mathml">.*?</math></span>', "", text, flags=re.S)
    return re.sub(r"^<div[^>]*>|</div>$", "", text.strip()).strip()


def write_cards(app: Sphinx, exception: Exception | None) -> None:
    """Write ledger-cards.js, which a page can load from a server and from a disk alike."""
    if exception is None and app.builder.name == "html" and PAGE in app.env.found_docs:
        text = json.dumps(cards(app), ensure_ascii=False, separators=(",", ":"))
        path = Path(app.outdir) / "_static" / "ledger-cards.js"
        path.write_text(f"window.LEDGER = {text};\n", encoding="utf-8")


# ------------------------------------------------------------------ setup


def setup(app: Sphinx) -> dict:
    """Connect everything."""
    app.add_role("ledger", LedgerRole())
    app.add_directive("claims", Claims)
    app.add_directive("claims-strip", ClaimStrip)
    app.add_directive("claims-causes", ClaimCauses)
    app.add_directive("crosswalk", Crosswalk)
    # After 500, at which the sections get their numbers.
    app.connect("env-get-updated", collect_citations, priority=600)
    for fill in (resolve_marks, fill_citations, fill_crosswalk):
        app.connect("doctree-resolved", fill, priority=400)
    # Before 500, at which the server that renders formulas is stopped.
    app.connect("build-finished", write_cards, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
