"""Exercises of the chapter on LSTM and GRU."""

from collections.abc import Iterator, Mapping
from itertools import permutations
from types import SimpleNamespace
from typing import Any

import numpy as np

from bptt_lab.activations import identity, sigmoid, sigmoid_slope, tanh_slope
from bptt_lab.arguments import Array
from bptt_lab.bptt import forward
from bptt_lab.cells import GRU, LSTM
from bptt_lab.cells.base import Params
from bptt_lab.exercises.bptt import (
    AT_THE_WEIGHTS,
    BATCH_MEAN,
    FIRST_LOSS_LOST,
    LAST_LOSS,
    LAST_LOSS_LOST,
    TARGET_MEAN,
    TIME_MEAN,
    only,
)
from bptt_lab.exercises.checker import Exercise
from bptt_lab.exercises.diagnosing import CLIPPED
from bptt_lab.exercises.forward import (
    JOINED_CROSSWISE,
    WEIGHTS_JOINED_CROSSWISE,
    joined,
    shortened,
    with_one_step,
    without_terms,
    zeroed,
)
from bptt_lab.exercises.mistakes import Mistake
from bptt_lab.exercises.places import at
from bptt_lab.exercises.problems import Network, networks
from bptt_lab.exercises.trials import Problem

# ------------------------------------------------------------------------------------ one step

GATE_NAMES = {"i": "input gate", "f": "forget gate", "o": "output gate"}
GATE_NAMES_OF_GRU = {"z": "update gate", "r": "reset gate"}

GATES_SWAPPED = Mistake(
    "input and forget gate exchanged",
    "Input and forget gate have changed places.",
    "Which gate decides what is kept of `C_{t-1}`, and which how much of the candidate is written?",
    at("sec-lstm-forget"),
    {"update": lambda i, f, C, new: i * C + f * new},
)
FORGETS_THE_NEW = Mistake(
    "forget gate applied after writing",
    "The forget gate multiplies the new state; it belongs to the old one alone.",
    "What is forgotten, the old content or what was written now?",
    at("sec-lstm-forget"),
    {"update": lambda i, f, C, new: f * (C + i * new)},
)
NO_FORGET_GATE = Mistake(
    "forget gate missing",
    "The old cell state is kept whole: this is the LSTM of 1997.",
    "There are three gates. Which of them has no effect in your function?",
    at("sec-lstm-forget"),
    {"update": lambda i, f, C, new: C + i * new},
)
COUPLED_GATES = Mistake(
    "coupled gates",
    "The forget gate is `1 - i_t`; it has weights of its own.",
    "Coupling the two is a variant, and so is the GRU. Look for `W_xf`.",
    at("sec-lstm-forget"),
    {"update": lambda i, f, C, new: (1 - i) * C + i * new},
)
INPUT_GATE_COUPLED = Mistake(
    "input gate coupled",
    "The input gate is `1 - f_t`; it has weights of its own.",
    "Coupling the two is a variant, and so is the GRU. Look for `W_xi`.",
    at("sec-lstm-forget"),
    {"update": lambda i, f, C, new: f * C + (1 - f) * new},
)
CANDIDATE_NOT_SQUASHED = Mistake(
    "tanh of the candidate forgotten",
    "The candidate is its net input; tanh is missing.",
    "What keeps the candidate between -1 and 1?",
    at("sec-lstm-forget"),
    {"squash": identity},
)
CANDIDATE_LOGISTIC = Mistake(
    "candidate with the sigmoid",
    "The candidate goes through the sigmoid; it should go through tanh.",
    "Can the state be lowered if the candidate is never negative?",
    at("sec-lstm-forget"),
    {"squash": sigmoid},
)
CELL_NOT_SQUASHED = Mistake(
    "tanh of the cell forgotten",
    "The output gate multiplies the cell state itself; it should multiply its tanh.",
    "`h_t` lies between -1 and 1. What keeps it there?",
    at("sec-lstm-forget"),
    {"shown": identity},
)
OLD_CELL_SHOWN = Mistake(
    "old cell state shown",
    "`h_t` is made of the old cell state; it should show the new one.",
    "In which order are `C_t` and `h_t` computed?",
    at("sec-lstm-forget"),
    {"which": lambda old, new: old},
)
NO_GATE_BIAS = Mistake(
    "gate biases forgotten",
    "The biases are not in the net inputs of the gates.",
    "Each net input has three terms. How large is a gate without input if its bias is missing?",
    at("sec-lstm-forget"),
    {"bias": 0},
)


INPUT_AND_OUTPUT_SWAPPED = Mistake(
    "input and output gate exchanged",
    "Input and output gate have changed places.",
    "Which gate decides what is written into the cell, and which what the cell shows?",
    at("sec-lstm-forget"),
    {"order": "ofi"},
)
FORGET_AND_OUTPUT_SWAPPED = Mistake(
    "forget and output gate exchanged",
    "Forget and output gate have changed places.",
    "Which gate decides what is kept of the cell, and which what the cell shows?",
    at("sec-lstm-forget"),
    {"order": "iof"},
)


def candidate_for_a_gate(names: Mapping[str, str]) -> Iterator[Mistake]:
    """Yield the mix-ups of a gate with the candidate: each has the weights of the other."""
    order = "".join(names)
    for gate, name in names.items():
        yield Mistake(
            f"{name} and candidate exchanged",
            f"The {name} is made with the weights of the candidate, and the candidate with those "
            f"of the {name}.",
            "In which order do your gates stand in the array that holds all four?",
            at("sec-lstm-forget"),
            {"order": order.replace(gate, "C"), "candidate": gate},
        )


def one_gate_for_another(names: Mapping[str, str]) -> Iterator[Mistake]:
    """Yield the mix-ups of gates: one of them stands where another belongs."""
    order = "".join(names)
    for taken, other in permutations(names, 2):
        yield Mistake(
            f"{names[taken]} for the {names[other]}",
            f"The {names[taken]} stands in the place of the {names[other]}.",
            f"Look for what is made from `W_x{other}`. Is it used where it belongs?",
            at("sec-lstm-forget"),
            {"order": order.replace(other, taken)},
        )


