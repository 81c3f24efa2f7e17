"""Which networks learn to look how far back: many trainings, side by side.

``python -m bptt_lab.experiments --help`` says how to run them from the command line.
"""

import argparse
import json
import platform
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from bptt_lab.arguments import check_choice, check_integer, fail
from bptt_lab.cells import GRU, LSTM, RNN
from bptt_lab.cells.base import Cell, Params
from bptt_lab.initializers import gaussian, identity, orthogonal
from bptt_lab.tasks import Task, adding, copying, temporal_order
from bptt_lab.training import SGD, TrainingDiverged, make_evaluator, train

TASKS: dict[str, Callable[[], Task]] = {
    "temporal order": temporal_order,
    "adding": adding,
    "copying": copying,
}

TABLE = Path(__file__).with_name("experiments.json")
"""What ``python -m bptt_lab.experiments --full`` found."""

# ----------------------------------------------------------------------------------- networks

NETWORKS: dict[str, tuple[Cell, Any]] = {
    "RNN gaussian": (RNN("tanh"), gaussian),
    "RNN orthogonal": (RNN("tanh"), orthogonal),
    "RNN identity ReLU": (RNN("relu"), identity),
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
        Updates at most, and between two evaluations.
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
        Share of wrong sequences at the last evaluation, 1 if there was none.
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
    seconds: float = field(compare=False)


def prepare(setting: Setting) -> tuple[Cell, Params, np.random.Generator]:
    """Return the cell, its parameters, and the generator that goes on to draw the sequences."""
    task, (cell, recurrent) = TASKS[setting.task](), NETWORKS[setting.network]
    rng = np.random.default_rng(setting.seed)
    params = cell.init(rng, task.n_inputs, setting.n, task.n_outputs, recurrent=recurrent)
    if setting.network == "LSTM b_f=1":
        params["b_f"] = params["b_f"] + 1
    return cell, params, rng


def train_setting(setting: Setting) -> Outcome:
    """Do one training; the outcome depends on the setting alone.

    One thread of linear algebra is used: for matrices as small as these, several are many times
    slower, above all beside other processes, and may add in another order.

    Examples
    --------
    >>> easy = Setting("GRU", T=10, clip=1.0, steps=300, sequences=500, rate=0.1)
    >>> train_setting(easy).solved
    True
    """
    from threadpoolctl import threadpool_limits

    start = time.perf_counter()
    task = TASKS[setting.task]()
    cell, params, rng = prepare(setting)
    diverged = solved = False
    with threadpool_limits(1):
        try:
            run = train(
                cell,
                params,
                task.draw(setting.T, setting.m),
                rng,
                steps=setting.steps,
                optimiser=SGD(setting.rate, setting.momentum),
                clip_norm=setting.clip,
                omega=setting.omega,
                evaluate=make_evaluator(task, cell, setting.T, sequences=setting.sequences),
                every=setting.every,
                progress=False,
            )
            history, solved = run.history, run.solved
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


# --------------------------------------------------------------------------------- many trainings


def sweep(
    settings: Sequence[Setting],
    *,
    jobs: int | None = None,
    results: str | Path | None = None,
    progress: bool | None = None,
) -> list[Outcome]:
    """Do many trainings, side by side, each once.

    Parameters
    ----------
    settings : sequence of Setting
    jobs : int, optional
        Number of processes. None: one, or what ``joblib.parallel_config`` says; beneath
        ``parallel_config("dask")`` the trainings go to the workers of a Dask cluster.
    results : path, optional
        File that gets a line of JSON for every training that is done. Those that it holds
        already are not done again, so that a sweep that was broken off goes on where it was.
    progress : bool, optional
        Show a bar with the time left; None: only if standard error is a terminal.

    Returns
    -------
    list of Outcome
        In the order of ``settings``; the same for the same settings wherever they are run.

    Raises
    ------
    ValueError
        If the file of results is not one, or ``jobs`` is no positive number.

    Examples
    --------
    >>> two = [Setting("GRU", T=10, seed=seed, steps=5, sequences=50) for seed in (0, 1)]
    >>> [outcome.steps for outcome in sweep(two)]
    [5, 5]
    """
    from joblib import Parallel, delayed
    from tqdm import tqdm

    jobs = None if jobs is None else check_integer("jobs", jobs)
    done = Results(None if results is None else Path(results))
    missing = [s for s in dict.fromkeys(settings) if s.key not in done.outcomes]
    parallel = Parallel(n_jobs=jobs, batch_size=1, return_as="generator_unordered")
    hidden = None if progress is None else not progress
    with tqdm(total=len(settings), initial=len(settings) - len(missing), disable=hidden) as bar:
        for setting, outcome in parallel(delayed(with_outcome)(setting) for setting in missing):
            done.add(setting, outcome)
            bar.set_postfix_str(f"{setting.label}, T = {setting.T}")
            bar.update()
    return [done.outcomes[setting.key] for setting in settings]


def with_outcome(setting: Setting) -> tuple[Setting, Outcome]:
    """Return a setting and its outcome, because they come back in any order."""
    return setting, train_setting(setting)


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
        """Keep an outcome, and append it to the file."""
        self.outcomes[setting.key] = outcome
        if self.path is not None:
            entry = {"setting": asdict(setting), "outcome": asdict(outcome)}
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")


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
    text = head.replace('"rows": []', f'"rows": [\n{rows}\n ]') + "\n"
    path.write_text(text, encoding="utf-8")


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
    with ExitStack() as stack:
        if options.scheduler is not None:
            connect(options.scheduler, stack)
        jobs = None if options.scheduler else options.jobs
        try:
            outcomes = sweep(settings, jobs=jobs, results=options.runs)
        except KeyboardInterrupt as error:
            kept = "nothing is kept" if options.runs is None else f"{options.runs} has what is done"
            raise SystemExit(f"interrupted: {kept}") from error
        except (ValueError, RuntimeError) as error:
            raise SystemExit(f"error: {error}") from error
    print(as_text(table(settings, outcomes)))
    print(f"{len(settings)} runs, {(time.monotonic() - start) / 60:.1f} minutes")
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


def connect(address: str, stack: ExitStack) -> None:
    """Send what joblib runs to the Dask cluster of this address, until ``stack`` ends."""
    from joblib import parallel_config

    try:
        from distributed import Client
    except ImportError as error:
        raise SystemExit(
            "error: --scheduler needs Dask: pip install 'bptt-lab[cluster]'"
        ) from error
    try:
        stack.enter_context(Client(address, timeout=PATIENCE))  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise SystemExit(f"error: no Dask scheduler at {address}: {error}") from error
    stack.enter_context(parallel_config("dask"))


if __name__ == "__main__":
    # The module under its own name: what a process is sent must not belong to __main__.
    from bptt_lab import experiments

    experiments.main()
