"""The checkers: right functions are confirmed, wrong ones are told what is wrong."""

import re
import sys
import threading
import time
from functools import partial
from itertools import chain, combinations
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

import bptt_lab
from bptt_lab import GRU, LSTM, RNN
from bptt_lab.checkpointing import steps_again
from bptt_lab.exercises import CHAPTERS, MISTAKES, Answer, Exercise, Mistake, Problem, check
from bptt_lab.exercises.checker import LEVELS, MOST_LISTED
from bptt_lab.exercises.comparing import CLOSE, all_agree, expressions, relative_error
from bptt_lab.exercises.diagnosing import CLIPPED, Case
from bptt_lab.exercises.forward import NETWORKS
from bptt_lab.exercises.mistakes import compatible, shares
from bptt_lab.exercises.places import PAGES, SECTIONS
from bptt_lab.linear import linear_recurrence
from bptt_lab.newton import newton_step
from bptt_lab.reference import complex_step
from bptt_lab.traces import elementwise_rtrl
from students import ATTEMPTS, SOLUTIONS, written

ROOT = Path(__file__).resolve().parent.parent
RIGHT = {name: written(source) for name, source in SOLUTIONS.items()}
ALONE = [(e, mistake) for e in check.values() for mistake in e.mistakes]
COMPUTED = [(e, mistake) for e, mistake in ALONE if mistake.commits]


def named(pair):
    return f"{pair[0].name}: {pair[1].name}"


# ------------------------------------------------------------------------ right is confirmed


def test_every_exercise_has_a_solution_here():
    assert set(SOLUTIONS) == set(check)


@pytest.mark.parametrize("name", check)
def test_a_right_function_is_confirmed_with_its_error(name):
    answer = check[name](RIGHT[name])
    assert answer and answer.right and not answer.mistakes
    error = re.search(r"relative error is (\S+)\.$", answer.sentence)
    assert float(error[1]) < 1e-12 if error else "to the last bit" in answer.sentence


@pytest.mark.parametrize("name", check)
def test_the_reference_and_the_package_agree(name):
    assert check[name](PACKAGE[name]), check[name](PACKAGE[name])


def package_bptt(params, x, y, h_0):
    return bptt_lab.loss_and_gradients(RNN("tanh"), params, x, y, h_0)[1]  # more keys than asked


def package_forward(params, x, h_0):
    trace = bptt_lab.forward(RNN("tanh"), params, x, h_0)
    return [trace.h, trace.logits]  # a list for a tuple


def package_step(cell, params, x_t, *state):
    trace = bptt_lab.forward(cell, params, x_t[None], state)
    return tuple(part[1] for part in trace.states) if trace.c is not None else trace.h[1]


def package_backward(params, x, h, C, e):
    return with_own_inputs(LSTM(), params, x, e, h[0], C[0])


def package_jacobian(params, x_t, h):
    trace = bptt_lab.forward(RNN("tanh"), params, x_t[None, None], h[None])
    return bptt_lab.step_jacobians(trace)[0, 0]


def package_bound(W_hh, gamma, lag):
    n = len(W_hh)
    params = RNN("sigmoid").init(np.random.default_rng(0), 1, n, 1) | {"W_hh": 4 * gamma * W_hh}
    return bptt_lab.norm_bound(RNN("sigmoid"), params) ** lag


def one_cell_after_the_other(A, B, P, F):
    """Run the pair of states on, from one disturbed cell state after the other."""
    columns = []
    for e in np.eye(F.shape[-1]):
        h, C = P[0] @ e, e
        for A_j, B_j, P_j, F_j in zip(A[1:], B[1:], P[1:], F[1:], strict=True):
            C, old = A_j @ h + F_j @ C, h
            h = P_j @ C + B_j @ old
        columns.append(C)
    return np.stack(columns, axis=1)


def complex_step_logits(o, y):
    def loss(o):
        return -(y * np.log(np.exp(o) / np.exp(o).sum(axis=1, keepdims=True))).sum()

    return complex_step(loss, o)


def package_sum(v, J, plus, K=None):
    total, T = 0, len(v) - 1
    for t in range(1, T + 1):
        row = v[t]
        for k in range(t, max(0, t - (K or T)), -1):
            total = total + np.tensordot(row, plus[k], 1)
            row = row @ J[k]
    return total


def package_momentum(theta, g, v, eta, mu):
    params, memory = bptt_lab.SGD(eta, mu).step(2, {"w": theta}, {"w": g}, {"v": {"w": v}})
    return params["w"], memory["v"]["w"]


def package_adam(theta, g, u, s, j, *numbers):
    memory = {"u": {"w": u}, "s": {"w": s}}
    params, memory = bptt_lab.Adam(*numbers).step(j, {"w": theta}, {"w": g}, memory)
    return params["w"], memory["u"]["w"], memory["s"]["w"]


def package_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    """Move one neuron at a time: its net input tells its weights."""
    n, n_inputs = weight_ih.shape

    def net_input(x, h):
        return weight_ih @ x + bias_ih + weight_hh @ h + bias_hh

    b_h = net_input(np.zeros(n_inputs), np.zeros(n))
    W_xh = np.array([net_input(x, np.zeros(n)) - b_h for x in np.eye(n_inputs)])
    return {
        "W_xh": W_xh,
        "W_hh": [net_input(0 * W_xh[:, 0], h) - b_h for h in np.eye(n)],
        "b_h": b_h,
    }


