"""Jacobians of the unrolled network: one step, products, norms and their bounds."""

import numpy as np

from bptt_lab.arguments import Array, fail, finite, integer
from bptt_lab.bptt import Trace, check_cell, check_trace
from bptt_lab.cells import RNN
from bptt_lab.cells.base import Cell, Params

BLOCK = 2**22
"""Number of matrix entries handled at a time where all steps at once would fill the memory."""


def step_jacobians(cell: Cell, params: Params, trace: Trace) -> Array:
    """One-step Jacobians along a trajectory.

    Parameters
    ----------
    cell, params
        The ones ``trace`` was made with.
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
    Ledger, section 0.1 (RNN), R6 (LSTM) and section 8 item 13 (GRU).

    Examples
    --------
    >>> from bptt_lab.bptt import forward
    >>> cell, rng = RNN("identity"), np.random.default_rng(0)
    >>> params = cell.init(rng, n_inputs=3, n_neurons=5, n_outputs=2)
    >>> J = step_jacobians(cell, params, forward(cell, params, rng.standard_normal((7, 4, 3))))
    >>> J.shape, bool(np.array_equal(J[6, 3], params["W_hh"].T))
    ((7, 4, 5, 5), True)
    """
    check_trace(cell, params, trace)
    W = cell.recurrent_weights(params)
    return cell.jacobian(W, cell.partials(W, *trace.steps()))


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
    dstate_t/dstate_k = J_t J_{t-1} .. J_{k+1}, newest factor on the left (ledger, section
    0.1). The product grows on the right by one older factor at a time.

    Examples
    --------
    >>> J = np.tile(0.5 * np.eye(3), (4000, 1, 1))
    >>> log_norms = log_gradient_norms(J)
    >>> bool(np.allclose(log_norms, -np.log(2) * np.arange(4001)))
    True
    """
    J = check_jacobians(J)
    t = len(J) if t is None else integer("t", t, least=0, most=len(J))
    s = J.shape[-1]
    product = np.broadcast_to(np.eye(s, dtype=J.dtype), J.shape[1:])  # dstate_t/dstate_t
    log_scale = np.zeros(J.shape[1:-2])
    log_norms = np.zeros((t + 1, *J.shape[1:-2]))
    block = max(1, BLOCK // max(1, J[0].size))
    for first in range(0, t, block):
        factors = J[t - min(first + block, t) : t - first][::-1]  # newest first
        products, log_scales = rescaled_products(product, log_scale, factors)
        with np.errstate(divide="ignore"):  # ln 0 = -inf is the answer
            log_norms[first + 1 : first + 1 + len(factors)] = (
                np.log(spectral_norms(products)) + log_scales
            )
        product, log_scale = products[-1], log_scales[-1]
    return log_norms.astype(J.dtype, copy=False)


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


def spectral_norms(matrices: Array) -> Array:
    """Largest singular value of each matrix (..., s, s), as the root of one of M M^T.

    Squaring costs accuracy in the small singular values only, and is several times faster
    than a singular value decomposition.
    """
    squares = np.linalg.eigvalsh(matrices @ matrices.swapaxes(-1, -2))[..., -1]
    return np.sqrt(np.maximum(squares, 0))


def check_jacobians(J: Array) -> Array:
    """Return J if it is a stack of finite square matrices, time first."""
    expected = "an array of shape (T, s, s) or (T, m, s, s)"
    if not isinstance(J, np.ndarray) or J.dtype.kind != "f" or J.ndim not in (3, 4):
        fail("J", expected, getattr(J, "shape", type(J).__name__).__str__())
    if J.shape[-1] != J.shape[-2] or 0 in J.shape:
        fail("J", expected, f"shape {J.shape}")
    finite("J", J)
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
    Pascanu, Mikolov and Bengio (2013), section 2.1; ledger, R4.

    Examples
    --------
    >>> cell = RNN("sigmoid")
    >>> params = cell.init(np.random.default_rng(0), 3, 5, 2)
    >>> params["W_hh"] = 2 * np.eye(5)
    >>> norm_bound(cell, params)
    0.5
    """
    check_cell(cell, params)
    if not isinstance(cell, RNN):
        why = "the Jacobian of a gated cell is not bounded by gamma_h * sigma_max of one matrix"
        fail("cell", "an RNN", f"{type(cell).__name__}; {why}")
    return float(cell.phi.bound * np.linalg.norm(params["W_hh"], 2))
