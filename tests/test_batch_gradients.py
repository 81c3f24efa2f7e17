"""What a batch says: the mean loss, its gradient, truncated or with Omega."""

import numpy as np
import pytest

from bptt_lab.bptt import Gradients, forward, loss_and_gradients
from bptt_lab.cells import LSTM, RNN
from bptt_lab.initializers import orthogonal
from bptt_lab.losses import softmax
from bptt_lab.training import batch_gradients, omega
from problems import every_cell, flat, make_problem


@pytest.mark.equation("eq-omega-gradient")
def test_the_gradient_of_omega_by_finite_differences_with_all_else_held():
    rng, T, m, n = np.random.default_rng(0), 7, 4, 5
    g, W = rng.standard_normal((T, m, n)), rng.standard_normal((n, n))
    delta = g * rng.uniform(0.2, 1, g.shape)
    _, gradient = omega(W, g, delta)
    for i in range(n):
        for j in range(n):
            E = np.zeros((n, n))
            E[i, j] = 1e-6
            slope = (omega(W + E, g, delta)[0] - omega(W - E, g, delta)[0]) / 2e-6
            assert gradient[i, j] == pytest.approx(slope, rel=1e-6, abs=1e-8)


@pytest.mark.equation("eq-omega")
def test_omega_of_known_matrices():
    rng = np.random.default_rng(0)
    g, Q = rng.standard_normal((6, 3, 5)), orthogonal(rng, 5)
    assert omega(Q, g, g)[0] < 1e-25 and np.abs(omega(Q, g, g)[1]).max() < 1e-12
    assert omega(3 * Q, g, g)[0] == pytest.approx(4)


def test_steps_that_no_gradient_reaches_do_not_count():
    rng = np.random.default_rng(0)
    g, W = rng.standard_normal((6, 3, 5)), rng.standard_normal((5, 5))
    half = g.copy()
    half[:3] = 0
    value, gradient = omega(W, half, half)
    expected, expected_gradient = omega(W, g[3:], g[3:])
    assert value == pytest.approx(expected) and np.allclose(gradient, expected_gradient)
    assert omega(W, 0 * g, 0 * g)[0] == 0
    tiny_value, tiny_gradient = omega(W, 1e-140 * g, 1e-140 * g)
    value, gradient = omega(W, g, g)
    assert tiny_value == pytest.approx(value) and np.allclose(tiny_gradient, gradient)


@pytest.mark.equation("eq-omega")
def test_omega_in_a_batch_is_that_of_the_gradients_going_back():
    """An oracle that follows one sequence and one step at a time."""
    p = make_problem(RNN("tanh"), T=9, m=3)
    p.y[-1] = 0
    trace = forward(p.cell, p.params, p.x)
    _, grads = loss_and_gradients(p.cell, p.params, p.x, p.y, reduction="mean")
    targets = int((p.y >= 0).sum())
    ratios = []
    for k in range(3):
        g = np.zeros(5)
        for t in range(9, 0, -1):
            o = trace.logits[t - 1, k]
            if p.y[t - 1, k] >= 0:
                e = softmax(o)
                e[p.y[t - 1, k]] -= 1
                g = g + p.params["W_yh"] @ e / targets
            r = p.params["W_hh"] @ (g * (1 - trace.h[t, k] ** 2))
            if g.any():
                ratios.append(np.linalg.norm(r) / np.linalg.norm(g))
            g = r
    plain = batch_gradients(p.cell, p.params, p.x, p.y)
    with_omega = batch_gradients(p.cell, p.params, p.x, p.y, omega=0.5)
    assert with_omega.omega == pytest.approx(np.mean((np.array(ratios) - 1) ** 2))
    assert plain.omega == 0 and plain.loss == with_omega.loss
    for name in p.params:
        changed = not np.allclose(with_omega.grads[name], plain.grads[name])
        assert changed == (name == "W_hh")
    np.testing.assert_allclose(with_omega.grads.x, grads.x, rtol=1e-12, atol=1e-14)
    for part, expected in zip(with_omega.grads.state0, grads.state0, strict=True):
        np.testing.assert_allclose(part, expected, rtol=1e-12, atol=1e-14)


