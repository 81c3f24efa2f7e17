"""Exercises of the chapter on backpropagation through time."""

from collections.abc import Callable
from typing import Any

import numpy as np

from bptt_lab.activations import identity, tanh_slope
from bptt_lab.arguments import Array
from bptt_lab.cells.base import Params
from bptt_lab.exercises.checker import Exercise
from bptt_lab.exercises.forward import (
    NETWORKS,
    NO_BIAS,
    NO_OUTPUT_BIAS,
    ZERO_START,
    rnn_forward,
    softmax,
)
from bptt_lab.exercises.mistakes import Mistake
from bptt_lab.exercises.places import at
from bptt_lab.exercises.problems import Network
from bptt_lab.exercises.trials import Problem

# ------------------------------------------------------------------------- mistakes at the loss

NO_ONE_HOT = Mistake(
    "one-hot target not subtracted",
    "The error at the output is the prediction; the one-hot target is not subtracted from it.",
    "`e_t = softmax(o_t) - onehot(y_t)`. At a perfect prediction it has to be zero.",
    at("sec-yhat-minus-y"),
    {"error": lambda yhat, o, y: yhat},
)
NO_SOFTMAX = Mistake(
    "softmax missing from the error",
    "The error at the output is logits minus target; softmax is missing.",
    "`o - y` belongs to the squared error. What does the cross-entropy compare with the target?",
    at("sec-yhat-minus-y"),
    {"error": lambda yhat, o, y: o - y},
)
WRONG_SIGN = Mistake(
    "target minus prediction",
    "The error at the output has the wrong sign, and with it every gradient.",
    "Raise the logit of the true class: the loss falls, so its derivative is negative.",
    at("sec-yhat-minus-y"),
    {"error": lambda yhat, o, y: y - yhat},
)
LAST_LOSS = Mistake(
    "loss of the last step only",
    "Only the loss of the last step is sent back.",
    "Each of the T steps has a loss. Which of the `e_t` does your loop use?",
    at("sec-bptt-all"),
    {"counted": lambda e: only(e, slice(-1, None))},
)
FIRST_LOSS_LOST = Mistake(
    "first loss lost",
    "The loss of the first step is left out.",
    "Losses are t = 1, .., T. Where does your loop over the losses begin or end?",
    at("sec-bptt-all"),
    {"counted": lambda e: only(e, slice(1, None))},
)
OWN_READOUT_LOST = Mistake(
    "own readout lost on the way",
    "Beyond the last step nothing comes from a step's own loss: what arrives at `h_t` is only what "
    "later steps send back.",
    "Two things arrive at `h_t`: one from above, by `W_yh`, and one from the right, by `W_hh`. "
    "Does one of them overwrite the other?",
    at("sec-bptt-recursion"),
    {"arriving": lambda v: only(v, slice(-1, None))},
)
BATCH_MEAN = Mistake(
    "batch averaged",
    "The gradients are divided by the number of sequences, m.",
    "The loss is the sum over steps and rows. Which line takes a mean?",
    at("sec-steps"),
    {"share": lambda y: 1 / y.shape[1]},
)
TARGET_MEAN = Mistake(
    "all targets averaged",
    "The gradients are divided by the number of targets, T m: they are those of the mean.",
    "The loss is the sum over steps and rows, and so is its gradient.",
    at("sec-steps"),
    {"share": lambda y: 1 / y.size},
)
TIME_MEAN = Mistake(
    "time averaged",
    "The gradients are divided by the number of steps, T.",
    "The loss is the sum over the steps, and so is its gradient.",
    at("sec-steps"),
    {"share": lambda y: 1 / y.shape[0]},
)

# ----------------------------------------------------------------------- mistakes on the way back

