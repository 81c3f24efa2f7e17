"""Newton's method over a sequence: guess all states, and correct all of them at once."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from bptt_lab.arguments import Array, check_number, check_real
from bptt_lab.bptt import check_input, forward
from bptt_lab.cells.base import Cell, Params
from bptt_lab.jacobians import step_jacobians
from bptt_lab.linear import linear_recurrence

__all__ = ["newton", "newton_step", "residuals"]


def newton(
    cell: Cell,
    params: Params,
    x: Array,
    state0: Any = None,
    guess: Array | None = None,
    limit: float = 1e6,
) -> Iterator[Array]:
    """Yield better and better states of a whole sequence; the loop over time is not run.

    Parameters
    ----------
    cell, params, x, state0
        As for ``forward``.
    guess : array, shape (T+1, m, s), optional
        States to begin with; zeros when None. s = n, or 2 n for (h, C).
    limit : float
        Every state is kept within this distance of 0. The h of every cell here lies between
        -1 and 1, and with 1 an RNN or GRU cannot be led far away.

    Yields
    ------
    array, shape (T+1, m, s)
        The guess, and then one iterate after the other, without end. After k iterations the
        first k states are right.

    Raises
    ------
    ValueError
        If an argument has a wrong type, shape or range or is not finite.

    Notes
    -----
    Equations: eq-after-newton.

    Examples
    --------
    A linear network is right after one iteration.

    >>> from bptt_lab.cells import RNN
    >>> cell, rng = RNN("identity"), np.random.default_rng(0)
    >>> params, x = cell.init(rng, 3, 5, 2), rng.standard_normal((7, 4, 3))
    >>> iterates = newton(cell, params, x)
    >>> guess, first = next(iterates), next(iterates)
    >>> bool(np.allclose(first, forward(cell, params, x).h))
    True
    """
    params, x, state0 = check_input(cell, params, x, state0)
    start = np.concatenate(state0, axis=-1)
    states = np.zeros((len(x) + 1, *start.shape), start.dtype)
    if guess is not None:
        states[:] = check_real("guess", guess, states.shape, start.dtype)
    states[0] = start
    limit = check_number("limit", limit, least=0.0)
    while True:
        yield states
        states = newton_step(cell, params, x, states, limit)


def newton_step(cell: Cell, params: Params, x: Array, states: Array, limit: float = 1e6) -> Array:
    """Correct all states of a sequence at once: one linear recurrence.

    Parameters
    ----------
    cell, params, x
        As for ``forward``.
    states : array, shape (T+1, m, s)
        The iterate; index 0 is the initial state, and stays.
    limit : float
        As for ``newton``.

    Returns
    -------
    array, shape (T+1, m, s)

    Notes
    -----
    All T steps are one batch of a single step, so that every cell of the package can be used as
    it is. The corrections are d_t = J_t d_{t-1} + r_t, with the Jacobians at the iterate; here a
    loop finds them, on many processors a ``scan``. Equations: eq-after-newton.
    """
    r, J = residuals(cell, params, x, states)
    with np.errstate(over="ignore", invalid="ignore"):
        new: Array = states + linear_recurrence(J, r)
    new = np.nan_to_num(new, nan=0.0, posinf=limit, neginf=-limit)
    return np.clip(new, -limit, limit, out=new)


def residuals(cell: Cell, params: Params, x: Array, states: Array) -> tuple[Array, Array]:
    """By how much each state misses what its step makes of the one before, and the Jacobians.

    Parameters
    ----------
    cell, params, x, states
        As for ``newton_step``.

    Returns
    -------
    r : array, shape (T, m, s)
        f(state_{t-1}, x_t) - state_t. All zero if and only if the states are those of the loop.
    J : array, shape (T, m, s, s)

    Notes
    -----
    Equations: eq-after-residual.

    Examples
    --------
    >>> from bptt_lab.cells import LSTM
    >>> cell, rng = LSTM(), np.random.default_rng(0)
    >>> params, x = cell.init(rng, 3, 5, 2), rng.standard_normal((7, 4, 3))
    >>> states = np.concatenate(forward(cell, params, x).states, axis=-1)
    >>> r, J = residuals(cell, params, x, states)
    >>> J.shape, bool(abs(r).max() < 1e-15)
    ((7, 4, 10, 10), True)
    """
    T, m, s = states[1:].shape
    before = states[:-1].reshape(T * m, s)
    parts = tuple(np.split(before, len(cell.state_names), axis=-1))
    one = forward(cell, params, x.reshape(1, T * m, -1), parts)
    after = np.concatenate([part[1] for part in one.states], axis=-1)
    return after.reshape(T, m, s) - states[1:], step_jacobians(one).reshape(T, m, s, s)