NO_OUTPUT_GATE = Mistake(
    "output gate missing",
    "The output gate has no effect: `h_t` is the tanh of the cell state.",
    "There are three gates. Which of them has no effect in your function?",
    at("sec-lstm-forget"),
    {"opened": lambda o: np.ones_like(o)},
)
NO_INPUT_GATE = Mistake(
    "input gate missing",
    "The input gate has no effect: the candidate is written whole.",
    "There are three gates. Which of them has no effect in your function?",
    at("sec-lstm-forget"),
    {"update": lambda i, f, C, new: f * C + new},
)
FORGET_BIAS_ADDED = Mistake(
    "1 added at the forget gate",
    "There is a 1 more in the net input of the forget gate.",
    "A forget bias of 1 is a choice for the start of training: it belongs into `b_f`, not into the "
    "step.",
    at("sec-lstm-forget"),
    {"forget_bias": 1},
)
GATES_WITH_TANH = Mistake(
    "gates with tanh",
    "The gates go through tanh; they should go through the sigmoid.",
    "How much of something can be kept? Can a gate be negative?",
    at("sec-lstm-forget"),
    {"gate": np.tanh},
)
CELL_SQUASHED_TOO = Mistake(
    "cell state squashed",
    "The cell state that is handed on went through tanh.",
    "What keeps the cell's memory from fading at every step? Where does tanh stand in its "
    "equation?",
    at("sec-carousel"),
    {"handed_on": np.tanh},
)
LOGISTIC_OUTPUT = Mistake(
    "sigmoid of the cell",
    "The output gate multiplies the sigmoid of the cell state; it should multiply its tanh.",
    "`h_t` may be negative. Can yours?",
    at("sec-lstm-forget"),
    {"shown": sigmoid},
)
GATE_WEIGHTS_OF_COLUMNS = Mistake(
    "recurrent weights of the column form",
    "The state is multiplied by the transposes of the recurrent weights, as if examples were "
    "columns.",
    "In this book examples are rows and stand on the left, `h @ W`. The matrices are square, so no "
    "shape complains.",
    at("sec-columns"),
    {"weights": np.transpose},
)
NO_STATE_IN_GATES = Mistake(
    "state left out of the gates",
    "The gates and the candidate see the input alone; `h_{t-1}` is missing.",
    "Each net input has three terms. What multiplies `W_h`?",
    at("sec-lstm-forget"),
    {"memory": 0},
)
NO_INPUT_IN_GATES = Mistake(
    "input left out of the gates",
    "The gates and the candidate see the old state alone; `x_t` is missing.",
    "Each net input has three terms. What multiplies `W_x`?",
    at("sec-lstm-forget"),
    {"inputs": 0},
)
GATE_BIASES_TWICE = Mistake(
    "gate biases counted twice",
    "The biases are added twice.",
    "Some libraries have two biases for each gate. Here there is one.",
    at("sec-lstm-forget"),
    {"bias": 2},
)


def net_input(
    params: Params, gate: str, x_t: Array, h: Array, *, bias: float = 1, memory: float = 1,
    inputs: float = 1, weights: Any = identity, product: Any = joined,
) -> Array:  # fmt: skip
    """x_t W_x + h_{t-1} W_h + b of one gate."""
    W_x, W_h = params["W_x" + gate], weights(params["W_h" + gate])
    return product(inputs * x_t, memory * h, W_x, W_h) + bias * params["b_" + gate]  # type: ignore[no-any-return]


IN_THE_NET_INPUTS = (
    NO_GATE_BIAS, GATE_BIASES_TWICE, NO_STATE_IN_GATES, NO_INPUT_IN_GATES, GATE_WEIGHTS_OF_COLUMNS,
    JOINED_CROSSWISE, WEIGHTS_JOINED_CROSSWISE,
)  # fmt: skip


def lstm_step(
    params: Params, x_t: Array, h: Array, C: Array, *, squash: Any = np.tanh, order: str = "ifo",
    update: Any = lambda i, f, C, new: f * C + i * new, shown: Any = np.tanh, gate: Any = sigmoid,
    which: Any = lambda old, new: new, opened: Any = identity, forget_bias: float = 0,
    handed_on: Any = identity, candidate: str = "C", **of_a_gate: Any,
) -> tuple[Array, Array]:  # fmt: skip
    """h_t and C_t of an LSTM with forget gate."""
    a = {g: net_input(params, g, x_t, h, **of_a_gate) for g in "ifoC"}
    a["f"] = a["f"] + forget_bias
    i, f, o = (gate(a[g]) for g in order)
    C_t = update(i, f, C, squash(a[candidate]))
    return opened(o) * shown(which(C, C_t)), handed_on(C_t)


# ---------------------------------------------------------------------------------- k steps back

NO_OUTPUT_GATE_PATH = Mistake(
    "path through the output gate missing",
    "The path through the output gates between is missing: the derivatives of single steps are "
    "multiplied, as in `A_j P_{j-1} + F_j`.",
    "`C_{t-2}` also acts on `C_t` without touching `C_{t-1}`: through `h_{t-2}`, `o_{t-1}` and "
    "`h_{t-1}`. Which block is that?",
    at("sec-k-steps"),
    {"through_o": 0},
)
FORGET_GATES_ONLY = Mistake(
    "product of forget gates",
    "This is the product of the forget gates alone, the direct path.",
    "`C_{t-1}` also acts through `h_{t-1}`, on the gates and the candidate. Where is `A`?",
    at("sec-one-step"),
    {"through_h": 0},
)
START_WITHOUT_H = Mistake(
    "hidden state held fixed at the start",
    "At the start only the cell state is moved; but `h_{t-k}` moves with it.",
    "`h_{t-k} = o tanh(C_{t-k})`. So which two rows does the product begin with?",
    at("sec-k-steps"),
    {"start": 0},
)
STEPS_REVERSED = Mistake(
    "steps in the wrong order",
    "The Jacobians are multiplied in the wrong order: the newest belongs on the left.",
    "Which step does a change of `C_{t-k}` pass first?",
    at("sec-k-steps"),
    {"order": -1},
)
P_OF_SAME_STEP = Mistake(
    "P of the wrong step",
    "`A_j` is paired with `P_j`; it reads `h_{j-1}`, which belongs to `P_{j-1}`.",
    "`A_j` says how `C_j` feels a hidden state. Of which step?",
    at("sec-one-step"),
    {"shown": lambda P: np.concatenate([P[1:], P[-1:]])},
)


BLOCKS_TRANSPOSED = Mistake(
    "blocks transposed",
    "Each block enters as its transpose.",
    "The blocks are Jacobians in numerator layout: they multiply columns from the left.",
    at("sec-bptt-order"),
    {"layout": lambda X: np.swapaxes(X, 1, 2)},
)
OUTPUT_PATH_ALONE = Mistake(
    "old cell state left out of the new one",
    "The direct path is missing: the forget gates, `F`, have no effect.",
    "What did the cell state do before gates were there? Which block is that?",
    at("sec-one-step"),
    {"direct": 0},
)


WITHIN_STEP_FORGOTTEN = Mistake(
    "old h left out of the new one through the cell",
    "The new hidden state feels the old one through the output gate alone, `B`; it also feels it "
    "through the new cell state, `P A`.",
    "The new hidden state is made of the new cell state. Which two things did that read?",
    at("sec-k-steps"),
    {"within": 0},
)
FIRST_STEP_COUNTED = Mistake(
    "step t - k counted",
    "The step t - k is in the product too: it begins with the blocks of index 0.",
    "`P[0]` is at the start already. How many steps lead from t - k to t?",
    at("sec-k-steps"),
    {"over": lambda k: range(k + 1)},
)
NEWEST_STEP_LOST = Mistake(
    "newest step lost",
    "The newest step, t, is missing from the product.",
    "The last index is k. Where does your range end?",
    at("sec-k-steps"),
    {"over": lambda k: range(1, k)},
)
HIDDEN_STATE_ASKED = Mistake(
    "derivative of h for that of C",
    "This is the derivative of `h_t` with respect to `C_{t-k}`; asked for is that of `C_t`.",
    "Two things are carried on from step to step. Which of them do you return?",
    at("sec-k-steps"),
    {"asked": lambda h, C: h},
)
NEW_H_READ = Mistake(
    "new h read by the cell",
    "The cell state reads the new hidden state of the same step; it reads the old one.",
    "Is `d_h` overwritten before the line of `d_C` needs its old value?",
    at("sec-k-steps"),
    {"overwritten": "h"},
)
NEW_CELL_READ = Mistake(
    "new cell state multiplied by F once more",
    "The hidden state is made as if the new cell state were the old one, `P (A d_h + F d_C)`.",
    "Is `d_C` overwritten before the line of `d_h` needs its old value?",
    at("sec-k-steps"),
    {"overwritten": "C"},
)


