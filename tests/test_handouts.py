"""What a teacher hands out: no answer in it, every function to be written, and a test for each."""

import ast
import json
import re
from importlib.metadata import version

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from bptt_lab.exercises import CHAPTERS, PAGES, Check, check, collecting
from bptt_lab.exercises.borrowing import borrowed
from students import ATTEMPTS, SOLUTIONS, written
from tools import exam, handouts, notebooks, pdf, volume

FOLD = "<details><summary>{}</summary>\n\n{}\n\n</details>\n"


# ------------------------------------------------------------------ notebooks


def test_folds_of_answers_go_with_all_that_is_in_them():
    hint, inner = FOLD.format("Hint", "kept"), FOLD.format("Hint", "inside")
    for title in ("Solution", "Solution, (a)", "The answers, explained"):
        text = f"Before {hint}{FOLD.format(title, f'secret {inner} secret')}after"
        assert handouts.without_answers(text) == f"Before {hint}after"
    nested = FOLD.format("Hint", FOLD.format("Solution", "secret"))
    assert "secret" not in handouts.without_answers(nested)
    assert handouts.without_answers(hint) == hint


def small() -> nbformat.NotebookNode:
    hidden = {"tags": ["hide-cell"]}
    return new_notebook(
        cells=[
            new_code_cell("import numpy as np\nfrom bptt_lab.exercises import check"),
            new_markdown_cell("## One step"),
            new_code_cell("def my_step(params, x_t, h):\n    ...\n\ncheck.rnn_step(my_step)"),
            new_code_cell("check.rnn_step(attempt)", metadata=hidden),
            new_code_cell(
                SOLUTIONS["rnn_step"].strip() + "\n\nassert check.rnn_step(my_step)",
                metadata=hidden,
            ),
        ]
    )


def test_a_student_gets_the_checker_and_a_way_to_hand_in_and_no_solution():
    cells = [cell.source for cell in handouts.for_students(small()).cells]
    assert cells[2].startswith("def my_step") and cells[3] == "check.rnn_step(attempt)"
    assert "check.report(" in cells[-1] and len(cells) == 6
    assert not any("np.tanh" in cell for cell in cells)


@pytest.mark.parametrize("name", check)
def test_regions_hold_all_that_a_student_writes(name):
    source = SOLUTIONS[name].strip()
    marked = handouts.with_regions(source)
    begin, end = "### BEGIN SOLUTION", "### END SOLUTION"
    assert marked.count(begin) == marked.count(end) >= 1
    unmarked = "\n".join(line for line in marked.splitlines() if line.strip() not in (begin, end))
    assert ast.dump(ast.parse(unmarked)) == ast.dump(ast.parse(source))
    left = re.sub(rf" *{begin}.*?{end}", "    ...", marked, flags=re.S)
    assert not [node for node in ast.walk(ast.parse(left)) if isinstance(node, ast.Return)]
    assert re.search(r"def my_\w+\(", left)


def test_an_assignment_has_an_answer_and_a_test_for_each_function():
    cells = handouts.for_nbgrader(small()).cells
    answer, test = (cell for cell in cells if "nbgrader" in cell.metadata)
    assert answer.metadata.nbgrader.solution and not answer.metadata.nbgrader.grade
    assert test.metadata.nbgrader.grade and test.metadata.nbgrader.locked
    assert test.metadata.nbgrader.points == handouts.POINTS[check["rnn_step"].level]
    space: dict = {}
    for cell in [cells[0], answer, test]:
        exec(cell.source, space)
    wrong = "def my_step(params, x_t, h):\n    return np.tanh(h)"
    lent = (
        "from bptt_lab.reference import rnn_step\n"
        "def my_step(params, x_t, h):\n    return rnn_step(params, x_t, h)[0]"
    )
    shares = "from bptt_lab import softmax\ndef f(o, y):\n    return softmax(o)"
    exec(shares, space)
    assert borrowed(check.logit_gradient, space["f"]) == []
    for code, said in ((wrong, "Not yet."), (lent, "the package has computed it")):
        exec(code, space)
        with pytest.raises(AssertionError, match=said):
            exec(test.source, space)


@pytest.mark.parametrize("name", check)
def test_no_solution_borrows_from_the_package(name):
    assert borrowed(check[name], written(SOLUTIONS[name])) == []


def test_where_the_book_uses_the_package_a_student_may_too():
    book = small()
    book.cells[0].source += "\nfrom bptt_lab import forward"
    (test,) = (c for c in handouts.for_nbgrader(book).cells if c.get("id") == "rnn_step-test")
    assert "HIDDEN" in test.source
    book.cells[-1].source = book.cells[-1].source.replace("np.tanh(", "forward(")
    (test,) = (c for c in handouts.for_nbgrader(book).cells if c.get("id") == "rnn_step-test")
    assert "HIDDEN" not in test.source


