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


# ------------------------------------------------------------------------------------ momentum

OLD_VELOCITY = Mistake(
    "step along the old velocity",
    "The step is made with the velocity before the update; the new one comes too late.",
    "At the first step the velocity is zero. Does your function move then?",
    at("sec-update"),
    {"along": lambda old, new, g, mu: old},
)
RATE_IN_VELOCITY = Mistake(
    "rate inside the velocity",
    "The rate is multiplied into the velocity; here it multiplies the velocity in the step.",
    "Both forms exist, and agree while the rate stays the same. What changes if it is lowered?",
    at("sec-update"),
    {"gather": lambda v, g, mu, eta: mu * v + eta * g, "rate": lambda eta: 1},
)
AVERAGED_VELOCITY = Mistake(
    "velocity averaged",
    "The gradient enters the velocity with the factor `1 - mu`.",
    "Averages are what Adam takes. Here a constant gradient makes v grow to `g / (1 - mu)`.",
    at("sec-update"),
    {"gather": lambda v, g, mu, eta: mu * v + (1 - mu) * g},
)
NO_VELOCITY = Mistake(
    "velocity forgotten",
    "The old velocity is lost: this is plain gradient descent.",
    "What does mu multiply?",
    at("sec-update"),
    {"gather": lambda v, g, mu, eta: g},
)
NESTEROV = Mistake(
    "Nesterov's momentum",
    "This is Nesterov's form, which steps along `mu v + g` once more; asked for is the plain one.",
    "Once v is new, the step needs nothing but v.",
    at("sec-update"),
    {"along": lambda old, new, g, mu: mu * new + g},
)
UPHILL = Mistake(
    "uphill",
    "The step goes uphill: the sign is wrong.",
    "The gradient points to where the loss grows.",
    at("sec-update"),
    {"sign": 1},
)


def momentum(
    theta: Array, g: Array, v: Array, eta: float, mu: float, *,
    gather: Any = lambda v, g, mu, eta: mu * v + g, along: Any = lambda old, new, g, mu: new,
    rate: Any = lambda eta: eta, sign: int = -1,
) -> tuple[Array, Array]:  # fmt: skip
    """Return theta - eta v, and the new v = mu v + g."""
    new = gather(v, g, mu, eta)
    return theta + sign * rate(eta) * along(v, new, g, mu), new


# ---------------------------------------------------------------------------------------- Adam

NOT_CORRECTED = Mistake(
    "averages not corrected",
    "The averages are not corrected for the zeros with which they begin.",
    "After one update `u` is `(1 - beta_1) g`. How much too small is that?",
    at("sec-update"),
    {"corrected": lambda mean, beta, j: mean},
)
COUNTED_FROM_ZERO = Mistake(
    "updates counted from zero",
    "The correction has the exponent j - 1.",
    "The first update is j = 1. With j = 0 you would divide by zero.",
    at("sec-update"),
    {"corrected": lambda mean, beta, j: mean / (1 - beta ** (j - 1))},
)
CORRECTED_AS_FIRST = Mistake(
    "corrected as at the first update",
    "The correction is `1 - beta` at every update; it fades as j grows.",
    "The average of many gradients begins to forget its zeros. Where is j in your formula?",
    at("sec-update"),
    {"corrected": lambda mean, beta, j: mean / (1 - beta)},
)
CORRECTED_HANDED_ON = Mistake(
    "corrected averages handed on",
    "The averages that are handed on are the corrected ones.",
    "The correction at the next update starts from the raw averages. Which do you return?",
    at("sec-update"),
    {"kept": lambda raw, corrected: corrected},
)
AVERAGES_EXCHANGED = Mistake(
    "weights of the average exchanged",
    "Old average and new gradient have each other's weights.",
    "With beta near 1, is most of the average old or new?",
    at("sec-update"),
    {"mean": lambda old, new, beta: (1 - beta) * old + beta * new},
)
BETAS_EXCHANGED = Mistake(
    "betas exchanged",
    "The two betas have changed places.",
    "Which one belongs to the squares?",
    at("sec-update"),
    {"betas": lambda beta_1, beta_2: (beta_2, beta_1)},
)
NO_ROOT = Mistake(
    "root forgotten",
    "The step is divided by the mean square; its root is missing.",
    "Multiply all gradients by 10. By what should Adam's step change?",
    at("sec-update"),
    {"size": lambda s, epsilon: s + epsilon},
)
EPSILON_INSIDE = Mistake(
    "epsilon under the root",
    "The small number stands under the root; it belongs beside it.",
    "The two differ where the squares are as small as epsilon.",
    at("sec-update"),
    {"size": lambda s, epsilon: np.sqrt(s + epsilon)},
)


def adam(
    theta: Array, g: Array, u: Array, s: Array, j: int,
    eta: float, beta_1: float, beta_2: float, epsilon: float, *,
    mean: Any = lambda old, new, beta: beta * old + (1 - beta) * new,
    corrected: Any = lambda mean, beta, j: mean / (1 - beta**j),
    size: Any = lambda s, epsilon: np.sqrt(s) + epsilon, kept: Any = lambda raw, corrected: raw,
    betas: Any = lambda beta_1, beta_2: (beta_1, beta_2), sign: int = -1,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Parameters and both averages after update j."""
    beta_1, beta_2 = betas(beta_1, beta_2)
    u, s = mean(u, g, beta_1), mean(s, g**2, beta_2)
    u_hat, s_hat = corrected(u, beta_1, j), corrected(s, beta_2, j)
    theta = theta + sign * eta * u_hat / size(s_hat, epsilon)
    return theta, kept(u, u_hat), kept(s, s_hat)


# ---------------------------------------------------------------------------------- exercises


def gradients() -> list[Problem]:
    """Gradients of a norm far above the threshold, and of one below it."""
    found = [(bptt(net.params, net.x, net.y, net.state0[0]), net.sizes) for net in NETWORKS]
    long, sizes = found[0]
    short = {name: 0.1 * g / total_norm(long) for name, g in long.items()}
    return [Problem({"grads": g, "tau": 0.3}, sizes) for g, sizes in (*found, (short, sizes))]


def update(names: str, **numbers: float) -> Problem:
    """Draw some arrays of the shape of a weight, and a mean square."""
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {name: rng.standard_normal((3, 5)) for name in names.split()}
    if "s" in arrays:
        arrays["s"] = arrays["s"] ** 2
    return Problem({**arrays, **numbers}, {"n_inputs": 3, "n": 5})


BETAS = {"eta": 0.5, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 0.2}

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
    Exercise(
        "momentum",
        "Parameters and velocity after one update by gradient descent with momentum.",
        momentum,
        [update("theta g v", eta=0.1, mu=0.7)],
        (
            OLD_VELOCITY, RATE_IN_VELOCITY, AVERAGED_VELOCITY, NO_VELOCITY, NESTEROV, UPHILL,
        ),
        ("theta", "v"),
    ),
    Exercise(
        "adam",
        "Parameters and both averages after update j = 1, 2, .. of Adam.",
        adam,
        [update("theta g u s", j=j, **BETAS) for j in (3, 8)],
        (
            NOT_CORRECTED, CORRECTED_HANDED_ON, CORRECTED_AS_FIRST, COUNTED_FROM_ZERO,
            AVERAGES_EXCHANGED, BETAS_EXCHANGED, NO_ROOT, EPSILON_INSIDE, UPHILL,
        ),
        ("theta", "u", "s"),
    ),
)  # fmt: skip
