"""The book's style: panels, colours, and how a number is written beside a curve."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = ("#0a7fb5", "#c4530f", "#1a8a5c", "#a956b0", "#8a7410", "#757575")
"""Line colours with a contrast of at least 3:1 on white and on #121212."""

DASHES = ("-", "--", "-.", ":", (0, (6, 1.5, 1, 1.5, 1, 1.5)), (0, (8, 3)))
"""Line styles that go with the colours."""

STYLE: dict[str, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "axes.linewidth": 0.8,
    "axes.edgecolor": "#7a7a7a",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=COLOURS) + cycler(linestyle=DASHES),
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
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
    grow = max(1.0, size[0] / (4.5 if n == 1 else 4))  # two stand side by side on a wide page
    style: Any = {k: v * grow if k.endswith("size") else v for k, v in STYLE.items()}
    with mpl.rc_context(style):
        figure = Figure(figsize=(n * size[0], size[1]), layout="constrained", dpi=72)
        parts = figure.subfigures(1, n, squeeze=False)[0]
        axes: tuple[Axes, ...] = tuple(part.subplots() for part in parts)
        for ax in axes:
            ax.set(**properties)
    return figure, axes[0] if n == 1 else axes


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
