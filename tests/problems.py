"""What the tests of the numerics compute on, and how they look at gradients as a whole."""

import numpy as np
import pytest

from bptt_lab.cells import GRU, LSTM, RNN, OriginalLSTM, PeepholeLSTM
from bptt_lab.reference import problem

CELLS = [RNN("tanh"), OriginalLSTM(), LSTM(), PeepholeLSTM(), GRU("before"), GRU("after")]
every_cell = pytest.mark.parametrize("cell", CELLS, ids=repr)


def make_problem(cell, seed=0, dtype=np.float64, **sizes):
    """Draw the reference's problem, with no target (-1) at about every seventh step."""
    p = problem(cell, seed, dtype, **sizes)
    p.y[np.random.default_rng(seed).random(p.y.shape) < 1 / 7] = -1
    return p


def everything(gradients):
    """All gradients as one dict of arrays: those of the parameters, of x and of the state."""
    return {**gradients, "x": gradients.x, "state0": np.array(gradients.state0)}


def flat(gradients):
    """All of them as one vector."""
    return np.concatenate([np.ravel(value) for value in everything(gradients).values()])
