"""Pictures of backpropagation through time: paths of the gradient, and who contributes what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle
from matplotlib.text import Text

from bptt_lab.book.plots.style import COLOURS

GAP = 1.15
"""Distance of two steps in the drawings of the unrolled network."""

WIDE = 1.75
"""The same where numbers stand between the steps."""

FAINT = 0.3
"""Opacity of what a drawing shows as background."""

LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
"""Digits as an index, for text that moves."""

EXACT, BY_DIFFERENCES = (1e-17, 1e-12), (1e-12, 1e-7)
"""Relative errors of a right gradient in float64, against exact ways and against differences."""


# -- the unrolled network -----------------------------------------------------------------------


def gradient_paths(axes: Axes, t: int = 3, k: int | None = None) -> Axes:
    """Draw the ways on which one loss reaches the uses of W_hh.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its scales are replaced.
    t : int
        The step of the loss; more than three are too small on a phone.
    k : int, optional
        Light the path to the use at this step, and leave the others faint.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> drawn = gradient_paths(axes, t=2)
    >>> [text.get_text() for text in drawn.texts if text.get_text().startswith("$J")]
    ['$J_2$']
    """
    for step in range(t + 1):
        _node(axes, (GAP * step, 1), f"$h_{step}$", dashed=step == 0)
        if step:
            _arrow(axes, (GAP * (step - 1), 1), (GAP * step, 1), COLOURS[5], 1, up=-0.1)
            _copy(axes, step, lit=k in (None, step))
    _node(axes, (GAP * t, 2), f"$L_{t}$")
    _back(axes, (GAP * t, 2), (GAP * t, 1), f"$v_{t}$")
    for step in range(t, 1, -1):
        start, end = (GAP * step, 1), (GAP * (step - 1), 1)
        _back(axes, start, end, f"$J_{step}$", up=0.1, lit=k is None or k < step)
    return _canvas(axes, (-0.45, GAP * t + 0.75), (-0.5, 2.4))


def _copy(axes: Axes, k: int, lit: bool = True) -> None:
    """Draw the copy of W_hh that step k uses, and the last arrow of a path down to it."""
    alpha = 1 if lit else FAINT
    _matrix(axes, (GAP * k, -0.05), alpha=alpha)
    down = _arrow(axes, (GAP * k, 1), (GAP * k, -0.05), COLOURS[2], 2, dashes="--", shorten=0.3)
    down.set_alpha(alpha)
    if lit:
        name = rf"$\partial^+ h_{k}$"
        axes.text(GAP * k + 0.07, 0.46, name, va="center", size=12, color=COLOURS[2])


def _matrix(axes: Axes, at: tuple[float, float], name: str = "$W_{hh}$", alpha: float = 1) -> None:
    box = {"boxstyle": "round,pad=0.3", "facecolor": "none", "edgecolor": "black", "alpha": alpha}
    axes.text(*at, name, ha="center", va="center", size=12, bbox=box, alpha=alpha)


def _back(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    name: str,
    up: float = 0,
    lit: bool = True,
) -> None:
    """Draw an arrow of the gradient, with the factor that it stands for."""
    arrow = _arrow(axes, start, end, COLOURS[1], 2, up=up)
    if not lit:
        arrow.set_alpha(FAINT)
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
            _node(axes, (WIDE * step, 1), f"$h_{step}$", dashed=step == 0)
            if step:
                _arrow(axes, (WIDE * (step - 1), 1), (WIDE * step, 1), COLOURS[5], 1)
        _canvas(axes, (-0.45, 2 * WIDE + 0.45), (-0.55, 1.9))
    _matrix(one_weight, (1.5 * WIDE, -0.2), "$w$")
    for step in (1, 2):
        start, end = (1.5 * WIDE, -0.2), (WIDE * step, 1)
        _arrow(one_weight, start, end, "black", 1.5)
        _matrix(two_weights, (WIDE * step, -0.2), f"$w_{step}$")
        _arrow(two_weights, (WIDE * step, 1), (WIDE * step, -0.2), COLOURS[3 - step], 2)
    _arrow(two_weights, (2 * WIDE, 1), (WIDE, 1), COLOURS[2], 2, up=0.13)
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


# -- the backward pass, move by move ------------------------------------------------------------


class BackwardPanel:
    """The backward pass of one neuron, one move at a time, with a number on every arrow.

    Move 0 is the start. Then every step has three moves, the last step first: "g" collects what
    arrives at the state, "delta" passes it through the slope, "weight" leaves a product at w_h.
    The last move reaches the initial state.

    Equations: eq-bptt-recursion, eq-bptt-gradients

    Parameters
    ----------
    graph : matplotlib.axes.Axes
        For the unrolled network.
    lines : matplotlib.axes.Axes, optional
        For the lines of the recursion, of which the one that is executed is lit, and for the
        numbers that are known so far.
    T : int
        Number of steps; more than three are too small on a phone.

    Attributes
    ----------
    moving : list of matplotlib.artist.Artist
        What ``show`` changes.
    moves : int
        Number of moves, the start included.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, (left, right) = panels(2)
    >>> panel = BackwardPanel(left, right, T=2)
    >>> numbers = {"e": [1, 2], "back": [0, 3, 0], "g": [4, 2], "delta": [1, 2], "left": [0, 5]}
    >>> [panel.show(move, **numbers) for move in range(panel.moves)][:3]
    [(2, 'start'), (2, 'g'), (2, 'delta')]
    """

    def __init__(self, graph: Axes, lines: Axes | None = None, T: int = 3) -> None:
        self.T = T
        each = [(t, kind) for t in range(T, 0, -1) for kind in ("g", "delta", "weight")]
        self.order = [(T, "start"), *each, (0, "g")]
        self.moves = len(self.order)
        self.place = {move: number for number, move in enumerate(self.order)}
        self.arrows: dict[int, list[FancyArrowPatch]] = {}
        self.numbers: dict[tuple[str, int], Text] = {}
        self._draw(graph)
        self.formulas: dict[str, Text] = {}
        self.table: dict[tuple[str, int], Text] = {}
        if lines is not None:
            self._write(lines)
        arrows = [arrow for group in self.arrows.values() for arrow in group]
        texts = [*self.numbers.values(), *self.formulas.values(), *self.table.values()]
        self.moving: list[Artist] = [*arrows, *texts]

    def _draw(self, axes: Axes) -> None:
        """Draw the network, and an arrow with its number for everything that a move sends."""
        for t in range(self.T + 1):
            x = WIDE * t
            _node(axes, (x, 1), f"$h_{t}$", dashed=t == 0)
            if not t:
                continue
            _arrow(axes, (WIDE * (t - 1), 1), (x, 1), COLOURS[5], 1, up=-0.13)
            _node(axes, (x, 2.6), f"$L_{t}$")
            _matrix(axes, (x, -0.4), "$w_h$")
            self._send(axes, ("e", t), (t, "g"), (x, 2.6), (x, 1))
            self._send(axes, ("left", t), (t, "weight"), (x, 1), (x, -0.4))
        for t in range(self.T - 1, -1, -1):
            self._send(axes, ("back", t), (t, "g"), (WIDE * (t + 1), 1), (WIDE * t, 1))
        _canvas(axes, (-0.4, WIDE * self.T + 1.2), (-0.75, 2.95))

    def _send(
        self,
        axes: Axes,
        number: tuple[str, int],
        move: tuple[int, str],
        start: tuple[float, float],
        end: tuple[float, float],
    ) -> None:
        """Draw an arrow of the gradient, and a place for its number beside it."""
        level = start[1] == end[1]
        arrow = _arrow(axes, start, end, COLOURS[1], 2, up=0.13 * level)
        self.arrows.setdefault(self.place[move], []).append(arrow)
        x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        x, y = (x, y + 0.2) if level else (x + 0.09, y + 0.2)
        align: Any = {"ha": "center", "va": "bottom"} if level else {"ha": "left", "va": "center"}
        self.numbers[number] = axes.text(x, y, "", size=12, **align)

    def _write(self, axes: Axes) -> None:
        """Write the three lines, and the empty table below them."""
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.set_axis_off()
        for row, kind in enumerate(KINDS):
            self.formulas[kind] = axes.text(0.02, 0.95 - 0.12 * row, "", size=12, va="center")
        self.formulas["sum"] = axes.text(0.02, 0.53, "", size=11, va="center", color=COLOURS[1])
        for place, name in zip(COLUMNS.values(), HEADS, strict=True):
            axes.text(place, 0.42, name, size=11, ha="right", va="center")
        axes.plot([0.02, 0.98], [0.36, 0.36], "-", color=COLOURS[5], linewidth=1)
        for row, t in enumerate(range(self.T, 0, -1)):
            y = 0.29 - 0.1 * row
            axes.text(COLUMNS["t"], y, str(t), size=11, ha="right", va="center")
            for name in ("g", "delta", "left"):
                cell = axes.text(COLUMNS[name], y, "", size=11, ha="right", va="center")
                self.table[name, t] = cell

    def show(
        self,
        move: int,
        *,
        e: Sequence[float],
        back: Sequence[float],
        g: Sequence[float],
        delta: Sequence[float],
        left: Sequence[float],
    ) -> tuple[int, str]:
        """Go to a move.

        Parameters
        ----------
        move : int
            0 to ``moves - 1``.
        e, g, delta, left : sequences of floats, length T
            Of the steps 1..T: what comes from the step's own loss, what arrives at the state, what
            passes the slope, and what the step adds to the gradient.
        back : sequence of floats, length T + 1
            What arrives at the states 0..T from the step after.

        Returns
        -------
        (int, str)
            The step, and what is done there: "start", "g", "delta" or "weight".
        """
        t, kind = self.order[move]
        known = {"e": [0.0, *e], "back": back, "g": [0.0, *g], "delta": [0.0, *delta],
                 "left": [0.0, *left]}  # fmt: skip
        for number, arrows in self.arrows.items():
            for arrow in arrows:
                arrow.set_visible(number <= move)
                arrow.set_color(COLOURS[1] if number == move else COLOURS[0])
                arrow.set_linewidth(3 if number == move else 1.6)
        for (name, step), text in (*self.numbers.items(), *self.table.items()):
            done = self.place[step, KIND_OF[name]]
            text.set_text(_signed(known[name][step]) if done <= move else "")
            text.set_color(COLOURS[1] if done == move else "black")
        self._light(move, known)
        return t, kind

    def _light(self, move: int, known: Mapping[str, Sequence[float]]) -> None:
        """Write the three lines for the step of this move, and light the one it executes."""
        t, kind = self.order[move]
        for name in KINDS if self.formulas else ():
            formula = self.formulas[name]
            lit = name == kind and t > 0
            formula.set_text(("▸ " if lit else "   ") + self._formula(max(t, 1), name))
            formula.set_color("black" if lit else COLOURS[5])
            formula.set_fontweight("bold" if lit else "normal")
        if self.formulas:
            self.formulas["sum"].set_text("   " + self._sum(t, kind, known))

    def _formula(self, t: int, kind: str) -> str:
        now, after, before = (str(k).translate(LOWERED) for k in (t, t + 1, t - 1))
        if kind == "g":
            return f"g{now} = e{now}" + (f" + δ{after} wₕ" if t < self.T else "")
        if kind == "delta":
            return f"δ{now} = g{now} · (1 − h{now}²)"
        return f"∂L/∂wₕ += h{before} δ{now}"

    def _sum(self, t: int, kind: str, known: Mapping[str, Sequence[float]]) -> str:
        """Write what the move computes, in numbers."""
        if kind == "start":
            return "the losses are known"
        if t == 0:
            return f"∂L/∂h₀ = δ₁ wₕ = {_signed(known['back'][0])}"
        now, result = str(t).translate(LOWERED), known[NAME_OF[kind]][t]
        if kind == "g" and t < self.T:
            parts = f"{_signed(known['e'][t])} + {_signed(known['back'][t])}"
            return f"g{now} = {parts} = {_signed(result)}".replace("+ −", "− ")
        name = {"g": f"g{now}", "delta": f"δ{now}", "weight": "the product"}[kind]
        return f"{name} = {_signed(result)}"


KINDS = ("g", "delta", "weight")
"""The moves of a step, in their order."""

KIND_OF = {"e": "g", "back": "g", "g": "g", "delta": "delta", "left": "weight"}
"""The move that brings a number."""

NAME_OF = {"g": "g", "delta": "delta", "weight": "left"}
"""The number that a move computes."""

COLUMNS = {"t": 0.08, "g": 0.38, "delta": 0.66, "left": 0.96}
"""Right ends of the columns of the table."""

HEADS = ("$t$", "$g_t$", r"$\delta_t$", r"$h_{t-1}\,\delta_t$")
"""Their names."""


def _signed(value: float) -> str:
    """Write a number with four decimals and a true minus sign.

    >>> _signed(-0.03674), _signed(-0.000001)
    ('−0.0367', '0.0000')
    """
    text = f"{value:.4f}".replace("-", "−")
    return text.replace("−", "") if not text.strip("−0.") else text


# -- who contributes what -----------------------------------------------------------------------


class SharesPanel:
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

    Attributes
    ----------
    moving : list of matplotlib.artist.Artist
        What ``show`` changes.

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
        self.axes, self.T = axes, T
        axes.set(xlim=(-0.08, right), ylim=(-0.75, 2.3), yticks=[])
        axes.set(xlabel="sum of the terms k = t, t − 1, …, 1, from left to right")
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
        axes.spines["left"].set_visible(False)
        axes.axvline(0, color=COLOURS[5], linewidth=1, linestyle="-")
        frame = Rectangle((0, -0.55), 1, 2.35, fill=False, edgecolor=COLOURS[2], linewidth=2)
        axes.add_patch(frame)
        axes.text(
            1.03, 2.05, "the gradient: 100 %", color=COLOURS[2], ha="right", va="center", size=12
        )
        self.pieces: dict[str, list[Rectangle]] = {}
        self.names: dict[str, list[Text]] = {}
        for name, y in (("immediate", 1.0), ("total", -0.3)):
            axes.text(0, y + 0.58, name, va="center", size=12)
            self.pieces[name] = [self._piece(k, y) for k in range(1, T + 1)]
            self.names[name] = [
                axes.text(0, y + 0.2, f"{k}", ha="center", va="center", size=12)
                for k in range(1, T + 1)
            ]
        self.moving: list[Artist] = []
        for name in self.pieces:
            self.moving += [*self.pieces[name], *self.names[name]]

    def _piece(self, k: int, y: float) -> Rectangle:
        colour = COLOURS[k % 2]
        piece = Rectangle((0, y), 0, 0.4, facecolor=colour, alpha=0.55, edgecolor="black")
        self.axes.add_patch(piece)
        return piece

    def show(self, shares: Mapping[str, npt.ArrayLike]) -> None:
        """Move everything to another loss.

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


