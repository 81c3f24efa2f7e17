"""Which networks learn to look how far back: many trainings, side by side.

``python -m bptt_lab.experiments --help`` says how to run them from the command line.
"""

import argparse
import json
import platform
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib.metadata import version
from itertools import product
from math import comb
from pathlib import Path
from typing import Any

import numpy as np

from bptt_lab.arguments import check_choice, check_integer, fail
from bptt_lab.cells import GRU, LSTM, RNN
from bptt_lab.cells.base import Cell, Params
from bptt_lab.initializers import chrono, gaussian, identity, orthogonal
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


def says(name: str, bias: float | str) -> str:
    """Write a gate's bias as a name: ``b_f=1``, or the word."""
    return bias if isinstance(bias, str) else f"{name}={bias:g}"


@dataclass(frozen=True)
class Network:
    """A cell and how it starts.

    Attributes
    ----------
    cell : Cell
    recurrent : callable
        Draws the recurrent matrices, as ``cell.init`` takes it.
    open : float or "chrono"
        Bias of the gate that keeps the state: b_f of an LSTM, b_z of a GRU.
    tied : bool
        Whether an LSTM's input gate begins as closed as its forget gate is open: b_i = -b_f.
        In a GRU one gate does both.
    """

    cell: Cell
    recurrent: Any
    open: float | str = 0.0
    tied: bool = False


BIASES: tuple[float | str, ...] = (0, 1, 2, 4, "chrono")
"""How open the gates begin."""