NO_TRANSPOSE = Mistake(
    "W_hh for its transpose",
    "On its way back a gradient is multiplied by `W_hh` where the transpose belongs.",
    "Look at one entry: `dh_t[i] / dh_{t-1}[j]` contains the weight from j to i, `W_hh[j, i]`. The "
    "matrix is square, so no shape complains.",
    at("sec-bptt-order"),
    {"back": identity},
)
IMMEDIATE_ONLY = Mistake(
    "sum over k missing",
    "Only the term k = t is there: each loss reaches the use of its own step and none before.",
    "`W_hh` was used at every step up to t. How does the loss at t hear of the use at t - 1?",
    at("sec-bptt-sum"),
    {"carry": lambda g, slope: 0 * g},
)
SLOPE_NOT_CARRIED = Mistake(
    "slope left out between the steps",
    "What goes back through `W_hh` is the gradient above the activation; it has to pass the "
    "activation first.",
    "Which of the two goes back, `g_t = dL/dh_t` or `delta_t = dL/da_t`?",
    at("sec-bptt-recursion"),
    {"carry": lambda g, slope: g},
)
TOTAL_FOR_IMMEDIATE = Mistake(
    "total for immediate derivative",
    "The last factor of a term is the total derivative of `h_k`; it has to be the immediate one. "
    "So early uses are counted again and again.",
    "The total derivative of `h_k` holds the uses before k already. Which terms have those too?",
    at("sec-bptt-two-steps"),
    {"passes": 2},
)
SLOPE_OF_VALUE = Mistake(
    "slope at h for the slope at a",
    "The slope of tanh is taken at `h_t`; it belongs at the net input `a_t`.",
    "`1 - tanh(a)**2` is `1 - h**2`. How often do you apply tanh?",
    at("sec-bptt-recursion"),
    {"slope": lambda h: 1 - np.tanh(h[1:]) ** 2},
)
SLOPE_NOT_SQUARED = Mistake(
    "1 - h for 1 - h^2",
    "The slope of tanh is written `1 - h`; it is `1 - h**2`.",
    "At `h = -1` the neuron is saturated. What does your slope say there?",
    at("sec-bptt-recursion"),
    {"slope": lambda h: 1 - h[1:]},
)
SLOPE_OF_SIGMOID = Mistake(
    "slope of the sigmoid",
    "The slope is `h (1 - h)`, that of the logistic sigmoid; the network has tanh.",
    "Differentiate tanh and write the result by its value.",
    at("sec-bptt-recursion"),
    {"slope": lambda h: h[1:] * (1 - h[1:])},
)
SLOPE_OF_STEP_BEFORE = Mistake(
    "slope of the step before",
    "The slope at step t is taken from `h_{t-1}`.",
    "`a_t` became `h_t`. Check the index, and remember that `h[0]` is `h_0`.",
    at("sec-bptt-recursion"),
    {"slope": lambda h: 1 - h[:-1] ** 2},
)
NO_SLOPE = Mistake(
    "slope forgotten",
    "The slope of the activation is missing: the gradient passes tanh as if it were linear.",
    "Between `h_t` and `a_t` stands an activation. Which factor does the chain rule ask for?",
    at("sec-bptt-recursion"),
    {"slope": lambda h: np.ones_like(h[1:])},
)

# ------------------------------------------------------------------------ mistakes at the weights

STATE_OF_SAME_STEP = Mistake(
    "h_t for h_{t-1}",
    "`delta_t` is paired with `h_t`; `W_hh` was multiplied by `h_{t-1}`.",
    "What stood to the left of `W_hh` when `a_t` was computed?",
    at("sec-bptt-recursion"),
    {"before": lambda h: h[1:]},
)
WRAPPED_START = Mistake(
    "wrapped h_0",
    "At the first step the last state is used in place of `h_0`.",
    "`hs[t - 1]` at `t = 0` is `hs[-1]`, the last entry. Keep T+1 states, with `h_0` in `h[0]`.",
    at("sec-initial-state"),
    {"before": lambda h: np.roll(h[1:], 1, axis=0)},
)
OUTER_SWAPPED = Mistake(
    "outer product the wrong way round",
    "The factors of the outer product have changed places: this is the gradient of the transpose.",
    "A gradient has the shape of its weight: what entered the weight first, as a column, then what "
    "arrived at its output, as a row.",
    at("sec-bptt-readout"),
    {"outer": lambda u, d: np.einsum("tmi,tmj->tji", u, d)},
)
OVERWRITTEN = Mistake(
    "overwritten instead of added",
    "Only the contribution of the first step is left: the last one that a loop backwards computes.",
    "The gradient of a shared weight is a sum over its uses. `=` or `+=`?",
    at("sec-bptt-sum"),
    {"gather": lambda terms: terms[0]},
)


def only(steps: Array, kept: slice) -> Array:
    """Zero everything but some of the steps."""
    result = np.zeros_like(steps)
    result[kept] = steps[kept]
    return result


def carried_back(
    v: Array, slope: Array, W_back: Array, carry: Callable[[Array, Array], Array]
) -> Array:
    """g_t = v_t + delta_{t+1} W_hh^T: all that arrives at each state."""
    g = v.copy()
    for t in range(len(g) - 1, 0, -1):
        g[t - 1] += carry(g[t], slope[t]) @ W_back
    return g


