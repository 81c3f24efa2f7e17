"""What must hold for every size, precision, mask, window and seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptt_lab import (
    GRU,
    LSTM,
    RNN,
    OriginalLSTM,
    PeepholeLSTM,
    backward,
    forward,
    log_gradient_norms,
    loss_and_gradients,
    non_normal,
    spectral_radius,
    step_jacobians,
)
from problems import everything, flat, make_problem

EXACT = [
    RNN("tanh"),
    RNN("sigmoid"),
    RNN("relu"),
    RNN("identity"),
    OriginalLSTM(),
    OriginalLSTM(squashing="1997"),
    LSTM(),
    PeepholeLSTM(),
    GRU(),
    GRU("after"),
]
CELLS = [*EXACT, OriginalLSTM(True), OriginalLSTM(True, "1997")]

size = st.integers(1, 6)
seeds = st.integers(0, 2**32 - 1)


@st.composite
def problems(draw, cells=CELLS, dtypes=(np.float64,)):
    sizes = {name: draw(size) for name in ("T", "m", "n_inputs", "n", "n_outputs")}
    dtype = draw(st.sampled_from(dtypes))
    return make_problem(draw(st.sampled_from(cells)), draw(seeds), dtype, **sizes)


@given(problems(EXACT), st.sampled_from(["y", "targets"]), st.sampled_from(["sum", "mean"]))
def test_the_gradient_is_the_derivative_along_a_random_direction(case, kind, reduction):
    y = getattr(case, kind)
    if kind == "y":
        y[0, 0] = 0  # at least one target
    arguments = y, case.state0, reduction
    _, gradients = loss_and_gradients(case.cell, case.params, case.x, *arguments)
    rng = np.random.default_rng(0)
    direction = {name: rng.standard_normal(v.shape) for name, v in case.params.items()}
    slope = sum((gradients[name] * direction[name]).sum() for name in case.params)
    h, ends = 1e-6, []
    for sign in (1, -1):
        moved = {name: v + sign * h * direction[name] for name, v in case.params.items()}
        ends.append(loss_and_gradients(case.cell, moved, case.x, *arguments)[0])
    difference = (ends[0] - ends[1]) / (2 * h)
    assert abs(slope - difference) < 1e-6 * (1 + abs(ends[0]) + np.linalg.norm(flat(gradients)))


@given(problems(dtypes=(np.float32, np.float64)), st.sampled_from([None, 1, 2, 5]))
def test_shapes_and_precision(case, window):
    arguments = case.cell, case.params, case.x, case.y, case.state0
    loss, gradients = loss_and_gradients(*arguments, window=window)
    assert isinstance(loss, float) and np.isfinite(loss)
    expected = {**case.params, "x": case.x, "state0": np.array(case.state0)}
    got = everything(gradients)
    assert list(got) == list(expected)
    for name, like in expected.items():
        assert got[name].shape == like.shape and got[name].dtype == like.dtype, name
        assert np.isfinite(got[name]).all()


@given(problems(), st.integers(1, 7))
def test_gradients_are_linear_in_the_loss(case, window):
    """Two gradients on the states, added, give the added gradients, windows or not."""
    trace = forward(case.cell, case.params, case.x, case.state0)
    other = np.random.default_rng(1).standard_normal(case.d_h.shape)
    for K in (None, window):
        parts = [
            flat(backward(trace, d_h, K)) for d_h in (case.d_h, other, 2 * case.d_h - 3 * other)
        ]
        np.testing.assert_allclose(2 * parts[0] - 3 * parts[1], parts[2], rtol=1e-9, atol=1e-9)


@given(problems())
def test_sequences_of_a_batch_do_not_mix(case):
    """The batch's gradient is the sum over its sequences; x and state0 stay apart."""
    together = loss_and_gradients(case.cell, case.params, case.x, case.y, case.state0)
    alone = [
        loss_and_gradients(
            case.cell,
            case.params,
            case.x[:, b : b + 1],
            case.y[:, b : b + 1],
            tuple(part[b : b + 1] for part in case.state0),
        )
        for b in range(case.x.shape[1])
    ]
    assert together[0] == pytest.approx(sum(loss for loss, _ in alone))
    for name in case.params:
        expected = sum(gradients[name] for _, gradients in alone)
        np.testing.assert_allclose(together[1][name], expected, rtol=1e-9, atol=1e-11)
    x = np.concatenate([gradients.x for _, gradients in alone], axis=1)
    np.testing.assert_allclose(together[1].x, x, rtol=1e-9, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS, ids=repr)
