"""Checkpoints: the same bits after a break, nothing of another training, never half a file."""

import io
import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from bptt_lab.cells import GRU, RNN
from bptt_lab.tasks import copying, temporal_order
from bptt_lab.training import SGD, Adam, RMSProp, Training, checkpoints, make_evaluator, train

TASK = temporal_order()


def made(cell=None, seed=0, n=8, task=TASK, T=12, m=5, rng=None, **method):
    """Return a training at its start; nothing in it is drawn at random twice."""
    cell = RNN("tanh") if cell is None else cell
    params = cell.init(np.random.default_rng(seed), task.n_inputs, n, task.n_outputs)
    rng = np.random.default_rng(1) if rng is None else rng
    return Training(cell, params, task.draw(T, m), rng, **{"optimiser": SGD(0.1), **method})


def done(training, steps):
    for _ in training.until(steps):
        pass
    return training


def same(a, b):
    """Every array equal to the last bit, and of the same type."""
    return a.keys() == b.keys() and all(
        np.array_equal(a[name], b[name]) and a[name].dtype == b[name].dtype for name in a
    )


def same_history(a, b):
    names = ("loss", "gradient_norm", "omega", "evaluated_at", "error")
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in names)


# ------------------------------------------------------------------------------------ the same bits


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937, np.random.Philox])
@pytest.mark.parametrize("optimiser", [SGD(0.05, 0.9), RMSProp(0.01), Adam(0.01)], ids=repr)
def test_a_training_that_was_interrupted_ends_with_the_same_bits(tmp_path, optimiser, bits):
    cell, file = GRU(), tmp_path / "run.npz"
    params = cell.init(np.random.default_rng(0), TASK.n_inputs, 8, TASK.n_outputs)
    calls = []

    def draw(rng):
        calls.append(0)
        if len(calls) == 17:
            raise Interrupted
        return TASK.generate(rng, 12, 5)

    common = {"optimiser": optimiser, "clip_norm": 0.5, "every": 10, "snapshots": [5, 25]}
    common |= {"evaluate": make_evaluator(TASK, cell, 12, sequences=100), "steps": 30}
    straight = train(cell, params, TASK.draw(12, 5), np.random.Generator(bits(1)), **common)
    with pytest.raises(Interrupted):
        train(cell, params, draw, np.random.Generator(bits(1)), checkpoint=file, **common)
    rng = np.random.Generator(bits(1))
    rng.random(3)  # where it stands comes from the file
    resumed = train(cell, params, draw, rng, checkpoint=file, **common)
    assert same(resumed.params, straight.params)
    assert same_history(resumed.history, straight.history) and resumed.solved == straight.solved
    assert list(resumed.snapshots) == [5, 25]
    assert all(same(resumed.snapshots[k], straight.snapshots[k]) for k in (5, 25))
    assert len(calls) == 17 + 1 + 20  # one to know the data; ten updates were not done again
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]


def test_a_training_can_be_saved_before_its_first_update_and_made_longer_at_its_end(tmp_path):
    file, straight = tmp_path / "run.npz", done(made(), 12)
    made().save(file)
    for steps in (0, 7, 12):
        run = made()
        run.resume(file)
        done(run, steps).save(file)
    assert same(run.params, straight.params) and same_history(run.history, straight.history)
    with pytest.raises(ValueError, match="steps: expected at least the 12 updates done, got 11"):
        next(run.until(11))


def test_float32_and_a_generator_without_a_seed_come_back(tmp_path):
    file = tmp_path / "run.npz"
    made_again = partial(made, rng=None, clip_entry=0.1, chunk=5)
    runs = []
    for _ in range(3):
        philox = np.random.Generator(np.random.Philox(key=5))  # its seed is drawn anew each time
        runs.append(made_again(rng=philox))
    done(runs[0], 4).save(file)
    runs[1].resume(file)
    assert same(done(runs[1], 9).params, done(runs[2], 9).params)


# -------------------------------------------------------------------------------- another training

SGD_01 = "optimiser SGD(rate=0.1, momentum=0.0), not "


