"""The loop that a caller drives, what it keeps when it diverges, and the usual loop around it."""

import pickle
import sys

import numpy as np
import pytest

from bptt_lab.bptt import loss_and_gradients
from bptt_lab.cells import GRU, LSTM, RNN
from bptt_lab.initializers import orthogonal
from bptt_lab.tasks import adding, digits, temporal_order
from bptt_lab.training import (
    SGD,
    Adam,
    Evaluation,
    RMSProp,
    Training,
    TrainingDiverged,
    make_evaluator,
    train,
)

RNN_TANH = RNN("tanh")


def start(cell=RNN_TANH, seed=0, n=8, task=None, **options):
    task = temporal_order() if task is None else task
    rng = np.random.default_rng(seed)
    return cell.init(rng, task.n_inputs, n, task.n_outputs, **options), rng


def same(a, b):
    """Every array equal to the last bit."""
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def arguments_of_a_run(T=10, m=5):
    params, rng = start()
    return params, temporal_order().draw(T, m), rng


# ------------------------------------------------------------------------------------ the loop


def test_an_update_is_a_clipped_step_of_the_optimiser():
    params, rng = start()
    x, y = temporal_order().generate(np.random.default_rng(5), 12, 6)
    run = Training(RNN_TANH, params, lambda _: (x, y), rng, optimiser=SGD(0.5), clip_norm=0.01)
    run.update()
    loss, grads = loss_and_gradients(RNN_TANH, params, x, y, reduction="mean")
    size = np.sqrt(sum((grads[name] ** 2).sum() for name in params))
    assert run.history.gradient_norm[0] == pytest.approx(size) and size > 0.01
    assert run.history.loss[0] == pytest.approx(loss)
    for name, p in params.items():
        assert np.allclose(run.params[name], p - 0.5 * 0.01 * grads[name] / size, rtol=1e-12)


def test_the_caller_looks_before_the_first_update_and_after_each():
    params, rng = start()
    before = {name: value.copy() for name, value in params.items()}
    run = Training(RNN_TANH, params, temporal_order().draw(10, 5), rng)
    seen = []
    for step in run.until(4):
        assert step == run.steps == len(run.history.loss)
        seen.append(run.params)
    assert len(seen) == 5 and same(seen[0], params)
    assert not any(same(a, b) for a, b in zip(seen, seen[1:], strict=False))
    assert same(params, before)  # neither the caller's arrays ...
    params["W_hh"] += 1
    assert same(seen[0], before)  # ... nor what the caller does to them afterwards


def test_a_loop_that_was_left_goes_on_where_it_was():
    straight, left = (
        Training(RNN_TANH, *arguments_of_a_run(), optimiser=Adam(0.01), clip_norm=0.5)
        for _ in range(2)
    )
    for _ in straight.until(9):
        pass
    for step in left.until(9):
        if step == 4:
            break
    assert list(left.until(9)) == [4, 5, 6, 7, 8, 9]
    assert same(left.params, straight.params)
    with pytest.raises(ValueError, match="steps: expected at least the 9 updates done, got 8"):
        next(left.until(8))


def test_float32_stays_float32():
    draw = temporal_order().draw(10, 5)
    for options in ({"clip_norm": 0.1, "omega": 1.0}, {"clip_entry": 0.1, "chunk": 3}):
        params, rng = start(dtype=np.float32)
        run = train(RNN_TANH, params, draw, rng, steps=3, optimiser=Adam(0.01), **options)
        assert {p.dtype for p in run.params.values()} == {np.dtype(np.float32)}


def test_omega_keeps_the_gradient_alive():
    params, rng = start(n=20)
    params["W_hh"] = 0.5 * orthogonal(rng, 20)
    draw = temporal_order().draw(T=15, m=10)
    common = {"steps": 150, "optimiser": SGD(0.05), "clip_norm": 1.0}
    without = train(RNN_TANH, params, draw, np.random.default_rng(1), **common)
    kept = train(RNN_TANH, params, draw, np.random.default_rng(1), omega=2.0, **common)
    assert kept.history.omega[-1] < 0.3 * kept.history.omega[0]
    assert np.array_equal(without.history.omega, np.zeros(150))


