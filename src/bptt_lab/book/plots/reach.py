"""Pictures of how far a gradient reaches in gated cells, and on which roads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.text import Text

from bptt_lab.book.plots.lstm import gru_cell, lstm_cell
from bptt_lab.book.plots.panel import (
    REFERENCE,
    Panel,
    label,
    leave_room,
    outline,
    shade_growth,
    type_size,
)
from bptt_lab.book.plots.style import COLOURS, DASHES


class BandPanel(Panel):
    """Medians of several populations against the lag, each with a band and a name at the right.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its scales are replaced; the values are on a logarithmic one.
    names : sequence of str
        One for each population, at most six.
    lags : array, shape (K,)
        In increasing order.
    limits : (float, float)
        Least and largest value in sight.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> panel = BandPanel(axes, ["LSTM"], lags=[0, 1], limits=(1e-6, 10))
    >>> panel.show([[[1, 0.25], [1, 0.5], [1, 0.5]]], ["halves in 1"])
    >>> panel.notes[0].get_text(), [float(y) for y in panel.lines[0].get_ydata()]
    ('halves in 1', [1.0, 0.5])
    """

    def __init__(
        self,
        axes: Axes,
        names: Sequence[str],
        lags: npt.ArrayLike,
        limits: tuple[float, float],
    ) -> None:
        super().__init__()
        self.lags = np.asarray(lags, dtype=float)
        last = float(self.lags[-1])
        axes.set(yscale="log", ylim=limits)
        leave_room(axes, 0, last, 1.5 * last)
        axes.set_xticks(np.linspace(0, last, 6))
        axes.grid(False, axis="x")
        self.bands: list[Polygon] = []
        self.lines: list[Line2D] = []
        self.notes: list[Text] = []
        for number, name in enumerate(names):
            self._add(axes, number, name, last, 0.95 - 0.22 * number)
        self.moving = [*self.bands, *self.lines, *self.notes]

    def _add(self, axes: Axes, number: int, name: str, last: float, y: float) -> None:
        look: Any = {"color": COLOURS[number], "linestyle": DASHES[number]}
        self.bands.append(self._area(axes, COLOURS[number], alpha=0.2))
        self.lines.append(self._line(axes, linewidth=2, **look))
        across = axes.get_xaxis_transform()
        axes.plot([1.04 * last, 1.13 * last], [y, y], transform=across, linewidth=2, **look)
        words: Any = {"colour": COLOURS[number], "transform": across, "va": "center"}
        label(axes, 1.15 * last, y, name, **words)
        self.notes.append(label(axes, 1.04 * last, y - 0.09, "", **words))

    def show(self, populations: Sequence[npt.ArrayLike], notes: Sequence[str]) -> None:
        """Show other populations.

        Parameters
        ----------
        populations : sequence of arrays, shape (networks, K)
            Positive values, one array for each name. The band is from the least to the largest.
        notes : sequence of str
            What is written under each name.
        """
        for band, line, note, values, words in zip(
            self.bands, self.lines, self.notes, populations, notes, strict=True
        ):
            values = np.asarray(values, dtype=float)
            band.set_xy(outline(self.lags, values.min(axis=0), values.max(axis=0)))
            line.set_data(self.lags, np.median(values, axis=0))
            note.set_text(words)


class RoadPanel(Panel):
    """A road of two lanes, each as wide as the part of a gradient that has travelled on it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    steps : int
        How many steps back from the loss the road is drawn.
    signs : sequence of int
        At how many steps back a share is written.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> panel = RoadPanel(axes, steps=2, signs=[2])
    >>> panel.show([1, 0.5, 0.25])
    >>> panel.signs[2].get_text()
    '25 %'
    """

    TOP, BOTTOM, WIDTH = 2.0, 0.0, 1.2

    def __init__(self, axes: Axes, steps: int, signs: Sequence[int]) -> None:
        super().__init__()
        self.x, size = np.arange(steps + 1.0), type_size(axes)
        axes.set(xlim=(1.08 * steps, -0.16 * steps), ylim=(-0.85, 3.4), yticks=[])
        axes.set(xlabel="steps before the loss")
        axes.set_xticks(np.linspace(0, steps, 6).astype(int) if steps >= 5 else self.x)
        axes.spines["left"].set_visible(False)
        axes.spines["bottom"].set_bounds(0, steps)
        axes.grid(False)
        for y, name in ((self.TOP, "$C$"), (self.BOTTOM, "$h$")):
            for edge in (y - self.WIDTH / 2, y + self.WIDTH / 2):
                axes.plot([0, steps], [edge, edge], color=COLOURS[5], linestyle=":", linewidth=1)
            axes.text(-0.03 * steps, y, name, va="center", ha="left", size=1.2 * size)
        self.lanes = [self._area(axes, COLOURS[number], alpha=0.75) for number in (0, 1)]
        self.ramps = {float(at): self._ramp(axes, at) for at in self.x[2:-1:4]}
        self.signs = {k: self._sign(axes, k, size) for k in signs}
        at_centre: Any = {"size": 2.5 * size, "ha": "center", "va": "center"}
        self.question = self._text(axes, steps / 2, self.TOP, **at_centre)
        self.question.set_text("?")

    def _ramp(self, axes: Axes, at: float) -> Line2D:
        """Return a slip road between the lanes."""
        low, high = self.BOTTOM + self.WIDTH / 2, self.TOP - self.WIDTH / 2
        line = self._line(axes, "-", color=COLOURS[1])
        line.set_data([at, at + 1], [low, high])
        return line

    def _sign(self, axes: Axes, k: int, size: float) -> Text:
        y = self.TOP + self.WIDTH / 2 + 0.12
        return self._text(axes, k, y, size=size, color=COLOURS[0], ha="center", va="bottom")

    def show(self, shares: npt.ArrayLike | None) -> None:
        """Show how much of another gradient has stayed on the upper lane.

        Parameters
        ----------
        shares : array, shape (steps + 1,), or None
            Part of the gradient that has never left the upper lane, from 0 to 1, for each number
            of steps back; None hides it.
        """
        hidden = shares is None
        upper = np.zeros_like(self.x) if shares is None else np.asarray(shares, dtype=float)
        upper = np.clip(upper, 0, 1)
        for lane, y, width in zip(
            self.lanes, (self.TOP, self.BOTTOM), (upper, 1 - upper), strict=True
        ):
            half = self.WIDTH * width / 2
            lane.set_xy(outline(self.x, y - half, y + half))
            lane.set_visible(not hidden)
        for at, ramp in self.ramps.items():
            ramp.set(linewidth=0.3 + 4 * (1 - upper[int(at)]), visible=not hidden)
        for k, sign in self.signs.items():
            sign.set_text(f"{100 * upper[k]:.0f} %" if upper[k] >= 0.005 else "< 1 %")
            sign.set_visible(not hidden)
        self.question.set_visible(hidden)


class RateRows(Panel):
    """Rates of several populations as dots on rows, on both sides of zero.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    names : sequence of str
        One for each row, from top to bottom.
    limits : (float, float)
        Least and largest rate in sight.
    groups : sequence of int
        Number of the colour of each row.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> panel = RateRows(axes, ["RNN", "GRU"], (-1, 1), [0, 1])
    >>> panel.show([[-0.5, -0.25, -0.4], [0.1, 0.2, 0.3]])
    >>> [float(line.get_xdata()[0]) for line in panel.medians]
    [-0.4, 0.2]
    """

    def __init__(
        self,
        axes: Axes,
        names: Sequence[str],
        limits: tuple[float, float],
        groups: Sequence[int],
    ) -> None:
        super().__init__()
        rows = range(len(names))
        axes.set(xlim=limits, ylim=(len(names) - 0.4, -1.2), xlabel="nats per step")
        axes.set_yticks(list(rows), list(names))
        axes.locator_params(axis="x", nbins=5)
        shade_growth(axes.axvspan, *limits)
        axes.axvline(0, **REFERENCE)
        label(axes, 0.98 * limits[0], -0.75, "vanishes", va="center")
        label(axes, 0.98 * limits[1], -0.75, "explodes", va="center", ha="right")
        self.dots: list[Line2D] = []
        self.medians: list[Line2D] = []
        for group in groups:
            look: Any = {"color": COLOURS[group], "linestyle": "none"}
            self.dots.append(self._line(axes, marker="o", markersize=4, alpha=0.5, **look))
            self.medians.append(self._line(axes, marker="|", markersize=15, mew=2.5, **look))
        self.moving = [*self.dots, *self.medians]

    def show(self, rates: Sequence[npt.ArrayLike]) -> None:
        """Show the rates of other networks.

        Parameters
        ----------
        rates : sequence of arrays, shape (networks,)
            One array for each row.
        """
        for row, values in enumerate(rates):
            values = np.asarray(values, dtype=float)
            self.dots[row].set_data(values, np.full(len(values), float(row)))
            self.medians[row].set_data([np.median(values)], [row])


class WiringPanel(Panel):
    """One step of a gated cell, of which there are four to choose from.

    Parameters
    ----------
    axes : matplotlib.axes.Axes

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> panel = WiringPanel(axes)
    >>> panel.show("GRU")
    >>> sorted({t.get_text() for t in axes.texts if t.get_visible()} & {"$z_t$", "$f_t$"})
    ['$z_t$']
    """

    def __init__(self, axes: Axes) -> None:
        super().__init__()
        self.cells: dict[str, list[Artist]] = {}
        drawn: dict[str, Callable[[], Axes]] = {
            "LSTM": lambda: lstm_cell(axes),
            "LSTM of 1997": lambda: lstm_cell(axes, forget=False),
            "with peepholes": lambda: lstm_cell(axes, peepholes=True),
            "GRU": lambda: gru_cell(axes),
        }
        for name, draw in drawn.items():
            before = set(axes.get_children())
            draw()
            self.cells[name] = [a for a in axes.get_children() if a not in before]
            self.moving += self.cells[name]

    def show(self, name: str) -> None:
        """Show another cell.

        Parameters
        ----------
        name : str
            A key of `cells`.
        """
        for cell, artists in self.cells.items():
            for artist in artists:
                artist.set_visible(cell == name)
