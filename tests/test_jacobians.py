from types import SimpleNamespace

import numpy as np
import pytest

from bptt_lab import (
    GRU,
    LSTM,
    RNN,
    OriginalLSTM,
    PeepholeLSTM,
    attribution,
    forward,
    gaussian,
    jacobian_product,
    log_gradient_norms,
    loss_and_gradients,
    lyapunov_exponents,
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
    case = SimpleNamespace(**vars(make_problem(request.param)))
    case.trace = forward(case.cell, case.params, case.x, case.state0)
    case.J = step_jacobians(case.trace)
    return case


def products(J, t):
    """dstate_t/dstate_k for k = t..0 without any care for the range."""
    product = np.broadcast_to(np.eye(J.shape[-1]), J.shape[1:])
    yield product
    for k in reversed(range(t)):
        product = product @ J[k]
        yield product


@pytest.mark.parametrize("t", [None, 0, 1, 5, 7])
def test_log_norms_equal_norms_of_products(case, t):
    got = log_gradient_norms(case.J, t)
    t = 7 if t is None else t
    expected = [np.log(np.linalg.norm(P, 2, axis=(-2, -1))) for P in products(case.J, t)]
    assert got.shape == (t + 1, 4)
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-13)


def test_log_norms_of_one_trajectory(case):
    got = log_gradient_norms(case.J[:, 2])
    assert got.shape == (8,)
    np.testing.assert_allclose(got, log_gradient_norms(case.J)[:, 2], rtol=1e-13)


@pytest.mark.parametrize("rate", [-0.5, 0.5])
def test_log_norms_do_not_leave_the_range_of_a_float(rate):
    T, s = 10_000, 4
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((T, s, s)))[0]
    got = log_gradient_norms(np.exp(rate) * Q)
    np.testing.assert_allclose(got, rate * np.arange(T + 1), rtol=1e-10, atol=1e-12)
    got = log_gradient_norms((np.exp(rate) * Q).astype(np.float32))
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, rate * np.arange(T + 1), rtol=1e-4, atol=1e-6)


def test_log_norm_of_a_product_that_is_zero():
    J = np.tile(np.diag([2.0, 0.0]), (6, 1, 1))
    J[2] = np.diag([0.0, 3.0])
    got = log_gradient_norms(J)
    np.testing.assert_allclose(got[:4], np.log(2) * np.arange(4))
    assert (got[4:] == -np.inf).all()


def test_nilpotent_jacobian_dies_in_two_steps():
    J = np.tile([[0.0, 1e200], [0.0, 0.0]], (3, 1, 1))
    np.testing.assert_allclose(log_gradient_norms(J), [0, np.log(1e200), -np.inf, -np.inf])


def test_blocks_of_steps_do_not_show(monkeypatch, case):
    whole = log_gradient_norms(case.J)
    monkeypatch.setattr("bptt_lab.jacobians.ENTRIES_AT_ONCE", 3 * case.J[0].size)
    np.testing.assert_array_equal(log_gradient_norms(case.J), whole)


@pytest.mark.equation("eq-norm-bound")
@pytest.mark.parametrize("phi", ["tanh", "sigmoid", "relu", "identity"])
def test_norm_bound_holds_and_is_sharp(phi):
    case = make_problem(RNN(phi))
    bound = norm_bound(case.cell, case.params)
    sigma = np.linalg.svd(case.params["W_hh"])[1][0]
    assert bound == pytest.approx(sigma * {"sigmoid": 0.25}.get(phi, 1))
    trace = forward(case.cell, case.params, case.x)
    J = step_jacobians(trace)
    assert (log_gradient_norms(J) <= np.arange(8)[:, None] * np.log(bound) + 1e-12).all()
    if phi != "relu":  # attained where the derivative has its maximum, at a = 0
        case.params["b_h"][:] = 0
        at_zero = forward(
            case.cell,
            case.params,
            np.zeros((1, 4, 3)),
            np.zeros((4, 5)),
        )
        J = step_jacobians(at_zero)
        np.testing.assert_allclose(np.linalg.norm(J[0, 0], 2), bound)


@pytest.mark.parametrize("cell", [LSTM(), GRU(), OriginalLSTM()], ids=repr)
def test_norm_bound_is_for_the_simple_rnn_alone(cell):
    with pytest.raises(ValueError, match="cell: expected an RNN, got .*; the Jacobian of a gated"):
        norm_bound(cell, make_problem(cell).params)


