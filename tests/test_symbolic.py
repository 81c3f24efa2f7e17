"""What sympy derives, against formulas written by hand and against the engine."""

import numpy as np
import pytest
import sympy as sp

import bptt_lab
from bptt_lab import reference, symbolic
from bptt_lab.reference import relative_error
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
    "OriginalLSTM-1997": OriginalLSTM(squashing="1997"),
    "OriginalLSTM-cut": OriginalLSTM(truncated=True),
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


def problem(cell):
    """Draw numbers for the engine's cell of the same name: one sequence, sizes that differ."""
    engine = getattr(bptt_lab, type(cell).__name__)(**vars(cell))
    return reference.problem(engine, T=T, m=1, n_inputs=N_INPUTS, n=N, n_outputs=N_OUTPUTS)


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
    h, value = sp.Symbol("h"), reference.ACTIVATIONS[name](a)
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
    """y_hat - y is the derivative by the logits, not by the softmax output."""
    net = RNN("tanh").step(n_outputs=3)
    L, y, y_hat, o = net.L["t"], net.y["t"], net.y_hat["t"], net.logits["t"]
    assert same(net.gradient(L, o), sp.Add(*y) * y_hat - y)
    assert same(net.gradient(L, y_hat), -hadamard(y, y_hat.applyfunc(lambda p: 1 / p)))
    assert same(net.total(L, y_hat) * net.total(y_hat, o), net.total(L, o))
    assert net.total(L, o, hold=y_hat).is_zero_matrix


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
@pytest.mark.parametrize("name", [name for name in CELLS if name != "OriginalLSTM-cut"])
def test_total_derivative_is_that_of_the_nested_function(name):
    net = CELLS[name].unroll(T=2, n_inputs=1, n_neurons=2 if name == "RNN-tanh" else 1)
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
    assert not same(total, through)  # claim bptt-12: one term is missing


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


@pytest.mark.equation("eq-bptt-recursion", "eq-bptt-gradients", "eq-bptt-readout", "eq-bptt-delta")
def test_delta_recursion_gives_every_gradient():
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


@pytest.mark.equation("eq-missing")
@lstms
def test_two_steps_of_the_cell_state_miss_one_path(cell):
    net = cell.unroll(T=3, n_inputs=1, n_neurons=2)
    first, second, third = (net.blocks(t) for t in (1, 2, 3))
    M = {2: second.A * first.P + second.F, 3: third.A * second.P + third.F}
    derived = net.total(net.C[3], net.C[1])
    missing = third.A * second.B * first.P
    assert not same(derived, M[3] * M[2])
    assert same(derived - M[3] * M[2], missing)
    blind = dict.fromkeys(net.W_ho, 0)  # output gates that do not read h
    assert same(derived.xreplace(blind), (M[3] * M[2]).xreplace(blind))


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
    """Claim lstm-02: g(x) = 4 sigma(x) - 2 = 2 tanh(x/2), h(x) = 2 sigma(x) - 1 = tanh(x/2)."""
    net = OriginalLSTM(squashing="1997").unroll(T=1, n_inputs=1, n_neurons=1)
    a, C_tilde = net.a_C[1][0], net.C_tilde[1][0]
    written_out = net.definition(C_tilde).rewrite(sp.exp)
    assert same(written_out, 4 * activation("sigmoid", a) - 2)
    assert same(written_out, (2 * sp.tanh(a / 2)).rewrite(sp.exp))
    derived = net.total(net.C_tilde[1], net.a_C[1])[0]
    assert same(derived.xreplace({C_tilde: written_out}), sp.diff(written_out, a))


# Numbers. The engine is compared with autograd in `test_oracles`.


@pytest.mark.equation(
    "eq-bptt-gradients", "eq-lstm-gradients", "eq-joint-jacobian", "eq-gru-jacobian"
)
@each_cell
def test_engine_agrees_with_the_derived_formulas(name):
    net, p = CELLS[name].unroll(T, N_INPUTS, N, N_OUTPUTS), problem(CELLS[name])
    p.y[1] = -1  # a step without a target
    arguments = p.params, p.x, p.y, p.state0
    loss, gradients = bptt_lab.loss_and_gradients(p.cell, *arguments)
    assert net.numeric(net.loss)(*arguments) == pytest.approx(loss, rel=1e-13)
    derived = {key: net.gradient(net.loss, symbols) for key, symbols in net.parameters.items()}
    numbers = net.numeric(sp.Matrix([[entry for d in derived.values() for entry in d]]))(
        *arguments
    ).ravel()
    in_order = np.concatenate([gradients[key].ravel() for key in derived])
    assert relative_error(in_order, numbers) < 1e-12

    product = bptt_lab.jacobian_product(
        bptt_lab.step_jacobians(bptt_lab.forward(p.cell, p.params, p.x, p.state0))
    )[0]
    derived = net.total(net.state[T], net.state[0])
    assert relative_error(product, net.numeric(derived)(*arguments)) < 1e-12


def test_squared_error_network_against_the_engine():
    p = problem(RNN("sigmoid"))
    net = RNN("sigmoid").unroll(T, N_INPUTS, N, N_OUTPUTS, loss="squared_error")
    arguments = p.params, p.x, p.targets, p.state0
    loss, gradients = bptt_lab.loss_and_gradients(p.cell, *arguments)
    assert net.numeric(net.loss)(*arguments) == pytest.approx(loss)
    derived = net.numeric(net.gradient(net.loss, net.x[1]))(*arguments)
    assert relative_error(derived[0], gradients.x[0, 0]) < 1e-12


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