def bptt(
    params: Params, x: Array, y: Array, h_0: Array, *,
    error: Any = lambda yhat, o, y: yhat - y, counted: Any = identity, arriving: Any = identity,
    share: Any = lambda y: 1, slope: Any = lambda h: tanh_slope(h[1:]), back: Any = np.transpose,
    carry: Any = np.multiply, passes: int = 1, before: Any = lambda h: h[:-1],
    outer: Any = lambda u, d: np.einsum("tmi,tmj->tij", u, d),
    gather: Any = lambda terms: terms.sum(axis=0), **of_the_forward_pass: Any,
) -> Params:  # fmt: skip
    """Gradients of the summed cross-entropy by all parameters."""
    h, o = rnn_forward(params, x, h_0, **of_the_forward_pass)
    e = share(y) * counted(error(softmax(o), o, np.eye(o.shape[-1])[y]))  # (T, m, n_outputs)
    g, slopes = arriving(e @ params["W_yh"].T), slope(h)  # (T, m, n) both
    for _ in range(passes):
        g = carried_back(g, slopes, back(params["W_hh"]), carry)
    delta = g * slopes  # (T, m, n)
    contributions = {
        "W_xh": outer(x, delta),
        "W_hh": outer(before(h), delta),
        "b_h": delta.sum(axis=1),
        "W_yh": outer(h[1:], e),
        "b_y": e.sum(axis=1),
    }
    return {name: gather(terms) for name, terms in contributions.items()}


# ----------------------------------------------------------------------------- the double sum

