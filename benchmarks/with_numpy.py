"""The package itself, which is NumPy."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.problems import CELLS, Arrays, Problem, named
from bptt_lab import loss_and_gradients

VERSION = np.__version__


def prepare(problem: Problem) -> Callable[[], Any]:
    """Return the work to be timed."""
    cell, p = CELLS[problem.cell], problem
    return lambda: loss_and_gradients(cell, p.params, p.x, p.y, p.state0)


def results(problem: Problem, done: Any) -> Arrays:
    """Name what the work returned."""
    loss, gradients = done
    state0 = dict(zip(("h_0", "C_0"), gradients.state0, strict=False))
    return named(loss, gradients | {"x": gradients.x} | state0)
