"""Every labelled equation of the chapter on backpropagation through time, held by name.

The page asserts its equations on its own arrays. Here each is computed once more, on another
problem, entry by entry where the page uses matrices, and differentiation is left to the complex
step: a derivative that no chain rule of the book has touched.
"""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import bptt_lab
from bptt_lab import RNN, attribution, forward, gaussian, loss_and_gradients, reference, scaled
from bptt_lab.bptt import unroll
from bptt_lab.reference import complex_step, relative_error, rnn_step
from bptt_lab.training import Adam
from chapters import Checks, functions

BOOK = Path(__file__).resolve().parent.parent / "book"
PAGE = (BOOK / "bptt.md").read_text(encoding="utf-8")
EXERCISES = (BOOK / "bptt-exercises.md").read_text(encoding="utf-8")
T, N_INPUTS, N, N_OUTPUTS = 5, 4, 3, 2
STEPS = range(1, T + 1)
CHECKS = Checks()
holds = CHECKS.holds


def test_every_display_equation_has_a_label_and_a_check():
    displays = re.findall(r"^\$\$$.*?^\$\$([^\n]*)$", PAGE + EXERCISES, re.S | re.M)
    labels = [end.strip(" ()") for end in displays]
    assert all(labels) and len(set(labels)) == len(labels)
    assert set(labels) == set(CHECKS)


@pytest.fixture(scope="module")
def net():
    """One sequence; h[t], a[t], e[t], v[t] and J[t] are those of step t."""
    rng = np.random.default_rng(11)
    cell = RNN("tanh")
    params = cell.init(rng, N_INPUTS, N, N_OUTPUTS)
    params = {name: w + 0.3 * rng.normal(size=w.shape) for name, w in params.items()}
    x, h_0 = rng.normal(size=(T, 1, N_INPUTS)), rng.normal(size=(1, N))
    classes = rng.integers(N_OUTPUTS, size=(T, 1))
    p = SimpleNamespace(**params, params=params, x=np.vstack([np.zeros(N_INPUTS), x[:, 0]]))
    p.arguments = cell, params, x, classes, h_0
    p.y = np.vstack([np.zeros(N_OUTPUTS), np.eye(N_OUTPUTS)[classes[:, 0]]])
    p.h, p.a = np.zeros((T + 1, N)), np.zeros((T + 1, N))
    p.h[0] = h_0
    for t in STEPS:
        p.a[t] = p.x[t] @ p.W_xh + p.h[t - 1] @ p.W_hh + p.b_h
        p.h[t] = np.tanh(p.a[t])
    power = np.exp(p.h @ p.W_yh + p.b_y)
    p.y_hat = power / power.sum(axis=1, keepdims=True)
    p.e = p.y_hat - p.y
    p.v, p.slope = p.e @ p.W_yh.T, 1 - p.h**2
    p.J = np.stack([np.diag(s) @ p.W_hh.T for s in p.slope])
    p.loss, p.grads = loss_and_gradients(*p.arguments)
    return p


def states(net, upto=T, **changed):
    """h_0..h_T with some parameters changed."""
    p = {**net.params, "h_0": net.h[0], **changed}
    return np.array(reference.states(rnn_step, p, net.x[1 : upto + 1], (p["h_0"],)))[:, 0]


def total(net, t, name):
    """dh_t/dtheta."""
    return complex_step(lambda w: states(net, t, **{name: w})[t], net.params[name])


def immediate(net, k, name):
    """d+h_k/dtheta: the step alone, with h_{k-1} a constant."""
    x, before = net.x[k], net.h[k - 1]
    return complex_step(lambda w: rnn_step(net.params | {name: w}, x, before)[0], net.params[name])


def product(net, t, k):
    """J_t .. J_{k+1}."""
    P = np.eye(N)
    for j in range(k + 1, t + 1):
        P = net.J[j] @ P
    return P


def term(net, t, k, name):
    return np.tensordot(net.v[t] @ product(net, t, k), immediate(net, k, name), 1)


