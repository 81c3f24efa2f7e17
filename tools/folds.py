"""Sphinx extension: what a page folds until somebody asks for it.

1. A section that the chosen path does not contain (paths.py).
2. An admonition with `:class: article`: a box for those who read the article. Until the reader says
   so it is folded to its title, and the marks of the ledger are not shown.
3. A cell that only asserts. It has the tags `hide-input` and `check`, and as its `code_prompt_show`
   a sentence that says what holds::

       ```{code-cell}
       :tags: [hide-input, check]
       :mystnb:
       :  code_prompt_show: "✓ Checked: the recursion agrees with the package"
       assert ...
       ```

The page holds everything, unfolded: paper, and a browser without JavaScript, show it so. paths.js
folds; a script in the head (templates/layout.html) has told the styles before what will be folded.
"""

from __future__ import annotations

from collections.abc import Iterable

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from tools.ledger import DEFINES, PAGE, ClaimMark
from tools.paths import ALL, PATHS, deeper, paths, result, walk
from tools.quiz import Element, html

ARTICLE = "article"
CHECK, CHECKED = "check", "✓ Checked: "
CROSSWALK = "crosswalk"

log = logging.getLogger(__name__)


def fold(kind: str, words: str, body: list[nodes.Node], name: str) -> tuple[Element, Element]:
    """Return a button, and the body that paths.js folds; `words` tell what the button opens."""
    button = html("button", words, kind="fold-button btn btn-sm", type="button")
    button["attributes"] |= {"aria-expanded": "true", "aria-controls": name}
    return button, html("div", *body, name=name, kind="fold-body", **{"data-fold": kind})


# ------------------------------------------------------------------ sections


def sentence_of(section: nodes.section) -> list[nodes.Node]:
    """Take the sentence of a section out of it."""
    marks = [child for child in section.children if isinstance(child, result)]
    for mark in marks:
        if section.index(mark) != 1 or len(marks) > 1:
            name = type(mark).__name__
            log.warning("`%s` comes once, and first after its heading", name, location=mark)
    for mark in marks:
        section.remove(mark)
    if not marks:
        return []
    word = [html("b", "Deeper."), nodes.Text(" ")] if isinstance(marks[0], deeper) else []
    return [*word, *marks[0].children, nodes.Text(" ")]


def fold_sections(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Fold every section that its surroundings' path does not contain."""
    start = doctree.next_node(nodes.section)
    if start is None:
        return
    short = [label for node in doctree.findall(paths) for label in node["short"]]
    for section, path, around in list(walk(start, short)):
        sentence = sentence_of(section)
        heading, *rest = section.children
        line, section.children = [], []
        if PATHS.index(path) > PATHS.index(around):
            name = f"fold-{section['ids'][0]}"
            button, body = fold(path, "Read this section", rest, name)
            line, rest = [button], [body]
        elif sentence and path != ALL:
            log.warning("`result` is for a section that a path folds", location=section)
        if sentence or line:
            rest.insert(0, html("p", *sentence, *line, kind=f"fold-line {path}"))
        section += [heading, *rest]


# ------------------------------------------------------------------ what is about the article


def fold_boxes(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Let every box about the article be a title with a button, and a body."""
    boxes = (box for box in doctree.findall(nodes.Admonition) if ARTICLE in box["classes"])
    for number, box in enumerate(list(boxes), start=1):
        heading, *rest = box.children
        button, body = fold(ARTICLE, "Read this box", rest, f"article-{number}")
        heading += [nodes.Text(" "), button]
        box.children = []
        box += [heading, body]


def joins(node: nodes.Node) -> bool:
    """Tell whether a node may stand in a run of marks."""
    words = {"", ",", ";", "and", ", and"}
    return isinstance(node, ClaimMark) or (isinstance(node, nodes.Text) and node.strip() in words)


def bracketed(parent: nodes.Element, first: int) -> int | None:
    """Return where a run of marks ends, if it has brackets of its own around it."""
    end = first
    while end < len(parent) and joins(parent[end]):
        end += 1
    around = parent[max(first - 1, 0) : first] + parent[end : end + 1]
    if len(around) < 2 or not all(isinstance(node, nodes.Text) for node in around):
        return None
    return end - 1 if around[0].endswith("(") and around[1].startswith(")") else None


def set_aside(parent: nodes.Element, first: int) -> None:
    """Put a mark, or a run of marks with their brackets, into a span that can be hidden."""
    last = bracketed(parent, first)
    if last is None:
        parent[first] = nodes.inline("", "", parent[first], classes=["marks"])
        return
    before, after = parent[first - 1], parent[last + 1]
    kept = before[:-1].rstrip()
    inside = [nodes.Text(before[len(kept) :]), *parent[first : last + 1], nodes.Text(")")]
    parent[first - 1 : last + 2] = [
        nodes.Text(kept), nodes.inline("", "", *inside, classes=["marks"]), nodes.Text(after[1:]),
    ]  # fmt: skip


def set_marks_aside(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Prepare the marks of a page to be hidden, but where they are explained or listed."""
    if page in {*DEFINES, PAGE, CROSSWALK}:
        return
    for mark in list(doctree.findall(ClaimMark)):
        if "marks" not in mark.parent["classes"]:
            set_aside(mark.parent, mark.parent.index(mark))


# ------------------------------------------------------------------ checks


class NameFoldedCells(SphinxPostTransform):
    """A folded cell that has words for its closed state only has them in both."""

    default_priority = 198  # before myst-nb wraps the cells
    formats = ("html",)

    def run(self, **kwargs) -> None:
        """Set the words, and see to it that a check has some."""
        shown, hidden = self.config.nb_code_prompt_show, self.config.nb_code_prompt_hide
        for cell in self.document.findall(nodes.container):
            words = cell.get("prompt_show", "")
            if cell.get("prompt_hide") == hidden and words != shown:
                cell["prompt_hide"] = words
            if f"tag_{CHECK}" in cell["classes"] and not words.startswith(CHECKED):
                log.warning("a check says what holds: %r", CHECKED, location=cell)


# ------------------------------------------------------------------ the page


def has(body: str, marks: Iterable[str]) -> bool:
    return any(mark in body for mark in marks)


def offer(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Tell the template whether a page has a use for the switch; name what unfolds by its words."""
    body = context.get("body", "")
    context["body"] = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    of_article = ('class="marks"', f'data-fold="{ARTICLE}"')
    context["about_article"] = pagename in {PAGE, CROSSWALK} or has(body, of_article)


def setup(app: Sphinx) -> dict:
    """Connect everything."""
    app.add_post_transform(NameFoldedCells)
    app.connect("doctree-resolved", set_marks_aside, priority=390)  # before they are links
    for change in (fold_boxes, fold_sections):
        app.connect("doctree-resolved", change, priority=900)
    app.connect("html-page-context", offer, priority=650)  # when code_links.py has put all back
    return {"parallel_read_safe": True, "parallel_write_safe": True}
