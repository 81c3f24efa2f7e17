"""PyTorch: torch.nn.RNN, LSTM and GRU, a linear readout, and autograd."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.problems import Arrays, Problem, named

VERSION = torch.__version__
ORDER = {"RNN": "h", "LSTM": "ifCo", "GRU": "rzn"}  # of the gates, in torch's stacked weights

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


def stacked(problem: Problem, prefix: str) -> torch.Tensor:
    """Weights of all gates: torch keeps the transpose of ours, gates below one another."""
    return torch.tensor(np.concatenate([problem.params[prefix + g].T for g in ORDER[problem.cell]]))


def layer(problem: Problem) -> torch.nn.RNNBase:
    """Return the recurrent layer; its second bias is zero but for c_n of the GRU."""
    n_inputs, n = problem.x.shape[-1], len(problem.params["W_yh"])
    made = getattr(torch.nn, problem.cell)(n_inputs, n, dtype=torch.tensor(problem.x).dtype)
    with torch.no_grad():
        made.weight_ih_l0.copy_(stacked(problem, "W_x"))
        made.weight_hh_l0.copy_(stacked(problem, "W_h"))
        made.bias_ih_l0.copy_(stacked(problem, "b_"))
        made.bias_hh_l0.zero_()
        if "c_n" in problem.params:
            made.bias_hh_l0[-n:] = torch.tensor(problem.params["c_n"])
    made.bias_hh_l0.requires_grad_("c_n" in problem.params)
    return made


def prepare(problem: Problem) -> Callable[[], Any]:
    """Return the work to be timed."""
    recurrent, y = layer(problem), torch.tensor(problem.y).flatten()
    x = torch.tensor(problem.x, requires_grad=True)
    W, b = (torch.tensor(problem.params[k], requires_grad=True) for k in ("W_yh", "b_y"))
    parts = [torch.tensor(part[None], requires_grad=True) for part in problem.state0]
    state0 = parts[0] if len(parts) == 1 else tuple(parts)
    weights = [p for p in recurrent.parameters() if p.requires_grad]

    def run() -> Any:
        h, _ = recurrent(x, state0)
        logits = torch.addmm(b, h.flatten(0, 1), W)
        loss = torch.nn.functional.cross_entropy(logits, y, reduction="sum")
        return loss.detach(), torch.autograd.grad(loss, (W, b, x, *parts, *weights))

    return run


def results(problem: Problem, done: Any) -> Arrays:
    """Name what the work returned."""
    loss, (W, b, x, *rest) = done
    parts, (W_x, W_h, b_x, *b_h) = rest[: len(problem.state0)], rest[len(problem.state0) :]
    gradients = {"W_yh": W, "b_y": b, "x": x}
    gradients |= {name: part[0] for name, part in zip(("h_0", "C_0"), parts, strict=False)}
    for prefix, whole in {"W_x": W_x, "W_h": W_h, "b_": b_x}.items():
        gates = whole.chunk(len(problem.gates))
        gradients |= {prefix + g: v.t() for g, v in zip(ORDER[problem.cell], gates, strict=True)}
    if b_h:
        gradients["c_n"] = b_h[0].chunk(3)[-1]
    return named(loss, gradients)
