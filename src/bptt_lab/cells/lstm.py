"""Long short-term memory: 1997, with forget gate (2000), with peepholes (2002)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bptt_lab.activations import sigmoid_slope, squash, tanh_slope
from bptt_lab.arguments import Array, choice, flag
from bptt_lab.cells.base import Arrays, Cell, Memory, Params, rows
from bptt_lab.cells.blocks import by_gate, diagonal, joint, times


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
    order: ClassVar[str] = "oifC"  # the logistic ones together, and those that act through C_t
    parts: ClassVar[tuple[str, ...]] = ("h", "C")

    @property
    def halved(self) -> slice:
        """The logistic gates o, i and f."""
        return slice(3)

    def recurrent_weights(self, params: Params) -> Arrays:
        """W_h (4, n, n), halved for the logistic gates, and 1/2."""
        return self.halved_weights(params)

    def transposed_weights(self, params: Params) -> Arrays:
        """W_h^T (4n, n)."""
        return (self.transposed(params, "W_h"),)

    def allocate(self, T: int, m: int, n: int, dtype: Any) -> Memory:
        """h, C, tanh(C), and the gates: all, the logistic ones, and one by one."""
        h, C = np.empty((2, T + 1, m, n), dtype)
        a = np.empty((T, 4, m, n), dtype)
        return Memory((h, C), a, (np.empty((T, m, n), dtype), a, a[:, :3], *by_gate(a)))

    def step(self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays) -> None:
        """One step forward; a holds x_t W_x + b on entry and the gates on return."""
        (W_h, half), (h_prev, C_prev), (h, C) = W, before, after
        tanh_C, a, logistic, o, i, f, new = stored
        a += h_prev @ W_h  # (4, m, n)
        squash(a, logistic, half)  # o_t, i_t, f_t, Ctilde_t, (m, n) each
        np.multiply(f, C_prev, out=C)  # C_t = f_t C_{t-1} ..
        C += i * new  # .. + i_t Ctilde_t, (m, n)
        np.tanh(C, out=tanh_C)
        np.multiply(o, tanh_C, out=h)  # h_t = o_t tanh(C_t), (m, n)

    def partials(self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays) -> Arrays:
        """Of h_t by o's net input, of C_t by the others'; of h_t by C_t, of C_t by C_{t-1}."""
        (_, C_prev), (tanh_C, gates, logistic, o, i, f, new) = before, stored
        D = np.empty_like(gates)
        D_o, D_i, D_f, D_new = by_gate(D)
        sigmoid_slope(logistic, out=D[:, :3])
        D_o *= tanh_C  # tanh(C_t) sigma'(a^o)
        D_i *= new  # Ctilde_t sigma'(a^i)
        D_f *= C_prev  # C_{t-1} sigma'(a^f)
        tanh_slope(new, out=D_new)
        D_new *= i  # i_t tanh'(a^C)
        P = tanh_slope(tanh_C)
        P *= o  # o_t tanh'(C_t)
        return D, P, f

    def adjoint(self, W: Arrays, partials: Arrays, d_state: Arrays, out: Arrays) -> None:
        """One step back (ledger, R7)."""
        (W_T, *_), (D, P, F), (d_h, d_C), (delta, delta_by_gate) = W, partials, d_state, out
        d_C += d_h * P  # from h_t to C_t, (m, n)
        np.multiply(D[0], d_h, out=delta_by_gate[0])  # delta^o
        np.multiply(D[1:], d_C, out=delta_by_gate[1:])  # delta^i, delta^f, delta^C
        delta.dot(W_T, out=d_h)  # dL/dh_{t-1}, (m, n)
        d_C *= F  # dL/dC_{t-1}, (m, n)

    def jacobian(self, W: Arrays, partials: Arrays) -> Array:
        """Blocks of d(h_t, C_t)/d(h_{t-1}, C_{t-1}), shape (..., 2n, 2n) (ledger, R6)."""
        (W_T, *_), (D, P, F) = W, partials
        B, A_i, A_f, A_new = map(times, by_gate(D), np.split(W_T, 4))
        A = A_i + A_f + A_new
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

    def peepholes(self, params: Params) -> Arrays:
        """p_i, p_f and p_o."""
        return tuple(params[name] for name in self.vectors)

    def recurrent_weights(self, params: Params) -> Arrays:
        """W_h (4, n, n), 1/2, and the peepholes, halved like the net inputs they add to."""
        return (*super().recurrent_weights(params), *(0.5 * p for p in self.peepholes(params)))

    def transposed_weights(self, params: Params) -> Arrays:
        """W_h^T (4n, n) and the peepholes."""
        return (*super().transposed_weights(params), *self.peepholes(params))

    def step(self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays) -> None:
        """One step forward; the output gate has to wait for C_t."""
        (W_h, half, p_i, p_f, p_o), (h_prev, C_prev), (h, C) = W, before, after
        tanh_C, a, logistic, o, i, f, new = stored
        a += h_prev @ W_h  # (4, m, n)
        i += p_i * C_prev  # (m, n)
        f += p_f * C_prev
        squash(a[1:], logistic[1:], half)
        np.multiply(f, C_prev, out=C)
        C += i * new
        o += p_o * C
        squash(o, o, half)
        np.tanh(C, out=tanh_C)
        np.multiply(o, tanh_C, out=h)

    def partials(self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays) -> Arrays:
        """As without peepholes, but C_{t-1} also acts through i and f, and C_t through o."""
        _, p_i, p_f, p_o = W
        D, P, f = super().partials(W, before, after, stored)
        D_o, D_i, D_f, _ = by_gate(D)
        return D, P + D_o * p_o, f + D_f * p_f + D_i * p_i

    def products(
        self, x: Array, before: Arrays, after: Arrays, stored: Arrays, delta: Array
    ) -> Arrays:
        """As without peepholes, and for these the sum of C * delta over steps and batch."""
        deltas, (_, C_prev), (_, C) = self.split("", delta), before, after
        peeps = C_prev * deltas["i"], C_prev * deltas["f"], C * deltas["o"]
        sums = (rows(peep).sum(axis=0) for peep in peeps)
        return (*super().products(x, before, after, stored, delta), *sums)

    def gradients(self, total: Arrays) -> Params:
        """As without peepholes, and theirs."""
        return super().gradients(total) | dict(zip(self.vectors, total[1:], strict=True))


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
    order: ClassVar[str] = "oiC"
    parts: ClassVar[tuple[str, ...]] = ("h", "C")

    def __post_init__(self) -> None:
        flag("truncated", self.truncated)
        choice("squashing", self.squashing, ("tanh", "1997"))

    @property
    def width(self) -> float:
        """W in g(a) = w tanh(a / w) and squash(C) = tanh(C / w)."""
        return 2.0 if self.squashing == "1997" else 1.0

    @property
    def halved(self) -> slice:
        """The gates, and a candidate 2 tanh(a / 2)."""
        return slice(3 if self.squashing == "1997" else 2)

    def recurrent_weights(self, params: Params) -> Arrays:
        """W_h (3, n, n), halved like the net inputs, and 1/2."""
        return self.halved_weights(params)

    def transposed_weights(self, params: Params) -> Arrays:
        """W_h^T (3n, n)."""
        return (self.transposed(params, "W_h"),)

    def allocate(self, T: int, m: int, n: int, dtype: Any) -> Memory:
        """h, C, the squashed C, and the gates: all, the logistic ones, and one by one."""
        h, C = np.empty((2, T + 1, m, n), dtype)
        a = np.empty((T, 3, m, n), dtype)
        return Memory((h, C), a, (np.empty((T, m, n), dtype), a, a[:, :2], *by_gate(a)))

    def step(self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays) -> None:
        """One step forward; a holds x_t W_x + b on entry and the gates on return."""
        (W_h, half), (h_prev, C_prev), (h, C) = W, before, after
        squashed, a, logistic, o, i, new = stored
        a += h_prev @ W_h  # (3, m, n)
        squash(a, logistic, half)  # o_t, i_t, Ctilde_t, (m, n) each
        new *= self.width
        np.multiply(i, new, out=C)
        C += C_prev  # C_t = C_{t-1} + i_t Ctilde_t, (m, n)
        np.tanh(C / self.width, out=squashed)
        np.multiply(o, squashed, out=h)  # h_t = o_t squash(C_t), (m, n)

    def partials(self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays) -> Arrays:
        """Of h_t by o's net input, of C_t by the others'; of h_t by C_t."""
        (squashed, gates, logistic, o, i, new), w = stored, self.width
        D = np.empty_like(gates)
        D_o, D_i, D_new = by_gate(D)
        sigmoid_slope(logistic, out=D[:, :2])
        D_o *= squashed  # squash(C_t) sigma'(a^o)
        D_i *= new  # Ctilde_t sigma'(a^i)
        tanh_slope(new / w, out=D_new)
        D_new *= i  # i_t g'(a^C)
        return D, o * tanh_slope(squashed) / w  # o_t squash'(C_t)

    def adjoint(self, W: Arrays, partials: Arrays, d_state: Arrays, out: Arrays) -> None:
        """One step back; along C the error comes through unchanged, the error carousel."""
        (W_T,), (D, P), (d_h, d_C), (delta, delta_by_gate) = W, partials, d_state, out
        d_C += d_h * P  # from h_t to C_t, and on to C_{t-1}, (m, n)
        np.multiply(D[0], d_h, out=delta_by_gate[0])  # delta^o
        np.multiply(D[1:], d_C, out=delta_by_gate[1:])  # delta^i, delta^C
        if self.truncated:
            d_h.fill(0)  # no error goes on from a net input
        else:
            delta.dot(W_T, out=d_h)  # dL/dh_{t-1}, (m, n)

    def jacobian(self, W: Arrays, partials: Arrays) -> Array:
        """Blocks as for the LSTM with F = I; A = B = 0 where the error is truncated."""
        (W_T,), (D, P) = W, partials
        B, A_i, A_new = map(times, by_gate(D), np.split(W_T, 3))
        A = A_i + A_new
        if self.truncated:
            A, B = np.zeros_like(A), np.zeros_like(B)
        return joint(B + times(P, A), diagonal(P), A, diagonal(np.ones_like(P)))
