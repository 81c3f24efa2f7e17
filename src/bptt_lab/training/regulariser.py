"""A penalty that asks for gradients whose norm is kept on the way back."""

import numpy as np

from bptt_lab.arguments import Array
from bptt_lab.cells.base import rows


def omega(W_hh: Array, g: Array, delta: Array) -> tuple[float, Array]:
    """Penalty on every step at which the gradient going back changes its norm.

    Parameters
    ----------
    W_hh : array, shape (n, n)
    g : array, shape (T, m, n)
        g_t = dL/dh_t, from all losses at t and later.
    delta : array, shape (T, m, n)
        delta_t = dL/da_t = g_t * phi'(a_t).

    Returns
    -------
    value : float
        Mean over steps and sequences of (||r_t|| / ||g_t|| - 1)**2 with r_t = delta_t W_hh^T,
        what arrives at h_{t-1}. Steps that no gradient reaches do not count.
    gradient : array, shape (n, n)
        The immediate derivative with respect to W_hh: g and delta are held constant.

    Notes
    -----
    Pascanu, Mikolov and Bengio (2013), equations 9 and 10. The paper writes the sum over the
    steps, the authors' program takes the mean, because only so one weight does for all lengths.
    Equations: eq-omega, eq-omega-gradient.

    Examples
    --------
    A network that halves every gradient:

    >>> g = np.random.default_rng(0).standard_normal((5, 3, 2))
    >>> omega(0.5 * np.eye(2), g, delta=g)[0]
    0.25
    """
    g, delta = rows(g), rows(delta)
    r = np.dot(delta, W_hh.T)
    norm_g, norm_r = (np.linalg.norm(v, axis=1, keepdims=True) for v in (g, r))
    reached = norm_g > 0
    norm_g = np.where(reached, norm_g, 1)
    change = np.where(reached, norm_r / norm_g - 1, 0)  # (T m, 1)
    direction = r / np.where(norm_r > 0, norm_r, 1)
    count = max(1, int(reached.sum()))
    gradient = 2 / count * np.dot((change * direction).T, delta / norm_g)
    return float((change**2).sum() / count), gradient
