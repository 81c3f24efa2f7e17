"""Exercises of the chapter on vanishing and exploding gradients."""

from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np

from bptt_lab.activations import identity, tanh_slope
from bptt_lab.arguments import Array
from bptt_lab.cells.base import Params
from bptt_lab.exercises.checker import Exercise
from bptt_lab.exercises.forward import (
    BIAS_TWICE,
    JOINED_CROSSWISE,
    NETWORKS,
    NO_BIAS,
    NO_INPUT,
    NO_MEMORY,
    WEIGHTS_JOINED_CROSSWISE,
    rnn_step,
    zeroed,
)
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
    "The Jacobian is transposed, as in `W_hh D_t`: a neuron's derivatives stand in a column.",
    "Entry (i, j) is the derivative of neuron i at step t by neuron j at step t - 1.",
    at("sec-bptt-order"),
    {"layout": np.transpose},
)
JACOBIAN_SLOPE_OF_VALUE = Mistake(
    "slope of tanh at h",
    "The slope of tanh is taken at the value `h_t`; it belongs at the net input.",
    "`1 - tanh(a)**2` is `1 - h**2`. How often do you apply tanh?",
    at("sec-jacobian"),
    {"slope": lambda before, h, a: 1 - np.tanh(h) ** 2},
)
JACOBIAN_SLOPE_NOT_SQUARED = Mistake(
    "slope 1 - h",
    "The slope of tanh is written `1 - h`; it is `1 - h**2`.",
    "At `h = -1` the neuron is saturated. What does your slope say there?",
    at("sec-jacobian"),
    {"slope": lambda before, h, a: 1 - h},
)
JACOBIAN_OLD_SLOPE = Mistake(
    "slope at the old state",
    "The slope is taken from the state before the step; it belongs to the state after it.",
    "Which state is tanh of the net input of this step?",
    at("sec-jacobian"),
    {"slope": lambda before, h, a: 1 - before**2},
)
JACOBIAN_WITHOUT_SLOPE = Mistake(
    "weights alone",
    "The slope is missing, as if the network were linear.",
    "A saturated neuron does not feel its inputs. Does yours?",
    at("sec-jacobian"),
    {"slope": lambda before, h, a: np.ones_like(h)},
)


JACOBIAN_SLOPE_OF_SIGMOID = Mistake(
    "slope h (1 - h)",
    "The slope is `h (1 - h)`, that of the logistic sigmoid; the network has tanh.",
    "Differentiate tanh and write the result by its value.",
    at("sec-jacobian"),
    {"slope": lambda before, h, a: h * (1 - h)},
)
JACOBIAN_SLOPE_OF_NET_INPUT = Mistake(
    "slope 1 - a^2",
    "The slope is written with the net input, `1 - a**2`; it is `1 - tanh(a)**2`.",
    "Is the slope of tanh ever negative? Is yours?",
    at("sec-jacobian"),
    {"slope": lambda before, h, a: 1 - a**2},
)
JACOBIAN_VALUE_FOR_SLOPE = Mistake(
    "h for the slope",
    "The rows are multiplied by `h_t` itself where the slope `1 - h_t**2` belongs.",
    "Does your function return tanh, or its derivative?",
    at("sec-jacobian"),
    {"slope": lambda before, h, a: h},
)
JACOBIAN_SLOPE_TWICE = Mistake(
    "slope squared",
    "The slope of tanh is multiplied twice.",
    "How many activations does one step have?",
    at("sec-jacobian"),
    {"slope": lambda before, h, a: tanh_slope(h) ** 2},
)
SLOPES_ON_BOTH_SIDES = Mistake(
    "slopes on both sides",
    "The slopes multiply the rows and the columns; each step has one activation.",
    "How many diagonal matrices stand in one Jacobian?",
    at("sec-jacobian"),
    {"scaled": lambda slope, A: slope[:, None] * slope * A},
)
JACOBIAN_BY_INPUT = Mistake(
    "derivative with respect to the input",
    "This is the derivative with respect to `x_t`; asked for is that with respect to `h_{t-1}`.",
    "Which matrix stands beside `h_{t-1}`?",
    at("sec-jacobian"),
    {"matrix": "W_xh"},
)