def package_inputs(params, x, y, h_0):
    grads = bptt_lab.loss_and_gradients(RNN("tanh"), params, x, y, h_0)[1]
    return {"x": grads.x, "h_0": grads.state0[0]}


def with_own_inputs(cell, params, x, e, *state):
    """Give every net input an input of its own: its gradient is that of the net input."""
    gates, n = cell.gates, params["W_yh"].shape[0]
    wide, own = dict(params), np.zeros((*x.shape[:2], len(gates) * n))
    names = ["W_xh"] if gates == "h" else ["W_x" + gate for gate in gates]
    for k, name in enumerate(names):
        wide[name] = np.concatenate([params[name], np.eye(own.shape[-1])[:, k * n : (k + 1) * n]])
    trace = bptt_lab.forward(cell, wide, np.concatenate([x, own], axis=-1), state)
    d_x = bptt_lab.backward(trace, e @ params["W_yh"].T).x[..., -own.shape[-1] :]
    return dict(zip(gates, np.split(d_x, len(gates), axis=-1), strict=True))


def numeric_relu(params, h, e):
    """Differentiate the sum of e_t o_t by nudges of the net inputs, which h > 0 tells."""
    W_hh, W_yh = params["W_hh"], params["W_yh"]

    def objective(nudge):
        state, total = h[0], 0
        for t in range(len(e)):
            bias = np.where(h[t + 1] > 0, h[t + 1] - h[t] @ W_hh, -h[t] @ W_hh - 1)
            state = np.maximum(state @ W_hh + bias + nudge[t], 0)
            total = total + (e[t] * (state @ W_yh)).sum()
        return total

    return differences(objective, np.zeros_like(h[1:]))


def differences(objective, at, step=1e-6):
    gradient = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        nudge = np.zeros_like(at)
        nudge[index] = step
        gradient[index] = (objective(at + nudge) - objective(at - nudge)) / (2 * step)
    return gradient


def numeric_stack(params, h_1, h_2, e):
    """Differentiate the sum of e_t o_t by nudges of the net inputs of both layers."""
    p = params
    inputs = np.arctanh(h_1[1:]) - h_1[:-1] @ p["W_hh1"]  # x_t W_xh + b_h of the lower layer

    def objective(low, high):
        lower, upper, total = h_1[0], h_2[0], 0
        for t in range(len(e)):
            lower = np.tanh(inputs[t] + lower @ p["W_hh1"] + low[t])
            a = lower @ p["W_xh2"] + upper @ p["W_hh2"] + p["b_h2"] + high[t]
            upper = np.tanh(a)
            total = total + (e[t] * (upper @ p["W_yh"])).sum()
        return total

    low, high = np.zeros_like(h_1[1:]), np.zeros_like(h_2[1:])
    return (
        differences(lambda nudge: objective(nudge, high), low),
        differences(lambda nudge: objective(low, nudge), high),
    )


def package_chunks(params, x, y, h_0, K):
    cell, total = RNN("tanh"), {name: 0 for name in params}
    for first in range(0, len(x), K):
        part = slice(first, first + K)
        grads = bptt_lab.loss_and_gradients(cell, params, x[part], y[part], h_0)[1]
        total = {name: total[name] + grads[name] for name in params}
        h_0 = bptt_lab.forward(cell, params, x[part], h_0).h[-1]
    return total


def package_lstm_gradients(params, x, h, C, e):
    trace = bptt_lab.forward(LSTM(), params, x, (h[0], C[0]))
    grads = bptt_lab.backward(trace, e @ params["W_yh"].T)
    return {**grads, "W_yh": np.einsum("tmi,tmj->ij", h[1:], e), "b_y": e.sum(axis=(0, 1))}


def rates_of_a_linear_network(J):
    """Make the columns orthonormal by hand, by Gram and Schmidt."""
    Q, total = np.eye(J.shape[-1]), np.zeros(J.shape[-1])
    for J_t in J:
        V = J_t @ Q
        for k in range(len(total)):
            for other in range(k):
                V[:, k] -= (V[:, other] @ V[:, k]) * V[:, other]
            size = np.linalg.norm(V[:, k])
            total[k] += np.log(size)
            V[:, k] /= size
        Q = V
    return sorted(total / len(J), reverse=True)


def in_many_directions(loss, params, grads):
    """Try a random direction and single entries, with differences of fourth order."""
    rng, step = np.random.default_rng(0), 1e-3
    directions = [{name: rng.standard_normal(v.shape) for name, v in params.items()}]
    for name, value in params.items():
        for k in range(value.size):
            one = {other: np.zeros_like(v) for other, v in params.items()}
            one[name].flat[k] = 1
            directions.append(one)
    for way in directions:
        at = [loss({n: v + s * step * way[n] for n, v in params.items()}) for s in (2, 1, -1, -2)]
        slope = (-at[0] + 8 * at[1] - 8 * at[2] + at[3]) / (12 * step)
        claimed = sum((grads[n] * way[n]).sum() for n in params)
        if not abs(slope - claimed) <= 1e-5 * abs(slope) + 1e-9 * abs(at[0]):
            return np.bool(False)
    return np.bool(True)


