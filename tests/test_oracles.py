"""Every gradient and Jacobian against autograd on naive forward passes written apart.

The naive forwards share nothing with the package: one gate at a time, one matrix per gate,
logistic function as 1 / (1 + exp(-a)), no stacking, no memory.
"""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from bptt_lab import (
    GRU,
    LSTM,
    RNN,
    OriginalLSTM,
    PeepholeLSTM,
    backward,
    forward,
    loss_and_gradients,
    step_jacobians,
)
from problems import everything, make_problem

PHI = {
    "tanh": anp.tanh,
    "sigmoid": lambda a: 1 / (1 + anp.exp(-a)),
    "relu": lambda a: anp.where(a > 0, a, 0.0),
    "identity": lambda a: a,
}


def rnn_step(cell, p, x, state):
    (h,) = state
    return (PHI[cell.activation](x @ p["W_xh"] + h @ p["W_hh"] + p["b_h"]),)


def sigma(a):
    return 1 / (1 + anp.exp(-a))


def net(p, gate, x, h):
    return x @ p["W_x" + gate] + h @ p["W_h" + gate] + p["b_" + gate]


def lstm_step(cell, p, x, state):
    h, C = state
    i, f, o = (sigma(net(p, gate, x, h)) for gate in "ifo")
    C = f * C + i * anp.tanh(net(p, "C", x, h))
    return o * anp.tanh(C), C


def peephole_step(cell, p, x, state):
    h, C = state
    i = sigma(net(p, "i", x, h) + p["p_i"] * C)
    f = sigma(net(p, "f", x, h) + p["p_f"] * C)
    C = f * C + i * anp.tanh(net(p, "C", x, h))
    o = sigma(net(p, "o", x, h) + p["p_o"] * C)
    return o * anp.tanh(C), C


def original_step(cell, p, x, state):
    h, C = state
    if cell.truncated:
        h = anp.array(autograd.tracer.getval(h))
    i, o = (sigma(net(p, gate, x, h)) for gate in "io")
    if cell.squashing == "1997":  # section 5.1 of the paper
        C = C + i * (4 * sigma(net(p, "C", x, h)) - 2)
        return o * (2 * sigma(C) - 1), C
    C = C + i * anp.tanh(net(p, "C", x, h))
    return o * anp.tanh(C), C


def gru_step(cell, p, x, state):
    (h,) = state
    z, r = (sigma(net(p, gate, x, h)) for gate in "zr")
    if cell.reset == "before":
        new = anp.tanh(net(p, "n", x, r * h))
    else:
        new = anp.tanh(x @ p["W_xn"] + p["b_n"] + r * (h @ p["W_hn"] + p["c_n"]))
    return (z * h + (1 - z) * new,)


NAIVE = {
    RNN: rnn_step,
    OriginalLSTM: original_step,
    LSTM: lstm_step,
    PeepholeLSTM: peephole_step,
    GRU: gru_step,
}

CELLS = [
    *(RNN(phi) for phi in PHI),
    *(OriginalLSTM(cut, squash) for cut in (False, True) for squash in ("tanh", "1997")),
    LSTM(),
    PeepholeLSTM(),
    GRU("before"),
    GRU("after"),
]


def naive_states(cell, p, x, state):
    states = [state]
    for x_t in x:
        states.append(NAIVE[type(cell)](cell, p, x_t, states[-1]))
    return states


def naive_logits(cell, p, x, state):
    states = naive_states(cell, p, x, state)[1:]
    return anp.array([s[0] @ p["W_yh"] + p["b_y"] for s in states])


def naive_cross_entropy(cell, p, x, state, y):
    logits = naive_logits(cell, p, x, state)
    p_y = anp.exp(logits) / anp.sum(anp.exp(logits), axis=-1, keepdims=True)
    T, m, q = logits.shape
    onehot = np.eye(q)[np.where(y >= 0, y, 0)] * (y >= 0)[..., None]
    return -anp.sum(onehot * anp.log(p_y))


def naive_squared_error(cell, p, x, state, y):
    return 0.5 * anp.sum((naive_logits(cell, p, x, state) - y) ** 2)


