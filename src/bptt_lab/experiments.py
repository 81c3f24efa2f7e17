"""Which networks learn to look how far back: many trainings, on any executor.

``python -m bptt_lab.experiments --help`` says how to run them from the command line.
"""

import argparse
import json
import multiprocessing
import os
import platform
import queue
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from bptt_lab.arguments import check_choice, check_integer, fail
from bptt_lab.cells import GRU, LSTM, RNN
from bptt_lab.cells.base import Cell, Params
from bptt_lab.initializers import gaussian, identity, orthogonal
from bptt_lab.progress import Progress, duration
from bptt_lab.tasks import Task, adding, copying, temporal_order
from bptt_lab.training import SGD, TrainingDiverged, examination, train

TASKS: dict[str, Callable[[], Task]] = {
    "temporal order": temporal_order,
    "adding": adding,
    "copying": copying,
}


TABLE = Path(__file__).with_name("experiments.json")
"""What ``python -m bptt_lab.experiments --full`` found."""


def recurrent_identity(rng: np.random.Generator, n: int) -> Any:
    """Return the identity as an initializer of ``Cell.init``."""
    return identity(rng, n)


# ----------------------------------------------------------------------------------- networks

NETWORKS: dict[str, tuple[Cell, Any]] = {
    "RNN gaussian": (RNN("tanh"), gaussian),
    "RNN orthogonal": (RNN("tanh"), orthogonal),
    "RNN identity ReLU": (RNN("relu"), recurrent_identity),
    "LSTM b_f=0": (LSTM(), gaussian),
    "LSTM b_f=1": (LSTM(), gaussian),
    "GRU": (GRU(), gaussian),
}
"""Name, cell and how its recurrent matrices are drawn."""


RATE = 0.03
"""Of gradient descent, where nothing else is said."""


@dataclass(frozen=True)
class Setting:
    """One training, described by words and numbers only.

    Attributes
    ----------
    network : str
        One of ``NETWORKS``.
    T : int
        Length of the sequences.
    seed : int
        Of the parameters and the training sequences.
    clip : float or None
        Threshold for the norm of the gradient.
    omega : float
        Weight of the regulariser.
    task : str
        One of ``TASKS``.
    n, m : int
        Neurons, and sequences per update.
    rate, momentum : float
        Of gradient descent.
    steps, every : int
        Updates at most, and between two examinations.
    sequences : int
        On how many the criterion is decided.

    Raises
    ------
    ValueError
        If the network or the task is unknown.
    """

    network: str
    T: int
    seed: int = 0
    clip: float | None = None
    omega: float = 0.0
    task: str = "temporal order"
    n: int = 50
    m: int = 20
    rate: float = RATE
    momentum: float = 0.9
    steps: int = 1000
    every: int = 100
    sequences: int = 10_000

    def __post_init__(self) -> None:
        check_choice("network", self.network, NETWORKS)
        check_choice("task", self.task, TASKS)

    @property
    def label(self) -> str:
        """Network and remedies, as a figure names them.

        >>> Setting("RNN gaussian", T=20, clip=1.0, omega=0.5).label
        'RNN gaussian, clipped, Omega'
        """
        words = {
            f"rate {self.rate:g}": self.rate != RATE,
            "clipped": self.clip is not None,
            "Omega": self.omega > 0,
        }
        return ", ".join([self.network, *(word for word, told in words.items() if told)])

    @property
    def key(self) -> str:
        """The setting as a line of text, the same for equal settings."""
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True)
class Outcome:
    """How a training ended.

    Attributes
    ----------
    solved, diverged : bool
    steps : int
        Updates done.
    error : float
        Share of wrong sequences at the last examination, 1 if there was none.
    largest_norm : float
        Largest norm of a gradient on the way, before clipping.
    seconds : float
        Time it took; it has no part in ``==``.
    """

    solved: bool
    diverged: bool
    steps: int
    error: float
    largest_norm: float
    seconds: float

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Outcome):
            return NotImplemented
        return replace(self, seconds=0).values() == replace(other, seconds=0).values()

    def values(self) -> tuple[Any, ...]:
        """All values."""
        return tuple(getattr(self, field.name) for field in fields(self))


def prepare(setting: Setting) -> tuple[Cell, Params, np.random.Generator]:
    """Return the cell, its parameters, and the generator that goes on to draw the sequences."""
    task, (cell, recurrent) = TASKS[setting.task](), NETWORKS[setting.network]
    rng = np.random.default_rng(setting.seed)
    params = cell.init(rng, task.n_inputs, setting.n, task.n_outputs, recurrent=recurrent)
    if setting.network == "LSTM b_f=1":
        params["b_f"] = params["b_f"] + 1
    return cell, params, rng


