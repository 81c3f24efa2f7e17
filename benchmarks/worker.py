"""A library in a process of its own, and the handle by which the benchmark drives it."""

import multiprocessing
import os
import statistics
import time
import tracemalloc
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.problems import Arrays, Case, Problem, problem

PEERS = ("torch", "jax")
LIBRARIES = ("numpy", *PEERS)
SETTLE = 0.04  # seconds in which the threads of the library before fall asleep
WARM = 0.005  # seconds at least of untimed calls in a turn, one call at least
TIMED = 0.03  # seconds at least of timed calls in a turn, one call at least
SIDE = 1024  # of the square matrices whose product gives the machine's peak


def limit_threads(threads: int) -> None:
    """As many threads for every library: of the BLAS, of OpenMP, and processors to run on."""
    for name in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{name}_NUM_THREADS"] = str(threads)
    if hasattr(os, "sched_setaffinity"):  # XLA has a thread for each processor it may use
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def median_time(work: Callable[[], Any], least: float) -> float:
    """Median time of a call, from calls that take `least` seconds together."""
    times, end = [], time.perf_counter() + least
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


class Bench:
    """What runs in the library's process."""

    def __init__(self, library: str):
        self.library = import_module(f"benchmarks.with_{library}")
        self.work: Callable[[], Any] = lambda: None

    def version(self) -> str:
        return self.library.VERSION

    def prepare(self, given: Problem) -> Arrays:
        """Take a problem and solve it once."""
        self.work = self.library.prepare(given)
        return self.library.results(given, self.work())

    def load(self, case: Case) -> None:
        """Take a problem drawn here, one too large for the pipe."""
        self.work = self.library.prepare(problem(case))

    def turn(self) -> float:
        """Seconds per call in one turn of the round."""
        time.sleep(SETTLE)
        median_time(self.work, WARM)
        return median_time(self.work, TIMED)

    def processor_time(self) -> float:
        """Seconds of processor time that this process has used."""
        return time.process_time()

    def product_time(self, dtype: str) -> float:
        """Seconds for the product of two large square matrices."""
        time.sleep(SETTLE)
        a = np.ones((SIDE, SIDE), dtype)
        out = a @ a
        return median_time(lambda: np.dot(a, a, out=out), TIMED)

    def peak_memory(self, case: Case) -> int:
        """Bytes allocated at most during one call, beyond the arguments."""
        work = self.library.prepare(problem(case))
        work()
        tracemalloc.start()  # NumPy reports its arrays to it
        work()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    def blas(self) -> str:
        """Which BLAS NumPy has, and which of its kernels runs on this processor."""
        from threadpoolctl import threadpool_info

        pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
        kernel = pools[0].get("architecture", "unknown") if pools else "unknown"
        return f"{pools[0]['internal_api']} {pools[0]['version']}, kernel {kernel}"


def serve(pipe: Any, library: str) -> None:
    """Do what comes through the pipe until None comes."""
    bench = Bench(library)
    while (message := pipe.recv()) is not None:
        action, arguments = message
        pipe.send(getattr(bench, action)(*arguments))


class Worker:
    """Handle of a process with one library in it."""

    def __init__(self, library: str):
        start = multiprocessing.get_context("spawn")
        self.pipe, other = start.Pipe()
        self.process = start.Process(target=serve, args=(other, library), daemon=True)
        self.process.start()
        other.close()

    def call(self, action: str, *arguments: Any) -> Any:
        self.pipe.send((action, arguments))
        return self.pipe.recv()

    def close(self) -> None:
        self.pipe.send(None)
        self.process.join()


def workers(threads: int) -> dict[str, Worker]:
    """One process for each library, with the same threads for all."""
    limit_threads(threads)
    return {library: Worker(library) for library in LIBRARIES}


def used_by_others(running: dict[str, Worker]) -> float:
    """Seconds of processor time that everything else on the machine has used; Linux only."""
    try:
        with open("/proc/stat", encoding="utf-8") as stat:
            ticks = list(map(int, stat.readline().split()[1:9]))
    except OSError:
        return 0.0
    busy = sum(ticks) - ticks[3] - ticks[4]  # all but idle and waiting for a disk
    own = sum(worker.call("processor_time") for worker in running.values())
    return busy / os.sysconf("SC_CLK_TCK") - own - time.process_time()
