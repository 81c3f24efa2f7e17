"""What went wrong in a reader's code, cut to the reader's own lines."""

from __future__ import annotations

import linecache
from traceback import extract_tb
from typing import Any

PREFIX = "<page:"
"""How the names begin under which pieces of a page's code are compiled."""
MOST_FRAMES = 6


def file_of(name: str) -> str:
    """Return the name under which a piece of code is compiled."""
    return f"{PREFIX}{name}>"


def remember(file: str, code: str) -> None:
    """Let tracebacks find the lines of a piece of code."""
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)


def statement(file: str, first: int | None, last: int | None) -> str:
    """Return some lines of a piece of code, without their common indentation."""
    lines = [linecache.getline(file, n).rstrip() for n in range(first or 1, (last or 1) + 1)]
    indent = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
    return "\n".join(line[indent:] for line in lines)


def failure(error: BaseException, file: str) -> dict[str, Any]:
    """Describe an exception: its text, the reader's lines on the way to it, the line in `file`."""
    said = str(error)
    if isinstance(error, SyntaxError):
        frames = [{"line": error.lineno, "where": "", "text": (error.text or "").rstrip("\n")}]
        said = error.msg
        line = error.lineno if error.filename == file else None
    else:
        own = [f for f in extract_tb(error.__traceback__) if f.filename.startswith(PREFIX)]
        line = next((f.lineno for f in reversed(own) if f.filename == file), None)
        frames = [
            {
                "line": f.lineno,
                "where": "" if f.name == "<module>" else f.name,
                "text": statement(f.filename, f.lineno, f.end_lineno or f.lineno),
            }
            for f in own[-MOST_FRAMES:]
        ]
        if len(own) > MOST_FRAMES:
            said += f" (the last {MOST_FRAMES} of {len(own)} calls are shown)"
    return {"type": type(error).__name__, "message": said, "frames": frames, "line": line}
