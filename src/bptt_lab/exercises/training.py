"""Exercises of the chapter on training."""

from dataclasses import replace
from typing import Any

import numpy as np

from bptt_lab.arguments import Array
from bptt_lab.cells.base import Params
from bptt_lab.exercises.bptt import bptt
from bptt_lab.exercises.checker import Exercise
from bptt_lab.exercises.comparing import norm
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
    "The gradient is scaled in every case, also if it is shorter than tau.",
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


LARGEST_ENTRY_AS_SIZE = Mistake(
    "largest entry for the norm",
    "The size of the gradient is taken as its largest entry; it is the root of the sum of squares.",
    "For (3, 4) the norm is 5. What is yours?",
    at("sec-clipping"),
    {"size": lambda grads: dict.fromkeys(grads, max(np.abs(g).max() for g in grads.values()))},
)
MEAN_SQUARE_AS_SIZE = Mistake(
    "mean square for the norm",
    "The size of the gradient is the root of the *mean* of the squares; the norm has their sum.",
    "Does the threshold depend on how many parameters there are?",
    at("sec-clipping"),
    {"size": lambda grads: dict.fromkeys(grads, total_norm(grads) / np.sqrt(entries_of(grads)))},
)
SUM_OF_ABSOLUTES = Mistake(
    "sum of absolute values",
    "The size of the gradient is the sum of the absolute values; it is the root of the sum of "
    "squares.",
    "For (3, 4) the norm is 5. What is yours?",
    at("sec-clipping"),
    {"size": lambda grads: dict.fromkeys(grads, sum(np.abs(g).sum() for g in grads.values()))},
)
RATIO_UPSIDE_DOWN = Mistake(
    "norm over tau",
    "The factor is `norm / tau`: short gradients become shorter, and long ones stay as they are.",
    "A gradient twice as long as tau: by which factor is it to be multiplied?",
    at("sec-clipping"),
    {"limit": lambda ratio: min(1, 1 / ratio)},
)
NEVER_CLIPPED = Mistake(
    "nothing clipped",
    "The gradient comes back as it is, however long it is.",
    "Is the scaled gradient the one that you return? And on which side of the threshold is it "
    "scaled?",
    at("sec-clipping"),
    {"limit": lambda ratio: 1},
)
LENGTH_ONE = Mistake(
    "shortened to 1",
    "A gradient that is too long is divided by its norm, and tau is not in the factor.",
    "`g / norm` has which norm? And `tau * g / norm`?",
    at("sec-clipping"),
    {"cut": lambda g, factor, tau: g * (factor / tau if factor < 1 else 1)},
)
NORM_TWICE = Mistake(
    "divided by the square of the norm",
    "A gradient that is too long is divided by the square of its norm; the factor is `tau / norm`.",
    "Which norm has `g / norm`? And `g / norm**2`?",
    at("sec-clipping"),
    {"cut": lambda g, factor, tau: g * (factor**2 / tau if factor < 1 else 1)},
)
THRESHOLD_ONE = Mistake(
    "threshold 1",
    "The threshold is 1, whatever tau is.",
    "In how many places does tau stand in your function?",
    at("sec-clipping"),
    {"limit": lambda ratio: ratio, "cut": lambda g, ratio, tau: g * min(1, ratio / tau)},
)
NORM_NOT_DIVIDED = Mistake(
    "times tau",
    "A gradient that is too long is multiplied by tau; the factor is `tau / norm`.",
    "A gradient of the norm 10, and tau = 2: which norm has your result?",
    at("sec-clipping"),
    {"cut": lambda g, factor, tau: g * (tau if factor < 1 else 1)},
)
SHORT_ONES_SCALED = Mistake(
    "the wrong side scaled",
    "Short gradients are lengthened, and long ones stay as they are.",
    "Which of `<` and `>` stands in your condition?",
    at("sec-clipping"),
    {"limit": lambda ratio: max(1, ratio)},
)


def total_norm(grads: Params) -> float:
    """Norm of all parameters' gradients together, as one vector."""
    return float(np.sqrt(sum(norm(g) ** 2 for g in grads.values())))


