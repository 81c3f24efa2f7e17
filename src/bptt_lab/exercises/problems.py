"""The random networks on which the exercises are tried: all sizes differ, and nothing is zero."""

from dataclasses import dataclass

import numpy as np

from bptt_lab.arguments import Array
from bptt_lab.cells.base import Cell, Params

SIZES = (
    {"T": 7, "m": 4, "n_inputs": 3, "n": 5, "n_outputs": 6},
    {"T": 8, "m": 5, "n_inputs": 2, "n": 4, "n_outputs": 3},
)
"""No two lengths are the same, and no sum of two, or one more or less, is another's in both."""


@dataclass(frozen=True, eq=False)
class Network:
    """A cell's parameters with inputs, targets and initial states.

    Attributes
    ----------
    sizes : dict
    params : dict
    x : array, shape (T, m, n_inputs)
    y : integer array, shape (T, m)
    state0 : tuple of arrays, shape (m, n)
    rng : numpy.random.Generator
        For whatever else an exercise needs.
    """

    sizes: dict[str, int]
    params: Params
    x: Array
    y: Array
    state0: tuple[Array, ...]
    rng: np.random.Generator


def networks(cell: Cell) -> list[Network]:
    """Two random networks of different sizes.

    >>> from bptt_lab.cells import LSTM
    >>> [network.x.shape for network in networks(LSTM())]
    [(7, 4, 3), (8, 5, 2)]
    """
    return [network(cell, sizes, seed) for seed, sizes in enumerate(SIZES)]


def network(cell: Cell, sizes: dict[str, int], seed: int) -> Network:
    """Draw a network; biases too, for a zero hides mistakes."""
    rng = np.random.default_rng(seed)
    T, m, n_inputs, n, n_outputs = sizes.values()
    params = cell.init(rng, n_inputs, n, n_outputs)
    return Network(
        sizes,
        {name: value + 0.4 * rng.standard_normal(value.shape) for name, value in params.items()},
        rng.standard_normal((T, m, n_inputs)),
        rng.integers(n_outputs, size=(T, m)),
        tuple(0.6 * rng.standard_normal((m, n)) for _ in cell.state_names),
        rng,
    )