def cell_derivative(
    A: Array, B: Array, P: Array, F: Array, *, through_o: float = 1, through_h: float = 1,
    start: float = 1, order: int = 1, shown: Any = identity, layout: Any = identity,
    direct: float = 1, within: float = 1, over: Any = lambda k: range(1, k + 1),
    overwritten: str = "", asked: Any = lambda h, C: C,
) -> Array:  # fmt: skip
    """dC_t/dC_{t-k} through the pair (h, C); index j of a block is step t - k + j."""
    A, B, P, F = through_h * layout(A), through_o * layout(B), shown(P), direct * F
    h, C = start * P[0], np.eye(A.shape[-1])
    for j in over(len(A) - 1)[::order]:
        new_C = A[j] @ h + F[j] @ C
        within_step = within * A[j] @ h + F[j] @ (new_C if overwritten == "C" else C)
        new_h = B[j] @ h + P[j] @ within_step
        h, C = new_h, A[j] @ new_h + F[j] @ C if overwritten == "h" else new_C
    return asked(h, C)  # type: ignore[no-any-return]


# ----------------------------------------------------------------------------- the backward pass

PARTNERS = {"i": "the candidate", "f": "`C_{t-1}`", "C": "`i_t`"}

SLOPES_OF_GATES = {
    "fed with the gate": (
        lambda g: sigmoid_slope(sigmoid(g)),
        "The slope of the sigmoid is taken at the gate's value; it belongs at its net input.",
        "A function that expects the net input has got the gate. By its value the slope is "
        "`g * (1 - g)`.",
    ),
    "forgotten": (
        np.ones_like,
        "The slope of the sigmoid is missing: this is the gradient at the gate, not at its net "
        "input.",
        "Between the net input and the gate stands a sigmoid. Which factor does the chain rule "
        "ask for?",
    ),
    "replaced by the sigmoid": (
        sigmoid,
        "The gradient is multiplied by the sigmoid of the gate where its slope belongs.",
        "Does your function return the sigmoid, or its derivative? Some need `derivative=True`.",
    ),
    "replaced by the gate": (
        identity,
        "The gradient is multiplied by the gate itself where its slope belongs.",
        "By its value the slope of the sigmoid is `g * (1 - g)`. Which factor is missing?",
    ),
    "replaced by 1 - g": (
        lambda g: 1 - g,
        "The gradient is multiplied by 1 minus the gate where its slope belongs.",
        "By its value the slope of the sigmoid is `g * (1 - g)`. Which factor is missing?",
    ),
    "that of tanh": (
        tanh_slope,
        "The slope is `1 - g**2`, that of tanh; a gate is a sigmoid.",
        "Differentiate the sigmoid and write the result by its value.",
    ),
}  # fmt: skip
"""What is taken for a gate's slope: as a function of the gate, a sentence, and a hint."""

SLOPES_OF_CANDIDATE = {
    "fed with the candidate": (
        lambda new: tanh_slope(np.tanh(new)),
        "The slope of tanh is taken at the candidate's value; it belongs at its net input.",
        "A function that expects the net input has got the candidate. By its value the slope is "
        "`1 - value**2`.",
    ),
    "forgotten": (
        np.ones_like,
        "The slope of tanh is missing: this is the gradient at the candidate, not at its net "
        "input.",
        "Between the net input and the candidate stands tanh. Which factor does the chain rule "
        "ask for?",
    ),
    "not squared": (
        lambda new: 1 - new,
        "The slope of tanh is written with the candidate itself; it has its square.",
        "At a candidate of -1 the slope is zero. What does yours say there?",
    ),
    "replaced by the candidate": (
        identity,
        "The gradient is multiplied by the candidate itself where its slope belongs.",
        "Does your function return tanh, or its derivative?",
    ),
    "that of the sigmoid": (
        sigmoid_slope,
        "The slope is `g * (1 - g)`, that of the sigmoid; the candidate is a tanh.",
        "Differentiate tanh and write the result by its value.",
    ),
}  # fmt: skip


def lowered(sentence: str) -> str:
    """Return a sentence as it stands after the words with which it now begins."""
    return sentence[0].lower() + sentence[1:]


def at_each_gate(gates: str) -> Iterator[Mistake]:
    """Yield what can be wrong with the slope of each gate alone, and of all gates alike."""
    choices = [(GATE_NAMES[g], g) for g in gates]
    for kind, (slope, sentence, hint) in SLOPES_OF_GATES.items():
        for name, gate in [*choices, ("gates", gates)]:
            yield Mistake(
                f"slope of the {name} {kind}",
                f"At {'all' if gate == gates else 'the'} {name} {lowered(sentence)}",
                hint,
                at("sec-lstm-backward"),
                {f"slope_{g}": slope for g in gate},
            )


def at_the_candidate() -> Iterator[Mistake]:
    """Yield what can be wrong with the slope of the candidate."""
    for kind, (slope, sentence, hint) in SLOPES_OF_CANDIDATE.items():
        yield Mistake(
            f"slope of the candidate {kind}", sentence, hint, at("sec-lstm-backward"),
            {"slope_C": slope},
        )  # fmt: skip


def at_one_of_two_paths() -> Iterator[Mistake]:
    """Yield the missing parentheses: a slope that multiplies one of two paths."""
    for gate, partner in PARTNERS.items():
        name = GATE_NAMES.get(gate, "candidate")
        for path, alone in (
            ("from `h_t`", lambda later, here, p, slope: later * p + here * p * slope),
            ("from `C_{t+1}`", lambda later, here, p, slope: later * p * slope + here * p),
        ):
            yield Mistake(
                f"parenthesis missing at the {name}, slope on the path {path}".replace("`", ""),
                f"At the {name} the slope multiplies only what comes {path}; it belongs to both "
                "paths.",
                f"`(a + b) * c` is not `a + b * c`. Both arrive at `C_t` before {partner} and the "
                "slope multiply them.",
                at("sec-lstm-backward"),
                {f"meet_{gate}": alone},
            )
        yield Mistake(
            f"later steps left out at the {name}",
            f"At the {name} only what comes from `h_t` is used; what comes from `C_{{t+1}}` is "
            "left out.",
            "Two things arrive at `C_t`, and both reach what made it. Is their sum in your line?",
            at("sec-lstm-backward"),
            {f"meet_{gate}": lambda later, here, p, slope: here * p * slope},
        )


