"""Exercises of the chapter on the forward pass."""

from typing import Any

import numpy as np

from bptt_lab.activations import identity, sigmoid
from bptt_lab.arguments import Array
from bptt_lab.cells import RNN
from bptt_lab.cells.base import Params
from bptt_lab.exercises.checker import Exercise
from bptt_lab.exercises.mistakes import Mistake
from bptt_lab.exercises.places import at
from bptt_lab.exercises.problems import networks
from bptt_lab.exercises.trials import Problem

# ------------------------------------------------------------------------------------ one step

NO_BIAS = Mistake(
    "bias forgotten",
    "The bias `b_h` is not in the net input.",
    "A net input has three terms. Which of the parameters have you used?",
    at("sec-cell"),
    {"bias": 0},
)
NO_MEMORY = Mistake(
    "old state forgotten",
    "The state before does not enter: this is a network without a memory.",
    "What multiplies `W_hh`?",
    at("sec-cell"),
    {"memory": 0},
)
NO_ACTIVATION = Mistake(
    "activation forgotten",
    "This is the net input `a_t`; the activation is missing.",
    "`h_t` lies between -1 and 1. Do your numbers?",
    at("sec-cell"),
    {"phi": identity},
)
LOGISTIC = Mistake(
    "sigmoid for tanh",
    "The activation is the logistic sigmoid; asked for is tanh.",
    "Your states are all positive. Should they be?",
    at("sec-cell"),
    {"phi": sigmoid},
)
COLUMN_WEIGHTS = Mistake(
    "W_hh of the column form",
    "The state is multiplied by the transpose of `W_hh`, as if examples were columns.",
    "In this book examples are rows and stand on the left, `h @ W_hh`. `W_hh` is square, so no "
    "shape complains.",
    at("sec-columns"),
    {"weights": np.transpose},
)


def rnn_step(
    params: Params, x_t: Array, h: Array, *,
    bias: float = 1, memory: float = 1, phi: Any = np.tanh, weights: Any = identity,
) -> Array:  # fmt: skip
    """h_t = tanh(x_t W_xh + h_{t-1} W_hh + b_h)."""
    a = x_t @ params["W_xh"] + memory * h @ weights(params["W_hh"]) + bias * params["b_h"]
    return phi(a)  # type: ignore[no-any-return]


STEP_MISTAKES = (NO_BIAS, NO_MEMORY, NO_ACTIVATION, LOGISTIC, COLUMN_WEIGHTS)

# ------------------------------------------------------------------------------- all the steps

ZERO_START = Mistake(
    "h_0 taken as zero",
    "The sequence starts from zeros; the initial state `h_0` that was given is not used.",
    "What does `h[0]` hold? In an array without room for `h_0`, `h[t - 1]` at `t = 0` is the last "
    "entry, which is zero at the first call.",
    at("sec-initial-state"),
    {"start": np.zeros_like},
)
STATE_NOT_CARRIED = Mistake(
    "state not carried on",
    "Every step starts from `h_0`: the state of the step before is not handed on.",
    "In the loop, does the state on the right change from step to step?",
    at("sec-cell"),
    {"carried": False},
)
OUTPUT_LATE = Mistake(
    "output of the state before",
    "The output of step t is read from `h_{t-1}`, one step too early.",
    "`h[0]` is the state before any input. Which states have an output?",
    at("sec-shapes"),
    {"read": lambda h: h[:-1]},
)
NO_OUTPUT_BIAS = Mistake(
    "output bias forgotten",
    "The bias `b_y` is not in the output.",
    "An output has two terms.",
    at("sec-cell"),
    {"output_bias": 0},
)
NO_ROOM_FOR_START = Mistake(
    "h without h_0",
    "The states are there, but `h_0` is not among them.",
    "Return T+1 states, with the initial one in `h[0]`. Then `h[t]` is the state after t inputs.",
    at("sec-initial-state"),
    {"kept": lambda h: h[1:]},
)


def rnn_forward(
    params: Params, x: Array, h_0: Array, *, start: Any = identity, carried: bool = True,
    read: Any = lambda h: h[1:], output_bias: float = 1, kept: Any = identity, **of_a_step: Any,
) -> tuple[Array, Array]:  # fmt: skip
    """States h_0..h_T and logits o_1..o_T."""
    h = [start(h_0)]
    for x_t in x:
        h.append(rnn_step(params, x_t, h[-1] if carried else h[0], **of_a_step))
    states = np.array(h)
    return kept(states), read(states) @ params["W_yh"] + output_bias * params["b_y"]


