"""Sphinx extension: the list of what a reader can read and solve, for progress.js.

Nothing of it leaves the reader's browser. An item is an element of a page, named by its label: a
section to be read, a question to be answered, an exercise to be solved. The exercises have a page
of their own and count with their chapter, where their anchors once were and now lead to that page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinxcontrib import katex

from tools import paths
from tools.order import exercises_of, reading_order
from tools.paths import sections, title
from tools.quiz import Element

SOLVED = {"Quiz"}  # the section is not read but solved, which is counted by itself

# Names that items had before they had labels: {page: {name: label}}. Browsers still keep them.
FORMER = json.loads(Path(__file__).with_name("former_names.json").read_text(encoding="utf-8"))

# On which sections and questions each outcome of a chapter rests, in the order of its box.
OUTCOMES = json.loads(Path(__file__).with_name("outcomes.json").read_text(encoding="utf-8"))

log = logging.getLogger(__name__)


def name_of(env: BuildEnvironment, section: nodes.section) -> str:
    """Return the label of a section, or the first id of one that has none."""
    labels = {anchor for _, anchor in env.get_domain("std").anonlabels.values()}
    return next((one for one in section["ids"] if one in labels), section["ids"][0])


@cache
def first_section(env: BuildEnvironment, page: str | None) -> nodes.section | None:
    """Return the section that is the whole of a page, if there is one; to read it takes long."""
    return env.get_doctree(page).next_node(nodes.section) if page else None


def items(env: BuildEnvironment, name: str) -> dict[str, list[str]]:
    """Return the names of what there is to do on a page, and on that of its exercises."""
    page, exercises = first_section(env, name), first_section(env, exercises_of(env, name))
    questions = page.findall(
        lambda node: isinstance(node, Element) and "question" in node["classes"]
    )
    parts = [part for part in sections(page) if title(part) not in SOLVED]
    return {
        "sections": [name_of(env, part) for part in parts],
        "questions": [form["ids"][0] for form in questions],
        "exercises": [name_of(env, one) for one in sections(exercises)] if exercises else [],
    }


def contents(app: Sphinx) -> dict[str, dict]:
    """Return the items of every page that has a question or an exercise, in the book's order."""
    pages = {}
    for name in reading_order(app.env):
        page = first_section(app.env, name)
        found = items(app.env, name) if page else {}
        if found and (found["questions"] or found["exercises"]):
            pages[name] = {"title": title(page), **found, "former": FORMER.get(name, {})}
    return pages


# ------------------------------------------------------------------ what the open ones are called


def html(of: nodes.Element) -> str:
    """Return a line of text as HTML: its formulas are typeset, all other markup is left out."""
    if isinstance(of, nodes.math):
        return katex.render_latex(of.astext())
    return escape(of, quote=False) if isinstance(of, nodes.Text) else "".join(map(html, of))


def heading(env: BuildEnvironment, page: str, section: nodes.section) -> str:
    """Return the number and the title of a section."""
    return f"{paths.number(env, page, section)} {html(section[0])}".strip()


def names(env: BuildEnvironment, name: str) -> dict[str, str]:
    """Return what the items of a page are called."""
    page, exercises = first_section(env, name), first_section(env, exercises_of(env, name))
    found = {name_of(env, one): heading(env, name, one) for one in sections(page)}
    for one in sections(exercises) if exercises else ():
        found[name_of(env, one)] = heading(env, exercises_of(env, name), one)
    for form in page.findall(lambda n: isinstance(n, Element) and "question" in n["classes"]):
        found[form["ids"][0]] = f"Question {html(form.next_node(nodes.strong))}"
    return found


def reading(env: BuildEnvironment, name: str) -> dict[str, list[int]]:
    """Return for each section the first path that leads to it, and its minutes on each path."""
    page = first_section(env, name)
    short = [label for node in page.findall(paths.paths) for label in node["short"]]
    found: dict[str, list[float]] = {}
    for section, path, _ in paths.walk(page, short):
        at = paths.PATHS.index(path)
        if section.parent is page:
            own = found.setdefault(name_of(env, section), [at, 0, 0, 0])
        elif section is page:
            continue
        if title(section) not in paths.NOT_COUNTED:
            spent = sum(map(paths.seconds, section.children)) / 60
            own[at + 1 :] = [before + spent for before in own[at + 1 :]]
    return {label: [at, *map(round, minutes)] for label, (at, *minutes) in found.items()}