@pytest.mark.parametrize("options", [{"clip_entry": 0.1}, {"window": 4}, {"chunk": 4}])
def test_other_ways_of_training_learn_too(options):
    task = adding()
    params, rng = start(task=task, n=16)
    common = {"steps": 200, "optimiser": RMSProp(0.003)}
    loss = train(RNN_TANH, params, task.draw(8, 20), rng, **common, **options).history.loss
    assert loss[-40:].mean() < 0.8 * loss[:10].mean()


# ------------------------------------------------------------------------------ the usual loop


@pytest.mark.parametrize("cell", [RNN_TANH, LSTM(), GRU()], ids=repr)
def test_training_learns_and_stops_at_the_criterion(cell):
    params, rng = start(cell, n=20)
    evaluate = make_evaluator(temporal_order(), cell, 10, sequences=500)
    options = {"optimiser": Adam(0.01), "clip_norm": 1.0, "evaluate": evaluate, "every": 50}
    run = train(cell, params, temporal_order().draw(10, 20), rng, steps=2000, **options)
    assert run.solved and run.steps < 2000 and run.steps % 50 == 0
    assert run.history.evaluated_at.tolist() == list(range(0, run.steps + 1, 50))
    assert run.history.error[0] > 0.5 and run.history.error[-1] <= 0.01
    assert run.history.loss[-20:].mean() < 0.2 * run.history.loss[:20].mean()


def test_the_end_is_evaluated_too_and_only_a_last_success_is_one():
    answers = iter([Evaluation(0.9, False), Evaluation(0.3, False), Evaluation(0.2, False)])
    run = train(
        RNN_TANH, *arguments_of_a_run(), steps=14, every=10, evaluate=lambda params: next(answers)
    )
    assert run.history.evaluated_at.tolist() == [0, 10, 14] and not run.solved
    assert run.history.error.tolist() == [0.9, 0.3, 0.2]


def test_snapshots_are_the_parameters_after_so_many_updates():
    params, draw, _ = arguments_of_a_run()

    def trained(steps, **options):
        return train(RNN_TANH, params, draw, np.random.default_rng(3), steps=steps, **options)

    long = trained(9, snapshots=[0, 4, 9, 20])
    assert sorted(long.snapshots) == [0, 4, 9]
    assert same(long.snapshots[4], trained(4).params)
    assert same(long.snapshots[0], params) and long.snapshots[0]["W_hh"] is not params["W_hh"]
    assert same(long.snapshots[9], long.params)


