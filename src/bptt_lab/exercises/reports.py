"""The file in which a learner hands in what the checkers said.

It has the form of what the page *Your progress* exports, so that one reader reads both. It holds
verdicts and no code: of the code there is a hash, which tells whether a verdict is about the code
that was handed in beside it.
"""

import ast
import hashlib
import inspect
import json
import platform
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from textwrap import dedent
from typing import Any

from bptt_lab.exercises.answers import Answer

VERSION = 1
"""Of the form of the file."""

PREFIX = "exercise:"
"""How the keys of exercises begin, among those of all that a learner wrote."""

OF_THE_BOOK = "attempt"
"""What the exercises call a function in which a mistake is to be found; it is nobody's work."""

Entry = dict[str, Any]


def code_of(function: Callable[..., Any]) -> str:
    """Return the code of a function; nothing if it cannot be had."""
    try:
        return dedent(inspect.getsource(function)).strip()
    except (OSError, TypeError):
        return ""


def fingerprint(function: Callable[..., Any]) -> str:
    """Return a short hash of a function's code; nothing if the code cannot be had."""
    code = code_of(function)
    return code and hashlib.sha256(code.encode()).hexdigest()[:16]


def is_written(function: Callable[..., Any]) -> bool:
    """Tell whether a learner has written anything in the place of ``...``, or of an error."""
    if getattr(function, "__name__", "") == OF_THE_BOOK:
        return False
    try:
        (defined,) = ast.parse(code_of(function)).body
    except (SyntaxError, ValueError):
        return True  # a piece of a line, or none
    return not isinstance(defined, ast.FunctionDef) or not all(map(is_blank, defined.body))


def is_blank(statement: ast.stmt) -> bool:
    """Tell whether a statement is a constant, such as a docstring, or says what is missing."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Raise | ast.Pass)


def noted(function: Callable[..., Any], answer: Answer) -> Entry:
    """Return what is kept of one answer, as JSON can hold it.

    >>> noted(len, Answer(False, "The sign is wrong."))
    {'right': False, 'verdict': 'Not yet. The sign is wrong.', 'mistakes': [], 'hash': ''}
    """
    return {
        "right": answer.right,
        "verdict": f"{answer.verdict} {answer.sentence}",
        "mistakes": [mistake.name for mistake in answer.mistakes],
        "hash": fingerprint(function),
    }


class Journal:
    """What the checkers have said in this session: the last answer, and every mistake on the way.

    Attributes
    ----------
    code : dict
        An entry for each exercise that was tried, with ``tries``, ``date`` and, once a function
        was right, ``solved``, beside what `noted` returns.
    """

    def __init__(self) -> None:
        self.code: dict[str, Entry] = {}

    def enter(self, exercise: str, function: Callable[..., Any], answer: Answer) -> None:
        """Keep an answer, if it is about something that a learner wrote."""
        if not is_written(function):
            return
        before = self.code.get(PREFIX + exercise, {})
        now = datetime.now(UTC).isoformat(timespec="seconds")
        entry = {**before, **noted(function, answer), "date": now, "book": version("bptt-lab")}
        entry["tries"] = before.get("tries", 0) + 1
        entry["mistakes"] = [*dict.fromkeys([*before.get("mistakes", []), *entry["mistakes"]])]
        if answer:
            entry.setdefault("solved", now)
        self.code[PREFIX + exercise] = entry

    def write(self, name: str, folder: str | Path = ".") -> Path:
        """Write all entries to one file, beside those that an earlier session left in it.

        Raises
        ------
        ValueError
            If no letter of the name can stand in the name of a file.
        """
        path = Path(folder) / f"bptt-lab-{file_name(name)}.json"
        report = {
            "version": VERSION,
            "name": name,
            "versions": versions(),
            "done": {},  # what was read, which a browser knows and a kernel does not
            "code": {**earlier(path), **self.code},
        }
        path.write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")
        return path


def file_name(name: str) -> str:
    """Return a name as it can stand in that of a file.

    >>> file_name("../Ada K. Lovelace")
    'Ada-K-Lovelace'
    """
    found = re.sub(r"[\W_]+", "-", name).strip("-")
    if not found:
        raise ValueError(f"expected a name with letters, got {name!r}")
    return found


def versions() -> dict[str, str]:
    """Return the versions of what the answers depend on."""
    named = {name: version(name) for name in ("bptt-lab", "numpy")}
    return {**named, "python": platform.python_version()}


def earlier(path: Path) -> Mapping[str, Entry]:
    """Return the entries of a file, if there is one that can be read."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))["code"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}
