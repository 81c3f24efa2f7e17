"""What every recurrent cell shares: names and shapes of its parameters, and stacking.

A cell is a description without parameters. For each family four functions stand beneath one
another, each line the counterpart of a line above it:

``step``
    h_{t-1} -> h_t, one step forward.
``partials``
    The immediate partial derivatives of the lines of ``step``, for a block of steps at once.
    They need nothing but what ``step`` stored.
``adjoint``
    dL/dh_t -> dL/dh_{t-1}, one step back: the partials times what arrives.
``jacobian``
    The same partials, assembled to dh_t/dh_{t-1}.

The net inputs of all gates are one array. Forward each gate is a block of its own, (G, m, n),
so that the element-wise functions run through contiguous memory. Backward the deltas of the
gates stand side by side, (m, G n), so that each product with them is a single one.

Unrolling in time, truncation, readout and loss belong to ``bptt_lab.bptt``.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, TypeVar

import numpy as np

from bptt_lab.arguments import (
    Array,
    describe,
    fail,
    function,
    generator,
    integer,
    keys,
    precision,
    real,
    shape_text,
)
from bptt_lab.initializers import gaussian

Arrays = tuple[Array, ...]
Params = dict[str, Array]
Axis = TypeVar("Axis", int, str)


class Sizes(NamedTuple):
    """What the shapes of a set of parameters say."""

    n_inputs: int
    n: int
    n_outputs: int
    dtype: np.dtype[Any]


class Memory(NamedTuple):
    """The arrays that a forward pass over T steps fills, time first.

    ``states`` are the parts of the state, (T+1, m, n). ``net_inputs`` are those of all gates,
    (T, G, m, n): the forward pass writes x_t W_x + b into them before it calls ``step``.
    ``stored`` is what ``step`` works on besides, and leaves for the adjoint; often the net
    inputs again, as a whole and gate by gate.
    """

    states: Arrays
    net_inputs: Array
    stored: Arrays


def rows(array: Array) -> Array:
    """Make one axis of steps and batch: (T, m, n) -> (T m, n), without a copy."""
    return array.reshape(-1, array.shape[-1])


def product(inputs: Array, deltas: Array) -> Array:
    """Sum of inputs_t^T delta_t over all steps, as one matrix product."""
    total: Array = np.dot(rows(inputs).T, rows(deltas))
    return total


def with_one(*inputs: Array) -> Array:
    """Put inputs side by side, and after them the constant 1, whose weight is the bias."""
    one = np.ones((*inputs[0].shape[:-1], 1), inputs[0].dtype)
    return np.concatenate([*inputs, one], axis=-1)


def likely_sizes(params: Params, symbols: dict[str, tuple[str, ...]]) -> tuple[int, int, int]:
    """Return n_inputs, n and n_outputs as most of the parameters have them.

    So the complaint about a wrong shape names the one parameter that is unlike the others.
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
    """A recurrent cell; see the module's docstring for its four functions."""

    gates: ClassVar[tuple[str, ...]]
    """One letter per net input, in the order of the parameters."""

    order: ClassVar[str]
    """The same letters in the order in which the gates stand in memory."""

    parts: ClassVar[tuple[str, ...]] = ("h",)
    """The parts of the state, in the order of ``state0`` and of the joint Jacobian."""

    @property
    def halved(self) -> slice:
        """Which gates are functions of tanh(a / 2), so that a / 2 is what ``step`` needs."""
        return slice(0)

    @property
    def vectors(self) -> tuple[str, ...]:
        """Parameters of shape (n,) beyond the biases."""
        return ()

    @property
    def n_deltas(self) -> int:
        """How many deltas of n entries a step has: one for each gate, if not said otherwise."""
        return len(self.gates)

    @abstractmethod
    def allocate(self, T: int, m: int, n: int, dtype: Any) -> Memory:
        """Memory for T steps."""

    @abstractmethod
    def step(self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays) -> None:
        """Fill ``after`` and ``stored`` from ``before``; (m, n) each, net inputs (G, m, n)."""

    @abstractmethod
    def partials(self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays) -> Arrays:
        """Immediate partials of ``step`` for B steps at once, in new arrays.

        The first is D (B, G, m, n): what arrives at a gate, times D, is delta = dL/da there.
        """

    @abstractmethod
    def adjoint(self, W: Arrays, partials: Arrays, d_state: Arrays, out: Arrays) -> None:
        """Replace ``d_state``, the gradient after a step, by the one before it.

        On the way delta is written to ``out``, which is the same memory twice: (m, G n), side
        by side for the products, and (G, m, n), gate by gate.
        """

    @abstractmethod
    def jacobian(self, W: Arrays, partials: Arrays) -> Array:
        """One-step Jacobians, shape (..., s, s)."""

    @abstractmethod
    def recurrent_weights(self, params: Params) -> Arrays:
        """Everything ``step`` multiplies the state with, stacked once for all steps."""

    @abstractmethod
    def transposed_weights(self, params: Params) -> Arrays:
        """Stack the transposes of the same: what all functions but ``step`` take as W."""

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
        n = integer("n_neurons", n_neurons)
        shapes = self.shapes(integer("n_inputs", n_inputs), n, integer("n_outputs", n_outputs))
        dtype = precision("dtype", dtype)
        generator("rng", rng)
        function("recurrent", recurrent)

        def draw(name: str, shape: tuple[int, ...]) -> Array:
            if len(shape) == 1:
                return np.zeros(shape, dtype)
            if name.startswith("W_h"):
                return real("recurrent(rng, n)", recurrent(rng, n), (n, n), dtype)
            return gaussian(rng, *shape).astype(dtype)

        return {name: draw(name, shape) for name, shape in shapes.items()}

    def check(self, params: Params) -> Sizes:
        """Return the sizes the parameters imply, or say which parameter is wrong.

        Raises
        ------
        ValueError
            If a key is missing or unknown, a parameter is no finite float32 or float64 array
            of the right shape, or the parameters are of different types.
        """
        symbols = self.shapes("n_inputs", "n", "n_outputs")
        keys("params", params, symbols)
        for name, axes in symbols.items():
            if not isinstance(params[name], np.ndarray):
                fail(name, f"an array of shape {shape_text(axes)}", describe(params[name]))
        sizes = likely_sizes(params, symbols)
        dtype = Counter(value.dtype for value in params.values()).most_common(1)[0][0]
        for name, shape in self.shapes(*sizes).items():
            if real(name, params[name], shape).dtype != dtype:
                fail(name, f"an array of type {dtype} like the others", describe(params[name]))
        return Sizes(*sizes, dtype)

    def stack(self, params: Params, prefix: str, order: str = "") -> Array:
        """One gate's parameters after the other: W_x (G, n_inputs, n), W_h (G, n, n), b (G, n)."""
        return np.stack([params[prefix + g] for g in order or self.order])

    def transposed(self, params: Params, prefix: str, order: str = "") -> Array:
        """Put the gates' transposed matrices beneath one another: W_x^T (G n, n_inputs)."""
        stacked = self.stack(params, prefix, order)
        return stacked.swapaxes(1, 2).reshape(-1, stacked.shape[1])

    def halved_weights(self, params: Params) -> tuple[Array, Array]:
        """W_h (G, n, n), halved like the net inputs, and the number 1/2 for ``squash``."""
        W_h = self.stack(params, "W_h")
        W_h[self.halved] *= 0.5
        return W_h, np.array(0.5, W_h.dtype)

    def input_weights(self, params: Params) -> tuple[Array, Array]:
        """W_x (G, n_inputs, n) and b (G, 1, n), halved where ``step`` needs half of a."""
        W_x, b = self.stack(params, "W_x"), self.stack(params, "b_")[:, None]
        W_x[self.halved] *= 0.5
        b[self.halved] *= 0.5
        return W_x, b

    def split(self, prefix: str, gradients: Array, order: str = "") -> Params:
        """Take apart what stands side by side: one entry per gate."""
        order = order or self.order
        n = gradients.shape[-1] // len(order)
        return {prefix + g: gradients[..., k * n : (k + 1) * n] for k, g in enumerate(order)}

    def products(
        self, x: Array, before: Arrays, after: Arrays, stored: Arrays, delta: Array
    ) -> Arrays:
        """Sum of [x_t, h_{t-1}, 1]^T delta_t over B steps, as one product."""
        return (product(with_one(x, before[0]), delta),)  # (n_inputs + n + 1, G n)

    def gradients(self, total: Arrays) -> Params:
        """Gradients of the parameters, from the sum of ``products`` over all steps."""
        n = total[0].shape[1] // len(self.gates)
        W_x, W_h, b = np.split(total[0], [-n - 1, -1])
        return {**self.split("W_x", W_x), **self.split("W_h", W_h), **self.split("b_", b[0])}
