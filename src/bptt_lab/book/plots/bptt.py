"""Pictures of backpropagation through time: paths of the gradient, and who contributes what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch

from bptt_lab.book.plots.style import COLOURS, DASHES

GAP = 1.15
"""Distance of two steps in the drawings of the unrolled network."""

LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
"""Digits as an index, for text that moves."""


def gradient_paths(axes: Axes, t: int = 3) -> Axes:
    """Draw the ways on which one loss reaches the uses of W_hh.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its scales are replaced.
    t : int
        The step of the loss; more than three are too small on a phone.

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
    for k in range(t + 1):
        _node(axes, (GAP * k, 1), f"$h_{k}$", dashed=k == 0)
        if k:
            _arrow(axes, (GAP * (k - 1), 1), (GAP * k, 1), COLOURS[5], 1, up=-0.1)
            _copy(axes, k)
    _node(axes, (GAP * t, 2), f"$L_{t}$")
    _back(axes, (GAP * t, 2), (GAP * t, 1), f"$v_{t}$")
    for k in range(t, 1, -1):
        _back(axes, (GAP * k, 1), (GAP * (k - 1), 1), f"$J_{k}$", up=0.1)
    return _canvas(axes, (-0.45, GAP * t + 0.75), (-0.5, 2.4))


def _copy(axes: Axes, k: int) -> None:
    """Draw the copy of W_hh that step k uses, and the last arrow of a path down to it."""
    _matrix(axes, (GAP * k, -0.05))
    _arrow(axes, (GAP * k, 1), (GAP * k, -0.05), COLOURS[2], 2, dashes="--", shorten=0.3)
    axes.text(GAP * k + 0.07, 0.46, rf"$\partial^+ h_{k}$", va="center", size=12, color=COLOURS[2])


def _matrix(axes: Axes, at: tuple[float, float]) -> None:
    box = {"boxstyle": "round,pad=0.3", "facecolor": "none", "edgecolor": "black"}
    axes.text(*at, "$W_{hh}$", ha="center", va="center", size=12, bbox=box)


def _back(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], name: str, up: float = 0
) -> None:
    """Draw an arrow of the gradient, with the factor that it stands for."""
    _arrow(axes, start, end, COLOURS[1], 2, up=up)
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    level = start[1] == end[1]
    beside = (x, y + 0.17) if level else (x + 0.08, y)
    ha, va = ("center", "bottom") if level else ("left", "center")
    axes.text(*beside, name, size=13, color=COLOURS[1], ha=ha, va=va)


class SharesPanel:
    """What each use of a weight adds to the gradient of one loss, and the running sum.

    Parameters
    ----------
    terms, total : matplotlib.axes.Axes
        For the terms, and for their sum from the latest use to the earliest.
    T : int
        Number of steps.

    Attributes
    ----------
    moving : list of matplotlib.artist.Artist
        What ``show`` changes.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, (left, right) = panels(2)
    >>> panel = SharesPanel(left, right, T=3)
    >>> panel.show([0.25, 0.75])
    >>> [float(y) for y in panel.sum.get_ydata()]
    [0.75, 1.0]
    """

    def __init__(self, terms: Axes, total: Axes, T: int) -> None:
        for axes in (terms, total):
            axes.set(xlim=(0.4, T + 0.6), ylim=(-0.25, 2.5), xticks=range(1, T + 1))
            axes.set(xlabel="use at step k", yticks=np.arange(0, 2.6, 0.5))
            axes.yaxis.set_major_formatter(lambda y, _: f"{y:.0%}")
            axes.axhline(0, color=COLOURS[5], linewidth=1, linestyle="-")
        terms.set(title="one term", ylabel="share of the gradient")
        total.set(title="sum of the terms so far", ylabel="share of the gradient, summed")
        self.bars = list(terms.bar(range(1, T + 1), np.ones(T), width=0.6, color=COLOURS[0]))
        total.axhline(1, color=COLOURS[2], linestyle=DASHES[1])
        total.text(  # where no sum passes
            T + 0.55, 0.94, "the gradient", color=COLOURS[2], size=10, ha="right", va="top"
        )
        (self.sum,) = total.plot([], [], "-o", color=COLOURS[1], label="sum of the terms so far")
        self.moving: list[Artist] = [*self.bars, self.sum]

    def show(self, shares: npt.ArrayLike) -> None:
        """Move everything to another loss.

        Parameters
        ----------
        shares : array, shape (t,)
            Of the uses at the steps 1, 2, .., t, for a loss at step t.
        """
        parts = np.asarray(shares, dtype=float)
        t = len(parts)
        for k, bar in enumerate(self.bars, start=1):
            bar.set_height(parts[k - 1] if k <= t else 0)
        self.sum.set_data(np.arange(t, 0, -1), np.cumsum(parts[::-1]))