@every_cell
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("window", [None, 3])
def test_the_same_arguments_give_what_loss_and_gradients_gives(cell, reduction, window):
    p = make_problem(cell)
    how = {"state0": p.state0, "reduction": reduction, "window": window}
    for y in (p.y, p.targets):
        loss, grads = loss_and_gradients(cell, p.params, p.x, y, **how)
        found = batch_gradients(cell, p.params, p.x, y, **how)
        assert found.loss == pytest.approx(loss, rel=1e-13) and found.omega == 0
        assert list(found.grads) == list(grads) == list(p.params)
        np.testing.assert_allclose(flat(found.grads), flat(grads), rtol=1e-11, atol=1e-13)


def test_the_mean_is_the_default_and_all_options_go_by_name():
    p = make_problem(RNN("tanh"))
    whole = batch_gradients(p.cell, p.params, p.x, p.y, reduction="sum")
    mean = batch_gradients(p.cell, p.params, p.x, p.y)
    assert mean.loss == pytest.approx(whole.loss / (p.y >= 0).sum())
    with pytest.raises(TypeError, match="positional"):
        batch_gradients(p.cell, p.params, p.x, p.y, 3)


@every_cell
@pytest.mark.parametrize("K", [1, 3, 7, 20])
def test_chunks_are_sequences_of_their_own_with_the_state_carried(cell, K):
    p = make_problem(cell)
    found = batch_gradients(cell, p.params, p.x, p.y, state0=p.state0, reduction="sum", chunk=K)
    total, state, inputs, first = {name: 0.0 for name in p.params}, p.state0, [], None
    for t in range(0, 7, K):
        piece = slice(t, t + K)
        _, grads = loss_and_gradients(cell, p.params, p.x[piece], p.y[piece], state)
        total = {name: total[name] + grads[name] for name in total}
        inputs.append(grads.x)
        first = first or grads.state0
        state = tuple(part[-1] for part in forward(cell, p.params, p.x[piece], state).states)
    expected = Gradients(total, np.concatenate(inputs), first)
    np.testing.assert_allclose(flat(found.grads), flat(expected), rtol=1e-11, atol=1e-12)


def test_a_target_that_is_not_a_number_is_none():
    p = make_problem(RNN("tanh"))
    y = np.full_like(p.targets, np.nan)
    y[-1] = p.targets[-1]
    found = batch_gradients(p.cell, p.params, p.x, y)
    o = forward(p.cell, p.params, p.x).logits[-1]
    assert found.loss == pytest.approx(0.5 * ((o - y[-1]) ** 2).sum() / len(o))
    step = 1e-6
    for name in ("W_hh", "W_yh", "b_y"):
        ends = []
        for s in (step, -step):
            moved = {**p.params, name: p.params[name] + s}
            ends.append(batch_gradients(p.cell, moved, p.x, y).loss)
        assert found.grads[name].sum() == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6)


def test_what_does_not_go_together_is_refused():
    p = make_problem(RNN("tanh"))
    lstm = make_problem(LSTM())
    for problem, options, told in (
        (p, {"window": 2, "chunk": 2}, "chunk: expected None beside a window"),
        (p, {"window": 2, "omega": 1.0}, "omega: expected 0 beside a truncation"),
        (lstm, {"omega": 1.0}, "omega: expected 0 for a gated cell"),
        (p, {"chunk": 0}, "chunk: expected an integer"),
        (p, {"omega": -1.0}, "omega: expected a finite number of at least 0"),
    ):
        with pytest.raises(ValueError, match=told):
            batch_gradients(problem.cell, problem.params, problem.x, problem.y, **options)
    with pytest.raises(ValueError, match="y: expected at least one target to take the mean"):
        batch_gradients(p.cell, p.params, p.x, np.full_like(p.y, -1))
    with pytest.raises(ValueError, match="y: expected integer classes"):
        batch_gradients(p.cell, p.params, p.x, p.y[:-1])
    with pytest.raises(ValueError, match="y: expected finite numbers, got inf"):
        batch_gradients(p.cell, p.params, p.x, np.full_like(p.targets, np.inf))
