"""The networks without a task on which the checks of the ledger compute."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bptt_lab.arguments import Array
from bptt_lab.bptt import forward
from bptt_lab.cells import RNN
from bptt_lab.cells.base import Params
from bptt_lab.jacobians import step_jacobians
from bptt_lab.reference import rnn_step, states


def network(W: Array, b: Array | float = 0.0) -> Params:
    """Parameters of a network whose inputs (T, m, n) are added to the net inputs as they are."""
    n = len(W)
    return {
        "W_xh": np.eye(n),
        "W_hh": W,
        "b_h": np.zeros(n) + b,
        "W_yh": np.eye(n),
        "b_y": np.zeros(n),
    }


def jacobians(
    W: Array, x: Array, h0: Array | None = None, *, b: Array | float = 0.0, activation: str = "tanh"
) -> Array:
    """One-step Jacobians (T, n, n) of the `network` along the inputs x (T, n) from h0 (n,)."""
    cell, params = RNN(activation), network(W, b)
    state0 = None if h0 is None else (h0[None],)
    return step_jacobians(forward(cell, params, x[:, None], state0))[:, 0]


def last_state(W: Array, x: Array, h0: Array) -> Array:
    """h_T of the `network`, by plain steps that a complex step can differentiate."""
    (h,) = states(rnn_step, network(W), x, (h0,))[-1]
    return h


def spread(values: Sequence[float]) -> str:
    """Say what is found in several networks: the median, the least and the largest.

    >>> spread([3.0, 1.0, 2.0])
    'median 2, from 1 to 3'
    """
    return f"median {np.median(values):.2g}, from {min(values):.2g} to {max(values):.2g}"


def norm(A: Array) -> float:
    """Largest singular value of a matrix, or length of a vector."""
    return float(np.linalg.norm(A, 2))