def step_jacobian(
    params: Params, x_t: Array, h: Array, *, slope: Any = lambda before, h, a: tanh_slope(h),
    weights: Any = np.transpose, scaled: Any = lambda slope, A: slope[:, None] * A,
    layout: Any = identity, matrix: str = "W_hh", **of_the_step: Any,
) -> Array:  # fmt: skip
    """J_t = diag(phi'(a_t)) W_hh^T, for one sequence."""
    after = rnn_step(params, x_t, h, **of_the_step)
    a = rnn_step(params, x_t, h, **{**of_the_step, "phi": identity})
    return layout(scaled(slope(h, after, a), weights(params[matrix])))  # type: ignore[no-any-return]


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
    "From k to t there are t - k steps. How many factors does your product have? `J[k - 1]` is "
    "`J_k`, and so `range(max(k - 1, 0), t)` begins one too early unless k is 0.",
    at("sec-jacobian-product"),
    {"factors": lambda J, t, k: J[max(k - 1, 0) : t]},
)
PRODUCT_TOO_LONG_WRAPPED = Mistake(
    "J_k in the product, and J_T for k = 0",
    "There is a factor too many: `J_k` leads to `h_k`, not away from it. For k = 0 it is `J[-1]`, "
    "the last one.",
    "From k to t there are t - k steps. How many factors does your product have?",
    at("sec-jacobian-product"),
    {"factors": lambda J, t, k: J[np.arange(k - 1, t)]},
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
PRODUCT_SHIFTED_BACK = Mistake(
    "index shifted by one, the other way",
    "The factors are one step too early: `J_{t-1}` to `J_k`, and the last one for `J_0`.",
    "The array has no entry for a step 0, so `J[0]` is `J_1`. Is 1 subtracted twice?",
    at("sec-jacobian-product"),
    {"factors": lambda J, t, k: J[np.arange(k - 1, t - 1)]},
)
PRODUCT_SHIFTED_BACK_UNLESS_FROM_START = Mistake(
    "index shifted by one, the other way, unless k is 0",
    "The factors are one step too early, `J_{t-1}` to `J_k`; for k = 0 the newest is missing.",
    "The array has no entry for a step 0, so `J[0]` is `J_1`. Is 1 subtracted twice?",
    at("sec-jacobian-product"),
    {"factors": lambda J, t, k: J[max(k - 1, 0) : max(t - 1, 0)]},
)
PRODUCT_OF_NEWEST_STEPS = Mistake(
    "from k to the end",
    "The product goes on to `J_T`, whatever t is: these are the factors `J_{k+1}` to `J_T`.",
    "Where does your loop end, at t or at the end of the array?",
    at("sec-jacobian-product"),
    {"factors": lambda J, t, k: J[k:]},
)
PRODUCT_OF_OLDEST_STEPS = Mistake(
    "from the start to t",
    "The product begins with `J_1`, whatever k is: these are the factors `J_1` to `J_t`.",
    "Where does your loop begin, at k or at the start of the array?",
    at("sec-jacobian-product"),
    {"factors": lambda J, t, k: J[:t]},
)
NO_FACTOR = Mistake(
    "always the identity",
    "This is the identity, whatever t and k are: no factor is in the product.",
    "Over which range does your loop run if t = 4 and k = 2? And is the product kept?",
    at("sec-jacobian-product"),
    {"factors": lambda J, t, k: J[:0]},
)
PRODUCT_BY_ENTRY = Mistake(
    "product entry by entry",
    "The matrices are multiplied entry by entry.",
    "`*` and `np.prod` work entry by entry. Which operator multiplies matrices?",
    at("sec-jacobian-product"),
    {"times": np.multiply},
)
PRODUCT_BY_ENTRY_FROM_IDENTITY = Mistake(
    "product entry by entry, from the identity",
    "The matrices are multiplied entry by entry. The identity stands among them, so that only the "
    "diagonals are left.",
    "`*` and `np.prod` work entry by entry. Which operator multiplies matrices?",
    at("sec-jacobian-product"),
    {"times": lambda P, J_j: np.diag(np.diag(P)) * J_j},
)


PRODUCT_BY_ENTRY_OR_ONES = Mistake(
    "product entry by entry, and ones for t = k",
    "The matrices are multiplied entry by entry, and for t = k that gives a matrix of ones.",
    "`*` and `np.prod` work entry by entry. Which operator multiplies matrices?",
    at("sec-jacobian-product"),
    {"times": np.multiply, "empty": lambda n: np.ones((n, n))},
)
FACTORS_TRANSPOSED = Mistake(
    "factors transposed",
    "Each Jacobian enters as its transpose.",
    "`J[t - 1]` is in numerator layout already, and so is the product asked for.",
    at("sec-bptt-order"),
    {"layout": np.transpose},
)
PRODUCT_TRANSPOSED = Mistake(
    "product transposed",
    "This is the transpose of the product: its rows and columns have changed places.",
    "Entry (i, j) is the derivative of neuron i at step t with respect to neuron j at step k.",
    at("sec-bptt-order"),
    {"turned": np.transpose},
)
POWER_OF_ONE = Mistake(
    "power of one Jacobian",
    "The newest Jacobian is taken to the power t - k; each step has a Jacobian of its own.",
    "The slopes differ from step to step. Which index changes in your loop?",
    at("sec-jacobian-product"),
    {"factors": lambda J, t, k: J[[t - 1] * (t - k)]},
)
FACTORS_ADDED = Mistake(
    "factors added",
    "The Jacobians are added; one step after the other is a product.",
    "What does the chain rule do with the derivatives of a function of a function?",
    at("sec-jacobian-product"),
    {"times": np.add},
)


def jacobian_product(
    J: Array, t: int, k: int, *, factors: Any = lambda J, t, k: J[k:t], order: int = 1,
    times: Any = np.matmul, layout: Any = identity, turned: Any = identity, empty: Any = np.eye,
) -> Array:  # fmt: skip
    """J_t J_{t-1} .. J_{k+1}, and the identity for t = k."""
    chosen = [layout(J_j) for J_j in factors(J, t, k)[::-order]]
    return turned(reduce(times, chosen) if len(chosen) else empty(J.shape[-1]))  # type: ignore[no-any-return]


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
    {"over_steps": lambda gamma, size, lag: size**lag},
)
GAMMA_ONCE = Mistake(
    "bound of the slope only once",
    "The bound of the slope, gamma, is counted for one step; it acts at every step.",
    "How many slopes are there between k and t?",
    at("sec-norm-bound"),
    {"over_steps": lambda gamma, size, lag: gamma * size**lag},
)
WEIGHTS_ONCE = Mistake(
    "bound of the weights only once",
    "The size of the weights is counted for one step; `W_hh` acts at every step.",
    "How often is `W_hh` applied between k and t?",
    at("sec-norm-bound"),
    {"over_steps": lambda gamma, size, lag: gamma**lag * size},
)
LAG_TOO_SMALL = Mistake(
    "exponent one too small",
    "There is one factor too few: over a lag of t - k there are t - k factors.",
    "What should the bound be for a lag of 1?",
    at("sec-norm-bound"),
    {"over_steps": lambda gamma, size, lag: (gamma * size) ** (lag - 1)},
)


