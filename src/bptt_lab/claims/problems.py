"""The small problems on which the checks of the ledger compute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bptt_lab import RNN, Cell, forward, step_jacobians
from bptt_lab.arguments import Array
from bptt_lab.cells.base import Params


@dataclass(frozen=True)
class Problem:
    """Parameters, inputs, classes and an initial state for a cell; all sizes are distinct.

    Attributes
    ----------
    params
        One array per name of the cell; no bias or peephole is zero, for a zero hides mistakes.
    x
        Inputs, (T, m, n_inputs).
    y
        Classes, (T, m) integers.
    state0
        Initial state, one (m, n) array per part.
    """

    cell: Cell
    params: dict[str, Array]
    x: Array
    y: npt.NDArray[np.int64]
    state0: tuple[Array, ...]


def problem(
    cell: Cell, seed: int = 0, *, T: int = 6, m: int = 3, n_inputs: int = 4, n: int = 5,
    n_outputs: int = 7,
) -> Problem:  # fmt: skip
    """Draw a problem of the given sizes, in float64."""
    rng = np.random.default_rng(seed)
    params = cell.init(rng, n_inputs, n, n_outputs)
    for name, value in params.items():
        params[name] = value + 0.3 * rng.standard_normal(value.shape)
    return Problem(
        cell,
        params,
        rng.standard_normal((T, m, n_inputs)),
        rng.integers(0, n_outputs, (T, m)),
        tuple(0.5 * rng.standard_normal((m, n)) for _ in cell.state_names),
    )


def relative_error(actual: npt.ArrayLike, expected: npt.ArrayLike) -> float:
    """Return the norm of the difference over the norm of what was expected."""
    difference = np.asarray(actual) - np.asarray(expected)
    return float(np.linalg.norm(difference) / np.linalg.norm(expected))


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


def derivative(f: Callable[[Array], Array], h: Array) -> Array:
    """Jacobian of f at the row h in numerator layout, by complex steps: exact to rounding.

    The gradient, a row, where f is a number.
    """
    columns = [f(h + 1e-30j * e).imag / 1e-30 for e in np.eye(len(h))]
    return np.stack(columns, axis=-1)


def norm(A: Array) -> float:
    """Largest singular value of a matrix, or length of a vector."""
    return float(np.linalg.norm(A, 2))
