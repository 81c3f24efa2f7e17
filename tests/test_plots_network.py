"""The drawings of the network and of the states of one neuron."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
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


@pytest.fixture
def tape():
    _, axes = plots.panels(size=(5.6, 3.7))
    h = np.array([[0.9, 0.1, -0.9], [0.9, 0.5, -0.7], [0.9, 0.8, 0.2]])
    return plots.TapePanel(axes, [1, 0, -1], [0.0, 1.0, 2.0], h, {0.0: "forgets", 2.0: "is stuck"})


def test_tape_is_the_paler_the_smaller_the_state_and_tells_its_sign(tape):
    (mesh,) = tape.row.axes.collections
    colour = mesh.get_array()
    np.testing.assert_allclose(colour[..., 3], abs(tape.h))
    assert {tuple(c[:3]) for c in colour[tape.h > 0]} == {to_rgb(plots.COLOURS[0])}
    assert {tuple(c[:3]) for c in colour[tape.h < 0]} == {to_rgb(plots.COLOURS[1])}


def test_tape_has_the_signs_that_came_and_the_names_of_rows(tape):
    signs = [(text.get_text(), text.get_position()[0]) for text in tape.row.axes.texts[:2]]
    assert signs == [("+", 1), ("\N{MINUS SIGN}", 3)]
    named = {text.get_text(): text.get_position()[1] for text in tape.row.axes.texts[2:]}
    assert named == {"forgets": 0.0, "is stuck": 2.0}


@pytest.mark.parametrize("row", [0, 1, 2])
def test_tape_frames_a_row_and_draws_its_states_below(tape, row):
    tape.show(row)
    assert {min(tape.row.get_ydata()), max(tape.row.get_ydata())} == {row - 0.5, row + 0.5}
    assert np.array_equal(tape.trace.get_xdata(), [1, 2, 3])
    assert np.array_equal(tape.trace.get_ydata(), tape.h[row])
    assert tape.trace.axes is not tape.row.axes and tape.moving == [tape.row, tape.trace]


def test_tape_is_legible_on_a_phone(tape):
    picture = Drawing(tape.row.get_figure(root=True), "a tape")._repr_html_()
    assert "<svg" in picture  # raises if text is too small
