"""A backward pass that keeps few states and computes the others again."""

from dataclasses import dataclass, field
from functools import cache
from math import comb
from typing import Any

import numpy as np

from bptt_lab.arguments import Array, check_integer, check_real
from bptt_lab.bptt import (
    Gradients,
    check_input,
    deltas_by_chunk,
    unroll,
    weight_gradients,
)
from bptt_lab.cells.base import Arrays, Cell, Params, rows

__all__ = ["Checkpointed", "checkpointed_backward", "steps_again"]


def steps_again(T: int, slots: int) -> int:
    """Least number of forward steps that a backward pass over T steps has to run.

    Parameters
    ----------
    T : int
        Length of the sequence. Its first and its last state are known.
    slots : int
        How many states may be held beside the first.

    Returns
    -------
    int
        T - 1 if there is room for all, T (T - 1) / 2 if there is none.

    Raises
    ------
    ValueError
        If an argument is no integer, T < 1 or slots < 0.

    Notes
    -----
    Griewank and Walther (2000): r T - C(c + r, r - 1) with c = slots + 1 and the least r for
    which C(c + r, c) >= T; no step is run more than r times. Equations: eq-after-checkpoints.

    Examples
    --------
    >>> [steps_again(1000, slots) for slots in (0, 1, 8, 50, 999)]
    [499500, 28820, 3999, 1947, 999]
    """
    T = check_integer("T", T)
    c, r = check_integer("slots", slots, least=0) + 1, 0
    while comb(c + r, c) < T:
        r += 1
    return r * T - comb(c + r, r - 1) if r else 0


@cache
def first_checkpoint(T: int, slots: int) -> int:
    """After how many steps to put a checkpoint: where the sum of all that follows is least."""

    def cost(y: int) -> int:
        return y + steps_again(T - y, slots - 1) + steps_again(y, slots)

    return min(range(1, T), key=cost)


@dataclass
class Checkpointed:
    """What a backward pass with checkpoints has found, and what it has taken.

    Attributes
    ----------
    grads : Gradients
        As ``backward`` returns them.
    steps : int
        Forward steps that were run, the first sweep to the last state included.
    held : int
        The most states that were held at once, the first and the current one not counted.
    """

    grads: Gradients
    steps: int = 0
    held: int = 0


def checkpointed_backward(
    cell: Cell, params: Params, x: Array, d_h: Array, slots: int, state0: Any = None
) -> Checkpointed:
    """Gradient of any loss on the hidden states, with few states in memory.

    Parameters
    ----------
    cell, params, x, state0
        As for ``forward``.
    d_h : array, shape (T, m, n)
        What the loss passes to h_t directly.
    slots : int
        How many states may be held beside the first one and the current one.

    Returns
    -------
    Checkpointed

    Raises
    ------
    ValueError
        If an argument has a wrong type, shape or range or is not finite.

    Notes
    -----
    A state in the middle is computed and held, the second half is done with it, and then the
    first half without: again in halves, while there is room. What a step back computes anew of
    its own step, such as the gates, is counted as its own. Griewank and Walther (2000).
    Equations: eq-after-split, eq-after-checkpoints.

    Examples
    --------
    >>> from bptt_lab.cells import RNN
    >>> cell, rng = RNN("tanh"), np.random.default_rng(0)
    >>> params, x = cell.init(rng, 3, 5, 2), rng.standard_normal((30, 4, 3))
    >>> done = checkpointed_backward(cell, params, x, np.ones((30, 4, 5)), slots=4)
    >>> done.steps, done.held, done.grads["W_hh"].shape
    (63, 4, (5, 5))
    """
    params, x, state0 = check_input(cell, params, x, state0)
    d_h = check_real("d_h", d_h, (*x.shape[:2], params["W_yh"].shape[0]), x.dtype)
    slots = check_integer("slots", slots, least=0)
    reverse = Reverse(cell, params, x, d_h, tuple(np.zeros_like(part) for part in state0))
    reverse.back(state0, 0, len(x), slots)
    grads = Gradients(reverse.grads, reverse.d_x, reverse.g)
    return Checkpointed(grads, reverse.steps + 1, reverse.most_held)  # + 1: to the last state


@dataclass
class Reverse:
    """The pass under way: the gradient at one state, what was summed so far, and counters."""

    cell: Cell
    params: Params
    x: Array
    d_h: Array
    g: Arrays
    grads: Params = field(default_factory=dict)
    steps: int = 0
    held: int = 0
    most_held: int = 0

    def __post_init__(self) -> None:
        self.d_x = np.empty_like(self.x)

    def back(self, start: Arrays, first: int, last: int, slots: int) -> None:
        """Take the gradient from the state after ``last`` steps to ``start``, after ``first``."""
        while last - first > 1 and not slots:  # no room: from the start to each step
            self.one_step_back(self.run(start, first, last - 1), last)
            last -= 1
        if last - first == 1:
            self.one_step_back(start, last)
            return
        middle = first + first_checkpoint(last - first, slots)
        checkpoint = self.run(start, first, middle)
        self.held += 1
        self.most_held = max(self.most_held, self.held)
        self.back(checkpoint, middle, last, slots - 1)
        self.held -= 1
        self.back(start, first, middle, slots)

    def run(self, start: Arrays, first: int, last: int) -> Arrays:
        """Return the state after ``last`` steps from that after ``first``."""
        self.steps += last - first
        trace = unroll(self.cell, self.params, self.x[first:last], start)
        return tuple(part[-1].copy() for part in trace.states)

    def one_step_back(self, before: Arrays, t: int) -> None:
        """Take the gradient over the step from t - 1 to t, and add what its weights get."""
        step = slice(t - 1, t)
        trace = unroll(self.cell, self.params, self.x[step], before)
        for _, delta in deltas_by_chunk(trace, self.d_h[step], self.g):
            for name, term in weight_gradients(trace, delta).items():
                self.grads[name] = self.grads.get(name, 0) + term
            W_x = self.cell.transposed(self.params, "W_x")
            self.d_x[step] = (rows(delta)[:, -len(W_x) :] @ W_x).reshape(self.d_x[step].shape)
