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


@pytest.mark.parametrize("cell, keeps", [("LSTM", "b_f"), ("GRU", "b_z")])
def test_the_gate_that_keeps_is_all_that_differs_between_networks_of_one_cell(cell, keeps):
    (_, shut, left), (_, opened, right) = (
        prepare(Setting(f"{cell} {keeps}={b}", T=10, seed=3)) for b in (0, 2)
    )
    assert np.array_equal(opened.pop(keeps), shut.pop(keeps) + 2)
    assert all(np.array_equal(opened[name], shut[name]) for name in shut)
    assert left.random() == right.random()  # and they will see the same sequences


def test_chrono_biases_fit_the_length_and_leave_the_rest_alone():
    (_, plain, left), (_, spread, right) = (
        prepare(Setting(name, T=80)) for name in ("LSTM b_f=0", "LSTM chrono")
    )
    assert np.array_equal(spread["b_i"], -spread["b_f"]) and len(set(spread["b_f"])) == 50
    assert spread["b_f"].min() >= 0 and np.log(40) < spread["b_f"].max() <= np.log(79)
    assert all(np.array_equal(plain[k], spread[k]) for k in set(plain) - {"b_f", "b_i"})
    assert left.random() == right.random()
    _, gru, _ = prepare(Setting("GRU chrono", T=80))
    assert np.array_equal(gru["b_z"], spread["b_f"])


def test_a_tied_input_gate_begins_as_closed_as_the_forget_gate_is_open():
    _, params, _ = prepare(Setting("LSTM b_f=4, b_i=-4", T=10))
    assert (params["b_f"] == 4).all() and (params["b_i"] == -4).all()
    assert not prepare(Setting("LSTM b_f=4", T=10))[1]["b_i"].any()


def test_networks_start_as_they_are_called():
    _, params, _ = prepare(Setting("RNN identity ReLU", T=10))
    assert np.array_equal(params["W_hh"], np.eye(50))
    for name, gain in (("RNN orthogonal", 1.0), ("RNN orthogonal, gain 1.5", 1.5)):
        _, params, _ = prepare(Setting(name, T=10))
        assert np.allclose(params["W_hh"] @ params["W_hh"].T, gain**2 * np.eye(50))


@pytest.mark.parametrize("name, value", [("network", "Transformer"), ("task", "chess")])
def test_an_unknown_word_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name}: expected one of .* got '{value}'"):
        Setting(**{"network": "GRU b_z=0", "T": 10, name: value})


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
    settings = [
        Setting("GRU b_z=0", T=T, seed=seed, clip=1.0) for T in (10, 20) for seed in range(3)
    ]
    outcomes = [outcome(s, solved=s.T == 10 or s.seed == 1) for s in settings]
    short, long = table(settings, outcomes)
    assert (short["solved"], short["runs"], short["steps"]) == (3, 3, [100, 101, 102])
    assert (long["solved"], long["runs"], long["steps"]) == (1, 3, [None, 101, None])
    text = experiments.as_text([short, long]).splitlines()
    assert text[0].split() == ["T=10", "T=20"] and text[1].split()[-2:] == ["3/3", "1/3"]


def test_every_condition_meets_every_seed_at_its_lengths():
    for settings in (experiments.small(), experiments.full({}), experiments.selection()):
        assert len({s.key for s in settings}) == len(settings)
    places = {(s.label, s.T) for s in experiments.full({})}
    assert len(experiments.full({})) == 16 * len(places)
    for name in experiments.NETWORKS:
        assert {T for label, T in places if label == f"{name}, clipped"} == {20, 40, 80, 160}
        assert {T for label, T in places if label == name} == {20, 40}
    tried = {(s.label, s.T) for s in experiments.selection()}
    assert tried == {(label, T) for label, T in places if T <= 80}


def test_rates_are_chosen_on_seeds_that_the_table_does_not_use():
    chosen_on = {s.seed for s in experiments.selection()}
    assert not chosen_on & {s.seed for s in experiments.full({})}
    by_rate = {}
    for s in experiments.selection():
        by_rate.setdefault((s.label, s.T), set()).add((s.rate, s.seed))
    assert all(len(found) == 4 * len(chosen_on) for found in by_rate.values())


def test_the_rate_is_that_of_most_successes_then_of_fewest_updates_then_of_the_shorter_length():
    def trained(T, rate, *steps):
        settings = [Setting("GRU b_z=0", T=T, rate=rate, seed=k) for k in range(len(steps))]
        return [
            (s, Outcome(n is not None, False, n or s.steps, 0.0, 1.0, 0.5))
            for s, n in zip(settings, steps, strict=True)
        ]

    runs = [
        *trained(20, 0.01, 900, 900),  # both
        *trained(20, 0.03, 100, None),  # one, and quickly
        *trained(40, 0.01, 700, 600),
        *trained(40, 0.03, 100, 300),  # both, and sooner
        *trained(80, 0.01, None, None),  # none
        *trained(80, 0.03, None, None),
    ]
    settings, outcomes = zip(*runs, strict=True)
    rates = experiments.choose_rates(settings, outcomes)
    assert rates == {("GRU b_z=0", 20): 0.01, ("GRU b_z=0", 40): 0.03, ("GRU b_z=0", 80): 0.03}


