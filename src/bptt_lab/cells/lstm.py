"""Long short-term memory: 1997, with forget gate (2000), with peepholes (2002)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bptt_lab.activations import (
    LOGISTIC,
    TANH,
    Curve,
    curves,
    sigmoid,
    sigmoid_slope,
    squash,
    tanh_slope,
)
from bptt_lab.arguments import Array, choice, flag
from bptt_lab.cells.base import Arrays, Cell, Memory, Params, rows
from bptt_lab.cells.blocks import diagonal, gate_views, joint, times


@dataclass(frozen=True)
class LSTM(Cell):
    """C_t = f_t * C_{t-1} + i_t * Ctilde_t and h_t = o_t * tanh(C_t).

    The gates i, f and o are logistic, the candidate Ctilde is tanh, each of
    x_t W_x? + h_{t-1} W_h? + b_? with its own weights (ledger, R6). Gers, Schmidhuber and
    Cummins (2000).

    Examples
    --------
    >>> params = LSTM().init(np.random.default_rng(0), n_inputs=3, n_neurons=5, n_outputs=2)
    >>> [name for name in params if name.startswith("W_h")]
    ['W_hi', 'W_hf', 'W_ho', 'W_hC']
    >>> params["b_f"] += 1  # forget slowly at first
    """

    gates: ClassVar[tuple[str, ...]] = ("i", "f", "o", "C")
    parts: ClassVar[tuple[str, ...]] = ("h", "C")

    def allocate(self, T: int, m: int, n: int, dtype: Any) -> Memory:
        """h, C, the four gates side by side and one by one, and tanh(C)."""
        h, C = np.empty((2, T + 1, m, n), dtype)
        a = np.empty((T, m, 4 * n), dtype)
        i, f, o, new = gate_views(a, 4)
        return Memory((h, C), (a, i, f, o, new, np.empty((T, m, n), dtype)))

    def recurrent_weights(self, params: Params) -> Arrays:
        """W_h (n, 4n), and which columns are logistic and which tanh."""
        W_h = self.stack(params, "W_h")
        return (W_h, *curves(W_h, LOGISTIC, LOGISTIC, LOGISTIC, TANH))

    def step(self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays) -> None:
        """One step forward; a holds x_t W_x + b on entry and the gates on return."""
        (W_h, *form), (h_prev, C_prev), (h, C) = W, before, after
        a, i, f, o, new, tanh_C = stored
        a += np.dot(h_prev, W_h)  # (m, 4n)
        squash(a, *form)  # i_t, f_t, o_t, Ctilde_t, (m, n) each
        np.multiply(f, C_prev, out=C)  # C_t = f_t C_{t-1} ..
        C += i * new  # .. + i_t Ctilde_t, (m, n)
        np.tanh(C, out=tanh_C)
        np.multiply(o, tanh_C, out=h)  # h_t = o_t tanh(C_t), (m, n)

    def partials(
        self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays, D: Array
    ) -> Arrays:
        """Of C_t by each net input but o's, of h_t by o's and by C_t, of C_t by C_{t-1}."""
        (_, C_prev), (_, i, f, o, new, tanh_C) = before, stored
        D_i, D_f, D_o, D_new = gate_views(D, 4)
        np.multiply(sigmoid_slope(i, out=D_i), new, out=D_i)  # Ctilde_t sigma'(a^i)
        np.multiply(sigmoid_slope(f, out=D_f), C_prev, out=D_f)  # C_{t-1} sigma'(a^f)
        np.multiply(tanh_slope(new, out=D_new), i, out=D_new)  # i_t tanh'(a^C)
        np.multiply(sigmoid_slope(o, out=D_o), tanh_C, out=D_o)  # tanh(C_t) sigma'(a^o)
        P = o * tanh_slope(tanh_C)  # o_t tanh'(C_t)
        return D, D_i, D_f, D_o, D_new, P, f

    def adjoint(self, W: Arrays, partials: Arrays, d_after: Arrays) -> Arrays:
        """One step back (ledger, R7); D becomes delta, the gradient at all four net inputs."""
        (delta, delta_i, delta_f, delta_o, delta_new, P, F), (d_h, d_C) = partials, d_after
        d_C = d_C + d_h * P  # from h_t to C_t, (m, n)
        delta_o *= d_h  # (m, n) each
        delta_new *= d_C
        delta_f *= d_C
        delta_i *= d_C
        return np.dot(delta, W[0].T), d_C * F  # dL/dh_{t-1}, dL/dC_{t-1}

    def jacobian(self, W: Arrays, partials: Arrays) -> Array:
        """Blocks of d(h_t, C_t)/d(h_{t-1}, C_{t-1}), shape (..., 2n, 2n) (ledger, R6)."""
        D, D_i, D_f, D_o, D_new, P, F = partials
        W_i, W_f, W_o, W_new = gate_views(W[0], 4)
        A = times(D_f, W_f.T) + times(D_i, W_i.T) + times(D_new, W_new.T)
        B = times(D_o, W_o.T)
        return joint(B + times(P, A), diagonal(P * F), A, diagonal(F))


@dataclass(frozen=True)
class PeepholeLSTM(LSTM):
    """An LSTM whose gates also see the cell state: i and f see C_{t-1}, o sees C_t.

    Their net inputs gain p_i * C_{t-1}, p_f * C_{t-1} and p_o * C_t with vectors p (n,).
    Gers, Schraudolph and Schmidhuber (2002); ledger, lstm-09.

    Examples
    --------
    >>> params = PeepholeLSTM().init(np.random.default_rng(0), 3, 5, 2)
    >>> [name for name in params if name.startswith("p_")], params["p_o"].shape
    (['p_i', 'p_f', 'p_o'], (5,))
    """

    @property
    def vectors(self) -> tuple[str, ...]:
        """The peephole weights."""
        return ("p_i", "p_f", "p_o")

    def recurrent_weights(self, params: Params) -> Arrays:
        """W_h (n, 4n) and the peepholes."""
        return (self.stack(params, "W_h"), *(params[name] for name in self.vectors))

    def step(self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays) -> None:
        """One step forward; the output gate has to wait for C_t."""
        (W_h, p_i, p_f, p_o), (h_prev, C_prev), (h, C) = W, before, after
        a, i, f, o, new, tanh_C = stored
        a += np.dot(h_prev, W_h)  # (m, 4n)
        i += p_i * C_prev  # (m, n)
        f += p_f * C_prev
        sigmoid(i, out=i)
        sigmoid(f, out=f)
        np.tanh(new, out=new)
        np.multiply(f, C_prev, out=C)
        C += i * new
        o += p_o * C
        sigmoid(o, out=o)
        np.tanh(C, out=tanh_C)
        np.multiply(o, tanh_C, out=h)

    def partials(
        self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays, D: Array
    ) -> Arrays:
        """As without peepholes, but C_{t-1} also acts through i and f, and C_t through o."""
        _, p_i, p_f, p_o = W
        _, D_i, D_f, D_o, D_new, P, f = super().partials(W, before, after, stored, D)
        return D, D_i, D_f, D_o, D_new, P + D_o * p_o, f + D_f * p_f + D_i * p_i

    def recurrent_gradients(
        self, before: Arrays, after: Arrays, stored: Arrays, delta: Array
    ) -> Params:
        """Sum h_{t-1}^T delta_t over time, and C * delta for the peepholes."""
        (_, C_prev), (_, C) = before, after
        delta_i, delta_f, delta_o, _ = gate_views(delta, 4)
        return {
            **super().recurrent_gradients(before, after, stored, delta),
            "p_i": rows(C_prev * delta_i).sum(axis=0),
            "p_f": rows(C_prev * delta_f).sum(axis=0),
            "p_o": rows(C * delta_o).sum(axis=0),
        }


@dataclass(frozen=True)
class OriginalLSTM(Cell):
    """C_t = C_{t-1} + i_t * Ctilde_t and h_t = o_t * squash(C_t): no forget gate.

    Hochreiter and Schmidhuber (1997), section 4.

    Parameters
    ----------
    truncated : bool
        Cut the error as the authors did: where it reaches the net input of a gate or of the
        candidate it still changes that unit's weights, bias and input, but does not go on to
        h_{t-1}. Then dC_t/dC_{t-k} is exactly the identity (ledger, lstm-04).
    squashing : {"tanh", "1997"}
        tanh for candidate and output, or the functions of the paper, 2 tanh(a / 2) for the
        candidate and tanh(C / 2) for the output (ledger, lstm-02).

    Raises
    ------
    ValueError
        If an option is unknown.

    Examples
    --------
    >>> params = OriginalLSTM().init(np.random.default_rng(0), 3, 5, 2)
    >>> [name for name in params if name.startswith("W_h")]
    ['W_hi', 'W_ho', 'W_hC']
    """

    truncated: bool = False
    squashing: str = "tanh"

    gates: ClassVar[tuple[str, ...]] = ("i", "o", "C")
    parts: ClassVar[tuple[str, ...]] = ("h", "C")

    def __post_init__(self) -> None:
        flag("truncated", self.truncated)
        choice("squashing", self.squashing, ("tanh", "1997"))

    @property
    def width(self) -> float:
        """W in g(a) = w tanh(a / w) and squash(C) = tanh(C / w)."""
        return 2.0 if self.squashing == "1997" else 1.0

    def allocate(self, T: int, m: int, n: int, dtype: Any) -> Memory:
        """h, C, the gates side by side and one by one, and the squashed C."""
        h, C = np.empty((2, T + 1, m, n), dtype)
        a = np.empty((T, m, 3 * n), dtype)
        i, o, new = gate_views(a, 3)
        return Memory((h, C), (a, i, o, new, np.empty((T, m, n), dtype)))

    def recurrent_weights(self, params: Params) -> Arrays:
        """W_h (n, 3n), and which columns are logistic and which the candidate."""
        W_h, w = self.stack(params, "W_h"), self.width
        return (W_h, *curves(W_h, LOGISTIC, LOGISTIC, Curve(1 / w, w, 0)))

    def step(self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays) -> None:
        """One step forward; a holds x_t W_x + b on entry and the gates on return."""
        (W_h, *form), (h_prev, C_prev), (h, C) = W, before, after
        a, i, o, new, squashed = stored
        a += np.dot(h_prev, W_h)  # (m, 3n)
        squash(a, *form)  # i_t, o_t, Ctilde_t, (m, n) each
        np.multiply(i, new, out=C)
        C += C_prev  # C_t = C_{t-1} + i_t Ctilde_t, (m, n)
        np.tanh(C / self.width, out=squashed)
        np.multiply(o, squashed, out=h)  # h_t = o_t squash(C_t), (m, n)

    def partials(
        self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays, D: Array
    ) -> Arrays:
        """Of C_t by the net inputs of i and the candidate, of h_t by that of o and by C_t."""
        (_, i, o, new, squashed), w = stored, self.width
        D_i, D_o, D_new = gate_views(D, 3)
        np.multiply(sigmoid_slope(i, out=D_i), new, out=D_i)  # Ctilde_t sigma'(a^i)
        np.multiply(tanh_slope(new / w, out=D_new), i, out=D_new)  # i_t g'(a^C)
        np.multiply(sigmoid_slope(o, out=D_o), squashed, out=D_o)  # squash(C_t) sigma'(a^o)
        P = o * tanh_slope(squashed) / w  # o_t squash'(C_t)
        return D, D_i, D_o, D_new, P

    def adjoint(self, W: Arrays, partials: Arrays, d_after: Arrays) -> Arrays:
        """One step back; along C the error comes through unchanged, the error carousel."""
        (delta, delta_i, delta_o, delta_new, P), (d_h, d_C) = partials, d_after
        d_C = d_C + d_h * P  # from h_t to C_t, (m, n)
        delta_o *= d_h  # (m, n) each
        delta_new *= d_C
        delta_i *= d_C
        if self.truncated:
            return np.zeros_like(d_h), d_C  # no error goes on from a net input
        return np.dot(delta, W[0].T), d_C  # dL/dh_{t-1}, dL/dC_{t-1}

    def jacobian(self, W: Arrays, partials: Arrays) -> Array:
        """Blocks as for the LSTM with F = I; A = B = 0 where the error is truncated."""
        D, D_i, D_o, D_new, P = partials
        W_i, W_o, W_new = gate_views(W[0], 3)
        A = times(D_i, W_i.T) + times(D_new, W_new.T)
        B = times(D_o, W_o.T)
        if self.truncated:
            A, B = np.zeros_like(A), np.zeros_like(B)
        return joint(B + times(P, A), diagonal(P), A, diagonal(np.ones_like(P)))
