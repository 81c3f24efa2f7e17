"""Claims of the article on vanishing and exploding gradients in LSTMs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from bptt_lab import symbolic
from bptt_lab.arguments import Array
from bptt_lab.bptt import Trace, backward, forward, loss_and_gradients
from bptt_lab.cells import GRU, LSTM, RNN, Cell, OriginalLSTM, PeepholeLSTM
from bptt_lab.cells.base import Params
from bptt_lab.claims import cited
from bptt_lab.claims.claim import Ledger, Numbers
from bptt_lab.claims.problems import norm, spread
from bptt_lab.initializers import gaussian, orthogonal
from bptt_lab.jacobians import (
    jacobian_product,
    log_gradient_norms,
    lyapunov_exponents,
    step_jacobians,
)
from bptt_lab.reference import (
    complex_step,
    lstm_step,
    net_input,
    problem,
    relative_error,
    sigmoid,
    states,
    step_of,
)
from bptt_lab.symbolic import diag, same
from bptt_lab.training import Adam, clip_by_norm

LEDGER = Ledger()


def random_cell(cell: Cell, s: float = 1.0, n: int = 16, seed: int = 0, **biases: Any) -> Params:
    """Recurrent weights of scale s, input weights of variance 1/4, biases as given, else zero."""
    rng = np.random.default_rng(seed)
    params = cell.init(rng, 4, n, 3, recurrent=lambda rng, n: gaussian(rng, n, gain=s))
    for name, value in biases.items():
        params[name] += value
    return params


def random_input(T: int, seed: int = 0) -> Array:
    """Draw inputs (T, 1, 4)."""
    return np.random.default_rng([seed, 1]).standard_normal((T, 1, 4))


def gates(p: Params, x: Array, h: Array) -> tuple[Array, Array, Array, Array]:
    """Return i_t, f_t, o_t and the candidate from x_t and h_{t-1}; without a gate f_t is 1."""
    a = {g: net_input(p, g, x, h) for g in "ifoC" if f"W_h{g}" in p}
    i, o = sigmoid(a["i"]), sigmoid(a["o"])
    return i, sigmoid(a["f"]) if "f" in a else np.ones_like(i), o, np.tanh(a["C"])


@dataclass(frozen=True)
class Walk:
    """A cell with random weights on its way through random inputs, one sequence.

    x (T+1, 4), h and C (T+1, n) have the step as index; nothing arrives at step 0, so x[0] is NaN.
    """

    cell: Cell
    params: Params
    trace: Trace
    x: Array
    h: Array
    C: Array

    def gates(self, t: int) -> tuple[Array, Array, Array, Array]:
        """Return i_t, f_t, o_t and the candidate, (n,) each."""
        return gates(self.params, self.x[t], self.h[t - 1])

    def blocks(self, t: int) -> tuple[Array, Array, Array, Array]:
        """Return A_t, B_t, P_t and F_t by the book's formulas, (n, n) each."""
        (i, f, o, new), p, tanh_C = self.gates(t), self.params, np.tanh(self.C[t])
        slopes = {"f": self.C[t - 1] * f * (1 - f), "i": new * i * (1 - i), "C": i * (1 - new**2)}
        A = sum(np.diag(slopes[g]) @ p[f"W_h{g}"].T for g in slopes if f"W_h{g}" in p)
        B = np.diag(tanh_C * o * (1 - o)) @ p["W_ho"].T
        return np.asarray(A), B, np.diag(o * (1 - tanh_C**2)), np.diag(f)

    def M(self, t: int) -> Array:
        """dC_t/dC_{t-1} = A_t P_{t-1} + F_t."""
        (A, _, _, F), (_, _, P, _) = self.blocks(t), self.blocks(t - 1)
        return np.asarray(A @ P + F)

    def onwards(self, t: int, k: int) -> Callable[[Array], Array]:
        """Return C_{t-k} -> C_t, step by step; o_{t-k} is fixed, h_{t-k} is not."""
        o, step = self.gates(t - k)[2], step_of(self.cell)

        def run(C: Array) -> Array:
            h = o * np.tanh(C)
            for x in self.x[t - k + 1 : t + 1]:
                h, C = step(self.params, x, h, C)
            return C

        return run

    def exact(self, t: int, k: int) -> Array:
        """dC_t/dC_{t-k}, differentiated from `onwards`."""
        return complex_step(self.onwards(t, k), self.C[t - k])

    def immediate(self, t: int) -> Array:
        """dC_t/dC_{t-1} with h_{t-1} held fixed, differentiated from one step."""
        x, h, step = self.x[t], self.h[t - 1], step_of(self.cell)
        return complex_step(lambda C: step(self.params, x, h, C)[1], self.C[t - 1])

    def joint(self, t: int, k: int) -> Array:
        """dC_t/dC_{t-k} by the package's Jacobians of (h, C)."""
        n = len(self.C[t])
        start = np.vstack([self.blocks(t - k)[2], np.eye(n)])
        return np.asarray(jacobian_product(self.jacobians(), t, t - k)[n:] @ start)

    def jacobians(self) -> Array:
        """Jacobians (T, 2n, 2n) of the pair (h, C) by the package."""
        return step_jacobians(self.trace)[:, 0]


def walk(
    T: int, s: float = 1.0, n: int = 16, seed: int = 0, *, cell: Cell | None = None,
    silent: str = "", **biases: Any,
) -> Walk:  # fmt: skip
    """Let an LSTM, or another cell with a cell state, run for T steps; one matrix may be zero."""
    cell = cell or LSTM()
    params, x = random_cell(cell, s, n, seed, **biases), random_input(T, seed)
    if silent:
        params[silent] = 0 * params[silent]
    trace = forward(cell, params, x)
    inputs = np.concatenate([np.full((1, 4), np.nan), x[:, 0]])
    h, C = trace.states
    return Walk(cell, params, trace, inputs, h[:, 0], C[:, 0])


def distance_from_identity(A: Array) -> float:
    """Norm of A - I over the norm of I."""
    return relative_error(A, np.eye(len(A)))


def exponent(cell: Cell, params: Params, x: Array) -> float:
    """Largest Lyapunov exponent, in nats per step, without the first 100 steps."""
    return float(lyapunov_exponents(cell, params, x, 1, 100)[0])


def still(cell: Cell, **biases: Any) -> Params:
    """One unit that reads nothing, neither x nor h: its gates are what its biases say."""
    params = cell.init(np.random.default_rng(0), 1, 1, 1)
    return {name: 0 * value + biases.get(name, 0.0) for name, value in params.items()}


def bias(gate: float) -> float:
    """Return the bias that holds a logistic gate at the given value."""
    return float(np.log(gate / (1 - gate)))


@cache
def two_units() -> symbolic.Unrolled:
    """Return an LSTM of two units in symbols, over two steps."""
    return symbolic.LSTM().unroll(T=2, n_neurons=2)


def size(M: sp.Matrix) -> float:
    """Norm of an expression in `two_units`, for random parameters, inputs and states."""
    p = problem(LSTM(), T=2, m=1, n_inputs=1, n=2)
    return norm(np.asarray(two_units().numeric(M)(p.params, p.x, state0=p.state0)))


