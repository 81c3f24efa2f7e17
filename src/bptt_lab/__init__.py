"""Backpropagation through time, small enough to read.

>>> import numpy as np
>>> from bptt_lab import RNN, loss_and_gradients
>>> cell, rng = RNN("tanh"), np.random.default_rng(0)
>>> params = cell.init(rng, n_inputs=3, n_neurons=5, n_outputs=2)
>>> x, y = rng.standard_normal((8, 4, 3)), rng.integers(0, 2, (8, 4))
>>> loss, grads = loss_and_gradients(cell, params, x, y)
>>> grads["W_hh"].shape, grads.x.shape
((5, 5), (8, 4, 3))

Here are the cells, their gradients and their Jacobians. The rest stands by topic:
``bptt_lab.initializers``, ``bptt_lab.losses``, ``bptt_lab.tasks``, ``bptt_lab.training``,
``bptt_lab.symbolic``, ``bptt_lab.exercises``, ``bptt_lab.claims``, and ``bptt_lab.book`` with the
explorable figure. What could once be imported from here still can.
"""

from importlib import import_module
from typing import Any

from bptt_lab.bptt import Gradients, Trace, backward, forward, loss_and_gradients
from bptt_lab.cells import GRU, LSTM, RNN, Cell, OriginalLSTM, PeepholeLSTM
from bptt_lab.gradcheck import GradientReport, check_gradients
from bptt_lab.initializers import gaussian, identity, orthogonal, spectral_radius
from bptt_lab.jacobians import (
    attribution,
    jacobian_product,
    log_gradient_norms,
    lyapunov_exponents,
    norm_bound,
    step_jacobians,
)
from bptt_lab.losses import softmax

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Cell",
    "GradientReport",
    "Gradients",
    "OriginalLSTM",
    "PeepholeLSTM",
    "Trace",
    "attribution",
    "backward",
    "check_gradients",
    "forward",
    "gaussian",
    "identity",
    "jacobian_product",
    "log_gradient_norms",
    "loss_and_gradients",
    "lyapunov_exponents",
    "norm_bound",
    "orthogonal",
    "softmax",
    "spectral_radius",
    "step_jacobians",
]

TOPICS = ("activations", "initializers", "losses", "tasks", "training")


def __getattr__(name: str) -> Any:
    """Look up names by topic, when they are asked for; the explorer needs matplotlib."""
    topics = ("book",) if name == "Explorer" else () if name in TOPICS else TOPICS
    for topic in topics:
        module = import_module(f"{__name__}.{topic}")
        if name in getattr(module, "__all__", vars(module)):
            return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
