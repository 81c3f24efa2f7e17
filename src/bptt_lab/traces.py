"""The gradient forwards in time, where it is cheap: neurons that feed themselves alone."""

import numpy as np

from bptt_lab.activations import activation
from bptt_lab.arguments import Array, check_keys, check_real
from bptt_lab.cells.base import Params

__all__ = ["elementwise_rtrl", "elementwise_states"]


def elementwise_states(params: Params, x: Array, phi: str = "tanh") -> Array:
    """States of a network in which each neuron feeds itself alone.

    Parameters
    ----------
    params : dict
        ``W_xh`` (n_inputs, n), ``w_hh`` (n,) and ``b_h`` (n,).
    x : array, shape (T, m, n_inputs)
    phi : str
        The activation.

    Returns
    -------
    array, shape (T+1, m, n)
        h_t = phi(x_t W_xh + w_hh * h_{t-1} + b_h), from h_0 = 0.

    Raises
    ------
    ValueError
        If an argument has a wrong type or shape or is not finite.

    Notes
    -----
    Equations: eq-after-elementwise.

    Examples
    --------
    >>> params = {"W_xh": np.ones((1, 2)), "w_hh": np.array([0.5, 0.0]), "b_h": np.zeros(2)}
    >>> elementwise_states(params, np.ones((3, 1, 1)), "identity")[:, 0, 0]
    array([0.  , 1.  , 1.5 , 1.75])
    """
    params, x = check_elementwise(params, x)
    f = activation(phi)
    h = np.zeros((len(x) + 1, x.shape[1], len(params["b_h"])), x.dtype)
    for t, x_t in enumerate(x):
        h[t + 1] = f.value(x_t @ params["W_xh"] + params["w_hh"] * h[t] + params["b_h"])
    return h


def elementwise_rtrl(params: Params, x: Array, d_h: Array, phi: str = "tanh") -> Params:
    """Gradient of such a network without a way back: one trace for each parameter, carried along.

    Parameters
    ----------
    params, x, phi
        As for ``elementwise_states``.
    d_h : array, shape (T, m, n)
        What the loss passes to h_t directly. It is used at step t and not looked at again.

    Returns
    -------
    dict
        The gradient under the names of the parameters.

    Raises
    ------
    ValueError
        If an argument has a wrong type or shape or is not finite.

    Notes
    -----
    Real-time recurrent learning carries dh_t/dp for every neuron and parameter. Here only the
    neuron that a parameter belongs to feels it, so that the trace of a parameter is one number
    for each sequence. Equations: eq-after-traces.

    Examples
    --------
    >>> params = {"W_xh": np.ones((1, 1)), "w_hh": np.array([0.5]), "b_h": np.zeros(1)}
    >>> d_h = np.array([0.0, 0.0, 1.0])[:, None, None]  # the loss is the last state
    >>> elementwise_rtrl(params, np.ones((3, 1, 1)), d_h, "identity")["w_hh"]  # 1 + 2 w
    array([2.])
    """
    params, x = check_elementwise(params, x)
    w, f = params["w_hh"], activation(phi)
    h = np.zeros((x.shape[1], len(w)), x.dtype)
    d_h = check_real("d_h", d_h, (len(x), *h.shape), x.dtype)
    e_x = np.zeros((*x.shape[1:], len(w)), x.dtype)  # traces: dh/dW_xh, dh/dw_hh, dh/db_h
    e_w, e_b = np.zeros_like(h), np.zeros_like(h)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    for x_t, v_t in zip(x, d_h, strict=True):
        before, h = h, f.value(x_t @ params["W_xh"] + w * h + params["b_h"])
        D = f.slope(h)
        e_x = D[:, None] * (x_t[:, :, None] + w * e_x)
        e_w = D * (before + w * e_w)
        e_b = D * (1 + w * e_b)
        grads["W_xh"] += (v_t[:, None] * e_x).sum(axis=0)
        grads["w_hh"] += (v_t * e_w).sum(axis=0)
        grads["b_h"] += (v_t * e_b).sum(axis=0)
    return grads


def check_elementwise(params: Params, x: Array) -> tuple[Params, Array]:
    """Return parameters and inputs as real arrays of one type, if they fit."""
    check_keys("params", params, ("W_xh", "w_hh", "b_h"))
    w = check_real("w_hh", params["w_hh"], ("n",))
    n = len(w)
    W_xh = check_real("W_xh", params["W_xh"], ("n_inputs", n), w.dtype)
    b_h = check_real("b_h", params["b_h"], (n,), w.dtype)
    x = check_real("x", x, ("T", "m", len(W_xh)), w.dtype)
    return {"W_xh": W_xh, "w_hh": w, "b_h": b_h}, x
