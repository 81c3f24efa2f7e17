"""The cells written out step by step, as the book writes them: what the rest is compared with.

Nothing here is shared with the engine, and nothing is fast. There is one function a cell, one
matrix product a gate, and parameters are a plain dict of arrays. A step takes the parameters,
x_t (m, n_inputs) and the parts of the state (m, n), and returns the new state as a tuple. All
functions take complex numbers, so that `complex_step` differentiates them, and what autograd
follows.

Examples
--------
The engine agrees with the loop over `lstm_step`:

>>> from bptt_lab import LSTM, forward
>>> p = problem(LSTM())
>>> h, C = states(lstm_step, p.params, p.x, p.state0)[-1]
>>> relative_error(forward(p.cell, p.params, p.x, p.state0).h[-1], h) < 1e-14
True
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from bptt_lab.arguments import Array
from bptt_lab.cells import GRU, LSTM, RNN, Cell, OriginalLSTM, PeepholeLSTM
from bptt_lab.cells.base import Arrays, Params

TINY = 1e-30
"""Imaginary step: its square is far below rounding, and no digit is lost."""

SIZES = {"T": 7, "m": 4, "n_inputs": 3, "n": 5, "n_outputs": 6}
"""Sizes of `problem`: all differ, so that a wrong axis or transpose cannot pass."""

Step = Callable[..., Arrays]
"""A function (params, x_t, *state) -> state."""


# ------------------------------------------------------------------------ element by element


def library_of(a: Any) -> Any:
    """Return NumPy, or autograd's stand-in for it where ``a`` is what autograd follows."""
    followed = type(a).__module__.startswith("autograd")
    return sys.modules["autograd.numpy"] if followed else np


def tanh(a: Array) -> Array:
    """tanh(a)."""
    return library_of(a).tanh(a)  # type: ignore[no-any-return]


def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a)).

    >>> sigmoid(np.array([0.0, np.log(3)]))
    array([0.5 , 0.75])
    """
    return 1 / (1 + library_of(a).exp(-a))  # type: ignore[no-any-return]


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "tanh": tanh,
    "sigmoid": sigmoid,
    "relu": lambda a: a * (a > 0),
    "identity": lambda a: a,
}


def detach(a: Any) -> Any:
    """Return the value of ``a`` alone: no derivative, complex step or autograd's, goes through."""
    while hasattr(a, "_value"):
        a = a._value
    return a.real


# ------------------------------------------------------------------------------ one step a cell


def net_input(p: Params, gate: str, x: Array, h: Array) -> Array:
    """a_t = x_t W_x + h_{t-1} W_h + b of one gate."""
    a: Array = x @ p["W_x" + gate] + h @ p["W_h" + gate] + p["b_" + gate]
    return a


def rnn_step(p: Params, x: Array, h: Array, *, activation: str = "tanh") -> Arrays:
    """h_t of the simple recurrent network.

    Equations: eq-cell.
    """
    return (ACTIVATIONS[activation](net_input(p, "h", x, h)),)


def original_lstm_step(
    p: Params, x: Array, h: Array, C: Array, *, truncated: bool = False, squashing: str = "tanh"
) -> Arrays:
    """h_t and C_t of the LSTM of 1997, without a forget gate.

    Equations: eq-lstm-1997.
    """
    if truncated:
        h = detach(h)
    i, o = (sigmoid(net_input(p, gate, x, h)) for gate in "io")
    a_C = net_input(p, "C", x, h)
    if squashing == "1997":  # in the paper's letters g(a) and h(C)
        C = C + i * (4 * sigmoid(a_C) - 2)
        return o * (2 * sigmoid(C) - 1), C
    C = C + i * tanh(a_C)
    return o * tanh(C), C


def lstm_step(p: Params, x: Array, h: Array, C: Array) -> Arrays:
    """h_t and C_t of the LSTM with forget gate.

    Equations: eq-lstm.
    """
    i, f, o = (sigmoid(net_input(p, gate, x, h)) for gate in "ifo")
    C = f * C + i * tanh(net_input(p, "C", x, h))
    return o * tanh(C), C


def peephole_lstm_step(p: Params, x: Array, h: Array, C: Array) -> Arrays:
    """h_t and C_t of the LSTM whose gates read the cell state too.

    Equations: eq-peepholes.
    """
    i = sigmoid(net_input(p, "i", x, h) + p["p_i"] * C)
    f = sigmoid(net_input(p, "f", x, h) + p["p_f"] * C)
    C = f * C + i * tanh(net_input(p, "C", x, h))
    o = sigmoid(net_input(p, "o", x, h) + p["p_o"] * C)
    return o * tanh(C), C


def gru_step(p: Params, x: Array, h: Array, *, reset: str = "before") -> Arrays:
    """h_t of the gated recurrent unit, with the reset gate before or after the matrix W_hn.

    Equations: eq-gru, eq-gru-after.
    """
    z, r = (sigmoid(net_input(p, gate, x, h)) for gate in "zr")
    if reset == "before":
        new = tanh(net_input(p, "n", x, r * h))
    else:
        new = tanh(x @ p["W_xn"] + p["b_n"] + r * (h @ p["W_hn"] + p["c_n"]))
    return (z * h + (1 - z) * new,)


