"""The chapter on what came after the LSTM: its form, its equations, its quiz, and other seeds.

Every sentence of the page that speaks of networks is asserted there for the networks of its
figures. The slow tests compute each once more for networks that no reader has seen, from
`fresh_seed`, with wider margins.
"""

import re
from itertools import islice

import numpy as np
import pytest
import sympy as sp

from bptt_lab import (
    GRU,
    LSTM,
    RNN,
    backward,
    forward,
    gaussian,
    log_gradient_norms,
    lyapunov_exponents,
    orthogonal,
    scaled,
    spectral_radius,
    step_jacobians,
)
from bptt_lab.linear import compose, diagonal_forward, linear_adjoint, linear_recurrence
from bptt_lab.newton import newton
from bptt_lab.reference import relative_error
from bptt_lab.tasks import temporal_order
from bptt_lab.training import SGD, train
from chapters import functions
from conftest import ROOT
from test_pytorch import CODE
from test_quizzes import ask

PAGE = (ROOT / "book" / "after.md").read_text(encoding="utf-8")
START = np.array([[-1.0, -1.0]])
(parity_network,) = functions("after", "parity_network", np=np, RNN=RNN)


# ------------------------------------------------------------------------------ the form


def test_every_section_says_what_of_the_article_it_answers():
    core = PAGE.split("(sec-after-formats)=")[0]
    sections = re.split(r"^## ", core, flags=re.M)[1:]
    assert len(sections) == 7
    for section in sections:
        assert section.count("*Which claim of the article this answers.*") == 1, section[:40]
        assert re.search(r"\{ledger\}`[a-z]+-\d+`", section.rsplit("*Which claim", 1)[1])


def test_the_box_about_jax_runs_as_it_is_printed():
    jax = pytest.importorskip("jax", reason="JAX is not installed: `pip install jax`")
    (box,) = re.findall(r"^:::\{admonition\} The same in JAX\n(.*?)^:::$", PAGE, re.M | re.S)
    n, u = 4, np.random.default_rng(0).standard_normal((7, 3, 4))
    names = {"jax": jax, "jnp": jax.numpy, "np": np, "u": u, "n": n}
    names |= {"compose": compose, "diagonal_forward": diagonal_forward}
    exec("\n".join(CODE.findall(box)), names)


# ------------------------------------------------------------------------------ equations


@pytest.mark.equation("eq-after-sensitivity", "eq-after-nu")
def test_sensitivities_are_sums_over_the_noise_of_all_steps():
    """Term by term: what x_{t-k} gives to h, dh/dlambda and du/dnu, summed over many k."""
    k, lam = np.arange(4000.0), sp.symbols("lambda", positive=True)
    for value in (0.3, 0.9, 0.99):
        r = value**2
        h, d_h = value**k, k * value ** (k - 1)
        assert np.sum(h**2) == pytest.approx(1 / (1 - r))
        assert np.sum(d_h**2) == pytest.approx((1 + r) / (1 - r) ** 3)
        g = np.sqrt(1 - r)
        d_u = g * d_h - value / g * h
        assert np.sum(d_u**2) == pytest.approx(1 / (1 - r) ** 2)
        d_lam = value * np.log(value)  # of exp(-exp(nu)), by nu
        assert np.sum((d_lam * d_u) ** 2) == pytest.approx((d_lam / (1 - r)) ** 2)
    ratio = lam * sp.log(lam) / (1 - lam**2)
    assert sp.limit(ratio**2, lam, 1) == sp.Rational(1, 4)


@pytest.mark.equation("eq-after-parity")
def test_the_parity_network_computes_or_and_and():
    cell, params = parity_network(6.0)
    W = params["W_hh"]
    assert not (W @ W).any() and spectral_radius(W) < 1e-6
    for p in (0, 1):
        before = np.array([[2 * p - 1.0, -1.0]]) if p else START  # p = (h_1 - h_2) / 2
        for x in (0, 1):
            h = forward(cell, params, np.full((1, 1, 1), float(x)), before).h[1, 0]
            assert np.sign(h[0]) == (1 if x or p else -1)
            assert np.sign(h[1]) == (1 if x and p else -1)
            assert round((h[0] - h[1]) / 2) == (x + p) % 2


