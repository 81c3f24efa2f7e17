"""Linear recurrences, and the scan that finds all their states in few rounds.

A step h -> a h + b followed by a step h -> c h + d is again such a step. So the steps of a sequence
can be joined in pairs, pairs of pairs and so on, instead of one after the other. The states of a
linear network are found so, and the gradient through time of any network.
"""

from collections.abc import Callable

import numpy as np

from bptt_lab.arguments import Array, describe, fail

__all__ = [
    "compose",
    "compose_matrices",
    "diagonal_backward",
    "diagonal_forward",
    "linear_adjoint",
    "linear_recurrence",
    "rotation_blocks",
    "scan",
    "scan_by_doubling",
]

Steps = tuple[Array, ...]
"""Arrays with the same first axis, which counts the steps."""

Combine = Callable[[Steps, Steps], Steps]


def compose(first: Steps, second: Steps) -> Steps:
    """Join two steps h -> a h + b into one, entry by entry.

    Parameters
    ----------
    first, second : tuple of two arrays (a, b), all of one shape
        The earlier step and the later one. With a first axis, many pairs of steps at once.

    Returns
    -------
    tuple of two arrays
        a and b of both together.

    Notes
    -----
    Equations: eq-after-compose.

    Examples
    --------
    >>> compose((2.0, 1.0), (3.0, 5.0))  # 3 (2 h + 1) + 5
    (6.0, 8.0)
    """
    (a, b), (c, d) = first, second
    return c * a, c * b + d


def compose_matrices(first: Steps, second: Steps) -> Steps:
    """Join two steps h -> A h + b into one, A a matrix and h a column.

    Parameters
    ----------
    first, second : tuple (A, b), shapes (..., s, s) and (..., s)

    Returns
    -------
    tuple of two arrays of the same shapes

    Notes
    -----
    Equations: eq-after-compose.

    Examples
    --------
    >>> turn = np.array([[0.0, -1.0], [1.0, 0.0]]), np.array([1.0, 0.0])
    >>> compose_matrices(turn, turn)[1]
    array([1., 1.])
    """
    (A, b), (C, d) = first, second
    return C @ A, times(C, b) + d


def times(a: Array, h: Array) -> Array:
    """Return a h, with matrices a (..., s, s) or entry by entry."""
    product: Array = a * h if a.ndim == h.ndim else (a @ h[..., None])[..., 0]
    return product