def package_trace(params, x, v):
    return elementwise_rtrl(params, x[:, None], v[:, None])["w_hh"]


def package_newton(params, x, s):
    params = params | {"W_yh": np.zeros((s.shape[1], 1)), "b_y": np.zeros(1)}
    return newton_step(RNN("tanh"), params, x[:, None], s[:, None])[:, 0]


PACKAGE = {
    "rnn_step": partial(package_step, RNN("tanh")),
    "forward": package_forward,
    "loss": lambda o, y: bptt_lab.softmax_cross_entropy(o, y)[0],
    "logit_gradient": complex_step_logits,
    "bptt": package_bptt,
    "from_torch": package_torch,
    "input_gradients": package_inputs,
    "relu_backward": numeric_relu,
    "stacked_backward": numeric_stack,
    "detached": package_chunks,
    "gradient_check": in_many_directions,
    "lyapunov": rates_of_a_linear_network,
    "lstm_gradients": package_lstm_gradients,
    "gru_backward": lambda params, x, h, e: with_own_inputs(GRU("before"), params, x, e, h[0]),
    "double_sum": package_sum,
    "window": package_sum,
    "step_jacobian": package_jacobian,
    "jacobian_product": lambda J, t, k: bptt_lab.jacobian_product(J, t, k),
    "norm_bound": package_bound,
    "lstm_step": partial(package_step, LSTM()),
    "gru_step": partial(package_step, GRU("before")),
    "cell_derivative": one_cell_after_the_other,
    "lstm_backward": package_backward,
    "clip_by_norm": bptt_lab.clip_by_norm,
    "momentum": package_momentum,
    "adam": package_adam,
    "scan": lambda a, b: linear_recurrence(a, b)[1:],
    "trace_gradient": package_trace,
    "checkpoint_cost": lambda T, slots: steps_again(T, slots),
    "newton_step": package_newton,
}


@pytest.mark.parametrize("name", ["double_sum", "window"])
def test_the_sums_are_gradients_of_the_package(name):
    """What v, J and plus stand for: the gradient of W_xh for the first sequence."""
    for net, problem in zip(NETWORKS, check[name].problems[: len(NETWORKS)], strict=True):
        one, K = (net.x[:, :1], net.y[:, :1], net.state0[0][:1]), problem.arguments.get("K")
        _, grads = bptt_lab.loss_and_gradients(RNN("tanh"), net.params, *one, window=K)
        assert np.allclose(check[name].reference(*problem.fresh()), grads["W_xh"], rtol=1e-10)


# -------------------------------------------------------------- right in other ways is not accused


def in_single_precision(function):
    def low(value):
        if isinstance(value, dict):
            return {name: low(part) for name, part in value.items()}
        array = np.asarray(value)
        return array.astype(np.float32) if array.dtype.kind == "f" and array.ndim else value

    return lambda *arguments: function(*map(low, arguments))


def with_extra_keys(function):
    def more(*arguments):
        value = function(*arguments)
        return value | {"loss": None, "note": "not asked for"} if isinstance(value, dict) else value

    return more


def as_lists(function):
    def listed(value):
        if isinstance(value, dict):
            return {name: listed(part) for name, part in value.items()}
        return (
            [listed(v) for v in value] if isinstance(value, tuple) else np.asarray(value).tolist()
        )

    return lambda *arguments: listed(function(*arguments))


def as_views(function):
    def view(value):
        if isinstance(value, dict):
            return {name: view(part) for name, part in value.items()}
        if isinstance(value, tuple):
            return tuple(map(view, value))
        twice = np.repeat(np.asarray(value)[None], 2, axis=0)
        return np.asfortranarray(twice)[1]

    return lambda *arguments: view(function(*arguments))


@pytest.mark.parametrize("form", [in_single_precision, with_extra_keys, as_lists, as_views])
@pytest.mark.parametrize("name", check)
def test_another_form_of_a_right_result_is_right(name, form):
    if name == "gradient_check" and form is in_single_precision:
        return  # differences of a loss in single precision tell nothing
    answer = check[name](form(RIGHT[name]))
    assert answer, answer


def vectorised_bptt(params, x, y, h_0):
    trace = bptt_lab.forward(RNN("tanh"), params, x, h_0)
    e = bptt_lab.softmax(trace.logits) - np.eye(len(params["b_y"]))[y]
    h, g = trace.h, e @ params["W_yh"].T
    J = bptt_lab.step_jacobians(trace)
    for t in range(len(x) - 1, 0, -1):
        g[t - 1] += np.einsum("mi,mij->mj", g[t], J[t])
    delta = g * (1 - h[1:] ** 2)

    def flat(a):
        return a.reshape(-1, a.shape[-1])

    ones = np.ones(y.size)
    return {
        "W_xh": flat(x).T @ flat(delta), "W_hh": flat(h[:-1]).T @ flat(delta),
        "b_h": ones @ flat(delta), "W_yh": flat(h[1:]).T @ flat(e), "b_y": ones @ flat(e),
    }  # fmt: skip