@pytest.mark.equation("eq-after-reversal")
@pytest.mark.parametrize("factor", [0.5, 0.8, 0.95])
def test_a_linear_unit_is_lost_after_the_stated_time_when_it_is_run_backwards(factor):
    """One unit in single precision: eps is that of float32, and lambda_n its only exponent."""
    rng, lam = np.random.default_rng(0), np.float32(factor)
    x = rng.standard_normal(600).astype(np.float32)
    h = [np.float32(0)]
    for x_t in x:
        h.append(lam * h[-1] + x_t)
    back, lost = h[-1], 0
    while abs(back - h[-1 - lost]) < 0.1 * np.std(h):
        back = (back - x[-1 - lost]) / lam
        lost += 1
    predicted = np.log(1 / np.finfo(np.float32).eps) / -np.log(factor)
    assert lost == pytest.approx(predicted, rel=0.4)


@pytest.mark.equation("eq-after-attention")
def test_the_jacobian_of_attention_against_differences():
    names = {"np": np, "gaussian": gaussian}
    (norms,) = functions("after", "attention_norms", **names)
    found, largest = norms(3, T=9, d=5)
    rng = np.random.default_rng(3)
    x, W_q, W_k, W_u = rng.standard_normal((9, 5)), *(gaussian(rng, 5) for _ in range(3))

    def output(x):
        scores = x @ W_k @ (x[-1] @ W_q) / np.sqrt(5)
        w = np.exp(scores) / np.exp(scores).sum()
        return w @ (x @ W_u), w

    assert largest == pytest.approx(output(x)[1].max(), rel=1e-12)
    for lag in (1, 4, 8):
        J = np.empty((5, 5))
        for j in range(5):
            e = np.zeros_like(x)
            e[-1 - lag, j] = 1e-6
            J[:, j] = (output(x + e)[0] - output(x - e)[0]) / 2e-6
        assert np.linalg.norm(J, 2) == pytest.approx(found[lag - 1], rel=1e-7)


@pytest.mark.equation("eq-after-costate")
def test_the_product_of_costate_and_disturbance_is_constant_between_losses():
    rng, cell = np.random.default_rng(0), LSTM()
    params = cell.init(rng, 3, 5, 2)
    J = step_jacobians(forward(cell, params, rng.standard_normal((7, 1, 3))))[:, 0]
    v = np.zeros((7, 10))
    v[-1] = rng.standard_normal(10)
    g, moved = linear_adjoint(J, v), rng.standard_normal(10)
    products = []
    for J_t, g_t in zip(J, g, strict=True):
        moved = J_t @ moved
        products.append(g_t @ moved)
    np.testing.assert_allclose(products, products[0], rtol=1e-12)
    v[3] = 1  # a loss on the way
    assert linear_adjoint(J, v)[0] @ J[0] @ moved != pytest.approx(g[0] @ J[0] @ moved)


# ------------------------------------------------------------------------------ the quiz


def test_a_factor_that_is_chosen():
    assert ask("after", "A factor that is chosen").right == [f"{0.99**100:.2f}"]


def test_the_curse():
    lam = np.exp(-1 / 1000)
    question = ask("after", "The curse")
    assert len(question.right) == 2
    near, r = lam - 0.0001, lam**2
    alike = np.sqrt((1 - r) * (1 - near**2)) / (1 - lam * near)
    assert np.sqrt(2 - 2 * alike) == pytest.approx(1 / 20, abs=0.003)
    assert 1 / (1 - r) == pytest.approx(500, rel=0.01)
    assert "by 0.0001 moves the state by a twentieth" in question.right[0]
    tau = {value: -1 / np.log(value) for value in (0.5, 0.501, 0.998, 0.999)}
    assert tau[0.999] / tau[0.998] == pytest.approx(2, rel=0.01)
    assert tau[0.501] / tau[0.5] < 1.01