FORGET_GATE_OF_SAME_STEP = Mistake(
    "forget gate of the wrong step",
    "What comes from `C_{t+1}` is multiplied by `f_t`; the gate between the two is `f_{t+1}`.",
    "Write down the line of the forward pass that contains both `C_{t+1}` and `C_t`.",
    at("sec-lstm-backward"),
    {"kept": lambda f, t: f[t - 1]},
)
CELL_PATH_CUT = Mistake(
    "nothing carried along the cell",
    "Nothing comes from `C_{t+1}`: the path along the cell states is cut.",
    "Two things arrive at `C_t`. One is from `h_t`; what is the other?",
    at("sec-lstm-backward"),
    {"kept": lambda f, t: 0 * f[t]},
)
CARRIED_WITHOUT_FORGET_GATE = Mistake(
    "carried along the cell without the forget gate",
    "What comes from `C_{t+1}` is not multiplied by `f_{t+1}` on its way.",
    "Write down the line of the forward pass that contains both `C_{t+1}` and `C_t`.",
    at("sec-lstm-backward"),
    {"kept": lambda f, t: np.ones_like(f[t])},
)
NOTHING_HANDED_BACK = Mistake(
    "nothing handed back",
    "Every step stands alone: neither `dL/dh` nor `dL/dC` goes to the step before.",
    "What goes from a step to the one before? Where does your loop compute it, and does the next "
    "turn use it?",
    at("sec-lstm-backward"),
    {"kept": lambda f, t: 0 * f[t], "heard": ""},
)
STATE_PATH_CUT = Mistake(
    "nothing carried through h",
    "Nothing comes through `h_t` from the gates of step t + 1; the cell states alone carry.",
    "All four net inputs of the next step read `h_t`. Where do their gradients go?",
    at("sec-lstm-backward"),
    {"heard": ""},
)
OUTPUT_GATE_SILENT = Mistake(
    "output gate not carried back",
    "The gradient at the output gate does not go on to `h_{t-1}`.",
    "All four net inputs read `h_{t-1}`. Over how many gates does your sum run?",
    at("sec-lstm-backward"),
    {"heard": "ifC"},
)
INPUT_GATE_SILENT = Mistake(
    "input gate not carried back",
    "The gradient at the input gate does not go on to `h_{t-1}`.",
    "All four net inputs read `h_{t-1}`. Over how many gates does your sum run?",
    at("sec-lstm-backward"),
    {"heard": "foC"},
)
FORGET_GATE_SILENT = Mistake(
    "forget gate not carried back",
    "The gradient at the forget gate does not go on to `h_{t-1}`.",
    "All four net inputs read `h_{t-1}`. Over how many gates does your sum run?",
    at("sec-lstm-backward"),
    {"heard": "ioC"},
)
CANDIDATE_SILENT = Mistake(
    "candidate not carried back",
    "The gradient at the candidate does not go on to `h_{t-1}`.",
    "All four net inputs read `h_{t-1}`. Over how many gates does your sum run?",
    at("sec-lstm-backward"),
    {"heard": "ifo"},
)
GATES_NOT_TRANSPOSED = Mistake(
    "gate weights for their transposes",
    "On its way back a gradient is multiplied by `W_h` of the gates where the transposes belong.",
    "The matrices are square, so no shape complains. Which way does a weight lead?",
    at("sec-lstm-backward"),
    {"back": identity},
)
CELL_OF_SAME_STEP = Mistake(
    "C_t for C_{t-1} at the forget gate",
    "The forget gate's gradient has `C_t` in it; the gate multiplied `C_{t-1}`.",
    "What stood beside `f_t` in the forward pass?",
    at("sec-lstm-backward"),
    {"partner_f": lambda s: s.C},
)
CANDIDATE_AT_FORGET_GATE = Mistake(
    "candidate at the forget gate",
    "The forget gate's gradient has the candidate in it; the gate multiplied `C_{t-1}`.",
    "What stood beside `f_t` in the forward pass?",
    at("sec-lstm-backward"),
    {"partner_f": lambda s: s.new},
)
INPUT_GATE_WITHOUT_CANDIDATE = Mistake(
    "input gate with itself",
    "The input gate's gradient has `i_t` in it; the gate multiplied the candidate.",
    "What stood beside `i_t` in the forward pass?",
    at("sec-lstm-backward"),
    {"partner_i": lambda s: s.i},
)
OLD_CELL_AT_INPUT_GATE = Mistake(
    "C_{t-1} at the input gate",
    "The input gate's gradient has `C_{t-1}` in it; the gate multiplied the candidate.",
    "What stood beside `i_t` in the forward pass?",
    at("sec-lstm-backward"),
    {"partner_i": lambda s: s.old},
)
CANDIDATE_WITHOUT_INPUT_GATE = Mistake(
    "input gate missing at the candidate",
    "The candidate's gradient lacks the factor `i_t`.",
    "What stood beside the candidate in the forward pass?",
    at("sec-lstm-backward"),
    {"partner_C": lambda s: np.ones_like(s.i)},
)
CELL_AT_OUTPUT_GATE = Mistake(
    "C_t for tanh(C_t) at the output gate",
    "The output gate's gradient has `C_t` in it; the gate multiplied `tanh(C_t)`.",
    "What stood beside `o_t` in the forward pass?",
    at("sec-lstm-backward"),
    {"partner_o": lambda s: s.C},
)
OLD_CELL_AT_OUTPUT_GATE = Mistake(
    "tanh(C_{t-1}) at the output gate",
    "The output gate's gradient has `tanh(C_{t-1})` in it; the gate multiplied `tanh(C_t)`.",
    "The array `C` has `C_0` in front. Which index is step t?",
    at("sec-lstm-backward"),
    {"partner_o": lambda s: np.tanh(s.old)},
)
CELL_WITHOUT_OUTPUT_GATE = Mistake(
    "output gate missing on the way to the cell",
    "What goes from `h_t` to `C_t` lacks the factor `o_t`.",
    "`h_t = o_t tanh(C_t)`: which two factors has its derivative with respect to `C_t`?",
    at("sec-lstm-backward"),
    {"opened": np.ones_like},
)
SLOPE_OF_CELL_FORGOTTEN = Mistake(
    "slope of tanh(C) forgotten",
    "Between `h_t` and `C_t` the slope of tanh is missing.",
    "`h_t = o_t tanh(C_t)`: which derivative has the second factor?",
    at("sec-lstm-backward"),
    {"slope_cell": np.ones_like},
)
SLOPE_OF_CELL_AT_ACTIVATION = Mistake(
    "slope of tanh(C) fed with tanh(C)",
    "Between `h_t` and `C_t` the slope of tanh is taken at `tanh(C_t)`; it belongs at `C_t`.",
    "`1 - tanh(C)**2`: how often is tanh applied in your line?",
    at("sec-lstm-backward"),
    {"slope_cell": lambda C: tanh_slope(np.tanh(np.tanh(C)))},
)
SLOPE_OF_CELL_WITHOUT_TANH = Mistake(
    "1 - C^2 for the slope of tanh(C)",
    "Between `h_t` and `C_t` stands `1 - C_t**2`; the slope is `1 - tanh(C_t)**2`.",
    "A cell state may be 3. What does your slope say there?",
    at("sec-lstm-backward"),
    {"slope_cell": lambda C: 1 - C**2},
)
SLOPES_AT_ACTIVATIONS = Mistake(
    "all slopes fed with activations",
    "All slopes are taken at the values of gates, candidate and `tanh(C_t)`; they belong at what "
    "went into the sigmoid and the tanh.",
    "A function that expects the net input has got the value. By the values the slopes are "
    "`g * (1 - g)` and `1 - g**2`.",
    at("sec-lstm-backward"),
    {
        **{f"slope_{g}": SLOPES_OF_GATES["fed with the gate"][0] for g in "ifo"},
        "slope_C": SLOPES_OF_CANDIDATE["fed with the candidate"][0],
        "slope_cell": lambda C: tanh_slope(np.tanh(np.tanh(C))),
    },
)
SLOPES_OF_ALL_FOUR = Mistake(
    "slopes of gates and candidate fed with activations",
    "The slopes of the gates and of the candidate are taken at their values; they belong at the "
    "net inputs.",
    "A function that expects the net input has got the value. By the values the slopes are "
    "`g * (1 - g)` and `1 - g**2`.",
    at("sec-lstm-backward"),
    {key: slope for key, slope in SLOPES_AT_ACTIVATIONS.commits.items() if key != "slope_cell"},
)
NO_SLOPES_AT_ALL = Mistake(
    "gradients at the gates for those at the net inputs",
    "These are the gradients at the gates and the candidate; the slopes of sigmoid and tanh are "
    "missing.",
    "Between a net input and its gate stands an activation. Which factor does the chain rule ask "
    "for?",
    at("sec-lstm-backward"),
    {f"slope_{g}": np.ones_like for g in "ifoC"},
)
CELL_GRADIENT_AT_OUTPUT_GATE = Mistake(
    "gradient of the cell at the output gate",
    "The output gate's gradient is made from `dL/dC_t`; the gate acts on `h_t` alone.",
    "In which line of the forward pass does `o_t` stand?",
    at("sec-lstm-backward"),
    {"at_output": lambda g_h, g_C: g_C},
)
ADDED_UP_THROUGH_H = Mistake(
    "gradient through h added up",
    "What goes back to `h_{t-1}` is added to what went back earlier; it should replace it.",
    "`=` or `+=`? The deltas of a step hold all that the later steps sent already.",
    at("sec-lstm-backward"),
    {"accumulated": 1},
)
GATES_OF_STEP_AFTER = Mistake(
    "gates from h_t",
    "The gates of step t are computed from `h_t`; they read `h_{t-1}`.",
    "The array `h` has `h_0` in front. Which part of it do the gates read?",
    at("sec-lstm-backward"),
    {"reads": lambda h: h[1:]},
)


