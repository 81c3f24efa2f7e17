"""Pictures of the chapter on vanishing gradients: ends and slopes, rates, bands, histograms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from bptt_lab.book.plots.panel import (
    REFERENCE,
    Panel,
    band,
    keep_apart,
    label,
    leave_room,
    plain_ticks,
    shade_growth,
)
from bptt_lab.book.plots.style import COLOURS, DASHES


class EndPanel(Panel):
    """The end of a sequence against its start, with the tangent that a gradient measures.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    title : str
    half : float
        The starts run from ``-half`` to ``half``.
    at : float
        The start at which the tangent touches.

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
        super().__init__()
        self.half, self.at = half, at
        axes.set(title=title, xlim=(-half, half), ylim=(-1.08, 1.08), xlabel="start")
        axes.set_xticks([-half, 0, half])
        axes.set_yticks([-1, 0, 1])
        self.curve = self._line(axes, "-", color=COLOURS[0], lw=1.8, label="end")
        self.tangent = self._line(axes, "-", color=COLOURS[1], lw=3.5, label="tangent")
        self.dot = self._line(axes, "o", color=COLOURS[1], ms=6, label="start of the tangent")

    def show(self, start: npt.ArrayLike, end: npt.ArrayLike, slope: float) -> None:
        """Show a sequence of another length.

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
    """
    sizes = np.asarray(sizes)
    floor = 10.0 ** np.floor(np.log10(sizes.min()))
    axes.set(yscale="log", ylim=(floor, 30 * whole), xlabel="lag t − k", ylabel="norm")
    lags = np.arange(len(sizes))
    axes.vlines(lags, floor, sizes, color=COLOURS[0], linewidth=2.2)
    axes.axhline(whole, color=COLOURS[1], linestyle="-", linewidth=1.8)
    axes.text(len(sizes) - 1, 2 * whole, "the whole gradient", color=COLOURS[1], ha="right")
    return axes