# ------------------------------------------------------------------------------------ the loss

MASK_IGNORED = Mistake(
    "mask ignored",
    "Steps without a target count too. Their class is -1, and -1 is an index: the last class.",
    "Where `y` is -1 there is nothing to predict. Look for those places before you use `y` as an "
    "index.",
    at("sec-steps"),
    {"counts": lambda y: np.ones(y.shape)},
)
MEAN_OF_TARGETS = Mistake(
    "mean for sum",
    "This is the mean over all targets; asked for is the sum.",
    "Neither is wrong in itself, but they differ by a factor, and so do their gradients.",
    at("sec-steps"),
    {"share": lambda y: 1 / (y >= 0).sum()},
)
MEAN_OF_ENTRIES = Mistake(
    "mean over all steps",
    "This is the sum divided by all steps of all sequences, with a target or without.",
    "A mean over an array that holds zeros for what is missing counts them.",
    at("sec-steps"),
    {"share": lambda y: 1 / y.size},
)
MEAN_OF_ROWS = Mistake(
    "mean over the batch",
    "The loss is divided by the number of sequences, m.",
    "The loss of a batch is the sum over its rows here. How often did you take a mean?",
    at("sec-steps"),
    {"share": lambda y: 1 / y.shape[1]},
)
LAST_STEP_ONLY = Mistake(
    "last step only",
    "Only the last step's loss is in it.",
    "Every step that has a target has a loss, and they are added.",
    at("sec-steps"),
    {"steps": slice(-1, None)},
)
SOFTMAX_OVER_BATCH = Mistake(
    "softmax over the batch",
    "Softmax is taken over the sequences of the batch instead of over the classes.",
    "Which axis of `o` has the classes? Over that one the probabilities sum to one.",
    at("sec-softmax"),
    {"axis": -2},
)
SOFTMAX_OVER_ALL = Mistake(
    "softmax over everything",
    "Softmax is taken over the whole array: all its numbers together sum to one.",
    "`sum` and `max` without an axis run over everything. `axis=-1, keepdims=True`?",
    at("sec-softmax"),
    {"axis": None},
)
NO_LOGARITHM_OF_E = Mistake(
    "logarithm to base 2",
    "The loss is measured in bits: the logarithm has base 2.",
    "Asked for is the natural logarithm. Its derivative is 1/p without a factor.",
    at("sec-cross-entropy"),
    {"log": np.log2},
)
SIGN_OF_LOSS = Mistake(
    "sign of the loss",
    "The sign is wrong: this is the sum of the logarithms, and it is negative.",
    "The logarithm of a probability is never positive, and a loss should fall when they rise.",
    at("sec-cross-entropy"),
    {"sign": 1},
)


def softmax(o: Array, axis: int | None = -1) -> Array:
    """Probabilities along an axis."""
    p: Array = np.exp(o - o.max(axis=axis, keepdims=True))
    p /= p.sum(axis=axis, keepdims=True)
    return p


def loss(
    o: Array, y: Array, *, axis: int | None = -1, counts: Any = lambda y: y >= 0,
    share: Any = lambda y: 1, steps: slice = slice(None), log: Any = np.log, sign: int = -1,
) -> float:  # fmt: skip
    """Sum of -ln yhat over the targets."""
    at_class = np.take_along_axis(softmax(o, axis), y[..., None] % o.shape[-1], -1)[..., 0]
    losses = np.where(counts(y), sign * log(at_class), 0)
    return float(losses[steps].sum() * share(y))


# ------------------------------------------------------------------- its gradient at the logits

TARGETS_SUM_TO_ONE = Mistake(
    "condition on the targets",
    "This is `yhat - y`. It is right only where the targets of a row sum to one; here some do not.",
    "Differentiate by hand for the target (1, 1, 0). Which factor does `yhat` get?",
    at("sec-yhat-minus-y"),
    {"total": lambda y: 1},
)
NO_TARGET = Mistake(
    "target not subtracted",
    "This is the prediction; the target is not subtracted from it.",
    "At a perfect prediction the gradient has to be zero. Is yours?",
    at("sec-yhat-minus-y"),
    {"target": 0},
)
SIGN_OF_GRADIENT = Mistake(
    "sign of the gradient",
    "The sign is wrong: this is target minus prediction.",
    "Raise the logit of the true class: the loss falls, so its derivative is negative.",
    at("sec-yhat-minus-y"),
    {"sign": -1},
)
NO_SOFTMAX = Mistake(
    "softmax forgotten",
    "The target is subtracted from the logits themselves; softmax is missing.",
    "`o - y` belongs to the squared error. What is the prediction here?",
    at("sec-yhat-minus-y"),
    {"predict": lambda o, axis: o},
)
MEAN_GRADIENT = Mistake(
    "gradient of a mean",
    "The gradient is divided by the number of rows, m: it is that of a mean.",
    "Asked for is the gradient of the sum over the rows. Where does a division come from?",
    at("sec-steps"),
    {"share": lambda y: 1 / len(y)},
)
BY_PROBABILITIES = Mistake(
    "derivative by the probabilities",
    "This is `-y/yhat`, the derivative by the output of softmax; asked for is that by its input.",
    "One factor of the chain rule is missing: the Jacobian of softmax.",
    at("sec-yhat-minus-y"),
    {"by": "yhat"},
)


