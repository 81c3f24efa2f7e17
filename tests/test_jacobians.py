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
    log_gradient_norms,
    norm_bound,
    step_jacobians,
)
from problems import make_problem

CELLS = [
    RNN("tanh"),
    RNN("sigmoid"),
    OriginalLSTM(squashing="1997"),
    LSTM(),
    PeepholeLSTM(),
    GRU(),
    GRU("after"),
]


@pytest.fixture(params=CELLS, ids=repr)
def case(request):
    case = make_problem(request.param)
    case.trace = forward(case.cell, case.params, case.x, case.state0)
    case.J = step_jacobians(case.cell, case.params, case.trace)
    return case


def products(J, t):
    """dstate_t/dstate_k for k = t..0 without any care for the range."""
    product = np.broadcast_to(np.eye(J.shape[-1]), J.shape[1:])
    yield product
    for k in reversed(range(t)):
        product = product @ J[k]
        yield product


def test_jacobians_are_what_the_adjoint_gives(case):
    """Row i of J_t..J_1 is the gradient of component i of h_t at the initial state."""
    t, (m, n) = 4, case.trace.h.shape[1:]
    *_, product = products(case.J, t)
    for i in range(n):
        d_h = np.zeros((7, m, n))
        d_h[t - 1, :, i] = 1
        state0 = np.concatenate(backward(case.cell, case.params, case.trace, d_h)["state0"], axis=1)
        np.testing.assert_allclose(product[:, i], state0, rtol=1e-12, atol=1e-13)


def test_jacobians_by_central_differences(case):
    h = 1e-6
    for part, array in enumerate(case.state0):
        for j in range(array.shape[1]):
            ends = []
            for sign in (1, -1):
                moved = [a.copy() for a in case.state0]
                moved[part][:, j] += sign * h
                after = forward(case.cell, case.params, case.x[:1], tuple(moved))
                ends.append(np.concatenate([p[1] for p in after.states], axis=1))
            column = (ends[0] - ends[1]) / (2 * h)
            came = case.J[0, :, :, part * array.shape[1] + j]
            np.testing.assert_allclose(came, column, atol=1e-8)


@pytest.mark.parametrize("t", [None, 0, 1, 5, 7])
def test_log_norms_equal_norms_of_products(case, t):
    came = log_gradient_norms(case.J, t)
    t = 7 if t is None else t
    expected = [np.log(np.linalg.norm(P, 2, axis=(-2, -1))) for P in products(case.J, t)]
    assert came.shape == (t + 1, 4)
    np.testing.assert_allclose(came, expected, rtol=1e-12, atol=1e-13)


def test_log_norms_of_one_trajectory(case):
    came = log_gradient_norms(case.J[:, 2])
    assert came.shape == (8,)
    np.testing.assert_allclose(came, log_gradient_norms(case.J)[:, 2], rtol=1e-13)


@pytest.mark.parametrize("rate", [-0.5, 0.5])
def test_log_norms_do_not_leave_the_range_of_a_float(rate):
    T, s = 10_000, 4
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((T, s, s)))[0]
    came = log_gradient_norms(np.exp(rate) * Q)
    np.testing.assert_allclose(came, rate * np.arange(T + 1), rtol=1e-10, atol=1e-12)
    came = log_gradient_norms((np.exp(rate) * Q).astype(np.float32))
    assert came.dtype == np.float32
    np.testing.assert_allclose(came, rate * np.arange(T + 1), rtol=1e-4, atol=1e-6)


def test_log_norm_of_a_product_that_is_zero():
    J = np.tile(np.diag([2.0, 0.0]), (6, 1, 1))
    J[2] = np.diag([0.0, 3.0])
    came = log_gradient_norms(J)
    np.testing.assert_allclose(came[:4], np.log(2) * np.arange(4))
    assert (came[4:] == -np.inf).all()


def test_nilpotent_jacobian_dies_in_two_steps():
    J = np.tile([[0.0, 1e200], [0.0, 0.0]], (3, 1, 1))
    np.testing.assert_allclose(log_gradient_norms(J), [0, np.log(1e200), -np.inf, -np.inf])


def test_blocks_of_steps_do_not_show(monkeypatch, case):
    whole = log_gradient_norms(case.J)
    monkeypatch.setattr("bptt_lab.jacobians.BLOCK", 3 * case.J[0].size)
    np.testing.assert_array_equal(log_gradient_norms(case.J), whole)


@pytest.mark.parametrize("phi", ["tanh", "sigmoid", "relu", "identity"])
def test_norm_bound_holds_and_is_sharp(phi):
    case = make_problem(RNN(phi))
    bound = norm_bound(case.cell, case.params)
    sigma = np.linalg.svd(case.params["W_hh"])[1][0]
    assert bound == pytest.approx(sigma * {"sigmoid": 0.25}.get(phi, 1))
    trace = forward(case.cell, case.params, case.x)
    J = step_jacobians(case.cell, case.params, trace)
    assert (log_gradient_norms(J) <= np.arange(8)[:, None] * np.log(bound) + 1e-12).all()
    if phi != "relu":  # attained where the derivative has its maximum, at a = 0
        case.params["b_h"][:] = 0
        at_zero = forward(
            case.cell,
            case.params,
            np.zeros((1, 4, 3)),
            np.zeros((4, 5)),
        )
        J = step_jacobians(case.cell, case.params, at_zero)
        np.testing.assert_allclose(np.linalg.norm(J[0, 0], 2), bound)
