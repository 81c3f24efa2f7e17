"""Every numbered equation has a test that names it; here are those that no module's tests hold."""

import subprocess
import sys

import numpy as np
import pytest
import sympy as sp

from bptt_lab import (
    LSTM,
    RNN,
    forward,
    jacobian_product,
    log_gradient_norms,
    loss_and_gradients,
    non_normal,
    softmax,
    spectral_radius,
    step_jacobians,
    symbolic,
)
from conftest import ROOT
from problems import make_problem
from tools import equations

NUMBERED, COMPUTED, TESTED = equations.numbered(), equations.computed(), equations.tested()


# ------------------------------------------------------------------------ one name for all three


def test_every_numbered_equation_has_a_test():
    assert len(NUMBERED) > 80
    assert not set(NUMBERED) - set(TESTED)


def test_most_equations_that_the_package_computes_are_named_there():
    for label in ("eq-cell", "eq-lstm", "eq-gru", "eq-bptt-recursion", "eq-lstm-backward"):
        assert COMPUTED[label], label


@pytest.mark.parametrize("folder", ["src", "tests"])
def test_every_label_that_is_named_exists(folder):
    unknown = {
        (path.name, label)
        for path in sorted((ROOT / folder).rglob("*.py"))
        for label in equations.LABEL.findall(path.read_text(encoding="utf-8"))
        if label not in NUMBERED
    }
    assert not unknown


def test_a_label_belongs_to_one_equation():
    labels = [
        label
        for path in (ROOT / "book").glob("*.md")
        for label in equations.NUMBERED.findall(path.read_text(encoding="utf-8"))
    ]
    assert len(labels) == len(set(labels))


def test_code_is_found_by_its_docstring_and_a_method_stands_for_its_class(tmp_path, monkeypatch):
    monkeypatch.setattr(equations, "ROOT", tmp_path)
    label = next(iter(NUMBERED))
    text = f'''class A:
    """{label}."""

    def f(self):
        """Equations: {label}, {label}."""


def g():
    "Nothing."
    # {label}


@pytest.mark.equation("{label}")
@holds("{label}")
def h():
    pass
'''
    (tmp_path / "module.py").write_text(text, encoding="utf-8")
    assert [p.name for p in equations.computed(tmp_path)[label]] == ["module.A.f"]
    marked = equations.tested(tmp_path)[label]
    assert {p.name for p in marked} == {"module.h"}
    assert marked[0].source.startswith("@pytest.mark") and marked[0].source.endswith("pass")


def test_a_label_selects_the_tests_that_are_marked_with_it():
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    command += ["-k", "eq-softmax-jacobian", "tests/test_losses.py", "-n", "0"]
    told = subprocess.run(
        command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    ).stdout
    assert [line for line in told.splitlines() if "::" in line] == [
        "tests/test_losses.py::test_softmax_is_not_elementwise"
    ]


# ------------------------------------------------------------------------------ the forward pass


@pytest.fixture
def rnn():
    return make_problem(RNN("tanh"))


@pytest.mark.equation("eq-one-neuron")
def test_one_neuron_is_a_cell_of_size_one():
    w_x, w_h, x = 3.0, -0.7, np.random.default_rng(0).standard_normal(9)
    params = RNN("tanh").init(np.random.default_rng(1), 1, 1, 1)
    params |= {"W_xh": np.array([[w_x]]), "W_hh": np.array([[w_h]])}
    h = [0.0]
    for number in x:
        h.append(np.tanh(w_x * number + w_h * h[-1]))
    computed = forward(RNN("tanh"), params, x[:, None, None]).h[:, 0, 0]
    np.testing.assert_allclose(computed, h, rtol=1e-14)


@pytest.mark.equation("eq-system", "eq-nested")
def test_a_state_is_all_that_the_past_leaves(rnn):
    """The rest of a sequence, from the state in its middle, is as in the whole."""
    whole = forward(rnn.cell, rnn.params, rnn.x, rnn.state0)
    start = forward(rnn.cell, rnn.params, rnn.x[:3], rnn.state0)
    rest = forward(rnn.cell, rnn.params, rnn.x[3:], start.h[-1])
    np.testing.assert_allclose(rest.h[1:], whole.h[4:], rtol=1e-14)
    other = forward(rnn.cell, rnn.params, rnn.x[3:], start.h[-2])
    assert not np.allclose(other.h[-1], whole.h[-1])


@pytest.mark.equation("eq-notation-rnn", "eq-concatenation", "eq-columns")
def test_two_products_one_product_and_columns_give_the_same_state(rnn):
    p, x, h = rnn.params, rnn.x[0], rnn.state0[0]
    trace = forward(rnn.cell, p, rnn.x[:1], rnn.state0)
    a = x @ p["W_xh"] + h @ p["W_hh"]
    one_product = np.hstack([x, h]) @ np.vstack([p["W_xh"], p["W_hh"]])
    np.testing.assert_allclose(one_product, a, rtol=1e-12)
    columns = np.tanh(p["W_xh"].T @ x.T + p["W_hh"].T @ h.T + p["b_h"][:, None])
    np.testing.assert_allclose(trace.h[1], np.tanh(a + p["b_h"]), rtol=1e-13)
    np.testing.assert_allclose(columns.T, trace.h[1], rtol=1e-13)
    np.testing.assert_allclose(trace.logits[0], trace.h[1] @ p["W_yh"] + p["b_y"], rtol=1e-13)


