"""Derived formulas against those of the book, autograd, differences and the engine."""

import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp
from autograd import grad
from autograd import jacobian as autograd_jacobian

import bptt_lab
from bptt_lab import symbolic
from bptt_lab.symbolic import (
    GRU,
    LSTM,
    RNN,
    OriginalLSTM,
    PeepholeLSTM,
    activation,
    cross_entropy,
    diag,
    gradient,
    hadamard,
    jacobian,
    matrix,
    numeric,
    row,
    same,
    slope,
    slope_bound,
    softmax,
    squared_error,
    sums_to_one,
)

ACTIVATIONS = ("tanh", "sigmoid", "relu", "identity")
CELLS = {
    **{f"RNN-{name}": RNN(name) for name in ACTIVATIONS},
    "OriginalLSTM": OriginalLSTM(),
    "LSTM": LSTM(),
    "PeepholeLSTM": PeepholeLSTM(),
    "GRU-before": GRU(reset="before"),
    "GRU-after": GRU(reset="after"),
}
T, N_INPUTS, N, N_OUTPUTS = 3, 4, 2, 5  # all different, and the batch is 1

each_cell = pytest.mark.parametrize("name", CELLS)
lstms = pytest.mark.parametrize("cell", [OriginalLSTM(), LSTM(), PeepholeLSTM()], ids=repr)


def ones(like):
    return sp.ones(*like.shape)


def sigmoid_slope(value):
    return hadamard(value, ones(value) - value)


def tanh_slope(value):
    return ones(value) - hadamard(value, value)


# An oracle that shares nothing with the package: NumPy seen by autograd.


def sigmoid(a):
    return 1 / (1 + anp.exp(-a))


FUNCTIONS = {
    "tanh": anp.tanh,
    "sigmoid": sigmoid,
    "relu": lambda a: anp.where(a > 0, a, 0.0),
    "identity": lambda a: a,
}


def oracle_step(name, p, x, h, C):
    def net(g, h=h):
        return x @ p[f"W_x{g}"] + h @ p[f"W_h{g}"] + p[f"b_{g}"]

    if name.startswith("RNN"):
        return FUNCTIONS[name[4:]](net("h")), C
    if name.startswith("GRU"):
        z, r = sigmoid(net("z")), sigmoid(net("r"))
        u = h @ p["W_hn"] + p["c_n"] if name == "GRU-after" else 0
        after = anp.tanh(x @ p["W_xn"] + p["b_n"] + r * u)
        candidate = after if name == "GRU-after" else anp.tanh(net("n", r * h))
        return z * h + (1 - z) * candidate, C
    peep = {g: p.get(f"p_{g}", 0) for g in "ifo"}
    i = sigmoid(net("i") + peep["i"] * C)
    f = 1 if name == "OriginalLSTM" else sigmoid(net("f") + peep["f"] * C)
    C = f * C + i * anp.tanh(net("C"))
    return sigmoid(net("o") + peep["o"] * C) * anp.tanh(C), C


def oracle_states(name, p, x, h, C):
    states = [(h, C)]
    for x_t in x[:, 0]:
        states.append(oracle_step(name, p, x_t, *states[-1]))
    return states


def oracle_loss(name, p, x, y, h, C):
    total = 0.0
    for (h_t, _), k in zip(oracle_states(name, p, x, h, C)[1:], y[:, 0], strict=True):
        logits = h_t @ p["W_yh"] + p["b_y"]
        total = total - logits[k] + anp.log(anp.sum(anp.exp(logits)))
    return total


@pytest.fixture
def problem(name):
    """Random parameters in the shapes of the contract, inputs, classes, initial state."""
    rng = np.random.default_rng(list(CELLS).index(name))
    engine = getattr(bptt_lab, name.split("-")[0])(*name.split("-")[1:])
    params = engine.init(rng, N_INPUTS, N, N_OUTPUTS)
    params = {key: 0.7 * rng.standard_normal(value.shape) for key, value in params.items()}
    x, y = rng.standard_normal((T, 1, N_INPUTS)), rng.integers(0, N_OUTPUTS, (T, 1))
    h, C = rng.standard_normal((2, N))
    state0 = (h[None], C[None]) if "LSTM" in name else (h[None],)
    return engine, params, x, y, h, C, state0


