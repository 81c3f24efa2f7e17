"""The ledger's experiments on cells and Jacobians, repeated through the public functions.

Where the ledger's number follows from the setting alone it is expected to the last printed
digit. Where it depends on random draws, which differ here, the conclusion is tested with a
margin that the ledger's spread over seeds allows.
"""

import numpy as np
import pytest

from bptt_lab import (
    GRU,
    LSTM,
    RNN,
    OriginalLSTM,
    attribution,
    forward,
    gaussian,
    identity,
    jacobian_product,
    log_gradient_norms,
    loss_and_gradients,
    lyapunov_exponents,
    norm_bound,
    orthogonal,
    scaled,
    spectral_radius,
    step_jacobians,
)


def rnn(W_hh, b_h=None, activation="tanh"):
    """Make an RNN in which every unit has an input of its own, so that x is the input term."""
    n = len(W_hh)
    b_h = np.zeros(n) if b_h is None else b_h
    readout = {"W_yh": np.zeros((n, 1)), "b_y": np.zeros(1)}
    return RNN(activation), {"W_xh": np.eye(n), "W_hh": W_hh, "b_h": b_h, **readout}


def log_norms(cell, params, x, state0=None):
    """Ln ||dh_T/dh_{T-k}|| for k = 0..T of the first trajectory."""
    J = step_jacobians(forward(cell, params, x, state0))
    return log_gradient_norms(J)[:, 0]


def noise(rng, T, n, scale=1.0):
    return scale * rng.standard_normal((T, 1, n))


def shift_matrix():
    """0.7 on the diagonal, 1 above it: spectral radius 0.7, far from normal."""
    return 0.7 * np.eye(16) + np.eye(16, k=1)


# ------------------------------------------------------------------- truncation (section 8, 4)


def classification(seed, gain, T, n=32):
    rng = np.random.default_rng(seed)
    cell = RNN("tanh")
    params = cell.init(rng, 8, n, 5, recurrent=lambda rng, n: gaussian(rng, n, gain=gain))
    for bias in ("b_h", "b_y"):
        params[bias] = 0.3 * rng.standard_normal(params[bias].shape)
    return cell, params, noise(rng, T, 8), rng.integers(0, 5, (T, 1))


def error_of_window(seed, gain, K):
    problem = classification(seed, gain, 100)
    full = loss_and_gradients(*problem)[1]["W_hh"]
    cut = loss_and_gradients(*problem, window=K)[1]["W_hh"]
    return np.linalg.norm(cut - full) / np.linalg.norm(full)


@pytest.mark.parametrize(
    "gain, K, low, high",
    [(0.5, 5, 1e-3, 3e-2), (0.5, 20, 0, 1e-7), (1.0, 5, 0.03, 0.3), (1.0, 20, 0, 3e-3)]
    + [(2.0, 5, 0.7, 1.5), (2.0, 20, 0.7, 1.5)],
)
def test_truncation_is_harmless_only_where_gradients_vanish(gain, K, low, high):
    errors = [error_of_window(seed, gain, K) for seed in range(5)]
    assert low < np.median(errors) < high


def test_longer_chunks_lose_less_of_the_gradient():
    cell, params, x, y = classification(0, 1.0, 60)
    full = loss_and_gradients(cell, params, x, y)[1]["W_hh"]
    errors = []
    for K in (5, 20, 60):
        state, total = None, np.zeros_like(full)
        for t in range(0, 60, K):
            chunk = x[t : t + K], y[t : t + K]
            total += loss_and_gradients(cell, params, *chunk, state)[1]["W_hh"]
            state = forward(cell, params, chunk[0], state).h[-1]
        errors.append(np.linalg.norm(total - full) / np.linalg.norm(full))
    assert errors[0] > 0.1 and errors[0] > errors[1] > 0.01 and errors[2] == 0


