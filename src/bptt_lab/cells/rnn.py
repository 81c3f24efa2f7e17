"""The simple recurrent network of Elman (1990)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from bptt_lab.activations import Activation, activation
from bptt_lab.arguments import Array
from bptt_lab.cells.base import Arrays, Cell, Memory, Params
from bptt_lab.cells.blocks import times


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

    Examples
    --------
    >>> cell = RNN("tanh")
    >>> params = cell.init(np.random.default_rng(0), n_inputs=3, n_neurons=5, n_outputs=2)
    >>> {name: value.shape for name, value in params.items()}
    {'W_xh': (3, 5), 'W_hh': (5, 5), 'b_h': (5,), 'W_yh': (5, 2), 'b_y': (2,)}
    """

    activation: str = "tanh"

    gates: ClassVar[tuple[str, ...]] = ("h",)
    order: ClassVar[str] = "h"

    def __post_init__(self) -> None:
        activation(self.activation)

    @cached_property
    def phi(self) -> Activation:
        """The activation with its derivative and bound."""
        return activation(self.activation)

    def recurrent_weights(self, params: Params) -> Arrays:
        """W_hh (n, n)."""
        return (params["W_hh"],)

    def transposed_weights(self, params: Params) -> Arrays:
        """W_hh^T (n, n)."""
        return (self.transposed(params, "W_h"),)

    def allocate(self, T: int, m: int, n: int, dtype: Any) -> Memory:
        """h_0..h_T; a_t is turned into h_t where it stands, so it takes no room of its own."""
        h = np.empty((T + 1, m, n), dtype)
        return Memory(states=(h,), net_inputs=h[1:, None], stored=(h[1:],))

    def step(self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays) -> None:
        """One step forward; a holds x_t W_xh + b_h on entry."""
        (W_hh,), (h_prev,), (h,), (a,) = W, before, after, stored
        a += h_prev.dot(W_hh)  # (m, n)
        self.phi.value(a, out=h)  # (m, n)

    def partials(self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays) -> Arrays:
        """D_t = diag(phi'(a_t)), kept as a row."""
        (h,) = after
        return (self.phi.slope(h)[:, None],)  # (B, 1, m, n)

    def adjoint(self, W: Arrays, partials: Arrays, d_state: Arrays, out: Arrays) -> None:
        """One step back: the delta recursion (ledger, R1)."""
        (W_T,), (D,), (d_h,), (delta, _) = W, partials, d_state, out
        np.multiply(d_h, D[0], out=delta)  # delta_t = dL/dh_t * phi'(a_t), (m, n)
        delta.dot(W_T, out=d_h)  # dL/dh_{t-1}, (m, n)

    def jacobian(self, W: Arrays, partials: Arrays) -> Array:
        """J_t = diag(phi'(a_t)) W_hh^T (ledger, section 0.1)."""
        (W_T,), (D,) = W, partials
        return times(D[..., 0, :, :], W_T)  # (..., n, n)
