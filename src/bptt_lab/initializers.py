"""Random matrices for W_xh, W_hh and W_yh, in the row convention ``x @ W``.

Only the shape of the spectrum differs: what an initializer does to the norm of a product of
Jacobians is the subject of the chapter on vanishing and exploding gradients.
"""

import numpy as np

from bptt_lab.arguments import Array, check_generator, check_integer, check_number, check_real, fail

__all__ = [
    "chrono",
    "gaussian",
    "glorot",
    "identity",
    "non_normal",
    "orthogonal",
    "scaled",
    "spectral_radius",
]


def spectral_radius(W: Array) -> float:
    """Return the largest modulus of an eigenvalue of W, which is not its norm.

    Parameters
    ----------
    W : array, shape (n, n)

    Returns
    -------
    float
        rho(W) <= sigma_max(W), with equality for normal matrices.

    Raises
    ------
    ValueError
        If W is not a finite real square matrix.

    Notes
    -----
    Equations: eq-gelfand.

    Examples
    --------
    >>> round(spectral_radius(np.array([[0.5, 10.0], [0.0, 0.5]])), 6)
    0.5
    """
    return float(np.abs(np.linalg.eigvals(square("W", W))).max())


def square(name: str, W: Array) -> Array:
    """Return W if it is a finite real square matrix."""
    W = check_real(name, W, ("n", "n"))
    if W.shape[0] != W.shape[1]:
        fail(name, "a square matrix", f"one of shape {W.shape}")
    return W


def gaussian(
    rng: np.random.Generator, rows: int, columns: int | None = None, gain: float = 1.0
) -> Array:
    """Independent entries N(0, gain**2 / rows).

    Parameters
    ----------
    rng : numpy.random.Generator
    rows, columns : int
        Shape; square when ``columns`` is None.
    gain : float
        For large n the spectral radius tends to ``gain`` and sigma_max to ``2 * gain``.

    Raises
    ------
    ValueError
        If an argument has the wrong type or range.

    Examples
    --------
    >>> W = gaussian(np.random.default_rng(0), 400, gain=0.9)
    >>> W.shape, bool(0.85 < spectral_radius(W) < 0.95)
    ((400, 400), True)
    """
    rows = check_integer("rows", rows)
    columns = rows if columns is None else check_integer("columns", columns)
    scale = check_number("gain", gain) / np.sqrt(rows)
    W: Array = check_generator("rng", rng).standard_normal((rows, columns)) * scale
    return W


def glorot(rng: np.random.Generator, rows: int, columns: int | None = None) -> Array:
    """Uniform entries of variance 2 / (rows + columns).

    Raises
    ------
    ValueError
        If an argument has the wrong type or range.

    Notes
    -----
    Glorot and Bengio (2010), equation 16.

    Examples
    --------
    >>> W = glorot(np.random.default_rng(0), 3, 9)
    >>> W.shape, bool(np.abs(W).max() <= np.sqrt(6 / 12))
    ((3, 9), True)
    """
    rows = check_integer("rows", rows)
    columns = rows if columns is None else check_integer("columns", columns)
    limit = np.sqrt(6 / (rows + columns))
    return check_generator("rng", rng).uniform(-limit, limit, (rows, columns))


def orthogonal(rng: np.random.Generator, n: int, gain: float = 1.0) -> Array:
    """``gain`` times an orthogonal matrix, uniform over all of them.

    All singular values and all moduli of eigenvalues equal ``gain``.

    Raises
    ------
    ValueError
        If an argument has the wrong type or range.

    Notes
    -----
    Saxe, McClelland and Ganguli (2014). The signs make the QR factorisation unique; without
    them the draw is not uniform.

    Examples
    --------
    >>> W = orthogonal(np.random.default_rng(0), 5)
    >>> bool(np.allclose(W @ W.T, np.eye(5)))
    True
    """
    n, gain = check_integer("n", n), check_number("gain", gain)
    Q, R = np.linalg.qr(check_generator("rng", rng).standard_normal((n, n)))
    return gain * Q * np.sign(np.diag(R))