def by_differences(params, x, y, h_0):
    def loss(params):
        h, total = h_0, 0
        for x_t, y_t in zip(x, y, strict=True):
            h = np.tanh(x_t @ params["W_xh"] + h @ params["W_hh"] + params["b_h"])
            total += bptt_lab.softmax_cross_entropy(h @ params["W_yh"] + params["b_y"], y_t)[0]
        return total

    grads = {}
    for name, value in params.items():
        grads[name] = np.zeros_like(value)
        for index in np.ndindex(value.shape):
            nudge = np.zeros_like(value)
            nudge[index] = 1e-6
            up, down = (loss(params | {name: value + s * nudge}) for s in (1, -1))
            grads[name][index] = (up - down) / 2e-6
    return grads


@pytest.mark.parametrize("function", [vectorised_bptt, by_differences])
def test_another_way_to_the_gradient_is_right(function):
    assert check.bptt(function), check.bptt(function)


def test_less_than_double_precision_is_right_and_noticed():
    assert "single precision" in check.bptt(by_differences).sentence


@given(seed=st.integers(0, 2**32 - 1), noise=st.floats(0, 1e-6))
@settings(max_examples=40, deadline=None)
def test_rounding_in_any_order_is_never_accused(seed, noise):
    def summed(params, x, y, h_0):
        grads = [
            package_bptt(params, x[:, [i]], y[:, [i]], h_0[[i]])
            for i in np.random.default_rng(seed).permutation(x.shape[1])
        ]
        rng = np.random.default_rng(seed)
        return {
            name: sum(g[name] for g in grads) * (1 + noise * rng.uniform(-1, 1, params[name].shape))
            for name in params
        }

    assert check.bptt(summed), check.bptt(summed)


# -------------------------------------------------------------------------- wrong is diagnosed


@pytest.mark.parametrize(("name", "changes", "mistakes"), ATTEMPTS)
def test_what_students_hand_in_is_diagnosed(name, changes, mistakes):
    answer = check[name](written(SOLUTIONS[name], *changes))
    assert not answer
    assert sorted(mistake.name for mistake in answer.mistakes) == sorted(mistakes), answer
    assert all(mistake.sentence in answer._repr_html_().replace("<code>", "`")
               .replace("</code>", "`").replace("&lt;", "<").replace("&gt;", ">")
               for mistake in answer.mistakes)  # fmt: skip


@pytest.mark.parametrize("pair", COMPUTED, ids=named)
def test_every_mistake_is_diagnosed(pair):
    exercise, mistake = pair
    answer = exercise(partial(exercise.reference, **mistake.commits))
    assert not answer and answer.mistakes == (mistake,), answer


@pytest.mark.parametrize("exercise", check.values(), ids=lambda e: e.name)
def test_no_two_results_are_near_each_other(exercise):
    if not exercise.ordinary:
        return  # what it is tried on has names of its own
    searched = exercise.effects.mistakes
    results = [exercise.effects.right, *(exercise.effects.results((m,)) for m in searched)]
    for i, a in enumerate(results):
        for b in results[:i]:
            pairs = [(p[k], q[k]) for p, q in zip(a, b, strict=True) for k in p]
            assert max(relative_error(*pair) for pair in pairs) > 50 * CLOSE


@pytest.mark.parametrize(("got", "expected", "error"), [
    ([np.inf, 3.0], [np.inf, 3.0], 0.0),
    ([-np.inf, 3.0], [np.inf, 3.0], np.inf),
    ([np.inf, 3.0], [4.0, 3.0], np.inf),
    ([3.0, 0.0, np.inf, np.nan], [3.0, 4.0, np.inf, np.nan], 0.8),
    ([np.nan, np.inf], [np.inf, np.nan], np.inf),
    ([np.nan], [np.nan], np.inf),
])  # fmt: skip
def test_what_is_infinite_is_compared_without_a_warning(got, expected, error):
    assert relative_error(np.array(got), np.array(expected)) == error


@pytest.mark.parametrize("exercise", check.values(), ids=lambda e: e.name)
def test_two_mistakes_at_once_are_explained_or_located(exercise):
    """What is named gives these numbers, part by part; and most pairs are named.

    A part that is an argument as it was given is told as that, and is no evidence of two mistakes.
    """
    if exercise.at_once < 2:
        return
    pairs = [pair for pair in combinations(exercise.mistakes, 2) if all(m.commits for m in pair)]
    pairs = [pair for pair in pairs if compatible(pair)]
    told = expected = 0
    for k in np.random.default_rng(0).permutation(len(pairs))[:25]:
        got = exercise.variant(pairs[k])
        answer = exercise.explain(got)
        ordinary = [got[k] for k in exercise.ordinary]
        expected += answer is not None or all(Case(ordinary, exercise.effects).telling.values())
        if answer is None or {*answer.mistakes} & {*CLIPPED}:
            continue
        told += 1
        named = tuple(mistake for mistake in answer.mistakes if mistake.commits)
        likely = [exercise.effects.results(some) for some in shares(named)]
        for name in ordinary[0]:
            one = [[{name: parts[name]} for parts in result] for result in (ordinary, *likely)]
            assert any(all_agree(one[0], other) for other in one[1:])
    assert told >= 0.7 * expected or expected < 5


def test_each_part_is_told_its_own_mistake():
    changes = ('g["W_hh"] +=', 'g["W_hh"] ='), ("e[t - 1].sum(axis=0)", "e[t - 1].mean(axis=0)")
    answer = check.bptt(written(SOLUTIONS["bptt"], *changes))
    assert dict(answer.table) == {
        "W_xh": "right", "W_hh": "overwritten instead of added", "b_h": "right", "W_yh": "right",
        "b_y": "batch averaged",
    }  # fmt: skip


