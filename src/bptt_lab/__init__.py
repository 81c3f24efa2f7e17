"""Backpropagation through time, small enough to read.

>>> import numpy as np
>>> from bptt_lab import RNN, loss_and_gradients
>>> cell, rng = RNN("tanh"), np.random.default_rng(0)
>>> params = cell.init(rng, n_inputs=3, n_neurons=5, n_outputs=2)
>>> x, y = rng.standard_normal((8, 4, 3)), rng.integers(0, 2, (8, 4))
>>> loss, gradients = loss_and_gradients(cell, params, x, y)
>>> gradients["W_hh"].shape
(5, 5)
"""

from importlib import import_module
from typing import Any

from bptt_lab.activations import ACTIVATIONS, Activation
from bptt_lab.bptt import Trace, backward, forward, loss_and_gradients
from bptt_lab.cells import GRU, LSTM, RNN, Cell, OriginalLSTM, PeepholeLSTM
from bptt_lab.gradcheck import GradientReport, check_gradients
from bptt_lab.initializers import (
    chrono,
    gaussian,
    glorot,
    identity,
    non_normal,
    orthogonal,
    scaled,
    spectral_radius,
)
from bptt_lab.jacobians import (
    attribution,
    jacobian_product,
    log_gradient_norms,
    lyapunov_exponents,
    norm_bound,
    step_jacobians,
)
from bptt_lab.losses import half_squared_error, softmax, softmax_cross_entropy
from bptt_lab.tasks import Digits, Task, adding, copying, digits, temporal_order
from bptt_lab.training import (
    SGD,
    Adam,
    Evaluation,
    History,
    RMSProp,
    Training,
    TrainingDiverged,
    batch_gradients,
    clip_by_entry,
    clip_by_norm,
    make_evaluator,
    omega,
    train,
)

LAZY = {"Explorer": "book"}
"""Names that need matplotlib and ipywidgets, imported when first used, with their module."""

__all__ = [
    "ACTIVATIONS",
    "GRU",
    "LSTM",
    "RNN",
    "SGD",
    "Activation",
    "Adam",
    "Cell",
    "Digits",
    "Evaluation",
    "GradientReport",
    "History",
    "OriginalLSTM",
    "PeepholeLSTM",
    "RMSProp",
    "Task",
    "Trace",
    "Training",
    "TrainingDiverged",
    "adding",
    "attribution",
    "backward",
    "batch_gradients",
    "check_gradients",
    "chrono",
    "clip_by_entry",
    "clip_by_norm",
    "copying",
    "digits",
    "forward",
    "gaussian",
    "glorot",
    "half_squared_error",
    "identity",
    "jacobian_product",
    "log_gradient_norms",
    "loss_and_gradients",
    "lyapunov_exponents",
    "make_evaluator",
    "non_normal",
    "norm_bound",
    "omega",
    "orthogonal",
    "scaled",
    "softmax",
    "softmax_cross_entropy",
    "spectral_radius",
    "step_jacobians",
    "temporal_order",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import the parts that need more than NumPy when they are first used."""
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{LAZY[name]}"), name)


def __dir__() -> list[str]:
    """List the lazy names too."""
    return sorted({*globals(), *LAZY})