@pytest.mark.site
def test_a_class_is_handed_out_and_handed_in(site, tmp_path, monkeypatch, capsys):
    """Three students solve what was handed out: all right, all wrong, nothing. Then the table."""
    paths = [*handouts.write_notebooks(site, tmp_path)]
    names = {path.stem for path in paths}
    assert names >= {*PAGES, *(f"{page}-exercises" for page in PAGES)}
    assert "instructors" not in names
    for path in paths:  # what they lead to is there, but for the page for teachers
        linked = re.findall(r"\]\(([\w-]+)\.ipynb", path.read_text(encoding="utf-8"))
        assert {*linked} <= names | {"instructors"}, path.name
    exercises = [path for path in paths if path.stem.endswith("-exercises")]
    asked = set()
    for path in exercises:
        found = nbformat.read(path, as_version=4)
        nbformat.validate(found)
        attempts = filter(None, map(handouts.attempt_in, found.cells))
        if "students" in path.parts:
            asked |= {attempt.exercise for attempt in attempts}
            assert "check.report(" in found.cells[-1].source
        else:
            graded = [c.metadata.nbgrader for c in found.cells if "nbgrader" in c.metadata]
            names = [about.grade_id for about in graded]
            assert len({*names}) == len(names) >= 6 and not [*attempts]
    assert asked == set(check)
    named = {name: (changes, known) for name, changes, known in reversed(ATTEMPTS) if known}
    (tmp_path / "in").mkdir()
    for student in ("right", "wrong", "empty"):
        own = Check(exercise for chapter in CHAPTERS for exercise in chapter.EXERCISES)
        wrong = student == "wrong"
        for name in {"right": asked, "wrong": named, "empty": ()}[student]:
            function = written(SOLUTIONS[name], *(named[name][0] if wrong else ()))
            assert bool(own[name](function)) != wrong, name
        own.report(student, tmp_path / "in")
    learners = {one.name: one for one in collecting.handed_in(tmp_path / "in")}
    assert set(learners["right"].solved) == set(check) and not learners["right"].mistakes
    assert set(learners["wrong"].tried) == set(named) and not learners["wrong"].solved
    assert set(learners["wrong"].mistakes) == {one for _, known in named.values() for one in known}
    assert not learners["empty"].solved and not learners["empty"].tried


def test_the_package_is_handed_out_with_the_notebooks(tmp_path):
    wheel = handouts.write_wheel(tmp_path / "students")
    assert [*(tmp_path / "students").iterdir()] == [wheel]
    name = re.search(r"bptt_lab-\S+?\.whl", notebooks.FROM_WHEEL)[0]
    assert wheel.name == name.format(version=version("bptt-lab"))


@pytest.mark.site
def test_nothing_handed_out_to_students_answers(site, tmp_path):
    for path in handouts.write_notebooks(site, tmp_path):
        text = path.read_text(encoding="utf-8")
        if "students" in path.parts:
            assert not re.search(r"<summary>(Solution|The answers)|assert check\.", text), path.name
            assert "answers and solutions are left out" in text, path.name
            if path.stem.removesuffix("-exercises") not in PAGES:
                continue
            page = (site / "notebooks" / path.name).read_text(encoding="utf-8")
            assert re.search(r"<summary>(Solution|The answers)", page), path.name
        else:
            cells = nbformat.read(path, as_version=4).cells
            loose = [cell.source for cell in cells if "nbgrader" not in cell.metadata]
            assert not re.search(r"assert check\.|summary>Solution", "\n".join(loose)), path.name


# ------------------------------------------------------------------ the exam


@pytest.mark.parametrize("seed", range(6))
def test_the_variants_of_an_exam_differ_and_add_up(seed):
    """Every cell that computes a solution asserts it, for the numbers of each sheet."""
    sheets = {variant: exam.questions(seed, variant)[1] for variant in exam.VARIANTS}
    for asked in sheets.values():
        assert len(asked) == 10
        assert not any(exam.BRACES.search(q.text + q.solution) for q in asked)
        assert all(exam.SOLUTION in q.solution and exam.SOLUTION not in q.text for q in asked)
    alike = [k + 1 for k, (a, b) in enumerate(zip(*sheets.values(), strict=True)) if a == b]
    assert alike == [4, 8, 10]


def test_another_seed_gives_other_numbers():
    first, *others = (str(exam.questions(seed, "A")) for seed in range(6))
    assert any(other != first for other in others)
    assert str(exam.questions(0, "A")) == first


def test_a_sheet_without_solutions_has_none(tmp_path):
    paths = [*exam.write_sheets(tmp_path, 3)]
    assert len(paths) == 4 and (tmp_path / "katex" / "katex.min.css").exists()
    for path in paths:
        name, text = path.stem, path.read_text(encoding="utf-8")
        assert ("Marking:" in text) == ("Solution." in text) == ("solutions" in name)
        assert ("seed 3" in text) == ("solutions" in name)  # who knows the seed knows the numbers
        assert text.count("<h2>") == 10 and text.count('class="katex"') > 30
        assert "formula" not in text and "{{" not in text


# ------------------------------------------------------------------ paper


@pytest.mark.site
def test_a_chapter_without_answers_has_none_and_no_link_to_one(site):
    names = ("forward", "forward-exercises")
    book = volume.read_book(site, names)
    assert [page.name for page in book.pages] == [*names]
    assert all(page.body.select("#answers-and-solutions") for page in book.pages)
    volume.leave_answers_out(book)
    text = pdf.whole(pdf.prepared(book), site, {})
    assert "Answers and solutions" not in text and 'class="solution"' not in text
    ids = set(re.findall(r' id="([^"]+)"', text))
    dead = [link for link in re.findall(r'href="#([^"]+)"', text) if link not in ids]
    assert not dead, json.dumps(dead[:5])
