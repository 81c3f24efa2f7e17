"""Activations and losses as sympy knows them, with derivatives in terms of values."""

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp


class sigma(sp.Function):  # type: ignore[misc]
    """The logistic function; sympy has none of its own."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return sigma (1 - sigma)."""
        return self * (1 - self)

    def _eval_rewrite_as_exp(self, a: sp.Expr, **_: Any) -> sp.Expr:
        return 1 / (1 + sp.exp(-a))


class relu(sp.Function):  # type: ignore[misc]
    """max(a, 0)."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """1 where the value is positive, else 0 (by convention also at a = 0)."""
        return positive(self)

    def _eval_rewrite_as_Max(self, a: sp.Expr, **_: Any) -> sp.Expr:
        return sp.Max(a, 0)


class positive(sp.Function):  # type: ignore[misc]
    """1 where the argument is positive, else 0; printed as an Iverson bracket."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Zero, away from the step."""
        return sp.S.Zero

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _power(rf"\left[{printer._print(self.args[0])} > 0\right]", exp)


class g(sp.Function):  # type: ignore[misc]
    """2 tanh(a / 2), which squashes the candidate of the LSTM of 1997 into (-2, 2)."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """1 - g^2 / 4."""
        return 1 - self**2 / 4

    def _eval_rewrite_as_exp(self, a: sp.Expr, **_: Any) -> sp.Expr:
        return 4 / (1 + sp.exp(-a)) - 2


class phi(sp.Function):  # type: ignore[misc]
    """Any differentiable activation, to derive for all of them at once."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return the derivative, a function without a name of its own."""
        return phi_prime(self.args[0])


class phi_prime(sp.Function):  # type: ignore[misc]
    """Derivative of `phi`, printed with a prime."""

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _power(rf"\phi'{{\left({printer._print(self.args[0])}\right)}}", exp)


class softmax_entry(sp.Function):  # type: ignore[misc]
    """Entry k of softmax(o), as softmax_entry(k, o_1, o_2, ...), to be given a name."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Row k of diag(s) - s^T s, which `softmax` written out confirms."""
        k, *logits = self.args
        other = softmax_entry(argindex - 1, *logits)
        return self * (int(k == argindex - 1) - other)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        logits = ", ".join(printer._print(o) for o in self.args[1:])
        name = rf"\operatorname{{softmax}}_{{{self.args[0]}}}"
        return _power(rf"{name}{{\left({logits}\right)}}", exp)


class detach(sp.Function):  # type: ignore[misc]
    """The value of its argument, through which no derivative goes."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Zero: that is its purpose."""
        return sp.S.Zero


def _power(latex: str, exp: str | None) -> str:
    return latex if exp is None else f"{latex}^{{{exp}}}"


ACTIVATIONS: dict[str, Callable[[sp.Expr], sp.Expr]] = {
    "tanh": sp.tanh,
    "sigmoid": sigma,
    "relu": relu,
    "identity": lambda a: a,
    "phi": phi,
}

NUMPY_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sigma": lambda a: 0.5 * (1 + np.tanh(0.5 * a)),  # cannot overflow
    "relu": lambda a: np.maximum(a, 0.0),
    "g": lambda a: 2 * np.tanh(0.5 * a),
    "positive": lambda h: np.heaviside(h, 0.0),
    "softmax_entry": lambda k, *o: 1 / sum(np.exp(np.subtract(o, o[k - 1]))),
    "detach": lambda h: h,
}


def apply(name: str, a: Any) -> Any:
    """Apply a named activation to an expression, or to each entry of a matrix."""
    if name not in ACTIVATIONS:
        raise ValueError(f"unknown activation {name!r}; known are {', '.join(ACTIVATIONS)}")
    function = ACTIVATIONS[name]
    return a.applyfunc(function) if isinstance(a, sp.MatrixBase) else function(sp.sympify(a))


def activation(name: str, a: Any) -> Any:
    """Write out an activation in exponentials, so that sympy can differentiate it from scratch.

    Parameters
    ----------
    name : {"tanh", "sigmoid", "relu", "identity", "phi"}
        "phi" stands for any differentiable function.
    a : expression or matrix
        The pre-activation.

    Returns
    -------
    expression or matrix, as a

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> activation("sigmoid", sp.Symbol("a"))
    1/(1 + exp(-a))
    >>> activation("relu", sp.Symbol("a"))
    Max(0, a)
    """
    return apply(name, a).rewrite(sp.exp).rewrite(sp.Max)


