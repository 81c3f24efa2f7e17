"""Exercises of the chapter on the forward pass."""

from dataclasses import replace
from typing import Any

import numpy as np

from bptt_lab.activations import identity, relu, sigmoid
from bptt_lab.arguments import Array
from bptt_lab.cells import RNN
from bptt_lab.cells.base import Params
from bptt_lab.exercises.checker import Exercise
from bptt_lab.exercises.mistakes import Mistake
from bptt_lab.exercises.places import at
from bptt_lab.exercises.problems import Network, networks
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


BIAS_TWICE = Mistake(
    "bias counted twice",
    "The bias `b_h` is added twice.",
    "Some libraries have two biases, `b_ih` and `b_hh`. Here there is one.",
    at("sec-cell"),
    {"bias": 2},
)
NO_INPUT = Mistake(
    "input forgotten",
    "The input `x_t` is not in the net input.",
    "What multiplies `W_xh`?",
    at("sec-cell"),
    {"inputs": 0},
)
JOINED_CROSSWISE = Mistake(
    "inputs and weights joined in different orders",
    "`[h, x]` is multiplied by the weights in the order of `[x, h]`: each meets rows of the other.",
    "Both concatenations have `n + n_inputs` rows, so no shape complains. Which comes first in "
    "each?",
    at("sec-concatenation"),
    {"product": lambda x, h, W_x, W_h: np.concatenate([h, x], -1) @ np.concatenate([W_x, W_h])},
)
WEIGHTS_JOINED_CROSSWISE = Mistake(
    "weights and inputs joined in different orders",
    "`[x, h]` is multiplied by the weights in the order of `[h, x]`: each meets rows of the other.",
    "Both concatenations have `n + n_inputs` rows, so no shape complains. Which comes first in "
    "each?",
    at("sec-concatenation"),
    {"product": lambda x, h, W_x, W_h: np.concatenate([x, h], -1) @ np.concatenate([W_h, W_x])},
)
RECTIFIED = Mistake(
    "relu for tanh",
    "The activation is `max(a, 0)`; asked for is tanh.",
    "Can your states be negative?",
    at("sec-cell"),
    {"phi": relu},
)
TANH_TWICE = Mistake(
    "tanh applied twice",
    "The state is `tanh(tanh(a))`.",
    "In how many places does your code apply the activation?",
    at("sec-cell"),
    {"phi": lambda a: np.tanh(np.tanh(a))},
)
OLD_STATE_ADDED = Mistake(
    "old state added",
    "The new state is added to the old one; it should replace it.",
    "That is a residual network. Where does `h_{t-1}` stand in the equation?",
    at("sec-cell"),
    {"after": lambda old, new, b_h: old + new},
)


BIAS_SUBTRACTED = Mistake(
    "bias subtracted",
    "The bias `b_h` is subtracted; it is added.",
    "Which sign has each of the three terms of a net input?",
    at("sec-cell"),
    {"bias": -1},
)
BIAS_OUTSIDE = Mistake(
    "bias outside of tanh",
    "The bias `b_h` is added after the activation; it belongs to the net input.",
    "`h_t` lies between -1 and 1. Where does the parenthesis of tanh end?",
    at("sec-cell"),
    {"bias": 0, "after": lambda old, new, b_h: new + b_h},
)
STATE_WEIGHTS_TWICE = Mistake(
    "W_hh applied twice",
    "The state is multiplied by `W_hh` twice.",
    "In how many lines, or how often in one, does `W_hh` stand?",
    at("sec-cell"),
    {"weights": lambda W: W @ W},
)


def joined(x_t: Array, h: Array, W_x: Array, W_h: Array) -> Array:
    """x_t W_x + h W_h."""
    return x_t @ W_x + h @ W_h  # type: ignore[no-any-return]