@LEDGER.enter(
    "lstm-01", "gates as a remedy",
    states="the multiplication of recursive derivatives is the biggest cause of vanishing "
    "gradients; gated structures such as LSTM networks are one answer",
    verdict="holds",
    holds=r"A gate near 1 takes the place of the factor $D_tW_{hh}^\top$ on the direct path. The "
    "article writes neither the gates nor the output, and without them nothing can be computed: "
    r"$g_t=\sigma(x_tW_{xg}+h_{t-1}W_{hg}+b_g)$ for $g\in\{i,f,o\}$, the same with tanh for "
    r"$\tilde C_t$, and $h_t=o_t\circ\tanh(C_t)$. $\circ$ is the product entry by entry.",
    sources=(cited.CAROUSEL_AND_CUT, cited.FORGET_GATE),
    equations=("eq-lstm",),
)  # fmt: skip
def repeated_product() -> Numbers:
    x = random_input(150)
    after = {}
    cells: list[tuple[Cell, dict[str, Any]]] = [
        (RNN(), {}), (LSTM(), {"b_f": 5}), (GRU(), {"b_z": 5})
    ]  # fmt: skip
    for cell, gate in cells:
        params = random_cell(cell, **gate)
        J = step_jacobians(forward(cell, params, x))[50:, 0]
        after[type(cell).__name__] = norm(jacobian_product(J))  # of 100 steps
    p = problem(LSTM())  # and the equations above are those of the package
    h, _ = states(lstm_step, p.params, p.x, p.state0)[-1]
    error = relative_error(h, forward(p.cell, p.params, p.x, p.state0).h[-1])
    assert after["RNN"] < 1e-9 < 0.1 < min(after["LSTM"], after["GRU"])
    assert error < 1e-14
    numbers = {f"{name}, norm after 100 steps": after[name] for name in after}
    return numbers | {"error of the equations": error}


@LEDGER.enter(
    "lstm-02", "the update of 1997, in the paper's letters",
    states=r"$s_{c_j}(0)=0,\ s_{c_j}(t)=s_{c_j}(t-1)+y^{in_j}(t)\,g(net_{c_j}(t))$ for $t>0$ "
    "(page 7 of the paper)",
    verdict="holds",
    holds=r"$y^{in_j}$ is the input gate. In the paper $g(a)=4\sigma(a)-2=2\tanh\frac a2$, and the "
    r"output is $y^{out_j}\,\psi(s_{c_j})$ with $\psi(C)=2\sigma(C)-1=\tanh\frac C2$.",
    sources=(
        "hochreiter1997, section 4 (page 7 of the authors' preprint), for the equation, and "
        "appendix A.1, eqs. 4 and 5, for $g$ and $\\psi$",
    ),
    equations=("eq-lstm-1997",),
)  # fmt: skip
def update_of_1997() -> Numbers:
    a = sp.Symbol("a", real=True)
    logistic, half = 1 / (1 + sp.exp(-a)), sp.tanh(a / 2).rewrite(sp.exp)
    assert same(4 * logistic - 2, 2 * half)
    assert same(2 * logistic - 1, half)

    p = problem(OriginalLSTM(squashing="1997"))
    h, C = forward(p.cell, p.params, p.x).states  # from s = 0
    y_c = s_c = np.zeros(C[0].shape)
    for x_t in p.x:
        net = {g: net_input(p.params, g, x_t, y_c) for g in "ioC"}
        s_c = s_c + sigmoid(net["i"]) * (4 * sigmoid(net["C"]) - 2)
        y_c = sigmoid(net["o"]) * (2 * sigmoid(s_c) - 1)
    errors = relative_error(s_c, C[-1]), relative_error(y_c, h[-1])
    assert max(errors) < 1e-14
    return {"error of the cell state": errors[0], "error of the output": errors[1]}


@LEDGER.enter(
    "lstm-03", "the update of 1997, in our letters",
    states=r"$C_t=C_{t-1}+i_t\circ\tilde C_t$",
    verdict="holds",
    holds=r"$\tilde C_t=g(a^C_t)$. With tanh in place of the paper's $g$ a candidate lies in "
    "$(-1,1)$, not in $(-2,2)$.",
    sources=("hochreiter1997, section 4, for the equation",),
    equations=("eq-carousel", "eq-lstm-1997"),
)  # fmt: skip
def additive_update() -> Numbers:
    largest = {}
    for squashing, width in (("tanh", 1), ("1997", 2)):
        p = problem(OriginalLSTM(squashing=squashing), T=200)
        h, C = forward(p.cell, p.params, p.x, p.state0).states
        i, a = (net_input(p.params, g, p.x, h[:-1]) for g in "iC")
        new = width * np.tanh(a / width)
        assert relative_error(C[:-1] + sigmoid(i) * new, C[1:]) < 1e-14
        largest[squashing] = float(np.abs(new).max())
        assert largest[squashing] < width
    assert largest["1997"] > 1
    return {f"largest candidate, {name}": largest[name] for name in largest}


@LEDGER.enter(
    "lstm-04", '"because of the truncated BPTT algorithm"',
    states="the motivation of the original LSTM was a recursive derivative of constant value, "
    '"equal to 1 because of the truncated BPTT algorithm"',
    verdict="condition", harm="wording", cause="cut",
    holds="Two things are needed. The 1 itself comes from the constant error carousel, a linear "
    "unit that feeds itself with weight 1; the same cut with forget gates leaves their product. "
    "That nothing else is in the derivative comes from the cut: in full "
    r"$\frac{\partial C_t}{\partial C_{t-1}}=I+A_tP_{t-1}$. The paper says both, and compares its "
    "cut with truncated BPTT itself.",
    condition="The cell of 1997, with its carousel; and the truncation is the paper's, at the net "
    "inputs, not a window in time, which is what truncated BPTT means today.",
    sources=(
        cited.CAROUSEL_AND_CUT, cited.LIKE_TRUNCATED,
        "hochreiter1997, appendix A.2, eq. 30: the derivative with all its terms, of which the "
        "truncation leaves 1",
    ),
    equations=("eq-original-derivative",),
)  # fmt: skip
def carousel() -> Numbers:
    cut, full, w = walk(101, cell=OriginalLSTM(True)), walk(101, cell=OriginalLSTM()), walk(101)
    with_cut = {k: distance_from_identity(cut.joint(101, k)) for k in (1, 2, 10, 100)}
    in_full = {k: distance_from_identity(full.exact(101, k)) for k in (1, 10, 100)}
    one_step = relative_error(full.M(101), full.exact(101, 1))
    forget_gates = gates(w.params, w.x[1:], w.h[:-1])[1][1:].prod(axis=0)  # what the cut leaves

    p = problem(OriginalLSTM(truncated=True), T=30)
    p.y[:-1] = -1  # a loss at the end only, and its gradient at the first input
    of_1997, window = (
        norm(loss_and_gradients(p.cell, p.params, p.x, p.y, window=K)[1].x[0]) for K in (None, 10)
    )
    assert set(with_cut.values()) == {0} and forget_gates.max() < 1e-9
    assert one_step < 1e-14 and 0 < in_full[1] < in_full[10] < 1 < in_full[100]
    assert of_1997 > 1e-3 and window == 0
    return {
        **{f"cut, k = {k}: distance from the identity": with_cut[k] for k in with_cut},
        **{f"in full, k = {k}: distance from the identity": in_full[k] for k in in_full},
        "in full, k = 1: error of I + A P": one_step,
        "the same cut with forget gates: what is left of 1, 100 steps": float(forget_gates.max()),
        "loss at step 30: gradient at step 1, cut of 1997": of_1997,
        "the same with a window of 10 steps": window,
    }