def entries_of(grads: Params) -> int:
    """Count the entries of all gradients."""
    return sum(g.size for g in grads.values())


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
    {"along": lambda old, new, g, mu, eta: old},
)
RATE_IN_VELOCITY = Mistake(
    "rate inside the velocity",
    "This is another convention: the rate is multiplied into the velocity. Asked for is the one in "
    "which it multiplies the velocity in the step.",
    "Both exist, and agree while the rate stays the same. What changes if it is lowered?",
    at("sec-update"),
    {"gather": lambda v, g, mu, eta: mu * v + eta * g, "rate": lambda mu, eta: 1},
)
DESCENT_IN_VELOCITY = Mistake(
    "rate and sign inside the velocity",
    "This is another convention, that of Sutskever and others: the velocity is `mu v - eta g`, and "
    "it is added. Asked for is `mu v + g`, and `eta v` is subtracted.",
    "Both exist, and agree while the rate stays the same. What changes if it is lowered?",
    at("sec-update"),
    {"gather": lambda v, g, mu, eta: mu * v - eta * g, "rate": lambda mu, eta: 1, "sign": 1},
)
SIGN_IN_VELOCITY = Mistake(
    "sign inside the velocity",
    "This is another convention: the velocity is `mu v - g`, and `eta v` is added. Asked for is "
    "`mu v + g`, and `eta v` is subtracted.",
    "Both move the parameters alike. Which sign has a velocity that is handed to your function?",
    at("sec-update"),
    {"gather": lambda v, g, mu, eta: mu * v - g, "sign": 1},
)
GRADIENT_SUBTRACTED = Mistake(
    "gradient and velocity subtracted",
    "The gradient is subtracted from the velocity, and the velocity from the parameters: twice "
    "minus is uphill.",
    "For v = 0, does your step go along g or against it?",
    at("sec-update"),
    {"gather": lambda v, g, mu, eta: mu * v - g},
)
GRADIENT_AND_RATE_SUBTRACTED = Mistake(
    "gradient and velocity subtracted, rate inside the velocity",
    "The gradient times the rate is subtracted from the velocity, and the velocity from the "
    "parameters: twice minus is uphill.",
    "For v = 0, does your step go along g or against it?",
    at("sec-update"),
    {"gather": lambda v, g, mu, eta: mu * v - eta * g, "rate": lambda mu, eta: 1},
)
AVERAGED_VELOCITY = Mistake(
    "velocity averaged",
    "This is another convention: the gradient enters the velocity with the factor `1 - mu`. Asked "
    "for is `mu v + g`.",
    "Averages are what Adam takes. Here a constant gradient makes v grow to `g / (1 - mu)`.",
    at("sec-update"),
    {"gather": lambda v, g, mu, eta: mu * v + (1 - mu) * g},
)
NO_VELOCITY = Mistake(
    "velocity forgotten",
    "The old velocity is lost, as in plain gradient descent.",
    "What does mu multiply?",
    at("sec-update"),
    {"gather": lambda v, g, mu, eta: g},
)
MU_FORGOTTEN = Mistake(
    "velocity never fades",
    "The old velocity is added whole; mu has no effect.",
    "For a constant gradient, where does your velocity end?",
    at("sec-update"),
    {"gather": lambda v, g, mu, eta: v + g},
)
MU_AT_THE_GRADIENT = Mistake(
    "mu at the gradient",
    "Mu multiplies the gradient; it should multiply the old velocity.",
    "With mu = 0 momentum is plain gradient descent. Is yours?",
    at("sec-update"),
    {"gather": lambda v, g, mu, eta: v + mu * g},
)
MU_AT_BOTH = Mistake(
    "mu at both",
    "Mu multiplies the old velocity and the new gradient; it belongs to the old velocity alone.",
    "With mu = 0 momentum is plain gradient descent. Is yours?",
    at("sec-update"),
    {"gather": lambda v, g, mu, eta: mu * (v + g)},
)
NESTEROV = Mistake(
    "Nesterov's momentum",
    "This is Nesterov's form, which steps along `mu v + g` once more; asked for is the plain one.",
    "Once v is new, the step needs nothing but v.",
    at("sec-update"),
    {"along": lambda old, new, g, mu, eta: mu * new + g},
)
NESTEROV_IN_VELOCITY = Mistake(
    "Nesterov's momentum, rate and sign inside the velocity",
    "This is Nesterov's form in another convention, `v = mu v - eta g` and a step of "
    "`mu v - eta g`; asked for is the plain form.",
    "Once v is new, the step needs nothing but v.",
    at("sec-update"),
    {
        "gather": lambda v, g, mu, eta: mu * v - eta * g,
        "along": lambda old, new, g, mu, eta: mu * new - eta * g,
        "rate": lambda mu, eta: 1,
        "sign": 1,
    },
)
MU_AND_RATE_EXCHANGED = Mistake(
    "mu and rate exchanged",
    "`mu` and `eta` have changed places: `eta` multiplies the old velocity, and `mu` the step.",
    "Which of the two is the rate, and which one says how much of the velocity is kept?",
    at("sec-update"),
    {"gather": lambda v, g, mu, eta: eta * v + g, "rate": lambda mu, eta: mu},
)
STEP_ALONG_GRADIENT = Mistake(
    "step along the gradient",
    "The velocity is updated, but the step is made with the gradient itself.",
    "Which of `g` and `v` moves the parameters?",
    at("sec-update"),
    {"along": lambda old, new, g, mu, eta: g},
)
RATE_TWICE = Mistake(
    "rate twice",
    "The rate multiplies the gradient when it enters the velocity, and the velocity in the step.",
    "For v = 0, how far does a step go along g?",
    at("sec-update"),
    {"gather": lambda v, g, mu, eta: mu * v + eta * g},
)
RATE_FORGOTTEN = Mistake(
    "rate forgotten",
    "The rate, `eta`, is not in the step.",
    "How does your step change if eta is halved?",
    at("sec-update"),
    {"rate": lambda mu, eta: 1},
)
OLD_VELOCITY_KEPT = Mistake(
    "old velocity handed on",
    "The velocity that is handed on is the old one.",
    "Which of the two velocities do you return?",
    at("sec-update"),
    {"kept": lambda old, new: old},
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
    gather: Any = lambda v, g, mu, eta: mu * v + g, along: Any = lambda old, new, g, mu, eta: new,
    rate: Any = lambda mu, eta: eta, sign: int = -1, kept: Any = lambda old, new: new,
) -> tuple[Array, Array]:  # fmt: skip
    """Return theta - eta v, and the new v = mu v + g."""
    new = gather(v, g, mu, eta)
    return theta + sign * rate(mu, eta) * along(v, new, g, mu, eta), kept(v, new)