def rnn_step(
    params: Params, x_t: Array, h: Array, *, bias: float = 1, memory: float = 1, inputs: float = 1,
    phi: Any = np.tanh, weights: Any = identity, product: Any = joined,
    after: Any = lambda old, new, b_h: new,
) -> Array:  # fmt: skip
    """h_t = tanh(x_t W_xh + h_{t-1} W_hh + b_h)."""
    both = product(inputs * x_t, memory * h, params["W_xh"], weights(params["W_hh"]))
    h_t = phi(both + bias * params["b_h"])
    return after(h, h_t, params["b_h"])  # type: ignore[no-any-return]


STEP_MISTAKES = (
    NO_BIAS, NO_MEMORY, NO_INPUT, NO_ACTIVATION, LOGISTIC, RECTIFIED, TANH_TWICE, COLUMN_WEIGHTS,
    STATE_WEIGHTS_TWICE, BIAS_TWICE, BIAS_SUBTRACTED, BIAS_OUTSIDE, JOINED_CROSSWISE,
    WEIGHTS_JOINED_CROSSWISE, OLD_STATE_ADDED,
)  # fmt: skip

# --------------------------------------------------------------------- another library's layout

ONLY_INPUT_BIAS = Mistake(
    "second bias forgotten",
    "Only `bias_ih` is in it; PyTorch adds both biases, and so has to be their sum.",
    "Write PyTorch's formula down. Which two constants can be one?",
    at("sec-columns"),
    {"biases": (1, 0)},
)
ONLY_STATE_BIAS = Mistake(
    "first bias forgotten",
    "Only `bias_hh` is in it; PyTorch adds both biases, and so has to be their sum.",
    "Write PyTorch's formula down. Which two constants can be one?",
    at("sec-columns"),
    {"biases": (0, 1)},
)
BIASES_AVERAGED = Mistake(
    "biases averaged",
    "The bias is the mean of the two; it has to be their sum.",
    "Both are added to the net input. How much do they add together?",
    at("sec-columns"),
    {"biases": (0.5, 0.5)},
)
STATE_WEIGHTS_KEPT = Mistake(
    "square matrix not transposed",
    "`W_hh` is handed over as it is. PyTorch's weights have the shape (to, from), and this one too "
    "has to be transposed.",
    "It is square, so no shape complains. In which row or column are the weights into neuron i?",
    at("sec-columns"),
    {"square": identity},
)


BIASES_SUBTRACTED = Mistake(
    "biases subtracted",
    "The bias is the difference of the two; it has to be their sum.",
    "Both are added to the net input. How much do they add together?",
    at("sec-columns"),
    {"biases": (1, -1)},
)
RESHAPED = Mistake(
    "reshaped for transposed",
    "The weights have the right shape, but not by a transpose: their numbers are read row by row "
    "into the new shape.",
    "Take [[1, 2, 3], [4, 5, 6]]: what makes `reshape(3, 2)` of it, and what its transpose?",
    at("sec-columns"),
    {"oblong": lambda W: W.reshape(W.shape[::-1])},
)


def from_torch(
    weight_ih: Array, weight_hh: Array, bias_ih: Array, bias_hh: Array, *,
    biases: tuple[float, float] = (1, 1), square: Any = np.transpose, oblong: Any = np.transpose,
) -> Params:  # fmt: skip
    """Return the parameters of PyTorch's `nn.RNN` in the row form."""
    first, second = biases
    return {
        "W_xh": oblong(weight_ih),
        "W_hh": square(weight_hh),
        "b_h": first * bias_ih + second * bias_hh,
    }


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
    {"entering": lambda h: h[0]},
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