LAG_FORGOTTEN = Mistake(
    "bound of a single step",
    "The lag has no effect: the factor is that of one step.",
    "Two steps, each by a factor of at most 0.5: what is the factor of both together?",
    at("sec-norm-bound"),
    {"over_steps": lambda gamma, size, lag: gamma * size},
)
NORM_OF_POWER = Mistake(
    "norm of the power",
    "The norm is that of the power of `W_hh`; it bounds the product only where all slopes are "
    "alike. Asked for is the power of the norm.",
    "Between two factors `W_hh` stand slopes. Is the norm of a product the product of the norms?",
    at("sec-norm-bound"),
    {"size": lambda W: W, "over_steps": lambda gamma, W, lag: gamma**lag * norm_of_power(W, lag)},
)
LAG_TOO_LARGE = Mistake(
    "exponent one too large",
    "There is one factor too many: over a lag of t - k there are t - k factors.",
    "What should the bound be for a lag of 1?",
    at("sec-norm-bound"),
    {"over_steps": lambda gamma, size, lag: (gamma * size) ** (lag + 1)},
)
COLUMN_SUMS = Mistake(
    "1-norm",
    "This uses the largest column sum, the 1-norm; asked for is the 2-norm.",
    "Which second argument of `np.linalg.norm` gives the 2-norm of a matrix?",
    at("sec-norm-bound"),
    {"size": lambda W: np.linalg.norm(W, 1)},
)
ROW_SUMS = Mistake(
    "infinity norm",
    "This uses the largest row sum, the norm of order infinity; asked for is the 2-norm.",
    "Which second argument of `np.linalg.norm` gives the 2-norm of a matrix?",
    at("sec-norm-bound"),
    {"size": lambda W: np.linalg.norm(W, np.inf)},
)
SINGULAR_VALUE_SQUARED = Mistake(
    "root of the eigenvalue forgotten",
    "This uses the largest eigenvalue of `W W^T`; the singular value is its root.",
    "Double the matrix: by what does your number grow?",
    at("sec-norm-bound"),
    {"size": lambda W: np.linalg.norm(W, 2) ** 2},
)
SMALLEST_SINGULAR_VALUE = Mistake(
    "smallest singular value",
    "This uses the smallest singular value; a bound from above needs the largest.",
    "In which order does `np.linalg.svd` return them?",
    at("sec-norm-bound"),
    {"size": lambda W: np.linalg.norm(W, -2)},
)
DETERMINANT = Mistake(
    "product of the singular values",
    "This uses the product of all singular values, the determinant's size; asked for is the "
    "largest of them.",
    "The determinant says how volumes grow. What says how far a single vector can be stretched?",
    at("sec-norm-bound"),
    {"size": lambda W: np.abs(np.linalg.det(W))},
)
TIMES_LAG = Mistake(
    "lag times the factor",
    "The factor of one step is multiplied by the lag; over several steps it is a power.",
    "Two steps, each by a factor of at most 0.5: what is the factor of both together?",
    at("sec-norm-bound"),
    {"over_steps": lambda gamma, size, lag: gamma * size * lag},
)


