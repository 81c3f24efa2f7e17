"""The quizzes: their form, and every answer that is a number or can be computed."""

import re
from pathlib import Path

import jupytext
import numpy as np
import pytest
import sympy as sp

from bptt_lab import (
    GRU,
    LSTM,
    RNN,
    forward,
    gaussian,
    log_gradient_norms,
    loss_and_gradients,
    lyapunov_exponents,
    norm_bound,
    orthogonal,
    scaled,
    spectral_radius,
    step_jacobians,
)
from bptt_lab.book.plots import panels, unrolled_network
from bptt_lab.mean_field import mean_field_exponent
from bptt_lab.reference import complex_step, relative_error

ROOT = Path(__file__).resolve().parent.parent
FORM = re.compile(r"^```\{question\} (.+?)\n(.*?)^```$", re.M | re.S)
ANSWER = re.compile(r"^\[([ x])\] (.+)\n: (.+)$", re.M)


class Question:
    def __init__(self, title: str, body: str):
        self.title = title
        self.text = body.split("\n[")[0].strip()
        self.answers = [(mark == "x", text, why) for mark, text, why in ANSWER.findall(body)]

    @property
    def right(self) -> list[str]:
        return [text for is_right, text, _ in self.answers if is_right]

    def why(self, beginning: str) -> str:
        """Explanation of the answer that begins so."""
        found = [why for _, text, why in self.answers if text.startswith(beginning)]
        assert len(found) == 1
        return found[0]


CHAPTERS = {
    path.stem: {
        title: Question(title, body)
        for title, body in FORM.findall(path.read_text(encoding="utf-8"))
    }
    for path in sorted((ROOT / "book").glob("*.md"))
    if "## Quiz" in path.read_text(encoding="utf-8")
}
QUESTIONS = [(chapter, title) for chapter, all_ in CHAPTERS.items() for title in all_]


def ask(chapter: str, title: str) -> Question:
    return CHAPTERS[chapter][title]


def test_every_chapter_asks_at_least_six_questions():
    assert {"forward", "bptt", "vanishing", "lstm", "training", "after"} <= set(CHAPTERS)
    assert all(len(questions) >= 6 for questions in CHAPTERS.values())


RADIOS = [names for names in QUESTIONS if len(ask(*names).right) == 1]


def test_no_place_is_a_good_guess():
    """As written; in a browser each reader has an order of their own."""
    radios = [ask(*names) for names in RADIOS]
    places = [q.answers.index(next(a for a in q.answers if a[0])) for q in radios]
    for number in (3, 4):
        found = [k for k, q in zip(places, radios, strict=True) if len(q.answers) == number]
        shares = [found.count(place) / len(found) for place in range(number)]
        assert max(shares) < 1.4 / number, shares
    for chapter in CHAPTERS:
        own = [k for k, (name, _) in zip(places, RADIOS, strict=True) if name == chapter]
        assert max(map(own.count, range(4))) <= 1 + len(own) // 4, chapter


@pytest.mark.parametrize(("chapter", "title"), QUESTIONS)
def test_every_answer_is_explained(chapter, title):
    question = ask(chapter, title)
    assert question.text and 3 <= len(question.answers) <= 6
    assert 0 < len(question.right) < len(question.answers)
    assert all(len(why.split()) >= 4 for *_, why in question.answers)
    texts = [text for _, text, _ in question.answers]
    assert len(set(texts)) == len(texts)
    # A link inside a label would be two controls in one.
    assert not re.search(r"\{(eq|cite|ref|ledger|term|numref)\S*\}`|\]\(", "".join(texts))


def test_right_answers_do_not_stand_at_one_place():
    places = [[is_right for is_right, *_ in ask(*q).answers].index(True) for q in QUESTIONS]
    assert max(places.count(place) for place in set(places)) < len(places) / 2


# ---------------------------------------------------------------- forward


def one_neuron(w, h=0.9, steps=10_000):
    for _ in range(steps):
        h = np.tanh(w * h)
    return h


def test_silence():
    assert one_neuron(0.9) < 1e-12 and ask("forward", "Silence").right == ["It goes to 0."]


def test_copies_of_the_unrolled_network():
    _, axes = panels()
    texts = [text.get_text() for text in unrolled_network(axes, steps=4).texts]
    question = ask("forward", "How many copies")
    assert texts.count("$W_{hh}$") == 4
    arrows = {"x1": ["h1"]} | {f"h{t}": [f"h{t + 1}", f"o{t}"] for t in range(5)}

    def paths(start, end):
        if start == end:
            return [[end]]
        return [[start, *rest] for one in arrows.get(start, ()) for rest in paths(one, end)]

    (path,) = paths("x1", "o4")
    assert "h4" in path and len(question.right) == 2
    assert "$W_{hh}$ stands at 4 arrows, and is one matrix" in question.right