FIRST_STEP_FROM_ZERO = Mistake(
    "first step from zeros",
    "The first step starts from zeros and not from `h_0`.",
    "Which entry does the loop read at its first step, and what is in it by then? `h[t - 1]` at "
    "`t = 0` is the last entry, which is not filled yet.",
    at("sec-initial-state"),
    {"entering": lambda h: h[-1] if len(h) > 1 else 0 * h[0]},
)
PROBABILITIES = Mistake(
    "probabilities for logits",
    "The output went through softmax; asked for are the logits.",
    "Logits may be negative and need not sum to one. Softmax belongs to the loss.",
    at("sec-softmax"),
    {"predict": lambda o: softmax(o)},
)
OUTPUT_SQUASHED = Mistake(
    "activation at the output",
    "The output went through tanh; a logit is `h W_yh + b_y` and nothing more.",
    "A logit may be any number. Can yours be 3?",
    at("sec-cell"),
    {"predict": np.tanh},
)
READ_TOO_LATE = Mistake(
    "input of the step after read",
    "Each step reads the input of the step after.",
    "The array `x` has no entry for a step 0. Where is `x_1` in it?",
    at("sec-shapes"),
    {"sequence": lambda x: np.roll(x, -1, axis=0)},
)
READ_TOO_EARLY = Mistake(
    "input of the step before read",
    "Each step reads the input of the step before, and the first one the last input.",
    "`x[-1]` is the last input. Where is `x_1` in the array?",
    at("sec-shapes"),
    {"sequence": lambda x: np.roll(x, 1, axis=0)},
)
READ_BACKWARDS = Mistake(
    "sequence read backwards",
    "The last input is read first.",
    "Over what does your loop run, and in which direction?",
    at("sec-shapes"),
    {"sequence": lambda x: x[::-1]},
)


def rnn_forward(
    params: Params, x: Array, h_0: Array, *, start: Any = identity,
    entering: Any = lambda h: h[-1], sequence: Any = identity, read: Any = lambda h: h[1:],
    output_bias: float = 1, predict: Any = identity, kept: Any = identity, **of_a_step: Any,
) -> tuple[Array, Array]:  # fmt: skip
    """States h_0..h_T and logits o_1..o_T."""
    h = [start(h_0)]
    for x_t in sequence(x):
        h.append(rnn_step(params, x_t, entering(h), **of_a_step))
    states = np.array(h)
    o = read(states) @ params["W_yh"] + output_bias * params["b_y"]
    return kept(states), predict(o)


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
TARGETS_OF_STEP_BEFORE = Mistake(
    "targets of the step before",
    "Each prediction is compared with the target of the step before.",
    "Which target belongs to the first output?",
    at("sec-steps"),
    {"targets": lambda y: np.roll(y, 1, axis=0)},
)
TARGETS_OF_STEP_AFTER = Mistake(
    "targets of the step after",
    "Each prediction is compared with the target of the step after.",
    "Which target belongs to the first output?",
    at("sec-steps"),
    {"targets": lambda y: np.roll(y, -1, axis=0)},
)
LAST_STEP_LEFT_OUT = Mistake(
    "last step left out",
    "The loss of the last step is left out.",
    "Losses are t = 1, .., T. Where does your loop over the losses begin or end? Python leaves out "
    "the end of a range.",
    at("sec-steps"),
    {"steps": slice(-1)},
)
FIRST_STEP_LEFT_OUT = Mistake(
    "first step left out",
    "The loss of the first step is left out.",
    "Losses are t = 1, .., T. Where does your loop over the losses begin or end?",
    at("sec-steps"),
    {"steps": slice(1, None)},
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
    "The sign is wrong: the logarithms enter as they are, and they are negative.",
    "The logarithm of a probability is never positive, and a loss should fall when they rise.",
    at("sec-cross-entropy"),
    {"sign": 1},
)


