"""Exercises of the chapter on LSTM and GRU."""

from typing import Any

import numpy as np

from bptt_lab.activations import identity, sigmoid, sigmoid_slope, tanh_slope
from bptt_lab.arguments import Array
from bptt_lab.bptt import forward
from bptt_lab.cells import GRU, LSTM
from bptt_lab.cells.base import Params
from bptt_lab.exercises.checker import Exercise
from bptt_lab.exercises.mistakes import Mistake
from bptt_lab.exercises.places import at
from bptt_lab.exercises.problems import Network, networks
from bptt_lab.exercises.trials import Problem

# ------------------------------------------------------------------------------------ one step

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
CANDIDATE_LOGISTIC = Mistake(
    "candidate with the sigmoid",
    "The candidate goes through the sigmoid; it should go through tanh.",
    "A memory that can only be raised fills up. Which range must the candidate have?",
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


def net_input(params: Params, gate: str, x_t: Array, h: Array, bias: float = 1) -> Array:
    """x_t W_x + h_{t-1} W_h + b of one gate."""
    a = x_t @ params["W_x" + gate] + h @ params["W_h" + gate] + bias * params["b_" + gate]
    return a  # type: ignore[no-any-return]


def lstm_step(
    params: Params, x_t: Array, h: Array, C: Array, *, bias: float = 1, squash: Any = np.tanh,
    update: Any = lambda i, f, C, new: f * C + i * new, shown: Any = np.tanh,
    which: Any = lambda old, new: new,
) -> tuple[Array, Array]:  # fmt: skip
    """h_t and C_t of an LSTM with forget gate."""
    i, f, o = (sigmoid(net_input(params, gate, x_t, h, bias)) for gate in "ifo")
    C_t = update(i, f, C, squash(net_input(params, "C", x_t, h, bias)))
    return o * shown(which(C, C_t)), C_t


# ---------------------------------------------------------------------------------- k steps back

NO_OUTPUT_GATE_PATH = Mistake(
    "path through the output gate missing",
    "The path through the output gates between is missing: this is the product of the one-step "
    "derivatives `A_j P_{j-1} + F_j`.",
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


def cell_derivative(
    A: Array, B: Array, P: Array, F: Array, *, through_o: float = 1, through_h: float = 1,
    start: float = 1, order: int = 1, shown: Any = identity,
) -> Array:  # fmt: skip
    """dC_t/dC_{t-k} through the pair (h, C); index j of a block is step t - k + j."""
    A, B, P = through_h * A, through_o * B, shown(P)
    identity_matrix = np.eye(A.shape[-1])
    rows = np.concatenate([start * P[0], identity_matrix])
    pairs = [np.block([[B[j] + P[j] @ A[j], P[j] @ F[j]], [A[j], F[j]]]) for j in range(1, len(A))]
    for J in pairs[::order]:
        rows = J @ rows
    return rows[len(identity_matrix) :]


# ----------------------------------------------------------------------------- the backward pass

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
OUTPUT_GATE_SILENT = Mistake(
    "output gate not carried back",
    "The gradient at the output gate does not go on to `h_{t-1}`.",
    "All four net inputs read `h_{t-1}`. Over how many gates does your sum run?",
    at("sec-lstm-backward"),
    {"heard": "ifC"},
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
    {"forgotten": lambda C, t: C[t]},
)
SLOPE_OF_CELL_FORGOTTEN = Mistake(
    "slope of tanh(C) forgotten",
    "Between `h_t` and `C_t` the slope of tanh is missing.",
    "`h_t = o_t tanh(C_t)`: which derivative has the second factor?",
    at("sec-lstm-backward"),
    {"slope": np.ones_like},
)


def lstm_backward(
    params: Params, x: Array, h: Array, C: Array, e: Array, *, kept: Any = lambda f, t: f[t],
    heard: str = "ifoC", back: Any = np.transpose, forgotten: Any = lambda C, t: C[t - 1],
    slope: Any = tanh_slope,
) -> Params:  # fmt: skip
    """Gradients at the net inputs of the four gates, from e_t, those at the logits."""
    gate = {g: sigmoid(net_input(params, g, x, h[:-1])) for g in "ifo"}
    gate["C"] = np.tanh(net_input(params, "C", x, h[:-1]))
    gate["f"] = np.concatenate([gate["f"], 0 * gate["f"][:1]])  # no gate after the last step
    delta = {g: np.zeros_like(gate["i"]) for g in "ifoC"}
    from_h = g_C = np.zeros_like(h[0])
    for t in range(len(x), 0, -1):
        s, tanh_C = t - 1, np.tanh(C[t])
        i, f, o, new = (gate[g][s] for g in "ifoC")
        g_h = e[s] @ params["W_yh"].T + from_h
        g_C = g_h * o * slope(tanh_C) + g_C * kept(gate["f"], t)
        delta["o"][s] = g_h * tanh_C * sigmoid_slope(o)
        delta["f"][s] = g_C * forgotten(C, t) * sigmoid_slope(f)
        delta["i"][s] = g_C * new * sigmoid_slope(i)
        delta["C"][s] = g_C * i * tanh_slope(new)
        from_h = sum((delta[g][s] @ back(params["W_h" + g]) for g in heard), 0 * from_h)
    return delta


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
    {"reset": lambda r, h, W: r * (h @ W)},
)
NO_RESET = Mistake(
    "reset gate missing",
    "The reset gate has no effect: the candidate sees the whole old state.",
    "Where is `r_t` used?",
    at("sec-gru"),
    {"reset": lambda r, h, W: h @ W},
)


def gru_step(
    params: Params, x_t: Array, h: Array, *, reset: Any = lambda r, h, W: (r * h) @ W,
    update: Any = lambda z, h, new: z * h + (1 - z) * new, squash: Any = np.tanh, bias: float = 1,
) -> Array:  # fmt: skip
    """h_t of a GRU with the reset before the matrix."""
    z, r = (sigmoid(net_input(params, gate, x_t, h, bias)) for gate in "zr")
    from_h = reset(r, h, params["W_hn"])
    new = squash(x_t @ params["W_xn"] + from_h + bias * params["b_n"])
    return update(z, h, new)  # type: ignore[no-any-return]


# ---------------------------------------------------------------------------------- exercises

LSTMS, GRUS = networks(LSTM()), networks(GRU("before"))


def backward_problem(net: Network) -> Problem:
    """States of a forward pass, and random gradients at the logits."""
    trace = forward(LSTM(), net.params, net.x, net.state0)
    e = net.rng.standard_normal(trace.logits.shape)
    return Problem(
        {"params": net.params, "x": net.x, "h": trace.h, "C": trace.c, "e": e}, net.sizes
    )


def blocks(n: int, k: int, seed: int) -> Problem:
    """Blocks of steps t-k .. t, as large as those of an LSTM with large weights."""
    rng = np.random.default_rng(seed)
    A, B = (rng.standard_normal((k + 1, n, n)) / np.sqrt(n) for _ in range(2))
    P, F = (rng.uniform(0.3, 0.9, (k + 1, n, 1)) * np.eye(n) for _ in range(2))
    return Problem({"A": A, "B": B, "P": P, "F": F}, {"n": n, "k+1": k + 1})


EXERCISES = (
    Exercise(
        "lstm_step",
        "One step of an LSTM with forget gate.",
        lstm_step,
        [
            Problem(
                {"params": n.params, "x_t": n.x[0], "h": n.state0[0], "C": n.state0[1]}, n.sizes
            )
            for n in LSTMS
        ],
        (
            GATES_SWAPPED, FORGETS_THE_NEW, NO_FORGET_GATE, COUPLED_GATES, CANDIDATE_LOGISTIC,
            CELL_NOT_SQUASHED, OLD_CELL_SHOWN, NO_GATE_BIAS,
        ),
        ("h_t", "C_t"),
    ),
    Exercise(
        "gru_step",
        "One step of a GRU, h_t = z_t h_{t-1} + (1 - z_t) candidate, reset before the matrix.",
        gru_step,
        [Problem({"params": n.params, "x_t": n.x[0], "h": n.state0[0]}, n.sizes) for n in GRUS],
        (UPDATE_GATE_REVERSED, RESET_AFTER, NO_RESET, CANDIDATE_LOGISTIC, NO_GATE_BIAS),
        ("h_t",),
    ),
    Exercise(
        "cell_derivative",
        "dC_t/dC_{t-k} from the blocks of the steps t-k .. t; index j is step t-k+j.",
        cell_derivative,
        [blocks(n=5, k=3, seed=0), blocks(n=3, k=4, seed=1)],
        (
            NO_OUTPUT_GATE_PATH, FORGET_GATES_ONLY, START_WITHOUT_H, STEPS_REVERSED, P_OF_SAME_STEP,
        ),
        ("derivative",),
    ),
    Exercise(
        "lstm_backward",
        "Gradients at the net inputs of the four gates; e[t - 1] is that at the logits of step t.",
        lstm_backward,
        [backward_problem(net) for net in LSTMS],
        (
            FORGET_GATE_OF_SAME_STEP, CELL_PATH_CUT, OUTPUT_GATE_SILENT, GATES_NOT_TRANSPOSED,
            CELL_OF_SAME_STEP, SLOPE_OF_CELL_FORGOTTEN,
        ),
    ),
)  # fmt: skip