@LEDGER.enter(
    "lstm-05", '"not to flow back to the input or candidate gates"',
    states='the gradient "was truncated so as not to flow back to the input or candidate gates"',
    verdict="condition", harm="wording", cause="cut",
    holds="For this derivative the list is complete: $C_t$ depends on $h_{t-1}$ through these two "
    "alone. The paper cuts at the output gate as well, by which an error at $h_t$ would reach "
    r"$h_{t-1}$. Errors do reach the net inputs of all three and change their weights; they only "
    r"do not go on to $h_{t-1}$.",
    condition=r"Only $\frac{\partial C_t}{\partial C_{t-1}}$ is meant, not the gradient of a loss. "
    "(The candidate is no gate.)",
    sources=(cited.LIKE_TRUNCATED,),
    equations=("eq-original-derivative",),
)  # fmt: skip
def cut_at_three_net_inputs() -> Numbers:
    p = problem(OriginalLSTM(truncated=True), m=1)
    trace, d_h = forward(p.cell, p.params, p.x, p.state0), np.zeros((7, 1, 5))
    d_h[-1] = 1  # of the loss, the sum of the last h
    package = backward(trace, d_h)

    def run(q: Params, live: str, C: Array | None = None) -> tuple[Array, Array]:
        h, C_0 = (part[0] for part in p.state0)
        C = C_0 if C is None else C
        for x_t, recorded in zip(p.x[:, 0], trace.h[:-1, 0], strict=True):
            read = {g: h if g in live else recorded for g in "ioC"}  # only h passes errors on
            i, o, new = (net_input(q, g, x_t, read[g]) for g in "ioC")
            C = C + sigmoid(i) * np.tanh(new)
            h = sigmoid(o) * np.tanh(C)
        return h, C

    def gradient(name: str, live: str) -> Array:
        return complex_step(
            lambda w: np.asarray(run(p.params | {name: w}, live)[0].sum()), p.params[name]
        )

    def from_identity(live: str) -> float:
        """Distance of dC_7/dC_0 from I, the gates not named being cut."""
        end = complex_step(lambda C: run(p.params, live, C)[1], p.state0[1][0])
        return distance_from_identity(end)

    numbers: dict[str, float] = {
        "cell state over 7 steps, distance from the identity, both cut": from_identity("o"),
        "the candidate alone cut": from_identity("io"),
    }
    assert from_identity("o") < 1e-15 and from_identity("io") > 0.01
    for name in ("W_hi", "W_ho", "W_hC"):
        all_cut, output_gate_open = (
            relative_error(package[name], gradient(name, live)) for live in ("", "o")
        )
        numbers[f"{name}: norm of its gradient"] = norm(package[name])
        numbers[f"{name}: error of the package, cut at all three"] = all_cut
        numbers[f"{name}: and if the output gate were not cut"] = output_gate_open
        assert norm(package[name]) > 0.1  # errors reach the weights of all three
        assert all_cut < 1e-14 and output_gate_open > 0.01
    return numbers


@LEDGER.enter(
    "lstm-06", '"neither explode or vanish"',
    states='"If this is the case, then our gradients would neither explode or vanish."',
    verdict="condition", harm="misleads", cause="one path",
    holds="Inside the cell the error neither grows nor shrinks. On its way in it is multiplied by "
    r"$o_t\circ\psi'(C_t)$, where $\psi$ squashes the cell state, and on its way out by "
    r"$i_t\circ g'$. When the cell drifts, $\psi'(C_t)\to0$ and nothing gets in.",
    condition="The gradient is cut, and only the error that is already inside the cell is meant.",
    sources=(cited.INSIDE, cited.DRIFT),
    equations=("eq-blocks-1997", "eq-original-derivative"),
)  # fmt: skip
def into_and_out_of_the_cell() -> Numbers:
    cell, T, n = OriginalLSTM(truncated=True, squashing="1997"), 1000, 16
    x = np.repeat(random_input(1), T, axis=0)  # a constant input makes the cell drift
    params = random_cell(cell)
    J = step_jacobians(forward(cell, params, x))[:, 0]
    inside = jacobian_product(J[10:])[n:, n:]
    entrance = {t: float(np.median(np.diagonal(J[t - 1][:n, n:]))) for t in (10, 100, 1000)}
    assert np.array_equal(inside, np.eye(n))
    assert entrance[10] > 0.01 and entrance[1000] < 1e-12
    return {
        "990 steps inside, distance from the identity": distance_from_identity(inside),
        **{f"factor on the way in, step {t}, median": entrance[t] for t in entrance},
    }


@LEDGER.enter(
    "lstm-07", '"the cell state tends to grow uncontrollably"',
    states='"this formulation doesn\'t work well because the cell state tends to grow '
    'uncontrollably"',
    verdict="condition", harm="wording", cause="growth",
    holds=r"Nothing leaves the memory, so $|C_t|\le2t$, or $t$ with tanh: at most linear growth, a "
    "drift or a random walk, and never exponential. Where the state is reset the cell works. The "
    "paper names the drift and its remedy, a negative bias of the input gate.",
    condition="A stream that never ends, and no resets of the state.",
    sources=(cited.GROWTH, cited.DRIFT),
    equations=("eq-carousel", "eq-lstm-1997"),
)  # fmt: skip
def drift() -> Numbers:
    cell, x = OriginalLSTM(squashing="1997"), np.repeat(random_input(1), 1000, axis=0)

    def sizes(params: Params, x: Array, *times: int) -> list[float]:
        _, C = forward(cell, params, x).states
        assert (np.abs(C).max(axis=(1, 2)) <= 2 * np.arange(len(C))).all()
        return [float(np.sqrt((C[t] ** 2).mean())) for t in times]

    constant = sizes(random_cell(cell), x, 10, 100, 1000)
    negative_bias = sizes(random_cell(cell, b_i=-3), x, 1000)[0]
    reset = sizes(random_cell(cell), x.reshape(20, 50, 4), 20)[0]  # 50 sequences of 20 steps
    lonely = still(cell) | {"W_xC": np.ones((1, 1))}  # reads x only: independent increments
    random_walk = sizes(lonely, np.random.default_rng(0).standard_normal((1600, 400, 1)), 400, 1600)
    assert 5 < constant[1] / constant[0] < 15 and 5 < constant[2] / constant[1] < 15
    assert reset < constant[0] * 3 and negative_bias < constant[2] / 5
    assert 1.7 < random_walk[1] / random_walk[0] < 2.3
    return {
        "constant input, rms at 10, 100 and 1000": ", ".join(f"{size:.3g}" for size in constant),
        "reset every 20 steps, rms before": reset,
        "input-gate bias -3, rms at 1000": negative_bias,
        "independent increments, four times the steps: growth": random_walk[1] / random_walk[0],
    }


