"""Lines to be put in order: the code is right, and so is every order that computes the same."""

import re
from itertools import permutations

import numpy as np
import pytest
from playwright.sync_api import expect

from bptt_lab import LSTM, RNN, forward, loss_and_gradients, softmax
from bptt_lab.reference import sigmoid
from conftest import ROOT
from test_browser import FROM_DISK, address, server, visit  # noqa: F401
from tools.parsons import before, lines

CODE = {
    page: re.search(
        r"^```\{parsons\} .*?\n(.*?)^```$",
        (ROOT / "book" / f"{page}-exercises.md").read_text(encoding="utf-8"),
        re.M | re.S,
    )[1].rstrip()
    for page in ("bptt", "lstm")
}


def errors(trace, y):
    shares = softmax(trace.logits) - np.eye(trace.logits.shape[-1])[y]
    return np.concatenate([np.zeros_like(shares[:1]), shares])


def problem(cell):
    rng = np.random.default_rng(1)
    p = cell.init(rng, 2, 4, 3)
    x, y = rng.normal(size=(5, 2, 2)), rng.integers(0, 3, (5, 2))
    trace, (_, grads) = forward(cell, p, x), loss_and_gradients(cell, p, x, y)
    space = {"np": np, "T": 5, "h": trace.h, "e": errors(trace, y), **p}
    return p, x, trace, grads, space | {"x": np.concatenate([np.zeros_like(x[:1]), x])}


def test_the_loop_of_the_rnn_is_right_and_so_is_every_order_that_is_allowed():
    _, _, _, grads, space = problem(RNN("tanh"))
    whole = CODE["bptt"].splitlines()
    allowed = {*before(CODE["bptt"])}
    right = wrong = 0
    for inside in permutations(range(3, 8)):  # the lines in the loop
        order = [0, 1, 2, *inside]
        keeps = all(order.index(a) < order.index(b) for a, b in allowed)
        own = dict(space)
        try:
            exec("\n".join(whole[k] for k in order), own)
            agrees = all(
                np.allclose(own[name], grads[weight], rtol=1e-12)
                for name, weight in (("g_hh", "W_hh"), ("g_xh", "W_xh"))
            )
        except NameError:
            agrees = False
        assert agrees == keeps, order
        right, wrong = right + keeps, wrong + (not keeps)
    assert right == 6 and wrong == 114


def test_the_loop_of_the_lstm_is_right():
    p, x, trace, grads, space = problem(LSTM())
    C = trace.states[1]
    assert C.shape == trace.h.shape
    for gate in "ifo":
        a = x @ p[f"W_x{gate}"] + trace.h[:-1] @ p[f"W_h{gate}"] + p[f"b_{gate}"]
        space[gate] = np.concatenate([np.zeros_like(a[:1]), sigmoid(a)])
    a = x @ p["W_xC"] + trace.h[:-1] @ p["W_hC"] + p["b_C"]
    space |= {"C": C, "new": np.concatenate([np.zeros_like(a[:1]), np.tanh(a)])}
    exec(CODE["lstm"], space)
    assert np.allclose(space["d_next"], grads.state0[0], rtol=1e-12)
    assert np.allclose(space["C_next"], grads.state0[1], rtol=1e-12)
    pairs = before(CODE["lstm"])
    assert (4, 5) not in pairs and (3, 5) in pairs and (2, 3) in pairs


def test_what_depends_on_what_is_read_off_the_code():
    assert before("a = 1\nb = 2\nc = a + b") == [(0, 2), (1, 2)]
    assert before("a[0] = 1\nb = a") == [(0, 1)]
    # A line before the loop stays there, and so do those in it; they may change places.
    assert before("a = 0\nfor t in b:\n    c = t\n    d = 1") == [(0, 1), (1, 2), (1, 3)]
    with pytest.raises(ValueError, match="line of its own"):
        lines("a = 1; b = 2")


# ------------------------------------------------------------------ the page


def in_order(group):
    return group.locator("li").evaluate_all("all => all.map(one => Number(one.dataset.line))")


@pytest.mark.site
@pytest.mark.browser
@FROM_DISK
@pytest.mark.parametrize("page_name", CODE)
def test_lines_are_put_in_order_by_keyboard_and_by_mouse(visit, page_name):  # noqa: F811
    page = visit(f"{page_name}-exercises", viewport={"width": 1280, "height": 1400})
    group = page.locator(".parsons")
    count = len(CODE[page_name].splitlines())
    assert sorted(in_order(group)) == [*range(count)] != in_order(group)
    check, verdict = group.get_by_role("button", name="Check"), group.get_by_role("status")
    check.click()
    expect(verdict).to_contain_text("Not yet. Line")
    for line in range(count):  # by keyboard, each to its place
        button = group.locator(f'li[data-line="{line}"] button').first
        button.focus()
        for _ in range(in_order(group).index(line) - line):
            page.keyboard.press("ArrowUp")
        assert button.evaluate("one => one === document.activeElement")
    assert in_order(group) == [*range(count)]
    check.click()
    expect(verdict).to_contain_text("Right")
    last, first = group.locator("li").last, group.locator("li").first
    last.drag_to(first, target_position={"x": 5, "y": 2})
    assert in_order(group)[0] == count - 1
    check.click()
    expect(verdict).to_contain_text("Line 1 comes too early")
    group.get_by_role("button", name="Move down").first.click()
    assert in_order(group)[1] == count - 1


@pytest.mark.site
@pytest.mark.browser
def test_without_a_script_the_order_is_folded_below(visit):  # noqa: F811
    page = visit("bptt-exercises", java_script_enabled=False)
    group = page.locator(".parsons")
    assert group.get_by_role("button").count() == 0
    group.locator("summary").click()
    said = group.locator(".answers pre").inner_text()
    assert said.split() == CODE["bptt"].split()
