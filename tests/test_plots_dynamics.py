"""The figures of dynamics show what they are given."""

import numpy as np
import pytest

from bptt_lab.book.plots import (
    PseudospectrumPanel,
    convergence_curves,
    level_line,
    loss_map,
    panels,
    rate_map,
)

GRID = np.linspace(-2, 2, 81)


@pytest.fixture
def panel():
    _, axes = panels()
    return PseudospectrumPanel(axes, limit=2.0, levels=(1.0, 0.25))


def distance_to(points):
    """sigma_min(z I - W) of a normal matrix: the distance to its nearest eigenvalue."""
    z = GRID + 1j * GRID[:, None]
    return np.min([np.abs(z - point) for point in points], axis=0)


def test_pseudospectra_are_drawn_at_their_levels(panel):
    panel.show([0.5 + 0.5j], GRID, GRID, distance_to([0.5 + 0.5j]))
    for line, radius in zip(panel.lines, (1.0, 0.25), strict=True):
        x, y = line.get_data()
        assert np.allclose(np.hypot(x - 0.5, y - 0.5), radius, atol=0.01)
    assert panel.eigenvalues.get_xydata().tolist() == [[0.5, 0.5]]


def test_separate_parts_are_not_joined(panel):
    points = [-1 + 0.5j, 1 - 0.5j]
    panel.show(points, GRID, GRID, distance_to(points))
    x, y = panel.lines[1].get_data()
    gaps = np.isnan(x)
    assert gaps.sum() == 1 and np.array_equal(gaps, np.isnan(y))
    steps = np.hypot(np.diff(x), np.diff(y))
    assert np.nanmax(steps) < 0.1


def test_axes_are_the_real_and_the_imaginary_part(panel):
    panel.show([1.0], GRID, GRID, distance_to([1.0]))
    x, y = panel.lines[1].get_data()
    assert x.min() > 0.5 and abs(y).max() < 0.3


def test_a_level_that_is_nowhere_draws_nothing(panel):
    panel.show([0], GRID, GRID, distance_to([0]) + 3)
    assert all(np.isnan(line.get_xdata()).all() for line in panel.lines)


def test_level_lines_stand_between_their_neighbours():
    x, y = level_line([0, 1, 2], [0, 1], [[0, 2, 4], [0, 2, 4]], 1)
    assert np.allclose(x, 0.5) and set(y) == {0.0, 1.0}


def test_rate_map_draws_lines_of_equal_rate_and_names_those_that_reach_the_top():
    _, axes = panels()
    gain, scale = np.linspace(0, 4, 21), np.linspace(0, 2, 11)
    rates = gain - 1 - scale[:, None]  # zero from (1, 0) to (3, 2)
    assert rate_map(axes, gain, scale, rates, levels=(0, 2), marks={"here": 1.5}) is axes
    lines = {line.get_label(): line.get_data() for line in axes.lines}
    for level in (0, 2):
        x, y = lines[str(level)]
        assert np.allclose(x - 1 - y, level)
    at = {text.get_text(): text.get_position() for text in axes.texts}
    assert at["0"][0] == pytest.approx(3) and "2" not in at
    assert at["here"][0] == pytest.approx(1.5, abs=0.1)


def test_the_line_of_rate_zero_is_the_thick_one():
    _, axes = panels()
    rate_map(axes, GRID, GRID, GRID + 0 * GRID[:, None], levels=(-1, 0, 1))
    widths = {line.get_label(): line.get_linewidth() for line in axes.lines}
    assert widths["0"] > 2 * widths["1"] == 2 * widths["-1"]


def test_convergence_curves_stand_beside_their_limits():
    _, axes = panels()
    rates = {"slow": [1.0, 0.5, 0.25], "fast": [-1.0, -2.0, -2.5]}
    assert convergence_curves(axes, [1, 10, 100], rates, limits=[0.1, -3]) is axes
    drawn = [line for line in axes.lines if line.get_label() in rates]
    assert [line.get_ydata().tolist() for line in drawn] == list(rates.values())
    assert [t.get_position()[1] for t in axes.texts] == [0.1, -3]
    dotted = [line.get_ydata() for line in axes.lines if line.get_linestyle() == ":"]
    assert [list(values) for values in dotted] == [[0.1, 0.1], [-3, -3]]


def test_loss_map_draws_every_level_where_the_loss_has_it():
    _, axes = panels()
    y = np.linspace(-1, 1, 21)
    assert loss_map(axes, GRID, y, GRID + 2 * y[:, None], levels=(-1, 0.5)) is axes
    for line, level in zip(axes.lines, (-1, 0.5), strict=True):
        drawn_x, drawn_y = line.get_data()
        assert np.allclose(drawn_x + 2 * drawn_y, level)
    assert axes.get_xlim() == (-2, 2) and axes.get_ylim() == (-1, 1)
