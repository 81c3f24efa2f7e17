"""Drawings of the network, folded and unrolled, and of its state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from bptt_lab.book.plots.panel import Panel, label, shade_cells, type_size
from bptt_lab.book.plots.sketch import Point, canvas, node
from bptt_lab.book.plots.style import COLOURS, STYLE


class TapePanel(Panel):
    """One input, read by neurons that differ in a weight: a row each, and the trace of one row.

    Positive states are blue and negative ones orange, the paler the smaller.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Gets the rows; a second axes, for the trace, is added below it.
    x : array, shape (T,)
        Inputs x_1..x_T: the signs of those that are not zero stand above the rows.
    weights : array, shape (n,)
        The weight of each row, evenly spaced.
    h : array, shape (n, T)
        States h_1..h_T of each row.
    names : mapping of float to str
        Words at the right of the rows, each at the height of a weight.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> tape = TapePanel(axes, x=[1, 0], weights=[0, 1, 2], h=[[0.9, 0], [0.9, 0.7], [0.9, 0.9]])
    >>> tape.show(1)
    >>> tape.trace.get_ydata()
    array([0.9, 0.7])
    """

    def __init__(
        self,
        axes: Axes,
        x: npt.ArrayLike,
        weights: npt.ArrayLike,
        h: npt.ArrayLike,
        names: Mapping[float, str] | None = None,
    ) -> None:
        super().__init__()
        self.x, self.weights, self.h = np.asarray(x), np.asarray(weights), np.asarray(h)
        self.half = (self.weights[1] - self.weights[0]) / 2
        self._draw_rows(axes)
        for weight, name in (names or {}).items():
            label(axes, len(self.x) + 0.65, weight, name, va="center")
        self._draw_trace(axes)
        self.show(0)

    def _draw_rows(self, axes: Axes) -> None:
        T, edges = len(self.x), np.append(self.weights - self.half, self.weights[-1] + self.half)
        blue, orange = to_rgb(COLOURS[0]), to_rgb(COLOURS[1])
        colour = np.where((self.h > 0)[..., None], blue, orange)
        shade_cells(axes, np.arange(T + 1) + 0.5, edges, abs(self.h), colour)
        for t in np.flatnonzero(self.x):
            positive = self.x[t] > 0
            look: Any = {"color": COLOURS[0 if positive else 1], "weight": "bold", "size": 15}
            at = int(t) + 1, float(edges[-1] + self.half)
            axes.text(*at, "+" if positive else "\N{MINUS SIGN}", ha="center", **look)
        self.row = self._line(axes, "-", color="black", linewidth=1.4)
        axes.set(xlim=(0.5, T + 0.5), ylim=(edges[0], edges[-1]), ylabel="weight $w_h$")
        axes.tick_params(labelbottom=False)

    def _draw_trace(self, axes: Axes) -> None:
        grid = axes.figure.add_gridspec(2, 1, height_ratios=(5, 3))
        axes.set_subplotspec(grid[0])
        style: Any = STYLE
        with mpl.rc_context(style):
            below = axes.figure.add_subplot(grid[1], sharex=axes)
        self.trace = self._line(below, "-o", color="black", markersize=4, label="state")
        below.set(ylim=(-1.15, 1.15), yticks=(-1, 0, 1), xlabel="step t", ylabel="state")
        below.set_xticks(range(1, len(self.x) + 1))
        below.tick_params(labelsize=axes.yaxis.get_ticklabels()[0].get_fontsize())
        for name in (below.xaxis.label, below.yaxis.label):
            name.set_fontsize(type_size(axes))

    def show(self, row: int) -> None:
        """Frame a row, and draw its states.

        Parameters
        ----------
        row : int
            Its number among the weights.
        """
        w, T = self.weights[row], len(self.x)
        left, right = 0.56, T + 0.44  # within the axes, so that no side of the frame is cut
        low, high = w - self.half, w + self.half
        self.row.set_data([left, right, right, left, left], [low, low, high, high, low])
        self.trace.set_data(range(1, T + 1), self.h[row])


UP = (-0.4, 2.4)
"""From below the input to above the output."""


def folded_network(axes: Axes) -> Axes:
    """Draw the recurrent network as a cell that feeds itself.

    Parameters
    ----------
    axes : matplotlib.axes.Axes

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> [text.get_text() for text in folded_network(axes).texts if text.get_text()][:3]
    ['$x_t$', '$h_t$', '$o_t$']
    """
    _column(axes, 0, "t")
    loop = "arc3,rad=-2.2"
    _arrow(axes, (0.24, 1.26), (0.24, 0.74), COLOURS[1], loop)
    axes.text(0.93, 1.05, "$W_{hh}$", ha="left", va="center", size=11)
    axes.text(0.93, 0.8, "one step later", ha="left", va="center", size=10)
    return canvas(axes, (-1.1, 2.2), UP)


def unrolled_network(axes: Axes, steps: int = 3) -> Axes:
    """Draw the recurrent network with one copy of the cell for each step.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    steps : int
        Number of copies; more than four are too small on a phone.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> len(unrolled_network(axes, steps=2).patches)  # h_0, then x, h and o of each step
    7
    """
    node(axes, (0, 1), "$h_0$", dashed=True)
    for t in range(1, steps + 1):
        _column(axes, 1.15 * t, str(t))
        _arrow(axes, (1.15 * (t - 1) + 0.34, 1), (1.15 * t - 0.34, 1), COLOURS[1])
        axes.text(1.15 * t - 0.575, 1.1, "$W_{hh}$", ha="center", size=11)
    _arrow(axes, (1.15 * steps + 0.34, 1), (1.15 * steps + 0.66, 1), COLOURS[1])
    axes.text(1.15 * steps + 0.72, 1, "…", va="center", size=13)
    return canvas(axes, (-0.4, 1.15 * steps + 1), UP)


def _column(axes: Axes, x: float, t: str) -> None:
    """Input, state and output of one step, from below to above."""
    for y, name in enumerate("xho"):
        node(axes, (x, y), f"${name}_{t}$")
    for y, name, colour in ((0, "xh", COLOURS[0]), (1, "yh", COLOURS[2])):
        _arrow(axes, (x, y + 0.34), (x, y + 0.66), colour)
        axes.text(x + 0.07, y + 0.5, f"$W_{{{name}}}$", va="center", size=11)


def _arrow(axes: Axes, start: Point, end: Point, colour: str, bend: str = "arc3") -> None:
    look = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.6, "connectionstyle": bend}
    axes.annotate("", end, start, arrowprops={**look, "shrinkA": 0, "shrinkB": 0})