@pytest.fixture(scope="module")
def unrolled():
    return {name: cell.unroll(T, N_INPUTS, N, N_OUTPUTS) for name, cell in CELLS.items()}


def relative_error(actual, expected):
    return np.linalg.norm(actual - expected) / max(np.linalg.norm(expected), 1e-30)


# Layout.


def test_jacobian_is_in_numerator_layout():
    x, W = row("x", 3), matrix("W", 3, 2)
    assert jacobian(x * W, x).shape == (2, 3)
    assert jacobian(x * W, x) == W.T == jacobian((x * W).T, x.T)


def test_jacobian_of_a_matrix_goes_row_by_row_so_that_products_reshape():
    x, W, e = row("x", 3), matrix("W", 3, 2), row("e", 2)
    tensor = jacobian(x * W, W)
    assert tensor.shape == (2, 6)
    assert (e * tensor).reshape(3, 2) == x.T * e
    assert gradient((e * (x * W).T)[0], W) == x.T * e


def test_a_name_cannot_be_differentiated_by_another_name():
    net = RNN("tanh").unroll(2)
    with pytest.raises(ValueError, match="is a name.*total"):
        jacobian(net.h[2], net.h[1])


def test_names_are_those_of_the_book():
    net = LSTM().step()
    assert sp.latex(net.W_hf[0, 1]) == "W_{hf,12}"
    assert sp.latex(net.h["t-1"][1]) == "h_{t-1,2}"
    assert sp.latex(net.C_tilde["t"][0]) == r"\tilde{C}_{t,1}"
    assert sp.latex(net.a_f["t"][0]) == "a^{f}_{t,1}"
    assert sp.latex(RNN("phi").step(n_neurons=1).y_hat["t"][1]) == r"\hat{y}_{t,2}"
    net = RNN("phi").step(n_neurons=1)
    assert sp.latex(net.total(net.h["t"], net.a["t"])[0]) == r"\phi'{\left(a_{t}\right)}"
    relu = slope("relu", row("h_t", 1))[0]
    assert sp.latex(relu) == r"\left[h_{t} > 0\right]"
    assert sp.latex(relu**2) == r"\left[h_{t} > 0\right]^{2}"


def test_state_before_the_first_is_an_error_and_not_the_last():
    with pytest.raises(KeyError):
        RNN("tanh").unroll(2).h[-1]


# Activations.


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slope_by_value_is_the_derivative_of_the_function_written_out(name):
    a = sp.Symbol("a", positive=True)  # on a half-line relu is differentiable
    for point in (a, -a):
        value = activation(name, point)
        written_out = sp.diff(value, a) * (1 if point == a else -1)
        by_value = slope(name, value).replace(symbolic.functions.positive, sp.Heaviside)
        difference = by_value.rewrite(sp.exp) - written_out
        assert sp.simplify(difference.rewrite(sp.exp).subs(sp.Heaviside(0), 0)) == 0


def test_slope_of_the_net_input_instead_of_the_value_differs():
    a = sp.Symbol("a", real=True)
    assert sp.simplify(sp.diff(sp.tanh(a), a) - slope("tanh", a)) != 0


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_bound_is_the_largest_slope(name):
    a = np.linspace(-6, 6, 2401)  # 0, where tanh and the logistic are steepest, is in it
    h, value = sp.Symbol("h"), FUNCTIONS[name](a)
    slopes = numeric(slope(name, h), h)
    largest = max(slopes(v) for v in value)
    assert largest == pytest.approx(float(slope_bound(name)), abs=1e-15)


def test_unknown_activations_are_refused_with_the_known():
    for wrong in (lambda: RNN("softplus"), lambda: slope("softplus", 0)):
        with pytest.raises(ValueError, match="'softplus'; known are tanh, sigmoid, relu"):
            wrong()
    for wrong in (lambda: slope("phi", 0), lambda: slope_bound("phi")):
        with pytest.raises(ValueError, match="phi is any activation"):
            wrong()


# Softmax and cross-entropy.


@pytest.mark.equation("eq-softmax-jacobian")
def test_softmax_jacobian():
    o = row("o", 3)
    s = softmax(o)
    assert same(jacobian(s, o), diag(s) - s.T * s)
    assert not same(jacobian(s, o), diag(hadamard(s, ones(s) - s)))  # not element-wise


