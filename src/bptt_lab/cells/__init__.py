"""Recurrent cells, one file a family."""

from bptt_lab.cells.base import Cell
from bptt_lab.cells.gru import GRU
from bptt_lab.cells.lstm import LSTM, OriginalLSTM, PeepholeLSTM
from bptt_lab.cells.rnn import RNN

__all__ = ["GRU", "LSTM", "RNN", "Cell", "OriginalLSTM", "PeepholeLSTM"]