class TrianglePanel:
    """The pairs (t, k) of a loss and a use: one cell for each term of the double sum.

    Equations: eq-bptt-double-sum

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    T : int
        Number of steps.
    lines : int
        Lines of text that fit the empty corner.

    Attributes
    ----------
    moving : list of matplotlib.artist.Artist
        What ``show`` changes.

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
        self.moving: list[Artist] = [*self.cells.values(), *self.texts.values(), *self.notes]

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


class TruncationPanel:
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

    Attributes
    ----------
    moving : list of matplotlib.artist.Artist
        What ``show`` changes.

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
        reach.axhline(1, color=COLOURS[5], linewidth=1, linestyle="-")
        norms, errors = np.asarray(others, dtype=float).T
        scatter.plot(self.LIMITS, self.LIMITS, "-", color=COLOURS[5], linewidth=1)
        scatter.plot(norms, np.maximum(errors, 1e-16), "o", color=COLOURS[5], markersize=4)
        (self.norms,) = reach.plot([], [], color=COLOURS[0], label="norm against the lag")
        self.cut = reach.axvline(1, color=COLOURS[2], linestyle="--", label="window")
        (self.left,) = reach.plot([], [], "D", color=COLOURS[2], markersize=8, label="at the cut")
        (self.point,) = scatter.plot([], [], "D", color=COLOURS[1], markersize=10)
        self.moving: list[Artist] = [self.norms, self.cut, self.left, self.point]

    def show(self, norms: npt.ArrayLike, K: int, error: float | None) -> None:
        """Move everything to another setting.

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

    Returns
    -------
    matplotlib.axes.Axes

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
    axes.set(yticks=range(len(groups)), yticklabels=list(groups))
    axes.set_ylim(len(groups) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    return axes


def error_thermometer(axes: Axes, groups: Mapping[str, npt.ArrayLike]) -> Axes:
    """Draw relative errors on one scale, from rounding to errors as large as the gradient.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    groups : dict of name -> array of relative errors
        From top to bottom; an error of 0 is drawn at the left end.

    Returns
    -------
    matplotlib.axes.Axes

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

    Returns
    -------
    matplotlib.axes.Axes

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


def _node(axes: Axes, at: tuple[float, float], name: str, dashed: bool = False) -> None:
    look = "--" if dashed else "-"
    axes.add_patch(Circle(at, 0.3, fill=False, edgecolor="black", linestyle=look))
    axes.text(*at, name, ha="center", va="center", size=13)


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: str,
    width: float,
    *,
    up: float = 0,
    dashes: str = "-",
    shorten: float = 0.34,
) -> FancyArrowPatch:
    """Draw an arrow between the rims of two nodes, moved up by a little."""
    first, last = np.array(start, float), np.array(end, float)
    along = (last - first) / np.hypot(*(last - first))
    first, last = first + 0.34 * along + (0, up), last - shorten * along + (0, up)
    patch = FancyArrowPatch(
        tuple(first), tuple(last), arrowstyle="-|>", mutation_scale=12, color=colour,
        linewidth=width, linestyle=dashes, shrinkA=0, shrinkB=0,
    )  # fmt: skip
    axes.add_patch(patch)
    return patch


def _canvas(axes: Axes, across: Sequence[float], up: Sequence[float]) -> Axes:
    axes.set(xlim=tuple(across), ylim=tuple(up), aspect="equal")
    axes.set_axis_off()
    return axes
