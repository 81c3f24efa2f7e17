"""Sphinx extension: paths through a chapter, and the minutes that each takes.

What authors write:

1. The directive `deeper` with one sentence, as the first thing after a heading: the section is
   *deeper*, folded to its heading and the sentence, which tells its result. Others are *core*.
2. The directive `result` with one sentence, at the same place in a core section: it is seen where
   the short path folds the section.
3. The directive `paths` at the head of a chapter, with `:short: sec-a, sec-b, ...`: the choice
   between a short path, which leads through these sections (and what is below them), the core, and
   everything, each with its minutes. On another page, without `:short:`, the choice and the sums.

folds.py folds what is not on the path that a reader chose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from tools.order import reading_order
from tools.quiz import Element, html

WORDS_A_MINUTE = 150
DISPLAY, LINE, FIGURE = 40, 3, 120  # seconds for a formula, a line of open code, a figure

SHORT, CORE, ALL = "short", "core", "all"
PATHS = (SHORT, CORE, ALL)  # each contains those before it
NAMES = {SHORT: "short", CORE: "core", ALL: "everything"}
ON_EVERY_PATH = {"Summary", "Quiz", "Further reading"}
NOT_COUNTED = {"Quiz", "Further reading"}
FIGURES = ('class="explorer', 'class="drawing')  # how the figures of the package begin

log = logging.getLogger(__name__)


# ------------------------------------------------------------------ what authors write


class result(nodes.General, nodes.TextElement):  # noqa: N801 (nodes have small names)
    """The sentence that stands for a section where it is folded."""


class deeper(result):  # noqa: N801
    """The same, of a section that is deeper."""


class paths(nodes.General, nodes.Element):  # noqa: N801
    """Stands where the choice will be; `short` has the labels of the short path."""


class Result(SphinxDirective):
    """The sentence of a section, and with it whether the section is deeper."""

    mark = result
    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the sentence."""
        text, messages = self.state.inline_text(self.arguments[0], self.lineno)
        node = self.mark(self.arguments[0], "", *text)
        self.set_source_info(node)
        return [node, *messages]


class Deeper(Result):
    """Marks the section around it as deeper."""

    mark = deeper


def labels_of(text: str) -> list[str]:
    return [label.strip() for label in text.split(",")]


