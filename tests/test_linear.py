"""Linear recurrences: scans count their work, and agree with loops, BPTT and differences."""

import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp
from autograd import grad
from hypothesis import given
from hypothesis import strategies as st

from bptt_lab import GRU, RNN, backward, forward, log_gradient_norms, step_jacobians
from bptt_lab.linear import (
    compose,
    compose_matrices,
    diagonal_backward,
    diagonal_forward,
    linear_adjoint,
    linear_recurrence,
    rotation_blocks,
    scan,
    scan_by_doubling,
)
from bptt_lab.reference import sigmoid
from problems import every_cell, make_problem

T, M, N_INPUTS, N = 7, 4, 3, 5
SCANS = [scan, scan_by_doubling]


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def factors(rng, n=N):
    return rng.uniform(0.3, 1, n) * np.exp(1j * rng.uniform(0, np.pi, n))


def as_reals(z):
    """Complex (.., n) as real (.., 2 n): Re and Im of each entry side by side."""
    return np.stack([z.real, z.imag], axis=-1).reshape(*z.shape[:-1], -1)


# ---------------------------------------------------------------------------------- the scan


@pytest.mark.equation("eq-after-compose")
def test_two_steps_are_one_step_again_and_the_order_of_joining_does_not_matter():
    a, b, c, d, e, f, h = sp.symbols("a b c d e f h")
    first, second, third = (a, b), (c, d), (e, f)
    factor, increment = compose(first, second)
    assert sp.expand(factor * h + increment - (c * (a * h + b) + d)) == 0
    left = compose(compose(first, second), third)
    right = compose(first, compose(second, third))
    assert [sp.expand(p - q) for p, q in zip(left, right, strict=True)] == [0, 0]


@pytest.mark.equation("eq-after-compose")
def test_matrices_compose_with_the_later_step_on_the_left(rng):
    (A, C, E), (b, d, f), h = rng.standard_normal((3, 6, N, N)), rng.standard_normal((3, 6, N)), 1.0
    h = rng.standard_normal((6, N, 1))
    AC, bd = compose_matrices((A, b), (C, d))
    step_by_step = C @ (A @ h + b[..., None]) + d[..., None]
    np.testing.assert_allclose(AC @ h + bd[..., None], step_by_step, rtol=1e-12)
    left = compose_matrices((AC, bd), (E, f))
    right = compose_matrices((A, b), compose_matrices((C, d), (E, f)))
    for p, q in zip(left, right, strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-11, atol=1e-12)


@given(steps=st.integers(1, 70), which=st.sampled_from(SCANS))
def test_a_scan_joins_in_order_whatever_the_length(steps, which):
    """Strings, whose order matters: each entry is all letters up to it."""
    letters = np.array([chr(97 + t % 26) for t in range(steps)], dtype=object)
    (joined,) = which(lambda first, second: (first[0] + second[0],), (letters,))
    assert [*joined] == ["".join(letters[: t + 1]) for t in range(steps)]


@pytest.mark.equation("eq-after-work")
@pytest.mark.parametrize("power", range(1, 13))
def test_work_and_depth_are_as_stated(power):
    steps, found = 2**power, {}
    for which in SCANS:
        rounds = []

        def counted(first, second, rounds=rounds):
            rounds.append(len(first[0]))
            return (first[0] + second[0],)

        which(counted, (np.ones(steps),))
        found[which] = sum(rounds), len(rounds)
    assert found[scan] == (2 * steps - 2 - power, 2 * power - 1)
    assert found[scan_by_doubling] == (steps * power - steps + 1, power)


# --------------------------------------------------------------------------- the diagonal network


@pytest.mark.equation("eq-after-diagonal", "eq-after-blocks")
def test_the_complex_states_are_those_of_pairs_of_real_neurons(rng):
    lam, x = factors(rng), rng.standard_normal((T, M, N_INPUTS))
    B = rng.standard_normal((N_INPUTS, N)) + 1j * rng.standard_normal((N_INPUTS, N))
    start = rng.standard_normal((M, N)) + 1j * rng.standard_normal((M, N))
    h = diagonal_forward(lam, x @ B, start)
    cell = RNN("identity")
    params = cell.init(rng, N_INPUTS, 2 * N, 2)
    params |= {"W_xh": as_reals(B), "W_hh": rotation_blocks(lam)}
    trace = forward(cell, params, x, as_reals(start))
    np.testing.assert_allclose(as_reals(h), trace.h, rtol=1e-12, atol=1e-13)
    loop = linear_recurrence(np.broadcast_to(lam, h[1:].shape), x @ B, start)
    np.testing.assert_allclose(h, loop, rtol=1e-12)