def run(setting: Setting) -> Outcome:
    """Do one training; the outcome depends on the setting alone.

    One thread of linear algebra is used, so that the order of every sum is the same on every
    executor, and processes side by side do not fight for cores.

    Examples
    --------
    >>> run(Setting("GRU", T=10, clip=1.0, steps=300, sequences=500, rate=0.1)).solved
    True
    """
    start = time.perf_counter()
    task = TASKS[setting.task]()
    cell, params, rng = prepare(setting)
    diverged = solved = False
    with threadpool_limits(1):
        examine = examination(task, cell, setting.T, sequences=setting.sequences)
        try:
            result = train(
                cell,
                params,
                task.draw(setting.T, setting.m),
                rng,
                steps=setting.steps,
                optimiser=SGD(setting.rate, setting.momentum),
                clip_norm=setting.clip,
                omega=setting.omega,
                examine=examine,
                every=setting.every,
                progress=False,
            )
            history, solved = result.history, result.solved
        except TrainingDiverged as error:
            history, diverged = error.history, True
    return Outcome(
        solved=solved,
        diverged=diverged,
        steps=len(history.loss),
        error=float(history.error[-1]) if len(history.error) else 1.0,
        largest_norm=float(history.gradient_norm.max(initial=0)),
        seconds=round(time.perf_counter() - start, 2),
    )


# ---------------------------------------------------------------------------------- executors


class Processes(Executor):
    """Processes that each have a pool of their own.

    If a process of the standard library's pool dies, the pool takes everything that runs in it
    along. Here only the run of that process is lost, and the next one gets a new process.

    Parameters
    ----------
    jobs : int
        How many processes.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = check_integer("jobs", jobs)
        self.threads = ThreadPoolExecutor(self.jobs)
        self.pools: queue.SimpleQueue[ProcessPoolExecutor] = queue.SimpleQueue()
        for _ in range(self.jobs):
            self.pools.put(self.pool())

    @staticmethod
    def pool() -> ProcessPoolExecutor:
        """One process, started when it is needed; it inherits no thread and no lock."""
        return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run ``fn`` in the next process that is free."""
        return self.threads.submit(self.call, fn, *args, **kwargs)

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Wait for ``fn`` in a process."""
        pool = self.pools.get()
        try:
            return pool.submit(fn, *args, **kwargs).result()
        except BrokenExecutor:
            pool.shutdown(wait=False)
            pool = self.pool()
            raise
        finally:
            self.pools.put(pool)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes, after what runs in them."""
        self.threads.shutdown(wait, cancel_futures=cancel_futures)
        while wait and not self.pools.empty():
            self.pools.get().shutdown()


@contextmanager
def workplace(executor: Executor | None, jobs: int) -> Iterator[Executor]:
    """Yield the executor of the caller, who also ends it, or processes of our own."""
    if executor is not None:
        yield executor
        return
    processes = Processes(jobs)
    try:
        yield processes
    finally:
        processes.shutdown(cancel_futures=True)


def sweep(
    settings: Sequence[Setting],
    executor: Executor | None = None,
    *,
    jobs: int = 1,
    results: str | Path | None = None,
    tries: int = 3,
    progress: bool | None = None,
    work: Callable[[Setting], Outcome] = run,
) -> list[Outcome]:
    """Do many trainings, side by side, each once.

    Parameters
    ----------
    settings : sequence of Setting
    executor : concurrent.futures.Executor, optional
        Where to run; ``jobs`` processes of this machine when None. For a cluster,
        ``dask.distributed.Client(address).get_executor()``.
    jobs : int
        Number of processes, if no executor is given.
    results : path, optional
        File that gets a line of JSON for every run that is done. Runs that it holds already
        are not done again, so that an interrupted sweep goes on where it was.
    tries : int
        How often a run is begun whose worker dies.
    progress : bool, optional
        Show a bar with the time left; None: only on a terminal.
    work : callable
        What does a run.

    Returns
    -------
    list of Outcome
        In the order of ``settings``; the same for the same settings on every executor.

    Raises
    ------
    ValueError
        If the file of results is not one.
    RuntimeError
        If a run fails ``tries`` times, or the executor takes no more work. What is done by
        then stands in ``results``.

    Notes
    -----
    Processes start by importing the program that started them. A script, unlike a notebook,
    must therefore call this beneath ``if __name__ == "__main__":``.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> two = [Setting("GRU", T=10, seed=seed, steps=5, sequences=50) for seed in (0, 1)]
    >>> with ThreadPoolExecutor(2) as executor:
    ...     [outcome.steps for outcome in sweep(two, executor)]
    [5, 5]
    """
    check_integer("tries", tries)
    done = Results(None if results is None else Path(results))
    missing = [s for s in dict.fromkeys(settings) if s.key not in done.outcomes]
    total = len(settings)
    with workplace(executor, jobs) as place, Progress(total, progress) as bar:
        bar.update(total - len(missing))
        for count, (setting, outcome) in enumerate(finished(place, missing, work, tries), 1):
            done.add(setting, outcome)
            bar.update(total - len(missing) + count, f"{setting.label}, T = {setting.T}")
    return [done.outcomes[setting.key] for setting in settings]