def deltas(net, carried=lambda t: True):
    """delta_t for t = 1..T by the recursion."""
    delta = np.zeros((T + 2, N))
    for t in reversed(STEPS):
        later = delta[t + 1] @ net.W_hh.T if carried(t) else 0
        delta[t] = (net.v[t] + later) * net.slope[t]
    return delta


def close(u, v):
    np.testing.assert_allclose(u, v, rtol=1e-11, atol=1e-12)


RECURRENT = ("W_hh", "W_xh", "b_h")

# --------------------------------------------------------------------------- loss and readout


@holds("eq-bptt-loss")
def loss(net):
    close(-(net.y[1:] * np.log(net.y_hat[1:])).sum(), net.loss)


@holds("eq-bptt-readout-tensor")
def readout_tensor(net):
    found = complex_step(lambda W: net.h[2] @ W + net.b_y, net.W_yh)
    for c, i, j in np.ndindex(found.shape):
        close(found[c, i, j], net.h[2, i] * (j == c))


@holds("eq-bptt-readout-entry")
def readout_entry(net):
    tensor = complex_step(lambda W: net.h[2] @ W + net.b_y, net.W_yh)
    close(np.tensordot(net.e[2], tensor, 1), np.outer(net.h[2], net.e[2]))


@holds("eq-bptt-readout")
def readout(net):
    close(sum(np.outer(net.h[t], net.e[t]) for t in STEPS), net.grads["W_yh"])
    close(net.e[1:].sum(axis=0), net.grads["b_y"])


# ------------------------------------------------------------- immediate and total derivative


def two_scalar_steps(w_1, w_2, h_0=0.7, x_1=0.2, x_2=-0.4):
    h_1 = np.tanh(w_1 * h_0 + x_1)
    return h_0, h_1, np.tanh(w_2 * h_1 + x_2)


@holds("eq-bptt-two-steps")
def two_steps(net):
    """Run the two lines with the engine: one neuron, W_xh = 1."""
    one = {"W_xh": np.eye(1), "W_hh": np.array([[0.9]]), "b_h": np.zeros(1)}
    one |= {"W_yh": np.eye(1), "b_y": np.zeros(1)}
    x = np.array([0.2, -0.4]).reshape(2, 1, 1)
    h = unroll(RNN("tanh"), one, x, (np.array([[0.7]]),)).h
    close(h.ravel(), two_scalar_steps(0.9, 0.9))


@holds("eq-bptt-copies")
def copies(net):
    w = np.array([0.9])
    shared = complex_step(lambda w: two_scalar_steps(w[0], w[0])[2], w)
    apart = complex_step(lambda w: two_scalar_steps(w[0], w[1])[2], np.array([0.9, 0.9]))
    close(shared.sum(), apart.sum())


@holds("eq-bptt-immediate-scalar")
def immediate_scalar(net):
    h_0, h_1, h_2 = two_scalar_steps(0.9, 0.9)
    expected = h_1 * (1 - h_2**2) + (1 - h_2**2) * 0.9 * h_0 * (1 - h_1**2)
    close(complex_step(lambda w: two_scalar_steps(w[0], w[0])[2], np.array([0.9])), [expected])


@holds("eq-bptt-jacobian-entry")
def jacobian_entry(net):
    found = complex_step(lambda h: np.tanh(net.x[3] @ net.W_xh + h @ net.W_hh + net.b_h), net.h[2])
    for i, j in np.ndindex(N, N):
        close(found[i, j], (1 - np.tanh(net.a[3, i]) ** 2) * net.W_hh[j, i])


@holds("eq-bptt-jacobian")
def jacobian(net):
    found = complex_step(lambda h: np.tanh(net.x[3] @ net.W_xh + h @ net.W_hh + net.b_h), net.h[2])
    close(found, net.J[3])