OLDEST_LEFT = Mistake(
    "Jacobians in the wrong order",
    "The Jacobians are multiplied in the wrong order: the oldest stands on the left.",
    "The row `v_t` leaves `h_t` first. Which Jacobian does it meet first?",
    at("sec-bptt-order"),
    {"order": -1},
)
JACOBIANS_TRANSPOSED = Mistake(
    "Jacobians transposed",
    "Each Jacobian enters as its transpose.",
    "A row is multiplied from the right: `v @ J`. The transpose belongs to the other layout, with "
    "columns.",
    at("sec-bptt-order"),
    {"layout": lambda J: J.T},
)
ONE_FACTOR_TOO_MANY = Mistake(
    "one Jacobian too many",
    "The product goes down to `J_k`; the last factor is `J_{k+1}`.",
    "From step t to step k there are t - k steps, and as many Jacobians. How many for k = t?",
    at("sec-bptt-sum"),
    {"factors": lambda J, t, k: J[k : t + 1]},
)
NEWEST_FACTOR_LOST = Mistake(
    "newest Jacobian lost",
    "The newest Jacobian, `J_t`, is missing from the product.",
    "Python leaves out the end of a range. Which Jacobians does yours give for t = 3 and k = 1?",
    at("sec-bptt-sum"),
    {"factors": lambda J, t, k: J[k + 1 : t]},
)
NEWEST_USE_LOST = Mistake(
    "newest use lost",
    "The term k = t is missing from the sum over k.",
    "Python leaves out the end of a range. Where does `range(1, t)` stop?",
    at("sec-bptt-sum"),
    {"kept": lambda t, k, T, K: k < t},
)
WINDOW_TOO_LONG = Mistake(
    "window one step too long",
    "The window keeps one term too many for each loss: those with t - k <= K.",
    "K = 1 keeps the term k = t alone. How many does yours keep?",
    at("sec-bptt-truncated"),
    {"kept": lambda t, k, T, K: t - k <= K},
)
NOT_TRUNCATED = Mistake(
    "not truncated",
    "Nothing is cut off: this is the full gradient.",
    "A loss at step t keeps the uses k with t - k < K.",
    at("sec-bptt-truncated"),
    {"kept": lambda t, k, T, K: True},
)
CHUNKS = Mistake(
    "chunks for a window",
    "The sequence is cut into chunks of K steps; a window goes K steps back from every loss.",
    "How far back does the first loss of your second chunk reach?",
    at("sec-bptt-truncated"),
    {"kept": lambda t, k, T, K: (t - 1) // K == (k - 1) // K},
)
LAST_USES = Mistake(
    "the last K steps only",
    "Only the last K steps of the sequence are kept, for all losses alike.",
    "The window moves with the loss. Which uses does the loss at t = 2 keep?",
    at("sec-bptt-truncated"),
    {"kept": lambda t, k, T, K: k > T - K},
)


def every_term(t: int, k: int, T: int, K: int) -> bool:
    """Keep all: the full gradient."""
    return True


def total_derivatives(J: Array, plus: Array) -> Array:
    """dh_t/dtheta from the immediate ones: d_t = plus_t + J_t d_{t-1}."""
    total = plus.copy()
    for t in range(1, len(J)):
        total[t] += np.tensordot(J[t], total[t - 1], 1)
    return total


def double_sum(
    v: Array, J: Array, plus: Array, K: int = 0, *, kept: Any = every_term,
    factors: Any = lambda J, t, k: J[k + 1 : t + 1], order: int = 1, layout: Any = identity,
    last: Any = lambda J, plus: plus,
) -> Array:  # fmt: skip
    """Sum of v_t J_t .. J_{k+1} plus_k over the losses t and the uses k <= t that are kept."""
    T, last_factor = len(v) - 1, last(J, plus)
    total = np.zeros(plus.shape[2:])
    for t in range(1, T + 1):
        for k in range(1, t + 1):
            if kept(t, k, T, K):
                path = v[t]
                for J_j in factors(J, t, k)[::-order]:  # newest first
                    path = path @ layout(J_j)
                total += np.tensordot(path, last_factor[k], 1)
    return total


def window(v: Array, J: Array, plus: Array, K: int, **wrong: Any) -> Array:
    """Sum only the terms with t - k < K."""
    return double_sum(v, J, plus, K, **{"kept": lambda t, k, T, K: t - k < K, **wrong})


# ---------------------------------------------------------------------------------- exercises


def ingredients(net: Network) -> dict[str, Array]:
    """v_t, J_t and the immediate partial by W_xh, for the first sequence; index 0 is unused."""
    params, n_outputs = net.params, net.sizes["n_outputs"]
    h, o = rnn_forward(params, net.x[:, 0], net.state0[0][0])
    e = softmax(o) - np.eye(n_outputs)[net.y[:, 0]]
    D = np.eye(net.sizes["n"]) * tanh_slope(h[1:])[:, :, None]
    named = {
        "v": e @ params["W_yh"].T,
        "J": D @ params["W_hh"].T,
        "plus": np.einsum("kib,ka->kiab", D, net.x[:, 0]),
    }
    return {name: np.concatenate([0 * part[:1], part]) for name, part in named.items()}


TERMS_OF_BOTH = (
    OLDEST_LEFT,
    JACOBIANS_TRANSPOSED,
    ONE_FACTOR_TOO_MANY,
    NEWEST_FACTOR_LOST,
    TOTAL_FOR_IMMEDIATE.by(last=total_derivatives),
    IMMEDIATE_ONLY.by(kept=lambda t, k, T, K: k == t),
    LAST_LOSS.by(kept=lambda t, k, T, K: t == T),
    FIRST_LOSS_LOST.by(kept=lambda t, k, T, K: t > 1),
    NEWEST_USE_LOST,
)

EXERCISES = (
    Exercise(
        "bptt",
        "Gradients of the summed softmax cross-entropy of a tanh network; y are classes.",
        bptt,
        [
            Problem({"params": n.params, "x": n.x, "y": n.y, "h_0": n.state0[0]}, n.sizes)
            for n in NETWORKS
        ],
        (
            NO_TRANSPOSE, IMMEDIATE_ONLY, TOTAL_FOR_IMMEDIATE, STATE_OF_SAME_STEP, WRAPPED_START,
            ZERO_START, OVERWRITTEN, OUTER_SWAPPED, SLOPE_OF_VALUE, SLOPE_NOT_SQUARED,
            SLOPE_OF_SIGMOID, SLOPE_OF_STEP_BEFORE, NO_SLOPE, SLOPE_NOT_CARRIED, OWN_READOUT_LOST,
            LAST_LOSS, FIRST_LOSS_LOST, NO_ONE_HOT, NO_SOFTMAX, WRONG_SIGN, BATCH_MEAN, TARGET_MEAN,
            TIME_MEAN, NO_BIAS, NO_OUTPUT_BIAS,
        ),
    ),
    Exercise(
        "double_sum",
        "The sum of v_t J_t .. J_{k+1} plus_k over all 1 <= k <= t <= T; index 0 is unused.",
        double_sum,
        [Problem(ingredients(net), net.sizes) for net in NETWORKS],
        TERMS_OF_BOTH,
        ("gradient",),
    ),
    Exercise(
        "window",
        "The same sum truncated: every loss reaches the K uses t, t-1, .., t-K+1.",
        window,
        [Problem({**ingredients(net), "K": 3}, net.sizes) for net in NETWORKS],
        (NOT_TRUNCATED, WINDOW_TOO_LONG, CHUNKS, LAST_USES, *TERMS_OF_BOTH),
        ("gradient",),
    ),
)  # fmt: skip