@pytest.mark.parametrize(
    "options, told",
    [
        ({"cell": RNN}, "cell: expected a cell such as"),
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
def test_bad_arguments_are_named(options, told):
    params, draw, rng = arguments_of_a_run()
    arguments = {"cell": RNN_TANH, "params": params, "draw": draw, "rng": rng, "steps": 2}
    with pytest.raises(ValueError, match=told):
        train(**arguments | options)


# ------------------------------------------------------------------------------------ divergence


def test_divergence_names_the_step_and_keeps_the_last_good_parameters():
    cell = RNN("identity")
    params, rng = start(cell, n=12)
    run = Training(cell, params, temporal_order().draw(40, 5), rng, optimiser=SGD(1.0))
    with pytest.raises(TrainingDiverged, match=r"diverged at step \d+: loss .*norm") as caught:
        for _ in run.until(500):
            pass
    error = caught.value
    assert isinstance(error, ArithmeticError) and error.step >= 2
    assert len(error.history.loss) == error.step - 1 == run.steps
    assert all(np.isfinite(p).all() for p in error.params.values())
    assert not same(error.params, params) and same(error.params, run.params)
    assert np.isfinite(error.history.loss).all()
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) and same(again.params, error.params)
    _, rng = start(cell, n=12)
    options = {"steps": error.step - 1, "optimiser": SGD(1.0)}
    stopped = train(cell, params, temporal_order().draw(40, 5), rng, **options)
    assert same(stopped.params, error.params)


def test_clipping_prevents_a_divergence():
    cell, draw = RNN("identity"), temporal_order().draw(40, 5)
    params, rng = start(cell, n=12)
    with pytest.raises(TrainingDiverged):
        train(cell, params, draw, rng, steps=150, optimiser=SGD(0.05))
    clipped = train(cell, params, draw, rng, steps=150, optimiser=SGD(0.05), clip_norm=1.0)
    assert clipped.steps == 150 and clipped.history.gradient_norm.max() > 1


# ------------------------------------------------------------------------------------ evaluation


def test_an_evaluation_is_the_same_every_time_and_of_its_own_sequences():
    params, _ = start()
    evaluate = make_evaluator(temporal_order(), RNN_TANH, 10)
    found = evaluate(params)
    assert evaluate(params) == found and not found.solved and found.error > 0.5
    other = make_evaluator(temporal_order(), RNN_TANH, 10, seed=7)(params)
    assert other.error != found.error


class Recorder(type(temporal_order())):
    """The temporal order task with a given share of wrong answers, and what it is asked."""

    def __init__(self, share):
        task = temporal_order()
        super().__init__(**{name: getattr(task, name) for name in task.__dataclass_fields__})
        object.__setattr__(self, "share", share)
        object.__setattr__(self, "seen", [])
        object.__setattr__(self, "drawn", [])

    def wrong(self, logits, y):
        self.seen.append(y.shape[1])
        return np.arange(y.shape[1]) % 100 < 100 * self.share

    def generate(self, rng, T, m):
        self.drawn.append(m)
        return super().generate(rng, T, m)


def test_the_criterion_is_decided_on_all_sequences():
    task = Recorder(share=0.01)  # the border of the criterion
    params, _ = start()
    evaluate = make_evaluator(task, RNN_TANH, 10, sequences=1300)
    assert evaluate(params) == Evaluation(0.01, True)
    assert task.drawn == [500, 500, 300] and task.seen[-1] == 1300


def test_a_network_that_is_far_off_is_not_asked_about_the_rest():
    params, _ = start()
    for share, drawn in ((0.03, [500, 500, 300]), (0.06, [500])):
        task = Recorder(share)
        found = make_evaluator(task, RNN_TANH, 10, sequences=1300)(params)
        assert found == Evaluation(share, False) and task.drawn == drawn


def test_digits_are_evaluated_on_their_test_part():
    data = digits()
    params = RNN_TANH.init(np.random.default_rng(0), 1, 8, 10)
    params["b_y"][3] = 1e3  # says 3 to everything
    found = make_evaluator(data, RNN_TANH)(params)
    assert found.error == pytest.approx((data.test_y[-1] != 3).mean()) and not found.solved


def test_a_length_that_cannot_be_posed_is_refused_before_training():
    with pytest.raises(ValueError, match="T of the task temporal order"):
        make_evaluator(temporal_order(), RNN_TANH, 5)
    with pytest.raises(ValueError, match="task: expected a Task or Digits"):
        make_evaluator("adding", RNN_TANH, 50)


# -------------------------------------------------------------------------------------- progress


def test_a_bar_is_shown_on_a_terminal_or_if_asked_for(capsys, monkeypatch):
    train(RNN_TANH, *arguments_of_a_run(), steps=3)
    assert capsys.readouterr() == ("", "")
    train(RNN_TANH, *arguments_of_a_run(), steps=3, progress=True)
    assert "3/3 [" in (shown := capsys.readouterr().err) and "loss" in shown
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    train(RNN_TANH, *arguments_of_a_run(), steps=3)
    assert "3/3 [" in capsys.readouterr().err
    train(RNN_TANH, *arguments_of_a_run(), steps=3, progress=False)
    assert capsys.readouterr() == ("", "")


def test_the_bar_of_a_resumed_training_begins_where_it_was(capsys, tmp_path):
    file = tmp_path / "run.npz"
    train(RNN_TANH, *arguments_of_a_run(), steps=6, checkpoint=file)
    train(RNN_TANH, *arguments_of_a_run(), steps=8, checkpoint=file, progress=True)
    first = capsys.readouterr().err.split("\r")[1]
    assert "6/8 [" in first
