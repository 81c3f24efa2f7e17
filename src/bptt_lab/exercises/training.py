"""Exercises of the chapter on training."""

from typing import Any

import numpy as np

from bptt_lab.arguments import Array
from bptt_lab.cells.base import Params
from bptt_lab.exercises.bptt import bptt
from bptt_lab.exercises.checker import Exercise
from bptt_lab.exercises.forward import NETWORKS
from bptt_lab.exercises.mistakes import Mistake
from bptt_lab.exercises.places import at
from bptt_lab.exercises.trials import Problem

# ------------------------------------------------------------------------------------ clipping

CLIPPED_PER_PARAMETER = Mistake(
    "clipped per parameter",
    "Each parameter's gradient is shortened by itself; the norm is that of all of them together.",
    "The step is one vector in the space of all parameters. What happens to its direction?",
    at("sec-clipping"),
    {"size": lambda grads: {name: norm(g) for name, g in grads.items()}},
)
CLIPPED_PER_ENTRY = Mistake(
    "clipped entry by entry",
    "Each entry is cut to [-tau, tau]. That changes the direction and does not bound the norm.",
    "Two entries of 3 and 0.3, and tau = 0.3: which direction has the result?",
    at("sec-clipping"),
    {"cut": lambda g, factor, tau: np.clip(g, -tau, tau)},
)
ALWAYS_SCALED = Mistake(
    "short gradients lengthened",
    "The gradient gets the norm tau in every case, also if it was shorter before.",
    "Near a minimum gradients are short. What does your function make of them?",
    at("sec-clipping"),
    {"limit": lambda ratio: ratio},
)
NORM_SQUARED = Mistake(
    "square of the norm",
    "The square of the norm is compared with the threshold: a root is missing.",
    "Double the gradient: by what does your norm grow?",
    at("sec-clipping"),
    {"size": lambda grads: dict.fromkeys(grads, total_norm(grads) ** 2)},
)
SUM_OF_NORMS = Mistake(
    "sum of the norms",
    "The norms of the parameters are added up; their squares have to be.",
    "For (3) and (4) the norm of both together is 5. What is yours?",
    at("sec-clipping"),
    {"size": lambda grads: dict.fromkeys(grads, sum(map(norm, grads.values())))},
)


def norm(g: Array) -> float:
    """Root of the sum of squares of all entries."""
    return float(np.sqrt((g**2).sum()))


def total_norm(grads: Params) -> float:
    """Norm of all parameters' gradients together, as one vector."""
    return float(np.sqrt(sum(norm(g) ** 2 for g in grads.values())))


def clip_by_norm(
    grads: Params, tau: float, *, limit: Any = lambda ratio: min(1, ratio),
    size: Any = lambda grads: dict.fromkeys(grads, total_norm(grads)),
    cut: Any = lambda g, factor, tau: g * factor,
) -> Params:  # fmt: skip
    """Return g min(1, tau / ||g||) with the norm over all parameters."""
    sizes = size(grads)
    return {name: cut(g, limit(tau / sizes[name]), tau) for name, g in grads.items()}


# ---------------------------------------------------------------------------------- exercises


def gradients() -> list[Problem]:
    """Gradients of a norm far above the threshold, and of one below it."""
    found = [(bptt(net.params, net.x, net.y, net.state0[0]), net.sizes) for net in NETWORKS]
    long, sizes = found[0]
    short = {name: 0.1 * g / total_norm(long) for name, g in long.items()}
    return [Problem({"grads": g, "tau": 0.3}, sizes) for g, sizes in (*found, (short, sizes))]


EXERCISES = (
    Exercise(
        "clip_by_norm",
        "The gradient shortened to the norm tau if it is longer, over all parameters together.",
        clip_by_norm,
        gradients(),
        (
            CLIPPED_PER_PARAMETER, CLIPPED_PER_ENTRY, ALWAYS_SCALED, NORM_SQUARED, SUM_OF_NORMS,
        ),
    ),
)  # fmt: skip