def test_columns_are_stored_by_torch():
    """Run the paper's columns and ours with each answer that is an equation of matrices."""
    rng, n_inputs, n = np.random.default_rng(0), 4, 6
    params = RNN("tanh").init(rng, n_inputs, n, 1)
    x, right = rng.normal(size=(5, 1, n_inputs)), params["W_hh"].T
    wanted = forward(RNN("tanh"), params, x).h[-1, 0]

    def column(W):
        h = np.zeros(n)
        for x_t in x[:, 0]:
            h = np.tanh(W @ h + params["W_xh"].T @ x_t)
        return h

    assert np.allclose(column(right), wanted) and not np.allclose(column(right.T), wanted)
    question = ask("forward", "A paper in columns")
    assert "$W = W_{hh}^\\top$" in question.right
    assert "`torch.nn.RNN` stores this $W$ as `weight_hh_l0`" in question.right


def test_where_the_factor_comes_from():
    """The derivative of the part with the logarithm alone is the sum of the targets times yhat."""
    o, y = sp.symbols("o:3"), sp.symbols("y:3")
    log_sum = sp.log(sum(map(sp.exp, o)))
    yhat = [sp.exp(o_c) / sum(map(sp.exp, o)) for o_c in o]
    part = sum(y_c * log_sum for y_c in y)
    assert all(
        sp.simplify(sp.diff(part, a) - sum(y) * p) == 0 for a, p in zip(o, yhat, strict=True)
    )
    (right,) = ask("forward", "Where the factor comes from").right
    assert right.startswith(r"From $\ln \sum_j e^{o_j}$")


def test_two_networks_with_one_matrix():
    """Larger inputs, or larger input weights, let runs meet that part without them."""
    rng, n = np.random.default_rng(3), 32
    cell, start = RNN("tanh"), np.array([[0.0] * n, [1e-3] * n])
    params = cell.init(rng, 1, n, 1)
    params["W_hh"] *= 2 / spectral_radius(params["W_hh"])
    x = np.repeat(rng.normal(size=(200, 1, 1)), 2, axis=1)

    def end(weights=1.0, inputs=1.0, outputs=1.0):
        scaled = {"W_xh": weights * params["W_xh"], "W_yh": outputs * params["W_yh"]}
        h = forward(cell, params | scaled, inputs * x, start).h[-1]
        return np.linalg.norm(h[1] - h[0])

    assert end(weights=0.1) > 0.1 and end(weights=10) < 1e-6
    assert end(inputs=0.1) > 0.1 and end(inputs=10) < 1e-6
    assert end(outputs=10) == end()
    right = ask("forward", "Two networks, one matrix").right
    assert right == ["The second has larger input weights.", "The second gets larger inputs."]


def test_shapes():
    T, m, n_inputs, n, n_outputs = 7, 5, 4, 6, 3
    rng, cell = np.random.default_rng(0), RNN("tanh")
    params = cell.init(rng, n_inputs, n, n_outputs)
    trace = forward(cell, params, rng.normal(size=(T, m, n_inputs)))
    shapes = {
        "trace.h": trace.h.shape,
        "trace.logits": trace.logits.shape,
        'params["W_yh"]': params["W_yh"].shape,
        'params["b_y"]': params["b_y"].shape,
    }
    for is_right, text, _ in ask("forward", "Which shapes occur").answers:
        name, shape = re.fullmatch(r"`(.+)` is `(.+)`", text).groups()
        assert is_right == (str(shapes[name]) == shape)
    stacked = np.concatenate([params["W_xh"], params["W_hh"]])
    assert (
        f"${stacked.shape[0]} \\times {stacked.shape[1]}$" in ask("forward", "One product").right[0]
    )


def test_two_labels():
    o = sp.symbols("o:3")
    y = (1, 1, 0)
    p = [sp.exp(o_c) / sum(map(sp.exp, o)) for o_c in o]
    loss = -sum(y_c * sp.log(p_c) for y_c, p_c in zip(y, p, strict=True))
    gradient = [sp.diff(loss, o_c).subs(dict.fromkeys(o, 0)) for o_c in o]
    assert gradient == [-sp.Rational(1, 3), -sp.Rational(1, 3), sp.Rational(2, 3)]
    question = ask("forward", "Two labels at once")
    assert question.right == [r"$(-\tfrac13, -\tfrac13, \tfrac23)$"]
    by_probability = [-y_c / p_c.subs(dict.fromkeys(o, 0)) for y_c, p_c in zip(y, p, strict=True)]
    assert by_probability == [-3, -3, 0] and "probabilities" in question.why("$(-3, -3, 0)$")


