"""Backpropagation through time, written once for every cell.

The loop over time does one step of the cell and nothing else. What concerns all steps alike,
the input projection before the loop and the weight gradients after it, is one matrix product
each for a few hundred rows at a time, so that the backward pass needs little memory of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bptt_lab.arguments import (
    Array,
    as_array,
    check_choice,
    check_classes,
    check_instance,
    check_integer,
    check_real,
    describe,
    fail,
)
from bptt_lab.cells.base import Arrays, Cell, Params, rows, sum_of_outer_products
from bptt_lab.losses import half_squared_error, softmax_cross_entropy

ALL = slice(None)
"""All steps of a sequence."""

ROWS_AT_ONCE = 256
"""Steps times sequences per product: enough to be fast, few enough for the cache."""


class Gradients(dict[str, Array]):
    """Gradients under the names of the parameters, and those of the inputs beside them.

    Attributes
    ----------
    x : array, shape (T, m, n_inputs)
        dL/dx_t.
    state0 : tuple of arrays, shape (m, n) each
        dL/dh_0, and dL/dC_0 for the LSTMs.

    Examples
    --------
    >>> grads = Gradients({"W": np.ones((2, 3))}, x=np.zeros((7, 4, 3)), state0=(np.zeros((4, 5)),))
    >>> list(grads), grads.x.shape, len(grads.state0)
    (['W'], (7, 4, 3), 1)
    """

    def __init__(self, by_name: Params, x: Array, state0: Arrays) -> None:
        super().__init__(by_name)
        self.x, self.state0 = x, state0


@dataclass(frozen=True, eq=False)
class Trace:
    """Everything a forward pass leaves for the backward pass.

    Attributes
    ----------
    cell : Cell
    params : dict
        The parameters that made it, a copy: later changes of the caller's do not reach it.
    x : array, shape (T, m, n_inputs)
    states : tuple of arrays, shape (T+1, m, n)
        Parts of the state: (h,), or (h, C) for the LSTMs. Index t is the state after t inputs.
    kept : tuple of arrays
        What the cell keeps of each step, such as its gates; first axis T.
    logits : array, shape (T, m, n_outputs)
    """

    cell: Cell
    params: Params
    x: Array
    states: Arrays
    kept: Arrays
    logits: Array

    def __repr__(self) -> str:
        T, m, n = self.h[1:].shape
        return f"Trace of {self.cell}: T = {T}, m = {m}, n = {n}, {self.h.dtype}"

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

    def steps(self, which: slice = ALL) -> tuple[Arrays, Arrays, Arrays]:
        """Return state before, state after and what was kept of some steps, time first."""
        before = tuple(part[:-1][which] for part in self.states)
        after = tuple(part[1:][which] for part in self.states)
        return before, after, tuple(array[which] for array in self.kept)


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
    o_t = h_t W_yh + b_y. Equations: eq-cell.

    Examples
    --------
    >>> from bptt_lab.cells import RNN
    >>> cell, rng = RNN("tanh"), np.random.default_rng(0)
    >>> params = cell.init(rng, n_inputs=3, n_neurons=5, n_outputs=2)
    >>> trace = forward(cell, params, rng.standard_normal((7, 4, 3)))
    >>> trace.h.shape, trace.logits.shape
    ((8, 4, 5), (7, 4, 2))
    """
    params, x, state0 = check_input(cell, params, x, state0)
    return unroll(cell, {name: value.copy() for name, value in params.items()}, x, state0)


def unroll(cell: Cell, params: Params, x: Array, state0: Arrays) -> Trace:
    """``forward`` on arguments that are known to be good (real or complex)."""
    T, m, _ = x.shape
    n, n_outputs = params["W_yh"].shape
    dtype = np.result_type(x, state0[0], *params.values())
    states, net_inputs, kept = cell.allocate(T, m, n, dtype)
    for part, start in zip(states, state0, strict=True):
        part[0] = start
    trace = Trace(cell, params, x, states, kept, np.empty((T, m, n_outputs), dtype))
    fill_states(trace, net_inputs)
    np.dot(rows(trace.h[1:]), params["W_yh"], out=rows(trace.logits))
    trace.logits[...] += params["b_y"]
    return trace


def fill_states(trace: Trace, net_inputs: Array) -> None:
    """Fill the states of a trace, and what its cell keeps of each step."""
    cell, state = trace.cell, trace.state0
    W, (W_x, b) = cell.forward_weights(trace.params), cell.input_weights(trace.params)
    for steps in time_chunks(*trace.x.shape[:2]):
        project(trace.x[steps], W_x, b, out=net_inputs[steps])
        _, after, kept = trace.steps(steps)
        for after_t, kept_t in each_step(after, kept):
            cell.step(W, state, after_t, kept_t)
            state = after_t