@holds("eq-bptt-immediate")
def immediate_entries(net):
    by_W_hh, by_W_xh, by_b_h = (immediate(net, 3, name) for name in RECURRENT)
    for i, a, b in np.ndindex(N, N, N):
        close(by_W_hh[i, a, b], net.slope[3, i] * (i == b) * net.h[2, a])
    for i, a, b in np.ndindex(N, N_INPUTS, N):
        close(by_W_xh[i, a, b], net.slope[3, i] * (i == b) * net.x[3, a])
    close(by_b_h, np.diag(net.slope[3]))


@holds("eq-bptt-total")
def total_from_the_step_before(net):
    for name in RECURRENT:
        carried = np.tensordot(net.J[4], total(net, 3, name), 1)
        close(total(net, 4, name), immediate(net, 4, name) + carried)


@holds("eq-bptt-sum")
def sum_over_the_uses(net):
    for name in RECURRENT:
        parts = (np.tensordot(product(net, T, k), immediate(net, k, name), 1) for k in STEPS)
        close(total(net, T, name), sum(parts))


@holds("eq-bptt-one-loss")
def one_loss(net):
    cell, params, x, classes, h_0 = net.arguments
    for name in RECURRENT:
        found = attribution(cell, params, x, classes, t=4, parameter=name, state0=h_0)
        close(found, [term(net, 4, k, name) for k in range(1, 5)])


# ------------------------------------------------------------- from the sum to the recursion


@holds("eq-bptt-double-sum")
def double_sum(net):
    for name in RECURRENT:
        close(sum(term(net, t, k, name) for t in STEPS for k in range(1, t + 1)), net.grads[name])


def reaches(net, k):
    """g_k as the sum over all later losses."""
    return sum(net.v[t] @ product(net, t, k) for t in range(k, T + 1))


@holds("eq-bptt-swap")
def swap(net):
    for name in RECURRENT:
        parts = (np.tensordot(reaches(net, k), immediate(net, k, name), 1) for k in STEPS)
        close(sum(parts), net.grads[name])


@holds("eq-bptt-adjoint")
def adjoint(net):
    g = np.zeros(N)
    for k in reversed(STEPS):
        g = net.v[k] + (g @ net.J[k + 1] if k < T else 0)
        close(g, reaches(net, k))


@holds("eq-bptt-delta")
def delta_is_the_gradient_below_the_activation(net):
    for t in STEPS:
        close(deltas(net)[t], reaches(net, t) @ np.diag(net.slope[t]))


@holds("eq-bptt-contraction")
def contraction(net):
    for t in STEPS:
        found = np.tensordot(reaches(net, t), immediate(net, t, "W_hh"), 1)
        close(found, np.outer(net.h[t - 1], deltas(net)[t]))


@holds("eq-bptt-recursion")
def recursion(net):
    """delta_t = dL/da_t: nudge the pre-activation of one step and run on."""
    for t in STEPS:

        def loss_after(nudge, t=t):
            h = states(net, t - 1)[-1] + 0 * nudge
            value = 0
            for s in range(t, T + 1):
                push = nudge if s == t else 0
                h = np.tanh(net.x[s] @ net.W_xh + h @ net.W_hh + net.b_h + push)
                o = h @ net.W_yh + net.b_y
                value = value + np.log(np.exp(o).sum()) - net.y[s] @ o
            return value

        close(complex_step(loss_after, np.zeros(N)), deltas(net)[t])


@holds("eq-bptt-gradients")
def gradients(net):
    delta = deltas(net)[1:-1]
    close(net.h[1:].T @ net.e[1:], net.grads["W_yh"])
    close(net.e[1:].sum(axis=0), net.grads["b_y"])
    close(net.h[:-1].T @ delta, net.grads["W_hh"])
    close(net.x[1:].T @ delta, net.grads["W_xh"])
    close(delta.sum(axis=0), net.grads["b_h"])
    close(delta[:1] @ net.W_hh.T, net.grads.state0[0])
    close(delta @ net.W_xh.T, net.grads.x[:, 0])


