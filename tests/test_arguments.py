"""Bad input: each case with the message it must give, and no case may pass silently."""

import numpy as np
import pytest

from bptt_lab import (
    GRU,
    LSTM,
    RNN,
    OriginalLSTM,
    PeepholeLSTM,
    attribution,
    backward,
    check_gradients,
    chrono,
    forward,
    gaussian,
    glorot,
    half_squared_error,
    identity,
    jacobian_product,
    log_gradient_norms,
    loss_and_gradients,
    lyapunov_exponents,
    non_normal,
    norm_bound,
    orthogonal,
    scaled,
    softmax_cross_entropy,
    spectral_radius,
    step_jacobians,
)
from bptt_lab.arguments import fail
from problems import flat, make_problem

R, L, G, P = (make_problem(cell) for cell in (RNN(), LSTM(), GRU("after"), PeepholeLSTM()))
TRACE = forward(R.cell, R.params, R.x)
J = step_jacobians(TRACE)
RNG = np.random.default_rng(0)
NAN = R.x.copy()
NAN[3, 0, 1] = np.nan
INF = R.params["W_hh"].copy()
INF[2, 4] = -np.inf
REAL = "expected a float32 or float64 array of shape "


def run(case=R, **changes):
    """loss_and_gradients with some arguments replaced."""
    arguments = {"cell": case.cell, "params": case.params, "x": case.x, "y": case.y} | changes
    return loss_and_gradients(**arguments)


def put(case=R, **changes):
    """loss_and_gradients with some parameters replaced."""
    return run(case, params={**case.params, **changes})


def drop(case, name):
    return run(case, params={key: value for key, value in case.params.items() if key != name})


def pull(d_h, case=R, trace=TRACE, **named):
    return backward(trace, d_h, **named)


def target(value):
    y = R.y.copy()
    y[2, 3] = value
    return y


