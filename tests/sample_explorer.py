"""The explorer that several tests look at, and how to read what it shows."""

import json
import re

import numpy as np
from bs4 import BeautifulSoup

from bptt_lab.book.explorer import Control, Explorer
from bptt_lab.book.plots import panels
from bptt_lab.book.svg import DECIMALS

ACTIVATIONS = ["tanh", "relu", "sigmoid", "identity"]
RADII = np.linspace(0.2, 1.6, 57)
LAGS = np.arange(100)


def reference(radii=RADII, activations=ACTIVATIONS, name="Eigenvalues and the norm of a product"):
    """Build an explorer as large as any in the book."""
    rng = np.random.default_rng(0)
    eigenvalues = np.linalg.eigvals(rng.standard_normal((32, 32)))
    eigenvalues /= abs(eigenvalues).max()
    ripple = np.cumsum(0.3 * rng.standard_normal((len(activations), len(LAGS))), axis=1)
    figure, (left, right) = panels(2)
    left.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal", xlabel=r"Re $\lambda$")
    circle = np.exp(1j * np.linspace(0, 2 * np.pi, 200))
    left.plot(circle.real, circle.imag, ":", color="0.5")
    (dots,) = left.plot(eigenvalues.real, eigenvalues.imag, "o", ms=4, label="eigenvalues")
    radius = left.text(0.03, 0.97, "", transform=left.transAxes, va="top")
    # The bound leaves the axes on both sides.
    right.set(yscale="log", xlim=(0, 99), ylim=(1e-40, 1e20), xlabel="lag", ylabel="norm")
    (curve,) = right.plot(LAGS, np.ones(100), label="measured")
    (bound,) = right.plot([0, 99], [1, 1], label="bound")
    (power,) = right.plot([0, 99], [1, 1], label=r"$\rho^{t-k}$")
    verdict = right.text(0.97, 0.97, "", transform=right.transAxes, ha="right", va="top")
    right.legend(loc="lower left")

    def update(rho, activation):
        kind = activations.index(activation)
        dots.set_data(rho * eigenvalues.real, rho * eigenvalues.imag)
        norms = (rho * (1, 0.8, 0.25, 1)[kind]) ** LAGS * np.exp(ripple[kind] * rho)
        curve.set_ydata(norms)
        bound.set_ydata([1, (2.5 * rho) ** 99])
        power.set_ydata([1, rho**99])
        radius.set_text(f"ρ = {rho:.3f}")
        what = "vanishes" if norms[-1] < 1e-3 else "explodes" if norms[-1] > 1e3 else "persists"
        verdict.set_text(what)
        return f"With {activation} at radius {rho:.3f} the gradient {what}: {norms[-1]:.2g} & less."

    return Explorer(
        figure,
        update,
        moving=[dots, curve, bound, power, radius, verdict],
        title=name,
        rho=Control("spectral radius", radii, start=radii[len(radii) // 2], format="{:.3f}"),
        activation=activations,
    )


def markup(explorer):
    return BeautifulSoup(explorer._repr_html_(), "html.parser")


def payload(explorer):
    return json.loads(markup(explorer).find("script").string)


HAS_ITS_DATA = """figure => {
    const { src } = figure.querySelector("script").dataset;
    return !src || document.head.querySelector(`script[src="${src}"]`)?.data;
}"""


def settled(figure):
    """Return a figure of the site that has moved, once the data that it asked for are there."""
    figure.page.wait_for_function(HAS_ITS_DATA, arg=figure.element_handle())
    return figure


def numbers(text):
    """Coordinates in path data, as rows of x and y."""
    return np.array(re.findall(r"-?\d+(?:\.\d+)?", text), dtype=float).reshape(-1, 2)


def expected(line):
    """Where matplotlib puts the points of a line, in the coordinates of the SVG."""
    points = line.get_transform().transform(np.column_stack(line.get_data(orig=False)))
    points[:, 1] = line.get_figure(root=True).bbox.height - points[:, 1]
    return points


ROUNDING = 0.5 * 10**-DECIMALS + 1e-6