@pytest.mark.equation("eq-jacobian-product")
def test_jacobian_product_is_the_derivative_between_two_states(case):
    identities = np.tile(np.eye(case.J.shape[-1]), (4, 1, 1))
    np.testing.assert_array_equal(jacobian_product(case.J, 3, 3), identities)
    expected = case.J[4] @ case.J[3] @ case.J[2]
    np.testing.assert_allclose(jacobian_product(case.J, 5, 2), expected, rtol=1e-12)
    np.testing.assert_allclose(jacobian_product(case.J[:, 1], 5, 2), expected[1], rtol=1e-12)
    assert not np.allclose(case.J[2] @ case.J[3] @ case.J[4], expected)


def test_a_gradient_grows_a_millionfold_with_spectral_radius_0_7():
    """Norms of the powers of 0.7 I + (1 above the diagonal), to the digits of an SVD apart."""
    W = 0.7 * np.eye(16) + np.eye(16, k=1)
    norms = np.exp(log_gradient_norms(np.tile(W.T, (300, 1, 1))))
    assert norms.argmax() == 49 and norms.max() == pytest.approx(9.3467e6, rel=1e-5)
    expected = {10: 1.8729e2, 50: 9.2991e6, 100: 1.7520e4, 150: 2.0017e-1, 300: 5.5e-20}
    for k, norm in expected.items():
        assert norms[k] == pytest.approx(norm, rel=1e-2 if k == 300 else 1e-4)


# ------------------------------------------------------------------------------- exponents


@pytest.mark.equation("eq-saturation")
@pytest.mark.parametrize("w, slope", [(1.01, 9.802e-1), (1.5, 3.943e-1), (3, 3.051e-2)])
def test_the_exponent_of_one_neuron_is_the_slope_at_its_fixed_point(w, slope):
    """H = tanh(w h) solved apart; the derivative there is w (1 - h^2)."""
    params = {"W_xh": np.ones((1, 1)), "W_hh": np.array([[w]], float), "b_h": np.zeros(1)}
    params |= {"W_yh": np.ones((1, 1)), "b_y": np.zeros(1)}
    x, start = np.zeros((3000, 1, 1)), np.full((1, 1), 0.5)
    got = lyapunov_exponents(RNN("tanh"), params, x, discard=2900, state0=start)
    assert got[0] == pytest.approx(np.log(slope), abs=1e-3)


def test_exponents_of_a_linear_network_are_the_log_moduli_of_the_eigenvalues():
    case = make_problem(RNN("identity"), T=3000, m=1)
    W = case.params["W_hh"] = gaussian(np.random.default_rng(1), 5)
    moduli = np.sort(np.abs(np.linalg.eigvals(W)))[::-1]
    got = lyapunov_exponents(case.cell, case.params, 0 * case.x, discard=500)
    np.testing.assert_allclose(got, np.log(moduli), atol=2e-3)


@pytest.mark.equation("eq-qr")
def test_exponents_sum_to_the_mean_log_determinant(case):
    got = lyapunov_exponents(case.cell, case.params, case.x, state0=case.state0)
    log_determinants = np.linalg.slogdet(case.J)[1]
    np.testing.assert_allclose(got.sum(), log_determinants.mean(axis=1).sum() / 7, rtol=1e-9)
    assert (np.diff(got) <= 0).all() and got.shape == (case.J.shape[-1],)


def test_the_leading_exponents_do_not_depend_on_how_many_are_asked_for():
    case = make_problem(LSTM(), T=400, m=1)
    whole = lyapunov_exponents(case.cell, case.params, case.x, discard=50)
    for k in (1, 2, 5):
        part = lyapunov_exponents(case.cell, case.params, case.x, k=k, discard=50)
        np.testing.assert_allclose(part, whole[:k], atol=5e-3)


@pytest.mark.equation("eq-lyapunov")
def test_the_largest_exponent_is_the_rate_of_the_gradient_norm():
    case = make_problem(RNN(), T=4000, m=1)
    trace = forward(case.cell, case.params, case.x)
    rate = log_gradient_norms(step_jacobians(trace))[-1, 0] / 4000
    got = lyapunov_exponents(case.cell, case.params, case.x, k=1)
    np.testing.assert_allclose(got, rate, atol=1e-3)


