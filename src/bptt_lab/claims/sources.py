"""The article's references, and what its readers asked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp

from bptt_lab.arguments import Array
from bptt_lab.bptt import loss_and_gradients
from bptt_lab.cells import RNN
from bptt_lab.claims import cited
from bptt_lab.claims.claim import Ledger, Numbers
from bptt_lab.reference import problem, relative_error
from bptt_lab.symbolic import RNN as SymbolicRNN
from bptt_lab.symbolic import same

LEDGER = Ledger()

LEDGER.enter_unchecked(
    "ref-01", "nine links",
    states="a list of nine links, without authors or titles",
    verdict="omission",
    holds="They lead to the sources. The book's bibliography adds authors, titles and identifiers. "
    "Which statement comes from which link is not marked; many sentences on vanishing gradients "
    "and on the LSTM follow the fifth. The last link, an ftp address, opens in no current browser.",
    sources=(
        "britz2015, not read", "chen2016tutorial, not read", "go2carter, not read",
        "wolf2016, not read", "weber2017, read", "datadriveninvestor, not read",
        "pascanu2013, read in the printed version", "kafunah2018, not read",
        "graves2005, its abstract read",
    ),
    unchecked="What a source says has to be read; nothing can be computed from it.",
    unsure="The titles of links 1 and 4 are read off their addresses; the authors of links 6 and 8 "
    "could not be confirmed.",
)  # fmt: skip


@LEDGER.enter(
    "com-01", "why the shift to t+1?",
    states="a reader asks why the gradient is derived for $t+1$ instead of $t$: "
    '"it\'s just a shift"',
    verdict="holds",
    holds=r"The shift serves no purpose, and it costs something. Summed over $t=1,\dots,T$ the "
    "shifted terms leave out $L_1$ and call for an $L_{T+1}$ that does not exist. Write $L_t$ with "
    r"$t=1,\dots,T$ and $k=1,\dots,t$.",
    equations=("eq-bptt-double-sum",),
)  # fmt: skip
def shifted_sum() -> Numbers:
    p = problem(RNN("tanh"))
    T = len(p.x)

    def gradient(steps: range) -> Array:
        """Gradient by W_hh of the losses of these steps; the others have no target."""
        chosen = np.isin(np.arange(1, T + 1), steps)
        y = np.where(chosen[:, None], p.y, -1)
        result = loss_and_gradients(p.cell, p.params, p.x, y, state0=p.state0)[1]["W_hh"]
        return np.asarray(result)

    exact = gradient(range(1, T + 1))
    unshifted = relative_error(sum(gradient(range(t, t + 1)) for t in range(1, T + 1)), exact)
    shifted = relative_error(sum(gradient(range(t + 1, t + 2)) for t in range(1, T)), exact)
    assert unshifted < 1e-14
    assert shifted > 0.01
    return {
        "error of the sum over the losses": unshifted,
        "error of the shifted sum, first loss missing": shifted,
    }


@LEDGER.enter(
    "com-02", "an explicit partial derivative?",
    states=r"a reader asks whether $\frac{\partial h_k}{\partial W_{hh}}$ should not be an "
    "explicit partial derivative",
    verdict="holds",
    holds=r"It should. In the sum over $k$ stands the immediate derivative "
    r"$\frac{\partial^+h_k}{\partial W_{hh}}$, with $h_{k-1}$ held constant. The total derivative "
    "would count the earlier steps again.",
    sources=(cited.IMMEDIATE,),
    equations=("eq-bptt-one-loss",),
)  # fmt: skip
def immediate_or_total() -> Numbers:
    net = SymbolicRNN("tanh").unroll(T=2, n_neurons=1)

    def sum_over_k(derivative: Callable[[sp.Matrix, sp.Matrix], sp.Matrix]) -> sp.Matrix:
        through_1 = net.total(net.h[2], net.h[1]) * derivative(net.h[1], net.W_hh)
        return through_1 + derivative(net.h[2], net.W_hh)

    exact = net.total(net.h[2], net.W_hh)
    assert same(sum_over_k(net.immediate), exact)
    assert not same(sum_over_k(net.total), exact)
    # States that some inputs lead to.
    values = {net.W_hh[0]: 0.9, net.h[0][0]: 0.5, net.h[1][0]: 0.4, net.h[2][0]: 0.3}
    immediate, total, true = (
        float(matrix.subs(values)[0])
        for matrix in (sum_over_k(net.immediate), sum_over_k(net.total), exact)
    )
    return {"derivative": true, "with immediate ones": immediate, "with total ones": total}