@pytest.mark.equation("eq-after-adjoint")
def test_the_gradient_is_that_of_backpropagation_through_the_real_network(rng):
    lam, x = factors(rng), rng.standard_normal((T, M, N_INPUTS))
    B = rng.standard_normal((N_INPUTS, N)) + 1j * rng.standard_normal((N_INPUTS, N))
    cell = RNN("identity")
    params = cell.init(rng, N_INPUTS, 2 * N, 2)
    params |= {"W_xh": as_reals(B), "W_hh": rotation_blocks(lam)}
    d_h = rng.standard_normal((T, M, 2 * N))
    true = backward(forward(cell, params, x), d_h)
    # A real row (p, q) of a pair is the complex row p - iq: Re((p - iq)(dx + i dy)) = p dx + q dy.
    v = d_h[..., 0::2] - 1j * d_h[..., 1::2]
    g, d_lam = diagonal_backward(lam, diagonal_forward(lam, x @ B), v)
    blocks = true["W_hh"].reshape(N, 2, N, 2)[np.arange(N), :, np.arange(N)]
    by_re, by_im = blocks[:, 0, 0] + blocks[:, 1, 1], blocks[:, 0, 1] - blocks[:, 1, 0]
    np.testing.assert_allclose(d_lam, by_re - 1j * by_im, rtol=1e-12)
    d_B = np.einsum("tmi,tmn->in", x, g)
    np.testing.assert_allclose(as_reals(d_B.conj()), true["W_xh"], rtol=1e-12, atol=1e-13)


@pytest.mark.equation("eq-after-adjoint")
def test_the_gradient_by_lam_against_an_automatic_differentiator_and_differences(rng):
    lam, u = factors(rng), rng.standard_normal((T, M, N))
    v = rng.standard_normal((T, M, N)) + 1j * rng.standard_normal((T, M, N))
    _, d_lam = diagonal_backward(lam, diagonal_forward(lam, u), v)

    def loss(re_im):
        h, total = 0, 0.0
        for u_t, v_t in zip(u, v, strict=True):
            h = (re_im[0] + 1j * re_im[1]) * h + u_t
            total = total + anp.sum(anp.real(v_t * h))
        return total

    at = np.stack([lam.real, lam.imag])
    by_re, by_im = grad(loss)(at)
    np.testing.assert_allclose(d_lam, by_re - 1j * by_im, rtol=1e-11)
    nudge = 1e-6 * np.eye(N)[2]
    for part, expected in ((0, d_lam[2].real), (1, -d_lam[2].imag)):
        e = np.zeros_like(at)
        e[part] = nudge
        assert (loss(at + e) - loss(at - e)) / 2e-6 == pytest.approx(expected, rel=1e-7)


def test_factors_that_differ_from_step_to_step(rng):
    z, u = rng.uniform(0, 1, (T, M, N)), rng.standard_normal((T, M, N))
    h, v = diagonal_forward(z, u), rng.standard_normal((T, M, N))
    np.testing.assert_allclose(h, linear_recurrence(z, u), rtol=1e-12)
    g, d_z = diagonal_backward(z, h, v)
    for index in [(0, 1, 2), (T - 2, 3, 0), (T - 1, 0, 4)]:
        e = np.zeros_like(z)
        e[index] = 1e-6
        difference = np.sum(v * (diagonal_forward(z + e, u) - diagonal_forward(z - e, u))[1:])
        assert d_z[index] == pytest.approx(difference / 2e-6, rel=1e-7, abs=1e-9)


@pytest.mark.equation("eq-after-norm")
def test_the_norm_over_any_lag_is_the_power_of_the_largest_modulus(rng):
    lam = factors(rng)
    J = np.tile(rotation_blocks(lam).T, (40, 1, 1))
    lags = np.arange(41)
    np.testing.assert_allclose(
        log_gradient_norms(J), lags * np.log(np.abs(lam).max()), rtol=1e-12, atol=1e-13
    )


