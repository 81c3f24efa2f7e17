"""Exercises of the chapter on what came after the LSTM."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from bptt_lab.arguments import Array
from bptt_lab.cells.base import Params
from bptt_lab.exercises.checker import Exercise
from bptt_lab.exercises.mistakes import Mistake
from bptt_lab.exercises.places import at
from bptt_lab.exercises.trials import Problem

# --------------------------------------------------------------------------------------- the scan

JOINED_IN_WRONG_ORDER = Mistake(
    "steps joined in the wrong order",
    "Two steps are joined in the wrong order: the earlier increment passes through the later "
    "factor, not the other way round.",
    "First h becomes a h + b, then that becomes c (a h + b) + d. What is b multiplied by?",
    at("sec-after-scan"),
    {"join": lambda a, b, c, d: (c * a, a * d + b)},
)
INCREMENTS_ADDED = Mistake(
    "increments only added",
    "The increments are added without a factor.",
    "The earlier increment goes through the later step. What does that step do to it?",
    at("sec-after-scan"),
    {"join": lambda a, b, c, d: (c * a, b + d)},
)
FACTORS_NOT_JOINED = Mistake(
    "factors not joined",
    "Joined steps keep the factor of the later one alone.",
    "Over two steps the old state is multiplied twice. What is the factor of both together?",
    at("sec-after-scan"),
    {"join": lambda a, b, c, d: (c, c * b + d)},
)
FACTOR_ON_BOTH = Mistake(
    "later increment multiplied too",
    "The later increment is multiplied by the later factor; it is added after it.",
    "Write down c (a h + b) + d. Which of the four numbers stands alone?",
    at("sec-after-scan"),
    {"join": lambda a, b, c, d: (c * a, c * (b + d))},
)
REACH_BY_ONE = Mistake(
    "reach grows by one",
    "The distance grows by one in every round; it doubles. So some steps are counted twice.",
    "After the first round each entry stands for two steps. Which one has to be joined to it next?",
    at("sec-after-scan"),
    {"reaches": lambda T: [*range(1, T)]},
)
ONE_ROUND = Mistake(
    "one round only",
    "Only neighbours are joined, once.",
    "How many rounds does it take until the last entry stands for all T steps?",
    at("sec-after-scan"),
    {"reaches": lambda T: [1]},
)
WRAPPED_AROUND = Mistake(
    "first steps joined with the last",
    "The first steps are joined with the last ones: `np.roll` wraps around.",
    "What stands before the first step?",
    at("sec-after-scan"),
    {"before": lambda array, reach, empty: np.roll(array, reach, axis=0)},
)
FACTORS_RETURNED = Mistake(
    "factors for states",
    "These are the joined factors; the states, from a state of zero, are the joined increments.",
    "With h_0 = 0, what is left of a h_0 + b?",
    at("sec-after-scan"),
    {"result": lambda a, b: a},
)
LAST_INCREMENT_LEFT_OUT = Mistake(
    "states before the steps",
    "The states are one step too early: the first is 0.",
    "What is the state after the first step?",
    at("sec-after-scan"),
    {"result": lambda a, b: np.concatenate([np.zeros_like(b[:1]), b[:-1]])},
)


def powers_of_two(T: int) -> list[int]:
    """Return 1, 2, 4, .. below T."""
    return [2**k for k in range(max(T - 1, 0).bit_length())]


def shifted(array: Array, reach: int, empty: float) -> Array:
    """Return what stands ``reach`` steps before each step, and nothing before the first."""
    first = np.full_like(array[:reach], empty)
    return np.concatenate([first, array[: len(array) - reach]])


def linear_scan(
    a: Array, b: Array, *, join: Any = lambda a, b, c, d: (c * a, c * b + d),
    reaches: Callable[[int], list[int]] = powers_of_two, before: Any = shifted,
    result: Any = lambda a, b: b,
) -> Array:  # fmt: skip
    """States of h_t = a_t h_{t-1} + b_t from h_0 = 0, by doubling."""
    for reach in reaches(len(a)):
        a, b = join(before(a, reach, 1.0), before(b, reach, 0.0), a, b)
    states: Array = result(a, b)
    return states


# ----------------------------------------------------------------------------------------- Newton

FIXED_POINT = Mistake(
    "no Jacobians",
    "This puts every state to what its step makes of the one before. That is one round of plain "
    "iteration, not of Newton's: the Jacobians are missing.",
    "If s_{t-1} is corrected by d_{t-1}, by how much does that change what step t makes of it?",
    at("sec-after-newton"),
    {"carried": lambda d, before, J: 0 * d},
)
RESIDUALS_CARRIED = Mistake(
    "old residual carried",
    "The residual of the step before is carried over one step; the whole correction is.",
    "Which d stands on the right of d_t = J_t d_{t-1} + r_t?",
    at("sec-after-newton"),
    {"carried": lambda d, before, J: J @ before},
)
CORRECTION_NOT_MULTIPLIED = Mistake(
    "corrections summed",
    "The corrections are added up without the Jacobian between them.",
    "A change of s_{t-1} reaches s_t through one step. What does the step do to a small change?",
    at("sec-after-newton"),
    {"carried": lambda d, before, J: d},
)
NEWTON_NOT_TRANSPOSED = Mistake(
    "Newton with an untransposed matrix",
    "The Jacobian is `diag(slope) @ W_hh`; it needs the transpose.",
    "For a row, the correction goes as `(d @ W_hh) * slope`. Which matrix is that for a column?",
    at("sec-jacobian"),
    {"jacobian": lambda slope, W: slope[:, None] * W},
)
SLOPES_ON_THE_WRONG_SIDE = Mistake(
    "Newton's slopes on the wrong side",
    "The slopes multiply the correction before the matrix; they belong after it.",
    "The slope is that of the new state. Which index has it?",
    at("sec-jacobian"),
    {"jacobian": lambda slope, W: W.T * slope},
)
SLOPE_AT_THE_GUESS = Mistake(
    "slope at the guess",
    "The slope is taken from the guessed `s_t`; it belongs to what the step makes of `s_{t-1}`.",
    "Where is f(s, x_t) = tanh(..) linearised: at s_{t-1} or at s_t?",
    at("sec-after-newton"),
    {"at_state": lambda made, guess: guess},
)
RESIDUAL_WITH_WRONG_SIGN = Mistake(
    "sign of the residual",
    "The correction leads away: the residual has the wrong sign, or the correction is subtracted.",
    "If the step makes more of s_{t-1} than s_t is, should s_t grow or shrink?",
    at("sec-after-newton"),
    {"residual": lambda made, guess: guess - made},
)
CORRECTION_RETURNED = Mistake(
    "correction alone",
    "This is the correction; asked for are the corrected states.",
    "What has to be done with d_t?",
    at("sec-after-newton"),
    {"corrected": lambda s, d: d},
)
NEWTON_WITHOUT_BIAS = Mistake(
    "Newton without the bias",
    "The bias `b_h` is missing in the step.",
    "Which three terms has the net input?",
    at("sec-cell"),
    {"net": lambda p, x_t, h: x_t @ p["W_xh"] + h @ p["W_hh"]},
)
NEWTON_FROM_ZERO = Mistake(
    "initial state replaced by zero",
    "The first entry comes back as zero; the initial state is given, and stays.",
    "By how much is s_0 wrong?",
    at("sec-after-newton"),
    {"initial": np.zeros_like},
)


def newton_step(
    params: Params, x: Array, s: Array, *,
    net: Any = lambda p, x_t, h: x_t @ p["W_xh"] + h @ p["W_hh"] + p["b_h"],
    residual: Any = lambda made, guess: made - guess,
    at_state: Any = lambda made, guess: made,
    jacobian: Any = lambda slope, W: slope[:, None] * W.T,
    carried: Any = lambda d, before, J: J @ d,
    corrected: Any = lambda s, d: s + d, initial: Any = np.copy,
) -> Array:  # fmt: skip
    """One Newton iteration for all states of a tanh network, one sequence."""
    new, d, before = [initial(s[0])], np.zeros_like(s[0]), np.zeros_like(s[0])
    for t, x_t in enumerate(x, start=1):
        made = np.tanh(net(params, x_t, s[t - 1]))
        r = residual(made, s[t])
        J = jacobian(1 - at_state(made, s[t]) ** 2, params["W_hh"])
        d, before = carried(d, before, J) + r, r
        new.append(corrected(s[t], d))
    return np.array(new)


# ----------------------------------------------------------------------------------------- traces

IMMEDIATE_ONLY = Mistake(
    "trace without memory",
    "The trace holds the immediate derivative of each step alone; what w did at earlier steps is "
    "missing.",
    "h_{t-1} depends on w too. Through which factor does that reach h_t?",
    at("sec-after-forward"),
    {"trace": lambda D, h, w, E: D * h},
)
TRACE_WITHOUT_WEIGHT = Mistake(
    "trace carried without the weight",
    "The old trace is carried over without the weight w.",
    "By how much does h_t change if h_{t-1} does?",
    at("sec-after-forward"),
    {"trace": lambda D, h, w, E: D * (h + E)},
)
TRACE_WITHOUT_SLOPE = Mistake(
    "trace without the slope",
    "The slope of tanh is missing in the trace.",
    "Both the new use of w and the old trace go through the activation. What does it multiply by?",
    at("sec-after-forward"),
    {"trace": lambda D, h, w, E: h + w * E},
)
SLOPE_ON_THE_NEW_USE_ALONE = Mistake(
    "slope on the new use alone",
    "The slope multiplies the new use of w, and not the old trace.",
    "The old trace reaches h_t through a_t as well.",
    at("sec-after-forward"),
    {"trace": lambda D, h, w, E: D * h + w * E},
)
SLOPE_ON_THE_OLD_TRACE_ALONE = Mistake(
    "slope on the old trace alone",
    "The slope multiplies the old trace, and not the new use of w.",
    "The use at step t reaches h_t through a_t as well.",
    at("sec-after-forward"),
    {"trace": lambda D, h, w, E: h + D * w * E},
)
TRACE_OF_NEW_STATE = Mistake(
    "new state in the trace",
    "The trace uses h_t where h_{t-1} belongs.",
    "Which state is multiplied by w at step t? In which order are your two lines?",
    at("sec-after-forward"),
    {"used": lambda before, after: after},
)
TRACE_SLOPE_OLD = Mistake(
    "slope of the old state in the trace",
    "The slope is that of the state before the step.",
    "Which state is tanh of the net input of this step?",
    at("sec-after-forward"),
    {"slope": lambda before, after: 1 - before**2},
)
TRACE_SLOPE_NOT_SQUARED = Mistake(
    "slope 1 - h in the trace",
    "The slope is written 1 - h; it is 1 - h**2.",
    "At h = -1 the neuron is saturated. What does your slope say there?",
    at("sec-after-forward"),
    {"slope": lambda before, after: 1 - after},
)
LOSS_AT_THE_END_ONLY = Mistake(
    "last loss alone",
    "Only the last step's gradient is used; every step has one.",
    "Where does the sum over t stand in your function?",
    at("sec-after-forward"),
    {"summed": lambda terms: terms[-1]},
)
TRACE_WITHOUT_BIAS = Mistake(
    "element-wise network without its bias",
    "The bias `b_h` is missing in the net input.",
    "Which three terms has the net input?",
    at("sec-cell"),
    {"net": lambda p, x_t, h: x_t @ p["W_xh"] + p["w_hh"] * h},
)


def trace_gradient(
    params: Params, x: Array, v: Array, *,
    net: Any = lambda p, x_t, h: x_t @ p["W_xh"] + p["w_hh"] * h + p["b_h"],
    trace: Any = lambda D, h, w, E: D * (h + w * E),
    used: Any = lambda before, after: before, slope: Any = lambda before, after: 1 - after**2,
    summed: Any = sum,
) -> Array:  # fmt: skip
    """dL/dw of h_t = tanh(x_t W_xh + w * h_{t-1} + b_h) by one trace for each neuron."""
    w, terms = params["w_hh"], []
    h = E = np.zeros_like(w)
    for x_t, v_t in zip(x, v, strict=True):
        before, h = h, np.tanh(net(params, x_t, h))
        E = trace(slope(before, h), used(before, h), w, E)
        terms.append(v_t * E)
    gradient: Array = summed(terms)
    return gradient


# ------------------------------------------------------------------------------------ checkpoints

ROOM_NOT_TAKEN = Mistake(
    "checkpoint takes no room",
    "The second part is done with as much room as before, though the checkpoint occupies a place.",
    "While the steps after y are done, the state at y is held. How many places are left?",
    at("sec-after-memory"),
    {"rooms": lambda c: (c, c)},
)
ROOM_NOT_GIVEN_BACK = Mistake(
    "room not given back",
    "The first part is done with one place less, though the checkpoint is not needed any more.",
    "When the steps before y are done, who still needs the state at y?",
    at("sec-after-memory"),
    {"rooms": lambda c: (c - 1, c - 1)},
)
WAY_FORGOTTEN = Mistake(
    "way to the checkpoint not counted",
    "The y steps to the checkpoint are not counted.",
    "Where does the state at y come from?",
    at("sec-after-memory"),
    {"way": lambda y: 0},
)
IN_THE_MIDDLE = Mistake(
    "always in the middle",
    "The checkpoint is always put in the middle; the best place is found by trying all.",
    "With a single place and many steps, is the middle best?",
    at("sec-after-memory"),
    {"places": lambda T: [T // 2]},
)
LAST_STEP_RUN = Mistake(
    "last step run again",
    "Without room, T (T + 1) / 2 steps are counted; the last state is known, so it is one less for "
    "each start.",
    "To go back over the last of three steps, which state is needed, and how far is it?",
    at("sec-after-memory"),
    {"without": lambda T: T * (T + 1) // 2},
)
ONE_STEP_COSTS = Mistake(
    "one step costs one",
    "A single step is counted as one to be run again; both its states are known.",
    "If h_0 and h_1 are known, what has to be run to go back from 1 to 0?",
    at("sec-after-memory"),
    {"single": 1},
)
WORST_PLACE = Mistake(
    "largest for smallest",
    "This is the price of the worst schedule.",
    "Which of `min` and `max` stands in your function?",
    at("sec-after-memory"),
    {"choose": max},
)
STEPS_OF_A_SWEEP_TOO = Mistake(
    "first sweep counted",
    "The first sweep to the last state is counted too; asked for are the steps that are run again.",
    "What is N for a single step?",
    at("sec-after-memory"),
    {"extra": 1},
)


def checkpoint_cost(
    T: int, slots: int, *, rooms: Any = lambda c: (c - 1, c), way: Any = lambda y: y,
    places: Any = lambda T: range(1, T), without: Any = lambda T: T * (T - 1) // 2,
    single: int = 0, choose: Any = min, extra: int = 0,
) -> int:  # fmt: skip
    """Least number of steps to run again for a backward pass over T steps."""

    @cache
    def least(T: int, c: int) -> int:
        if T == 1:
            return single
        if c == 0:
            return int(without(T))
        later, earlier = rooms(c)
        return int(choose(way(y) + least(T - y, later) + least(y, earlier) for y in places(T)))

    return least(T, slots) + extra


# -------------------------------------------------------------------------------------- exercises


def recurrence(seed: int, T: int, n: int, about: str = "") -> Problem:
    """Draw a linear recurrence."""
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0.3, 1.2, (T, n)), rng.standard_normal((T, n))
    return Problem({"a": a, "b": b}, {"T": T, "n": n}, about)


def guess(seed: int, T: int, n_inputs: int, n: int, about: str = "") -> Problem:
    """Draw a tanh network, a sequence, and states that are not its own."""
    rng = np.random.default_rng(seed)
    params = {
        "W_xh": rng.standard_normal((n_inputs, n)),
        "W_hh": rng.standard_normal((n, n)) / np.sqrt(n),
        "b_h": 0.5 * rng.standard_normal(n),
    }
    x, s = rng.standard_normal((T, n_inputs)), rng.uniform(-0.9, 0.9, (T + 1, n))
    sizes = {"T": T, "n_inputs": n_inputs, "n": n}
    return Problem({"params": params, "x": x, "s": s}, sizes, about)


def elementwise(seed: int, T: int, n_inputs: int, n: int, about: str = "") -> Problem:
    """Draw a network of neurons that feed themselves alone, a sequence, and its losses."""
    rng = np.random.default_rng(seed)
    params = {
        "W_xh": rng.standard_normal((n_inputs, n)),
        "w_hh": rng.uniform(0.4, 1.2, n) * rng.choice([-1, 1], n),
        "b_h": 0.5 * rng.standard_normal(n),
    }
    x, v = rng.standard_normal((T, n_inputs)), rng.standard_normal((T, n))
    sizes = {"T": T, "n_inputs": n_inputs, "n": n}
    return Problem({"params": params, "x": x, "v": v}, sizes, about)


def lengths(T: int, slots: int, about: str = "") -> Problem:
    """Take a length and a number of places."""
    return Problem({"T": T, "slots": slots}, {}, about)


EXERCISES = (
    Exercise(
        "scan",
        "All states of h_t = a_t * h_{t-1} + b_t from h_0 = 0, entry by entry; h[t - 1] is h_t.",
        linear_scan,
        [recurrence(0, 8, 3), recurrence(1, 11, 2)],
        (
            JOINED_IN_WRONG_ORDER, INCREMENTS_ADDED, FACTORS_NOT_JOINED, FACTOR_ON_BOTH,
            REACH_BY_ONE, ONE_ROUND, WRAPPED_AROUND, FACTORS_RETURNED, LAST_INCREMENT_LEFT_OUT,
        ),
        ("h",),
        simpler=[recurrence(2, 1, 3, "a single step"), recurrence(3, 2, 3, "two steps")],
        minutes=15,
        level="easy",
        outcome="write a network whose gradient",
    ),
    Exercise(
        "trace_gradient",
        "dL/dw_hh of h_t = tanh(x_t W_xh + w_hh * h_{t-1} + b_h) from h_0 = 0, for one sequence; "
        "v[t - 1] is what the loss passes to h_t directly.",
        trace_gradient,
        [elementwise(0, 7, 3, 5), elementwise(1, 8, 2, 4)],
        (
            IMMEDIATE_ONLY, TRACE_WITHOUT_WEIGHT, TRACE_WITHOUT_SLOPE, SLOPE_ON_THE_NEW_USE_ALONE,
            SLOPE_ON_THE_OLD_TRACE_ALONE, TRACE_OF_NEW_STATE, TRACE_SLOPE_OLD,
            TRACE_SLOPE_NOT_SQUARED, LOSS_AT_THE_END_ONLY, TRACE_WITHOUT_BIAS,
        ),
        ("dL/dw_hh",),
        simpler=[elementwise(2, 2, 3, 5, "two steps")],
        minutes=15,
        level="medium",
        outcome="carry a gradient forwards",
    ),
    Exercise(
        "checkpoint_cost",
        "Least number of forward steps to run again for a backward pass over T steps, if the first "
        "and the last state are known and `slots` others may be held.",
        checkpoint_cost,
        [lengths(10, 2), lengths(9, 3), lengths(11, 1), lengths(7, 0), lengths(1, 2)],
        (
            ROOM_NOT_TAKEN, ROOM_NOT_GIVEN_BACK, WAY_FORGOTTEN, IN_THE_MIDDLE,
            LAST_STEP_RUN, ONE_STEP_COSTS, WORST_PLACE, STEPS_OF_A_SWEEP_TOO,
        ),
        ("steps",),
        simpler=[lengths(5, 0, "no room"), lengths(2, 1, "two steps")],
        minutes=20,
        level="medium",
        outcome="choose which states to keep",
    ),
    Exercise(
        "newton_step",
        "The states of a tanh network after one Newton iteration from the guess s, for one "
        "sequence; s[t] belongs to step t, and s[0] stays.",
        newton_step,
        [guess(0, 7, 3, 5), guess(1, 8, 2, 4)],
        (
            FIXED_POINT, RESIDUALS_CARRIED, CORRECTION_NOT_MULTIPLIED, NEWTON_NOT_TRANSPOSED,
            SLOPES_ON_THE_WRONG_SIDE, SLOPE_AT_THE_GUESS, RESIDUAL_WITH_WRONG_SIGN,
            CORRECTION_RETURNED, NEWTON_WITHOUT_BIAS, NEWTON_FROM_ZERO,
        ),
        ("s",),
        simpler=[guess(2, 1, 3, 5, "a single step"), guess(3, 2, 3, 5, "two steps")],
        minutes=20,
        level="medium",
        outcome="compute all steps of a nonlinear network at once",
    ),
)  # fmt: skip
