"""Exercises of the chapter on vanishing and exploding gradients."""

from functools import reduce
from typing import Any

import numpy as np

from bptt_lab.activations import identity, tanh_slope
from bptt_lab.arguments import Array
from bptt_lab.cells.base import Params
from bptt_lab.exercises.checker import Exercise
from bptt_lab.exercises.forward import NETWORKS, NO_BIAS, rnn_step
from bptt_lab.exercises.mistakes import Mistake
from bptt_lab.exercises.places import at
from bptt_lab.exercises.problems import Network
from bptt_lab.exercises.trials import Problem

# ------------------------------------------------------------------------------------ one step

JACOBIAN_NOT_TRANSPOSED = Mistake(
    "Jacobian without the transpose",
    "`W_hh` stands in the Jacobian where its transpose belongs.",
    "Row i says how neuron i feels the others. In which row or column of `W_hh` are the weights "
    "into neuron i?",
    at("sec-jacobian"),
    {"weights": identity},
)
SLOPES_ON_COLUMNS = Mistake(
    "slopes on the columns",
    "The slopes multiply the columns of `W_hh^T`; a diagonal matrix on the left multiplies rows.",
    "`slope * A` multiplies column j by `slope[j]`. How do you write one factor for each row?",
    at("sec-jacobian"),
    {"scaled": lambda slope, A: slope * A},
)
JACOBIAN_OF_COLUMNS = Mistake(
    "denominator layout",
    "This is the transpose of the Jacobian, `W_hh D_t`: a neuron's derivatives stand in a column.",
    "Entry (i, j) is the derivative of neuron i at step t by neuron j at step t - 1.",
    at("sec-bptt-order"),
    {"layout": np.transpose},
)
JACOBIAN_SLOPE_OF_VALUE = Mistake(
    "slope of tanh at h",
    "The slope of tanh is taken at the value `h_t`; it belongs at the net input.",
    "`1 - tanh(a)**2` is `1 - h**2`. How often do you apply tanh?",
    at("sec-jacobian"),
    {"slope": lambda before, h: 1 - np.tanh(h) ** 2},
)
JACOBIAN_SLOPE_NOT_SQUARED = Mistake(
    "slope 1 - h",
    "The slope of tanh is written `1 - h`; it is `1 - h**2`.",
    "At `h = -1` the neuron is saturated. What does your slope say there?",
    at("sec-jacobian"),
    {"slope": lambda before, h: 1 - h},
)
JACOBIAN_OLD_SLOPE = Mistake(
    "slope at the old state",
    "The slope is taken from the state before the step; it belongs to the state after it.",
    "Which state is tanh of the net input of this step?",
    at("sec-jacobian"),
    {"slope": lambda before, h: 1 - before**2},
)
JACOBIAN_WITHOUT_SLOPE = Mistake(
    "weights alone",
    "The slope is missing: this is the Jacobian of a linear network.",
    "A saturated neuron does not feel its inputs. Does yours?",
    at("sec-jacobian"),
    {"slope": lambda before, h: np.ones_like(h)},
)


def step_jacobian(
    params: Params, x_t: Array, h: Array, *, slope: Any = lambda before, h: tanh_slope(h),
    weights: Any = np.transpose, scaled: Any = lambda slope, A: slope[:, None] * A,
    layout: Any = identity, **of_the_step: Any,
) -> Array:  # fmt: skip
    """J_t = diag(phi'(a_t)) W_hh^T, for one sequence."""
    after = rnn_step(params, x_t, h, **of_the_step)
    return layout(scaled(slope(h, after), weights(params["W_hh"])))  # type: ignore[no-any-return]


# ---------------------------------------------------------------------------------- many steps

PRODUCT_REVERSED = Mistake(
    "oldest Jacobian on the left",
    "The factors are in the wrong order: the newest Jacobian belongs on the left.",
    "A change of `h_k` passes `J_{k+1}` first. Which factor stands next to a column it multiplies?",
    at("sec-jacobian-product"),
    {"order": -1},
)
PRODUCT_TOO_LONG = Mistake(
    "J_k in the product",
    "There is a factor too many: `J_k` leads to `h_k`, not away from it.",
    "From k to t there are t - k steps. How many factors does your product have?",
    at("sec-jacobian-product"),
    {"factors": lambda J, t, k: J[max(k - 1, 0) : t]},
)
PRODUCT_WITHOUT_NEWEST = Mistake(
    "J_t left out",
    "The newest factor, `J_t`, is missing.",
    "`J[t - 1]` is `J_t`, and Python leaves out the end of a range.",
    at("sec-jacobian-product"),
    {"factors": lambda J, t, k: J[k : t - 1]},
)
PRODUCT_SHIFTED = Mistake(
    "index shifted by one",
    "The factors are one step too late: `J[t]` is taken for `J_t`.",
    "The array has no entry for a step 0, so `J[0]` is `J_1`.",
    at("sec-jacobian-product"),
    {"factors": lambda J, t, k: J[k + 1 : t + 1]},
)
PRODUCT_BY_ENTRY = Mistake(
    "product entry by entry",
    "The matrices are multiplied entry by entry.",
    "`*` and `np.prod` work entry by entry. Which operator multiplies matrices?",
    at("sec-jacobian-product"),
    {"times": np.multiply},
)