def test_real_time_recurrent_learning_gives_the_same_gradient():
    """Section 8 item 5: dh_t/dW_hh carried forward instead of delta_t carried back."""
    cell, params, x, y = classification(1, 1.0, 20, n=6)
    trace = forward(cell, params, x)
    J = step_jacobians(trace)[:, 0]
    dh_dW, total = np.zeros((6, 6, 6)), np.zeros((6, 6))
    for t in range(1, 21):
        slope, h_prev = 1 - trace.h[t, 0] ** 2, trace.h[t - 1, 0]
        immediate = slope[:, None, None] * np.eye(6)[:, None, :] * h_prev[None, :, None]
        dh_dW = np.einsum("ij,jab->iab", J[t - 1], dh_dW) + immediate
        e = np.exp(trace.logits[t - 1, 0]) / np.exp(trace.logits[t - 1, 0]).sum()
        e[y[t - 1, 0]] -= 1
        total += np.einsum("i,iab->ab", e @ params["W_yh"].T, dh_dW)
    gradient = loss_and_gradients(cell, params, x, y)[1]["W_hh"]
    np.testing.assert_allclose(gradient, total, rtol=1e-12, atol=1e-13)


# ------------------------------------------------------------------------- norms and bounds


@pytest.mark.parametrize("factors, norm", [(1, 1.5), (2, 2.25), (5, 7.59375), (10, 57.665039)])
def test_the_exponent_of_the_bound_is_the_number_of_factors(factors, norm):
    """norm-06: 1.5 Q at the origin attains the bound, which the article's exponent misses."""
    cell, params = rnn(1.5 * orthogonal(np.random.default_rng(0), 8))
    came = np.exp(log_norms(cell, params, np.zeros((10, 1, 8)))[factors])
    assert came == pytest.approx(norm, rel=1e-7)
    assert norm_bound(cell, params) ** factors == pytest.approx(came)
    assert norm_bound(cell, params) ** (factors - 1) < came


def test_the_bound_is_never_violated():
    for seed in range(200):
        rng = np.random.default_rng(seed)
        W = gaussian(rng, rng.integers(2, 9), gain=rng.uniform(0.3, 3))
        cell, params = rnn(W, activation=("tanh", "sigmoid", "relu")[seed % 3])
        came = log_norms(cell, params, noise(rng, 9, len(W), rng.uniform(0, 2)))
        assert (came <= np.arange(10) * np.log(norm_bound(cell, params)) + 1e-12).all()


