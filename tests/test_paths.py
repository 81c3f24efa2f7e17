"""Paths and folds: the directives, and the one rule of minutes, on small books."""

import re
import warnings

import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document
from sphinx.application import Sphinx

from tools.sections import TitleFirst

CONFIG = {
    "extensions": [
        "myst_nb",
        "sphinx_design",
        "tools.quiz",
        "tools.paths",
        "tools.folds",
        "tools.sections",
    ],
    "myst_enable_extensions": ["colon_fence", "deflist", "dollarmath"],
    "nb_execution_mode": "off",
    "nb_code_prompt_show": "Show the code",
    "nb_code_prompt_hide": "Hide the code",
    "html_theme": "basic",
}
PAGE = """\
---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
---
(sec-page)=
# Page

{head}

(sec-one)=
## One

{one}

(sec-two)=
## Two

{two}

(sec-inside)=
### Inside

{inside}

(sec-three)=
## Three

{three}

## Quiz

""" + 500 * "word " + "\n"  # fmt: skip
WORDS = 300 * "word "  # two minutes
HEAD = "```{paths}\n:short: sec-one\n```"


class Built:
    """A small book that was built."""

    def __init__(self, folder, extensions=(), **pages: str):
        for name, text in pages.items():
            (folder / f"{name}.md").write_text(text, encoding="utf-8")
        config = CONFIG | {"extensions": [*CONFIG["extensions"], *extensions]}
        log = folder / "warnings"
        with log.open("w+", encoding="utf-8") as warned, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            app = Sphinx(
                folder, None, folder / "html", folder / "doctrees", "html", config,
                status=None, warning=warned, freshenv=True,
            )  # fmt: skip
            app.build()
        text = re.sub(r"\x1b\[[\d;]+m", "", log.read_text(encoding="utf-8"))
        # Cells are not executed here, and one process builds many books.
        usual = ("lexer", "already registered")
        found = [line for line in text.splitlines() if not any(word in line for word in usual)]
        self.warnings = [line for line in found if line.strip()]
        self.minutes = app.env.reading_minutes
        self.folder = folder

    def page(self, name: str = "index") -> BeautifulSoup:
        return BeautifulSoup(
            (self.folder / "html" / f"{name}.html").read_text(encoding="utf-8"), "html.parser"
        )


def empty_page(**parts: str) -> str:
    """Return the text of a page of which only these parts are filled."""
    return PAGE.format(**dict.fromkeys(("head", "one", "two", "inside", "three"), "") | parts)


@pytest.fixture
def build(tmp_path):
    return lambda **parts: Built(tmp_path, index=empty_page(**parts))


def minutes(build, **parts) -> tuple[int, int, int]:
    built = build(**{"head": HEAD, **parts})
    assert not built.warnings
    found = built.minutes["index"]
    return found.short, found.core, found.all


def test_words_of_named_sections_are_short_and_the_others_core(build):
    deeper = "```{deeper} It holds.\n```\n"
    assert minutes(build, one=WORDS, two=WORDS + WORDS, three=deeper + WORDS) == (2, 6, 8)


def test_a_subsection_of_the_short_path_opens_what_is_around_it(build):
    head = "```{paths}\n:short: sec-inside\n```"
    assert minutes(build, head=head, one=WORDS, two=WORDS, inside=WORDS) == (4, 6, 6)


def test_what_a_deeper_section_contains_is_deeper(build):
    deeper = "```{deeper} It holds.\n```\n"
    assert minutes(build, two=deeper, inside=WORDS + WORDS) == (0, 0, 4)


CELL = """```{{code-cell}}
{options}
{code}
```
"""