FIRST_CLASS_LEFT_OUT = Mistake(
    "class 0 left out",
    "Targets of class 0 do not count; only -1 means that there is none.",
    "Is 0 > 0? And is `if y` true for the class 0?",
    at("sec-steps"),
    {"counts": lambda y: y > 0},
)
TRUTH_OF_CLASS = Mistake(
    "truth of the class",
    "Targets of class 0 do not count, and steps without a target, -1, do: 0 is false, and -1 is "
    "true.",
    "What does `if y` say of 0 and of -1? And `y != 0`?",
    at("sec-steps"),
    {"counts": lambda y: y != 0},
)
FIRST_CLASS_COUNTED = Mistake(
    "mask filled with class 0",
    "Steps without a target count too, as if their class were 0.",
    "It is right to put some class there so that the index is valid. But then the loss of those "
    "steps has to be left out.",
    at("sec-steps"),
    {"counts": lambda y: np.ones(y.shape), "index": lambda y: np.maximum(y, 0)},
)
TARGETS_BATCH_FIRST = Mistake(
    "targets batch first",
    "The targets are read with the batch first and the logits with time first: most meet the "
    "prediction of another sequence or step.",
    "Both flat arrays have T m entries, so no shape complains. In which order does each run?",
    at("sec-shapes"),
    {"targets": lambda y: y.T.reshape(y.shape)},
)
MEAN_OF_STEPS = Mistake(
    "mean over time",
    "The loss is divided by the number of steps, T.",
    "The loss of a sequence is the sum over its steps here. Which axis has your mean?",
    at("sec-steps"),
    {"share": lambda y: 1 / len(y)},
)
MEAN_OF_EACH_SEQUENCE = Mistake(
    "each sequence averaged",
    "Each sequence has its loss divided by the number of its own targets; asked for is the sum.",
    "A target in a short sequence then counts more than one in a long sequence. Is that meant?",
    at("sec-steps"),
    {"share": lambda y: 1 / np.maximum((y >= 0).sum(axis=0), 1)},
)
MEAN_OF_EACH_STEP = Mistake(
    "each step averaged",
    "Each step has its loss divided by the number of its own targets; asked for is the sum.",
    "Which axis has your mean, and what is summed after it?",
    at("sec-steps"),
    {"share": lambda y: 1 / np.maximum((y >= 0).sum(axis=1, keepdims=True), 1)},
)
SOFTMAX_OVER_TIME = Mistake(
    "softmax over time",
    "Softmax is taken over the steps instead of over the classes.",
    "Which axis of `o` has the classes? Over that one the probabilities sum to one.",
    at("sec-softmax"),
    {"axis": 0},
)
SOFTMAX_TWICE = Mistake(
    "softmax applied twice",
    "Softmax is applied twice: what is taken for logits are probabilities already.",
    "Some losses contain the softmax. Does yours, and does its input too?",
    at("sec-softmax"),
    {"predict": lambda o, axis: softmax(softmax(o, axis), axis)},
)
SIGMOID_OUTPUT = Mistake(
    "sigmoid for softmax",
    "Each logit goes through the sigmoid; the classes exclude each other, so it is softmax.",
    "Do your probabilities of one row sum to one?",
    at("sec-softmax"),
    {"predict": lambda o, axis: sigmoid(o)},
)
LOGIT_ITSELF = Mistake(
    "logit for its log-softmax",
    "Each target adds minus its logit: softmax is missing before the logarithm.",
    "Some libraries have a loss that expects logarithms of probabilities. What did you give it?",
    at("sec-softmax"),
    {"predict": lambda o, axis: o, "log": identity},
)
BINARY = Mistake(
    "binary cross-entropy",
    "The other classes are in it too, each with `ln(1 - yhat)`: that is the loss of classes that "
    "do not exclude each other.",
    "For one class of several, how many terms has the cross-entropy?",
    at("sec-cross-entropy"),
    {"others": lambda p, at_class: np.log1p(-p).sum(axis=-1) - np.log1p(-at_class)},
)
DECIMAL_LOGARITHM = Mistake(
    "logarithm to base 10",
    "The logarithm has base 10; asked for is the natural one.",
    "In NumPy `log` is the natural logarithm. Which one did you take?",
    at("sec-cross-entropy"),
    {"log": np.log10},
)
CLASSES_SHIFTED = Mistake(
    "classes counted from 1",
    "The probability is that of the class before: 1 is subtracted from `y`.",
    "Which entry of `yhat` belongs to class 0?",
    at("sec-cross-entropy"),
    {"index": lambda y: y - 1},
)
NO_LOGARITHM = Mistake(
    "logarithm missing",
    "Each target adds `1 - yhat`; in the cross-entropy it adds `-ln yhat`.",
    "A class that was given the probability 0 comes. How large is your loss?",
    at("sec-cross-entropy"),
    {"log": lambda p: p - 1},
)
OVERFLOWS = Mistake(
    "exp overflows",
    "The loss is not right for large logits: their `exp` overflows, or they are cut off before.",
    "Softmax stays the same if one number is taken from all logits of a row. Which number keeps "
    "`exp` below 1?",
    at("sec-softmax"),
)


