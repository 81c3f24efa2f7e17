"""What the cells promise one by one: parameters, and what they are in special cases.

That their equations, gradients and Jacobians are right is in `test_oracles`.
"""

import dataclasses

import numpy as np
import pytest

from bptt_lab import (
    GRU,
    LSTM,
    RNN,
    OriginalLSTM,
    PeepholeLSTM,
    backward,
    chrono,
    forward,
    identity,
    jacobian_product,
    loss_and_gradients,
    orthogonal,
    step_jacobians,
)
from bptt_lab.reference import sigmoid
from problems import make_problem

GATES = {
    RNN(): "h",
    OriginalLSTM(): "ioC",
    LSTM(): "ifoC",
    PeepholeLSTM(): "ifoC",
    GRU("before"): "zrn",
    GRU("after"): "zrn",
}
VECTORS = {PeepholeLSTM(): ["p_i", "p_f", "p_o"], GRU("after"): ["c_n"]}


@pytest.fixture(params=GATES, ids=repr)
def cell(request):
    return request.param


def test_names_and_shapes_of_the_parameters(cell):
    params = cell.init(np.random.default_rng(0), 3, 5, 6)
    expected = {f"W_x{g}": (3, 5) for g in GATES[cell]}
    expected |= {f"W_h{g}": (5, 5) for g in GATES[cell]}
    expected |= {f"b_{g}": (5,) for g in GATES[cell]}
    expected |= {name: (5,) for name in VECTORS.get(cell, [])}
    expected |= {"W_yh": (5, 6), "b_y": (6,)}
    assert {name: value.shape for name, value in params.items()} == expected
    assert {value.dtype for value in params.values()} == {np.dtype("f8")}


def test_init_scales_by_fan_in_and_starts_biases_at_zero(cell):
    params = cell.init(np.random.default_rng(0), 400, 100, 50)
    for name, value in params.items():
        if value.ndim == 1:
            assert not value.any(), name
        else:
            assert value.std() == pytest.approx(1 / np.sqrt(len(value)), rel=0.05), name


def test_init_takes_another_recurrent_initializer_and_precision(cell):
    def tenth(rng, n):
        return identity(rng, n, 0.1)

    params = cell.init(np.random.default_rng(0), 3, 5, 6, recurrent=tenth, dtype=np.float32)
    assert {value.dtype for value in params.values()} == {np.dtype("f4")}
    for gate in GATES[cell]:
        np.testing.assert_array_equal(params[f"W_h{gate}"], np.float32(0.1) * np.eye(5))
    params = cell.init(np.random.default_rng(0), 3, 5, 6, recurrent=orthogonal)
    for gate in GATES[cell]:
        W = params[f"W_h{gate}"]
        np.testing.assert_allclose(W @ W.T, np.eye(5), atol=1e-14)


def test_init_is_reproducible(cell):
    first, again = (cell.init(np.random.default_rng(3), 3, 5, 6) for _ in range(2))
    assert all(np.array_equal(first[name], again[name]) for name in first)


def test_cells_are_values(cell):
    assert cell == type(cell)(**vars_of(cell)) and hash(cell) == hash(type(cell)(**vars_of(cell)))
    with pytest.raises(AttributeError):
        cell.something = 1


def vars_of(cell):
    return {field.name: getattr(cell, field.name) for field in dataclasses.fields(cell)}


@pytest.mark.equation("eq-gru", "eq-gru-after")
def test_both_grus_are_one_when_the_reset_gate_is_open():
    before, after = make_problem(GRU("before")), make_problem(GRU("after"))
    shared = {name: before.params[name] for name in before.params}
    shared["b_r"] = shared["b_r"] + 50
    h = forward(GRU("before"), shared, before.x).h
    np.testing.assert_allclose(forward(GRU("after"), shared | {"c_n": np.zeros(5)}, before.x).h, h)
    assert not np.allclose(forward(GRU("after"), after.params, before.x).h, h)


def test_gru_state_stays_between_minus_one_and_one():
    """It is a mean of the old state and a tanh, with weights z and 1 - z (eq-gru)."""
    case = make_problem(GRU(), T=300)
    for name in case.params:
        case.params[name] *= 4
    h = forward(case.cell, case.params, 3 * case.x, np.ones((4, 5))).h
    assert np.abs(h).max() <= 1 and np.abs(h).max() > 0.9


# ------------------------------------------------------------------------- closed forms


@pytest.mark.equation("eq-peepholes")
def test_peephole_lstm_without_peepholes_is_the_lstm():
    case = make_problem(LSTM())
    none = {f"p_{g}": np.zeros(5) for g in "ifo"}
    arguments = case.x, case.y, case.state0
    loss, gradients = loss_and_gradients(LSTM(), case.params, *arguments)
    peephole_loss, peephole = loss_and_gradients(PeepholeLSTM(), case.params | none, *arguments)
    assert loss == pytest.approx(peephole_loss, rel=1e-14)
    for name in case.params:
        np.testing.assert_allclose(peephole[name], gradients[name], atol=1e-13)
    assert all(peephole[name].any() for name in none)


