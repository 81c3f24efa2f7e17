"""The backward pass of one neuron, move by move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Text

from bptt_lab.book.plots.panel import Panel
from bptt_lab.book.plots.sketch import WIDE, Point, arrow, canvas, matrix, node
from bptt_lab.book.plots.style import COLOURS

LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
"""Digits as an index, for text that moves."""

KINDS = ("g", "delta", "weight")
"""The moves of a step, in their order."""

KIND_OF = {"e": "g", "back": "g", "g": "g", "delta": "delta", "left": "weight"}
"""The move that brings a number."""

NAME_OF = {"g": "g", "delta": "delta", "weight": "left"}
"""The number that a move computes."""

COLUMNS = {"t": 0.08, "g": 0.38, "delta": 0.66, "left": 0.96}
"""Right ends of the columns of the table."""

HEADS = ("$t$", "$g_t$", r"$\delta_t$", r"$h_{t-1}\,\delta_t$")
"""Their names."""


class BackwardPanel(Panel):
    """The backward pass of one neuron, one move at a time, with a number on every arrow.

    Move 0 is the start. Then every step has three moves, the last step first: "g" collects what
    arrives at the state, "delta" passes it through the slope, "weight" leaves a product at w_h.
    The last move reaches the initial state.

    Equations: eq-bptt-recursion, eq-bptt-gradients

    Parameters
    ----------
    graph : matplotlib.axes.Axes
        For the unrolled network.
    lines : matplotlib.axes.Axes, optional
        For the lines of the recursion, of which the one that is executed is lit, and for the
        numbers that are known so far.
    T : int
        Number of steps; more than three are too small on a phone.

    Attributes
    ----------
    moves : int
        Number of moves, the start included.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, (left, right) = panels(2)
    >>> panel = BackwardPanel(left, right, T=2)
    >>> numbers = {"e": [1, 2], "back": [0, 3, 0], "g": [4, 2], "delta": [1, 2], "left": [0, 5]}
    >>> [panel.show(move, **numbers) for move in range(panel.moves)][:3]
    [(2, 'start'), (2, 'g'), (2, 'delta')]
    """

    def __init__(self, graph: Axes, lines: Axes | None = None, T: int = 3) -> None:
        super().__init__()
        self.T = T
        each = [(t, kind) for t in range(T, 0, -1) for kind in ("g", "delta", "weight")]
        self.order = [(T, "start"), *each, (0, "g")]
        self.moves = len(self.order)
        self.place = {move: number for number, move in enumerate(self.order)}
        self.arrows: dict[int, list[FancyArrowPatch]] = {}
        self.numbers: dict[tuple[str, int], Text] = {}
        self._draw(graph)
        self.formulas: dict[str, Text] = {}
        self.table: dict[tuple[str, int], Text] = {}
        if lines is not None:
            self._write(lines)
        for arrows in self.arrows.values():
            self.moving += arrows
        self.moving += [*self.numbers.values(), *self.formulas.values(), *self.table.values()]

    def _draw(self, axes: Axes) -> None:
        """Draw the network, and an arrow with its number for everything that a move sends."""
        for t in range(self.T + 1):
            x = WIDE * t
            node(axes, (x, 1), f"$h_{t}$", dashed=t == 0)
            if not t:
                continue
            arrow(axes, (WIDE * (t - 1), 1), (x, 1), COLOURS[5], 1, up=-0.13)
            node(axes, (x, 2.6), f"$L_{t}$")
            matrix(axes, (x, -0.4), "$w_h$")
            self._send(axes, ("e", t), (t, "g"), (x, 2.6), (x, 1))
            self._send(axes, ("left", t), (t, "weight"), (x, 1), (x, -0.4))
        for t in range(self.T - 1, -1, -1):
            self._send(axes, ("back", t), (t, "g"), (WIDE * (t + 1), 1), (WIDE * t, 1))
        canvas(axes, (-0.4, WIDE * self.T + 1.2), (-0.75, 2.95))

    def _send(
        self,
        axes: Axes,
        number: tuple[str, int],
        move: tuple[int, str],
        start: Point,
        end: Point,
    ) -> None:
        """Draw an arrow of the gradient, and a place for its number beside it."""
        level = start[1] == end[1]
        sent = arrow(axes, start, end, COLOURS[1], 2, up=0.13 * level)
        self.arrows.setdefault(self.place[move], []).append(sent)
        x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        x, y = (x, y + 0.2) if level else (x + 0.09, y + 0.2)
        align: Any = {"ha": "center", "va": "bottom"} if level else {"ha": "left", "va": "center"}
        self.numbers[number] = axes.text(x, y, "", size=12, **align)

    def _write(self, axes: Axes) -> None:
        """Write the three lines, and the empty table below them."""
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.set_axis_off()
        for row, kind in enumerate(KINDS):
            self.formulas[kind] = axes.text(0.02, 0.95 - 0.12 * row, "", size=12, va="center")
        self.formulas["sum"] = axes.text(0.02, 0.53, "", size=11, va="center", color=COLOURS[1])
        for place, name in zip(COLUMNS.values(), HEADS, strict=True):
            axes.text(place, 0.42, name, size=11, ha="right", va="center")
        axes.plot([0.02, 0.98], [0.36, 0.36], "-", color=COLOURS[5], linewidth=1)
        for row, t in enumerate(range(self.T, 0, -1)):
            y = 0.29 - 0.1 * row
            axes.text(COLUMNS["t"], y, str(t), size=11, ha="right", va="center")
            for name in ("g", "delta", "left"):
                cell = axes.text(COLUMNS[name], y, "", size=11, ha="right", va="center")
                self.table[name, t] = cell

    def show(
        self,
        move: int,
        *,
        e: Sequence[float],
        back: Sequence[float],
        g: Sequence[float],
        delta: Sequence[float],
        left: Sequence[float],
    ) -> tuple[int, str]:
        """Go to a move.

        Parameters
        ----------
        move : int
            0 to ``moves - 1``.
        e, g, delta, left : sequences of floats, length T
            Of the steps 1..T: what comes from the step's own loss, what arrives at the state, what
            passes the slope, and what the step adds to the gradient.
        back : sequence of floats, length T + 1
            What arrives at the states 0..T from the step after.

        Returns
        -------
        (int, str)
            The step, and what is done there: "start", "g", "delta" or "weight".
        """
        t, kind = self.order[move]
        known = {"e": [0.0, *e], "back": back, "g": [0.0, *g], "delta": [0.0, *delta],
                 "left": [0.0, *left]}  # fmt: skip
        for number, arrows in self.arrows.items():
            now = number == move
            look: Any = {"color": COLOURS[1 if now else 0], "linewidth": 3 if now else 1.6}
            for sent in arrows:
                sent.set(visible=number <= move, **look)
        for (name, step), text in (*self.numbers.items(), *self.table.items()):
            done = self.place[step, KIND_OF[name]]
            text.set_text(_signed(known[name][step]) if done <= move else "")
            text.set_color(COLOURS[1] if done == move else "black")
        self._light(move, known)
        return t, kind

    def _light(self, move: int, known: Mapping[str, Sequence[float]]) -> None:
        """Write the three lines for the step of this move, and light the one it executes."""
        t, kind = self.order[move]
        for name in KINDS if self.formulas else ():
            formula = self.formulas[name]
            lit = name == kind and t > 0
            formula.set_text(("▸ " if lit else "   ") + self._formula(max(t, 1), name))
            formula.set_color("black" if lit else COLOURS[5])
            formula.set_fontweight("bold" if lit else "normal")
        if self.formulas:
            self.formulas["sum"].set_text("   " + self._sum(t, kind, known))

    def _formula(self, t: int, kind: str) -> str:
        now, after, before = (str(k).translate(LOWERED) for k in (t, t + 1, t - 1))
        if kind == "g":
            return f"g{now} = e{now}" + (f" + δ{after} wₕ" if t < self.T else "")
        if kind == "delta":
            return f"δ{now} = g{now} · (1 − h{now}²)"
        return f"∂L/∂wₕ += h{before} δ{now}"

    def _sum(self, t: int, kind: str, known: Mapping[str, Sequence[float]]) -> str:
        """Write what the move computes, in numbers."""
        if kind == "start":
            return "the losses are known"
        if t == 0:
            return f"∂L/∂h₀ = δ₁ wₕ = {_signed(known['back'][0])}"
        now, result = str(t).translate(LOWERED), known[NAME_OF[kind]][t]
        if kind == "g" and t < self.T:
            parts = f"{_signed(known['e'][t])} + {_signed(known['back'][t])}"
            return f"g{now} = {parts} = {_signed(result)}".replace("+ −", "− ")
        name = {"g": f"g{now}", "delta": f"δ{now}", "weight": "the product"}[kind]
        return f"{name} = {_signed(result)}"


def _signed(value: float) -> str:
    """Write a number with four decimals and a true minus sign.

    >>> _signed(-0.03674), _signed(-0.000001)
    ('−0.0367', '0.0000')
    """
    text = f"{value:.4f}".replace("-", "−")
    return text.replace("−", "") if not text.strip("−0.") else text