def softmax(o: Array, axis: int | None = -1) -> Array:
    """Probabilities along an axis."""
    p: Array = np.exp(o - o.max(axis=axis, keepdims=True))
    p /= p.sum(axis=axis, keepdims=True)
    return p


def loss(
    o: Array, y: Array, *, axis: int | None = -1, counts: Any = lambda y: y >= 0,
    share: Any = lambda y: 1, steps: slice = slice(None), log: Any = np.log, sign: int = -1,
    predict: Any = softmax, targets: Any = identity, index: Any = identity,
    others: Any = lambda p, at_class: 0,
) -> float:  # fmt: skip
    """Sum of -ln yhat over the targets."""
    y, p = targets(y), predict(o, axis)
    at_class = np.take_along_axis(p, index(y)[..., None] % o.shape[-1], -1)[..., 0]
    losses = np.where(counts(y), sign * (log(at_class) + others(p, at_class)), 0)
    return float((losses * share(y))[steps].sum())


# ------------------------------------------------------------------- its gradient at the logits

TARGETS_SUM_TO_ONE = Mistake(
    "condition on the targets",
    "`yhat` has no factor, as in `yhat - y`. The factor is the sum of the row's targets, which "
    "is not always one here.",
    "Differentiate by hand for the target (1, 1, 0). Which factor does `yhat` get?",
    at("sec-yhat-minus-y"),
    {"total": lambda y: 1},
)
TARGETS_NORMALISED = Mistake(
    "targets divided by their sum",
    "The targets of a row are divided by their sum; the gradient asked for is that of the targets "
    "as they are.",
    "Double all targets of a row. By what does the loss change, and by what its gradient?",
    at("sec-yhat-minus-y"),
    {"combine": lambda yhat, y, o: yhat - y / y.sum(axis=-1, keepdims=True)},
)
NO_TARGET = Mistake(
    "target not subtracted",
    "The target is not subtracted from the prediction.",
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
    {"combine": lambda yhat, y, o: -y / yhat},
)


DIAGONAL_OF_SOFTMAX = Mistake(
    "diagonal of the softmax alone",
    "Only the diagonal of softmax's Jacobian is in it, `yhat (1 - yhat)`: raising one logit also "
    "lowers the other probabilities.",
    "All outputs of softmax contain all logits. Which entries of the Jacobian are missing?",
    at("sec-yhat-minus-y"),
    {"combine": lambda yhat, y, o: -y * (1 - yhat)},
)
SLOPE_OF_SQUARED_ERROR = Mistake(
    "slope of the squared error",
    "The error is multiplied by `yhat (1 - yhat)`: that belongs to the squared error of "
    "sigmoids; here it is softmax and the cross-entropy.",
    "In the cross-entropy the logarithm cancels that factor. Which loss did you differentiate?",
    at("sec-yhat-minus-y"),
    {"combine": lambda yhat, y, o: (yhat - y) * yhat * (1 - yhat)},
)


def logit_gradient(
    o: Array, y: Array, *, axis: int | None = -1, predict: Any = softmax, target: float = 1,
    total: Any = lambda y: y.sum(axis=-1, keepdims=True), combine: Any = None, sign: int = 1,
    share: Any = lambda y: 1,
) -> Array:  # fmt: skip
    """Gradient of -sum y ln softmax(o) by o: (sum of y) yhat - y."""
    yhat = predict(o, axis)
    e = combine(yhat, y, o) if combine else total(y) * yhat - target * y
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
    return [
        *problems, Problem(far, NETWORKS[0].sizes, "logits around 1000", OVERFLOWS),
    ]  # fmt: skip


def with_every_target() -> list[Problem]:
    """Logits and classes without a gap: of one sequence, of one step, and of both."""
    o, y, sizes = NETWORKS[0].rng.standard_normal((7, 4, 6)), NETWORKS[0].y, NETWORKS[0].sizes
    parts = {
        "one prediction": (slice(1), slice(1)),
        "one sequence in which every step has a target": (slice(None), slice(1)),
        "sequences in which every step has a target": (slice(None), slice(None)),
    }
    return [Problem({"o": o[k], "y": y[k]}, sizes, about) for about, k in parts.items()]