def project(x: Array, W_x: Array, b: Array, out: Array) -> None:
    """x_t W_x + b for B steps and G gates at once, (B, G, m, n)."""
    products = np.matmul(rows(x), W_x)  # (G, B m, n)
    np.add(products.reshape(len(W_x), *x.shape[:2], -1).swapaxes(0, 1), b, out=out)


def time_chunks(T: int, m: int) -> list[slice]:
    """Cut T steps of m sequences into runs of about ``ROWS_AT_ONCE`` rows.

    >>> time_chunks(T=5, m=ROWS_AT_ONCE // 2)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    steps = max(1, ROWS_AT_ONCE // m)
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
    grads : Gradients
        A dict with the keys of ``params``; the gradients at the inputs are ``grads.x``
        (T, m, n_inputs) and ``grads.state0``, a tuple like the state.

    Raises
    ------
    ValueError
        If an argument has a wrong type, shape or range or is not finite, or if the mean over
        no target is asked for.

    Notes
    -----
    The recursion: Rumelhart, Hinton and Williams (1986), Werbos (1990). The window: Williams and
    Peng (1990). Equations: eq-bptt-recursion, eq-bptt-gradients, eq-bptt-readout,
    eq-lstm-backward, eq-lstm-gradients, eq-bptt-window, eq-loss, eq-bptt-loss.

    Examples
    --------
    >>> from bptt_lab.cells import RNN
    >>> cell, rng = RNN("tanh"), np.random.default_rng(0)
    >>> params = cell.init(rng, n_inputs=3, n_neurons=5, n_outputs=2)
    >>> x, y = rng.standard_normal((8, 4, 3)), rng.integers(0, 2, (8, 4))
    >>> loss, grads = loss_and_gradients(cell, params, x, y)
    >>> grads["W_hh"].shape, grads.x.shape, grads.state0[0].shape
    ((5, 5), (8, 4, 3), (4, 5))

    The other truncation, in chunks of two steps with the state carried and the gradient cut
    (eq-bptt-chunks), is a loop:

    >>> state, total = None, 0.0
    >>> for t in range(0, 8, 2):
    ...     chunk_loss, _ = loss_and_gradients(cell, params, x[t:t+2], y[t:t+2], state)
    ...     state = (forward(cell, params, x[t:t+2], state).h[-1],)
    ...     total += chunk_loss
    >>> bool(np.isclose(total, loss))
    True
    """
    params, x, state0 = check_input(cell, params, x, state0)
    y = check_targets(params, x, y)
    scale = target_weight(reduction, y)
    window = check_window(window)
    trace = unroll(cell, params, x, state0)

    loss, d_logits = loss_at_output(trace.logits, y)
    d_logits *= scale  # e_t, (T, m, n_outputs)
    readout = {
        "W_yh": sum_of_outer_products(trace.h[1:], d_logits),  # sum of h_t^T e_t
        "b_y": rows(d_logits).sum(axis=0),
    }
    d_h = StepwiseProduct(d_logits, params["W_yh"].T)  # e_t W_yh^T, (T, m, n)
    grads = through_time(trace, d_h, window)
    by_name = grads | readout
    return float(loss * scale), Gradients(
        {name: by_name[name] for name in params}, grads.x, grads.state0
    )


def loss_at_output(logits: Array, y: Array) -> tuple[Array, Array]:
    """Loss summed over all targets, and e_t = dL/do_t: integers are classes."""
    return (softmax_cross_entropy if y.ndim == 2 else half_squared_error)(logits, y)


def backward(trace: Trace, d_h: Array, window: int | None = None) -> Gradients:
    """Gradient of any loss on the hidden states, from its immediate gradient at each step.

    Parameters
    ----------
    trace : Trace
        From ``forward``.
    d_h : array, shape (T, m, n)
        What the loss passes to h_t directly, not through later steps.
    window : int, optional
        As for ``loss_and_gradients``: each d_h[t] reaches so many steps.

    Returns
    -------
    Gradients
        The keys of the parameters without the readout's ``W_yh`` and ``b_y``, and the
        attributes ``x`` and ``state0``.

    Raises
    ------
    ValueError
        If an argument has a wrong type or shape or is not finite.

    Notes
    -----
    Equations: eq-bptt-recursion, eq-bptt-gradients, eq-lstm-backward, eq-gru-backward,
    eq-bptt-window.

    Examples
    --------
    The gradient of the last state's sum with respect to the first input:

    >>> from bptt_lab.cells import RNN
    >>> cell, rng = RNN("tanh"), np.random.default_rng(0)
    >>> params = cell.init(rng, n_inputs=3, n_neurons=5, n_outputs=2)
    >>> trace = forward(cell, params, rng.standard_normal((7, 4, 3)))
    >>> d_h = np.zeros((7, 4, 5))
    >>> d_h[-1] = 1
    >>> backward(trace, d_h).x[0].shape
    (4, 3)
    """
    check_trace(trace)
    d_h = check_real("d_h", d_h, trace.h[1:].shape, trace.h.dtype)
    return through_time(trace, d_h, check_window(window))