@pytest.mark.equation("eq-after-basis")
def test_a_matrix_with_eigenvectors_is_this_network_and_its_powers_are_bounded_by_them(rng):
    W = rng.standard_normal((N, N)) / np.sqrt(N)
    lam, V = np.linalg.eig(W)
    x = rng.standard_normal((T, M, N))
    cell = RNN("identity")
    params = cell.init(rng, N, N, 2) | {"W_hh": W, "W_xh": np.eye(N)}
    h = forward(cell, params, x).h
    z = diagonal_forward(lam, x @ V)
    np.testing.assert_allclose(h @ V, z, rtol=1e-10, atol=1e-12)
    condition, rho = np.linalg.cond(V), np.abs(lam).max()
    for k in range(60):
        norm = np.linalg.norm(np.linalg.matrix_power(W, k), 2)
        assert norm <= condition * rho**k * (1 + 1e-9)


# ------------------------------------------------------- the way back of any network, and gates


@pytest.mark.equation("eq-after-adjoint", "eq-bptt-recursion")
@every_cell
def test_the_backward_pass_of_every_cell_is_one_scan_of_its_jacobians(cell):
    p = make_problem(cell)
    trace = forward(cell, p.params, p.x, p.state0)
    d_h = np.random.default_rng(1).standard_normal(trace.h[1:].shape)
    J = step_jacobians(trace)
    v = np.concatenate([d_h, np.zeros((*d_h.shape[:2], J.shape[-1] - d_h.shape[-1]))], axis=-1)
    g = linear_adjoint(J, v)
    at_start = np.einsum("ms,msr->mr", g[0], J[0])
    expected = np.concatenate(backward(trace, d_h).state0, axis=-1)
    np.testing.assert_allclose(at_start, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.equation("eq-after-mingru", "eq-after-gates")
def test_a_gru_whose_gates_do_not_read_h_is_a_diagonal_network(rng):
    cell = GRU()
    params = cell.init(rng, N_INPUTS, N, 2)
    params |= {name: np.zeros((N, N)) for name in ("W_hz", "W_hr", "W_hn")}
    params |= {"b_z": rng.standard_normal(N), "b_n": rng.standard_normal(N)}
    x = rng.standard_normal((30, M, N_INPUTS))
    trace = forward(cell, params, x)
    z = sigmoid(x @ params["W_xz"] + params["b_z"])
    candidate = np.tanh(x @ params["W_xn"] + params["b_n"])
    h = diagonal_forward(z, (1 - z) * candidate)
    np.testing.assert_allclose(h, trace.h, rtol=1e-12, atol=1e-14)
    J = step_jacobians(trace)
    np.testing.assert_allclose(J, z[..., None] * np.eye(N), rtol=1e-12, atol=1e-14)
    products = np.cumsum(np.log(z[::-1]), axis=0).max(axis=-1)
    np.testing.assert_allclose(log_gradient_norms(J)[1:], products, rtol=1e-11)
    d_h = rng.standard_normal(h[1:].shape)
    true = backward(trace, d_h)
    g, d_z = diagonal_backward(z, h, d_h)  # dL/dh_t; a gate is in the factor and in the increment
    d_a = (d_z - g * candidate) * z * (1 - z)
    np.testing.assert_allclose(d_a.sum(axis=(0, 1)), true["b_z"], rtol=1e-12)
    d_n = g * (1 - z) * (1 - candidate**2)
    np.testing.assert_allclose(np.einsum("tmi,tmn->in", x, d_n), true["W_xn"], rtol=1e-11)


def test_integers_and_reals_are_promoted(rng):
    v = rng.standard_normal((T, M, N)) + 1j * rng.standard_normal((T, M, N))
    np.testing.assert_array_equal(linear_adjoint(np.zeros(v.shape, int), v), v)
    ones = linear_adjoint(np.ones(v.shape), v)
    np.testing.assert_allclose(ones, np.cumsum(v[::-1], axis=0)[::-1], rtol=1e-12)
    assert linear_adjoint(np.ones((3, 2, 2), np.float32), v[:3, 0, :2].real).dtype == float


# ------------------------------------------------------------------------------ wrong arguments


@pytest.mark.parametrize(
    "wrong",
    [
        lambda a: diagonal_forward(a[0, 0, :2], a),
        lambda a: diagonal_forward(a[:, :1], a),
        lambda a: linear_recurrence(a[:-1], a),
        lambda a: linear_adjoint(a[..., None], a),
        lambda a: linear_recurrence(a[:0], a[:0]),
    ],
)
def test_shapes_that_numpy_would_broadcast_are_refused(wrong):
    with pytest.raises(ValueError, match=r"expected an array of shape"):
        wrong(np.ones((T, M, N)))