def lstm_backward(
    params: Params, x: Array, h: Array, C: Array, e: Array, *, kept: Any = lambda f, t: f[t],
    heard: str = "ifoC", back: Any = np.transpose, reads: Any = lambda h: h[:-1],
    counted: Any = identity, opened: Any = identity, slope_i: Any = sigmoid_slope,
    slope_f: Any = sigmoid_slope, slope_o: Any = sigmoid_slope, slope_C: Any = tanh_slope,
    slope_cell: Any = lambda C: tanh_slope(np.tanh(C)), partner_i: Any = lambda s: s.new,
    partner_f: Any = lambda s: s.old, partner_o: Any = lambda s: np.tanh(s.C),
    partner_C: Any = lambda s: s.i, at_output: Any = lambda g_h, g_C: g_h, accumulated: float = 0,
    **of_a_gate: Any,
) -> Params:  # fmt: skip
    """Gradients at the net inputs of the four gates, from e_t, those at the logits."""
    meet = {g: of_a_gate.pop(f"meet_{g}", both_paths) for g in "ifC"}
    gate = {g: sigmoid(net_input(params, g, x, reads(h), **of_a_gate)) for g in "ifo"}
    gate["C"] = np.tanh(net_input(params, "C", x, reads(h), **of_a_gate))
    gate["f"] = np.concatenate([gate["f"], 0 * gate["f"][:1]])  # no gate after the last step
    delta = {g: np.zeros_like(gate["i"]) for g in "ifoC"}
    W_back = {g: back(params["W_h" + g]) for g in heard}
    v = counted(e) @ params["W_yh"].T
    from_h = g_C = np.zeros_like(h[0])
    for t in range(len(x), 0, -1):
        i, f, o, new = (gate[g][t - 1] for g in "ifoC")
        s = SimpleNamespace(i=i, f=f, o=o, new=new, C=C[t], old=C[t - 1])
        g_h = v[t - 1] + from_h
        later, here = g_C * kept(gate["f"], t), g_h * opened(o) * slope_cell(C[t])
        g_C = later + here
        d = {
            "o": at_output(g_h, g_C) * partner_o(s) * slope_o(o),
            "f": meet["f"](later, here, partner_f(s), slope_f(f)),
            "i": meet["i"](later, here, partner_i(s), slope_i(i)),
            "C": meet["C"](later, here, partner_C(s), slope_C(new)),
        }
        for g, value in d.items():
            delta[g][t - 1] = value
        from_h = sum((d[g] @ W_back[g] for g in heard), accumulated * from_h)
    return delta


def both_paths(later: Array, here: Array, partner: Array, slope: Array) -> Array:
    """Multiply what comes from the later steps and from the step's own h by both factors."""
    return (later + here) * partner * slope


ON_THE_WAY_BACK = (
    NOTHING_HANDED_BACK, CELL_PATH_CUT, STATE_PATH_CUT, CARRIED_WITHOUT_FORGET_GATE,
    FORGET_GATE_OF_SAME_STEP, OUTPUT_GATE_SILENT, INPUT_GATE_SILENT, FORGET_GATE_SILENT,
    CANDIDATE_SILENT, GATES_NOT_TRANSPOSED, CELL_WITHOUT_OUTPUT_GATE, ADDED_UP_THROUGH_H,
)  # fmt: skip
AT_THE_GATES = (
    SLOPES_AT_ACTIVATIONS, SLOPES_OF_ALL_FOUR, NO_SLOPES_AT_ALL, CELL_OF_SAME_STEP,
    CANDIDATE_AT_FORGET_GATE, INPUT_GATE_WITHOUT_CANDIDATE, OLD_CELL_AT_INPUT_GATE,
    CANDIDATE_WITHOUT_INPUT_GATE, CELL_AT_OUTPUT_GATE, OLD_CELL_AT_OUTPUT_GATE,
    SLOPE_OF_CELL_FORGOTTEN, SLOPE_OF_CELL_AT_ACTIVATION, SLOPE_OF_CELL_WITHOUT_TANH,
    CELL_GRADIENT_AT_OUTPUT_GATE, GATES_OF_STEP_AFTER, NO_GATE_BIAS, *at_each_gate("ifo"),
    *at_the_candidate(), *at_one_of_two_paths(),
)  # fmt: skip
LOSSES = (
    LAST_LOSS.by(counted=lambda e: only(e, slice(-1, None))),
    FIRST_LOSS_LOST.by(counted=lambda e: only(e, slice(1, None))),
    LAST_LOSS_LOST.by(counted=lambda e: only(e, slice(-1))),
    *CLIPPED,
)

