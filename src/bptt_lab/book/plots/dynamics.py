"""Pictures of networks as dynamical systems: pseudospectra, maps of the rate, the cliff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from contourpy import contour_generator
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from bptt_lab.book.plots.panel import Panel, label
from bptt_lab.book.plots.style import COLOURS, DASHES


class PseudospectrumPanel(Panel):
    """Eigenvalues, and how far they go when the matrix is disturbed a little.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    limit : float
        The axes run from ``-limit`` to ``limit`` in both directions.
    levels : sequence of float
        For each, the line sigma_min(z I - W) = level.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> panel = PseudospectrumPanel(axes, limit=2.0, levels=(0.5,))
    >>> x = np.linspace(-2, 2, 9)
    >>> panel.show([0j], x, x, np.hypot(x, x[:, None]))  # W = 0: circles
    >>> bool(np.allclose(np.hypot(*panel.lines[0].get_data()), 0.5, atol=0.01))
    True
    """

    def __init__(self, axes: Axes, limit: float = 2.4, levels: Any = (0.1, 0.01)) -> None:
        super().__init__()
        axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
        axes.set(xlabel="real part", ylabel="imaginary part", title="Pseudospectra of $W_{hh}$")
        axes.add_patch(Circle((0, 0), 1, fill=False, edgecolor=COLOURS[5], linewidth=1.2))
        self.levels = tuple(levels)
        self.lines = [
            self._line(axes, color=COLOURS[i], linestyle=DASHES[i], label=f"ε = {level:g}")
            for i, level in zip((1, 0), self.levels, strict=False)
        ]
        self.eigenvalues = self._line(axes, "o", color="black", markersize=3.5, label="eigenvalues")
        corner: Any = {"transform": axes.transAxes}
        for place, line in enumerate(self.lines):
            name, colour = str(line.get_label()), line.get_color()
            axes.text(0.02, 0.98 - 0.08 * place, name, color=colour, va="top", **corner)
        axes.text(0.98, 0.02, "unit circle", color=COLOURS[5], ha="right", **corner)

    def show(
        self,
        eigenvalues: npt.ArrayLike,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        sigma_min: npt.ArrayLike,
    ) -> None:
        """Show another matrix.

        Parameters
        ----------
        eigenvalues : array of complex, shape (n,)
        x, y : arrays, shapes (X,) and (Y,)
            Real and imaginary parts of the grid of z.
        sigma_min : array, shape (Y, X)
            Smallest singular value of z I - W.
        """
        values = np.asarray(eigenvalues)
        self.eigenvalues.set_data(values.real, values.imag)
        for line, level in zip(self.lines, self.levels, strict=True):
            line.set_data(*level_line(x, y, sigma_min, level))


def level_line(x: npt.ArrayLike, y: npt.ArrayLike, z: npt.ArrayLike, level: float) -> Any:
    """Return the line z = level as two rows, x and y, with gaps between its parts.

    Examples
    --------
    >>> level_line([0, 1], [0, 1], [[0, 1], [0, 1]], 0.5)
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    parts: Any = contour_generator(x, y, z, line_type="Separate").lines(level)
    gap = np.full((1, 2), np.nan)
    points = [piece for part in parts for piece in (gap, part)][1:]
    return np.concatenate(points).T if points else np.full((2, 1), np.nan)


def rate_map(
    axes: Axes,
    gain: npt.ArrayLike,
    scale: npt.ArrayLike,
    rates: npt.ArrayLike,
    theory: tuple[npt.ArrayLike, npt.ArrayLike],
    usual: float,
) -> Axes:
    """Where gradients vanish and where they explode, over gain and size of the inputs.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    gain, scale : arrays, shapes (G,) and (S,)
        In increasing order.
    rates : array, shape (S, G)
        Nats per step.
    theory : (array, array)
        The gain at which the rate is predicted to be zero, and the size of the inputs.
    usual : float
        The gain from which on the spectral radius is above 1: what vanishes to the right of it is
        hatched.
    """
    gain, scale, rates = np.asarray(gain), np.asarray(scale), np.asarray(rates)
    for colour, levels in ((COLOURS[0], (-99.0, 0.0)), (COLOURS[1], (0.0, 99.0))):
        axes.contourf(gain, scale, rates, levels=levels, colors=[colour], alpha=0.22)
    line = level_line(gain, scale, rates, 0)
    axes.plot(*line, color=COLOURS[0], linestyle="-", linewidth=3, label="rate zero")
    axes.plot(*theory, color="black", linestyle="--", linewidth=1.3, label="theory")
    axes.axvline(usual, color=COLOURS[2], linestyle=DASHES[2], linewidth=1.6, label="ln ρ = 0")
    _hatch(axes, gain, scale, rates, usual)
    right, top = gain[-1], scale[-1]
    label(axes, 0.08 * right, 0.55 * top, "vanishes", COLOURS[0])
    label(axes, 0.97 * right, 0.12 * top, "explodes", COLOURS[1], ha="right")
    label(axes, usual - 0.03, 0.97 * top, "ρ = 1", COLOURS[2], ha="right", va="top")
    axes.set(xlim=(gain[0], gain[-1]), ylim=(scale[0], scale[-1]), xlabel="gain g of $W_{hh}$")
    axes.set_ylabel("size s of the inputs")
    return axes


def _hatch(axes: Axes, gain: Any, scale: Any, rates: Any, usual: float) -> None:
    """Hatch the strip in which the spectral radius is above 1 and gradients vanish."""
    for height in np.linspace(scale[0], scale[-1], 24)[1:-1]:
        row = [np.interp(height, scale, column) for column in rates.T]
        fine = np.linspace(usual, gain[-1], 400)
        inside = fine[np.interp(fine, gain, row) < 0]
        if len(inside):
            ends = [inside[0], inside[-1]]
            axes.plot(ends, [height] * 2, "-", color=COLOURS[2], linewidth=0.7, label="strip")


def loss_map(
    axes: Axes,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    loss: npt.ArrayLike,
    levels: Sequence[float],
) -> Axes:
    """Lines of equal loss over two parameters: where they crowd there is a wall.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    x, y : arrays, shapes (X,) and (Y,)
        In increasing order.
    loss : array, shape (Y, X)
    levels : sequence of float
        The lines to draw, all of the same kind; the higher the loss, the darker the map.
    """
    x, y = np.asarray(x), np.asarray(y)
    for level in levels:
        above = (level, np.inf)
        axes.contourf(x, y, loss, levels=above, colors=[COLOURS[0]], alpha=0.1)
    for level in levels:
        line = level_line(x, y, loss, level)
        axes.plot(*line, color=COLOURS[5], linestyle="-", linewidth=1, label=f"{level:g}")
    axes.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    return axes
