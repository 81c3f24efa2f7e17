"""Small matrices of symbols, and their derivatives in one layout."""

from typing import Any

import sympy as sp

# Past nine, "W_{hh,123}" could be row 1 or row 12; a page has no room for it anyway.
MAX_SIZE = 9


def row(name: str, n: int) -> sp.ImmutableDenseMatrix:
    """Return a row of n real symbols.

    Components are numbered from 1 behind a comma, as in the book: h_{t,i} is unit i at step t.
    A row of one component carries the bare name.

    Parameters
    ----------
    name : str
        LaTeX name, with at most one subscript: "o", "h_t", "a_{t-1}".
    n : int
        Number of components, 1 to 9.

    Raises
    ------
    ValueError
        If n is not an integer from 1 to 9.

    Examples
    --------
    >>> row("o", 3)
    Matrix([[o_{1}, o_{2}, o_{3}]])
    >>> row("h_t", 2)
    Matrix([[h_{t,1}, h_{t,2}]])
    """
    check_size("n", n)
    return sp.ImmutableDenseMatrix(1, n, lambda _, i: symbol(name, str(i + 1) if n > 1 else ""))


def matrix(name: str, rows: int, columns: int) -> sp.ImmutableDenseMatrix:
    """Return a matrix of real symbols.

    Parameters
    ----------
    name : str
        LaTeX name, with at most one subscript: "W_hh".
    rows, columns : int
        Shape, 1 to 9 each.

    Raises
    ------
    ValueError
        If a size is not an integer from 1 to 9.

    Examples
    --------
    >>> matrix("W_xh", 1, 2)
    Matrix([[W_{xh,11}, W_{xh,12}]])
    """
    check_size("rows", rows)
    check_size("columns", columns)
    scalar = rows == columns == 1
    return sp.ImmutableDenseMatrix(
        rows, columns, lambda i, j: symbol(name, "" if scalar else f"{i + 1}{j + 1}")
    )


def symbol(name: str, index: str = "") -> sp.Symbol:
    """Return the real symbol name_{subscript,index}, in LaTeX.

    Examples
    --------
    >>> symbol("W_hh", "12"), symbol("h_{t-1}"), symbol("L")
    (W_{hh,12}, h_{t-1}, L)
    """
    base, _, subscript = name.rpartition("_") if "_" in name else (name, "", "")
    parts = [part for part in (subscript.strip("{}"), index) if part]
    return sp.Symbol(f"{base}_{{{','.join(parts)}}}" if parts else base, real=True)


def check_size(name: str, size: int) -> None:
    """Raise ValueError unless size is an integer from 1 to 9."""
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= MAX_SIZE:
        raise ValueError(f"{name} must be an integer from 1 to {MAX_SIZE}, got {size!r}")


def entries(u: Any) -> list[sp.Expr]:
    """Return the entries of a matrix row by row; a scalar has one."""
    return list(u) if isinstance(u, sp.MatrixBase) else [sp.sympify(u)]


def jacobian(u: Any, v: Any) -> sp.ImmutableDenseMatrix:
    """Differentiate u by v in numerator layout: entry (i, j) is du_i/dv_j.

    Rows and columns give the same Jacobian: the entries of u number its rows, the entries of v
    its columns. A matrix W is taken row by row, so that ``J * jacobian(u, W)`` is an ordinary
    product and a row of the result reshapes to W.

    Here u is an expression in v. Quantities of an unrolled cell are names, which depend on each
    other only through their definitions: use `Unrolled.total` or `Unrolled.immediate` for them.

    Parameters
    ----------
    u : scalar or matrix expression
        What is differentiated.
    v : symbol or matrix of symbols
        By what.

    Returns
    -------
    matrix, shape (entries of u, entries of v)

    Raises
    ------
    ValueError
        If u and v are different names without an expression between them.

    Examples
    --------
    >>> h, W = row("h", 2), matrix("W", 2, 2)
    >>> jacobian(h * W, h)
    Matrix([
    [W_{11}, W_{21}],
    [W_{12}, W_{22}]])
    >>> jacobian(h * W, h) == W.T
    True
    """
    above, below = entries(u), entries(v)
    if all(f.is_Symbol for f in above) and not set(above) & set(below):
        raise ValueError(
            f"{above[0]} is a name, not an expression in {below[0]}; between quantities of an "
            "unrolled cell use its total(u, v) or immediate(u, v)"
        )
    return sp.ImmutableDenseMatrix([[sp.diff(f, s) for s in below] for f in above])


def gradient(scalar: sp.Expr, W: Any) -> sp.ImmutableDenseMatrix:
    """Differentiate a scalar by each entry of W; the result has the shape of W.

    Parameters
    ----------
    scalar : expression
        For example a loss.
    W : symbol or matrix of symbols

    Returns
    -------
    matrix, the shape of W

    Examples
    --------
    >>> x, W = row("x", 2), matrix("W", 2, 1)
    >>> gradient((x * W)[0] ** 2 / 2, W) == x.T * (x * W)
    True
    """
    return jacobian(scalar, W).reshape(*getattr(W, "shape", (1, 1)))


def diag(v: Any) -> sp.ImmutableDenseMatrix:
    """Return the diagonal matrix of the entries of v.

    Examples
    --------
    >>> diag(row("s", 2))
    Matrix([
    [s_{1},     0],
    [    0, s_{2}]])
    """
    return sp.diag(*entries(v)).as_immutable()


def hadamard(*factors: Any) -> sp.ImmutableDenseMatrix:
    """Multiply matrices of one shape entry by entry: the circle product of the book.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> hadamard(row("f", 2), row("C", 2))
    Matrix([[C_{1}*f_{1}, C_{2}*f_{2}]])
    """
    shapes = [u.shape for u in factors]
    if len(set(shapes)) != 1:
        raise ValueError(f"factors of an element-wise product differ in shape: {shapes}")
    products = [sp.Mul(*column) for column in zip(*factors, strict=True)]
    return sp.ImmutableDenseMatrix(*shapes[0], products)