def test_how_many_iterations():
    def network(seed, T):
        rng, cell = np.random.default_rng(seed), RNN("tanh")
        params = cell.init(rng, 3, 32, 1)
        params |= {"W_hh": scaled(gaussian(rng, 32), 0.8), "W_xh": gaussian(rng, 3, 32, gain=0.5)}
        return cell, params, rng.standard_normal((T, 1, 3))

    found = {T: [iterations(*network(seed, T)) for seed in range(3)] for T in (256, 1024)}
    (lambda_1,) = lyapunov_exponents(*network(0, 1024), k=1, discard=100)
    assert lambda_1 == pytest.approx(-0.5, abs=0.1)
    assert max(found[256] + found[1024]) <= 5
    assert ask("after", "How many iterations").right == ["4 or 5"]


# ------------------------------------------------------------------------------ other seeds


@pytest.fixture
def draw(fresh_seed):
    return np.random.default_rng([fresh_seed, 21])


def network(draw, rho, n=32):
    cell = RNN("tanh")
    params = cell.init(draw, 3, n, 1)
    return cell, params | {
        "W_hh": scaled(gaussian(draw, n), rho),
        "W_xh": gaussian(draw, 3, n, gain=0.5),
    }


def gated(draw, cell, bias=0.0, s=1.0, n=32):
    params = cell.init(draw, 4, n, 1)
    for name, value in params.items():
        if name.startswith("W_h"):
            params[name] = gaussian(draw, n, gain=s)
        elif name == ("b_f" if "b_f" in params else "b_z"):
            params[name] = value + bias
    return cell, params


def iterations(cell, params, x, state0=None, most=100, limit=1.0):
    """Newton's iterations until all states are right to eight digits."""
    true = np.concatenate(forward(cell, params, x, state0).states, axis=-1)
    iterates = islice(newton(cell, params, x, state0, limit=limit), most + 1)
    return next((k for k, s in enumerate(iterates) if abs(s - true).max() < 1e-8), np.inf)


def bits(draw, T, m=1):
    return draw.integers(0, 2, (T, m, 1)).astype(float)


@pytest.mark.slow
@pytest.mark.parametrize(("rho", "least", "most"), [(0.8, 3, 6), (1.2, 4, 16), (2.6, 50, np.inf)])
def test_newton_is_quick_where_the_exponent_is_negative(draw, rho, least, most):
    x = draw.standard_normal((256, 1, 3))
    counts = [iterations(*network(draw, rho), x) for _ in range(20)]
    assert least <= np.median(counts) <= most
    assert sum(least <= count <= most for count in counts) >= 18, counts


@pytest.mark.slow
def test_the_sign_of_the_exponent_separates_the_counts(draw):
    for rho in (0.6, 1.0, 1.4, 1.8, 2.2, 2.6):
        for _ in range(5):
            cell, params = network(draw, rho)
            (rate,) = lyapunov_exponents(cell, params, draw.standard_normal((800, 1, 3)), 1, 100)
            count = iterations(cell, params, draw.standard_normal((256, 1, 3)))
            assert rate > -0.2 or count <= 14, (rho, rate, count)
            assert rate < 0.08 or count > 30, (rho, rate, count)


@pytest.mark.slow
def test_gated_cells_need_few_iterations_and_a_forget_bias_more(draw):
    x = draw.standard_normal((256, 1, 4))
    for cell, bias, least, most in ((GRU(), 0, 3, 6), (GRU(), 3, 3, 7), (LSTM(), 0, 3, 7)):
        for _ in range(5):
            assert least <= iterations(*gated(draw, cell, bias, n=16), x, limit=300.0) <= most
    found = [iterations(*gated(draw, LSTM(), 3.0, n=16), x, limit=300.0) for _ in range(5)]
    assert 8 < np.median(found) < 30