def scan(combine: Combine, steps: Steps) -> Steps:
    """Join the first t steps into one, for every t, in about 2 log2 T rounds.

    Parameters
    ----------
    combine : callable
        ``combine(earlier, later)`` joins two runs of steps, many pairs at once. It has to be
        associative: it must not matter which pairs are joined first.
    steps : tuple of arrays
        Their first axis counts the T steps.

    Returns
    -------
    tuple of arrays of the same shapes
        Entry t-1 stands for the steps 1, .., t together.

    Notes
    -----
    Neighbours are joined, the pairs are scanned, and each odd step is added to the pairs before
    it: for T a power of two 2 T - 2 - log2 T combinations in 2 log2 T - 1 rounds. A call of
    ``combine`` is one round. The scheme is named after Blelloch (1990). Equations: eq-after-work.

    Examples
    --------
    >>> scan(lambda first, second: (first[0] + second[0],), (np.arange(1, 8),))[0]
    array([ 1,  3,  6, 10, 15, 21, 28])
    """
    T = len(steps[0])
    if T == 1:
        return steps
    pairs = combine(each(steps, slice(0, T - 1, 2)), each(steps, slice(1, T, 2)))
    joined = scan(combine, pairs)  # what ends at the steps 2, 4, ..
    result = tuple(np.empty_like(array) for array in steps)
    put(result, slice(0, 1), each(steps, slice(0, 1)))
    put(result, slice(1, T, 2), joined)
    if T > 2:  # the steps 3, 5, .. after what ends before them
        before, odd = each(joined, slice(0, (T - 1) // 2)), each(steps, slice(2, T, 2))
        put(result, slice(2, T, 2), combine(before, odd))
    return result


def scan_by_doubling(combine: Combine, steps: Steps) -> Steps:
    """Join the first t steps into one, for every t, in log2 T rounds but with more work.

    Parameters
    ----------
    combine, steps
        As for ``scan``.

    Returns
    -------
    tuple of arrays of the same shapes

    Notes
    -----
    After k rounds every entry stands for the last 2^k steps: for T a power of two
    T log2 T - T + 1 combinations in log2 T rounds. The scheme is named after Hillis and Steele
    (1986). Equations: eq-after-work.

    Examples
    --------
    >>> scan_by_doubling(lambda first, second: (first[0] + second[0],), (np.arange(1, 8),))[0]
    array([ 1,  3,  6, 10, 15, 21, 28])
    """
    T, reach = len(steps[0]), 1
    while reach < T:
        later = combine(each(steps, slice(0, T - reach)), each(steps, slice(reach, T)))
        pairs = zip(each(steps, slice(0, reach)), later, strict=True)
        steps = tuple(np.concatenate(pair) for pair in pairs)
        reach *= 2
    return steps


def each(steps: Steps, which: slice) -> Steps:
    """Return some of the steps."""
    return tuple(array[which] for array in steps)


def put(steps: Steps, which: slice, values: Steps) -> None:
    """Write some of the steps."""
    for array, value in zip(steps, values, strict=True):
        array[which] = value


def linear_recurrence(a: Array, b: Array, start: Array | None = None) -> Array:
    """States of h_t = a_t h_{t-1} + b_t, one step after the other.

    Parameters
    ----------
    a : array, shape (T, ..., s) or (T, ..., s, s)
        Factors entry by entry, or matrices.
    b : array, shape (T, ..., s)
    start : array, shape (..., s), optional
        h_0; zeros when None.

    Returns
    -------
    array, shape (T+1, ..., s)

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Notes
    -----
    Equations: eq-after-diagonal, eq-after-newton.

    Examples
    --------
    >>> linear_recurrence(np.full((3, 1), 0.5), np.ones((3, 1)))[:, 0]
    array([0.  , 1.  , 1.5 , 1.75])
    """
    check_steps(a, b)
    h = np.zeros((len(b) + 1, *b.shape[1:]), np.result_type(a, b))
    h[0] = 0 if start is None else start
    for t in range(len(b)):
        h[t + 1] = times(a[t], h[t]) + b[t]
    return h


def linear_adjoint(a: Array, v: Array) -> Array:
    """Gradient at every state of a linear recurrence: the same recurrence, read backwards.

    Parameters
    ----------
    a : array, shape (T, ..., s) or (T, ..., s, s)
        Factors entry by entry, or matrices, as for ``linear_recurrence``: those of the network,
        or the one-step Jacobians of any network.
    v : array, shape (T, ..., s)
        What the loss passes to each state directly.

    Returns
    -------
    array, shape (T, ..., s)
        g_t = dL/dh_t for t = 1..T.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Notes
    -----
    g_t = v_t + g_{t+1} a_{t+1} is linear whatever the network is, so one ``scan`` finds all of
    it. Equations: eq-after-adjoint, eq-bptt-recursion, eq-bptt-adjoint, eq-after-costate.

    Examples
    --------
    >>> linear_adjoint(np.full((3, 1), 0.5), np.ones((3, 1)))[:, 0]
    array([1.75, 1.5 , 1.  ])
    """
    check_steps(a, v)
    dtype, matrices = np.result_type(a, v), a.ndim > v.ndim
    later = np.concatenate([np.zeros_like(a[:1]), a[:0:-1]]).astype(dtype)  # none after the last
    if matrices:
        later = later.swapaxes(-1, -2)  # g is a row
    combine = compose_matrices if matrices else compose
    return scan(combine, (later, v[::-1].astype(dtype)))[1][::-1]


def check_steps(a: Array, b: Array) -> None:
    """Refuse factors and increments that do not belong together."""
    if a.shape not in (b.shape, (*b.shape, b.shape[-1])) or 0 in a.shape:
        fail("a", f"an array of shape {b.shape} or {(*b.shape, b.shape[-1])}", describe(a))


def diagonal_forward(lam: Array, u: Array, start: Array | None = None) -> Array:
    """States of h_t = lam * h_{t-1} + u_t, complex, by one scan.

    Parameters
    ----------
    lam : array, shape (n,), or (T, m, n) where it differs from step to step
        Real or complex.
    u : array, shape (T, m, n)
        What the inputs add, x_t B.
    start : array, shape (m, n), optional
        h_0; zeros when None.

    Returns
    -------
    array, shape (T+1, m, n)
        Index t is the state after t inputs.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Notes
    -----
    Equations: eq-after-diagonal, eq-after-compose.

    Examples
    --------
    A factor of modulus 1 turns what came in, and never forgets it.

    >>> u = np.zeros((4, 1, 1))
    >>> u[0] = 1
    >>> diagonal_forward(np.array([1j]), u)[:, 0, 0].real
    array([ 0.,  1.,  0., -1.,  0.])
    """
    a = every_step(lam, u)
    check_steps(a, u)
    h = np.empty((len(u) + 1, *u.shape[1:]), a.dtype)
    h[0] = 0 if start is None else start
    factors, sums = scan(compose, (a, u.astype(a.dtype)))
    h[1:] = factors * h[0] + sums
    return h


def diagonal_backward(lam: Array, h: Array, v: Array) -> tuple[Array, Array]:
    """Gradient of a real loss at the inputs and at lam, for the states of ``diagonal_forward``.

    Parameters
    ----------
    lam : array, shape (n,) or (T, m, n)
    h : array, shape (T+1, m, n)
    v : array, shape (T, m, n)
        What the loss passes to h_t directly, as a complex row: dL = Re(v_t dh_t).

    Returns
    -------
    g : array, shape (T, m, n)
        dL/dh_t, which is dL/du_t as well.
    d_lam : array, of the shape of lam
        dL = Re(sum of d_lam * dlam): the direction of descent is minus its conjugate.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Notes
    -----
    Equations: eq-after-adjoint.

    Examples
    --------
    >>> h = diagonal_forward(np.array([0.5]), np.ones((3, 1, 1)))
    >>> g, d_lam = diagonal_backward(np.array([0.5]), h, np.ones((3, 1, 1)))
    >>> g[:, 0, 0], d_lam
    (array([1.75, 1.5 , 1.  ]), array([3.]))
    """
    g = linear_adjoint(every_step(lam, v), v)
    terms = g * h[:-1]
    return g, terms if np.ndim(lam) > 1 else terms.sum(axis=(0, 1))


def every_step(lam: Array, u: Array) -> Array:
    """Return lam for every step and sequence, in the precision of both."""
    lam = np.asarray(lam)
    if lam.shape not in (u.shape, u.shape[-1:]):
        fail("lam", f"an array of shape {u.shape[-1:]} or {u.shape}", describe(lam))
    return np.broadcast_to(lam, u.shape).astype(np.result_type(lam, u))


def rotation_blocks(lam: Array) -> Array:
    """Return the real W_hh of a network whose pairs of neurons are the complex states.

    Parameters
    ----------
    lam : array, shape (n,)

    Returns
    -------
    array, shape (2 n, 2 n)
        For rows Re h_1, Im h_1, Re h_2, ..: one 2 x 2 block for each factor, on the diagonal.

    Notes
    -----
    Equations: eq-after-blocks.

    Examples
    --------
    >>> rotation_blocks(np.array([0.5 + 0.25j]))
    array([[ 0.5 ,  0.25],
           [-0.25,  0.5 ]])
    """
    lam = np.asarray(lam, complex)
    W = np.zeros((2 * len(lam), 2 * len(lam)))
    for j, factor in enumerate(lam):
        block = [[factor.real, factor.imag], [-factor.imag, factor.real]]
        W[2 * j : 2 * j + 2, 2 * j : 2 * j + 2] = block
    return W