@pytest.mark.parametrize("activation, bound", [("tanh", 1.5), ("tanh", 3.0), ("sigmoid", 3.0)])
def test_a_bound_above_one_does_not_mean_explosion(activation, bound):
    """norm-08: every 100-step norm below 1e-2 while the bound is above 1e17."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        W = gaussian(rng, 32)
        W *= bound / np.linalg.norm(W, 2) / (0.25 if activation == "sigmoid" else 1)
        cell, params = rnn(W, activation=activation)
        assert norm_bound(cell, params) == pytest.approx(bound)
        came = log_norms(cell, params, noise(rng, 100, 32))[-1]
        assert came < np.log(2e-2) and 100 * np.log(bound) > np.log(1e17)


# ------------------------------------------------------------- eigenvalues are not the answer


def test_gradient_grows_a_millionfold_with_spectral_radius_0_7():
    """vg-14: the peak of ||dh_k/dh_0|| is 9.3467e6 at k = 49, then it vanishes."""
    W = shift_matrix()
    assert spectral_radius(W) == pytest.approx(0.7) and np.linalg.norm(W, 2) > 1.69
    norms = np.exp(log_norms(*rnn(W), np.zeros((300, 1, 16))))
    assert norms.argmax() == 49 and norms.max() == pytest.approx(9.3467e6, rel=1e-5)
    expected = {10: 1.8729e2, 50: 9.2991e6, 100: 1.7520e4, 150: 2.0017e-1}
    for k, norm in expected.items():
        assert norms[k] == pytest.approx(norm, rel=1e-4)
    assert norms[300] == pytest.approx(5.5e-20, rel=0.01)


def test_nilpotent_weights_explode():
    """vg-12: the only eigenvalue of W_hh is 0, the gradient doubles at every step."""
    W = 4 * np.array([[1.0, -1.0], [1.0, -1.0]])
    assert not (W @ W).any()
    h = np.array([[0.0, np.sqrt(0.5)]])
    cell, params = rnn(W, np.arctanh(h[0]) - h[0] @ W)
    norms = np.exp(log_norms(cell, params, np.zeros((20, 1, 2)), h))
    expected = {1: 6.32456, 2: 12.6491, 5: 101.193, 10: 3238.17, 20: 3.31589e6}
    for k, norm in expected.items():
        assert norms[k] == pytest.approx(norm, rel=1e-5)


def test_contracting_eigenvalues_at_every_step_and_a_growing_product():
    """Each one-step Jacobian has spectral radius 0.894; two of them together have 4."""
    W, s = np.array([[0.0, 2.0], [2.0, 0.0]]), np.sqrt(0.8)
    states = np.array([[0.0, s], [s, 0.0]] * 15)
    previous = np.vstack([[s, 0.0], states[:-1]])
    x = (np.arctanh(states) - previous @ W)[:, None]
    cell, params = rnn(W)
    J = step_jacobians(forward(cell, params, x, previous[:1]))[:, 0]
    assert spectral_radius(J[0]) == pytest.approx(0.8944, abs=1e-4)
    assert spectral_radius(J[1]) == pytest.approx(0.8944, abs=1e-4)
    norms = np.exp(log_gradient_norms(J))
    np.testing.assert_allclose(norms[2::2], 2.0 ** np.arange(2, 31, 2), rtol=1e-10)


def test_gradients_vanish_with_spectral_radius_1_1():
    """vg-18: with inputs of scale 0.5 in 10 of 10 draws, median 2.4e-20 over 200 steps."""
    came = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        cell, params = rnn(scaled(gaussian(rng, 32), 1.1))
        came.append(log_norms(cell, params, noise(rng, 400, 32, 0.5))[200])
    assert max(came) < np.log(1e-12) and np.log(1e-26) < np.median(came) < np.log(1e-15)


# ------------------------------------------------------------------------------- exponents


FIXED_POINTS = [(1.01, 0.171662, 9.802e-1), (1.5, 0.858560, 3.943e-1), (3, 0.994902, 3.051e-2)]


@pytest.mark.parametrize("w, fixed_point, factor", FIXED_POINTS)
def test_scalar_tanh_network_contracts_at_its_fixed_point(w, fixed_point, factor):
    cell, params = rnn(np.array([[w]], float))
    T = 3000
    trace = forward(cell, params, np.zeros((T, 1, 1)), np.array([[0.5]]))
    assert trace.h[-1, 0, 0] == pytest.approx(fixed_point, abs=1e-6)
    x, start = np.zeros((50, 1, 1)), trace.h[-1]
    came = lyapunov_exponents(cell, params, x, state0=start)[0]
    assert came == pytest.approx(np.log(factor), abs=1e-3)
    at_zero = log_norms(cell, params, np.zeros((20, 1, 1)))[-1]
    assert at_zero == pytest.approx(20 * np.log(w))  # the unstable point: w**k exactly


@pytest.mark.parametrize(
    "gain, scale, exponent, tolerance",
    [(0.5, 2, -1.4085, 0.06), (0.9, 0.5, -0.3368, 0.1), (1.5, 2, -0.3834, 0.06)]
    + [(2.0, 2, -0.1493, 0.05), (3.0, 0.5, 0.2507, 0.03), (5.0, 0, 0.4509, 0.03)],
)
def test_largest_exponent_of_random_networks(gain, scale, exponent, tolerance):
    """norm-08: neither ln rho nor ln sigma_max, except without input and below gain 1."""
    rng = np.random.default_rng(0)
    W = gaussian(rng, 64, gain=gain)
    cell, params = rnn(W)
    x, start = noise(rng, 1200, 64, scale), rng.standard_normal((1, 64))
    came = lyapunov_exponents(cell, params, x, k=1, discard=300, state0=start)[0]
    assert came == pytest.approx(exponent, abs=tolerance)
    assert np.log(np.linalg.norm(W, 2)) > np.log(spectral_radius(W)) > came + 0.1


# ------------------------------------------- latching, relu, initialisation (vg-20 to vg-22)


def test_a_bit_is_stored_for_ever_while_its_gradient_vanishes():
    cell, params = rnn(np.array([[2.0]]))
    x, start = np.zeros((50, 2, 1)), np.array([[0.5], [-0.5]])
    trace = forward(cell, params, x, start)
    np.testing.assert_allclose(trace.h[50, :, 0], [0.957504, -0.957504], atol=1e-6)
    gradient = jacobian_product(step_jacobians(trace))[0, 0, 0]
    assert gradient == pytest.approx(1.491e-38, rel=1e-3)


def test_only_the_long_range_terms_of_the_gradient_vanish():
    cell, params, x, y = classification(3, 0.7, 50)
    terms = attribution(cell, params, x, y)
    sizes = np.linalg.norm(terms, axis=(1, 2)) / np.linalg.norm(terms[-1])
    assert sizes[44] < 0.3 and sizes[29] < 1e-4 and 0 < sizes[1] < 1e-9
    assert 0.5 < np.linalg.norm(terms.sum(axis=0)) / np.linalg.norm(terms[-1]) < 2


def relu_growth(W_of, seeds=5, n=64):
    came = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        cell, params = rnn(W_of(rng, n), activation="relu")
        came.append(log_norms(cell, params, noise(rng, 100, n))[-1])
    return np.median(came)


def test_relu_networks_vanish_hold_or_explode():
    assert relu_growth(lambda rng, n: gaussian(rng, n, gain=0.5)) < np.log(1e-30)
    assert relu_growth(lambda rng, n: gaussian(rng, n, gain=2)) > np.log(1e10)
    assert relu_growth(orthogonal) < np.log(1e-10)
    assert relu_growth(identity) == 0
    assert relu_growth(lambda rng, n: identity(rng, n, 1.1)) == pytest.approx(
        np.log(1.38e4), abs=0.01
    )
    assert relu_growth(lambda rng, n: identity(rng, n, 0.9)) == -np.inf


def test_initialisation_keeps_linear_products_and_only_slows_the_decay_of_tanh():
    rng = np.random.default_rng(0)
    Q, x = orthogonal(rng, 64), noise(rng, 100, 64)
    linear = step_jacobians(linear_trace(Q, x))[:, 0]
    np.testing.assert_allclose(np.linalg.svd(jacobian_product(linear))[1], 1, rtol=1e-12)
    linear = step_jacobians(linear_trace(0.99 * Q, x))[:, 0]
    np.testing.assert_allclose(np.linalg.svd(jacobian_product(linear))[1], 0.99**100, rtol=1e-12)
    rates = [log_norms(*rnn(Q), scale * x)[-1] for scale in (0.1, 1.0)]
    assert np.log(1e-4) < rates[0] < np.log(0.3) and rates[1] < np.log(1e-14)


def linear_trace(W, x):
    cell, params = rnn(W, activation="identity")
    return forward(cell, params, x)


def test_shrinking_the_weights_makes_vanishing_worse():
    rng = np.random.default_rng(0)
    W, x = gaussian(rng, 64), noise(rng, 50, 64, 0.3)
    came = [log_norms(*rnn(scale * W), x)[-1] for scale in (1.0, 0.9, 0.7, 0.5)]
    assert (np.diff(came) < -2).all()


# ---------------------------------------------------------------------------------- LSTM


def lstm(seed, n=16, s=1.0, b_f=0.0, T=60, cell=None, b_i=0.0, b_o=0.0):
    """Draw an LSTM with W_h N(0, s^2/n), W_x N(0, 1/n_inputs), and run it on x N(0, 1)."""
    cell = cell or LSTM()
    rng = np.random.default_rng(seed)
    params = cell.init(rng, 4, n, 1, recurrent=lambda rng, n: gaussian(rng, n, gain=s))
    for gate, bias in (("f", b_f), ("i", b_i), ("o", b_o)):
        if gate in cell.gates:
            params[f"b_{gate}"] += bias
    return params, forward(cell, params, noise(rng, T, 4))


def blocks(trace, params, t):
    """A_t, B_t, P_t and f_t of ledger R6, from the joint Jacobian of step t."""
    J = step_jacobians(trace)[t - 1, 0]
    n = trace.h.shape[-1]
    A, f = J[n:, :n], np.diagonal(J[n:, n:])
    P = np.diagonal(J[:n, n:]) / f
    return A, J[:n, :n] - P[:, None] * A, P, f


def squashed(trace, t):
    """P_t = o_t tanh'(C_t) from the states alone: o_t = h_t / tanh(C_t)."""
    tanh_C = np.tanh(trace.c[t, 0])
    return trace.h[t, 0] / tanh_C * (1 - tanh_C**2)