def outcomes(env: BuildEnvironment, name: str) -> list[dict]:
    """Return what can be done after a chapter, each with the items that it rests on.

    Which sections and questions those are stands in outcomes.json; an exercise names its outcome.
    """
    page, exercises = first_section(env, name), first_section(env, exercises_of(env, name))
    box = next((b for b in page.findall(nodes.admonition) if "tip" in b["classes"]), None)
    if box is None or exercises is None:
        return []
    told = [*box.findall(nodes.list_item)]
    served = {name_of(env, one): plain(one.astext()) for one in sections(exercises)}
    rests_on = OUTCOMES.get(name, []) + [[]] * len(told)
    return [
        {
            "text": plain(html(item)),
            "items": [*dict.fromkeys(item_with(env, page, label) for label in labels)]
            + [one for one, all_of in served.items() if plain(item.astext()) in all_of],
        }
        for item, labels in zip(told, rests_on, strict=False)
    ]


def item_with(env: BuildEnvironment, page: nodes.section, label: str) -> str:
    """Return the section of the page's first level that a label is in, or a question as it is."""
    for section in sections(page):
        if any(label in one["ids"] for one in section.findall(nodes.section)):
            return label if label.startswith("question-") else name_of(env, section)
    return label


def plain(text: str) -> str:
    """Return a line of text without its last mark."""
    return re.sub(r"\s+", " ", text).strip().rstrip(".;")


def details(app: Sphinx) -> dict[str, dict]:
    """Return of every page of the list what only a page that lists open items needs."""
    return {
        name: {
            "names": names(app.env, name),
            "reading": reading(app.env, name),
            "outcomes": outcomes(app.env, name),
        }
        for name in contents(app)
    }


# ------------------------------------------------------------------ where the exercises once were


def moved(env: BuildEnvironment, chapter: str) -> Iterator[str]:
    """Yield the anchors of the exercises of a chapter, today's and former ones."""
    yield "exercises"
    for section in first_section(env, exercises_of(env, chapter)).findall(nodes.section):
        yield from section["ids"]
    former = FORMER.get(chapter, {}).items()
    yield from (name for name, label in former if label.startswith("ex-"))


def link_to(doctree: nodes.document, address: str) -> nodes.reference | None:
    """Return the last link of a page to another."""
    links = (one for one in doctree.findall(nodes.reference))
    return ([one for one in links if one.get("refuri", "").split("#")[0] == address] or [None])[-1]


def keep_anchors(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the anchors of the exercises before the link to their page, which paths.js follows."""
    exercises = exercises_of(app.env, page)
    if exercises is None or app.builder.format != "html":
        return
    link = link_to(doctree, app.builder.get_relative_uri(page, exercises))
    if link is None:
        log.warning("no link to the exercises of this chapter", location=page)
        return
    taken = {name for node in doctree.findall(nodes.Element) for name in node.get("ids", ())}
    names = [name for name in dict.fromkeys(moved(app.env, page)) if name not in taken]
    anchors = [nodes.inline("", ids=[name], classes=["moved"]) for name in names]
    link.parent.insert(link.parent.index(link), anchors)


# ------------------------------------------------------------------ what progress.js reads


def write_contents(app: Sphinx, exception: Exception | None) -> None:
    """Write what a page can load from a server and from a disk alike."""
    if exception is not None or app.builder.name != "html":
        return
    files = {"contents.js": ("BOOK", contents), "contents-names.js": ("BOOK_NAMES", details)}
    for file, (name, content) in files.items():
        text = json.dumps(content(app), ensure_ascii=False, separators=(",", ":"))
        target = Path(app.outdir) / "_static" / file
        target.write_text(f"window.{name} = {text};\n", encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Write the list when the pages are written."""
    app.connect("doctree-resolved", keep_anchors, priority=950)
    app.connect("build-finished", write_contents, priority=700)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