def test_an_unknown_mistake_is_not_given_a_name():
    answer = check.bptt(written(SOLUTIONS["bptt"], ("x[t - 1].T @ delta", "x[t - 1].T @ delta**3")))
    assert not answer and not answer.mistakes
    table = dict(answer.table)
    assert table["W_hh"] == "right" and table["W_xh"].startswith("relative error")
    assert "no mistake that this checker knows" in answer.sentence


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_noise_is_explained_by_nothing(seed):
    rng = np.random.default_rng(seed)

    def noise(params, x_t, h):
        return rng.standard_normal((len(h), params["W_hh"].shape[0]))

    answer = check.rnn_step(noise)
    assert not answer and not answer.mistakes


def test_what_relates_a_wrong_number_to_the_right_one_is_said():
    twice = check.step_jacobian(lambda *a: 2 * RIGHT["step_jacobian"](*a))
    assert dict(twice.table)["J_t"] == "relative error 0.5: the right one times 2"
    zero = check.forward(lambda p, x, h: [0 * part for part in RIGHT["forward"](p, x, h)])
    assert dict(zero.table)["h"].startswith("zero")


# ------------------------------------------------------------------- what is not even a result


def said(function, exercise=check.bptt):
    answer = exercise(function)
    assert isinstance(answer, Answer) and not answer
    return f"{answer}".replace("\n  ", " ")


def bptt_that(body):
    names = {"np": np, "right": RIGHT["bptt"], "time": time, "sys": sys}
    source = f"def f(params, x, y, h_0):\n    {body}"
    exec(compile(source, "<a notebook>", "exec"), names)
    return names["f"]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("return np.zeros(3) @ x[0]", "in line 2"),
        ("return np.zeros(3) @ x[0]", "T = 7, m = 4, n_inputs = 3, n = 5, n_outputs = 6"),
        ("return params['W_hx']", "KeyError: 'W_hx'. In this call"),
        ("return params['W_hx']", "The keys of `params` are W_xh, W_hh, b_h, W_yh, b_y."),
        ("return 1 / 0", "ZeroDivisionError"),
        ("return f(params, x, y, h_0)", "RecursionError"),
        ("sys.exit('enough')", "SystemExit: enough"),
        ("raise NotImplementedError", "nothing to check yet"),
        ("return", "Does it end in a `return`?"),
        ("...", "Does it end in a `return`?"),
        ("return 3.0", "Return a dict with the keys W_xh, W_hh, b_h, W_yh, b_y; this is 3.0"),
        ("return right(params, x, y, h_0)['W_hh']", "this is an array of type float64"),
        ("return {}", "lacks W_xh, W_hh, b_h, W_yh, b_y; it has no key at all"),
        ("g = right(params, x, y, h_0); del g['b_h']; return g", "The dict lacks b_h;"),
        ("return right(params, x, y, h_0) | {'b_h': None}", "`b_h` should be an array of real"),
        ("return right(params, x, y, h_0) | {'b_h': [[1], [2, 3]]}", "`b_h` is a ragged list"),
        ("return right(params, x, y, h_0) | {'b_h': np.zeros((1, params['b_h'].size))}",
         "`b_h` has shape (1, n), should be (n,)"),
        ("return right(params, x, y, h_0) | {'b_h': np.full(params['b_h'].shape, np.nan)}",
         "nan at index (0,)"),
        ("params['W_hh'] += 1; return right(params, x, y, h_0)", "It changes `params`"),
        ("g = right(params, x, y, h_0); h_0 += 1; return g", "function changes its arguments"),
        ("return np.zeros((2, 5)) @ x[0]", "Examples are rows here"),
        ("print('tensor(', 3); return 3", "It prints, first of all `tensor( 3`"),
        ("g = right(params, x, y, h_0); g['b_h'] = np.log(g['b_h'] * 0); return g",
         "It warns: divide by zero encountered in log"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_said(body, wanted):
    assert wanted in said(bptt_that(body))


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (3, "Hand over the function itself, as `my_function`, without calling it; this is 3"),
        (lambda x, params, y, h_0: None, "the same names in another order"),
        ({"W_hh": np.zeros(3)}, "an object of type dict"),
        (lambda params, x: None, "called with `(params, x, y, h_0)`; yours takes `(params, x)`"),
        (lambda a, b, c, d, e: None, "yours takes `(a, b, c, d, e)`"),
    ],
)
def test_what_cannot_be_called_is_said(value, wanted):
    assert wanted in said(value)


def test_tuples_are_asked_for_by_name():
    assert "Return the tuple (h, o); this is an array" in said(lambda p, x, h: h, check.forward)
    assert "this one has 3 members" in said(lambda p, x, h: (h, h, h), check.forward)


def test_printing_is_no_mistake_and_disturbs_nobody(capsys):
    def loud(*arguments):
        print("norm:", 3)
        return RIGHT["bptt"](*arguments)

    answer = check.bptt(loud)
    assert answer and answer.notes == ("It prints, first of all `norm: 3`.",)
    assert capsys.readouterr() == ("", "")


