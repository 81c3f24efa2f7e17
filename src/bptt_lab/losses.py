"""The loss at the output, summed over steps and batch, and its gradient beneath.

In both pairings the gradient with respect to the output o_t is prediction minus target,
e_t = y_hat_t - y_t. Equations: eq-loss-gradient, eq-squared.
"""

import numpy as np

from bptt_lab.arguments import Array, check_shape

__all__ = [
    "half_squared_error",
    "softmax",
    "softmax_cross_entropy",
]


def softmax(o: Array) -> Array:
    """Turn the logits of each row (last axis) into probabilities.

    Subtracting the largest logit of the row changes nothing and prevents overflow.

    Notes
    -----
    Equations: eq-softmax; its derivative is eq-softmax-jacobian.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]]))
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    p: Array = np.exp(o - o.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    return p


def softmax_cross_entropy(o: Array, y: Array) -> tuple[Array, Array]:
    """Cross-entropy between softmax(o) and integer classes, and its gradient.

    Parameters
    ----------
    o : array, shape (..., n_outputs)
        Logits.
    y : integer array, shape (...)
        Class of each row, -1 where a row has no target.

    Returns
    -------
    loss : scalar
        Sum of -ln y_hat[y] over the rows with a target, in nats.
    d_o : array, shape (..., n_outputs)
        e = softmax(o) - onehot(y); zero in the rows without a target.

    Raises
    ------
    ValueError
        If y does not have the shape of o without its last axis.

    Notes
    -----
    Equations: eq-cross-entropy, eq-loss-gradient.

    Examples
    --------
    >>> loss, d_o = softmax_cross_entropy(np.zeros((2, 4)), np.array([1, -1]))
    >>> bool(np.isclose(loss, np.log(4)))
    True
    >>> d_o
    array([[ 0.25, -0.75,  0.25,  0.25],
           [ 0.  ,  0.  ,  0.  ,  0.  ]])
    """
    check_shape("y", y, o.shape[:-1])
    q, labels = o.shape[-1], y.reshape(-1)
    e = np.array(o.reshape(-1, q).T, order="C")  # classes first: reductions over long rows
    e -= e.max(axis=0)
    target = (labels, np.arange(labels.size))  # where there is none, anything: see below
    at_target = e[target]  # (rows,)
    np.exp(e, out=e)
    total = e.sum(axis=0)  # (rows,)
    losses = np.log(total) - at_target
    e /= total  # softmax(o)
    e[target] -= 1  # softmax(o) - onehot(y)
    none = labels < 0
    losses[none] = 0
    e[:, none] = 0
    return losses.sum(), e.T.reshape(o.shape)


def half_squared_error(o: Array, y: Array) -> tuple[Array, Array]:
    """Half the squared distance between output and target, and its gradient.

    Parameters
    ----------
    o, y : array, the same shape
        Output and target.

    Returns
    -------
    loss : scalar
        0.5 * sum((o - y)**2).
    d_o : array, same shape
        e = o - y.

    Raises
    ------
    ValueError
        If the shapes differ.

    Notes
    -----
    Equations: eq-squared.

    Examples
    --------
    >>> loss, d_o = half_squared_error(np.array([3.0, 1.0]), np.array([1.0, 1.0]))
    >>> float(loss), d_o
    (2.0, array([2., 0.]))
    """
    check_shape("y", y, o.shape)
    d_o = o - y
    loss = 0.5 * (d_o * d_o).sum()
    return loss, d_o
