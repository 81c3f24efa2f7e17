"""The cells of the book in symbols: sympy derives what NumPy computes.

A cell is unrolled over one to three small steps. Every quantity of every step is a row of
symbols with the names of the book, and `Unrolled.total` and `Unrolled.immediate`
differentiate one quantity by another with the chain rule, symbol by symbol. No formula of the
book about products, transposes or layouts goes in, so such a formula can be tested by what
comes out. `Unrolled.numeric` turns a result into a NumPy function of the parameters and inputs
that the engine takes.

Examples
--------
>>> net = RNN("tanh").unroll(T=2, n_neurons=1)
>>> net.total(net.h[2], net.h[1])
Matrix([[W_{hh}*(1 - h_{2}**2)]])
>>> net.immediate(net.h[2], net.W_hh)
Matrix([[h_{1}*(1 - h_{2}**2)]])
>>> net.total(net.h[2], net.W_hh)
Matrix([[(1 - h_{2}**2)*(W_{hh}*h_{0}*(1 - h_{1}**2) + h_{1})]])
"""

from bptt_lab.symbolic.cells import GRU, LSTM, RNN, OriginalLSTM, PeepholeLSTM
from bptt_lab.symbolic.evaluation import numeric
from bptt_lab.symbolic.functions import (
    activation,
    cross_entropy,
    slope,
    slope_bound,
    softmax,
    squared_error,
)
from bptt_lab.symbolic.identities import same, sums_to_one
from bptt_lab.symbolic.matrices import (
    diag,
    gradient,
    hadamard,
    jacobian,
    matrix,
    row,
)
from bptt_lab.symbolic.unrolled import Blocks, Unrolled

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Blocks",
    "OriginalLSTM",
    "PeepholeLSTM",
    "Unrolled",
    "activation",
    "cross_entropy",
    "diag",
    "gradient",
    "hadamard",
    "jacobian",
    "matrix",
    "numeric",
    "row",
    "same",
    "slope",
    "slope_bound",
    "softmax",
    "squared_error",
    "sums_to_one",
]
