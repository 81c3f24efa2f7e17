"""Pictures of gradients: eigenvalues, and norms against the lag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from bptt_lab.book.plots.panel import Panel, keep_apart, leave_room
from bptt_lab.book.plots.style import COLOURS, DASHES


class SpectrumPanel(Panel):
    """Eigenvalues of W_hh in the complex plane, with the circles of rho and sigma_max.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    limit : float
        The axes run from ``-limit`` to ``limit`` in both directions.

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
        super().__init__()
        axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
        axes.set(xlabel="real part", ylabel="imaginary part", title="Eigenvalues of $W_{hh}$")
        axes.set_yticks(axes.get_xticks())
        axes.set(xlim=(-limit, limit), ylim=(-limit, limit))
        axes.add_patch(_circle(COLOURS[5], "-", 1.2))
        self.eigenvalues = self._line(axes, "o", color="black", markersize=2.4, label="eigenvalues")
        numbers = (2, 1)  # the colours of NormPanel: rho in both, sigma_max with the bound
        self.radii = [self._patch(axes, _circle(COLOURS[i], DASHES[i], 1.6)) for i in numbers]
        corner: Any = {"size": 10, "transform": axes.transAxes}
        self.names = [
            self._text(axes, 0.02, y, color=COLOURS[i], ha="left", va=va, **corner)
            for i, y, va in zip(numbers, (0.02, 0.98), ("bottom", "top"), strict=True)
        ]
        named: Any = {"color": COLOURS[5], "ha": "right", "va": "bottom"}
        axes.text(0.98, 0.02, "unit circle", **named, **corner)

    def show(self, eigenvalues: npt.ArrayLike, rho: float, sigma_max: float) -> None:
        """Show another matrix.

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


def _circle(colour: str, dashes: Any, width: float) -> Circle:
    """Circle of radius 1 around the origin."""
    return Circle((0, 0), 1, fill=False, edgecolor=colour, linestyle=dashes, linewidth=width)


class NormPanel(Panel):
    """Norm of dh_t/dh_k against the lag t - k, beside its bound and the power of rho.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    lags : int
        The largest lag.
    decades : int
        The norms run from ``10**-decades`` to ``10**decades``.
    names : sequence of str
        What the lines are called, at most six.

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
        super().__init__()
        self.lags, self.decades = lags, decades
        axes.set(xlabel="lag t − k", ylabel="norm", yscale="log")
        axes.set_title(r"Norm of $\partial h_t / \partial h_k$")
        axes.set_ylim(0.1**decades, 10.0**decades)
        leave_room(axes, 0, lags, 1.36 * lags)
        axes.set_xticks(np.linspace(0, lags, 5).astype(int))
        axes.set_yticks(10.0 ** (decades // 4 * 2 * np.arange(-2, 3)))
        axes.tick_params(axis="y", which="minor", left=False)
        widths = (2.5, 1.6, 1.6, 1.6, 1.6, 1.6)
        self.lines = [
            self._line(axes, color=COLOURS[i], linestyle=DASHES[i], linewidth=widths[i], label=name)
            for i, name in enumerate(names)
        ]
        look: Any = {"size": 9.5, "va": "center", "linespacing": 1}
        self.labels = [
            self._text(axes, 1.02 * lags, 1, color=line.get_color(), **look) for line in self.lines
        ]

    def show(self, *values: npt.ArrayLike, factors: Sequence[float]) -> None:
        """Show other curves, and beside the end of each its factor per step.

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

    def _heights(self, ends: npt.ArrayLike) -> list[float]:
        """Heights of the labels in decades: beside the ends of the lines, but apart."""
        with np.errstate(divide="ignore"):  # a line may end at zero
            heights = np.log10(ends)
        top = 0.88 * self.decades
        return keep_apart(heights, 0.26 * self.decades, low=-top, high=top)
