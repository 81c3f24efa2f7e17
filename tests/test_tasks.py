"""The tasks: what their sources say of them, at every length."""

import pickle
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bptt_lab import adding, copying, digits, temporal_order
from bptt_lab.tasks import has_target

TASKS = [adding(), temporal_order(), copying(), copying(symbols=2, length=3)]
ids = [f"{task.name} {task.n_inputs}" for task in TASKS]


def seeded():
    return np.random.default_rng(0)


def one_hot_logits(y, n_outputs, certain=5.0):
    """Logits that are right wherever there is a target."""
    return certain * np.eye(n_outputs)[np.maximum(y, 0)]


@pytest.mark.parametrize("task", TASKS, ids=ids)
@settings(max_examples=20, deadline=None)
@given(extra=st.integers(0, 60), m=st.integers(1, 7), seed=st.integers(0, 2**32 - 1))
def test_shapes_are_those_of_the_contract_at_every_length(task, extra, m, seed):
    T = task.min_T + extra
    x, y = task.generate(np.random.default_rng(seed), T, m)
    assert x.shape == (T, m, task.n_inputs) and np.isfinite(x).all()
    if y.ndim == 2:
        assert y.shape == (T, m) and y.min() == -1 and y.max() < task.n_outputs
        assert y.dtype.kind == "i" and np.array_equal(x.sum(axis=2), np.ones((T, m)))
    else:
        assert y.shape == (T, m, task.n_outputs)
    assert has_target(y)[-1].all() and not has_target(y)[0].any()
    again, _ = task.draw(T, m)(np.random.default_rng(seed))
    assert np.array_equal(x, again)


@pytest.mark.parametrize("task", TASKS, ids=ids)
def test_impossible_arguments_are_refused(task):
    with pytest.raises(ValueError, match=f"T of the task {task.name}: expected an integer of at"):
        task.generate(seeded(), task.min_T - 1, 3)
    with pytest.raises(ValueError, match="T of the task .* got 20.5"):
        task.draw(20.5, 3)
    with pytest.raises(ValueError, match="m: expected an integer of at least 1, got 0"):
        task.generate(seeded(), 40, 0)
    with pytest.raises(ValueError, match="rng: expected a numpy.random.Generator"):
        task.generate(0, 40, 3)
    _, y = task.generate(seeded(), 40, 3)
    with pytest.raises(ValueError, match="logits: expected shape"):
        task.wrong(np.zeros((40, 3, task.n_outputs + 1)), y)


@pytest.mark.parametrize("task", TASKS, ids=ids)
def test_a_task_can_be_sent_to_another_process(task):
    x, _ = pickle.loads(pickle.dumps(task)).generate(seeded(), 40, 3)
    assert np.array_equal(x, task.generate(seeded(), 40, 3)[0])


def test_a_pattern_needs_letters():
    with pytest.raises(ValueError, match="symbols"):
        copying(symbols=1)
    with pytest.raises(ValueError, match="length"):
        copying(length=0)


# ------------------------------------------------------------------------------------- adding


