"""What the pages assert holds for every rounding.

Processors and libraries differ in the last digit of a product, and a training near chaos turns that
into another training. So every page runs once more from parameters whose last digits differ.
"""

import json
import os
import subprocess
import sys

import jupytext
import numpy as np
import pytest
from nbclient import NotebookClient

from bptt_lab import gaussian
from test_notebooks import RUNNING as PAGES
from test_notebooks import SOURCES

EVERYWHERE = """  # sitecustomize: also in the processes that a page starts
import functools
import zlib

import numpy as np

import bptt_lab
from bptt_lab.cells.base import Cell


def disturbed(value):
    if isinstance(value, dict):
        return {{name: disturbed(one) for name, one in value.items()}}
    digits = np.random.default_rng([{seed}, zlib.crc32(value.tobytes())])
    units = np.finfo(value.dtype).eps * digits.uniform(-4, 4, value.shape)
    return (value * (1 + units)).astype(value.dtype)


def with_other_digits(draw):
    @functools.wraps(draw)
    def drawn(*args, **kwargs):
        return disturbed(draw(*args, **kwargs))

    return drawn


Cell.init = with_other_digits(Cell.init)
for name in ("gaussian", "glorot", "orthogonal"):
    drawn = with_other_digits(getattr(bptt_lab.initializers, name))
    for module in (bptt_lab, bptt_lab.initializers):
        if hasattr(module, name):
            setattr(module, name, drawn)
"""


@pytest.fixture
def disturbed(fresh_seed, tmp_path, monkeypatch):
    """Every Python that starts now draws parameters whose last digits are others."""
    (tmp_path / "sitecustomize.py").write_text(EVERYWHERE.format(seed=fresh_seed), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)


DRAWN = """
import numpy, bptt_lab
print(bptt_lab.gaussian(numpy.random.default_rng(0), 9).tolist())
"""


def test_digits_are_disturbed_the_same_way_each_time(disturbed):
    first, again = (subprocess.check_output([sys.executable, "-c", DRAWN]) for _ in range(2))
    assert first == again
    own, other = gaussian(np.random.default_rng(0), 9), np.array(json.loads(first))
    assert 0 < abs(other - own).max() < 1e-14


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_asserts_holds_with_other_last_digits(name, disturbed, tmp_path):
    notebook = jupytext.read(SOURCES[name], fmt="md:myst")
    place = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=1200, allow_errors=True, resources=place).execute()
    failed = [
        f"{cell.source}\n{output.ename}: {output.evalue}"
        for cell in notebook.cells
        if cell.cell_type == "code" and "raises-exception" not in cell.metadata.get("tags", [])
        for output in cell.outputs
        if output.output_type == "error"
    ]
    assert not failed, "\n\n".join(failed)
