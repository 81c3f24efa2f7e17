"""Pictures of networks as dynamical systems: pseudospectra, maps of the rate, the cliff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from contourpy import contour_generator
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from bptt_lab.book.plots.style import COLOURS, DASHES


class PseudospectrumPanel:
    """Eigenvalues, and how far they go when the matrix is disturbed a little.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its limits are replaced.
    limit : float
        The axes run from ``-limit`` to ``limit`` in both directions.
    levels : sequence of float
        For each, the line sigma_min(z I - W) = level.

    Attributes
    ----------
    moving : list of matplotlib.artist.Artist
        What ``show`` changes.

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
        axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
        axes.set(xlabel="real part", ylabel="imaginary part", title="Pseudospectra of $W_{hh}$")
        axes.add_patch(Circle((0, 0), 1, fill=False, edgecolor=COLOURS[5], linewidth=1.2))
        self.levels = tuple(levels)
        self.lines = [
            axes.plot([], [], color=COLOURS[i], linestyle=DASHES[i], label=f"ε = {level:g}")[0]
            for i, level in zip((1, 0), self.levels, strict=False)
        ]
        (self.eigenvalues,) = axes.plot(
            [], [], "o", color="black", markersize=3.5, label="eigenvalues"
        )
        for place, line in enumerate(self.lines):
            axes.text(
                *(0.02, 0.98 - 0.08 * place),
                str(line.get_label()),
                color=line.get_color(),
                transform=axes.transAxes,
                va="top",
            )
        axes.text(0.98, 0.02, "unit circle", color=COLOURS[5], transform=axes.transAxes, ha="right")
        self.moving: list[Artist] = [*self.lines, self.eigenvalues]

    def show(
        self,
        eigenvalues: npt.ArrayLike,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        sigma_min: npt.ArrayLike,
    ) -> None:
        """Move everything to another matrix.

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
    levels: Sequence[float] = (-1, -0.5, -0.2, 0, 0.2),
    marks: Mapping[str, float] | None = None,
) -> Axes:
    """Lines of equal growth rate over the gain of W_hh and the size of the inputs.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    gain, scale : arrays, shapes (G,) and (S,)
        In increasing order.
    rates : array, shape (S, G)
        Nats per step.
    levels : sequence of float
        The lines to draw; zero is the thick one.
    marks : dict of name -> gain, optional
        Gains to mark by a vertical line, at most three.

    Returns
    -------
    matplotlib.axes.Axes
    """
    gain, scale = np.asarray(gain), np.asarray(scale)
    for level in levels:
        x, y = level_line(gain, scale, rates, level)
        thick = 3.0 if level == 0 else 1.3
        axes.plot(x, y, color=COLOURS[0], linestyle="-", linewidth=thick, label=f"{level:g}")
        if np.nanmax(y, initial=scale[0]) == scale[-1]:
            place = (x[np.nanargmax(y)], 1.02 * scale[-1])
            axes.text(*place, f"{level:g}".replace("-", "−"), color=COLOURS[0], ha="center")
    for i, (name, value) in zip((2, 1, 3), (marks or {}).items(), strict=False):
        axes.axvline(value, color=COLOURS[i], linestyle=DASHES[i], linewidth=1.6)
        at = (value + 0.01 * np.ptp(gain), scale[-1] - 0.02 * np.ptp(scale))
        axes.text(*at, name, color=COLOURS[i], rotation=90, va="top")
    axes.set(xlim=(0, gain[-1]), ylim=(scale[0], scale[-1]), xlabel="gain of $W_{hh}$")
    axes.set_ylabel("input scale")
    return axes


def convergence_curves(
    axes: Axes, lags: npt.ArrayLike, rates: Mapping[str, npt.ArrayLike], limits: Sequence[float]
) -> Axes:
    """Rate over a finite time against the lag, and the limit of each as a dotted line.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its horizontal scale becomes logarithmic.
    lags : array, shape (K,)
    rates : dict of name -> array, shape (K,)
        Nats per step.
    limits : sequence of float
        One for each curve.

    Returns
    -------
    matplotlib.axes.Axes
    """
    lags = np.asarray(lags)
    axes.set(xscale="log", xlabel="lag k", ylabel="nats per step")
    axes.axhline(0, color=COLOURS[5], linewidth=1.2, linestyle="-")
    for i, ((name, values), limit) in enumerate(zip(rates.items(), limits, strict=True)):
        axes.plot(lags, values, color=COLOURS[i], linestyle=DASHES[i], linewidth=2, label=name)
        axes.plot(lags[[0, -1]], [limit, limit], ":", color=COLOURS[i], linewidth=1.4)
        axes.text(1.15 * lags[-1], limit, name, color=COLOURS[i], va="center")
    axes.set_xlim(lags[0], 12 * lags[-1])
    axes.minorticks_off()
    axes.set_xticks([tick for tick in 10.0 ** np.arange(5) if lags[0] <= tick <= lags[-1]])
    axes.spines["bottom"].set_bounds(lags[0], lags[-1])
    return axes


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
        The lines to draw, all of the same kind.

    Returns
    -------
    matplotlib.axes.Axes
    """
    x, y = np.asarray(x), np.asarray(y)
    for level in levels:
        line = level_line(x, y, loss, level)
        axes.plot(*line, color=COLOURS[5], linestyle="-", linewidth=1, label=f"{level:g}")
    axes.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    return axes