# ---------------------------------------------------------------------------------------- Adam

NOT_CORRECTED = Mistake(
    "averages not corrected",
    "The averages are not corrected for the zeros with which they begin.",
    "After one update `u` is `(1 - beta_1) g`. How much too small is that?",
    at("sec-update"),
    {"corrected": lambda mean, beta, j, which: mean},
)
FIRST_ALONE_CORRECTED = Mistake(
    "squares not corrected",
    "Only the average of the gradients is corrected; that of the squares begins with a zero too.",
    "Which of the two averages is further from its limit after a few updates?",
    at("sec-update"),
    {"corrected": lambda mean, beta, j, which: mean / (1 - beta**j) if which == "u" else mean},
)
SECOND_ALONE_CORRECTED = Mistake(
    "gradients not corrected",
    "Only the average of the squares is corrected; that of the gradients begins with a zero too.",
    "After one update `u` is `(1 - beta_1) g`. How much too small is that?",
    at("sec-update"),
    {"corrected": lambda mean, beta, j, which: mean / (1 - beta**j) if which == "s" else mean},
)
COUNTED_FROM_ZERO = Mistake(
    "updates counted from zero",
    "The correction has the exponent j - 1.",
    "The first update is j = 1. With j = 0 you would divide by zero.",
    at("sec-update"),
    {"corrected": lambda mean, beta, j, which: mean / (1 - beta ** (j - 1))},
)
COUNTED_FROM_TWO = Mistake(
    "updates counted from two",
    "The correction has the exponent j + 1.",
    "The first update is j = 1. How many gradients are in the average then?",
    at("sec-update"),
    {"corrected": lambda mean, beta, j, which: mean / (1 - beta ** (j + 1))},
)
CORRECTED_AS_FIRST = Mistake(
    "corrected as at the first update",
    "The correction is `1 - beta` at every update; it fades as j grows.",
    "The average of many gradients begins to forget its zeros. Where is j in your formula?",
    at("sec-update"),
    {"corrected": lambda mean, beta, j, which: mean / (1 - beta)},
)
CORRECTED_HANDED_ON = Mistake(
    "corrected averages handed on",
    "The averages that are handed on are the corrected ones.",
    "The correction at the next update starts from the raw averages. Which do you return?",
    at("sec-update"),
    {"kept": lambda raw, corrected: corrected},
)
BETA_1_IN_BOTH = Mistake(
    "beta_1 in both corrections",
    "Both averages are corrected with `beta_1`; the squares have `beta_2`.",
    "With which beta was each average taken?",
    at("sec-update"),
    {"correcting": lambda beta_1, beta_2: (beta_1, beta_1)},
)
BETA_2_IN_BOTH = Mistake(
    "beta_2 in both corrections",
    "Both averages are corrected with `beta_2`; the gradients have `beta_1`.",
    "With which beta was each average taken?",
    at("sec-update"),
    {"correcting": lambda beta_1, beta_2: (beta_2, beta_2)},
)
OLD_AVERAGES = Mistake(
    "step along the old averages",
    "The step is made with the averages before the update.",
    "At the first update both are zero. Does your function move then?",
    at("sec-update"),
    {"used": lambda old, new: old},
)
AVERAGES_EXCHANGED = Mistake(
    "weights of the average exchanged",
    "Old average and new gradient have each other's weights.",
    "With beta near 1, is most of the average old or new?",
    at("sec-update"),
    {"mean": lambda old, new, beta: (1 - beta) * old + beta * new},
)
ADDED_WHOLE = Mistake(
    "new gradient added whole",
    "The new gradient, or its square, is added whole; in an average it has the weight `1 - beta`.",
    "What do the two weights of an average sum to?",
    at("sec-update"),
    {"mean": lambda old, new, beta: beta * old + new},
)
BETAS_EXCHANGED = Mistake(
    "betas exchanged",
    "The two betas have changed places.",
    "Which one belongs to the squares?",
    at("sec-update"),
    {"betas": lambda beta_1, beta_2: (beta_2, beta_1)},
)
SQUARE_OF_THE_AVERAGE = Mistake(
    "square of the averaged gradient",
    "What is averaged for `s` is the square of the average `u`; it is the square of the gradient.",
    "Which of `g` and `u` do you square?",
    at("sec-update"),
    {"squared": lambda g, u: u**2},
)
NOT_SQUARED = Mistake(
    "gradient not squared",
    "What is averaged for `s` is the gradient itself, without the square.",
    "Can your `s` be negative? Then it has no root.",
    at("sec-update"),
    {"squared": lambda g, u: g},
)
ABSOLUTE_FOR_SQUARE = Mistake(
    "absolute value for the square",
    "What is averaged for `s` is the absolute value of the gradient; it is the square.",
    "Multiply all gradients by 10. By what should `s` change?",
    at("sec-update"),
    {"squared": lambda g, u: np.abs(g)},
)
NO_AVERAGE_OF_GRADIENTS = Mistake(
    "gradient for its average",
    "The step is made with the gradient itself, as in RMSProp.",
    "Where is `u` used?",
    at("sec-update"),
    {"along": lambda g, u_hat: g},
)
NO_ROOT = Mistake(
    "root forgotten",
    "The step is divided by the mean square; its root is missing.",
    "Multiply all gradients by 10. By what should Adam's step change?",
    at("sec-update"),
    {"size": lambda s, epsilon, beta, j: s + epsilon},
)
NO_EPSILON = Mistake(
    "epsilon forgotten",
    "The small number beside the root is missing.",
    "What does your function divide by where all gradients were zero?",
    at("sec-update"),
    {"size": lambda s, epsilon, beta, j: np.sqrt(s)},
)
EPSILON_INSIDE = Mistake(
    "epsilon under the root",
    "This is another convention: the small number stands under the root. Asked for is beside it.",
    "The two differ where the squares are as small as epsilon.",
    at("sec-update"),
    {"size": lambda s, epsilon, beta, j: np.sqrt(s + epsilon)},
)
EPSILON_HAT = Mistake(
    "epsilon beside the uncorrected root",
    "This is another convention, which TensorFlow has and the paper mentions: epsilon is added to "
    "the root of `s` before its correction. Asked for is after it.",
    "By which factor does your epsilon differ from the one asked for, and when does that fade?",
    at("sec-update"),
    {"size": lambda s, epsilon, beta, j: np.sqrt(s) + epsilon / np.sqrt(1 - beta**j)},
)
LARGEST_SQUARE_KEPT = Mistake(
    "largest square kept",
    "This is AMSGrad: the average of the squares may only grow. Asked for is Adam.",
    "Is there a maximum in your function?",
    at("sec-update"),
    {"grown": np.maximum},
)


