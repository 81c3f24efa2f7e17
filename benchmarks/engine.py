"""`loss_and_gradients` beside PyTorch and JAX: the same work, in turns, each in its process."""

import math
import os
import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import NamedTuple, TypeVar

import numpy as np

from benchmarks.problems import (
    CELLS,
    DTYPES,
    QUICK,
    SIZES,
    TINY,
    Arrays,
    Case,
    Size,
    multiply_adds,
    must_be_stored,
    problem,
)
from benchmarks.tables import Goal, Table
from benchmarks.worker import LIBRARIES, PEERS, SIDE, Worker, used_by_others

ROUNDS, QUICK_ROUNDS, LONG_ROUNDS = 11, 5, 3
QUIET = 0.1  # share of the processors that other processes may have in a round
TOLERANCE = {"float32": 1e-3, "float64": 1e-9}
MEAN_GOAL, SIZE_GOAL, TINY_GOAL = 0.7, 1.0, 1.5

GROWTH_STEPS = (100, 1_000, 10_000, 100_000)
LINEAR, MEMORY_GOAL = 1.25, 1.5

Workers = dict[str, Worker]
Say = Callable[[str], None]
Taken = TypeVar("Taken")
Shared = tuple[float, Taken]  # the share of the processors that others had, and what was done


# -------------------------------------------------------------------------- beside the others


class Effort(NamedTuple):
    """What is measured: sizes, rounds of each, and seconds to spend on waiting for quiet."""

    sizes: tuple[Size, ...]
    steps: tuple[int, ...]
    rounds: int
    patience: float


def effort(quick: bool, patience: float) -> Effort:
    """All, or enough for a look."""
    if quick:
        return Effort(QUICK, GROWTH_STEPS[:-1], QUICK_ROUNDS, patience)
    return Effort(SIZES, GROWTH_STEPS, ROUNDS, patience)


class Round(NamedTuple):
    """Seconds per call of each library, and of the large matrix product."""

    seconds: dict[str, float]
    product: float


class Measured(NamedTuple):
    """The rounds of a case, and the largest share of the processors that others had in one."""

    case: Case
    rounds: list[Round]
    others: float

    def time(self, library: str) -> float:
        """Median time of a call in seconds."""
        return median(r.seconds[library] for r in self.rounds)

    @property
    def peer(self) -> str:
        """The faster of the others."""
        return min(PEERS, key=self.time)

    @property
    def ratios(self) -> list[float]:
        """Our time over the faster peer's, round by round: a load on the machine cancels."""
        return [r.seconds["numpy"] / r.seconds[self.peer] for r in self.rounds]

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def share(self) -> float:
        """Multiply-adds per second, as a share of those of the large matrix product."""
        work = multiply_adds(self.case) / SIDE**3
        return work * median(r.product / r.seconds["numpy"] for r in self.rounds)


def disagreement(ours: Arrays, theirs: Arrays) -> float:
    """Largest error of a loss or gradient, relative to the largest entry of that array."""
    kinds = [{k: (v.shape, v.dtype) for k, v in r.items() if k != "loss"} for r in (ours, theirs)]
    if kinds[0] != kinds[1]:
        raise ValueError(f"results of different kinds: {kinds}")
    errors = [abs(ours[k] - theirs[k]).max() / abs(ours[k]).max() for k in ours]
    return float(np.max(errors))  # NaN if one of them is


def prepare(workers: Workers, case: Case) -> None:
    """Give all the same problem, and see that they agree on its solution."""
    given = problem(case)
    results = {library: worker.call("prepare", given) for library, worker in workers.items()}
    for library, result in results.items():
        error = disagreement(results["numpy"], result)
        if not error < TOLERANCE[case.dtype]:
            raise ArithmeticError(f"{library} differs by {error:.1e} in {case}")


def share_of_others(workers: Workers, do: Callable[[], Taken]) -> Shared[Taken]:
    """Do something, and see how much of the processors other processes have meanwhile."""
    start, others = time.perf_counter(), used_by_others(workers)
    taken = do()
    others = (used_by_others(workers) - others) / (time.perf_counter() - start)
    return others / (os.cpu_count() or 1), taken


def wait_for_quiet(workers: Workers, end: float) -> None:
    """Wait until others leave the processors alone, or until the end."""
    while time.perf_counter() < end:
        if share_of_others(workers, lambda: time.sleep(0.1))[0] < QUIET:
            return


