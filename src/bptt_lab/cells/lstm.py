"""Long short-term memory: 1997, with forget gate (2000), with peepholes (2002)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bptt_lab.activations import sigmoid_slope, tanh_slope
from bptt_lab.arguments import Array, check_bool, check_choice
from bptt_lab.cells.base import Arrays, Cell, Params, rows
from bptt_lab.cells.jacobian_blocks import block_matrix, diagonal, times


@dataclass(frozen=True)
class LSTM(Cell):
    """C_t = f_t * C_{t-1} + i_t * Ctilde_t and h_t = o_t * tanh(C_t).

    The gates i, f and o are logistic, the candidate Ctilde is tanh, each of
    x_t W_x? + h_{t-1} W_h? + b_? with its own weights.

    Notes
    -----
    Gers, Schmidhuber and Cummins (2000). Equations: eq-lstm, eq-lstm-blocks, eq-lstm-backward,
    eq-joint-jacobian.

    Examples
    --------
    >>> params = LSTM().init(np.random.default_rng(0), n_inputs=3, n_neurons=5, n_outputs=2)
    >>> [name for name in params if name.startswith("W_h")]
    ['W_hi', 'W_hf', 'W_ho', 'W_hC']
    >>> params["b_f"] += 1  # forget slowly at first
    """

    gates: ClassVar[str] = "ifoC"
    logistic: ClassVar[str] = "ifo"
    state_names: ClassVar[tuple[str, ...]] = ("h", "C")
    extra: ClassVar[tuple[str, ...]] = ("tanh_C",)

    def step(self, W: Any, before: Arrays, after: Arrays, kept: Arrays) -> None:
        """One step forward (eq-lstm); a holds x_t W_x + b on entry."""
        (h_prev, C_prev), (h, C) = before, after
        a, i, f, o, C_tilde, tanh_C = kept
        a += h_prev @ W.h
        self.activate(a, W)
        np.add(f * C_prev, i * C_tilde, out=C)
        np.tanh(C, out=tanh_C)
        np.multiply(o, tanh_C, out=h)

    def partials(self, W: Any, before: Arrays, after: Arrays, kept: Arrays) -> Arrays:
        """Return the diagonals of the blocks (eq-lstm-blocks): in A_t and B_t; P_t; F_t."""
        (_, C_prev), (_, i, f, o, C_tilde, tanh_C) = before, kept
        D_i = C_tilde * sigmoid_slope(i)  # C_t with respect to a^i
        D_f = C_prev * sigmoid_slope(f)  # C_t with respect to a^f
        D_o = tanh_C * sigmoid_slope(o)  # h_t with respect to a^o
        D_C = i * tanh_slope(C_tilde)  # C_t with respect to a^C
        P = o * tanh_slope(tanh_C)  # h_t with respect to C_t
        return D_i, D_f, D_o, D_C, P, f

    def adjoint(self, W: Any, partials: Arrays, g: Arrays, out: Arrays) -> None:
        """One step back (eq-lstm-backward)."""
        D_i, D_f, D_o, D_C, P, F = partials
        (g_h, g_C), (delta, delta_i, delta_f, delta_o, delta_C) = g, out
        g_C += g_h * P
        np.multiply(g_C, D_i, out=delta_i)
        np.multiply(g_C, D_f, out=delta_f)
        np.multiply(g_h, D_o, out=delta_o)
        np.multiply(g_C, D_C, out=delta_C)
        delta.dot(W.h_T, out=g_h)  # g^h_{t-1}, but for its own loss
        g_C *= F  # g^C_{t-1}, but for what h_{t-1} adds

    def jacobian(self, W: Any, partials: Arrays) -> Array:
        """d(h_t, C_t)/d(h_{t-1}, C_{t-1}), shape (..., 2n, 2n) (eq-joint-jacobian)."""
        (D_i, D_f, D_o, D_C, P, F), (W_i, W_f, W_o, W_C) = partials, W.by_gate
        A = times(D_i, W_i) + times(D_f, W_f) + times(D_C, W_C)
        B = times(D_o, W_o)
        return block_matrix(B + times(P, A), diagonal(P * F), A, diagonal(F))


@dataclass(frozen=True)
class PeepholeLSTM(LSTM):
    """An LSTM whose gates also see the cell state: i and f see C_{t-1}, o sees C_t.

    Their net inputs gain p_i * C_{t-1}, p_f * C_{t-1} and p_o * C_t with vectors p (n,).

    Notes
    -----
    Gers, Schraudolph and Schmidhuber (2002). Equations: eq-peepholes, and those of ``LSTM``.

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

    def step(self, W: Any, before: Arrays, after: Arrays, kept: Arrays) -> None:
        """One step forward (eq-peepholes); the output gate has to wait for C_t."""
        (h_prev, C_prev), (h, C) = before, after
        a, i, f, o, C_tilde, tanh_C = kept
        a += h_prev @ W.h
        i += W.p_i * C_prev
        f += W.p_f * C_prev
        self.activate(a[:2], W)
        np.tanh(C_tilde, out=C_tilde)
        np.add(f * C_prev, i * C_tilde, out=C)
        o += W.p_o * C
        self.activate(a[2:3], W)
        np.tanh(C, out=tanh_C)
        h[:] = o * tanh_C

    def partials(self, W: Any, before: Arrays, after: Arrays, kept: Arrays) -> Arrays:
        """As without peepholes, but C_{t-1} also acts through i and f, and C_t through o."""
        D_i, D_f, D_o, D_C, P, F = super().partials(W, before, after, kept)
        return D_i, D_f, D_o, D_C, P + D_o * W.p_o, F + D_i * W.p_i + D_f * W.p_f

    def products(
        self, x: Array, before: Arrays, after: Arrays, kept: Arrays, delta: Array
    ) -> Arrays:
        """As without peepholes, and for each peephole the sum of C * delta."""
        deltas, (_, C_prev), (_, C) = self.split("", delta), before, after
        seen = C_prev * deltas["i"], C_prev * deltas["f"], C * deltas["o"]
        sums = (rows(terms).sum(axis=0) for terms in seen)
        return (*super().products(x, before, after, kept, delta), *sums)

    def gradients(self, total: Arrays) -> Params:
        """As without peepholes, with the gradients of the peepholes."""
        return super().gradients(total) | dict(zip(self.vectors, total[1:], strict=True))


