"""One line on the terminal that says how far a long computation is and how long it may take."""

import sys
import time
from typing import TextIO

WIDTH = 20
"""Characters of the bar."""


class Progress:
    """A bar, the count, what is worth telling, the time used and the time expected.

    Parameters
    ----------
    total : int
        How many steps make the whole.
    shown : bool, optional
        None: only if ``stream`` is a terminal. A notebook is none: ask for the bar there.
    stream : text file, optional
        Standard error when None.

    Examples
    --------
    >>> with Progress(4, shown=False) as bar:
    ...     for done in range(1, 5):
    ...         bar.update(done, f"loss {1 / done:.2f}")
    """

    def __init__(self, total: int, shown: bool | None = None, stream: TextIO | None = None) -> None:
        self.total = total
        self.stream = sys.stderr if stream is None else stream
        self.shown = self.stream.isatty() if shown is None else shown
        self.start = self.written = time.monotonic()
        self.first: int | None = None

    def update(self, done: int, text: str = "") -> None:
        """Say that ``done`` steps are done; at most ten lines a second are written."""
        now = time.monotonic()
        if self.first is None:
            self.first = done  # what a resumed computation had done before says nothing of its pace
        if not self.shown or (now - self.written < 0.1 and done < self.total):
            return
        self.written = now
        self.stream.write("\r" + self.line(done, now - self.start, text).ljust(79))
        self.stream.flush()

    def line(self, done: int, seconds: float, text: str) -> str:
        """Put together the line."""
        full = WIDTH * done // max(1, self.total)
        newly = done - (self.first or 0)
        left = f"{duration(seconds / newly * (self.total - done))} left" if newly > 0 else ""
        parts = [f"{done}/{self.total}", text, duration(seconds), left]
        return f"[{'#' * full}{'.' * (WIDTH - full)}] " + ", ".join(part for part in parts if part)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        if self.shown:
            self.stream.write("\n")


def duration(seconds: float) -> str:
    """Seconds as a person writes them.

    >>> duration(59), duration(61), duration(3661)
    ('59 s', '1:01 min', '1:01 h')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"