@dataclass(frozen=True)
class StepwiseProduct:
    """The products left_t right, t = 1..T, computed for a few steps when they are asked for."""

    left: Array
    right: Array

    def __getitem__(self, steps: slice) -> Array:
        left = self.left[steps]
        product: Array = np.dot(rows(left), self.right)
        return product.reshape(*left.shape[:2], -1)


def through_time(trace: Trace, d_h: Array | StepwiseProduct, window: int | None) -> Gradients:
    """``backward`` on arguments that are known to be good."""
    cell, g = trace.cell, tuple(np.zeros_like(part) for part in trace.state0)
    if window is None or window >= len(trace.x):
        chunks = deltas_by_chunk(trace, d_h, g)
    else:
        chunks = windowed_deltas(trace, d_h[ALL], window, g)
    W_x = cell.transposed(trace.params, "W_x")  # (G n, n_inputs)
    d_x = np.empty(trace.x.shape, trace.h.dtype)
    total: Arrays = ()
    for steps, delta in chunks:
        total = accumulate(total, cell.products(trace.x[steps], *trace.steps(steps), delta))
        np.dot(rows(delta)[:, -len(W_x) :], W_x, out=rows(d_x[steps]))  # delta_t W_x^T
    return Gradients(cell.gradients(total), d_x, g)


def weight_gradients(trace: Trace, delta: Array, steps: slice = ALL) -> Params:
    """Sum over some steps of what delta_t contributes to each parameter (eq-bptt-gradients)."""
    cell = trace.cell
    return cell.gradients(cell.products(trace.x[steps], *trace.steps(steps), delta))


def accumulate(total: Arrays, terms: Arrays) -> Arrays:
    """Add arrays to their totals, in place; an empty total begins with the first terms."""
    for whole, term in zip(total, terms, strict=False):
        whole += term
    return total or terms


def net_input_gradients(trace: Trace, d_h: Array) -> tuple[Array, Arrays]:
    """delta_t = dL/da_t for t = 1..T, and dL/dstate_0, by the recursion back in time.

    Parameters
    ----------
    trace : Trace
    d_h : array, shape (T, m, n)
        As for ``backward``.

    Returns
    -------
    delta : array, shape (T, m, G n)
        Gradient at the net inputs of all G gates.
    d_state0 : tuple of arrays, shape (m, n)
    """
    g = tuple(np.zeros_like(part) for part in trace.state0)
    chunks = [delta for _, delta in deltas_by_chunk(trace, d_h, g)]
    return np.concatenate(chunks[::-1]), g


def deltas_by_chunk(
    trace: Trace, d_h: Array | StepwiseProduct, g: Arrays
) -> Iterator[tuple[slice, Array]]:
    """Yield some steps at a time, the last first, and their delta (B, m, G n).

    In the end ``g`` holds the gradient at the initial state.
    """
    cell, W = trace.cell, trace.cell.backward_weights(trace.params)
    for steps in reversed(time_chunks(*trace.x.shape[:2])):
        partials = cell.partials(W, *trace.steps(steps))
        yield steps, recursion(cell, W, partials, d_h[steps], g)


def recursion(cell: Cell, W: Any, partials: Arrays, d_h: Array, g: Arrays) -> Array:
    """Take ``g`` back through some steps, and return delta (B, m, G n) (eq-bptt-recursion)."""
    out = delta_buffers(cell, partials[0])
    g_h = g[0]
    forwards = [d_h], partials, out
    backwards = ([array[::-1] for array in group] for group in forwards)
    for (d_h_t,), partials_t, out_t in each_step(*backwards):
        g_h += d_h_t  # dL_t/dh_t + what comes from later steps
        cell.adjoint(W, partials_t, g, out_t)
    return out[0]