def slope(name: str, value: Any) -> Any:
    """Write the derivative of an activation in terms of its value h = phi(a).

    Because this is possible, a network stores h alone: tanh' is 1 - h^2, sigmoid' is h (1 - h),
    relu' is 1 where h > 0 and 0 elsewhere, and the identity has slope 1.

    Parameters
    ----------
    name : {"tanh", "sigmoid", "relu", "identity"}
    value : expression or matrix
        The value h, not the pre-activation a.

    Returns
    -------
    expression or matrix, as value

    Raises
    ------
    ValueError
        If the name is unknown, or "phi", of which nothing is known.

    Examples
    --------
    >>> slope("tanh", sp.Symbol("h"))
    1 - h**2
    >>> a = sp.Symbol("a")
    >>> s = activation("sigmoid", a)
    >>> sp.simplify(sp.diff(s, a) - slope("sigmoid", s))
    0
    """
    a, h = sp.symbols("a h", real=True)
    image = apply(name, a)
    derivative = sp.diff(image, a).xreplace({image: h})
    if name == "phi":
        raise ValueError("phi is any activation: its slope is not a function of its value")
    if isinstance(value, sp.MatrixBase):
        return value.applyfunc(lambda entry: derivative.xreplace({h: entry}))
    return derivative.xreplace({h: sp.sympify(value)})


def slope_bound(name: str) -> sp.Expr:
    """Return the largest slope of an activation, exactly: the gamma_h of the norm bound.

    Parameters
    ----------
    name : {"tanh", "sigmoid", "relu", "identity"}

    Returns
    -------
    number
        1 for all but the logistic function, 1/4 for that.

    Raises
    ------
    ValueError
        If the name is unknown, or "phi".

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), section 2.1.

    Examples
    --------
    >>> slope_bound("sigmoid")
    1/4
    """
    h = sp.Symbol("h", real=True)
    derivative = slope(name, h)
    ranges = {"tanh": sp.Interval.open(-1, 1), "sigmoid": sp.Interval.open(0, 1)}
    return sp.maximum(derivative, h, ranges[name]) if name in ranges else sp.S.One


def softmax(o: sp.ImmutableDenseMatrix) -> sp.ImmutableDenseMatrix:
    """Write out softmax(o), entry i being exp(o_i) / sum_j exp(o_j).

    Every entry depends on every logit, so the derivative is a full matrix.

    Parameters
    ----------
    o : matrix, shape (1, n_outputs)
        The logits of one example.

    Returns
    -------
    matrix, shape (1, n_outputs)

    Notes
    -----
    Equations: eq-softmax.

    Examples
    --------
    >>> softmax(sp.Matrix([[0, 0]]))
    Matrix([[1/2, 1/2]])
    """
    total = sp.Add(*o.applyfunc(sp.exp))
    return o.applyfunc(lambda logit: sp.exp(logit) / total).as_immutable()


def cross_entropy(y: sp.ImmutableDenseMatrix, o: sp.ImmutableDenseMatrix) -> sp.Expr:
    """Write out the cross-entropy -sum_i y_i ln softmax(o)_i, a number, in nats.

    Parameters
    ----------
    y : matrix, shape (1, n_outputs)
        Target, one-hot or any distribution over the classes.
    o : matrix, shape (1, n_outputs)
        Logits.

    Returns
    -------
    expression

    Notes
    -----
    Equations: eq-cross-entropy.

    Examples
    --------
    >>> cross_entropy(sp.Matrix([[1, 0]]), sp.Matrix([[0, 0]]))
    log(2)
    """
    return -sp.Add(*(t * sp.log(p) for t, p in zip(y, softmax(o), strict=True)))


def squared_error(y: sp.ImmutableDenseMatrix, o: sp.ImmutableDenseMatrix) -> sp.Expr:
    """Write out half the squared distance between output and target, a number.

    Parameters
    ----------
    y, o : matrix, shape (1, n_outputs)
        Target and output.

    Returns
    -------
    expression

    Notes
    -----
    Equations: eq-squared.

    Examples
    --------
    >>> squared_error(sp.Matrix([[1]]), sp.Matrix([[4]]))
    9/2
    """
    return sp.Add(*((p - t) ** 2 for t, p in zip(y, o, strict=True))) / 2
