"""The boxes "The same in PyTorch" run as they are printed, and what they assert holds.

A box may import what it needs, or use the problem that `scope` prepares, under the chapters' names.
"""

import re
from pathlib import Path

import numpy as np
import pytest

from bptt_lab import RNN, loss_and_gradients, softmax
from bptt_lab.bptt import unroll

BOOK = Path(__file__).resolve().parent.parent / "book"
BOX = re.compile(r"^(:{3,})\{admonition\} The same in PyTorch[^\n]*\n(.*?)^\1$", re.M | re.S)
CODE = re.compile(r"^```python$\n(.*?)^```$", re.M | re.S)


def boxes() -> list[tuple[str, str, str]]:
    """Return the page, the head and the code of each box, in the order of the pages."""
    return [
        (path.stem, body.split("\n\n")[0], "\n".join(CODE.findall(body)))
        for path in sorted(BOOK.glob("*.md"))
        for _, body in BOX.findall(path.read_text(encoding="utf-8"))
    ]


BOXES = boxes()
NAMES = [f"{page}-{number}" for number, (page, *_) in enumerate(BOXES)]


def test_every_box_is_marked_and_has_code():
    assert {page for page, *_ in BOXES} >= {"forward", "bptt"}
    for page, head, code in BOXES:
        assert ":class: pytorch" in head, page
        assert 0 < len(code.splitlines()) <= 20, page


@pytest.fixture
def scope():
    """Return what a box may use: torch and NumPy, a problem with five sizes, and its network.

    The problem has the names of the chapters: T, m, n_inputs, n, n_outputs, K, x, h_0, classes,
    params and each of its arrays, h, yhat, loss and grads. The network is `rnn`, an `nn.RNN` with
    the same weights and no gradients yet.
    """
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: `pip install torch`")
    T, m, n_inputs, n, n_outputs, K = 7, 5, 4, 6, 3, 3
    rng, cell = np.random.default_rng(2019), RNN("tanh")
    params = cell.init(rng, n_inputs, n, n_outputs)
    params = {name: w + 0.3 * rng.normal(size=w.shape) for name, w in params.items()}
    x, h_0 = rng.normal(size=(T, m, n_inputs)), rng.normal(size=(m, n))
    classes = rng.integers(n_outputs, size=(T, m))
    h = unroll(cell, params, x, (h_0,)).h
    yhat = softmax(h[1:] @ params["W_yh"] + params["b_y"])
    loss, grads = loss_and_gradients(cell, params, x, classes, h_0)
    rnn = torch.nn.RNN(n_inputs, n).double()
    for name, value in {
        "weight_ih_l0": params["W_xh"].T,
        "weight_hh_l0": params["W_hh"].T,
        "bias_ih_l0": params["b_h"],
        "bias_hh_l0": 0 * params["b_h"],
    }.items():
        getattr(rnn, name).data = torch.tensor(value)
    return {**params, **locals(), "np": np}


@pytest.mark.parametrize("code", [code for *_, code in BOXES], ids=NAMES)
def test_a_box_runs(code, scope):
    scope["torch"].manual_seed(0)
    exec(compile(code, "box", "exec"), scope)


def test_the_loop_with_detach_adds_up_the_gradients_of_the_chunks(scope):
    """What no line of the box asserts: .grad is the sum over pieces, each from its own state."""
    (code,) = [code for page, _, code in BOXES if page == "bptt" and "detach" in code]
    exec(compile(code, "box", "exec"), scope)
    cell, params, K, total = scope["cell"], scope["params"], scope["K"], 0
    for t in range(0, scope["T"], K):
        piece = scope["x"][t : t + K], scope["classes"][t : t + K], unrolled(scope)[t]
        total = total + loss_and_gradients(cell, params, *piece)[1]["W_hh"]
    np.testing.assert_allclose(scope["rnn"].weight_hh_l0.grad.T, total, rtol=1e-10)
    assert not np.allclose(total, scope["grads"]["W_hh"], rtol=0.05)


def unrolled(scope):
    return unroll(scope["cell"], scope["params"], scope["x"], (scope["h_0"],)).h


def test_a_step_without_a_target_is_the_class_that_is_ignored(scope):
    (code,) = [code for page, _, code in BOXES if page == "bptt" and "ignore_index" in code]
    scope["classes"][2] = -1
    arguments = (scope[name] for name in ("cell", "params", "x", "classes", "h_0"))
    scope["grads"] = loss_and_gradients(*arguments)[1]
    exec(compile(code, "box", "exec"), scope)