@pytest.mark.slow
def test_learning_makes_newton_slower(draw):
    order, before, after = temporal_order(), [], []
    for _ in range(4):
        cell = RNN("tanh")
        params = cell.init(draw, 6, 50, 4, recurrent=orthogonal)
        params["W_hh"] *= 0.9
        learned = train(
            cell, params, order.draw(30, 20), draw, steps=500,
            optimiser=SGD(0.01, 0.9), clip_norm=1.0, progress=False,
        )  # fmt: skip
        stream, _ = order.generate(draw, T=200, m=1)
        before.append(iterations(cell, params, stream))
        after.append(iterations(cell, learned.params, stream))
    assert max(before) <= 7 and np.median(after) > 1.7 * np.median(before)


@pytest.mark.slow
def test_the_parity_network_keeps_the_bit_and_defies_newton(draw):
    cell, params = parity_network(6.0)
    many = bits(draw, 10_000, 20)
    p = forward(cell, params, many, np.repeat(START, 20, axis=0)).logits
    assert np.array_equal(p > 0.5, np.cumsum(many, axis=0) % 2 == 1)
    for k in range(10):
        string = many[:2000, [k]]
        (rate,) = lyapunov_exponents(cell, params, string, k=1, state0=START)
        assert -4.9 < rate < -4.6
        flipped = string.copy()
        flipped[0] = 1 - flipped[0]
        ends = [forward(cell, params, b, START).logits[-1, 0, 0] for b in (string, flipped)]
        assert abs(ends[0] - ends[1]) > 0.98
        logs = log_gradient_norms(step_jacobians(forward(cell, params, string[:101], START)))
        assert logs[100, 0] < -190 * np.log(10)
        assert iterations(cell, params, string[:128], START, most=128) >= 110


@pytest.mark.slow
def test_the_adjoint_of_chaotic_networks_is_one_scan(draw):
    for rho in (1.0, 2.6):
        for _ in range(5):
            cell, params = network(draw, rho, n=16)
            trace = forward(cell, params, draw.standard_normal((128, 1, 3)))
            d_h = draw.standard_normal((128, 1, 16))
            delta = linear_adjoint(step_jacobians(trace), d_h) * (1 - trace.h[1:] ** 2)
            found = np.einsum("tmi,tmj->ij", trace.h[:-1], delta)
            true = backward(trace, d_h)["W_hh"]
            assert np.linalg.norm(found - true) < 1e-9 * np.linalg.norm(true)


