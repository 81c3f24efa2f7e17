"""On which page, and where in it, a reader can solve which exercise."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape

from docutils import nodes
from sphinx.environment import BuildEnvironment

from bptt_lab.exercises import Exercise, check
from tools.progress import name_of
from tools.quiz import Element

from .cells import Attempt, attempts, cells, code


@dataclass(frozen=True)
class Place:
    """Where an exercise can be solved: a page, and the attempt that stands there, if one does."""

    page: str
    attempt: Attempt | None


def places(env: BuildEnvironment) -> dict[str, Place]:
    """Return the place of every exercise: beside its attempt, or on the page of its chapter.

    A page of exercises comes before a chapter that tells of the same exercise.
    """
    found: dict[str, Place] = {}
    for page in sorted(env.found_docs, key=lambda name: ("exercises" not in name, name)):
        for attempt in attempts([code(cell) for cell in cells(env.get_doctree(page))]):
            if attempt.exercise in check:
                found.setdefault(attempt.exercise, Place(page, attempt))
    for name, exercise in check.items():
        if name not in found and (page := page_of(exercise, env)):
            found[name] = Place(page, None)
    return found


def page_of(exercise: Exercise, env: BuildEnvironment) -> str | None:
    """Return the page of the exercises of the chapter to which an exercise belongs."""
    chapter = exercise.reference.__module__.split(".")[-1]
    return next((p for p in (f"{chapter}-exercises", chapter) if p in env.found_docs), None)


def empty(exercise: Exercise) -> Attempt:
    """Return a function with nothing in it, for an exercise of which no page has an attempt."""
    function, arguments = f"my_{exercise.name}", ", ".join(exercise.problems[0].arguments)
    described = "\n".join(f"    # {line.strip()}" for line in f"{exercise}".splitlines()[1:])
    start = f"def {function}({arguments}):\n{described}\n    ..."
    return Attempt(exercise.name, function, start, -1)


def section(exercise: Exercise, attempt: Attempt, solves: str) -> nodes.raw:
    """Return the place in a page where an exercise is solved; live.js fills it.

    Parameters
    ----------
    exercise : Exercise
    attempt : Attempt
        What the editor begins with.
    solves : str
        Name of the section of the page that counts as solved, if one does.
    """
    data = {"start": attempt.start, "title": attempt.function}
    text = json.dumps(data, ensure_ascii=False).replace("</", "<\\/")
    html = (
        f'<section class="live" data-exercise="{exercise.name}" data-function="{attempt.function}"'
        f' data-solves="{escape(solves)}" aria-label="Write {attempt.function} here" hidden>'
        f'<script type="application/json">{text}</script></section>'
    )
    return nodes.raw("", html, format="html")


def insert(
    doctree: nodes.document, page: str, where: dict[str, Place], env: BuildEnvironment
) -> None:
    """Put the places of a page's exercises into it."""
    found = cells(doctree)
    for name, place in where.items():
        if place.page != page:
            continue
        if place.attempt:
            after = outermost(found[place.attempt.cell])
            inside = section(check[name], place.attempt, name_of(env, section_of(after)))
            after.parent.insert(after.parent.index(after) + 1, inside)
        else:
            task = [nodes.strong("", f"check.{name}"), nodes.Text(f": {check[name].task}")]
            alone = section(check[name], empty(check[name]), "")
            home(doctree).extend([nodes.paragraph("", "", *task), alone])


def outermost(cell: nodes.Element) -> nodes.Element:
    """Return what stands in the text itself: the cell, or the fold around it."""
    while not isinstance(cell.parent, nodes.section | nodes.document | Element):
        cell = cell.parent
    return cell


def section_of(node: nodes.Element) -> nodes.section:
    """Return the section in which something stands."""
    while not isinstance(node, nodes.section):
        node = node.parent
    return node


def home(doctree: nodes.document) -> nodes.Element:
    """Return where exercises stand of which a page has no attempt."""
    sections = [*doctree.findall(nodes.section)]
    return next((s for s in sections if s[0].astext() == "Exercises"), sections[0])
