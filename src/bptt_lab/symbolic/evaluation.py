"""NumPy functions of derived expressions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import sympy as sp

from bptt_lab.symbolic.functions import NUMPY_FUNCTIONS, phi, phi_prime
from bptt_lab.symbolic.matrices import entries

Value = npt.NDArray[np.float64] | np.float64


def numeric(expression: Any, *variables: Any) -> Callable[..., Value]:
    """Turn an expression into a NumPy function of the given symbols.

    For formulas about an unrolled cell, `Unrolled.numeric` takes the engine's arrays instead.

    Parameters
    ----------
    expression : scalar or matrix expression
    *variables : symbols or matrices of symbols
        The arguments of the function, in this order.

    Returns
    -------
    function
        Of as many arrays; each needs as many entries as its matrix. It returns a float64 array
        of the expression's shape, or a float64 for a scalar.

    Raises
    ------
    ValueError
        If the expression has a symbol that is in no argument, or holds the unnamed activation
        phi; the function raises it for an array of another size.

    Examples
    --------
    >>> from bptt_lab.symbolic import jacobian, row, softmax
    >>> o = row("o", 2)
    >>> f = numeric(jacobian(softmax(o), o), o)
    >>> f(np.array([0.0, 0.0]))
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    names = [entries(v) for v in variables]
    compiled = Program(expression).compile([s for group in names for s in group])

    def evaluate(*arrays: npt.ArrayLike) -> Value:
        if len(arrays) != len(names):
            raise ValueError(f"expected {len(names)} arrays, got {len(arrays)}")
        flat = [np.ravel(a).tolist() for a in arrays]
        for group, values in zip(names, flat, strict=True):
            if len(group) != len(values):
                raise ValueError(f"expected {len(group)} values for {group}, got {len(values)}")
        return compiled([value for values in flat for value in values])

    return evaluate


class Program:
    """An expression as a list of assignments, one for each distinct part.

    A derivative over T steps has few distinct parts but, written out, a size exponential in T;
    whatever walks it as a tree, as sympy's own search for common subexpressions does, is slow.

    Parameters
    ----------
    expression : scalar or matrix expression
    definitions : mapping, optional
        What some of its names stand for.
    """

    def __init__(self, expression: Any, definitions: Mapping[sp.Symbol, sp.Expr] | None = None):
        self.shape = getattr(expression, "shape", ())
        self.inputs: dict[sp.Symbol, sp.Symbol] = {}
        self._definitions = definitions or {}
        self._lines: list[tuple[sp.Symbol, sp.Expr]] = []
        self._names: dict[sp.Expr, sp.Expr] = {}
        self._results = [self._name(f) for f in entries(expression)]

    def _name(self, f: sp.Expr) -> sp.Expr:
        """Return the variable that holds f, after the lines that compute it."""
        if f in self._definitions:
            return self._name(self._definitions[f])
        if f not in self._names:
            self._names[f] = self._assign(f) if f.args else self._leaf(f)
        return self._names[f]

    def _assign(self, f: sp.Expr) -> sp.Symbol:
        if f.func in (phi, phi_prime):
            raise ValueError("phi stands for any activation and has no value; use a named one")
        value = f.func(*map(self._name, f.args))
        self._lines.append((sp.Symbol(f"v{len(self._lines)}"), value))
        return self._lines[-1][0]

    def _leaf(self, f: sp.Expr) -> sp.Expr:
        if f.is_Symbol:
            self.inputs[f] = sp.Symbol(f"x{len(self.inputs)}")
        return self.inputs.get(f, f)

    def compile(self, inputs: Sequence[sp.Symbol]) -> Callable[[list[float]], Value]:
        """Return a function of the values of ``inputs``, in their order."""
        unknown = sorted(str(s) for s in self.inputs.keys() - set(inputs))
        if unknown:
            raise ValueError(f"no value is given for {', '.join(unknown)}")
        function = sp.lambdify(
            [self.inputs.get(s, sp.Dummy()) for s in inputs],
            self._results,
            modules=[NUMPY_FUNCTIONS, "numpy"],
            cse=lambda results: (self._lines, results),
        )
        shape = self.shape
        # The index () turns an array of no dimension into a scalar.
        return lambda values: np.array(function(*values), dtype=np.float64).reshape(shape)[()]
