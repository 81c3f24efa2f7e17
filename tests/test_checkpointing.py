"""Checkpoints: the gradient of the whole pass, and steps and states as the formula says."""

from functools import cache
from math import comb

import numpy as np
import pytest

from bptt_lab import RNN, backward, forward
from bptt_lab.checkpointing import (
    Reverse,
    checkpointed_backward,
    first_checkpoint,
    steps_again,
)
from problems import every_cell, everything, make_problem


@cache
def least(T, slots):
    """Try every place of the first checkpoint, and return the steps to run again."""
    if T == 1:
        return 0
    if slots == 0:
        return T * (T - 1) // 2
    return min(y + least(T - y, slots - 1) + least(y, slots) for y in range(1, T))


@pytest.mark.equation("eq-after-split", "eq-after-checkpoints")
@pytest.mark.parametrize("slots", [0, 1, 2, 3, 5, 8, 13])
def test_the_formula_is_the_least_over_all_schedules(slots):
    assert [steps_again(T, slots) for T in range(1, 60)] == [least(T, slots) for T in range(1, 60)]


@pytest.mark.equation("eq-after-split")
@every_cell
def test_the_gradient_is_that_of_the_whole_pass_and_the_count_is_kept(cell):
    p = make_problem(cell)
    trace = forward(cell, p.params, p.x, p.state0)
    d_h = np.random.default_rng(1).standard_normal(trace.h[1:].shape)
    true = everything(backward(trace, d_h))
    for slots in (0, 1, 2, 50):
        done = checkpointed_backward(cell, p.params, p.x, d_h, slots, p.state0)
        found = everything(done.grads)
        assert found.keys() == true.keys()
        for name, value in true.items():
            np.testing.assert_allclose(found[name], value, rtol=1e-12, atol=1e-12)
        assert done.steps == steps_again(len(p.x), slots) + 1
        assert done.held == min(slots, len(p.x) - 1)


@pytest.mark.equation("eq-after-checkpoints")
def test_a_long_sequence_runs_as_planned():
    cell, rng = RNN("tanh"), np.random.default_rng(0)
    params, x = cell.init(rng, 3, 5, 2), rng.standard_normal((200, 2, 3))
    d_h = rng.standard_normal((200, 2, 5))
    true = backward(forward(cell, params, x), d_h)
    for slots in (1, 4, 16):
        done = checkpointed_backward(cell, params, x, d_h, slots)
        np.testing.assert_allclose(done.grads["W_hh"], true["W_hh"], rtol=1e-12, atol=1e-12)
        assert (done.steps, done.held) == (steps_again(200, slots) + 1, slots)


@pytest.mark.equation("eq-after-checkpoints")
@pytest.mark.parametrize("slots", [0, 1, 3, 8])
def test_no_step_is_run_again_more_often_than_stated(monkeypatch, slots):
    T, counts = 60, np.zeros(60, int)
    run = Reverse.run

    def counted(self, start, first, last):
        counts[first:last] += 1
        return run(self, start, first, last)

    monkeypatch.setattr(Reverse, "run", counted)
    p = make_problem(RNN("tanh"), T=T)
    checkpointed_backward(p.cell, p.params, p.x, np.ones((T, p.x.shape[1], 5)), slots)
    r = next(r for r in range(T) if comb(slots + 1 + r, r) >= T)
    assert counts.max() == r and counts.sum() == steps_again(T, slots)


def test_the_first_checkpoint_of_a_pass_with_one_slot():
    """Two parts of y and T - y steps without room: y + (T-y)(T-y-1)/2 + C(y, 1)."""
    y = first_checkpoint(6, 1)
    assert y + (6 - y) * (5 - y) // 2 + steps_again(y, 1) == steps_again(6, 1) == 8


def test_wrong_arguments_are_named():
    p = make_problem(RNN("tanh"))
    d_h = np.zeros((*p.x.shape[:2], 5))
    with pytest.raises(ValueError, match="slots: expected"):
        checkpointed_backward(p.cell, p.params, p.x, d_h, slots=-1)
    with pytest.raises(ValueError, match="d_h: expected"):
        checkpointed_backward(p.cell, p.params, p.x, d_h[:, :1], slots=1)
    with pytest.raises(ValueError, match="T: expected"):
        steps_again(0, 1)