def adam(
    theta: Array, g: Array, u: Array, s: Array, j: int,
    eta: float, beta_1: float, beta_2: float, epsilon: float, *,
    mean: Any = lambda old, new, beta: beta * old + (1 - beta) * new,
    corrected: Any = lambda mean, beta, j, which: mean / (1 - beta**j),
    size: Any = lambda s, epsilon, beta, j: np.sqrt(s) + epsilon,
    kept: Any = lambda raw, corrected: raw, squared: Any = lambda g, u: g**2,
    betas: Any = lambda beta_1, beta_2: (beta_1, beta_2), sign: int = -1,
    along: Any = lambda g, u_hat: u_hat, grown: Any = lambda new, old: new,
    used: Any = lambda old, new: new, rate: Any = lambda mu, eta: eta,
    correcting: Any = lambda beta_1, beta_2: (beta_1, beta_2),
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Parameters and both averages after update j."""
    beta_1, beta_2 = betas(beta_1, beta_2)
    u_old, u = u, mean(u, g, beta_1)
    s_old, s = s, grown(mean(s, squared(g, u), beta_2), s)
    of_u, of_s = correcting(beta_1, beta_2)
    u_hat, s_hat = corrected(used(u_old, u), of_u, j, "u"), corrected(used(s_old, s), of_s, j, "s")
    step = along(g, u_hat) / size(s_hat, epsilon, beta_2, j)
    theta = theta + sign * rate(beta_1, eta) * step
    return theta, kept(u, u_hat), kept(s, s_hat)


# ---------------------------------------------------------------------------------- exercises


LONG_OR_SHORT = (0, 0, 0.3), (1, 0, 0.5), (0, 0.1, 0.3), (1, 0.4, 0.3), (0, 1.7, 2.0)
"""Which network's gradient, which norm it gets if not its own, and tau.

Near tau a norm and its square stand on different sides of it, one for tau < 1 and one for tau > 1.
"""


def gradients() -> list[Problem]:
    """Gradients of norms far above the threshold, and on both sides near it."""
    problems = []
    for k, length, tau in LONG_OR_SHORT:
        net = NETWORKS[k]
        grads = bptt(net.params, net.x, net.y, net.state0[0])
        own = total_norm(grads)
        length = length or own
        given = {"grads": {name: g * length / own for name, g in grads.items()}, "tau": tau}
        about = f"a norm of {length:.3g}, tau = {tau:g}"
        problems.append(Problem(given, net.sizes, about))
    return problems


def update(names: str, sizes: tuple[int, int], about: str = "", **numbers: Any) -> Problem:
    """Draw some arrays of the shape of a weight, and a mean square."""
    rng = np.random.default_rng(sizes[0])
    arrays: dict[str, Any] = {name: rng.standard_normal(sizes) for name in names.split()}
    if "s" in arrays:
        arrays["s"] = arrays["s"] ** 2
    return Problem({**arrays, **numbers}, {"n_inputs": sizes[0], "n": sizes[1]}, about)


def at_rest(problem: Problem, about: str, **numbers: float) -> Problem:
    """Return the first update, when velocity and averages are still zero."""
    zero = {
        name: 0 * problem.arguments[name] for name in ("u", "s", "v") if name in problem.arguments
    }
    return replace(problem, arguments={**problem.arguments, **zero, **numbers}, about=about)


def one_parameter(problem: Problem) -> Problem:
    """Return a gradient of one parameter that is too long."""
    grads = {"W_hh": problem.arguments["grads"]["W_hh"]}
    return Problem({"grads": grads, "tau": 0.3}, problem.sizes, "one parameter alone")


BETAS: dict[str, Any] = {"eta": 0.5, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 0.2}
OTHER_BETAS: dict[str, Any] = {"eta": 0.3, "beta_1": 0.7, "beta_2": 0.9, "epsilon": 0.1}
GRADIENTS = gradients()
MOVES = [
    update("theta g v", (3, 5), eta=0.1, mu=0.7), update("theta g v", (4, 3), eta=0.3, mu=0.9),
]  # fmt: skip
ADAM_STEPS = [
    update("theta g u s", (3, 5), j=3, **BETAS), update("theta g u s", (4, 3), j=8, **OTHER_BETAS),
]  # fmt: skip

EXERCISES = (
    Exercise(
        "momentum",
        "Parameters and velocity after one update, v = mu v + g, then theta - eta v.",
        momentum,
        MOVES,
        (
            OLD_VELOCITY, RATE_IN_VELOCITY, DESCENT_IN_VELOCITY, SIGN_IN_VELOCITY,
            GRADIENT_SUBTRACTED, GRADIENT_AND_RATE_SUBTRACTED,
            AVERAGED_VELOCITY, NO_VELOCITY, MU_FORGOTTEN, MU_AT_THE_GRADIENT, MU_AT_BOTH,
            NESTEROV, NESTEROV_IN_VELOCITY, MU_AND_RATE_EXCHANGED, STEP_ALONG_GRADIENT,
            RATE_TWICE, RATE_FORGOTTEN, OLD_VELOCITY_KEPT, UPHILL,
        ),
        ("theta", "v"),
        simpler=[at_rest(MOVES[0], "the first update, v = 0")],
        minutes=5,
        level="easy",
        outcome="take a gradient to an update",
    ),
    Exercise(
        "clip_by_norm",
        "The gradient shortened to the norm tau if it is longer, over all parameters together.",
        clip_by_norm,
        GRADIENTS,
        (
            CLIPPED_PER_PARAMETER, CLIPPED_PER_ENTRY, ALWAYS_SCALED, SHORT_ONES_SCALED,
            RATIO_UPSIDE_DOWN, NORM_NOT_DIVIDED, NORM_TWICE, THRESHOLD_ONE,
            NEVER_CLIPPED, LENGTH_ONE, NORM_SQUARED, SUM_OF_NORMS, SUM_OF_ABSOLUTES,
            LARGEST_ENTRY_AS_SIZE, MEAN_SQUARE_AS_SIZE,
        ),
        simpler=[one_parameter(GRADIENTS[0])],
        minutes=10,
        level="easy",
        outcome="take a gradient to an update",
    ),
    Exercise(
        "adam",
        "Parameters and both averages after update j = 1, 2, .. of Adam.",
        adam,
        ADAM_STEPS,
        (
            NOT_CORRECTED, FIRST_ALONE_CORRECTED, SECOND_ALONE_CORRECTED, CORRECTED_HANDED_ON,
            CORRECTED_AS_FIRST, COUNTED_FROM_ZERO, COUNTED_FROM_TWO, AVERAGES_EXCHANGED,
            ADDED_WHOLE, BETAS_EXCHANGED, SQUARE_OF_THE_AVERAGE, NOT_SQUARED,
            NO_AVERAGE_OF_GRADIENTS, NO_ROOT, NO_EPSILON, EPSILON_INSIDE, EPSILON_HAT,
            LARGEST_SQUARE_KEPT, BETA_1_IN_BOTH, BETA_2_IN_BOTH, OLD_AVERAGES,
            ABSOLUTE_FOR_SQUARE, RATE_FORGOTTEN, UPHILL,
        ),
        ("theta", "u", "s"),
        simpler=[at_rest(ADAM_STEPS[0], "the first update, j = 1", j=1)],
        minutes=15,
        level="medium",
        outcome="take a gradient to an update",
    ),
)  # fmt: skip
