"""One small random problem with all sizes distinct, for the tests of the numerics."""

from types import SimpleNamespace

import numpy as np
import pytest

from bptt_lab.cells import GRU, LSTM, RNN, OriginalLSTM, PeepholeLSTM

CELLS = [RNN("tanh"), OriginalLSTM(), LSTM(), PeepholeLSTM(), GRU("before"), GRU("after")]
every_cell = pytest.mark.parametrize("cell", CELLS, ids=repr)

SIZES = {"T": 7, "m": 4, "n_inputs": 3, "n": 5, "n_outputs": 6}


def make_problem(cell, seed=0, dtype=np.float64, **sizes):
    """Parameters, inputs, both kinds of targets and an initial state for a cell."""
    T, m, n_inputs, n, n_outputs = (SIZES | sizes).values()
    rng = np.random.default_rng(seed)

    def normal(*shape):
        return rng.standard_normal(shape).astype(dtype)

    params = cell.init(rng, n_inputs, n, n_outputs, dtype=dtype)
    for value in params.values():  # biases and peepholes too: a zero hides mistakes
        value += 0.3 * normal(*value.shape)
    return SimpleNamespace(
        cell=cell,
        params=params,
        x=normal(T, m, n_inputs),
        y=rng.integers(-1, n_outputs, (T, m)),
        targets=normal(T, m, n_outputs),
        d_h=normal(T, m, n),
        state0=tuple(0.5 * normal(m, n) for _ in cell.state_names),
    )


def everything(gradients):
    """All gradients as one dict of arrays: those of the parameters, of x and of the state."""
    return {**gradients, "x": gradients.x, "state0": np.array(gradients.state0)}


def flat(gradients):
    """All of them as one vector."""
    return np.concatenate([np.ravel(value) for value in everything(gradients).values()])
