"""Clipping, optimisers, Omega, truncation, and the loop around them."""

import io
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bptt_lab import (
    GRU,
    LSTM,
    RNN,
    SGD,
    Adam,
    RMSProp,
    Score,
    TrainingDiverged,
    adding,
    batch_gradients,
    clip_by_entry,
    clip_by_norm,
    digits,
    examination,
    forward,
    loss_and_gradients,
    omega,
    orthogonal,
    temporal_order,
    train,
)
from bptt_lab.progress import Progress
from bptt_lab.training import global_norm
from problems import make_problem

CELLS = [RNN("tanh"), LSTM(), GRU()]
cells = pytest.mark.parametrize("cell", CELLS, ids=lambda cell: type(cell).__name__)


def start(cell=CELLS[0], seed=0, n=8, task=None, **options):
    task = temporal_order() if task is None else task
    rng = np.random.default_rng(seed)
    return cell.init(rng, task.n_inputs, n, task.n_outputs, **options), rng


def same(a, b):
    """Every array equal to the last bit."""
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def same_history(a, b):
    names = ("loss", "gradient_norm", "omega", "examined", "error")
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in names)


# ----------------------------------------------------------------------------------- clipping

grads = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=6).map(
    lambda v: {"W": np.array(v[:1]), "b": np.array(v[1:])}
)


@pytest.mark.equation("eq-clipping")
@settings(max_examples=50, deadline=None)
@given(g=grads, tau=st.floats(1e-3, 1e3))
def test_clipping_by_norm_keeps_the_direction_and_bounds_the_norm(g, tau):
    clipped = clip_by_norm(g, tau)
    size, after = global_norm(g), global_norm(clipped)
    assert after <= tau * (1 + 1e-12)
    flat, short = (np.concatenate([*d.values()]) for d in (g, clipped))
    assert size == pytest.approx(np.linalg.norm(flat))
    assert np.allclose(short * max(size, tau), flat * tau, rtol=1e-12, atol=1e-200)


@settings(max_examples=50, deadline=None)
@given(g=grads, tau=st.floats(1e-3, 1e3))
def test_clipping_by_entry_bounds_each_entry_and_leaves_small_ones(g, tau):
    for name, clipped in clip_by_entry(g, tau).items():
        assert np.abs(clipped).max() <= tau
        assert np.array_equal(clipped[np.abs(g[name]) <= tau], g[name][np.abs(g[name]) <= tau])
        assert (np.sign(clipped) == np.sign(g[name])).all()


def test_a_norm_neither_overflows_nor_hides_what_is_not_a_number():
    assert global_norm({"a": np.array([3e300]), "b": np.array([4e300])}) == pytest.approx(5e300)
    assert np.isnan(global_norm({"a": np.ones(2), "b": np.array([np.nan])}))
    assert np.isinf(global_norm({"a": np.array([np.inf, 1.0])}))
    assert global_norm({"a": np.zeros(3)}) == 0


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_entry])
@pytest.mark.parametrize("threshold", [0, -1.0, np.inf, "1", True])
def test_a_threshold_is_a_positive_number(clip, threshold):
    with pytest.raises(ValueError, match="threshold: expected a"):
        clip({"a": np.ones(2)}, threshold)


# --------------------------------------------------------------------------------- optimisers


def trajectory(optimiser, grads, w=1.0):
    """Where a single parameter goes, given its gradients one after the other."""
    params, path = {"w": np.array([w])}, []
    memory = optimiser.start(params)
    for t, g in enumerate(grads, 1):
        params, memory = optimiser.step(t, params, {"w": np.array([g])}, memory)
        path.append(float(params["w"][0]))
    return np.array(path)


def test_momentum_adds_a_geometric_series():
    path = trajectory(SGD(0.1, momentum=0.5), [2.0] * 6)
    v = 2.0 * (1 - 0.5 ** np.arange(1, 7)) / (1 - 0.5)  # closed form for a constant gradient
    assert np.allclose(path, 1 - 0.1 * np.cumsum(v), rtol=1e-14)


def test_plain_descent_contracts_a_parabola_by_a_known_factor():
    w, path = {"w": np.array([1.0])}, []
    for t in range(1, 9):  # L = 3/2 w^2, so that w shrinks by 1 - 0.1 * 3
        w, _ = SGD(0.1).step(t, w, {"w": 3 * w["w"]}, SGD(0.1).start(w))
        path.append(w["w"][0])
    assert np.allclose(path, 0.7 ** np.arange(1, 9), rtol=1e-13)