def logit_gradient(
    o: Array, y: Array, *, axis: int | None = -1, predict: Any = softmax, target: float = 1,
    total: Any = lambda y: y.sum(axis=-1, keepdims=True), by: str = "o", sign: int = 1,
    share: Any = lambda y: 1,
) -> Array:  # fmt: skip
    """Gradient of -sum y ln softmax(o) by o: (sum of y) yhat - y."""
    yhat = predict(o, axis)
    e = total(y) * yhat - target * y if by == "o" else -y / yhat
    return sign * share(y) * e  # type: ignore[no-any-return]


# ---------------------------------------------------------------------------------- exercises

NETWORKS = networks(RNN("tanh"))


def logits_and_classes() -> list[Problem]:
    """Logits and classes with gaps; and the same logits, far from zero."""
    problems = []
    for net in NETWORKS:
        T, m, _, _, n_outputs = net.sizes.values()
        y = np.where(net.rng.random((T, m)) < 0.3, -1, net.y)
        o = 2 * net.rng.standard_normal((T, m, n_outputs))
        problems.append(Problem({"o": o, "y": y}, net.sizes))
    first = problems[0].arguments
    far = {"o": first["o"] + 1000, "y": first["y"]}  # exp overflows unless they are shifted
    return [*problems, Problem(far, NETWORKS[0].sizes)]


def logits_and_targets() -> list[Problem]:
    """Logits and target rows of any sum."""
    sizes, rng = {"m": 4, "n_outputs": 3}, np.random.default_rng(0)
    y = np.array([[0.0, 1, 0], [1, 1, 0], [0.2, 0.3, 0.5], [0, 0.5, 1]])
    return [Problem({"o": rng.standard_normal((4, 3)), "y": y}, sizes)]


EXERCISES = (
    Exercise(
        "rnn_step",
        "One step of a tanh network, h_t from x_t and h_{t-1}.",
        rnn_step,
        [Problem({"params": n.params, "x_t": n.x[0], "h": n.state0[0]}, n.sizes) for n in NETWORKS],
        STEP_MISTAKES,
        ("h_t",),
    ),
    Exercise(
        "forward",
        "All states h_0..h_T of a tanh network, and all logits.",
        rnn_forward,
        [Problem({"params": n.params, "x": n.x, "h_0": n.state0[0]}, n.sizes) for n in NETWORKS],
        (
            ZERO_START, NO_ROOM_FOR_START, STATE_NOT_CARRIED, OUTPUT_LATE, NO_OUTPUT_BIAS,
            *STEP_MISTAKES,
        ),
        ("h", "o"),
    ),
    Exercise(
        "loss",
        "Cross-entropy of softmax(o) in nats, summed over all targets; class -1: no target.",
        loss,
        logits_and_classes(),
        (
            MASK_IGNORED, MEAN_OF_TARGETS, MEAN_OF_ENTRIES, MEAN_OF_ROWS, LAST_STEP_ONLY,
            SOFTMAX_OVER_BATCH, SOFTMAX_OVER_ALL, NO_LOGARITHM_OF_E, SIGN_OF_LOSS,
        ),
        ("loss",),
    ),
    Exercise(
        "logit_gradient",
        "Gradient of -sum y ln softmax(o) by the logits o, for targets of any sum.",
        logit_gradient,
        logits_and_targets(),
        (
            TARGETS_SUM_TO_ONE, NO_TARGET, SIGN_OF_GRADIENT, NO_SOFTMAX, BY_PROBABILITIES,
            MEAN_GRADIENT, SOFTMAX_OVER_BATCH, SOFTMAX_OVER_ALL,
        ),
        ("e",),
    ),
)  # fmt: skip