def cell(lines: int, *options: str) -> str:
    code = "\n".join(["assert 1 == 1"] * lines)
    return CELL.format(options="\n".join(options), code=code)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        ("$$x$$\n\n" * 9, 6),
        (cell(60), 3),
        (cell(600, ":tags: [hide-input]"), 0),
        (cell(600, ":tags: [hide-cell]"), 0),
        (cell(60, ":tags: [hide-output]"), 3),
        ("```python\n" + "x = 1\n" * 40 + "```\n", 2),
        ("![a](a.png)\n\n" * 3, 6),
        (f":::{{admonition}} The article differs\n:class: article\n{WORDS}\n:::", 0),
        (f":::{{admonition}} To remember\n:class: note\n{WORDS}\n:::", 2),
        (f"```{{dropdown}} Hint\n{WORDS}\n```", 0),
        (f"| a | b |\n|---|---|\n| {WORDS} | {WORDS} |", 4),
    ],
)
def test_the_rule_of_minutes(build, one, expected, tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    assert minutes(build, one=one) == (expected, expected, expected)


def test_the_choice_offers_three_paths_with_their_minutes(build):
    built = build(head=HEAD, one=WORDS, two=WORDS)
    form = built.page().select_one("form.paths")
    boxes = form.select("label > input[type=radio][name=path]")
    assert [box["value"] for box in boxes] == ["short", "core", "all"]
    assert [box["value"] for box in boxes if box.has_attr("checked")] == ["core"]
    said = [label.get_text() for label in form.select("label")]
    assert said[0].startswith("short, 2 min")
    assert said[1:] == ["core, 4 min", "everything, 4 min"]


def test_sections_off_a_path_are_folded_once_and_keep_all_they_hold(build):
    deeper = "```{deeper} It *holds*, says $x$.\n```\n"
    built = build(head=HEAD, one="First.", two=deeper + "Second.", inside="Within.", three="Third.")
    page = built.page()
    bodies = page.select(".fold-body")
    assert [body["data-fold"] for body in bodies] == ["all", "core"]
    assert "Second." in bodies[0].get_text() and "Within." in bodies[0].get_text()
    assert "Third." in bodies[1].get_text()
    for body in bodies:
        (button,) = page.select(f'button[aria-controls="{body["id"]}"]')
        assert button["type"] == "button" and button["aria-expanded"] == "true"
        assert body.find_previous_sibling(["h2"]) is not None
        assert not body.has_attr("hidden")
    assert "It holds" in page.select_one(".fold-line.all").get_text()
    assert "First." not in "".join(body.get_text() for body in bodies)


def test_a_core_section_has_a_sentence_where_the_short_path_folds_it(build):
    result = "```{result} It *holds*, says $x$.\n```\n"
    built = build(head=HEAD, one="First.", two=result + WORDS, three="Third.")
    assert not built.warnings
    lines = built.page().select("p.fold-line.core")
    assert [line.get_text().strip().split("\n")[0] for line in lines][0].startswith("It holds")
    assert all(line.select_one("button") for line in lines)
    found = built.minutes["index"]
    assert (found.short, found.core, found.all) == (0, 2, 2)  # the sentence does not count


QUESTION = """```{{question}} {title}
:section: {label}

Which?

[x] This
: It is right.

[ ] That
: It is not right.
```
"""


def test_a_question_names_the_section_on_which_it_rests(build):
    deeper = "```{deeper} It holds.\n```\n"
    asked = {"A": "sec-one", "B": "sec-two", "C": "sec-inside", "D": "sec-three"}
    quiz = "\n".join(QUESTION.format(title=title, label=label) for title, label in asked.items())
    built = build(head=HEAD, one=WORDS + "\n\n" + quiz, inside=deeper + "Within.")
    assert not built.warnings
    links = built.page().select(".question a.rests-on")
    assert [link["href"] for link in links] == [f"#{label}" for label in asked.values()]
    on = [[path for path in ("short", "core", "all") if path in link["class"]] for link in links]
    assert on == [["short"], ["core"], ["all"], ["core"]]
    assert links[1].get_text() == "It rests on section Two"  # its number, if it has one


def test_the_index_offers_the_sums(tmp_path):
    toc = "\n\n```{toctree}\nfirst\nsecond\n```\n"
    chapter = empty_page(head=HEAD, one=WORDS, two=WORDS)
    built = Built(
        tmp_path,
        index="# Book\n\n```{paths}\n```" + toc,
        first=chapter,
        second=chapter.replace("sec-", "sec-b-"),
    )
    assert not built.warnings
    said = [label.get_text() for label in built.page().select(".paths label")]
    assert said == ["short, 4 min", "core, 8 min", "everything, 8 min"]


@pytest.mark.parametrize(
    ("parts", "warning"),
    [
        ({"one": "Text.\n\n```{deeper} Late.\n```"}, "first after its heading"),
        ({"one": "```{deeper} A.\n```\n\n```{deeper} B.\n```"}, "once"),
        ({"one": "* item\n\n  ```{deeper} A.\n  ```"}, "directly below a heading"),
        ({"head": "```{paths}\n:short: sec-nowhere\n```"}, "no section sec-nowhere"),
        ({"head": HEAD, "one": "```{deeper} A.\n```"}, "a deeper one"),
        ({"head": HEAD, "one": "```{result} A.\n```"}, "a section that a path folds"),
        ({"one": QUESTION.format(title="A", label="sec-nowhere")}, "no section sec-nowhere"),
        ({"one": cell(1, ":tags: [hide-input, check]")}, "Checked"),
    ],
)
def test_slips_of_authors_are_warnings(build, parts, warning):
    assert any(warning in line for line in build(**parts).warnings)


def test_a_section_has_the_id_of_its_title_before_those_of_its_labels():
    document = new_document("")
    section = nodes.section(ids=["nearer", "a-title", "label"])
    document += section
    document.nameids = {"label": "label", "nearer": "nearer", "a title": "a-title", "twice": None}
    document.nametypes = {"label": True, "nearer": True, "a title": False, "twice": True}
    TitleFirst(document).apply()
    assert section["ids"] == ["a-title", "nearer", "label"]