def jacobian_product(
    J: Array, t: int, k: int, *, factors: Any = lambda J, t, k: J[k:t], order: int = 1,
    times: Any = np.matmul,
) -> Array:  # fmt: skip
    """J_t J_{t-1} .. J_{k+1}, and the identity for t = k."""
    chosen = factors(J, t, k)[::-order]
    return reduce(times, chosen) if len(chosen) else np.eye(J.shape[-1])


# ------------------------------------------------------------------------------------ the bound

SPECTRAL_RADIUS = Mistake(
    "spectral radius in the bound",
    "The bound is made with the spectral radius of `W_hh`; it needs the largest singular value.",
    "Take the matrix [[0, 9], [0, 0]]. Its eigenvalues are 0. How far can it stretch a vector?",
    at("sec-non-normal"),
    {"size": lambda W: np.abs(np.linalg.eigvals(W)).max()},
)
FROBENIUS = Mistake(
    "Frobenius norm",
    "This uses the Frobenius norm. It bounds too, but not as sharply as the 2-norm does.",
    "`np.linalg.norm(W)` is the root of all squares. Which second argument gives the 2-norm?",
    at("sec-norm-bound"),
    {"size": np.linalg.norm},
)
LARGEST_ENTRY = Mistake(
    "largest entry",
    "This uses the largest entry of `W_hh`. Many small entries together can stretch more.",
    "Take a matrix of ones. How far does it stretch the vector of ones?",
    at("sec-norm-bound"),
    {"size": lambda W: np.abs(W).max()},
)
GAMMA_FORGOTTEN = Mistake(
    "bound of the slope forgotten",
    "The bound of the slope, gamma, is not in it.",
    "Each step has two factors: slopes and weights. What bounds the first?",
    at("sec-norm-bound"),
    {"slopes": lambda gamma, lag: 1},
)
GAMMA_ONCE = Mistake(
    "bound of the slope only once",
    "The bound of the slope, gamma, is counted for one step; it acts at every step.",
    "How many slopes are there between k and t?",
    at("sec-norm-bound"),
    {"slopes": lambda gamma, lag: gamma},
)
LAG_TOO_SMALL = Mistake(
    "exponent one too small",
    "There is one factor too few: over a lag of t - k there are t - k factors.",
    "What should the bound be for a lag of 1?",
    at("sec-norm-bound"),
    {"shorter": 1},
)


def norm_bound(
    W_hh: Array, gamma: float, lag: int, *, size: Any = lambda W: np.linalg.norm(W, 2),
    slopes: Any = lambda gamma, lag: gamma**lag, shorter: int = 0,
) -> float:  # fmt: skip
    """(gamma sigma_max(W_hh))^lag."""
    steps = lag - shorter
    return float(slopes(gamma, steps) * size(W_hh) ** steps)


# ---------------------------------------------------------------------------------- exercises


def jacobians(net: Network) -> Array:
    """Jacobians of the first sequence, J[t-1] = J_t."""
    found, h = [], net.state0[0][0]
    for x_t in net.x[:, 0]:
        found.append(step_jacobian(net.params, x_t, h))
        h = rnn_step(net.params, x_t, h)
    return np.array(found)


EXERCISES = (
    Exercise(
        "step_jacobian",
        "The Jacobian dh_t/dh_{t-1} of a tanh network, for one sequence, in numerator layout.",
        step_jacobian,
        [
            Problem({"params": n.params, "x_t": n.x[0, 0], "h": n.state0[0][0]}, n.sizes)
            for n in NETWORKS
        ],
        (
            JACOBIAN_NOT_TRANSPOSED, SLOPES_ON_COLUMNS, JACOBIAN_OF_COLUMNS,
            JACOBIAN_SLOPE_OF_VALUE, JACOBIAN_SLOPE_NOT_SQUARED, JACOBIAN_OLD_SLOPE,
            JACOBIAN_WITHOUT_SLOPE, NO_BIAS,
        ),
        ("J_t",),
    ),
    Exercise(
        "jacobian_product",
        "dh_t/dh_k from the one-step Jacobians; J[t - 1] is J_t, and for t = k it is the identity.",
        jacobian_product,
        [
            Problem({"J": jacobians(net), "t": t, "k": k}, net.sizes)
            for net in NETWORKS for t, k in ((6, 2), (7, 0), (3, 3))
        ],
        (
            PRODUCT_REVERSED, PRODUCT_TOO_LONG, PRODUCT_WITHOUT_NEWEST, PRODUCT_SHIFTED,
            PRODUCT_BY_ENTRY,
        ),
        ("product",),
    ),
    Exercise(
        "norm_bound",
        "The bound of the 2-norm of dh_t/dh_k, from the bound gamma of the slope and lag = t - k.",
        norm_bound,
        [
            Problem({"W_hh": net.params["W_hh"], "gamma": gamma, "lag": lag}, net.sizes)
            for net, gamma, lag in zip(NETWORKS, (0.25, 0.9), (3, 1), strict=True)
        ],
        (
            SPECTRAL_RADIUS, FROBENIUS, LARGEST_ENTRY, GAMMA_FORGOTTEN, GAMMA_ONCE, LAG_TOO_SMALL,
        ),
        ("bound",),
    ),
)  # fmt: skip
