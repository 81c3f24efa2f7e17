r"""Sphinx extension: questions of which every answer is explained.

A question is text and then a list of answers, the right ones marked by `[x]`, each with a line
that says why it is right, or why it tempts::

    ```{question} The shape of a Jacobian
    What is the shape of $J_t$ for one example?

    [x] $n \times n$
    : One row for each neuron of step $t$, one column for each of step $t-1$.

    [ ] $m \times n$
    : That is the shape of $h_t$. A Jacobian has two states to compare.
    ```

One right answer makes radio buttons, several make checkboxes. With `:section: sec-a` a question
names the section on which it rests, to readers whose path does not contain it (paths.py). The page
holds everything; quiz.js adds the checking. Without it the explanations unfold, and other builders
print them as a list.
"""

from __future__ import annotations

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

MARKS = {"[x] ": True, "[ ] ": False}
VERDICTS = {True: "Right.", False: "Not this."}


class Element(nodes.General, nodes.Element):
    """An HTML element; other builders print its children only."""


def html(tag: str, *children: nodes.Node | str, name: str = "", kind: str = "", **attributes: str):
    """Return the element `tag` with the id `name` and the class `kind`."""
    inside = [nodes.Text(child) if isinstance(child, str) else child for child in children]
    element = Element("", *inside, ids=[name] * bool(name), classes=kind.split())
    element["tag"], element["attributes"] = tag, attributes
    return element


def visit_html(translator, node: Element) -> None:
    translator.body.append(translator.starttag(node, node["tag"], "", **node["attributes"]))


def depart_html(translator, node: Element) -> None:
    if node["tag"] != "input":
        translator.body.append(f"</{node['tag']}>")


def visit_print(translator, node: Element) -> None:
    """Leave out what only a browser can use, and begin a paragraph where HTML has a block."""
    if node["tag"] == "button":
        raise nodes.SkipNode
    if node["tag"] in ("legend", "summary"):
        translator.body.append("\n\n")


def depart_print(translator, node: Element) -> None:
    if node["tag"] in ("legend", "summary"):
        translator.body.append("\n\n")


def lettered(items: list[nodes.list_item], name: str) -> nodes.enumerated_list:
    """Return the list A, B, C."""
    return nodes.enumerated_list(
        "", *items, enumtype="upperalpha", prefix="", suffix=".", classes=[name]
    )


class Question(SphinxDirective):
    """A question with its answers."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"section": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the form."""
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        if len(body) < 2 or not isinstance(body[-1], nodes.definition_list):
            raise self.error("a question is text, and then its answers with an explanation each")
        *text, answers = body.children
        marked = [(*self.marked(item[0]), item[1].children) for item in answers]
        right = [is_right for is_right, *_ in marked]
        if not any(right) or all(right):
            raise self.error("a question needs right answers, marked [x], and others, marked [ ]")
        return [self.form(text, marked, "radio" if sum(right) == 1 else "checkbox")]

    def marked(self, term: nodes.term) -> tuple[bool, list[nodes.Node]]:
        """Tell whether an answer is marked as right, and return it without its mark."""
        first, *rest = term.children
        mark = first.astext()[:4]
        if mark not in MARKS:
            raise self.error(f"the answer {term.astext()!r} does not begin with [x] or [ ]")
        return MARKS[mark], [nodes.Text(first.astext()[4:]), *rest]

    def form(self, text: list, marked: list, kind: str) -> Element:
        """Return the question, and its explanations below, folded.

        It is no <form>: a browser lays out every form of a page at once, to see whether it could
        fill it in, and with the form the section around it.
        """
        title, number = self.arguments[0], self.number()
        name = "question-" + nodes.make_id(title)
        if kind == "checkbox":
            text.append(nodes.paragraph("", "Several answers are right."))
        heading = html("legend", nodes.strong("", f"{number}. {title}"), name=f"{name}-title")
        fields = html(
            "fieldset",
            heading,
            html("div", *text, name=f"{name}-text"),
            lettered([self.choice(name, kind, answer) for _, answer, _ in marked], "options"),
            html("button", "Check", kind="btn btn-sm", type="button"),
            *self.rests_on(),
            html("div", kind="feedback", role="status"),
            **{"aria-labelledby": f"{name}-title {name}-text"},
        )
        reasons = [self.explained(is_right, reason) for is_right, _, reason in marked]
        summary = html("summary", "The answers, explained")
        answers = html("details", summary, lettered(reasons, "reasons"), kind="answers")
        return html("div", fields, answers, name=name, kind="question")

    def rests_on(self) -> list[Element]:
        """Return a link to the section that the question names, if it names one."""
        section = self.options.get("section")
        link = html("a", href=f"#{section}")
        link["rests-on"] = section
        return [link] if section else []

    def number(self) -> int:
        """Count the questions of a page, and see to it that their titles differ."""
        titles = self.env.temp_data.setdefault("questions", [])
        if self.arguments[0] in titles:
            raise self.error(f"two questions of this page have the title {self.arguments[0]!r}")
        titles.append(self.arguments[0])
        return len(titles)

    def choice(self, name: str, kind: str, answer: list[nodes.Node]) -> nodes.list_item:
        box = html("input", type=kind)
        box["attributes"]["name"] = name
        if all(isinstance(node, nodes.math) or not node.astext().strip() for node in answer):
            # Not every reader of a page takes the name of a field from a formula.
            box["attributes"]["aria-label"] = " ".join(node.astext() for node in answer).strip()
        return nodes.list_item("", html("label", box, html("span", *answer)))

    def explained(self, is_right: bool, reason: list[nodes.Node]) -> nodes.list_item:
        reason[0].insert(0, [nodes.strong("", VERDICTS[is_right]), nodes.Text(" ")])
        return nodes.list_item("", *reason, classes=["right"] * is_right)


def setup(app: Sphinx) -> dict:
    """Add the directive, and the node that it makes."""
    on_paper = (visit_print, depart_print)
    app.add_node(
        Element, html=(visit_html, depart_html), latex=on_paper, text=on_paper, man=on_paper
    )
    app.add_directive("question", Question)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
