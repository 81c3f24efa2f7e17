"""A cell, and a cell unrolled over a few steps, in which every quantity has a name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import sympy as sp

from bptt_lab.symbolic.evaluation import Program, Value
from bptt_lab.symbolic.functions import detach, softmax_entry, squared_error
from bptt_lab.symbolic.matrices import (
    check_size,
    entries,
    matrix,
    row,
    symbol,
)

Time = int | str
Matrix = sp.ImmutableDenseMatrix

MAX_STEPS = 3
LOSSES = ("cross_entropy", "squared_error")


class Blocks(NamedTuple):
    """One-step derivatives of a cell with state (h, C); see `Unrolled.blocks`."""

    A: sp.ImmutableDenseMatrix
    """C by the previous h, shape (n, n)."""
    F: sp.ImmutableDenseMatrix
    """C by the previous C, with the previous h held constant, shape (n, n)."""
    B: sp.ImmutableDenseMatrix
    """h by the previous h, with C held constant, shape (n, n)."""
    P: sp.ImmutableDenseMatrix
    """h by C of the same step, shape (n, n)."""


class Cell(ABC):
    """What every cell can do, given its parameters and one step of its recurrence."""

    state: ClassVar[tuple[str, ...]] = ("h",)

    @abstractmethod
    def shapes(self, n_inputs: int, n: int) -> dict[str, tuple[int, int]]:
        """Return the shapes of the recurrent parameters; a bias is a row."""

    @abstractmethod
    def recur(self, net: Unrolled, t: Time, before: Time) -> None:
        """Define the quantities of step t from those of the step before."""

    def unroll(
        self,
        T: int,
        n_inputs: int = 1,
        n_neurons: int = 2,
        n_outputs: int = 2,
        loss: str = "cross_entropy",
        last: str | None = None,
    ) -> Unrolled:
        """Unroll the cell over T steps.

        Parameters
        ----------
        T : int
            Number of steps, 1 to 3.
        n_inputs, n_neurons, n_outputs : int
            Sizes, 1 to 9; components of a size 1 have no number.
        loss : {"cross_entropy", "squared_error"}
            Loss of every step, of softmax(logits) or of the logits themselves.
        last : str, optional
            Name of the last step. With "t" the steps are called "t-1", "t" and so on instead
            of 0, 1, ..., T, in print and as index: ``net.h["t-1"]``.

        Returns
        -------
        Unrolled

        Raises
        ------
        ValueError
            If T or a size is out of range, the loss is unknown, or there is but one class.

        Examples
        --------
        >>> from bptt_lab.symbolic import RNN
        >>> RNN("tanh").unroll(T=3, last="t").h["t-3"]
        Matrix([[h_{t-3,1}, h_{t-3,2}]])
        """
        return Unrolled(self, T, n_inputs, n_neurons, n_outputs, loss, last)

    def step(self, n_inputs: int = 1, n_neurons: int = 2, n_outputs: int = 2) -> Unrolled:
        """Unroll the one step from "t-1" to "t".

        Parameters
        ----------
        n_inputs, n_neurons, n_outputs : int
            Sizes, 1 to 9.

        Returns
        -------
        Unrolled

        Examples
        --------
        >>> from bptt_lab.symbolic import RNN
        >>> net = RNN("identity").step(n_neurons=2)
        >>> net.total(net.h["t"], net.h["t-1"]) == net.W_hh.T
        True
        """
        return self.unroll(1, n_inputs, n_neurons, n_outputs, last="t")


class Unrolled:
    r"""A cell over T steps, in symbols; made by the ``unroll`` or ``step`` of a cell.

    Parameters are attributes with the engine's names (``net.W_hh``). Quantities are attributes
    too, indexed by time (``net.h[2]``, a row): ``x`` from 1 to T, the state ``h`` (and ``C``)
    from 0 to T, and for each step the pre-activation ``a`` or, in a gated cell, ``a_i`` and ``i``,
    ``a_f`` and ``f`` and so on; then ``logits``, ``y_hat``, the target ``y`` and the loss
    ``L``. ``net.loss`` is the sum of all ``L``. There is no negative index, so ``h[-1]`` is an
    error and not the last state.

    Attributes
    ----------
    times : list
        Labels of the steps, the initial state first.

    Examples
    --------
    >>> from bptt_lab.symbolic import RNN
    >>> net = RNN("tanh").unroll(T=2, n_inputs=1, n_neurons=2)
    >>> net.h[1]
    Matrix([[h_{1,1}, h_{1,2}]])
    >>> net.definition(net.h[1])
    Matrix([[tanh(a_{1,1}), tanh(a_{1,2})]])
    >>> net.total(net.h[2], net.h[1])[0, 1]
    W_{hh,21}*(1 - h_{2,1}**2)
    """

    def __init__(
        self,
        cell: Cell,
        T: int,
        n_inputs: int = 1,
        n_neurons: int = 2,
        n_outputs: int = 2,
        loss: str = "cross_entropy",
        last: str | None = None,
    ):
        _check(T, n_inputs, n_neurons, n_outputs, loss)
        self.cell, self.T, self.n = cell, T, n_neurons
        self.times: list[Time] = _labels(T, last)
        self._loss = loss
        self._quantities: dict[str, dict[Time, Any]] = {}
        self._definitions: dict[sp.Symbol, sp.Expr] = {}
        self._step_of: dict[sp.Symbol, int] = {}
        self._partials: dict[sp.Symbol, dict[sp.Symbol, sp.Expr]] = {}
        self._shortcuts: dict[sp.Symbol, dict[sp.Symbol, sp.Expr]] = {}
        shapes = cell.shapes(n_inputs, n_neurons)
        shapes |= {"W_yh": (n_neurons, n_outputs), "b_y": (1, n_outputs)}
        self.parameters = {name: _parameter(name, shape) for name, shape in shapes.items()}
        for name in cell.state:
            self._name(name, self.times[0], n_neurons)
        for before, t in pairwise(self.times):
            self._name("x", t, n_inputs)
            cell.recur(self, t, before)
            self._read_out(t, n_outputs)

    def __repr__(self) -> str:
        return f"<{self.cell} unrolled from {self.times[0]} to {self.times[-1]}>"

    # The names.

    def __getattr__(self, name: str) -> Any:
        for names in (self.__dict__.get("parameters", {}), self.__dict__.get("_quantities", {})):
            if name in names:
                return names[name]
        raise AttributeError(f"no {name!r} here; there are {', '.join(self._names())}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._names()]

    def _names(self) -> list[str]:
        return [*self.__dict__.get("parameters", {}), *self.__dict__.get("_quantities", {})]

    @property
    def state(self) -> dict[Time, sp.ImmutableDenseMatrix]:
        """The whole state of each step as one row: h, or (h, C)."""
        parts = [self._quantities[name] for name in self.cell.state]
        return {t: Matrix.hstack(*(part[t] for part in parts)) for t in self.times}

    @property
    def loss(self) -> sp.Expr:
        """The sum of the losses of all steps."""
        return sp.Add(*self.L.values())

    def _name(self, name: str, t: Time, size: int) -> sp.ImmutableDenseMatrix:
        """Introduce the row of symbols of one quantity at one step."""
        latex = "s" if name == "logits" and "o" in self._quantities else LATEX.get(name, name)
        quantity = row(f"{latex}_{{{t}}}", size)
        self._quantities.setdefault(name, {})[t] = quantity
        self._step_of |= dict.fromkeys(quantity, self.times.index(t))
        return quantity

    def define(self, name: str, t: Time, value: Any) -> sp.ImmutableDenseMatrix:
        """Give the row ``value`` a name at step t and return the row of names; for cells."""
        quantity = self._name(name, t, len(value))
        self._definitions |= dict(zip(quantity, value, strict=True))
        return quantity

    def _read_out(self, t: Time, n_outputs: int) -> None:
        y = self._name("y", t, n_outputs)
        logits = self.define("logits", t, self.h[t] * self.W_yh + self.b_y)
        if self._loss == "cross_entropy":
            value = [softmax_entry(k + 1, *logits) for k in range(n_outputs)]
            y_hat = self.define("y_hat", t, value)
            loss = -sp.Add(*(c * sp.log(p) for c, p in zip(y, y_hat, strict=True)))
        else:
            y_hat = self.define("y_hat", t, logits)
            loss = squared_error(y, y_hat)
        self._add_loss(t, loss, logits, y_hat)

    def _add_loss(self, t: Time, loss: sp.Expr, logits: Any, y_hat: Any) -> None:
        """Name the loss of step t, and simplify its derivative by the logits for good."""
        name = symbol(f"L_{{{t}}}")
        self._quantities.setdefault("L", {})[t] = name
        self._definitions[name], self._step_of[name] = loss, self.times.index(t)
        e = [sp.collect(sp.expand(f), y_hat) for f in self.total(name, logits)]
        self._shortcuts[name] = dict(zip(logits, e, strict=True))

    def definition(self, u: Any) -> Any:
        r"""Write u by what it is computed from directly.

        Parameters
        ----------
        u : scalar or matrix
            Any expression in the quantities of this unrolled cell.

        Returns
        -------
        scalar or matrix, as u

        Examples
        --------
        >>> from bptt_lab.symbolic import LSTM
        >>> net = LSTM().unroll(T=1, n_neurons=1)
        >>> net.definition(net.C[1])
        Matrix([[C_{0}*f_{1} + \tilde{C}_{1}*i_{1}]])
        """
        return u.xreplace(self._definitions)

    def explicit(self, u: Any) -> Any:
        """Write u in full, down to the parameters, the inputs and the initial state.

        The result nests one function in the next and grows exponentially with T: it shows what
        the names stand for, and it lets sympy differentiate without any chain rule of ours.

        Parameters
        ----------
        u : scalar or matrix
            Any expression in the quantities of this unrolled cell.

        Returns
        -------
        scalar or matrix, as u

        Notes
        -----
        Equations: eq-nested.

        Examples
        --------
        >>> from bptt_lab.symbolic import RNN
        >>> net = RNN("tanh").unroll(T=1, n_neurons=1)
        >>> net.explicit(net.h[1])
        Matrix([[tanh(W_{hh}*h_{0} + W_{xh}*x_{1} + b_{h})]])
        """
        full: dict[sp.Symbol, sp.Expr] = {}
        for name, value in self._definitions.items():
            full[name] = value.xreplace(full)
        return u.xreplace(full)

    # The derivatives.

    def total(self, u: Any, v: Any, hold: Any = ()) -> sp.ImmutableDenseMatrix:
        """Differentiate u by v along every path, in numerator layout.

        Entry (i, j) is du_i/dv_j. A matrix is taken row by row, as in `jacobian`. Quantities
        in ``hold`` are constants: no path goes through them.

        Parameters
        ----------
        u : scalar or matrix
            Any expression in the quantities of this unrolled cell.
        v : matrix of names
            Quantities, parameters, inputs or initial state of this unrolled cell.
        hold : matrix, or tuple of matrices, of names
            What is kept constant.

        Returns
        -------
        matrix, shape (entries of u, entries of v)

        Raises
        ------
        ValueError
            If v or ``hold`` has entries that are not names of this unrolled cell.

        Notes
        -----
        Equations: eq-bptt-total, eq-notation-immediate.

        Examples
        --------
        >>> from bptt_lab.symbolic import RNN
        >>> net = RNN("phi").step(n_neurons=1)
        >>> net.total(net.h["t"], net.h["t-1"])
        Matrix([[W_{hh}*phi_prime(a_{t})]])

        The state of an LSTM reaches the next cell state through h as well:

        >>> from bptt_lab.symbolic import LSTM
        >>> net = LSTM().unroll(T=2, n_neurons=1)
        >>> net.total(net.C[2], net.C[1]) == net.total(net.C[2], net.C[1], hold=net.h[1])
        False
        """
        seeds = {s: k for k, s in enumerate(entries(v))}
        held = {s for group in _groups(hold) for s in entries(group)}
        fixed = held | seeds.keys()
        zero = [sp.S.Zero] * len(seeds)
        self._check_names(fixed)

        @cache
        def tangent(s: sp.Symbol) -> list[sp.Expr]:
            if s in seeds:
                return [sp.S(int(k == seeds[s])) for k in range(len(seeds))]
            return zero if s in held else chain(self._local(s, fixed))

        def chain(partials: dict[sp.Symbol, sp.Expr]) -> list[sp.Expr]:
            terms = [[p * d for d in tangent(s)] for s, p in partials.items()]
            return [sp.Add(*column) for column in zip(zero, *terms, strict=True)]

        return Matrix([chain(self._differentiate(f)) for f in entries(u)])

    def immediate(self, u: Any, v: Any) -> sp.ImmutableDenseMatrix:
        r"""Differentiate u by v with every earlier state held constant: the partial of the sums.

        Within the step of u all paths count; h (and C) of the steps before are constants, unless
        they are v. This is the derivative with the plus sign, :math:`\partial^+ u/\partial v`.

        Parameters
        ----------
        u : scalar or matrix
            Quantities of one step.
        v : matrix of names

        Returns
        -------
        matrix, shape (entries of u, entries of v)

        Raises
        ------
        ValueError
            If u is made of several steps or of none, so that "earlier" says nothing, or v has
            entries that are not names of this unrolled cell.

        Notes
        -----
        Equations: eq-bptt-immediate, eq-notation-immediate.

        References
        ----------
        Pascanu, Mikolov and Bengio (2013), equation (4).

        Examples
        --------
        >>> from bptt_lab.symbolic import LSTM
        >>> net = LSTM().unroll(T=1, n_neurons=2)
        >>> net.immediate(net.C[1], net.C[0])
        Matrix([
        [f_{1,1},       0],
        [      0, f_{1,2}]])
        """
        steps = {self._step_of[s] for f in entries(u) for s in f.free_symbols & {*self._step_of}}
        if len(steps) != 1:
            raise ValueError(f"u must belong to one step, but has quantities of {len(steps)}")
        return self.total(u, v, hold=[self.state[t] for t in self.times[: steps.pop()]])

    def gradient(self, scalar: sp.Expr, W: Any) -> sp.ImmutableDenseMatrix:
        r"""Differentiate a scalar by W along every path; the result has the shape of W.

        Parameters
        ----------
        scalar : expression
            ``net.loss``, ``net.L[3]``, or any other scalar of this unrolled cell.
        W : matrix of names
            A parameter, a state, an input.

        Returns
        -------
        matrix, the shape of W

        Examples
        --------
        >>> from bptt_lab.symbolic import RNN
        >>> net = RNN("identity").unroll(T=1, n_neurons=1, n_outputs=1, loss="squared_error")
        >>> net.gradient(net.loss, net.W_yh)
        Matrix([[h_{1}*(\hat{y}_{1} - y_{1})]])
        """
        return self.total(scalar, W).reshape(*W.shape)

    def blocks(self, t: Time) -> Blocks:
        r"""Return the four one-step blocks of a cell with state (h, C).

        With these, the step from t-1 to t has the Jacobian
        :math:`\begin{pmatrix} B + PA & PF \\ A & F \end{pmatrix}` in (h, C).

        Parameters
        ----------
        t : int or str
            A step, not the initial one.

        Returns
        -------
        Blocks
            ``A``, ``F``, ``B`` and ``P``.

        Raises
        ------
        ValueError
            If the cell has no C, or t no step before it.

        Notes
        -----
        Equations: eq-lstm-blocks, eq-block-b, eq-blocks-1997.

        Examples
        --------
        >>> from bptt_lab.symbolic import LSTM
        >>> net = LSTM().unroll(T=1, n_neurons=1)
        >>> net.blocks(1).P
        Matrix([[o_{1}*(1 - tanh(C_{1})**2)]])
        """
        if "C" not in self.cell.state:
            raise ValueError(f"{type(self.cell).__name__} has no cell state C, hence no blocks")
        if t not in self.times[1:]:
            raise ValueError(f"t must be one of the steps {self.times[1:]}, got {t!r}")
        before = self.times[self.times.index(t) - 1]
        return Blocks(
            A=self.immediate(self.C[t], self.h[before]),
            F=self.immediate(self.C[t], self.C[before]),
            B=self.total(self.h[t], self.h[before], hold=self.C[t]),
            P=self.total(self.h[t], self.C[t]),
        )

    def _check_names(self, names: set[sp.Expr]) -> None:
        known = self._step_of.keys() | {s for p in self.parameters.values() for s in p}
        unknown = sorted(map(str, names - known))
        if unknown:
            raise ValueError(f"not a quantity or parameter of {self}: {', '.join(unknown)}")

    def _local(self, s: sp.Symbol, fixed: set[sp.Symbol]) -> dict[sp.Symbol, sp.Expr]:
        """Return the partial derivatives of a name by what its definition contains.

        From a loss one step goes to the logits at once, past y_hat, unless that is fixed.
        """
        if s not in self._partials:
            self._partials[s] = self._differentiate(self._definitions.get(s, sp.S.Zero))
        partials = self._partials[s]
        return self._shortcuts.get(s, partials) if fixed.isdisjoint(partials) else partials

    def _differentiate(self, f: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
        """Differentiate by every symbol in f; what has a name gets it back (tanh(a) is h)."""
        names = {value: s for s, value in self._definitions.items() if value.is_Function}
        partials = {s: sp.diff(f, s).xreplace(names) for s in f.free_symbols}
        return {s: p.replace(detach, lambda h: h) for s, p in partials.items() if p != 0}

    # The numbers.

    def numeric(self, u: Any) -> Callable[..., Value]:
        """Turn an expression in the quantities of this unrolled cell into a NumPy function.

        The function is called like the engine: ``f(params, x, y=None, state0=None)``. It first
        runs the cell forward, then evaluates the expression.

        Parameters
        ----------
        u : scalar or matrix expression

        Returns
        -------
        function
            Of ``params`` (a dict with the engine's names and shapes), ``x`` of shape
            (T, 1, n_inputs), ``y`` of shape (T, 1) with classes, -1 where a step has no target,
            or (T, 1, n_outputs) with distributions or real targets, and ``state0``, a tuple of
            arrays with n entries each (default: zeros; a state that is h alone may be the bare
            array). Parameters, x and y that u does not need may be missing. It returns a float64
            array of the shape of u, or a float64 for a scalar.

        Raises
        ------
        ValueError
            If u has a symbol that is not of this unrolled cell, or the activation is "phi"; the
            function raises it for a missing argument or one of the wrong shape.

        Examples
        --------
        >>> from bptt_lab.symbolic import RNN
        >>> net = RNN("tanh").unroll(T=1, n_neurons=1)
        >>> params = {"W_xh": [[1.0]], "W_hh": [[3.0]], "b_h": [0.0]}
        >>> f = net.numeric(net.total(net.h[1], net.h[0]))
        >>> f(params, x=[[[0.0]]])
        array([[3.]])
        """
        program = Program(sp.sympify(u), self._definitions)
        groups = self._inputs().items()
        needed = {
            k: names for k, names in groups if not program.inputs.keys().isdisjoint(names.flat)
        }
        compiled = program.compile([s for names in needed.values() for s in names.flat])

        def evaluate(
            params: Mapping[str, npt.ArrayLike],
            x: npt.ArrayLike | None = None,
            y: npt.ArrayLike | None = None,
            state0: Iterable[npt.ArrayLike] | None = None,
        ) -> Value:
            given = dict(params) | self._start(state0) | {"x": x, "y": self._one_hot(y)}
            return compiled([v for k, names in needed.items() for v in _values(k, given, names)])

        return evaluate

    def _inputs(self) -> dict[str, npt.NDArray[np.object_]]:
        """Return the names that need a value, in the shapes of the engine's arrays."""
        start = [self._quantities[name][self.times[0]] for name in self.cell.state]
        sequences = {"x": self.x.values(), "y": self.y.values()}
        return (
            {name: np.array(parameter) for name, parameter in self.parameters.items()}
            | {name: np.stack([np.array(r) for r in rows]) for name, rows in sequences.items()}
            | {f"state0[{k}]": np.array(names) for k, names in enumerate(start)}
        )

    def _start(self, state0: Iterable[npt.ArrayLike] | None) -> dict[str, npt.ArrayLike]:
        if state0 is None:
            state0 = [np.zeros(self.n)] * len(self.cell.state)
        parts = [state0] if isinstance(state0, np.ndarray) else list(state0)
        if len(parts) != len(self.cell.state):
            names = ", ".join(self.cell.state)
            raise ValueError(f"state0 must be a tuple ({names},) of arrays, got {len(parts)}")
        return {f"state0[{k}]": part for k, part in enumerate(parts)}

    def _one_hot(self, y: npt.ArrayLike | None) -> npt.ArrayLike | None:
        """Turn integer classes into rows; leave distributions and real targets alone."""
        classes = np.asarray(y)
        if y is None or self._loss != "cross_entropy" or classes.dtype.kind not in "iu":
            return y
        n_outputs = self.b_y.shape[1]
        if classes.min() < -1 or classes.max() >= n_outputs:
            raise ValueError(
                f"classes in y must be 0 to {n_outputs - 1}, or -1 where a step has no target, "
                f"got {classes.tolist()}"
            )
        rows: npt.NDArray[np.float64] = np.eye(n_outputs + 1)[classes, :-1]  # -1: all zeros
        return rows


LATEX = {
    "C_tilde": r"\tilde{C}",
    "h_tilde": r"\tilde{h}",
    "y_hat": r"\hat{y}",
    "logits": "o",
    **{f"a_{gate}": f"a^{{{gate}}}" for gate in "ifoCzrn"},
}


def _values(name: str, given: Mapping[str, Any], names: npt.NDArray[np.object_]) -> list[float]:
    """Return the numbers for an array of names; axes of length 1 may be left out."""
    if given.get(name) is None:
        raise ValueError(f"{name} is needed here, but was not given")
    array = np.asarray(given[name], dtype=np.float64)
    if np.squeeze(array).shape != np.squeeze(names).shape:
        raise ValueError(f"{name} must have shape {names.shape}, got {array.shape}")
    values: list[float] = array.ravel().tolist()
    return values


def _parameter(name: str, shape: tuple[int, int]) -> sp.ImmutableDenseMatrix:
    return matrix(name, *shape) if name.startswith("W") else row(name, shape[1])


def _labels(T: int, last: str | None) -> list[Time]:
    if last is None:
        return list(range(T + 1))
    return [*(f"{last}-{T - k}" for k in range(T)), last]


def _groups(hold: Any) -> list[Any]:
    return list(hold) if isinstance(hold, list | tuple) else [hold]


def _check(T: int, n_inputs: int, n_neurons: int, n_outputs: int, loss: str) -> None:
    if isinstance(T, bool) or not isinstance(T, int) or not 1 <= T <= MAX_STEPS:
        raise ValueError(
            f"T must be an integer from 1 to {MAX_STEPS}, got {T!r}: an entry of a derivative over "
            "T steps is a sum over all paths, n_neurons^(T-1) of them in the simplest cell, which "
            "soon fills the page; for longer sequences compute numbers instead"
        )
    for name, size in zip(
        ("n_inputs", "n_neurons", "n_outputs"), (n_inputs, n_neurons, n_outputs), strict=True
    ):
        check_size(name, size)
    if loss not in LOSSES:
        raise ValueError(f"unknown loss {loss!r}; known are {', '.join(LOSSES)}")
    if loss == "cross_entropy" and n_outputs == 1:
        raise ValueError(
            "cross_entropy needs n_outputs of 2 or more: softmax of one logit is always 1"
        )