@pytest.mark.slow
def test_noise_shows_the_sensitivities(draw):
    for tau in (10, 100):
        lam = np.exp(-1 / tau)
        for _ in range(10):
            x = draw.standard_normal((40 * tau, 1, 4000 // tau))
            h = linear_recurrence(np.full(x.shape, lam), x)
            d_h = linear_recurrence(np.full(x.shape, lam), h[:-1])[1:]
            g = np.sqrt(1 - lam**2)
            d_u = (g * d_h - lam / g * h[1:])[20 * tau :]
            assert np.sqrt(np.mean(d_u**2)) * (1 - lam**2) == pytest.approx(1, abs=0.25)


@pytest.mark.slow
def test_without_h_a_gru_cannot_explode_and_left_out_recursions_are_missed(draw):
    lost = {0.0: [], 5.0: []}
    for bias, errors in lost.items():
        for _ in range(10):
            cell, params = gated(draw, GRU(), bias, s=8.0)
            params = {k: 0 * w if k.startswith("W_h") else w for k, w in params.items()}
            trace = forward(cell, params, draw.standard_normal((100, 1, 4)))
            assert np.all(np.diff(log_gradient_norms(step_jacobians(trace)), axis=0) < 1e-12)
            d_h = draw.standard_normal((100, 1, 32))
            true, cut = (backward(trace, d_h, window=K)["W_xn"] for K in (None, 1))
            errors.append(relative_error(cut, true))
    assert 0.4 < np.median(lost[0.0]) < 0.7 and np.median(lost[5.0]) > 0.85


@pytest.mark.slow
def test_h_in_the_candidate_alone_is_enough_to_explode(draw):
    (blinded,) = functions("after", "blinded")
    for gates, candidate, least, most in ((0, 0, 8, 10), (1, 0, 5, 10), (0, 1, 0, 5), (1, 1, 0, 0)):
        positive = 0
        for _ in range(10):
            cell, params = gated(draw, GRU(), s=8.0)
            params, x = blinded(params, gates, candidate), draw.standard_normal((400, 1, 4))
            positive += lyapunov_exponents(cell, params, x, k=1, discard=100)[0] > 0
        assert least <= positive <= most, (gates, candidate, positive)


@pytest.mark.slow
def test_a_second_layer_breaks_local_traces(draw):
    names = {"np": np, "gaussian": gaussian, "linear_adjoint": linear_adjoint}
    names |= {"diagonal_forward": diagonal_forward}
    cosine, local = functions("after", "cosine", "local_cosine", **names)
    first = int(draw.integers(1000, 10**6))
    for c, least, most in ((0.0, 0.999, 1.001), (0.5, 0.85, 0.96), (0.9, 0.35, 0.75)):
        assert least < np.median([local(c, first + q) for q in range(20)]) < most
    assert np.median([local(0.99, first + q) for q in range(20)]) < 0.5
    assert cosine(np.ones(3), np.array([1.0, 1, 0])) == pytest.approx((2 / 3) ** 0.5)


@pytest.mark.slow
def test_local_terms_are_right_near_and_wrong_far(draw):
    """Three groups of ten networks, as the page averages them."""
    first = int(draw.integers(1000, 10**6))
    tanh_network, inputs, cosine, by_lag = functions(
        "after", "tanh_network", "inputs", "cosine", "by_lag",
        np=np, RNN=RNN, gaussian=gaussian, scaled=scaled,
    )  # fmt: skip
    assert callable(tanh_network) and callable(inputs)
    found = [
        [cosine(*pair) for pair in zip(by_lag(q, 0.5, True), by_lag(q, 0.5, False), strict=True)]
        for q in range(first, first + 30)
    ]
    means = np.reshape(found, (3, 10, -1)).mean(axis=1)
    assert np.all(means[:, 0] > 0.999) and np.all(means[:, 1] > 0.6)
    assert np.all(means[:, 10:].mean(axis=1) < 0.3)


@pytest.mark.slow
def test_a_state_is_lost_backwards_at_the_smallest_exponent(draw):
    (lost_after,) = functions(
        "after", "lost_after", np=np, RNN=RNN, forward=forward, orthogonal=orthogonal,
        lyapunov_exponents=lyapunov_exponents,
    )  # fmt: skip
    with np.errstate(invalid="ignore"):
        for q in draw.integers(1000, 10**6, 10):
            steps, smallest = lost_after(int(q))
            assert 0.5 < steps * -smallest / -np.log(2.2e-16) < 1.9


@pytest.mark.slow
def test_a_sum_loses_terms_long_before_they_are_zero(draw):
    for _ in range(10):
        cell, params = network(draw, 1.1)
        trace = forward(cell, params, draw.standard_normal((1200, 1, 3)))
        J, h = step_jacobians(trace)[:, 0], trace.h[:, 0]
        exact = draw.standard_normal(32)
        stored, total, last = exact.astype(np.float32), np.zeros((32, 32), np.float32), 0
        for lag in range(1200):
            new = total + np.outer(h[-2 - lag], exact * (1 - h[-1 - lag] ** 2)).astype(np.float32)
            last, total = lag if np.any(new != total) else last, new
            exact, stored = exact @ J[-1 - lag], (stored @ J[-1 - lag]).astype(np.float32)
            if not stored.any():
                break
        assert last < 0.5 * lag


@pytest.mark.slow
def test_attention_is_flat_in_the_lag_and_saturates(draw):
    (norms,) = functions("after", "attention_norms", np=np, gaussian=gaussian)
    for q in draw.integers(1000, 10**6, 10):
        sizes, _ = norms(int(q))
        assert abs(np.polyfit(np.arange(1, 128), np.log(sizes), 1)[0]) < 0.012
        assert 1 < 128 * sizes.mean() < 12
    sharp = [norms(int(q), gain=10.0) for q in draw.integers(1000, 10**6, 10)]
    assert np.median([largest for _, largest in sharp]) > 0.6
    assert np.median([np.median(sizes) for sizes, _ in sharp]) < 1e-5
