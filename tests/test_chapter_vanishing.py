"""The chapter on vanishing gradients: its form, and its statements about networks with other seeds.

Every sentence of the page that speaks of networks is asserted there for the networks of its
figures. Here each is computed once more for networks that no reader has seen, from `fresh_seed`.
The margins are wider than the page's, since every night draws other networks.
"""

import re

import numpy as np
import pytest

from bptt_lab import (
    RNN,
    forward,
    gaussian,
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
from bptt_lab.mean_field import mean_field_exponent
from conftest import ROOT

PAGE = (ROOT / "book" / "vanishing.md").read_text(encoding="utf-8")
N, T, A_THOUSANDFOLD = 128, 100, np.log(1000)


# ------------------------------------------------------------------------------ the form


def test_labels_that_others_link_to_stand():
    for label in ("remedies", "clipping", "cliff", "regulariser", "nilpotent", "exact-rate"):
        assert PAGE.count(f"(sec-{label})=") == 1


def test_the_letter_of_the_exponents_is_not_that_of_eigenvalues():
    """One sentence may say that the article uses it so."""
    near = r"eigenvalue[^.]{0,14}\\lambda|\\lambda_[^.]{0,20}eigenvalue"
    sentences = [s for s in re.split(r"\.\s", PAGE) if re.search(near, s)]
    assert all("The article writes" in sentence for sentence in sentences)


# ------------------------------------------------------------------------------ other seeds


@pytest.fixture
def draw(fresh_seed):
    return np.random.default_rng([fresh_seed, 18])


def network(draw, W_hh, s, activation="tanh"):
    n = len(W_hh)
    cell = RNN(activation)
    return cell, {**cell.init(draw, n, n, 2), "W_hh": W_hh, "W_xh": s * np.eye(n)}


def inputs(draw, steps=T, n=N):
    return draw.standard_normal((steps, 1, n))


def exponent(draw, W_hh, s, steps=400, activation="tanh"):
    cell, params = network(draw, W_hh, s, activation)
    start = np.full((1, len(W_hh)), 0.3)
    x = inputs(draw, steps, len(W_hh))
    return lyapunov_exponents(cell, params, x, k=1, discard=100, state0=start)[0]


def growth(draw, W_hh, s, activation="tanh"):
    """Return ln of what a hundred steps back make of one random gradient."""
    J = step_jacobians(forward(*network(draw, W_hh, s, activation), inputs(draw)))[:, 0]
    g = draw.standard_normal(len(W_hh))
    before, total = np.linalg.norm(g), 0.0
    for J_t in J[::-1]:
        g = g @ J_t
        total, g = total + np.log(np.linalg.norm(g) / before), g / np.linalg.norm(g)
        before = 1.0
    return total


def of_radius(draw, rho):
    return scaled(gaussian(draw, N), rho)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rho", "s", "activation", "sign"),
    [
        (1.1, 0.5, "tanh", -1),
        (3.0, 0.5, "tanh", 1),
        (2.0, 0.1, "tanh", 1),
        (2.0, 2.0, "tanh", -1),
        (3.0, 0.5, "sigmoid", -1),
        (3.0, 0.1, "sigmoid", -1),
        (0.9, 0.5, "identity", -1),
    ],
)
def test_what_the_buttons_show_holds_in_nearly_all_of_twenty_networks(
    draw, rho, s, activation, sign
):
    rates = [sign * growth(draw, of_radius(draw, rho), s, activation) for _ in range(20)]
    assert sum(rate > A_THOUSANDFOLD for rate in rates) >= 17, sorted(rates)


@pytest.mark.slow
def test_the_gradient_begins_to_grow_where_the_page_says(draw):
    radii = np.arange(1.0, 2.2, 0.1)
    for activation, low, high in (("tanh", 1.5, 1.8), ("relu", 1.3, 1.6)):
        begins = []
        for _ in range(10):
            W = of_radius(draw, 1.0)
            rates = [growth(draw, rho * W, 0.5, activation) for rho in radii]
            i = max(1, int(np.argmax(np.array(rates) > 0)))
            begins.append(np.interp(0, rates[i - 1 : i + 1], radii[i - 1 : i + 1]))
        assert low < np.median(begins) < high, (activation, begins)


@pytest.mark.slow
def test_the_theory_is_near_and_nearer_for_more_neurons(draw):
    settings = [(g, s) for g in (0.8, 1.5, 2.5) for s in (0.5, 1.0, 2.0)]
    off = {}
    for n in (32, 256):
        of_one = [
            exponent(draw, gaussian(draw, n, gain=g), s) - mean_field_exponent("tanh", g, s)
            for g, s in settings
        ]
        off[n] = np.sqrt(np.mean(np.square(of_one)))
    assert off[256] < 0.03 and off[256] < off[32]


@pytest.mark.slow
def test_random_networks_with_a_bound_above_one_vanish_all_the_same(draw):
    for activation in ("tanh", "sigmoid"):
        for bound in (1.5, 3):
            for _ in range(10):
                cell, params = network(draw, gaussian(draw, 32), 1.0, activation)
                params["W_hh"] *= bound / norm_bound(cell, params)
                J = step_jacobians(forward(cell, params, inputs(draw, n=32)))
                assert log_gradient_norms(J)[-1] < 0


