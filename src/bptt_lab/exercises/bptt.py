"""Exercises of the chapter on backpropagation through time."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from bptt_lab.activations import identity, relu, tanh_slope
from bptt_lab.arguments import Array
from bptt_lab.cells import RNN
from bptt_lab.cells.base import Params
from bptt_lab.exercises.checker import Exercise
from bptt_lab.exercises.comparing import norm
from bptt_lab.exercises.diagnosing import CLIPPED
from bptt_lab.exercises.forward import (
    BIAS_TWICE,
    COLUMN_WEIGHTS,
    DIAGONAL_OF_SOFTMAX,
    FIRST_STEP_FROM_ZERO,
    JOINED_CROSSWISE,
    NETWORKS,
    NO_BIAS,
    NO_OUTPUT_BIAS,
    SLOPE_OF_SQUARED_ERROR,
    SOFTMAX_OVER_BATCH,
    SOFTMAX_OVER_TIME,
    SOFTMAX_TWICE,
    STATE_NOT_CARRIED,
    TARGETS_BATCH_FIRST,
    TARGETS_OF_STEP_AFTER,
    TARGETS_OF_STEP_BEFORE,
    WEIGHTS_JOINED_CROSSWISE,
    ZERO_START,
    rnn_forward,
    shortened,
    softmax,
    with_one_step,
    zeroed,
)
from bptt_lab.exercises.mistakes import Mistake
from bptt_lab.exercises.places import at
from bptt_lab.exercises.problems import Network, network, networks
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
LAST_LOSS_LOST = Mistake(
    "last loss lost",
    "The loss of the last step is left out.",
    "Losses are t = 1, .., T. Where does your loop over the losses begin or end? Python leaves out "
    "the end of a range.",
    at("sec-bptt-all"),
    {"counted": lambda e: only(e, slice(-1))},
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
LAST_READOUT_LOST = Mistake(
    "last step sends nothing back",
    "What the last step's own loss sends back is missing.",
    "At which step does your loop backwards begin? Python leaves out the end of a range.",
    at("sec-bptt-recursion"),
    {"arriving": lambda v: only(v, slice(-1))},
)
BATCH_MEAN = Mistake(
    "batch averaged",
    "The gradients are divided by the number of sequences, m.",
    "The loss is the sum over steps and rows. Which line takes a mean?",
    at("sec-steps"),
    {"share": lambda y: 1 / y.shape[1]},
    local=True,
)
TARGET_MEAN = Mistake(
    "all targets averaged",
    "The gradients are divided by the number of targets, T m: they are those of the mean.",
    "The loss is the sum over steps and rows, and so is its gradient.",
    at("sec-steps"),
    {"share": lambda y: 1 / y.size},
    local=True,
)
TIME_MEAN = Mistake(
    "time averaged",
    "The gradients are divided by the number of steps, T.",
    "The loss is the sum over the steps, and so is its gradient.",
    at("sec-steps"),
    {"share": lambda y: 1 / y.shape[0]},
    local=True,
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
NO_WEIGHTS_ON_THE_WAY = Mistake(
    "W_hh left out on the way back",
    "What goes from one step to the one before is not multiplied by `W_hh`.",
    "`a_{t+1}` contains `h_t W_hh`. Which factor does the chain rule ask for between the two?",
    at("sec-bptt-recursion"),
    {"back": lambda W: np.eye(len(W))},
)
IMMEDIATE_ONLY = Mistake(
    "sum over k missing",
    "Only the term k = t is there: each loss reaches its own step and none before.",
    "`h_t` depends on every step up to t. How does the loss at t hear of step t - 1?",
    at("sec-bptt-sum"),
    {"carry": lambda g, delta: 0 * g},
)
SLOPE_NOT_CARRIED = Mistake(
    "slope left out between the steps",
    "What goes back through `W_hh` is the gradient above the activation; it has to pass the "
    "activation first.",
    "Which of the two goes back, `g_t = dL/dh_t` or `delta_t = dL/da_t`?",
    at("sec-bptt-recursion"),
    {"carry": lambda g, delta: g},
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
    "The slope of tanh is missing: the gradient passes tanh as if it were linear.",
    "Between `h_t` and `a_t` stands an activation. Which factor does the chain rule ask for?",
    at("sec-bptt-recursion"),
    {"slope": lambda h: np.ones_like(h[1:])},
)

# ------------------------------------------------------------------------ mistakes at the weights

STATE_OF_SAME_STEP = Mistake(
    "h_t for h_{t-1}",
    "`delta_t` is paired with `h_t`; the recurrent weights were multiplied by `h_{t-1}`.",
    "What stood to the left of the recurrent weights when the net input was computed?",
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
    local=True,
)
OVERWRITTEN = Mistake(
    "overwritten instead of added",
    "Only the contribution of the first step is left: the last one that a loop backwards computes.",
    "The gradient of a shared weight is a sum over its uses. `=` or `+=`?",
    at("sec-bptt-sum"),
    {"gather": lambda terms: terms[0]},
    local=True,
)


SLOPE_AT_WEIGHTS_LEFT_OUT = Mistake(
    "gradient taken before the slope",
    "What is summed up for the weight is `dL/dh_t`, above the activation; it has to be `dL/da_t`.",
    "The weight acts on the net input. Which of your two arrays is the gradient there?",
    at("sec-bptt-recursion"),
    {"at_weights": lambda g, delta: g},
    local=True,
)
PAIRED_IN_REVERSE = Mistake(
    "gradients paired with steps in reverse order",
    "Gradients and steps are paired in opposite orders: one of the two runs from the first step to "
    "the last, the other from the last to the first.",
    "A loop backwards finds the gradient of the last step first. With which step is it paired?",
    at("sec-bptt-recursion"),
    {"at_weights": lambda g, delta: delta[::-1]},
    local=True,
)
LAST_TERM_ALONE = Mistake(
    "last step's contribution alone",
    "Only the contribution of the last step is left.",
    "The gradient of a shared weight is a sum over its uses. Is the line inside of the loop?",
    at("sec-bptt-sum"),
    {"gather": lambda terms: terms[-1]},
    local=True,
)
FIRST_TERM_LOST = Mistake(
    "first step's contribution lost",
    "The contribution of the first step, t = 1, is missing from the sum over the uses.",
    "Where does your loop end? `range(T - 1, 0, -1)` does not contain 0.",
    at("sec-bptt-sum"),
    {"gather": lambda terms: terms[1:].sum(axis=0)},
    local=True,
)
LAST_TERM_LOST = Mistake(
    "last step's contribution lost",
    "The contribution of the last step, t = T, is missing from the sum over the uses.",
    "Where does your loop begin? Python leaves out the end of a range.",
    at("sec-bptt-sum"),
    {"gather": lambda terms: terms[:-1].sum(axis=0)},
    local=True,
)
STATE_TWO_STEPS_BEFORE = Mistake(
    "h_{t-2} for h_{t-1}",
    "`delta_t` is paired with `h_{t-2}`, and at the first step with the last state; the recurrent "
    "weights were multiplied by `h_{t-1}`.",
    "The array `h` has `h_0` in front. If your t counts from 0, which state is `h[t]`?",
    at("sec-initial-state"),
    {"before": lambda h: np.concatenate([h[-1:], h[:-2]])},
)
FIRST_USE_WITH_OWN_STATE = Mistake(
    "h_1 for h_0 at the first use",
    "At the first step the recurrent weights meet `h_1`; they were multiplied by `h_0`.",
    "What does your index give at t = 1? `max(t - 1, 1)` and lists without `h_0` give `h_1`.",
    at("sec-initial-state"),
    {"before": lambda h: np.concatenate([h[1:2], h[1:-1]])},
)
FIRST_USE_WITH_ZERO = Mistake(
    "first use of the recurrent weights left out",
    "The first use of the recurrent weights, on `h_0`, does not count.",
    "`h_0` was multiplied by them too. Is it zero in your sum?",
    at("sec-initial-state"),
    {"before": lambda h: np.concatenate([0 * h[:1], h[1:-1]])},
)
READOUT_OF_STATE_BEFORE = Mistake(
    "h_{t-1} for h_t at the readout",
    "`W_yh` is paired with `h_{t-1}`; it was multiplied by `h_t`.",
    "Which state did `o_t` read?",
    at("sec-bptt-readout"),
    {"shown": lambda h: h[:-1]},
)
INPUT_OF_STEP_BEFORE = Mistake(
    "input of the step before",
    "`delta_t` is paired with the input of the step before; the input weights were multiplied by "
    "`x_t`.",
    "The array `x` has no entry for a step 0, so `x[t - 1]` is `x_t` if t counts from 1, and "
    "`x[t]` if it counts from 0.",
    at("sec-bptt-recursion"),
    {"entered": lambda x: np.roll(x, 1, axis=0)},
)
INPUT_OF_STEP_AFTER = Mistake(
    "input of the step after",
    "`delta_t` is paired with the input of the step after; the input weights were multiplied by "
    "`x_t`.",
    "The array `x` has no entry for a step 0, so `x[t - 1]` is `x_t` if t counts from 1, and "
    "`x[t]` if it counts from 0.",
    at("sec-bptt-recursion"),
    {"entered": lambda x: np.roll(x, -1, axis=0)},
)
SLOPE_TWICE = Mistake(
    "slope applied twice",
    "The slope of tanh is multiplied twice at every step.",
    "Between `h_t` and `a_t` stands one activation. In how many lines is its slope?",
    at("sec-bptt-recursion"),
    {"slope": lambda h: tanh_slope(h[1:]) ** 2},
)
VALUE_FOR_SLOPE = Mistake(
    "value for the slope",
    "The gradient is multiplied by `h_t` itself where the slope `1 - h_t**2` belongs.",
    "Does your function return tanh, or its derivative?",
    at("sec-bptt-recursion"),
    {"slope": lambda h: h[1:]},
)
SLOPE_ON_READOUT_ALONE = Mistake(
    "slope on the readout's path alone",
    "What comes from above passes the slope, and what comes from the right does not.",
    "Both arrive at `h_t` and have to pass the same activation. Is there a parenthesis missing?",
    at("sec-bptt-recursion"),
    {"meet": lambda v, carried, slope, h, t: v * slope + carried},
)
SLOPE_ON_CARRIED_ALONE = Mistake(
    "slope on the later steps' path alone",
    "What comes from the right passes the slope, and what comes from above does not.",
    "Both arrive at `h_t` and have to pass the same activation. Is there a parenthesis missing?",
    at("sec-bptt-recursion"),
    {"meet": lambda v, carried, slope, h, t: v + carried * slope},
)
VALUE_ON_CARRIED = Mistake(
    "value for the slope, on the later steps' path",
    "What comes from the right is multiplied by `h_t` itself where the slope `1 - h_t**2` belongs.",
    "Is the array of the states overwritten, or was the slope taken from a copy made too early?",
    at("sec-bptt-recursion"),
    {"meet": lambda v, carried, slope, h, t: v * slope + carried * h[t + 1]},
)
NEXT_VALUE_ON_CARRIED = Mistake(
    "value of the step after for the slope",
    "What comes from the right is multiplied by `h_{t+1}` itself where the slope `1 - h_t**2` "
    "belongs.",
    "Is the array of the states overwritten, or was the slope taken from a copy made too early?",
    at("sec-bptt-recursion"),
    {"meet": lambda v, c, slope, h, t: v * slope + c * h[min(t + 2, len(h) - 1)]},
)
NEXT_SLOPE_ON_CARRIED = Mistake(
    "slope of the step after, on the later steps' path",
    "What comes from the right is multiplied by the slope of step t + 1; it has to pass the "
    "activation of step t.",
    "What comes from `delta_{t+1}` has passed the slope of t + 1 already. Which one is next?",
    at("sec-bptt-recursion"),
    {"meet": lambda v, c, slope, h, t: v * slope + c * (1 - h[min(t + 2, len(h) - 1)] ** 2)},
)
CARRIED_ADDED_UP = Mistake(
    "carried gradient added up",
    "What goes back to the step before is added to what went back earlier; it should replace it.",
    "`=` or `+=`? `delta_t` holds all that the later steps sent already.",
    at("sec-bptt-recursion"),
    {"kept": 1},
)


def only(steps: Array, kept: slice) -> Array:
    """Zero everything but some of the steps."""
    result = np.zeros_like(steps)
    result[kept] = steps[kept]
    return result


def way_back(
    v: Array, slope: Array, W_back: Array, h: Array, *, carry: Any = lambda g, delta: delta,
    meet: Any = lambda v, carried, slope, h, t: (v + carried) * slope, kept: float = 0,
    cut: Callable[[int], bool] = lambda t: False,
) -> tuple[Array, Array]:  # fmt: skip
    """g_t = v_t + delta_{t+1} W_hh^T and delta_t = g_t * slope_t, from the last step to the first.

    Index t of the arrays is step t + 1. Nothing goes back from where ``cut`` says so.
    """
    g, delta, carried = np.empty_like(v), np.empty_like(v), np.zeros_like(v[0])
    for t in range(len(v) - 1, -1, -1):
        g[t] = v[t] + carried
        delta[t] = meet(v[t], carried, slope[t], h, t)
        carried = kept * carried + carry(g[t], delta[t]) @ W_back
        if cut(t):
            carried = np.zeros_like(carried)
    return g, delta


def errors_and_deltas(
    params: Params, x: Array, y: Array, h_0: Array, *,
    error: Any = lambda yhat, o, y: yhat - y, counted: Any = identity, arriving: Any = identity,
    share: Any = lambda y: 1, slope: Any = lambda h: tanh_slope(h[1:]), back: Any = np.transpose,
    targets: Any = identity, passes: int = 1, carry: Any = lambda g, delta: delta,
    meet: Any = lambda v, carried, slope, h, t: (v + carried) * slope, kept: float = 0,
    cut: Callable[[int], bool] = lambda t: False, **of_the_forward_pass: Any,
) -> tuple[Array, Array, Array, Array]:  # fmt: skip
    """States, and the gradients at the logits, at the states and at the net inputs."""
    h, o = rnn_forward(params, x, h_0, **of_the_forward_pass)
    y = targets(y)
    e = share(y) * counted(error(softmax(o), o, np.eye(o.shape[-1])[y]))  # (T, m, n_outputs)
    g = arriving(e @ params["W_yh"].T)  # (T, m, n)
    for _ in range(passes):
        g, delta = way_back(
            g, slope(h), back(params["W_hh"]), h, carry=carry, meet=meet, kept=kept, cut=cut
        )
    return h, e, g, delta


def bptt(
    params: Params, x: Array, y: Array, h_0: Array, *, before: Any = lambda h: h[:-1],
    shown: Any = lambda h: h[1:], entered: Any = identity, at_weights: Any = lambda g, delta: delta,
    outer: Any = lambda u, d: np.einsum("tmi,tmj->tij", u, d),
    gather: Any = lambda terms: terms.sum(axis=0), **of_the_recursion: Any,
) -> Params:  # fmt: skip
    """Gradients of the summed cross-entropy with respect to all parameters."""
    h, e, g, delta = errors_and_deltas(params, x, y, h_0, **of_the_recursion)
    d = at_weights(g, delta)
    contributions = {
        "W_xh": outer(entered(x), d),
        "W_hh": outer(before(h), d),
        "b_h": d.sum(axis=1),
        "W_yh": outer(shown(h), e),
        "b_y": e.sum(axis=1),
    }
    return {name: gather(terms) for name, terms in contributions.items()}


AT_THE_LOSS = (
    LAST_LOSS, FIRST_LOSS_LOST, LAST_LOSS_LOST, NO_ONE_HOT, NO_SOFTMAX, WRONG_SIGN, BATCH_MEAN,
    TARGET_MEAN, TIME_MEAN, TARGETS_BATCH_FIRST, TARGETS_OF_STEP_BEFORE, TARGETS_OF_STEP_AFTER,
    SOFTMAX_OVER_BATCH.by(error=lambda yhat, o, y: softmax(o, -2) - y),
    SOFTMAX_OVER_TIME.by(error=lambda yhat, o, y: softmax(o, 0) - y),
    SOFTMAX_TWICE.by(error=lambda yhat, o, y: softmax(yhat) - y),
    DIAGONAL_OF_SOFTMAX.by(error=lambda yhat, o, y: -y * (1 - yhat)),
    SLOPE_OF_SQUARED_ERROR.by(error=lambda yhat, o, y: (yhat - y) * yhat * (1 - yhat)),
)  # fmt: skip
ON_THE_WAY_BACK = (
    NO_TRANSPOSE, NO_WEIGHTS_ON_THE_WAY, IMMEDIATE_ONLY, TOTAL_FOR_IMMEDIATE, SLOPE_OF_VALUE,
    SLOPE_NOT_SQUARED, SLOPE_OF_SIGMOID, SLOPE_OF_STEP_BEFORE, NO_SLOPE, SLOPE_TWICE,
    VALUE_FOR_SLOPE, SLOPE_NOT_CARRIED, SLOPE_ON_READOUT_ALONE, SLOPE_ON_CARRIED_ALONE,
    VALUE_ON_CARRIED, NEXT_VALUE_ON_CARRIED, NEXT_SLOPE_ON_CARRIED, CARRIED_ADDED_UP,
    OWN_READOUT_LOST,
)  # fmt: skip
AT_THE_WEIGHTS = (
    STATE_OF_SAME_STEP, STATE_TWO_STEPS_BEFORE, WRAPPED_START, FIRST_USE_WITH_OWN_STATE,
    FIRST_USE_WITH_ZERO, READOUT_OF_STATE_BEFORE, INPUT_OF_STEP_BEFORE, INPUT_OF_STEP_AFTER,
    SLOPE_AT_WEIGHTS_LEFT_OUT, PAIRED_IN_REVERSE,
    OVERWRITTEN, LAST_TERM_ALONE, FIRST_TERM_LOST, LAST_TERM_LOST, OUTER_SWAPPED,
)  # fmt: skip
ON_THE_WAY_THERE = (
    ZERO_START, FIRST_STEP_FROM_ZERO, STATE_NOT_CARRIED, NO_BIAS, BIAS_TWICE, NO_OUTPUT_BIAS,
    COLUMN_WEIGHTS, JOINED_CROSSWISE, WEIGHTS_JOINED_CROSSWISE, *CLIPPED,
)  # fmt: skip

# ------------------------------------------------------------------- where the network began

SLOPE_AT_THE_START = Mistake(
    "slope at h_0",
    "The gradient at `h_0` has a slope in it; no activation made `h_0`.",
    "`h_0` is given. What stands between it and `a_1`?",
    at("sec-bptt-recursion"),
    {"at_start": lambda d_h, h: d_h * tanh_slope(h[0])},
)
GRADIENT_OF_FIRST_STATE = Mistake(
    "gradient at h_1 for h_0",
    "The gradient at `h_0` is that at `h_1`: one step is missing.",
    "`g_1 = dL/dh_1`. Which matrix leads from `a_1` to `h_0`?",
    at("sec-bptt-recursion"),
    {"from_first": lambda g, delta, back: g[0]},
)
NET_INPUT_OF_FIRST_STEP = Mistake(
    "delta_1 for the gradient at h_0",
    "The gradient at `h_0` is `delta_1`, that at the first net input: `W_hh` is missing.",
    "`a_1` contains `h_0 W_hh`. What does that do to a gradient on its way back?",
    at("sec-bptt-recursion"),
    {"from_first": lambda g, delta, back: delta[0]},
)
SLOPE_AT_INPUTS_LEFT_OUT = Mistake(
    "gradient at x taken before the slope",
    "What goes from step t to `x_t` is `dL/dh_t`, above the activation; it has to be `dL/da_t`.",
    "`x_t` acts through the net input. Which of your two arrays is the gradient there?",
    at("sec-bptt-recursion"),
    {"at_inputs": lambda g, delta: g},
    local=True,
)
START_NOT_TRANSPOSED = Mistake(
    "W_hh for its transpose at h_0",
    "The last step back, to `h_0`, is made with `W_hh` where the transpose belongs.",
    "It is one more step of the same recursion. Does it stand in the loop, or in a line of its "
    "own?",
    at("sec-bptt-order"),
    {"from_first": lambda g, delta, back: delta[0] @ back.T},
)
START_BEFORE_SLOPE = Mistake(
    "first slope left out",
    "What goes back to `h_0` has not passed the activation of the first step.",
    "`h_0` acts through `a_1`. Which of the two goes back, `g_1` or `delta_1`?",
    at("sec-bptt-recursion"),
    {"from_first": lambda g, delta, back: g[0] @ back},
)


def input_gradients(
    params: Params, x: Array, y: Array, h_0: Array, *, at_start: Any = lambda d_h, h: d_h,
    from_first: Any = lambda g, delta, back: delta[0] @ back,
    at_inputs: Any = lambda g, delta: delta, back: Any = np.transpose, **of_the_recursion: Any,
) -> Params:  # fmt: skip
    """Gradients of the summed cross-entropy with respect to the inputs and the initial state."""
    h, _, g, delta = errors_and_deltas(params, x, y, h_0, back=back, **of_the_recursion)
    return {
        "x": at_inputs(g, delta) @ params["W_xh"].T,
        "h_0": at_start(from_first(g, delta, back(params["W_hh"])), h),
    }


# ------------------------------------------------------------------------- another activation

TANH_SLOPE = Mistake(
    "slope of tanh",
    "The slope is `1 - h**2`, that of tanh; the network has relu.",
    "At a large positive net input, how much does relu change if its input does?",
    at("sec-bptt-recursion"),
    {"slope": lambda h: 1 - h[1:] ** 2},
)
RELU_SLOPE_BEFORE = Mistake(
    "slope from the step before",
    "Which neurons let the gradient pass at step t is read from `h_{t-1}`.",
    "`a_t` became `h_t`. Check the index, and remember that `h[0]` is `h_0`.",
    at("sec-bptt-recursion"),
    {"slope": lambda h: (h[:-1] > 0) * 1.0},
)
RELU_SLOPE_FORGOTTEN = Mistake(
    "slope of relu forgotten",
    "The gradient passes every neuron, also where `h_t` is 0: the slope of relu, 1 where `h_t > 0` "
    "and else 0, has no effect.",
    "A small change of a negative net input changes nothing. What does yours send back there?",
    at("sec-bptt-recursion"),
    {"slope": lambda h: np.ones_like(h[1:])},
)
RELU_FOR_SLOPE = Mistake(
    "relu for its slope",
    "The gradient is multiplied by `h_t` itself where the slope of relu belongs: 1 where "
    "`h_t > 0`, else 0.",
    "A net input of 3 grows by a little. By how much does its relu grow?",
    at("sec-bptt-recursion"),
    {"slope": lambda h: h[1:]},
)
RELU_SLOPE_REVERSED = Mistake(
    "slope of relu the wrong way round",
    "The gradient passes where `h_t` is 0 and is cut where `h_t > 0`; it is the other way round.",
    "Which of the two is flat, relu at negative or at positive net inputs?",
    at("sec-bptt-recursion"),
    {"slope": lambda h: (h[1:] <= 0) * 1.0},
)
ABOVE_THE_SLOPE = Mistake(
    "gradients at the states",
    "These are the gradients at the states, `dL/dh_t`; asked for are those at the net inputs.",
    "Which of the two arrays of the recursion has passed the activation?",
    at("sec-bptt-recursion"),
    {"returned": lambda g, delta: g},
)
GUIDED = Mistake(
    "guided backpropagation",
    "Negative gradients are cut off as well: what passes has to be positive, as in guided "
    "backpropagation. Relu's derivative cuts where `h_t` is 0, and nowhere else.",
    "Which sign decides whether a gradient passes, its own or that of the net input?",
    at("sec-bptt-recursion"),
    {"meet": lambda v, carried, slope, h, t: np.maximum(v + carried, 0) * slope},
)
GRADIENT_RECTIFIED = Mistake(
    "gradient rectified",
    "The gradient itself goes through relu: its negative entries are lost.",
    "Which sign decides whether a gradient passes, its own or that of the net input?",
    at("sec-bptt-recursion"),
    {"meet": lambda v, carried, slope, h, t: np.maximum(v + carried, 0)},
)


def relu_backward(
    params: Params, h: Array, e: Array, *, slope: Any = lambda h: (h[1:] > 0) * 1.0,
    back: Any = np.transpose, arriving: Any = identity, passes: int = 1,
    returned: Any = lambda g, delta: delta, **of_the_way: Any,
) -> Array:  # fmt: skip
    """Gradients at the net inputs of a relu network."""
    g = arriving(e @ params["W_yh"].T)
    for _ in range(passes):
        g, delta = way_back(g, slope(h), back(params["W_hh"]), h, **of_the_way)
    return returned(g, delta)  # type: ignore[no-any-return]


# ----------------------------------------------------------------------------- a second layer

LOWER_FROM_ABOVE_THE_SLOPE = Mistake(
    "upper slope left out between the layers",
    "What goes down through `W_xh2` is the gradient above the upper activation; it has to pass "
    "that activation first.",
    "Which of the two goes down, `dL/dh_2` or `dL/da_2`?",
    at("sec-bptt-recursion"),
    {"down": lambda v, g, delta: g},
)
LOWER_FROM_OWN_LOSS = Mistake(
    "upper layer's later steps not handed down",
    "The lower layer receives what a step's own loss sends down, and nothing of what later steps "
    "send through the upper layer.",
    "Which gradient of the upper layer goes down: before or after the later steps were added?",
    at("sec-bptt-recursion"),
    {"down": lambda v, g, delta: v},
)
LOWER_FROM_STEP_AFTER = Mistake(
    "handed down from the step after",
    "The lower layer receives at step t what the upper one has at step t + 1.",
    "Which step of the upper layer reads the lower state `h_t`?",
    at("sec-bptt-recursion"),
    {"down": lambda v, g, delta: np.concatenate([delta[1:], 0 * delta[:1]])},
)
LOWER_FROM_LAST_STEP = Mistake(
    "handed down at the last step only",
    "The lower layer receives something at the last step only.",
    "Every lower state is read by the upper layer at its own step. Is the line inside of the loop?",
    at("sec-bptt-all"),
    {"down": lambda v, g, delta: only(delta, slice(-1, None))},
)
LOWER_WITHOUT_MEMORY = Mistake(
    "lower recurrence left out",
    "In the lower layer nothing goes from one step to the one before.",
    "The lower layer has `W_hh1`. Where is it in your backward pass?",
    at("sec-bptt-recursion"),
    {"lower_carry": lambda g, delta: 0 * g},
)
UPPER_WITHOUT_MEMORY = Mistake(
    "upper recurrence left out",
    "In the upper layer nothing goes from one step to the one before.",
    "The upper layer has `W_hh2`. Where is it in your backward pass?",
    at("sec-bptt-recursion"),
    {"upper_carry": lambda g, delta: 0 * g},
)
LOWER_SLOPE_NOT_CARRIED = Mistake(
    "lower slope left out between the steps",
    "In the lower layer the gradient above the activation goes to the step before; it has to pass "
    "the activation first.",
    "Which of the two goes back, `dL/dh_1` or `dL/da_1`?",
    at("sec-bptt-recursion"),
    {"lower_carry": lambda g, delta: g},
)
UPPER_SLOPE_NOT_CARRIED = Mistake(
    "upper slope left out between the steps",
    "In the upper layer the gradient above the activation goes to the step before; it has to pass "
    "the activation first.",
    "Which of the two goes back, `dL/dh_2` or `dL/da_2`?",
    at("sec-bptt-recursion"),
    {"upper_carry": lambda g, delta: g},
)
LOWER_NOT_TRANSPOSED = Mistake(
    "lower W_hh for its transpose",
    "In the lower layer a gradient is multiplied by `W_hh1` where the transpose belongs.",
    "The matrix is square, so no shape complains. Which way does a weight lead?",
    at("sec-bptt-order"),
    {"lower_back": identity},
)
UPPER_NOT_TRANSPOSED = Mistake(
    "upper W_hh for its transpose",
    "In the upper layer a gradient is multiplied by `W_hh2` where the transpose belongs.",
    "The matrix is square, so no shape complains. Which way does a weight lead?",
    at("sec-bptt-order"),
    {"upper_back": identity},
)
LOWER_SLOPE_FORGOTTEN = Mistake(
    "lower slope forgotten",
    "The slope of the lower activation is missing.",
    "Between `h_1` and its net input stands an activation. Which factor does the chain rule ask "
    "for?",
    at("sec-bptt-recursion"),
    {"lower_slope": np.ones_like},
)
UPPER_SLOPE_FORGOTTEN = Mistake(
    "upper slope forgotten",
    "The slope of the upper activation is missing.",
    "Between `h_2` and its net input stands an activation. Which factor does the chain rule ask "
    "for?",
    at("sec-bptt-recursion"),
    {"upper_slope": np.ones_like},
)


def stacked_backward(
    params: Params, h_1: Array, h_2: Array, e: Array, *,
    down: Any = lambda v, g, delta: delta, lower_slope: Any = tanh_slope,
    upper_slope: Any = tanh_slope, lower_back: Any = np.transpose, upper_back: Any = np.transpose,
    lower_carry: Any = lambda g, delta: delta, upper_carry: Any = lambda g, delta: delta,
) -> tuple[Array, Array]:  # fmt: skip
    """Gradients at the net inputs of the lower and of the upper layer."""
    v, slope = e @ params["W_yh"].T, upper_slope(h_2[1:])
    g_2, delta_2 = way_back(v, slope, upper_back(params["W_hh2"]), h_2, carry=upper_carry)
    handed = down(v * slope, g_2, delta_2) @ params["W_xh2"].T
    delta_1 = way_back(
        handed, lower_slope(h_1[1:]), lower_back(params["W_hh1"]), h_1, carry=lower_carry
    )[1]
    return delta_1, delta_2


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
OLDEST_USE_LOST = Mistake(
    "oldest use lost",
    "The use at step 1 is missing from the sum over k.",
    "Where does your loop over k end? `range(t, 1, -1)` does not contain 1.",
    at("sec-bptt-sum"),
    {"kept": lambda t, k, T, K: k > 1},
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
    "Nothing is cut off: every loss reaches back to the first step.",
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


LAST_USES_AND_ONE = Mistake(
    "the last K + 1 steps only",
    "Only the last K + 1 steps of the sequence are kept, for all losses alike.",
    "The window moves with the loss. Which uses does the loss at t = 2 keep?",
    at("sec-bptt-truncated"),
    {"kept": lambda t, k, T, K: k >= T - K},
)
LAST_LOSSES = Mistake(
    "the last K losses only",
    "Only the losses of the last K steps are kept, each with all its uses.",
    "Every loss stays; what is cut is how far back each of them reaches.",
    at("sec-bptt-truncated"),
    {"kept": lambda t, k, T, K: t > T - K},
)
WINDOW_TOO_SHORT = Mistake(
    "window one step too short",
    "The window keeps one term too few for each loss: those with t - k < K - 1.",
    "K = 1 keeps the term k = t. How many does yours keep?",
    at("sec-bptt-truncated"),
    {"kept": lambda t, k, T, K: t - k < K - 1},
)
FIRST_USES = Mistake(
    "cut at the wrong end",
    "Each loss keeps the uses far away from it and loses the K nearest.",
    "Which end of the sum is cut off: k near t, or k near 1?",
    at("sec-bptt-truncated"),
    {"kept": lambda t, k, T, K: t - k >= K},
)
V_OF_THE_USE = Mistake(
    "v_k for v_t",
    "Each term begins with `v_k`, the row of the step where the weight is used; it begins with "
    "`v_t`, that of the loss.",
    "Which step has the loss whose derivative you take?",
    at("sec-bptt-sum"),
    {"starts": lambda v, t, k: v[k]},
)
PLUS_OF_THE_LOSS = Mistake(
    "plus_t for plus_k",
    "Each term ends with the immediate derivative of step t; it ends with that of step k, where "
    "the weight is used.",
    "At which step does the weight enter in the term k?",
    at("sec-bptt-sum"),
    {"ends": lambda t, k: t},
)


V_OF_LAST_STEP = Mistake(
    "v_T for v_t",
    "Every term begins with `v_T`, the row of the last loss; each loss has a row of its own.",
    "Which index of `v` changes with the loss?",
    at("sec-bptt-sum"),
    {"starts": lambda v, t, k: v[-1]},
)
V_OF_STEP_BEFORE = Mistake(
    "v_{t-1} for v_t",
    "The row of the loss is taken one step too early: `v[t]` is `v_t`.",
    "The arrays have an unused index 0, so that no index is shifted.",
    at("sec-bptt-sum"),
    {"starts": lambda v, t, k: v[t - 1]},
)
PLUS_OF_STEP_BEFORE = Mistake(
    "plus_{k-1} for plus_k",
    "The immediate derivative is taken one step too early: `plus[k]` is `plus_k`.",
    "The arrays have an unused index 0, so that no index is shifted.",
    at("sec-bptt-sum"),
    {"ends": lambda t, k: k - 1},
)
JACOBIANS_OF_STEP_BEFORE = Mistake(
    "Jacobians one step too early",
    "The Jacobians are `J_{t-1}` to `J_k`, one step too early: `J[t]` is `J_t`.",
    "The arrays have an unused index 0, so that no index is shifted.",
    at("sec-bptt-sum"),
    {"factors": lambda J, t, k: J[k:t]},
)


USE_AT_ZERO = Mistake(
    "use at step 0 counted",
    "There is a term k = 0 too: `plus[0]` is in your sum.",
    "The steps are 1, .., T, and index 0 is unused. Where does your loop over k begin or end?",
    at("sec-bptt-sum"),
    {"oldest": (1, 0)},
)
LOSS_AT_ZERO = Mistake(
    "step 0 counted",
    "Step 0 is in both sums: as a loss with `v[0]`, and as a use with `plus[0]`.",
    "The steps are 1, .., T, and index 0 is unused. Where do your loops begin?",
    at("sec-bptt-sum"),
    {"oldest": (0, 0)},
)


def every_term(t: int, k: int, T: int, K: int) -> bool:
    """Keep all: the full gradient."""
    return True


def total_derivatives(J: Array, plus: Array) -> Array:
    """dh_t/dtheta from the immediate ones: d_t = plus_t + J_t d_{t-1}, from d_1 = plus_1 on."""
    total = plus.copy()
    for t in range(2, len(J)):
        total[t] += np.tensordot(J[t], total[t - 1], 1)
    return total


def double_sum(
    v: Array, J: Array, plus: Array, K: int = 0, *, kept: Any = every_term,
    factors: Any = lambda J, t, k: J[k + 1 : t + 1], order: int = 1, layout: Any = identity,
    last: Any = lambda J, plus: plus, starts: Any = lambda v, t, k: v[t],
    ends: Any = lambda t, k: k, oldest: tuple[int, int] = (1, 1),
) -> Array:  # fmt: skip
    """Sum of v_t J_t .. J_{k+1} plus_k over the losses t and the uses k <= t that are kept."""
    T, last_factor = len(v) - 1, last(J, plus)
    total = np.zeros(plus.shape[2:])
    for t in range(oldest[0], T + 1):
        for k in range(oldest[1], t + 1):
            if kept(t, k, T, K):
                path = starts(v, t, k)
                for J_j in factors(J, t, k)[::-order]:  # newest first
                    path = path @ layout(J_j)
                total += np.tensordot(path, last_factor[ends(t, k)], 1)
    return total


def window(v: Array, J: Array, plus: Array, K: int, **wrong: Any) -> Array:
    """Sum only the terms with t - k < K."""
    return double_sum(v, J, plus, K, **{"kept": lambda t, k, T, K: t - k < K, **wrong})


# ---------------------------------------------------------------------------- a detached state

NOT_DETACHED = Mistake(
    "state not detached",
    "Nothing is cut off between the chunks: every loss reaches back to the first step.",
    "The state that a chunk begins with is a number there, not a function of the weights. What "
    "goes back through it?",
    at("sec-bptt-truncated"),
    {"size": lambda T, K: 0},
)
CHUNK_TOO_LONG = Mistake(
    "chunk one step too long",
    "The chunks have K + 1 steps.",
    "Write down the steps of the first chunk for K = 3.",
    at("sec-bptt-truncated"),
    {"size": lambda T, K: K + 1},
)
CHUNK_TOO_SHORT = Mistake(
    "chunk one step too short",
    "The chunks have K - 1 steps.",
    "Write down the steps of the first chunk for K = 3.",
    at("sec-bptt-truncated"),
    {"size": lambda T, K: K - 1},
)
CHUNKS_COUNTED = Mistake(
    "K chunks",
    "The sequence is cut into K chunks of about the same length; asked for are chunks of K steps.",
    "With T = 7 and K = 2, how many chunks are there, and how many steps has the first?",
    at("sec-bptt-truncated"),
    {"size": lambda T, K: -(-T // K)},
)
CHUNKS_COUNTED_WITH_REST = Mistake(
    "K chunks and a rest",
    "The chunks have T // K steps; asked for are chunks of K steps.",
    "With T = 7 and K = 2, how many chunks are there, and how many steps has the first?",
    at("sec-bptt-truncated"),
    {"size": lambda T, K: T // K},
)
CHUNKS_FROM_THE_END = Mistake(
    "chunks counted from the end",
    "The chunks are counted from the last step; they begin at the first one.",
    "The sequence comes in from its beginning. Which chunk may be shorter than K?",
    at("sec-bptt-truncated"),
    {"origin": lambda T, K: T % K},
)
RESET_TO_ZERO = Mistake(
    "chunk started from zero",
    "Every chunk after the first starts from zeros: the state is thrown away with its gradient.",
    "Detached means that no gradient goes back, not that no state goes on. What does the chunk "
    "read?",
    at("sec-bptt-truncated"),
    {"restart": lambda h_0: 0 * h_0},
)
RESET_TO_START = Mistake(
    "chunk started from h_0",
    "Every chunk starts from `h_0`; it should start from the last state of the chunk before.",
    "Detached means that no gradient goes back, not that no state goes on. What does the chunk "
    "read?",
    at("sec-bptt-truncated"),
    {"restart": lambda h_0: h_0},
)
SHORT_CHUNK_DROPPED = Mistake(
    "short last chunk dropped",
    "The last chunk, which is shorter than K, is left out.",
    "With T = 7 and K = 2, where does your loop over the chunks end?",
    at("sec-bptt-truncated"),
    {"losses": lambda T, K: slice(0, T - T % K)},
)
LAST_CHUNK_ALONE = Mistake(
    "last chunk alone",
    "Only the gradient of the last chunk is returned; those of all chunks are added.",
    "`=` or `+=`? What does your loop keep of the chunks before?",
    at("sec-bptt-truncated"),
    {"losses": lambda T, K: slice((T - 1) // K * K, T)},
)
FIRST_CHUNK_ALONE = Mistake(
    "first chunk alone",
    "Only the gradient of the first chunk is returned; those of all chunks are added.",
    "Does the `return` stand inside of the loop?",
    at("sec-bptt-truncated"),
    {"losses": lambda T, K: slice(0, K)},
)
CHUNKS_AVERAGED = Mistake(
    "chunks averaged",
    "The gradients of the chunks are averaged; they should be added.",
    "The loss is the sum over all steps. Does it matter into how many chunks they are cut?",
    at("sec-bptt-truncated"),
    {"weight": lambda T, K: 1 / -(-T // K)},
)
WINDOW_FOR_CHUNKS = Mistake(
    "window for chunks",
    "Every loss reaches K steps back, across the ends of the chunks.",
    "How far back does the first loss of the second chunk reach if the state before it is "
    "detached?",
    at("sec-bptt-truncated"),
    {"reach": lambda t, K: range(max(t - K + 1, 0), t + 1)},
)


def detached(
    params: Params, x: Array, y: Array, h_0: Array, K: int, *, size: Any = lambda T, K: K,
    origin: Any = lambda T, K: 0, restart: Any = None, losses: Any = lambda T, K: slice(None),
    weight: Any = lambda T, K: 1, reach: Any = None, **of_bptt: Any,
) -> Params:  # fmt: skip
    """Gradients summed over chunks of K steps; none passes from one chunk to the one before."""
    T, steps, first = len(x), size(len(x), K), origin(len(x), K)

    def begins(t: int) -> bool:
        return bool(steps) and t > 0 and (t - first) % steps == 0

    of_bptt = {"cut": begins, **of_bptt}
    if restart:
        h_start = np.asarray(restart(h_0))
        of_bptt["entering"] = lambda h: h_start if begins(len(h) - 1) else h[-1]
        of_bptt["before"] = lambda h: np.array([h_start if begins(t) else h[t] for t in range(T)])
    if reach:
        return windowed(params, x, y, h_0, lambda t: reach(t, K), of_bptt)
    counted = of_bptt.pop("counted", identity)
    of_bptt["counted"] = lambda e: counted(only(e, losses(T, K)))
    return {name: weight(T, K) * g for name, g in bptt(params, x, y, h_0, **of_bptt).items()}


def windowed(
    params: Params, x: Array, y: Array, h_0: Array, reach: Callable[[int], range],
    options: dict[str, Any],
) -> Params:  # fmt: skip
    """Gradients in which the loss of each step reaches some steps, with a state from before."""
    total: Params = {}
    for t in range(len(x)):
        first = reach(t)[0]
        wanted = {
            "counted": lambda e, t=t: only(e, slice(t, t + 1)),
            "cut": lambda s, first=first: s == first,
        }
        for name, g in bptt(params, x, y, h_0, **{**options, **wanted}).items():
            total[name] = total.get(name, 0) + g
    return total


# ------------------------------------------------------------------------- a check of gradients


def unchanged(grads: Params) -> Params:
    """Return gradients as they are."""
    return grads


def judged(name: str, sentence: str, hint: str, **commits: Any) -> Mistake:
    """Describe which gradients a check gets wrong, all of them in one sentence."""
    return Mistake(name, sentence, hint, at("sec-bptt-four"), commits)


def sized(a: Any, b: Any) -> float:
    """Return the larger of two norms."""
    return max(norm(a), norm(b))


def close(a: Any, b: Any, rounding: float) -> bool:
    """Tell whether two gradients are the same but for the errors of differences."""
    return norm(a - b) <= 1e-6 * sized(a, b) + rounding


ALL_REJECTED = judged(
    "every gradient rejected",
    "Your check rejects every gradient, the right ones too.",
    "Does it ever get to a line that returns True? If so, print your difference quotient beside "
    "the gradient. A ratio that is always the same is a factor, such as the 2 of two sides. If "
    "they nearly agree, look at the step and at the tolerance.",
    close=lambda a, b, rounding: close(2 * a, b, rounding),
)
ALL_ACCEPTED = judged(
    "every gradient accepted",
    "Your check accepts every gradient, the wrong ones too.",
    "On which line does it return False, and does it ever get there?",
    close=lambda a, b, rounding: True,
)
VERDICT_REVERSED = judged(
    "True and False exchanged",
    "Your check says True of every wrong gradient, and False of every right one.",
    "What does your last line return if the error is small?",
    verdict=np.logical_not,
)
TRANSPOSED_PASSES = judged(
    "transposed gradient not found",
    "Your check lets a transposed gradient pass.",
    "Compare entry by entry. Norms, sums and sorted entries do not see an exchange.",
    close=lambda a, b, rounding: close(np.sort(a, None), np.sort(b, None), rounding),
)
NORMS_COMPARED = judged(
    "transposed gradient and wrong sign not found",
    "Your check lets a transposed gradient pass, and one with the wrong sign.",
    "Both have the right norm. Do you compare norms, or entries?",
    close=lambda a, b, rounding: close(norm(a), norm(b), rounding),
)
SIGN_PASSES = judged(
    "wrong sign not found",
    "Your check lets a gradient with the wrong sign pass.",
    "Is there an `abs` around a number whose sign matters?",
    close=lambda a, b, rounding: close(np.abs(a), np.abs(b), rounding),
)
FACTOR_PASSES = judged(
    "wrong factor not found",
    "Your check lets a gradient pass that is one percent too large in all its entries.",
    "Do you compare directions? A cosine does not see a factor.",
    joined=lambda g: {"all": np.concatenate([g[name].ravel() for name in sorted(g)])},
    close=lambda a, b, _: bool(a @ b >= (1 - 1e-9) * np.sqrt((a @ a) * (b @ b)) and b.any()),
)
TOO_WIDE = judged(
    "tolerance too wide",
    "Your check lets errors of one percent pass, in all entries or in one.",
    "Central differences with a step of 1e-5 are good to eight digits or so. Which tolerance fits?",
    close=lambda a, b, rounding: norm(a - b) <= 0.02 * sized(a, b),
)
ONE_ENTRY_PASSES = judged(
    "single wrong entry not found",
    "Your check lets a gradient pass in which one entry is too large.",
    "Does your error lose its sign before it is compared? And do you look at all entries of all "
    "parameters? A mean over many hides one.",
    close=lambda a, b, rounding: bool(np.all(a - b <= 1e-6 * sized(a, b) + rounding)),
)
SUMS_COMPARED = judged(
    "sums compared",
    "Your check lets a gradient pass that has the right sum, over a parameter, of its entries.",
    "Is there a sum or a mean over differences that still have their signs?",
    close=lambda a, b, rounding: close(a.sum(), b.sum(), rounding),
)
LAST_PARAMETER_PASSES = judged(
    "last parameter not looked at",
    "Your check lets a wrong gradient of the last parameter pass.",
    "Does your loop run over all parameters, also the last one?",
    joined=lambda g: dict([*g.items()][:-1]),
)
BIASES_PASS = judged(
    "biases not looked at",
    "Your check lets wrong gradients of the biases pass.",
    "Does your loop run over all parameters, also those with one axis?",
    joined=lambda g: {name: part for name, part in g.items() if part.ndim > 1},
)
FIRST_PARAMETER_ALONE = judged(
    "only the first parameter looked at",
    "A wrong gradient passes if that of the first parameter is right.",
    "Does a `return` stand inside of the loop over the parameters?",
    joined=lambda g: dict([*g.items()][:1]),
)
FIRST_ENTRY_ALONE = judged(
    "only the first entry of the first parameter looked at",
    "A wrong gradient passes if the first entry of the first parameter is right.",
    "Does a `return` stand inside of the loop over the entries?",
    joined=lambda g: {name: part.ravel()[:1] for name, part in [*g.items()][:1]},
)

LOOKED_AT: dict[str, Callable[[Array], Any]] = {
    "first entry of a parameter": lambda g: g.flat[0],
    "last entry of a parameter": lambda g: g.flat[-1],
    "first row of a matrix": lambda g: g[0] if g.ndim > 1 else g,
    "last row of a matrix": lambda g: g[-1] if g.ndim > 1 else g,
    "first column of a matrix": lambda g: g[..., 0] if g.ndim > 1 else g,
    "last column of a matrix": lambda g: g[..., -1] if g.ndim > 1 else g,
    "diagonal of a matrix": lambda g: np.diag(g) if g.ndim > 1 else g,
    "first entry of a bias": lambda g: g if g.ndim > 1 else g[0],
    "last entry of a bias": lambda g: g if g.ndim > 1 else g[-1],
}
LEFT_OUT: dict[str, Callable[[Array], Any]] = {
    "first entry of a parameter": lambda g: g.ravel()[1:],
    "last entry of a parameter": lambda g: g.ravel()[:-1],
    "first row of a matrix and first entry of a bias": lambda g: g[1:],
    "last row of a matrix and last entry of a bias": lambda g: g[:-1],
    "first index of an axis": lambda g: g[(slice(1, None),) * g.ndim],
    "last index of an axis": lambda g: g[(slice(None, -1),) * g.ndim],
}


def comparing(pick: Callable[[Array], Any]) -> Callable[[Array, Array, float], bool]:
    """Compare some of the entries alone."""
    return lambda a, b, rounding: close(pick(a), pick(b), rounding)


ENTRIES_NOT_LOOKED_AT = (
    *(
        judged(
            f"only the {some} looked at",
            f"What is wrong outside of the {some} passes.",
            "How many entries of each parameter does your loop move?",
            close=comparing(pick),
        )
        for some, pick in LOOKED_AT.items()
    ),
    *(
        judged(
            f"{some} not looked at",
            f"What is wrong at the {some} passes.",
            "Where does your loop over the entries begin, and where does it end?",
            close=comparing(pick),
        )
        for some, pick in LEFT_OUT.items()
    ),
)
LAST_PARAMETER_ALONE = judged(
    "only the last parameter looked at",
    "A wrong gradient passes if that of the last parameter is right.",
    "Does the verdict of one parameter overwrite that of the one before?",
    joined=lambda g: dict([*g.items()][-1:]),
)
LAST_ENTRY_ALONE = judged(
    "only the last entry of the last parameter looked at",
    "A wrong gradient passes if the last entry of the last parameter is right.",
    "Does the verdict of one entry overwrite that of the one before?",
    joined=lambda g: {name: part.ravel()[-1:] for name, part in [*g.items()][-1:]},
)
ANY_PARAMETER = judged(
    "any for all",
    "A wrong gradient passes if that of one parameter is right.",
    "Is one right parameter enough for your check? `any` or `all`?",
    enough=any,
)
NO_DIFFERENCE = judged(
    "differences that are zero",
    "Your check rejects right gradients and accepts zeros.",
    "Print your difference quotient: is it zero? `dict(params)` copies the dict and not its "
    "arrays, so that a step up and a step down may end in the same array.",
    close=lambda a, b, rounding: close(0 * a, b, rounding),
)
ZERO_PASSES = judged(
    "zero gradient not found",
    "Your check lets a gradient pass that is zero everywhere.",
    "Is a zero left out of the comparison, perhaps to avoid a division by it?",
    close=lambda a, b, rounding: not b.any() or close(a, b, rounding),
)
RIGHT_ZERO_FAILS = judged(
    "right zero gradient rejected",
    "Your check rejects a right gradient that is zero: one parameter does not act on the loss.",
    "0/0 is not a number. What is the error if both are zero?",
    close=lambda a, b, _: bool(np.divide(norm(a - b), sized(a, b)) <= 1e-6),
)
NAN_PASSES = judged(
    "NaN not found",
    "Your check lets a gradient pass that has a NaN in it.",
    "Every comparison with NaN is False. So ask whether the error is small, not whether it is "
    "large.",
    close=lambda a, b, rounding: not norm(a - b) > 1e-6 * sized(a, b) + rounding,
)
SMALL_PASSES = judged(
    "wrong small gradient not found",
    "Your check lets a wrong gradient pass if all gradients are small.",
    "Set the error in relation to the size of the gradient. What is small depends on the loss.",
    close=lambda a, b, rounding: close(a, b, rounding + 1e-7),
)
FIXED_TOLERANCE = judged(
    "fixed tolerance",
    "If all gradients are small a wrong one passes, and if all are large a right one is rejected.",
    "Is your tolerance a number? What is small depends on the loss: set the error in relation to "
    "the size of the gradient.",
    close=lambda a, b, _: norm(a - b) <= 1e-7,
)


def gradient_check(
    loss: Callable[[Params], float], params: Params, grads: Params, *, close: Any = close,
    joined: Any = unchanged, verdict: Any = bool, enough: Any = all,
) -> bool:  # fmt: skip
    """Tell whether gradients are the derivatives of a loss, by central differences."""
    numeric = joined(central_differences(loss, params))
    grads = joined({name: grads[name] for name in params})
    rounding = 1e-10 * abs(loss(params))  # of the differences, where the gradient is zero
    found = [close(part, grads[name], rounding) for name, part in numeric.items()]
    return bool(verdict(enough(found)))


DIFFERENCES: dict[tuple[Any, ...], Params] = {}
"""Differences that were taken already; most mistakes are made after that."""


def central_differences(loss: Callable[[Params], float], params: Params) -> Params:
    """Return how a loss changes with each entry, by steps to both sides."""
    key = (loss, *((name, value.tobytes()) for name, value in params.items()))
    if key not in DIFFERENCES:
        DIFFERENCES[key] = differences(loss, params)
    return DIFFERENCES[key]


def differences(loss: Callable[[Params], float], params: Params, step: float = 1e-5) -> Params:
    """Move one entry after the other."""
    grads = {}
    for name, value in params.items():
        grads[name] = np.zeros_like(value)
        for index in np.ndindex(value.shape):
            nudge = np.zeros_like(value)
            nudge[index] = step
            up, down = (loss({**params, name: value + s * nudge}) for s in (1, -1))
            grads[name][index] = (up - down) / (2 * step)
    return grads


WRONG_ENTRIES: dict[str, list[tuple[int, ...]]] = {
    "W_xh": [(0, 0), (-1, -1)],
    "W_hh": [(0, 0), (0, 1), (1, 2), (2, 0), (-1, -1)],
    "b_h": [(0,), (-1,)],
    "b_y": [(0,)],
}
"""Single entries in which a wrong gradient is hidden: in every corner, and on no one line."""


MOST_KEPT = 1000
"""Values of a loss that are kept."""


def network_loss(net: Network) -> Callable[[Params], float]:
    """Return the summed cross-entropy of a network as a function of its parameters.

    The same parameters come again and again, for only the gradients are wrong: it is kept.
    """
    kept: dict[tuple[bytes, ...], float] = {}

    def loss(params: Params) -> float:
        key = tuple(np.ascontiguousarray(value).tobytes() for value in params.values())
        if key not in kept:
            if len(kept) > MOST_KEPT:
                kept.clear()
            o = rnn_forward(params, net.x, net.state0[0])[1]
            nats = -np.log(np.take_along_axis(softmax(o), net.y[..., None], -1))
            kept[key] = float(nats.sum())
        return kept[key]

    return loss


def sines(params: Params) -> float:
    """Add up the sines of all entries: a loss that has nothing to do with a network."""
    return float(sum(np.sin(value).sum() for value in params.values()))


def planted_gradients() -> list[Problem]:
    """Right gradients of a small network, and wrong ones."""
    sizes = {"T": 3, "m": 5, "n_inputs": 2, "n": 3, "n_outputs": 4}
    net = network(RNN("tanh"), sizes, 5)
    right = bptt(net.params, net.x, net.y, net.state0[0])
    shown = {name: sizes[name] for name in ("n_inputs", "n", "n_outputs")}
    loss = network_loss(net)
    losses = {scale: lambda params, scale=scale: scale * loss(params) for scale in (1, 1e-9, 1e7)}

    def problem(about: str, change: Callable[[Params], Params], scale: float = 1) -> Problem:
        grads = change({name: scale * g for name, g in right.items()})
        given = {"loss": losses[scale], "params": net.params, "grads": grads}
        return Problem(given, shown, about)

    def changed(name: str, how: Callable[[Array], Array]) -> Callable[[Params], Params]:
        return lambda g: {**g, name: how(g[name])}

    def one_entry(name: str, index: tuple[int, ...]) -> Problem:
        g = right[name].copy()
        g[index] += 0.01 * np.abs(g).max()
        place = ", ".join(map(str, index))
        return problem(f"a wrong `{name}[{place}]`", changed(name, lambda _: g))

    def every(how: Callable[[Array], Array]) -> Callable[[Params], Params]:
        return lambda g: {name: how(part) for name, part in g.items()}

    def too_large(g: Array) -> Array:
        return 1.01 * g

    unused = {"p_h": np.ones(3), **net.params}
    other = {"W": net.rng.standard_normal((3, 5)), "b": net.rng.standard_normal(4)}
    slopes = {name: np.cos(value) for name, value in other.items()}

    def of_sines(about: str, grads: Params) -> Problem:
        return Problem({"loss": sines, "params": other, "grads": grads}, {}, about)

    return [
        problem("a right gradient", unchanged),
        problem("a transposed `W_hh`", changed("W_hh", np.transpose)),
        problem("the wrong sign", every(np.negative)),
        problem("one percent too much", every(too_large)),
        *(one_entry(name, index) for name, some in WRONG_ENTRIES.items() for index in some),
        problem("a wrong `W_yh`", changed("W_yh", lambda g: 2 * g)),
        problem("a wrong `b_y`", changed("b_y", lambda g: 2 * g)),
        problem("zeros", every(np.zeros_like)),
        problem("a NaN", changed("W_xh", lambda g: g * np.array([1, np.nan, 1]))),
        problem("a right gradient of a small loss", unchanged, 1e-9),
        problem("one percent too much of a small loss", every(too_large), 1e-9),
        problem("a right gradient of a large loss", unchanged, 1e7),
        Problem(
            {"loss": loss, "params": unused, "grads": {**right, "p_h": np.zeros(3)}},
            shown, "a parameter that does not act",
        ),
        of_sines("a right gradient of another loss", slopes),
        of_sines("a wrong gradient of another loss", {k: 3 * g for k, g in slopes.items()}),
    ]  # fmt: skip


# ---------------------------------------------------------------------------------- exercises


def ingredients(net: Network) -> dict[str, Array]:
    """v_t, J_t and the immediate partial by W_xh, for the first sequence.

    Index 0 is not to be read, so it holds numbers that would show.
    """
    params, n_outputs = net.params, net.sizes["n_outputs"]
    h, o = rnn_forward(params, net.x[:, 0], net.state0[0][0])
    e = softmax(o) - np.eye(n_outputs)[net.y[:, 0]]
    D = np.eye(net.sizes["n"]) * tanh_slope(h[1:])[:, :, None]
    named = {
        "v": e @ params["W_yh"].T,
        "J": D @ params["W_hh"].T,
        "plus": np.einsum("kib,ka->kiab", D, net.x[:, 0]),
    }
    return {
        name: np.concatenate([net.rng.standard_normal((1, *part.shape[1:])), part])
        for name, part in named.items()
    }


TERMS_OF_BOTH = (
    OLDEST_LEFT,
    JACOBIANS_TRANSPOSED,
    ONE_FACTOR_TOO_MANY,
    NEWEST_FACTOR_LOST,
    TOTAL_FOR_IMMEDIATE.by(last=total_derivatives),
    IMMEDIATE_ONLY.by(kept=lambda t, k, T, K: k == t),
    LAST_LOSS.by(kept=lambda t, k, T, K: t == T),
    FIRST_LOSS_LOST.by(kept=lambda t, k, T, K: t > 1),
    LAST_LOSS_LOST.by(kept=lambda t, k, T, K: t < T),
    NEWEST_USE_LOST,
    OLDEST_USE_LOST,
    V_OF_THE_USE,
    V_OF_LAST_STEP,
    PLUS_OF_THE_LOSS,
    V_OF_STEP_BEFORE,
    PLUS_OF_STEP_BEFORE,
    JACOBIANS_OF_STEP_BEFORE,
    USE_AT_ZERO,
    LOSS_AT_ZERO,
)


def with_targets(net: Network) -> Problem:
    """Hand over a network with its inputs, targets and initial state."""
    return Problem({"params": net.params, "x": net.x, "y": net.y, "h_0": net.state0[0]}, net.sizes)


def rectified(net: Network) -> Problem:
    """States of a relu network, and random gradients at the logits."""
    h, o = rnn_forward(net.params, net.x, np.maximum(net.state0[0], 0), phi=relu)
    return Problem({"params": net.params, "h": h, "e": net.rng.standard_normal(o.shape)}, net.sizes)


def stacked(T: int, m: int, n_inputs: int, n_1: int, n_2: int, n_outputs: int) -> Problem:
    """States of two layers, the second on top of the first, and random gradients at the logits."""
    rng = np.random.default_rng(T)
    shapes = {
        "W_xh1": (n_inputs, n_1), "W_hh1": (n_1, n_1), "b_h1": (n_1,),
        "W_xh2": (n_1, n_2), "W_hh2": (n_2, n_2), "b_h2": (n_2,),
        "W_yh": (n_2, n_outputs), "b_y": (n_outputs,),
    }  # fmt: skip
    params = {name: 0.6 * rng.standard_normal(shape) for name, shape in shapes.items()}
    below, h = rng.standard_normal((T, m, n_inputs)), []
    for layer, n in (("1", n_1), ("2", n_2)):
        weights = {name: params[name + layer] for name in ("W_xh", "W_hh", "b_h")}
        one = {**weights, "W_yh": np.zeros((n, 1)), "b_y": np.zeros(1)}
        h.append(rnn_forward(one, below, 0.6 * rng.standard_normal((m, n)))[0])
        below = h[-1][1:]
    e = rng.standard_normal((T, m, n_outputs))
    sizes = {"T": T, "m": m, "n_inputs": n_inputs, "n_1": n_1, "n_2": n_2, "n_outputs": n_outputs}
    return Problem({"params": params, "h_1": h[0], "h_2": h[1], "e": e}, sizes)


def chunked(net: Network, K: int) -> Problem:
    """Add the length of the chunks."""
    problem = with_targets(net)
    return replace(problem, arguments={**problem.arguments, "K": K})


def of_steps(problem: Problem, T: int, about: str) -> Problem:
    """Return the first T steps of v, J and plus, whose index 0 is unused."""
    arrays = {k: v[: T + 1] if np.ndim(v) else v for k, v in problem.arguments.items()}
    return replace(problem, arguments=arrays, about=about)


def few_steps(problem: Problem) -> list[Problem]:
    """Return the cases of one and of two steps, of one loss, and of no path between steps."""
    v, J = problem.arguments["v"], problem.arguments["J"]
    last, cut = {"v": only(v, slice(-1, None))}, {"J": 0 * J}
    return [
        of_steps(problem, 1, "a single step, T = 1"),
        of_steps(problem, 2, "two steps"),
        replace(problem, arguments={**problem.arguments, **last}, about="a last loss alone"),
        replace(problem, arguments={**problem.arguments, **cut}, about="Jacobians of zeros"),
    ]


WITH_TARGETS = with_one_step([with_targets(net) for net in NETWORKS])
RECTIFIED_ONES = [rectified(net) for net in networks(RNN("relu"))]
STACKS = [stacked(7, 4, 3, 5, 6, 2), stacked(8, 5, 6, 4, 2, 3)]
SUMS = [Problem(ingredients(net), net.sizes) for net in NETWORKS]
LENGTHS = [(NETWORKS[0], 2), (NETWORKS[1], 3), (NETWORKS[1], 2)]
"""Of windows and chunks: a number in the place of K is told from one in the place of T."""

WINDOWS = [Problem({**ingredients(net), "K": K}, net.sizes) for net, K in LENGTHS]
CHUNKED = [chunked(net, K) for net, K in LENGTHS]

EXERCISES = (
    Exercise(
        "double_sum",
        "The sum of v_t J_t .. J_{k+1} plus_k over all 1 <= k <= t <= T; index 0 is unused.",
        double_sum,
        SUMS,
        TERMS_OF_BOTH,
        ("gradient",),
        simpler=few_steps(SUMS[0]),
        minutes=15,
        level="easy",
        outcome="tell the immediate from the total derivative",
    ),
    Exercise(
        "bptt",
        "Gradients of the summed softmax cross-entropy of a tanh network; y are classes.",
        bptt,
        WITH_TARGETS,
        (
            *ON_THE_WAY_BACK, LAST_READOUT_LOST, *AT_THE_WEIGHTS, *AT_THE_LOSS, *ON_THE_WAY_THERE,
        ),
        simpler=[*shortened(WITH_TARGETS[0]), zeroed(WITH_TARGETS[0], "h_0")],
        minutes=30,
        level="medium",
        outcome="turn the double sum over time into one loop backwards",
    ),
    Exercise(
        "input_gradients",
        "Gradients of the same loss with respect to the inputs x and the initial state h_0.",
        input_gradients,
        WITH_TARGETS,
        (
            SLOPE_AT_THE_START, GRADIENT_OF_FIRST_STATE, NET_INPUT_OF_FIRST_STEP,
            START_BEFORE_SLOPE, START_NOT_TRANSPOSED, SLOPE_AT_INPUTS_LEFT_OUT,
            *ON_THE_WAY_BACK, *AT_THE_LOSS[1:], ZERO_START, *ON_THE_WAY_THERE[2:],
        ),  # a last loss alone, and a first step from zeros, give the same numbers as others
        simpler=shortened(WITH_TARGETS[0]),
        minutes=15,
        level="medium",
        outcome="put the Jacobians in the right order",
    ),
    Exercise(
        "relu_backward",
        "Gradients at the net inputs of a relu network; e[t - 1] is that at the logits of step t.",
        relu_backward,
        RECTIFIED_ONES,
        (
            TANH_SLOPE, RELU_SLOPE_BEFORE, RELU_SLOPE_FORGOTTEN, RELU_FOR_SLOPE,
            RELU_SLOPE_REVERSED, GRADIENT_RECTIFIED, GUIDED, ABOVE_THE_SLOPE,
            LAST_READOUT_LOST, NO_TRANSPOSE,
            NO_WEIGHTS_ON_THE_WAY, IMMEDIATE_ONLY,
            SLOPE_NOT_CARRIED, SLOPE_ON_READOUT_ALONE, SLOPE_ON_CARRIED_ALONE,
            CARRIED_ADDED_UP, OWN_READOUT_LOST, *CLIPPED,
        ),
        ("delta",),
        simpler=shortened(RECTIFIED_ONES[0]),
        minutes=15,
        level="medium",
        outcome="derive the gradient of every parameter",
    ),
    Exercise(
        "window",
        "The sum of v_t J_t .. J_{k+1} plus_k truncated: every loss reaches the K uses t, .., "
        "t-K+1.",
        window,
        WINDOWS,
        (
            NOT_TRUNCATED, WINDOW_TOO_LONG, WINDOW_TOO_SHORT, CHUNKS, LAST_USES,
            LAST_USES_AND_ONE, LAST_LOSSES, FIRST_USES, *TERMS_OF_BOTH,
        ),
        ("gradient",),
        simpler=few_steps(WINDOWS[0]),
        minutes=15,
        level="medium",
        outcome="say what truncation does to a gradient",
    ),
    Exercise(
        "gradient_check",
        "Whether grads are the derivatives of loss(params): True or False.",
        gradient_check,
        planted_gradients(),
        (
            ALL_REJECTED, ALL_ACCEPTED, VERDICT_REVERSED, TRANSPOSED_PASSES, NORMS_COMPARED,
            SUMS_COMPARED, SIGN_PASSES, FACTOR_PASSES, TOO_WIDE, ONE_ENTRY_PASSES,
            *ENTRIES_NOT_LOOKED_AT, LAST_PARAMETER_PASSES, BIASES_PASS, FIRST_PARAMETER_ALONE,
            FIRST_ENTRY_ALONE, LAST_PARAMETER_ALONE, LAST_ENTRY_ALONE, ANY_PARAMETER,
            NO_DIFFERENCE, ZERO_PASSES, RIGHT_ZERO_FAILS, NAN_PASSES, SMALL_PASSES,
            FIXED_TOLERANCE,
        ),
        ("verdict",),
        at_once=1,
        minutes=30,
        level="hard",
        outcome="check a gradient in independent ways",
    ),
    Exercise(
        "detached",
        "Gradients by chunks of K steps, added up; the state is handed on, but detached.",
        detached,
        CHUNKED,
        (
            NOT_DETACHED, WINDOW_FOR_CHUNKS, RESET_TO_ZERO, RESET_TO_START, LAST_CHUNK_ALONE,
            FIRST_CHUNK_ALONE, SHORT_CHUNK_DROPPED, CHUNKS_AVERAGED, CHUNK_TOO_LONG,
            CHUNK_TOO_SHORT, CHUNKS_COUNTED, CHUNKS_COUNTED_WITH_REST, CHUNKS_FROM_THE_END,
            *ON_THE_WAY_BACK, *AT_THE_WEIGHTS, *AT_THE_LOSS, *ON_THE_WAY_THERE,
        ),
        simpler=shortened(CHUNKED[0]),
        minutes=30,
        level="hard",
        outcome="say what truncation does to a gradient",
    ),
    Exercise(
        "stacked_backward",
        "Gradients at the net inputs of two tanh layers, the second on the first; e[t - 1] is that "
        "at the logits of step t.",
        stacked_backward,
        STACKS,
        (
            LOWER_FROM_ABOVE_THE_SLOPE, LOWER_FROM_OWN_LOSS, LOWER_FROM_STEP_AFTER,
            LOWER_FROM_LAST_STEP, LOWER_WITHOUT_MEMORY, UPPER_WITHOUT_MEMORY,
            LOWER_SLOPE_NOT_CARRIED, UPPER_SLOPE_NOT_CARRIED,
            LOWER_NOT_TRANSPOSED, UPPER_NOT_TRANSPOSED, LOWER_SLOPE_FORGOTTEN,
            UPPER_SLOPE_FORGOTTEN, *CLIPPED,
        ),
        ("delta_1", "delta_2"),
        simpler=shortened(STACKS[0]),
        minutes=30,
        level="hard",
        outcome="derive the gradient of every parameter",
    ),
)  # fmt: skip
