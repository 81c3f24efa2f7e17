"""Tell whether a learner's function lets the package compute what it was asked to compute.

A checker compares numbers, and `bptt_lab` returns right ones. A teacher who wants them computed by
hand refuses the others:

>>> from bptt_lab.exercises import check
>>> from bptt_lab.reference import rnn_step
>>> borrowed(check.rnn_step, lambda params, x_t, h: rnn_step(params, x_t, h))
['rnn_step']
"""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from bptt_lab.exercises.checker import Exercise
from bptt_lab.losses import softmax

PACKAGE = Path(__file__).parents[1]
LENT = {softmax.__code__}
"""What anybody may call."""


def borrowed(exercise: Exercise, function: Callable[..., Any]) -> list[str]:
    """Return the functions of the package that a learner's function calls on an example.

    `softmax` does not count, nor do functions that it is handed.
    """
    arguments = exercise.example()
    allowed = LENT | {getattr(value, "__code__", None) for value in arguments}
    found: dict[str, None] = {}

    def watch(frame: FrameType, event: str, _: Any) -> None:
        entered = is_own(frame) and not (frame.f_back and is_own(frame.f_back))
        if event == "call" and entered and frame.f_code not in allowed:
            found[frame.f_code.co_qualname] = None

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        function(*arguments)
    finally:
        sys.setprofile(before)
    return [*found]


def is_own(frame: FrameType) -> bool:
    """Tell whether code of the package runs in a frame."""
    return Path(frame.f_code.co_filename).is_relative_to(PACKAGE)
