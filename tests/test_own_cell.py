"""The cell that the reference of the package shows as an example, run from its page."""

import re

import numpy as np
import pytest

from bptt_lab import backward, check_gradients, forward, loss_and_gradients, step_jacobians
from conftest import ROOT
from problems import make_problem

PAGE = (ROOT / "book" / "api-own-cell.md").read_text(encoding="utf-8")
CELLS = re.findall(r"^```\{code-cell\}\n(.*?)^```$", PAGE, re.S | re.M)


@pytest.fixture(scope="module")
def leaky():
    """Return the class of the page."""
    names = {}
    exec(CELLS[0], names)
    return names["LeakyRNN"]


def test_the_code_of_the_page_runs_and_its_assertions_hold(capsys):
    names = {}
    for cell in CELLS:
        exec(cell, names)
    vanishing, _, alive = (
        float(line.split()[-1]) for line in capsys.readouterr().out.split("\n")[:3]
    )
    assert vanishing < 1e-6 < 1e-2 < alive


def test_it_is_as_short_as_it_says():
    body = CELLS[0][CELLS[0].index("@dataclass") :]
    lines = [line for line in body.splitlines() if line.strip() and not line.startswith("@")]
    assert len(lines) <= 20


@pytest.mark.equation("eq-bptt-leaky")
@pytest.mark.parametrize("alpha", [1.0, 0.3])
def test_gradients_and_jacobians_by_differences_and_by_one_another(leaky, alpha):
    case = make_problem(leaky(alpha))
    trace = forward(case.cell, case.params, case.x, case.state0)
    a = case.x[0] @ case.params["W_xh"] + case.state0[0] @ case.params["W_hh"] + case.params["b_h"]
    np.testing.assert_allclose(trace.h[1], (1 - alpha) * case.state0[0] + alpha * np.tanh(a))
    for y in (case.y, case.targets):
        assert check_gradients(case.cell, case.params, case.x, y, case.state0)
    J = step_jacobians(trace)
    whole = J[6] @ J[5] @ J[4] @ J[3] @ J[2] @ J[1] @ J[0]
    d_h = np.zeros_like(case.d_h)
    d_h[-1] = case.d_h[-1]
    carried = np.einsum("bi,bij->bj", d_h[-1], whole)
    np.testing.assert_allclose(backward(trace, d_h).state0[0], carried, rtol=1e-10, atol=1e-13)
    for j, nudge in enumerate(1e-6 * np.eye(5)):
        up, down = (
            forward(case.cell, case.params, case.x[:1], case.state0[0] + sign * nudge).h[1]
            for sign in (1, -1)
        )
        np.testing.assert_allclose(J[0, :, :, j], (up - down) / 2e-6, atol=1e-9)


def test_a_window_works_with_it(leaky):
    case = make_problem(leaky())
    arguments = case.cell, case.params, case.x, case.y, case.state0
    _, full = loss_and_gradients(*arguments)
    _, windowed = loss_and_gradients(*arguments, window=7)
    _, short = loss_and_gradients(*arguments, window=2)
    for name in full:
        np.testing.assert_allclose(windowed[name], full[name], rtol=1e-10, atol=1e-13)
    assert not np.allclose(short["W_hh"], full["W_hh"])