class BackwardPanel:
    """The backward pass of a short sequence, one move at a time.

    Move 0 is the start. Then every step has three moves, the last step first: "g" collects what
    arrives at the state, "delta" passes it through the slope, "weight" leaves a product at W_hh.
    The last move reaches the initial state.

    Parameters
    ----------
    graph, collected : matplotlib.axes.Axes
        For the drawing of the unrolled network, and for the part of dL/dW_hh collected so far.
    shares : sequence of floats, length T
        Share of step 1, 2, .., T in dL/dW_hh; more than four are too small on a phone.

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
    >>> panel = BackwardPanel(left, right, shares=[0.25, 0.75])
    >>> [panel.show(move) for move in range(panel.moves)][:3]
    [(2, 'start'), (2, 'g'), (2, 'delta')]
    """

    def __init__(self, graph: Axes, collected: Axes, shares: Sequence[float]) -> None:
        self.shares = np.asarray(shares, dtype=float)
        T = len(self.shares)
        kinds = ("g", "delta", "weight")
        self.order = [
            (T, "start"),
            *((t, kind) for t in range(T, 0, -1) for kind in kinds),
            (0, "g"),
        ]
        self.moves = len(self.order)
        self.arrows: dict[int, list[FancyArrowPatch]] = {}
        self._draw(graph, T)
        self.formula = graph.text(GAP * T / 2, -0.72, "", ha="center", va="center", size=13)
        self._prepare(collected, T)
        arrows = [arrow for group in self.arrows.values() for arrow in group]
        self.moving: list[Artist] = [*arrows, self.formula, *self.bars, self.sum]

    def _draw(self, axes: Axes, T: int) -> None:
        """Draw the network, and an arrow for everything that a move sends."""
        place = {move: number for number, move in enumerate(self.order)}
        for t in range(T + 1):
            _node(axes, (GAP * t, 1), f"$h_{t}$", dashed=t == 0)
            if t:
                _arrow(axes, (GAP * (t - 1), 1), (GAP * t, 1), COLOURS[5], 1, up=-0.12)
                _node(axes, (GAP * t, 2), f"$L_{t}$")
                _matrix(axes, (GAP * t, -0.05))
                down = _arrow(axes, (GAP * t, 1), (GAP * t, -0.05), COLOURS[1], 2, shorten=0.3)
                self.arrows[place[t, "weight"]] = [down]
                self.arrows[place[t, "g"]] = [
                    _arrow(axes, (GAP * t, 2), (GAP * t, 1), COLOURS[1], 2)
                ]
        for t in range(T - 1, -1, -1):
            back = _arrow(axes, (GAP * (t + 1), 1), (GAP * t, 1), COLOURS[1], 2, up=0.12)
            self.arrows.setdefault(place[t, "g"], []).append(back)
        _canvas(axes, (-0.45, GAP * T + 0.45), (-1.0, 2.4))

    def _prepare(self, axes: Axes, T: int) -> None:
        low, high = min(0, self.shares.min()), max(1, np.cumsum(self.shares[::-1]).max())
        axes.set(xlim=(0.4, T + 0.6), ylim=(low - 0.1, high + 0.15), xticks=range(1, T + 1))
        axes.set(xlabel="step t", ylabel="share of ∂L/∂W_hh", title="collected so far")
        axes.yaxis.set_major_formatter(lambda y, _: f"{y:.0%}")
        axes.axhline(0, color=COLOURS[5], linewidth=1, linestyle="-")
        axes.axhline(1, color=COLOURS[2], linestyle=DASHES[1])
        axes.text(T + 0.5, 1.02, "the gradient", ha="right", color=COLOURS[2], size=10, va="bottom")
        self.bars = list(axes.bar(range(1, T + 1), self.shares, width=0.5, color=COLOURS[0]))
        (self.sum,) = axes.plot([], [], "-o", color=COLOURS[1], label="collected so far")

    def show(self, move: int) -> tuple[int, str]:
        """Go to a move.

        Parameters
        ----------
        move : int
            0 to ``moves - 1``.

        Returns
        -------
        (int, str)
            The step, and what is done there: "start", "g", "delta" or "weight".
        """
        t, kind = self.order[move]
        for number, arrows in self.arrows.items():
            for arrow in arrows:
                arrow.set_visible(number <= move)
                arrow.set_color(COLOURS[1] if number == move else COLOURS[0])
                arrow.set_linewidth(3 if number == move else 1.6)
        self.formula.set_text(self._formula(t, kind))
        T = len(self.shares)
        first = T + 1 if kind == "start" else t if kind == "weight" else t + 1
        for step, bar in enumerate(self.bars, start=1):
            bar.set_height(self.shares[step - 1] if step >= first else 0)
        self.sum.set_data(np.arange(T, first - 1, -1), np.cumsum(self.shares[first - 1 :][::-1]))
        return t, kind

    def _formula(self, t: int, kind: str) -> str:
        now, after, before = (str(k).translate(LOWERED) for k in (t, t + 1, t - 1))
        if kind == "start":
            return "losses known, nothing sent back"
        if kind == "g" and t == 0:
            return "∂L/∂h₀ = δ₁ W_hhᵀ"
        if kind == "g":
            carried = "" if t == len(self.shares) else f" + δ{after} W_hhᵀ"
            return f"g{now} = e{now} W_yhᵀ{carried}"
        if kind == "delta":
            return f"δ{now} = g{now} ∘ φ′(a{now})"
        return f"∂L/∂W_hh gets h{before}ᵀ δ{now}"


