"""Claims of the article on the loss, the gradients and backpropagation through time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bptt_lab import symbolic as sym
from bptt_lab.activations import ACTIVATIONS
from bptt_lab.arguments import Array
from bptt_lab.bptt import Gradients, forward, loss_and_gradients
from bptt_lab.cells import RNN
from bptt_lab.claims import cited
from bptt_lab.claims.claim import Ledger, Numbers
from bptt_lab.claims.problems import jacobians, norm
from bptt_lab.initializers import gaussian
from bptt_lab.jacobians import jacobian_product, step_jacobians
from bptt_lab.losses import softmax, softmax_cross_entropy
from bptt_lab.reference import (
    TINY,
    Problem,
    complex_step,
    logits,
    problem,
    relative_error,
    rnn_step,
)

LEDGER = Ledger()

Tables = dict[int, Array]
"""One array for each step 1..T."""


@dataclass(frozen=True)
class Factors:
    """What the chain rule multiplies along one sequence, for one parameter theta.

    Attributes
    ----------
    v
        dL_t/dh_t, (n,).
    J
        dh_t/dh_{t-1}, (n, n).
    plus
        The immediate partial d+h_k/dtheta, (n, size of theta).
    total
        The total derivative dh_k/dtheta, (n, size of theta).
    exact
        dL_t/dtheta along every path, (size of theta,).
    """

    v: Tables
    J: Tables
    plus: Tables
    total: Tables
    exact: Tables

    @property
    def T(self) -> int:
        """Number of steps."""
        return len(self.v)

    @property
    def gradient(self) -> Array:
        """dL/dtheta of the whole loss."""
        total: Array = np.sum([*self.exact.values()], axis=0)
        return total

    def term(self, t: int, k: int, last: Tables) -> Array:
        """One term of the sum, v_t J_t .. J_{k+1} last_k."""
        row = self.v[t]
        for j in range(t, k, -1):
            row = row @ self.J[j]
        product: Array = row @ last[k]
        return product

    def sum(self, last: Tables, lags: range | None = None, first: int = 1) -> Array:
        """Add up the terms of the losses t = first..T, with k = t - lag from t to 1."""
        reach = range(self.T) if lags is None else lags
        pairs = [(t, t - lag) for t in range(first, self.T + 1) for lag in reach if t > lag]
        total: Array = np.sum([self.term(t, k, last) for t, k in pairs], axis=0)
        return total

    def error(self, gradient: Array) -> float:
        """Relative error of what should be the gradient of the whole loss."""
        return relative_error(gradient, self.gradient)


def factors(name: str, seed: int = 0, *, start: float = 1.0) -> Factors:
    """Differentiate the network of a problem by complex steps; no formula of the book goes in.

    The initial state is multiplied by ``start``.
    """
    p = problem(RNN("tanh"), seed, m=1)
    x, h0, theta = p.x[:, 0], start * p.state0[0][0], p.params[name].ravel()
    steps = range(1, len(x) + 1)

    def run(inputs: Array, h: Array, theta: Array = theta) -> Array:
        q = p.params | {name: theta.reshape(p.params[name].shape)}
        for x_t in inputs:
            (h,) = rnn_step(q, x_t, h)
        return h

    def loss(t: int, h: Array) -> Array:
        o = logits(p.params, h)
        value: Array = np.log(np.exp(o).sum()) - o[p.y[t - 1, 0]]
        return value

    def each(differentiate: Callable[[int], Array]) -> Tables:
        return {t: differentiate(t) for t in steps}

    h = [run(x[:t], h0) for t in (0, *steps)]
    return Factors(
        v=each(lambda t: complex_step(lambda h_t: loss(t, h_t), h[t])),
        J=each(lambda t: complex_step(lambda before: run(x[t - 1 : t], before), h[t - 1])),
        plus=each(lambda t: complex_step(lambda theta: run(x[t - 1 : t], h[t - 1], theta), theta)),
        total=each(lambda t: complex_step(lambda theta: run(x[:t], h0, theta), theta)),
        exact=each(lambda t: complex_step(lambda theta: loss(t, run(x[:t], h0, theta)), theta)),
    )


def gradients(p: Problem, y: Array | None = None, **options: Any) -> tuple[float, Gradients]:
    """Loss and gradients of a problem, with other classes if these are given."""
    y = p.y if y is None else y
    return loss_and_gradients(p.cell, p.params, p.x, y, p.state0, **options)


def step_targets(p: Problem, t: int) -> Array:
    """Keep the classes of step t (from 0) alone; -1, no target, at the others."""
    return np.where(np.arange(len(p.x))[:, None] == t, p.y, -1)


def cross_entropy(o: Array, y: Array) -> Array:
    """Cross-entropy with the targets y, summed over everything; takes complex numbers."""
    value: Array = -(y * np.log(softmax(o))).sum()
    return value


def readout(n_outputs: int = 6) -> tuple[Array, Array, Array, Array, Array]:
    """States h (T, m, n), targets (T, m, q), W_yh, b_y, and e of the losses, (T, m, q)."""
    p = problem(RNN("tanh"), n_outputs=n_outputs)
    h, y = forward(p.cell, p.params, p.x, p.state0).h[1:], np.eye(n_outputs)[p.y]
    W, b = p.params["W_yh"], p.params["b_y"]
    return h, y, W, b, softmax(h @ W + b) - y


def readout_gradient(h: Array, y: Array, W: Array, b: Array) -> Array:
    """dL/dW_yh by complex steps, in the shape of W_yh."""
    return complex_step(lambda W: cross_entropy(h @ W + b, y), W)


@LEDGER.enter(
    "bptt-01", "the loss is a sum over the steps",
    states=r"$L(\hat y,y)=\sum_{t=1}^{T}L_t(\hat y_t,y_t)$",
    verdict="holds",
    holds="By definition, and so the gradient is a sum over the steps too. For a mini-batch one "
    "more choice is needed: the sum over the $m$ rows, or their mean. A mean divides every "
    "gradient by the number of targets.",
    equations=("eq-loss", "eq-bptt-loss"),
)  # fmt: skip
def sum_over_steps() -> Numbers:
    p = problem(RNN("tanh"))
    loss, whole = gradients(p)
    losses, parts = zip(*(gradients(p, step_targets(p, t)) for t in range(7)), strict=True)
    error = max(relative_error(sum(g[name] for g in parts), whole[name]) for name in p.params)
    mean_loss, mean = gradients(p, reduction="mean")
    assert abs(sum(losses) / loss - 1) < 1e-14 and error < 1e-12
    assert abs(loss / mean_loss / p.y.size - 1) < 1e-14
    assert relative_error(mean["W_hh"] * p.y.size, whole["W_hh"]) < 1e-14
    return {
        "loss": loss,
        "sum of the losses of single steps": sum(losses),
        "error of the sum of their gradients": error,
        "sum over mean": loss / mean_loss,
    }


@LEDGER.enter(
    "bptt-02", "cross-entropy, written as a product",
    states=r"$L=-\sum_{t=1}^{T}y_t\log\hat y_t=-\sum_{t=1}^{T}y_t\log[\mathrm{softmax}(o_t)]$",
    verdict="condition", harm="wording", cause="inner product",
    holds=r"$L_t=-\sum_r\sum_cy_{t,rc}\ln\hat y_{t,rc}$, over the rows $r$ of the batch and the "
    "classes $c$.",
    condition=r"$y_t\log\hat y_t$ is the inner product of two rows, not their element-wise "
    r"product, and the logarithm is the natural one: another base multiplies $\hat y_t-y_t$.",
    equations=("eq-cross-entropy",),
)  # fmt: skip
def product_of_targets_and_logarithms() -> Numbers:
    h, y, W, b, e = readout()
    o = (h @ W + b)[0]  # of the first step, (m, q)
    element_wise = -y[0] * np.log(softmax(o))
    inner = element_wise.sum(axis=1)
    loss, _ = softmax_cross_entropy(o, y[0].argmax(axis=1))
    bits = complex_step(lambda o_r: cross_entropy(o_r, y[0, 0]) / np.log(2), o[0])
    assert element_wise.shape == (4, 6) and abs(inner.sum() / loss - 1) < 1e-14
    assert relative_error(bits * np.log(2), e[0, 0]) < 1e-13
    assert relative_error(bits, e[0, 0]) > 0.4
    return {
        "numbers in the element-wise product, 4 rows": element_wise.size,
        "sum of the inner products": float(inner.sum()),
        "cross-entropy of the package": float(loss),
        r"error of $\hat y-y$ for a logarithm to base 2": relative_error(e[0, 0], bits),
    }


@LEDGER.enter(
    "bptt-03", "the readout's gradient, step by step",
    states=r"$\frac{\partial L}{\partial W_{yh}}=\sum_t^T\frac{\partial L_t}{\partial W_{yh}}$, "
    "because $W_{yh}$ is shared across the sequence",
    verdict="holds",
    holds=r"The sum starts at $t=1$. $W_{yh}$ enters $L_t$ only through $o_t$, and no output "
    "enters another step: there is no path through time.",
    equations=("eq-bptt-readout",),
)  # fmt: skip
def no_path_through_time() -> Numbers:
    p = problem(RNN("tanh"))
    whole = gradients(p)[1]
    steps = [gradients(p, step_targets(p, t))[1]["W_yh"] for t in range(7)]
    cut = gradients(p, window=1)[1]  # nothing goes back in time
    error = relative_error(sum(steps), whole["W_yh"])
    lost = {name: relative_error(cut[name], whole[name]) for name in ("W_yh", "W_hh")}
    h = forward(p.cell, p.params, p.x, p.state0).h
    changed = p.params | {"W_yh": 2 * p.params["W_yh"]}
    assert error < 1e-14 and lost["W_yh"] < 1e-14 and lost["W_hh"] > 0.1
    assert np.array_equal(forward(p.cell, changed, p.x, p.state0).h, h)
    return {
        "error of the sum over steps": error,
        "lost without paths through time, readout": lost["W_yh"],
        "recurrent weights": lost["W_hh"],
    }


@LEDGER.enter(
    "bptt-04", "three factors for the readout",
    states=r"$\frac{\partial L}{\partial W_{yh}}=\sum_t^T\frac{\partial L_t}{\partial\hat y_t}"
    r"\frac{\partial\hat y_t}{\partial o_t}\frac{\partial o_t}{\partial W_{yh}}$",
    verdict="holds",
    holds=r"As a chain of linear maps. The last factor has three indices, one for $o_t$ and two "
    "for $W_{yh}$, so it is no matrix. Read it as a table with a row for each output and a "
    "column for each entry of $W_{yh}$.",
    equations=("eq-bptt-readout-tensor",),
)  # fmt: skip
def chain_of_the_readout() -> Numbers:
    h, y, W, b, _ = readout()

    def three_factors(h_t: Array, y_t: Array) -> tuple[Array, Array, Array]:
        o = h_t @ W + b
        by_prediction = complex_step(lambda s: -(y_t * np.log(s)).sum(), softmax(o))
        by_weights = complex_step(lambda w: h_t @ w.reshape(W.shape) + b, W.ravel())
        return by_prediction, complex_step(softmax, o), by_weights

    chains = [three_factors(*step) for step in zip(h[:, 0], y[:, 0], strict=True)]  # one sequence
    chained = sum(np.linalg.multi_dot(chain) for chain in chains)
    exact = readout_gradient(h[:, 0], y[:, 0], W, b).ravel()
    error = relative_error(chained, exact)
    assert error < 1e-13
    return {
        "error of the three factors": error,
        "entries of the last factor": chains[0][-1].size,
        r"entries of $W_{yh}$": W.size,
    }


@LEDGER.enter(
    "bptt-05", "an outer product, the error first",
    states=r"$\frac{\partial L}{\partial W_{yh}}=\sum_t^T(\hat y_t-y_t)\otimes h_t$",
    verdict="condition", harm="wrong-number", cause="three indices",
    holds=r"$\frac{\partial L}{\partial W_{yh}}=\sum_{t=1}^{T}h_t\otimes(\hat y_t-y_t)="
    r"\sum_{t=1}^{T}h_t^\top(\hat y_t-y_t)$, of shape $n\times n_{outputs}$ like $W_{yh}$, for "
    "$o_t=h_tW_{yh}+b_y$. The article's order gives the transpose of it. If $n_{outputs}=n$, no "
    "error is raised when the one is taken for the other.",
    condition="Numerator layout, in which the derivative of a number with respect to a matrix is "
    r"laid out as the matrix's transpose, $n_{outputs}\times n$. What is subtracted from "
    "$W_{yh}$ has to be transposed back.",
    equations=("eq-bptt-readout",),
)  # fmt: skip
def order_of_the_outer_product() -> Numbers:
    seen = {}
    for n_outputs in (6, 5):  # and 5 is also the number of neurons
        h, y, W, b, e = readout(n_outputs)
        exact = readout_gradient(h, y, W, b)
        corrected = sum(h_t.T @ e_t for h_t, e_t in zip(h, e, strict=True))
        printed = sum(e_t.T @ h_t for h_t, e_t in zip(h, e, strict=True))
        seen[n_outputs] = relative_error(corrected, exact)
        assert seen[n_outputs] < 1e-13 and relative_error(printed.T, exact) < 1e-13
        assert (printed.shape == W.shape) == (n_outputs == 5)
    slip = relative_error(printed, exact)
    assert slip > 0.5
    return {
        "error, state first": max(seen.values()),
        "error as printed, with as many outputs as neurons": slip,
    }


@LEDGER.enter(
    "bptt-06", "the derivative of the output with respect to its weights",
    states=r"$\frac{\partial o_t}{\partial W_{yh}}=h_t$, since $o_t=h_t\cdot W_{yh}+b_y$",
    verdict="corrected", harm="misleads", cause="three indices",
    holds=r"$\frac{\partial o_{t,c}}{\partial(W_{yh})_{ij}}=h_{t,i}\,[j=c]$, an array of "
    r"$n_{outputs}\times n\times n_{outputs}$ entries. Contracted with $e_t$ it gives "
    r"$h_t^\top e_t$. The shorthand $h_t$ loses the index that tells in which order.",
    equations=("eq-bptt-readout-tensor", "eq-bptt-readout-entry"),
)  # fmt: skip
def three_indices() -> Numbers:
    h, _, W, b, e = readout()
    h_t, e_t = h[0, 0], e[0, 0]
    exact = complex_step(lambda W: h_t @ W + b, W)
    formula = np.einsum("i,jc->cij", h_t, np.eye(6))
    error = relative_error(formula, exact)
    contracted = relative_error(np.tensordot(e_t, exact, 1), np.outer(h_t, e_t))
    assert error < 1e-14 and contracted < 1e-14
    assert h_t.size < np.count_nonzero(exact) < exact.size
    return {
        "error of the formula": error,
        "error of the contraction": contracted,
        "entries": exact.size,
        "of them not zero": int(np.count_nonzero(exact)),
        r"entries of $h_t$": h_t.size,
    }


@LEDGER.enter(
    "bptt-07", '"derivative of Loss Function w.r.t. softmax function"',
    states=r"the derivative of the loss with respect to the softmax function, used as "
    r"$\hat y_t-y_t$",
    verdict="corrected", harm="wording", cause="softmax",
    holds=r"$\hat y_t-y_t$ is the derivative with respect to the logits $o_t$, which enter "
    r"softmax. With respect to what comes out of it the derivative is "
    r"$-y_{t,c}/\hat y_{t,c}$. In general "
    r"$\frac{\partial L_t}{\partial o_t}=\bigl(\sum_cy_{t,c}\bigr)\hat y_t-y_t$.",
    condition=r"$\hat y_t-y_t$ needs $\sum_cy_{t,c}=1$: one class, or any distribution over them.",
    equations=("eq-loss-gradient",),
)  # fmt: skip
def derivative_by_the_logits() -> Numbers:
    o, y = sym.row("o", 3), sym.row("y", 3)
    by_logits = sym.gradient(sym.cross_entropy(y, o), o)
    difference = sym.softmax(o) - y
    assert sym.same(by_logits, sum(y) * sym.softmax(o) - y)
    assert sym.same(by_logits, difference, given=sym.sums_to_one(y))
    assert not sym.same(by_logits, difference)

    several = np.array([1.0, 1.0, 0.0])  # two classes at once
    logits = np.random.default_rng(0).standard_normal(3)
    s = softmax(logits)
    exact = complex_step(lambda o: cross_entropy(o, several), logits)
    by_output = complex_step(lambda s: -(several * np.log(s)).sum(), s)
    wrong = relative_error(s - several, exact)
    assert relative_error(2 * s - several, exact) < 1e-13 and wrong > 0.5
    assert relative_error(-several / s, by_output) < 1e-13
    return {
        r"error of $\hat y-y$, targets with sum 2": wrong,
        r"error of $2\hat y-y$": relative_error(2 * s - several, exact),
        r"error of $\hat y-y$ as derivative by $\hat y$": relative_error(s - several, by_output),
    }


@LEDGER.enter(
    "bptt-08", "the gradient of the output's bias",
    states=r"$\frac{\partial L}{\partial b_y}=\sum_t^T\frac{\partial L_t}{\partial\hat y_t}"
    r"\frac{\partial\hat y_t}{\partial o_t}\frac{\partial o_t}{\partial b_y}="
    r"\sum_t^T(\hat y_t-y_t)$",
    verdict="condition", harm="wording", cause="one label",
    holds=r"$\frac{\partial L}{\partial b_y}=\sum_{t=1}^{T}\mathbf 1^\top(\hat y_t-y_t)$: the "
    "rows of a mini-batch are added too.",
    condition="One sequence, or the sum over the rows; and targets that sum to one.",
    equations=("eq-loss-gradient", "eq-bptt-readout"),
)  # fmt: skip
def bias_of_the_output() -> Numbers:
    h, y, W, b, e = readout()
    exact = complex_step(lambda b: cross_entropy(h @ W + b, y), b)
    both_sums = relative_error(e.sum(axis=(0, 1)), exact)
    doubled = complex_step(lambda b: cross_entropy(h @ W + b, 2 * y), b)  # targets that sum to two
    off = relative_error((softmax(h @ W + b) - 2 * y).sum(axis=(0, 1)), doubled)
    assert both_sums < 1e-13
    assert e.sum(axis=0).shape != b.shape and off > 0.1
    return {
        "error of the sum over steps and rows": both_sums,
        "numbers in the sum over steps alone": e.sum(axis=0).size,
        r"numbers in $b_y$": b.size,
        r"error for targets with sum 2": off,
    }


@LEDGER.enter(
    "bptt-09", '"the output of the time-step" t + 1',
    states=r"$L_{t+1}$ denotes the output of the time-step $t+1$, "
    r"$L_{t+1}=-y_{t+1}\log\hat y_{t+1}$",
    verdict="corrected", harm="wording", cause="shift",
    holds=r"$L_{t+1}$ is the loss of that step. Its output is $\hat y_{t+1}$, a row, which knows "
    r"nothing of the target. Nor is the shift needed: derive for $L_t$ and let $t=1,\dots,T$.",
    equations=("eq-bptt-loss",),
)  # fmt: skip
def loss_or_output() -> Numbers:
    p, t = problem(RNN("tanh"), m=1), 2
    output = softmax(forward(p.cell, p.params, p.x, p.state0).logits[t, 0])
    targets = (np.full_like(p.y, c) for c in range(6))
    losses = [gradients(p, step_targets(replace(p, y=y), t))[0] for y in targets]
    assert np.allclose(losses, -np.log(output), rtol=1e-13)
    assert max(losses) - min(losses) > 1
    return {
        "numbers in the output": output.size,
        "loss of this output, the best target": min(losses),
        "the worst": max(losses),
    }


@LEDGER.enter(
    "bptt-10", '"where we consider only one time-step"',
    states=r"$\frac{\partial L_{t+1}}{\partial W_{hh}}="
    r"\frac{\partial L_{t+1}}{\partial\hat y_{t+1}}"
    r"\frac{\partial\hat y_{t+1}}{\partial h_{t+1}}\frac{\partial h_{t+1}}{\partial W_{hh}}$, "
    '"where we consider only one time-step"',
    verdict="condition", harm="misleads", cause="immediate",
    holds=r"$\frac{\partial L_t}{\partial W_{hh}}=\frac{\partial L_t}{\partial\hat y_t}"
    r"\frac{\partial\hat y_t}{\partial h_t}\frac{\mathrm dh_t}{\mathrm dW_{hh}}$ with "
    r"$\frac{\partial\hat y_t}{\partial h_t}=(\mathrm{diag}\,\hat y_t-\hat y_t^\top\hat y_t)"
    r"W_{yh}^\top$. This is exact, and all of it.",
    condition="The last factor is the total derivative. The immediate one, as the words say, "
    "leaves only the term $k=t$ of the sum.",
    sources=(cited.IMMEDIATE,),
    equations=("eq-bptt-total",),
)  # fmt: skip
def one_step_alone() -> Numbers:
    f = factors("W_hh")
    here = range(1)  # k = t alone
    total, immediate = (f.error(f.sum(last, here)) for last in (f.total, f.plus))
    h, _, W, b, _ = readout()
    s = softmax(h[0, 0] @ W + b)
    exact = complex_step(lambda h: softmax(h @ W + b), h[0, 0])
    middle = relative_error((np.diag(s) - np.outer(s, s)) @ W.T, exact)
    assert total < 1e-13 and middle < 1e-13
    assert immediate > 0.2
    return {
        "error with the total derivative": total,
        "error with the immediate one": immediate,
        "error of the middle factor": middle,
    }


@LEDGER.enter(
    "bptt-11", "the state depends on the one before",
    states="$h_{t+1}$ partially depends also on $h_t$, according to the recursive formulation "
    r"$h_t=\tanh(W_{xh}^T\cdot X_t+W_{hh}^T\cdot h_{t-1}+b_h)$",
    verdict="holds",
    holds="On $h_t$, on $x_{t+1}$ and on the parameters, and on nothing else: whatever is "
    "earlier acts through $h_t$.",
    equations=("eq-cell",),
)  # fmt: skip
def through_the_last_state() -> Numbers:
    net = sym.RNN("tanh").unroll(T=3, n_inputs=1, n_neurons=2)
    derivatives = {
        "$h_3$ by $h_2$": net.total(net.h[3], net.h[2]),
        "$h_3$ by $x_3$": net.total(net.h[3], net.x[3]),
        "$h_3$ by $h_1$": net.total(net.h[3], net.h[1]),
        "$h_3$ by $h_1$, with $h_2$ held constant": net.total(net.h[3], net.h[1], hold=net.h[2]),
    }
    *present, absent = (sum(entry != 0 for entry in d) for d in derivatives.values())
    assert present == [4, 2, 4] and absent == 0
    counts = zip(derivatives, (*present, absent), strict=True)
    return {f"entries not zero, {name}": count for name, count in counts}


@LEDGER.enter(
    "bptt-12", "one step further back",
    states=r"at the step before, $\frac{\partial L_{t+1}}{\partial W_{hh}}="
    r"\frac{\partial L_{t+1}}{\partial\hat y_{t+1}}"
    r"\frac{\partial\hat y_{t+1}}{\partial h_{t+1}}\frac{\partial h_{t+1}}{\partial h_t}"
    r"\frac{\partial h_t}{\partial W_{hh}}$",
    verdict="corrected", harm="wrong-number", cause="immediate",
    holds=r"$\frac{\mathrm dh_{t+1}}{\mathrm dW_{hh}}="
    r"\frac{\partial^+h_{t+1}}{\partial W_{hh}}+\frac{\partial h_{t+1}}{\partial h_t}"
    r"\frac{\mathrm dh_t}{\mathrm dW_{hh}}$. The display keeps the second term and loses the "
    "use of $W_{hh}$ at step $t+1$ itself, under either reading of the last factor.",
    sources=(cited.IMMEDIATE,),
    equations=("eq-bptt-total",),
)  # fmt: skip
def the_term_that_is_lost() -> Numbers:
    readings: dict[str, list[float]] = {"immediate": [], "total": [], "with the lost term": []}
    for seed in range(10):
        f = factors("W_hh", seed)
        here, before = range(1), range(1, 2)  # k = t, and k = t - 1
        readings["immediate"].append(f.error(f.sum(f.plus, before)))
        readings["total"].append(f.error(f.sum(f.total, before)))
        both = f.sum(f.plus, here) + f.sum(f.total, before)
        readings["with the lost term"].append(f.error(both))
    assert min(readings["immediate"] + readings["total"]) > 0.2
    assert max(readings["with the lost term"]) < 1e-13
    return {
        "error, immediate derivative, least of 10": min(readings["immediate"]),
        "largest": max(readings["immediate"]),
        "error, total derivative, least of 10": min(readings["total"]),
        "error of both terms, largest of 10": max(readings["with the lost term"]),
    }


@LEDGER.enter(
    "bptt-13", "the sum over the steps, for the recurrent weights",
    states=r"$\frac{\partial L_{t+1}}{\partial W_{hh}}=\sum_{k=1}^{t+1}"
    r"\frac{\partial L_{t+1}}{\partial\hat y_{t+1}}"
    r"\frac{\partial\hat y_{t+1}}{\partial h_{t+1}}\frac{\partial h_{t+1}}{\partial h_k}"
    r"\frac{\partial h_k}{\partial W_{hh}}$",
    verdict="condition", harm="wrong-number", cause="immediate",
    holds=r"$\frac{\partial L_t}{\partial W_{hh}}=\sum_{k=1}^{t}"
    r"\frac{\partial L_t}{\partial h_t}\frac{\partial h_t}{\partial h_k}"
    r"\frac{\partial^+h_k}{\partial W_{hh}}$, one term for each use of the matrix. The total "
    r"derivative $\frac{\mathrm dh_k}{\mathrm dW_{hh}}$ holds the uses before $k$ already, and "
    "with it each of them is counted $t-k+1$ times.",
    condition=r"The last factor is the immediate partial $\frac{\partial^+h_k}{\partial W_{hh}}$, "
    "with $h_{k-1}$ held constant.",
    sources=(cited.IMMEDIATE,),
    equations=("eq-bptt-one-loss",),
)  # fmt: skip
def immediate_or_total() -> Numbers:
    immediate, total, counted = [], [], []
    for seed in range(20):
        f = factors("W_hh", seed)
        immediate.append(f.error(f.sum(f.plus)))
        total.append(f.error(f.sum(f.total)))
        uses = sum((lag + 1) * f.sum(f.plus, range(lag, lag + 1)) for lag in range(f.T))
        counted.append(relative_error(uses, f.sum(f.total)))
    assert max(immediate) < 1e-13 and max(counted) < 1e-13
    assert min(total) > 0.1
    return {
        "error, immediate derivative, largest of 20": max(immediate),
        "error, total derivative, least of 20": min(total),
        "median": float(np.median(total)),
        "largest": max(total),
    }


@LEDGER.enter(
    "bptt-14", "a chain rule in itself",
    states=r"$\frac{\partial h_{t+1}}{\partial h_k}$ is a chain rule in itself, as in "
    r"$\frac{\partial h_3}{\partial h_1}=\frac{\partial h_3}{\partial h_2}"
    r"\frac{\partial h_2}{\partial h_1}$",
    verdict="holds",
    holds="In this order, the later step on the left, in numerator layout.",
    equations=("eq-bptt-sum",),
)  # fmt: skip
def chain_of_two_steps() -> Numbers:
    net = sym.RNN("tanh").unroll(T=3, n_inputs=1, n_neurons=2)
    later, earlier = net.total(net.h[3], net.h[2]), net.total(net.h[2], net.h[1])
    whole = net.total(net.h[3], net.h[1])
    assert sym.same(later * earlier, whole)
    assert not sym.same(earlier * later, whole)

    p = problem(RNN("tanh"), m=1)
    J = step_jacobians(forward(p.cell, p.params, p.x, p.state0))[:, 0]
    swapped = relative_error(J[1] @ J[2], J[2] @ J[1])
    assert swapped > 0.1
    return {"error of the other order": swapped}


@LEDGER.enter(
    "bptt-15", "the Jacobian matrix",
    states="the derivative of a vector by a vector is a matrix, the Jacobian, whose elements are "
    "all the pointwise derivatives",
    verdict="holds",
    holds=r"Entry $(i,j)$ is $\frac{\partial h_{t+1,i}}{\partial h_{k,j}}$ in numerator layout, "
    "taken at the states of the present run.",
    equations=("eq-bptt-jacobian-entry",),
)  # fmt: skip
def entries_of_the_jacobian() -> Numbers:
    p = problem(RNN("tanh"), m=1)
    trace = forward(p.cell, p.params, p.x, p.state0)
    jacobian = jacobian_product(step_jacobians(trace)[:, 0], 5, 2)

    def h_5(start: Array) -> Array:
        end: Array = forward(p.cell, p.params, p.x[2:5], (start[None],)).h[-1, 0]
        return end

    h_2, entries = trace.h[2, 0], np.zeros((5, 5))
    for i, j in np.ndindex(5, 5):  # neuron i of the later state, neuron j of the earlier
        nudge = 1e-6 * np.eye(5)[j]
        entries[i, j] = (h_5(h_2 + nudge) - h_5(h_2 - nudge))[i] / 2e-6
    error, transposed = relative_error(entries, jacobian), relative_error(entries.T, jacobian)
    assert error < 1e-7
    assert transposed > 0.1
    return {"difference of entries from the Jacobian": error, "from its transpose": transposed}


@LEDGER.enter(
    "bptt-16", "the product inside the sum",
    states=r"$\frac{\partial L_{t+1}}{\partial W_{hh}}=\sum_{k=1}^{t+1}"
    r"\frac{\partial L_{t+1}}{\partial\hat y_{t+1}}"
    r"\frac{\partial\hat y_{t+1}}{\partial h_{t+1}}"
    r"\Bigl(\prod_{j=k}^{t}\frac{\partial h_{j+1}}{\partial h_j}\Bigr)"
    r"\frac{\partial h_k}{\partial W_{hh}}$",
    verdict="condition", harm="wrong-number", cause="immediate",
    holds=r"$\frac{\partial L_t}{\partial W_{hh}}=\sum_{k=1}^{t}"
    r"\frac{\partial L_t}{\partial h_t}\,(J_tJ_{t-1}\cdots J_{k+1})\,"
    r"\frac{\partial^+h_k}{\partial W_{hh}}$, with the identity for $k=t$.",
    condition="The product has its largest index on the left, though the sign "
    r"$\prod_{j=k}^{t}$ counts upwards; and the last factor is the immediate partial.",
    sources=(cited.IMMEDIATE,),
    equations=("eq-bptt-one-loss",),
)  # fmt: skip
def order_of_the_product() -> Numbers:
    def upwards(f: Factors, t: int, k: int) -> Array:
        row = f.v[t]
        for j in range(k + 1, t + 1):
            row = row @ f.J[j]
        product: Array = row @ f.plus[k]
        return product

    right, wrong = [], []
    for seed in range(20):
        f = factors("W_hh", seed)
        right.append(f.error(f.sum(f.plus)))
        pairs = [(t, k) for t in range(1, f.T + 1) for k in range(1, t + 1)]
        wrong.append(f.error(np.sum([upwards(f, t, k) for t, k in pairs], axis=0)))
    assert max(right) < 1e-13
    assert min(wrong) > 0.01 and np.median(wrong) > 0.1
    return {
        "error, largest index on the left, largest of 20": max(right),
        "error, smallest on the left, least of 20": min(wrong),
        "median": float(np.median(wrong)),
        "largest": max(wrong),
    }


@LEDGER.enter(
    "bptt-17", "the product, factor by factor",
    states=r"$\prod_{j=k}^{t}\frac{\partial h_{j+1}}{\partial h_j}="
    r"\frac{\partial h_{t+1}}{\partial h_k}=\frac{\partial h_{t+1}}{\partial h_t}"
    r"\frac{\partial h_t}{\partial h_{t-1}}\cdots\frac{\partial h_{k+1}}{\partial h_k}$",
    verdict="holds",
    holds=r"In numerator layout, where each factor is $D_{j+1}W_{hh}^\top$. In denominator layout "
    "every factor is transposed, $W_{hh}D_{j+1}$, and the order turns round. To mix the two is "
    "wrong.",
    equations=("eq-bptt-sum", "eq-jacobian-product"),
)  # fmt: skip
def two_layouts() -> Numbers:
    p = problem(RNN("tanh"), m=1)
    h, W = forward(p.cell, p.params, p.x, p.state0).h[:, 0], p.params["W_hh"]
    D = [np.diag(1 - h_t**2) for h_t in h]

    def from_2_to_5(start: Array) -> Array:
        for x_t in p.x[2:5, 0]:
            (start,) = rnn_step(p.params, x_t, start)
        return start

    exact = complex_step(from_2_to_5, h[2])
    numerator = D[5] @ W.T @ D[4] @ W.T @ D[3] @ W.T
    denominator = W @ D[3] @ W @ D[4] @ W @ D[5]
    mixed = D[3] @ W.T @ D[4] @ W.T @ D[5] @ W.T
    errors = [relative_error(A, exact) for A in (numerator, denominator.T)]
    off = [relative_error(A, exact) for A in (mixed, mixed.T)]
    assert max(errors) < 1e-13 and min(off) > 0.1
    return {
        "error, numerator layout": errors[0],
        "error, denominator layout, transposed": errors[1],
        "error of a mixture": min(off),
    }


@LEDGER.enter(
    "bptt-18", 'a Jacobian that "has an upper bound of 1"',
    states='the 2-norm of the Jacobian, "which you can think of it as an absolute value", has an '
    "upper bound of 1",
    verdict="corrected", harm="misleads", cause="slope",
    holds=r"The slope of tanh is at most 1. The Jacobian $D_tW_{hh}^\top$ has the bound "
    r"$\gamma_h\,\sigma_{\max}(W_{hh})$, which is attained where every slope is $\gamma_h$. So "
    r"the bound 1 holds for all states if and only if $\sigma_{\max}(W_{hh})\le1/\gamma_h$. The "
    "2-norm is the largest factor by which a vector is stretched. Were the claim true, no "
    "gradient could explode.",
    sources=(cited.SUFFICIENT,),
    equations=("eq-norm-bound",),
)  # fmt: skip
def norms_above_one() -> Numbers:
    one_neuron = complex_step(lambda h: np.tanh(2 * h), np.zeros(1)).item()
    rng = np.random.default_rng(0)
    G, x = gaussian(rng, 32), 0.1 * rng.standard_normal((50, 32))
    sizes = [norm(J_t) for J_t in jacobians(G, x)]
    strongest = norm(jacobian_product(jacobians(4 * G, x[:20])))
    assert one_neuron == 2 and min(sizes) > 1 and strongest > 1000
    for name in ("tanh", "sigmoid"):
        W = G / (norm(G) * ACTIVATIONS[name].bound)  # sigma_max is 1 over the steepest slope
        a = np.zeros((1, 32)) if name == "tanh" else -0.5 * W.sum(axis=0)[None]
        start = np.zeros(32) if name == "tanh" else np.full(32, 0.5)  # all slopes steepest
        assert abs(norm(jacobians(W, a, start, activation=name)[0]) - 1) < 1e-12
        assert max(map(norm, jacobians(W, x, activation=name))) <= 1
    return {
        "one neuron, weight 2, at rest": one_neuron,
        "32 neurons, random weights, least of 50 steps": min(sizes),
        "largest": max(sizes),
        "product of 20 steps, gain 4": strongest,
    }


@LEDGER.enter(
    "bptt-19", "bounded values, bounded derivative",
    states="it makes sense, because tanh or the sigmoid maps all values into a range between -1 "
    "and 1, and the derivative is bounded by 1, or by 1/4, as well",
    verdict="condition", harm="misleads", cause="slope",
    holds="Both bounds of the slope are right, and the sigmoid's values lie between 0 and 1. But "
    "a bounded range does not bound a derivative, and a bounded slope does not bound the "
    r"Jacobian: it is multiplied by $W_{hh}^\top$.",
    condition="As statements on the two functions, not as a reason for the bound of the Jacobian.",
    equations=("eq-jacobian", "eq-norm-bound"),
)  # fmt: skip
def range_and_slope() -> Numbers:
    a, seen = np.linspace(-8, 8, 1601), {}
    for name, least, bound in (("tanh", -1, 1), ("sigmoid", 0, 0.25)):
        nudged = ACTIVATIONS[name].value(a + 1j * TINY)
        values, slopes = nudged.real, nudged.imag / TINY
        assert least < values.min() < least + 0.01 and 0.99 < values.max() < 1
        assert slopes.max() == slopes[a == 0].item() == bound
        J = jacobians(np.array([[10.0]]), np.zeros((1, 1)), activation=name).item()
        assert J == 10 * bound > 1
        seen[f"steepest slope, {name}"] = float(slopes.max())
        seen[f"Jacobian of one neuron with weight 10, {name}"] = J
    return seen


@LEDGER.enter(
    "bptt-20", "the sum over the losses, for the recurrent weights",
    states=r"$\frac{\partial L}{\partial W_{hh}}=\sum_t^T\sum_{k=1}^{t+1}"
    r"\frac{\partial L_{t+1}}{\partial\hat y_{t+1}}"
    r"\frac{\partial\hat y_{t+1}}{\partial h_{t+1}}\frac{\partial h_{t+1}}{\partial h_k}"
    r"\frac{\partial h_k}{\partial W_{hh}}$",
    verdict="corrected", harm="wrong-number", cause="shift",
    holds=r"$\frac{\partial L}{\partial W_{hh}}=\sum_{t=1}^{T}\sum_{k=1}^{t}"
    r"\frac{\partial L_t}{\partial h_t}\frac{\partial h_t}{\partial h_k}"
    r"\frac{\partial^+h_k}{\partial W_{hh}}$. As printed the sum needs $L_{T+1}$, which does not "
    r"exist, and omits $L_1$. With the shift it must run over $t=0,\dots,T-1$. At $h_0=0$ the "
    "mistake is hidden, for the only term of $L_1$ is a multiple of $h_0$.",
    equations=("eq-bptt-double-sum",),
)  # fmt: skip
def first_loss() -> Numbers:
    f, zero = factors("W_hh"), factors("W_hh", start=0.0)
    whole = f.error(f.sum(f.plus))
    without, hidden = (each.error(each.sum(each.plus, first=2)) for each in (f, zero))
    others = [factors("W_hh", seed) for seed in range(1, 10)]
    largest = max(g.error(g.sum(g.plus, first=2)) for g in others)
    assert whole < 1e-13 and without > 0.02
    assert hidden < 1e-13
    return {
        r"error of the sum over $t=1,\dots,T$": whole,
        r"error without $L_1$": without,
        "largest of 9 other networks": largest,
        r"error without $L_1$ at $h_0=0$": hidden,
    }


@LEDGER.enter(
    "bptt-21", '"gets only contribution from" one input',
    states='the time-step $t+1$ "gets only contribution from" $X_{t+1}$: '
    r"$\frac{\partial L_{t+1}}{\partial W_{xh}}="
    r"\frac{\partial L_{t+1}}{\partial\hat y_{t+1}}"
    r"\frac{\partial\hat y_{t+1}}{\partial h_{t+1}}\frac{\partial h_{t+1}}{\partial W_{xh}}$; "
    "because $h_t$ contributes to $h_{t+1}$ too, we must go back to $h_t$ as well",
    verdict="condition", harm="misleads", cause="immediate",
    holds="Exact with the total derivative, as in bptt-10. $h_{t+1}$ depends on all the inputs "
    r"$x_1,\dots,x_{t+1}$; the immediate contribution alone comes from $x_{t+1}$. The last "
    "sentence is right.",
    condition="The last factor is the total derivative "
    r"$\frac{\mathrm dh_{t+1}}{\mathrm dW_{xh}}$.",
    equations=("eq-bptt-total",),
)  # fmt: skip
def earlier_inputs() -> Numbers:
    f = factors("W_xh")
    here = range(1)  # k = t alone
    total, immediate = (f.error(f.sum(last, here)) for last in (f.total, f.plus))
    p = problem(RNN("tanh"))
    by_input = gradients(p, step_targets(p, 6))[1].x  # of the last loss alone
    sizes = np.linalg.norm(by_input, axis=(1, 2))
    assert total < 1e-13 and immediate > 0.2
    assert sizes[0] > 0.01
    return {
        "error with the total derivative": total,
        "error with the immediate one": immediate,
        "gradient of the last loss by the last input": float(sizes[-1]),
        "by the first input": float(sizes[0]),
    }


@LEDGER.enter(
    "bptt-22", "two terms with a plus",
    states=r"$\frac{\partial L_{t+1}}{\partial W_{xh}}="
    r"\frac{\partial L_{t+1}}{\partial\hat y_{t+1}}"
    r"\frac{\partial\hat y_{t+1}}{\partial h_{t+1}}\frac{\partial h_{t+1}}{\partial W_{xh}}+"
    r"\frac{\partial L_{t+1}}{\partial\hat y_{t+1}}"
    r"\frac{\partial\hat y_{t+1}}{\partial h_{t+1}}\frac{\partial h_{t+1}}{\partial h_t}"
    r"\frac{\partial h_t}{\partial W_{xh}}$",
    verdict="condition", harm="wrong-number", cause="immediate",
    holds=r"$\frac{\partial L_t}{\partial W_{xh}}=\frac{\partial L_t}{\partial h_t}"
    r"\Bigl(\frac{\partial^+h_t}{\partial W_{xh}}+J_t\frac{\mathrm dh_{t-1}}"
    r"{\mathrm dW_{xh}}\Bigr)$.",
    condition="The first term has the immediate, the second the total derivative. With two "
    "immediate ones it is the terms $k=t+1$ and $k=t$ of the sum, and no more; with two total "
    "ones, more than the gradient.",
    equations=("eq-bptt-total", "eq-bptt-one-loss"),
)  # fmt: skip
def two_terms() -> Numbers:
    f, here, before = factors("W_xh"), range(1), range(1, 2)  # k = t, and k = t - 1
    mixed = f.error(f.sum(f.plus, here) + f.sum(f.total, before))
    immediate = f.error(f.sum(f.plus, range(2)))
    total = f.error(f.sum(f.total, range(2)))
    assert mixed < 1e-13
    assert min(immediate, total) > 0.1
    return {
        "error, immediate and total": mixed,
        "error, both immediate": immediate,
        "error, both total": total,
    }


@LEDGER.enter(
    "bptt-23", "the sum over the steps, for the input weights",
    states=r"$\frac{\partial L_{t+1}}{\partial W_{xh}}=\sum_{k=1}^{t+1}"
    r"\frac{\partial L_{t+1}}{\partial\hat y_{t+1}}"
    r"\frac{\partial\hat y_{t+1}}{\partial h_{t+1}}\frac{\partial h_{t+1}}{\partial h_k}"
    r"\frac{\partial h_k}{\partial W_{xh}}$",
    verdict="condition", harm="wrong-number", cause="immediate",
    holds=r"$\frac{\partial L_t}{\partial W_{xh}}=\sum_{k=1}^{t}"
    r"\frac{\partial L_t}{\partial h_t}\frac{\partial h_t}{\partial h_k}"
    r"\frac{\partial^+h_k}{\partial W_{xh}}$ with "
    r"$\frac{\partial^+h_{k,i}}{\partial(W_{xh})_{pq}}=\phi'(a_{k,i})\,[i=q]\,x_{k,p}$.",
    condition="The last factor is the immediate partial, as in bptt-13.",
    sources=(cited.IMMEDIATE,),
    equations=("eq-bptt-one-loss", "eq-bptt-immediate"),
)  # fmt: skip
def sum_for_the_input_weights() -> Numbers:
    f = factors("W_xh")
    p = problem(RNN("tanh"), m=1)
    h = forward(p.cell, p.params, p.x, p.state0).h[:, 0]
    slopes = 1 - h**2
    formula = {
        k: np.einsum("iq,p->ipq", np.diag(slopes[k]), p.x[k - 1, 0]).reshape(5, 15) for k in f.plus
    }
    last_factor = max(relative_error(formula[k], f.plus[k]) for k in f.plus)
    immediate, total = (f.error(f.sum(last)) for last in (formula, f.total))
    assert last_factor < 1e-13 and immediate < 1e-13
    assert total > 0.1
    return {
        "error of the formula of the last factor": last_factor,
        "error of the sum": immediate,
        "error with the total derivative": total,
    }


@LEDGER.enter(
    "bptt-24", "the sum over the losses, for the input weights",
    states=r"$\frac{\partial L}{\partial W_{xh}}=\sum_t\sum_{k=1}^{t+1}"
    r"\frac{\partial L_{t+1}}{\partial\hat y_{t+1}}"
    r"\frac{\partial\hat y_{t+1}}{\partial h_{t+1}}\frac{\partial h_{t+1}}{\partial h_k}"
    r"\frac{\partial h_k}{\partial W_{xh}}$",
    verdict="corrected", harm="wrong-number", cause="shift",
    holds=r"$\frac{\partial L}{\partial W_{xh}}=\sum_{t=1}^{T}\sum_{k=1}^{t}"
    r"\frac{\partial L_t}{\partial h_t}\frac{\partial h_t}{\partial h_k}"
    r"\frac{\partial^+h_k}{\partial W_{xh}}=\sum_{t=1}^{T}x_t^\top\delta_t$, with $\delta_t$ of "
    "bptt-25. The limits are those of bptt-20, but here the gap of $L_1$ shows at $h_0=0$ too.",
    equations=("eq-bptt-double-sum",),
)  # fmt: skip
def first_loss_of_the_input_weights() -> Numbers:
    f, zero = factors("W_xh"), factors("W_xh", start=0.0)
    whole = f.error(f.sum(f.plus))
    without, shown = (each.error(each.sum(each.plus, first=2)) for each in (f, zero))
    assert whole < 1e-13
    assert min(without, shown) > 0.02
    return {
        r"error of the sum over $t=1,\dots,T$": whole,
        r"error without $L_1$": without,
        r"error without $L_1$ at $h_0=0$": shown,
    }


@LEDGER.enter(
    "bptt-25", "four gradients",
    states="gradients of $W_{yh}$, $b_y$, $W_{hh}$ and $W_{xh}$; none of $b_h$, and no algorithm "
    "for the sums",
    verdict="omission",
    holds=r"Two things are needed besides: $b_h$, and a recursion that computes the sums. From "
    r"$\delta_{T+1}=0$, for $t=T,\dots,1$: "
    r"$\delta_t=\bigl((\hat y_t-y_t)W_{yh}^\top+\delta_{t+1}W_{hh}^\top\bigr)\circ\phi'(a_t)$. "
    r"Then $\frac{\partial L}{\partial b_h}=\sum_t\mathbf 1^\top\delta_t$, "
    r"$\frac{\partial L}{\partial W_{hh}}=\sum_th_{t-1}^\top\delta_t$, "
    r"$\frac{\partial L}{\partial W_{xh}}=\sum_tx_t^\top\delta_t$. The states begin with $h_0$: "
    "if they are stored from $h_1$ on, the index $-1$ gives the last one, and no error.",
    sources=(
        "rumelhart1986, not read",
        'werbos1990, abstract: "the basic equations for backpropagation through time"',
    ),
    equations=("eq-bptt-recursion", "eq-bptt-gradients"),
)  # fmt: skip
def recursion() -> Numbers:
    p = problem(RNN("tanh"), m=1)
    W_hh, W_yh = p.params["W_hh"], p.params["W_yh"]
    trace = forward(p.cell, p.params, p.x, p.state0)
    h, e = trace.h, softmax(trace.logits) - np.eye(6)[p.y]
    delta = np.zeros((9, 1, 5))  # of the steps 1..7, and the zero of step 8
    for t in range(7, 0, -1):
        delta[t] = (e[t - 1] @ W_yh.T + delta[t + 1] @ W_hh.T) * (1 - h[t] ** 2)
    steps = range(1, 8)
    found = {
        "b_h": sum(delta[t].sum(axis=0) for t in steps),
        "W_hh": sum(h[t - 1].T @ delta[t] for t in steps),
        "W_xh": sum(p.x[t - 1].T @ delta[t] for t in steps),
    }
    from_1 = h[1:]  # from_1[t - 1] is h_t, so that h_0 would be from_1[-1]
    wrapped = sum(from_1[t - 2].T @ delta[t] for t in steps)
    errors = {name: factors(name).error(found[name].ravel()) for name in found}
    off = factors("W_hh").error(wrapped.ravel())
    assert max(errors.values()) < 1e-13
    assert off > 0.1
    return {
        **{f"error, {name}": errors[name] for name in errors},
        "error with $h_T$ for $h_0$": off,
    }
