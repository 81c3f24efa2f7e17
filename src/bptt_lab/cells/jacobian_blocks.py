"""The pieces that the Jacobians of all cells are put together from."""

import numpy as np

from bptt_lab.arguments import Array


def times(D: Array, M: Array) -> Array:
    """diag(D) M for rows D (..., n) and matrices M (..., n, n)."""
    product: Array = D[..., :, None] * M
    return product


def diagonal(D: Array) -> Array:
    """diag(D) for every row of D, shape (..., n, n)."""
    return times(D, np.eye(D.shape[-1], dtype=D.dtype))


def block_matrix(hh: Array, hC: Array, Ch: Array, CC: Array) -> Array:
    """Put together the derivatives of h (above) and C (below) with respect to h and C."""
    return np.block([[hh, hC], [Ch, CC]])
