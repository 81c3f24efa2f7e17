"""From a gradient to the next parameters: momentum, RMSProp, Adam.

A step is a function of parameters, gradients and the optimiser's state, and returns new ones.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bptt_lab.arguments import check_fraction, check_keys, check_positive
from bptt_lab.cells.base import Params

OptimiserState = dict[str, Params]
"""What an optimiser remembers: for each of its quantities one array per parameter."""

Stepped = tuple[Params, OptimiserState]
"""The parameters and the state after a step."""


class Optimiser(Protocol):
    """What a training asks of an optimiser; its ``repr`` tells it from others."""

    def start(self, params: Params) -> OptimiserState:
        """Return the state before the first step."""

    def step(self, t: int, params: Params, grads: Params, state: OptimiserState) -> Stepped:
        """Return the parameters and the state after step t = 1, 2, .."""


def zeros(params: Params) -> Params:
    """One array of zeros for each parameter."""
    return {name: np.zeros_like(value) for name, value in params.items()}


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent, with momentum if asked for.

    v <- mu v + g,  theta <- theta - eta v.

    Parameters
    ----------
    rate : float
        eta > 0.
    momentum : float
        mu, 0 <= mu < 1.

    Raises
    ------
    ValueError
        If a number is out of its range; from ``step``, if a gradient is missing.

    Notes
    -----
    Polyak (1964), in the form of Sutskever, Martens, Dahl and Hinton (2013) with the rate drawn
    out of v. Equations: eq-training-momentum.

    Examples
    --------
    >>> sgd, params, grads = SGD(0.1, momentum=0.5), {"w": np.array([1.0])}, {"w": np.array([2.0])}
    >>> params, state = sgd.step(1, params, grads, sgd.start(params))
    >>> sgd.step(2, params, grads, state)[0]
    {'w': array([0.5])}
    """

    rate: float = 0.01
    momentum: float = 0.0

    def __post_init__(self) -> None:
        check_positive("rate", self.rate)
        check_fraction("momentum", self.momentum)

    def start(self, params: Params) -> OptimiserState:
        """Start from v = 0."""
        return {"v": zeros(params)}

    def step(self, t: int, params: Params, grads: Params, state: OptimiserState) -> Stepped:
        """Return the parameters after a step along v, and v."""
        check_keys("grads", grads, params)
        v = {name: self.momentum * state["v"][name] + g for name, g in grads.items()}
        return {name: p - self.rate * v[name] for name, p in params.items()}, {"v": v}


@dataclass(frozen=True)
class RMSProp:
    """A step of its own size for every parameter: the gradient over its recent size.

    s <- beta s + (1 - beta) g**2,  theta <- theta - eta g / (sqrt(s) + epsilon).

    Parameters
    ----------
    rate, decay, epsilon : float
        eta > 0, 0 <= beta < 1, epsilon > 0.

    Raises
    ------
    ValueError
        If a number is out of its range; from ``step``, if a gradient is missing.

    Notes
    -----
    Tieleman and Hinton (2012), lecture 6.5. Equations: eq-training-rmsprop.

    Examples
    --------
    >>> rms, params = RMSProp(0.1, decay=0.75), {"w": np.array([1.0])}
    >>> rms.step(1, params, {"w": np.array([7.0])}, rms.start(params))[0]["w"].round(6)
    array([0.8])
    """

    rate: float = 0.001
    decay: float = 0.9
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check_positive("rate", self.rate)
        check_fraction("decay", self.decay)
        check_positive("epsilon", self.epsilon)

    def start(self, params: Params) -> OptimiserState:
        """Start from s = 0."""
        return {"s": zeros(params)}

    def step(self, t: int, params: Params, grads: Params, state: OptimiserState) -> Stepped:
        """Return the parameters after a step along g / sqrt(s), and s."""
        check_keys("grads", grads, params)
        beta, s = self.decay, state["s"]
        s = {name: beta * s[name] + (1 - beta) * g * g for name, g in grads.items()}
        moved = {
            name: p - self.rate * grads[name] / (np.sqrt(s[name]) + self.epsilon)
            for name, p in params.items()
        }
        return moved, {"s": s}


@dataclass(frozen=True)
class Adam:
    """Momentum and recent size, both freed from the zeros they start with.

    u <- beta1 u + (1 - beta1) g,  s <- beta2 s + (1 - beta2) g**2,
    theta <- theta - eta u / (1 - beta1**t) / (sqrt(s / (1 - beta2**t)) + epsilon).

    Parameters
    ----------
    rate, beta1, beta2, epsilon : float
        eta > 0, 0 <= beta1, beta2 < 1, epsilon > 0.

    Raises
    ------
    ValueError
        If a number is out of its range; from ``step``, if a gradient is missing.

    Notes
    -----
    Kingma and Ba (2015), algorithm 1. Equations: eq-training-adam.

    Examples
    --------
    >>> adam, params = Adam(0.1), {"w": np.array([1.0])}
    >>> adam.step(1, params, {"w": np.array([7.0])}, adam.start(params))[0]["w"].round(6)
    array([0.9])
    """

    rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check_positive("rate", self.rate)
        check_fraction("beta1", self.beta1)
        check_fraction("beta2", self.beta2)
        check_positive("epsilon", self.epsilon)

    def start(self, params: Params) -> OptimiserState:
        """Start from u = s = 0."""
        return {"u": zeros(params), "s": zeros(params)}

    def step(self, t: int, params: Params, grads: Params, state: OptimiserState) -> Stepped:
        """Return the parameters after a step along the corrected u / sqrt(s), u and s."""
        check_keys("grads", grads, params)
        u = {k: self.beta1 * state["u"][k] + (1 - self.beta1) * g for k, g in grads.items()}
        s = {k: self.beta2 * state["s"][k] + (1 - self.beta2) * g * g for k, g in grads.items()}
        rate, size = self.rate / (1 - self.beta1**t), 1 - self.beta2**t
        moved = {
            k: p - rate * u[k] / (np.sqrt(s[k] / size) + self.epsilon) for k, p in params.items()
        }
        return moved, {"u": u, "s": s}
