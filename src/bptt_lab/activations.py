"""The element-wise functions phi of a recurrent layer: value, derivative, bound.

All four derivatives can be written in terms of the value ``h = phi(a)``. That is why a cell
stores ``h`` alone and never the net input ``a``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bptt_lab.arguments import Array, check_choice

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "activation",
]


def tanh(a: Array, out: Array | None = None) -> Array:
    """tanh(a), odd, with values between -1 and 1."""
    return np.tanh(a, out=out)


def tanh_slope(h: Array, out: Array | None = None) -> Array:
    """tanh'(a) = 1 - h**2 where h = tanh(a)."""
    out = np.empty_like(h) if out is None else out
    np.multiply(h, h, out=out)
    return np.subtract(1, out, out=out)


def sigmoid(a: Array, out: Array | None = None) -> Array:
    """1 / (1 + exp(-a)), written as (1 + tanh(a / 2)) / 2, which cannot overflow."""
    out = np.empty_like(a) if out is None else out
    np.multiply(a, 0.5, out=out)
    np.tanh(out, out=out)
    out += 1
    out *= 0.5
    return out


def sigmoid_slope(h: Array, out: Array | None = None) -> Array:
    """sigmoid'(a) = h (1 - h) where h = sigmoid(a)."""
    out = np.empty_like(h) if out is None else out
    np.subtract(1, h, out=out)
    out *= h
    return out


def relu(a: Array, out: Array | None = None) -> Array:
    """max(a, 0)."""
    return np.maximum(a, 0, out=out)


def relu_slope(h: Array, out: Array | None = None) -> Array:
    """relu'(a) = 1 where h > 0, else 0; at a = 0, where there is no derivative, 0."""
    return np.sign(h, out=out)


def identity(a: Array, out: Array | None = None) -> Array:
    """Return a itself: a linear recurrent layer."""
    return np.positive(a, out=out)


def identity_slope(h: Array, out: Array | None = None) -> Array:
    """1 everywhere."""
    out = np.empty_like(h) if out is None else out
    out.fill(1)
    return out


@dataclass(frozen=True)
class Activation:
    """An element-wise function and what backpropagation needs to know about it.

    Attributes
    ----------
    name : str
        The word by which ``RNN`` knows it.
    value : callable
        ``value(a, out=None)`` gives h = phi(a), any shape; ``out`` may be a itself.
    slope : callable
        ``slope(h, out=None)`` gives phi'(a) from the value h = phi(a); ``out`` may not be h.
    bound : float
        gamma_h = sup |phi'|, the constant of the norm bound of Pascanu et al. (2013).

    Examples
    --------
    >>> phi = ACTIVATIONS["sigmoid"]
    >>> float(phi.value(np.array(0.0))), float(phi.derivative(np.array(0.0))), phi.bound
    (0.5, 0.25, 0.25)
    """

    name: str
    value: Callable[..., Array]
    slope: Callable[..., Array]
    bound: float

    def derivative(self, a: Array) -> Array:
        """phi'(a), same shape as a."""
        return self.slope(self.value(a))


ACTIVATIONS = {
    phi.name: phi
    for phi in (
        Activation("tanh", tanh, tanh_slope, 1.0),
        Activation("sigmoid", sigmoid, sigmoid_slope, 0.25),
        Activation("relu", relu, relu_slope, 1.0),
        Activation("identity", identity, identity_slope, 1.0),
    )
}


def activation(name: str) -> Activation:
    """Return the activation of this name.

    Raises
    ------
    ValueError
        If the name is unknown; the message lists the known ones.

    Examples
    --------
    >>> activation("swish")
    Traceback (most recent call last):
    ValueError: activation: expected one of 'tanh', 'sigmoid', 'relu', 'identity', got 'swish'
    """
    return ACTIVATIONS[check_choice("activation", name, ACTIVATIONS)]