def test_rmsprop_by_hand():
    gradients, rate, rho, epsilon = [4.0, -2.0, 1.0], 0.1, 0.75, 1e-3
    w, s, expected = 1.0, 0.0, []
    for g in gradients:
        s = rho * s + (1 - rho) * g**2
        w -= rate * g / (s**0.5 + epsilon)
        expected.append(w)
    assert np.allclose(trajectory(RMSProp(rate, rho, epsilon), gradients), expected, rtol=1e-14)


def test_adam_by_hand():
    """The corrected averages, written as weighted means of the gradients so far."""
    g, rate, b1, b2, epsilon = np.array([4.0, -2.0, 1.0, 5.0]), 0.1, 0.5, 0.8, 1e-3
    w, expected = 1.0, []
    for t in range(1, 5):
        u1, u2 = b1 ** np.arange(t)[::-1], b2 ** np.arange(t)[::-1]
        m, s = u1 @ g[:t] / u1.sum(), u2 @ g[:t] ** 2 / u2.sum()
        w -= rate * m / (s**0.5 + epsilon)
        expected.append(w)
    assert np.allclose(trajectory(Adam(rate, b1, b2, epsilon), g), expected, rtol=1e-13)


@pytest.mark.parametrize("optimiser", [SGD(0.1, 0.9), RMSProp(0.1), Adam(0.1)])
def test_a_step_changes_nothing_in_place_and_keeps_the_precision(optimiser):
    params, gradient = {"w": np.ones(3, np.float32)}, {"w": np.full(3, 2, np.float32)}
    memory = optimiser.start(params)
    for t in (1, 2):
        moved, memory = optimiser.step(t, params, gradient, memory)
    assert (params["w"] == 1).all() and (gradient["w"] == 2).all() and (moved["w"] < 1).all()
    assert moved["w"].dtype == np.float32
    assert all(array.dtype == np.float32 for part in memory.values() for array in part.values())


@pytest.mark.parametrize(
    "kind, options, name",
    [
        (SGD, {"rate": 0}, "rate"),
        (SGD, {"momentum": 1.0}, "momentum"),
        (RMSProp, {"decay": -0.1}, "decay"),
        (RMSProp, {"epsilon": 0}, "epsilon"),
        (Adam, {"beta1": 1.5}, "beta1"),
        (Adam, {"beta2": "0.9"}, "beta2"),
        (Adam, {"rate": np.nan}, "rate"),
    ],
)
def test_numbers_out_of_range_are_refused(kind, options, name):
    with pytest.raises(ValueError, match=f"{name}: expected a"):
        kind(**options)


# -------------------------------------------------------------------------------------- Omega


@pytest.mark.equation("eq-omega-gradient")
def test_the_gradient_of_omega_by_finite_differences_with_all_else_held():
    rng, T, m, n = np.random.default_rng(0), 7, 4, 5
    g, W = rng.standard_normal((T, m, n)), rng.standard_normal((n, n))
    delta = g * rng.uniform(0.2, 1, g.shape)
    _, gradient = omega(W, g, delta)
    for i in range(n):
        for j in range(n):
            E = np.zeros((n, n))
            E[i, j] = 1e-6
            slope = (omega(W + E, g, delta)[0] - omega(W - E, g, delta)[0]) / 2e-6
            assert gradient[i, j] == pytest.approx(slope, rel=1e-6, abs=1e-8)


@pytest.mark.equation("eq-omega")
def test_omega_of_known_matrices():
    rng = np.random.default_rng(0)
    g, Q = rng.standard_normal((6, 3, 5)), orthogonal(rng, 5)
    assert omega(Q, g, g)[0] < 1e-25 and np.abs(omega(Q, g, g)[1]).max() < 1e-12
    assert omega(3 * Q, g, g)[0] == pytest.approx(4)


def test_steps_that_no_gradient_reaches_do_not_count():
    rng = np.random.default_rng(0)
    g, W = rng.standard_normal((6, 3, 5)), rng.standard_normal((5, 5))
    half = g.copy()
    half[:3] = 0
    value, gradient = omega(W, half, half)
    expected, expected_gradient = omega(W, g[3:], g[3:])
    assert value == pytest.approx(expected) and np.allclose(gradient, expected_gradient)
    assert omega(W, 0 * g, 0 * g)[0] == 0
    tiny_value, tiny_gradient = omega(W, 1e-140 * g, 1e-140 * g)
    value, gradient = omega(W, g, g)
    assert tiny_value == pytest.approx(value) and np.allclose(tiny_gradient, gradient)


