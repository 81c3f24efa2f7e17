"""Nodes, arrows and the empty canvas of the drawings of networks."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch

Point = tuple[float, float]

WIDE = 1.75
"""Distance of two steps in a drawing with numbers between them."""


def node(
    axes: Axes,
    at: Point,
    name: str,
    *,
    radius: float = 0.3,
    size: float = 13,
    dashed: bool = False,
) -> None:
    """Draw a circle with a name in it."""
    look = "--" if dashed else "-"
    axes.add_patch(Circle(at, radius, fill=False, edgecolor="black", linestyle=look))
    axes.text(*at, name, ha="center", va="center", size=size)


def matrix(axes: Axes, at: Point, name: str = "$W_{hh}$", alpha: float = 1) -> None:
    """Draw a matrix as a box with its name."""
    box = {"boxstyle": "round,pad=0.3", "facecolor": "none", "edgecolor": "black", "alpha": alpha}
    axes.text(*at, name, ha="center", va="center", size=12, bbox=box, alpha=alpha)


def arrow(
    axes: Axes,
    start: Point,
    end: Point,
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


def canvas(axes: Axes, across: Point, up: Point) -> Axes:
    """Leave nothing but what was drawn: no frame, no ticks, and circles are round."""
    axes.set(xlim=across, ylim=up, aspect="equal")
    axes.set_axis_off()
    return axes
