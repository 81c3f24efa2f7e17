"""Jacobians of the unrolled network: one step, products, norms and their bounds."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from bptt_lab.arguments import Array, check_choice, check_finite, check_integer, describe, fail
from bptt_lab.bptt import (
    Trace,
    check_input,
    check_params,
    check_targets,
    check_trace,
    loss_at_output,
    net_input_gradients,
    unroll,
    weight_gradients,
)
from bptt_lab.cells import RNN
from bptt_lab.cells.base import Cell, Params

ENTRIES_AT_ONCE = 2**22
"""Number of matrix entries handled at a time where all steps at once would fill the memory."""


def step_jacobians(trace: Trace) -> Array:
    """One-step Jacobians along a trajectory.

    Parameters
    ----------
    trace : Trace
        From ``forward``.

    Returns
    -------
    array, shape (T, m, s, s)
        ``J[t-1]`` is dstate_t/dstate_{t-1} in numerator layout: entry (i, j) is the derivative
        of part i of the new state by part j of the old. s = n, or 2 n for the LSTMs with the
        state (h, C) in this order.

    Raises
    ------
    ValueError
        If an argument has a wrong type or shape or is not finite.

    Notes
    -----
    Equations: eq-jacobian and eq-bptt-jacobian (RNN), eq-joint-jacobian (LSTM), eq-gru-jacobian
    (GRU).

    Examples
    --------
    >>> from bptt_lab.bptt import forward
    >>> cell, rng = RNN("identity"), np.random.default_rng(0)
    >>> params = cell.init(rng, n_inputs=3, n_neurons=5, n_outputs=2)
    >>> J = step_jacobians(forward(cell, params, rng.standard_normal((7, 4, 3))))
    >>> J.shape, bool(np.array_equal(J[6, 3], params["W_hh"].T))
    ((7, 4, 5, 5), True)
    """
    check_trace(trace)
    W = trace.cell.backward_weights(trace.params)
    return trace.cell.jacobian(W, trace.cell.partials(W, *trace.steps()))


def log_gradient_norms(J: Array, t: int | None = None) -> Array:
    """Return ln ||dstate_t/dstate_k||_2 for k = t, t-1, .., 0.

    Parameters
    ----------
    J : array, shape (T, s, s) or (T, m, s, s)
        From ``step_jacobians``.
    t : int, optional
        The later step, 0..T; T when None.

    Returns
    -------
    array, shape (t+1,) or (t+1, m)
        Entry j belongs to k = t - j, so that the first is ln 1 = 0. Minus infinity where the
        product is exactly zero. The product is rescaled at every step and can neither
        overflow nor underflow.

    Raises
    ------
    ValueError
        If J is not a stack of finite square matrices or t is out of range.

    Notes
    -----
    dstate_t/dstate_k = J_t J_{t-1} .. J_{k+1}, newest factor on the left. The product grows on
    the right by one older factor at a time. Equations: eq-jacobian-product, eq-long-range.

    Examples
    --------
    >>> J = np.tile(0.5 * np.eye(3), (4000, 1, 1))
    >>> log_norms = log_gradient_norms(J)
    >>> bool(np.allclose(log_norms, -np.log(2) * np.arange(4001)))
    True
    """
    J = check_jacobians(J)
    t = len(J) if t is None else check_integer("t", t, least=0, most=len(J))
    s = J.shape[-1]
    product = np.broadcast_to(np.eye(s, dtype=J.dtype), J.shape[1:])  # dstate_t/dstate_t
    log_scale = np.zeros(J.shape[1:-2])
    log_norms = np.zeros((t + 1, *J.shape[1:-2]))
    at_once = max(1, ENTRIES_AT_ONCE // max(1, J[0].size))
    for first in range(0, t, at_once):
        factors = J[t - min(first + at_once, t) : t - first][::-1]  # newest first
        products, log_scales = rescaled_products(product, log_scale, factors)
        with np.errstate(divide="ignore"):  # ln 0 = -inf is the answer
            log_norms[first + 1 : first + 1 + len(factors)] = (
                np.log(np.linalg.norm(products, 2, axis=(-2, -1))) + log_scales
            )
        product, log_scale = products[-1], log_scales[-1]
    return log_norms.astype(J.dtype, copy=False)


def jacobian_product(J: Array, t: int | None = None, k: int = 0) -> Array:
    """Return dstate_t/dstate_k, the product of the one-step Jacobians between.

    Parameters
    ----------
    J : array, shape (T, s, s) or (T, m, s, s)
        From ``step_jacobians``.
    t : int, optional
        The later step, 0..T; T when None.
    k : int
        The earlier step, 0..t.

    Returns
    -------
    array, shape (s, s) or (m, s, s)
        J_t J_{t-1} .. J_{k+1}; the identity for k = t. It can overflow or underflow over many
        steps: ``log_gradient_norms`` cannot.

    Raises
    ------
    ValueError
        If J is not a stack of finite square matrices or a step is out of range.

    Notes
    -----
    For an LSTM this is the derivative of the joint state (h, C); the product of dC_t/dC_{t-1}
    alone is something else. Equations: eq-jacobian-product, eq-k-steps.

    Examples
    --------
    >>> J = np.array([[[1.0, 1.0], [0.0, 1.0]], [[2.0, 0.0], [0.0, 3.0]]])
    >>> jacobian_product(J)
    array([[2., 2.],
           [0., 3.]])
    """
    J = check_jacobians(J)
    t = len(J) if t is None else check_integer("t", t, least=0, most=len(J))
    k = check_integer("k", k, least=0, most=t)
    product: Array = np.zeros(J.shape[1:], J.dtype) + np.eye(J.shape[-1], dtype=J.dtype)
    for J_j in J[k:t]:
        product = J_j @ product
    return product


def lyapunov_exponents(
    cell: Cell,
    params: Params,
    x: Array,
    k: int | None = None,
    discard: int = 0,
    state0: Any = None,
) -> Array:
    """Exponential rates at which the Jacobian products grow along a trajectory.

    Parameters
    ----------
    cell, params, x, state0
        As for ``forward``. The m rows of the batch are m trajectories; the result is their
        mean.
    k : int, optional
        How many exponents, the largest ones; all s when None.
    discard : int
        Steps at the beginning that turn the directions but do not count, 0..T-1.

    Returns
    -------
    array, shape (k,)
        In nats per step, largest first. The largest is the rate of ln ||dh_t/dh_k||: gradients
        over long spans vanish when it is negative and explode when it is positive. Minus
        infinity where a direction is lost altogether.

    Raises
    ------
    ValueError
        If an argument has a wrong type, shape or range or is not finite.

    Notes
    -----
    The exponents exist by Oseledets (1968); Benettin et al. (1980) compute them by
    re-orthonormalising, Q_t R_t = J_t Q_{t-1}, and averaging ln |diag R_t|. They are not the
    logarithms of eigenvalues of W_hh. Equations: eq-lyapunov, eq-qr.

    Examples
    --------
    A linear network is the exception: its rate is ln of the spectral radius.

    >>> cell, rng = RNN("identity"), np.random.default_rng(0)
    >>> params = cell.init(rng, n_inputs=1, n_neurons=2, n_outputs=1)
    >>> params["W_hh"] = np.array([[0.5, 10.0], [0.0, 0.25]])
    >>> lyapunov_exponents(cell, params, np.zeros((200, 1, 1)), discard=50).round(6)
    array([-0.693147, -1.386294])
    """
    params, x, state0 = check_input(cell, params, x, state0)
    T, m, _ = x.shape
    discard = check_integer("discard", discard, least=0, most=T - 1)
    s = len(cell.state_names) * params["W_yh"].shape[0]
    k = s if k is None else check_integer("k", k, least=1, most=s)
    trace = unroll(cell, params, x, state0)
    start = np.random.default_rng(0).standard_normal((s, k))  # in no special direction
    Q = np.tile(np.linalg.qr(start.astype(x.dtype))[0], (m, 1, 1))
    total = np.zeros((m, k))
    for t, J_t in enumerate(each_jacobian(trace)):
        Q, R = np.linalg.qr(J_t @ Q)
        if t >= discard:
            with np.errstate(divide="ignore"):  # ln 0 = -inf is the answer
                total += np.log(np.abs(np.diagonal(R, axis1=-2, axis2=-1)))
    exponents: Array = np.sort(total, axis=-1)[:, ::-1].mean(axis=0) / (T - discard)
    return exponents.astype(x.dtype, copy=False)


def each_jacobian(trace: Trace) -> Iterator[Array]:
    """Yield J_1, J_2, .., J_T, each (m, s, s), without holding all of them."""
    cell, W = trace.cell, trace.cell.backward_weights(trace.params)
    T, m, n = trace.h[1:].shape
    steps = max(1, ENTRIES_AT_ONCE // (m * (len(cell.state_names) * n) ** 2))
    for first in range(0, T, steps):
        chunk = slice(first, min(first + steps, T))
        yield from cell.jacobian(W, cell.partials(W, *trace.steps(chunk)))


def attribution(
    cell: Cell,
    params: Params,
    x: Array,
    y: Array,
    t: int | None = None,
    parameter: str | None = None,
    state0: Any = None,
) -> Array:
    """Split dL_t/dW into the parts that come from each earlier step.

    Parameters
    ----------
    cell, params, x, y, state0
        As for ``loss_and_gradients``.
    t : int, optional
        The step of the loss, 1..T; T when None.
    parameter : str, optional
        Which parameter; the first recurrent matrix (W_hh in an RNN) when None.

    Returns
    -------
    array, shape (t, *shape of the parameter)
        Entry k-1 is dL_t/dh_t * dh_t/dh_k * d+h_k/dW, where d+ holds h_{k-1} constant. The sum
        over k is dL_t/dW.

    Raises
    ------
    ValueError
        If an argument has a wrong type, shape or range or is not finite.

    Notes
    -----
    Pascanu, Mikolov and Bengio (2013), equation 4. Equations: eq-bptt-one-loss.

    Examples
    --------
    >>> cell, rng = RNN("tanh"), np.random.default_rng(0)
    >>> params = cell.init(rng, n_inputs=3, n_neurons=5, n_outputs=2)
    >>> x, y = rng.standard_normal((8, 4, 3)), rng.integers(0, 2, (8, 4))
    >>> terms = attribution(cell, params, x, y)
    >>> terms.shape
    (8, 5, 5)
    """
    params, x, state0 = check_input(cell, params, x, state0)
    y = check_targets(params, x, y)
    t = len(x) if t is None else check_integer("t", t, least=1, most=len(x))
    recurrent = tuple(name for name in params if name not in ("W_yh", "b_y"))
    first = f"W_h{cell.gates[0]}"
    parameter = first if parameter is None else check_choice("parameter", parameter, recurrent)
    trace = unroll(cell, params, x[:t], state0)
    d_h = np.zeros_like(trace.h[1:])
    _, d_logits = loss_at_output(trace.logits[-1:], y[t - 1 : t])
    d_h[-1] = d_logits[0] @ params["W_yh"].T
    delta, _ = net_input_gradients(trace, d_h)
    steps = (slice(k, k + 1) for k in range(t))
    return np.stack([weight_gradients(trace, delta[step], step)[parameter] for step in steps])


def rescaled_products(product: Array, log_scale: Array, factors: Array) -> tuple[Array, Array]:
    """Extend ``product * exp(log_scale)`` by one factor after the other, on the right.

    Each product is divided by its largest entry, whose logarithm goes into the scale.
    """
    products = np.empty_like(factors)
    log_scales = np.empty(factors.shape[:-2])
    for k, factor in enumerate(factors):
        np.matmul(product, factor, out=products[k])
        product = products[k]
        largest = np.abs(product).max(axis=(-2, -1))
        largest = np.where(largest > 0, largest, 1)  # a zero product stays zero
        product /= largest[..., None, None]
        log_scale = log_scale + np.log(largest)
        log_scales[k] = log_scale
    return products, log_scales


def check_jacobians(J: Array) -> Array:
    """Return J if it is a stack of finite square matrices, time first."""
    expected = "an array of shape (T, s, s) or (T, m, s, s)"
    if not isinstance(J, np.ndarray) or J.dtype.kind != "f" or J.ndim not in (3, 4):
        fail("J", expected, describe(J))
    if J.shape[-1] != J.shape[-2] or 0 in J.shape:
        fail("J", expected, describe(J))
    check_finite("J", J)
    return J


def norm_bound(cell: Cell, params: Params) -> float:
    """gamma_h sigma_max(W_hh): no one-step Jacobian of an RNN has a larger 2-norm.

    Parameters
    ----------
    cell : RNN
    params : dict

    Returns
    -------
    float
        Below 1 the gradient must vanish; above 1 it may, or may explode, or neither. Over
        t - k steps the bound is its power t - k.

    Raises
    ------
    ValueError
        If the cell is gated: its Jacobian contains the state itself (an LSTM's C, a GRU's
        h), so that no constant of the weights alone bounds it in this form.

    Notes
    -----
    Pascanu, Mikolov and Bengio (2013), section 2.1. Equations: eq-norm-bound.

    Examples
    --------
    >>> cell = RNN("sigmoid")
    >>> params = cell.init(np.random.default_rng(0), 3, 5, 2)
    >>> params["W_hh"] = 2 * np.eye(5)
    >>> norm_bound(cell, params)
    0.5
    """
    params = check_params(cell, params)
    if not isinstance(cell, RNN):
        why = "the Jacobian of a gated cell is not bounded by gamma_h * sigma_max of one matrix"
        fail("cell", "an RNN", f"{type(cell).__name__}; {why}")
    return float(cell.phi.bound * np.linalg.norm(params["W_hh"], 2))