@LEDGER.enter(
    "lstm-08", "a forget gate against the growth",
    states='"In order to prevent this unbounded growth, a forget gate was added", in the more '
    "modern formulation of the linked paper (Graves and Schmidhuber 2005)",
    verdict="condition", harm="wording", cause="growth",
    holds="The forget gate is due to Gers, Schmidhuber and Cummins (2000); the linked paper adds "
    r"the full gradient, without a cut. $|C_t|\le\max|i_t\circ\tilde C_t|\,/\,(1-f_{\max})$ if "
    "that holds for $C_0$, and the bound is reached.",
    condition=r"$f_t\le f_{\max}<1$",
    sources=(cited.FORGET_GATE, cited.FULL_GRADIENT),
    equations=("eq-lstm", "eq-cell-bound"),
)  # fmt: skip
def bounded_growth() -> Numbers:
    def after_5000_steps(b_f: float) -> float:
        params = still(LSTM(), b_i=40, b_C=40, b_f=b_f)  # writes as much as a step can
        return float(forward(LSTM(), params, np.zeros((5000, 1, 1))).states[1][-1, 0, 0])

    held = {f: after_5000_steps(bias(f)) for f in (0.5, 0.9, 0.99)}
    never_forgets = after_5000_steps(40)  # f is 1 in floating point
    w = walk(300, s=2)
    i, f, _, new = gates(w.params, w.x[1:], w.h[:-1])
    largest, bound = np.abs(w.C).max(), np.abs(i * new).max() / (1 - f.max())
    assert all(abs(held[f] * (1 - f) - 1) < 1e-12 for f in held)  # the bound is reached
    assert never_forgets == 5000 and largest < bound
    return {
        **{f"f = {f}, after 5000 steps": held[f] for f in held},
        "f = 1, after 5000 steps": never_forgets,
        "random network, largest state": float(largest),
        "random network, bound": float(bound),
    }


@LEDGER.enter(
    "lstm-09", "the update with a forget gate, in the appendix's letters",
    states=r"$s_c=y_\phi s_c(\tau-1)+y_\iota g(x_c)$",
    verdict="holds",
    holds=r"$\phi$ and $\iota$ name the forget and the input gate; they are no functions. The "
    "cell of that appendix has peepholes: gates see the cell state. Then $f_t$, $i_t$ and "
    "$o_{t-1}$ depend on $C_{t-1}$ directly, and the four terms of lstm-17 are not all.",
    sources=(
        "graves2005, appendix A, not read",
        'gers2002, abstract: "\'peephole connections\' from its internal cells to its '
        'multiplicative gates"',
    ),
    unsure="The appendix could not be read. That its cell has peepholes is how others describe it.",
    equations=("eq-lstm", "eq-peepholes"),
)  # fmt: skip
def peepholes() -> Numbers:
    q = problem(PeepholeLSTM(), m=1)
    p = q.params | {name: 3 * q.params[name] for name in q.cell.vectors}  # wide peepholes
    trace = forward(q.cell, p, q.x, q.state0)
    h_0, (C_1, C_2) = trace.h[0, 0], trace.states[1][1:3, 0]

    def gate(g: str, x: Array, h: Array, seen: Array) -> Array:
        return sigmoid(net_input(p, g, x, h) + p[f"p_{g}"] * seen)

    def update(C: Array, seen: Array) -> Array:  # C_1 -> C_2; the peepholes see `seen`
        h, x = gate("o", q.x[0, 0], h_0, seen) * np.tanh(C), q.x[1, 0]
        new = np.tanh(net_input(p, "C", x, h))
        return np.asarray(gate("f", x, h, seen) * C + gate("i", x, h, seen) * new)

    full = complex_step(lambda C: update(C, C), C_1)
    without = complex_step(lambda C: update(C, C_1), C_1)  # what the peepholes see stands still
    J_1, J_2 = step_jacobians(trace)[:2, 0]
    P_1 = J_1[:5, 5:] / np.diag(J_1[5:, 5:])  # (P F) F^-1
    value, package = (
        relative_error(update(C_1, C_1), C_2),
        relative_error(J_2[5:, :5] @ P_1 + J_2[5:, 5:], full),
    )
    missing = relative_error(without, full)
    assert value < 1e-14 and package < 1e-13
    assert missing > 0.05
    return {
        "error of the update": value,
        "error of A P + F with peepholes": package,
        "error of the four terms": missing,
    }


@LEDGER.enter(
    "lstm-10", "the update with a forget gate, in our letters",
    states=r"$C_t=f_t\circ C_{t-1}+i_t\circ\tilde C_t$",
    verdict="holds",
    holds="The cell of today. With $f_t=1$ it is that of 1997, with $f_t=0$ it forgets all.",
    sources=(cited.FORGET_GATE,),
    equations=("eq-lstm",),
)  # fmt: skip
def update_with_forget_gate() -> Numbers:
    p = problem(LSTM())
    h, C = forward(p.cell, p.params, p.x, p.state0).states
    i, f, _, new = gates(p.params, p.x, h[:-1])
    error = relative_error(f * C[:-1] + i * new, C[1:])

    def cell_states(cell: Cell, params: Params) -> Array:
        return forward(cell, params, p.x, p.state0).states[1]

    always, never = (
        cell_states(LSTM(), p.params | {"b_f": np.full(5, b_f)}) for b_f in (100.0, -100.0)
    )
    without_gate = {name: value for name, value in p.params.items() if name[-1] != "f"}
    open_gate = relative_error(always, cell_states(OriginalLSTM(), without_gate))
    assert error < 1e-14 and open_gate < 1e-14
    assert np.abs(never[1:]).max() < 1 < np.abs(always).max()  # one candidate, and no more
    return {
        "error of the update": error,
        "f = 1, difference from 1997": open_gate,
        "f = 0, largest state": float(np.abs(never[1:]).max()),
        "f = 1, largest state": float(np.abs(always).max()),
    }


@LEDGER.enter(
    "lstm-11", "neither 1 nor the forget gate",
    states="so many documents claim that the recursive derivative is 1 in the original LSTM, or "
    "$f$ in the modern one; but the gates depend on the cell state too",
    verdict="holds",
    holds=r"A just criticism. $\frac{\partial^+C_t}{\partial C_{t-1}}=\mathrm{diag}(f_t)$ is the "
    "immediate derivative, with $h_{t-1}$ held fixed, or cut. The total one has the further term "
    "$A_tP_{t-1}$.",
    sources=(cited.DERIVATION,),
    equations=("eq-four-terms",),
)  # fmt: skip
def more_than_the_forget_gate() -> Numbers:
    held_fixed, only_f, only_1 = [], [], []
    for seed in range(10):
        w, original = walk(20, seed=seed), walk(20, seed=seed, cell=OriginalLSTM())
        F = w.blocks(20)[3]
        held_fixed.append(relative_error(F, w.immediate(20)))
        only_f.append(relative_error(F, w.exact(20, 1)))
        only_1.append(relative_error(np.eye(16), original.exact(20, 1)))
    assert max(held_fixed) < 1e-14
    assert min(only_f) > 0.1 and min(only_1) > 0.01
    return {
        "immediate derivative, largest error of f": max(held_fixed),
        "total derivative, error of f, median of 10": float(np.median(only_f)),
        "total derivative of 1997, error of 1, median of 10": float(np.median(only_1)),
    }