def quietest(workers: Workers, effort: Effort, take: Callable[[], Taken]) -> list[Shared[Taken]]:
    """Take rounds; where other work disturbs, take more of them and return the best."""
    done: list[Shared[Taken]] = []
    end = time.perf_counter() + effort.patience
    while len(done) < effort.rounds or (
        sum(share < QUIET for share, _ in done) < effort.rounds and time.perf_counter() < end
    ):
        wait_for_quiet(workers, end)
        done.append(share_of_others(workers, take))
    return sorted(done, key=lambda one: one[0])[: effort.rounds]


def measure(workers: Workers, case: Case, effort: Effort) -> Measured:
    """Time all libraries in turns."""
    prepare(workers, case)

    def take() -> Round:
        seconds = {library: worker.call("turn") for library, worker in workers.items()}
        return Round(seconds, workers["numpy"].call("product_time", case.dtype))

    taken = quietest(workers, effort, take)
    return Measured(case, [one for _, one in taken], taken[-1][0])


def row(m: Measured) -> list[str]:
    """One line of the table."""
    low, _, high = quantiles(m.ratios, n=4)
    milliseconds = [f"{1000 * m.time(library):.2f}" for library in LIBRARIES]
    size = ", ".join(map(str, m.case.size))
    ratio = f"{m.ratio:.2f} ({low:.2f}..{high:.2f})"
    rates = [f"{m.share:.0%}", f"{m.others:.0%}"]
    return [m.case.cell, m.case.dtype, size, *milliseconds, m.peer, ratio, *rates]


def geometric_mean(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


def compare(workers: Workers, effort: Effort, say: Say) -> tuple[Table, list[Goal]]:
    """Time every case."""
    head = ["cell", "type", "T, m, n", "ours ms", "torch ms", "jax ms", "faster peer"]
    table = Table([*head, "ours / faster peer (quartiles)", "share of peak", "others"])
    done = []
    for case in [Case(c, d, s) for c in CELLS for d in DTYPES for s in effort.sizes]:
        done.append(measure(workers, case, effort))
        table.rows.append(row(done[-1]))
        say("  ".join(table.rows[-1]))
    return table, goals_of_ratios(done)


def goals_of_ratios(done: list[Measured]) -> list[Goal]:
    """Geometric mean per cell, and the worst case."""
    goals = []
    for cell in CELLS:
        mean = geometric_mean([m.ratio for m in done if m.case.cell == cell])
        goals.append(Goal(f"geometric mean, {cell}", mean, MEAN_GOAL))
    for what, bound, tiny in [("small", TINY_GOAL, True), ("other", SIZE_GOAL, False)]:
        worst = max((m for m in done if (m.case.size == TINY) is tiny), key=lambda m: m.ratio)
        name = f"largest ratio, {what} sizes ({worst.case.cell} {worst.case.dtype})"
        goals.append(Goal(name, worst.ratio, bound))
    return goals


# -------------------------------------------------------------------------- growth with T


def growth(workers: Workers, effort: Effort, say: Say) -> tuple[Table, list[Goal]]:
    """Time and memory of this package from short to long sequences."""
    steps = effort.steps
    table = Table(["cell", "T", "µs per step", "memory MB", "must be stored MB", "ratio"])
    goals = []
    for cell in CELLS:
        cases = [Case(cell, "float64", Size(T, 4, 32)) for T in steps]
        per_step = step_times(workers, cases, effort)
        peaks = [workers["numpy"].call("peak_memory", case) for case in cases]
        for case, seconds, peak in zip(cases, per_step, peaks, strict=True):
            stored = must_be_stored(case)
            numbers = [f"{1e6 * seconds:.1f}", f"{peak / 1e6:.2f}", f"{stored / 1e6:.2f}"]
            table.rows.append([cell, f"{case.size.T}", *numbers, f"{peak / stored:.2f}"])
            say("  ".join(table.rows[-1]))
        slower = per_step[-1] / per_step[1]
        goals.append(Goal(f"time per step at T = {steps[-1]} / T = 1000, {cell}", slower, LINEAR))
        memory = peaks[-1] / must_be_stored(cases[-1])
        goals.append(Goal(f"memory / must be stored, T = {steps[-1]}, {cell}", memory, MEMORY_GOAL))
    return table, goals


def step_times(workers: Workers, cases: list[Case], effort: Effort) -> list[float]:
    """Seconds per step of each case, measured in turns."""
    worker = workers["numpy"]

    def take() -> list[float]:
        times = []
        for case in cases:
            worker.call("load", case)
            times.append(worker.call("turn") / case.size.T)
        return times

    few = effort._replace(rounds=LONG_ROUNDS)
    taken = [times for _, times in quietest(workers, few, take)]
    return [median(times) for times in zip(*taken, strict=True)]