STEPS: dict[type[Cell], Step] = {
    RNN: rnn_step,
    OriginalLSTM: original_lstm_step,
    LSTM: lstm_step,
    PeepholeLSTM: peephole_lstm_step,
    GRU: gru_step,
}


def step_of(cell: Cell) -> Step:
    """Return the step of a cell, with the cell's options.

    >>> p = problem(GRU("after"))
    >>> (h,) = step_of(p.cell)(p.params, p.x[0], *p.state0)
    >>> h.shape
    (4, 5)
    """
    options = {field.name: getattr(cell, field.name) for field in fields(cell)}  # type: ignore[arg-type]
    return partial(STEPS[type(cell)], **options)


# -------------------------------------------------------------------------------- through time


def states(step: Step, p: Params, x: Array, state0: Arrays) -> list[Arrays]:
    """Return the states at t = 0..T, by one step after the other along x (T, m, n_inputs)."""
    found = [state0]
    for x_t in x:
        found.append(step(p, x_t, *found[-1]))
    return found


def logits(p: Params, h: Array) -> Array:
    """o_t = h_t W_yh + b_y.

    Equations: eq-notation-rnn.
    """
    o: Array = h @ p["W_yh"] + p["b_y"]
    return o


# -------------------------------------------------------------------- derivatives and distances


def complex_step(f: Callable[[Array], Any], w: Array) -> Array:
    """Differentiate f at w by Im f(w + i tiny) / tiny, exact to rounding.

    Parameters
    ----------
    f : callable
        From an array of the shape of ``w`` to a number or an array. It must be analytic: no
        ``abs``, no conjugate.
    w : array, any shape

    Returns
    -------
    array, shape of f(w) + shape of w
        The gradient where f is a number; the Jacobian in numerator layout where both are rows.

    Notes
    -----
    Squire and Trapp (1998).

    Examples
    --------
    >>> complex_step(np.square, np.array([1.0, 3.0]))
    array([[2., 0.],
           [0., 6.]])
    """
    units = np.eye(np.size(w)).reshape(-1, *np.shape(w))
    columns = [np.imag(f(w + 1j * TINY * unit)) / TINY for unit in units]
    return np.stack(columns, axis=-1).reshape(*np.shape(columns[0]), *np.shape(w))


def relative_error(actual: npt.ArrayLike, expected: npt.ArrayLike) -> float:
    """Norm of the difference over the norm of what was expected.

    It is 0 where both are zero, and infinite where nothing can be compared: the shapes differ, an
    entry is NaN or infinite, or zero was expected and something else came.

    >>> relative_error([3.0, 0.0], [3.0, 4.0])
    0.8
    >>> relative_error([3.0, 0.0], [[3.0, 0.0]])
    inf
    """
    actual, expected = np.asarray(actual), np.asarray(expected)
    if actual.shape != expected.shape or not np.isfinite([actual, expected]).all():
        return np.inf
    difference, size = np.linalg.norm(actual - expected), np.linalg.norm(expected)
    if size == 0:
        return np.inf if difference else 0.0
    return float(difference / size)


# ------------------------------------------------------------------------------ a small problem


@dataclass(frozen=True, eq=False)
class Problem:
    """A cell with parameters, a batch of sequences, and something to be learned from them.

    Attributes
    ----------
    cell : Cell
    params : dict
        One array per name of the cell; no bias or peephole is zero, because a zero hides mistakes.
    x : array, shape (T, m, n_inputs)
    y : integer array, shape (T, m)
        Classes, one at every step.
    targets : array, shape (T, m, n_outputs)
        Real targets.
    d_h : array, shape (T, m, n)
        Gradients of some loss with respect to the hidden states.
    state0 : tuple of arrays, shape (m, n)
    sizes : dict
        Sizes by symbol: T, m, n_inputs, n and n_outputs.
    """

    cell: Cell
    params: Params
    x: Array
    y: Array
    targets: Array
    d_h: Array
    state0: Arrays
    sizes: Mapping[str, int]


def problem(cell: Cell, seed: int = 0, dtype: Any = np.float64, **sizes: int) -> Problem:
    """Draw a small random problem, of the sizes `SIZES` but for those given.

    >>> p = problem(LSTM(), T=2)
    >>> p.x.shape, p.params["W_hf"].shape, len(p.state0)
    ((2, 4, 3), (5, 5), 2)
    """
    sizes = SIZES | sizes
    T, m, n_inputs, n, n_outputs = sizes.values()
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> Array:
        return rng.standard_normal(shape).astype(dtype)

    params = cell.init(rng, n_inputs, n, n_outputs, dtype=dtype)
    for value in params.values():
        value += 0.3 * normal(*value.shape)
    return Problem(
        cell,
        params,
        x=normal(T, m, n_inputs),
        y=rng.integers(0, n_outputs, (T, m)),
        targets=normal(T, m, n_outputs),
        d_h=normal(T, m, n),
        state0=tuple(0.5 * normal(m, n) for _ in cell.state_names),
        sizes=sizes,
    )
