"""The book's figures: arrays and axes in, axes out.  Nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from cycler import cycler
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.text import Text

__all__ = [
    "COLOURS",
    "NormPanel",
    "SpectrumPanel",
    "driven_state",
    "folded_network",
    "panels",
    "rate_curves",
    "scientific",
    "unrolled_network",
]

COLOURS = ("#0a7fb5", "#c4530f", "#1a8a5c", "#a956b0", "#8a7410", "#757575")
"""Line colours with a contrast of at least 3:1 on white and on #121212."""

_DASHES = ("-", "--", "-.", ":", (0, (6, 1.5, 1, 1.5, 1, 1.5)), (0, (8, 3)))

STYLE: dict[str, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "axes.linewidth": 0.8,
    "axes.edgecolor": "#7a7a7a",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=COLOURS) + cycler(linestyle=_DASHES),
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "xtick.color": "#7a7a7a",
    "ytick.color": "#7a7a7a",
    "xtick.labelcolor": "black",
    "ytick.labelcolor": "black",
    "axes.grid": True,
    "grid.color": "#7a7a7a",
    "grid.alpha": 0.25,
    "grid.linewidth": 0.7,
}
"""What differs from matplotlib's defaults; black and white are replaced by the page's colours."""


def panels(
    n: int = 1, size: tuple[float, float] = (4, 3.2), **properties: Any
) -> tuple[Figure, Any]:
    """Make a figure of `n` panels in a row, each a subfigure with one axes, in the book's style.

    Parameters
    ----------
    n : int
        Number of panels.
    size : (float, float)
        Width and height of one panel in inches.  A panel is shown about 330 px wide on a phone, so
        a wide panel needs larger type; its axes get it here.
    **properties
        Set on every axes, as by ``Axes.set``: ``xlabel="t"``, ``yscale="log"`` and so on.

    Returns
    -------
    figure : matplotlib.figure.Figure
        Not known to pyplot, so there is nothing to close.
    axes : matplotlib.axes.Axes or tuple of them
        One axes for ``n = 1``, otherwise a tuple of `n`.

    Raises
    ------
    ValueError
        If `n` is not a positive integer.

    Examples
    --------
    >>> figure, (left, right) = panels(2, xlabel="step t")
    >>> left.get_xlabel(), len(figure.subfigs)
    ('step t', 2)
    """
    if not isinstance(n, int) or n < 1:
        raise ValueError(f"n must be a positive number of panels, got {n!r}")
    grow = max(1.0, size[0] / 4.5)
    style: Any = {k: v * grow if k.endswith("size") else v for k, v in STYLE.items()}
    with mpl.rc_context(style):
        figure = Figure(figsize=(n * size[0], size[1]), layout="constrained", dpi=72)
        parts = figure.subfigures(1, n, squeeze=False)[0]
        axes: tuple[Axes, ...] = tuple(part.subplots() for part in parts)
        for ax in axes:
            ax.set(**properties)
    return figure, axes[0] if n == 1 else axes


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
    >>> figure, axes = panels()
    >>> panel = SpectrumPanel(axes)
    >>> panel.show([0.5 + 0.5j, 0.5 - 0.5j], rho=0.71, sigma_max=1.2)
    >>> panel.moving[0].get_xdata()
    array([0.5, 0.5])
    """

    def __init__(self, axes: Axes, limit: float = 4.0) -> None:
        axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
        axes.set(xlabel="real part", ylabel="imaginary part", title="Eigenvalues of $W_{hh}$")
        axes.set(xticks=range(-3, 4), yticks=range(-3, 4))
        _circle(axes, COLOURS[5], "-", 1.2)
        (self.eigenvalues,) = axes.plot(
            [], [], "o", color="black", markersize=4, label="eigenvalues"
        )
        numbers = (2, 1)  # the colours of NormPanel: rho in both, sigma_max with the bound
        self.radii = [_circle(axes, COLOURS[i], _DASHES[i], 1.6) for i in numbers]
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

    Attributes
    ----------
    moving : list of matplotlib.artist.Artist
        What ``show`` changes.

    Examples
    --------
    >>> figure, axes = panels()
    >>> panel = NormPanel(axes, lags=2)
    >>> panel.show([1, 0.5, 0.25], [1, 2, 4], [1, 1.1, 1.21], factors=(0.5, 2, 1.1))
    >>> [float(y) for y in panel.moving[0].get_ydata()]
    [1.0, 0.5, 0.25]
    """

    def __init__(self, axes: Axes, lags: int = 100, decades: int = 42) -> None:
        self.lags, self.decades = lags, decades
        axes.set(xlabel="lag t − k", ylabel="norm", yscale="log")
        axes.set_title(r"Norm of $\partial h_t / \partial h_k$")
        axes.set(xlim=(0, 1.36 * lags), ylim=(0.1**decades, 10.0**decades))
        axes.set_xticks(np.linspace(0, lags, 5).astype(int))
        axes.set_yticks(10.0 ** np.arange(-40, 41, 20))
        axes.tick_params(axis="y", which="minor", left=False)
        axes.spines["bottom"].set_bounds(0, lags)
        self._limits_of_float32(axes)
        for number, name in enumerate(("gradient", "bound", "ρ alone")):
            line = axes.plot([], [], color=COLOURS[number], label=name)[0]
            line.set(linestyle=_DASHES[number], linewidth=2.5 if number == 0 else 1.6)
        self.lines = list(axes.lines[-3:])
        self.labels = [self._label(axes, line) for line in self.lines]
        self.moving: list[Artist] = [*self.lines, *self.labels]

    def _limits_of_float32(self, axes: Axes) -> None:
        """Beyond these two lines single precision has no normal numbers."""
        for limit, words, align in (
            (float(np.finfo(np.float32).max), "too large for float32", "bottom"),
            (float(np.finfo(np.float32).tiny), "too small for float32", "top"),
        ):
            axes.plot([0, self.lags], [limit, limit], ":", color=COLOURS[5], linewidth=1)
            axes.text(0.01 * self.lags, limit, words, size=8, color=COLOURS[5], va=align)

    def _label(self, axes: Axes, line: Line2D) -> Text:
        colour = line.get_color()
        return axes.text(1.02 * self.lags, 1, "", color=colour, size=9, va="center", linespacing=1)

    def show(
        self,
        norms: npt.ArrayLike,
        bounds: npt.ArrayLike,
        powers: npt.ArrayLike,
        factors: Sequence[float],
    ) -> None:
        """Move everything to another setting.

        Parameters
        ----------
        norms, bounds, powers : arrays, shape (lags + 1,)
            Norm of dh_t/dh_k, its bound and rho**lag, for the lags 0, 1, .., in this order.
        factors : sequence of 3 floats
            What each of them is multiplied by per step, to stand at its end.
        """
        curves = [np.asarray(values, dtype=float) for values in (norms, bounds, powers)]
        for line, values in zip(self.lines, curves, strict=True):
            line.set_data(np.arange(self.lags + 1), values)
        ends = [float(values[-1]) for values in curves]
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


