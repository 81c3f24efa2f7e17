"""What code prints, handed over in portions, and no more of it than a page can hold."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

MOST = 50_000
"""Characters that one run may print."""
AT_ONCE = 2_000
"""Characters whose lines are told one by one: what follows may never end."""
PAUSE = 0.1
"""Seconds between two portions of what comes after them."""


class Printer(io.TextIOBase):
    """A text file whose content is told in portions.

    Python cannot be interrupted here, so a loop that prints for ever would bury the page: beyond
    `MOST` characters nothing is told but that there is more.
    """

    def __init__(self, tell: Callable[[dict[str, str]], None]) -> None:
        self.tell, self.waiting, self.told, self.last = tell, "", 0, time.monotonic()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.told < MOST:
            self.waiting += text[: MOST - self.told]
            self.told += len(text)
            if self.told >= MOST:
                self.waiting += "\n.. and more, which is not shown\n"
                self.flush()
        line = self.told <= AT_ONCE and text.endswith("\n")
        if self.waiting and (line or time.monotonic() - self.last > PAUSE):
            self.flush()
        return len(text)

    def flush(self) -> None:
        if self.waiting:
            self.tell({"kind": "print", "content": self.waiting})
        self.waiting, self.last = "", time.monotonic()
