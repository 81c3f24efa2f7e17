"""Clipping: what it bounds, what it keeps, and that it takes gradients as they come."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bptt_lab.bptt import loss_and_gradients
from bptt_lab.training import clip_by_entry, clip_by_norm, global_norm
from problems import every_cell, make_problem

grads = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=6).map(
    lambda v: {"W": np.array(v[:1]), "b": np.array(v[1:])}
)


@pytest.mark.equation("eq-clipping")
@settings(max_examples=50, deadline=None)
@given(g=grads, tau=st.floats(1e-3, 1e3))
def test_clipping_by_norm_keeps_the_direction_and_bounds_the_norm(g, tau):
    clipped = clip_by_norm(g, tau)
    size, after = global_norm(g), global_norm(clipped)
    assert after <= tau * (1 + 1e-12)
    flat, short = (np.concatenate([*d.values()]) for d in (g, clipped))
    assert size == pytest.approx(np.linalg.norm(flat))
    assert np.allclose(short * max(size, tau), flat * tau, rtol=1e-12, atol=1e-200)


@settings(max_examples=50, deadline=None)
@given(g=grads, tau=st.floats(1e-3, 1e3))
def test_clipping_by_entry_bounds_each_entry_and_leaves_small_ones(g, tau):
    for name, clipped in clip_by_entry(g, tau).items():
        assert np.abs(clipped).max() <= tau
        assert np.array_equal(clipped[np.abs(g[name]) <= tau], g[name][np.abs(g[name]) <= tau])
        assert (np.sign(clipped) == np.sign(g[name])).all()


def test_a_norm_neither_overflows_nor_hides_what_is_not_a_number():
    assert global_norm({"a": np.array([3e300]), "b": np.array([4e300])}) == pytest.approx(5e300)
    assert np.isnan(global_norm({"a": np.ones(2), "b": np.array([np.nan])}))
    assert np.isinf(global_norm({"a": np.array([np.inf, 1.0])}))
    assert global_norm({"a": np.zeros(3)}) == 0


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_entry])
@pytest.mark.parametrize("threshold", [0, -1.0, np.inf, "1", True])
def test_a_threshold_is_a_positive_number(clip, threshold):
    with pytest.raises(ValueError, match="threshold: expected a"):
        clip({"a": np.ones(2)}, threshold)


@every_cell
def test_clipping_takes_gradients_as_they_come(cell):
    p = make_problem(cell)
    _, grads = loss_and_gradients(cell, p.params, p.x, p.y)
    flat = np.concatenate([grads[name].ravel() for name in p.params])
    assert global_norm(grads) == pytest.approx(np.linalg.norm(flat)) and global_norm(grads) > 1
    assert global_norm(clip_by_norm(grads, 1.0)) == pytest.approx(1)
    assert list(clip_by_norm(grads, 1.0)) == list(clip_by_entry(grads, 1.0)) == list(p.params)


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_entry])
def test_what_is_no_dict_is_named(clip):
    with pytest.raises(ValueError, match="grads: expected a dict of arrays, got an object of type"):
        clip((1.0, {"a": np.ones(2)}), 1.0)