def rate_curves(axes: Axes, rho: npt.ArrayLike, rates: Mapping[str, npt.ArrayLike]) -> Axes:
    """Growth rate of the gradient against the spectral radius, one named line each.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    rho : array, shape (K,)
        Spectral radii.
    rates : dict of name -> array, shape (K,)
        Nats per step: negative where the gradient vanishes, positive where it explodes.

    Returns
    -------
    matplotlib.axes.Axes
    """
    rho, size = np.asarray(rho), axes.xaxis.label.get_fontsize()
    axes.axhline(0, color=COLOURS[5], linewidth=1.2)
    for (name, values), colour, dashes in zip(rates.items(), COLOURS, _DASHES, strict=False):
        values = np.asarray(values)
        axes.plot(rho, values, color=colour, linestyle=dashes, linewidth=2)
        axes.text(rho[-1] + 0.04, values[-1], name, color=colour, va="center", size=size)
    axes.set(xlabel="spectral radius of $W_{hh}$", ylabel="nats per step")
    axes.text(rho[0], 0.08, "explodes", color=COLOURS[5], size=size)
    axes.text(rho[-1], -0.08, "vanishes", color=COLOURS[5], va="top", ha="right", size=size)
    axes.set(xlim=(0, 1.22 * rho[-1]), xticks=np.arange(0, rho[-1] + 0.1, 0.5))
    axes.spines["bottom"].set_bounds(0, rho[-1])
    return axes


def scientific(value: float) -> str:
    """Write a number for a sentence, with a power of ten if it is large or small.

    Examples
    --------
    >>> scientific(1.23e-10), scientific(3325.3), scientific(0.0), scientific(4.36)
    ('1·10⁻¹⁰', '3·10³', '0', '4.4')
    """
    if value == 0 or not np.isfinite(value) or 0.01 <= abs(value) < 100:
        return f"{value:.2g}"
    digit, exponent = f"{value:.0e}".split("e")
    raised = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    return f"{digit}·10{str(int(exponent)).translate(raised)}"