@pytest.mark.equation("eq-omega")
def test_omega_in_a_batch_is_that_of_the_gradients_going_back():
    """An oracle that follows one sequence and one step at a time."""
    p = make_problem(RNN("tanh"), T=9, m=3)
    p.y[-1] = 0
    trace = forward(p.cell, p.params, p.x)
    _, grads = loss_and_gradients(p.cell, p.params, p.x, p.y, reduction="mean")
    targets = int((p.y >= 0).sum())
    ratios = []
    for k in range(3):
        g = np.zeros(5)
        for t in range(9, 0, -1):
            o = trace.logits[t - 1, k]
            if p.y[t - 1, k] >= 0:
                e = np.exp(o - o.max()) / np.exp(o - o.max()).sum()
                e[p.y[t - 1, k]] -= 1
                g = g + p.params["W_yh"] @ e / targets
            r = p.params["W_hh"] @ (g * (1 - trace.h[t, k] ** 2))
            if g.any():
                ratios.append(np.linalg.norm(r) / np.linalg.norm(g))
            g = r
    plain = batch_gradients(p.cell, p.params, p.x, p.y)
    with_omega = batch_gradients(p.cell, p.params, p.x, p.y, weight=0.5)
    assert with_omega.omega == pytest.approx(np.mean((np.array(ratios) - 1) ** 2))
    assert plain.omega == 0 and plain.loss == with_omega.loss
    for name in p.params:
        assert np.allclose(plain.grads[name], grads[name], rtol=1e-12, atol=1e-14)
        changed = not np.allclose(with_omega.grads[name], plain.grads[name])
        assert changed == (name == "W_hh")


def test_omega_keeps_the_gradient_alive():
    cell, task = RNN("tanh"), temporal_order()
    params, rng = start(cell, n=20)
    params["W_hh"] = 0.5 * orthogonal(rng, 20)
    draw = task.draw(T=15, m=10)
    common = {"steps": 150, "optimiser": SGD(0.05), "clip_norm": 1.0}
    without = train(cell, params, draw, np.random.default_rng(1), **common)
    kept = train(cell, params, draw, np.random.default_rng(1), omega=2.0, **common)
    assert kept.history.omega[-1] < 0.3 * kept.history.omega[0]
    assert np.array_equal(without.history.omega, np.zeros(150))


# ------------------------------------------------------------------------------ batch gradients


@cells
def test_gradients_are_those_of_the_mean_loss(cell):
    p = make_problem(cell)
    for y in (p.y, p.targets):
        loss, grads = loss_and_gradients(cell, p.params, p.x, y, reduction="mean")
        found = batch_gradients(cell, p.params, p.x, y)
        assert found.loss == pytest.approx(loss, rel=1e-13)
        assert found.grads.keys() == p.params.keys()
        for name in p.params:
            assert np.allclose(found.grads[name], grads[name], rtol=1e-11, atol=1e-13)


@cells
def test_a_window_is_that_of_loss_and_gradients(cell):
    p = make_problem(cell)
    _, grads = loss_and_gradients(cell, p.params, p.x, p.y, reduction="mean", window=3)
    found = batch_gradients(cell, p.params, p.x, p.y, window=3)
    assert all(np.allclose(found.grads[k], grads[k], rtol=1e-11, atol=1e-13) for k in p.params)


@cells
@pytest.mark.parametrize("K", [1, 3, 7, 20])
def test_chunks_are_sequences_of_their_own_with_the_state_carried(cell, K):
    p = make_problem(cell)
    total, state = {name: 0.0 for name in p.params}, None
    for t in range(0, 7, K):
        piece = slice(t, t + K)
        _, grads = loss_and_gradients(cell, p.params, p.x[piece], p.y[piece], state)
        total = {name: total[name] + grads[name] for name in total}
        state = tuple(part[-1] for part in forward(cell, p.params, p.x[piece], state).states)
    found = batch_gradients(cell, p.params, p.x, p.y, chunk=K)
    targets = (p.y >= 0).sum()
    for name in total:
        assert np.allclose(found.grads[name] * targets, total[name], rtol=1e-11, atol=1e-12)


