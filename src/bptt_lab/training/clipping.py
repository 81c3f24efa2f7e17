"""Gradients that are too long are made shorter before an optimiser sees them."""

import numpy as np

from bptt_lab.arguments import check_instance, check_positive
from bptt_lab.cells.base import Params


def global_norm(grads: Params) -> float:
    """2-norm of all gradients together, as one long vector; it cannot overflow on the way.

    Parameters
    ----------
    grads : dict of arrays
        As ``loss_and_gradients`` returns them.

    Returns
    -------
    float
        NaN or infinity if a gradient holds one.

    Raises
    ------
    ValueError
        If ``grads`` is no dict.

    Examples
    --------
    >>> global_norm({"W": np.array([[3e200]]), "b": np.array([4e200])}) / 1e200
    5.0
    """
    check_instance("grads", grads, dict, "a dict of arrays")
    largest = float(np.max([np.abs(g).max() for g in grads.values()]))  # NaN stays NaN
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(sum(float(((g / largest) ** 2).sum()) for g in grads.values())))


def clip_by_norm(grads: Params, threshold: float) -> Params:
    """Shorten the gradient to ``threshold`` if it is longer; its direction stays.

    Parameters
    ----------
    grads : dict of arrays
        As ``loss_and_gradients`` returns them.
    threshold : float
        tau > 0, for the norm over all parameters together.

    Returns
    -------
    dict
        g min(1, tau / ||g||), new unless nothing is shortened.

    Raises
    ------
    ValueError
        If ``grads`` is no dict or ``threshold`` not a positive number.

    Notes
    -----
    Pascanu, Mikolov and Bengio (2013), algorithm 1. Equations: eq-clipping.

    Examples
    --------
    >>> clip_by_norm({"W": np.array([[3.0]]), "b": np.array([4.0])}, 1.0)
    {'W': array([[0.6]]), 'b': array([0.8])}
    """
    tau, norm = check_positive("threshold", threshold), global_norm(grads)
    if norm <= tau:
        return dict(grads)
    return {name: g / norm * tau for name, g in grads.items()}  # tau / norm may underflow


def clip_by_entry(grads: Params, threshold: float) -> Params:
    """Cut each entry of the gradient to [-threshold, threshold]; its direction may change.

    Parameters
    ----------
    grads : dict of arrays
    threshold : float
        Above 0.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If ``grads`` is no dict or ``threshold`` not a positive number.

    Notes
    -----
    Mikolov (2012).

    Examples
    --------
    >>> clip_by_entry({"b": np.array([4.0, -0.5, -2.0])}, 1.0)
    {'b': array([ 1. , -0.5, -1. ])}
    """
    check_instance("grads", grads, dict, "a dict of arrays")
    tau = check_positive("threshold", threshold)
    return {name: np.clip(g, -tau, tau) for name, g in grads.items()}