def test_named_softmax_has_the_derivative_of_the_one_written_out():
    net = RNN("tanh").step(n_outputs=3)
    o, y_hat = net.logits["t"], net.y_hat["t"]
    derived = net.total(y_hat, o).xreplace(dict(zip(y_hat, softmax(o), strict=True)))
    assert same(derived, jacobian(softmax(o), o))


def test_cross_entropy_gradient_needs_targets_that_sum_to_one():
    o, y = row("o", 3), row("y", 3)
    derived = gradient(cross_entropy(y, o), o)
    assert same(derived, sp.Add(*y) * softmax(o) - y)
    assert not same(derived, softmax(o) - y)
    assert same(derived, softmax(o) - y, given=sums_to_one(y))


def test_loss_of_a_step_by_logits_and_by_probabilities():
    """Ledger bptt-07: y_hat - y is the derivative by the logits, not by the softmax output."""
    net = RNN("tanh").step(n_outputs=3)
    L, y, y_hat, o = net.L["t"], net.y["t"], net.y_hat["t"], net.logits["t"]
    assert same(net.gradient(L, o), sp.Add(*y) * y_hat - y)
    assert same(net.gradient(L, y_hat), -hadamard(y, y_hat.applyfunc(lambda p: 1 / p)))
    assert same(net.total(L, y_hat) * net.total(y_hat, o), net.total(L, o))
    assert net.total(L, o, hold=y_hat).is_zero_matrix


@pytest.mark.equation("eq-loss-gradient")
def test_cross_entropy_gradient_of_a_multi_hot_target():
    """Ledger bptt-07: with the target (1, 1, 0) the gradient is 2 y_hat - y."""
    o, y = row("o", 3), row("y", 3)
    logits, target = np.array([0.3, -0.4, 0.2]), np.array([1.0, 1.0, 0.0])
    y_hat = np.exp(logits) / np.exp(logits).sum()
    computed = numeric(gradient(cross_entropy(y, o), o), o, y)(logits, target)
    assert computed[0] == pytest.approx(2 * y_hat - target)
    assert relative_error(y_hat - target, computed[0]) > 0.5


@pytest.mark.equation("eq-squared")
def test_squared_error_gradient():
    o, y = row("o", 3), row("y", 3)
    assert same(gradient(squared_error(y, o), o), o - y)


def test_same_sees_a_wrong_sign_and_a_wrong_shape():
    h = row("h", 2)
    assert same((h * h.T)[0] - h[0] ** 2, h[1] ** 2)
    assert not same((h * h.T)[0] - h[0] ** 2, -(h[1] ** 2))
    assert same(1 / (1 + h[0]), (1 - h[0]) / (1 - h[0] ** 2))
    assert not same(1 / (1 + h[0]), (1 + h[0]) / (1 - h[0] ** 2))
    with pytest.raises(ValueError, match="shapes differ"):
        same(h, h.T)


# The chain rule of `total` against sympy's own on the nested function.


@pytest.mark.equation("eq-nested")
@each_cell
def test_total_derivative_is_that_of_the_nested_function(name):
    net = CELLS[name].unroll(T=2, n_inputs=1, n_neurons=2)
    weight = next(w for key, w in net.parameters.items() if key.startswith("W_h"))
    for v in (net.state[0], weight):
        nested = jacobian(net.explicit(net.state[2]), v)
        assert same(net.explicit(net.total(net.state[2], v)), nested)


# The simple RNN.


@pytest.mark.equation("eq-jacobian")
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_rnn_step_jacobian(name):
    net = RNN(name).step(n_inputs=1, n_neurons=3)
    J = net.total(net.h["t"], net.h["t-1"])
    D = diag(slope(name, net.h["t"]))
    assert same(J, D * net.W_hh.T)
    assert not same(J, D * net.W_hh)
    assert not same(J, net.W_hh.T * D) or name == "identity"


def test_rnn_step_jacobian_for_any_activation():
    net = RNN("phi").step(n_inputs=1, n_neurons=3)
    D = diag(net.a["t"].applyfunc(symbolic.functions.phi_prime))
    assert same(net.total(net.h["t"], net.h["t-1"]), D * net.W_hh.T)


