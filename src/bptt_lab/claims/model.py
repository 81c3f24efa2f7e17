"""Claims of the article on the model, on mini-batches and on shapes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp

from bptt_lab.arguments import Array
from bptt_lab.bptt import backward, forward, loss_and_gradients
from bptt_lab.cells import RNN
from bptt_lab.cells.base import Params
from bptt_lab.claims import cited
from bptt_lab.claims.claim import Ledger, Numbers
from bptt_lab.jacobians import attribution, step_jacobians
from bptt_lab.losses import softmax
from bptt_lab.reference import Problem, complex_step, problem, relative_error, rnn_step
from bptt_lab.symbolic import (
    activation,
    cross_entropy,
    diag,
    gradient,
    jacobian,
    row,
    same,
    squared_error,
    sums_to_one,
)
from bptt_lab.symbolic import softmax as symbolic_softmax

LEDGER = Ledger()


def weights(p: Problem) -> tuple[Array, Array, Array]:
    """Return W_xh, W_hh and W_yh of a problem."""
    return p.params["W_xh"], p.params["W_hh"], p.params["W_yh"]


def states(params: Params, x: Array, h0: Array, cell: RNN | None = None) -> Array:
    """Return the states (T+1, m, n) of a network, tanh unless said otherwise."""
    return forward(cell or RNN("tanh"), params, x, (h0,)).h


def complaint(attempt: Callable[[], object]) -> str:
    """Return what is said to shapes that do not fit, in short; empty if they do."""
    try:
        attempt()
    except ValueError as error:
        return str(error).split(", but ")[-1].strip()
    return ""


def largest(difference: Array) -> float:
    """Return the largest modulus of the entries."""
    return float(np.abs(difference).max())


@LEDGER.enter(
    "dyn-01", "a system with a memory",
    states="$h_t=f_h(X_t,h_{t-1})$",
    verdict="holds",
    holds=r"$h_t=f_h(x_t,h_{t-1};\theta)$, with the same $\theta$ at every step and a given $h_0$. "
    "All that the future can know of the past is in $h_t$.",
    sources=('elman1990, abstract: "hidden unit patterns are fed back to themselves"',),
    equations=("eq-system",),
)  # fmt: skip
def state_is_enough() -> Numbers:
    p = problem(RNN("tanh"))
    h = states(p.params, p.x, p.state0[0])
    continued = states(p.params, p.x[3:], h[3])  # what came before step 4 is gone
    error = relative_error(continued[-1], h[-1])
    other_start = relative_error(states(p.params, p.x, -p.state0[0])[-1], h[-1])
    assert error < 1e-14
    assert other_start > 1e-3
    return {"error when continued from one state": error, "effect of another start": other_start}


@LEDGER.enter(
    "dyn-02", "an output read off the state",
    states=r"$\hat y_t=f_o(h_t)$",
    verdict="holds",
    holds="The output needs the state of its own step and nothing else. One output per step is a "
    "choice. Where only the last step has a target, the loss has one term.",
    equations=("eq-system",),
)  # fmt: skip
def output_of_one_step() -> Numbers:
    p = problem(RNN("tanh"))
    trace = forward(p.cell, p.params, p.x, p.state0)
    y_hat = softmax(trace.h[-1] @ p.params["W_yh"] + p.params["b_y"])  # of the last state alone
    error = relative_error(y_hat, softmax(trace.logits[-1]))
    only_last = np.where(np.arange(7)[:, None] == 6, p.y, -1)  # -1: no target
    loss, _ = loss_and_gradients(p.cell, p.params, p.x, only_last, state0=p.state0)
    whole, _ = loss_and_gradients(p.cell, p.params, p.x, p.y, state0=p.state0)
    one_term = -np.log(y_hat[np.arange(4), p.y[-1]]).sum()
    assert error < 1e-14 and abs(loss / one_term - 1) < 1e-14
    assert whole > 2 * loss
    return {
        "error of the last output": error,
        "loss with a target at the last step": loss,
        "with a target at every step": whole,
    }


@LEDGER.enter(
    "dyn-03", "the transition of one instance",
    states=r"$h_t=\phi_h(W_{xh}^T\cdot X_t+W_{hh}^T\cdot h_{t-1}+b_h)$",
    verdict="holds",
    holds=r"With columns it does. It is the transpose of $h_t=\phi(x_tW_{xh}+h_{t-1}W_{hh}+b_h)$, "
    "with the same matrices. The letter $X_t$ is a column here, and a matrix with a row per "
    "instance a few lines later.",
    equations=("eq-cell", "eq-columns"),
)  # fmt: skip
def columns_and_rows() -> Numbers:
    p = problem(RNN("tanh"), m=1)
    W_xh, W_hh, _ = weights(p)
    rows = states(p.params, p.x, p.state0[0])
    b_h, h, slip = p.params["b_h"][:, None], rows[0].T, rows[0].T
    for x_t in p.x:
        h = np.tanh(W_xh.T @ x_t.T + W_hh.T @ h + b_h)
        slip = np.tanh(W_xh.T @ x_t.T + W_hh @ slip + b_h)  # W_hh is square: no complaint
    error, without = (relative_error(column.T, rows[-1]) for column in (h, slip))
    assert error < 1e-13
    assert without > 0.1
    return {"error of columns against rows": error, "with W_hh not transposed": without}


@LEDGER.enter(
    "dyn-04", "the output of one instance",
    states=r"$\hat y_t=\phi_o(W_{yh}^T\cdot h_t+b_y)$",
    verdict="holds",
    holds=r"With $W_{yh}$ of shape $n\times n_{outputs}$. Its indices read backwards: $W_{xh}$ "
    "leads from $x$ to $h$, and $W_{yh}$ from $h$ to $y$. Others call it $W_{hy}$.",
    equations=("eq-columns",),
)  # fmt: skip
def output_in_columns() -> Numbers:
    p = problem(RNN("tanh"), m=1)
    W_yh, b_y = p.params["W_yh"], p.params["b_y"]
    trace = forward(p.cell, p.params, p.x, p.state0)
    h = trace.h[-1].T
    error = relative_error((W_yh.T @ h + b_y[:, None]).T, trace.logits[-1])
    backwards = complaint(lambda: np.dot(W_yh, h))  # as the order of the indices suggests
    assert error < 1e-14
    assert backwards
    return {"error of the column form": error, "from y to h": backwards}


@LEDGER.enter(
    "dyn-05", '"element-wise nonlinear functions"',
    states=r'"$\phi_h$ and $\phi_o$ are element-wise nonlinear functions", with softmax for '
    r"$\phi_o$",
    verdict="corrected", harm="misleads", cause="element-wise",
    holds=r"$\phi_h$ acts on each entry, softmax on the whole row: $\frac{\partial\hat y}"
    r"{\partial o}=\mathrm{diag}(\hat y)-\hat y^\top\hat y$, and no entry of it is zero. The "
    "identity, usual for real targets, is element-wise but not nonlinear.",
    equations=("eq-softmax", "eq-softmax-jacobian"),
)  # fmt: skip
def softmax_mixes() -> Numbers:
    o = row("o", 3)
    y_hat = symbolic_softmax(o)
    J = jacobian(y_hat, o)
    assert same(J, diag(y_hat) - y_hat.T * y_hat)
    assert jacobian(o.applyfunc(sp.tanh), o).is_diagonal()
    at_zero = J.subs(dict.fromkeys(o, 0))
    assert at_zero[0, 1] == -sp.Rational(1, 9)
    bends = {name: sp.diff(activation(name, o[0]), o[0], 2) for name in ("tanh", "identity")}
    assert bends["identity"] == 0 and bends["tanh"] != 0
    return {
        "slope of the first output by the first logit, at 0": str(at_zero[0, 0]),
        "by the second logit": str(at_zero[0, 1]),
    }


@LEDGER.enter(
    "dyn-06", "three weight matrices",
    states="$W_{xh}$, $W_{hh}$ and $W_{yh}$ are the weights of the input, of the recurrent "
    "connections and of the output",
    verdict="holds",
    holds="Without $W_{xh}$ no input reaches the state, without $W_{hh}$ no earlier state does, "
    "and without $W_{yh}$ nothing reaches the output.",
    equations=("eq-cell",),
)  # fmt: skip
def cut_connections() -> Numbers:
    p = problem(RNN("tanh"))
    other = p.x + 1

    def without(name: str) -> Params:
        return p.params | {name: 0 * p.params[name]}

    def effects(params: Params) -> tuple[float, float, float]:
        trace = forward(p.cell, params, p.x, p.state0)
        by_input = forward(p.cell, params, other, p.state0).h[1] - trace.h[1]
        by_state = step_jacobians(trace)
        return largest(by_input), largest(by_state), largest(trace.logits - params["b_y"])

    cut = [effects(without(name)) for name in ("W_xh", "W_hh", "W_yh")]
    assert np.array_equal(np.array(cut) == 0, np.eye(3, dtype=bool))  # each cuts its own
    by_input, by_state, by_output = effects(p.params)
    return {
        "effect of an input on the state": by_input,
        "of a state on the next": by_state,
        "of the states on the output": by_output,
        "each, its matrix set to zero": max(cut[i][i] for i in range(3)),
    }


@LEDGER.enter(
    "dyn-07", "a saturating activation",
    states=r"it is usual to use a saturating function for $\phi_h$, the logistic sigmoid or the "
    "hyperbolic tangent",
    verdict="holds",
    holds="How usual, no computation can tell. That both saturate it can: their slopes go to 0 on "
    "both sides. ReLU does not, and is used with initial weights of its own.",
    sources=(
        'le2015, abstract: "the use of the identity matrix or its scaled version to initialize '
        'the recurrent weight matrix"',
    ),
    equations=("eq-cell",),
)  # fmt: skip
def saturating_functions() -> Numbers:
    a = sp.Symbol("a", real=True)
    slopes = {
        name: [sp.limit(sp.diff(activation(name, a), a), a, end) for end in (-sp.oo, sp.oo)]
        for name in ("tanh", "sigmoid")
    }
    assert slopes == {"tanh": [0, 0], "sigmoid": [0, 0]}
    relu = sp.diff(activation("relu", a), a)
    assert relu.subs(a, 1000) == 1 and relu.subs(a, -1000) == 0
    return {
        "slope of tanh far out": int(slopes["tanh"][1]),
        "slope of the sigmoid far out": int(slopes["sigmoid"][1]),
        "slope of ReLU far out": int(relu.subs(a, 1000)),
    }


@LEDGER.enter(
    "dyn-08", '"generally softmax activation for classification problem"',
    states=r"$\phi_o$ is generally softmax for a classification problem",
    verdict="condition", harm="wording", cause="one label",
    holds="For labels that can hold together, one sigmoid each; for real targets, the identity. "
    "With cross-entropy, binary cross-entropy and half the squared error it is the same "
    r"$\frac{\partial L_t}{\partial o_t}=\hat y_t-y_t$ all three times.",
    condition="One label out of several.",
    equations=("eq-softmax", "eq-loss-gradient", "eq-squared"),
)  # fmt: skip
def canonical_pairs() -> Numbers:
    o, y = row("o", 3), row("y", 3)
    s, y_hat = activation("sigmoid", o), symbolic_softmax(o)
    binary = -sum(y[i] * sp.log(s[i]) + (1 - y[i]) * sp.log(1 - s[i]) for i in range(3))
    entropy = gradient(cross_entropy(y, o), o)
    assert same(entropy, y_hat - y, given=sums_to_one(y))
    assert same(gradient(binary, o), s - y)
    assert same(gradient(squared_error(y, o), o), o - y)
    two_labels = dict(zip(y, (1, 1, 0), strict=True))
    assert not same(entropy.subs(two_labels), (y_hat - y).subs(two_labels))
    at_zero = two_labels | dict.fromkeys(o, 0)
    return {
        "two labels at once, softmax at 0, derivative": str([*entropy.subs(at_zero)]),
        "prediction minus target": str([*(y_hat - y).subs(at_zero)]),
        "the same with sigmoids": str([*gradient(binary, o).subs(at_zero)]),
    }


@LEDGER.enter(
    "dyn-09", "the same weights at every step",
    states='"$W$ is shared across time - reduces the number of parameters!"',
    verdict="holds",
    holds=r"There are $n_{inputs}n+n^2+n+n\,n_{outputs}+n_{outputs}$ parameters, whatever $T$. For "
    "the same reason one network reads sequences of any length, and the gradient is a sum over "
    "time, of one term for each use of the weights.",
    equations=("eq-count",),
)  # fmt: skip
def shared_weights() -> Numbers:
    p = problem(RNN("tanh"))
    T, m, n_inputs, n, n_outputs = p.sizes.values()
    shared = sum(value.size for value in p.params.values())
    assert shared == n_inputs * n + n * n + n + n * n_outputs + n_outputs
    direction = np.random.default_rng(0).standard_normal((n, n))

    def loss(changes: Array) -> Array:
        """Add up d_h * h if each step has a copy of W_hh of its own, changed along a direction."""
        (h,), total = p.state0, np.array(0.0)
        for x_t, d_h_t, change in zip(p.x, p.d_h, changes, strict=True):
            copy = {"W_hh": p.params["W_hh"] + change * direction}
            (h,) = rnn_step(p.params | copy, x_t, h)
            total = total + (d_h_t * h).sum()
        return total

    copies = complex_step(loss, np.zeros(T))
    trace = forward(p.cell, p.params, p.x, p.state0)
    whole = (backward(trace, p.d_h)["W_hh"] * direction).sum()
    error = relative_error(sum(copies), whole)
    assert error < 1e-13
    assert relative_error(copies[-1], whole) > 0.1  # one use of the weights is not all
    return {
        "parameters, shared": shared,
        "a copy for each of 7 steps": shared * T,
        "error of the sum over the copies": error,
    }


@LEDGER.enter(
    "shape-01", "a whole mini-batch at once",
    states=r"$h_t=\tanh(X_t\cdot W_{xh}+h_{t-1}\cdot W_{hh}+b_h)$",
    verdict="holds",
    holds="One row per instance; $b_h$ is added to every row. The rows do not mix: each is the "
    r"sequence computed alone. What is $\tanh$ here is $\phi_h$ in the next line.",
    equations=("eq-cell",),
)  # fmt: skip
def rows_do_not_mix() -> Numbers:
    p = problem(RNN("tanh"))
    W_xh, W_hh, _ = weights(p)
    h = states(p.params, p.x, p.state0[0])
    batch = np.tanh(p.x[-1] @ W_xh + h[-2] @ W_hh + p.params["b_h"])
    alone = [states(p.params, p.x[:, [r]], p.state0[0][[r]])[-1, 0] for r in range(4)]
    error, error_alone = relative_error(batch, h[-1]), relative_error(np.stack(alone), h[-1])
    assert error < 1e-14 and error_alone < 1e-13
    return {"error of the equation": error, "error of the rows computed alone": error_alone}


@LEDGER.enter(
    "shape-02", "one product instead of two",
    states=r"$=\phi_h([X_t\,h_{t-1}]\cdot W+b_h)$",
    verdict="condition", harm="wording", cause="shapes",
    holds=r"$[x_t\;\;h_{t-1}]\begin{bmatrix}W_{xh}\\W_{hh}\end{bmatrix}=x_tW_{xh}+h_{t-1}W_{hh}$.",
    condition="$W$ is $W_{xh}$ on top of $W_{hh}$, in this order. The article names another pair, "
    "see shape-05.",
    equations=("eq-concatenation",),
)  # fmt: skip
def stacked_weights() -> Numbers:
    p = problem(RNN("tanh"))
    W_xh, W_hh, _ = weights(p)
    x, h = p.x[0], p.state0[0]
    x_h, exact = np.hstack([x, h]), x @ W_xh + h @ W_hh
    error = relative_error(x_h @ np.vstack([W_xh, W_hh]), exact)
    reverse = relative_error(x_h @ np.vstack([W_hh, W_xh]), exact)
    assert error < 1e-14
    assert reverse > 0.1
    return {"error": error, "error with the other order": reverse}


@LEDGER.enter(
    "shape-03", "the logits",
    states=r"$o_t=h_t\cdot W_{yh}+b_y$",
    verdict="condition", harm="wording", cause="shapes",
    holds=r"$o_t$ has a row per instance and a column per output.",
    condition=r"$W_{yh}$ is $n\times n_{outputs}$ and $b_y$ has $n_{outputs}$ entries, not the "
    "shapes of the article's list (shape-12, shape-14).",
    equations=("eq-cell",),
)  # fmt: skip
def logits_fit_the_targets() -> Numbers:
    p = problem(RNN("tanh"))
    one_hot = np.eye(6)[p.y[-1]]  # (m, n_outputs)
    trace = forward(p.cell, p.params, p.x, p.state0)
    error = relative_error(trace.h[-1] @ p.params["W_yh"] + p.params["b_y"], trace.logits[-1])
    as_listed = trace.h[-1] @ p.params["W_hh"] + p.params["b_h"]  # shapes (n, n) and (n,)
    misfit = complaint(lambda: softmax(as_listed) - one_hot)
    assert error < 1e-14 and trace.logits[-1].shape == one_hot.shape
    assert misfit
    return {"error": error, "with the shapes of the list": misfit}


@LEDGER.enter(
    "shape-04", "softmax of a mini-batch",
    states=r"$\hat y_t=\mathrm{softmax}(o_t)$",
    verdict="holds",
    holds="Row by row: each row sums to one and depends on the logits of its own instance only.",
    equations=("eq-softmax",),
)  # fmt: skip
def softmax_row_by_row() -> Numbers:
    o = np.random.default_rng(0).standard_normal((3, 7))
    other = o.copy()
    other[0] += np.arange(7)  # the logits of the first instance only
    y_hat, changed = softmax(o), softmax(other)
    sums = largest(y_hat.sum(axis=1) - 1)
    assert sums < 1e-14 and np.array_equal(changed[1:], y_hat[1:])
    assert largest(changed[0] - y_hat[0]) > 0.1
    assert largest(y_hat.sum(axis=0) - 1) > 0.1
    return {
        "largest deviation of a row's sum from 1": sums,
        "of a column's sum": largest(y_hat.sum(axis=0) - 1),
    }


@LEDGER.enter(
    "shape-05", '"concatenated vertically into a single weight matrix"',
    states=r'"The weight matrices $W_{xh}$ and $W_{yh}$ are often concatenated vertically into a '
    r'single weight matrix $W$ of shape $(n_{inputs}+n_{neurons})\times n_{neurons}$"',
    verdict="corrected", harm="wrong-number", cause="shapes",
    holds=r"$W=\begin{bmatrix}W_{xh}\\W_{hh}\end{bmatrix}$, the two that lead to the state; then "
    "the shape is right. The sentence follows a text in which the state is the output, and the "
    "recurrent matrix is called $W_y$.",
    sources=(cited.SHAPES,),
    equations=("eq-concatenation",),
)  # fmt: skip
def wrong_pair() -> Numbers:
    p, square = problem(RNN("tanh")), problem(RNN("tanh"), n_outputs=5)
    W_xh, W_hh, W_yh = weights(p)
    misfit = complaint(lambda: np.vstack([W_xh, W_yh]))
    assert misfit and np.vstack([W_xh, W_hh]).shape == (3 + 5, 5)

    W_xh, W_hh, W_yh = weights(square)  # as many outputs as neurons: no complaint
    x_h = np.hstack([square.x[0], square.state0[0]])
    right, wrong = (x_h @ np.vstack([W_xh, W]) for W in (W_hh, W_yh))
    error = relative_error(wrong, right)
    assert error > 0.5
    return {"with 6 outputs and 5 neurons": misfit, "with 5 outputs, error": error}


@LEDGER.enter(
    "shape-06", "inputs and states side by side",
    states=r"$[X_t\,h_{t-1}]$ is the horizontal concatenation, of shape "
    r"$m\times(n_{inputs}+n_{neurons})$",
    verdict="holds",
    holds=r"Row $r$ of it is the input of instance $r$, followed by the last state of instance "
    "$r$. One on top of the other they do not fit.",
    equations=("eq-concatenation",),
)  # fmt: skip
def side_by_side() -> Numbers:
    p = problem(RNN("tanh"))
    x, h = p.x[0], p.state0[0]
    x_h = np.hstack([x, h])
    vertical = complaint(lambda: np.vstack([x, h]))
    assert x_h.shape == (4, 3 + 5)
    assert np.array_equal(x_h[1], [*x[1], *h[1]])
    assert vertical
    return {"rows": len(x_h), "columns": len(x_h[0]), "one on top of the other": vertical}


@LEDGER.enter(
    "shape-07", "three sizes",
    states="the sizes are $m$ instances, $n_{neurons}$ neurons and $n_{inputs}$ input features",
    verdict="omission",
    holds="These three are right. A fourth is needed, $n_{outputs}$, the number of outputs or "
    "classes. Without it the "
    "shapes of $W_{yh}$, $b_y$, $o_t$, $\\hat y_t$ and $y_t$ cannot be written down.",
    sources=(cited.SHAPES,),
    equations=("eq-cell", "eq-count"),
)  # fmt: skip
def fourth_size() -> Numbers:
    def shapes(n_outputs: int) -> dict[str, tuple[int, ...]]:
        p = problem(RNN("tanh"), n_outputs=n_outputs)  # m, n and n_inputs are the same
        trace = forward(p.cell, p.params, p.x, p.state0)
        arrays = p.params | {"x_t": p.x[0], "h_t": trace.h[1], "o_t": trace.logits[0]}
        return {name: array.shape for name, array in arrays.items()}

    seven, two = shapes(7), shapes(2)
    differ = [name for name in seven if seven[name] != two[name]]
    assert differ == ["W_yh", "b_y", "o_t"]
    return {
        "shapes that differ": ", ".join(differ),
        "o_t with 7 outputs": str(seven["o_t"]),
        "o_t with 2 outputs": str(two["o_t"]),
    }


@LEDGER.enter(
    "shape-08", "the inputs",
    states=r"$X_t$ is an $m\times n_{inputs}$ matrix with the inputs of all instances",
    verdict="holds",
    holds="Those of step $t$, one row per instance. The whole input is one such matrix per step.",
    equations=("eq-cell",),
)  # fmt: skip
def inputs_in_rows() -> Numbers:
    p = problem(RNN("tanh"))
    h, order = states(p.params, p.x, p.state0[0]), [2, 0, 3, 1]
    reordered = states(p.params, p.x[:, order], p.state0[0][order])
    transposed = complaint(lambda: states(p.params, np.swapaxes(p.x, 1, 2), p.state0[0]))
    error = relative_error(reordered, h[:, order])
    assert p.x[0].shape == (4, 3) and error < 1e-14
    assert transposed
    return {"error with the instances in another order": error, "inputs in columns": transposed}


@LEDGER.enter(
    "shape-09", "the states",
    states=r"$h_{t-1}$ is an $m\times n_{neurons}$ matrix with the hidden state of the previous "
    "time-step for all instances",
    verdict="holds",
    holds="Row $r$ is the state of instance $r$, made by the inputs of instance $r$ before step "
    "$t$ and by nothing else.",
    equations=("eq-cell",),
)  # fmt: skip
def states_in_rows() -> Numbers:
    p, t = problem(RNN("tanh")), 4
    h = states(p.params, p.x, p.state0[0])
    x = p.x.copy()
    x[t - 1 :] += 1  # the inputs of step t and later, of all instances
    x[0, 1] += 1  # the first input, of the second instance
    change = np.abs(states(p.params, x, p.state0[0])[t - 1] - h[t - 1]).max(axis=1)
    assert h[t - 1].shape == (4, 5)
    assert change[1] > 1e-3 and not np.delete(change, 1).any()
    return {f"change of row {r}": float(change[r]) for r in range(4)}


@LEDGER.enter(
    "shape-10", "the input weights",
    states=r"$W_{xh}$ is an $n_{inputs}\times n_{neurons}$ matrix with the weights between input "
    "and hidden layer",
    verdict="holds",
    holds="Its entry $(i,j)$ is the weight from input $i$ to neuron $j$.",
    equations=("eq-cell",),
)  # fmt: skip
def entry_of_the_input_weights() -> Numbers:
    p = problem(RNN("tanh"))
    silent = p.params | {"b_h": np.zeros(5)}
    units = np.eye(3)[None]  # one step; instance i has a 1 at input i
    h = states(silent, units, np.zeros((3, 5)), RNN("identity"))
    error = relative_error(h[1], p.params["W_xh"])
    transposed = complaint(lambda: forward(p.cell, p.params | {"W_xh": units[0]}, p.x))
    assert error < 1e-14
    assert transposed
    return {"error of the responses to unit inputs": error, "another shape": transposed}


@LEDGER.enter(
    "shape-11", '"between two hidden layers"',
    states=r"$W_{hh}$ is an $n_{neurons}\times n_{neurons}$ matrix with the weights "
    '"between two hidden layers"',
    verdict="condition", harm="wording", cause="unrolled",
    holds="The shape is right. There is one hidden layer, and $W_{hh}$ leads from its state at "
    "$t-1$ to its state at $t$.",
    condition="The two layers are one, drawn unrolled: its copies at two consecutive steps.",
    equations=("eq-cell",),
)  # fmt: skip
def one_step_later() -> Numbers:
    p = problem(RNN("tanh"))
    start = np.zeros((4, 5))
    h = states(p.params, p.x, start)
    doubled = states(p.params | {"W_hh": 2 * p.params["W_hh"]}, p.x, start)
    same_step, next_step = (largest(doubled[t] - h[t]) for t in (1, 2))
    linear = RNN("identity")
    J = step_jacobians(forward(linear, p.params, p.x, p.state0))
    error = largest(J - p.params["W_hh"].T)  # neuron i at t-1 to neuron j at t: entry (i, j)
    assert same_step == 0  # between two layers it would act within the step
    assert next_step > 0.01 and error < 1e-14
    return {
        "effect of a doubled matrix on the first state": same_step,
        "on the second": next_step,
        "error of it as derivative by the last state": error,
    }


@LEDGER.enter(
    "shape-12", "output weights as large as the state",
    states=r"$W_{yh}$ is an $n_{neurons}\times n_{neurons}$ matrix with the weights between hidden "
    "layer and output",
    verdict="corrected", harm="wrong-number", cause="shapes",
    holds=r"$W_{yh}$ is $n\times n_{outputs}$. It is square only if there happen to be as many "
    "outputs as neurons, or where the output is the state, as in the text that the list follows.",
    sources=(cited.SHAPES,),
    equations=("eq-cell",),
)  # fmt: skip
def shape_of_the_output_weights() -> Numbers:
    p, square = problem(RNN("tanh")), problem(RNN("tanh"), n_outputs=5)

    def as_listed(p: Problem) -> str:
        params = p.params | {"W_yh": np.eye(5), "b_y": np.zeros(5)}
        return complaint(lambda: loss_and_gradients(p.cell, params, p.x, p.y))

    refused = as_listed(p)
    logits = forward(p.cell, p.params, p.x, p.state0).logits
    assert p.params["W_yh"].shape == (5, 6) and logits.shape == (7, 4, 6)
    assert refused and not as_listed(square)
    return {"6 classes, 5 neurons, the shapes of the list": refused}


@LEDGER.enter(
    "shape-13", "the bias of the state",
    states="$b_h$ is a vector of size $n_{neurons}$ with each neuron's bias",
    verdict="holds",
    holds="It is added to every row, so that its gradient is a sum over the rows, and over time.",
    equations=("eq-cell",),
)  # fmt: skip
def bias_of_every_row() -> Numbers:
    p = problem(RNN("tanh"))
    b_h = p.params["b_h"]
    h = states(p.params, np.zeros((1, 4, 3)), np.zeros((4, 5)), RNN("identity"))
    trace = forward(p.cell, p.params, p.x[:1], p.state0)
    exact = backward(trace, p.d_h[:1])["b_h"]
    error = relative_error((p.d_h[0] * (1 - trace.h[1] ** 2)).sum(axis=0), exact)
    assert np.array_equal(h[1], [b_h] * 4)
    assert error < 1e-14
    return {"entries": b_h.size, "error of its gradient as a sum over the rows": error}


@LEDGER.enter(
    "shape-14", "an output bias as long as the state",
    states="$b_y$ is a vector of size $n_{neurons}$ with each output's bias",
    verdict="corrected", harm="wrong-number", cause="shapes",
    holds="One bias for each output: $b_y$ has $n_{outputs}$ entries.",
    sources=(cited.SHAPES,),
    equations=("eq-cell",),
)  # fmt: skip
def bias_of_each_output() -> Numbers:
    p = problem(RNN("tanh"))
    h, W_yh = states(p.params, p.x, p.state0[0])[-1], p.params["W_yh"]
    listed = complaint(lambda: h @ W_yh + np.zeros(5))
    assert listed and not complaint(lambda: h @ W_yh + p.params["b_y"])
    assert p.params["b_y"].shape == (6,)
    return {"5 entries for 6 outputs of 5 neurons": listed, "entries": p.params["b_y"].size}


@LEDGER.enter(
    "shape-15", "\"the layer's outputs\"",
    states=r'$y_t$ is an $m\times n_{neurons}$ matrix with "the layer\'s outputs"',
    verdict="corrected", harm="wrong-number", cause="shapes",
    holds=r"The outputs are $\hat y_t$, and $y_t$ are the targets, as in the article's own loss; "
    r"for classes its rows are one-hot. Both are $m\times n_{outputs}$.",
    sources=(cited.SHAPES,),
    equations=("eq-cell", "eq-cross-entropy"),
)  # fmt: skip
def targets_are_not_outputs() -> Numbers:
    p = problem(RNN("tanh"))
    y_hat = softmax(forward(p.cell, p.params, p.x, p.state0).logits)
    one_hot = np.eye(6)[p.y]
    exact, _ = loss_and_gradients(p.cell, p.params, p.x, p.y, state0=p.state0)
    with_targets, with_outputs = (-(y * np.log(y_hat)).sum() for y in (one_hot, y_hat))
    listed = complaint(lambda: one_hot[-1] - np.zeros((4, 5)))
    assert y_hat[-1].shape == one_hot[-1].shape == (4, 6) and listed
    assert abs(with_targets / exact - 1) < 1e-14
    assert abs(with_outputs / exact - 1) > 0.1  # the entropy of the outputs: no target in it
    return {
        "loss": exact,
        "the article's sum with the targets for y": float(with_targets),
        "with the outputs for y": float(with_outputs),
        "m by n, against the targets": listed,
    }


@LEDGER.enter(
    "shape-16", '"At the first time step", t = 0',
    states='"At the first time step, $t=0$, there are no previous outputs, so they are typically '
    'assumed to be all zeros"',
    verdict="condition", harm="wording", cause="shapes",
    holds="What is missing at the first step is the state before it, $h_0$. Zeros are usual. $h_0$ "
    r"may be learned, with "
    r"$\frac{\partial L}{\partial h_0}=\delta_1W_{hh}^\top$. With $h_0=0$ the first step adds "
    "nothing to the gradient of $W_{hh}$; to that of $W_{xh}$ and $b_h$ it does.",
    condition="Steps are counted from 0, though the article's loss counts them from 1; and the "
    "previous output is the previous state, for no output enters the recurrence here.",
    equations=("eq-loss", "eq-bptt-recursion"),
)  # fmt: skip
def first_step() -> Numbers:
    p = problem(RNN("tanh"))
    _, W_hh, W_yh = weights(p)
    x, y, h0 = p.x[:1], p.y[:1], p.state0[0]  # one step, so that delta_1 is easily written
    trace = forward(p.cell, p.params, x, p.state0)
    delta = (softmax(trace.logits[0]) - np.eye(6)[y[0]]) @ W_yh.T * (1 - trace.h[1] ** 2)
    gradients = loss_and_gradients(p.cell, p.params, x, y, state0=p.state0)[1]
    error = relative_error(delta @ W_hh.T, gradients.state0[0])
    other = states(p.params | {"W_yh": -W_yh}, p.x, h0)
    first = {
        name: largest(attribution(p.cell, p.params, p.x, p.y, parameter=name)[0])
        for name in ("W_hh", "W_xh", "b_h")
    }
    assert len(states(p.params, p.x, h0)) == len(p.x) + 1  # h_0 and one state per input
    assert np.array_equal(other, states(p.params, p.x, h0))  # outputs are not fed back
    assert error < 1e-13
    assert first["W_hh"] == 0 and min(first["W_xh"], first["b_h"]) > 0
    return {
        "error of the gradient of the initial state": error,
        **{f"from zeros, first term of {name}": first[name] for name in first},
    }