@LEDGER.enter(
    "lstm-12", '"all functions of" the cell state',
    states=r'"$f_t$, $i_t$ and $\tilde C_t$ are all functions of $C_t$"',
    verdict="corrected", harm="wording", cause="previous",
    holds=r"They are functions of $C_{t-1}$, through $h_{t-1}=o_{t-1}\circ\tanh(C_{t-1})$. As "
    "printed it would be a circle, for $C_t$ is computed from them.",
    equations=("eq-lstm",),
)  # fmt: skip
def previous_cell_state() -> Numbers:
    net = two_units()
    norms = {}
    for name in ("f", "i", "C_tilde"):
        quantity = getattr(net, name)[2]
        by_C_2, by_C_1 = (net.total(quantity, net.C[t]) for t in (2, 1))
        norms[name] = size(by_C_1)
        assert same(by_C_2, sp.zeros(2, 2))
        assert same(net.total(quantity, net.C[1], hold=net.h[1]), sp.zeros(2, 2))
        assert norms[name] > 0.001
    return {f"derivative of {name} by the previous cell state, norm": norms[name] for name in norms}


@LEDGER.enter(
    "lstm-13", 'a product of "many terms between 0 and 1"',
    states="with a forget gate the recursive derivative is still a product of many terms between 0 "
    'and 1, the forget gates, but "in practice this is not as much of a problem" as in RNNs',
    verdict="condition", harm="misleads", cause="one path",
    holds=r"True of the direct path $\prod_tf_t$, with $f_t$ in the open interval. The whole "
    "derivative has entries of both signs and singular values above 1, and after many steps most "
    "of it has not come by the direct path.",
    condition="The direct path alone is meant.",
    equations=("eq-lstm-blocks", "eq-four-terms"),
)  # fmt: skip
def direct_path(seeds: range = range(10)) -> Numbers:
    negative, largest, direct, whole = [], [], [], []
    for seed in seeds:
        w = walk(70, seed=seed, b_f=1)
        f = gates(w.params, w.x[1:], w.h[:-1])[1]
        fifty_steps = w.joint(70, 50)
        assert f.min() > 0 and f.max() < 1
        assert relative_error(fifty_steps, w.exact(70, 50)) < 1e-12
        negative.append(float((w.M(70) < 0).mean()))
        largest.append(norm(walk(70, s=2, seed=seed, b_f=1).M(70)))
        direct.append(float(f[-50:].prod(axis=0).max()))
        whole.append(norm(fifty_steps))
    ratios = np.divide(whole, direct)
    assert min(negative) > 0.3 and np.median(largest) > 1
    assert ratios.min() > 10 and np.median(ratios) > 100
    return {
        f"one step, share of negative entries, {len(seeds)} networks": spread(negative),
        "one step, weights of scale 2, largest singular value": spread(largest),
        "50 steps, direct path": spread(direct),
        "50 steps, whole derivative": spread(whole),
        "whole over direct": spread([*ratios]),
    }


@LEDGER.enter(
    "lstm-14", '"direct control", and "around 0.95"',
    states='"our network has direct control over what the values of $f$ will be. If it needs to '
    'remember something, it can easily set the value of $f$ to be high (lets say around 0.95)"',
    verdict="condition", harm="misleads", cause="learned",
    holds=r"$f=0.95$ halves the direct path every 13.5 steps. A lag of $\tau$ steps needs "
    r"$1-f\approx1/\tau$. The control is learned, and weak where it matters: the gate's own slope "
    "is $f(1-f)$.",
    condition="Lags of up to about 20 steps. What can be set is the bias at the start.",
    sources=(cited.FORGET_BIAS,),
    equations=("eq-time-constant",),
)  # fmt: skip
def gate_of_95_percent() -> Numbers:
    left, slopes = {}, {}
    for f in (0.5, 0.95, 0.99):
        params = still(LSTM(), b_f=bias(f))
        state0 = np.zeros((1, 1)), np.ones((1, 1))  # h and C
        trace = forward(LSTM(), params, np.zeros((100, 1, 1)), state0)
        J = step_jacobians(trace)[:, 0]
        left[f] = float(jacobian_product(J)[1, 1])
        slopes[f] = complex_step(sigmoid, np.array([bias(f)])).item()
        assert np.allclose(trace.states[1][-1], left[f], rtol=1e-12)  # so fades the state itself
    half_life = np.log(0.5) * 100 / np.log(left[0.95])
    assert left[0.95] < 0.01 and left[0.99] > 1 / 3
    assert abs(half_life - 13.5) < 0.05 and slopes[0.95] < slopes[0.5] / 5
    return {
        **{f"left after 100 steps, f = {f}": left[f] for f in left},
        "half-life, f = 0.95": float(half_life),
        **{f"slope of the gate, f = {f}": slopes[f] for f in slopes},
    }


@LEDGER.enter(
    "lstm-15", '"tend to shrink at a much slower rate"',
    states='"These values thus tend to shrink at a much slower rate" than the derivatives of '
    "tanh, which are likely to be saturated late in training",
    verdict="condition", harm="misleads", cause="slope",
    holds=r"It compares a gate with a slope, but the factor of the RNN is $D_tW_{hh}^\top$. The "
    "fair comparison is that of exponents, and it can go either way. A forget gate near 1 is a "
    "saturated unit itself.",
    condition="Forget gates near 1, against an RNN that is saturated or has small weights.",
    equations=("eq-lyapunov",),
)  # fmt: skip
def gates_or_slopes() -> Numbers:
    x = random_input(500)
    rates = {
        "LSTM, forget bias 3": exponent(LSTM(), random_cell(LSTM(), b_f=3), x),
        "LSTM, forget bias 0": exponent(LSTM(), random_cell(LSTM()), x),
        "RNN": exponent(RNN(), random_cell(RNN()), x),
        "RNN, orthogonal, inputs of scale 0.1": exponent(
            RNN(), random_cell(RNN()) | {"W_hh": orthogonal(np.random.default_rng(0), 16)}, 0.1 * x
        ),
    }
    h = forward(RNN(), random_cell(RNN(), s=3), x).h[101:, 0]
    slopes = float(np.log(1 - h**2).mean())  # of the slopes alone
    rates["RNN, s = 3"] = exponent(RNN(), random_cell(RNN(), s=3), x)
    assert rates["LSTM, forget bias 3"] > rates["RNN"] + 0.2  # the article's case
    assert rates["LSTM, forget bias 0"] < rates["RNN, orthogonal, inputs of scale 0.1"] - 0.2
    assert slopes < rates["RNN, s = 3"] - 0.5  # the weights make up for most of it
    return {**rates, "RNN, s = 3, mean log of the slopes": slopes}