def norm_of_power(W: Array, lag: int) -> float:
    """2-norm of a power of a matrix."""
    return float(np.linalg.norm(np.linalg.matrix_power(W, lag), 2))


def norm_bound(
    W_hh: Array, gamma: float, lag: int, *, size: Any = lambda W: np.linalg.norm(W, 2),
    over_steps: Any = lambda gamma, size, lag: (gamma * size) ** lag,
) -> float:  # fmt: skip
    """(gamma sigma_max(W_hh))^lag."""
    return float(over_steps(gamma, size(W_hh), lag))


# ----------------------------------------------------------------------------------- the rates

DIRECTIONS_LOST = Mistake(
    "never made orthonormal again",
    "Over many steps the directions are lost: all columns of the product turn towards the one "
    "direction that grows most, and rounding erases the others.",
    "What are the columns good for once they are parallel? Make them orthonormal at every step, "
    "and keep what the QR splits off.",
    at("sec-exact-rate"),
)
NORMS_OF_COLUMNS = Mistake(
    "columns followed without a QR",
    "This is the growth of each column by itself. All of them turn towards the direction that "
    "grows most, so all rates become the largest one.",
    "What keeps the second column away from the first? That is what the QR is for.",
    at("sec-exact-rate"),
    {"way": "columns"},
)
SINGULAR_VALUES_OF_PRODUCT = Mistake(
    "singular values of the product",
    "These are the singular values of the whole product. They have the same limit, but not the "
    "same value after so many steps, and rounding erases the small ones.",
    "Asked for are the logarithms of `|diag R_t|`, one QR after the other.",
    at("sec-exact-rate"),
    {"way": "product"},
)
ALWAYS_FROM_IDENTITY = Mistake(
    "Q not handed on",
    "The directions of the step before have no effect: the factors are those of every Jacobian by "
    "itself.",
    "`qr(J_t @ Q)`: is `Q` handed on from step to step, and does it stand to the right of `J_t`? "
    "To the left, `qr(Q @ J_t)`, it leaves the diagonal of R as it is.",
    at("sec-exact-rate"),
    {"way": "alone"},
)
SINGULAR_VALUES_AVERAGED = Mistake(
    "singular values of single steps averaged",
    "The logarithms of each step's singular values are averaged. They belong to other directions "
    "at every step, so this is only a bound.",
    "Which direction is stretched most by `J_1`, and which by `J_2`?",
    at("sec-exact-rate"),
    {"way": "singular values"},
)
EIGENVALUES_AVERAGED = Mistake(
    "eigenvalues of single steps averaged",
    "The logarithms of each step's eigenvalues are averaged. A product does not have the product "
    "of the eigenvalues.",
    "What are the eigenvalues of a product of two nilpotent matrices?",
    at("sec-exact-rate"),
    {"way": "eigenvalues"},
)
RATES_NOT_AVERAGED = Mistake(
    "sum for the rate per step",
    "The logarithms are added up; a rate per step is their mean.",
    "Would your number be about the same for a sequence twice as long?",
    at("sec-exact-rate"),
    {"per": lambda T: 1},
)
RATES_OVER_ONE_STEP_LESS = Mistake(
    "divided by T - 1",
    "The sum of the logarithms is divided by T - 1; there are T steps.",
    "How many Jacobians are there, and how many logarithms in your sum?",
    at("sec-exact-rate"),
    {"per": lambda T: T - 1},
)
RATES_OVER_ONE_STEP_MORE = Mistake(
    "divided by T + 1",
    "The sum of the logarithms is divided by T + 1; there are T steps.",
    "How many Jacobians are there, and how many logarithms in your sum?",
    at("sec-exact-rate"),
    {"per": lambda T: T + 1},
)
RATES_NOT_SORTED = Mistake(
    "rates not sorted",
    "The rates stand as the QR finds them; the largest has to be the first.",
    "Nothing forces the first direction to grow most. What sorts your rates?",
    at("sec-exact-rate"),
    {"ranked": identity},
)
SMALLEST_RATE_FIRST = Mistake(
    "smallest rate first",
    "The rates rise; the largest has to be the first.",
    "In which order does `np.sort` return them?",
    at("sec-exact-rate"),
    {"ranked": np.sort},
)
LOGARITHM_OF_THE_MEAN = Mistake(
    "logarithm of the mean",
    "The factors are averaged before the logarithm; a product has the mean of the logarithms.",
    "Two steps by the factors 10 and 0.1: how much is left after both?",
    at("sec-exact-rate"),
    {"mean_first": True},
)
RATES_IN_BITS = Mistake(
    "rates to base 2",
    "The logarithm has base 2; asked for are nats.",
    "In NumPy `log` is the natural logarithm. Which one did you take?",
    at("sec-exact-rate"),
    {"log": np.log2},
)
FACTORS_FOR_RATES = Mistake(
    "factors for rates",
    "These are the factors per step; a rate is the logarithm of such a factor.",
    "A rate below 0 means that it shrinks. Are yours ever negative?",
    at("sec-exact-rate"),
    {"ranked": lambda rates: -np.sort(-np.exp(rates))},
)
FIRST_STEP_LEFT_OUT = Mistake(
    "first Jacobian left out",
    "The sum begins with the second Jacobian; `J[0]` is `J_1` and belongs to it.",
    "Where does your loop begin, and what does the array hold there?",
    at("sec-exact-rate"),
    {"steps": lambda J: J[1:]},
)
LAST_STEP_LEFT_OUT = Mistake(
    "last Jacobian left out",
    "The sum ends before the last Jacobian; `J[T - 1]` is `J_T` and belongs to it.",
    "Where does your loop end, and what does the array hold there?",
    at("sec-exact-rate"),
    {"steps": lambda J: J[:-1]},
)
OLDEST_LAST = Mistake(
    "steps from last to first",
    "The Jacobians are applied from the last step to the first.",
    "Which step does a small change of `h_0` pass first?",
    at("sec-exact-rate"),
    {"steps": lambda J: J[::-1]},
)
JACOBIANS_TURNED = Mistake(
    "transposed Jacobians",
    "Each Jacobian enters as its transpose.",
    "`J[t - 1]` is in numerator layout already, with columns to be multiplied.",
    at("sec-bptt-order"),
    {"layout": np.transpose},
)