def test_newest_jacobian_stands_on_the_left():
    net = RNN("tanh").unroll(T=3, n_neurons=2)
    J = {t: net.total(net.h[t], net.h[t - 1]) for t in (1, 2, 3)}
    assert same(net.total(net.h[3], net.h[0]), J[3] * J[2] * J[1])
    assert not same(net.total(net.h[3], net.h[0]), J[1] * J[2] * J[3])


def test_two_scalar_steps_immediate_and_total():
    net = RNN("tanh").unroll(T=2, n_inputs=1, n_neurons=1)
    h0, h1, h2, W = net.h[0][0], net.h[1][0], net.h[2][0], net.W_hh[0]
    assert same(net.immediate(net.h[2], net.W_hh)[0], (1 - h2**2) * h1)
    total = (1 - h2**2) * (h1 + W * (1 - h1**2) * h0)
    assert same(net.total(net.h[2], net.W_hh)[0], total)


@pytest.mark.equation("eq-notation-immediate", "eq-bptt-total")
@pytest.mark.parametrize("parameter", ["W_xh", "W_hh", "b_h"])
def test_total_derivative_is_immediate_plus_what_comes_through_the_state_before(parameter):
    net = RNN("tanh").unroll(T=3, n_inputs=1, n_neurons=2)
    theta = net.parameters[parameter]
    J = net.total(net.h[3], net.h[2])
    through = J * net.total(net.h[2], theta)
    total = net.total(net.h[3], theta)
    assert same(total, net.immediate(net.h[3], theta) + through)
    assert not same(total, through)  # ledger bptt-12: one term is missing


@pytest.mark.equation("eq-bptt-double-sum")
@pytest.mark.parametrize("parameter", ["W_xh", "W_hh", "b_h"])
def test_double_sum_needs_the_immediate_partial(parameter):
    net = RNN("tanh").unroll(T=3, n_inputs=1, n_neurons=2, n_outputs=2)
    theta = net.parameters[parameter]

    def double_sum(last_factor):
        terms = [
            net.total(net.L[t], net.h[t]) * net.total(net.h[t], net.h[k]) * last_factor(net.h[k])
            for t in (1, 2, 3)
            for k in range(1, t + 1)
        ]
        return sum(terms[1:], terms[0]).reshape(*theta.shape)

    derived = net.gradient(net.loss, theta)
    assert same(double_sum(lambda h: net.immediate(h, theta)), derived)
    assert not same(double_sum(lambda h: net.total(h, theta)), derived)


@pytest.mark.equation("eq-bptt-recursion", "eq-bptt-gradients", "eq-bptt-readout")
def test_delta_recursion_gives_every_gradient():
    """Sizes are distinct, so that no wrong transpose fits."""
    net = RNN("tanh").unroll(T=3, n_inputs=1, n_neurons=2, n_outputs=3)
    e = {t: net.y_hat[t] - net.y[t] for t in (1, 2, 3)}
    delta = {4: sp.zeros(1, 2)}
    for t in (3, 2, 1):
        g = e[t] * net.W_yh.T + delta[t + 1] * net.W_hh.T
        delta[t] = hadamard(g, slope("tanh", net.h[t]))

    def sum_of(term):
        return term(1) + term(2) + term(3)

    expected = {
        "W_yh": sum_of(lambda t: net.h[t].T * e[t]),
        "b_y": sum_of(lambda t: e[t]),
        "W_hh": sum_of(lambda t: net.h[t - 1].T * delta[t]),
        "W_xh": sum_of(lambda t: net.x[t].T * delta[t]),
        "b_h": sum_of(lambda t: delta[t]),
    }
    condition = sums_to_one(*net.y.values())
    assert expected.keys() == net.parameters.keys()
    for name, formula in expected.items():
        assert same(net.gradient(net.loss, net.parameters[name]), formula, condition), name
    assert same(net.gradient(net.loss, net.h[0]), delta[1] * net.W_hh.T, condition)
    assert same(net.gradient(net.loss, net.x[2]), delta[2] * net.W_xh.T, condition)
    off_by_one = sum_of(lambda t: net.h[t].T * delta[t])
    assert not same(net.gradient(net.loss, net.W_hh), off_by_one, condition)
    without = sums_to_one(*list(net.y.values())[1:])
    assert not same(net.gradient(net.loss, net.b_y), expected["b_y"], without)