@holds("eq-bptt-cost")
def cost(net):
    """Count what the page's three functions ask for, at sizes that the page does not use."""
    predicted = {
        "with_matrices": T * (T + 1) // 2 * (N**3 + 2 * N**2),
        "with_vectors": T * (T + 1) * N**2,
        "recursion": 2 * T * N**2,
    }
    multiplied = []

    def mul(A, B):
        multiplied.append(A.shape[0] * A.shape[1] * B.shape[1])
        return A @ B

    for name, number in predicted.items():
        (cell,) = re.findall(rf"^(def {name}\(.*?)^```", PAGE, re.S | re.M)
        scope = {"np": np}
        exec(cell, scope)
        multiplied.clear()
        close(scope[name](net.h[:, None], net.slope[:, None], net.v[:, None], net.W_hh, mul),
              net.grads["W_hh"])  # fmt: skip
        assert sum(multiplied) == number


@holds("eq-bptt-stacked")
def stacked(net):
    delta = deltas(net)
    close(net.h[:-1].T @ delta[1:-1], sum(np.outer(net.h[t - 1], delta[t]) for t in STEPS))


# ---------------------------------------------------------------------- truncation, RTRL, leaky


@holds("eq-bptt-window")
def window(net):
    for K in (1, 2, 4):
        kept = [term(net, t, k, "W_hh") for t in STEPS for k in range(max(1, t - K + 1), t + 1)]
        close(sum(kept), loss_and_gradients(*net.arguments, window=K)[1]["W_hh"])


@holds("eq-bptt-chunks")
def chunks(net):
    """Take the gradient of each chunk by itself, with the state carried in as a constant."""
    cell, params, x, classes, _ = net.arguments
    for K in (1, 2, 3):
        pieces = [(x[t : t + K], classes[t : t + K], net.h[None, t]) for t in range(0, T, K)]
        apart = sum(loss_and_gradients(cell, params, *piece)[1]["W_hh"] for piece in pieces)
        delta = deltas(net, carried=lambda t, K=K: t % K != 0)
        close(net.h[:-1].T @ delta[1:-1], apart)


@holds("eq-bptt-rtrl")
def rtrl(net):
    for name in RECURRENT:
        S, G = 0 * immediate(net, 1, name), 0
        for t in STEPS:
            S = immediate(net, t, name) + np.tensordot(net.J[t], S, 1)
            G = G + np.tensordot(net.v[t], S, 1)
        close(G, net.grads[name])


@holds("eq-bptt-leaky")
def leaky(net):
    """Compare the Jacobian that the solution gives for this cell."""
    alpha = 0.3

    def step(h):
        a = net.x[2] @ net.W_xh + h @ net.W_hh + net.b_h
        return (1 - alpha) * h + alpha * np.tanh(a)

    found = complex_step(step, net.h[1])
    close(found, (1 - alpha) * np.eye(N) + alpha * np.diag(net.slope[2]) @ net.W_hh.T)


@pytest.mark.parametrize("label", CHECKS)
def test_equation_holds(label, net):
    CHECKS[label](net)


# --------------------------------------------------------------------- what is said of networks


def page(*names, **scope):
    """Return functions of the chapter; a name in `scope` replaces one that they use."""
    here = {"np": np, "cell": RNN("tanh"), "forward": forward, "bptt_lab": bptt_lab, "Adam": Adam}
    here |= {"loss_and_gradients": loss_and_gradients, "relative_error": relative_error}
    return functions("bptt", *names, **here | scope)


@pytest.fixture
def seeds(fresh_seed):
    """Seeds that the page does not use."""
    return range(10_000 * (fresh_seed + 1), 10_000 * (fresh_seed + 1) + 20)


