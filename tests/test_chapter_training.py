"""The chapter on training: its equations on other problems, its quiz, its table in words."""

import re
from dataclasses import replace
from itertools import combinations, product
from math import comb
from pathlib import Path

import numpy as np
import pytest

from bptt_lab import (
    GRU,
    RNN,
    SGD,
    Adam,
    RMSProp,
    batch_gradients,
    experiments,
    forward,
    gaussian,
    loss_and_gradients,
    softmax_cross_entropy,
    temporal_order,
)
from bptt_lab.experiments import Setting, published
from bptt_lab.tasks import digits
from bptt_lab.training import make_evaluator, train
from chapters import Checks
from test_browser import address, server, visit  # noqa: F401
from test_quizzes import ask

BOOK = Path(__file__).resolve().parent.parent / "book"
PAGE = (BOOK / "training.md").read_text(encoding="utf-8")
EXERCISES = (BOOK / "training-exercises.md").read_text(encoding="utf-8")
CHECKS = Checks()
holds = CHECKS.holds


def from_exercises(name):
    """Return a function as the page of exercises defines it."""
    return from_page(name, page=EXERCISES)


def from_page(name, page=None, **scope):
    """Return a function as the page defines it."""
    (cell,) = re.findall(rf"^(def {name}\(.*?)(?=^\S|^```)", page or PAGE, re.S | re.M)
    names = {"np": np, "comb": comb, "loss_and_gradients": loss_and_gradients, **scope}
    exec(cell, names)
    return names[name]


def test_every_display_equation_has_a_label_and_a_check():
    displays = re.findall(r"^\$\$$.*?^\$\$([^\n]*)$", PAGE, re.S | re.M)
    assert {end.strip(" ()") for end in displays} == set(CHECKS)
    assert len(displays) == len(CHECKS)


@pytest.mark.parametrize("label", CHECKS)
def test_equation_holds(label):
    CHECKS[label]()


# ------------------------------------------------------------------------------------ equations


def judged(logits, y):
    """Loss and share of wrong answers of a network with these logits at the end."""
    T, m = y.shape
    everywhere = np.zeros((T, m, 4))
    everywhere[-1] = logits
    loss, _ = softmax_cross_entropy(logits, y[-1])
    return loss / m, temporal_order().wrong(everywhere, y).mean()


