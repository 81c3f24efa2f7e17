"""Has a network learned its task? The criterion of the task's source decides."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from bptt_lab.arguments import Array, check_instance, check_integer
from bptt_lab.bptt import forward
from bptt_lab.cells.base import Cell, Params
from bptt_lab.tasks import Digits, Task, has_target


class Evaluation(NamedTuple):
    """The share of wrong sequences, and whether that meets the criterion of the task."""

    error: float
    """Share of the sequences that were answered wrongly, from 0 to 1."""
    solved: bool
    """Whether the error meets the criterion of the task."""


Evaluate = Callable[[Params], Evaluation]
"""``evaluate(params)``, as ``make_evaluator`` returns it."""


def make_evaluator(
    task: Task | Digits,
    cell: Cell,
    T: int | None = None,
    *,
    seed: int = 2**32,
    sequences: int | None = None,
    batch: int = 500,
) -> Evaluate:
    """Make a function that evaluates a network by the criterion of its task.

    The test sequences are the same every time. A network that fails by far on the first
    ``batch`` of them is not asked about the others, to save time.

    Parameters
    ----------
    task : Task or Digits
        Digits are evaluated on their test part and never count as solved.
    cell : Cell
    T : int
        Length of the sequences, the shortest possible when None; left out for Digits.
    seed : int
        Of the test sequences, which a training from another seed does not see.
    sequences : int, optional
        How many; as many as the source of the task takes when None.
    batch : int
        How many at a time.

    Returns
    -------
    callable
        ``evaluate(params) -> Evaluation(error, solved)``.

    Raises
    ------
    ValueError
        If an argument has a wrong type or range.

    Examples
    --------
    >>> from bptt_lab.cells import GRU
    >>> from bptt_lab.tasks import temporal_order
    >>> evaluate = make_evaluator(temporal_order(), GRU(), T=20, sequences=100)
    >>> evaluate(GRU().init(np.random.default_rng(0), 6, 10, 4)).solved
    False
    """
    if isinstance(task, Digits):
        return digits_evaluator(task, cell)
    check_instance("task", task, Task, "a Task or Digits")
    count = check_integer("sequences", task.sequences if sequences is None else sequences)
    size = min(check_integer("batch", batch), count)
    T = task.min_T if T is None else T
    task.draw(T, size)  # refuses a length that cannot be posed
    hopeless = 2 * task.max_error_rate + 0.02

    def answers(params: Params, rng: np.random.Generator, m: int) -> tuple[Array, Array]:
        x, y = task.generate(rng, T, m)
        steps = has_target(y).any(axis=1)  # the others need not be kept
        with np.errstate(over="ignore", invalid="ignore"):
            return forward(cell, params, x).logits[steps], y[steps]

    def evaluate(params: Params) -> Evaluation:
        rng = np.random.default_rng(seed)
        parts = [answers(params, rng, size)]
        error = float(task.wrong(*parts[0]).mean())
        if error > hopeless:
            return Evaluation(error, False)
        for done in range(size, count, size):
            parts.append(answers(params, rng, min(size, count - done)))
        logits, y = (np.concatenate(part, axis=1) for part in zip(*parts, strict=True))
        return Evaluation(float(task.wrong(logits, y).mean()), task.solved(logits, y))

    return evaluate


def digits_evaluator(data: Digits, cell: Cell) -> Evaluate:
    """Make a function that evaluates a network on the test part of the digits."""

    def evaluate(params: Params) -> Evaluation:
        with np.errstate(over="ignore", invalid="ignore"):
            logits = forward(cell, params, data.test_x).logits
        return Evaluation(float(data.wrong(logits, data.test_y).mean()), False)

    return evaluate
