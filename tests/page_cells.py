"""Run cells under the conditions of a page: `python page_cells.py < CELLS`, a list in JSON.

No library that draws, no threads, no processes, and the NumPy that comes first on the path. It
prints JSON: the version of NumPy, and for each cell its source, what came of it and how long it
took.
"""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time

from tools.live.in_page import Page, prepare


def refuse(*_, **__):
    raise RuntimeError("can't start new thread")


async def run_all(sources: list[str]) -> list[dict]:
    async def want(library: str) -> bool:
        return False

    page, ran = Page(lambda told: None, want), []
    for number, source in enumerate(sources):
        start = time.perf_counter()
        result = await page.run(source, f"cell {number}")
        ran.append({"source": source, "seconds": time.perf_counter() - start, **result})
    return ran


def main() -> None:
    sources = json.load(sys.stdin)
    loop = asyncio.new_event_loop()
    prepare()
    threading.Thread.start = refuse
    subprocess.Popen = os.fork = refuse
    cells = loop.run_until_complete(run_all(sources))
    import numpy

    assert not {"matplotlib.pyplot", "ipywidgets.widgets"} & {*sys.modules}
    print(json.dumps({"numpy": numpy.__version__, "cells": cells}))


if __name__ == "__main__":
    main()
