"""What a teacher hands out, from the built site. Called by `make class`.

It writes into one folder:

* `students`: the notebooks without answers and solutions, the checkers left in, and the package;
* `nbgrader/source`: the exercises as assignments, with regions of solutions and hidden tests;
* `exam`: two sheets of the exam, each without and with solutions;
* `questions`: the quizzes for Moodle and others, in GIFT;
* `slides`: an evening in fifteen slides;
* `chapters`: a PDF of each chapter with its exercises, without and with answers.
"""

from __future__ import annotations

import ast
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from bptt_lab.exercises import PAGES, check
from tools.bundle import build_wheel
from tools.exam import write_sheets
from tools.gift import write_questions
from tools.live.cells import Attempt, attempts, calls, without_calls
from tools.pdf import write_chapters
from tools.slides import write_slides

FOR_TEACHERS = "instructors"
"""The page that is for teachers."""

FOLDED = ("Solution", "The answers, explained")
"""What begins the titles of folds that students do not get."""

DETAILS = re.compile(r"<details><summary>(.*?)</summary>|</details>\n?")
POINTS = {"easy": 1, "medium": 2, "hard": 3}

FOR_A_CLASS = """
>
> In this copy, for a class, answers and solutions are left out."""

HAND_IN = """\
## Handing in

Run this with your name. It writes the file to hand in: what the checkers said, and no code."""
REPORT = """\
from bptt_lab.exercises import check

check.report("Your name")"""
TEST = """\
# The checker says what is wrong, and where the book explains it.
check.{name}({function}).require()"""
BY_HAND = """
### BEGIN HIDDEN TESTS
from bptt_lab.exercises.borrowing import borrowed

assert not borrowed(check.{name}, {function}), "the package has computed it"
### END HIDDEN TESTS"""


# ------------------------------------------------------------------ for students


def is_solution(cell: NotebookNode) -> bool:
    """Tell whether a cell holds a solution: what a page folds whole, but for a mere verdict."""
    if cell.cell_type != "code" or "hide-cell" not in cell.metadata.get("tags", ()):
        return False
    return bool(without_calls(cell.source))


def without_answers(text: str) -> str:
    """Return Markdown without its folds of answers and solutions, and what is folded in them.

    >>> without_answers("a<details><summary>Solution</summary>b</details>c")
    'ac'
    """
    kept, end, open_folds = "", 0, []
    for match in DETAILS.finditer(text):
        hidden = any(open_folds)
        if not hidden:
            kept += text[end : match.start()]
        if match[1] is None:
            shown = not open_folds.pop()
        else:
            open_folds.append(match[1].startswith(FOLDED))
            shown = not open_folds[-1]
        if shown and not any(open_folds):
            kept += match[0]
        end = match.end()
    return kept + text[end:]


