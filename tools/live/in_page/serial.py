"""Executors where there are no threads and no processes: work is done when it is handed over."""

from __future__ import annotations

import concurrent.futures as futures
from collections.abc import Callable
from typing import Any


class SerialExecutor(futures.Executor):
    """Does at once what it is given; its futures are done when the caller gets them."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> futures.Future:
        future: futures.Future = futures.Future()
        try:
            future.set_result(work(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def replace_executors() -> None:
    """Let the executors of the standard library be serial from now on."""
    futures.ThreadPoolExecutor = futures.ProcessPoolExecutor = SerialExecutor  # type: ignore[misc]