class Paths(SphinxDirective):
    """The choice of a path."""

    option_spec = {"short": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Leave a mark: the minutes are known when the page has been read."""
        short = labels_of(self.options["short"]) if "short" in self.options else []
        node = paths(short=short)
        self.set_source_info(node)
        return [node]


# ------------------------------------------------------------------ sections


def sections(of: nodes.Node) -> list[nodes.section]:
    """Return the sections directly below a node."""
    return [child for child in of.children if isinstance(child, nodes.section)]


def title(section: nodes.section) -> str:
    return section.next_node(nodes.title).astext()


def is_deeper(section: nodes.section) -> bool:
    return any(isinstance(child, deeper) for child in section.children)


def leads_through(section: nodes.section, short: Iterable[str]) -> bool:
    """Tell whether the short path names a section, or one below it."""
    inside = section.findall(nodes.section)
    return any(label in one["ids"] for one in inside for label in short)


def is_named(section: nodes.section, short: Iterable[str]) -> bool:
    return any(label in section["ids"] for label in short)


def walk(page: nodes.section, short: list[str]) -> Iterator[tuple[nodes.section, str, str]]:
    """Yield every section with the first path that contains it, and that of the section around it.

    The page itself is on every path, and so is what a named section contains, unless it is deeper.
    """

    def below(section, path, named):
        for one in sections(section):
            whole = named or is_named(one, short)
            own = path
            if is_deeper(one):
                own = ALL
            elif path == SHORT and title(one) not in ON_EVERY_PATH:
                own = SHORT if whole or leads_through(one, short) else CORE
            yield one, own, path
            yield from below(one, own, whole)

    yield page, SHORT, SHORT
    yield from below(page, SHORT, not short)


# ------------------------------------------------------------------ minutes


@dataclass(frozen=True)
class Minutes:
    """How long a page takes to read on each path."""

    short: int = 0
    core: int = 0
    all: int = 0

    def __add__(self, other: Minutes) -> Minutes:
        """Add the minutes of another page."""
        return Minutes(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


def seconds(node: nodes.Node) -> float:
    """Return how long it takes to read what is in a node, subsections and folded things aside."""
    if isinstance(node, nodes.Text):
        return len(node.split()) * 60 / WORDS_A_MINUTE
    if isinstance(node, nodes.math):
        return 60 / WORDS_A_MINUTE
    if isinstance(node, nodes.math_block):
        return DISPLAY
    if isinstance(node, nodes.image):
        return FIGURE
    if isinstance(node, nodes.literal_block):
        return LINE * len([line for line in node.astext().splitlines() if line.strip()])
    if node.get("nb_element") == "cell_code":
        return cell(node)
    return 0 if is_passed_over(node) else sum(map(seconds, node.children))


def is_passed_over(node: nodes.Element) -> bool:
    """Tell whether a node is read elsewhere, by others, or only if somebody unfolds it."""
    if isinstance(node, (nodes.section, nodes.raw, nodes.Invisible, paths, Element)):
        return True
    if isinstance(node, result) and not isinstance(node, deeper):
        return True
    return "article" in node["classes"] or node.get("design_component") == "dropdown"


def cell(node: nodes.container) -> float:
    """Return how long a cell takes: its lines, if they are open, and its figures."""
    parts = {part.get("nb_element"): part for part in node.children}
    hidden = set((node.get("hide_mode") or "").split("+"))
    found = 0.0
    if "cell_code_source" in parts and not hidden & {"all", "input"}:
        found += sum(map(seconds, parts["cell_code_source"].children))
    if "cell_code_output" in parts and not hidden & {"all", "output"}:
        found += FIGURE * draws(parts["cell_code_output"])
    return found


def draws(output: nodes.container) -> bool:
    """Tell whether an output is a figure."""
    return any(mark in raw.astext() for raw in output.findall(nodes.raw) for mark in FIGURES)


def minutes(page: nodes.section, short: list[str]) -> Minutes:
    """Return the minutes of each path through a page, by one rule for all pages."""
    spent = dict.fromkeys(PATHS, 0.0)
    for section, path, _ in walk(page, short):
        if title(section) not in NOT_COUNTED:
            spent[path] += sum(map(seconds, section.children))
    short_, core, all_ = (spent[path] for path in PATHS)
    return Minutes(*(round(s / 60) for s in (short_, short_ + core, short_ + core + all_)))


def check_labels(page: nodes.section, choice: paths) -> None:
    """Warn of labels that name no section which the short path can lead through."""
    on_it = {
        name
        for section, path, _ in walk(page, choice["short"])
        if path == SHORT
        for name in section["ids"]
    }
    for label in set(choice["short"]) - on_it:
        log.warning("no section %s for the short path, or a deeper one", label, location=choice)


def collect_minutes(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Keep the minutes of all chapters; return the pages with their sums if those changed."""
    found, sums = {}, []
    for name in reading_order(env):
        page = env.get_doctree(name).next_node(nodes.section)
        for choice in page.findall(paths) if page else ():
            if choice["short"]:
                check_labels(page, choice)
                found[name] = minutes(page, choice["short"])
            else:
                sums.append(name)
    changed = found != getattr(env, "reading_minutes", None)
    env.reading_minutes = found
    return sums if changed else []


# ------------------------------------------------------------------ the choice


def number(env: BuildEnvironment, page: str, section: nodes.section) -> str:
    """Return the number of a section, "" if the page has none."""
    found = env.toc_secnumbers.get(page, {}).get(f"#{section['ids'][0]}", ())
    return ".".join(map(str, found))


def numbers(env: BuildEnvironment, page: str, short: list[str]) -> str:
    """Return the numbers of the sections that labels name."""
    named = [one for one in env.get_doctree(page).findall(nodes.section) if is_named(one, short)]
    return ", ".join(filter(None, (number(env, page, section) for section in named)))


def name_sections(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Tell beside a question on which section it rests, to those whose path folds that section."""
    short = [label for node in doctree.findall(paths) for label in node["short"]]
    start = doctree.next_node(nodes.section)
    placed = {
        label: (section, path)
        for section, path, _ in (walk(start, short) if start else ())
        for label in section["ids"]
    }
    for link in doctree.findall(lambda node: "rests-on" in getattr(node, "attributes", {})):
        if link["rests-on"] not in placed:
            log.warning("no section %s for a question", link["rests-on"], location=link.parent)
            continue
        section, path = placed[link["rests-on"]]
        link["classes"] = ["rests-on", path]
        where = number(app.env, page, section) or title(section)
        link.append(nodes.Text(f"It rests on section {where}"))


def option(path: str, time: int, where: str = "") -> Element:
    """Return a radio button; `where` the path leads is told behind its minutes."""
    box = html("input", type="radio", value=path)
    box["attributes"] |= {"name": "path"} | ({"checked": "checked"} if path == CORE else {})
    told = f" ({where})" if where else ""
    return html("label", box, html("span", html("b", NAMES[path]), f", {time} min{told}"))


def fill_paths(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the choice where the directive stood."""
    for node in list(doctree.findall(paths)):
        found, short = app.env.reading_minutes, node["short"]
        time = found[page] if short else sum(found.values(), Minutes())
        options = [
            option(SHORT, time.short, numbers(app.env, page, short)),
            option(CORE, time.core),
            option(ALL, time.all),
        ]
        legend = html("legend", "Read" if short else "All chapters")
        node.replace_self(html("form", html("fieldset", legend, *options), kind="paths"))


def check_places(app: Sphinx, doctree: nodes.document) -> None:
    """Refuse a sentence that stands in no section."""
    for mark in list(doctree.findall(result)):
        if not isinstance(mark.parent, nodes.section):
            name = type(mark).__name__
            log.warning("`%s` stands directly below a heading", name, location=mark)
            mark.parent.remove(mark)


def setup(app: Sphinx) -> dict:
    """Add the directives and connect everything."""
    for node in (result, deeper, paths):
        app.add_node(node)
    app.add_directive("result", Result)
    app.add_directive("deeper", Deeper)
    app.add_directive("paths", Paths)
    app.connect("doctree-read", check_places)
    app.connect("env-get-updated", collect_minutes, priority=600)
    app.connect("doctree-resolved", name_sections, priority=899)  # before folds.py moves them
    app.connect("doctree-resolved", fill_paths, priority=901)  # after folds.py, which asks for it
    return {"parallel_read_safe": True, "parallel_write_safe": True}