def for_students(found: NotebookNode) -> NotebookNode:
    """Return a notebook without answers, in which a learner can work and from which they report."""
    cells = [cell for cell in found.cells if not is_solution(cell)]
    for cell in cells:
        if cell.cell_type == "markdown":
            cell.source = without_answers(cell.source).strip()
    cells = [cell for cell in cells if cell.source]
    cells[0].source += FOR_A_CLASS if cells[0].source.startswith("> ") else ""
    if any(map(attempt_in, cells)):
        cells += [new_markdown_cell(HAND_IN), new_code_cell(REPORT)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return nbformat.v4.new_notebook(cells=cells, metadata=found.metadata)


def attempt_in(cell: NotebookNode) -> Attempt | None:
    """Return the function that a cell lets a learner write, if it does."""
    if cell.cell_type != "code" or "%pip" in cell.source:  # which is a command of notebooks
        return None
    return next(attempts([cell.source]), None)


# ------------------------------------------------------------------ for nbgrader


def with_regions(source: str) -> str:
    r"""Return the code of a solution in which what a student writes stands in a region.

    >>> print(with_regions("def f(x):\n    return x"))
    def f(x):
        ### BEGIN SOLUTION
        return x
        ### END SOLUTION
    """
    lines, pieces, at = source.splitlines(), [], 0
    for node in ast.parse(source).body:
        start, end = node.lineno - 1, node.end_lineno
        pieces += lines[at:start]
        inside = isinstance(node, ast.FunctionDef)
        first = node.body[0].lineno - 1 if inside else start
        pieces += [*lines[start:first], *region(lines[first:end], "    " * inside)]
        at = end
    return "\n".join(pieces)


def region(lines: list[str], margin: str) -> list[str]:
    """Return lines between the marks that nbgrader looks for."""
    return [*indent("### BEGIN SOLUTION", margin).splitlines(), *lines, f"{margin}### END SOLUTION"]


def graded(kind: str, name: str, points: int | None = None) -> dict:
    """Return what nbgrader wants to know of a cell: an answer to be written, or a test."""
    about = {
        "schema_version": 3,
        "cell_type": "code",
        "grade_id": f"{name}-{kind}",
        "solution": kind == "answer",
        "grade": kind == "test",
        "locked": kind == "test",
        "task": False,
    }
    return {"nbgrader": about | ({} if points is None else {"points": points})}


def for_nbgrader(found: NotebookNode) -> NotebookNode:
    """Return the source of an assignment: in place of each empty function its solution and test."""
    solutions = {
        name: with_regions(without_calls(cell.source))
        for cell in filter(is_solution, found.cells)
        for name, _ in calls(cell.source)
    }
    lent = imported(found)
    cells = []
    for cell in for_students(found).cells:
        attempt = attempt_in(cell)
        cells += assigned(attempt, solutions[attempt.exercise], lent) if attempt else [cell]
    return nbformat.v4.new_notebook(cells=cells, metadata=found.metadata)


def imported(found: NotebookNode) -> set[str]:
    """Return the names that the cells of a notebook import from the package."""
    sources = [cell.source for cell in found.cells if cell.cell_type == "code"]
    trees = [ast.parse(source) for source in sources if "%pip" not in source]
    return {
        alias.asname or alias.name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bptt_lab")
        for alias in node.names
    } - {"softmax"}


def assigned(attempt: Attempt, solution: str, lent: set[str]) -> Iterator[NotebookNode]:
    """Yield the cell to be written, and the one that tests what was written.

    Where the book's own solution uses the package, a student's may too.
    """
    name = attempt.exercise
    used = {node.id for node in ast.walk(ast.parse(solution)) if isinstance(node, ast.Name)}
    template = TEST if used & lent else TEST + BY_HAND
    test = template.format(name=name, function=attempt.function)
    points = POINTS[check[name].level]
    yield new_code_cell(solution, metadata=graded("answer", name), id=f"{name}-answer")
    yield new_code_cell(test, metadata=graded("test", name, points), id=f"{name}-test")


# ------------------------------------------------------------------ together


def write_notebooks(site: Path, folder: Path) -> Iterator[Path]:
    """Write every notebook but that for teachers for students, and the exercises for nbgrader."""
    for path in sorted((site / "notebooks").glob("*.ipynb")):
        if path.stem == FOR_TEACHERS:
            continue
        chapter = path.stem.removesuffix("-exercises")
        found = nbformat.read(path, as_version=4)
        yield written(for_students(found), folder / "students" / path.name)
        if chapter in PAGES and chapter != path.stem:
            yield written(for_nbgrader(found), folder / "nbgrader" / "source" / chapter / path.name)


def written(found: NotebookNode, path: Path) -> Path:
    """Write a notebook where no folder need be, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(found, path)
    return path


def write_wheel(folder: Path) -> Path:
    """Write the package, which the notebooks ask to be installed, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        wheel = build_wheel(Path(scratch))
        return Path(shutil.copy2(wheel, folder / wheel.name))


def main() -> None:
    """Write everything, and say where."""
    site, folder, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    if not (site / "notebooks").is_dir():
        sys.exit(f"no whole book in {site}: run `make book` first")
    for path in write_notebooks(site, folder):
        print(path)
    print(write_wheel(folder / "students"))
    print(f"The exam with the numbers of SEED={seed}:")
    for path in write_sheets(folder / "exam", seed):
        print(path)
    for path in write_questions(site, folder / "questions"):
        print(path)
    print(write_slides(site, folder / "slides"))
    for path in write_chapters(site, folder / "chapters", PAGES):
        print(path)


if __name__ == "__main__":
    main()