NETWORKS: dict[str, Network] = {
    "RNN gaussian": Network(RNN("tanh"), gaussian),
    "RNN orthogonal": Network(RNN("tanh"), orthogonal),
    "RNN orthogonal, gain 1.5": Network(RNN("tanh"), partial(orthogonal, gain=1.5)),
    "RNN identity ReLU": Network(RNN("relu"), identity),
    **{f"LSTM {says('b_f', b)}": Network(LSTM(), gaussian, b) for b in BIASES[:-1]},
    "LSTM b_f=4, b_i=-4": Network(LSTM(), gaussian, 4, tied=True),
    "LSTM chrono": Network(LSTM(), gaussian, "chrono", tied=True),
    **{f"GRU {says('b_z', b)}": Network(GRU(), gaussian, b) for b in BIASES},
}
"""By name. At gain 1.5 the orthogonal RNN starts at the edge of chaos, lambda_1 near 0."""


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
        words = {"clipped": self.clip is not None, "Omega": self.omega > 0}
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
        Processor time it took; it has no part in ``==``.
    """

    solved: bool
    diverged: bool
    steps: int
    error: float
    largest_norm: float
    seconds: float = field(compare=False)


def prepare(setting: Setting) -> tuple[Cell, Params, np.random.Generator]:
    """Return the cell, its parameters, and the generator that goes on to draw the sequences.

    Networks that differ in their gate biases alone get the same matrices and sequences.
    """
    task, network = TASKS[setting.task](), NETWORKS[setting.network]
    cell, rng = network.cell, np.random.default_rng(setting.seed)
    params = cell.init(rng, task.n_inputs, setting.n, task.n_outputs, recurrent=network.recurrent)
    return cell, params | gate_biases(network, setting), rng


def gate_biases(network: Network, setting: Setting) -> Params:
    """Return the biases of the gates that keep and that let in. Equations: eq-chrono."""
    if isinstance(network.cell, RNN):
        return {}
    if isinstance(network.open, str):
        keep = chrono(np.random.default_rng([setting.seed, 1]), setting.n, setting.T)
    else:
        keep = np.full(setting.n, float(network.open))
    if isinstance(network.cell, GRU):
        return {"b_z": keep}
    return {"b_f": keep, "b_i": -keep} if network.tied else {"b_f": keep}


def train_setting(setting: Setting) -> Outcome:
    """Do one training; the outcome depends on the setting alone.

    One thread of linear algebra is used: for matrices as small as these, several are many times
    slower, above all beside other processes, and may add in another order.

    Examples
    --------
    >>> easy = Setting("GRU b_z=1", T=10, clip=1.0, steps=300, sequences=500, rate=0.1)
    >>> train_setting(easy).solved
    True
    """
    from threadpoolctl import threadpool_limits

    start = time.process_time()
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
        seconds=round(time.process_time() - start, 2),
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
    >>> two = [Setting("GRU b_z=1", T=10, seed=seed, steps=5, sequences=50) for seed in (0, 1)]
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


SIMPLE = tuple(name for name, network in NETWORKS.items() if isinstance(network.cell, RNN))
STARTS = ("RNN gaussian", "RNN orthogonal", "RNN identity ReLU")
SHUT = ("LSTM b_f=0", "GRU b_z=0")
OPEN = ("LSTM b_f=2", "GRU b_z=2")
LENGTHS = (20, 40, 80, 160)
RATES = (0.003, 0.01, 0.03, 0.1)
SEEDS = range(16)
SELECTION_SEEDS = range(100, 103)
"""Which the table does not use: on these the rate of each condition is chosen."""


@dataclass(frozen=True)
class Condition:
    """A network, what helps it, and the lengths at which it is tried.

    Attributes
    ----------
    network : str
        One of ``NETWORKS``.
    clip : float or None
    omega : float
    lengths : tuple of int
    """

    network: str
    clip: float | None
    omega: float
    lengths: tuple[int, ...]

    def at(self, T: int, seed: int, rate: float, **common: Any) -> Setting:
        """Return one training of this condition."""
        options = {"clip": self.clip, "omega": self.omega, **common}
        return Setting(self.network, T=T, seed=seed, rate=rate, **options)


CONDITIONS = (
    *(Condition(name, 1.0, 0.0, LENGTHS) for name in NETWORKS),
    *(Condition(name, None, 0.0, LENGTHS[:2]) for name in NETWORKS),
    *(Condition(name, 1.0, 2.0, LENGTHS[:2]) for name in SIMPLE),
)
"""Every network clipped; at the two shorter lengths also not clipped, the RNN also with Omega."""


def small() -> list[Setting]:
    """Return what the book runs while it is built: less than a minute."""
    return [
        condition.at(T, seed, RATE, steps=300, sequences=500)
        for condition in CONDITIONS
        if condition.omega == 0 and condition.network in {*STARTS, *SHUT, *OPEN}
        for T in (10, 20)
        for seed in range(2)
    ]


def selection(steps: int = 3000) -> list[Setting]:
    """Return the trainings by which the rates are chosen, the longest first."""
    settings = [
        condition.at(T, seed, rate, steps=steps)
        for condition in CONDITIONS
        for T in condition.lengths
        if T <= 80
        for rate, seed in product(RATES, SELECTION_SEEDS)
    ]
    return sorted(settings, key=expense, reverse=True)


def choose_rates(
    settings: Sequence[Setting], outcomes: Sequence[Outcome]
) -> dict[tuple[str, int], float]:
    """Choose a rate for every condition and length.

    The most trainings solved decide; then the fewest updates in all, where one that was not
    solved counts as all of them; then the rate of the next shorter length.

    Returns
    -------
    dict
        ``rates[label, T]``.
    """
    tried: dict[tuple[str, int], dict[float, list[int]]] = {}
    for setting, outcome in zip(settings, outcomes, strict=True):
        of_rates = tried.setdefault((setting.label, setting.T), {})
        needed = outcome.steps if outcome.solved else setting.steps
        of_rates.setdefault(setting.rate, []).append(needed - 10**6 * outcome.solved)
    chosen: dict[tuple[str, int], float] = {}
    before: dict[str, float] = {}
    for label, T in sorted(tried, key=lambda key: key[1]):
        costs = {rate: sum(needed) for rate, needed in sorted(tried[label, T].items())}
        best = [rate for rate, cost in costs.items() if cost == min(costs.values())]
        chosen[label, T] = before[label] if before.get(label) in best else best[0]
        before[label] = chosen[label, T]
    return chosen


def full(rates: Mapping[tuple[str, int], float], steps: int = 3000) -> list[Setting]:
    """Return what the table of the book holds, the longest first.

    Parameters
    ----------
    rates : mapping
        As ``choose_rates`` returns them; a length without one takes that of the next shorter.
    steps : int
        Updates at most.
    """
    settings = []
    for condition in CONDITIONS:
        rate = RATE
        for T in condition.lengths:
            label = condition.at(T, 0, RATE).label
            rate = rates.get((label, T), rate)
            settings += [condition.at(T, seed, rate, steps=steps) for seed in SEEDS]
    return sorted(settings, key=expense, reverse=True)


def expense(setting: Setting) -> int:
    """Estimate what a training costs: the long ones first leave no process idle at the end."""
    return setting.T * (1 if setting.network in SIMPLE else 3)


def published() -> dict[str, Any]:
    """Return the table of the book, as ``report`` made it of the full experiment.

    >>> len(published()["seeds"])
    16
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
    order = [condition.at(0, 0, RATE).label for condition in CONDITIONS]
    pairs = zip(settings, outcomes, strict=True)
    for setting, outcome in sorted(pairs, key=lambda pair: (order.index(pair[0].label), pair[0].T)):
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


@dataclass(frozen=True)
class Comparison:
    """A question to the table, in words and pairs that are fixed before it is answered.

    Attributes
    ----------
    question : str
    T : int
    pairs : tuple of pairs of labels
        Without and with what is asked about. Trainings with the same seed are a pair.
    """

    question: str
    T: int
    pairs: tuple[tuple[str, str], ...]

    def count(self, rows: Sequence[dict[str, Any]]) -> tuple[int, int]:
        """Count the pairs in which the first, and in which the second, solves it sooner.

        Pairs in which both need as many updates, or neither solves it, decide nothing.
        """
        steps = {row["label"]: row["steps"] for row in rows if row["T"] == self.T}
        both = [
            (np.inf if a is None else a, np.inf if b is None else b)
            for one, other in self.pairs
            for a, b in zip(steps[one], steps[other], strict=True)
        ]
        return sum(a < b for a, b in both), sum(b < a for a, b in both)


