"""Every gradient and Jacobian against autograd on the naive steps of `bptt_lab.reference`.

They share nothing with the engine: one gate at a time, one matrix per gate, the logistic function
as 1 / (1 + exp(-a)), no stacking, no memory.
"""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from bptt_lab import (
    ACTIVATIONS,
    GRU,
    LSTM,
    RNN,
    OriginalLSTM,
    PeepholeLSTM,
    backward,
    forward,
    loss_and_gradients,
    reference,
    step_jacobians,
)
from bptt_lab.reference import complex_step, relative_error, states, step_of
from problems import everything, make_problem

CELLS = [
    *(RNN(phi) for phi in ACTIVATIONS),
    *(OriginalLSTM(cut, squash) for cut in (False, True) for squash in ("tanh", "1997")),
    LSTM(),
    PeepholeLSTM(),
    GRU("before"),
    GRU("after"),
]


def hidden(step, p, x, state):
    return anp.array([h for h, *_ in states(step, p, x, state)[1:]])


def logits(*arguments):
    return reference.logits(arguments[1], hidden(*arguments))


def cross_entropy(step, p, x, state, y):
    o = logits(step, p, x, state)
    log_y = anp.log(anp.exp(o) / anp.sum(anp.exp(o), axis=-1, keepdims=True))
    one_hot = np.eye(o.shape[-1])[np.where(y >= 0, y, 0)] * (y >= 0)[..., None]
    return -anp.sum(one_hot * log_y)


def squared_error(step, p, x, state, y):
    return 0.5 * anp.sum((logits(step, p, x, state) - y) ** 2)


def weighted_states(step, p, x, state, weights):
    return anp.sum(weights * hidden(step, p, x, state))


def naive_gradients(loss, p, *extra):
    """Return what the package must return, by autograd."""
    step = step_of(p.cell)
    params, x, state0 = autograd.grad(lambda leaves: loss(step, *leaves, *extra))(
        (p.params, p.x, p.state0)
    )
    return {**params, "x": x, "state0": np.array(state0)}


def assert_same_gradients(gradients, expected):
    got = everything(gradients)
    assert sorted(got) == sorted(expected)
    errors = {name: relative_error(got[name], expected[name]) for name in expected}
    assert max(errors.values()) < 1e-12, errors


@pytest.fixture(params=CELLS, ids=repr)
def case(request):
    return make_problem(request.param)


@pytest.mark.equation(
    "eq-cell", "eq-lstm-1997", "eq-lstm", "eq-peepholes", "eq-gru", "eq-gru-after"
)
def test_states(case):
    trace = forward(case.cell, case.params, case.x, case.state0)
    naive = states(step_of(case.cell), case.params, case.x, case.state0)
    for parts in zip(*trace.states, strict=True):
        np.testing.assert_allclose(parts, naive.pop(0), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(
        trace.logits, reference.logits(case.params, trace.h[1:]), rtol=1e-13, atol=1e-13
    )


@pytest.mark.equation(
    "eq-bptt-recursion",
    "eq-bptt-gradients",
    "eq-lstm-backward",
    "eq-lstm-gradients",
    "eq-gru-backward",
)
@pytest.mark.parametrize("naive, y", [(cross_entropy, "y"), (squared_error, "targets")])
def test_gradients_of_the_losses(case, naive, y):
    y = getattr(case, y)
    loss, gradients = loss_and_gradients(case.cell, case.params, case.x, y, case.state0)
    expected = naive(step_of(case.cell), case.params, case.x, case.state0, y)
    assert loss == pytest.approx(expected, rel=1e-13)
    assert_same_gradients(gradients, naive_gradients(naive, case, y))


def test_gradients_of_any_loss_on_the_states(case):
    trace = forward(case.cell, case.params, case.x, case.state0)
    expected = naive_gradients(weighted_states, case, case.d_h)
    del expected["W_yh"], expected["b_y"]
    assert_same_gradients(backward(trace, case.d_h), expected)


@pytest.mark.equation("eq-jacobian", "eq-joint-jacobian", "eq-gru-jacobian")
def test_step_jacobians(case):
    trace = forward(case.cell, case.params, case.x, case.state0)
    J, step = step_jacobians(trace), step_of(case.cell)
    parts, (T, m, n) = len(trace.states), trace.h[1:].shape
    assert J.shape == (T, m, parts * n, parts * n)

    def next_state(flat, x):
        return anp.concatenate(step(case.params, x, *(flat.reshape(parts, n))))

    for t, b in np.ndindex(T, m):
        state = np.concatenate([part[t, b] for part in trace.states])
        expected = autograd.jacobian(next_state)(state, case.x[t, b])
        np.testing.assert_allclose(J[t, b], expected, rtol=0, atol=1e-12)


def test_the_complex_step_differentiates_what_autograd_does(case):
    """Two ways to one derivative, the cut of 1997 included, so that neither is trusted alone."""
    step = step_of(case.cell)
    for name in ("x", "state0"):
        leaves = {"x": case.x, "state0": np.array(case.state0)}

        def loss(value, name=name, leaves=leaves):
            given = leaves | {name: value}
            return weighted_states(step, case.params, given["x"], tuple(given["state0"]), case.d_h)

        expected = autograd.grad(loss)(leaves[name])
        got = complex_step(lambda w: np.sum(loss(w)), leaves[name])
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-13)