class RatePanel(Panel):
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
        super().__init__()
        self.lags, self.limit = np.asarray(lags), limit
        self._draw_background(axes)
        least_and_most: Any = {"lw": 0.9, "label": "least and most of ten"}
        self.band = self._line(axes, "-", color=COLOURS[0], **least_and_most)
        self.middle = self._line(axes, "-", color=COLOURS[0], lw=2.8, label="gradient")
        self.worst = self._line(axes, "-", color=COLOURS[3], lw=1.5, label="worst direction")
        numbers = dict(zip(names, (1, 2, 4), strict=False))
        self.lines = {
            name: self._line(axes, color=COLOURS[i], linestyle=DASHES[i], lw=1.6, label=name)
            for name, i in numbers.items()
        }
        end: Any = {"x": 1.15 * self.lags[-1], "y": 0, "size": 9.5, "va": "center"}
        self.labels = {
            name: self._text(axes, color=COLOURS[i], **end)
            for name, i in {**numbers, "gradient": 0, "worst": 3}.items()
        }
        middle: Any = {"ha": "center", "va": "center"}
        self.hidden = self._text(axes, 10, -0.5 * limit, color=COLOURS[0], **middle)

    def _draw_background(self, axes: Axes) -> None:
        """Draw the scales, and which rates mean that a gradient explodes or vanishes."""
        axes.set(xscale="log", ylim=(-self.limit, self.limit))
        axes.set(xlabel="lag", ylabel="nats per step", title="Growth per step")
        leave_room(axes, 1, self.lags[-1], 13 * self.lags[-1])
        plain_ticks(axes.xaxis, [1, 10, 100])
        shade_growth(axes.axhspan, -self.limit, self.limit)
        axes.axhline(0, **REFERENCE)
        for words, height, va in (("explodes", 0.98, "top"), ("vanishes", 0.02, "bottom")):
            corner: Any = {"color": COLOURS[5], "va": va, "transform": axes.transAxes}
            axes.text(0.01, height, words, **corner)

    def show(
        self,
        middle: npt.ArrayLike,
        band: npt.ArrayLike,
        worst: npt.ArrayLike,
        levels: Mapping[str, float],
        hide: Sequence[str] = (),
    ) -> None:
        """Show other networks: their rates, and the levels that these are compared with.

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
        edge = 0.95 * self.limit
        heights = keep_apart(list(ends.values()), 0.15 * self.limit, low=-edge, high=edge)
        for text in self.labels.values():
            text.set_text("")
        for (name, end), height in zip(ends.items(), heights, strict=True):
            beyond = "" if abs(end) < self.limit else " ↑" if end > 0 else " ↓"
            self.labels[name].set_y(height)
            self.labels[name].set_text(f"{name} {end:+.2f}{beyond}".replace("-", "−"))


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
    """
    rho = np.asarray(rho)
    axes.axhline(0, **REFERENCE)
    for (name, values), colour in zip(rates.items(), COLOURS, strict=False):
        middle = band(axes, rho, np.transpose(values), colour, alpha=0.3)
        axes.plot(rho, middle, "-", color=colour, linewidth=1.8)
        axes.plot(rho, theory[name], "--", color="black", linewidth=1.1)
        label(axes, rho[-1] + 0.05, middle[-1], name, colour, va="center")
    axes.set(xlabel="spectral radius of $W_{hh}$", ylabel="nats per step")
    shade_growth(axes.axhspan, -2.3, 1.2)
    axes.set_ylim(-2.3, 1.2)
    label(axes, rho[0], 0.06, "explodes", COLOURS[5])
    label(axes, rho[-1], -0.06, "vanishes", COLOURS[5], va="top", ha="right")
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
    """
    lags = np.asarray(lags)
    axes.set(xscale="log", xlabel="lag", ylabel="nats per step")
    axes.axhline(0, **REFERENCE)
    for rates, number, name in ((worst, 3, "worst direction"), (typical, 0, "one gradient")):
        low, middle, high = np.percentile(np.asarray(rates), [5, 50, 95], axis=0)
        axes.fill_between(lags, low, high, color=COLOURS[number], alpha=0.25, linewidth=0)
        axes.plot(lags, middle, "-", color=COLOURS[number], linewidth=2, label=name)
    label(axes, 2.2, 0.55, "worst direction", COLOURS[3])
    label(axes, 1.1, -0.16, "one gradient", COLOURS[0], va="top")
    axes.plot(lags[[0, -1]], [limit, limit], ":", color=COLOURS[1], linewidth=1.8)
    label(axes, 1.1 * lags[-1], limit, "λ₁", COLOURS[1], va="center")
    plain_ticks(axes.xaxis, [1, 10, 100])
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
    # A cycle comes back to the same few points. What nobody could tell apart is drawn once.
    nearby = np.rint(orbit / (np.ptp(orbit) / 2000 or 1.0))
    points = np.reshape(np.broadcast_arrays(parameter, nearby), (2, -1))
    _, first = np.unique(points, axis=1, return_index=True)
    left.plot(points[0, first], orbit.ravel()[first], ".", color=COLOURS[0], ms=1.6)
    right.axhline(0, **REFERENCE)
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
    """
    edges = np.linspace(low, 1, int(2 * (1 - low)) + 1)
    for number, (name, sizes) in enumerate(values.items()):
        decades = np.log10(np.maximum(np.asarray(sizes), 10.0**low))
        colour = COLOURS[(1, 0)[number]]
        look: Any = {"color": colour, "alpha": 0.55, "linewidth": 0, "label": name}
        axes.hist(np.clip(decades, low, 1), edges.tolist(), **look)
        place: Any = {"transform": axes.transAxes, "va": "top", "ha": "center"}
        axes.text(0.42, 0.97 - 0.1 * number, name, color=colour, **place)
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
    """
    weights = np.asarray(weights)
    axes.plot([0, 1.35], [0, 1.35], "--", color=COLOURS[2], linewidth=1.6, label="the weight")
    label(axes, 1.38, 1.3, "the weight alone", COLOURS[2])
    axes.plot(weights, factors, "-", color=COLOURS[0], linewidth=2.4, label="factor")
    label(axes, 2.15, 0.28, "weight times slope", COLOURS[0])
    axes.axhline(1, **REFERENCE | {"linewidth": 1})
    axes.set(xlim=(0, weights[-1]), ylim=(0, 1.4), xlabel="weight w", ylabel="factor per step")
    return axes
