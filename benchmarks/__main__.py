"""Command line: `python -m benchmarks [engine | book] [--quick] [--write]`."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import tables


def clock() -> Callable[[str], None]:
    """Return a function that prints a line with the seconds since now before it."""
    start = time.perf_counter()
    return lambda line: print(f"[{time.perf_counter() - start:4.0f} s] {line}", flush=True)


def engine(options: argparse.Namespace) -> str:
    """Measure the package beside the frameworks."""
    from benchmarks import engine as part
    from benchmarks.worker import workers

    say, effort = clock(), part.effort(options.quick, options.patience)
    running = workers(options.threads)
    versions = ", ".join(f"{name} {w.call('version')}" for name, w in running.items())
    circumstances = f"{versions}; {running['numpy'].call('blas')}; {options.threads} threads each"
    say(f"{tables.machine()}; {circumstances}")
    speed, goals = part.compare(running, effort, say)
    grown, more = part.growth(running, effort, say)
    for worker in running.values():
        worker.close()
    text = [tables.machine(), circumstances, speed, grown, tables.goal_table(goals + more)]
    return "\n\n".join(map(str, text))


def book(options: argparse.Namespace) -> str:
    """Measure the built book."""
    from benchmarks import book as part

    return part.report(options.quick, options.site, clock())


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("part", nargs="?", choices=["engine", "book"], default="engine")
    parser.add_argument("--quick", action="store_true", help="fewer cases and repetitions")
    parser.add_argument("--write", action="store_true", help="put the tables into the README")
    parser.add_argument("--threads", type=int, default=2, help="of each library (2)")
    parser.add_argument("--patience", type=float, default=20, help="seconds a case may wait (20)")
    parser.add_argument("--site", type=Path, help="a built site: measure it and build none")
    options = parser.parse_args()
    text = {"engine": engine, "book": book}[options.part](options)
    print("\n" + text)
    if options.write:
        tables.write(options.part, text)


if __name__ == "__main__":
    main()
