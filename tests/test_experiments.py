"""Sweeps: the same outcomes in every place, in spite of workers that die and of breaks."""

import json
import os
import pickle
import subprocess
import sys
from concurrent.futures import BrokenExecutor
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pytest
from joblib import parallel_config
from joblib.externals.loky import get_reusable_executor
from threadpoolctl import threadpool_info, threadpool_limits

from bptt_lab import experiments
from bptt_lab.experiments import Outcome, Setting, prepare, sweep, table, train_setting

FEW = [
    Setting(network, T=10, seed=seed, clip=1.0, n=6, m=5, steps=12, every=6, sequences=40)
    for network in ("RNN gaussian", "LSTM b_f=1")
    for seed in (0, 1)
]


def outcome(setting: Setting, solved: bool = True) -> Outcome:
    """Return what a training might leave, without one."""
    return Outcome(solved, False, 100 + setting.seed, 0.0, 1.0, 0.5)


@pytest.fixture(scope="module")
def serial() -> list[Outcome]:
    return [train_setting(setting) for setting in FEW]


@pytest.fixture(scope="module")
def processes():
    """End the processes of joblib after the tests that use them."""
    yield
    get_reusable_executor().shutdown(wait=True)


# ------------------------------------------------------------------------------- one training


def test_an_outcome_depends_on_its_setting_alone(serial):
    assert train_setting(FEW[0]) == serial[0]
    assert train_setting(replace(FEW[0], seed=7)) != serial[0]
    assert replace(serial[0], seconds=99.0) == serial[0]
    assert replace(serial[0], steps=99) != serial[0]


def test_a_training_has_one_thread_of_linear_algebra(monkeypatch):
    task, threads = experiments.TASKS["temporal order"](), []

    def spy(rng, T, m):
        threads.extend(pool["num_threads"] for pool in blas())
        return task.make_sequences(rng, T, m)

    def blas():
        return [pool for pool in threadpool_info() if pool["user_api"] == "blas"]

    spied = replace(task, make_sequences=spy)
    monkeypatch.setitem(experiments.TASKS, "temporal order", lambda: spied)
    with threadpool_limits(2):
        train_setting(FEW[0])
        assert threads and set(threads) == {1}
        assert {pool["num_threads"] for pool in blas()} == {2}


def test_a_training_that_diverges_is_an_outcome():
    wild = Setting("RNN identity ReLU", T=60, rate=1e6, n=6, m=5, steps=50, sequences=40)
    found = train_setting(wild)
    assert found.diverged and not found.solved and found.steps < 50


def test_the_forget_bias_is_all_that_differs_between_the_two_lstms():
    (_, zero, _), (_, one, _) = (prepare(Setting(f"LSTM b_f={b}", T=10)) for b in (0, 1))
    assert np.array_equal(one.pop("b_f"), zero.pop("b_f") + 1)
    assert all(np.array_equal(one[name], zero[name]) for name in zero)


def test_networks_start_as_they_are_called():
    _, params, _ = prepare(Setting("RNN identity ReLU", T=10))
    assert np.array_equal(params["W_hh"], np.eye(50))
    _, params, _ = prepare(Setting("RNN orthogonal", T=10))
    assert np.allclose(params["W_hh"] @ params["W_hh"].T, np.eye(50))


@pytest.mark.parametrize("name, value", [("network", "Transformer"), ("task", "chess")])
def test_an_unknown_word_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name}: expected one of .* got '{value}'"):
        Setting(**{"network": "GRU", "T": 10, name: value})


# -------------------------------------------------------------------------------- many trainings


def test_processes_give_the_same_in_the_order_of_the_settings(serial, tmp_path, processes):
    file = tmp_path / "runs.jsonl"
    assert sweep(FEW, jobs=2, results=file) == serial
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == len(FEW) and all(set(line) == {"setting", "outcome"} for line in lines)
    assert sweep(FEW[::-1], results=file) == serial[::-1]  # read, not done again
    assert len(file.read_text(encoding="utf-8").splitlines()) == len(FEW)


