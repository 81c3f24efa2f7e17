"""Backpropagation through time, written once for every cell.

The loop over time does one step of the cell and nothing else. What concerns all steps alike,
the input projection before the loop and the weight gradients after it, is one matrix product
each.
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

BLOCK = 2**16
"""Numbers in D at a time: what the backward loop reads next should still be in the cache."""


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
    states, stored = cell.allocate(T, m, n, dtype)
    for part, start in zip(states, state0, strict=True):
        part[0] = start
    net_inputs = stored[0]
    np.dot(rows(x), cell.stack(params, "W_x"), out=rows(net_inputs))
    net_inputs += cell.stack(params, "b_")
    trace = Trace(cell, x, states, stored, np.empty((T, m, n_outputs), dtype))
    W = cell.recurrent_weights(params)
    for before, after, saved in each_step(*trace.steps()):
        cell.step(W, before, after, saved)
    np.dot(rows(trace.h[1:]), params["W_yh"], out=rows(trace.logits))
    trace.logits[...] += params["b_y"]
    return trace


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
    d_h = np.dot(rows(d_logits), params["W_yh"].T).reshape(trace.h[1:].shape)  # (T, m, n)
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


def through_time(
    cell: Cell, params: Params, trace: Trace, d_h: Array, window: int | None
) -> Gradients:
    """``backward`` on arguments that are known to be good."""
    if window is None or window >= len(d_h):
        delta, d_state0 = net_input_gradients(cell, params, trace, d_h)
    else:
        delta, d_state0 = windowed_net_input_gradients(cell, params, trace, d_h, window)
    W_x = cell.stack(params, "W_x")
    return {
        **weight_gradients(cell, trace, delta),
        "x": np.dot(rows(delta), W_x.T).reshape(trace.x.shape),  # delta_t W_x^T
        "state0": d_state0,
    }


def weight_gradients(cell: Cell, trace: Trace, delta: Array, block: slice = ALL) -> Params:
    """Add up what a block of steps contributes to the gradients (ledger, R2)."""
    before, after, stored = trace.steps(block)
    delta = delta[block]
    return {
        **cell.split("W_x", product(trace.x[block], delta)),  # sum of x_t^T delta_t
        **cell.split("b_", rows(delta).sum(axis=0)),  # sum of 1^T delta_t
        **cell.recurrent_gradients(before, after, stored, delta),  # sum of h_{t-1}^T delta_t
    }


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
    W = cell.recurrent_weights(params)
    delta = np.empty(trace.stored[0].shape, d_h.dtype)
    d_state = tuple(np.zeros_like(part) for part in trace.state0)
    for block in blocks_backwards(len(d_h), delta[0].size):
        partials = cell.partials(W, *trace.steps(block), delta[block])
        backwards = [array[::-1] for array in partials], [d_h[block][::-1]]
        for partials_t, (d_h_t,) in each_step(*backwards):
            d_state[0][...] += d_h_t  # dL_t/dh_t + what comes from later steps
            d_state = cell.adjoint(W, partials_t, d_state)
    return delta, d_state


def blocks_backwards(T: int, size: int) -> Iterator[slice]:
    """Cut T steps of ``size`` numbers each into blocks, the last one first."""
    steps = max(1, BLOCK // size)
    return (slice(max(0, last - steps), last) for last in range(T, 0, -steps))


def windowed_net_input_gradients(
    cell: Cell, params: Params, trace: Trace, d_h: Array, window: int
) -> tuple[Array, Arrays]:
    """Run the same recursion with every loss cut off after ``window`` steps.

    All losses walk back together: after j steps the gradient of loss t stands at step t-j, so
    that one adjoint step serves every t at once.
    """
    W = cell.recurrent_weights(params)
    delta = np.zeros(trace.stored[0].shape, d_h.dtype)
    d_state0 = tuple(np.zeros_like(part) for part in trace.state0)
    first, last = span(d_h)
    D = np.empty_like(delta[first:last])
    d_state = (d_h[first:last], *(np.zeros_like(d_h[first:last]) for _ in cell.parts[1:]))
    for j in range(min(window, last)):
        stands = slice(max(first - j, 0), last - j)
        D = D[-len(d_state[0]) :]
        partials = cell.partials(W, *trace.steps(stands), D)
        flat = tuple(rows(array) for array in partials), tuple(rows(part) for part in d_state)
        d_state = tuple(part.reshape(-1, *d_h.shape[1:]) for part in cell.adjoint(W, *flat))
        delta[stands] += D
        if first <= j:  # the loss at t = j + 1 has reached the initial state
            for total, part in zip(d_state0, d_state, strict=True):
                total += part[0]
            d_state = tuple(part[1:] for part in d_state)
    return delta, d_state0


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
