"""The work that every library is given: cells, sizes, parameters and data."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from bptt_lab import GRU, LSTM, RNN

Arrays = dict[str, np.ndarray]

CELLS = {"RNN": RNN("tanh"), "LSTM": LSTM(), "GRU": GRU("after")}
DTYPES = ("float32", "float64")
N_OUTPUTS = 10


class Size(NamedTuple):
    """Steps, batch and neurons; n_inputs is n/2, n_outputs is 10."""

    T: int
    m: int
    n: int

    @property
    def n_inputs(self) -> int:
        return self.n // 2


TINY = Size(50, 1, 16)
SIZES = (TINY, Size(100, 32, 64), Size(100, 32, 128), Size(200, 64, 256), Size(1000, 8, 64))
QUICK = SIZES[:3]


class Case(NamedTuple):
    cell: str
    dtype: str
    size: Size


@dataclass(frozen=True)
class Problem:
    """Arguments of `loss_and_gradients`; y are classes, one per step and sequence."""

    cell: str
    params: Arrays
    x: np.ndarray
    y: np.ndarray
    state0: tuple[np.ndarray, ...]

    @property
    def gates(self) -> tuple[str, ...]:
        return CELLS[self.cell].gates


def problem(case: Case, seed: int = 0) -> Problem:
    """Draw parameters and data; the biases too, so that a lost one would be noticed."""
    rng, cell, (T, m, n) = np.random.default_rng(seed), CELLS[case.cell], case.size

    def normal(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(case.dtype)

    params = cell.init(rng, case.size.n_inputs, n, N_OUTPUTS, dtype=case.dtype)
    for name, value in params.items():
        if value.ndim == 1:
            params[name] = 0.1 * normal(*value.shape)
    state0 = tuple(0.1 * normal(m, n) for _ in cell.state_names)
    y = rng.integers(0, N_OUTPUTS, (T, m))
    return Problem(case.cell, params, normal(T, m, case.size.n_inputs), y, state0)


def multiply_adds(case: Case) -> int:
    """Those of the matrix products: each is met once forward and twice backward.

    Forward x_t W_x, h_{t-1} W_h and h_t W_y; backward, for each of them, the gradient of the
    weights and the gradient of what they multiply.
    """
    (T, m, n), G = case.size, len(CELLS[case.cell].gates)
    return 3 * T * m * (case.size.n_inputs * G * n + n * G * n + n * N_OUTPUTS)


def must_be_stored(case: Case) -> int:
    """Bytes without which the gradients cannot be had unless products are done again.

    Per step and sequence: the states; the gates, where a cell has any, and the product that the
    reset gate of the GRU multiplies; the logits; and the gradient at x, which is a result.
    """
    (T, m, n), gates = case.size, {"RNN": 0, "LSTM": 4, "GRU": 4}[case.cell]
    numbers = (len(CELLS[case.cell].state_names) + gates) * n + N_OUTPUTS + case.size.n_inputs
    return T * m * numbers * np.dtype(case.dtype).itemsize


def named(loss: Any, gradients: dict[str, Any]) -> Arrays:
    """Loss and gradients under one roof, for comparison."""
    return {"loss": np.asarray(loss), **{k: np.asarray(v) for k, v in gradients.items()}}