def stretches(J: Array, way: str) -> Array:
    """Return by which factors each step stretches which directions, (T, n)."""
    Q, found = np.eye(J.shape[-1]), []
    if way == "singular values":
        return np.linalg.svd(J, compute_uv=False)
    if way == "eigenvalues":
        return -np.sort(-np.abs(np.linalg.eigvals(J)))
    if way in ("product", "columns"):
        P = reduce(lambda P, J_t: J_t @ P, J, Q)
        whole = np.linalg.norm(P, axis=0) if way == "columns" else np.linalg.svd(P)[1]
        return np.array([whole ** (1 / len(J))] * len(J))
    for J_t in J:
        Q, R = np.linalg.qr(J_t @ Q if way == "handed on" else J_t)
        found.append(np.abs(np.diag(R)))
    return np.array(found)


def lyapunov(
    J: Array, *, way: str = "handed on", per: Any = lambda T: T, log: Any = np.log,
    steps: Any = identity, layout: Any = identity, mean_first: bool = False,
    ranked: Any = lambda rates: -np.sort(-rates),
) -> Array:  # fmt: skip
    """Mean logarithms of |diag R_t|, where Q_t R_t = J_t Q_{t-1} and Q_0 = I; largest first."""
    factors = stretches(np.array([layout(J_t) for J_t in steps(J)]), way)
    rates = log(factors.mean(axis=0)) if mean_first else log(factors).sum(axis=0) / per(len(J))
    return ranked(rates)  # type: ignore[no-any-return]