@LEDGER.enter(
    "lstm-16", "functions of the previous cell state",
    states=r"$C_t$ is a function of $f_t$, $i_t$ and $\tilde C_t$, each a function of $C_{t-1}$, "
    "since they are functions of $h_{t-1}$",
    verdict="holds",
    holds=r"$C_t$ is a function of $C_{t-1}$ directly, too, and $h_{t-1}$ is one of $C_{t-1}$ and "
    "$o_{t-1}$.",
    equations=("eq-lstm", "eq-four-terms"),
)  # fmt: skip
def ways_to_the_next_cell_state() -> Numbers:
    net = two_units()
    between = {"f": net.f[2], "i": net.i[2], "candidate": net.C_tilde[2]}
    direct = net.total(net.C[2], net.C[1], hold=tuple(between.values()))
    assert same(direct, diag(net.f[2]))
    assert same(net.total(net.h[1], net.C[1]), net.blocks(1).P)
    ways = {"directly": direct}
    for name, quantity in between.items():  # one way alone: all others are held
        others = tuple(q for q in between.values() if q is not quantity)
        ways[f"by {name}"] = net.total(net.C[2], net.C[1], hold=others) - direct
    assert same(net.total(net.C[2], net.C[1]), sum(ways.values(), sp.zeros(2, 2)))
    found = {f"{way}, norm": size(M) for way, M in ways.items()}
    assert min(found.values()) > 1e-3
    return found


@LEDGER.enter(
    "lstm-17", "the sum of four terms",
    states=r"$\frac{\partial C_t}{\partial C_{t-1}}="
    r"\frac{\partial C_t}{\partial f_t}\frac{\partial f_t}{\partial h_{t-1}}"
    r"\frac{\partial h_{t-1}}{\partial C_{t-1}}"
    r"+\frac{\partial C_t}{\partial i_t}\frac{\partial i_t}{\partial h_{t-1}}"
    r"\frac{\partial h_{t-1}}{\partial C_{t-1}}"
    r"+\frac{\partial C_t}{\partial\tilde C_t}\frac{\partial\tilde C_t}{\partial h_{t-1}}"
    r"\frac{\partial h_{t-1}}{\partial C_{t-1}}+\frac{\partial C_t}{\partial C_{t-1}}$",
    verdict="condition", harm="wording", cause="immediate",
    holds="One symbol stands on both sides for two things. The last term has to be the immediate "
    r"derivative: $\frac{\partial C_t}{\partial C_{t-1}}=A_tP_{t-1}+F_t$ with "
    r"$F_t=\frac{\partial^+C_t}{\partial C_{t-1}}=\mathrm{diag}(f_t)$ and three terms in $A_t$.",
    condition="The last term is the immediate derivative, and there are no peepholes.",
    sources=(cited.DERIVATION,),
    equations=("eq-four-terms",),
)  # fmt: skip
def four_terms() -> Numbers:
    net = two_units()

    def three_terms(net: symbolic.Unrolled) -> sp.Matrix:
        h, C = net.h[1], net.C
        ways = (net.f[2], net.i[2], net.C_tilde[2])
        A = sum((net.total(C[2], q) * net.total(q, h) for q in ways), sp.zeros(2, 2))
        return A * net.total(h, C[1])

    three, total = three_terms(net), net.total(net.C[2], net.C[1])
    assert same(total, three + net.immediate(net.C[2], net.C[1]))
    assert not same(three, sp.zeros(2, 2))  # as it would be, were the last term the total one
    peep = symbolic.PeepholeLSTM().unroll(T=2, n_neurons=2)
    assert not same(peep.total(peep.C[2], peep.C[1]), three_terms(peep) + diag(peep.f[2]))
    w = walk(20)
    error = relative_error(w.M(20), w.exact(20, 1))
    assert error < 1e-14
    return {
        "two units, norm of the three terms": size(three),
        "two units, norm of the whole": size(total),
        "16 units, error of A P + F": error,
    }


@LEDGER.enter(
    "lstm-18", "the four terms written out",
    states=r"$\frac{\partial C_t}{\partial C_{t-1}}="
    r"C_{t-1}\sigma'(\cdot)W_{hf}*o_{t-1}\tanh'(C_{t-1})"
    r"+\tilde C_t\sigma'(\cdot)W_{hi}*o_{t-1}\tanh'(C_{t-1})"
    r"+i_t\tanh'(\cdot)W_C*o_{t-1}\tanh'(C_{t-1})+f_t$",
    verdict="corrected", harm="wrong-number", cause="transpose",
    holds=r"$\bigl[\mathrm{diag}(C_{t-1}\circ\sigma'(a^f_t))\,W_{hf}^\top"
    r"+\mathrm{diag}(\tilde C_t\circ\sigma'(a^i_t))\,W_{hi}^\top"
    r"+\mathrm{diag}(i_t\circ\tanh'(a^C_t))\,W_{hC}^\top\bigr]\,"
    r"\mathrm{diag}(o_{t-1}\circ\tanh'(C_{t-1}))+\mathrm{diag}(f_t)$. The article mixes rows, "
    "matrices and an undefined $*$. The transposes are missing, $W_C$ has to be the recurrent "
    "matrix, and the last diagonal scales columns.",
    sources=(cited.DERIVATION,),
    equations=("eq-lstm-blocks", "eq-four-terms"),
)  # fmt: skip
def transposes_and_columns() -> Numbers:
    errors: dict[str, list[float]] = {"corrected": [], "no transposes": [], "on the rows": []}
    for seed in range(10):
        w = walk(20, seed=seed)
        (i, f, _, new), (_, _, o, _) = w.gates(20), w.gates(19)
        C, exact = w.C[19], w.exact(20, 1)
        slopes = {"f": C * f * (1 - f), "i": new * i * (1 - i), "C": i * (1 - new**2)}
        weights = {g: w.params[f"W_h{g}"] for g in slopes}
        A = sum(np.diag(slopes[g]) @ weights[g].T for g in slopes)
        A_printed = sum(np.diag(slopes[g]) @ weights[g] for g in slopes)
        P = np.diag(o * (1 - np.tanh(C) ** 2))
        for name, product in zip(errors, (A @ P, A_printed @ P, P @ A), strict=True):
            errors[name].append(relative_error(product + np.diag(f), exact))
    assert max(errors["corrected"]) < 1e-14
    assert min(errors["no transposes"] + errors["on the rows"]) > 0.05
    return {f"{name}, median error of 10": float(np.median(errors[name])) for name in errors}


