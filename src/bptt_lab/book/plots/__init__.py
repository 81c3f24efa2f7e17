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
    level_line,
    loss_map,
    rate_map,
)
from bptt_lab.book.plots.gradients import NormPanel, SpectrumPanel
from bptt_lab.book.plots.lstm import LagPanel, PathPanel, four_terms, gru_cell, lstm_cell
from bptt_lab.book.plots.network import TapePanel, folded_network, unrolled_network
from bptt_lab.book.plots.reach import BandPanel, RateRows, RoadPanel, WiringPanel
from bptt_lab.book.plots.style import COLOURS, STYLE, panels, scientific
from bptt_lab.book.plots.training import RunPanel, digit_pixels, pixel_sequence, seed_bands, shade
from bptt_lab.book.plots.vanishing import (
    EndPanel,
    RatePanel,
    bifurcation,
    factor_curve,
    lag_bars,
    rate_bands,
    spectra,
    worst_and_typical,
)

__all__ = [
    "COLOURS",
    "STYLE",
    "BackwardPanel",
    "BandPanel",
    "EndPanel",
    "LagPanel",
    "NormPanel",
    "PathPanel",
    "PseudospectrumPanel",
    "RatePanel",
    "RateRows",
    "RoadPanel",
    "RunPanel",
    "SharesPanel",
    "SpectrumPanel",
    "TapePanel",
    "TrianglePanel",
    "TruncationPanel",
    "WiringPanel",
    "bifurcation",
    "cost_curves",
    "digit_pixels",
    "dot_rows",
    "error_thermometer",
    "factor_curve",
    "folded_network",
    "four_terms",
    "gradient_paths",
    "gru_cell",
    "lag_bars",
    "level_line",
    "loss_map",
    "lstm_cell",
    "panels",
    "pixel_sequence",
    "rate_bands",
    "rate_map",
    "scientific",
    "seed_bands",
    "shade",
    "spectra",
    "two_copies",
    "unrolled_network",
    "worst_and_typical",
]