class TruncationPanel:
    """How far a gradient reaches back, beside the error of a gradient that is cut.

    Parameters
    ----------
    reach, bias : matplotlib.axes.Axes
        For the norm against the lag, and for the error against the window.
    windows : sequence of int
        The windows K, increasing.
    T : int
        The largest lag.

    Attributes
    ----------
    moving : list of matplotlib.artist.Artist
        What ``show`` changes.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, (left, right) = panels(2)
    >>> panel = TruncationPanel(left, right, windows=[1, 2], T=3)
    >>> panel.show([0.5, 0.1], [1, 0.5, 0.1, 0.01], K=2)
    >>> [float(y) for y in panel.point.get_ydata()]
    [0.1]
    """

    LIMITS = (1e-10, 1e4)

    def __init__(self, reach: Axes, bias: Axes, windows: Sequence[int], T: int) -> None:
        self.windows, self.lags = list(windows), np.arange(T + 1)
        for axes in (reach, bias):
            axes.set(yscale="log", xlim=(0, T), ylim=self.LIMITS)
            axes.set_yticks(10.0 ** np.arange(-10, 5, 2))
            axes.tick_params(axis="y", which="minor", left=False)
            axes.axhline(1, color=COLOURS[5], linewidth=1, linestyle="-")
        reach.set(title="what is left of a gradient", xlabel="lag", ylabel="norm of ∂h_T/∂h_k")
        bias.set(title="what a cut costs", xlabel="window K", ylabel="relative error of ∂L/∂W_hh")
        (self.norms,) = reach.plot([], [], color=COLOURS[0], label="norm against the lag")
        (self.errors,) = bias.plot([], [], "-o", color=COLOURS[1], markersize=3, label="error")
        self.cuts = [axes.axvline(1, color=COLOURS[2], linestyle="--") for axes in (reach, bias)]
        for cut in self.cuts:
            cut.set_label("window")
        (self.point,) = bias.plot([], [], "D", color=COLOURS[2], markersize=8, label="this window")
        self.moving: list[Artist] = [self.norms, self.errors, *self.cuts, self.point]

    def show(self, errors: npt.ArrayLike, norms: npt.ArrayLike, K: int) -> None:
        """Move everything to another setting.

        Parameters
        ----------
        errors : array, shape (len(windows),)
            Relative error of the gradient with each window.
        norms : array, shape (T + 1,)
            Norm of dh_T/dh_{T-lag} for the lags 0, 1, .., T.
        K : int
            The window to mark.
        """
        values = np.asarray(errors, dtype=float)
        self.errors.set_data(self.windows, np.maximum(values, 1e-16))
        self.norms.set_data(self.lags, np.asarray(norms, dtype=float))
        for cut in self.cuts:
            cut.set_xdata([K, K])
        self.point.set_data([K], [max(values[self.windows.index(K)], 1e-16)])


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