@LEDGER.enter(
    "lstm-19", '"all we need to do", k times',
    states='to go $k$ steps back, "all we need to do" is multiply "the equation above $k$ times"',
    verdict="corrected", harm="wrong-number", cause="one path",
    holds="The factors differ from step to step, and for $k\\ge2$ their product is not "
    r"$\frac{\partial C_t}{\partial C_{t-k}}$, because $C$ alone is not the state. After two "
    "steps the path $A_tB_{t-1}P_{t-2}$, through the output gate $o_{t-1}$, is missing. Multiply "
    r"the Jacobians of $(h,C)$, $2n\times2n$: $\frac{\partial C_t}{\partial C_{t-k}}="
    r"\begin{pmatrix}0&I\end{pmatrix}\mathcal J_t\cdots\mathcal J_{t-k+1}"
    r"\begin{pmatrix}P_{t-k}\\I\end{pmatrix}$.",
    condition=r"The article's product is exact for $k=1$, for $W_{ho}=0$, and for a gradient that "
    "is cut.",
    sources=(cited.DERIVATION,),
    equations=("eq-missing", "eq-joint-jacobian", "eq-k-steps"),
)  # fmt: skip
def missing_path() -> Numbers:
    def product(w: Walk, k: int) -> Array:
        M = np.eye(16)
        for t in range(71 - k, 71):
            M = w.M(t) @ M
        return M

    w, large, deaf = walk(70), walk(70, s=4), walk(70, silent="W_ho")
    pair = {k: relative_error(w.joint(70, k), w.exact(70, k)) for k in (1, 2, 10, 50)}
    article = {k: relative_error(product(w, k), w.exact(70, k)) for k in (1, 2, 10, 50)}
    power = relative_error(np.linalg.matrix_power(w.M(70), 10), w.exact(70, 10))
    path = w.blocks(70)[0] @ w.blocks(69)[1] @ w.blocks(68)[2]
    with_the_path = relative_error(product(w, 2) + path, w.exact(70, 2))
    error_of_large = relative_error(product(large, 10), large.exact(70, 10))
    error_of_deaf = relative_error(product(deaf, 50), deaf.exact(70, 50))
    assert max(pair.values()) < 1e-12 and article[1] < 1e-14 and with_the_path < 1e-14
    assert 0.01 < article[2] < article[10] < article[50] and error_of_large > 0.3 < power
    assert error_of_deaf < 1e-12
    return {
        **{f"k = {k}, error of the pair's product": pair[k] for k in pair},
        **{f"k = {k}, error of the article's product": article[k] for k in article},
        "k = 2, with the missing path": with_the_path,
        "k = 10, one factor to the power 10": power,
        "k = 10, weights of scale 4": error_of_large,
        "k = 50, output gates that do not read h": error_of_deaf,
    }


@LEDGER.enter(
    "lstm-20", "always above 1 or always between 0 and 1",
    states=r"in vanilla RNNs the terms $\frac{\partial h_{t+1}}{\partial h_t}$ become either "
    "always above 1 or always in the range $[0,1]$, and this makes gradients vanish or explode",
    verdict="corrected", harm="misleads", cause="numbers",
    holds="A term is a matrix. Its entries have both signs, its singular values lie on both sides "
    "of 1 at the same step, and it changes from step to step; with all that, gradients vanish in "
    "one network and explode in another.",
    equations=("eq-jacobian", "eq-lyapunov"),
)  # fmt: skip
def terms_of_the_rnn() -> Numbers:
    numbers: dict[str, float] = {}
    for name, s in (("vanishing", 1.5), ("exploding", 3.0)):
        params, x = random_cell(RNN(), s, 32), 0.5 * random_input(500)
        J = step_jacobians(forward(RNN(), params, x))[100:, 0]
        stretch = np.linalg.svd(J, compute_uv=False)
        v, growth = np.ones(32), []
        for J_t in J:  # along the direction that grows most in the long run
            v = J_t @ v
            growth.append(norm(v))
            v /= growth[-1]
        numbers |= {
            f"{name}: exponent": exponent(RNN(), params, x),
            f"{name}: share of negative entries": float((J < 0).mean()),
            f"{name}: steps with singular values on both sides of 1": float(
                ((stretch[:, 0] > 1) & (stretch[:, -1] < 1)).mean()
            ),
            f"{name}: steps that grow": float((np.array(growth) > 1).mean()),
        }
        assert 0.4 < numbers[f"{name}: share of negative entries"] < 0.6
        assert numbers[f"{name}: steps with singular values on both sides of 1"] > 0.95
        assert 0.2 < numbers[f"{name}: steps that grow"] < 0.95
    assert numbers["vanishing: exponent"] < -0.01 and numbers["exploding: exponent"] > 0.1
    return numbers


@LEDGER.enter(
    "lstm-21", "terms above 1, or between 0 and 1",
    states=r"the terms $\frac{\partial C_t}{\partial C_{t-1}}$ can at any step be greater than 1 "
    "or in the range $[0,1]$",
    verdict="condition", harm="wording", cause="numbers",
    holds="A term is a matrix, and this holds of its singular values, which lie on both sides of 1 "
    r"at one and the same step; its entries have both signs. $\mathrm{diag}(f_t)$ can keep some "
    "singular values near 1. In an RNN they lie on both sides as well (lstm-20).",
    condition="Singular values are meant. An entry, or the derivative of a single unit, can be "
    "negative too.",
    equations=("eq-four-terms",),
)  # fmt: skip
def terms_of_the_lstm() -> Numbers:
    numbers: dict[str, float] = {}
    for b_f in (0.0, 3.0):
        w = walk(80, s=2, b_f=b_f)
        M = np.stack([w.M(t) for t in range(31, 81)])
        stretch = np.linalg.svd(M, compute_uv=False)
        numbers |= {
            f"bias {b_f:g}: share of negative entries": float((M < 0).mean()),
            f"bias {b_f:g}: least singular value": float(stretch.min()),
            f"bias {b_f:g}: largest": float(stretch.max()),
            f"bias {b_f:g}: median": float(np.median(stretch)),
        }
        assert numbers[f"bias {b_f:g}: share of negative entries"] > 0.3
        assert ((stretch[:, 0] > 1) & (stretch[:, -1] < 1)).mean() > 0.5
    assert abs(numbers["bias 3: median"] - 1) < 0.2 < abs(numbers["bias 0: median"] - 1)
    return numbers


@LEDGER.enter(
    "lstm-22", '"not guaranteed" to end at 0 or infinity',
    states='over infinitely many steps "it is not guaranteed that we will end up converging to 0 '
    'or infinity (unlike in vanilla RNNs)"',
    verdict="corrected", harm="misleads", cause="numbers",
    holds="Both are products of Jacobians along a trajectory, and both have a Lyapunov exponent: "
    "below 0 the product goes to 0, above it to infinity, in either network. What the LSTM can do "
    "is to bring its exponent close to 0.",
    sources=(
        cited.EXPONENTS,
        'vogt2022, abstract: "forward propagation of information is related to the backward '
        'propagation of error gradients"',
    ),
    equations=("eq-lyapunov",),
)  # fmt: skip
def exponents_of_both(seeds: range = range(8)) -> Numbers:
    settings: dict[str, tuple[Cell, float, dict[str, Any]]] = {
        "RNN, s = 1": (RNN(), 1.0, {}), "RNN, s = 8": (RNN(), 8.0, {}),
        "LSTM, s = 1": (LSTM(), 1.0, {}), "LSTM, s = 8": (LSTM(), 8.0, {}),
        "LSTM, s = 1, forget bias 5": (LSTM(), 1.0, {"b_f": 5.0}),
    }  # fmt: skip
    rates = {
        name: [
            exponent(cell, random_cell(cell, s, 32, seed, **biases), random_input(500, seed))
            for seed in seeds
        ]
        for name, (cell, s, biases) in settings.items()
    }
    for name in ("RNN", "LSTM"):
        assert max(rates[f"{name}, s = 1"]) < -0.2 and np.median(rates[f"{name}, s = 8"]) > 0.1
    assert np.abs(rates["LSTM, s = 1, forget bias 5"]).max() < 0.02
    return {f"{name}, exponents of {len(seeds)} networks": spread(rates[name]) for name in rates}