def true_and_article(seed, k, zero_W_ho=False, start=20, **options):
    """dC_{start+k}/dC_start by the joint Jacobians, and the article's product of one-step ones."""
    params, trace = lstm(seed, T=start + k, **options)
    if zero_W_ho:
        params["W_ho"][:] = 0
        trace = forward(LSTM(), params, trace.x)
    n = trace.h.shape[-1]
    J = step_jacobians(trace)[:, 0]
    entry = np.vstack([np.diag(squashed(trace, start)), np.eye(n)])  # d(h, C) / dC at the start
    true = (jacobian_product(J, start + k, start) @ entry)[n:]
    article = np.eye(n)
    for t in range(start + 1, start + 1 + k):
        article = (J[t - 1, n:, :n] * squashed(trace, t - 1) + J[t - 1, n:, n:]) @ article
    return true, article, np.linalg.norm(article - true) / np.linalg.norm(true)


def test_one_step_of_the_cell_state():
    """lstm-17, lstm-11, lstm-13: four terms; f alone, or W untransposed, is far off."""
    alone, negative, values = [], [], []
    for seed in range(15):
        params, trace = lstm(seed, T=21)
        true, article, error = true_and_article(seed, 1)
        assert error < 1e-14
        f = np.diagonal(step_jacobians(trace)[20, 0, 16:, 16:])
        alone.append(np.linalg.norm(np.diag(f) - true) / np.linalg.norm(true))
        negative.append((true < 0).mean())
        values.extend(np.linalg.svd(true)[1])
    assert 0.2 < np.median(alone) < 0.7 and 0.4 < np.mean(negative) < 0.55
    assert min(values) < 0.2 and max(values) > 1