def naive_weighted_states(cell, p, x, state, weights):
    states = naive_states(cell, p, x, state)[1:]
    return sum(anp.sum(w * s[0]) for w, s in zip(weights, states, strict=True))


def naive_gradients(loss, problem, *extra):
    """Return what the package must return, by autograd."""
    leaves = autograd.grad(
        lambda leaves: loss(problem.cell, leaves[0], leaves[1], leaves[2], *extra)
    )((problem.params, problem.x, problem.state0))
    return {**leaves[0], "x": leaves[1], "state0": np.array(leaves[2])}


def relative_error(came, expected):
    came = np.array(came)
    assert came.shape == expected.shape
    return np.linalg.norm(came - expected) / max(np.linalg.norm(expected), 1e-300)


def assert_same_gradients(gradients, expected, tolerance=1e-12):
    came = everything(gradients)
    assert sorted(came) == sorted(expected)
    errors = {name: relative_error(came[name], expected[name]) for name in expected}
    assert max(errors.values()) < tolerance, errors


@pytest.fixture(params=CELLS, ids=repr)
def case(request):
    return make_problem(request.param)


@pytest.mark.equation(
    "eq-cell", "eq-lstm-1997", "eq-lstm", "eq-peepholes", "eq-gru", "eq-gru-after"
)
def test_naive_and_package_agree_on_the_states(case):
    trace = forward(case.cell, case.params, case.x, case.state0)
    for t, state in enumerate(naive_states(case.cell, case.params, case.x, case.state0)):
        for part, expected in zip(trace.states, state, strict=True):
            np.testing.assert_allclose(part[t], expected, rtol=1e-13, atol=1e-14)
    logits = naive_logits(case.cell, case.params, case.x, case.state0)
    np.testing.assert_allclose(trace.logits, logits, rtol=1e-13, atol=1e-13)


@pytest.mark.equation(
    "eq-bptt-recursion",
    "eq-bptt-gradients",
    "eq-lstm-backward",
    "eq-lstm-gradients",
    "eq-gru-backward",
)
def test_cross_entropy_gradients(case):
    loss, gradients = loss_and_gradients(case.cell, case.params, case.x, case.y, case.state0)
    arguments = case.cell, case.params, case.x, case.state0, case.y
    assert loss == pytest.approx(naive_cross_entropy(*arguments), rel=1e-13)
    assert_same_gradients(gradients, naive_gradients(naive_cross_entropy, case, case.y))


def test_squared_error_gradients(case):
    loss, gradients = loss_and_gradients(case.cell, case.params, case.x, case.targets, case.state0)
    arguments = case.cell, case.params, case.x, case.state0, case.targets
    assert loss == pytest.approx(naive_squared_error(*arguments), rel=1e-13)
    assert_same_gradients(gradients, naive_gradients(naive_squared_error, case, case.targets))


def test_gradients_of_any_loss_on_the_states(case):
    trace = forward(case.cell, case.params, case.x, case.state0)
    gradients = backward(trace, case.d_h)
    expected = naive_gradients(naive_weighted_states, case, case.d_h)
    del expected["W_yh"], expected["b_y"]
    assert_same_gradients(gradients, expected)


@pytest.mark.equation("eq-jacobian", "eq-joint-jacobian", "eq-gru-jacobian")
def test_step_jacobians(case):
    trace = forward(case.cell, case.params, case.x, case.state0)
    J = step_jacobians(trace)
    parts, (T, m, n) = len(trace.states), trace.h[1:].shape
    assert J.shape == (T, m, parts * n, parts * n)

    def next_state(flat, t, b):
        state = tuple(flat[k * n : (k + 1) * n][None] for k in range(parts))
        return anp.concatenate(
            NAIVE[type(case.cell)](case.cell, case.params, case.x[t, b : b + 1], state), axis=1
        )[0]

    for t, b in np.ndindex(T, m):
        flat = np.concatenate([part[t, b] for part in trace.states])
        expected = autograd.jacobian(next_state)(flat, t, b)
        np.testing.assert_allclose(J[t, b], expected, rtol=0, atol=1e-12)