def logits_and_targets() -> list[Problem]:
    """Logits and target rows of any sum."""
    rng = np.random.default_rng(0)
    y = np.array([[0.0, 1, 0], [1, 1, 0], [0.2, 0.3, 0.5], [0, 0.5, 1]])
    wide = rng.uniform(0, 1, (2, 5))
    return [
        Problem({"o": rng.standard_normal(y.shape), "y": y}, {"m": len(y), "n_outputs": len(y.T)})
        for y in (y, wide)
    ]


def one_hot_targets() -> Problem:
    """One row whose target is one class."""
    o = np.random.default_rng(1).standard_normal((1, 3))
    sizes = {"m": 1, "n_outputs": 3}
    return Problem({"o": o, "y": np.eye(3)[[1]]}, sizes, "one row whose target is one class")


def torch_layer(net: Network) -> Problem:
    """Random parameters of a layer as PyTorch keeps them."""
    n_inputs, n = net.params["W_xh"].shape
    shapes = {
        "weight_ih": (n, n_inputs), "weight_hh": (n, n), "bias_ih": (n,), "bias_hh": (n,),
    }  # fmt: skip
    drawn = {name: net.rng.standard_normal(shape) for name, shape in shapes.items()}
    return Problem(drawn, {"n_inputs": n_inputs, "n": n})


def one_sequence(problem: Problem, about: str = "one sequence, m = 1") -> Problem:
    """Return the first sequence of a problem alone."""
    m = problem.sizes["m"]

    def first(value: Any) -> Any:
        axes = [k for k, size in enumerate(np.shape(value)[:2]) if size == m]
        return np.take(value, [0], axis=axes[-1]) if axes else value

    cut = {k: v if isinstance(v, dict) else first(v) for k, v in problem.arguments.items()}
    return replace(problem, arguments=cut, sizes={**problem.sizes, "m": 1}, about=about)


def first_steps(problem: Problem, T: int, about: str) -> Problem:
    """Return the first steps of a problem alone."""
    lengths = {problem.sizes["T"] + extra: T + extra for extra in (0, 1)}

    def first(value: Any) -> Any:
        length = np.shape(value)[:1]
        return value[: lengths[length[0]]] if length and length[0] in lengths else value

    cut = {k: v if isinstance(v, dict) else first(v) for k, v in problem.arguments.items()}
    return replace(problem, arguments=cut, sizes={**problem.sizes, "T": T}, about=about)


def zeroed(problem: Problem, *names: str, about: str = "") -> Problem:
    """Return a problem in which some arguments, or entries of them, are zero."""

    def cut(name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: cut(key, entry) for key, entry in value.items()}
        return 0 * value if name in names else value

    arguments = {name: cut(name, value) for name, value in problem.arguments.items()}
    return replace(problem, arguments=arguments, about=about or f"{names[0]} = 0")


def without_terms(problem: Problem, *names: str) -> list[Problem]:
    """Return the problem of one sequence, and those in which one term of a net input is zero."""
    return [one_sequence(problem), *(zeroed(problem, name) for name in names)]


def shortened(problem: Problem) -> list[Problem]:
    """Return the simpler cases of a problem: one step, two steps, one sequence."""
    return [
        first_steps(problem, 1, "a single step, T = 1"),
        first_steps(problem, 2, "two steps"),
        one_sequence(problem),
    ]


def with_one_step(problems: list[Problem]) -> list[Problem]:
    """Add a single step of the last problem, in which no mistake in the recursion shows."""
    return [*problems, first_steps(problems[-1], 1, "a single step, T = 1")]


STEPS = [Problem({"params": n.params, "x_t": n.x[0], "h": n.state0[0]}, n.sizes) for n in NETWORKS]
SEQUENCES = [Problem({"params": n.params, "x": n.x, "h_0": n.state0[0]}, n.sizes) for n in NETWORKS]

