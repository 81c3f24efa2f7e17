"""Backpropagation through time, written once for every cell.

The loop over time does one step of the cell and nothing else. What concerns all steps alike,
the input projection before the loop and the weight gradients after it, is one matrix product
each for a block of steps. Nothing of the way back is kept but its results.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bptt_lab.arguments import (
    Array,
    as_array,
    choice,
    classes,
    describe,
    fail,
    instance,
    integer,
    real,
)
from bptt_lab.cells.base import Arrays, Cell, Params, Sizes, product, rows
from bptt_lab.losses import half_squared_error, softmax_cross_entropy

Gradients = dict[str, Any]

ALL = slice(None)
"""All steps of a sequence."""

BLOCK = 256
"""Rows (steps times sequences) at a time: enough for a fast product, few enough for the cache."""


@dataclass(frozen=True, eq=False)
class Trace:
    """Everything a forward pass leaves for the backward pass.

    Attributes
    ----------
    cell : Cell
    x : array, shape (T, m, n_inputs)
    states : tuple of arrays, shape (T+1, m, n)
        Parts of the state: (h,), or (h, C) for the LSTMs. Index t is the state after t inputs.
    stored : tuple of arrays
        What the cell keeps of each step, such as its gates; first axis T.
    logits : array, shape (T, m, n_outputs)
    """

    cell: Cell
    x: Array
    states: Arrays
    stored: Arrays
    logits: Array

    @property
    def h(self) -> Array:
        """Hidden states, shape (T+1, m, n); h[0] is the initial state."""
        return self.states[0]

    @property
    def c(self) -> Array | None:
        """Cell states of an LSTM, shape (T+1, m, n); None for the others."""
        return self.states[1] if len(self.states) == 2 else None

    @property
    def state0(self) -> Arrays:
        """The initial state, one (m, n) array per part."""
        return tuple(part[0] for part in self.states)

    def steps(self, block: slice = ALL) -> tuple[Arrays, Arrays, Arrays]:
        """Return before, after and stored of a block of steps, each array time first."""
        before = tuple(part[:-1][block] for part in self.states)
        after = tuple(part[1:][block] for part in self.states)
        return before, after, tuple(array[block] for array in self.stored)


def forward(cell: Cell, params: Params, x: Array, state0: Any = None) -> Trace:
    """Run a cell over a sequence and read out at every step.

    Parameters
    ----------
    cell : Cell
    params : dict
        As ``cell.init`` returns them. Their precision, float32 or float64, is that of the
        whole computation: ``x`` and ``state0`` are converted to it.
    x : array, shape (T, m, n_inputs)
    state0 : tuple of arrays, shape (m, n) each, optional
        Initial state, (h,) or (h, C); zeros when None. A cell whose state is h alone also
        takes the bare array.

    Returns
    -------
    Trace
        ``h`` (T+1, m, n), ``c`` likewise for LSTMs, ``logits`` (T, m, n_outputs).

    Raises
    ------
    ValueError
        If an argument has a wrong type or shape or is not finite.

    Notes
    -----
    Ledger, section 0.1: o_t = h_t W_yh + b_y.

    Examples
    --------
    >>> from bptt_lab.cells import RNN
    >>> cell, rng = RNN("tanh"), np.random.default_rng(0)
    >>> params = cell.init(rng, n_inputs=3, n_neurons=5, n_outputs=2)
    >>> trace = forward(cell, params, rng.standard_normal((7, 4, 3)))
    >>> trace.h.shape, trace.logits.shape
    ((8, 4, 5), (7, 4, 2))
    """
    x, state0 = check_input(cell, params, x, state0)
    return unroll(cell, params, x, state0)


def unroll(cell: Cell, params: Params, x: Array, state0: Arrays) -> Trace:
    """``forward`` on arguments that are known to be good (real or complex)."""
    T, m, _ = x.shape
    n, n_outputs = params["W_yh"].shape
    dtype = np.result_type(x, state0[0], *params.values())
    states, net_inputs, stored = cell.allocate(T, m, n, dtype)
    for part, start in zip(states, state0, strict=True):
        part[0] = start
    trace = Trace(cell, x, states, stored, np.empty((T, m, n_outputs), dtype))
    run(trace, params, net_inputs)
    np.dot(rows(trace.h[1:]), params["W_yh"], out=rows(trace.logits))
    trace.logits[...] += params["b_y"]
    return trace


def run(trace: Trace, params: Params, net_inputs: Array) -> None:
    """Fill the states of a trace and what it stores of each step."""
    cell, state = trace.cell, trace.state0
    W, (W_x, b) = cell.recurrent_weights(params), cell.input_weights(params)
    for block in blocks(*trace.x.shape[:2]):
        project(trace.x[block], W_x, b, out=net_inputs[block])
        _, after, stored = trace.steps(block)
        for after_t, stored_t in each_step(after, stored):
            cell.step(W, state, after_t, stored_t)
            state = after_t


def project(x: Array, W_x: Array, b: Array, out: Array) -> None:
    """x_t W_x + b for B steps and G gates at once, (B, G, m, n)."""
    products = np.matmul(rows(x), W_x)  # (G, B m, n)
    np.add(products.reshape(len(W_x), *x.shape[:2], -1).swapaxes(0, 1), b, out=out)


def blocks(T: int, m: int) -> list[slice]:
    """Cut T steps of m sequences into blocks.

    >>> blocks(T=5, m=BLOCK // 2)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    steps = max(1, BLOCK // m)
    return [slice(first, min(first + steps, T)) for first in range(0, T, steps)]


def each_step(*groups: Sequence[Array]) -> Iterator[tuple[Arrays, ...]]:
    """Walk over time through groups of arrays in parallel."""
    return zip(*(zip(*group, strict=True) for group in groups), strict=True)


def loss_and_gradients(
    cell: Cell,
    params: Params,
    x: Array,
    y: Array,
    state0: Any = None,
    reduction: str = "sum",
    window: int | None = None,
) -> tuple[float, Gradients]:
    """Loss of a sequence and its gradient by backpropagation through time.

    Parameters
    ----------
    cell, params, x, state0
        As for ``forward``.
    y : integer array (T, m), or real array (T, m, n_outputs)
        Classes 0..n_outputs-1, with -1 where a step has no target: softmax cross-entropy, in
        nats. Or real targets: half squared error.
    reduction : {"sum", "mean"}
        Sum over all targets, or divided by their number. One target is one row: a step of one
        sequence.
    window : int, optional
        K >= 1: truncated backpropagation, the loss at t reaches the K steps t, t-1, ..,
        t-K+1 and no further. None: no truncation.

    Returns
    -------
    loss : float
    gradients : dict
        The keys of ``params``, plus ``"x"`` (T, m, n_inputs) and ``"state0"``, a tuple like
        the state.

    Raises
    ------
    ValueError
        If an argument has a wrong type, shape or range or is not finite, or if the mean over
        no target is asked for.

    Notes
    -----
    The delta recursion: Rumelhart, Hinton and Williams (1986), Werbos (1990); ledger, R1, R2
    and R7. The window: Williams and Peng (1990).

    Examples
    --------
    >>> from bptt_lab.cells import RNN
    >>> cell, rng = RNN("tanh"), np.random.default_rng(0)
    >>> params = cell.init(rng, n_inputs=3, n_neurons=5, n_outputs=2)
    >>> x, y = rng.standard_normal((8, 4, 3)), rng.integers(0, 2, (8, 4))
    >>> loss, gradients = loss_and_gradients(cell, params, x, y)
    >>> sorted(set(gradients) - set(params)), gradients["W_hh"].shape
    (['state0', 'x'], (5, 5))

    The other truncation, in chunks of two steps with the state carried and the gradient cut,
    is a loop:

    >>> state, total = None, 0.0
    >>> for t in range(0, 8, 2):
    ...     chunk_loss, _ = loss_and_gradients(cell, params, x[t:t+2], y[t:t+2], state)
    ...     state = (forward(cell, params, x[t:t+2], state).h[-1],)
    ...     total += chunk_loss
    >>> bool(np.isclose(total, loss))
    True
    """
    x, state0 = check_input(cell, params, x, state0)
    y = check_targets(params, x, y)
    scale = target_weight(reduction, y)
    window = check_window(window)
    trace = unroll(cell, params, x, state0)

    loss, d_logits = loss_at_output(trace.logits, y)
    d_logits *= scale  # e_t, (T, m, n_outputs)
    readout = {
        "W_yh": product(trace.h[1:], d_logits),  # sum of h_t^T e_t, (n, n_outputs)
        "b_y": rows(d_logits).sum(axis=0),  # (n_outputs,)
    }
    d_h = Product(d_logits, params["W_yh"].T)  # e_t W_yh^T, (T, m, n)
    recurrent = through_time(cell, params, trace, d_h, window)
    gradients = readout | recurrent
    return float(loss * scale), {name: gradients[name] for name in (*params, "x", "state0")}


def loss_at_output(logits: Array, y: Array) -> tuple[Array, Array]:
    """Loss summed over all targets, and e_t = dL/do_t: integers are classes."""
    return (softmax_cross_entropy if y.ndim == 2 else half_squared_error)(logits, y)


def backward(
    cell: Cell, params: Params, trace: Trace, d_h: Array, window: int | None = None
) -> Gradients:
    """Gradient of any loss on the hidden states, from its immediate gradient at each step.

    Parameters
    ----------
    cell, params
        The ones ``trace`` was made with.
    trace : Trace
        From ``forward``.
    d_h : array, shape (T, m, n)
        What the loss passes to h_t directly, not through later steps.
    window : int, optional
        As for ``loss_and_gradients``: each d_h[t] reaches so many steps.

    Returns
    -------
    dict
        The keys of ``params`` without the readout's ``W_yh`` and ``b_y``, plus ``"x"`` and
        ``"state0"``.

    Raises
    ------
    ValueError
        If an argument has a wrong type or shape or is not finite.

    Notes
    -----
    Ledger, R1, R2 and R7.

    Examples
    --------
    The gradient of the last state's sum with respect to the first input:

    >>> from bptt_lab.cells import RNN
    >>> cell, rng = RNN("tanh"), np.random.default_rng(0)
    >>> params = cell.init(rng, n_inputs=3, n_neurons=5, n_outputs=2)
    >>> trace = forward(cell, params, rng.standard_normal((7, 4, 3)))
    >>> d_h = np.zeros((7, 4, 5))
    >>> d_h[-1] = 1
    >>> backward(cell, params, trace, d_h)["x"][0].shape
    (4, 3)
    """
    check_trace(cell, params, trace)
    T, m, n = trace.h[1:].shape
    d_h = real("d_h", d_h, (T, m, n), trace.h.dtype)
    return through_time(cell, params, trace, d_h, check_window(window))


@dataclass(frozen=True)
class Product:
    """Stands for the array left_t right, t = 1..T, and is worked out for the steps asked for."""

    left: Array
    right: Array

    def __getitem__(self, steps: slice) -> Array:
        left = self.left[steps]
        made: Array = np.dot(rows(left), self.right)
        return made.reshape(*left.shape[:2], -1)


def through_time(
    cell: Cell, params: Params, trace: Trace, d_h: Array | Product, window: int | None
) -> Gradients:
    """``backward`` on arguments that are known to be good."""
    d_state = tuple(np.zeros_like(part) for part in trace.state0)
    if window is None or window >= len(trace.x):
        deltas = blocks_of_deltas(cell, params, trace, d_h, d_state)
    else:
        deltas = windowed_deltas(cell, params, trace, d_h[ALL], window, d_state)
    W_x = cell.transposed(params, "W_x")  # (G n, n_inputs)
    d_x = np.empty(trace.x.shape, trace.h.dtype)
    total: Arrays = ()
    for block, delta in deltas:
        total = add(total, cell.products(trace.x[block], *trace.steps(block), delta))
        np.dot(rows(delta)[:, : len(W_x)], W_x, out=rows(d_x[block]))  # delta_t W_x^T
    return {**cell.gradients(total), "x": d_x, "state0": d_state}


def weight_gradients(cell: Cell, trace: Trace, delta: Array, block: slice = ALL) -> Params:
    """Work out what a block of steps contributes to the gradients (ledger, R2)."""
    return cell.gradients(cell.products(trace.x[block], *trace.steps(block), delta))


def add(total: Arrays, part: Arrays) -> Arrays:
    """Add a part to the total, in place; in the beginning there is none."""
    for whole, more in zip(total, part, strict=False):
        whole += more
    return total or part


def net_input_gradients(
    cell: Cell, params: Params, trace: Trace, d_h: Array
) -> tuple[Array, Arrays]:
    """Run the recursion back in time: delta_t = dL/da_t for t = T..1, and dL/dstate_0.

    Parameters
    ----------
    d_h : array, shape (T, m, n)
        As for ``backward``.

    Returns
    -------
    delta : array, shape (T, m, G n)
        Gradient at the net inputs of all G gates.
    d_state0 : tuple of arrays, shape (m, n)
    """
    d_state = tuple(np.zeros_like(part) for part in trace.state0)
    deltas = [delta for _, delta in blocks_of_deltas(cell, params, trace, d_h, d_state)]
    return np.concatenate(deltas[::-1]), d_state


def blocks_of_deltas(
    cell: Cell, params: Params, trace: Trace, d_h: Array | Product, d_state: Arrays
) -> Iterator[tuple[slice, Array]]:
    """Walk back in time: yield each block of steps, the last first, and its delta (B, m, G n).

    In the end ``d_state`` holds the gradient at the initial state.
    """
    W = cell.transposed_weights(params)
    for block in reversed(blocks(*trace.x.shape[:2])):
        partials = cell.partials(W, *trace.steps(block))
        yield block, recursion(cell, W, partials, d_h[block], d_state)


def recursion(cell: Cell, W: Arrays, partials: Arrays, d_h: Array, d_state: Arrays) -> Array:
    """Take ``d_state`` back through a block of steps, and return delta (B, m, G n)."""
    delta, gate_by_gate = side_by_side(partials[0])
    d_h_total = d_state[0]
    forwards = [d_h], partials, [delta, gate_by_gate]
    backwards = ([array[::-1] for array in group] for group in forwards)
    for (d_h_t,), partials_t, out in each_step(*backwards):
        d_h_total += d_h_t  # dL_t/dh_t + what comes from later steps
        cell.adjoint(W, partials_t, d_state, out)
    return delta


def windowed_deltas(
    cell: Cell, params: Params, trace: Trace, d_h: Array, window: int, d_state0: Arrays
) -> Iterator[tuple[slice, Array]]:
    """Do the same with every loss cut off after ``window`` steps.

    All losses walk back together: after j steps the gradient of loss t stands at step t-j, so
    that one adjoint step serves every t at once, as one large batch.
    """
    W = cell.transposed_weights(params)
    T, m, n = d_h.shape
    delta = np.zeros((T, m, cell.n_deltas * n), d_h.dtype)
    first, last = span(d_h)
    d_h = rows(d_h[first:last])
    d_state = (d_h.copy(), *(np.zeros_like(d_h) for _ in cell.parts[1:]))
    for j in range(min(window, last)):
        stands = slice(max(first - j, 0), last - j)
        partials = tuple(map(one_batch, cell.partials(W, *trace.steps(stands))))
        out = side_by_side(partials[0])
        cell.adjoint(W, partials, d_state, out)
        delta[stands] += out[0].reshape(-1, *delta.shape[1:])
        if first <= j:  # the loss at t = j + 1 has reached the initial state
            for total, part in zip(d_state0, d_state, strict=True):
                total += part[:m]
            d_state = tuple(part[m:] for part in d_state)
    for block in blocks(T, m):
        yield block, delta[block]


def side_by_side(D: Array) -> Arrays:
    """Memory for D * d, (.., m, G n), and the same memory gate by gate, (.., G, m, n)."""
    *steps, G, m, n = D.shape
    delta = np.empty((*steps, m, G, n), D.dtype)
    return delta.reshape(*steps, m, -1), delta.swapaxes(-3, -2)


def one_batch(array: Array) -> Array:
    """Make one batch of all steps: (B, m, n) -> (B m, n), (B, G, m, n) -> (G, B m, n)."""
    return np.moveaxis(array, 0, -3).reshape(*array.shape[1:-2], -1, array.shape[-1])


def span(d_h: Array) -> tuple[int, int]:
    """First step with a gradient, and the one after the last, counting from 0."""
    steps = np.flatnonzero(d_h.any(axis=(1, 2)))
    return (int(steps[0]), int(steps[-1]) + 1) if steps.size else (0, 0)


def check_input(cell: Cell, params: Params, x: Array, state0: Any) -> tuple[Array, Arrays]:
    """Return x and the initial state in the precision of the parameters."""
    sizes = check_cell(cell, params)
    x = real("x", x, ("T", "m", sizes.n_inputs), sizes.dtype)
    return x, check_state(cell, state0, (x.shape[1], sizes.n), sizes.dtype)


def check_cell(cell: Cell, params: Params) -> Sizes:
    """Return the sizes of the parameters, if they are this cell's."""
    instance("cell", cell, Cell, "a cell such as RNN('tanh')")
    return cell.check(params)


def check_state(cell: Cell, state0: Any, shape: tuple[int, int], dtype: Any) -> Arrays:
    """Return the initial state as a tuple with one array per part."""
    if state0 is None:
        return tuple(np.zeros(shape, dtype) for _ in cell.parts)
    if isinstance(state0, np.ndarray) and len(cell.parts) == 1:
        state0 = (state0,)
    if not isinstance(state0, tuple | list) or len(state0) != len(cell.parts):
        came = describe(state0)
        if isinstance(state0, tuple | list):
            came = f"a {type(state0).__name__} of length {len(state0)}"
        parts = ", ".join(cell.parts) + ("," if len(cell.parts) == 1 else "")
        fail("state0", f"None or the tuple ({parts})", came)
    return tuple(real(f"state0[{k}]", part, shape, dtype) for k, part in enumerate(state0))


def check_targets(params: Params, x: Array, y: Any) -> Array:
    """Return y as classes (T, m) or as real targets (T, m, n_outputs)."""
    T, m, _ = x.shape
    q = params["b_y"].size
    expected = f"integer classes of shape ({T}, {m}) or real targets of shape ({T}, {m}, {q})"
    y = as_array("y", y, expected)
    if y.ndim == 2:
        return classes("y", y, (T, m), q)
    if y.ndim == 3:
        return real("y", y, (T, m, q), params["b_y"].dtype)
    fail("y", expected, describe(y))


def target_weight(reduction: str, y: Array) -> float:
    """1 for the sum, 1 / number of targets for the mean."""
    if choice("reduction", reduction, ("sum", "mean")) == "sum":
        return 1.0
    targets = int((y >= 0).sum()) if y.ndim == 2 else y.shape[0] * y.shape[1]
    if targets == 0:
        fail("y", "at least one target to take the mean over", "-1 everywhere")
    return 1 / targets


def check_window(window: int | None) -> int | None:
    """Return the window, None or an integer >= 1."""
    return None if window is None else integer("window", window)


def check_trace(cell: Cell, params: Params, trace: Trace) -> None:
    """Refuse a trace that this cell with these parameters cannot have left."""
    sizes = check_cell(cell, params)
    instance("trace", trace, Trace, "the Trace that forward returns")
    if trace.cell != cell:
        fail("trace", f"a trace of {cell}", f"one of {trace.cell}")
    came = Sizes(trace.x.shape[-1], trace.h.shape[-1], trace.logits.shape[-1], trace.h.dtype)
    if came != sizes:
        fail("trace", f"one made with these params, {sizes}", f"one of {came}")
