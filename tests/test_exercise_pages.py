"""The pages of exercises: what each one has, in which order, and that its code runs."""

import ast
import re
from pathlib import Path

import pytest

from bptt_lab.exercises import Answer, check
from bptt_lab.exercises.checker import LEVELS
from bptt_lab.exercises.places import PAGES

BOOK = Path(__file__).resolve().parent.parent / "book"
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.S | re.M)
OPTIONS = re.compile(r"\A(?:---\n(.*?)\n---\n|((?::[^\n]*\n)+))", re.S)
LINE = re.compile(r"^\*\*(\w+), (\d+) minutes\.\*\* Outcome: (.+)\.$", re.M)
OWN = "Write it yourself: "


def read(name):
    return (BOOK / f"{name}.md").read_text(encoding="utf-8")


def exercises(chapter):
    """Split a page into its exercises: the title of each, and its text."""
    parts = re.split(r"(?m)^\(ex-[\w-]+\)=\n## ", read(f"{chapter}-exercises"))[1:]
    return [tuple(part.split("\n", 1)) for part in parts]


def cells(text):
    """Code of the cells of a text, with the options of each."""
    found = []
    for cell in CELL.findall(text):
        options = OPTIONS.match(cell)
        found.append((options[0] if options else "", OPTIONS.sub("", cell)))
    return found


def outcomes(chapter):
    """Lines of the box at the head of a chapter."""
    box = re.search(r"After this chapter you can\n:class: tip\n(.*?)\n\n", read(chapter), re.S)[1]
    return [line[2:-1] for line in box.splitlines() if line.startswith("* ")]


EVERY = [(page, title, text) for page in PAGES for title, text in exercises(page)]
every_exercise = pytest.mark.parametrize(
    ("page", "title", "text"), EVERY, ids=[f"{page}: {title}" for page, title, _ in EVERY]
)
CODED = [(page, title, text) for page, title, text in EVERY if title.startswith(OWN)]
every_function = pytest.mark.parametrize(
    ("page", "title", "text"), CODED, ids=[f"{page}: {title}" for page, title, _ in CODED]
)


def name_of(text):
    """Name of the checker to which an exercise belongs."""
    return re.search(r"^check\.(\w+)$", text, re.M)[1]


@every_exercise
def test_every_exercise_has_a_level_minutes_an_outcome_a_hint_and_a_folded_solution(
    page, title, text
):
    (found,) = LINE.findall(text)
    level, minutes, outcome = found
    assert level.lower() in LEVELS and 5 <= int(minutes) <= 60
    assert outcome in outcomes(page)
    for part in ("{dropdown} ", "````{dropdown} Solution", "assert "):
        assert part in text or part.replace("````", "```") in text
    assert re.search(r"\{dropdown\} (A second )?[Hh]int", text)
    options, code = cells(text)[-1]
    assert "hide-cell" in options and "assert " in code


@pytest.mark.parametrize("page", PAGES)
def test_no_outcome_is_without_an_exercise_and_they_go_from_easy_to_hard(page):
    found = [LINE.search(text) for _, text in exercises(page)]
    assert {match[3] for match in found} == set(outcomes(page))
    levels = [LEVELS.index(match[1].lower()) for match in found]
    assert levels == sorted(levels) and set(levels) == {0, 1, 2}


def test_every_checker_has_its_exercise_on_the_page_of_its_chapter():
    asked = {name_of(text): page for page, _, text in CODED}
    chapters = {
        name: exercise.reference.__module__.split(".")[-1] for name, exercise in check.items()
    }
    chapters["clip_by_norm"] = "training"
    assert asked == chapters and len(CODED) == len(check)


@every_function
def test_an_exercise_and_its_checker_say_the_same(page, title, text):
    exercise = check[name_of(text)]
    level, minutes, outcome = LINE.search(text).groups()
    assert (level.lower(), int(minutes)) == (exercise.level, exercise.minutes)
    assert outcome.startswith(exercise.outcome)


@every_function
def test_an_exercise_begins_empty_and_the_attempt_and_its_verdict_are_folded(page, title, text):
    name = name_of(text)
    (_, shown), (_, empty), (folded, attempt), (verdict_folded, verdict), (_, solution) = cells(
        text
    )
    assert shown.strip() == f"check.{name}"
    define, call = ast.parse(empty).body
    assert isinstance(define.body[-1], ast.Expr) and len(define.body) == 1  # nothing but dots
    own = define.name
    assert [arg.arg for arg in define.args.args] == [*check[name].problems[0].arguments]
    assert own.startswith("my_") and f"`{own}({ast.unparse(define.args)})`" in text
    assert ast.unparse(call) == f"check.{name}({own})"
    assert "hide-input" in folded and "find the mistake" in folded and "def attempt(" in attempt
    assert "hide-cell" in verdict_folded and verdict.strip() == f"check.{name}(attempt)"
    assert solution.endswith(f"assert check.{name}({own})\n")
    assert text.count("{dropdown} Hint\n") == text.count("{dropdown} A second hint\n") == 1
    assert text.index("A second hint") < text.index("find the mistake") < text.index("} Solution")


@pytest.mark.parametrize("page", PAGES)
def test_attempts_are_told_their_mistakes_and_solutions_are_right(page):
    text = read(f"{page}-exercises")
    space = {}
    for _, code in cells(text.split("\n(ex-")[0]):
        exec(compile(code, "<the page>", "exec"), space)
    for _, one in (part for part in exercises(page) if part[0].startswith(OWN)):
        name = name_of(one)
        for _, code in cells(one):
            *body, last = ast.parse(code).body
            exec(compile(ast.Module(body, []), "<the page>", "exec"), space)
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), "<the page>", "eval"), space)
                if isinstance(value, Answer) and "attempt" in code:
                    assert not value and value.mistakes, (name, value)
            else:
                exec(compile(ast.Module([last], []), "<the page>", "exec"), space)
        assert space[re.search(r"check\.\w+\((my_\w+)\)", one)[1]]


@pytest.mark.parametrize("page", PAGES)
def test_every_exercise_has_the_label_that_a_reader_s_progress_hangs_on(page):
    text = read(f"{page}-exercises")
    labels = re.findall(rf"(?m)^\((ex-{page}-[\w-]+)\)=\n## ", text)
    assert len(labels) == len(set(labels)) == len(re.findall("(?m)^## ", text)) >= 6
