"""Newton over the sequence: against the loop, for every cell, and what it promises on the way."""

from itertools import islice

import numpy as np
import pytest
import sympy as sp

from bptt_lab import LSTM, RNN, forward, gaussian, scaled
from bptt_lab.linear import linear_adjoint, linear_recurrence
from bptt_lab.newton import newton, newton_step, residuals
from problems import every_cell, make_problem


def joint(trace):
    return np.concatenate(trace.states, axis=-1)


def far_guess(p, seed=1):
    T, m, n_states = len(p.x), *np.concatenate(p.state0, axis=-1).shape
    guess = np.random.default_rng(seed).uniform(-1, 1, (T + 1, m, n_states))
    return guess


@every_cell
def test_the_states_of_the_loop_are_found_from_any_guess(cell):
    p = make_problem(cell)
    true = joint(forward(cell, p.params, p.x, p.state0))
    for guess in (None, far_guess(p)):
        *_, last = islice(newton(cell, p.params, p.x, p.state0, guess), len(p.x) + 1)
        np.testing.assert_allclose(last, true, rtol=1e-12, atol=1e-12)


@every_cell
def test_after_k_iterations_the_first_k_states_are_right(cell):
    p = make_problem(cell)
    true = joint(forward(cell, p.params, p.x, p.state0))
    for k, states in enumerate(islice(newton(cell, p.params, p.x, p.state0, far_guess(p)), 5)):
        np.testing.assert_allclose(states[: k + 1], true[: k + 1], rtol=1e-12, atol=1e-12)
        assert k > 3 or not np.allclose(states[k + 2], true[k + 2], rtol=1e-12)


@pytest.mark.equation("eq-after-residual")
@every_cell
def test_residuals_are_zero_at_the_states_of_the_loop_and_nowhere_else(cell):
    p = make_problem(cell)
    true = joint(forward(cell, p.params, p.x, p.state0))
    r, _ = residuals(cell, p.params, p.x, true)
    np.testing.assert_allclose(r, 0, atol=1e-15)
    moved = true.copy()
    moved[3] += 0.1
    r, _ = residuals(cell, p.params, p.x, moved)
    assert abs(r[2]).max() > 0.05 and abs(r[3]).max() > 1e-3 and not abs(r[4:]).max() > 1e-15
    np.testing.assert_allclose(r[2], -0.1, atol=1e-14)


@pytest.mark.equation("eq-after-newton")
@every_cell
def test_one_iteration_solves_the_equations_linearised_at_the_guess(cell):
    """As one system of T s equations with finite differences for its matrix, one sequence."""
    p = make_problem(cell, m=1)
    guess = far_guess(p)
    guess[0] = np.concatenate(p.state0, axis=-1)

    def missing(states):
        full = guess.copy()
        full[1:] = states.reshape(guess[1:].shape)
        return residuals(cell, p.params, p.x, full)[0].ravel()

    at = guess[1:].ravel()
    nudges = 1e-6 * np.eye(at.size)
    slopes = [(missing(at + e) - missing(at - e)) / 2e-6 for e in nudges]
    correction = np.linalg.solve(np.array(slopes).T, -missing(at))
    found = newton_step(cell, p.params, p.x, guess)[1:].ravel() - at
    np.testing.assert_allclose(found, correction, rtol=1e-6, atol=1e-7)


@pytest.mark.equation("eq-after-newton")
def test_two_steps_in_symbols():
    """The correction of the recurrence is that of the whole system, by sympy."""
    h1, h2, w, x1, x2 = sp.symbols("h_1 h_2 w x_1 x_2")
    missing = sp.Matrix([sp.tanh(x1) - h1, sp.tanh(w * h1 + x2) - h2])
    correction = -missing.jacobian([h1, h2]).inv() * missing
    J_2 = sp.diff(missing[1], h1)
    d_1 = missing[0]
    assert sp.simplify(correction[0] - d_1) == 0
    assert sp.simplify(correction[1] - (J_2 * d_1 + missing[1])) == 0


def test_iterates_in_chaos_are_kept_within_the_limit_and_converge_all_the_same():
    rng, cell = np.random.default_rng(0), RNN("tanh")
    params = cell.init(rng, 3, 20, 1) | {"W_hh": scaled(gaussian(rng, 20), 4.0)}
    x = rng.standard_normal((150, 1, 3))
    true = forward(cell, params, x).h
    for limit in (1.0, 1e6):
        iterates = [*islice(newton(cell, params, x, limit=limit), 152)]
        assert max(abs(states).max() for states in iterates) <= limit
        assert abs(iterates[-1] - true).max() < 1e-4  # chaos lets rounding grow, to some 1e-6
    assert abs(iterates[20] - true).max() > 1


def test_the_gradient_comes_from_the_same_jacobians():
    p = make_problem(LSTM())
    true = joint(forward(LSTM(), p.params, p.x, p.state0))
    _, J = residuals(LSTM(), p.params, p.x, true)
    v = np.random.default_rng(0).standard_normal(true[1:].shape)
    g, d = linear_adjoint(J, v), np.random.default_rng(1).standard_normal(true[1:].shape)
    moved = linear_recurrence(J, d)[1:]  # a disturbance d_t of each step, carried forwards
    assert np.sum(v * moved) == pytest.approx(np.sum(g * d), rel=1e-12)


def test_wrong_arguments_are_named():
    p = make_problem(RNN("tanh"))
    with pytest.raises(ValueError, match="guess: expected"):
        next(newton(p.cell, p.params, p.x, guess=np.zeros((2, 3, 4))))
    with pytest.raises(ValueError, match="limit: expected"):
        next(newton(p.cell, p.params, p.x, limit=-1.0))
    with pytest.raises(ValueError, match="x: expected"):
        next(newton(p.cell, p.params, p.x[0]))