def deadly(setting: Setting, last: Setting) -> tuple[Setting, Outcome]:
    """Train nothing, and end the process at one of the settings."""
    if setting == last:
        os._exit(1)
    return setting, outcome(setting)


def test_a_worker_that_dies_costs_no_training_that_is_done(tmp_path, monkeypatch, processes):
    file = tmp_path / "runs.jsonl"
    sweep(FEW[:2], results=file)
    monkeypatch.setattr(experiments, "with_outcome", partial(deadly, last=FEW[3]))
    with pytest.raises(BrokenExecutor, match="worker process"):
        sweep(FEW, jobs=2, results=file)
    monkeypatch.undo()
    assert len(file.read_text(encoding="utf-8").splitlines()) >= 2
    assert len(sweep(FEW, results=file)) == len(FEW)


@pytest.mark.filterwarnings("ignore")  # Dask's own, about its sockets and its dashboard
def test_a_dask_cluster_gives_the_same(serial, tmp_path, monkeypatch, capsys):
    from distributed import Client, LocalCluster

    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options, local_directory=tmp_path, silence_logs="CRITICAL") as cluster:
        with Client(cluster), parallel_config("dask"):
            assert sweep(FEW) == serial
        monkeypatch.setattr(experiments, "small", lambda: FEW)
        file = tmp_path / "runs.jsonl"
        experiments.main(["--scheduler", cluster.scheduler_address, "--runs", str(file)])
        assert "4 runs" in capsys.readouterr().out
        assert experiments.Results(file).outcomes == {
            setting.key: outcome for setting, outcome in zip(FEW, serial, strict=True)
        }


@pytest.mark.filterwarnings("ignore")
def test_a_scheduler_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setattr(experiments, "PATIENCE", 0.5)
    with pytest.raises(SystemExit, match="no Dask scheduler at tcp://127.0.0.1:1"):
        experiments.main(["--small", "--scheduler", "tcp://127.0.0.1:1"])


# ---------------------------------------------------------------------------- an interruption