@pytest.mark.equation("eq-lstm-1997")
def test_lstm_with_open_forget_gate_is_the_original():
    case = make_problem(OriginalLSTM())
    zeros = {"W_xf": np.zeros((3, 5)), "W_hf": np.zeros((5, 5)), "b_f": np.full(5, 50.0)}
    original = forward(case.cell, case.params, case.x, case.state0)
    lstm = forward(LSTM(), case.params | zeros, case.x, case.state0)
    np.testing.assert_allclose(lstm.h, original.h, rtol=1e-13)
    J = step_jacobians(lstm)
    np.testing.assert_allclose(J, step_jacobians(original), atol=1e-13)


@pytest.mark.equation("eq-carousel")
@pytest.mark.parametrize("squashing", ["tanh", "1997"])
def test_truncation_makes_the_error_carousel_exact(squashing):
    """dC_t/dC_{t-k} = I, not nearly but exactly (claim lstm-04)."""
    case = make_problem(OriginalLSTM(True, squashing), T=100, n=6, n_outputs=2)
    trace = forward(case.cell, case.params, case.x, case.state0)
    J = step_jacobians(trace)
    for t, k in ((1, 0), (2, 0), (10, 3), (100, 0)):
        product = jacobian_product(J, t, k)
        assert (product[:, 6:, 6:] == np.eye(6)).all()
        assert not product[:, :, :6].any()
    full = OriginalLSTM(False, squashing)
    J = step_jacobians(forward(full, case.params, case.x, case.state0))
    assert np.abs(jacobian_product(J, 2, 0)[:, 6:, 6:] - np.eye(6)).max() > 0.01


def test_truncated_error_reaches_the_first_cell_undamped_and_unchanged():
    """In backward too: dL/dC_0 is the sum of what enters C at each step, nothing else."""
    case = make_problem(OriginalLSTM(True))
    trace = forward(case.cell, case.params, case.x, case.state0)
    d_h0, d_C0 = backward(trace, case.d_h).state0
    o = sigmoid(
        case.x @ case.params["W_xo"] + trace.h[:-1] @ case.params["W_ho"] + case.params["b_o"]
    )
    enters = case.d_h * o * (1 - np.tanh(trace.c[1:]) ** 2)
    np.testing.assert_allclose(d_C0, enters.sum(axis=0), rtol=1e-12)
    assert not d_h0.any()


def test_truncated_error_still_changes_weights_bias_and_input():
    case = make_problem(OriginalLSTM(True))
    _, gradients = loss_and_gradients(case.cell, case.params, case.x, case.targets, case.state0)
    for name in case.params:
        assert np.abs(gradients[name]).max() > 1e-3, name
    assert np.abs(gradients.x).min() > 0


def test_one_step_of_the_original_lstm_is_the_same_truncated_or_not():
    """With one step there is nothing to cut but dL/dh_0."""
    case = make_problem(OriginalLSTM(), T=1)
    arguments = case.params, case.x, case.targets, case.state0
    _, full = loss_and_gradients(OriginalLSTM(), *arguments)
    _, cut = loss_and_gradients(OriginalLSTM(truncated=True), *arguments)
    for name in case.params:
        np.testing.assert_array_equal(full[name], cut[name])
    np.testing.assert_array_equal(full.x, cut.x)
    assert full.state0[0].any() and not cut.state0[0].any()


@pytest.mark.equation("eq-chrono")
def test_chrono_biases_hold_a_state_for_the_stated_time():
    """Without input an LSTM's C decays by f = sigma(b_f) a step, 1 - f = 1 / (1 + odds)."""
    cell, rng = LSTM(), np.random.default_rng(0)
    params = {name: np.zeros_like(value) for name, value in cell.init(rng, 2, 5, 3).items()}
    params["b_f"] = chrono(rng, 5, 40)
    params["b_i"] = -params["b_f"]
    C = forward(cell, params, np.zeros((30, 1, 2)), (np.zeros((1, 5)), np.ones((1, 5)))).c
    odds = np.exp(params["b_f"])
    np.testing.assert_allclose(C[30, 0], (odds / (1 + odds)) ** 30)


def test_irnn_holds_its_state():
    """ReLU, identity and zero biases: without input a positive state stays (Le et al. 2015)."""
    cell = RNN("relu")
    params = cell.init(np.random.default_rng(0), 2, 5, 3, recurrent=identity)
    h0 = np.abs(np.random.default_rng(1).standard_normal((4, 5)))
    trace = forward(cell, params, np.zeros((50, 4, 2)), h0)
    np.testing.assert_array_equal(trace.h[-1], h0)
    J = step_jacobians(trace)
    assert (np.eye(5) == J).all()
