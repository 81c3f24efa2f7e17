"""The book's figures: arrays and axes in, axes out. Nothing is computed here.

A function draws on the axes that it is given, sets their scales and limits, and returns them. A
class, a `Panel`, draws what stands still; its ``show`` moves the rest, which is in its ``moving``.
"""

from bptt_lab.book.plots.after import (
    CountPanel,
    DescentPanel,
    FrontPanel,
    TimePanel,
    join_tree,
    memory_price,
    run_bands,
    settled_from,
)
from bptt_lab.book.plots.backward import BackwardPanel
from bptt_lab.book.plots.bptt import (
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
from bptt_lab.book.plots.training import (
    RunPanel,
    digit_pixels,
    letters_and_windows,
    pixel_sequence,
    reach_film,
    seed_bands,
    shade,
    solved_map,
    solving_times,
)
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
    "CountPanel",
    "DescentPanel",
    "EndPanel",
    "FrontPanel",
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
    "TimePanel",
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
    "join_tree",
    "lag_bars",
    "letters_and_windows",
    "level_line",
    "loss_map",
    "lstm_cell",
    "memory_price",
    "panels",
    "pixel_sequence",
    "rate_bands",
    "rate_map",
    "reach_film",
    "run_bands",
    "scientific",
    "seed_bands",
    "settled_from",
    "shade",
    "solved_map",
    "solving_times",
    "spectra",
    "two_copies",
    "unrolled_network",
    "worst_and_typical",
]
