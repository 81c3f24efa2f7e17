"""The limit of many neurons: against large networks, exact cases, and other quadratures."""

import numpy as np
import pytest

from bptt_lab import RNN, forward, gaussian, lyapunov_exponents
from bptt_lab.mean_field import mean_field_exponent, mean_field_variance


@pytest.mark.equation("eq-mean-field")
@pytest.mark.parametrize(("name", "gain"), [("tanh", 1.8), ("sigmoid", 2.5), ("relu", 0.8)])
def test_a_large_network_has_the_variance_and_the_exponent_of_the_limit(name, gain):
    n, scale, rng = 400, 0.7, np.random.default_rng(5)
    cell = RNN(name)
    params = cell.init(rng, n, n, 1) | {"W_hh": gaussian(rng, n, gain=gain)}
    params["W_xh"] = scale * np.eye(n)
    x = rng.standard_normal((160, 1, n))
    (measured,) = lyapunov_exponents(cell, params, x, k=1, discard=40)
    assert measured == pytest.approx(mean_field_exponent(name, gain, scale), abs=0.03)
    h = forward(cell, params, x).h[:, 0]
    a = scale * x[60:, 0] + h[60:-1] @ params["W_hh"]
    assert np.mean(a**2) == pytest.approx(mean_field_variance(name, gain, scale), rel=0.06)


def test_the_variance_reproduces_itself_by_another_quadrature():
    z, weights = np.polynomial.hermite_e.hermegauss(120)
    for gain, scale in ((0.5, 0.3), (1.5, 0.5), (2.0, 2.0)):
        q = mean_field_variance("tanh", gain, scale)
        again = gain**2 * weights @ np.tanh(np.sqrt(q) * z) ** 2 / weights.sum() + scale**2
        assert again == pytest.approx(q, rel=1e-4)


def test_the_rate_of_tanh_is_zero_where_a_separate_computation_found_it():
    """Zeros of the second line of the equation, found by halving an interval."""
    zeros = {0.1: 1.193, 0.5: 1.550, 1.0: 1.856, 2.0: 2.325}
    for scale, expected in zeros.items():
        low, high = 1.01, 4.0
        for _ in range(30):
            middle = (low + high) / 2
            below = mean_field_exponent("tanh", middle, scale) < 0
            low, high = (middle, high) if below else (low, middle)
        assert low == pytest.approx(expected, abs=1e-3)


def test_exact_cases():
    for gain in (0.3, 0.9, 1.7):
        assert mean_field_exponent("identity", gain, 0.5) == pytest.approx(np.log(gain))
        half = np.log(gain) - np.log(2) / 2  # every other neuron is on
        assert mean_field_exponent("relu", gain, 2.0) == pytest.approx(half)
    assert mean_field_exponent("tanh", 0.5, 0.0) == pytest.approx(np.log(0.5), abs=1e-6)
    assert mean_field_variance("identity", 0.6, 0.8) == pytest.approx(0.64 / (1 - 0.36))
    assert mean_field_variance("relu", 2.0, 0.5) == np.inf


def test_a_stronger_input_lowers_the_rate_of_tanh_and_a_larger_gain_raises_it():
    rates = [[mean_field_exponent("tanh", g, s) for g in (0.5, 1, 2, 4)] for s in (0.1, 0.5, 1, 2)]
    assert np.all(np.diff(rates, axis=0) < 0) and np.all(np.diff(rates, axis=1) > 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("swish", 1.0, 1.0), "activation"),
        (("tanh", -1.0, 1.0), "gain"),
        (("tanh", 0.0, 1.0), "gain"),
        (("tanh", 1.0, -0.1), "scale"),
        (("tanh", 1.0, np.nan), "scale"),
    ],
)
def test_what_is_no_network_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        mean_field_exponent(*arguments)