def by_chance(one: int, other: int) -> float:
    """Return how often a coin falls at least as unevenly: the exact sign test, two-sided.

    Equations: eq-training-sign.

    >>> by_chance(0, 5)
    0.0625
    """
    n, least = one + other, min(one, other)
    tail: float = sum(comb(n, j) for j in range(least + 1)) / 2**n
    return min(1.0, 2 * tail)


def gates(cell: str, before: float | str, after: float | str) -> tuple[tuple[str, str], ...]:
    """Return the pair of labels of two gate biases of a clipped cell."""
    name = {"LSTM": "b_f", "GRU": "b_z"}[cell]
    labels = (f"{cell} {says(name, bias)}, clipped" for bias in (before, after))
    return (tuple(labels),)  # type: ignore[return-value]


COMPARISONS = (
    Comparison("clipping the RNN", 20, tuple((s, f"{s}, clipped") for s in STARTS)),
    Comparison("clipping with open gates", 40, tuple((s, f"{s}, clipped") for s in OPEN)),
    Comparison(
        "Omega beside clipping",
        40,
        tuple((f"{s}, clipped", f"{s}, clipped, Omega") for s in STARTS),
    ),
    Comparison(
        "gain 1 -> 1.5", 40, (("RNN orthogonal, clipped", "RNN orthogonal, gain 1.5, clipped"),)
    ),
    Comparison("LSTM, b_f 0 -> 2", 80, gates("LSTM", 0, 2)),
    Comparison("LSTM, b_f 1 -> 2", 80, gates("LSTM", 1, 2)),
    Comparison("GRU, b_z 0 -> 2", 80, gates("GRU", 0, 2)),
    Comparison("GRU, b_z 1 -> 2", 80, gates("GRU", 1, 2)),
    Comparison("LSTM -> GRU, both at 2", 80, (("LSTM b_f=2, clipped", "GRU b_z=2, clipped"),)),
    Comparison("LSTM, b_f 2 -> chrono", 160, gates("LSTM", 2, "chrono")),
    Comparison("GRU, b_z 2 -> chrono", 160, gates("GRU", 2, "chrono")),
    Comparison("LSTM, b_f 2 -> 4", 80, gates("LSTM", 2, 4)),
    Comparison(
        "its input gate too", 160, (("LSTM b_f=4, clipped", "LSTM b_f=4, b_i=-4, clipped"),)
    ),
    Comparison("GRU, b_z 2 -> 4", 160, gates("GRU", 2, 4)),
)
"""All questions that the book puts to its table; the last three came up after the others."""


def report(
    command: str,
    settings: Sequence[Setting],
    outcomes: Sequence[Outcome],
    tried: Sequence[Setting] = (),
    found: Sequence[Outcome] = (),
) -> dict[str, Any]:
    """Return the table with all that made it, and the trainings that chose its rates."""
    first = asdict(settings[0])
    seconds = sum(outcome.seconds for outcome in [*outcomes, *found])
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
        "minutes": round(seconds / 60, 1),
        "rows": table(settings, outcomes),
        "selection": table(tried, found),
    }


def write_report(path: Path, content: dict[str, Any]) -> None:
    """Write the table, one row a line."""
    tables = {name: content[name] for name in ("rows", "selection")}
    text = json.dumps({**content, **dict.fromkeys(tables, [])}, indent=1) + "\n"
    for name, rows in tables.items():
        lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
        text = text.replace(f'"{name}": []', f'"{name}": [\n{lines}\n ]')
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
    tried = selection() if options.full else []
    start = time.monotonic()
    with ExitStack() as stack:
        if options.scheduler is not None:
            connect(options.scheduler, stack)
        jobs = None if options.scheduler else options.jobs
        try:
            found = sweep(tried, jobs=jobs, results=options.runs)
            settings = full(choose_rates(tried, found)) if options.full else small()
            outcomes = sweep(settings, jobs=jobs, results=options.runs)
        except KeyboardInterrupt as error:
            kept = "nothing is kept" if options.runs is None else f"{options.runs} has what is done"
            raise SystemExit(f"interrupted: {kept}") from error
        except (ValueError, RuntimeError) as error:
            raise SystemExit(f"error: {error}") from error
    print(as_text(table(settings, outcomes)))
    print(f"{len(tried) + len(settings)} runs, {(time.monotonic() - start) / 60:.1f} minutes")
    if options.output is not None:
        command = shlex.join(["python", "-m", "bptt_lab.experiments", *given])
        write_report(options.output, report(command, settings, outcomes, tried, found))


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