def test_sum_or_mean():
    rng, cell = np.random.default_rng(0), RNN("tanh")
    params, x = cell.init(rng, 2, 3, 4), rng.normal(size=(10, 4, 2))
    y = rng.integers(4, size=(10, 4))
    y[::2] = -1
    _, total = loss_and_gradients(cell, params, x, y)
    _, mean = loss_and_gradients(cell, params, x, y, reduction="mean")
    factor = total["W_hh"] / mean["W_hh"]
    assert np.allclose(factor, factor[0, 0])
    assert ask("forward", "Sum or mean").right == [f"It is divided by {factor[0, 0]:.0f}"]


# ---------------------------------------------------------------- bptt


def test_two_places():
    """Nudge h_t of a cell with two readouts and compare with the answers, read as formulas."""
    rng = np.random.default_rng(0)
    W_hh, W_yh, W_rh = rng.normal(size=(3, 3)), rng.normal(size=(3, 2)), rng.normal(size=(3, 4))
    y, r, x = rng.normal(size=(3, 2)), rng.normal(size=(3, 4)), rng.normal(size=(3, 3))

    def run(h):
        loss, states = 0, []
        for t in range(3):
            states.append(h)
            loss = loss + ((h @ W_yh - y[t]) ** 2).sum() / 2 + ((h @ W_rh - r[t]) ** 2).sum() / 2
            h = np.tanh(x[t] + h @ W_hh)
        return loss, states

    start = rng.normal(size=3)
    _, h = run(start)
    expected = complex_step(lambda h: run(h)[0], start)
    g = delta = np.zeros(3)
    for t in (2, 1):
        g = (h[t] @ W_yh - y[t]) @ W_yh.T + (h[t] @ W_rh - r[t]) @ W_rh.T + delta @ W_hh.T
        delta = g * (1 - h[t] ** 2)
    own = (h[0] @ W_yh - y[0]) @ W_yh.T, (h[0] @ W_rh - r[0]) @ W_rh.T
    answers = {
        r"+ \delta_{t+1} W_{hh}^\top$": sum(own) + delta @ W_hh.T,
        r"+ g_{t+1} W_{hh}^\top$": sum(own) + g @ W_hh.T,
        r"e'_t W_{rh}^\top$": sum(own),
    }
    (right,) = ask("bptt", "Two places").right
    assert right == r"$e_t W_{yh}^\top + e'_t W_{rh}^\top + \delta_{t+1} W_{hh}^\top$"
    fits = [ending for ending, value in answers.items() if np.allclose(value, expected)]
    assert len(fits) == 1 and right.endswith(fits[0])


def test_immediate():
    w, h0, h1, x1, x2 = sp.symbols("w h_0 h_1 x_1 x_2")
    first, second = sp.tanh(w * h0 + x1), sp.tanh(w * h1 + x2)
    immediate = sp.diff(second, w)
    assert sp.simplify(immediate - h1 * (1 - second**2)) == 0
    total = sp.diff(second.subs(h1, first), w)
    claimed = (h1 * (1 - second**2) + w * h0 * (1 - h1**2) * (1 - second**2)).subs(h1, first)
    assert sp.simplify(total - claimed) == 0
    question = ask("bptt", "Immediate")
    assert question.right == ["$h_1\\,(1 - h_2^2)$"] and "*total*" in question.why(
        "$h_1\\,(1 - h_2^2) +"
    )


def test_counted_again():
    w, t, use = sp.symbols("w"), 5, 2
    copies, h = sp.symbols("w_1:6"), [sp.symbols("h_0")]
    for k in range(1, t + 1):
        h.append(copies[k - 1] * h[-1] + sp.symbols(f"x_{k}"))

    def part(k):  # what the use at step 2 gives to dh_k/dw
        return sp.diff(h[k], copies[use - 1])

    paths = {k: sp.prod(copies[k:t]) for k in range(1, t + 1)}
    counted = sum(paths[k] * part(k) for k in range(1, t + 1)).subs(dict.fromkeys(copies, w))
    once = part(t).subs(dict.fromkeys(copies, w))
    assert ask("bptt", "Counted again").right == [f"{sp.simplify(counted / once)} times"]