# ----------------------------------------------------------------------------- all the weights

GATES_PAIRED_CROSSWISE = Mistake(
    "gradients of input and forget gate exchanged",
    "The weights of the input gate have the gradient of the forget gate, and the other way round.",
    "In which order do your gates stand in the array that holds all four?",
    at("sec-lstm-backward"),
    {"exchanged": {"i": "f", "f": "i"}},
)


def lstm_gradients(
    params: Params, x: Array, h: Array, C: Array, e: Array, *, before: Any = lambda h: h[:-1],
    shown: Any = lambda h: h[1:], entered: Any = identity, exchanged: Any = (),
    outer: Any = lambda u, d: np.einsum("tmi,tmj->tij", u, d), share: Any = lambda y: 1,
    gather: Any = lambda terms: terms.sum(axis=0), **of_the_recursion: Any,
) -> Params:  # fmt: skip
    """Gradients with respect to all parameters of an LSTM, from e_t, those at the logits."""
    e = share(e[..., 0]) * e
    delta = lstm_backward(params, x, h, C, e, **of_the_recursion)
    contributions = {"W_yh": outer(shown(h), e), "b_y": e.sum(axis=1)}
    for gate in "ifoC":
        d = delta[dict(exchanged).get(gate, gate)]
        contributions |= {
            "W_x" + gate: outer(entered(x), d),
            "W_h" + gate: outer(before(h), d),
            "b_" + gate: d.sum(axis=1),
        }
    return {name: gather(contributions[name]) for name in params}


AT_THE_WEIGHTS_OF_GATES = (
    *(
        mistake
        for mistake in AT_THE_WEIGHTS
        if not {*mistake.commits} & {"at_weights"}
    ),
    BATCH_MEAN, TARGET_MEAN, TIME_MEAN, GATES_PAIRED_CROSSWISE,
)  # fmt: skip

# ------------------------------------------------------------------------------------------ GRU

UPDATE_GATE_REVERSED = Mistake(
    "update gate the other way round",
    "`z_t` and `1 - z_t` have changed places: in this book `z_t` keeps the old state.",
    "Both conventions exist. What does your unit do when `z_t` is 1?",
    at("sec-gru"),
    {"update": lambda z, h, new: (1 - z) * h + z * new},
)
RESET_AFTER = Mistake(
    "reset after the matrix",
    "The reset gate acts after `W_hn`; asked for is the form in which it acts before.",
    "`(r * h) @ W` and `r * (h @ W)` are two different units. Which one did Cho et al. write?",
    at("sec-gru"),
    {"reset": lambda r, h, W, b: r * (h @ W) + b},
)
RESET_AFTER_BIAS = Mistake(
    "reset after matrix and bias",
    "The reset gate acts after `W_hn` and the bias, as in the GRU of the libraries; asked for is "
    "the form in which it acts before.",
    "`(r * h) @ W` and `r * (h @ W + b)` are two different units. Which one did Cho et al. write?",
    at("sec-gru"),
    {"reset": lambda r, h, W, b: r * (h @ W + b)},
)
NO_RESET = Mistake(
    "reset gate missing",
    "The reset gate has no effect: the candidate sees the whole old state.",
    "Where is `r_t` used?",
    at("sec-gru"),
    {"reset": lambda r, h, W, b: h @ W + b},
)
GRU_GATES_SWAPPED = Mistake(
    "update and reset gate exchanged",
    "Update and reset gate have changed places.",
    "Which gate mixes the old state with the candidate, and which acts inside of the candidate?",
    at("sec-gru"),
    {"order": "rz"},
)
NOT_MIXED = Mistake(
    "candidate for the state",
    "This is the candidate; the old state is not mixed in.",
    "Where is `z_t` used?",
    at("sec-gru"),
    {"update": lambda z, h, new: new},
)
MIXED_WITHOUT_REST = Mistake(
    "candidate added whole",
    "The candidate is added whole; it should be multiplied by `1 - z_t`.",
    "Old state and candidate share one place. What do their two weights sum to?",
    at("sec-gru"),
    {"update": lambda z, h, new: z * h + new},
)
RESET_REVERSED = Mistake(
    "reset gate the other way round",
    "The candidate sees `1 - r_t` of the old state; it sees `r_t` of it.",
    "What does the candidate see of the old state when `r_t` is 0?",
    at("sec-gru"),
    {"reset": lambda r, h, W, b: ((1 - r) * h) @ W + b},
)
RESET_STATE_KEPT = Mistake(
    "reset state kept",
    "What is kept of the old state went through the reset gate too.",
    "The reset gate decides what the candidate sees. Does it decide what is kept?",
    at("sec-gru"),
    {"keeps": lambda r, h: r * h},
)


def gru_step(
    params: Params, x_t: Array, h: Array, *, reset: Any = lambda r, h, W, b: (r * h) @ W + b,
    update: Any = lambda z, h, new: z * h + (1 - z) * new, squash: Any = np.tanh, order: str = "zr",
    keeps: Any = lambda r, h: h, gate: Any = sigmoid, **of_a_gate: Any,
) -> Array:  # fmt: skip
    """h_t of a GRU with the reset before the matrix."""
    z, r = (gate(net_input(params, g, x_t, h, **of_a_gate)) for g in order)
    weights: dict[str, Any] = {"bias": 1, "memory": 1, "inputs": 1, "weights": identity}
    weights |= of_a_gate
    W, b = weights["weights"](params["W_hn"]), weights["bias"] * params["b_n"]
    new = squash(weights["inputs"] * x_t @ params["W_xn"] + reset(r, weights["memory"] * h, W, b))
    return update(z, keeps(r, h), new)  # type: ignore[no-any-return]


# ------------------------------------------------------------------- the backward pass of the GRU