def test_an_array_that_outlives_the_call_is_found():
    kept = {}

    def run(params, x, h_0):
        h = kept.setdefault(x.shape, np.zeros((len(x) + 1, *h_0.shape)))
        h[0] += h_0  # right as long as it was zero
        for t in range(1, len(x) + 1):
            h[t] = np.tanh(x[t - 1] @ params["W_xh"] + h[t - 1] @ params["W_hh"] + params["b_h"])
        return h.copy(), h[1:] @ params["W_yh"] + params["b_y"]

    assert "others at the second" in said(run, check.forward)


def test_arguments_are_never_shared():
    def greedy(params, x, y, h_0):
        params.clear()
        x *= 0
        return {}

    before = check.bptt.example()
    check.bptt(greedy)
    assert check.bptt(RIGHT["bptt"])
    assert np.array_equal(before[1], check.bptt.example()[1])


# ------------------------------------------------------------------------------- the time limit


def impatient(seconds=0.3):
    problem = Problem({"a": 1.0})
    return Exercise("patience", "Return a.", lambda a: a, [problem], [], seconds=seconds)


def endless(a):
    while True:
        a += 1


def stubborn(a):
    while True:
        try:
            while True:
                a += 1
        except Exception:
            pass


@pytest.mark.parametrize("function", [endless, stubborn])
def test_a_loop_without_end_is_ended(function):
    before, start = threading.active_count(), time.monotonic()
    text = said(function, impatient())
    assert "took more than 0.3 s and were stopped" in text and "could not" not in text
    assert time.monotonic() - start < 3 and threading.active_count() == before


def test_what_cannot_be_stopped_is_abandoned_and_said():
    start = time.monotonic()
    text = said(lambda a: time.sleep(4), impatient(0.1))
    assert "restart the kernel" in text and time.monotonic() - start < 3


def test_all_calls_share_the_time():
    start = time.monotonic()
    said(lambda a: time.sleep(0.2) or a, impatient(0.3))
    assert time.monotonic() - start < 1.5


def test_the_limit_works_in_any_thread():
    answers = []
    thread = threading.Thread(target=lambda: answers.append(impatient()(endless)))
    thread.start()
    thread.join()
    assert "took more than" in answers[0].sentence