@pytest.mark.equation("eq-loss")
def test_the_loss_is_the_sum_of_the_losses_of_the_steps(rnn):
    rnn.y[rnn.y < 0] = 0
    loss, _ = loss_and_gradients(rnn.cell, rnn.params, rnn.x, rnn.y, rnn.state0)
    y_hat = softmax(forward(rnn.cell, rnn.params, rnn.x, rnn.state0).logits)
    steps = [-np.log(np.take_along_axis(q, y[:, None], 1)).sum() for q, y in zip(y_hat, rnn.y)]  # noqa: B905
    assert loss == pytest.approx(sum(steps), rel=1e-13)


@pytest.mark.equation("eq-count")
def test_the_number_of_parameters_does_not_depend_on_the_length():
    n_inputs, n, n_outputs = 3, 5, 2
    params = RNN().init(np.random.default_rng(0), n_inputs, n, n_outputs)
    count = n_inputs * n + n**2 + n + n * n_outputs + n_outputs
    assert sum(value.size for value in params.values()) == count


# ------------------------------------------------------------------------------ powers and norms


@pytest.mark.equation("eq-gelfand")
def test_powers_lie_between_those_of_the_radius_and_of_the_norm():
    W = non_normal(np.random.default_rng(0), 6, rho=0.9, departure=1.0)
    rho, sigma_max = spectral_radius(W), np.linalg.norm(W, 2)
    norms = {k: np.linalg.norm(np.linalg.matrix_power(W.T, k), 2) for k in (1, 3, 10, 400)}
    for k, norm in norms.items():
        assert rho**k <= norm * (1 + 1e-9) and norm <= sigma_max**k * (1 + 1e-12)
    assert norms[10] > 2 * rho**10  # far from the radius at first
    assert norms[400] ** (1 / 400) == pytest.approx(rho, rel=0.02)


@pytest.mark.equation("eq-pseudospectrum")
def test_a_disturbance_moves_eigenvalues_within_the_pseudospectrum_and_to_each_of_its_points():
    rng = np.random.default_rng(0)
    W, eps = non_normal(rng, 5, rho=0.9, departure=1.0), 0.1
    for _ in range(50):
        E = rng.standard_normal((5, 5))
        E *= eps / np.linalg.norm(E, 2)
        for z in np.linalg.eigvals(W + E):
            assert np.linalg.svd(z * np.eye(5) - W)[1][-1] <= eps * (1 + 1e-9)
    z = 1.1 + 0.2j  # the disturbance of least norm that makes this an eigenvalue
    U, s, V = np.linalg.svd(z * np.eye(5) - W)
    E = s[-1] * np.outer(U[:, -1], V[-1])
    assert np.abs(np.linalg.eigvals(W + E) - z).min() < 1e-9


@pytest.mark.equation("eq-kreiss")
def test_a_pseudospectrum_outside_the_circle_proves_a_peak_of_the_powers():
    W = non_normal(np.random.default_rng(0), 8, rho=0.9, departure=2.0)
    peak = max(np.linalg.norm(np.linalg.matrix_power(W, k), 2) for k in range(200))
    axis = np.linspace(-3, 3, 41)
    grid = [z for z in (axis + 1j * axis[:, None]).ravel() if abs(z) > 1]
    proved = [(abs(z) - 1) / np.linalg.svd(z * np.eye(8) - W)[1][-1] for z in grid]
    assert 2 < max(proved) <= peak


@pytest.mark.equation("eq-nilpotent")
def test_a_matrix_whose_eigenvalues_are_zero_and_a_gradient_that_grows_from_every_start():
    W, b = 4 * np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([-1.0, -5.0])
    assert not (W @ W).any() and np.linalg.norm(W, 2) == pytest.approx(8)
    cell = RNN("tanh")
    params = cell.init(np.random.default_rng(0), 1, 2, 1) | {"W_hh": W, "b_h": b}
    starts = np.random.default_rng(1).uniform(-1, 1, (20, 2))
    run = forward(cell, params, np.zeros((1000, 20, 1)), starts)
    norms = log_gradient_norms(step_jacobians(run)[100:])[-1] / 900
    assert norms.min() > 0.25 and norms.max() < 0.45
    u = run.h[:, :, 0] - run.h[:, :, 1]  # both neurons see this number alone
    np.testing.assert_allclose(u[1:], np.tanh(4 * u[:-1] - 1) - np.tanh(4 * u[:-1] - 5), rtol=1e-9)