def identity(rng: np.random.Generator, n: int, scale: float = 1.0) -> Array:
    """``scale`` times the identity, for the ReLU network of Le, Jaitly and Hinton (2015).

    Parameters
    ----------
    rng : numpy.random.Generator
        Not used; every initialiser takes one, so that each can be ``recurrent=`` of ``init``.
    n : int
    scale : float

    Raises
    ------
    ValueError
        If an argument has the wrong type or range.

    Examples
    --------
    >>> identity(np.random.default_rng(0), 2, scale=0.9)
    array([[0.9, 0. ],
           [0. , 0.9]])
    """
    check_generator("rng", rng)
    return check_number("scale", scale) * np.eye(check_integer("n", n))


def scaled(W: Array, rho: float) -> Array:
    """W multiplied by the number that makes its spectral radius ``rho``.

    Raises
    ------
    ValueError
        If W is not a finite real square matrix, if its spectral radius is zero, or if
        ``rho`` is negative.

    Examples
    --------
    >>> W = scaled(gaussian(np.random.default_rng(0), 8), 1.1)
    >>> round(spectral_radius(W), 12)
    1.1
    """
    rho, radius = check_number("rho", rho, least=0), spectral_radius(W)
    if radius == 0:
        fail("W", "a matrix with a non-zero eigenvalue", "spectral radius 0")
    return (W * (rho / radius)).astype(np.asarray(W).dtype, copy=False)


def non_normal(rng: np.random.Generator, n: int, rho: float = 1.0, departure: float = 0.0) -> Array:
    """Every eigenvalue has modulus ``rho``; ``departure`` is how far W is from normal.

    W = Q (rho R + N) Q^T with Q orthogonal, R a block diagonal of random rotations, N above
    these blocks and of Frobenius norm ``departure * sqrt(n)``. N does not move the
    eigenvalues, but it makes sigma_max, and with it the transient growth of powers of W, as
    large as one likes.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
    rho : float
        Spectral radius, at least 0.
    departure : float
        Henrici's departure from normality divided by sqrt(n), at least 0. At 0, W is ``rho``
        times an orthogonal matrix.

    Raises
    ------
    ValueError
        If an argument has the wrong type or range.

    Notes
    -----
    Henrici (1962): the departure is sqrt(||W||_F**2 - sum |lambda_i|**2). Computed eigenvalues
    of a strongly non-normal W are themselves inaccurate: it moves them by far more than the
    rounding error (Trefethen and Embree 2005).

    Examples
    --------
    >>> W = non_normal(np.random.default_rng(0), 6, rho=0.9, departure=2.0)
    >>> round(spectral_radius(W), 6), bool(np.linalg.norm(W, 2) > 2)
    (0.9, True)
    """
    n, rho = check_integer("n", n), check_number("rho", rho, least=0)
    departure = check_number("departure", departure, least=0)
    rotations = rotation_blocks(check_generator("rng", rng), n)
    blocks = np.arange(n) // 2
    N = rng.standard_normal((n, n)) * (blocks[:, None] < blocks)
    length = np.linalg.norm(N)
    if departure > 0 and length == 0:
        fail("n", "at least 3, below which the construction is always normal", str(n))
    N *= departure * np.sqrt(n) / (length or 1)
    Q = orthogonal(rng, n)
    return np.asarray(Q @ (rho * rotations + N) @ Q.T)


def rotation_blocks(rng: np.random.Generator, n: int) -> Array:
    """Block-diagonal rotations by random angles; a last single entry is 1."""
    R = np.eye(n)
    for k in range(0, n - 1, 2):
        angle = rng.uniform(0, np.pi)
        c, s = np.cos(angle), np.sin(angle)
        R[k : k + 2, k : k + 2] = [[c, -s], [s, c]]
    return R


def chrono(rng: np.random.Generator, n: int, T_max: int) -> Array:
    """Gate biases ln U[1, T_max - 1]: memories that last between 1 and ``T_max`` steps.

    Set ``b_f`` to the result and ``b_i`` to its negative (LSTM), or ``b_z`` to the result
    (GRU, where z keeps the state).

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
        Number of neurons.
    T_max : int
        Longest expected dependency in steps, at least 2.

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ValueError
        If an argument has the wrong type or range.

    Notes
    -----
    Tallec and Ollivier (2018), equation 16. Equations: eq-chrono.

    Examples
    --------
    >>> b_f = chrono(np.random.default_rng(0), 4, 100)
    >>> bool(np.all((0 <= b_f) & (b_f <= np.log(99))))
    True
    """
    T_max = check_integer("T_max", T_max, least=2)
    return np.log(check_generator("rng", rng).uniform(1, T_max - 1, check_integer("n", n)))