EXERCISES = (
    Exercise(
        "rnn_step",
        "One step of a tanh network, h_t from x_t and h_{t-1}.",
        rnn_step,
        STEPS,
        STEP_MISTAKES,
        ("h_t",),
        simpler=without_terms(STEPS[0], "h", "x_t", "b_h"),
        minutes=5,
        level="easy",
        outcome="write the forward pass of a recurrent network",
    ),
    Exercise(
        "forward",
        "All states h_0..h_T of a tanh network, and all logits.",
        rnn_forward,
        SEQUENCES,
        (
            ZERO_START, FIRST_STEP_FROM_ZERO, NO_ROOM_FOR_START, STATE_NOT_CARRIED, OUTPUT_LATE,
            NO_OUTPUT_BIAS, PROBABILITIES, OUTPUT_SQUASHED, READ_BACKWARDS, READ_TOO_LATE,
            READ_TOO_EARLY, *STEP_MISTAKES,
        ),
        ("h", "o"),
        simpler=without_terms(SEQUENCES[0], "h_0", "x", "b_h"),
        minutes=10,
        level="easy",
        outcome="write the forward pass of a recurrent network",
    ),
    Exercise(
        "from_torch",
        "The parameters W_xh, W_hh and b_h that make this book's step compute what nn.RNN "
        "computes.",
        from_torch,
        [torch_layer(net) for net in NETWORKS],
        (
            STATE_WEIGHTS_KEPT, RESHAPED, ONLY_INPUT_BIAS, ONLY_STATE_BIAS, BIASES_AVERAGED,
            BIASES_SUBTRACTED,
        ),
        minutes=10,
        level="easy",
        outcome="translate between the row form used here",
    ),
    Exercise(
        "loss",
        "Cross-entropy of softmax(o) in nats, summed over all targets; class -1: no target.",
        loss,
        logits_and_classes(),
        (
            MASK_IGNORED, FIRST_CLASS_COUNTED, FIRST_CLASS_LEFT_OUT, TRUTH_OF_CLASS,
            FIRST_STEP_LEFT_OUT, LAST_STEP_LEFT_OUT, TARGETS_OF_STEP_BEFORE, TARGETS_OF_STEP_AFTER,
            MEAN_OF_TARGETS,
            MEAN_OF_ENTRIES, MEAN_OF_ROWS, MEAN_OF_STEPS, MEAN_OF_EACH_SEQUENCE,
            MEAN_OF_EACH_STEP, LAST_STEP_ONLY, TARGETS_BATCH_FIRST, SOFTMAX_OVER_BATCH,
            SOFTMAX_OVER_TIME, SOFTMAX_OVER_ALL, SOFTMAX_TWICE, SIGMOID_OUTPUT, LOGIT_ITSELF,
            BINARY, NO_LOGARITHM_OF_E,
            DECIMAL_LOGARITHM, NO_LOGARITHM, CLASSES_SHIFTED, SIGN_OF_LOSS, OVERFLOWS,
        ),
        ("loss",),
        simpler=with_every_target(),
        minutes=15,
        level="medium",
        outcome="choose a loss over steps, rows and masks",
    ),
    Exercise(
        "logit_gradient",
        "Gradient of -sum y ln softmax(o) with respect to the logits o, for targets of any sum.",
        logit_gradient,
        logits_and_targets(),
        (
            TARGETS_SUM_TO_ONE, TARGETS_NORMALISED, NO_TARGET, SIGN_OF_GRADIENT, NO_SOFTMAX,
            BY_PROBABILITIES, DIAGONAL_OF_SOFTMAX, SLOPE_OF_SQUARED_ERROR, MEAN_GRADIENT,
            SOFTMAX_OVER_BATCH, SOFTMAX_OVER_ALL, SOFTMAX_TWICE, SIGMOID_OUTPUT,
        ),
        ("e",),
        simpler=[one_hot_targets()],
        minutes=20,
        level="medium",
        outcome="derive the gradient of the softmax cross-entropy",
    ),
)  # fmt: skip