@LEDGER.enter(
    "lstm-23", '"we can always set the values"',
    states='"If we start to converge to zero, we can always set the values of $f_t$ (and other '
    'gate values) to be higher" to bring the derivative closer to 1',
    verdict="corrected", harm="misleads", cause="learned",
    holds=r"Nobody sets $f_t=\sigma(x_tW_{xf}+h_{t-1}W_{hf}+b_f)$: it is learned, by the very "
    "gradients that vanish. What can be set is the bias at the start. A higher $f_t$ helps as far "
    "as $A_tP_{t-1}$ is small; higher $i_t$ and $o_{t-1}$ make that term larger and lead away "
    "from 1.",
    sources=(
        cited.FORGET_BIAS,
        'tallec2018, abstract: "a new way of initializing gate biases in LSTMs and GRUs"',
    ),
    equations=("eq-four-terms", "eq-chrono"),
)  # fmt: skip
def raising_gates() -> Numbers:
    def distance(s: float = 1.0, **biases: Any) -> float:
        walks = (walk(60, s, seed=seed, **biases) for seed in range(5))
        return float(
            np.median([distance_from_identity(w.M(t)) for w in walks for t in (40, 50, 60)])
        )

    forget = {b: distance(b_f=b) for b in (0, 1, 3, 5)}
    large_weights = distance(s=4, b_f=5)
    others = {"input": distance(b_f=3, b_i=3), "output": distance(b_f=3, b_o=3),
              "both": distance(b_f=3, b_i=3, b_o=3)}  # fmt: skip
    assert forget[0] > forget[1] > forget[3] > forget[5]
    assert large_weights > 3 * forget[5]
    assert min(others.values()) > forget[3]
    return {
        **{f"forget bias {b}": forget[b] for b in forget},
        "forget bias 5, weights of scale 4": large_weights,
        **{f"forget bias 3, {name} gates raised by 3": others[name] for name in others},
    }


@LEDGER.enter(
    "lstm-24", '"the current input and hidden state"',
    states=r"$f_t$, $i_t$, $o_t$ and $\tilde C_t$ are learned functions of the current input and "
    "hidden state",
    verdict="condition", harm="wording", cause="previous",
    holds=r"Of the current input $x_t$ and the previous hidden state $h_{t-1}$. The current one, "
    "$h_t$, is computed from them.",
    condition="The hidden state is the previous one.",
    equations=("eq-lstm",),
)  # fmt: skip
def previous_hidden_state() -> Numbers:
    w = walk(40)
    f = np.diagonal(w.jacobians()[:, 16:, 16:], axis1=1, axis2=2)  # as the package used them
    previous = relative_error(gates(w.params, w.x[1:], w.h[:-1])[1], f)
    current = relative_error(gates(w.params, w.x[1:], w.h[1:])[1], f)
    assert previous < 1e-14
    assert current > 0.05
    return {"error with the previous hidden state": previous, "with the current one": current}


@LEDGER.enter(
    "lstm-25", '"the network learns to decide"',
    states='"the network learns to decide when to let the gradient vanish, and when to preserve '
    'it", and would regulate its forget gate to prevent vanishing',
    verdict="condition", harm="misleads", cause="learned",
    holds="An interpretation. The loss has no term about gradients. Where keeping something lowers "
    "the loss and training finds out, it favours gates that keep it, and those keep the gradient; "
    "where the signal is too weak for that, nothing regulates.",
    condition="Keeping the information lowers the loss, and its gradient has not vanished already.",
    equations=("eq-lstm",),
)  # fmt: skip
def who_decides(seeds: range = range(5)) -> Numbers:
    cell = LSTM()

    def train(lag: int, seed: int) -> tuple[float, float, float]:
        """Learn to say at the end whether the first input was positive: loss, and gradients."""
        rng, adam, gradient = np.random.default_rng(seed), Adam(0.03), []
        params = cell.init(rng, 1, 5, 2)
        memory = adam.start(params)
        for k in range(1, 82):
            x, y = rng.choice([-1.0, 1.0], (lag, 16, 1)), np.full((lag, 16), -1)
            y[-1] = x[0, :, 0] > 0
            if k in (1, 81):
                J = step_jacobians(forward(cell, params, x))
                gradient.append(float(np.median(np.linalg.norm(jacobian_product(J), 2, (1, 2)))))
            loss, grads = loss_and_gradients(cell, params, x, y, reduction="mean")
            params, memory = adam.step(k, params, grads, memory)
        return float(loss), gradient[0], gradient[1]

    numbers: dict[str, float | str] = {}
    for lag in (5, 20):
        loss, before, after = zip(*(train(lag, seed) for seed in seeds), strict=True)
        learned = np.array(loss) < 0.1  # guessing costs 0.69
        assert learned.mean() > 0.5 if lag == 5 else learned.mean() < 0.5
        assert np.median(after) > 1 if lag == 5 else np.median(after) < 1e-3
        numbers[f"lag {lag}: networks of {len(seeds)} that learn it in 80 updates"] = int(
            learned.sum()
        )
        numbers[f"lag {lag}: norm of the gradient before"] = spread(before)
        numbers[f"lag {lag}: norm of the gradient after"] = spread(after)
    return numbers


@LEDGER.enter(
    "lstm-26", "LSTMs explode too",
    states='"LSTM does not always protect you from exploding gradients! Therefore, successful LSTM '
    'applications typically use gradient clipping."',
    verdict="holds",
    holds="Large weights make the gradients of an LSTM explode, open gates or not. Clipping bounds "
    "the step and keeps its direction. It cannot bring back what has vanished: near and distant "
    "terms are multiplied by one number.",
    sources=(cited.LSTM_EXPLODES,),
    equations=("eq-clipping",),
)  # fmt: skip
def exploding_lstm() -> Numbers:
    after = {}
    for s, b_f in ((1, 1), (8, 1), (8, 5)):
        logs = log_gradient_norms(walk(250, s, 32, b_f=b_f).jacobians()[50:])
        after[s, b_f] = float(np.exp(logs[200]))
    gradient = np.array([5.0, 5e-9])  # of a near and of a distant step
    clipped = clip_by_norm({"W": gradient}, 1.0)["W"]
    before, share = gradient[1] / gradient[0], clipped[1] / clipped[0]
    assert min(after[8, 1], after[8, 5]) > 1e3 and after[1, 1] < 1e-9
    assert abs(norm(clipped) - 1) < 1e-12 and abs(share / before - 1) < 1e-12
    return {
        **{f"norm after 200 steps, s = {s}, forget bias {b}": after[s, b] for s, b in after},
        "distant over near before clipping": float(before),
        "and after": float(share),
    }
