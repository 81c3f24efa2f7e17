"""RTRL with one trace for each parameter, against BPTT, differences and symbols."""

import numpy as np
import pytest
import sympy as sp

from bptt_lab import RNN, backward, forward
from bptt_lab.traces import elementwise_rtrl, elementwise_states

T, M, N_INPUTS, N = 7, 4, 3, 5


@pytest.fixture
def problem():
    rng = np.random.default_rng(2)
    shapes = {"W_xh": (N_INPUTS, N), "w_hh": (N,), "b_h": (N,)}
    params = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    return params, rng.standard_normal((T, M, N_INPUTS)), rng.standard_normal((T, M, N))


@pytest.mark.parametrize("phi", ["tanh", "sigmoid", "identity"])
@pytest.mark.equation("eq-after-elementwise", "eq-after-traces")
def test_the_traces_give_the_gradient_of_backpropagation(problem, phi):
    params, x, d_h = problem
    cell = RNN(phi)
    full = cell.init(np.random.default_rng(0), N_INPUTS, N, 2)
    full |= {"W_xh": params["W_xh"], "W_hh": np.diag(params["w_hh"]), "b_h": params["b_h"]}
    trace = forward(cell, full, x)
    np.testing.assert_allclose(elementwise_states(params, x, phi), trace.h, rtol=1e-12)
    true, found = backward(trace, d_h), elementwise_rtrl(params, x, d_h, phi)
    np.testing.assert_allclose(found["W_xh"], true["W_xh"], rtol=1e-12)
    np.testing.assert_allclose(found["w_hh"], np.diag(true["W_hh"]), rtol=1e-12)
    np.testing.assert_allclose(found["b_h"], true["b_h"], rtol=1e-12)


@pytest.mark.equation("eq-after-traces")
def test_the_gradient_is_the_slope_of_the_loss(problem):
    params, x, d_h = problem
    found = elementwise_rtrl(params, x, d_h)
    for name, value in params.items():
        for index in np.ndindex(value.shape):
            e = np.zeros_like(value)
            e[index] = 1e-6
            up, down = (elementwise_states(params | {name: value + s * e}, x) for s in (1, -1))
            difference = np.sum(d_h * (up - down)[1:]) / 2e-6
            assert found[name][index] == pytest.approx(difference, rel=1e-6, abs=1e-8)


@pytest.mark.equation("eq-after-traces")
def test_the_trace_of_three_steps_in_symbols():
    w, a = sp.Symbol("w"), sp.symbols("a_1:4")
    h, trace = sp.Integer(0), sp.Integer(0)
    for a_t in a:
        before, h = h, sp.tanh(a_t + w * h)
        trace = (1 - h**2) * (before + w * trace)
    assert sp.simplify(sp.diff(h, w) - trace) == 0


def test_what_is_learned_at_a_step_depends_on_no_later_one(problem):
    """The gradient of the first steps is there before the others have come."""
    params, x, d_h = problem
    d_h[4:] = 0
    early, whole = elementwise_rtrl(params, x[:4], d_h[:4]), elementwise_rtrl(params, x, d_h)
    for name in params:
        np.testing.assert_array_equal(early[name], whole[name])


def test_wrong_arguments_are_named(problem):
    params, x, d_h = problem
    with pytest.raises(ValueError, match="d_h: expected"):
        elementwise_rtrl(params, x, d_h[:, :1])
    with pytest.raises(ValueError, match="no w_hh"):
        elementwise_states({"W_xh": params["W_xh"], "b_h": params["b_h"]}, x)
    with pytest.raises(ValueError, match="activation: expected one of"):
        elementwise_states(params, x, "swish")
