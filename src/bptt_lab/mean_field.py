"""Random networks of very many neurons: what they receive, and how fast a gradient changes."""

import numpy as np

from bptt_lab.activations import Activation, activation
from bptt_lab.arguments import Array, check_number

__all__ = ["mean_field_exponent", "mean_field_variance"]

NODES = np.linspace(-10, 10, 2000)  # none at 0, where ReLU jumps
"""Where a standard normal variable is sampled.

For smooth functions the trapezoidal rule over the whole line is as good as any rule. It stays so
where a slope is narrow, which Gauss-Hermite quadrature with a few hundred nodes does not.
"""

WEIGHTS = np.exp(-(NODES**2) / 2) / np.exp(-(NODES**2) / 2).sum()

UNBOUNDED = 1e12
"""A variance above this grows for ever: the activation is linear there."""


def mean_field_variance(name: str, gain: float, scale: float) -> float:
    """Variance of the net input of a neuron, in the limit of many neurons.

    Parameters
    ----------
    name : str
        The activation.
    gain : float
        The entries of W_hh are independent, with mean 0 and variance ``gain**2 / n``.
    scale : float
        Standard deviation of what the input adds to each neuron, independent at every step and
        neuron.

    Returns
    -------
    float
        The fixed point q; infinite where the states grow for ever.

    Raises
    ------
    ValueError
        If the activation is unknown or a number is negative or not finite.

    Notes
    -----
    The net input of a neuron is a sum of many small terms, hence Gaussian with mean 0. Its variance
    q has to reproduce itself from one step to the next. Equations: eq-mean-field.

    Examples
    --------
    Without input, small weights let the state die out.

    >>> round(mean_field_variance("tanh", gain=0.5, scale=0.0), 6)
    0.0
    >>> round(mean_field_variance("tanh", gain=1.5, scale=0.5), 2)
    1.22
    """
    phi = activation(name)
    gain = check_number("gain", gain, least=0.0)
    scale = check_number("scale", scale, least=0.0)
    q = settled(phi, gain, scale)
    return q if q < UNBOUNDED else np.inf


def mean_field_exponent(name: str, gain: float, scale: float) -> float:
    """Rate at which a gradient grows per step, in the limit of many neurons.

    Parameters
    ----------
    name, gain, scale
        As for ``mean_field_variance``; the gain is positive.

    Returns
    -------
    float
        lambda_1, in nats per step. It is negative where gradients vanish.

    Raises
    ------
    ValueError
        If the activation is unknown, a number is negative or not finite, or the gain is 0.

    Notes
    -----
    One step back multiplies the squared norm of a gradient by gain**2 E[phi'(sqrt(q) z)**2], z
    standard normal: the sum over many neurons is its mean. With independent inputs nothing else
    is left of the network. Without input, or for few neurons, the rate can differ. Compare Chen,
    Pennington and Schoenholz (2018). Equations: eq-mean-field.

    Examples
    --------
    >>> round(mean_field_exponent("tanh", gain=1.1, scale=0.5), 2)
    -0.2
    >>> round(mean_field_exponent("relu", gain=2**0.5, scale=0.5), 12)
    0.0
    """
    phi = activation(name)
    gain = check_number("gain", gain, least=np.finfo(float).tiny)
    scale = check_number("scale", scale, least=0.0)
    slopes = phi.derivative(np.sqrt(settled(phi, gain, scale)) * NODES)
    return float(np.log(gain) + np.log(mean(slopes**2)) / 2)


def settled(phi: Activation, gain: float, scale: float) -> float:
    """Iterate the variance from above until it repeats itself, or is too large to come back."""
    q = gain**2 + scale**2
    for _ in range(10_000):
        before, q = q, gain**2 * mean(phi.value(np.sqrt(q) * NODES) ** 2) + scale**2
        if abs(q - before) <= 1e-12 * before or q > UNBOUNDED:
            break
    return float(q)


def mean(values: Array) -> float:
    """Mean over a standard normal variable, of its values at the nodes."""
    return float(WEIGHTS @ values)
