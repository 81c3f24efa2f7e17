"""Call a function of which nothing is known: it may raise, print, warn, or never end.

The call runs in a thread of its own, and the caller waits for it no longer than agreed. A thread
that is late gets an exception from outside. This works on every platform, in notebooks and
outside, and, unlike a tracing function, costs the call no time; unlike an alarm signal, it works
on Windows and from any thread.

Its limits: Python looks for the exception between two of its own instructions. One long call
inside a compiled library, or code that catches every exception and goes on, is abandoned instead
of ended, and the answer says so. Where threads do not exist, as in Python inside a browser, there
is no limit.
"""

import ctypes
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from threading import Thread
from traceback import extract_tb
from typing import Any

PATIENCE = 1.0
"""Seconds that a thread has to end after it was told to."""


class TimeIsUp(BaseException):
    """Raised in a call that takes too long; no ``except Exception`` catches it."""


@dataclass
class Outcome:
    """What came of a call.

    Attributes
    ----------
    value
        What it returned.
    error : BaseException or None
        What it raised.
    late : bool
        Whether it had to be ended; ``abandoned`` if it could not be.
    printed : str
    warned : list of str
    """

    value: Any = None
    error: BaseException | None = None
    late: bool = False
    abandoned: bool = False
    printed: str = ""
    warned: Sequence[str] = ()


def run(function: Callable[..., Any], arguments: Sequence[Any], seconds: float) -> Outcome:
    """Call a function and return what came of it, within ``seconds``.

    >>> run(divmod, (7, 2), seconds=5).value
    (3, 1)
    >>> run(divmod, (7, 0), seconds=5).error
    ZeroDivisionError('integer division or modulo by zero')
    """
    outcome = Outcome()

    def work() -> None:
        try:
            outcome.value = function(*arguments)
        except BaseException as error:  # also what would end the program
            outcome.error = error

    with recorded(outcome):
        outcome.abandoned = not limited(work, seconds)
    outcome.late = outcome.abandoned or isinstance(outcome.error, TimeIsUp)
    return outcome


@contextmanager
def recorded(outcome: Outcome) -> Iterator[None]:
    """Keep what is printed and warned of meanwhile."""
    text = io.StringIO()
    with redirect_stdout(text), redirect_stderr(text), warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        yield
    outcome.printed = text.getvalue()
    outcome.warned = [*dict.fromkeys(str(warning.message) for warning in seen)]


def limited(work: Callable[[], None], seconds: float) -> bool:
    """Do some work in a thread, and say whether the thread has ended."""

    def quietly() -> None:
        with suppress(TimeIsUp):  # it may arrive when all is done
            work()

    thread = Thread(target=quietly, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # there are no threads here
        work()
        return True
    try:
        thread.join(seconds)
    finally:  # also if the reader interrupts the kernel
        end(thread)
    return not thread.is_alive()


def end(thread: Thread) -> None:
    """Raise an exception in a thread until it ends; give up after a while."""
    for _ in range(20):
        if not thread.is_alive() or thread.ident is None:
            return
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(TimeIsUp)
        )
        thread.join(PATIENCE / 20)


def place_of(error: BaseException, function: Callable[..., Any]) -> str:
    """Say in which line of the learner's own code an exception was raised."""
    code = getattr(function, "__code__", None)
    own = [
        frame for frame in extract_tb(error.__traceback__)
        if code is not None and frame.filename == code.co_filename
    ]  # fmt: skip
    if not own:
        return ""
    return f" in line {own[-1].lineno}" + (f", `{own[-1].line}`" if own[-1].line else "")