def test_order_and_transpose():
    rng, cell = np.random.default_rng(0), RNN("tanh")
    params, x = cell.init(rng, 2, 3, 4), rng.normal(size=(4, 1, 2))
    trace = forward(cell, params, x)
    J = [None, *step_jacobians(trace)[:, 0]]
    norms = log_gradient_norms(np.array(J[1:])[:, None], t=4)
    assert np.allclose(np.exp(np.ravel(norms)[3]), np.linalg.norm(J[4] @ J[3] @ J[2], 2))
    assert not np.allclose(J[4] @ J[3] @ J[2], J[2] @ J[3] @ J[4])
    slope = np.diag(1 - trace.h[2, 0] ** 2)
    assert np.allclose(J[2], slope @ params["W_hh"].T)
    assert ask("bptt", "The order of the Jacobians").right == [r"$J_4\, J_3\, J_2$"]
    assert r"W_{hh}^\top" in ask("bptt", "One step").right[0]


def test_twice_as_long():
    n = 64
    matrices = [T * (T + 1) / 2 * (n**3 + 2 * n**2) for T in (1000, 2000)]
    recursion = [2 * T * n**2 for T in (1000, 2000)]
    ratios = [round(costs[1] / costs[0]) for costs in (matrices, recursion)]
    assert ask("bptt", "Twice as long").right == ["{} and {}".format(*ratios)]


