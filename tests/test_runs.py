"""Sweeps: the same outcomes on every executor, in spite of workers that die and of breaks."""

import json
import os
import pickle
import signal
import subprocess
import sys
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from bptt_lab import experiments
from bptt_lab.experiments import Outcome, Processes, Setting, prepare, run, sweep, table

FEW = [
    Setting(network, T=10, seed=seed, clip=1.0, n=6, m=5, steps=12, every=6, sequences=40)
    for network in ("RNN gaussian", "LSTM b_f=1")
    for seed in (0, 1)
]


def outcome(setting: Setting, solved: bool = True) -> Outcome:
    """Return what a run might leave, without one."""
    return Outcome(solved, False, 100 + setting.seed, 0.0, 1.0, 0.5)


def deadly(setting: Setting, mark: Path) -> Outcome:
    """Kill the process in which it runs, once."""
    if setting == FEW[1] and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return run(setting)


def always_deadly(setting: Setting) -> Outcome:
    os.kill(os.getpid(), signal.SIGKILL)
    return run(setting)


@pytest.fixture(scope="module")
def serial() -> list[Outcome]:
    return [run(setting) for setting in FEW]


# ------------------------------------------------------------------------------------ one run


def test_a_run_depends_on_its_setting_alone(serial):
    assert run(FEW[0]) == serial[0]
    assert run(replace(FEW[0], seed=7)) != serial[0]
    assert replace(serial[0], seconds=99.0) == serial[0]
    assert replace(serial[0], steps=99) != serial[0]


def test_a_run_that_diverges_is_an_outcome():
    wild = Setting("RNN identity ReLU", T=60, rate=1e6, n=6, m=5, steps=50, sequences=40)
    found = run(wild)
    assert found.diverged and not found.solved and found.steps < 50


def test_an_easy_task_is_solved():
    found = run(Setting("RNN orthogonal", T=10, clip=1.0, rate=0.03, steps=600, sequences=500))
    assert found.solved and found.error <= 0.01 and found.steps < 600


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


# --------------------------------------------------------------------------------- executors


def test_threads_give_the_same(serial):
    with ThreadPoolExecutor(2) as executor:
        assert sweep(FEW, executor) == serial


def test_processes_give_the_same_and_one_that_dies_costs_only_its_run(serial, tmp_path):
    mark, file = tmp_path / "died", tmp_path / "runs.jsonl"
    assert sweep(FEW, jobs=2, results=file, work=partial(deadly, mark=mark)) == serial
    assert mark.exists()
    assert len(file.read_text(encoding="utf-8").splitlines()) == len(FEW)


def test_a_run_that_always_kills_its_process_is_given_up():
    with pytest.raises(RuntimeError, match="2 failures of Setting.*RNN gaussian") as caught:
        sweep(FEW[:1], tries=2, work=always_deadly)
    assert isinstance(caught.value.__cause__, BrokenProcessPool)


def test_processes_pass_on_errors():
    with Processes(1) as processes:
        with pytest.raises(ZeroDivisionError):
            processes.submit(divmod, 1, 0).result()
        assert processes.submit(divmod, 7, 2).result() == (3, 1)


class Immediate(Executor):
    """Run at once, and break before run number ``breaks``."""

    def __init__(self, breaks: int) -> None:
        self.left = breaks

    def submit(self, fn, /, *args, **kwargs):
        if self.left == 0:
            raise BrokenProcessPool("gone")
        self.left -= 1
        future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def test_a_broken_executor_is_said_and_nothing_done_is_lost(tmp_path):
    file = tmp_path / "runs.jsonl"

    for whole, lines in ((2, 2), (1, 3)):
        with pytest.raises(RuntimeError, match="start the sweep again"):
            sweep(FEW, Immediate(whole), results=file, work=outcome)
        assert len(file.read_text(encoding="utf-8").splitlines()) == lines
    assert sweep(FEW, Immediate(1), results=file, work=outcome) == [outcome(s) for s in FEW]