# ---------------------------------------------------------------------------------- exercises


def jacobians(net: Network) -> Array:
    """Jacobians of the first sequence, J[t-1] = J_t."""
    found, h = [], net.state0[0][0]
    for x_t in net.x[:, 0]:
        found.append(step_jacobian(net.params, x_t, h))
        h = rnn_step(net.params, x_t, h)
    return np.array(found)


def between(net: Network, t: int, k: int) -> Problem:
    """Jacobians, and two steps."""
    arguments = {"J": jacobians(net), "t": t, "k": k}
    return Problem(arguments, net.sizes, f"t = {t}, k = {k}", apart=t == k)


def wandering(n: int, T: int, seed: int, rising: bool = False) -> Problem:
    """Jacobians of many steps, the same at no two, with rates that differ.

    If they are rising, the QR finds the smallest first, for it starts in those directions.
    """
    rng = np.random.default_rng(seed)
    growth = np.linspace(0.2, -0.8, n)[:: -1 if rising else 1]
    turned = [np.linalg.qr(rng.standard_normal((n, n)))[0] for _ in range(T + 1)]
    turned[0] = np.eye(n) if rising else turned[0]
    stretch = np.exp(growth + 0.5 * rng.standard_normal((T, n)))
    shear = [np.eye(n) + 0.5 * np.triu(rng.standard_normal((n, n)), 1) for _ in range(T)]
    J = [turned[t + 1] @ shear[t] @ np.diag(stretch[t]) @ turned[t].T for t in range(T)]
    return Problem({"J": np.array(J)}, {"T": T, "n": n})


ONE_SEQUENCE = [
    Problem({"params": n.params, "x_t": n.x[0, 0], "h": n.state0[0][0]}, n.sizes) for n in NETWORKS
]
PRODUCTS = [between(net, t, k) for net in NETWORKS for t, k in ((6, 2), (7, 0), (3, 3))]
NEIGHBOURS = [between(NETWORKS[0], t, k) for t, k in ((4, 3), (1, 0))]
BOUNDS = [
    Problem({"W_hh": net.params["W_hh"], "gamma": gamma, "lag": lag}, net.sizes, apart=lag == 0)
    for net, gamma, lag in zip(
        [*NETWORKS, *NETWORKS], (0.25, 0.9, 0.6, 0.7), (3, 1, 4, 0), strict=True
    )
]


def special_bounds(problem: Problem) -> list[Problem]:
    """Return the bounds of one neuron, of one step, and of slopes up to 1."""
    cases: dict[str, dict[str, Any]] = {
        "one neuron": {"W_hh": np.array([[-1.3]])}, "lag = 1": {"lag": 1},
        "gamma = 1": {"gamma": 1.0},
    }  # fmt: skip
    return [
        replace(problem, arguments={**problem.arguments, **other}, about=about)
        for about, other in cases.items()
    ]


RISING = replace(wandering(3, 10, 3, rising=True), about="rates of which the smallest comes first")
RATES = [wandering(3, 12, 0), wandering(4, 15, 1), RISING]
MANY_STEPS = replace(wandering(3, 150, 2), about="many steps", shows=DIRECTIONS_LOST)