def test_a_length_without_a_rate_takes_that_of_the_next_shorter():
    rates = {("GRU b_z=2, clipped", 80): 0.1}
    found = {s.T: s.rate for s in experiments.full(rates) if s.label == "GRU b_z=2, clipped"}
    assert found == {20: 0.03, 40: 0.03, 80: 0.1, 160: 0.1}


def test_a_comparison_counts_pairs_and_leaves_ties_out():
    rows = [
        {"label": "a", "T": 20, "steps": [100, 300, None, None, 200]},
        {"label": "b", "T": 20, "steps": [200, 100, None, 900, 200]},
        {"label": "a", "T": 40, "steps": [1, 1, 1, 1, 1]},
    ]
    assert experiments.Comparison("b?", 20, (("a", "b"),)).count(rows) == (1, 2)
    twice = experiments.Comparison("b?", 20, (("a", "b"), ("b", "a")))
    assert twice.count(rows) == (3, 3)


def test_every_comparison_is_about_rows_of_the_table():
    rows = {(row["label"], row["T"]) for row in experiments.published()["rows"]}
    asked = {(label, c.T) for c in experiments.COMPARISONS for pair in c.pairs for label in pair}
    assert asked <= rows
    assert len({c.question for c in experiments.COMPARISONS}) == len(experiments.COMPARISONS)


def test_settings_travel():
    assert pickle.loads(pickle.dumps(FEW[0])) == FEW[0]
    assert Setting(**json.loads(FEW[0].key)) == FEW[0]


def test_the_table_of_the_book_is_that_of_the_full_experiment():
    content = experiments.published()
    tried = experiments.selection()
    found = {(r["label"], r["T"], r["rate"]): r for r in content["selection"]}
    assert set(found) == {(s.label, s.T, s.rate) for s in tried}
    outcomes = []
    for s in tried:
        steps = found[s.label, s.T, s.rate]["steps"][s.seed - 100]
        outcomes.append(Outcome(steps is not None, False, steps or s.steps, 0.0, 1.0, 0.5))
    settings = experiments.full(experiments.choose_rates(tried, outcomes))
    assert "--full" in content["command"]
    assert content["seeds"] == sorted({s.seed for s in settings})
    made = {(row["label"], row["T"], row["rate"]) for row in content["rows"]}
    assert made == {(s.label, s.T, s.rate) for s in settings}
    for row in content["rows"]:
        assert row["runs"] == len(row["steps"]) == 16
        assert row["solved"] == sum(k is not None for k in row["steps"])
        for steps, error in zip(row["steps"], row["error"], strict=True):
            assert (steps is not None) == (error <= 0.01)
    first = asdict(settings[0])
    assert all(first[name] == value for name, value in content["settings"].items())


@pytest.mark.slow
@pytest.mark.parametrize("label", ["GRU chrono, clipped", "LSTM b_f=0"])
def test_a_row_of_the_table_comes_out_again(label):
    """Another processor adds in another order, so medians and shares, not digits."""
    (row,) = (r for r in experiments.published()["rows"] if (r["label"], r["T"]) == (label, 20))
    settings = [
        s for s in experiments.full({(label, 20): row["rate"]}) if (s.label, s.T) == (label, 20)
    ]
    (again,) = table(settings, [train_setting(setting) for setting in settings])
    assert abs(again["solved"] - row["solved"]) <= 1
    assert np.median(again["steps"]) == pytest.approx(np.median(row["steps"]), rel=0.5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, rate, least, most",
    [
        ("GRU b_z=0", 0.03, 0, 1),
        ("GRU b_z=2", 0.1, 7, 8),
        ("LSTM b_f=0", 0.1, 0, 1),
        ("LSTM b_f=2", 0.01, 6, 8),
        ("LSTM b_f=4", 0.1, 0, 5),
        ("LSTM b_f=4, b_i=-4", 0.1, 7, 8),
        ("RNN identity ReLU", 0.003, 6, 8),
        ("RNN orthogonal, gain 1.5", 0.01, 0, 1),
    ],
)
def test_what_the_chapter_says_of_eighty_steps_holds_for_other_seeds(name, rate, least, most):
    settings = [
        Setting(name, T=80, seed=s, clip=1.0, rate=rate, steps=3000) for s in range(200, 208)
    ]
    assert least <= sum(outcome.solved for outcome in sweep(settings, jobs=2)) <= most


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
