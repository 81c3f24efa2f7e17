"""Pictures of gradients: eigenvalues, and norms against the lag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.text import Text

from bptt_lab.book.plots.style import COLOURS, DASHES


class SpectrumPanel:
    """Eigenvalues of W_hh in the complex plane, with the circles of rho and sigma_max.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its limits are replaced.
    limit : float
        The axes run from ``-limit`` to ``limit`` in both directions.

    Attributes
    ----------
    moving : list of matplotlib.artist.Artist
        What ``show`` changes.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> panel = SpectrumPanel(axes)
    >>> panel.show([0.5 + 0.5j, 0.5 - 0.5j], rho=0.71, sigma_max=1.2)
    >>> panel.moving[0].get_xdata()
    array([0.5, 0.5])
    """

    def __init__(self, axes: Axes, limit: float = 4.0) -> None:
        axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
        axes.set(xlabel="real part", ylabel="imaginary part", title="Eigenvalues of $W_{hh}$")
        axes.set_yticks(axes.get_xticks())
        axes.set(xlim=(-limit, limit), ylim=(-limit, limit))
        _circle(axes, COLOURS[5], "-", 1.2)
        (self.eigenvalues,) = axes.plot(
            [], [], "o", color="black", markersize=2.4, label="eigenvalues"
        )
        numbers = (2, 1)  # the colours of NormPanel: rho in both, sigma_max with the bound
        self.radii = [_circle(axes, COLOURS[i], DASHES[i], 1.6) for i in numbers]
        self.names = [
            _corner(axes, -1, up, COLOURS[i]) for i, up in zip(numbers, (-1, 1), strict=True)
        ]
        _corner(axes, 1, -1, COLOURS[5]).set_text("unit circle")
        self.moving: list[Artist] = [self.eigenvalues, *self.radii, *self.names]

    def show(self, eigenvalues: npt.ArrayLike, rho: float, sigma_max: float) -> None:
        """Move everything to another matrix.

        Parameters
        ----------
        eigenvalues : array of complex, shape (n,)
        rho, sigma_max : float
            Spectral radius and largest singular value.
        """
        values = np.asarray(eigenvalues)
        self.eigenvalues.set_data(values.real, values.imag)
        for circle, radius in zip(self.radii, (rho, sigma_max), strict=True):
            circle.set_radius(radius)
        self.names[0].set_text(f"ρ = {rho:.2f}")
        self.names[1].set_text(f"σ max = {sigma_max:.2f}")


def _circle(axes: Axes, colour: str, dashes: Any, width: float) -> Circle:
    """Circle of radius 1 around the origin."""
    circle = Circle((0, 0), 1, fill=False, edgecolor=colour, linestyle=dashes, linewidth=width)
    axes.add_patch(circle)
    return circle


def _corner(axes: Axes, across: int, up: int, colour: str) -> Text:
    """Text in a corner of the axes: right or left, top or bottom, by sign."""
    x, y = 0.5 + 0.48 * across, 0.5 + 0.48 * up
    ha, va = ("right" if across > 0 else "left"), ("top" if up > 0 else "bottom")
    return axes.text(x, y, "", color=colour, size=10, transform=axes.transAxes, ha=ha, va=va)


class NormPanel:
    """Norm of dh_t/dh_k against the lag t - k, beside its bound and the power of rho.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its scales and limits are replaced.
    lags : int
        The largest lag.
    decades : int
        The norms run from ``10**-decades`` to ``10**decades``.
    names : sequence of str
        What the lines are called, at most six.

    Attributes
    ----------
    moving : list of matplotlib.artist.Artist
        What ``show`` changes.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> panel = NormPanel(axes, lags=2)
    >>> panel.show([1, 0.5, 0.25], [1, 2, 4], [1, 1.1, 1.21], factors=(0.5, 2, 1.1))
    >>> [float(y) for y in panel.moving[0].get_ydata()]
    [1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        axes: Axes,
        lags: int = 100,
        decades: int = 42,
        names: Sequence[str] = ("gradient", "bound", "ρ alone"),
    ) -> None:
        self.lags, self.decades = lags, decades
        axes.set(xlabel="lag t − k", ylabel="norm", yscale="log")
        axes.set_title(r"Norm of $\partial h_t / \partial h_k$")
        axes.set(xlim=(0, 1.36 * lags), ylim=(0.1**decades, 10.0**decades))
        axes.set_xticks(np.linspace(0, lags, 5).astype(int))
        axes.set_yticks(10.0 ** (decades // 4 * 2 * np.arange(-2, 3)))
        axes.tick_params(axis="y", which="minor", left=False)
        axes.spines["bottom"].set_bounds(0, lags)
        for number, name in enumerate(names):
            line = axes.plot([], [], color=COLOURS[number], label=name)[0]
            line.set(linestyle=DASHES[number], linewidth=2.5 if number == 0 else 1.6)
        self.lines = list(axes.lines[-len(names) :])
        self.labels = [self._label(axes, line) for line in self.lines]
        self.moving: list[Artist] = [*self.lines, *self.labels]

    def _label(self, axes: Axes, line: Line2D) -> Text:
        colour = line.get_color()
        return axes.text(
            1.02 * self.lags, 1, "", color=colour, size=9.5, va="center", linespacing=1
        )

    def show(self, *values: npt.ArrayLike, factors: Sequence[float]) -> None:
        """Move everything to another setting.

        Parameters
        ----------
        *values : arrays, shape (lags + 1,)
            One for each name: the norm of dh_t/dh_k, its bound and rho**lag, for the lags 0, 1,
            .., in this order.
        factors : sequence of float
            What each of them is multiplied by per step, to stand at its end.
        """
        curves = [np.asarray(curve, dtype=float) for curve in values]
        for line, curve in zip(self.lines, curves, strict=True):
            line.set_data(np.arange(self.lags + 1), curve)
        ends = [float(curve[-1]) for curve in curves]
        for label, line, factor, end, height in zip(
            self.labels, self.lines, factors, ends, self._heights(ends), strict=True
        ):
            label.set_y(10.0**height)
            label.set_text(f"{line.get_label()}{self._gone(end)}\n×{factor:.2f}")

    def _gone(self, end: float) -> str:
        """Say where a line has gone that ends out of sight."""
        return " ↑" if end > 10.0**self.decades else " ↓" if end < 0.1**self.decades else ""

    def _heights(self, ends: Sequence[float]) -> list[float]:
        """Heights of the labels in decades: beside the ends of the lines, but apart."""
        top, gap = 0.88 * self.decades, 0.26 * self.decades
        order = sorted(range(len(ends)), key=lambda i: -ends[i])
        heights, ceiling = [0.0] * len(ends), top
        for below, i in zip(reversed(range(len(ends))), order, strict=True):
            height = np.log10(max(ends[i], 0.1**self.decades))
            heights[i] = min(max(height, gap * below - top), ceiling)
            ceiling = heights[i] - gap
        return heights