# Gated cells.


def lstm_formulas(net, t):
    """Write the blocks A, F, B and P as products of diagonal and weight matrices."""
    i, o, new, C = net.i[t], net.o[t], net.C_tilde[t], net.C[t]
    tanh_C, C_prev = C.applyfunc(sp.tanh), net.C[t - 1]
    D_i = diag(hadamard(new, sigmoid_slope(i)))
    D_C = diag(hadamard(i, tanh_slope(new)))
    D_o = diag(hadamard(tanh_C, sigmoid_slope(o)))
    A, F = D_i * net.W_hi.T + D_C * net.W_hC.T, sp.eye(len(i))
    P = diag(hadamard(o, tanh_slope(tanh_C)))
    if "f" in dir(net):
        D_f = diag(hadamard(C_prev, sigmoid_slope(net.f[t])))
        A, F = A + D_f * net.W_hf.T, diag(net.f[t])
    if "p_o" in dir(net):
        F, P = F + D_f * diag(net.p_f) + D_i * diag(net.p_i), P + D_o * diag(net.p_o)
    return A, F, D_o * net.W_ho.T, P


@pytest.mark.equation("eq-lstm-blocks", "eq-blocks-1997", "eq-block-b")
@lstms
def test_lstm_blocks(cell):
    net = cell.unroll(T=1, n_inputs=1, n_neurons=3)
    for derived, formula in zip(net.blocks(1), lstm_formulas(net, 1), strict=True):
        assert same(derived, formula)


@pytest.mark.equation("eq-joint-jacobian")
@lstms
def test_joint_jacobian_is_made_of_the_blocks(cell):
    net = cell.unroll(T=1, n_inputs=1, n_neurons=2)
    A, F, B, P = net.blocks(1)
    joint = sp.Matrix(sp.BlockMatrix([[B + P * A, P * F], [A, F]]))
    derived = net.total(net.state[1], net.state[0])
    assert derived.shape == (4, 4)
    assert same(derived, joint)
    assert not same(derived, sp.Matrix(sp.BlockMatrix([[B, P * F], [A, F]])))


@pytest.mark.equation("eq-four-terms", "eq-original-derivative")
@lstms
def test_derivative_of_the_cell_state_has_more_than_the_forget_gate(cell):
    net = cell.unroll(T=2, n_inputs=1, n_neurons=2)
    (A, F, _, _), P = net.blocks(2), net.blocks(1).P
    derived = net.total(net.C[2], net.C[1])
    assert same(derived, A * P + F)
    assert not same(derived, F)
    assert not same(derived, P * A + F)  # the last factor multiplies columns
    assert not same(derived, A.T * P + F)


def test_peepholes_make_the_four_terms_incomplete():
    """Ledger lstm-09."""
    net = PeepholeLSTM().unroll(T=2, n_inputs=1, n_neurons=2)
    derived = net.total(net.C[2], net.C[1])
    plain = hadamard(net.o[1], tanh_slope(net.C[1].applyfunc(sp.tanh)))
    assert not same(derived, net.blocks(2).A * diag(plain) + diag(net.f[2]))


@pytest.mark.equation("eq-missing")
@lstms
def test_two_steps_of_the_cell_state_miss_one_path(cell):
    """For k = 2 the difference is A_t B_{t-1} P_{t-2}."""
    net = cell.unroll(T=3, n_inputs=1, n_neurons=2)
    first, second, third = (net.blocks(t) for t in (1, 2, 3))
    M = {2: second.A * first.P + second.F, 3: third.A * second.P + third.F}
    derived = net.total(net.C[3], net.C[1])
    missing = third.A * second.B * first.P
    assert not same(derived, M[3] * M[2])
    assert same(derived - M[3] * M[2], missing)
    blind = dict.fromkeys(net.W_ho, 0)  # output gates that do not read h
    assert same(derived.xreplace(blind), (M[3] * M[2]).xreplace(blind))


def test_joint_jacobians_do_multiply():
    net = LSTM().unroll(T=3, n_inputs=1, n_neurons=2)
    J = {t: net.total(net.state[t], net.state[t - 1]) for t in (1, 2, 3)}
    assert same(net.total(net.state[3], net.state[0]), J[3] * J[2] * J[1])