def test_discarded_steps_do_not_count():
    case = make_problem(RNN(), T=60, m=1)
    case.x[:20] *= 20  # a start unlike the rest
    arguments = case.cell, case.params
    whole = lyapunov_exponents(*arguments, case.x, k=1)
    start = lyapunov_exponents(*arguments, case.x[:20], k=1)
    rest = lyapunov_exponents(*arguments, case.x, k=1, discard=20)
    np.testing.assert_allclose(60 * whole, 20 * start + 40 * rest, rtol=1e-12)
    assert start < rest - 0.5


def test_the_batch_is_averaged(case):
    got = lyapunov_exponents(case.cell, case.params, case.x, discard=2)
    alone = [
        lyapunov_exponents(case.cell, case.params, case.x[:, b : b + 1], discard=2)
        for b in range(4)
    ]
    np.testing.assert_allclose(got, np.mean(alone, axis=0), rtol=1e-9)
    assert got.shape == alone[0].shape


def test_a_lost_direction_has_exponent_minus_infinity():
    case = make_problem(RNN("relu"))
    case.params["b_h"][:] = -100  # no unit is ever active
    got = lyapunov_exponents(case.cell, case.params, case.x)
    assert (got == -np.inf).all()


def test_blocks_of_jacobians_do_not_show_in_the_exponents(monkeypatch, case):
    whole = lyapunov_exponents(case.cell, case.params, case.x)
    monkeypatch.setattr("bptt_lab.jacobians.ENTRIES_AT_ONCE", 3 * case.J[0].size)
    np.testing.assert_array_equal(lyapunov_exponents(case.cell, case.params, case.x), whole)


def test_exponents_keep_the_precision_from_the_first_step_on(monkeypatch):
    taken, qr = [], np.linalg.qr
    monkeypatch.setattr(np.linalg, "qr", lambda a: taken.append(a.dtype) or qr(a))
    case = make_problem(GRU(), dtype=np.float32)
    got = lyapunov_exponents(case.cell, case.params, case.x)
    assert got.dtype == np.float32 and np.isfinite(got).all()
    assert len(taken) == 1 + len(case.x) and set(taken) == {np.dtype(np.float32)}


# ----------------------------------------------------------------------------- attribution


@pytest.mark.parametrize("t", [1, 4, 7])
def test_attribution_adds_up_to_the_gradient_of_that_loss(case, t):
    y = np.full_like(case.y, -1)
    y[t - 1] = case.y[t - 1] = 2
    _, gradients = loss_and_gradients(case.cell, case.params, case.x, y, case.state0)
    arguments = case.cell, case.params, case.x, case.y, t
    for weight in case.params:
        if weight not in ("W_yh", "b_y"):
            terms = attribution(*arguments, weight, case.state0)
            assert terms.shape == (t, *case.params[weight].shape)
            np.testing.assert_allclose(terms.sum(axis=0), gradients[weight], atol=1e-13)
    np.testing.assert_array_equal(
        attribution(*arguments, state0=case.state0),
        attribution(*arguments, f"W_h{case.cell.gates[0]}", case.state0),
    )


@pytest.mark.equation("eq-long-range", "eq-bptt-one-loss", "eq-bptt-sum")
def test_attribution_is_the_double_sum_with_immediate_partials():
    """Written out with Jacobian products for one sequence."""
    case = make_problem(RNN(), m=1)
    trace = forward(case.cell, case.params, case.x, case.state0)
    J = step_jacobians(trace)[:, 0]
    terms = attribution(case.cell, case.params, case.x, case.targets, state0=case.state0)
    d_h = (trace.logits[-1, 0] - case.targets[-1, 0]) @ case.params["W_yh"].T
    for k in range(1, 8):
        at_k = d_h @ jacobian_product(J, 7, k)
        immediate = np.outer(trace.h[k - 1, 0], at_k * (1 - trace.h[k, 0] ** 2))
        np.testing.assert_allclose(terms[k - 1], immediate, rtol=1e-11, atol=1e-14)


def test_attribution_of_a_step_without_target_is_zero():
    case = make_problem(GRU())
    case.y[4] = -1
    assert not attribution(case.cell, case.params, case.x, case.y, t=5).any()
    case.y[4] = 1
    assert attribution(case.cell, case.params, case.x, case.y, t=5).any()
