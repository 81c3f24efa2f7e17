"""The exam as sheets to print: two variants of one seed, without solutions and with them.

`teaching/exam.md` is a notebook of questions with solutions. What stands in double braces is
computed by the cell below. A sheet is a file of HTML, beside the fonts of its formulas.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jupytext
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from tools.book_site import NODE, ROOT, copy_katex

EXAM = ROOT / "teaching" / "exam.md"
VARIANTS = "AB"
BRACES = re.compile(r"\{\{(.+?)\}\}")
SOLUTION = "**Solution.**"

# From a list of [TeX, whether it is a display] to HTML.
TYPESET = """
const { renderToString } = require("katex");
const formulas = JSON.parse(require("fs").readFileSync(0, "utf-8"));
const html = ([tex, displayMode]) => renderToString(tex, { displayMode });
process.stdout.write(JSON.stringify(formulas.map(html)));
"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="katex/katex.min.css">
<style>
@page {{ size: A4; margin: 20mm; }}
body {{ max-width: 42rem; margin: 2rem auto; padding: 0 1rem; font: 11pt/1.45 serif; }}
h2 {{ font-size: 1.1em; margin-top: 1.6em; break-after: avoid; }}
pre {{ font-size: 0.85em; break-inside: avoid; }}
.solution {{ border-inline-start: 0.2rem solid #888; padding-inline-start: 1rem; }}
.name {{ display: flex; gap: 2rem; }}
.name span {{ flex: 1; border-bottom: 1px solid; }}
@media print {{ body {{ margin: 0; padding: 0; max-width: none; }} }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


@dataclass(frozen=True)
class Question:
    """A question of one variant, in Markdown with its numbers filled in."""

    text: str
    solution: str


def questions(seed: int, variant: str, source: Path = EXAM) -> tuple[str, list[Question]]:
    """Return the convention that stands above the questions, and the questions."""
    space: dict = {"seed": seed, "variant": VARIANTS.index(variant)}
    waiting, texts = "", []
    for cell in jupytext.read(source).cells:
        if cell.cell_type == "code":
            exec(cell.source, space)  # the numbers of the text above
            texts.append(filled(waiting, space))
            waiting = ""
        else:
            waiting += cell.source + "\n\n"
    head, *parts = re.split(r"^(?=## )", "\n".join([*texts, filled(waiting, space)]), flags=re.M)
    convention = re.search(r"^The convention .*?(?=\n\n)", head, re.M | re.S)[0]
    return convention, [Question(*divided(part)) for part in parts]


def filled(text: str, space: dict) -> str:
    """Put what the cells have computed in the place of the braces."""
    return BRACES.sub(lambda match: str(eval(match[1], space)), text)


def divided(part: str) -> tuple[str, str]:
    """Divide a question from its solution and its marking."""
    text, mark, solution = part.partition(SOLUTION)
    return text.strip(), (mark + solution).strip()


# ------------------------------------------------------------------ a sheet


def sheet(seed: int, variant: str, solved: bool) -> str:
    """Return one sheet as HTML."""
    convention, asked = questions(seed, variant)
    convert, formulas = markdown()
    body = "" if solved else '<p class="name">Name <span></span> Date <span></span></p>'
    body += convert(convention)
    for question in asked:
        body += convert(question.text)
        if solved:
            body += f'<div class="solution">{convert(question.solution)}</div>'
    kind = f" with solutions (seed {seed})" if solved else ""
    return PAGE.format(title=f"Exam, sheet {variant}{kind}", body=typeset(body, formulas))


def markdown():
    """Return a converter to HTML, and the list to which it adds the formulas that it leaves."""
    formulas: list[tuple[str, bool]] = []

    def leave(tex: str, options: dict) -> str:
        formulas.append((tex, options["display_mode"]))
        return f"<!--formula {len(formulas) - 1}-->"

    reader = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, renderer=leave)
    return reader.render, formulas


def typeset(html: str, formulas: list[tuple[str, bool]]) -> str:
    """Put the formulas where they were left."""
    command = [NODE, "-e", TYPESET]
    done = subprocess.run(
        command, input=json.dumps(formulas), capture_output=True, encoding="utf-8", cwd=ROOT
    )
    if done.returncode:
        raise ValueError(f"a formula of the exam cannot be set: {done.stderr[-500:]}")
    made = json.loads(done.stdout)
    return re.sub(r"<!--formula (\d+)-->", lambda match: made[int(match[1])], html)


def write_sheets(folder: Path, seed: int) -> Iterator[Path]:
    """Write every sheet into a folder."""
    copy_katex(folder)
    for variant in VARIANTS:
        for solved in (False, True):
            path = folder / f"exam-{variant}{'-solutions' * solved}.html"
            path.write_text(sheet(seed, variant, solved), encoding="utf-8")
            yield path
