"""The drawings of the network and of one neuron's state."""

import numpy as np
import pytest
from matplotlib.text import Annotation

from bptt_lab.book import plots
from bptt_lab.book.svg import Drawing


def names(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


def arrows(axes):
    """Start and end of every arrow."""
    return [(arrow.xyann, arrow.xy) for arrow in axes.texts if isinstance(arrow, Annotation)]


@pytest.mark.parametrize("steps", [2, 3, 4])
def test_unrolled_network_has_one_copy_of_the_cell_for_each_step(steps):
    _, axes = plots.panels()
    plots.unrolled_network(axes, steps)
    found = names(axes)
    for t in range(1, steps + 1):
        assert {f"$x_{t}$", f"$h_{t}$", f"$o_{t}$"} <= set(found)
    assert f"$h_{steps + 1}$" not in found
    for weight in ("$W_{xh}$", "$W_{hh}$", "$W_{yh}$"):
        assert found.count(weight) == steps
    assert len(arrows(axes)) == 3 * steps + 1  # the last one leads on


def test_only_the_given_state_is_dashed():
    _, axes = plots.panels()
    plots.unrolled_network(axes)
    dashed = [circle.center for circle in axes.patches if circle.get_linestyle() != "-"]
    assert dashed == [(0, 1)]


def test_folded_network_feeds_its_state_back_to_itself():
    _, axes = plots.panels()
    plots.folded_network(axes)
    (state,) = (text for text in axes.texts if text.get_text() == "$h_t$")
    near = [np.hypot(*np.subtract(state.get_position(), ends).T) < 0.4 for ends in arrows(axes)]
    assert [ends.tolist() for ends in near].count([True, True]) == 1


@pytest.mark.parametrize("draw", [plots.folded_network, plots.unrolled_network])
def test_networks_are_legible_on_a_phone(draw):
    figure, axes = plots.panels(size=(4, 2.6))
    draw(axes)
    assert "<svg" in Drawing(figure, "a network")._repr_html_()  # raises if text is too small


def test_driven_state_draws_every_input_and_every_state():
    x, h = np.array([1.0, 0.0, -1.0]), np.array([0.0, 0.9, 0.8, -0.7])
    _, axes = plots.panels()
    plots.driven_state(axes, x, h, clear=0.25)
    (bars,) = axes.containers
    assert [bar.get_height() for bar in bars] == list(x)
    assert [bar.get_center()[0] for bar in bars] == [1, 2, 3]
    state, *levels = axes.lines
    assert np.array_equal(state.get_xdata(), range(4)) and np.array_equal(state.get_ydata(), h)
    assert [line.get_ydata()[0] for line in levels] == [-0.25, 0.25]