EXERCISES = (
    Exercise(
        "step_jacobian",
        "The Jacobian dh_t/dh_{t-1} of a tanh network, for one sequence, in numerator layout.",
        step_jacobian,
        ONE_SEQUENCE,
        (
            JACOBIAN_NOT_TRANSPOSED, SLOPES_ON_COLUMNS, SLOPES_ON_BOTH_SIDES, JACOBIAN_OF_COLUMNS,
            JACOBIAN_SLOPE_OF_VALUE, JACOBIAN_SLOPE_NOT_SQUARED, JACOBIAN_OLD_SLOPE,
            JACOBIAN_SLOPE_OF_SIGMOID, JACOBIAN_SLOPE_OF_NET_INPUT, JACOBIAN_VALUE_FOR_SLOPE,
            JACOBIAN_SLOPE_TWICE,
            JACOBIAN_WITHOUT_SLOPE, JACOBIAN_BY_INPUT, NO_BIAS, NO_MEMORY, NO_INPUT, BIAS_TWICE,
            JOINED_CROSSWISE, WEIGHTS_JOINED_CROSSWISE,
        ),
        ("J_t",),
        simpler=[zeroed(ONE_SEQUENCE[0], name) for name in ("h", "x_t", "b_h")],
        minutes=10,
        level="easy",
        outcome="write the Jacobian of one step",
    ),
    Exercise(
        "jacobian_product",
        "dh_t/dh_k from the one-step Jacobians; J[t - 1] is J_t, and for t = k it is the identity.",
        jacobian_product,
        PRODUCTS,
        (
            PRODUCT_REVERSED, PRODUCT_TOO_LONG, PRODUCT_TOO_LONG_WRAPPED, PRODUCT_WITHOUT_NEWEST,
            PRODUCT_SHIFTED, PRODUCT_SHIFTED_BACK, PRODUCT_SHIFTED_BACK_UNLESS_FROM_START,
            PRODUCT_OF_NEWEST_STEPS, PRODUCT_OF_OLDEST_STEPS, NO_FACTOR, PRODUCT_BY_ENTRY,
            PRODUCT_BY_ENTRY_FROM_IDENTITY, PRODUCT_BY_ENTRY_OR_ONES,
            FACTORS_TRANSPOSED, PRODUCT_TRANSPOSED, POWER_OF_ONE, FACTORS_ADDED,
        ),
        ("product",),
        simpler=NEIGHBOURS,
        minutes=10,
        level="easy",
        outcome="write the Jacobian of one step",
    ),
    Exercise(
        "norm_bound",
        "The bound of the 2-norm of dh_t/dh_k, from the bound gamma of the slope and lag = t - k.",
        norm_bound,
        BOUNDS,
        (
            SPECTRAL_RADIUS, FROBENIUS, LARGEST_ENTRY, COLUMN_SUMS, ROW_SUMS,
            SINGULAR_VALUE_SQUARED, SMALLEST_SINGULAR_VALUE, DETERMINANT, GAMMA_FORGOTTEN,
            GAMMA_ONCE, WEIGHTS_ONCE, LAG_FORGOTTEN, LAG_TOO_SMALL, LAG_TOO_LARGE, TIMES_LAG,
            NORM_OF_POWER,
        ),
        ("bound",),
        simpler=special_bounds(BOUNDS[0]),
        minutes=5,
        level="easy",
        outcome="bound its norm",
    ),
    Exercise(
        "lyapunov",
        "The n rates of the product of J_T .. J_1 in nats per step by QR, starting from the "
        "identity; largest first. J[t - 1] is J_t.",
        lyapunov,
        [*RATES, MANY_STEPS],
        (
            DIRECTIONS_LOST, NORMS_OF_COLUMNS, SINGULAR_VALUES_OF_PRODUCT, ALWAYS_FROM_IDENTITY,
            SINGULAR_VALUES_AVERAGED, EIGENVALUES_AVERAGED, RATES_NOT_AVERAGED,
            RATES_OVER_ONE_STEP_LESS, RATES_OVER_ONE_STEP_MORE, RATES_NOT_SORTED,
            SMALLEST_RATE_FIRST, LOGARITHM_OF_THE_MEAN, RATES_IN_BITS, FACTORS_FOR_RATES,
            FIRST_STEP_LEFT_OUT, LAST_STEP_LEFT_OUT, OLDEST_LAST,
            JACOBIANS_TURNED,
        ),
        ("rates",),
        simpler=[Problem({"J": RATES[0].arguments["J"][:1]}, {}, "a single step")],
        minutes=25,
        level="hard",
        outcome="compute the exact rate",
    ),
)  # fmt: skip
