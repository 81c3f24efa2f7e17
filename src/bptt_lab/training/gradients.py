"""What one batch says: the mean loss and its gradient, truncated or regularised if asked for."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from bptt_lab.arguments import (
    Array,
    as_array,
    check_choice,
    check_integer,
    check_number,
    describe,
    fail,
)
from bptt_lab.bptt import (
    ALL,
    Gradients,
    StepwiseProduct,
    Trace,
    check_targets,
    forward,
    loss_at_output,
    net_input_gradients,
    through_time,
    weight_gradients,
)
from bptt_lab.cells import RNN
from bptt_lab.cells.base import Cell, Params, rows, sum_of_outer_products
from bptt_lab.tasks import has_target
from bptt_lab.training import regulariser


class BatchGradients(NamedTuple):
    """Loss, its gradients, and the value of Omega: see ``batch_gradients``."""

    loss: float
    """Loss of the batch, without Omega."""
    grads: Gradients
    """Its gradients. That of W_hh includes Omega's, if it was asked for."""
    omega: float
    """Value of the regulariser, or 0 if its weight is 0."""


def batch_gradients(
    cell: Cell,
    params: Params,
    x: Array,
    y: Array,
    *,
    state0: Any = None,
    reduction: str = "mean",
    window: int | None = None,
    chunk: int | None = None,
    omega: float = 0.0,
) -> BatchGradients:
    """Mean loss over the targets of a batch, and its gradient: what an update needs.

    It is ``loss_and_gradients`` with the mean as the default, and with what only a training
    asks for: missing real targets, chunks, and the regulariser.

    Parameters
    ----------
    cell, params, x, state0, reduction
        As for ``loss_and_gradients``.
    y : array
        As there; among real targets, (T, m, n_outputs), NaN stands for none.
    window : int, optional
        Each loss reaches K steps back (truncation by a window).
    chunk : int, optional
        The gradient is cut after every K steps, the state is carried on.
    omega : float
        Weight of the regulariser Omega: its immediate gradient times this weight is added to
        that of W_hh. For an RNN without truncation.

    Returns
    -------
    loss : float
        Without Omega.
    grads : Gradients
        The keys of ``params``, and ``x`` (T, m, n_inputs) and ``state0``.
    omega : float
        The value of Omega, or 0 if its weight is 0.

    Raises
    ------
    ValueError
        If an argument has a wrong type, shape or range, or two of them exclude each other.

    Notes
    -----
    Equations: eq-bptt-window, eq-bptt-chunks, eq-training-chunk, eq-omega, eq-omega-gradient.

    Examples
    --------
    >>> cell, rng = RNN("tanh"), np.random.default_rng(0)
    >>> params = cell.init(rng, n_inputs=6, n_neurons=5, n_outputs=4)
    >>> from bptt_lab.tasks import temporal_order
    >>> x, y = temporal_order().generate(rng, T=20, m=3)
    >>> loss, grads, _ = batch_gradients(cell, params, x, y, window=5)
    >>> sorted(grads) == sorted(params)
    True
    """
    check_method(cell, window, chunk, omega)
    trace = forward(cell, params, x, state0)
    loss, d_logits = loss_of_known(trace, y, reduction)
    readout = {
        "W_yh": sum_of_outer_products(trace.h[1:], d_logits),
        "b_y": rows(d_logits).sum(axis=0),
    }
    d_h = StepwiseProduct(d_logits, trace.params["W_yh"].T)  # (T, m, n)
    penalty = 0.0
    if omega > 0:
        grads, penalty = regularised(trace, d_h[ALL], omega)
    elif chunk is not None:
        grads = chunked(trace, d_h, chunk)
    else:
        grads = through_time(trace, d_h, window)
    by_name = grads | readout
    in_order = {name: by_name[name] for name in params}
    return BatchGradients(loss, Gradients(in_order, grads.x, grads.state0), penalty)


def check_method(cell: Cell, window: int | None, chunk: int | None, omega: float) -> None:
    """Refuse ways of computing a gradient that do not go together."""
    check_number("omega", omega, least=0)
    for name, K in (("window", window), ("chunk", chunk)):
        if K is not None:
            check_integer(name, K)
    if window is not None and chunk is not None:
        fail("chunk", "None beside a window: one truncation at a time", describe(chunk))
    if omega > 0 and not isinstance(cell, RNN):
        fail("omega", "0 for a gated cell: Omega is defined for an RNN", describe(omega))
    if omega > 0 and (window is not None or chunk is not None):
        fail("omega", "0 beside a truncation: Omega needs the whole gradient", describe(omega))


def loss_of_known(trace: Trace, y: Any, reduction: str) -> tuple[float, Array]:
    """Loss at the targets that are known, and its gradient at the logits (T, m, n_outputs)."""
    y = as_array("y", y, "an array of targets")
    missing = np.isnan(y) if y.ndim == 3 and y.dtype.kind == "f" else np.zeros(y.shape, bool)
    known = check_targets(trace.params, trace.x, np.where(missing, 0, y) if missing.any() else y)
    scale = 1.0
    if check_choice("reduction", reduction, ("sum", "mean")) == "mean":
        targets = int(has_target(y).sum())
        if targets == 0:
            fail("y", "at least one target to take the mean over", "none")
        scale = 1 / targets
    if missing.any():  # there the output is its own target, so that the error is 0
        known = np.where(missing, trace.logits, known)
    loss, d_logits = loss_at_output(trace.logits, known)
    d_logits *= scale
    return float(loss * scale), d_logits


def regularised(trace: Trace, d_h: Array, weight: float) -> tuple[Gradients, float]:
    """Gradients with that of Omega added to W_hh, and the value of Omega."""
    delta, d_state0 = net_input_gradients(trace, d_h)
    W_xh, W_hh = trace.params["W_xh"], trace.params["W_hh"]
    g = d_h.copy()  # dL/dh_t: what its own loss says, and what comes from step t + 1
    g[:-1] += np.dot(rows(delta[1:]), W_hh.T).reshape(g[1:].shape)
    value, d_W = regulariser.omega(W_hh, g, delta)
    by_name = weight_gradients(trace, delta)
    by_name["W_hh"] = by_name["W_hh"] + weight * d_W
    d_x = np.dot(rows(delta), W_xh.T).reshape(trace.x.shape)
    return Gradients(by_name, d_x, d_state0), value


def chunked(trace: Trace, d_h: StepwiseProduct, K: int) -> Gradients:
    """Add up the gradients of pieces of K steps: the states are known, nothing runs anew."""
    pieces = [
        through_time(piece_of(trace, slice(first, first + K)), d_h[first : first + K], None)
        for first in range(0, len(trace.x), K)
    ]
    total = {name: sum(piece[name] for piece in pieces) for name in pieces[0]}
    d_x = np.concatenate([piece.x for piece in pieces])
    return Gradients(total, d_x, pieces[0].state0)  # type: ignore[arg-type]


def piece_of(trace: Trace, steps: slice) -> Trace:
    """Return some steps of a trace as a trace of their own."""
    states = tuple(part[steps.start : steps.stop + 1] for part in trace.states)
    kept = tuple(array[steps] for array in trace.kept)
    return replace(trace, x=trace.x[steps], states=states, kept=kept, logits=trace.logits[steps])