def test_a_target_that_is_not_a_number_is_none():
    p = make_problem(RNN("tanh"))
    y = np.full_like(p.targets, np.nan)
    y[-1] = p.targets[-1]
    found = batch_gradients(p.cell, p.params, p.x, y)
    o = forward(p.cell, p.params, p.x).logits[-1]
    assert found.loss == pytest.approx(0.5 * ((o - y[-1]) ** 2).sum() / len(o))
    step = 1e-6
    for name in ("W_hh", "W_yh", "b_y"):
        ends = []
        for s in (step, -step):
            moved = {**p.params, name: p.params[name] + s}
            ends.append(batch_gradients(p.cell, moved, p.x, y).loss)
        assert found.grads[name].sum() == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6)


def test_what_does_not_go_together_is_refused():
    p = make_problem(RNN("tanh"))
    lstm = make_problem(LSTM())
    for problem, options, told in (
        (p, {"window": 2, "chunk": 2}, "chunk: expected None beside a window"),
        (p, {"window": 2, "weight": 1.0}, "omega: expected 0 beside a truncation"),
        (lstm, {"weight": 1.0}, "omega: expected 0 for a gated cell"),
        (p, {"chunk": 0}, "chunk: expected an integer"),
        (p, {"weight": -1.0}, "omega: expected a finite number of at least 0"),
    ):
        with pytest.raises(ValueError, match=told):
            batch_gradients(problem.cell, problem.params, problem.x, problem.y, **options)
    with pytest.raises(ValueError, match="y: expected at least one target, got none"):
        batch_gradients(p.cell, p.params, p.x, np.full_like(p.y, -1))
    with pytest.raises(ValueError, match="y: expected integer classes"):
        batch_gradients(p.cell, p.params, p.x, p.y[:-1])
    with pytest.raises(ValueError, match="y: expected finite numbers, got inf"):
        batch_gradients(p.cell, p.params, p.x, np.full_like(p.targets, np.inf))


# ------------------------------------------------------------------------------------ the loop


@cells
def test_training_learns_and_stops_at_the_criterion(cell):
    params, rng = start(cell, n=20)
    before = {name: value.copy() for name, value in params.items()}
    task = temporal_order()
    examine = examination(task, cell, 10, sequences=500)
    options = {"optimiser": Adam(0.01), "clip_norm": 1.0, "examine": examine, "every": 50}
    result = train(cell, params, task.draw(10, 20), rng, steps=2000, **options)
    assert result.solved and result.steps < 2000 and result.steps % 50 == 0
    assert result.history.examined.tolist() == list(range(0, result.steps + 1, 50))
    assert result.history.error[0] > 0.5 and result.history.error[-1] <= 0.01
    assert result.history.loss[-20:].mean() < 0.2 * result.history.loss[:20].mean()
    assert same(params, before)


def test_an_update_is_a_clipped_step_of_the_optimiser():
    cell, task = RNN("tanh"), temporal_order()
    params, rng = start(cell)
    x, y = task.generate(np.random.default_rng(5), 12, 6)
    options = {"optimiser": SGD(0.5), "clip_norm": 0.01}
    result = train(cell, params, lambda _: (x, y), rng, steps=1, **options)
    loss, grads = loss_and_gradients(cell, params, x, y, reduction="mean")
    size = np.sqrt(sum((grads[name] ** 2).sum() for name in params))
    assert result.history.gradient_norm[0] == pytest.approx(size) and size > 0.01
    assert result.history.loss[0] == pytest.approx(loss)
    for name, p in params.items():
        assert np.allclose(result.params[name], p - 0.5 * 0.01 * grads[name] / size, rtol=1e-12)


def test_snapshots_are_the_parameters_after_so_many_updates():
    cell, draw = RNN("tanh"), temporal_order().draw(10, 5)
    params, _ = start(cell)

    def trained(steps, **options):
        return train(cell, params, draw, np.random.default_rng(3), steps=steps, **options)

    long = trained(9, snapshots=[0, 4, 9, 20])
    assert sorted(long.snapshots) == [0, 4, 9]
    assert same(long.snapshots[4], trained(4).params)
    assert same(long.snapshots[0], params) and long.snapshots[0]["W_hh"] is not params["W_hh"]
    assert same(long.snapshots[9], long.params)