def test_window():
    t, k = np.mgrid[1:7, 1:7]
    counts = {
        "window": (k <= t) & (t - k < 3),
        "all": k <= t,
        "chunks": (k <= t) & ((t - 1) // 3 == (k - 1) // 3),
    }
    counts = {name: int(kept.sum()) for name, kept in counts.items()}
    question = ask("bptt", "A window of three")
    assert question.right == [str(counts["window"])]
    assert "All pairs" in question.why(str(counts["all"]))
    assert "chunks" in question.why(str(counts["chunks"]))


def test_averaging_keeps_the_bias():
    rng, cell = np.random.default_rng(0), RNN("tanh")
    params = cell.init(rng, 2, 4, 3)
    x = rng.normal(size=(6, 4000, 2))
    y = np.repeat((x[:1, :, 0] > 0).astype(int), 6, axis=0)  # the first input is what matters
    halves = [(x[:, part], y[:, part]) for part in (slice(2000), slice(2000, None))]
    differences = []
    for x_part, y_part in halves:
        full = loss_and_gradients(cell, params, x_part, y_part)[1]["W_hh"]
        cut = loss_and_gradients(cell, params, x_part, y_part, window=2)[1]["W_hh"]
        differences.append((cut - full) / 2000)
    apart = np.linalg.norm(differences[0] - differences[1])
    assert apart < np.linalg.norm(differences[0]) / 2  # two averages see the same bias


def test_a_harmless_cut():
    """What is lost by a cut is about as large as what is left there, whatever the length."""
    cell, found = RNN("tanh"), []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        params = cell.init(rng, 2, 16, 3)
        params["W_hh"] = gaussian(rng, 16, gain=(0.5, 1.5, 2.5)[seed % 3])
        x, y = rng.normal(size=(60, 1, 2)), rng.integers(3, size=(60, 1))
        left = np.exp(log_gradient_norms(step_jacobians(forward(cell, params, x))))[20, 0]
        full, cut = (
            loss_and_gradients(cell, params, x, y, window=K)[1]["W_hh"] for K in (None, 20)
        )
        found.append((left, relative_error(cut, full)))
    harmless = [error for left, error in found if left < 1e-6]
    exploding = [error for left, error in found if left > 1]
    assert harmless and max(harmless) < 1e-4 and exploding and min(exploding) > 0.1
    assert "$10^{-6}$" in ask("bptt", "A harmless cut").right[0]


def test_one_step_of_memory():
    """A state that holds the input can be read with K = 1, by the readout alone even."""
    cell, rng, answers = RNN("identity"), np.random.default_rng(0), {}
    x = rng.choice([-1.0, 1.0], size=(6, 200, 1))
    y = np.full((6, 200), -1)
    y[-1] = x[0, :, 0] > 0
    for rho in (0.9, 0.0):  # a line of neurons that hand their value on, and one that does not
        params = cell.init(rng, 1, 6, 2)
        params["W_hh"], params["W_xh"] = rho * np.eye(6, k=1), np.eye(1, 6)
        for _ in range(300):
            _, grads = loss_and_gradients(cell, params, x, y, window=1, reduction="mean")
            params = {name: value - 0.3 * grads[name] for name, value in params.items()}
        answers[rho] = (forward(cell, params, x).logits[-1].argmax(axis=1) == y[-1]).mean()
    assert answers[0.9] > 0.99 and answers[0.0] < 0.65
    assert ask("bptt", "One step of memory").right[0].startswith("Reading the sign off the state")


# ---------------------------------------------------------------- vanishing


def test_all_eigenvalues_below_one():
    W = np.array([[0.9, 4], [0, 0.9]])
    norms = [np.linalg.norm(np.linalg.matrix_power(W, k), 2) for k in range(300)]
    assert spectral_radius(W) == pytest.approx(0.9) and norms[1] > 4
    assert max(norms) > 10 and norms[-1] < 1e-3
    k = 7
    assert np.linalg.matrix_power(W, k)[0, 1] == pytest.approx(4 * k * 0.9 ** (k - 1))
    assert "tenfold" in ask("vanishing", "All eigenvalues below one").right[0]


def test_a_neuron_that_has_settled():
    h = one_neuron(2)
    question = ask("vanishing", "A neuron that has settled")
    assert question.right == [f"By about {2 * (1 - h**2):.2f}"]
    assert f"{h:.2f}" in question.why("By about") and question.why(f"By {1 - h**2:.2f}, the slope")


def test_how_large_for_a_sigmoid():
    rng, cell = np.random.default_rng(0), RNN("sigmoid")
    params = cell.init(rng, 2, 3, 4)
    params["W_hh"] = 4 * orthogonal(rng, 3)
    assert norm_bound(cell, params) == pytest.approx(1)
    assert ask("vanishing", "How large for a sigmoid").right == ["Above 4"]


def test_a_rate():
    question = ask("vanishing", "A rate")
    assert question.right == [f"{np.exp(-0.02 * 200):.3f}"]
    assert f"{np.log(2) / 0.02:.0f} steps" in question.why("1: an exponent")
    assert f"{np.exp(-0.02):.2f}" in [text for _, text, _ in question.answers]


def test_whose_rate():
    """Linear with any input, and tanh at rest: nothing else has ln rho among the four."""
    rng, n = np.random.default_rng(0), 64
    W = scaled(gaussian(rng, n), 0.9)

    def rate(activation, s, steps=400):
        cell = RNN(activation)
        params = cell.init(rng, n, n, 1) | {"W_hh": W, "W_xh": s * np.eye(n)}
        x = rng.normal(size=(steps, 1, n))
        return lyapunov_exponents(cell, params, x, k=1, discard=100)[0]

    settings = {"tanh network with inputs": ("tanh", 1), "linear": ("identity", 1)}
    settings |= {"ReLU": ("relu", 1), "tanh network without": ("tanh", 0)}
    for is_right, text, _ in ask("vanishing", "Whose rate").answers:
        (setting,) = [how for words, how in settings.items() if words in text]
        assert is_right == (abs(rate(*setting) - np.log(0.9)) < 0.02), text


def test_the_same_matrix_other_inputs():
    small, large = (mean_field_exponent("tanh", 2.0, s) for s in (0.1, 2.0))
    assert small == pytest.approx(0.15, abs=0.01) and large < 0
    (right,) = ask("vanishing", "The same matrix, other inputs").right
    assert right == "It falls, here below zero."


# ---------------------------------------------------------------- lstm


def test_paths_over_two_steps():
    A, F, P, B = (
        dict(zip("ts", sp.symbols(f"{x}_t {x}_s", commutative=False), strict=True)) for x in "AFPB"
    )
    start = sp.Matrix([sp.Symbol("P_r", commutative=False), 1])  # h and C of two steps ago
    joint = {
        step: sp.Matrix([[B[step] + P[step] * A[step], P[step] * F[step]], [A[step], F[step]]])
        for step in "ts"
    }
    truth = sp.expand((joint["t"] * joint["s"] * start)[1])
    M = {"t": A["t"] * P["s"] + F["t"], "s": A["s"] * start[0] + F["s"]}
    product = sp.expand(M["t"] * M["s"])
    assert sp.expand(truth - product - A["t"] * B["s"] * start[0]) == 0
    question = ask("lstm", "Paths over two steps")
    assert question.right == [str(len(truth.args))]
    assert "M_{t-1}" in question.why(str(len(product.args)))


def test_half_life():
    question = ask("lstm", "Half-life")
    assert question.right == [f"{np.log(0.5) / np.log(0.95):.1f}"]
    assert f"{100 * 0.95**100:.1f} %" in question.why("Never")
    assert -1 / np.log(0.95) == pytest.approx(20, rel=0.03)


def test_a_bias_for_a_hundred_steps():
    question = ask("lstm", "A bias for a hundred steps")
    assert question.right == [f"{np.log(0.99 / 0.01):.1f}"]
    f = 1 / (1 + np.exp(-1))
    assert f"{f:.2f}" in question.answers[0][2] and round(-1 / np.log(f)) == 3
    assert 1 / (1 + np.exp(-100.0)) == 1.0


def test_how_large_can_it_grow():
    C = 0.0
    for _ in range(1000):
        C = 0.9 * C + 1
    question = ask("lstm", "How large can it grow")
    assert question.right == [f"{C:.0f}"] and C <= 10
    assert question.why(f"{0.9 + 1}")


def half_life(cell, seed, T=100, n=32):
    rng = np.random.default_rng(seed)
    params = cell.init(rng, n, n, 2)
    for name, value in params.items():
        scale = {"W_h": 1 / np.sqrt(n), "W_x": 1 / np.sqrt(n)}.get(name[:3], 0.0)
        params[name] = scale * rng.normal(size=value.shape)
    trace = forward(cell, params, rng.normal(size=(T, 1, n)))
    fall = np.ravel(log_gradient_norms(step_jacobians(trace)))[-1]
    return -T * np.log(2) / fall


def test_fresh_from_the_initialiser():
    lstm, rnn = (
        np.median([half_life(cell, s) for s in range(5)]) for cell in (LSTM(), RNN("tanh"))
    )
    assert 0 < lstm < 2.5 and lstm < 1.2 * rnn
    assert (
        ask("lstm", "Fresh from the initialiser").right[0].startswith("It vanishes, about as fast")
    )


def test_keeping_in_a_gru():
    rng, cell = np.random.default_rng(0), GRU(reset="before")
    params = cell.init(rng, 2, 3, 4)
    start, x = rng.normal(size=(1, 3)), rng.normal(size=(1, 1, 2))
    for gate, value, keeps in [
        ("z", 50, True),
        ("z", -50, False),
        ("r", 50, False),
        ("r", -50, False),
    ]:
        h = forward(cell, params | {f"b_{gate}": np.full(3, float(value))}, x, start).h[-1]
        assert np.allclose(h, start) == keeps
    assert ask("lstm", "Keeping, in a GRU").right[0].startswith("$z_t = 1$")


def test_jupytext_keeps_the_questions():
    """They survive being opened and saved as a notebook."""
    for chapter in CHAPTERS:
        text = (ROOT / "book" / f"{chapter}.md").read_text(encoding="utf-8")
        again = jupytext.writes(jupytext.reads(text, fmt="md:myst"), fmt="md:myst")
        assert FORM.findall(again) == FORM.findall(text)


# ---------------------------------------------------------------- before you start


def test_before_you_start():
    text = (ROOT / "book" / "prerequisites.md").read_text(encoding="utf-8")
    asked = {title: Question(title, body) for title, body in FORM.findall(text)}
    assert len(asked) == 7 and all(len(question.right) == 1 for question in asked.values())
    assert all(len(why.split()) >= 3 for q in asked.values() for *_, why in q.answers)
    x = sp.symbols("x")
    assert sp.diff(x**2 * 3 * x, x) == 9 * x**2 and "$9x^2$" in asked["Two paths"].why("Nothing")
    A = np.array([[0.0, 3], [0, 0]])
    assert spectral_radius(A) == 0 and np.linalg.norm(A, 2) == 3
    stretches = asked["A matrix that stretches"]
    assert "both 0" in stretches.right[0]
    # Not only the eigenvector (1, 0) is shortened, but what is near it.
    assert np.linalg.norm(A @ (1, 0.1)) < np.linalg.norm((1, 0.1))
    assert "vectors near $(1, 0)^\\top$" in stretches.why("Both eigenvalues are 0")
    with pytest.raises(ValueError, match="broadcast"):
        np.zeros((5, 3)) + np.zeros(5)
    assert asked["What NumPy adds"].right == ["It raises an error."]
    assert (np.ones((1, 3)) @ np.ones((3, 5))).shape == (1, 5)
    assert asked["A product of rows"].right == [r"$x W$, $1 \times 5$"]
