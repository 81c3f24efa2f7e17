"""The recurrent cells, one step each, written as the equations of the book.

Rows are examples and the batch is one, so x_t is a 1 x n_inputs matrix and a_t = x_t W + ... .
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import sympy as sp

from bptt_lab.symbolic.functions import apply, detach
from bptt_lab.symbolic.functions import g as squash_1997
from bptt_lab.symbolic.matrices import hadamard
from bptt_lab.symbolic.unrolled import Cell, Time, Unrolled


def _gate_shapes(gates: str, n_inputs: int, n: int) -> dict[str, tuple[int, int]]:
    return {
        name: shape
        for g in gates
        for name, shape in ((f"W_x{g}", (n_inputs, n)), (f"W_h{g}", (n, n)), (f"b_{g}", (1, n)))
    }


def _pre_activation(net: Unrolled, g: str, t: Time, h: Any) -> Any:
    W_x, W_h, b = (net.parameters[f"{name}{g}"] for name in ("W_x", "W_h", "b_"))
    return net.x[t] * W_x + h * W_h + b


def _gate(net: Unrolled, g: str, t: Time, a: Any) -> Any:
    return net.define(g, t, apply("sigmoid", net.define(f"a_{g}", t, a)))


@dataclass(frozen=True)
class RNN(Cell):
    r"""Simple recurrent cell: :math:`h_t = \phi(x_t W_{xh} + h_{t-1} W_{hh} + b_h)`.

    Parameters
    ----------
    activation : {"tanh", "sigmoid", "relu", "identity", "phi"}
        "phi" stands for any differentiable function, for results that hold for all of them.

    Raises
    ------
    ValueError
        If the activation is unknown.

    Notes
    -----
    Equations: eq-cell.

    References
    ----------
    Elman (1990).

    Examples
    --------
    >>> net = RNN("phi").step(n_neurons=1)
    >>> net.definition(net.a["t"])
    Matrix([[W_{hh}*h_{t-1} + W_{xh}*x_{t} + b_{h}]])
    >>> net.definition(net.h["t"])
    Matrix([[phi(a_{t})]])
    """

    activation: str = "tanh"

    def __post_init__(self) -> None:
        apply(self.activation, 0)

    def shapes(self, n_inputs: int, n: int) -> dict[str, tuple[int, int]]:
        """Return the shapes of W_xh, W_hh and b_h."""
        return {"W_xh": (n_inputs, n), "W_hh": (n, n), "b_h": (1, n)}

    def recur(self, net: Unrolled, t: Time, before: Time) -> None:
        """Define a and h."""
        a = net.define("a", t, net.x[t] * net.W_xh + net.h[before] * net.W_hh + net.b_h)
        net.define("h", t, apply(self.activation, a))


@dataclass(frozen=True)
class OriginalLSTM(Cell):
    r"""LSTM of 1997, without a forget gate: :math:`C_t = C_{t-1} + i_t \circ \tilde C_t`.

    Parameters
    ----------
    truncated : bool
        Cut the derivative where h enters the gates and the candidate, as the authors do. The
        values stay the same; the derivative of C by the previous C becomes the identity.

    squashing : {"tanh", "1997"}
        tanh for candidate and output, or the functions of the paper, g(a) = 2 tanh(a / 2) for
        the candidate and tanh(C / 2) for the output.

    Raises
    ------
    ValueError
        If an option is unknown.

    Notes
    -----
    Equations: eq-lstm-1997.

    References
    ----------
    Hochreiter and Schmidhuber (1997), section 4, section 5.1 for the ranges, and appendix A.2,
    equation (30), for the truncated derivative.

    Examples
    --------
    >>> net = OriginalLSTM(truncated=True).unroll(T=2, n_neurons=2)
    >>> net.total(net.C[2], net.C[0])
    Matrix([
    [1, 0],
    [0, 1]])
    """

    truncated: bool = False
    squashing: str = "tanh"
    state: ClassVar[tuple[str, ...]] = ("h", "C")

    def __post_init__(self) -> None:
        if not isinstance(self.truncated, bool):
            raise ValueError(f"truncated must be True or False, got {self.truncated!r}")
        if self.squashing not in ("tanh", "1997"):
            raise ValueError(f"squashing must be 'tanh' or '1997', got {self.squashing!r}")

    def shapes(self, n_inputs: int, n: int) -> dict[str, tuple[int, int]]:
        """Return the shapes of W_x?, W_h? and b_? for i, o and C."""
        return _gate_shapes("ioC", n_inputs, n)

    def recur(self, net: Unrolled, t: Time, before: Time) -> None:
        """Define i, o, C_tilde, C and h."""
        h = net.h[before].applyfunc(detach) if self.truncated else net.h[before]
        i, o = (_gate(net, gate, t, _pre_activation(net, gate, t, h)) for gate in "io")
        a_C = net.define("a_C", t, _pre_activation(net, "C", t, h))
        squash, width = (sp.tanh, 1) if self.squashing == "tanh" else (squash_1997, 2)
        C_tilde = net.define("C_tilde", t, a_C.applyfunc(squash))
        C = net.define("C", t, net.C[before] + hadamard(i, C_tilde))
        net.define("h", t, hadamard(o, apply("tanh", C / width)))


@dataclass(frozen=True)
class LSTM(Cell):
    r"""LSTM with forget gate: :math:`C_t = f_t \circ C_{t-1} + i_t \circ \tilde C_t`.

    The hidden state is :math:`h_t = o_t \circ \tanh(C_t)`; all gates read x_t and h_{t-1}.

    Notes
    -----
    Equations: eq-lstm.

    References
    ----------
    Gers, Schmidhuber and Cummins (2000).

    Examples
    --------
    The derivative of the cell state by the previous one has four terms, not one:

    >>> net = LSTM().unroll(T=2, n_neurons=1)
    >>> from bptt_lab.symbolic import same
    >>> A, F = net.blocks(2).A, net.blocks(2).F
    >>> same(net.total(net.C[2], net.C[1]), A * net.blocks(1).P + F)
    True
    """

    state: ClassVar[tuple[str, ...]] = ("h", "C")

    def shapes(self, n_inputs: int, n: int) -> dict[str, tuple[int, int]]:
        """Return the shapes of W_x?, W_h? and b_? for i, f, o and C."""
        return _gate_shapes("ifoC", n_inputs, n)

    def recur(self, net: Unrolled, t: Time, before: Time) -> None:
        """Define i, f, C_tilde, C, o and h."""
        h = net.h[before]
        i, f = (_gate(net, g, t, self._input(net, g, t, h, net.C[before])) for g in "if")
        a_C = net.define("a_C", t, _pre_activation(net, "C", t, h))
        C_tilde = net.define("C_tilde", t, apply("tanh", a_C))
        C = net.define("C", t, hadamard(f, net.C[before]) + hadamard(i, C_tilde))
        o = _gate(net, "o", t, self._input(net, "o", t, h, C))
        net.define("h", t, hadamard(o, apply("tanh", C)))

    def _input(self, net: Unrolled, g: str, t: Time, h: Any, C: Any) -> Any:
        """Return the pre-activation of a gate, which does not read the cell state C."""
        return _pre_activation(net, g, t, h)


@dataclass(frozen=True)
class PeepholeLSTM(LSTM):
    r"""LSTM whose gates also read the cell state, each unit its own.

    i_t and f_t read :math:`C_{t-1}` with weights p_i and p_f, o_t reads :math:`C_t` with p_o.

    Notes
    -----
    Equations: eq-peepholes.

    References
    ----------
    Gers, Schraudolph and Schmidhuber (2002).

    Examples
    --------
    >>> net = PeepholeLSTM().unroll(T=1, n_neurons=1)
    >>> net.definition(net.a_o[1])
    Matrix([[C_{1}*p_{o} + W_{ho}*h_{0} + W_{xo}*x_{1} + b_{o}]])
    """

    def shapes(self, n_inputs: int, n: int) -> dict[str, tuple[int, int]]:
        """Return the shapes of an LSTM's parameters and of p_i, p_f and p_o."""
        return super().shapes(n_inputs, n) | {f"p_{g}": (1, n) for g in "ifo"}

    def _input(self, net: Unrolled, g: str, t: Time, h: Any, C: Any) -> Any:
        return _pre_activation(net, g, t, h) + hadamard(net.parameters[f"p_{g}"], C)