def finished(
    place: Executor, settings: Sequence[Setting], work: Callable[[Setting], Outcome], tries: int
) -> Iterator[tuple[Setting, Outcome]]:
    """Yield runs as they end; begin anew those whose worker died."""
    waiting = list(reversed(settings))
    failures = dict.fromkeys(settings, 0)
    running: dict[Future[Outcome], Setting] = {}
    broken: BrokenExecutor | None = None
    try:
        while running or (waiting and broken is None):
            while waiting and broken is None:
                setting = waiting.pop()
                try:
                    running[place.submit(work, setting)] = setting
                except BrokenExecutor as error:
                    broken = error
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                setting = running.pop(future)
                failure = future.exception()
                if failure is None:
                    yield setting, future.result()
                    continue
                failures[setting] += 1
                if failures[setting] >= tries:
                    raise RuntimeError(f"{failures[setting]} failures of {setting}") from failure
                waiting.append(setting)
    finally:
        for future in running:
            future.cancel()
    if broken is not None:
        why = "the executor is broken and takes no more runs; start the sweep again to go on"
        raise RuntimeError(why) from broken


class Results:
    """Outcomes by the key of their setting, and the file that keeps them."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.outcomes: dict[str, Outcome] = {}
        if path is not None and path.exists():
            self.read(path)

    def read(self, path: Path) -> None:
        """Read the lines; a last one that was cut off in writing is removed from the file."""
        text = path.read_text(encoding="utf-8")
        whole = text[: text.rfind("\n") + 1]
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                entry = json.loads(line)
                key = Setting(**entry["setting"]).key
                self.outcomes[key] = Outcome(**entry["outcome"])
            except (ValueError, KeyError, TypeError) as error:
                fail("results", f"a run in line {number} of {path.name}", str(error))
        if whole != text:
            path.write_text(whole, encoding="utf-8")

    def add(self, setting: Setting, outcome: Outcome) -> None:
        """Keep a run, in the file before anything else can happen."""
        self.outcomes[setting.key] = outcome
        if self.path is not None:
            entry = {"setting": asdict(setting), "outcome": asdict(outcome)}
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
                file.flush()
                os.fsync(file.fileno())


# ----------------------------------------------------------------------------- the experiment


REMEDIES: tuple[dict[str, float], ...] = (
    {},
    {"rate": 0.01},  # the remedy without a tool: smaller steps
    {"clip": 1.0},
    {"clip": 1.0, "rate": 0.01},
    {"clip": 1.0, "omega": 2.0},
)
"""What is tried on the simple networks; the gated ones are clipped."""


def grid(lengths: Iterable[int], seeds: Iterable[int], **common: Any) -> list[Setting]:
    """Every network and remedy at every length, for every seed."""
    simple = [name for name, (cell, _) in NETWORKS.items() if isinstance(cell, RNN)]
    conditions: list[dict[str, Any]] = [
        *({"network": name, **remedy} for name in simple for remedy in REMEDIES),
        *({"network": name, "clip": 1.0} for name in NETWORKS if name not in simple),
    ]
    every = product(lengths, conditions, seeds)
    return [Setting(T=T, seed=seed, **condition, **common) for T, condition, seed in every]


def small() -> list[Setting]:
    """Return what the book runs while it is built: less than a minute."""
    return grid((10, 20), range(2), steps=300, sequences=500)


def full() -> list[Setting]:
    """Return what the table of the book holds."""
    return grid((10, 20, 40, 80), range(5), steps=3000)


def published() -> dict[str, Any]:
    """Return the table of the book, as ``report`` made it of the full experiment.

    >>> published()["seeds"]
    [0, 1, 2, 3, 4]
    """
    content: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return content


VARIED = ("network", "rate", "clip", "omega", "T")
"""What tells one row of the table from another."""


def table(settings: Sequence[Setting], outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Put the seeds of each condition and length together.

    Returns
    -------
    list of dict
        ``label``, ``network``, ``rate``, ``clip``, ``omega``, ``T``, ``runs``, ``solved`` and
        ``diverged`` (numbers of runs), and per seed ``steps`` (None if not solved) and
        ``error``.
    """
    groups: dict[tuple[Any, ...], list[tuple[Setting, Outcome]]] = {}
    for setting, outcome in zip(settings, outcomes, strict=True):
        key = (setting.label, *(getattr(setting, name) for name in VARIED))
        groups.setdefault(key, []).append((setting, outcome))
    return [
        {
            **dict(zip(("label", *VARIED), key, strict=True)),
            "runs": len(group),
            "solved": sum(outcome.solved for _, outcome in group),
            "diverged": sum(outcome.diverged for _, outcome in group),
            "steps": [outcome.steps if outcome.solved else None for _, outcome in group],
            "error": [round(outcome.error, 4) for _, outcome in group],
        }
        for key, group in groups.items()
    ]