def test_truncated_lstm_keeps_the_error_constant_and_still_trains_its_gates():
    net = OriginalLSTM(truncated=True).unroll(T=3, n_inputs=1, n_neurons=2)
    full = OriginalLSTM().unroll(T=3, n_inputs=1, n_neurons=2)
    assert net.total(net.C[3], net.C[0]) == sp.eye(2)
    assert not same(full.total(full.C[3], full.C[0]), sp.eye(2))
    assert net.total(net.h[3], net.h[2]).is_zero_matrix
    for name in ("W_xi", "W_ho", "W_hC"):
        assert not net.gradient(net.loss, net.parameters[name]).is_zero_matrix
    immediate = net.immediate(net.C[1], net.W_hC)
    assert same(immediate, full.immediate(full.C[1], full.W_hC))


def test_squashing_of_1997_is_a_scaled_logistic_function():
    """Ledger lstm-02: g(x) = 4 sigma(x) - 2 = 2 tanh(x/2), h(x) = 2 sigma(x) - 1 = tanh(x/2)."""
    net = OriginalLSTM(squashing="1997").unroll(T=1, n_inputs=1, n_neurons=1)
    a, C_tilde = net.a_C[1][0], net.C_tilde[1][0]
    written_out = net.definition(C_tilde).rewrite(sp.exp)
    assert same(written_out, 4 * activation("sigmoid", a) - 2)
    assert same(written_out, (2 * sp.tanh(a / 2)).rewrite(sp.exp))
    derived = net.total(net.C_tilde[1], net.a_C[1])[0]
    assert same(derived.xreplace({C_tilde: written_out}), sp.diff(written_out, a))


@pytest.mark.equation("eq-gru-jacobian")
@pytest.mark.parametrize("reset", ["before", "after"])
def test_gru_jacobian(reset):
    net = GRU(reset=reset).unroll(T=1, n_inputs=1, n_neurons=3)
    h, z, r, new = net.h[0], net.z[1], net.r[1], net.h_tilde[1]
    D_r = sigmoid_slope(r)
    if reset == "before":
        inner = net.W_hn.T * (diag(r) + diag(hadamard(h, D_r)) * net.W_hr.T)
    else:
        inner = diag(r) * net.W_hn.T + diag(hadamard(net.u[1], D_r)) * net.W_hr.T
    expected = (
        diag(z)
        + diag(hadamard(h - new, sigmoid_slope(z))) * net.W_hz.T
        + diag(hadamard(ones(z) - z, tanh_slope(new))) * inner
    )
    derived = net.total(net.h[1], net.h[0])
    assert same(derived, expected)
    assert not same(derived, expected.T)


# Numbers.


def derived_gradients(net):
    """All gradients as one NumPy function, which returns a dict."""
    names = list(net.parameters)
    symbols = sp.Matrix([[g for key in names for g in net.gradient(net.loss, net.parameters[key])]])
    function = net.numeric(symbols)

    def evaluate(params, *arguments):
        sizes = np.cumsum([params[key].size for key in names])
        flat = np.split(function(params, *arguments)[0], sizes[:-1])
        return {key: g.reshape(params[key].shape) for key, g in zip(names, flat, strict=True)}

    return evaluate


@pytest.fixture(scope="module")
def gradients(unrolled):
    return {name: derived_gradients(net) for name, net in unrolled.items()}


@each_cell
def test_derived_gradients_against_autograd(name, problem, gradients):
    _, params, x, y, h, C, state0 = problem
    oracle = grad(lambda p: oracle_loss(name, p, x, y, h, C))(params)
    derived = gradients[name](params, x, y, state0)
    assert derived.keys() == params.keys()
    for key in params:
        assert relative_error(derived[key], oracle[key]) < 1e-12, key


@each_cell
def test_derived_state_jacobians_against_autograd(name, problem, unrolled):
    _, params, x, _, h, C, state0 = problem
    net = unrolled[name]
    size = N * len(state0)

    def final(start):
        state = oracle_states(name, params, x, start[:N], start[N:] if size > N else C)[-1]
        return anp.concatenate(state)[:size]

    oracle = autograd_jacobian(final)(np.concatenate([h, C])[:size])
    derived = net.numeric(net.total(net.state[T], net.state[0]))
    assert relative_error(derived(params, x, state0=state0), oracle) < 1e-12