@pytest.mark.slow
def test_the_norm_over_a_finite_lag_is_above_the_exponent_and_a_gradient_is_at_it(draw):
    W = gaussian(draw, N, gain=1.5)
    cell, params = network(draw, W, 0.5)
    x = inputs(draw, 2100)
    lambda_1 = lyapunov_exponents(cell, params, x, k=1, discard=100)[0]
    pieces = step_jacobians(forward(cell, params, x))[100:, 0].reshape(-1, 50, N, N)
    for lag in (1, 5, 20, 50):
        products = [jacobian_product(piece, 50, 50 - lag) for piece in pieces]
        rows = [(g := draw.standard_normal(N)) / np.linalg.norm(g) @ P for P in products]
        worst = np.mean([np.log(np.linalg.norm(P, 2)) for P in products]) / lag
        ordinary = np.mean([np.log(np.linalg.norm(row)) for row in rows]) / lag
        assert worst > lambda_1 + 0.01
        assert abs(ordinary - lambda_1) < 0.06


@pytest.mark.slow
def test_the_strip_between_the_usual_rule_and_the_border_is_wider_for_stronger_inputs(draw):
    for _ in range(5):
        W = of_radius(draw, 1.0)
        assert exponent(draw, 1.2 * W, 0.5) < 0 and exponent(draw, 1.2 * W, 2.0) < 0
        assert exponent(draw, 2.2 * W, 0.5) > 0 > exponent(draw, 2.0 * W, 2.0)


@pytest.mark.slow
def test_shrinking_lowers_the_rate_of_gaussian_networks_and_raises_that_of_latched_ones(draw):
    for _ in range(10):
        G = gaussian(draw, N)
        for gain, least, most in ((1, 0.06, 0.13), (1.5, 0.04, 0.12), (3, 0.0, 0.12)):
            before, after = exponent(draw, gain * G, 1), exponent(draw, 0.9 * gain * G, 1)
            assert least < before - after < most
        latched = 3 * np.eye(N) + 0.3 * G
        assert exponent(draw, 0.9 * latched, 1) > exponent(draw, latched, 1) + 0.1


@pytest.mark.slow
def test_orthogonal_starts_keep_singular_values_together_while_inputs_are_small(draw):
    for _ in range(10):
        spread = {}
        for name, W in (("orthogonal", orthogonal(draw, N)), ("Gaussian", gaussian(draw, N))):
            for s in (0.1, 1.0):
                J = step_jacobians(forward(*network(draw, W, s), inputs(draw, 20)))
                values = np.linalg.svd(jacobian_product(J)[0], compute_uv=False)
                spread[name, s] = values[0] / values[-1]
        assert spread["orthogonal", 0.1] < 30
        assert min(spread["Gaussian", 0.1], spread["orthogonal", 1.0]) > 1e10


@pytest.mark.slow
def test_clipping_by_entry_turns_the_gradient_and_clipping_by_norm_does_not(draw):
    for _ in range(10):
        cell, params = network(draw, of_radius(draw, 3.0), 0.5)
        target = np.full((T, 1), -1)
        target[-1] = 0
        params["W_yh"] = gaussian(draw, N, 2)
        _, grads = loss_and_gradients(cell, params, inputs(draw), target)
        g = np.concatenate([grads[name].ravel() for name in params])
        clipped = np.clip(g, -1, 1)
        cosine = g @ clipped / np.linalg.norm(g) / np.linalg.norm(clipped)
        assert np.linalg.norm(g) > 1e4 and 0.45 < cosine < 0.75
        assert np.linalg.norm(clipped) > 50


@pytest.mark.slow
def test_the_nilpotent_network_is_chaotic_from_every_start(draw):
    cell = RNN("tanh")
    params = cell.init(draw, 1, 2, 1)
    params["W_hh"] = 4 * np.array([[1.0, 1.0], [-1.0, -1.0]])
    params["b_h"] = np.array([-1.0, -5.0])
    assert spectral_radius(params["W_hh"]) < 1e-6
    starts = draw.uniform(-1, 1, (40, 1, 2))
    rates = [
        lyapunov_exponents(cell, params, np.zeros((3000, 1, 1)), 1, 500, start)[0]
        for start in starts
    ]
    assert min(rates) > 0.3 and max(rates) < 0.4


@pytest.mark.slow
def test_a_long_product_shows_few_rates_and_orthonormal_columns_show_all(draw):
    """The page's own functions, for networks that it does not have."""
    scope = {"np": np, "n_32": 32, "jacobian_product": jacobian_product}
    for name in ("exponents_by_qr", "from_product", "by_ten_steps"):
        (code,) = re.findall(rf"^(def {name}\(.*?)(?=^\S|^```)", PAGE, re.S | re.M)
        exec(code, scope)
    by_qr, counts = scope["exponents_by_qr"], []
    for _ in range(10):
        cell = RNN("tanh")
        params = cell.init(draw, 3, 32, 1)
        params["W_hh"] = scaled(gaussian(draw, 32), 1.1)
        run = forward(cell, params, draw.standard_normal((300, 1, 3)))
        J = step_jacobians(run)[:, 0]
        exact = by_qr(J, 32)
        single = by_qr(J.astype(np.float32), 32)
        assert single.dtype == np.float64 and np.all(np.abs(single - exact) < 1e-3)
        visible = np.sum(exact > exact[0] - 36 / 300)
        seen = np.sum(np.abs(scope["from_product"](J) - exact) < 0.05)
        assert abs(seen - visible) <= 4 and seen < 16
        ways = (scope["by_ten_steps"](M) for M in (J, J.astype(np.float32)))
        counts.append([np.sum(np.abs(rates - exact) < 0.05) for rates in ways])
    double, of_single = np.median(counts, axis=0)
    assert of_single < double <= 32 and of_single < 30
