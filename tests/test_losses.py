import numpy as np
import pytest

from bptt_lab import half_squared_error, softmax, softmax_cross_entropy
from bptt_lab.reference import complex_step

RNG = np.random.default_rng(0)
O = RNG.standard_normal((7, 4, 3))
Y = RNG.integers(-1, 3, (7, 4))


@pytest.mark.equation("eq-softmax")
def test_softmax_is_a_distribution_and_ignores_a_common_shift():
    p = softmax(O)
    assert (p > 0).all()
    np.testing.assert_allclose(p.sum(axis=-1), 1)
    np.testing.assert_allclose(softmax(O + 1000), p, rtol=1e-12)


@pytest.mark.equation("eq-softmax-jacobian")
def test_softmax_is_not_elementwise():
    """All entries of its Jacobian differ from zero. Equations: eq-softmax-jacobian."""
    y_hat = softmax(O[0, 0])
    expected = np.diag(y_hat) - np.outer(y_hat, y_hat)
    np.testing.assert_allclose(complex_step(softmax, O[0, 0]), expected, rtol=1e-13)
    assert np.abs(expected).min() > 0.01


@pytest.mark.equation("eq-cross-entropy")
def test_cross_entropy_value():
    loss, _ = softmax_cross_entropy(O, Y)
    expected = -sum(
        np.log(np.exp(O[i])[Y[i]] / np.exp(O[i]).sum()) for i in np.ndindex(Y.shape) if Y[i] >= 0
    )
    assert loss == pytest.approx(expected, rel=1e-14)


@pytest.mark.equation("eq-loss-gradient")
def test_cross_entropy_gradient():
    _, gradient = softmax_cross_entropy(O, Y)
    exact = complex_step(lambda o: softmax_cross_entropy(o, Y)[0], O)
    np.testing.assert_allclose(gradient, exact, rtol=1e-12, atol=1e-14)
    assert not gradient[Y < 0].any() and gradient[Y >= 0].all()


def test_cross_entropy_of_extreme_logits():
    loss, gradient = softmax_cross_entropy(np.array([[1e4, -1e4], [1e4, -1e4]]), np.array([0, 1]))
    assert loss == 2e4
    np.testing.assert_array_equal(gradient, [[0, 0], [1, -1]])


def test_cross_entropy_without_any_target():
    loss, gradient = softmax_cross_entropy(O, np.full_like(Y, -1))
    assert loss == 0 and not gradient.any()


@pytest.mark.equation("eq-squared")
def test_squared_error():
    targets = RNG.standard_normal(O.shape)
    loss, gradient = half_squared_error(O, targets)
    assert loss == pytest.approx(sum((a - b) ** 2 for a, b in zip(O.flat, targets.flat)) / 2)  # noqa: B905
    exact = complex_step(lambda o: half_squared_error(o, targets)[0], O)
    np.testing.assert_allclose(gradient, exact, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept_and_the_logits_are_not_touched(dtype):
    o = O.astype(dtype)
    o.flags.writeable = False
    for y, loss in ((Y, softmax_cross_entropy), (O.astype(dtype), half_squared_error)):
        value, gradient = loss(o, y)
        assert value.dtype == gradient.dtype == dtype
