"""Draw the book's picture: the cover of the ePub, and what a link to the book shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bptt_lab import RNN, forward, log_gradient_norms, spectral_radius, step_jacobians

RADII = [0.6, 0.8, 0.9, 1.0, 1.1, 1.25, 1.4, 1.6]
ALT = (
    "Backpropagation through time: curves of the gradient's norm against the lag, on a logarithmic "
    "scale. They leave one point and spread: the lower ones vanish, the upper ones explode."
)
DARK, LIGHT, VANISHES, EXPLODES = "#0b2530", "#ffffff", "#4fc3d9", "#f2994a"


def curves(steps: int = 60) -> dict[float, np.ndarray]:
    """Return log10 of the norm of the gradient after 0, 1, ... steps, by spectral radius."""
    rng = np.random.default_rng(7)
    cell = RNN("identity")
    params = cell.init(rng, n_inputs=2, n_neurons=24, n_outputs=3)
    unit = params["W_hh"] / spectral_radius(params["W_hh"])
    x = np.zeros((steps, 1, 2))
    found = {}
    for radius in RADII:
        params["W_hh"] = radius * unit
        jacobians = step_jacobians(forward(cell, params, x))
        found[radius] = log_gradient_norms(jacobians)[:, 0] / np.log(10)
    return found


def draw(target: Path, title: str, said: str, width: int, height: int) -> None:
    """Write the picture as PNG, of a size in pixels."""
    figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor=DARK)
    FigureCanvasAgg(figure)
    wide = width > height
    axes = figure.add_axes((0, 0, 1, 0.6))
    axes.set_axis_off()
    for radius, norms in curves().items():
        colour = VANISHES if radius < 1 else EXPLODES if radius > 1 else LIGHT
        axes.plot(norms, color=colour, lw=min(width, height) / 180)
    axes.set(xlim=(-4, 62), ylim=(-13, 13))
    write(figure, 0.9, title if wide else title.replace(" ", "\n"), weight="bold", size=60)
    write(figure, 0.7 if wide else 0.66, said, size=30)
    figure.savefig(target, facecolor=DARK, metadata={"Software": None})


def write(figure: Figure, y: float, text: str, size: float, **style: str) -> None:
    """Write a text, of at most this size, as large as fits between the margins."""
    scale = figure.bbox.width / 1200
    drawn = figure.text(0.06, y, text, color=LIGHT, va="top", size=size * scale, **style)
    room, taken = 0.88 * figure.bbox.width, drawn.get_window_extent().width
    drawn.set_size(size * scale * min(1, room / taken))
