"""Pictures of gated cells: their wiring, the paths of a gradient, and curves against the lag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from bptt_lab.book.plots.panel import REFERENCE, Panel, keep_apart, leave_room, type_size
from bptt_lab.book.plots.sketch import Point, canvas, node
from bptt_lab.book.plots.style import COLOURS, DASHES

BLOCKS = {"F": 0, "A": 1, "B": 2, "P": 3}
"""Which colour and line style belongs to which block of the Jacobian."""


def _sign(axes: Axes, at: Point, name: str) -> None:
    node(axes, at, name, radius=0.26, size=11)


def _gate(axes: Axes, at: Point, name: str) -> None:
    corner = (at[0] - 0.45, at[1] - 0.34)
    box = FancyBboxPatch(corner, 0.9, 0.68, "round,pad=0.05", facecolor="none", edgecolor="black")
    axes.add_patch(box)
    axes.text(*at, name, ha="center", va="center", size=12)


def _wire(axes: Axes, points: Sequence[Point], colour: str, dashes: Any, width: float) -> None:
    """Line through the points, with an arrow at its end."""
    axes.plot(*zip(*points, strict=True), color=colour, linestyle=dashes, linewidth=width)
    head = "-|>,head_length=0.55,head_width=0.28"
    look = {"arrowstyle": head, "color": colour, "linewidth": 0, "shrinkA": 0, "shrinkB": 0}
    (x, y), end = points[-2], points[-1]
    far = np.hypot(end[0] - x, end[1] - y)
    start = (end[0] - 0.3 * (end[0] - x) / far, end[1] - 0.3 * (end[1] - y) / far)
    axes.annotate("", end, start, arrowprops=look)


def _path(axes: Axes, block: str, *points: Point) -> None:
    """Wire on which the gradient of a block travels, in its colour and line style."""
    number = BLOCKS[block]
    _wire(axes, points, COLOURS[number], DASHES[number], 2.6 if block == "F" else 1.7)


def _plain(axes: Axes, *points: Point) -> None:
    """Wire that carries a value but none of the paths that are told apart."""
    _wire(axes, points, COLOURS[5], "-", 1.1)


def _word(axes: Axes, at: Point, words: str, number: int = 5, **look: Any) -> None:
    look = {"ha": "center", "va": "center", "size": 11, **look}
    axes.text(*at, words, color=COLOURS[number], **look)


def _input(axes: Axes, x: float) -> None:
    """Write that gates and candidate also read the input."""
    _word(axes, (x, -0.15), "all boxes also read $x_t$", size=10)


def lstm_cell(axes: Axes, forget: bool = True, peepholes: bool = False) -> Axes:
    """Draw one step of an LSTM; the wires of the four blocks of its Jacobian differ in colour.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    forget : bool
        With a forget gate (2000), or without (1997).
    peepholes : bool
        With the gates' view of the cell state (2002).

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> words = [text.get_text() for text in lstm_cell(axes, forget=False).texts]
    >>> "$i_t$" in words, "$f_t$" in words
    (True, False)
    """
    top, middle, gates, upper, lower = 5.4, 4.0, 2.6, 1.0, 0.55
    f, i, new, plus, o = 1.9, 3.3, 4.7, 4.0, 6.1
    for at, name in (
        ((0.5, top), "$C_{t-1}$"),
        ((7.4, top), "$C_t$"),
        ((0.5, 0.8), "$h_{t-1}$"),
        ((7.4, 0.8), "$h_t$"),
    ):
        node(axes, at, name, radius=0.5, size=12)
    for x, name in ((i, "$i_t$"), (new, r"$\tilde{C}_t$"), (o, "$o_t$")):
        _gate(axes, (x, gates), name)
    for at, name in (((plus, top), "+"), ((plus, middle), "×"), ((o, middle), "×")):
        _sign(axes, at, name)
    _carousel(axes, forget, (f, top), (plus, top))
    for x in (f, i, new) if forget else (i, new):
        _path(axes, "A", (1.0, upper), (x, upper), (x, gates - 0.4))
    _path(axes, "A", (i, gates + 0.4), (i, middle), (plus - 0.26, middle))
    _path(axes, "A", (new, gates + 0.4), (new, middle), (plus + 0.26, middle))
    _path(axes, "A", (plus, middle + 0.26), (plus, top - 0.26))
    _path(axes, "B", (1.0, lower), (o, lower), (o, gates - 0.4))
    _path(axes, "B", (o, gates + 0.4), (o, middle - 0.26))
    _path(axes, "P", (o, top), (o, middle + 0.26))
    _plain(axes, (o + 0.26, middle), (7.4, middle), (7.4, 1.3))
    _word(axes, (o + 0.2, 4.58), "tanh", BLOCKS["P"], ha="left")
    if peepholes:
        _peepholes(axes, top, gates, (f, i), o)
    _input(axes, 4)
    return canvas(axes, (-0.1, 8), (-0.4, 6))


def _carousel(axes: Axes, forget: bool, times: Point, plus: Point) -> None:
    """Direct path from C_{t-1} to C_t, past the forget gate if there is one."""
    (x, top), start = times, (1.0, times[1])
    if forget:
        _sign(axes, times, "×")
        _gate(axes, (x, 2.6), "$f_t$")
        _path(axes, "F", start, (x - 0.26, top))
        _path(axes, "F", (x + 0.26, top), (plus[0] - 0.26, top))
        _path(axes, "A", (x, 3.0), (x, top - 0.26))
    else:
        _path(axes, "F", start, (plus[0] - 0.26, top))
    _path(axes, "F", (plus[0] + 0.26, top), (6.9, top))


def _peepholes(axes: Axes, top: float, gates: float, seen_by: Point, o: float) -> None:
    """Show two gates the old cell state, and the third the new one."""
    for x, height in zip(seen_by, (3.5, 3.8), strict=True):
        left = x - 0.28
        _path(axes, "F", (0.5, top - 0.5), (0.5, height), (left, height), (left, gates + 0.4))
    _path(axes, "P", (o - 0.45, top), (o - 0.45, gates + 0.4))
    _word(axes, (0.62, 3.15), "$p_f, p_i$", BLOCKS["F"])
    _word(axes, (o - 0.6, 4.58), "$p_o$", BLOCKS["P"], ha="right")


def gru_cell(axes: Axes) -> Axes:
    """Draw one step of a GRU that resets before the matrix, with the paths of its gradient.

    Parameters
    ----------
    axes : matplotlib.axes.Axes

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> "$z_t$" in [text.get_text() for text in gru_cell(axes).texts]
    True
    """
    top, middle, gates, bus = 5.4, 4.0, 2.6, 0.8
    z, r, new = 1.9, 3.5, 5.2
    for x, name in ((0.5, "$h_{t-1}$"), (7.4, "$h_t$")):
        node(axes, (x, top), name, radius=0.5, size=12)
    for x, name in ((z, "$z_t$"), (r, "$r_t$"), (new, r"$\tilde{h}_t$")):
        _gate(axes, (x, gates), name)
    for at, name in (((z, top), "×"), ((new, top), "+"), ((new, middle), "×"), ((new, bus), "×")):
        _sign(axes, at, name)
    _path(axes, "F", (1.0, top), (z - 0.26, top))
    _path(axes, "F", (z + 0.26, top), (new - 0.26, top))
    _path(axes, "F", (new + 0.26, top), (6.9, top))
    _path(axes, "B", (0.5, top - 0.5), (0.5, bus), (new - 0.26, bus))
    _path(axes, "B", (new, bus + 0.26), (new, gates - 0.4))
    _path(axes, "B", (new, gates + 0.4), (new, middle - 0.26))
    _path(axes, "B", (new, middle + 0.26), (new, top - 0.26))
    _path(axes, "A", (z, bus), (z, gates - 0.4))
    _path(axes, "A", (z, gates + 0.4), (z, top - 0.26))
    _path(axes, "A", (z, middle), (new - 0.26, middle))
    _path(axes, "P", (r, bus), (r, gates - 0.4))
    _path(axes, "P", (r + 0.5, gates), (r + 0.85, gates), (r + 0.85, 1.4), (new - 0.2, bus + 0.2))
    _word(axes, (3.4, 5.72), r"$z_t$", BLOCKS["F"])
    _word(axes, (3.5, 4.28), r"$1 - z_t$", BLOCKS["A"])
    _word(axes, (new + 0.25, 1.6), "$W_{hn}$", BLOCKS["B"], ha="left")
    _input(axes, 4)
    return canvas(axes, (-0.1, 8), (-0.4, 6))


def four_terms(axes: Axes) -> Axes:
    """Draw the four ways from C_{t-1} to C_t: straight on, and down to h and up by three ramps.

    Equations: eq-four-terms

    Parameters
    ----------
    axes : matplotlib.axes.Axes

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> {"1", "2", "3", "4"} <= {text.get_text() for text in four_terms(axes).texts}
    True
    """
    left, gates, right, top = 0.0, 3.0, 6.0, 2.4
    for at, name in (((left, top), "$C_{t-1}$"), ((right, top), "$C_t$"), ((left, 0), "$h_{t-1}$")):
        node(axes, at, name, radius=0.5)
    _path(axes, "F", (left + 0.5, top), (right - 0.5, top))
    _path(axes, "P", (left, top - 0.5), (left, 0.5))
    for y, end, name in ((1.0, 0.2, "$f_t$"), (0.0, 0.0, "$i_t$"), (-1.0, -0.2, r"$\tilde{C}_t$")):
        _path(axes, "A", (left + 0.48, end / 2), (gates - 0.9, y), (gates - 0.55, y))
        _gate(axes, (gates, y), name)
        _path(axes, "A", (gates + 0.5, y), (right - 0.7, y), (right + end, top - 0.48))
    for at, name, block in (
        ((gates, top + 0.3), "1", "F"),
        ((right - 1.5, 1.28), "2", "A"),
        ((right - 1.5, 0.28), "3", "A"),
        ((right - 1.5, -0.72), "4", "A"),
    ):
        _word(axes, at, name, BLOCKS[block], size=13, weight="bold")
    _word(axes, (gates, top - 0.3), "times $f_t$", BLOCKS["F"], size=12)
    _word(axes, (left + 0.15, 1.2), "$o_{t-1}$, tanh", BLOCKS["P"], ha="left", size=12)
    return canvas(axes, (-0.7, 6.8), (-1.5, 3.1))


class PathPanel(Panel):
    """Three steps of the pair (h, C), and one path from C_{t-2} to C_t marked.

    Parameters
    ----------
    axes : matplotlib.axes.Axes

    Attributes
    ----------
    arrows : dict of str -> list of matplotlib.artist.Artist
        What an arrow of a block is made of.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> panel = PathPanel(axes)
    >>> panel.show("ABP", missing=True)
    >>> [float(x) for x in panel.mark.get_xdata()]
    [0.0, 0.0, 2.4, 4.8]
    """

    STEP, HEIGHT = 2.4, 2.2

    def __init__(self, axes: Axes) -> None:
        super().__init__()
        self.mark = self._line(axes, "-", color=COLOURS[0], linewidth=9, alpha=0.4)
        self.mark.set(solid_capstyle="round", solid_joinstyle="round")
        self.name = self._text(axes, 2.4, 3.2, ha="center", va="center", size=13)
        for s, when in enumerate(("t-2", "t-1", "t")):
            name = when if len(when) == 1 else f"{{{when}}}"
            node(axes, (s * self.STEP, self.HEIGHT), f"$C_{name}$", radius=0.42)
            node(axes, (s * self.STEP, 0), f"$h_{name}$", radius=0.42)
        self.arrows = {block: self._arrows(axes, block) for block in BLOCKS}
        canvas(axes, (-0.6, 5.4), (-0.7, 3.6))
        self.moving += [artist for arrows in self.arrows.values() for artist in arrows]

    def _arrows(self, axes: Axes, block: str) -> list[Artist]:
        """Draw every arrow of a block and return the artists."""
        before = set(axes.get_children())
        for s in range(3 if block == "P" else 2):
            self._arrow(axes, block, s * self.STEP)
        return [artist for artist in axes.get_children() if artist not in before]

    def _arrow(self, axes: Axes, block: str, x: float) -> None:
        """Draw one arrow that begins at x: F above, A between, B through the output gate below."""
        top, middle, end = self.HEIGHT, x + self.STEP / 2, x + self.STEP
        if block == "P":
            _path(axes, "P", (x, top - 0.42), (x, 0.42))
        elif block == "F":
            _path(axes, "F", (x + 0.42, top), (end - 0.42, top))
        elif block == "A":
            _path(axes, "A", (x + 0.3, 0.3), (end - 0.3, top - 0.3))
        else:
            _path(axes, "B", (x + 0.42, 0), (middle - 0.34, 0))
            _path(axes, "B", (middle + 0.34, 0), (end - 0.42, 0))
            node(axes, (middle, 0), "$o$", size=12)
        places = {
            "P": (x + 0.3, 1.3),
            "F": (middle, top + 0.24),
            "A": (middle - 0.3, 1.22),
            "B": (middle, -0.5),
        }
        _word(axes, places[block], f"${block}$", BLOCKS[block], size=13)

    def draw(self, blocks: str) -> None:
        """Show the arrows of these blocks and no others.

        Parameters
        ----------
        blocks : str
            Letters of blocks: "", "FAP", "FAPB" and so on.
        """
        for block, arrows in self.arrows.items():
            for artist in arrows:
                artist.set_visible(block in blocks)

    def show(self, word: str, missing: bool) -> None:
        """Mark another path.

        Parameters
        ----------
        word : str
            Blocks in the order of the product, newest first: "FF", "ABP" and so on; "" for none.
        missing : bool
            Whether the article's product lacks it.
        """
        s, high, points = 0, True, [(0.0, self.HEIGHT)]
        for block in reversed(word):
            s, high = s + (block != "P"), block in "FA"
            points.append((s * self.STEP, self.HEIGHT if high else 0.0))
        self.mark.set_data(*zip(*points, strict=True))
        self.mark.set(color=COLOURS[1 if missing else 0], visible=bool(word))
        self.name.set_text("not in the product" if missing else "in the product")
        self.name.set_visible(bool(word))


class LagPanel(Panel):
    r"""Named curves against the lag, each with a note at its end.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    names : sequence of str
        One for each curve.
    lags : array
        Where the curves have their points, in increasing order.
    limits : (float, float)
        Least and largest value in sight.
    log : bool
        Logarithmic scale for the values.
    mark : bool
        Draw a vertical line at one lag, which ``show`` moves.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> panel = LagPanel(axes, ["true"], lags=[0, 1, 2], limits=(1e-3, 10))
    >>> panel.show([[1, 0.5, 0.25]], ["halved"])
    >>> panel.labels[0].get_text()
    'true\nhalved'
    """

    def __init__(
        self,
        axes: Axes,
        names: Sequence[str],
        lags: npt.ArrayLike,
        limits: tuple[float, float],
        log: bool = True,
        mark: bool = False,
    ) -> None:
        super().__init__()
        self.names, self.lags, self.log = list(names), np.asarray(lags), log
        last = float(self.lags[-1])
        axes.set(yscale="log" if log else "linear", ylim=limits)
        leave_room(axes, 0, last, 1.42 * last)
        axes.set_xticks(np.linspace(0, last, 6).astype(int))
        self.low, self.high = self._scale(np.array(limits))
        widths = (2.4, 1.8, 1.8, 1.8, 1.8, 1.8)
        self.lines = [
            self._line(axes, color=COLOURS[i], linestyle=DASHES[i], linewidth=widths[i])
            for i in range(len(self.names))
        ]
        look: Any = {"size": 0.95 * type_size(axes), "va": "center", "linespacing": 1}
        look["transform"] = axes.get_xaxis_transform()
        self.labels = [
            self._text(axes, 1.02 * last, 0, color=line.get_color(), **look) for line in self.lines
        ]
        self.marks = [self._line(axes, **REFERENCE)] if mark else []
        for line in self.marks:
            line.set_data([0, 0], limits)

    def _scale(self, values: Any) -> Any:
        return np.log10(values) if self.log else values

    def show(self, curves: Sequence[npt.ArrayLike], notes: Sequence[str], at: float = 0.0) -> None:
        """Show other curves, each with its note.

        Parameters
        ----------
        curves : sequence of arrays, shape (len(lags),)
            One for each name, positive if the scale is logarithmic.
        notes : sequence of str
            What is written under each name.
        at : float
            The lag to mark, if a line marks one.
        """
        arrays = [np.asarray(curve, dtype=float) for curve in curves]
        heights = self._heights([float(curve[-1]) for curve in arrays])
        for line, curve in zip(self.lines, arrays, strict=True):
            line.set_data(self.lags, curve)
        for label, name, note, y in zip(self.labels, self.names, notes, heights, strict=True):
            label.set_text(f"{name}\n{note}" if note else name)
            label.set_y(y)
        for line in self.marks:
            line.set_xdata([at, at])

    def _heights(self, ends: Sequence[float]) -> list[float]:
        """Heights of the labels, from 0 to 1: beside the ends of the curves, but apart."""
        places = (self._scale(np.maximum(ends, 1e-300)) - self.low) / (self.high - self.low)
        return keep_apart(places, 0.125, low=0.05, high=0.95)