@dataclass(frozen=True)
class GRU(Cell):
    r"""Gated recurrent unit: :math:`h_t = z_t \circ h_{t-1} + (1 - z_t) \circ \tilde h_t`.

    Parameters
    ----------
    reset : {"before", "after"}
        Where the reset gate acts. "before" the matrix:
        :math:`\tilde h_t = \tanh(x_t W_{xn} + (r_t \circ h_{t-1}) W_{hn} + b_n)`; "after" it:
        :math:`\tilde h_t = \tanh(x_t W_{xn} + b_n + r_t \circ u_t)` with
        :math:`u_t = h_{t-1} W_{hn} + c_n`, as cuDNN and torch do.

    Raises
    ------
    ValueError
        If reset is neither.

    Notes
    -----
    Equations: eq-gru, eq-gru-after.

    References
    ----------
    Cho et al. (2014).

    Examples
    --------
    >>> net = GRU(reset="after").unroll(T=1, n_neurons=1)
    >>> net.definition(net.u[1])
    Matrix([[W_{hn}*h_{0} + c_{n}]])
    >>> net.total(net.h[1], net.h_tilde[1])
    Matrix([[1 - z_{1}]])
    """

    reset: str = "before"

    def __post_init__(self) -> None:
        if self.reset not in ("before", "after"):
            raise ValueError(f"reset must be 'before' or 'after', got {self.reset!r}")

    def shapes(self, n_inputs: int, n: int) -> dict[str, tuple[int, int]]:
        """Return the shapes of W_x?, W_h? and b_? for z, r and n; "after" adds c_n."""
        shapes = _gate_shapes("zrn", n_inputs, n)
        return shapes if self.reset == "before" else shapes | {"c_n": (1, n)}

    def recur(self, net: Unrolled, t: Time, before: Time) -> None:
        """Define z, r, (u,) h_tilde and h."""
        h = net.h[before]
        z, r = (_gate(net, g, t, _pre_activation(net, g, t, h)) for g in "zr")
        if self.reset == "before":
            a_n = _pre_activation(net, "n", t, hadamard(r, h))
        else:
            u = net.define("u", t, h * net.W_hn + net.c_n)
            a_n = net.x[t] * net.W_xn + net.b_n + hadamard(r, u)
        h_tilde = net.define("h_tilde", t, apply("tanh", net.define("a_n", t, a_n)))
        value = hadamard(z, h) + hadamard(z.applyfunc(lambda gate: 1 - gate), h_tilde)
        net.define("h", t, value)