@holds("eq-training-levels")
def levels():
    m = 4000
    _, y = temporal_order().generate(np.random.default_rng(0), T=12, m=m)
    first, later = y[-1] // 2, y[-1] % 2
    loss, wrong = judged(np.zeros((m, 4)), y)
    assert loss == pytest.approx(np.log(4)) and wrong == pytest.approx(3 / 4, abs=0.03)
    for letter, known in ((first, np.arange(4) // 2), (later, np.arange(4) % 2)):
        loss, wrong = judged(np.where(known == letter[:, None], 60.0, 0.0), y)
        assert loss == pytest.approx(np.log(2)) and wrong == pytest.approx(1 / 2, abs=0.03)
    loss, wrong = judged(60 * np.eye(4)[y[-1]], y)
    assert loss == pytest.approx(0, abs=1e-9) and wrong == 0


def walked(optimiser, gradients):
    """Where the optimiser is after these gradients, one number each, from 0."""
    point = {"w": np.zeros(1)}
    state = optimiser.start(point)
    for j, g in enumerate(gradients, 1):
        point, state = optimiser.step(j, point, {"w": np.array([g])}, state)
    return point["w"][0]


GRADIENTS = [0.7, -1.3, 2.0, 0.1, -0.4]


def faded(keep, j, numbers):
    """Sum of the first j numbers, each multiplied by ``keep`` once for every later one."""
    return sum(keep ** (j - i) * g for i, g in enumerate(numbers[:j], 1))


@holds("eq-training-momentum")
def momentum():
    eta, mu = 0.2, 0.6
    steps = [eta * faded(mu, j, GRADIENTS) for j in range(1, 6)]
    assert walked(SGD(eta, mu), GRADIENTS) == pytest.approx(-sum(steps), rel=1e-12)


@holds("eq-training-rmsprop")
def rmsprop():
    eta, beta, epsilon = 0.2, 0.7, 0.01
    squares = [g**2 for g in GRADIENTS]
    sizes = [np.sqrt((1 - beta) * faded(beta, j, squares)) + epsilon for j in range(1, 6)]
    moved = -eta * sum(g / size for g, size in zip(GRADIENTS, sizes, strict=True))
    assert walked(RMSProp(eta, beta, epsilon), GRADIENTS) == pytest.approx(moved, rel=1e-12)


@holds("eq-training-adam")
def adam():
    eta, one, two, epsilon = 0.2, 0.6, 0.8, 0.01
    squares, moved = [g**2 for g in GRADIENTS], 0.0
    for j in range(1, 6):
        u = (1 - one) * faded(one, j, GRADIENTS) / (1 - one**j)
        s = (1 - two) * faded(two, j, squares) / (1 - two**j)
        moved -= eta * u / (np.sqrt(s) + epsilon)
    assert walked(Adam(eta, one, two, epsilon), GRADIENTS) == pytest.approx(moved, rel=1e-12)


@holds("eq-training-reach")
def reach():
    """Take the gradients at the inputs from differences."""
    cell, rng, (T, m) = GRU(), np.random.default_rng(3), (5, 3)
    params = cell.init(rng, n_inputs=2, n_neurons=4, n_outputs=6)
    x, y = rng.standard_normal((T, m, 2)), np.full((T, m), -1)
    y[-1] = rng.integers(0, 6, m)
    slopes, eps = np.zeros_like(x), 1e-6
    for place in np.ndindex(x.shape):
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[place] += sign * eps
            ends.append(loss_and_gradients(cell, params, moved, y)[0])
        slopes[place] = (ends[0] - ends[1]) / (2 * eps)
    size = np.linalg.norm(slopes, axis=2)
    found = from_page("reach")(cell, params, x, y)
    np.testing.assert_allclose(found, np.median(size / size[-1], axis=1), rtol=1e-5)


@holds("eq-training-fisher")
def fisher():
    """Count the ways to spread the successes over the runs, one by one."""
    by_page = from_exercises("fisher")
    for n_1, n_2, k, l in [(5, 5, 2, 5), (3, 6, 3, 1), (4, 4, 0, 4), (2, 5, 1, 3), (3, 3, 0, 0)]:
        ways = [
            sum(run < n_1 for run in chosen) for chosen in combinations(range(n_1 + n_2), k + l)
        ]
        share = {j: ways.count(j) / len(ways) for j in ways}
        expected = sum(p for p in share.values() if p <= share[k] + 1e-12)
        assert by_page((k, n_1), (l, n_2)) == pytest.approx(expected)


@holds("eq-training-sign")
def sign():
    """Throw all coins."""
    for a, b in [(0, 5), (2, 5), (3, 3), (6, 1), (0, 0)]:
        n = a + b
        heads = [sum(coins) for coins in product((0, 1), repeat=n)]
        uneven = np.mean([abs(k - n / 2) >= abs(a - n / 2) for k in heads])
        assert experiments.by_chance(a, b) == pytest.approx(uneven)


@holds("eq-training-chunk")
def chunk():
    """Count from the last cut: they stand before the steps 1 + K, 1 + 2 K, .."""
    cell, rng = RNN("tanh"), np.random.default_rng(5)
    params = cell.init(rng, n_inputs=6, n_neurons=5, n_outputs=4)
    for T in (10, 13):
        x, y = temporal_order().generate(rng, T, m=3)
        for K in range(1, T + 1):
            last_cut = max(cut for cut in range(0, T, K))
            grads = batch_gradients(cell, params, x, y, chunk=K).grads
            reached = batch_gradients(cell, params, x, y, window=T - last_cut).grads
            assert T - last_cut == (T - 1) % K + 1
            for name, g in grads.items():
                np.testing.assert_allclose(g, reached[name], rtol=1e-9, atol=1e-13)


# -------------------------------------------------------------------------- the table, in words


def test_the_numbers_in_words_are_those_of_the_table():
    solved = {(row["label"], row["T"]): row["solved"] for row in published()["rows"]}
    clipped = [f"{name}, clipped" for name in experiments.NETWORKS]
    assert len(clipped) == 15 and "fifteen ways to begin" in " ".join(PAGE.split())
    assert all(solved[label, 20] == 16 for label in clipped)
    assert sum(solved[label, 160] == 16 for label in clipped) == 4
    assert len(experiments.COMPARISONS) == 14
    updates = [row["steps"] for row in published()["rows"]]
    assert max(step for steps in updates for step in steps if step) <= 3000


@pytest.mark.slow
def test_the_far_end_carries_gradient_before_the_network_knows():
    """In each of eight trainings of each cell, with seeds that the page does not use."""
    page_reach, order = from_page("reach"), temporal_order()
    x, y = order.generate(np.random.default_rng(31), T=30, m=50)
    for name, rate in (("RNN orthogonal", 0.01), ("LSTM b_f=1", 0.03), ("GRU b_z=0", 0.03)):
        earlier = 0
        for seed in range(300, 308):
            cell, params, rng = experiments.prepare(Setting(name, T=30, seed=seed))
            start = page_reach(cell, params, x, y)[4]
            run = train(
                cell, params, order.draw(30, 20), rng, steps=800, optimiser=SGD(rate, 0.9),
                clip_norm=1.0, snapshots=range(0, 801, 20), progress=False,
                evaluate=make_evaluator(order, cell, 30, sequences=500), every=20,
            )  # fmt: skip
            wrong = dict(zip(run.history.evaluated_at, run.history.error, strict=True))
            reaches = {k: page_reach(cell, p, x, y)[4] for k, p in run.snapshots.items()}
            knows = min((k for k, e in wrong.items() if e < 0.25), default=np.inf)
            grown = min((k for k, r in reaches.items() if r > 3 * start), default=np.inf)
            earlier += grown <= knows
        assert earlier >= 7, name


def fresh(fresh_seed, count):
    """Return seeds that no page uses."""
    first = 1000 + count * (fresh_seed % 100_000)
    return range(first, first + count)


@pytest.mark.slow
def test_more_updates_do_not_make_up_for_a_short_window(fresh_seed):
    """In the median of eight networks, after a thousand updates."""
    order = temporal_order()
    for window, least, most in ((1, 0.3, 0.75), (5, 0.3, 0.78), (8, 0.3, 0.78),
                                (10, 0, 0.02), (12, 0, 0.02), (20, 0, 0.02)):  # fmt: skip
        errors = []
        for seed in fresh(fresh_seed, 8):
            cell, params, rng = experiments.prepare(Setting("RNN gaussian", T=20, seed=seed))
            run = train(
                cell, params, order.draw(20, 20), rng, steps=1000, optimiser=SGD(0.03, 0.9),
                clip_norm=1.0, window=window, progress=False,
                evaluate=make_evaluator(order, cell, 20, sequences=1000), every=1000,
            )  # fmt: skip
            errors.append(run.history.error[-1])
        assert least <= np.median(errors) <= most, (window, sorted(errors))


@pytest.mark.slow
def test_a_window_of_one_step_makes_the_trace_of_a_letter_last(fresh_seed):
    """A linear reader of the last state, before 300 updates and after them."""
    order, read_right = temporal_order(), from_page("read_right")
    x, y = order.generate(np.random.default_rng(31), T=20, m=2000)
    letters = 2.0 * (y[-1] // 2) - 1, 2.0 * (y[-1] % 2) - 1
    longer = better = 0
    first = []
    for seed in fresh(fresh_seed, 8):
        cell, params, rng = experiments.prepare(Setting("RNN gaussian", T=20, seed=seed))
        run = train(
            cell, params, order.draw(20, 20), rng, steps=300, optimiser=SGD(0.03, 0.9),
            clip_norm=1.0, window=1, progress=False,
        )  # fmt: skip
        found = [
            [read_right(forward(cell, p, x).h[-1], letter) for letter in letters]
            for p in (params, run.params)
        ]
        before, after = (1 - np.mean(np.all(right, axis=0)) for right in found)
        longer += found[1][0].mean() > found[0][0].mean() + 0.05
        better += after < before - 0.03
        first.append(found[1][0].mean())
    assert better >= 7 and longer >= 4 and np.median(first) > 0.6


@pytest.mark.slow
def test_a_smaller_rate_takes_the_relu_network_to_a_hundred_and_sixty_steps(fresh_seed):
    outcomes = experiments.sweep(
        [
            Setting("RNN identity ReLU", T=160, seed=seed, clip=1.0, rate=0.001, steps=3000)
            for seed in fresh(fresh_seed, 4)
        ],
        jobs=2,
    )
    assert sum(outcome.solved for outcome in outcomes) >= 3


@pytest.mark.slow
def test_reach_and_readable_letters_of_untrained_networks(fresh_seed):
    """In the median of eight networks each, as the table of four in the chapter has it."""
    page_reach, order = from_page("reach"), temporal_order()
    read_right = from_page("read_right")
    x, y = order.generate(np.random.default_rng(31), T=80, m=1200)
    letters = 2.0 * (y[-1] // 2) - 1, 2.0 * (y[-1] % 2) - 1

    def found(name):
        rows = []
        for seed in fresh(fresh_seed, 8):
            cell, params, _ = experiments.prepare(Setting(name, T=80, seed=seed))
            h = forward(cell, params, x).h[-1]
            arrives = page_reach(cell, params, x[:, :50], y[:, :50])[12]
            rows.append([arrives, *(read_right(h, letter).mean() for letter in letters)])
        return np.median(rows, axis=0)

    for name in ("LSTM b_f=4, b_i=-4", "LSTM chrono", "GRU b_z=4", "GRU chrono"):
        assert min(found(name)[1:]) > 0.86, name
    for name in ("RNN orthogonal", "LSTM b_f=1", "LSTM b_f=2", "GRU b_z=1", "GRU b_z=2"):
        assert min(found(name)[1:]) < 0.62, name
    edge, open_only, relu = map(
        found, ("RNN orthogonal, gain 1.5", "LSTM b_f=4", "RNN identity ReLU")
    )
    assert edge[0] > 0.05 and max(edge[1:]) < 0.56
    assert open_only[0] > 2 * found("LSTM b_f=4, b_i=-4")[0] and min(open_only[1:]) < 0.62
    assert 0.78 < min(relu[1:]) < 0.93
    assert found("LSTM b_f=1")[0] < 0.01


@pytest.mark.slow
def test_with_more_updates_a_network_reads_digits_nearly_as_well_as_a_linear_classifier(fresh_seed):
    from sklearn.linear_model import LogisticRegression

    data = digits()
    train_x, test_x = data.train_x[:, :, 0].T, data.test_x[:, :, 0].T
    classifier = LogisticRegression(max_iter=2000).fit(train_x, data.train_y[-1])
    linear = classifier.score(test_x, data.test_y[-1])
    data = replace(
        data, train_x=data.train_x.astype(np.float32), test_x=data.test_x.astype(np.float32)
    )
    behind = []
    for seed in fresh(fresh_seed, 3):
        cell, rng = GRU(), np.random.default_rng(seed)
        params = cell.init(rng, 1, 32, 10, recurrent=gaussian, dtype=np.float32)
        params["b_z"] += 2
        run = train(
            cell, params, data.draw(32), rng, steps=3000, optimiser=Adam(0.01), clip_norm=1.0,
            progress=False, evaluate=make_evaluator(data, cell), every=3000,
        )  # fmt: skip
        behind.append(linear - (1 - run.history.error[-1]))
    assert np.median(behind) < 0.05 and max(behind) < 0.1, behind


# ------------------------------------------------------------------------ quiz and exercises


def test_quiz_half_of_them_wrong():
    assert f"{np.log(2):.2f}" in ask("training", "Half of them wrong").text
    assert f"{np.log(4):.2f}" in ask("training", "Half of them wrong").why("Nothing")


def test_quiz_two_of_five():
    assert ask("training", "Two of five, three of five").right == ["Nothing yet."]
    assert from_exercises("fisher")((2, 5), (3, 5)) == pytest.approx(1)
    alike = sum((comb(5, k) / 2**5) ** 2 for k in range(6))
    assert 1 - alike > 0.5  # a difference of one or more, if both succeed every second time


def test_quiz_the_last_chunk():
    question = ask("training", "The last chunk")
    reached = {text: (30 - 1) % int(text) + 1 for _, text, _ in question.answers}
    assert question.right == [max(reached, key=reached.get)]
    assert reached == {"25": 5, "20": 10, "15": 15, "29": 1}


def test_quiz_a_trained_spectrum():
    assert abs(1.7**30 / 8e6 - 1) < 0.05
    assert "eight million" in " ".join(
        text for _, text, _ in ask("training", "A trained spectrum").answers
    )


def test_quiz_gates():
    assert abs(2000 * 0.74**25 - 1) < 0.15
    assert ask("training", "Gates at 0.74").right == ["About one part in two thousand"]


# ------------------------------------------------------------------------------- the explorer


def seen(caption):
    """Return loss, share of wrong answers and reach at the first letter, as a caption has them."""
    loss, wrong, reach = re.search(
        r"loss ([\d.]+), (\d+)% wrong.*back, arrives (\S+) of", caption
    ).groups()
    plain = reach.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")).replace("·10", "e")
    return float(loss), float(wrong) / 100, float(plain)


@pytest.mark.site
@pytest.mark.browser
@pytest.mark.parametrize("network", ["RNN", "LSTM", "GRU"])
def test_on_the_page_the_gradient_arrives_before_the_loss_falls(visit, network):  # noqa: F811
    figure = visit("training").locator("figure.explorer")
    figure.get_by_text(network, exact=True).click()
    slider = figure.get_by_role("slider", name="update", exact=True)
    slider.press("Home")
    story = []
    for _ in range(26):
        caption = figure.locator(
            "figcaption", has_text=f"{network} after {20 * len(story)} updates"
        )
        story.append(seen(caption.text_content()))  # waits until it is there
        slider.press("ArrowRight")
    losses, wrong, reached = np.transpose(story)
    assert losses[0] > 1.3 and wrong[0] > 0.6 and reached[0] < 0.1
    assert np.argmax(reached > 0.1) <= np.argmax(wrong < 0.5)
    assert losses[-1] < 1 and reached[-1] > 0.1
