"""Sphinx extension: the list of what a reader can read and solve, for progress.js.

Nothing of it leaves the reader's browser. An item is an element of a page, named by its id: a
section to be read, a question to be answered, an exercise to be solved.
"""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from quiz import Element

SOLVED_BY_THE_READER = "Exercises"  # the title of the section whose sections are exercises
NOT_READ = {SOLVED_BY_THE_READER, "Quiz"}  # they are solved, which is counted by itself


def sections(of: nodes.Element) -> list[nodes.section]:
    """Return the sections directly below a section."""
    return [child for child in of.children if isinstance(child, nodes.section)]


def title(section: nodes.section) -> str:
    return section[0].astext()


def items(page: nodes.section) -> dict[str, list[str]]:
    """Return the ids of what there is to do on a page."""
    parts = sections(page)
    exercises = [
        exercise
        for part in parts
        if title(part) == SOLVED_BY_THE_READER
        for exercise in sections(part)
    ]
    questions = page.findall(
        lambda node: isinstance(node, Element) and "question" in node["classes"]
    )
    return {
        "sections": [part["ids"][0] for part in parts if title(part) not in NOT_READ],
        "questions": [form["ids"][0] for form in questions],
        "exercises": [exercise["ids"][0] for exercise in exercises],
    }


def contents(app: Sphinx) -> dict[str, dict]:
    """Return the items of every page that has a question or an exercise, in the book's order."""
    pages = {}
    first = app.env.toctree_includes.get(app.config.root_doc, [])
    for name in dict.fromkeys([*first, *sorted(app.env.found_docs)]):
        page = app.env.get_doctree(name).next_node(nodes.section)
        found = items(page) if page else {}
        if found and (found["questions"] or found["exercises"]):
            pages[name] = {"title": title(page), **found}
    return pages


def write_contents(app: Sphinx, exception: Exception | None) -> None:
    """Write contents.js, which a page can load from a server and from a disk alike."""
    if exception is None and app.builder.name == "html":
        text = json.dumps(contents(app), ensure_ascii=False, separators=(",", ":"))
        (Path(app.outdir) / "_static" / "contents.js").write_text(
            f"window.BOOK = {text};\n", encoding="utf-8"
        )


def setup(app: Sphinx) -> dict:
    """Write the list when the pages are written."""
    app.connect("build-finished", write_contents, priority=700)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
