"""What the learners of a class have solved, read from the files that they exported.

The page *Your progress* saves what a learner has solved and written as one file. A teacher who has
such files in a folder prints a table of them::

    python -m bptt_lab.classroom FOLDER          # for the eye
    python -m bptt_lab.classroom FOLDER --csv    # for a spreadsheet, with all dates

The files are read and nothing in them is run. They say what a browser has kept, and prove nothing.
"""

import argparse
import csv
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from bptt_lab.exercises import check

PREFIX = "exercise:"
"""How the keys of exercises begin among what a learner wrote."""

DATE = re.compile(r"\d{4}-\d\d-\d\d(?=T|$)")
VERSION = re.compile(r"\d[\w.+-]{0,20}")


@dataclass(frozen=True)
class Learner:
    """What one file tells.

    Attributes
    ----------
    name : str
        Name of the file, without its ending.
    solved : dict
        Date on which each exercise was solved, by the name of the exercise.
    tried : tuple of str
        Exercises on which something was written that is not solved.
    last : str
        Date of the last change; empty if the file has none.
    version : str
        Version of the book in which that change was made.
    """

    name: str
    solved: Mapping[str, str]
    tried: tuple[str, ...]
    last: str
    version: str


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
    return Learner(
        path.stem,
        solved,
        tuple(name for name in own if name not in solved),
        matched(DATE, last, "date"),
        matched(VERSION, last, "book"),
    )


def matched(form: re.Pattern[str], entry: Mapping[str, Any], key: str) -> str:
    """Return the part of an entry that has the right form, or nothing: a file may hold anything."""
    found = form.match(entry[key]) if isinstance(entry.get(key), str) else None
    return found[0] if found else ""


def table(learners: Sequence[Learner]) -> str:
    """Set what was read as a table for the eye.

    >>> anna = Learner("anna", {"loss": "2026-03-01"}, ("bptt",), "2026-03-02", "0.2.0")
    >>> " ".join(table([anna]).splitlines()[1].replace(f"of {len(check)}", "of all").split())
    'anna 1 of all 2026-03-02 0.2.0 loss bptt'
    """
    head = ("learner", "solved", "last change", "version", "solved were", "tried were")
    rows = [
        (
            learner.name,
            f"{len(learner.solved)} of {len(check)}",
            learner.last,
            learner.version,
            ", ".join(learner.solved),
            ", ".join(learner.tried),
        )
        for learner in learners
    ]
    widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    )


def write_csv(learners: Iterable[Learner], file: TextIO) -> None:
    """Write a row for each learner; under each exercise stands the date of its solution."""
    writer = csv.writer(file)
    writer.writerow(["learner", "solved", "last change", "version", *check])
    for learner in learners:
        dates = [learner.solved.get(name, "") for name in check]
        writer.writerow([learner.name, len(learner.solved), learner.last, learner.version, *dates])


def main() -> None:
    """Read a folder and print what it holds; say which files could not be read."""
    parser = argparse.ArgumentParser(prog="python -m bptt_lab.classroom", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with the exported files")
    parser.add_argument("--csv", action="store_true", help="for a spreadsheet")
    options = parser.parse_args()
    learners: list[Learner] = []
    for path in sorted(options.folder.glob("*.json")):
        try:
            learners.append(read(path))
        except ValueError as error:
            print(error, file=sys.stderr)
    if options.csv:
        write_csv(learners, sys.stdout)
    else:
        print(table(learners))


if __name__ == "__main__":
    main()
