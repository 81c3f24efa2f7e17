"""Deciding whether two expressions are identical."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import sympy as sp
from sympy.polys.rings import ring

from bptt_lab.symbolic.matrices import entries


def sums_to_one(*rows: Any) -> dict[sp.Symbol, sp.Expr]:
    """State that the entries of each row add up to 1, for `same`.

    Parameters
    ----------
    *rows : matrices of symbols
        Targets that are distributions over the classes.

    Returns
    -------
    dict
        The last entry of each row, written as 1 minus the others.

    Examples
    --------
    >>> from bptt_lab.symbolic import row
    >>> sums_to_one(row("y", 2))
    {y_{2}: 1 - y_{1}}
    """
    return {list(r)[-1]: 1 - sum(list(r)[:-1]) for r in rows}


def same(u: Any, v: Any, given: Mapping[sp.Symbol, sp.Expr] | None = None) -> bool:
    """Tell whether two expressions are identical, for all values of their symbols.

    Polynomials are expanded, fractions and exponentials first brought to one fraction. Other
    functions are compared as they stand: tanh(a) and tanh(b) are unrelated. To compare tanh or
    sigmoid with exponentials, write them out with `activation`.

    Parameters
    ----------
    u, v : scalars or matrices of one shape
    given : dict, optional
        Conditions, as substitutions: see `sums_to_one`.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> from bptt_lab.symbolic import cross_entropy, diag, gradient, jacobian, row, softmax
    >>> o, y = row("o", 3), row("y", 3)
    >>> same(jacobian(softmax(o), o), diag(softmax(o)) - softmax(o).T * softmax(o))
    True
    >>> same(gradient(cross_entropy(y, o), o), softmax(o) - y)
    False
    >>> same(gradient(cross_entropy(y, o), o), softmax(o) - y, given=sums_to_one(y))
    True
    """
    shapes = [getattr(w, "shape", (1, 1)) for w in (u, v)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"shapes differ: {shapes[0]} and {shapes[1]}")
    conditions = dict(given or {})
    left, right = ([f.xreplace(conditions) for f in entries(w)] for w in (u, v))
    atoms = {a for f in (*left, *right) for a in f.atoms(sp.Symbol, sp.Function)}
    if not any(isinstance(a, sp.exp) for a in atoms):  # products of exponentials merge
        with suppress(ValueError):  # not polynomials
            # Some twenty times faster than sp.expand.
            polynomials, *_ = ring(sorted(atoms, key=str) or [sp.Dummy()], sp.QQ)
            return [*map(polynomials.from_expr, left)] == [*map(polynomials.from_expr, right)]
    return all(
        sp.expand(sp.numer(sp.together(f - g))) == 0 for f, g in zip(left, right, strict=True)
    )
