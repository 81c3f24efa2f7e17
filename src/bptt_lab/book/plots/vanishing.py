"""Pictures of the chapter on vanishing gradients: ends and slopes, rates, bands, histograms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from bptt_lab.book.plots.style import COLOURS, DASHES

GROWS, SHRINKS = COLOURS[1], COLOURS[0]
"""Colours of the two countries: where gradients explode, and where they vanish."""


class EndPanel:
    """The end of a sequence against its start, with the tangent that a gradient measures.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    title : str
    half : float
        The starts run from ``-half`` to ``half``.
    at : float
        The start at which the tangent touches.

    Attributes
    ----------
    moving : list of matplotlib.artist.Artist
        What ``show`` changes.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> panel = EndPanel(axes, "linear", half=1.0)
    >>> panel.show([-1, 0, 1], [-0.5, 0, 0.5], slope=0.5)
    >>> [round(float(y), 2) for y in panel.tangent.get_ydata()]
    [-0.2, 0.2]
    """

    def __init__(self, axes: Axes, title: str, half: float, at: float = 0.0) -> None:
        self.half, self.at = half, at
        axes.set(title=title, xlim=(-half, half), ylim=(-1.08, 1.08), xlabel="start")
        axes.set_xticks([-half, 0, half])
        axes.set_yticks([-1, 0, 1])
        (self.curve,) = axes.plot([], [], "-", color=COLOURS[0], lw=1.8, label="end")
        (self.tangent,) = axes.plot([], [], "-", color=COLOURS[1], lw=3.5, label="tangent")
        (self.dot,) = axes.plot([], [], "o", color=COLOURS[1], ms=6, label="start of the tangent")
        self.moving: list[Artist] = [self.curve, self.tangent, self.dot]

    def show(self, start: npt.ArrayLike, end: npt.ArrayLike, slope: float) -> None:
        """Move to another length of the sequence.

        Parameters
        ----------
        start, end : arrays, shape (K,)
        slope : float
            Derivative of the end with respect to the start, at ``at``.
        """
        start, end = np.asarray(start), np.asarray(end)
        height = float(np.interp(self.at, start, end))
        across = min(0.4 * self.half, 0.4 / max(abs(slope), 1e-12))
        self.curve.set_data(start, end)
        self.tangent.set_data(
            [self.at - across, self.at + across],
            [height - slope * across, height + slope * across],
        )
        self.dot.set_data([self.at], [height])


def lag_bars(axes: Axes, sizes: npt.ArrayLike, whole: float) -> Axes:
    """Size of the term of each lag in the gradient of one loss, on a logarithmic scale.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    sizes : array, shape (K,)
        Norms of the terms, for the lags 0, 1, ..
    whole : float
        Norm of their sum.

    Returns
    -------
    matplotlib.axes.Axes
    """
    sizes = np.asarray(sizes)
    floor = 10.0 ** np.floor(np.log10(sizes.min()))
    axes.set(yscale="log", ylim=(floor, 30 * whole), xlabel="lag t − k", ylabel="norm")
    lags = np.arange(len(sizes))
    axes.vlines(lags, floor, sizes, color=COLOURS[0], linewidth=2.2)
    axes.axhline(whole, color=COLOURS[1], linestyle="-", linewidth=1.8)
    axes.text(len(sizes) - 1, 2 * whole, "the whole gradient", color=COLOURS[1], ha="right")
    return axes


class RatePanel:
    """Rate over a lag, measured and predicted: which line does the gradient approach.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    lags : array, shape (K,)
        Increasing, from 1.
    names : sequence of str
        What the horizontal lines are called.
    limit : float
        The rates run from ``-limit`` to ``limit``; a line beyond is shown at the edge.

    Attributes
    ----------
    moving : list of matplotlib.artist.Artist
        What ``show`` changes.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> panel = RatePanel(axes, [1, 2, 4], names=["bound"])
    >>> panel.show([0.5, 0.3, 0.1], [[0, 0, 0], [1, 1, 1]], [1, 0.5, 0.2], {"bound": 2.0})
    >>> panel.labels["bound"].get_text()
    'bound +2.00 ↑'
    """

    def __init__(
        self, axes: Axes, lags: npt.ArrayLike, names: Sequence[str], limit: float = 1.5
    ) -> None:
        self.lags, self.limit = np.asarray(lags), limit
        axes.set(xscale="log", xlim=(1, 13 * self.lags[-1]), ylim=(-limit, limit))
        axes.set(xlabel="lag", ylabel="nats per step", title="Growth per step")
        axes.minorticks_off()
        axes.set_xticks([1, 10, 100], ["1", "10", "100"])
        axes.spines["bottom"].set_bounds(1, self.lags[-1])
        axes.axhspan(0, limit, color=GROWS, alpha=0.1, linewidth=0)
        axes.axhspan(-limit, 0, color=SHRINKS, alpha=0.1, linewidth=0)
        axes.axhline(0, color=COLOURS[5], linewidth=1.2, linestyle="-")
        for words, height, va in (("explodes", 0.98, "top"), ("vanishes", 0.02, "bottom")):
            axes.text(0.01, height, words, color=COLOURS[5], va=va, transform=axes.transAxes)
        self.band = axes.plot([], [], "-", color=COLOURS[0], lw=0.9, label="least and most of ten")[
            0
        ]
        (self.middle,) = axes.plot([], [], "-", color=COLOURS[0], lw=2.8, label="gradient")
        (self.worst,) = axes.plot([], [], "-", color=COLOURS[3], lw=1.5, label="worst direction")
        self.lines, self.labels = {}, {}
        for name, number in zip(names, (1, 2, 4), strict=False):
            look: Any = {"color": COLOURS[number], "linestyle": DASHES[number]}
            (self.lines[name],) = axes.plot([], [], lw=1.6, label=name, **look)
            self.labels[name] = self._label(axes, COLOURS[number])
        self.labels["gradient"] = self._label(axes, COLOURS[0])
        self.labels["worst"] = self._label(axes, COLOURS[3])
        self.hidden = axes.text(10, -0.5 * limit, "", color=COLOURS[0], ha="center", va="center")
        drawn = [self.band, self.middle, self.worst, *self.lines.values()]
        self.moving: list[Artist] = [*drawn, *self.labels.values(), self.hidden]

    def _label(self, axes: Axes, colour: str) -> Any:
        return axes.text(1.15 * self.lags[-1], 0, "", color=colour, size=9.5, va="center")

    def show(
        self,
        middle: npt.ArrayLike,
        band: npt.ArrayLike,
        worst: npt.ArrayLike,
        levels: Mapping[str, float],
        hide: Sequence[str] = (),
    ) -> None:
        """Move everything to another setting.

        Parameters
        ----------
        middle, worst : arrays, shape (K,)
            Rate of the middle network's gradient, and of the worst direction.
        band : array, shape (2, K)
            The least and the largest rate among the networks.
        levels : dict of name -> float
            Where each horizontal line stands.
        hide : sequence of str
            Names of lines that are left out, "gradient" for all that is measured.
        """
        low, high = np.asarray(band, dtype=float)
        around = np.concatenate([self.lags, [np.nan], self.lags])
        self.band.set_data(around, self._inside(np.concatenate([low, [np.nan], high])))
        self.middle.set_data(self.lags, self._inside(middle))
        self.worst.set_data(self.lags, self._inside(worst))
        ends = dict(levels)
        ends["gradient"] = float(np.asarray(middle)[-1])
        ends["worst"] = float(np.asarray(worst)[-1])
        for name, line in self.lines.items():
            height = self._inside([ends[name]] * 2)
            line.set_data([1, self.lags[-1]], height)
            line.set_visible(name not in hide)
        measured = "gradient" not in hide
        for line in (self.band, self.middle, self.worst):
            line.set_visible(measured)
        self.hidden.set_text("" if measured else "bet first:\nup or down?")
        gone = set(hide) | (set() if measured else {"worst"})
        self._write({name: end for name, end in ends.items() if name not in gone})

    def _inside(self, rates: npt.ArrayLike) -> Any:
        edge = 0.985 * self.limit
        return np.clip(np.asarray(rates, dtype=float), -edge, edge)

    def _write(self, ends: Mapping[str, float]) -> None:
        """Write each label at the end of its line, the labels a little apart."""
        order = sorted(ends, key=lambda name: -ends[name])
        gap, ceiling = 0.15 * self.limit, 0.95 * self.limit
        for name in self.labels:
            self.labels[name].set_text("")
        for below, name in zip(range(len(order) - 1, -1, -1), order, strict=True):
            end = ends[name]
            floor = gap * below - 0.95 * self.limit
            height = min(max(float(self._inside(end)), floor), ceiling)
            ceiling = height - gap
            beyond = "" if abs(end) < self.limit else " ↑" if end > 0 else " ↓"
            text = f"{name} {end:+.2f}{beyond}".replace("-", "−")
            self.labels[name].set_position((1.15 * self.lags[-1], height))
            self.labels[name].set_text(text)


def rate_bands(
    axes: Axes,
    rho: npt.ArrayLike,
    rates: Mapping[str, npt.ArrayLike],
    theory: Mapping[str, npt.ArrayLike],
) -> Axes:
    """Rates of several networks against the spectral radius, with what theory says.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    rho : array, shape (K,)
    rates : dict of name -> array, shape (K, M)
        Nats per step, of M networks: the band runs from the least to the largest.
    theory : dict of name -> array, shape (K,)

    Returns
    -------
    matplotlib.axes.Axes
    """
    rho, size = np.asarray(rho), axes.xaxis.label.get_fontsize()
    axes.axhline(0, color=COLOURS[5], linewidth=1.2, linestyle="-")
    for (name, values), colour in zip(rates.items(), COLOURS, strict=False):
        values = np.asarray(values)
        low, high = values.min(axis=1), values.max(axis=1)
        axes.fill_between(rho, low, high, color=colour, alpha=0.3, linewidth=0)
        axes.plot(rho, np.median(values, axis=1), "-", color=colour, linewidth=1.8)
        axes.plot(rho, theory[name], "--", color="black", linewidth=1.1)
        axes.text(rho[-1] + 0.05, np.median(values[-1]), name, color=colour, va="center", size=size)
    axes.set(xlabel="spectral radius of $W_{hh}$", ylabel="nats per step")
    axes.axhspan(0, 1.2, color=GROWS, alpha=0.1, linewidth=0)
    axes.axhspan(-2.3, 0, color=SHRINKS, alpha=0.1, linewidth=0)
    axes.set_ylim(-2.3, 1.2)
    axes.text(rho[0], 0.06, "explodes", color=COLOURS[5], size=size)
    axes.text(rho[-1], -0.06, "vanishes", color=COLOURS[5], va="top", ha="right", size=size)
    axes.set(xlim=(rho[0] - 0.05, 1.24 * rho[-1]), xticks=np.arange(0.5, rho[-1] + 0.1, 0.5))
    axes.spines["bottom"].set_bounds(rho[0], rho[-1])
    return axes


def worst_and_typical(
    axes: Axes,
    lags: npt.ArrayLike,
    worst: npt.ArrayLike,
    typical: npt.ArrayLike,
    limit: float,
) -> Axes:
    """Rates over a lag in many stretches of a sequence, the worst direction and one gradient.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    lags : array, shape (K,)
    worst, typical : arrays, shape (N, K)
        Nats per step, one row for each stretch.
    limit : float
        The exponent.

    Returns
    -------
    matplotlib.axes.Axes
    """
    lags = np.asarray(lags)
    axes.set(xscale="log", xlabel="lag", ylabel="nats per step")
    axes.axhline(0, color=COLOURS[5], linewidth=1.2, linestyle="-")
    for rates, number, name in ((worst, 3, "worst direction"), (typical, 0, "one gradient")):
        low, middle, high = np.percentile(np.asarray(rates), [5, 50, 95], axis=0)
        axes.fill_between(lags, low, high, color=COLOURS[number], alpha=0.25, linewidth=0)
        axes.plot(lags, middle, "-", color=COLOURS[number], linewidth=2, label=name)
    size = axes.xaxis.label.get_fontsize()
    axes.text(2.2, 0.55, "worst direction", color=COLOURS[3], size=size)
    axes.text(1.1, -0.16, "one gradient", color=COLOURS[0], size=size, va="top")
    axes.plot(lags[[0, -1]], [limit, limit], ":", color=COLOURS[1], linewidth=1.8)
    axes.text(1.1 * lags[-1], limit, "λ₁", color=COLOURS[1], va="center", size=size)
    axes.minorticks_off()
    axes.set_xticks([1, 10, 100], ["1", "10", "100"])
    axes.set_xlim(lags[0], 1.6 * lags[-1])
    return axes


def bifurcation(
    left: Axes, right: Axes, parameter: npt.ArrayLike, orbit: npt.ArrayLike, rates: npt.ArrayLike
) -> None:
    """Where a network ends up, and its exponent, over a parameter.

    Parameters
    ----------
    left, right : matplotlib.axes.Axes
    parameter : array, shape (K,)
    orbit : array, shape (N, K)
        States on the attractor.
    rates : array, shape (K,)
        Nats per step.
    """
    parameter, orbit = np.asarray(parameter), np.asarray(orbit)
    across = np.broadcast_to(parameter, orbit.shape)
    left.plot(across.ravel(), orbit.ravel(), ".", color=COLOURS[0], ms=1.6)
    right.axhline(0, color=COLOURS[5], linewidth=1.2, linestyle="-")
    right.plot(parameter, rates, "-", color=COLOURS[0], linewidth=1.2)
    right.set_ylabel("nats per step")
    for axes in (left, right):
        axes.set_xticks(np.arange(np.ceil(2 * parameter[0]), 2 * parameter[-1] + 1) / 2)
        axes.set_xlim(parameter[0], parameter[-1])


def spectra(axes: Axes, values: Mapping[str, npt.ArrayLike], low: float = -12) -> Axes:
    """Histograms of singular values, on a logarithmic scale.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    values : dict of name -> array
        Singular values; what is below ``10**low`` is counted in the last bin on the left.
    low : float

    Returns
    -------
    matplotlib.axes.Axes
    """
    edges = np.linspace(low, 1, int(2 * (1 - low)) + 1)
    for number, (name, sizes) in enumerate(values.items()):
        decades = np.log10(np.maximum(np.asarray(sizes), 10.0**low))
        colour = COLOURS[(1, 0)[number]]
        axes.hist(
            np.clip(decades, low, 1),
            edges.tolist(),
            color=colour,
            alpha=0.55,
            label=name,
            linewidth=0,
        )
        axes.text(
            *(0.42, 0.97 - 0.1 * number),
            name,
            color=colour,
            transform=axes.transAxes,
            va="top",
            ha="center",
        )
    axes.set(xlabel="singular value", ylabel="how many of 128")
    ticks = np.arange(low, 1, 4)
    axes.set_xticks(ticks, [f"$10^{{{tick:.0f}}}$" for tick in ticks])
    return axes


def factor_curve(axes: Axes, weights: npt.ArrayLike, factors: npt.ArrayLike) -> Axes:
    """Factor by which one step back multiplies a gradient in a neuron that has settled.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    weights, factors : arrays, shape (K,)

    Returns
    -------
    matplotlib.axes.Axes
    """
    weights = np.asarray(weights)
    size = axes.xaxis.label.get_fontsize()
    axes.plot([0, 1.35], [0, 1.35], "--", color=COLOURS[2], linewidth=1.6, label="the weight")
    axes.text(1.38, 1.3, "the weight alone", color=COLOURS[2], size=size)
    axes.plot(weights, factors, "-", color=COLOURS[0], linewidth=2.4, label="factor")
    axes.text(2.15, 0.28, "weight times slope", color=COLOURS[0], size=size)
    axes.axhline(1, color=COLOURS[5], linewidth=1, linestyle="-")
    axes.set(xlim=(0, weights[-1]), ylim=(0, 1.4), xlabel="weight w", ylabel="factor per step")
    return axes