BAD = {
    # the cell and its options
    "cell is a class": (lambda: run(cell=RNN), r"cell: expected a cell .* got the class RNN"),
    "cell is a word": (lambda: run(cell="RNN"), r"cell: expected a cell .* got 'RNN'"),
    "unknown activation": (
        lambda: RNN("swish"),
        r"activation: expected one of 'tanh', 'sigmoid', 'relu', 'identity', got 'swish'",
    ),
    "activation is a function": (lambda: RNN(np.tanh), r"activation: expected one of"),
    "unknown reset": (lambda: GRU("both"), r"reset: expected one of 'before', 'after', got 'both'"),
    "truncated is a number": (lambda: OriginalLSTM(1), r"truncated: expected True or False, got 1"),
    "unknown squashing": (
        lambda: OriginalLSTM(squashing="relu"),
        r"squashing: expected one of 'tanh', '1997', got 'relu'",
    ),
    # parameters
    "params is None": (lambda: run(params=None), r"params: expected a dict .* got None"),
    "params is a list": (lambda: run(params=[1.0]), r"params: expected a dict .* type list"),
    "missing key": (lambda: drop(R, "W_hh"), r"params: .*W_xh, W_hh, b_h.* got no W_hh"),
    "another cell's params": (lambda: run(L, params=R.params), r"params: .* no W_xi and no W_xf"),
    "unknown key": (lambda: put(W_hx=R.params["W_hh"]), r"params: .* the unknown key W_hx"),
    "no second bias": (lambda: drop(G, "c_n"), r"params: expected .* got no c_n"),
    "no peephole": (lambda: drop(P, "p_o"), r"params: expected .* got no p_o"),
    "list as parameter": (lambda: put(b_h=[0.0] * 5), r"b_h: expected an array .* type list"),
    "W_hh not square": (lambda: put(W_hh=np.ones((5, 6))), r"W_hh: .*\(5, 5\), got .*\(5, 6\)"),
    "W_hh too large": (lambda: put(W_hh=np.ones((6, 6))), r"W_hh: .*\(5, 5\), got .*\(6, 6\)"),
    "W_xh transposed": (lambda: put(W_xh=np.ones((5, 3))), r"W_xh: .*5\), got .*\(5, 3\)"),
    "bias as row matrix": (lambda: put(b_h=np.ones((1, 5))), r"b_h: .*\(5,\), got .*\(1, 5\)"),
    "bias as scalar": (lambda: put(b_h=np.array(1.0)), r"b_h: .*\(5,\), got .*shape \(\)"),
    "bias of length one": (lambda: put(b_y=np.ones(1)), r"b_y: .*\(6,\), got .*\(1,\)"),
    "a gate too small": (lambda: put(L, W_hf=np.ones((4, 5))), r"W_hf: .*\(5, 5\), got .*\(4, 5\)"),
    "peephole as matrix": (lambda: put(P, p_i=np.eye(5)), r"p_i: .*\(5,\), got .*\(5, 5\)"),
    "integers too large to be exact": (
        lambda: put(W_hh=np.full((5, 5), 2**53 + 1)),
        r"W_hh: expected a float32 or float64 array .* got an array of type int64",
    ),
    "complex parameter": (lambda: put(b_h=1j * np.ones(5)), r"b_h: .* type complex128"),
    "half precision": (lambda: put(b_h=np.ones(5, "f2")), r"b_h: .* got .* type float16"),
    "two precisions": (
        lambda: put(W_xh=R.params["W_xh"].astype("f4")),
        r"W_xh: expected an array of type float64 like the others, got .* type float32",
    ),
    "infinity in a parameter": (
        lambda: put(W_hh=INF),
        r"W_hh: expected finite numbers, got -inf at index \(2, 4\)",
    ),
    # x
    "x is None": (lambda: run(x=None), r"x: expected an array, got None"),
    "x is a word": (lambda: run(x="abc"), r"x: expected an array, got 'abc'"),
    "x is ragged": (lambda: run(x=[[[1.0]], [[1.0, 2.0]]]), r"x: expected an array, got a ragged"),
    "x without a batch": (
        lambda: run(x=R.x[:, 0]),
        r"x: " + REAL + r"\(T, m, 3\), got an array of type float64 and shape \(7, 3\)",
    ),
    "x of wrong width": (lambda: run(x=R.x[:, :, :2]), r"x: .*\(T, m, 3\), got .*\(7, 4, 2\)"),
    "x of width one": (lambda: run(x=R.x[:, :, :1]), r"x: .*\(T, m, 3\), got .*\(7, 4, 1\)"),
    "no step": (lambda: run(x=R.x[:0], y=R.y[:0]), r"x: .* no axis of length 0, got .*\(0, 4, 3\)"),
    "no sequence": (lambda: run(x=R.x[:, :0]), r"x: .* no axis of length 0, got .*\(7, 0, 3\)"),
    "boolean x": (lambda: run(x=R.x > 0), r"x: expected .* got .* type bool"),
    "complex x": (lambda: run(x=R.x + 0j), r"x: expected .* got .* type complex128"),
    "objects in x": (lambda: run(x=R.x.astype(object)), r"x: expected .* got .* type object"),
    "NaN in x": (lambda: run(x=NAN), r"x: expected finite .* got nan at index \(3, 0, 1\)"),
    # y
    "y is None": (lambda: run(y=None), r"y: expected integer classes of shape \(7, 4\) or real"),
    "class too large": (
        lambda: run(y=target(6)),
        r"y: expected classes from 0 to 5, or -1 for no target, got 6 at index \(2, 3\)",
    ),
    "class below -1": (lambda: run(y=target(-2)), r"y: .* got -2 at index \(2, 3\)"),
    "real classes": (lambda: run(y=R.y.astype(float)), r"y: expected integer .* type float64"),
    "boolean classes": (lambda: run(y=R.y > 0), r"y: expected integer classes .* type bool"),
    "y without a batch": (lambda: run(y=R.y[:, 0]), r"y: .*\(7, 4\) or real .* got .*\(7,\)"),
    "y too short": (lambda: run(y=R.y[1:]), r"y: expected integer .*\(7, 4\), got .*\(6, 4\)"),
    "y of one sequence": (lambda: run(y=R.y[:, :1]), r"y: .*\(7, 4\), got .*\(7, 1\)"),
    "targets too narrow": (
        lambda: run(y=R.targets[..., :1]),
        r"y: " + REAL + r"\(7, 4, 6\), got .*\(7, 4, 1\)",
    ),
    "NaN in targets": (lambda: run(y=R.targets * np.nan), r"y: expected finite numbers, got nan"),
    "y of four axes": (lambda: run(y=R.targets[None]), r"y: .* got .*\(1, 7, 4, 6\)"),
    # state0, reduction, window
    "one vector for all": (
        lambda: run(state0=np.ones(5)),
        r"state0\[0\]: " + REAL + r"\(4, 5\), got .*\(5,\)",
    ),
    "one row for all": (lambda: run(state0=(np.ones((1, 5)),)), r"state0\[0\]: .*got .*\(1, 5\)"),
    "too many parts": (
        lambda: run(state0=L.state0),
        r"state0: expected None or the tuple \(h,\), got a tuple of length 2",
    ),
    "too few parts": (
        lambda: run(L, state0=L.state0[:1]),
        r"state0: expected None or the tuple \(h, C\), got a tuple of length 1",
    ),
    "bare array for two parts": (
        lambda: run(L, state0=np.ones((2, 4, 5))),
        r"state0: expected None or the tuple \(h, C\), got an array",
    ),
    "state0 is zero": (lambda: run(state0=0), r"state0: expected None or the tuple .* got 0"),
    "NaN in C0": (
        lambda: run(L, state0=(L.state0[0], L.state0[1] * np.nan)),
        r"state0\[1\]: expected finite numbers, got nan at index \(0, 0\)",
    ),
    "unknown reduction": (
        lambda: run(reduction="average"),
        r"reduction: expected one of 'sum', 'mean', got 'average'",
    ),
    "reduction is None": (lambda: run(reduction=None), r"reduction: .* got None"),
    "mean of nothing": (
        lambda: run(y=np.full((7, 4), -1), reduction="mean"),
        r"y: expected at least one target to take the mean over, got -1 everywhere",
    ),
    "window 0": (lambda: run(window=0), r"window: expected an integer of at least 1, got 0"),
    "window -3": (lambda: run(window=-3), r"window: .* got -3"),
    "window 1.5": (lambda: run(window=1.5), r"window: expected an integer .* got 1.5"),
    "window True": (lambda: run(window=True), r"window: expected an integer .* got True"),
    # backward
    "d_h too short": (lambda: pull(R.d_h[1:]), r"d_h: .*\(7, 4, 5\), got .*\(6, 4, 5\)"),
    "d_h of one step": (lambda: pull(R.d_h[0]), r"d_h: .*\(7, 4, 5\), got .*\(4, 5\)"),
    "d_h of one sequence": (lambda: pull(R.d_h[:, :1]), r"d_h: .* got .*\(7, 1, 5\)"),
    "NaN in d_h": (lambda: pull(R.d_h * np.nan), r"d_h: expected finite numbers, got nan"),
    "window 0 in backward": (lambda: pull(R.d_h, window=0), r"window: .* got 0"),
    "no trace": (lambda: pull(R.d_h, trace=R.x), r"trace: expected the Trace .* got an array"),
    # losses
    "classes of one sequence": (
        lambda: softmax_cross_entropy(R.targets, R.y[:, :1]),
        r"y: expected an array of shape \(7, 4\), got .*\(7, 1\)",
    ),
    "one target for all": (
        lambda: half_squared_error(R.targets, R.targets[:1]),
        r"y: expected an array of shape \(7, 4, 6\), got .*\(1, 4, 6\)",
    ),
    # Jacobians
    "J not square": (lambda: log_gradient_norms(J[..., :2]), r"J: .* got .*\(7, 4, 5, 2\)"),
    "J a single matrix": (lambda: log_gradient_norms(J[0, 0]), r"J: expected .*\(T, s, s\) or"),
    "J empty": (lambda: log_gradient_norms(J[:0]), r"J: expected .* got .*\(0, 4, 5, 5\)"),
    "integer J": (lambda: log_gradient_norms(np.ones((2, 3, 3), int)), r"J: .* type int64"),
    "J a list": (
        lambda: jacobian_product(J.tolist()),
        r"J: expected .* got an object of type list",
    ),
    "NaN in J": (lambda: log_gradient_norms(J * np.nan), r"J: expected finite numbers, got nan"),
    "t beyond the end": (
        lambda: log_gradient_norms(J, 8),
        r"t: expected an integer from 0 to 7, got 8",
    ),
    "t negative": (lambda: log_gradient_norms(J, -1), r"t: .* from 0 to 7, got -1"),
    "t a fraction": (lambda: log_gradient_norms(J, 2.0), r"t: .* from 0 to 7, got 2.0"),
    "k after t": (lambda: jacobian_product(J, 3, 4), r"k: expected an integer from 0 to 3, got 4"),
    "bound of a gated cell": (
        lambda: norm_bound(L.cell, L.params),
        r"cell: expected an RNN, got LSTM; the Jacobian of a gated cell is not bounded",
    ),
    "too many exponents": (
        lambda: lyapunov_exponents(R.cell, R.params, R.x, k=6),
        r"k: expected an integer from 1 to 5, got 6",
    ),
    "no exponent": (lambda: lyapunov_exponents(R.cell, R.params, R.x, k=0), r"k: .* got 0"),
    "all steps discarded": (
        lambda: lyapunov_exponents(R.cell, R.params, R.x, discard=7),
        r"discard: expected an integer from 0 to 6, got 7",
    ),
    "attribution of step 0": (
        lambda: attribution(R.cell, R.params, R.x, R.y, t=0),
        r"t: expected an integer from 1 to 7, got 0",
    ),
    "attribution of the readout": (
        lambda: attribution(R.cell, R.params, R.x, R.y, parameter="W_yh"),
        r"parameter: expected one of 'W_xh', 'W_hh', 'b_h', got 'W_yh'",
    ),
    # gradient check
    "names as a word": (
        lambda: check_gradients(R.cell, R.params, R.x, R.y, names="W_hh"),
        r"names: expected a tuple of names, got 'W_hh'",
    ),
    "unknown name": (
        lambda: check_gradients(R.cell, R.params, R.x, R.y, names=("W_hx",)),
        r"names: expected one of 'W_xh', .* 'x', 'state0', got 'W_hx'",
    ),
    "gradient missing": (
        lambda: check_gradients(R.cell, R.params, R.x, R.y, gradients={"W_xh": R.params["W_xh"]}),
        r"gradients: expected an entry W_hh, got the keys W_xh",
    ),
    "gradients not a dict": (
        lambda: check_gradients(R.cell, R.params, R.x, R.y, gradients=[1.0]),
        r"gradients: expected a dict",
    ),
    "gradient transposed": (
        lambda: check_gradients(
            R.cell, R.params, R.x, R.y, gradients={**R.params, "W_yh": R.params["W_yh"].T}
        ),
        r"gradients\['W_yh'\]: " + REAL + r"\(5, 6\), got .*\(6, 5\)",
    ),
    "no entries": (
        lambda: check_gradients(R.cell, R.params, R.x, R.y, entries=0),
        r"entries: expected an integer of at least 1, got 0",
    ),
    # initializers
    "rng is a seed": (lambda: gaussian(0, 3), r"rng: expected a numpy.random.Generator.* got 0"),
    "rng of a cell": (lambda: RNN().init(0, 3, 5, 6), r"rng: expected .* got 0"),
    "no neurons": (lambda: LSTM().init(RNG, 3, 0, 6), r"n_neurons: .* at least 1, got 0"),
    "half an input": (lambda: GRU().init(RNG, 0.5, 5, 6), r"n_inputs: .* got 0.5"),
    "outputs True": (lambda: RNN().init(RNG, 3, 5, True), r"n_outputs: .* got True"),
    "integer dtype": (
        lambda: RNN().init(RNG, 3, 5, 6, dtype=int),
        r"dtype: expected float32 or float64, got int64",
    ),
    "nonsense dtype": (lambda: RNN().init(RNG, 3, 5, 6, dtype="x"), r"dtype: .* got 'x'"),
    "recurrent is a matrix": (
        lambda: RNN().init(RNG, 3, 5, 6, recurrent=np.eye(5)),
        r"recurrent: expected a function, got an array",
    ),
    "recurrent of wrong size": (
        lambda: RNN().init(RNG, 3, 5, 6, recurrent=lambda rng, n: np.eye(4)),
        r"recurrent\(rng, n\): .*\(5, 5\), got .*\(4, 4\)",
    ),
    "negative rows": (lambda: glorot(RNG, -1), r"rows: expected an integer .* got -1"),
    "infinite gain": (lambda: orthogonal(RNG, 3, np.inf), r"gain: expected a finite .* got inf"),
    "scale is a word": (
        lambda: identity(np.random.default_rng(0), 3, "1"),
        r"scale: expected a finite number, got '1'",
    ),
    "negative radius": (lambda: scaled(np.eye(3), -1.0), r"rho: .* at least 0, got -1.0"),
    "nilpotent matrix": (
        lambda: scaled(np.eye(3, k=1), 1.0),
        r"W: expected a matrix with a non-zero eigenvalue, got spectral radius 0",
    ),
    "radius of a rectangle": (
        lambda: spectral_radius(np.ones((3, 4))),
        r"W: expected a square matrix, got one of shape \(3, 4\)",
    ),
    "negative departure": (lambda: non_normal(RNG, 4, 1.0, -1), r"departure: .* got -1"),
    "too small for departure": (lambda: non_normal(RNG, 2, 1.0, 1.0), r"n: expected at least 3"),
    "T_max of one": (lambda: chrono(RNG, 3, 1), r"T_max: expected an integer of at least 2, got 1"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_with_a_message_that_helps(name):
    call, message = BAD[name]
    with pytest.raises(ValueError, match="^" + message):
        call()


def test_the_table_is_long_and_what_it_starts_from_is_good():
    assert len(BAD) >= 100
    for case in (R, L, G, P):
        loss, gradients = run(case, state0=case.state0)
        assert np.isfinite(loss) and list(case.params) == list(gradients)
    assert pull(R.d_h)["W_hh"].shape == (5, 5)


def test_exact_integers_are_the_reals_they_stand_for():
    whole = {name: np.rint(4 * value).astype(int) for name, value in R.params.items()}
    real = {name: value.astype(float) for name, value in whole.items()}
    x, y, d_h, h_0 = (np.rint(4 * a).astype(int) for a in (R.x, R.targets, R.d_h, R.state0[0]))
    as_reals = loss_and_gradients(R.cell, real, x * 1.0, y * 1.0, (h_0 * 1.0,))
    as_integers = loss_and_gradients(R.cell, whole, x, y, (h_0,))
    assert as_integers[0] == as_reals[0] and np.array_equal(flat(as_integers[1]), flat(as_reals[1]))
    pulled = [pull(d_h * one)["W_hh"] for one in (1, 1.0)]
    assert np.array_equal(*pulled)
    single = {name: value.astype("f4") for name, value in R.params.items()}
    one_hot = loss_and_gradients(R.cell, single | {"W_hh": np.eye(5, dtype=int)}, x, R.y)[1]
    assert {g.dtype for g in one_hot.values()} == {np.dtype("f4")}


def test_every_message_says_who_what_and_what_came():
    with pytest.raises(ValueError, match=r"^name: expected this, got that$"):
        fail("name", "this", "that")


@pytest.mark.parametrize("dtype", ["i1", "u1", "i4", "u8"])
def test_any_integer_type_will_do_for_classes(dtype):
    y = np.abs(R.y)
    assert run(y=y.astype(dtype))[0] == run(y=y)[0]


def test_a_numpy_integer_will_do_for_a_number():
    assert run(window=np.int32(3))[0] == run(window=3)[0]
