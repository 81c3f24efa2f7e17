"""`loss_and_gradients` beside PyTorch and JAX: the same work, in turns, each in its process."""

import math
from collections.abc import Callable
from statistics import median, quantiles
from typing import NamedTuple

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
from benchmarks.worker import SIDE, Worker

ROUNDS, QUICK_ROUNDS = 13, 5
TOLERANCE = {"float32": 1e-3, "float64": 1e-9}
MEAN_GOAL, SIZE_GOAL, TINY_GOAL = 0.7, 1.0, 1.5

GROWTH_STEPS = (100, 1_000, 10_000, 100_000)
LINEAR, MEMORY_GOAL = 1.25, 1.5

Workers = dict[str, Worker]
Say = Callable[[str], None]


# -------------------------------------------------------------------------- beside the others


class Measured(NamedTuple):
    """Seconds per call of each library, and of the large matrix product, in every round."""

    case: Case
    times: dict[str, list[float]]
    products: list[float]

    @property
    def peer(self) -> str:
        """The faster of the others."""
        return min((k for k in self.times if k != "numpy"), key=lambda k: median(self.times[k]))

    @property
    def ratios(self) -> list[float]:
        """Our time over the faster peer's, round by round: a load on the machine cancels."""
        return [a / b for a, b in zip(self.times["numpy"], self.times[self.peer], strict=True)]

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def share(self) -> float:
        """Multiply-adds per second, as a share of those of the large matrix product."""
        work = multiply_adds(self.case) / SIDE**3
        return work * median(p / t for p, t in zip(self.products, self.times["numpy"], strict=True))


def disagreement(ours: Arrays, theirs: Arrays) -> float:
    """Largest error of a loss or gradient, relative to the largest entry of that array."""
    kinds = [{k: (v.shape, v.dtype) for k, v in r.items() if k != "loss"} for r in (ours, theirs)]
    if kinds[0] != kinds[1]:
        raise ValueError(f"results of different kinds: {kinds}")
    return max(float(abs(ours[k] - theirs[k]).max() / abs(ours[k]).max()) for k in ours)


def prepare(workers: Workers, case: Case) -> None:
    """Give all the same problem, and see that they agree on its solution."""
    given = problem(case)
    results = {library: worker.call("prepare", given) for library, worker in workers.items()}
    for library, result in results.items():
        error = disagreement(results["numpy"], result)
        if not error < TOLERANCE[case.dtype]:
            raise ArithmeticError(f"{library} differs by {error:.1e} in {case}")


def measure(workers: Workers, case: Case, rounds: int) -> Measured:
    """Time all libraries in turns."""
    prepare(workers, case)
    times: dict[str, list[float]] = {library: [] for library in workers}
    products = []
    for _ in range(rounds):
        for library, worker in workers.items():
            times[library].append(worker.call("turn"))
        products.append(workers["numpy"].call("product_time", case.dtype))
    return Measured(case, times, products)


def row(m: Measured) -> list[str]:
    """One line of the table."""
    low, _, high = quantiles(m.ratios, n=4)
    milliseconds = [f"{1000 * median(t):.2f}" for t in m.times.values()]
    size = ", ".join(map(str, m.case.size))
    ratio = f"{m.ratio:.2f} ({low:.2f}..{high:.2f})"
    return [m.case.cell, m.case.dtype, size, *milliseconds, m.peer, ratio, f"{m.share:.0%}"]


def geometric_mean(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


def compare(workers: Workers, quick: bool, say: Say) -> tuple[Table, list[Goal]]:
    """Time every case."""
    sizes, rounds = (QUICK, QUICK_ROUNDS) if quick else (SIZES, ROUNDS)
    head = ["cell", "type", "T, m, n", "ours ms", "torch ms", "jax ms", "faster peer"]
    table = Table([*head, "ours / faster peer (quartiles)", "share of peak"])
    done = []
    for case in [Case(c, d, s) for c in CELLS for d in DTYPES for s in sizes]:
        done.append(measure(workers, case, rounds))
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


def growth(workers: Workers, quick: bool, say: Say) -> tuple[Table, list[Goal]]:
    """Time and memory of this package from short to long sequences."""
    steps = GROWTH_STEPS[:-1] if quick else GROWTH_STEPS
    table = Table(["cell", "T", "µs per step", "memory MB", "must be stored MB", "ratio"])
    goals = []
    for cell in CELLS:
        cases = [Case(cell, "float64", Size(T, 4, 32)) for T in steps]
        per_step = step_times(workers["numpy"], cases)
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


def step_times(worker: Worker, cases: list[Case], rounds: int = 5) -> list[float]:
    """Seconds per step of each case, measured in turns."""
    times = np.empty((rounds, len(cases)))
    for r in range(rounds):
        for k, case in enumerate(cases):
            worker.call("load", case)
            times[r, k] = worker.call("turn") / case.size.T
    return list(np.median(times, axis=0))
