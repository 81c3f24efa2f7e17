"""Pictures of backpropagation through time: paths of the gradient, and who contributes what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from bptt_lab.book.plots.panel import REFERENCE, Panel, name_rows
from bptt_lab.book.plots.sketch import WIDE, Point, arrow, canvas, matrix, node
from bptt_lab.book.plots.style import COLOURS

GAP = 1.15
"""Distance of two steps in the drawings of the unrolled network."""

FAINT = 0.3
"""Opacity of what a drawing shows as background."""

EXACT, BY_DIFFERENCES = (1e-17, 1e-12), (1e-12, 1e-7)
"""Relative errors of a right gradient in float64, against exact ways and against differences."""


# -- the unrolled network -----------------------------------------------------------------------


def gradient_paths(axes: Axes, t: int = 3, k: int | None = None) -> Axes:
    """Draw the ways on which one loss reaches the uses of W_hh.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    t : int
        The step of the loss; more than three are too small on a phone.
    k : int, optional
        Light the path to the use at this step, and leave the others faint.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> drawn = gradient_paths(axes, t=2)
    >>> [text.get_text() for text in drawn.texts if text.get_text().startswith("$J")]
    ['$J_2$']
    """
    for step in range(t + 1):
        node(axes, (GAP * step, 1), f"$h_{step}$", dashed=step == 0)
        if step:
            arrow(axes, (GAP * (step - 1), 1), (GAP * step, 1), COLOURS[5], 1, up=-0.1)
            _copy(axes, step, lit=k in (None, step))
    node(axes, (GAP * t, 2), f"$L_{t}$")
    _back(axes, (GAP * t, 2), (GAP * t, 1), f"$v_{t}$")
    for step in range(t, 1, -1):
        start, end = (GAP * step, 1), (GAP * (step - 1), 1)
        _back(axes, start, end, f"$J_{step}$", up=0.1, lit=k is None or k < step)
    return canvas(axes, (-0.45, GAP * t + 0.75), (-0.5, 2.4))


def _copy(axes: Axes, k: int, lit: bool = True) -> None:
    """Draw the copy of W_hh that step k uses, and the last arrow of a path down to it."""
    alpha = 1 if lit else FAINT
    matrix(axes, (GAP * k, -0.05), alpha=alpha)
    down = arrow(axes, (GAP * k, 1), (GAP * k, -0.05), COLOURS[2], 2, dashes="--", shorten=0.3)
    down.set_alpha(alpha)
    if lit:
        name = rf"$\partial^+ h_{k}$"
        axes.text(GAP * k + 0.07, 0.46, name, va="center", size=12, color=COLOURS[2])


def _back(
    axes: Axes,
    start: Point,
    end: Point,
    name: str,
    up: float = 0,
    lit: bool = True,
) -> None:
    """Draw an arrow of the gradient, with the factor that it stands for."""
    sent = arrow(axes, start, end, COLOURS[1], 2, up=up)
    if not lit:
        sent.set_alpha(FAINT)
        return
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    level = start[1] == end[1]
    beside = (x, y + 0.17) if level else (x + 0.08, y)
    ha, va = ("center", "bottom") if level else ("left", "center")
    axes.text(*beside, name, size=13, color=COLOURS[1], ha=ha, va=va)


def two_copies(one_weight: Axes, two_weights: Axes) -> None:
    """Draw two steps of one neuron, with one weight for both and with a copy for each.

    Parameters
    ----------
    one_weight, two_weights : matplotlib.axes.Axes
        Their scales are replaced.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, (left, right) = panels(2)
    >>> two_copies(left, right)
    >>> left.get_title(), right.get_title()
    ('one weight, two uses', 'two copies, one use each')
    """
    for axes in (one_weight, two_weights):
        for step in range(3):
            node(axes, (WIDE * step, 1), f"$h_{step}$", dashed=step == 0)
            if step:
                arrow(axes, (WIDE * (step - 1), 1), (WIDE * step, 1), COLOURS[5], 1)
        canvas(axes, (-0.45, 2 * WIDE + 0.45), (-0.55, 1.9))
    matrix(one_weight, (1.5 * WIDE, -0.2), "$w$")
    for step in (1, 2):
        start, end = (1.5 * WIDE, -0.2), (WIDE * step, 1)
        arrow(one_weight, start, end, "black", 1.5)
        matrix(two_weights, (WIDE * step, -0.2), f"$w_{step}$")
        arrow(two_weights, (WIDE * step, 1), (WIDE * step, -0.2), COLOURS[3 - step], 2)
    arrow(two_weights, (2 * WIDE, 1), (WIDE, 1), COLOURS[2], 2, up=0.13)
    for x, y, text, colour in (
        (2 * WIDE + 0.1, 0.42, r"$\partial h_2 / \partial w_2$", COLOURS[1]),
        (WIDE + 0.1, 0.42, r"$\partial h_1 / \partial w_1$", COLOURS[2]),
        (1.5 * WIDE, 1.3, r"through $h_1$", COLOURS[2]),
    ):
        middle = "center" if y > 1 else "left"
        two_weights.text(x, y, text, color=colour, size=11, ha=middle, va="center")
    two_weights.set_xlim(-0.45, 2 * WIDE + 1.25)
    one_weight.set_title("one weight, two uses")
    two_weights.set_title("two copies, one use each")


# -- who contributes what -----------------------------------------------------------------------


class SharesPanel(Panel):
    """The terms of one loss end to end, against a frame that is the whole gradient.

    Equations: eq-bptt-one-loss

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        For one bar with immediate and one with total derivatives.
    T : int
        Number of steps.
    right : float
        End of the scale, as a share.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> panel = SharesPanel(axes, T=3)
    >>> panel.show({"immediate": [0.25, 0.75], "total": [0.25, 1.0]})
    >>> [float(piece.get_x()) for piece in panel.pieces["immediate"]]
    [0.75, 0.0, 0.0]
    """

    def __init__(self, axes: Axes, T: int, right: float = 2.6) -> None:
        super().__init__()
        self.T = T
        axes.set(xlim=(-0.08, right), ylim=(-0.75, 2.3), yticks=[])
        axes.set(xlabel="sum of the terms k = t, t − 1, …, 1, from left to right")
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
        axes.spines["left"].set_visible(False)
        axes.axvline(0, **REFERENCE | {"linewidth": 1})
        frame = Rectangle((0, -0.55), 1, 2.35, fill=False, edgecolor=COLOURS[2], linewidth=2)
        axes.add_patch(frame)
        whole: Any = {"color": COLOURS[2], "ha": "right", "va": "center", "size": 12}
        axes.text(1.03, 2.05, "the gradient: 100 %", **whole)
        look: Any = {"alpha": 0.55, "edgecolor": "black"}
        self.pieces: dict[str, list[Rectangle]] = {}
        self.names: dict[str, list[Text]] = {}
        for name, y in (("immediate", 1.0), ("total", -0.3)):
            axes.text(0, y + 0.58, name, va="center", size=12)
            self.pieces[name] = [
                self._patch(axes, Rectangle((0, y), 0, 0.4, facecolor=COLOURS[k % 2], **look))
                for k in range(1, T + 1)
            ]
            self.names[name] = [
                self._text(axes, 0, y + 0.2, ha="center", va="center", size=12) for _ in range(T)
            ]

    def show(self, shares: Mapping[str, npt.ArrayLike]) -> None:
        """Show the terms of another loss.

        Parameters
        ----------
        shares : dict of "immediate" and "total" -> array, shape (t,)
            Of the uses at the steps 1, 2, .., t, for a loss at step t.
        """
        for name, values in shares.items():
            parts = np.asarray(values, dtype=float)
            ends = np.cumsum(parts[::-1])[::-1]
            for k in range(1, self.T + 1):
                piece, text = self.pieces[name][k - 1], self.names[name][k - 1]
                share = float(parts[k - 1]) if k <= len(parts) else 0.0
                end = float(ends[k - 1]) if k <= len(parts) else 0.0
                piece.set(x=end - share, width=share)
                text.set_x(end - share / 2)
                text.set_text(str(k) if share > 0.06 else "")


# -- pairs of a loss and a use ------------------------------------------------------------------


class TrianglePanel(Panel):
    """The pairs (t, k) of a loss and a use: one cell for each term of the double sum.

    Equations: eq-bptt-double-sum

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    T : int
        Number of steps.
    lines : int
        Lines of text that fit the empty corner.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> panel = TrianglePanel(axes, T=2)
    >>> panel.show({(1, 1): 0, (2, 1): 1}, "two terms")
    >>> [cell for cell, text in panel.texts.items() if text.get_text() == "1"]
    [(2, 1)]
    """

    def __init__(self, axes: Axes, T: int = 6, lines: int = 2) -> None:
        super().__init__()
        self.cells: dict[tuple[int, int], Rectangle] = {}
        self.texts: dict[tuple[int, int], Text] = {}
        for t in range(1, T + 1):
            for k in range(1, t + 1):
                square = Rectangle((k - 0.46, t - 0.46), 0.92, 0.92, linewidth=1)
                square.set(edgecolor=COLOURS[5], facecolor=COLOURS[0])
                axes.add_patch(square)
                self.cells[t, k] = square
                self.texts[t, k] = axes.text(k, t, "", ha="center", va="center", size=12)
        self.notes = [
            axes.text(T + 0.45, 0.8 + 0.5 * line, "", ha="right", va="center", size=12)
            for line in range(lines)
        ]
        axes.set(xlim=(0.4, T + 0.6), ylim=(T + 0.6, 0.4), aspect="equal")
        axes.set(xticks=range(1, T + 1), yticks=range(1, T + 1))
        axes.set(xlabel="use of $W_{hh}$ at step $k$", ylabel="loss of step $t$")
        axes.grid(False)
        axes.tick_params(length=0)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
        self.moving += [*self.cells.values(), *self.texts.values(), *self.notes]

    def show(
        self,
        kept: Mapping[tuple[int, int], int],
        note: str,
        marked: Sequence[tuple[int, int]] = (),
    ) -> None:
        """Fill the cells that are kept, and write a number into each.

        Parameters
        ----------
        kept : dict of (t, k) -> int
            The number is also the depth of the colour.
        note : str
            What is written in the empty corner, with at most that many lines.
        marked : sequence of (t, k)
            Cells in the second colour.
        """
        deepest = max([*kept.values(), 1])
        for cell, square in self.cells.items():
            number = kept.get(cell)
            depth = 0.0 if number is None else 0.2 + 0.5 * number / deepest
            colour = COLOURS[1] if cell in marked else COLOURS[0]
            square.set_facecolor(to_rgba(colour, round(depth, 2)))
            self.texts[cell].set_text("" if number is None else str(number))
        for text, line in zip(
            self.notes, [*note.splitlines(), *[""] * len(self.notes)], strict=False
        ):
            text.set_text(line)


# -- truncation ---------------------------------------------------------------------------------


class TruncationPanel(Panel):
    """How far a gradient reaches back, and how wrong it becomes by a cut there.

    Equations: eq-bptt-window

    Parameters
    ----------
    reach, scatter : matplotlib.axes.Axes
        For the norm against the lag, and for the error of a cut against what is left there.
    T : int
        The largest lag.
    others : array, shape (N, 2)
        Norm and error of all networks and windows, drawn faintly.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, (left, right) = panels(2)
    >>> panel = TruncationPanel(left, right, T=3, others=[[0.1, 0.2]])
    >>> panel.show([1, 0.5, 0.1, 0.01], K=2, error=0.3)
    >>> float(panel.point.get_xdata()[0]), float(panel.point.get_ydata()[0])
    (0.1, 0.3)
    """

    LIMITS = (1e-10, 1e4)

    def __init__(self, reach: Axes, scatter: Axes, T: int, others: npt.ArrayLike) -> None:
        super().__init__()
        self.lags = np.arange(T + 1)
        reach.set(yscale="log", xlim=(0, T), ylim=self.LIMITS, xlabel="lag")
        reach.set(title="what is left of a gradient")
        reach.set(ylabel=r"norm of $\partial h_T / \partial h_k$")
        scatter.set(xscale="log", yscale="log", xlim=self.LIMITS, ylim=self.LIMITS)
        scatter.set(title="what a cut there costs", xlabel="what is left after K steps")
        scatter.set(ylabel=r"relative error of $\partial L / \partial W_{hh}$")
        for axis in (reach.yaxis, scatter.xaxis, scatter.yaxis):
            axis.set_ticks(10.0 ** np.arange(-10, 5, 2))
            axis.set_tick_params(which="minor", left=False, bottom=False)
        scatter.set_xticks(10.0 ** np.arange(-10, 5, 4))
        reach.axhline(1, **REFERENCE | {"linewidth": 1})
        norms, errors = np.asarray(others, dtype=float).T
        scatter.plot(self.LIMITS, self.LIMITS, "-", color=COLOURS[5], linewidth=1)
        scatter.plot(norms, np.maximum(errors, 1e-16), "o", color=COLOURS[5], markersize=4)
        self.norms = self._line(reach, color=COLOURS[0], label="norm against the lag")
        self.cut = reach.axvline(1, color=COLOURS[2], linestyle="--", label="window")
        self.moving.append(self.cut)
        self.left = self._line(reach, "D", color=COLOURS[2], markersize=8, label="at the cut")
        self.point = self._line(scatter, "D", color=COLOURS[1], markersize=10)

    def show(self, norms: npt.ArrayLike, K: int, error: float | None) -> None:
        """Show another network, or a cut at another lag.

        Parameters
        ----------
        norms : array, shape (T + 1,)
            Norm of dh_T/dh_{T-lag} for the lags 0, 1, .., T.
        K : int
            The window.
        error : float, optional
            Relative error of the gradient with this window; None while it is not told.
        """
        values = np.asarray(norms, dtype=float)
        self.norms.set_data(self.lags, values)
        self.cut.set_xdata([K, K])
        self.left.set_data([K], [values[K]])
        self.point.set_visible(error is not None)
        self.point.set_data([values[K]], [max(error or 0, 1e-16)])


# -- errors and costs ---------------------------------------------------------------------------


def dot_rows(axes: Axes, groups: Mapping[str, npt.ArrayLike]) -> Axes:
    """Draw numbers as dots, a row for each group, with a bar at the median.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    groups : dict of name -> array
        From top to bottom.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> [label.get_text() for label in dot_rows(axes, {"a": [1, 2], "b": [3]}).get_yticklabels()]
    ['a', 'b']
    """
    for row, values in enumerate(groups.values()):
        numbers = np.asarray(values, dtype=float).ravel()
        axes.plot(numbers, np.full(len(numbers), row), "o", color=COLOURS[0], alpha=0.6)
        axes.plot([np.median(numbers)] * 2, [row - 0.3, row + 0.3], "-", color=COLOURS[1],
                  linewidth=2.5)  # fmt: skip
    name_rows(axes, list(groups), above=0.6)
    return axes


def error_thermometer(axes: Axes, groups: Mapping[str, npt.ArrayLike]) -> Axes:
    """Draw relative errors on one scale, from rounding to errors as large as the gradient.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    groups : dict of name -> array of relative errors
        From top to bottom; an error of 0 is drawn at the left end.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> error_thermometer(axes, {"exact": [0, 1e-15], "wrong": [0.3]}).get_xscale()
    'log'
    """
    axes.set(xscale="log", xlim=(1e-17, 1e2), xlabel="relative error")
    clipped = {name: np.clip(values, 2e-17, 5e1) for name, values in groups.items()}
    dot_rows(axes, clipped)
    for (low, high), name, colour in (
        (EXACT, "rounding", COLOURS[2]),
        (BY_DIFFERENCES, "differences", COLOURS[0]),
        ((1e-7, 1e2), "a mistake", COLOURS[1]),
    ):
        axes.axvspan(low, high, color=colour, alpha=0.12, linewidth=0)
        axes.text(np.sqrt(low * high), -0.95, name, color=colour, ha="center", va="center", size=12)
    axes.set_ylim(len(groups) - 0.4, -1.3)
    axes.set_xticks(10.0 ** np.arange(-16, 3, 4))
    axes.tick_params(axis="x", which="minor", bottom=False)
    return axes


def cost_curves(
    axes: Axes,
    curves: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]],
    slopes: Sequence[float],
    unit: str,
) -> Axes:
    """Draw costs against T on two logarithmic axes, each over a line of the predicted slope.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    curves : dict of name -> (T, cost)
        Each an array of the same length.
    slopes : sequence of floats
        The predicted exponent of T, one a curve.
    unit : str
        Label of the vertical axis.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> drawn = cost_curves(axes, {"loop": ([1, 10], [2, 20])}, slopes=[1], unit="s")
    >>> [float(y) for y in drawn.lines[0].get_ydata()]
    [2.0, 20.0]
    """
    axes.set(xscale="log", yscale="log", xlabel="number of steps T", ylabel=unit)
    for (name, (T, cost)), slope, i in zip(curves.items(), slopes, range(6), strict=False):
        steps, values = np.asarray(T, dtype=float), np.asarray(cost, dtype=float)
        guide = values[-1] * (steps / steps[-1]) ** slope
        axes.plot(steps, guide, "-", color=COLOURS[i], linewidth=1, alpha=0.7)
        axes.plot(steps, values, linestyle="none", marker="os^Dv*"[i], color=COLOURS[i])
        axes.annotate(
            name, (steps[-1], values[-1]), (6, 0), textcoords="offset points",
            color=COLOURS[i], va="center", size=10,
        )  # fmt: skip
    longest = max(float(np.max(np.asarray(T))) for T, _ in curves.values())
    axes.set_xlim(right=longest * 4)
    return axes