def windowed_deltas(
    trace: Trace, d_h: Array, window: int, d_state0: Arrays
) -> Iterator[tuple[slice, Array]]:
    """Yield the same, each loss being followed back over ``window`` steps only (eq-bptt-window).

    All losses walk back together: after j steps the gradient of loss t has arrived at step t-j,
    so that one adjoint step serves every t at once, as one large batch.
    """
    cell, W = trace.cell, trace.cell.backward_weights(trace.params)
    T, m, n = d_h.shape
    delta = np.zeros((T, m, cell.n_deltas * n), d_h.dtype)
    first, last = first_and_last_gradient(d_h)
    d_h = rows(d_h[first:last])
    g = (d_h.copy(), *(np.zeros_like(d_h) for _ in cell.state_names[1:]))
    for j in range(min(window, last)):
        reached = slice(max(first - j, 0), last - j)
        partials = tuple(map(rows, cell.partials(W, *trace.steps(reached))))
        out = delta_buffers(cell, partials[0])
        cell.adjoint(W, partials, g, out)
        delta[reached] += out[0].reshape(-1, *delta.shape[1:])
        if first <= j:  # the loss at t = j + 1 has reached the initial state
            for total, part in zip(d_state0, g, strict=True):
                total += part[:m]
            g = tuple(part[m:] for part in g)
    for steps in time_chunks(T, m):
        yield steps, delta[steps]


def delta_buffers(cell: Cell, D: Array) -> Arrays:
    """Memory for the deltas: side by side, (.., m, G n), and the same gate by gate, (.., m, n)."""
    delta = np.empty((*D.shape[:-1], cell.n_deltas, D.shape[-1]), D.dtype)
    return delta.reshape(*D.shape[:-1], -1), *np.moveaxis(delta, -2, 0)


def first_and_last_gradient(d_h: Array) -> tuple[int, int]:
    """First step with a gradient, and the one after the last, counting from 0."""
    steps = np.flatnonzero(d_h.any(axis=(1, 2)))
    return (int(steps[0]), int(steps[-1]) + 1) if steps.size else (0, 0)


def check_input(cell: Cell, params: Params, x: Array, state0: Any) -> tuple[Params, Array, Arrays]:
    """Return parameters, x and the initial state, all in the precision of the parameters."""
    params = check_params(cell, params)
    n, dtype = params["W_yh"].shape[0], params["W_yh"].dtype
    n_inputs = params[f"W_x{cell.gates[0]}"].shape[0]
    x = check_real("x", x, ("T", "m", n_inputs), dtype)
    return params, x, check_state(cell, state0, (x.shape[1], n), dtype)


def check_params(cell: Cell, params: Params) -> Params:
    """Return the parameters as real arrays, if they are this cell's."""
    check_instance("cell", cell, Cell, "a cell such as RNN('tanh')")
    return cell.check(params)


def check_state(cell: Cell, state0: Any, shape: tuple[int, int], dtype: Any) -> Arrays:
    """Return the initial state as a tuple with one array per part."""
    if state0 is None:
        return tuple(np.zeros(shape, dtype) for _ in cell.state_names)
    if isinstance(state0, np.ndarray) and len(cell.state_names) == 1:
        state0 = (state0,)
    if not isinstance(state0, tuple | list) or len(state0) != len(cell.state_names):
        got = describe(state0)
        if isinstance(state0, tuple | list):
            got = f"a {type(state0).__name__} of length {len(state0)}"
        parts = ", ".join(cell.state_names) + ("," if len(cell.state_names) == 1 else "")
        fail("state0", f"None or the tuple ({parts})", got)
    return tuple(check_real(f"state0[{k}]", part, shape, dtype) for k, part in enumerate(state0))


def check_targets(params: Params, x: Array, y: Any) -> Array:
    """Return y as classes (T, m) or as real targets (T, m, n_outputs)."""
    T, m, _ = x.shape
    q = params["b_y"].size
    expected = f"integer classes of shape ({T}, {m}) or real targets of shape ({T}, {m}, {q})"
    y = as_array("y", y, expected)
    if y.ndim == 2:
        return check_classes("y", y, (T, m), q)
    if y.ndim == 3:
        return check_real("y", y, (T, m, q), params["b_y"].dtype)
    fail("y", expected, describe(y))


def target_weight(reduction: str, y: Array) -> float:
    """1 for the sum, 1 / number of targets for the mean."""
    if check_choice("reduction", reduction, ("sum", "mean")) == "sum":
        return 1.0
    targets = int((y >= 0).sum()) if y.ndim == 2 else y.shape[0] * y.shape[1]
    if targets == 0:
        fail("y", "at least one target to take the mean over", "-1 everywhere")
    return 1 / targets


def check_window(window: int | None) -> int | None:
    """Return the window, None or an integer >= 1."""
    return None if window is None else check_integer("window", window)


def check_trace(trace: Trace) -> None:
    """Refuse everything but a trace."""
    check_instance("trace", trace, Trace, "the Trace that forward returns")
