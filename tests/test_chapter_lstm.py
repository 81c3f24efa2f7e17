"""What the chapter on gated cells cannot assert about itself."""

import ast
import re
from pathlib import Path

import jupytext
import numpy as np
import pytest

from bptt_lab import LSTM
from bptt_lab.bptt import unroll
from bptt_lab.reference import lstm_step, net_input, sigmoid

BOOK = Path(__file__).resolve().parent.parent / "book"
TEXT = (BOOK / "lstm.md").read_text(encoding="utf-8")
CELLS = [
    cell.source for cell in jupytext.reads(TEXT, fmt="md:myst").cells if cell.cell_type == "code"
]
ENTRIES = [f"lstm-{number:02d}" for number in range(1, 27)]
SEEDS = "seeds = range(10)"


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_is_cited_in_the_text(entry):
    assert f"{{ledger}}`{entry}`" in TEXT


def test_every_equation_has_a_label_that_is_used_once():
    labels = re.findall(r"^\$\$ \((eq-[\w-]+)\)$", TEXT, re.M)
    assert len(labels) == len(set(labels)) == len(re.findall(r"^\$\$", TEXT, re.M)) / 2


def test_few_cells_are_open_and_none_of_them_only_asserts():
    tree = jupytext.reads(TEXT, fmt="md:myst")
    code = [cell for cell in tree.cells if cell.cell_type == "code"]
    shown = [cell.source for cell in code if "hide-input" not in cell.metadata.get("tags", [])]
    assert len(shown) <= 8 and sum(len(source.splitlines()) for source in shown) <= 80
    assert not [source for source in shown if "assert" in source]


@pytest.fixture(scope="module")
def page():
    """Return the functions of the page, and the constants of its first cell."""
    functions = [
        node
        for source in CELLS
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
    ]
    scope: dict = {}
    exec(compile(CELLS[0], "first cell", "exec"), scope)
    exec(compile(ast.Module(functions, []), "functions", "exec"), scope)
    return scope


@pytest.mark.equation("eq-lstm-differential")
def test_four_changes_make_the_change_of_the_cell_state():
    """A complex step along a direction of C_{t-1}; the old h moves with it, its gate does not."""
    rng, m, n = np.random.default_rng(5), 1, 6
    p = LSTM().init(rng, 4, n, 2)
    p = {name: value + 0.4 * rng.normal(size=value.shape) for name, value in p.items()}
    x, C, along = rng.normal(size=(m, 4)), rng.normal(size=(m, n)), rng.normal(size=(m, n))
    o_before = sigmoid(rng.normal(size=(m, n)))

    def step(C):
        return lstm_step(p, x, o_before * np.tanh(C), C)[1]

    measured = step(C + 1e-30j * along).imag / 1e-30
    h, d_h = o_before * np.tanh(C), o_before * (1 - np.tanh(C) ** 2) * along
    i, f = (sigmoid(net_input(p, g, x, h)) for g in "if")
    new = np.tanh(net_input(p, "C", x, h))
    d_f, d_i = f * (1 - f) * (d_h @ p["W_hf"]), i * (1 - i) * (d_h @ p["W_hi"])
    d_new = (1 - new**2) * (d_h @ p["W_hC"])
    terms = f * along, C * d_f, new * d_i, i * d_new
    np.testing.assert_allclose(sum(terms), measured, rtol=1e-12)
    assert all(not np.allclose(sum(terms) - term, measured, rtol=1e-3) for term in terms)


@pytest.mark.equation("eq-reach")
def test_reach_is_what_gradients_in_random_directions_have_left(page):
    params, x = page["random_cell"](LSTM()), page["random_input"](20)
    J, n = page["steps"](LSTM(), params, x), page["n"]
    g = np.random.default_rng(1).normal(size=(20_000, n))
    rows = np.hstack([g / np.linalg.norm(g, axis=1, keepdims=True), np.zeros_like(g)])
    for k, r_k in enumerate(np.exp(page["log_reach"](J))):
        assert np.sqrt(np.mean(np.sum(rows**2, axis=1))) == pytest.approx(r_k, rel=0.02)
        rows = rows @ J[-1 - k] if k < len(J) else rows


@pytest.mark.equation("eq-direct-share")
def test_the_shares_of_the_direct_path_and_of_the_rest_are_one(page):
    """Every path of three steps is a word; the shares of all words add up to one."""
    J, blocks = page["walk"](1.0, 1, 0)
    before, *last = blocks[-4:]
    paths = {"C": [(True, np.eye(page["n"]))], "h": [(False, before[2])]}
    for A, B, P, F in last:
        up = [(on and lane == "C", X @ M) for lane, X in (("C", F), ("h", A))
              for on, M in paths[lane]]  # fmt: skip
        down = [(on, P @ M) for on, M in up] + [(False, B @ M) for _, M in paths["h"]]
        paths = {"C": up, "h": down}
    whole = sum(M for _, M in paths["h"])
    shares = [np.sum(M * whole) / np.sum(whole**2) for _, M in paths["h"]]
    direct = [share for (on, _), share in zip(paths["h"], shares, strict=True) if on]
    assert len(direct) == 1 and sum(shares) == pytest.approx(1)
    assert page["direct_share"](1, 0)[3] == pytest.approx(direct[0])


def test_the_gates_of_pytorch_are_in_the_order_that_the_box_says(page):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: `pip install torch`")
    params, x = page["as_delivered"](0), page["random_input"](9)
    lstm = torch.nn.LSTM(page["n_inputs"], page["n"]).double()
    for name, value in {
        "weight_ih_l0": np.hstack([params[f"W_x{g}"] for g in "ifCo"]).T,
        "weight_hh_l0": np.hstack([params[f"W_h{g}"] for g in "ifCo"]).T,
        "bias_ih_l0": 0.25 * np.hstack([params[f"b_{g}"] for g in "ifCo"]),
        "bias_hh_l0": 0.75 * np.hstack([params[f"b_{g}"] for g in "ifCo"]),
    }.items():
        getattr(lstm, name).data = torch.tensor(value)
    start = np.zeros((1, page["n"]))
    states = unroll(LSTM(), params, x, (start, start)).h[1:]
    np.testing.assert_allclose(lstm(torch.tensor(x))[0].detach(), states, rtol=1e-10)


def test_two_biases_of_one():
    question = TEXT.split("```{question} Two biases")[1].split("```")[0]
    gate, both = sigmoid(np.array(1.0)), sigmoid(np.array(2.0))
    assert f"[ ] {gate:.2f}" in question and f"[x] {both:.2f}" in question
    half_lives = [f"{-np.log(2) / np.log(f):.1f}" for f in (both, gate)]
    assert "half-life of the direct path is {} steps then, not {}".format(*half_lives) in question
    assert f"[ ] {gate**2:.2f}" in question


@pytest.mark.slow
def test_what_the_page_says_about_networks_holds_for_others(fresh_seed, monkeypatch, capsys):
    """Run the page, assertions and all, with seeds that it does not use; nothing is drawn."""
    first = 1000 + 10 * (fresh_seed % 100_000)
    assert CELLS[0].count(SEEDS) == 1
    scope: dict = {}
    exec(CELLS[0].replace(SEEDS, f"seeds = range({first}, {first + 10})"), scope)
    scope |= {"Explorer": lambda *_, **__: None, "Drawing": lambda *_, **__: None}
    for source in CELLS[1:]:
        exec(compile(source, source.splitlines()[0], "exec"), scope)
