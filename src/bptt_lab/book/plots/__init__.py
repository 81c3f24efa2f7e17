"""The book's figures: arrays and axes in, axes out. Nothing is computed here."""

from bptt_lab.book.plots.bptt import (
    BackwardPanel,
    SharesPanel,
    TrianglePanel,
    TruncationPanel,
    cost_curves,
    dot_rows,
    error_thermometer,
    gradient_paths,
    two_copies,
)
from bptt_lab.book.plots.dynamics import (
    PseudospectrumPanel,
    convergence_curves,
    level_line,
    loss_map,
    rate_map,
)
from bptt_lab.book.plots.gradients import NormPanel, SpectrumPanel, rate_curves
from bptt_lab.book.plots.lstm import LagPanel, PathPanel, four_terms, gru_cell, lstm_cell
from bptt_lab.book.plots.network import TapePanel, folded_network, unrolled_network
from bptt_lab.book.plots.reach import BandPanel, RatePanel, RoadPanel, WiringPanel
from bptt_lab.book.plots.style import COLOURS, STYLE, panels, scientific
from bptt_lab.book.plots.training import RunPanel, digit_pixels, pixel_sequence, seed_bands, shade

__all__ = [
    "COLOURS",
    "STYLE",
    "BackwardPanel",
    "BandPanel",
    "LagPanel",
    "NormPanel",
    "PathPanel",
    "PseudospectrumPanel",
    "RatePanel",
    "RoadPanel",
    "RunPanel",
    "SharesPanel",
    "SpectrumPanel",
    "TapePanel",
    "TrianglePanel",
    "TruncationPanel",
    "WiringPanel",
    "convergence_curves",
    "cost_curves",
    "digit_pixels",
    "dot_rows",
    "error_thermometer",
    "folded_network",
    "four_terms",
    "gradient_paths",
    "gru_cell",
    "level_line",
    "loss_map",
    "lstm_cell",
    "panels",
    "pixel_sequence",
    "rate_curves",
    "rate_map",
    "scientific",
    "seed_bands",
    "shade",
    "two_copies",
    "unrolled_network",
]
