"""Pictures of training: a digit as a sequence, bands over seeds, a run from the inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from bptt_lab.book.plots.lstm import LagPanel
from bptt_lab.book.plots.panel import (
    band,
    label,
    name_rows,
    plain_ticks,
    shade_cells,
    type_size,
)
from bptt_lab.book.plots.style import COLOURS, DASHES


def digit_pixels(axes: Axes, ink: npt.ArrayLike) -> Axes:
    """Draw an image as squares, the larger the darker the pixel.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    ink : array, shape (rows, columns)
        From 0 to 1.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> len(digit_pixels(axes, [[0, 1], [0.5, 0]]).lines)
    2
    """
    ink = np.asarray(ink, dtype=float)
    rows, columns = ink.shape
    for (row, column), dark in np.ndenumerate(ink):
        if dark > 0:
            axes.plot(column, row, "s", color="black", markersize=20 * np.sqrt(dark))
    axes.set(xlim=(-0.7, columns - 0.3), ylim=(rows - 0.3, -0.7), aspect="equal")
    axes.set(xticks=range(columns), yticks=range(rows))
    axes.set(xticklabels=range(1, columns + 1), yticklabels=range(1, rows + 1))
    return axes


def pixel_sequence(axes: Axes, ink: npt.ArrayLike) -> Axes:
    """Draw the same image as the network gets it: one pixel after another.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    ink : array, shape (rows, columns)
        From 0 to 1.
    """
    ink = np.asarray(ink, dtype=float)
    rows, columns = ink.shape
    steps = np.arange(1, ink.size + 1)
    axes.plot(steps, ink.ravel(), "-o", color=COLOURS[0], markersize=3, linewidth=1.2)
    axes.set(xlim=(0, ink.size + 1), ylim=(-0.05, 1.05), xlabel="step t", ylabel="ink")
    axes.set_xticks([1, *range(2 * columns, ink.size + 1, 2 * columns)])
    axes.grid(False, axis="x")
    for row in range(1, rows):
        axes.axvline(row * columns + 0.5, color=COLOURS[5], linewidth=0.7, linestyle=":")
    return axes


def seed_bands(
    axes: Axes, x: npt.ArrayLike, runs: Mapping[str, npt.ArrayLike], names_at: float | None = None
) -> Axes:
    """Median over the seeds as a line, and from the smallest to the largest as a band.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its horizontal limits are replaced.
    x : array, shape (K,)
    runs : dict of name -> array, shape (seeds, K)
        At most six; NaN where there is nothing to draw.
    names_at : float, optional
        Where the names stand; beside the last points when None.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> drawn = seed_bands(axes, [0, 1], {"a": [[1, 2], [1, 4], [1, 3]]})
    >>> [float(y) for y in drawn.lines[0].get_ydata()]
    [1.0, 3.0]
    """
    x = np.asarray(x, dtype=float)
    for number, (name, values) in enumerate(runs.items()):
        colour = COLOURS[number]
        middle = band(axes, x, values, colour)
        axes.plot(x, middle, color=colour, linestyle=DASHES[number], linewidth=2, label=name)
        last = np.flatnonzero(np.isfinite(middle))[-1]
        at = x[last] if names_at is None else names_at
        shift = 0.02 * np.ptp(x) if names_at is None else 0.0
        label(axes, at + shift, middle[last], name, colour, va="center")
    return axes


def shade(axes: Axes, spans: Mapping[str, tuple[float, float]]) -> Axes:
    """Shade stretches of the horizontal axis, each with its name at the top.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    spans : dict of name -> (from, to)
    """
    look: Any = {"transform": axes.get_xaxis_transform(), "size": 0.95 * type_size(axes)}
    for name, (start, end) in spans.items():
        axes.axvspan(start, end, color=COLOURS[5], alpha=0.2, linewidth=0)
        axes.text((start + end) / 2, 0.98, name, ha="center", va="top", **look)
    return axes


class RunPanel(LagPanel):
    """Curves against the update, whose names change, and a line at one update.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    count : int
        How many curves there are at most, not more than six.
    updates : array
        Where the curves have their points, in increasing order.
    limits : (float, float)
        Least and largest value in sight.
    log : bool
        Logarithmic scale for the values.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> panel = RunPanel(axes, 2, updates=[0, 10], limits=(0, 2))
    >>> panel.show_run({"loss": [1.4, 0.1], "wrong": [0.75, 0.0]}, at=10)
    >>> [label.get_text() for label in panel.labels]
    ['loss', 'wrong']
    """

    def __init__(
        self,
        axes: Axes,
        count: int,
        updates: npt.ArrayLike,
        limits: tuple[float, float],
        log: bool = False,
    ) -> None:
        super().__init__(axes, [""] * count, updates, limits, log=log, mark=True)
        axes.set_xlabel("update")

    def show_run(self, curves: Mapping[str, npt.ArrayLike], at: float) -> None:
        """Show another run, or mark another update of it.

        Parameters
        ----------
        curves : dict of name -> array, shape (len(updates),)
            As many as the panel has.
        at : float
            The update to mark.
        """
        self.names = list(curves)
        values: Sequence[npt.ArrayLike] = list(curves.values())
        self.show(values, [""] * len(values), at)


def solved_map(
    axes: Axes, shares: npt.ArrayLike, names: Sequence[str], lengths: Sequence[int]
) -> Axes:
    """Draw the share of trainings that solve a task: a row a network, a column a length.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    shares : array, shape (N, K)
        From 0 to 1, or NaN where there is none.
    names : sequence of N str
    lengths : sequence of K int

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> drawn = solved_map(axes, [[1.0, 0.25]], ["GRU"], [20, 40])
    >>> [text.get_text() for text in drawn.texts]
    ['all', '25 %']
    """
    shares = np.asarray(shares, dtype=float)
    rows, columns = (np.arange(count + 1) - 0.5 for count in shares.shape)
    shade_cells(axes, columns, rows, 0.75 * np.nan_to_num(shares))
    for (row, column), share in np.ndenumerate(shares):
        if np.isfinite(share):
            label(axes, column, row, _share(share), ha="center", va="center")
    axes.set(xticks=range(len(lengths)), xticklabels=lengths, xlabel="steps")
    axes.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5))
    axes.tick_params(length=0)
    return axes


def _share(share: float) -> str:
    return {0.0: "none", 1.0: "all"}.get(share, f"{share:.0%}".replace("%", " %"))


def solving_times(axes: Axes, groups: Mapping[str, Sequence[int | None]], budget: int) -> Axes:
    """Draw after how many updates each training solved its task; the others stand beyond a line.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    groups : dict of name -> updates
        A row each, from top to bottom; None where a training did not solve it.
    budget : int
        How many updates there were.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> drawn = solving_times(axes, {"GRU": [200, 300, None]}, budget=3000)
    >>> [text.get_text() for text in drawn.texts]
    ['not in 3000', '1 of 3']
    """
    beyond, size = 1.2 * budget, 0.95 * type_size(axes)
    axes.text(beyond, -0.95, f"not in {budget}", size=size)
    for row, steps in enumerate(groups.values()):
        solved = sorted(step for step in steps if step is not None)
        lost = len(steps) - len(solved)
        rank = np.array([solved[:i].count(step) for i, step in enumerate(solved)])  # equal ones
        height = row + 0.3 - 1.2 * rank / len(steps)
        axes.plot(solved, height, "o", color=COLOURS[0], markersize=4, alpha=0.7)
        if lost:
            axes.text(beyond, row, f"{lost} of {len(steps)}", va="center", size=size)
    axes.set(xscale="log", xlim=(85, 4 * budget), xlabel="updates until it is solved")
    plain_ticks(axes.xaxis, [100, 300, 1000, budget])
    name_rows(axes, list(groups), above=1.4)
    return axes


def reach_film(axes: Axes, updates: npt.ArrayLike, reach: npt.ArrayLike, low: float = 1e-4) -> Axes:
    """Draw a training as one picture: how much gradient reaches which step, update by update.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    updates : array, shape (K,)
        Evenly spaced.
    reach : array, shape (K, T)
        The reach at each step; 1 or more is darkest, ``low`` or less is blank.
    low : float

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> drawn = reach_film(axes, [0, 20], [[1e-4, 1], [0.1, 1]])
    >>> [float(y) for y in drawn.get_ylim()]
    [2.5, 0.5]
    """
    updates, reach = np.asarray(updates, dtype=float), np.asarray(reach, dtype=float)
    half, T = (updates[1] - updates[0]) / 2, reach.shape[1]
    dark = 1 - np.log10(np.clip(reach, low, 1)) / np.log10(low)
    across = np.append(updates - half, updates[-1] + half)
    shade_cells(axes, across, np.arange(T + 1) + 0.5, dark.T)
    axes.set(xlim=(across[0], across[-1]), ylim=(T + 0.5, 0.5), xlabel="update", ylabel="step k")
    return axes


def letters_and_windows(
    axes: Axes, T: int, letters: Mapping[str, tuple[int, int]], windows: Sequence[int]
) -> Axes:
    """Draw where the letters stand in a sequence, and which steps each window touches.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    T : int
    letters : dict of name -> (first step, last step)
    windows : sequence of int

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> drawn = letters_and_windows(axes, 20, {"1st letter": (3, 4)}, [5])
    >>> drawn.lines[0].get_xdata().tolist()
    [15.5, 20.5]
    """
    shade(axes, {name: (first - 0.5, last + 0.5) for name, (first, last) in letters.items()})
    for row, window in enumerate(windows):
        axes.plot([T - window + 0.5, T + 0.5], [row, row], "-", color=COLOURS[0], linewidth=7)
    axes.set(xlim=(0.5, T + 0.5), xlabel="step t", xticks=range(1, T + 1))
    name_rows(axes, [f"window {window}" for window in windows], above=1.6)
    axes.grid(visible=False)
    return axes
