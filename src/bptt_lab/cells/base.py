"""What every recurrent cell shares: its parameters, and everything that speed asks for.

A cell is a description without parameters. In each family four functions stand beneath one
another, each with the lines of the chapter's equations:

``step``
    h_{t-1} -> h_t, one step forward.
``partials``
    The immediate partial derivatives of the lines of ``step``, for B steps at once.
``adjoint``
    dL/dh_t -> dL/dh_{t-1}, one step back: what arrives, times the partials.
``jacobian``
    The same partials, put together to dh_t/dh_{t-1}.

What makes them fast stands here and in ``bptt_lab.bptt``, out of their sight. The net inputs of
all G gates are one array, (G, m, n), into which the forward pass has written x_t W_x + b before
``step`` is called. The deltas of all gates are one array too, (m, G n), so that one product
takes all of them back. And sigmoid(a) = (1 + tanh(a / 2)) / 2, so that one call of tanh serves
all gates, if the parameters of the logistic ones are halved once for the whole sequence.

Unrolling in time, truncation, readout and loss belong to ``bptt_lab.bptt``.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple, TypeVar

import numpy as np

from bptt_lab.arguments import (
    Array,
    check_dtype,
    check_function,
    check_generator,
    check_integer,
    check_keys,
    check_real,
    describe,
    fail,
    shape_text,
)
from bptt_lab.initializers import gaussian

Arrays = tuple[Array, ...]
Params = dict[str, Array]
Axis = TypeVar("Axis", int, str)


class Buffers(NamedTuple):
    """The arrays that a forward pass over T steps fills, time first.

    ``states`` are the parts of the state, (T+1, m, n). ``net_inputs`` are those of all gates,
    (T, G, m, n). ``kept`` is what ``step`` leaves for the backward pass; among it are the net
    inputs again, which ``step`` turns into the values of the gates.
    """

    states: Arrays
    net_inputs: Array
    kept: Arrays


def rows(array: Array) -> Array:
    """Make one axis of steps and batch: (T, m, n) -> (T m, n), without a copy."""
    return array.reshape(-1, array.shape[-1])


def sum_of_outer_products(inputs: Array, deltas: Array) -> Array:
    """Sum of inputs_t^T delta_t over steps and sequences, as one matrix product."""
    total: Array = np.dot(rows(inputs).T, rows(deltas))
    return total


def with_one(*inputs: Array) -> Array:
    """Put inputs side by side, and after them the constant 1, whose weight is the bias."""
    one = np.ones((*inputs[0].shape[:-1], 1), inputs[0].dtype)
    return np.concatenate([*inputs, one], axis=-1)


def likely_sizes(params: Params, symbols: dict[str, tuple[str, ...]]) -> tuple[int, int, int]:
    """Return n_inputs, n and n_outputs as most of the parameters have them.

    So the error about a wrong shape names the one parameter that is unlike the others.
    """
    found = Counter(
        pair
        for name, axes in symbols.items()
        for pair in zip(axes, params[name].shape, strict=False)
    )
    # The most common size of each axis comes last and stays.
    likely = dict(pair for pair, _ in reversed(found.most_common()))
    return likely.get("n_inputs", 1), likely.get("n", 1), likely.get("n_outputs", 1)


class Cell(ABC):
    """A recurrent cell: three or four short functions; see the docstring of this module.

    A subclass says what its gates, its state and its equations are, and inherits the rest. The
    page on the package shows a whole cell in twenty lines.
    """

    gates: ClassVar[str]
    """One letter per net input, in the order of the parameters and of every array."""

    logistic: ClassVar[str] = ""
    """The first of these letters: the gates that end in a sigmoid, set by ``activate``."""

    state_names: ClassVar[tuple[str, ...]] = ("h",)
    """The parts of the state, in the order of ``state0`` and of the joint Jacobian."""

    extra: ClassVar[tuple[str, ...]] = ()
    """What ``step`` keeps for the backward pass beside the values of the gates; (m, n) each."""

    @property
    def halved(self) -> str:
        """The gates that are functions of tanh(a / 2)."""
        return self.logistic

    @property
    def vectors(self) -> tuple[str, ...]:
        """Parameters of shape (n,) beyond the biases; the last letter of a name is its gate."""
        return ()

    @property
    def n_deltas(self) -> int:
        """How many deltas of n entries a step has: one for each gate, unless said otherwise."""
        return len(self.gates)

    @abstractmethod
    def step(self, W: Any, before: Arrays, after: Arrays, kept: Arrays) -> None:
        """Fill ``after`` and ``kept`` from ``before``, the state and (m, n) each.

        ``W.h`` is the recurrent matrix (n, n), or (G, n, n) if there are several gates, and
        ``kept`` begins with the net inputs: a (m, n), or a (G, m, n) and then each gate's.
        """

    @abstractmethod
    def partials(self, W: Any, before: Arrays, after: Arrays, kept: Arrays) -> Arrays:
        """Immediate partials of ``step`` for B steps at once, in new arrays.

        Diagonals as rows, (B, m, n) each. The first, one for each gate, are called D: what
        arrives at a gate, times its D, is delta = dL/da there.
        """

    @abstractmethod
    def adjoint(self, W: Any, partials: Arrays, g: Arrays, out: Arrays) -> None:
        """Replace g, the gradient at the state after a step, by the gradient before it.

        On the way the deltas are written to ``out``: all of them side by side, (m, G n), for
        the product with ``W.h_T`` (G n, n), and then each gate's, (m, n), the same memory.
        """

    @abstractmethod
    def jacobian(self, W: Any, partials: Arrays) -> Array:
        """One-step Jacobians, shape (..., s, s); ``W.by_gate`` are the transposed matrices."""

    def allocate(self, T: int, m: int, n: int, dtype: Any) -> Buffers:
        """Memory for T steps."""
        states = tuple(np.empty((T + 1, m, n), dtype) for _ in self.state_names)
        a = np.empty((T, len(self.gates), m, n), dtype)
        gates = (a, *a.swapaxes(0, 1)) if len(self.gates) > 1 else (a[:, 0],)
        return Buffers(states, a, (*gates, *(np.empty((T, m, n), dtype) for _ in self.extra)))

    def activate(self, a: Array, W: Any) -> None:
        """Turn net inputs of gates into their values, in place: sigmoid or tanh.

        ``a`` may be all gates or the first few. As a sigmoid has half of its net input here,
        it is (1 + tanh(a)) / 2.
        """
        np.tanh(a, out=a)
        sigma = a[: len(self.logistic)]
        sigma *= W.half
        sigma += W.half

    def forward_weights(self, params: Params) -> Any:
        """Return what ``step`` needs: ``h``, one half, and ``vectors`` under their names."""
        W_h = self.stack(params, "W_h")
        vectors = {name: params[name].copy() for name in self.vectors}
        for k, gate in enumerate(self.gates):
            if gate in self.halved:
                W_h[k] *= 0.5
                for name in vectors:
                    if name.endswith(gate):
                        vectors[name] *= 0.5
        h = W_h if len(self.gates) > 1 else W_h[0]
        # An array: a Python number would be converted anew at every step.
        return SimpleNamespace(h=h, half=np.array(0.5, W_h.dtype), **vectors)

    def backward_weights(self, params: Params) -> Any:
        """Return what the others need: ``h_T`` (G n, n), the same ``by_gate``, and ``vectors``."""
        W_T = self.transposed(params, "W_h")
        by_gate = W_T.reshape(len(self.gates), -1, W_T.shape[1])
        vectors = {name: params[name] for name in self.vectors}
        return SimpleNamespace(h_T=W_T, by_gate=by_gate, **vectors)

    def shapes(self, n_inputs: Axis, n: Axis, n_outputs: Axis) -> dict[str, tuple[Axis, ...]]:
        """Name and shape of every parameter, in numbers or in symbols."""
        return {
            **{f"W_x{g}": (n_inputs, n) for g in self.gates},
            **{f"W_h{g}": (n, n) for g in self.gates},
            **{f"b_{g}": (n,) for g in self.gates},
            **{name: (n,) for name in self.vectors},
            "W_yh": (n, n_outputs),
            "b_y": (n_outputs,),
        }

    def init(
        self,
        rng: np.random.Generator,
        n_inputs: int,
        n_neurons: int,
        n_outputs: int,
        *,
        recurrent: Callable[[np.random.Generator, int], Array] = gaussian,
        dtype: Any = np.float64,
    ) -> Params:
        """Draw parameters: Gaussian weights of variance 1/fan-in, zero biases.

        Parameters
        ----------
        rng : numpy.random.Generator
        n_inputs, n_neurons, n_outputs : int
        recurrent : callable
            ``recurrent(rng, n)`` draws each recurrent matrix, for example ``orthogonal``.
        dtype : float32 or float64

        Returns
        -------
        dict
            ``W_x?`` (n_inputs, n), ``W_h?`` (n, n) and ``b_?`` (n,) per gate, then what the
            cell has of its own, ``W_yh`` (n, n_outputs) and ``b_y`` (n_outputs,).

        Raises
        ------
        ValueError
            If an argument has the wrong type or range, or ``recurrent`` returns something
            other than a real (n, n) array.
        """
        n = check_integer("n_neurons", n_neurons)
        shapes = self.shapes(
            check_integer("n_inputs", n_inputs), n, check_integer("n_outputs", n_outputs)
        )
        dtype = check_dtype("dtype", dtype)
        check_generator("rng", rng)
        check_function("recurrent", recurrent)

        def draw(name: str, shape: tuple[int, ...]) -> Array:
            if len(shape) == 1:
                return np.zeros(shape, dtype)
            if name.startswith("W_h"):
                return check_real("recurrent(rng, n)", recurrent(rng, n), (n, n), dtype)
            return gaussian(rng, *shape).astype(dtype)

        return {name: draw(name, shape) for name, shape in shapes.items()}

    def check(self, params: Params) -> Params:
        """Return the parameters as real arrays of one type, or say which one is wrong.

        Raises
        ------
        ValueError
            If a key is missing or unknown, a parameter is no finite float32 or float64 array
            of the right shape, or the parameters are of different types. Integers are taken
            as the real numbers they are.
        """
        symbols = self.shapes("n_inputs", "n", "n_outputs")
        check_keys("params", params, symbols)
        for name, axes in symbols.items():
            if not isinstance(params[name], np.ndarray):
                fail(name, f"an array of shape {shape_text(axes)}", describe(params[name]))
        types = Counter(value.dtype for value in params.values() if value.dtype.kind not in "iu")
        dtype = types.most_common(1)[0][0] if types else np.dtype(np.float64)
        real = {}
        for name, shape in self.shapes(*likely_sizes(params, symbols)).items():
            whole = params[name].dtype.kind in "iu"
            real[name] = check_real(name, params[name], shape, dtype if whole else None)
            if real[name].dtype != dtype:
                fail(name, f"an array of type {dtype} like the others", describe(params[name]))
        return real

    def stack(self, params: Params, prefix: str) -> Array:
        """One gate's parameters after the other: W_x (G, n_inputs, n), W_h (G, n, n), b (G, n)."""
        return np.stack([params[prefix + gate] for gate in self.gates])

    def transposed(self, params: Params, prefix: str) -> Array:
        """Put the gates' transposed matrices beneath one another: W_x^T (G n, n_inputs)."""
        stacked = self.stack(params, prefix)
        return stacked.swapaxes(1, 2).reshape(-1, stacked.shape[1])  # in C order, for speed

    def input_weights(self, params: Params) -> tuple[Array, Array]:
        """W_x (G, n_inputs, n) and b (G, 1, n), halved where ``step`` needs half of a."""
        W_x, b = self.stack(params, "W_x"), self.stack(params, "b_")[:, None]
        halves = [gate in self.halved for gate in self.gates]
        W_x[halves] *= 0.5
        b[halves] *= 0.5
        return W_x, b

    def split(self, prefix: str, gradients: Array, gates: str = "") -> Params:
        """Take apart what stands side by side: one entry per gate."""
        gates = gates or self.gates
        parts = np.split(gradients, len(gates), axis=-1)
        return {prefix + gate: part for gate, part in zip(gates, parts, strict=True)}

    def products(
        self, x: Array, before: Arrays, after: Arrays, kept: Arrays, delta: Array
    ) -> Arrays:
        """Sum of [x_t, h_{t-1}, 1]^T delta_t over B steps, as one product."""
        return (sum_of_outer_products(with_one(x, before[0]), delta),)  # (n_inputs + n + 1, G n)

    def gradients(self, total: Arrays) -> Params:
        """Gradients of the parameters, from the sum of ``products`` over all steps."""
        n = total[0].shape[1] // len(self.gates)
        W_x, W_h, b = np.split(total[0], [-n - 1, -1])
        return {**self.split("W_x", W_x), **self.split("W_h", W_h), **self.split("b_", b[0])}
