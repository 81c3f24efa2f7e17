"""The simple recurrent network of Elman (1990)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from bptt_lab.activations import Activation, activation
from bptt_lab.arguments import Array
from bptt_lab.cells.base import Arrays, Buffers, Cell
from bptt_lab.cells.jacobian_blocks import times


@dataclass(frozen=True)
class RNN(Cell):
    """h_t = phi(x_t W_xh + h_{t-1} W_hh + b_h).

    Parameters
    ----------
    activation : {"tanh", "sigmoid", "relu", "identity"}

    Raises
    ------
    ValueError
        If the activation is unknown.

    Notes
    -----
    Elman (1990). Equations: eq-cell, eq-jacobian, eq-bptt-recursion.

    Examples
    --------
    >>> cell = RNN("tanh")
    >>> params = cell.init(np.random.default_rng(0), n_inputs=3, n_neurons=5, n_outputs=2)
    >>> {name: value.shape for name, value in params.items()}
    {'W_xh': (3, 5), 'W_hh': (5, 5), 'b_h': (5,), 'W_yh': (5, 2), 'b_y': (2,)}
    """

    activation: str = "tanh"

    gates: ClassVar[str] = "h"

    def __post_init__(self) -> None:
        activation(self.activation)

    @cached_property
    def phi(self) -> Activation:
        """The activation with its derivative and bound."""
        return activation(self.activation)

    def allocate(self, T: int, m: int, n: int, dtype: Any) -> Buffers:
        """h_0, .., h_T; a_t is written where h_t will stand, and so needs no memory of its own."""
        h = np.empty((T + 1, m, n), dtype)
        return Buffers(states=(h,), net_inputs=h[1:, None], kept=(h[1:],))

    def step(self, W: Any, before: Arrays, after: Arrays, kept: Arrays) -> None:
        """One step forward (eq-cell); a holds x_t W_xh + b_h on entry."""
        (h_prev,), (h,), (a,) = before, after, kept
        a += h_prev.dot(W.h)
        self.phi.value(a, out=h)

    def partials(self, W: Any, before: Arrays, after: Arrays, kept: Arrays) -> Arrays:
        """phi'(a_t), the diagonal of D_t as a row (eq-jacobian)."""
        (h,) = after
        return (self.phi.slope(h),)

    def adjoint(self, W: Any, partials: Arrays, g: Arrays, out: Arrays) -> None:
        """One step back (eq-bptt-recursion, eq-bptt-delta, eq-bptt-adjoint)."""
        (D,), (g_h,), (delta, *_) = partials, g, out
        np.multiply(g_h, D, out=delta)  # delta_t = g_t * phi'(a_t)
        delta.dot(W.h_T, out=g_h)  # g_{t-1} = delta_t W_hh^T, but for its own loss

    def jacobian(self, W: Any, partials: Arrays) -> Array:
        """J_t = diag(phi'(a_t)) W_hh^T (eq-jacobian, eq-bptt-jacobian)."""
        (D,) = partials
        return times(D, W.h_T)
