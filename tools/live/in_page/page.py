"""The code of one page: cells in one namespace, and checkers of what a reader writes."""

from __future__ import annotations

import ast
import os
import re
import sys
import time
import warnings
from collections.abc import Awaitable, Callable
from contextlib import redirect_stderr, redirect_stdout
from types import CodeType, FunctionType
from typing import Any

from .failures import failure, file_of, remember
from .missing import Missing, StandIn, stand_in_for_them
from .needs import needs
from .printing import Printer
from .shown import offer_display, shown

CUSTOM = "import numpy as np"  # whoever forgets it is not stopped by that
CHECKERS = "from bptt_lab.exercises import check"

Result = dict[str, Any]
Names = dict[str, Any]


class Page:
    """A namespace in which the pieces of a page run.

    Parameters
    ----------
    tell : callable
        Gets what is printed or displayed while code runs: ``{"kind": .., "content": ..}``.
    want : coroutine function
        Gets the name of a library that is not here yet, and brings it; it returns whether it could.
    """

    def __init__(
        self, tell: Callable[[dict[str, str]], None], want: Callable[[str], Awaitable[bool]]
    ) -> None:
        self.names: Names = {"__name__": "__main__"}
        self.tell, self.want = tell, want
        self.left_out: list[str] = []
        stand_in_for_them()
        offer_display(self.display)

    def display(self, *values: Any) -> None:
        """Show values before the code has ended."""
        for value in values:
            if content := shown(value):
                sys.stdout.flush()
                self.tell(content)

    # ------------------------------------------------------------------ cells

    async def run(self, code: str, name: str) -> Result:
        """Run a cell: what its last line gives, what went wrong, what had to be left out."""
        return await self.attempt(code, file_of(name), self.names)

    async def attempt(self, code: str, file: str, names: Names) -> Result:
        """Run code in a namespace, and say what came of it."""
        remember(file, code)
        self.left_out = []
        result: Result = {"value": None, "error": None}
        start = time.perf_counter()
        printer = Printer(self.tell)
        with redirect_stdout(printer), redirect_stderr(printer):
            try:
                value = await self.execute(code, file, names)
                result["value"] = shown(value)
            except BaseException as error:  # whatever it is, the page says so and goes on
                result["error"] = failure(error, file)
            printer.flush()
        result["seconds"] = time.perf_counter() - start
        return result | {"missing": list(dict.fromkeys(self.left_out))}

    async def execute(self, code: str, file: str, names: Names) -> Any:
        """Run the statements one by one; return the value of the last if it is an expression."""
        tree = ast.parse(code, file)
        silent = code.rstrip().endswith(";")
        value = None
        for statement in tree.body:
            last = statement is tree.body[-1] and isinstance(statement, ast.Expr) and not silent
            whole: ast.Module | ast.Expression = ast.Module([statement], [])
            if last:
                whole = ast.Expression(statement.value)  # type: ignore[attr-defined]
            compiled = compile(whole, file, "eval" if last else "exec")
            try:
                value = await self.step(compiled, names)
            except Missing as what:
                self.left_out.append(str(what))
                names.update((name, StandIn(str(what))) for name in bound(statement))
        return value

    async def step(self, compiled: CodeType, names: Names) -> Any:
        """Run a statement; if a library is not here yet, bring it and run the statement again."""
        wanted: set[str] = set()
        while True:
            try:
                return eval(compiled, names)
            except ModuleNotFoundError as error:
                library = (error.name or "").split(".")[0]
                if not library or library in wanted or not await self.want(library):
                    raise
                wanted.add(library)

    # ------------------------------------------------------------------ exercises

    async def check(self, exercise: str, code: str, function: str, above: list[str]) -> Result:
        """Hand the function that `code` defines to the checker of an exercise.

        Parameters
        ----------
        exercise : str
            Name of the checker.
        code : str
            What the reader wrote. It sees the names of the page and leaves none there.
        function : str
            The function's name in the attempt; another is looked for if there is none of that name.
        above : list of str
            The cells of the page above. Of them that is run first which gives names to the code.
        """
        names = dict(self.names)
        lent = needs(code, [CUSTOM, *above], names)
        result = await self.attempt(lent, file_of("above"), names)
        if result["error"]:
            return result
        checkers = await self.attempt(CHECKERS, file_of("checkers"), names)
        before = dict(names)
        result = await self.attempt(code, file_of(exercise), names)
        if result["error"] or checkers["error"]:
            return result if result["error"] else checkers
        written = defined(names, before, function)
        if written is None:
            said = f"Define a function, such as `def {function}(..)`; there is none."
            return result | {"value": {"kind": "text", "content": said}, "right": False}
        return result | self.judge(before["check"][exercise], written)

    def judge(self, checker: Callable[[Any], Any], function: Any) -> Result:
        """Return what a checker says, what is kept of it, and the line that it names."""
        from bptt_lab.exercises.reports import noted  # here: it needs NumPy, which a page may lack

        answer = checker(function)
        line = re.search(r"\bin line (\d+)", str(answer).replace("\n  ", " "))
        return {
            "right": bool(answer),
            "value": shown(answer),
            "note": noted(function, answer),
            "line": int(line[1]) if line else None,
        }


def bound(statement: ast.stmt) -> set[str]:
    """Return the names that a statement would have set, or whose value it would have changed."""
    found = set()
    for node in ast.walk(statement):
        while isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            node = node.value
            if isinstance(node, ast.Name):
                found.add(node.id)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
    return found


def defined(names: Names, before: Names, function: str) -> Any:
    """Return the function of this name, or the last one that is new."""
    new = {key: value for key, value in names.items() if before.get(key) is not value}
    if callable(new.get(function)):
        return new[function]
    return next((v for v in reversed(new.values()) if isinstance(v, FunctionType)), None)


def prepare() -> None:
    """Make the place ready in which there are no threads and no processes."""
    os.environ["JOBLIB_MULTIPROCESSING"] = "0"
    warnings.filterwarnings("ignore", "tqdm:disabling monitor")