@each_cell
def test_loss_and_its_gradient_against_differences(name, problem, unrolled):
    _, params, x, y, h, C, state0 = problem
    net = unrolled[name]
    loss = net.numeric(net.loss)
    assert loss(params, x, y, state0) == pytest.approx(oracle_loss(name, params, x, y, h, C))
    d_x = net.numeric(net.gradient(net.loss, net.x[1]))(params, x, y, state0)[0]
    for k in range(N_INPUTS):
        step = np.zeros_like(x)
        step[0, 0, k] = 1e-6
        difference = loss(params, x + step, y, state0) - loss(params, x - step, y, state0)
        assert d_x[k] == pytest.approx(difference / 2e-6, abs=1e-8)


@each_cell
def test_engine_agrees_with_the_derived_formulas(name, problem, unrolled, gradients):
    engine, params, x, y, _, _, state0 = problem
    net = unrolled[name]
    trace = bptt_lab.forward(engine, params, x, state0)
    J = bptt_lab.step_jacobians(trace)
    for t in (1, T):
        derived = net.numeric(net.total(net.state[t], net.state[t - 1]))(params, x, None, state0)
        assert relative_error(J[t - 1, 0], derived) < 1e-12
    y[1] = -1  # a step without a target
    _, grads = bptt_lab.loss_and_gradients(engine, params, x, y, state0)
    for key, derived in gradients[name](params, x, y, state0).items():
        assert relative_error(grads[key], derived) < 1e-12, key


@pytest.mark.parametrize("truncated", [False, True])
@pytest.mark.parametrize("squashing", ["tanh", "1997"])
def test_engine_agrees_on_the_lstm_of_1997(truncated, squashing):
    rng = np.random.default_rng(0)
    options = {"truncated": truncated, "squashing": squashing}
    engine = bptt_lab.OriginalLSTM(**options)
    params = engine.init(rng, N_INPUTS, N, N_OUTPUTS)
    x, y = rng.standard_normal((T, 1, N_INPUTS)), rng.integers(0, N_OUTPUTS, (T, 1))
    net = OriginalLSTM(**options).unroll(T, N_INPUTS, N, N_OUTPUTS)
    _, grads = bptt_lab.loss_and_gradients(engine, params, x, y)
    for key, derived in derived_gradients(net)(params, x, y).items():
        assert relative_error(grads[key], derived) < 1e-12, key


def test_squared_error_network_against_the_engine():
    rng = np.random.default_rng(1)
    engine = bptt_lab.RNN("sigmoid")
    params = engine.init(rng, N_INPUTS, N, N_OUTPUTS)
    x, y = rng.standard_normal((T, 1, N_INPUTS)), rng.standard_normal((T, 1, N_OUTPUTS))
    net = RNN("sigmoid").unroll(T, N_INPUTS, N, N_OUTPUTS, loss="squared_error")
    loss, grads = bptt_lab.loss_and_gradients(engine, params, x, y)
    assert net.numeric(net.loss)(params, x, y) == pytest.approx(loss)
    derived = net.numeric(net.gradient(net.loss, net.W_xh))(params, x, y)
    assert relative_error(grads["W_xh"], derived) < 1e-12


def test_numbers_of_one_step_anywhere_in_a_sequence():
    rng = np.random.default_rng(2)
    engine, net = bptt_lab.RNN("tanh"), RNN("tanh").step(N_INPUTS, N, N_OUTPUTS)
    params = engine.init(rng, N_INPUTS, N, N_OUTPUTS)
    x = rng.standard_normal((7, 1, N_INPUTS))
    trace = bptt_lab.forward(engine, params, x)
    J = net.numeric(net.total(net.h["t"], net.h["t-1"]))(params, x[5:6], state0=trace.h[5])
    assert relative_error(J, bptt_lab.step_jacobians(trace)[5, 0]) < 1e-14