def test_two_steps_differ_by_the_path_through_the_output_gate():
    """lstm-19: true minus article is exactly A_t B_{t-1} P_{t-2}."""
    params, trace = lstm(7, b_f=1.0, T=22)
    true, article, error = true_and_article(7, 2, b_f=1.0)
    (A, *_), (_, B, *_) = blocks(trace, params, 22), blocks(trace, params, 21)
    np.testing.assert_allclose(true - article, A @ B * squashed(trace, 20), atol=1e-14)
    assert 1e-3 < error < 0.3


@pytest.mark.parametrize(
    "s, b_f, k, low, high",
    [(0.5, 1, 10, 0.01, 0.1), (1, 1, 10, 0.05, 0.2), (1, 1, 50, 0.12, 0.5), (4, 1, 50, 0.5, 3)],
)
def test_the_articles_product_is_off_by_more_the_larger_the_weights(s, b_f, k, low, high):
    errors = [true_and_article(seed, k, s=s, b_f=b_f)[2] for seed in range(15)]
    assert low < np.median(errors) < high


def test_the_articles_product_is_exact_when_the_output_gate_does_not_read_h():
    true, article, error = true_and_article(3, 50, s=2.0, b_f=1.0, zero_W_ho=True)
    assert error < 1e-12


@pytest.mark.parametrize(
    "s, b_f, exponent, tolerance",
    [(1, 0, -0.4526, 0.08), (1, 1, -0.1836, 0.05), (1, 3, -0.0140, 0.03), (0.5, 0, -0.5713, 0.05)],
)
def test_an_untrained_lstm_vanishes_too(s, b_f, exponent, tolerance):
    """lstm-22: the exponent moves to zero as the forget bias grows."""
    params, trace = lstm(0, n=32, s=s, b_f=b_f, T=700)
    came = lyapunov_exponents(LSTM(), params, trace.x, k=1, discard=150)[0]
    assert came == pytest.approx(exponent, abs=tolerance)


def test_an_lstm_with_large_weights_explodes():
    """lstm-26: s = 8, b_f = 1, median 1.5e19 after 200 steps; s = 1 vanishes."""
    growth = []
    for s in (8, 1):
        traces = [lstm(seed, n=32, s=s, b_f=1.0, T=300) for seed in range(5)]
        jacobians = [step_jacobians(trace)[100:] for params, trace in traces]
        growth.append(np.median([log_gradient_norms(J)[-1, 0] for J in jacobians]))
    assert growth[0] > np.log(1e8) and growth[1] < np.log(1e-12)


