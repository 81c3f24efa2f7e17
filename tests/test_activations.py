import numpy as np
import pytest

from bptt_lab import ACTIVATIONS
from bptt_lab.activations import activation

A = np.linspace(-4, 4, 33) + 0.01  # avoids the kink of relu


@pytest.fixture(params=list(ACTIVATIONS))
def phi(request):
    return activation(request.param)


def test_values():
    expected = {
        "tanh": np.sinh(A) / np.cosh(A),
        "sigmoid": 1 / (1 + np.exp(-A)),
        "relu": A * (A > 0),
        "identity": A,
    }
    assert set(expected) == set(ACTIVATIONS)
    for name, value in expected.items():
        np.testing.assert_allclose(activation(name).value(A), value, rtol=1e-14, atol=1e-16)


def test_derivative_is_that_of_the_value(phi):
    h = 1e-6
    difference = (phi.value(A + h) - phi.value(A - h)) / (2 * h)
    np.testing.assert_allclose(phi.derivative(A), difference, atol=1e-9)


def test_bound_is_the_supremum_of_the_derivative(phi):
    slopes = np.abs(phi.derivative(np.linspace(-20, 20, 4001)))
    assert slopes.max() == pytest.approx(phi.bound, abs=1e-12)


def test_values_may_be_written_over_their_argument(phi):
    place = A.copy()
    assert phi.value(place, out=place) is place
    np.testing.assert_array_equal(place, phi.value(A))


def test_slopes_may_be_written_to_a_given_place(phi):
    h, place = phi.value(A), np.full_like(A, np.nan)
    assert phi.slope(h, out=place) is place
    np.testing.assert_array_equal(place, phi.slope(h))
    np.testing.assert_array_equal(h, phi.value(A))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept(phi, dtype):
    a = A.astype(dtype)
    assert phi.value(a).dtype == phi.derivative(a).dtype == dtype


def test_nothing_overflows(phi):
    a = np.array([-1e300, -1e4, 1e4, 1e300])
    assert np.isfinite(phi.value(a)).all() and np.isfinite(phi.derivative(a)).all()
    assert (activation("sigmoid").value(a) == [0, 0, 1, 1]).all()


def test_relu_has_derivative_zero_at_its_kink():
    assert activation("relu").derivative(np.zeros(1)) == 0