def test_an_interrupted_sweep_goes_on_where_it_was(monkeypatch, tmp_path):
    file, calls = tmp_path / "runs.jsonl", []

    def interrupted(setting: Setting) -> Outcome:
        calls.append(setting)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return outcome(setting)

    monkeypatch.setattr(experiments, "train_setting", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sweep(FEW, results=file)
    with file.open("a", encoding="utf-8") as opened:
        opened.write('{"setting": {"network": "RNN')  # cut off in writing
    assert sweep(FEW, results=file) == [outcome(setting) for setting in FEW]
    assert calls == [*FEW[:3], *FEW[2:]]
    assert len(experiments.Results(file).outcomes) == 4


def test_equal_settings_are_run_once(monkeypatch):
    calls = []
    monkeypatch.setattr(experiments, "train_setting", lambda s: calls.append(s) or outcome(s))
    assert len(sweep([FEW[0]] * 3)) == 3 and len(calls) == 1


def test_a_file_that_holds_no_runs_is_refused(tmp_path):
    file = tmp_path / "runs.jsonl"
    file.write_text(json.dumps({"setting": asdict(FEW[0]), "outcome": {}}) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match="results: expected a run in line 1 of runs.jsonl"):
        sweep(FEW, results=file)
    assert file.exists()


def test_a_bar_says_how_many_are_done_and_counts_those_of_before(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(experiments, "train_setting", outcome)
    sweep(FEW[:2], results=tmp_path / "runs.jsonl")
    assert capsys.readouterr() == ("", "")
    sweep(FEW, results=tmp_path / "runs.jsonl", progress=True)
    shown = capsys.readouterr().err
    assert "2/4 [" in shown.split("\r")[1] and "4/4 [" in shown


# -------------------------------------------------------------------------------------- table


def test_the_table_counts_what_was_solved():
    settings = [Setting("GRU", T=T, seed=seed, clip=1.0) for T in (10, 20) for seed in range(3)]
    outcomes = [outcome(s, solved=s.T == 10 or s.seed == 1) for s in settings]
    short, long = table(settings, outcomes)
    assert (short["solved"], short["runs"], short["steps"]) == (3, 3, [100, 101, 102])
    assert (long["solved"], long["runs"], long["steps"]) == (1, 3, [None, 101, None])
    text = experiments.as_text([short, long]).splitlines()
    assert text[0].split() == ["T=10", "T=20"] and text[1].split()[-2:] == ["3/3", "1/3"]


@pytest.mark.parametrize("grid", [experiments.small, experiments.full])
def test_every_condition_meets_every_seed_and_length(grid):
    settings = grid()
    assert len({s.key for s in settings}) == len(settings)
    combined = {(s.label, s.T, s.seed) for s in settings}
    labels, lengths, seeds = ({part[k] for part in combined} for k in range(3))
    assert len(combined) == len(labels) * len(lengths) * len(seeds) == len(settings)
    assert {"RNN gaussian", "RNN gaussian, clipped", "RNN gaussian, clipped, Omega"} <= labels
    assert len(labels) == 18


def test_settings_travel():
    assert pickle.loads(pickle.dumps(FEW[0])) == FEW[0]
    assert Setting(**json.loads(FEW[0].key)) == FEW[0]


def test_the_table_of_the_book_is_that_of_the_full_experiment():
    content = experiments.published()
    settings = experiments.full()
    assert "--full" in content["command"]
    assert content["seeds"] == sorted({s.seed for s in settings})
    assert sum(row["runs"] for row in content["rows"]) == len(settings)
    made = {(row["label"], row["T"]) for row in content["rows"]}
    assert made == {(s.label, s.T) for s in settings}
    for row in content["rows"]:
        assert row["solved"] == sum(k is not None for k in row["steps"])
        for steps, error in zip(row["steps"], row["error"], strict=True):
            assert (steps is not None) == (error <= 0.01)
    first = asdict(settings[0])
    assert all(first[name] == value for name, value in content["settings"].items())


@pytest.mark.slow
def test_a_row_of_the_table_comes_out_again():
    """One whose runs differ in their steps, and that no other order of adding has changed yet."""
    label, T = "LSTM b_f=0, clipped", 10
    (row,) = (r for r in experiments.published()["rows"] if (r["label"], r["T"]) == (label, T))
    settings = [s for s in experiments.full() if (s.label, s.T) == (label, T)]
    (again,) = table(settings, [train_setting(setting) for setting in settings])
    assert len(set(row["steps"])) > 1
    assert again | {"error": None} == row | {"error": None}
    assert again["error"] == pytest.approx(row["error"], abs=0.005)


# ------------------------------------------------------------------------------- command line


def test_the_command_line_writes_a_table_that_says_what_made_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(experiments, "small", lambda: FEW)
    monkeypatch.setattr(experiments, "train_setting", outcome)
    file = tmp_path / "table.json"
    experiments.main(["--small", "--output", str(file)])
    content = json.loads(file.read_text(encoding="utf-8"))
    assert content["command"].startswith("python -m bptt_lab.experiments --small")
    assert content["seeds"] == [0, 1] and content["versions"]["numpy"] == np.__version__
    assert [row["solved"] for row in content["rows"]] == [2, 2]
    assert "RNN gaussian, clipped" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["--jobs", "0"], "--jobs: expected at least 1, got 0"),
        (["--output", "no/such/folder/file.json"], "file.json is no file in a folder that exists"),
    ],
)
def test_what_cannot_work_is_said_before_hours_of_work(arguments, told):
    with pytest.raises(SystemExit, match=f"error: .*{told}"):
        experiments.main(arguments)


def test_the_command_stands():
    command = [sys.executable, "-m", "bptt_lab.experiments", "--small", "--full"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert done.returncode != 0 and "not allowed with argument" in done.stderr
    assert "python -m bptt_lab.experiments" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("runs, told", [([], "nothing is kept"), (["--runs", "f"], "f has what")])
def test_an_interruption_says_what_is_kept(monkeypatch, runs, told):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(experiments, "sweep", interrupted)
    with pytest.raises(SystemExit, match=f"interrupted: {told}"):
        experiments.main(runs)