GRU_DIRECT_PATH_CUT = Mistake(
    "direct path missing",
    "Nothing goes straight from `h_t` to `h_{t-1}`: the path with the factor `z_t` is missing.",
    "`h_t = z_t h_{t-1} + ..`: in how many places does `h_{t-1}` stand?",
    at("sec-gru-jacobian"),
    {"direct": lambda z: 0 * z},
)
GRU_CANDIDATE_PATH_CUT = Mistake(
    "path through the candidate missing",
    "The gradient at the candidate does not go on to `h_{t-1}`.",
    "The candidate reads `r_t * h_{t-1}`. What goes back through it?",
    at("sec-gru-jacobian"),
    {"heard": "zrd"},
)
GRU_UPDATE_PATH_CUT = Mistake(
    "path through the update gate missing",
    "The gradient at the update gate does not go on to `h_{t-1}`.",
    "Both gates read `h_{t-1}`. Over what does your sum run?",
    at("sec-gru-jacobian"),
    {"heard": "rnd"},
)
GRU_RESET_PATH_CUT = Mistake(
    "path through the reset gate missing",
    "The gradient at the reset gate does not go on to `h_{t-1}`.",
    "Both gates read `h_{t-1}`. Over what does your sum run?",
    at("sec-gru-jacobian"),
    {"heard": "znd"},
)
GRU_NOTHING_HANDED_BACK = Mistake(
    "every step of the GRU alone",
    "Every step stands alone: nothing goes to the step before.",
    "What goes from a step to the one before? Where does your loop compute it, and does the next "
    "turn use it?",
    at("sec-lstm-backward"),
    {"heard": ""},
)
RESET_FORGOTTEN_ON_THE_WAY = Mistake(
    "reset gate forgotten on the way back",
    "What goes through the candidate to `h_{t-1}` is not multiplied by `r_t`.",
    "The candidate reads `r_t * h_{t-1}`. What is the derivative of that with respect to "
    "`h_{t-1}`?",
    at("sec-gru-jacobian"),
    {"through": lambda r: np.ones_like(r)},
)
SIGN_AT_UPDATE_GATE = Mistake(
    "sign at the update gate",
    "The update gate's gradient has the wrong sign: it has `candidate - h_{t-1}` in it.",
    "In this book `z_t` keeps the old state. What happens to `h_t` if `z_t` grows?",
    at("sec-gru"),
    {"difference": lambda h, new: new - h},
)
CANDIDATE_LEFT_OUT_AT_UPDATE_GATE = Mistake(
    "candidate left out at the update gate",
    "The update gate's gradient has `h_{t-1}` in it; it has `h_{t-1} - candidate`.",
    "`z_t` stands in the equation twice. Which two things does it multiply?",
    at("sec-gru"),
    {"difference": lambda h, new: h},
)
WEIGHT_OF_CANDIDATE_REVERSED = Mistake(
    "z for 1 - z at the candidate",
    "The candidate's gradient is multiplied by `z_t`; it has the weight `1 - z_t`.",
    "Both conventions exist. Which one has the forward pass of this book?",
    at("sec-gru"),
    {"written": lambda z: z},
)
WEIGHT_OF_CANDIDATE_FORGOTTEN = Mistake(
    "1 - z missing at the candidate",
    "The candidate's gradient lacks the factor `1 - z_t`.",
    "What stood beside the candidate in the forward pass?",
    at("sec-gru"),
    {"written": np.ones_like},
)
GRU_REVERSED = Mistake(
    "GRU of the other convention",
    "This is the backward pass of the GRU in which `1 - z_t` keeps the old state; here `z_t` does.",
    "Both conventions exist. What does the unit of this book do when `z_t` is 1?",
    at("sec-gru"),
    {
        "written": lambda z: z, "direct": lambda z: 1 - z, "difference": lambda h, new: new - h,
    },
)  # fmt: skip
GRU_GATE_PATHS_CUT = Mistake(
    "paths through both gates missing",
    "Neither the gradient at the update gate nor that at the reset gate goes on to `h_{t-1}`.",
    "In how many net inputs does `h_{t-1}` stand?",
    at("sec-gru-jacobian"),
    {"heard": "nd"},
)
GRU_DIRECT_PATH_REVERSED = Mistake(
    "1 - z for z on the direct path",
    "What goes straight from `h_t` to `h_{t-1}` is multiplied by `1 - z_t`; the factor is `z_t`.",
    "Both conventions exist. What does the unit of this book do when `z_t` is 1?",
    at("sec-gru"),
    {"direct": lambda z: 1 - z},
)
STATE_AT_GATES_TOO_LATE = Mistake(
    "h_t for h_{t-1} at the gates",
    "The gradients of the gates have `h_t` in them; the gates act on `h_{t-1}`.",
    "The array `h` has `h_0` in front. Which index has the state that the gates multiply?",
    at("sec-gru"),
    {"read": 1},
)
RESET_PARTNER_MISSING = Mistake(
    "h_{t-1} missing at the reset gate",
    "The reset gate's gradient lacks the factor `h_{t-1}`.",
    "What stood beside `r_t` in the forward pass?",
    at("sec-gru"),
    {"partner_r": np.ones_like},
)


def gru_backward(
    params: Params, x: Array, h: Array, e: Array, *, direct: Any = identity, heard: str = "zrnd",
    through: Any = identity, difference: Any = lambda h, new: h - new, back: Any = np.transpose,
    written: Any = lambda z: 1 - z, partner_r: Any = identity, read: int = 0,
    counted: Any = identity, slope_z: Any = sigmoid_slope, slope_r: Any = sigmoid_slope,
    slope_C: Any = tanh_slope, inside: float | None = None, **of_a_gate: Any,
) -> Params:  # fmt: skip
    """Gradients at the net inputs of z, r and the candidate n, from e_t, those at the logits."""
    z, r = (sigmoid(net_input(params, g, x, h[:-1], **of_a_gate)) for g in "zr")
    a_n = net_input(params, "n", x, r * h[:-1], **of_a_gate)
    if inside is not None:  # the reset acts after the matrix, and on this share of the bias
        product = h[:-1] @ params["W_hn"] + inside * params["b_n"]
        a_n = x @ params["W_xn"] + (1 - inside) * params["b_n"] + r * product
    new = np.tanh(a_n)
    W_back = {g: back(params["W_h" + g]) for g in "zrn"}
    delta = {g: np.zeros_like(z) for g in "zrn"}
    v, from_later = counted(e) @ params["W_yh"].T, np.zeros_like(h[0])
    for t in range(len(x) - 1, -1, -1):
        g = v[t] + from_later
        d_n = g * written(z[t]) * slope_C(new[t])
        at_reset = d_n @ W_back["n"]  # the gradient at r_t * h_{t-1}
        d_z = g * difference(h[t + read], new[t]) * slope_z(z[t])
        at_r, from_n = at_reset * partner_r(h[t + read]), at_reset * through(r[t])
        if inside is not None:
            at_r, from_n = d_n * product[t], (d_n * r[t]) @ W_back["n"]
        d_r = at_r * slope_r(r[t])
        paths = {
            "z": d_z @ W_back["z"], "r": d_r @ W_back["r"], "n": from_n, "d": g * direct(z[t]),
        }  # fmt: skip
        from_later = sum((paths[name] for name in heard), 0 * g)
        delta["z"][t], delta["r"][t], delta["n"][t] = d_z, d_r, d_n
    return delta


def at_gates_of_gru() -> Iterator[Mistake]:
    """Yield what can be wrong with the slopes of the GRU's gates."""
    for kind, (slope, sentence, hint) in SLOPES_OF_GATES.items():
        for gate, name in (*GATE_NAMES_OF_GRU.items(), ("zr", "gates")):
            yield Mistake(
                f"slope of the {name} {kind}" + " of a GRU" * (gate == "zr"),
                f"At {'both' if gate == 'zr' else 'the'} {name} {lowered(sentence)}",
                hint,
                at("sec-lstm-backward"),
                {f"slope_{g}": slope for g in gate},
            )


# ---------------------------------------------------------------------------------- exercises

LSTMS, GRUS = networks(LSTM()), networks(GRU("before"))


def backward_problem(net: Network) -> Problem:
    """States of a forward pass, and random gradients at the logits."""
    trace = forward(LSTM(), net.params, net.x, net.state0)
    e = net.rng.standard_normal(trace.logits.shape)
    return Problem(
        {"params": net.params, "x": net.x, "h": trace.h, "C": trace.c, "e": e}, net.sizes
    )