@pytest.mark.parametrize("T", [6, 7, 25, 100])
def test_adding_marks_two_numbers_and_asks_for_their_sum(T):
    x, y = adding().generate(seeded(), T, 500)
    numbers, marks = x[..., 0], x[..., 1]
    assert np.abs(numbers).max() <= 1
    marked = marks == 1
    assert (marked.sum(axis=0) == 2).all()
    assert not marked[T // 2 :].any()
    assert marked[:10].any(axis=0).all()
    assert (marks[-1] == -1).all() and (np.isin(marks[0], [-1, 1])).all()
    assert not marks[1:-1][~marked[1:-1]].any()
    assert np.allclose(y[-1, :, 0], 0.5 + np.where(marked, numbers, 0).sum(axis=0) / 4)
    assert np.isnan(y[:-1]).all()


def test_a_first_number_that_is_marked_counts_as_zero():
    x, y = adding().generate(seeded(), 30, 500)
    first = x[0, :, 1] == 1
    assert 0.05 < first.mean() < 0.3 and not x[0, first, 0].any()


def test_adding_is_solved_below_its_tolerance_and_not_above():
    task = adding()
    _, y = task.generate(seeded(), 30, 100)
    near = np.where(np.isnan(y), 7.0, y + 0.039)  # what it says before the end does not matter
    assert task.solved(near, y) and not task.wrong(near, y).any()
    far = near.copy()
    far[-1, 5] += 0.002
    assert np.flatnonzero(task.wrong(far, y)).tolist() == [5] and not task.solved(far, y)


def test_guessing_the_mean_does_not_solve_adding():
    task = adding()
    _, y = task.generate(seeded(), 30, 2000)
    error = np.nanmean((0.5 - y) ** 2)
    assert 0.03 < error < 0.05  # the variance of (X_1 + X_2) / 4 is 1/24 without marked firsts
    assert not task.solved(np.full(y.shape, 0.5), y)


# ------------------------------------------------------------------------------ temporal order


@pytest.mark.parametrize("T", [10, 20, 37, 100])
def test_the_letters_stand_where_the_source_puts_them(T):
    x, y = temporal_order().generate(seeded(), T, 400)
    symbols = x.argmax(axis=2)
    letter = symbols < 2
    assert (letter.sum(axis=0) == 2).all()
    first, second = np.sort(np.nonzero(letter.T)[1].reshape(400, 2), axis=1).T
    assert first.min() >= T // 10 and first.max() < 2 * T // 10
    assert second.min() >= 5 * T // 10 and second.max() < 6 * T // 10
    each = np.arange(400)
    assert np.array_equal(y[-1], 2 * symbols[first, each] + symbols[second, each])
    assert (y[:-1] == -1).all()
    assert set(y[-1]) == {0, 1, 2, 3} and set(symbols.ravel()) == set(range(6))


def test_temporal_order_allows_one_in_a_hundred():
    task = temporal_order()
    _, y = task.generate(seeded(), 20, 100)
    logits = one_hot_logits(y, 4)
    assert task.solved(logits, y)
    logits[-1, 0] *= -1
    assert task.wrong(logits, y).sum() == 1 and task.solved(logits, y)
    logits[-1, 1] *= -1
    assert not task.solved(logits, y)


# ------------------------------------------------------------------------------------ copying


@pytest.mark.parametrize("T", [20, 21, 50])
def test_copying_asks_for_the_pattern_after_the_cue(T):
    task = copying()
    x, y = task.generate(seeded(), T, 200)
    shown = x.argmax(axis=2)
    assert np.array_equal(y[-10:], shown[:10]) and shown[:10].max() < 8
    assert (y[:-10] == -1).all() and (shown[T - 10] == 9).all()
    assert (np.delete(shown[10:], T - 20, axis=0) == 8).all()


def test_one_wrong_letter_makes_a_wrong_sequence():
    task = copying()
    _, y = task.generate(seeded(), 30, 50)
    logits = one_hot_logits(y, 8)
    logits[22, 3] *= -1
    assert np.flatnonzero(task.wrong(logits, y)).tolist() == [3]
    assert not task.solved(logits, y)  # 2 %


# ------------------------------------------------------------------------------------- digits


def test_digits_are_split_once_and_for_all():
    data, again = digits(), digits()
    assert data.train_x.shape == (64, 1437, 1) and data.test_x.shape == (64, 360, 1)
    assert data.train_y.shape == (64, 1437) and data.test_y.shape == (64, 360)
    assert np.array_equal(data.test_x, again.test_x)
    assert data.train_x.min() == 0 and data.train_x.max() == 1
    counts = np.bincount(data.test_y[-1], minlength=10)
    assert counts.min() > 20 and (data.test_y[:-1] == -1).all()
    assert not np.array_equal(digits(seed=1).test_x, data.test_x)


def test_digits_are_those_of_scikit_learn_and_none_is_in_both_parts():
    from sklearn.datasets import load_digits

    data, source = digits(), load_digits()
    x = np.concatenate([data.train_x, data.test_x], axis=1)[:, :, 0].T * 16
    y = np.concatenate([data.train_y, data.test_y], axis=1)[-1]
    mine = np.column_stack([x, y])
    theirs = np.column_stack([source.data, source.target])
    assert np.array_equal(mine[np.lexsort(mine.T)], theirs[np.lexsort(theirs.T)])


def test_a_batch_of_digits_has_no_digit_twice():
    data = digits()
    x, y = data.draw(1437)(seeded())
    assert x.shape == (64, 1437, 1) and not np.array_equal(x, data.train_x)
    assert np.array_equal(np.sort(y[-1]), np.sort(data.train_y[-1]))
    with pytest.raises(ValueError, match="m: expected an integer from 1 to 1437, got 1438"):
        data.draw(1438)
    assert data.wrong(one_hot_logits(y, 10), y).sum() == 0
    assert data.wrong(-one_hot_logits(y, 10), y).all()


def test_digits_say_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match="digits needs scikit-learn: pip install"):
        digits()
