"""Call a function of which nothing is known: it may raise, print, warn, or never end.

The call runs in a thread, and the caller waits for it no longer than agreed. A thread that is late
gets an exception from outside. That works on every platform and from every thread, and costs the
call no time. Python looks for the exception between two of its own instructions, so one long call
inside a compiled library cannot be ended; it is left alone, and the answer says so. Where there are
no threads, as in Python inside a page, there is no limit: there the page ends the whole worker.
"""

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from threading import Thread
from traceback import extract_tb
from typing import Any


class TimeIsUp(BaseException):
    """Raised in a call that takes too long; no ``except Exception`` catches it."""


@dataclass
class Outcome:
    """What a call has led to.

    Attributes
    ----------
    value
        What it returned.
    error : BaseException or None
        What it raised.
    late : bool
        Whether it took too long.
    ended : bool
        Whether it is over; False if it was late and could not be ended.
    printed : str
    warned : list of str
    """

    value: Any = None
    error: BaseException | None = None
    late: bool = False
    ended: bool = True
    printed: str = ""
    warned: Sequence[str] = ()


def call(function: Callable[..., Any], arguments: Sequence[Any], seconds: float) -> Outcome:
    """Call a function and return what it led to, within ``seconds``.

    >>> call(divmod, (7, 2), seconds=5).value
    (3, 1)
    >>> call(divmod, (7, 0), seconds=5).error
    ZeroDivisionError('integer division or modulo by zero')
    """
    outcome = Outcome()

    def work() -> None:
        with suppress(TimeIsUp):  # it may arrive when all is done
            try:
                outcome.value = function(*arguments)
            except BaseException as error:  # also what would end the program
                outcome.error = error

    with recorded(outcome):
        thread = Thread(target=work, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # there are no threads here
            work()
            return outcome
        try:
            thread.join(seconds)
        finally:  # also if the reader interrupts the kernel
            outcome.late = thread.is_alive()
            outcome.ended = end(thread)
    return outcome


def end(thread: Thread) -> bool:
    """Raise an exception in a thread until it ends; give up after a second."""
    for _ in range(20):
        if not thread.is_alive() or thread.ident is None:
            return True
        import ctypes  # only here: not every Python in a page has it

        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(TimeIsUp)
        )
        thread.join(0.05)
    return not thread.is_alive()


@contextmanager
def recorded(outcome: Outcome) -> Iterator[None]:
    """Keep what is printed and warned of meanwhile."""
    text = io.StringIO()
    with redirect_stdout(text), redirect_stderr(text), warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        yield
    outcome.printed = text.getvalue()
    outcome.warned = [*dict.fromkeys(str(warning.message) for warning in seen)]


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
