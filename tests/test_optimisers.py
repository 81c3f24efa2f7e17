"""Optimisers: against their closed forms, by hand, and on gradients as they come."""

import numpy as np
import pytest

from bptt_lab.bptt import backward, forward, loss_and_gradients
from bptt_lab.training import SGD, Adam, RMSProp
from problems import CELLS, every_cell, make_problem

OPTIMISERS = [SGD(0.1, 0.9), RMSProp(0.1), Adam(0.1)]


def trajectory(optimiser, grads, w=1.0):
    """Where a single parameter goes, given its gradients one after the other."""
    params, path = {"w": np.array([w])}, []
    state = optimiser.start(params)
    for t, g in enumerate(grads, 1):
        params, state = optimiser.step(t, params, {"w": np.array([g])}, state)
        path.append(float(params["w"][0]))
    return np.array(path)


def test_momentum_adds_a_geometric_series():
    path = trajectory(SGD(0.1, momentum=0.5), [2.0] * 6)
    v = 2.0 * (1 - 0.5 ** np.arange(1, 7)) / (1 - 0.5)  # closed form for a constant gradient
    assert np.allclose(path, 1 - 0.1 * np.cumsum(v), rtol=1e-14)


def test_plain_descent_contracts_a_parabola_by_a_known_factor():
    w, path = {"w": np.array([1.0])}, []
    for t in range(1, 9):  # L = 3/2 w^2, so that w shrinks by 1 - 0.1 * 3
        w, _ = SGD(0.1).step(t, w, {"w": 3 * w["w"]}, SGD(0.1).start(w))
        path.append(w["w"][0])
    assert np.allclose(path, 0.7 ** np.arange(1, 9), rtol=1e-13)


def test_rmsprop_by_hand():
    gradients, rate, rho, epsilon = [4.0, -2.0, 1.0], 0.1, 0.75, 1e-3
    w, s, expected = 1.0, 0.0, []
    for g in gradients:
        s = rho * s + (1 - rho) * g**2
        w -= rate * g / (s**0.5 + epsilon)
        expected.append(w)
    assert np.allclose(trajectory(RMSProp(rate, rho, epsilon), gradients), expected, rtol=1e-14)


def test_adam_by_hand():
    """The corrected averages, written as weighted means of the gradients so far."""
    g, rate, b1, b2, epsilon = np.array([4.0, -2.0, 1.0, 5.0]), 0.1, 0.5, 0.8, 1e-3
    w, expected = 1.0, []
    for t in range(1, 5):
        u1, u2 = b1 ** np.arange(t)[::-1], b2 ** np.arange(t)[::-1]
        m, s = u1 @ g[:t] / u1.sum(), u2 @ g[:t] ** 2 / u2.sum()
        w -= rate * m / (s**0.5 + epsilon)
        expected.append(w)
    assert np.allclose(trajectory(Adam(rate, b1, b2, epsilon), g), expected, rtol=1e-13)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_a_step_changes_nothing_in_place_and_keeps_the_precision(optimiser):
    params, gradient = {"w": np.ones(3, np.float32)}, {"w": np.full(3, 2, np.float32)}
    state = optimiser.start(params)
    for t in (1, 2):
        moved, state = optimiser.step(t, params, gradient, state)
    assert (params["w"] == 1).all() and (gradient["w"] == 2).all() and (moved["w"] < 1).all()
    assert moved["w"].dtype == np.float32
    assert all(array.dtype == np.float32 for part in state.values() for array in part.values())


@pytest.mark.parametrize(
    "kind, options, name",
    [
        (SGD, {"rate": 0}, "rate"),
        (SGD, {"momentum": 1.0}, "momentum"),
        (RMSProp, {"decay": -0.1}, "decay"),
        (RMSProp, {"epsilon": 0}, "epsilon"),
        (Adam, {"beta1": 1.5}, "beta1"),
        (Adam, {"beta2": "0.9"}, "beta2"),
        (Adam, {"rate": np.nan}, "rate"),
    ],
)
def test_numbers_out_of_range_are_refused(kind, options, name):
    with pytest.raises(ValueError, match=f"{name}: expected a"):
        kind(**options)


@every_cell
@pytest.mark.parametrize("optimiser", OPTIMISERS, ids=lambda optimiser: type(optimiser).__name__)
def test_a_step_takes_gradients_as_they_come_and_lowers_the_loss(cell, optimiser):
    p = make_problem(cell)
    small = type(optimiser)(rate=1e-4)
    loss, grads = loss_and_gradients(cell, p.params, p.x, p.y)
    moved, _ = small.step(1, p.params, grads, small.start(p.params))
    assert list(moved) == list(p.params)
    assert loss_and_gradients(cell, moved, p.x, p.y)[0] < loss


@pytest.mark.parametrize("optimiser", OPTIMISERS, ids=lambda optimiser: type(optimiser).__name__)
def test_a_gradient_that_is_missing_is_named(optimiser):
    p = make_problem(CELLS[0])
    grads = backward(forward(p.cell, p.params, p.x), p.d_h)  # without the readout's
    with pytest.raises(ValueError, match="grads: expected exactly the keys .* no W_yh and no b_y"):
        optimiser.step(1, p.params, grads, optimiser.start(p.params))