@pytest.mark.filterwarnings("ignore")  # Dask's own, about its sockets and its dashboard
def test_a_dask_cluster_gives_the_same_even_if_a_worker_dies(serial, tmp_path, monkeypatch, capsys):
    from distributed import Client, LocalCluster

    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        LocalCluster(**options, local_directory=tmp_path, silence_logs="CRITICAL") as cluster,
        Client(cluster) as client,
    ):
        mark = tmp_path / "died"
        work = partial(deadly, mark=mark)
        assert sweep(FEW, client.get_executor(), work=work) == serial
        assert mark.exists()
        monkeypatch.setattr(experiments, "small", lambda: FEW)
        experiments.main(["--scheduler", cluster.scheduler_address])
        assert "4 runs" in capsys.readouterr().out


# ---------------------------------------------------------------------------- an interruption


def test_an_interrupted_sweep_goes_on_where_it_was(serial, tmp_path):
    file, again = tmp_path / "runs.jsonl", []
    sweep(FEW[:2], ThreadPoolExecutor(1), results=file)
    torn = file.read_text(encoding="utf-8") + '{"setting": {"network": "RNN'
    file.write_text(torn, encoding="utf-8")

    def count(setting: Setting) -> Outcome:
        again.append(setting)
        return run(setting)

    with ThreadPoolExecutor(1) as executor:
        assert sweep(FEW, executor, results=file, work=count) == serial
    assert sorted(s.key for s in again) == sorted(s.key for s in FEW[2:])
    assert [set(json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()] == [
        {"setting", "outcome"}
    ] * 4


def test_equal_settings_are_run_once():
    calls = []

    def count(setting: Setting) -> Outcome:
        calls.append(setting)
        return outcome(setting)

    with ThreadPoolExecutor(1) as executor:
        assert len(sweep([FEW[0]] * 3, executor, work=count)) == 3
    assert len(calls) == 1


def test_a_file_that_holds_no_runs_is_refused(tmp_path):
    file = tmp_path / "runs.jsonl"
    file.write_text(json.dumps({"setting": asdict(FEW[0]), "outcome": {}}) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match="results: expected a run in line 1 of runs.jsonl"):
        sweep(FEW, results=file)
    assert file.exists()


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


def test_settings_and_outcomes_travel():
    assert pickle.loads(pickle.dumps(FEW[0])) == FEW[0]
    assert Setting(**json.loads(FEW[0].key)) == FEW[0]


# ------------------------------------------------------------------------------- command line


def test_the_command_line_writes_a_table_that_says_what_made_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(experiments, "small", lambda: FEW)
    monkeypatch.setattr(experiments, "sweep", lambda settings, *_, **__: [*map(outcome, settings)])
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
        (["--output", "no/such/folder/file.json"], "--output: no/such/folder/file.json is no file"),
        (["--small", "--full"], "not allowed with argument"),
        (["--jobs", "many"], "invalid int value: 'many'"),
    ],
)
def test_the_command_line_says_what_is_wrong(arguments, told):
    command = [sys.executable, "-m", "bptt_lab.experiments", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0 and told in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("runs, told", [([], "nothing is kept"), (["--runs", "f"], "f has what")])
def test_an_interruption_says_what_is_kept(monkeypatch, runs, told):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(experiments, "sweep", interrupted)
    with pytest.raises(SystemExit, match=f"interrupted: {told}"):
        experiments.main(runs)


@pytest.mark.filterwarnings("ignore")
def test_a_scheduler_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setattr(experiments, "PATIENCE", 0.5)
    with pytest.raises(SystemExit, match="no Dask scheduler at tcp://127.0.0.1:1"):
        experiments.main(["--small", "--scheduler", "tcp://127.0.0.1:1"])


def test_the_table_of_the_book_is_that_of_the_full_experiment():
    content = experiments.published()
    settings = experiments.full()
    assert "--full" in content["command"]
    assert content["seeds"] == sorted({s.seed for s in settings})
    assert sum(row["runs"] for row in content["rows"]) == len(settings)
    made = {(row["label"], row["T"]) for row in content["rows"]}
    assert made == {(s.label, s.T) for s in settings}
    assert all(row["solved"] == sum(k is not None for k in row["steps"]) for row in content["rows"])
    first = asdict(settings[0])
    assert all(first[name] == value for name, value in content["settings"].items())