def test_where_a_long_sequence_is_cut_does_not_matter(cell, fresh_seed, monkeypatch):
    """Backward takes so many rows at once as the cache likes; any number gives the same."""
    rng = np.random.default_rng(fresh_seed)
    for _ in range(40):
        sizes = {"T": rng.integers(300, 600), "m": rng.integers(1, 6), "n": rng.integers(2, 20)}
        case = make_problem(cell, rng.integers(2**32), **sizes)
        trace = forward(cell, case.params, case.x, case.state0)
        gradients = everything(backward(trace, case.d_h))
        monkeypatch.setattr("bptt_lab.bptt.ROWS_AT_ONCE", int(rng.integers(1, 3000)))
        for name, other in everything(backward(trace, case.d_h)).items():
            assert abs(gradients[name] - other).max() <= 1e-11 * abs(other).max(), (sizes, name)


@given(problems())
def test_the_future_does_not_act_on_the_past(case):
    """A loss at step 1 has no gradient at later inputs, nor do states see later inputs."""
    y = np.full_like(case.y, -1)
    y[0] = 0
    _, gradients = loss_and_gradients(case.cell, case.params, case.x, y, case.state0)
    assert not gradients.x[1:].any()
    changed = case.x.copy()
    changed[-1] += 1
    before = forward(case.cell, case.params, case.x).h[:-1]
    np.testing.assert_array_equal(forward(case.cell, case.params, changed).h[:-1], before)


@given(problems(), st.integers(1, 6))
def test_masking_the_end_equals_stopping_early(case, stop):
    stop = min(stop, len(case.x))
    y = case.y.copy()
    y[stop:] = -1
    loss, masked = loss_and_gradients(case.cell, case.params, case.x, y, case.state0)
    short_loss, short = loss_and_gradients(
        case.cell, case.params, case.x[:stop], y[:stop], case.state0
    )
    assert loss == pytest.approx(short_loss)
    assert not masked.x[stop:].any()
    masked.x = masked.x[:stop]
    np.testing.assert_allclose(flat(masked), flat(short), rtol=1e-9, atol=1e-12)


@given(problems())
def test_chained_jacobians_carry_gradients_back(case):
    """The gradient at state0 is sum_t d_h_t dstate_t/dstate_0, by explicit products."""
    trace = forward(case.cell, case.params, case.x, case.state0)
    J = step_jacobians(trace)
    T, m, s, _ = J.shape
    n = trace.h.shape[-1]
    g = np.zeros((m, s))
    for t in reversed(range(T)):
        g[:, :n] += case.d_h[t]
        g = np.einsum("bi,bij->bj", g, J[t])
    got = np.concatenate(backward(trace, case.d_h).state0, axis=1)
    np.testing.assert_allclose(got, g, rtol=1e-10, atol=1e-12)
    norms = log_gradient_norms(J)
    assert norms.shape == (T + 1, m) and not norms[0].any()


@given(seeds, st.integers(3, 12), st.floats(0.1, 2), st.floats(0, 1.5))
def test_non_normal_matrices_have_the_radius_and_the_departure_asked_for(seed, n, rho, departure):
    W = non_normal(np.random.default_rng(seed), n, rho, departure)
    assert spectral_radius(W) == pytest.approx(rho, rel=1e-3)
    henrici = np.sqrt(max(np.linalg.norm(W) ** 2 - n * rho**2, 0) / n)
    assert henrici == pytest.approx(departure, abs=1e-6)
    assert np.linalg.norm(W, 2) >= rho * (1 - 1e-9)
