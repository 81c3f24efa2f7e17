import numpy as np
import pytest

from bptt_lab import (
    chrono,
    gaussian,
    glorot,
    identity,
    non_normal,
    orthogonal,
    scaled,
    spectral_radius,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_spectral_radius_is_not_the_norm():
    W = np.array([[0.5, 10.0], [0.0, 0.5]])  # claim norm-02
    assert spectral_radius(W) == 0.5
    assert np.linalg.norm(W, 2) == pytest.approx(10.0249, abs=1e-4)


def test_spectral_radius_counts_complex_pairs():
    assert spectral_radius(np.array([[0.0, -2.0], [2.0, 0.0]])) == pytest.approx(2)


def test_gaussian_entries_have_variance_gain_squared_over_rows(rng):
    W = gaussian(rng, 200, 300, gain=1.5)
    assert W.shape == (200, 300)
    assert W.std() == pytest.approx(1.5 / np.sqrt(200), rel=0.02)
    assert abs(W.mean()) < 1e-3


def test_circular_law(rng):
    """Spectral radius near the gain, largest singular value near twice the gain (norm-02)."""
    W = gaussian(rng, 300)
    assert spectral_radius(W) == pytest.approx(1, abs=0.1)
    assert np.linalg.norm(W, 2) == pytest.approx(2, abs=0.1)


def test_glorot_entries_are_uniform_with_the_stated_variance(rng):
    W = glorot(rng, 200, 300)
    assert W.var() == pytest.approx(2 / 500, rel=0.02)
    assert np.abs(W).max() == pytest.approx(np.sqrt(6 / 500), rel=1e-3)


@pytest.mark.parametrize("gain", [1.0, 0.7])
def test_orthogonal_has_equal_singular_values(rng, gain):
    np.testing.assert_allclose(np.linalg.svd(orthogonal(rng, 9, gain))[1], gain, rtol=1e-13)


def test_orthogonal_is_uniform(rng):
    """The mean over the group is zero; without the sign rule the diagonal's is not."""
    diagonal = np.mean([np.diag(orthogonal(rng, 3)) for _ in range(2000)], axis=0)
    assert np.abs(diagonal).max() < 0.05


def test_identity():
    np.testing.assert_array_equal(
        identity(np.random.default_rng(0), 3, 1.1), np.diag([1.1, 1.1, 1.1])
    )


@pytest.mark.parametrize("rho", [0.5, 2.0])
def test_scaled_sets_the_spectral_radius_and_keeps_the_directions(rng, rho):
    W = gaussian(rng, 6)
    S = scaled(W, rho)
    assert spectral_radius(S) == pytest.approx(rho, rel=1e-13)
    assert np.ptp(S / W) < 1e-14
    assert scaled(W.astype(np.float32), rho).dtype == np.float32


@pytest.mark.parametrize("n", [3, 8, 9])
@pytest.mark.parametrize("departure", [0.0, 0.5, 1.5])
def test_non_normal_dials_departure_and_keeps_the_radius(rng, n, departure):
    W = non_normal(rng, n, rho=0.9, departure=departure)
    assert spectral_radius(W) == pytest.approx(0.9, rel=1e-5)
    henrici = np.linalg.norm(W) ** 2 - n * 0.9**2
    assert henrici == pytest.approx(n * departure**2, abs=1e-9)


def test_non_normal_at_zero_departure_is_normal(rng):
    W = non_normal(rng, 7, rho=0.9)
    np.testing.assert_allclose(W @ W.T, W.T @ W, atol=1e-14)
    np.testing.assert_allclose(np.linalg.norm(W, 2), 0.9)


def test_non_normal_powers_grow_before_they_vanish(rng):
    """Spectral radius below 1, and the powers grow at first (claim vg-14)."""
    norms = [
        np.linalg.norm(np.linalg.matrix_power(non_normal(rng, 20, 0.7, 2.0), k), 2)
        for k in (1, 5, 200)
    ]
    assert norms[0] > 2 and norms[1] > 5 and norms[2] < 1e-6


@pytest.mark.equation("eq-chrono")
def test_chrono_biases_give_time_constants_up_to_T_max(rng):
    b_f = chrono(rng, 4000, T_max=50)
    assert b_f.shape == (4000,)
    odds = np.exp(b_f)  # f / (1 - f), uniform on [1, 49]
    assert 1 <= odds.min() < 1.1 and 48.9 < odds.max() <= 49
    assert odds.mean() == pytest.approx(25, rel=0.03)


def test_draws_depend_on_the_generator_alone():
    for draw in (gaussian, glorot, orthogonal, non_normal):
        first, again, other = (draw(np.random.default_rng(seed), 5) for seed in (0, 0, 1))
        np.testing.assert_array_equal(first, again)
        assert not np.allclose(first, other)
