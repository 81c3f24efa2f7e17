"""Pictures of the chapter on what came after the LSTM: scans, landscapes, fronts, prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from bptt_lab.book.plots.panel import REFERENCE, Panel, band, label, outline, plain_ticks
from bptt_lab.book.plots.style import COLOURS, DASHES


class TimePanel(Panel):
    """Curves over the time constant of a memory, with a dot on each at the one that is chosen.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Both scales become logarithmic.
    tau : array, shape (K,)
        In increasing order.
    curves : dict of name -> array, shape (K,)
        Each is called by its name at its right end.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> panel = TimePanel(axes, [1, 10, 100], {"raw": [1, 10, 100]})
    >>> panel.show(10)
    >>> [round(float(y), 6) for y in panel.dots[0].get_ydata()]
    [10.0]
    """

    def __init__(self, axes: Axes, tau: npt.ArrayLike, curves: Mapping[str, npt.ArrayLike]) -> None:
        super().__init__()
        self.tau = np.asarray(tau, dtype=float)
        self.curves = [np.asarray(values, dtype=float) for values in curves.values()]
        axes.set(xscale="log", yscale="log", xlim=(self.tau[0], 8 * self.tau[-1]))
        axes.minorticks_off()
        self.dots = []
        for number, (name, values) in enumerate(zip(curves, self.curves, strict=True)):
            colour = COLOURS[number]
            look: Any = {"color": colour, "linestyle": DASHES[number]}
            axes.plot(self.tau, values, linewidth=2, label=name, **look)
            label(axes, 1.15 * self.tau[-1], values[-1], name, colour, va="center")
            self.dots.append(self._line(axes, "o", color=colour, ms=8, label=f"{name}, here"))

    def show(self, tau: float) -> None:
        """Put the dots at another time constant."""
        for dot, values in zip(self.dots, self.curves, strict=True):
            height = np.exp(np.interp(np.log(tau), np.log(self.tau), np.log(values)))
            dot.set_data([tau], [height])


class DescentPanel(Panel):
    """A loss over one parameter, and the places that gradient descent visits.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its limits are kept: set them before.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels(xlim=(-1, 1), ylim=(0, 1))
    >>> panel = DescentPanel(axes)
    >>> panel.show([-1, 0, 1], [1, 0, 1], visited=[-1, -0.5], losses=[1, 0.25])
    >>> panel.path.get_xdata().tolist()
    [-1.0, -0.5]
    """

    def __init__(self, axes: Axes) -> None:
        super().__init__()
        self.curve = self._line(axes, "-", color=COLOURS[0], lw=2, label="loss")
        self.path = self._line(axes, "-o", color=COLOURS[1], lw=0.8, ms=4.5, label="descent")
        self.start = self._line(axes, "s", color=COLOURS[1], ms=8, label="start")

    def show(
        self,
        x: npt.ArrayLike,
        loss: npt.ArrayLike,
        visited: npt.ArrayLike,
        losses: npt.ArrayLike,
    ) -> None:
        """Show another loss, and a descent on it.

        Parameters
        ----------
        x, loss : arrays, shape (K,)
        visited, losses : arrays, shape (S,)
            The parameter after 0, 1, .. updates, and the loss there.
        """
        visited, losses = np.asarray(visited, float), np.asarray(losses, float)
        self.curve.set_data(np.asarray(x, float), np.asarray(loss, float))
        self.path.set_data(visited, losses)
        self.start.set_data(visited[:1], losses[:1])


def settled_from(errors: npt.ArrayLike, level: float) -> Any:
    """Return from which iteration on each step is off by less than a level.

    Parameters
    ----------
    errors : array, shape (K, T)
        Of iteration 0, 1, ..
    level : float

    Returns
    -------
    array, shape (T,)
        K where it never is.

    Examples
    --------
    >>> settled_from([[1, 1, 1], [0, 1, 1], [0, 0, 1]], 0.5)
    array([1, 2, 3])
    """
    wrong = np.asarray(errors) >= level
    return np.where(wrong.any(axis=0), len(wrong) - np.argmax(wrong[::-1], axis=0), 0)


class FrontPanel(Panel):
    """Which steps of a sequence are wrong after how many iterations: the front that they leave.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    T : int
        Number of steps.
    most : int
        Number of iterations in sight.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> panel = FrontPanel(axes, T=3, most=4)
    >>> panel.show([[1, 1, 1], [0, 1, 1], [0, 0, 1], [0, 0, 0]])
    >>> panel.exact.get_ydata().tolist()
    [1, 2, 3]
    """

    WRONG, EXACT = 0.1, 1e-8

    def __init__(self, axes: Axes, T: int, most: int) -> None:
        super().__init__()
        axes.set(xlim=(1, T), ylim=(0, most), xlabel="step t", ylabel="iteration")
        self.steps = np.arange(1, T + 1)
        self.wrong = self._area(axes, COLOURS[1], alpha=0.35)
        self.exact = self._line(axes, "-", color=COLOURS[0], lw=2.2, label="right from here on")
        corner: Any = {"transform": axes.transAxes, "va": "top"}
        label(axes, 0.03, 0.95, "right", COLOURS[0], **corner)
        label(axes, 0.03, 0.85, "shaded: wrong", COLOURS[1], **corner)

    def show(self, errors: npt.ArrayLike) -> None:
        """Show another network.

        Parameters
        ----------
        errors : array, shape (K, T)
            Largest error of each step, after 0, 1, .. iterations.
        """
        high = settled_from(errors, self.WRONG)
        self.wrong.set_xy(outline(self.steps, np.zeros_like(high), high))
        self.exact.set_data(self.steps, settled_from(errors, self.EXACT))


class CountPanel(Panel):
    """Iterations of many networks over their exponent, with some of them marked.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    exponents, counts : arrays, shape (K,)
    most : int
        Counts are shown up to here; a network that needs more stands at the edge.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> panel = CountPanel(axes, [-1.0, 0.2], [4, 99], most=50)
    >>> panel.show([0.2], [99])
    >>> [float(y) for y in panel.marked.get_ydata()]
    [50.0]
    """

    def __init__(
        self, axes: Axes, exponents: npt.ArrayLike, counts: npt.ArrayLike, most: int
    ) -> None:
        super().__init__()
        self.most = most
        axes.set(yscale="log", ylim=(2, 1.3 * most), xlabel="exponent λ₁", ylabel="iterations")
        plain_ticks(axes.yaxis, [k for k in (3, 10, 30, 100, 300) if k <= most])
        axes.axvline(0, **REFERENCE)
        axes.plot(exponents, self._inside(counts), ".", color=COLOURS[5], ms=6, label="all")
        self.marked = self._line(axes, "o", color=COLOURS[1], ms=7, label="these")

    def show(self, exponents: npt.ArrayLike, counts: npt.ArrayLike) -> None:
        """Mark other networks."""
        self.marked.set_data(np.asarray(exponents, float), self._inside(counts))

    def _inside(self, counts: npt.ArrayLike) -> Any:
        return np.minimum(np.asarray(counts, float), self.most)


def join_tree(axes: Axes, rounds: Sequence[Sequence[tuple[int, int]]], T: int) -> Axes:
    """Which steps a scan joins in which round.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    rounds : sequence of sequences of (int, int)
        For each round the pairs that are joined: what ends at the first is put before what ends
        at the second, and stands there afterwards.
    T : int
        Number of steps.
    """
    depth = len(rounds)
    for number, pairs in enumerate(rounds):
        for first, second in pairs:
            top, bottom = depth - number, depth - number - 1
            axes.plot([first, second], [top, bottom], "-", color=COLOURS[0], linewidth=1.6)
            axes.plot([second], [bottom], "o", color=COLOURS[1], ms=6)
    for step in range(1, T + 1):
        axes.plot([step, step], [depth, 0], "-", color=COLOURS[5], linewidth=0.6, zorder=0)
        axes.plot([step], [depth], "o", color=COLOURS[5], ms=5)
    axes.set(xlim=(0.5, T + 0.5), ylim=(-0.4, depth + 0.4), xlabel="step", ylabel="round")
    axes.set_xticks(range(1, T + 1))
    axes.set_yticks(range(depth + 1), [str(depth - height) for height in range(depth + 1)])
    axes.grid(False)
    return axes


def run_bands(
    axes: Axes, x: npt.ArrayLike, runs: Mapping[str, npt.ArrayLike], at: Sequence[float]
) -> Axes:
    """Medians of several populations with a band from the least to the largest.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    x : array, shape (K,)
    runs : dict of name -> array, shape (networks, K)
    at : sequence of float
        Height at which each name is written, at the right.
    """
    x = np.asarray(x, float)
    for number, ((name, values), height) in enumerate(zip(runs.items(), at, strict=True)):
        look: Any = {"color": COLOURS[number], "linestyle": DASHES[number]}
        middle = band(axes, x, values, COLOURS[number], alpha=0.22)
        axes.plot(x, middle, linewidth=2, label=name, **look)
        label(axes, x[-1], height, name, COLOURS[number], ha="right", va="center")
    return axes


def memory_price(
    axes: Axes,
    slots: npt.ArrayLike,
    price: npt.ArrayLike,
    marked: Mapping[str, tuple[float, float]],
) -> Axes:
    """Forward steps that must be run, over the number of states that may be held.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Both scales become logarithmic.
    slots, price : arrays, shape (K,)
        The price is in lengths of the sequence.
    marked : dict of name -> (slots, price)
        Schedules that have a name.
    """
    axes.set(xscale="log", yscale="log", xlabel="states held")
    axes.minorticks_off()
    axes.plot(slots, price, "-", color=COLOURS[0], linewidth=2.2, label="best schedule")
    for number, (name, (held, paid)) in enumerate(marked.items(), start=1):
        axes.plot([held], [paid], "o", color=COLOURS[number], ms=8, label=name)
        label(axes, 1.15 * held, 1.06 * paid, name, COLOURS[number], va="bottom")
    return axes