def test_without_threads_there_is_no_limit_but_an_answer(monkeypatch):
    def none(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    assert check.rnn_step(RIGHT["rnn_step"])


# ------------------------------------------------------------------------------------ display

WRONG = check.bptt(written(SOLUTIONS["bptt"], ("delta @ W_hh.T", "delta @ W_hh")))


def test_an_answer_in_plain_text():
    lines = str(WRONG).splitlines()
    assert lines[0] == "Not yet. This is a known mistake."
    assert lines[1].startswith("* On its way back") and any("Hint: " in line for line in lines)
    place = 'In the book: Backpropagation through time, section "Order, transpose, layout".'
    assert place in " ".join(line.strip() for line in lines)
    assert max(map(len, lines)) <= 79
    assert repr(WRONG) == str(WRONG)


def test_an_answer_in_html():
    html = BeautifulSoup(WRONG._repr_html_(), "html.parser")
    assert html.find("strong").get_text() == "Not yet."
    assert html.select_one("details > summary").get_text() == "Hint"
    assert not html.select_one("details").has_attr("open")
    assert [li.code.get_text() for li in html.select("ul > li")] == list(check.bptt.example()[0])
    assert "color" not in html.div["style"].replace("currentcolor", "")  # every theme's own
    assert not html.select("script, style, img, a")


def test_html_is_escaped():
    answer = Answer(False, "`a < b` & <script>", (Mistake("n", "<b>", "<i>"),), (("<k>", "<v>"),))
    text = answer._repr_html_()
    assert "<code>a &lt; b</code> &amp; &lt;script&gt;" in text
    assert not any(tag in text for tag in ("<b>", "<i>", "<k>", "<v>", "<script>"))


def test_an_answer_can_be_asserted_and_required():
    answer = check.rnn_step(RIGHT["rnn_step"])
    assert answer and answer.require() is answer
    with pytest.raises(AssertionError):
        assert check.rnn_step(lambda params, x_t, h: h)
    with pytest.raises(AssertionError, match="the argument `h` as it was given"):
        check.rnn_step(lambda params, x_t, h: h).require()


# ------------------------------------------------------------------------------ the catalogue


def test_every_mistake_is_told_kindly_with_a_hint_and_a_place():
    assert len(MISTAKES) >= 300
    for mistake in MISTAKES.values():
        assert (
            mistake.sentence.endswith(".")
            and mistake.sentence[0] in "`" + mistake.sentence[0].upper()
        )
        assert mistake.hint[-1] in ".?" and len(mistake.hint) > 15
        assert mistake.place is not None
        told = f"{mistake.sentence} {mistake.hint}".lower()
        assert not set(re.findall(r"\w+", told)) & {"stupid", "simply", "obviously", "just", "easy"}
        assert told.count("`") % 2 == 0
        sentences = re.split(r"(?<=[.?]) ", mistake.hint)
        assert not [text for text in sentences if re.match(r"You .*\.$", text)]  # who knows?
        assert not re.search(
            r"\b(recursion|step|rest|others?) (is|are) right", told
        )  # a second one?


RECURRENT = {"rnn_step", "forward", "bptt", "input_gradients", "detached", "stacked_backward"}
ACTIVATIONS = {
    "trace_gradient": {"tanh"},
    "newton_step": {"tanh"},
    **dict.fromkeys({*RECURRENT, "step_jacobian"}, {"tanh"}),
    **dict.fromkeys(("bptt", "detached", "input_gradients"), {"tanh", "softmax"}),
    **dict.fromkeys(("lstm_step", "lstm_backward", "lstm_gradients"), {"tanh", "sigmoid"}),
    **dict.fromkeys(("gru_step", "gru_backward"), {"tanh", "sigmoid"}),
    **dict.fromkeys(("loss", "logit_gradient"), {"softmax"}),
    "forward": {"tanh", "softmax"},
    "cell_derivative": {"tanh", "sigmoid"},
    "relu_backward": {"relu"},
}
"""What the function of each exercise has between its matrices."""


def test_no_two_mistakes_that_are_told_together_contradict_each_other():
    """Without room for h_0 it is not said to be returned."""
    source = written(SOLUTIONS["forward"], ("h[0] = h_0", "pass"), ("return h, ", "return h[1:], "))
    told = [mistake.sentence for mistake in check.forward(source).mistakes]
    assert len(told) == 2 and not any("is returned" in text for text in told)


def told_of(mistake):
    """Sentences of a mistake, without what it says of others."""
    sentences = re.split(r"(?<=[.?]) ", f"{mistake.sentence} {mistake.hint}")
    return [text for text in sentences if not text.startswith("Some libraries")]


@pytest.mark.parametrize("exercise", check.values(), ids=lambda e: e.name)
def test_only_an_activation_that_the_function_has_is_spoken_of(exercise):
    """Another one may be named beside it, as what was taken for it."""
    own = ACTIVATIONS.get(exercise.name, set())
    for text in chain.from_iterable((m.sentence, m.hint) for m in exercise.mistakes):
        spoken = {*re.findall("tanh|relu|sigmoid|softmax", text.lower())}
        if re.search(r"1 - \w+\*\*2", text):
            spoken.add("tanh")
        assert not spoken or spoken & own, text


@pytest.mark.parametrize("exercise", check.values(), ids=lambda e: e.name)
def test_only_weights_and_states_that_the_function_has_are_spoken_of(exercise):
    own = [exercise.problems[0].arguments, exercise.like, *exercise.example()]
    own = {str(key) for some in own if isinstance(some, dict) for key in some}
    for text in chain.from_iterable(map(told_of, exercise.mistakes)):
        for name in re.findall(r"\b[Wb]_\w+", text):
            assert any(key.startswith(name) for key in own), text
        assert "`C_" not in text or "lstm" in exercise.name or "cell" in exercise.name


UNREAD = [
    (name, array)
    for name, arrays in (
        ("double_sum", "v J plus"), ("window", "v J plus"), ("cell_derivative", "A B F"),
    )
    for array in arrays.split()
]  # fmt: skip
"""Arrays in which step 1 has the index 1, and nothing is asked of what stands at index 0."""


@pytest.mark.parametrize(("name", "array"), UNREAD)
def test_what_is_not_to_be_read_would_show(name, array):
    exercise = check[name]
    for problem, right in zip(exercise.problems, exercise.variant(), strict=True):
        arguments = dict(zip(problem.arguments, problem.fresh(), strict=True))
        assert np.abs(arguments[array][0]).max() > 0.1
        arguments[array][0] = np.nan
        value = exercise.reference(*arguments.values())
        assert all(np.array_equal(value, part) for part in right.values())


@pytest.mark.parametrize(("name", "array"), UNREAD)
def test_a_function_that_reads_index_0_is_not_called_right(name, array):
    number = [*check[name].problems[0].arguments].index(array)

    def reads(*arguments):
        return RIGHT[name](*arguments) + 0.01 * arguments[number][0].sum()

    answer = check[name](reads)
    assert not answer and not answer.mistakes


LAST = len(check.gradient_check.problems) - 1


@given(wrong=st.sets(st.integers(0, LAST), min_size=1))
@settings(max_examples=60, deadline=None)
def test_a_gradient_check_is_told_one_cause_or_where_it_is_wrong(wrong):
    exercise = check.gradient_check
    verdicts = [bool(parts["verdict"]) for parts in exercise.variant()]
    calls = iter([*range(len(verdicts)), 0])

    def judges(loss, params, grads):
        k = next(calls)
        return verdicts[k] != (k in wrong)

    answer = exercise(judges)
    got = [{"verdict": np.array(v != (k in wrong))} for k, v in enumerate(verdicts)]
    known = [m for m in exercise.mistakes if all_agree(got, exercise.variant((m,)))]
    assert not answer and [*answer.mistakes] == known and len(known) <= 1
    assert "2 known mistakes" not in str(answer)
    if not known:
        (where,) = [note for note in answer.notes if note.startswith("It is ")]
        if len(wrong) > MOST_LISTED:
            told, others = where.removeprefix("It is right for ").split(", and wrong in all other")
            told, wanted = told.split(" and for "), {*range(LAST + 1)} - wrong
        else:
            told = where.removesuffix(".").split("wrong for ")[1].split(" and for ")
            wanted = wrong
        assert told == [exercise.problems[k].about for k in sorted(wanted)]
        assert dict(answer.table) == {"verdict": f"wrong in {len(wrong)} of {LAST + 1} calls"}


def test_one_name_means_one_mistake():
    for _, mistake in ALONE:
        same = MISTAKES[mistake.name]
        assert (mistake.sentence, mistake.hint, mistake.place) == (
            same.sentence,
            same.hint,
            same.place,
        )
    assert set(MISTAKES) == {mistake.name for _, mistake in ALONE}


@pytest.mark.parametrize("page", PAGES)
def test_the_places_are_in_the_book(page):
    text = (ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")
    assert re.search(r"^# (.*)$", text, re.M)[1] == PAGES[page]
    for label, title in SECTIONS[page].items():
        heading = re.search(rf"^\({label}\)=\n#+ (.*)$", text, re.M)
        assert heading, label
        assert heading[1].replace("$", "").replace(r"\hat y", "ŷ") == title


def test_every_place_is_pointed_at():
    used = {mistake.place.label for mistake in MISTAKES.values()}
    assert used == set(chain.from_iterable(SECTIONS.values()))


def test_options_of_a_mistake_are_options_of_the_reference():
    """A misspelt option would be swallowed by no reference: it raises."""
    for exercise in check.values():
        with pytest.raises(TypeError):
            exercise.reference(*exercise.example(), no_such_option=1)


def test_an_audit_finds_what_no_problem_shows():
    """With a symmetric matrix, and h_0 = 0, two mistakes are invisible."""

    def step(h, W, *, weights=lambda W: W, start=lambda h: h, factor=1):
        return factor * start(h) @ weights(W)

    turned = Mistake("turned", "It is turned.", "Look.", commits={"weights": np.transpose})
    twice = Mistake("twice", "It is twice.", "Look.", commits={"factor": 2})
    double = Mistake("double", "It is double.", "Look.", commits={"start": lambda h: 2 * h})
    problem = Problem({"h": np.array([[1.0, 2.0]]), "W": np.array([[1.0, 3.0], [3.0, 5.0]])})
    found = Exercise("step", "h W", step, [problem], [turned, twice, double]).audit()
    assert found == {
        "turned": "No problem shows it: the numbers are right with it.",
        "double": "It gives the same numbers as 'twice'.",
    }


@pytest.mark.parametrize("exercise", check.values(), ids=lambda e: e.name)
def test_every_mistake_of_the_book_can_be_told(exercise):
    assert exercise.audit() == {}


def test_a_teachers_exercise_says_how_to_get_its_arguments():
    problem = Problem({"a": 2.0})
    exercise = Exercise("own", "Return a.", lambda a: a, [problem], [])
    assert "`example()` of this checker" in str(exercise(lambda a: a + 1))
    assert exercise.example() == [2.0]


# ------------------------------------------------------------------------------------- finding


def test_exercises_are_found_by_name():
    assert check["bptt"] is check.bptt and "bptt" in dir(check)
    with pytest.raises(AttributeError, match="did you mean 'bptt'"):
        check.btpt  # noqa: B018
    with pytest.raises(AttributeError, match="there are rnn_step, forward"):
        check.q  # noqa: B018


def test_an_exercise_says_what_it_asks_for():
    text = str(check.bptt)
    assert text.startswith("bptt(params, x, y, h_0): Gradients")
    assert "  y: (T, m) of integers" in text and "W_yh (n, n_outputs)" in text
    assert "returns loss number" in str(check.loss)
    assert len(repr(check).splitlines()) == len(check)
    assert "  loss: a function" in str(check.gradient_check)


@pytest.mark.parametrize("exercise", check.values(), ids=lambda e: e.name)
def test_an_exercise_has_a_level_and_minutes_and_an_outcome(exercise):
    assert exercise.level in LEVELS and 5 <= exercise.minutes <= 60 and exercise.outcome


@pytest.mark.parametrize("exercise", check.values(), ids=lambda e: e.name)
def test_no_two_sizes_are_always_the_same(exercise):
    """Else the length of an axis could be written with either."""
    sizes = [problem.sizes for problem in exercise.problems if problem.sizes]
    values = [tuple(some[name] for some in sizes) for name in (sizes[0] if sizes else ())]
    assert len({*values}) == len(values)


@pytest.mark.parametrize("name", ["bptt", "stacked_backward"])
def test_no_length_is_written_as_another_by_chance(name):
    """One entry too many or too few is not taken for another axis, nor a sum of two for one."""
    sizes = [problem.sizes for problem in check[name].problems[:2]]
    known = [tuple(values) for _, values in expressions(sizes)]
    assert len({*known}) == len(known)
    for symbol in sizes[0].keys() - {"T"}:
        for more in (1, -1):
            assert tuple(some[symbol] + more for some in sizes) not in known


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda c: c.__name__.split(".")[-1])
def test_exercises_of_a_chapter_go_from_easy_to_hard(chapter):
    levels = [LEVELS.index(exercise.level) for exercise in chapter.EXERCISES]
    assert levels == sorted(levels)


def test_the_first_exercise_of_the_readme(capsys):
    blocks = re.findall(
        r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S
    )
    (first,) = [block for block in blocks if "bptt_lab.exercises" in block]
    exec(first, {})
    told = capsys.readouterr().out
    assert "returns h_t (m, n)" in told
    assert "Not yet. This is a known mistake." in told and "Rows here, columns there" in told
    exec(first.replace("].T", "]") + "assert check.rnn_step(my_step)", {})
