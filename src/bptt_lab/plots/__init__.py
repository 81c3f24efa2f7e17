"""The book's figures: arrays and axes in, axes out. Nothing is computed here."""

from bptt_lab.plots.gradients import NormPanel, SpectrumPanel, rate_curves
from bptt_lab.plots.network import driven_state, folded_network, unrolled_network
from bptt_lab.plots.style import COLOURS, STYLE, panels, scientific

__all__ = [
    "COLOURS",
    "STYLE",
    "NormPanel",
    "SpectrumPanel",
    "driven_state",
    "folded_network",
    "panels",
    "rate_curves",
    "scientific",
    "unrolled_network",
]