def gru_problem(net: Network) -> Problem:
    """States of a forward pass, and random gradients at the logits."""
    trace = forward(GRU("before"), net.params, net.x, net.state0)
    e = net.rng.standard_normal(trace.logits.shape)
    return Problem({"params": net.params, "x": net.x, "h": trace.h, "e": e}, net.sizes)


def blocks(n: int, k: int, seed: int, about: str = "") -> Problem:
    """Blocks of steps t-k .. t, as large as those of an LSTM with large weights."""
    rng = np.random.default_rng(seed)
    A, B = (rng.standard_normal((k + 1, n, n)) / np.sqrt(n) for _ in range(2))
    P, F = (rng.uniform(0.3, 0.9, (k + 1, n, 1)) * np.eye(n) for _ in range(2))
    return Problem({"A": A, "B": B, "P": P, "F": F}, {"n": n, "k+1": k + 1}, about)


def without_terms_or_biases(problem: Problem, *names: str) -> list[Problem]:
    """Return the problem of one sequence, and those in which some of it is zero."""
    biases = [name for name in problem.arguments["params"] if name.startswith("b_")]
    return [*without_terms(problem, *names), zeroed(problem, *biases, about="biases of zero")]


LSTM_STEPS = [
    Problem({"params": n.params, "x_t": n.x[0], "h": n.state0[0], "C": n.state0[1]}, n.sizes)
    for n in LSTMS
]
GRU_STEPS = [Problem({"params": n.params, "x_t": n.x[0], "h": n.state0[0]}, n.sizes) for n in GRUS]
LSTM_SEQUENCES = [backward_problem(net) for net in LSTMS]
GRU_SEQUENCES = [gru_problem(net) for net in GRUS]

EXERCISES = (
    Exercise(
        "lstm_step",
        "One step of an LSTM with forget gate.",
        lstm_step,
        LSTM_STEPS,
        (
            GATES_SWAPPED, INPUT_AND_OUTPUT_SWAPPED, FORGET_AND_OUTPUT_SWAPPED, FORGETS_THE_NEW,
            NO_FORGET_GATE, NO_INPUT_GATE, NO_OUTPUT_GATE, COUPLED_GATES, FORGET_BIAS_ADDED,
            GATES_WITH_TANH, CANDIDATE_LOGISTIC, CELL_NOT_SQUASHED, LOGISTIC_OUTPUT,
            CELL_SQUASHED_TOO, OLD_CELL_SHOWN, INPUT_GATE_COUPLED, CANDIDATE_NOT_SQUASHED,
            *one_gate_for_another(GATE_NAMES), *candidate_for_a_gate(GATE_NAMES),
            *IN_THE_NET_INPUTS,
        ),
        ("h_t", "C_t"),
        simpler=without_terms_or_biases(LSTM_STEPS[0], "h", "C", "x_t"),
        minutes=15,
        level="easy",
        outcome="write down the LSTM of 1997",
    ),
    Exercise(
        "gru_step",
        "One step of a GRU, h_t = z_t h_{t-1} + (1 - z_t) candidate, reset before the matrix.",
        gru_step,
        GRU_STEPS,
        (
            UPDATE_GATE_REVERSED, RESET_AFTER, RESET_AFTER_BIAS, NO_RESET, GRU_GATES_SWAPPED,
            NOT_MIXED, MIXED_WITHOUT_REST, RESET_STATE_KEPT, RESET_REVERSED, CANDIDATE_LOGISTIC,
            CANDIDATE_NOT_SQUASHED, GATES_WITH_TANH, *one_gate_for_another(GATE_NAMES_OF_GRU),
            *IN_THE_NET_INPUTS[:-2],
        ),
        ("h_t",),
        simpler=without_terms_or_biases(GRU_STEPS[0], "h", "x_t"),
        minutes=10,
        level="easy",
        outcome="write down the LSTM of 1997",
    ),
    Exercise(
        "cell_derivative",
        "dC_t/dC_{t-k} from the blocks of the steps t-k .. t; index j is step t-k+j.",
        cell_derivative,
        [blocks(n=5, k=3, seed=0), blocks(n=3, k=4, seed=1)],
        (
            NO_OUTPUT_GATE_PATH, FORGET_GATES_ONLY, START_WITHOUT_H, STEPS_REVERSED,
            P_OF_SAME_STEP, BLOCKS_TRANSPOSED, OUTPUT_PATH_ALONE, FIRST_STEP_COUNTED,
            NEWEST_STEP_LOST, HIDDEN_STATE_ASKED, WITHIN_STEP_FORGOTTEN, NEW_H_READ, NEW_CELL_READ,
        ),
        ("derivative",),
        simpler=[blocks(n=3, k=1, seed=2, about="k = 1"), blocks(n=3, k=2, seed=3, about="k = 2")],
        minutes=25,
        level="medium",
        outcome="go $k$ steps back without losing a path",
    ),
    Exercise(
        "lstm_backward",
        "Gradients at the net inputs of the four gates; e[t - 1] is that at the logits of step t.",
        lstm_backward,
        LSTM_SEQUENCES,
        (*ON_THE_WAY_BACK, *AT_THE_GATES, *LOSSES),
        simpler=shortened(LSTM_SEQUENCES[0]),
        minutes=40,
        level="hard",
        outcome="write the backward pass of the LSTM and of the GRU",
    ),
    Exercise(
        "lstm_gradients",
        "Gradients of an LSTM with respect to all parameters; e[t - 1] is that at the logits of "
        "step t.",
        lstm_gradients,
        with_one_step(LSTM_SEQUENCES),
        (*AT_THE_WEIGHTS_OF_GATES, *ON_THE_WAY_BACK, *AT_THE_GATES, *LOSSES),
        simpler=shortened(LSTM_SEQUENCES[0]),
        minutes=20,
        level="hard",
        outcome="write the backward pass of the LSTM and of the GRU",
    ),
    Exercise(
        "gru_backward",
        "Gradients at the net inputs of z, r and the candidate n; e[t - 1] is that at the logits "
        "of step t.",
        gru_backward,
        GRU_SEQUENCES,
        (
            GRU_NOTHING_HANDED_BACK, GRU_DIRECT_PATH_CUT, GRU_CANDIDATE_PATH_CUT,
            GRU_UPDATE_PATH_CUT, GRU_RESET_PATH_CUT, GRU_GATE_PATHS_CUT, RESET_FORGOTTEN_ON_THE_WAY,
            GRU_REVERSED, RESET_AFTER.by(inside=0), RESET_AFTER_BIAS.by(inside=1),
            GRU_DIRECT_PATH_REVERSED, STATE_AT_GATES_TOO_LATE,
            SIGN_AT_UPDATE_GATE, CANDIDATE_LEFT_OUT_AT_UPDATE_GATE, WEIGHT_OF_CANDIDATE_REVERSED,
            WEIGHT_OF_CANDIDATE_FORGOTTEN, RESET_PARTNER_MISSING, GATES_NOT_TRANSPOSED,
            NO_GATE_BIAS, *at_gates_of_gru(), *at_the_candidate(), *LOSSES,
        ),
        simpler=shortened(GRU_SEQUENCES[0]),
        minutes=40,
        level="hard",
        outcome="write the backward pass of the LSTM and of the GRU",
    ),
)  # fmt: skip