def as_text(rows: Sequence[dict[str, Any]]) -> str:
    """Write how many runs solved the task, one line a condition, one column a length."""
    lengths = sorted({row["T"] for row in rows})
    labels = list(dict.fromkeys(row["label"] for row in rows))
    cells = {(row["label"], row["T"]): f"{row['solved']}/{row['runs']}" for row in rows}
    width = max(map(len, labels))
    lines = [" " * width + "".join(f"{f'T={T}':>7}" for T in lengths)]
    for label in labels:
        found = (cells.get((label, T), "") for T in lengths)
        lines.append(label.ljust(width) + "".join(f"{cell:>7}" for cell in found))
    return "\n".join(lines)


def report(
    command: str, settings: Sequence[Setting], outcomes: Sequence[Outcome]
) -> dict[str, Any]:
    """Return the table with all that made it."""
    first = asdict(settings[0])
    return {
        "command": command,
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "bptt-lab": version("bptt-lab"),
        },
        "machine": f"{platform.system()} {platform.machine()}",
        "seeds": sorted({setting.seed for setting in settings}),
        "settings": {name: value for name, value in first.items() if name not in {*VARIED, "seed"}},
        "minutes": round(sum(outcome.seconds for outcome in outcomes) / 60, 1),
        "rows": table(settings, outcomes),
    }


def write_report(path: Path, content: dict[str, Any]) -> None:
    """Write the table, one row a line."""
    rows = ",\n".join(f"  {json.dumps(row)}" for row in content["rows"])
    head = json.dumps({**content, "rows": []}, indent=1)
    path.write_text(head.replace('"rows": []', f'"rows": [\n{rows}\n ]') + "\n", encoding="utf-8")


# ------------------------------------------------------------------------------- command line


def parser() -> argparse.ArgumentParser:
    """Return the options."""
    text = "Train networks on the temporal order problem and count who solves it."
    options = argparse.ArgumentParser(prog="python -m bptt_lab.experiments", description=text)
    size = options.add_mutually_exclusive_group()
    size.add_argument("--small", action="store_true", help="what the book runs (the default)")
    size.add_argument("--full", action="store_true", help="what made the table of the book")
    options.add_argument("--jobs", type=int, default=1, help="processes side by side (1)")
    options.add_argument("--scheduler", help="address of a Dask scheduler to run on instead")
    options.add_argument("--output", type=Path, help="write the table to this file, as JSON")
    options.add_argument(
        "--runs", type=Path, help="keep each finished run in this file and go on from there"
    )
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the experiment, print the table, and write it if asked to."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = parser().parse_args(given)
    check_options(options)
    settings = full() if options.full else small()
    start = time.monotonic()
    with cluster(options.scheduler) as executor:
        try:
            outcomes = sweep(settings, executor, jobs=options.jobs, results=options.runs)
        except KeyboardInterrupt as error:
            kept = "nothing is kept" if options.runs is None else f"{options.runs} has what is done"
            raise SystemExit(f"interrupted: {kept}") from error
        except (ValueError, RuntimeError) as error:
            raise SystemExit(f"error: {error}") from error
    print(as_text(table(settings, outcomes)))
    print(f"{len(settings)} runs, {duration(time.monotonic() - start)}")
    if options.output is not None:
        command = shlex.join(["python", "-m", "bptt_lab.experiments", *given])
        write_report(options.output, report(command, settings, outcomes))


def check_options(options: argparse.Namespace) -> None:
    """Refuse what cannot work, before hours of work."""
    if options.jobs < 1:
        raise SystemExit(f"error: --jobs: expected at least 1, got {options.jobs}")
    for name in ("output", "runs"):
        path = getattr(options, name)
        if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
            raise SystemExit(f"error: --{name}: {path} is no file in a folder that exists")


PATIENCE = 10
"""Seconds to wait for a scheduler."""


@contextmanager
def cluster(address: str | None) -> Iterator[Executor | None]:
    """Yield an executor on the cluster of this address, None without one."""
    if address is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise SystemExit(
            "error: --scheduler needs Dask: pip install 'bptt-lab[cluster]'"
        ) from error
    open_client: Any = Client
    try:
        client = open_client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise SystemExit(f"error: no Dask scheduler at {address}: {error}") from error
    with client:
        yield client.get_executor()


if __name__ == "__main__":
    # The module under its own name: what a process is sent must not belong to __main__.
    from bptt_lab import experiments

    experiments.main()
