"""Recurrent cells, one file a family."""

from bptt_lab.cells.base import Cell
from bptt_lab.cells.rnn import RNN

__all__ = ["RNN", "Cell"]