@dataclass(frozen=True)
class OriginalLSTM(Cell):
    """C_t = C_{t-1} + i_t * Ctilde_t and h_t = o_t * psi(C_t): no forget gate.

    Parameters
    ----------
    truncated : bool
        Cut the error as the authors did: where it reaches the net input of a gate or of the
        candidate it still changes that unit's weights, bias and input, but does not go on to
        h_{t-1}. Then dC_t/dC_{t-k} is exactly the identity.
    squashing : {"tanh", "1997"}
        tanh for candidate and output, or the functions of the paper, 2 tanh(a / 2) for the
        candidate and psi(C) = tanh(C / 2) for the output.

    Raises
    ------
    ValueError
        If an option is unknown.

    Notes
    -----
    Hochreiter and Schmidhuber (1997), section 4. Equations: eq-carousel, eq-lstm-1997,
    eq-blocks-1997, eq-original-derivative.

    Examples
    --------
    >>> params = OriginalLSTM().init(np.random.default_rng(0), 3, 5, 2)
    >>> [name for name in params if name.startswith("W_h")]
    ['W_hi', 'W_ho', 'W_hC']
    """

    truncated: bool = False
    squashing: str = "tanh"

    gates: ClassVar[str] = "ioC"
    logistic: ClassVar[str] = "io"
    state_names: ClassVar[tuple[str, ...]] = ("h", "C")
    extra: ClassVar[tuple[str, ...]] = ("psi_C",)

    def __post_init__(self) -> None:
        check_bool("truncated", self.truncated)
        check_choice("squashing", self.squashing, ("tanh", "1997"))

    @property
    def stretch(self) -> float:
        """W in g(a) = w tanh(a / w) and psi(C) = tanh(C / w)."""
        return 2.0 if self.squashing == "1997" else 1.0

    @property
    def halved(self) -> str:
        """The gates, and a candidate 2 tanh(a / 2)."""
        return self.gates if self.squashing == "1997" else self.logistic

    def step(self, W: Any, before: Arrays, after: Arrays, kept: Arrays) -> None:
        """One step forward (eq-lstm-1997); a holds x_t W_x + b on entry."""
        (h_prev, C_prev), (h, C) = before, after
        a, i, o, C_tilde, psi_C = kept
        a += h_prev @ W.h
        self.activate(a, W)
        C_tilde *= self.stretch
        np.add(C_prev, i * C_tilde, out=C)
        np.tanh(C / self.stretch, out=psi_C)
        np.multiply(o, psi_C, out=h)

    def partials(self, W: Any, before: Arrays, after: Arrays, kept: Arrays) -> Arrays:
        """Return the diagonals of the blocks (eq-blocks-1997): in A_t and B_t; P_t."""
        (_, i, o, C_tilde, psi_C), w = kept, self.stretch
        D_i = C_tilde * sigmoid_slope(i)  # C_t with respect to a^i
        D_o = psi_C * sigmoid_slope(o)  # h_t with respect to a^o
        D_C = i * tanh_slope(C_tilde / w)  # C_t with respect to a^C
        P = o * tanh_slope(psi_C) / w  # h_t with respect to C_t
        return D_i, D_o, D_C, P

    def adjoint(self, W: Any, partials: Arrays, g: Arrays, out: Arrays) -> None:
        """One step back; along C the error passes unchanged, the error carousel."""
        D_i, D_o, D_C, P = partials
        (g_h, g_C), (delta, delta_i, delta_o, delta_C) = g, out
        g_C += g_h * P
        np.multiply(g_C, D_i, out=delta_i)
        np.multiply(g_h, D_o, out=delta_o)
        np.multiply(g_C, D_C, out=delta_C)
        if self.truncated:
            g_h.fill(0)  # no error goes on from a net input
        else:
            delta.dot(W.h_T, out=g_h)  # g^h_{t-1}, but for its own loss

    def jacobian(self, W: Any, partials: Arrays) -> Array:
        """Blocks as for the LSTM with F = I; A = B = 0 where the error is truncated."""
        (D_i, D_o, D_C, P), (W_i, W_o, W_C) = partials, W.by_gate
        A = times(D_i, W_i) + times(D_C, W_C)
        B = times(D_o, W_o)
        if self.truncated:
            A, B = np.zeros_like(A), np.zeros_like(B)
        return block_matrix(B + times(P, A), diagonal(P), A, diagonal(np.ones_like(P)))