# What is refused.


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"T": 0}, "T must be an integer from 1 to 3, got 0"),
        ({"T": 4}, "got 4: an entry .* is a sum over all paths"),
        ({"T": True}, "T must be an integer"),
        ({"T": 1, "n_inputs": 0}, "n_inputs must be an integer from 1 to 9, got 0"),
        ({"T": 1, "n_neurons": 10}, "n_neurons must be an integer from 1 to 9, got 10"),
        ({"T": 1, "n_outputs": 2.0}, "n_outputs must be an integer from 1 to 9, got 2.0"),
        ({"T": 1, "n_outputs": 1}, "softmax of one logit is always 1"),
        ({"T": 1, "loss": "hinge"}, "unknown loss 'hinge'; known are cross_entropy"),
    ],
)
def test_sizes_that_cannot_be_unrolled(sizes, message):
    with pytest.raises(ValueError, match=message):
        LSTM().unroll(**sizes)


def test_unknown_cells_and_names_are_refused_with_the_known():
    with pytest.raises(AttributeError, match="no 'W_hf' here; there are W_xh, W_hh"):
        RNN("tanh").step().W_hf  # noqa: B018
    with pytest.raises(ValueError, match="reset must be 'before' or 'after', got 'none'"):
        GRU(reset="none")
    with pytest.raises(ValueError, match="squashing must be 'tanh' or '1997', got 'relu'"):
        OriginalLSTM(squashing="relu")
    with pytest.raises(ValueError, match="truncated must be True or False, got 1"):
        OriginalLSTM(truncated=1)
    with pytest.raises(ValueError, match="GRU has no cell state C"):
        GRU().step().blocks("t")
    with pytest.raises(ValueError, match=r"one of the steps \[1, 2\], got 0"):
        LSTM().unroll(2).blocks(0)
    net = LSTM().unroll(2)
    with pytest.raises(ValueError, match="one step, but has quantities of 2"):
        net.immediate(net.loss, net.W_hf)
    for wrong in (net.C[1] * 2, row("C_9", 2)):
        with pytest.raises(ValueError, match=r"not a quantity or parameter of <LSTM\(\) unrolled"):
            net.total(net.C[2], wrong)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="differ in shape"):
        hadamard(row("u", 1), row("v", 2))
    f = numeric(row("o", 2) * 2, row("o", 2))
    with pytest.raises(ValueError, match="expected 2 values"):
        f(np.zeros(3))
    with pytest.raises(ValueError, match="expected 1 arrays, got 2"):
        f(np.zeros(2), np.zeros(2))
    with pytest.raises(ValueError, match=r"no value is given for o_\{1}, o_\{2}"):
        numeric(row("o", 2))


def test_numbers_that_do_not_fit_are_refused():
    net = RNN("tanh").unroll(2, n_inputs=1, n_neurons=2, n_outputs=3)
    params = {"W_xh": np.ones((1, 2)), "W_hh": np.eye(2), "b_h": np.zeros(2)}
    f = net.numeric(net.h[2])
    x = np.zeros((2, 1, 1))
    assert f(params, x).shape == (1, 2)
    for wrong, message in [
        (lambda: f(params), "x is needed here"),
        (lambda: f(params, np.zeros((3, 1, 1))), r"x must have shape \(2, 1, 1\)"),
        (lambda: f(params, x, state0=(np.zeros(3),)), r"state0\[0\] must have shape \(1, 2\)"),
        (lambda: f(params, x, state0=(np.zeros(2),) * 2), r"tuple \(h,\) of arrays, got 2"),
        (lambda: f(params | {"W_hh": np.eye(3)}, x), r"W_hh must have shape \(2, 2\)"),
        (lambda: f({}, x), "W_xh is needed here"),
    ]:
        with pytest.raises(ValueError, match=message):
            wrong()
    loss, full = net.numeric(net.loss), params | {"W_yh": np.ones((2, 3)), "b_y": np.zeros(3)}
    assert isinstance(loss(full, x, [[0], [2]]), np.float64)
    with pytest.raises(ValueError, match="y is needed here"):
        loss(full, x)
    with pytest.raises(ValueError, match="classes in y must be 0 to 2, or -1"):
        loss(full, x, [[0], [3]])
    with pytest.raises(ValueError, match="no value is given for z"):
        net.numeric(net.h[2] * sp.Symbol("z"))
    phi = RNN("phi").step()
    with pytest.raises(ValueError, match="phi stands for any activation"):
        phi.numeric(phi.h["t"])