@pytest.mark.slow
def test_the_bet_on_other_networks_and_what_a_cut_loses(seeds):
    """As the figure draws them, with spectral radius 1.4: median 0.7 %, nearly all below 10 %."""
    (window_errors,) = page("window_errors")
    windows, bets, ratios = [2, 4, 8, 12, 20, 40], [], []
    for seed in seeds:
        draw = np.random.default_rng(seed)
        p = RNN("tanh").init(draw, 3, 16, 4) | {"b_h": 0.3 * draw.normal(size=16)}
        p["W_hh"], x = scaled(gaussian(draw, 16), 1.4), draw.normal(size=(60, 4, 3))
        y, h = draw.integers(4, size=(60, 4)), np.zeros((4, 16))
        J = bptt_lab.step_jacobians(forward(RNN("tanh"), p, x, h))
        left = np.exp(bptt_lab.log_gradient_norms(J).mean(axis=1))[windows]
        errors = np.array(window_errors(p, x, y, h, windows))
        bets.append(errors[windows.index(20)])
        ratios.extend(errors / left)
    assert 1e-3 < np.median(bets) < 3e-2 and np.mean(np.array(bets) < 0.1) > 0.8
    assert np.mean(np.array(ratios) < 1) > 0.8 and 0.1 < np.median(ratios) < 1


@pytest.mark.slow
def test_averaging_removes_noise_and_not_the_bias(seeds):
    names = "window_errors", "signs", "averaged_errors", "any_class", "eight_steps_ago"
    _, _, averaged, any_class, eight = page(*names, COUNTS=[1, 1000])
    noise = np.array([averaged(any_class, seed) for seed in seeds])
    bias = np.array([averaged(eight, seed) for seed in seeds])
    assert (noise[:, 1] < noise[:, 0]).all()
    assert np.median(noise[:, 1] / noise[:, 0]) < 0.25
    assert (bias[:, 1] > bias[:, 0]).mean() > 0.4
    assert np.median(bias[:, 1]) > 5 * np.median(noise[:, 1])


@pytest.mark.slow
def test_what_a_hundred_updates_teach(seeds):
    _, learned = page("signs", "learned")
    found = {
        (rho, K): np.array([learned(seed, rho, K) for seed in seeds])
        for rho, K in ((0.95, 1), (0.3, 1), (0.3, 6))
    }
    assert (found[0.95, 1] > 0.9).mean() > 0.3
    assert (found[0.3, 6] > 0.9).mean() > 0.4
    assert found[0.3, 1].max() < 0.6


@pytest.mark.slow
def test_in_time_a_window_of_one_often_succeeds_but_not_with_the_readout_alone(seeds):
    def of_readout(*arguments, **options):
        loss, g = loss_and_gradients(*arguments, **options)
        return loss, {name: w if name in ("W_yh", "b_y") else 0 * w for name, w in g.items()}

    _, learned = page("signs", "learned")
    in_time = [learned(seed, 0.3, 1, updates=2000) for seed in seeds[:8]]
    assert np.sum(np.array(in_time) > 0.9) >= 2
    _, learned = page("signs", "learned", loss_and_gradients=of_readout)
    alone = [learned(seed, 0.3, 1, updates=2000) for seed in seeds[:4]]
    assert max(alone) < 0.6


@pytest.mark.slow
@pytest.mark.parametrize(("rho", "least", "most"), [(0.95, 0.03, 0.2), (0.3, 1e-4, 1e-3)])
def test_the_echo_of_an_input_five_steps_ago(seeds, rho, least, most):
    """Change it, and see by which share the state changes; a least-squares fit finds the sign."""
    echoes, right = [], []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        p = RNN("tanh").init(rng, 1, 32, 2)
        p["W_hh"] = scaled(gaussian(rng, 32), rho)
        x = rng.choice([-1.0, 1.0], size=(6, 400, 1))
        h = forward(RNN("tanh"), p, x).h[-1]
        other = forward(RNN("tanh"), p, np.concatenate([-x[:1], x[1:]])).h[-1]
        change = np.linalg.norm(other - h, axis=1) / np.linalg.norm(h, axis=1)
        echoes.append(np.median(change))
        fit = np.linalg.lstsq(h[:200], x[0, :200], rcond=None)[0]
        right.append((h[200:] @ fit * x[0, 200:] > 0).mean())
    assert least < np.median(echoes) < most and np.median(right) > 0.95