@pytest.mark.parametrize(
    "other, told",
    [
        ({"cell": RNN("relu")}, "cell RNN(activation='tanh'), not RNN(activation='relu')"),
        ({"seed": 5}, "initial W_hh float64 (8, 8) "),
        ({"n": 9}, ", not float64 (9, 9) "),
        ({"optimiser": SGD(0.2)}, SGD_01 + "SGD(rate=0.2, momentum=0.0)"),
        ({"optimiser": Adam(0.1)}, SGD_01 + "Adam(rate=0.1, "),
        ({"clip_norm": 1.0}, "clip_norm None, not 1.0"),
        ({"clip_entry": 1.0}, "clip_entry None, not 1.0"),
        ({"omega": 0.5}, "omega 0.0, not 0.5"),
        ({"window": 3}, "window None, not 3"),
        ({"chunk": 3}, "chunk None, not 3"),
        ({"rng": np.random.default_rng(2)}, "generator PCG64 of seed 1, not PCG64 of seed 2"),
        ({"rng": np.random.Generator(np.random.MT19937(1))}, "not MT19937 of seed 1"),
        ({"T": 13}, "with T 12, not 13; first inputs float64 (12, 5, 6) #"),
        ({"m": 6}, "with m 5, not 6; first inputs float64 (12, 5, 6) #"),
        ({"task": copying(4, 6)}, "with first inputs float64 (12, 5, 6) #"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("steps", [0, 4])
def test_another_training_is_refused_and_what_differs_is_named(tmp_path, steps, other, told):
    file = tmp_path / "run.npz"
    done(made(), steps).save(file)
    content = file.read_bytes()
    run = made(**other)
    before = run.params
    with pytest.raises(ValueError) as caught:
        run.resume(file)
    told_in = str(caught.value)
    assert told_in.startswith("checkpoint: expected one of this training, got one with ")
    assert told in told_in
    assert run.params is before and run.steps == 0 and file.read_bytes() == content


def test_only_what_differs_is_named(tmp_path):
    file = tmp_path / "run.npz"
    made().save(file)
    with pytest.raises(ValueError, match=r"got one with window None, not 3$"):
        made(window=3).resume(file)
    with pytest.raises(ValueError, match=r"with clip_norm None, not 1.0; chunk None, not 2$"):
        made(clip_norm=1.0, chunk=2).resume(file)


@pytest.mark.parametrize("content", [b"not a checkpoint", b"", "npz", "npy", "half"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, content):
    file = tmp_path / "run.npz"
    made().save(file)
    if content == "npz":
        np.savez(file, a=np.ones(2))
    elif content == "npy":
        with file.open("wb") as opened:
            np.save(opened, np.ones(2))
    else:
        half = file.read_bytes()[: file.stat().st_size // 2]
        file.write_bytes(half if content == "half" else content)
    with pytest.raises(ValueError, match=r"file that Training.save has written, got the file run"):
        made().resume(file)


# ------------------------------------------------------------------------------------- half a file


def broken(*_, **__):
    raise OSError("no power")


def half_an_archive(file, **arrays):
    whole = io.BytesIO()
    savez(whole, **arrays)
    file.write(whole.getvalue()[: len(whole.getvalue()) // 2])
    file.flush()
    broken()


savez, fsync, replace = np.savez, os.fsync, os.replace
STAGES = {
    "half written": (np, "savez", half_an_archive),
    "not on the disk": (os, "fsync", broken),
    "not renamed": (os, "replace", broken),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_break_inside_the_write_leaves_the_old_file_whole(tmp_path, monkeypatch, stage):
    file, run = tmp_path / "run.npz", done(made(), 3)
    run.save(file)
    content = file.read_bytes()
    done(run, 5)
    with monkeypatch.context() as patch:
        patch.setattr(*STAGES[stage])
        with pytest.raises(OSError, match="no power"):
            run.save(file)
    assert file.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]


def test_content_reaches_the_disk_before_the_name_and_the_folder_after_it(tmp_path, monkeypatch):
    order = []

    def noted(name, function):
        def call(*args):
            order.append(name)
            return function(*args)

        return call

    monkeypatch.setattr(os, "fsync", noted("fsync", os.fsync))
    monkeypatch.setattr(os, "replace", noted("replace", os.replace))
    made().save(tmp_path / "run.npz")
    folders = os.name != "nt"
    assert order == ["fsync", "replace"] + ["fsync"] * folders


def test_where_folders_cannot_be_opened_the_file_is_written_all_the_same(tmp_path, monkeypatch):
    def refused(path, *_):
        raise PermissionError(path)

    monkeypatch.setattr(checkpoints.os, "open", refused)  # as on Windows
    done(made(), 3).save(tmp_path / "run.npz")
    monkeypatch.undo()
    run = made()
    run.resume(tmp_path / "run.npz")
    assert run.steps == 3


VICTIM = """
import os, sys, time
import numpy as np
import test_checkpoints as t

def hang(*_, **__):
    print("there", flush=True)
    time.sleep(600)

def half(file, **arrays):
    try:
        t.half_an_archive(file, **arrays)
    except OSError:
        hang()

def renamed(*names):
    t.replace(*names)
    hang()

run = t.done(t.made(), 5)
stages = {
    "half written": (np, "savez", half),
    "not on the disk": (os, "fsync", hang),
    "not renamed": (os, "replace", hang),
    "renamed": (os, "replace", renamed),
}
setattr(*stages[sys.argv[1]])
run.save(sys.argv[2])
"""


@pytest.mark.parametrize("stage", [*STAGES, "renamed"])
def test_a_process_killed_inside_the_write_leaves_the_old_file_or_the_new_one(tmp_path, stage):
    file = tmp_path / "run.npz"
    done(made(), 3).save(file)
    command = [sys.executable, "-c", VICTIM, stage, str(file)]
    folder = os.path.dirname(__file__)
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, encoding="utf-8") as victim:
        assert victim.stdout.readline() == "there\n"
        victim.kill()
    run = made()
    run.resume(file)
    assert run.steps == (5 if stage == "renamed" else 3)
    done(run, 8).save(file)  # what the dead process left is no obstacle
    assert same(run.params, done(made(), 8).params)
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]