def test_float32_stays_float32():
    cell, task = RNN("tanh"), temporal_order()
    for options in ({"clip_norm": 0.1, "omega": 1.0}, {"clip_entry": 0.1, "chunk": 3}):
        params, rng = start(cell, dtype=np.float32)
        result = train(
            cell, params, task.draw(10, 5), rng, steps=3, optimiser=Adam(0.01), **options
        )
        assert {p.dtype for p in result.params.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("options", [{"clip_entry": 0.1}, {"window": 4}, {"chunk": 4}])
def test_other_ways_of_training_learn_too(options):
    cell, task = RNN("tanh"), adding()
    params, rng = start(cell, task=task, n=16)
    common = {"steps": 200, "optimiser": RMSProp(0.003)}
    loss = train(cell, params, task.draw(8, 20), rng, **common, **options).history.loss
    assert loss[-40:].mean() < 0.8 * loss[:10].mean()


@pytest.mark.parametrize(
    "options, told",
    [
        ({"steps": -1}, "steps: expected an integer of at least 0"),
        ({"every": 0}, "every: expected an integer"),
        ({"draw": None}, "draw: expected a function"),
        ({"rng": 0}, "rng: expected a numpy.random.Generator"),
        ({"clip_norm": 0}, "clip_norm: expected a number above 0"),
        ({"clip_norm": 1.0, "clip_entry": 1.0}, "clip_entry: expected None beside clip_norm"),
        ({"snapshots": [-1]}, "snapshots: expected an integer of at least 0"),
        ({"omega": -0.5}, "omega: expected a finite number of at least 0"),
    ],
)
def test_bad_arguments_of_train_are_named(options, told):
    params, rng = start()
    draw = temporal_order().draw(10, 5)
    arguments = {"draw": draw, "rng": rng, "steps": 2, **options}
    with pytest.raises(ValueError, match=told):
        train(CELLS[0], params, **arguments)


# ------------------------------------------------------------------------------------ divergence


def test_divergence_names_the_step_and_keeps_the_last_good_parameters():
    cell, task = RNN("identity"), temporal_order()
    params, rng = start(cell, n=12)
    options = {"steps": 500, "optimiser": SGD(1.0), "snapshots": range(500)}
    with pytest.raises(TrainingDiverged, match=r"diverged at step \d+: loss .*norm") as caught:
        train(cell, params, task.draw(40, 5), rng, **options)
    error = caught.value
    assert isinstance(error, ArithmeticError) and error.step >= 2
    assert len(error.history.loss) == error.step - 1
    assert all(np.isfinite(p).all() for p in error.params.values())
    assert not same(error.params, params)
    assert np.isfinite(error.history.loss).all()
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) and same(again.params, error.params)
    _, rng = start(cell, n=12)
    stopped = train(cell, params, task.draw(40, 5), rng, **{**options, "steps": error.step - 1})
    assert same(stopped.params, error.params)


def test_clipping_prevents_that_divergence():
    cell, task = RNN("identity"), temporal_order()
    params, rng = start(cell, n=12)
    with pytest.raises(TrainingDiverged):
        train(cell, params, task.draw(40, 5), rng, steps=500, optimiser=SGD(0.05))
    options = {"optimiser": SGD(0.05), "clip_norm": 1.0}
    result = train(cell, params, task.draw(40, 5), rng, steps=500, **options)
    assert result.steps == 500 and result.history.gradient_norm.max() > 1


# --------------------------------------------------------------------------------- examination


def test_an_examination_is_the_same_every_time_and_as_large_as_the_source_says():
    cell, task = RNN("tanh"), temporal_order()
    params, _ = start(cell)
    examine = examination(task, cell, 10)
    score = examine(params)
    assert examine(params) == score and not score.solved and score.error > 0.5
    other = examination(task, cell, 10, seed=7)(params)
    assert other.error != score.error


def test_an_examination_passes_only_on_all_sequences():
    """Outputs that are right but for a known share, at the border of the criterion."""
    task = temporal_order()
    seen = []

    class Recorder(type(task)):
        def wrong(self, logits, y):
            seen.append(y.shape[1])
            return np.arange(y.shape[1]) % 100 == 0  # exactly 1 %

    recorder = Recorder(**{name: getattr(task, name) for name in task.__dataclass_fields__})
    params, _ = start()
    assert examination(recorder, CELLS[0], 10, sequences=1300)(params) == Score(0.01, True)
    assert seen[-1] == 1300


def test_digits_are_examined_on_their_test_part():
    cell, data = RNN("tanh"), digits()
    params = cell.init(np.random.default_rng(0), 1, 8, 10)
    params["b_y"][3] = 1e3  # says 3 to everything
    score = examination(data, cell)(params)
    assert score.error == pytest.approx((data.test_y[-1] != 3).mean()) and not score.solved


