"""What the learners of a class have solved, read from the files that they handed in.

Such a file comes from ``check.report("NAME")``, or from *Export* on the page *Your progress*. A
teacher who has them in a folder prints a table of the class, and its most frequent mistakes::

    python -m bptt_lab.exercises collect FOLDER          # for the eye
    python -m bptt_lab.exercises collect FOLDER --csv    # for a spreadsheet, with all dates

The files are read and nothing in them is run. They say what the learners' machines have kept, and
prove nothing.
"""

import argparse
import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any, TextIO

from bptt_lab.exercises import CHAPTERS, MISTAKES, check
from bptt_lab.exercises.reports import PREFIX

OF_CHAPTER = {
    chapter.__name__.rpartition(".")[2]: {exercise.name for exercise in chapter.EXERCISES}
    for chapter in CHAPTERS
}
"""The names of the exercises of each chapter."""

SHOWN = 10
"""How many of the most frequent mistakes are told."""

NAME = re.compile(r"\w[\w .,'-]{0,60}$")
DATE = re.compile(r"\d{4}-\d\d-\d\d(?=T|$)")
VERSION = re.compile(r"\d[\w.+-]{0,20}")


@dataclass(frozen=True)
class Learner:
    """What one file tells.

    Attributes
    ----------
    name : str
        The name in the file; if there is none, that of the file without its ending.
    solved : dict
        Date on which each exercise was solved, by the name of the exercise.
    tried : tuple of str
        Exercises on which something was written that is not solved.
    last : str
        Date of the last change; empty if the file has none.
    version : str
        Version of the book in which that change was made.
    mistakes : tuple of str
        Names of the known mistakes that the checkers found, also those that were mended.
    """

    name: str
    solved: Mapping[str, str]
    tried: tuple[str, ...]
    last: str
    version: str
    mistakes: tuple[str, ...] = ()


def read(path: Path) -> Learner:
    """Read one file.

    Raises
    ------
    ValueError
        If it is not a file that the book exported.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        code = data["code"]
        entries = {key: dict(entry) for key, entry in code.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f"{path.name}: expected a file that the book exported") from None
    own = {name: entries[PREFIX + name] for name in check if PREFIX + name in entries}
    solved = {name: day for name, entry in own.items() if (day := matched(DATE, entry, "solved"))}
    last = max(entries.values(), key=lambda entry: matched(DATE, entry, "date"), default={})
    named = (mistake for entry in own.values() for mistake in listed(entry, "mistakes"))
    return Learner(
        matched(NAME, data, "name") or path.stem,
        solved,
        tuple(name for name in own if name not in solved),
        matched(DATE, last, "date"),
        matched(VERSION, last, "book"),
        tuple(dict.fromkeys(mistake for mistake in named if mistake in MISTAKES)),
    )


def matched(form: re.Pattern[str], entry: Mapping[str, Any], key: str) -> str:
    """Return the part of an entry that has the right form, or nothing: a file may hold anything."""
    found = form.match(entry[key]) if isinstance(entry.get(key), str) else None
    return found[0] if found else ""


def listed(entry: Mapping[str, Any], key: str) -> list[str]:
    """Return the strings of a list in an entry, if there is one."""
    found = entry.get(key)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def table(learners: Sequence[Learner]) -> str:
    """Set what was read as a table for the eye.

    >>> anna = Learner("anna", {"loss": "2026-03-01"}, ("bptt",), "2026-03-02", "0.2.0")
    >>> " ".join(table([anna]).splitlines()[1].replace(f"of {len(check)}", "of all").split())
    'anna 1 of all 1/5 0/8 0/4 0/6 0/3 0/4 2026-03-02 0.2.0 bptt'
    """
    head = ("learner", "solved", *OF_CHAPTER, "last change", "version", "tried, not solved")
    rows = [
        (
            learner.name,
            f"{len(learner.solved)} of {len(check)}",
            *(f"{len(names & {*learner.solved})}/{len(names)}" for names in OF_CHAPTER.values()),
            learner.last,
            learner.version,
            ", ".join(learner.tried),
        )
        for learner in learners
    ]
    widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    )


def frequent(learners: Iterable[Learner]) -> str:
    """Tell the mistakes that most learners made, and the page to teach each from.

    >>> anna = Learner("anna", {}, (), "", "", ("W_hh of the column form",))
    >>> print(frequent([anna]))
    The most frequent mistakes, by the number of learners who made them:
      1  The state is multiplied by the transpose of `W_hh`, as if examples were
         columns.
         Teach from: Forward pass, section "Rows here, columns there",
         forward.html#sec-columns
    """
    counts = Counter(mistake for learner in learners for mistake in learner.mistakes)
    lines = ["The most frequent mistakes, by the number of learners who made them:"] * bool(counts)
    for name, count in counts.most_common(SHOWN):
        mistake = MISTAKES[name]
        lines.append(hanging(f"{count:3}  ", mistake.sentence))
        if place := mistake.place:
            told = f"Teach from: {place}, {place.page}.html#{place.label}"
            lines.append(hanging(" " * 5, told))
    return "\n".join(lines)


def hanging(start: str, text: str) -> str:
    """Set a text behind a start, its further lines below the first; an address stays whole."""
    below = " " * len(start)
    return fill(text, 79, initial_indent=start, subsequent_indent=below, break_on_hyphens=False)


def write_csv(learners: Iterable[Learner], file: TextIO) -> None:
    """Write a row for each learner; under each exercise stands the date of its solution."""
    writer = csv.writer(file)
    writer.writerow(["learner", "solved", "last change", "version", *check])
    for learner in learners:
        dates = [learner.solved.get(name, "") for name in check]
        writer.writerow([learner.name, len(learner.solved), learner.last, learner.version, *dates])


def handed_in(folder: Path) -> list[Learner]:
    """Read a folder and those in it, and say which files could not be read."""
    learners: list[Learner] = []
    for path in sorted(folder.rglob("*.json")):
        try:
            learners.append(read(path))
        except ValueError as error:
            print(error, file=sys.stderr)
    return learners


def main() -> None:
    """Read a folder and print what it holds."""
    parser = argparse.ArgumentParser(prog="python -m bptt_lab.exercises", description=__doc__)
    parser.add_argument("command", choices=["collect"])
    parser.add_argument("folder", type=Path, help="folder with the files that were handed in")
    parser.add_argument("--csv", action="store_true", help="for a spreadsheet")
    options = parser.parse_args()
    learners = handed_in(options.folder)
    if options.csv:
        write_csv(learners, sys.stdout)
    else:
        print("\n\n".join(filter(None, [table(learners), frequent(learners)])))
