"""What the figures have in common: panels that move, bands, maps, lines and names of reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Polygon
from matplotlib.text import Text

from bptt_lab.book.plots.style import COLOURS

Array = npt.NDArray[np.float64]
AnyPatch = TypeVar("AnyPatch", bound=Patch)

GROWS, SHRINKS = COLOURS[1], COLOURS[0]
"""Colours of the rates above zero, where gradients explode, and below, where they vanish."""

REFERENCE: dict[str, Any] = {"color": COLOURS[5], "linestyle": "-", "linewidth": 1.2}
"""Look of the lines that curves are compared with, at a rate of zero for example."""


class Panel:
    """A picture with artists that move: ``show`` moves them, and an explorer is told which.

    Attributes
    ----------
    moving : list of matplotlib.artist.Artist
        For the ``moving`` of an explorer, which lists their numbers in this order.
    """

    def __init__(self) -> None:
        self.moving: list[Artist] = []

    def _line(self, axes: Axes, *look: str, **options: Any) -> Line2D:
        """Add a line that moves, without points at first."""
        (line,) = axes.plot([], [], *look, **options)
        self.moving.append(line)
        return line

    def _patch(self, axes: Axes, patch: AnyPatch) -> AnyPatch:
        """Add a patch that moves."""
        axes.add_patch(patch)
        self.moving.append(patch)
        return patch

    def _area(self, axes: Axes, colour: str, alpha: float) -> Polygon:
        """Add an area that moves; `outline` gives its corners."""
        corner = np.ones((2, 2))
        return self._patch(axes, Polygon(corner, facecolor=colour, alpha=alpha, linewidth=0))

    def _text(self, axes: Axes, x: float, y: float, **options: Any) -> Text:
        """Add a text that moves, empty at first."""
        text = axes.text(x, y, "", **options)
        self.moving.append(text)
        return text


# -- names beside what they name ----------------------------------------------------------------


def type_size(axes: Axes) -> float:
    """Return the size of the labels, which is larger in a wide panel."""
    return float(axes.xaxis.label.get_fontsize())


def label(
    axes: Axes, x: float, y: float, words: str, colour: str = "black", **options: Any
) -> Text:
    """Write words in the size of the labels and in the colour of what they name."""
    return axes.text(x, y, words, **{"color": colour, "size": type_size(axes), **options})


def keep_apart(heights: npt.ArrayLike, gap: float, low: float, high: float) -> list[float]:
    """Return heights of labels, as near to those wanted as lets them stand apart.

    Examples
    --------
    >>> keep_apart([0.5, 0.5, 9.0], gap=0.2, low=0.0, high=1.0)
    [0.5, 0.3, 1.0]
    """
    wanted = np.asarray(heights, dtype=float)
    placed, ceiling = [0.0] * len(wanted), high
    order = np.argsort(-wanted, kind="stable")
    for below, i in zip(reversed(range(len(wanted))), order, strict=True):
        placed[i] = float(min(max(wanted[i], low + gap * below), ceiling))
        ceiling = placed[i] - gap
    return placed


# -- axes ---------------------------------------------------------------------------------------


def leave_room(axes: Axes, first: float, last: float, end: float) -> None:
    """Let the axis end at `last`, and the panel at `end`, with room for names between them."""
    axes.set_xlim(first, end)
    axes.spines["bottom"].set_bounds(first, last)


def plain_ticks(axis: Axis, values: Sequence[float]) -> None:
    """Mark a few values on a logarithmic axis, written without powers of ten."""
    axis.axes.minorticks_off()
    axis.set_ticks(values, [f"{value:g}" for value in values])


def name_rows(axes: Axes, names: Sequence[str], above: float) -> None:
    """Give each row a name, from top to bottom, with some room above the first."""
    axes.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.4, -above))
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")


def shade_growth(span: Callable[..., Any], low: float, high: float) -> None:
    """Shade where gradients explode and where they vanish, with ``axes.axhspan`` or ``axvspan``."""
    span(0, high, color=GROWS, alpha=0.1, linewidth=0)
    span(low, 0, color=SHRINKS, alpha=0.1, linewidth=0)


# -- bands and maps -----------------------------------------------------------------------------


def outline(x: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> Array:
    """Return the corners of the area between two curves.

    Examples
    --------
    >>> outline([1, 2], [0, 0], [3, 4]).tolist()
    [[1, 3], [2, 4], [2, 0], [1, 0]]
    """
    x, low, high = np.asarray(x), np.asarray(low), np.asarray(high)
    return np.column_stack([np.concatenate([x, x[::-1]]), np.concatenate([high, low[::-1]])])


def band(
    axes: Axes, x: npt.ArrayLike, values: npt.ArrayLike, colour: str, alpha: float = 0.25
) -> Array:
    """Shade from the least to the largest of several curves, and return their median.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    x : array, shape (K,)
    values : array, shape (curves, K)
    colour : str
    alpha : float

    Returns
    -------
    array, shape (K,)
    """
    values = np.asarray(values, dtype=float)
    low, high = values.min(axis=0), values.max(axis=0)
    axes.fill_between(np.asarray(x), low, high, color=colour, alpha=alpha, linewidth=0)
    return np.asarray(np.median(values, axis=0))


def shade_cells(
    axes: Axes,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    depth: npt.ArrayLike,
    colour: Any = COLOURS[0],
) -> None:
    """Draw a map of rectangles, the deeper the colour the larger the number.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its grid is removed.
    x, y : arrays, shapes (columns + 1,) and (rows + 1,)
        Edges of the rectangles.
    depth : array, shape (rows, columns)
        From 0 to 1.
    colour : str, or array of shape (rows, columns, 3)
    """
    depth = np.asarray(depth)
    shade = np.empty((*depth.shape, 4))
    shade[..., :3] = to_rgb(colour) if isinstance(colour, str) else colour
    shade[..., 3] = depth
    axes.pcolormesh(x, y, shade, edgecolors="none")
    axes.grid(visible=False)
