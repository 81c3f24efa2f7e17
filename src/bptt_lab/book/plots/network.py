"""Drawings of the network, folded and unrolled, and of its state."""

from __future__ import annotations

import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from bptt_lab.book.plots.style import COLOURS


def driven_state(axes: Axes, x: npt.ArrayLike, h: npt.ArrayLike, clear: float = 0.5) -> Axes:
    """Draw one neuron's state over its inputs.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    x : array, shape (T,)
        Inputs x_1..x_T, drawn as bars.
    h : array, shape (T+1,)
        States h_0..h_T, drawn as a line with a point at every step.
    clear : float
        Where to draw two thin lines, at plus and minus this value.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> driven_state(axes, x=[1, 0], h=[0, 0.8, 0.7]).get_xlabel()
    'step $t$'
    """
    T = len(h) - 1  # type: ignore[arg-type]
    axes.bar(range(1, T + 1), x, width=0.5, color=COLOURS[5], alpha=0.5, label="input $x_t$")
    axes.plot(range(T + 1), h, color=COLOURS[0], linestyle="-", marker="o", label="state $h_t$")
    for level in (-clear, clear):
        axes.axhline(level, color=COLOURS[1], linestyle="--", linewidth=1)
    axes.set(xlabel="step $t$", ylim=(-1.15, 1.15), xticks=range(0, T + 1, 2))
    return axes


def folded_network(axes: Axes) -> Axes:
    """Draw the recurrent network as a cell that feeds itself.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its scales are replaced.

    Returns
    -------
    matplotlib.axes.Axes

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
    return _canvas(axes, (-1.1, 2.2))


def unrolled_network(axes: Axes, steps: int = 3) -> Axes:
    """Draw the recurrent network with one copy of the cell for each step.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its scales are replaced.
    steps : int
        Number of copies; more than four are too small on a phone.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> len(unrolled_network(axes, steps=2).patches)  # h_0, then x, h and o of each step
    7
    """
    _node(axes, (0, 1), "$h_0$", linestyle="--")
    for t in range(1, steps + 1):
        _column(axes, 1.15 * t, str(t))
        _arrow(axes, (1.15 * (t - 1) + 0.34, 1), (1.15 * t - 0.34, 1), COLOURS[1])
        axes.text(1.15 * t - 0.575, 1.1, "$W_{hh}$", ha="center", size=11)
    _arrow(axes, (1.15 * steps + 0.34, 1), (1.15 * steps + 0.66, 1), COLOURS[1])
    axes.text(1.15 * steps + 0.72, 1, "…", va="center", size=13)
    return _canvas(axes, (-0.4, 1.15 * steps + 1))


def _column(axes: Axes, x: float, t: str) -> None:
    """Input, state and output of one step, from below to above."""
    for y, name in enumerate("xho"):
        _node(axes, (x, y), f"${name}_{t}$")
    for y, name, colour in ((0, "xh", COLOURS[0]), (1, "yh", COLOURS[2])):
        _arrow(axes, (x, y + 0.34), (x, y + 0.66), colour)
        axes.text(x + 0.07, y + 0.5, f"$W_{{{name}}}$", va="center", size=11)


def _node(axes: Axes, at: tuple[float, float], name: str, linestyle: str = "-") -> None:
    axes.add_patch(Circle(at, 0.3, fill=False, edgecolor="black", linestyle=linestyle))
    axes.text(*at, name, ha="center", va="center", size=13)


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: str,
    bend: str = "arc3",
) -> None:
    look = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.6, "connectionstyle": bend}
    axes.annotate("", end, start, arrowprops={**look, "shrinkA": 0, "shrinkB": 0})


def _canvas(axes: Axes, across: tuple[float, float]) -> Axes:
    """Nothing but what was drawn: no frame, no ticks, circles round."""
    axes.set(xlim=across, ylim=(-0.4, 2.4), aspect="equal")
    axes.set_axis_off()
    return axes