def test_a_length_that_cannot_be_posed_is_refused_before_training():
    with pytest.raises(ValueError, match="T of the task temporal order"):
        examination(temporal_order(), CELLS[0], 5)
    with pytest.raises(ValueError, match="task: expected a Task or Digits"):
        examination("adding", CELLS[0], 50)


# --------------------------------------------------------------------------------- checkpoints


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937, np.random.Philox])
@pytest.mark.parametrize("optimiser", [SGD(0.05, 0.9), RMSProp(0.01), Adam(0.01)])
def test_a_training_that_was_interrupted_ends_with_the_same_bits(tmp_path, optimiser, bits):
    cell, task = GRU(), temporal_order()
    params, _ = start(cell)
    file = tmp_path / "run.npz"
    examine = examination(task, cell, 12, sequences=100)
    calls = []

    def draw(rng):
        calls.append(0)
        if len(calls) == 17:
            raise Interrupted
        return task.generate(rng, 12, 5)

    common = {"optimiser": optimiser, "clip_norm": 0.5, "examine": examine, "every": 10}
    common |= {"snapshots": [5, 25]}
    straight = train(
        cell, params, task.draw(12, 5), np.random.Generator(bits(1)), steps=30, **common
    )
    with pytest.raises(Interrupted):
        rng = np.random.Generator(bits(1))
        train(cell, params, draw, rng, steps=30, checkpoint=file, **common)
    other = np.random.Generator(bits(99))  # where it stood comes from the file
    resumed = train(cell, params, draw, other, steps=30, checkpoint=file, **common)
    assert same(resumed.params, straight.params)
    assert same_history(resumed.history, straight.history)
    assert sorted(resumed.snapshots) == [5, 25]
    assert all(same(resumed.snapshots[k], straight.snapshots[k]) for k in (5, 25))
    assert len(calls) == 17 + 20  # ten updates before the break were not done again
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]


def test_a_finished_training_can_be_made_longer(tmp_path):
    cell, task, file = RNN("tanh"), temporal_order(), tmp_path / "run.npz"
    params, _ = start(cell)
    common = {"optimiser": Adam(0.01), "examine": examination(task, cell, 12, sequences=100)}

    def trained(steps, **options):
        rng = np.random.default_rng(1)
        return train(
            cell, params, task.draw(12, 5), rng, steps=steps, every=10, **common, **options
        )

    trained(14, checkpoint=file)
    longer, straight = trained(30, checkpoint=file), trained(30)
    assert same(longer.params, straight.params)
    assert same_history(longer.history, straight.history)
    with pytest.raises(ValueError, match="steps: expected at least the 30 updates"):
        trained(20, checkpoint=file)


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    file, draw = tmp_path / "run.npz", temporal_order().draw(12, 5)
    params, rng = start()

    def trained(cell=CELLS[0], params=params, rng=rng, **options):
        options = {"optimiser": SGD(0.1), **options}
        return train(cell, params, draw, rng, steps=4, checkpoint=file, **options)

    trained()
    with pytest.raises(ValueError, match="checkpoint: expected one of the training .*0.2"):
        trained(optimiser=SGD(0.2))
    with pytest.raises(ValueError, match="checkpoint: expected one of the training"):
        trained(params=start(n=9)[0])
    with pytest.raises(ValueError, match="rng: expected one of kind PCG64"):
        trained(rng=np.random.Generator(np.random.MT19937(0)))
    for content in (b"not a checkpoint", b""):
        file.write_bytes(content)
        with pytest.raises(ValueError, match=r"checkpoint: expected a file that train has written"):
            trained()
        assert file.read_bytes() == content
    np.savez(file, a=np.ones(2))
    with pytest.raises(ValueError, match="a file that train has written, got the file run.npz"):
        trained()


# ------------------------------------------------------------------------------------ progress


def test_a_bar_shows_the_count_the_loss_and_the_time_left():
    stream = io.StringIO()
    with Progress(4, shown=True, stream=stream) as bar:
        bar.update(0)
        bar.update(4, "loss 0.5")
    last = stream.getvalue().split("\r")[-1]
    assert "[" + 20 * "#" + "] 4/4, loss 0.5" in last and "left" in last and last.endswith("\n")


def test_no_bar_where_there_is_no_terminal(capsys):
    params, rng = start()
    draw = temporal_order().draw(10, 5)
    train(CELLS[0], params, draw, rng, steps=3)
    assert capsys.readouterr() == ("", "")
    train(CELLS[0], params, draw, rng, steps=3, progress=True)
    assert "3/3, loss" in capsys.readouterr().err