@pytest.mark.equation("eq-saturation")
@pytest.mark.parametrize("w", [1.1, 2.0, 5.0])
def test_the_factor_at_the_fixed_point_of_one_neuron(w):
    params = RNN("tanh").init(np.random.default_rng(0), 1, 1, 1) | {"W_hh": np.array([[w]])}
    trace = forward(RNN("tanh"), params, np.zeros((500, 1, 1)), np.ones((1, 1)))
    u = w * trace.h[-1, 0, 0]
    factor = step_jacobians(trace)[-1, 0, 0, 0]
    assert factor == pytest.approx(2 * u / np.sinh(2 * u), rel=1e-9) and factor < 1
    assert factor == pytest.approx(u / np.tanh(u) / np.cosh(u) ** 2, rel=1e-9)


# ------------------------------------------------------------------------------ gated cells


def constant_gates(f, step):
    """Return an LSTM whose forget gate is f, and which adds the same at every step."""
    params = LSTM().init(np.random.default_rng(0), 2, 3, 1)
    params = {name: np.zeros_like(value) for name, value in params.items()}
    params["b_f"] += np.log(f / (1 - f))
    params["b_i"] += 50
    params["b_C"] += np.arctanh(step)
    return params


@pytest.mark.equation("eq-cell-bound")
@pytest.mark.parametrize("f", [0.5, 0.9, 0.99])
def test_a_forget_gate_below_one_bounds_the_cell_state_and_reaches_the_bound(f):
    C = forward(LSTM(), constant_gates(f, 0.8), np.zeros((4000, 1, 2))).c
    assert np.abs(C).max() <= 0.8 / (1 - f) * (1 + 1e-9)
    np.testing.assert_allclose(C[-1], 0.8 / (1 - f), rtol=1e-9)


@pytest.mark.equation("eq-time-constant")
def test_a_cell_state_falls_to_a_half_and_to_one_part_in_e_in_the_stated_time():
    f = 0.95
    tau = -1 / np.log(f)
    state0 = np.zeros((1, 3)), np.ones((1, 3))
    C = forward(LSTM(), constant_gates(f, 0.0), np.zeros((100, 1, 2)), state0).c[:, 0, 0]
    time = np.interp([-1, -np.log(2)], np.log(C[::-1]), np.arange(101)[::-1])
    np.testing.assert_allclose(time, [tau, tau * np.log(2)], rtol=1e-9)
    assert tau == pytest.approx(1 / (1 - f), rel=0.03)


@pytest.mark.equation("eq-lstm-blocks", "eq-block-b", "eq-four-terms")
@pytest.mark.equation("eq-blocks-1997", "eq-original-derivative")
@pytest.mark.parametrize("cell", [symbolic.LSTM(), symbolic.OriginalLSTM()], ids=repr)
def test_the_blocks_of_one_step_and_the_derivative_of_the_cell_state(cell):
    """The blocks as in the displays, gate by gate; without a forget gate F is the identity."""
    net = cell.unroll(T=2, n_inputs=1, n_neurons=2)
    A, F, B, P = net.blocks(2)
    i, o, new, tanh_C = net.i[2], net.o[2], net.C_tilde[2], net.C[2].applyfunc(sp.tanh)

    def term(factor, slope, W):
        return symbolic.diag(symbolic.hadamard(factor, slope)) * W.T

    through = term(new, i.applyfunc(lambda s: s * (1 - s)), net.W_hi)
    through += term(i, new.applyfunc(lambda s: 1 - s**2), net.W_hC)
    kept = sp.eye(2)
    if cell == symbolic.LSTM():
        through += term(net.C[1], net.f[2].applyfunc(lambda s: s * (1 - s)), net.W_hf)
        kept = symbolic.diag(net.f[2])
    assert symbolic.same(A, through) and symbolic.same(F, kept)
    assert symbolic.same(B, term(tanh_C, o.applyfunc(lambda s: s * (1 - s)), net.W_ho))
    assert symbolic.same(P, term(o, tanh_C.applyfunc(lambda s: 1 - s**2), sp.eye(2)))
    derivative = net.total(net.C[2], net.C[1])
    assert symbolic.same(derivative, A * net.blocks(1).P + F)
    assert not symbolic.same(derivative, F)


@pytest.mark.equation("eq-k-steps")
def test_a_cell_state_k_steps_later_by_the_joint_jacobians():
    """The initial h moves with C, as h_{t-k} = o_{t-k} tanh(C_{t-k}) with the gate held."""
    case, n, nudge = make_problem(LSTM(), m=1), 5, 1e-6
    o, C = np.linspace(0.2, 0.9, n), case.state0[1]

    def end(C):
        return forward(case.cell, case.params, case.x, (o * np.tanh(C), C))

    P = np.diag(o * (1 - np.tanh(C[0]) ** 2))
    J = jacobian_product(step_jacobians(end(C)))[0]
    lower = J[n:] @ np.vstack([P, np.eye(n)])
    for j, unit in enumerate(np.eye(n)):
        difference = (end(C + nudge * unit).c[-1, 0] - end(C - nudge * unit).c[-1, 0]) / (2 * nudge)
        np.testing.assert_allclose(lower[:, j], difference, atol=1e-9)