def test_forget_bias_brings_the_one_step_derivative_to_the_identity_and_other_biases_away():
    """lstm-23."""

    def distance(**options):
        runs = (true_and_article(seed, 1, start=200, n=32, **options) for seed in range(10))
        came = [true for true, *_ in runs]
        return np.median([np.linalg.norm(M - np.eye(32)) / np.sqrt(32) for M in came])

    by_forget_bias = [distance(b_f=b) for b in (0, 1, 3, 5)]
    np.testing.assert_allclose(by_forget_bias, [0.567, 0.378, 0.146, 0.039], rtol=0.6)
    assert (np.diff(by_forget_bias) < -0.05).all()
    others = [distance(b_f=3, b_i=i, b_o=o) for i, o in ((0, 0), (3, 0), (0, 3), (3, 3))]
    assert others[0] < others[1] < others[3] and others[0] < others[2] < others[3]


def test_the_untruncated_lstm_of_1997_drifts_from_the_identity_and_grows():
    """lstm-04: with s = 1, median deviation 0.066 at k = 1 and 2.7 at k = 50."""
    cell, deviation = OriginalLSTM(squashing="1997"), {1: [], 50: []}
    for seed in range(8):
        params, trace = lstm(seed, T=70, cell=cell)
        J = step_jacobians(trace)[:, 0]
        C, w = trace.c[20, 0], 2
        o = trace.h[20, 0] / np.tanh(C / w)
        entry = np.vstack([np.diag(o * (1 - np.tanh(C / w) ** 2) / w), np.eye(16)])
        for k, came in deviation.items():
            M = (jacobian_product(J, 20 + k, 20) @ entry)[16:]
            came.append(np.linalg.norm(M - np.eye(16)) / 4)
    assert 0.02 < np.median(deviation[1]) < 0.15
    assert 1 < np.median(deviation[50]) < 8


def test_without_forget_gate_the_cell_state_drifts_linearly_and_never_faster():
    """lstm-07: |C_t| <= 2 t, and squash'(C) is 0 to machine precision after 1000 steps."""
    cell, rng = OriginalLSTM(squashing="1997"), np.random.default_rng(0)
    params = cell.init(rng, 4, 16, 1)
    x = np.tile(rng.standard_normal((1, 1, 4)), (1000, 1, 1))
    C = np.abs(forward(cell, params, x).c[:, 0])
    assert (2 * np.arange(1001)[:, None] >= C).all()
    rms = np.sqrt((C**2).mean(axis=1))
    assert rms[1000] == pytest.approx(10 * rms[100], rel=0.2) and rms[1000] > 100
    assert np.median(1 - np.tanh(C[1000] / 2) ** 2) == 0


@pytest.mark.parametrize("f, bound", [(0.5, 2), (0.9, 10), (0.99, 100)])
def test_a_forget_gate_below_one_bounds_the_cell_state(f, bound):
    """lstm-08: with increments at their supremum 1, C tends to 1 / (1 - f)."""
    params = {name: np.zeros_like(v) for name, v in lstm(0)[0].items()}
    params["b_f"] += np.log(f / (1 - f))
    params["b_i"] += 50
    params["b_C"] += 50
    C = forward(LSTM(), params, np.zeros((5000, 1, 4))).c
    np.testing.assert_allclose(C[-1], bound, rtol=1e-9)
    assert C.max() <= bound * (1 + 1e-9)


def test_the_grus_product_of_jacobians_is_the_derivative_over_50_steps():
    """Section 8 item 13: its state is h alone."""
    cell, rng = GRU(), np.random.default_rng(0)
    params = cell.init(rng, 4, 8, 1)
    params["b_z"] += 2  # keeps a part of the state over 50 steps
    x, h = noise(rng, 50, 4), rng.standard_normal((1, 8))
    product = jacobian_product(step_jacobians(forward(cell, params, x, h)))[0]
    step = 1e-6
    for j in range(8):
        ends = [
            forward(cell, params, x, h + sign * step * np.eye(8)[j]).h[-1, 0] for sign in (1, -1)
        ]
        difference = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose(product[:, j], difference, atol=1e-9)
    assert np.abs(product).max() > 1e-4
