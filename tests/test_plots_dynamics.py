"""The figures of dynamics show what they are given."""

import numpy as np
import pytest

from bptt_lab.book.plots import (
    PseudospectrumPanel,
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


def test_loss_map_draws_every_level_where_the_loss_has_it():
    _, axes = panels()
    y = np.linspace(-1, 1, 21)
    assert loss_map(axes, GRID, y, GRID + 2 * y[:, None], levels=(-1, 0.5)) is axes
    for line, level in zip(axes.lines, (-1, 0.5), strict=True):
        drawn_x, drawn_y = line.get_data()
        assert np.allclose(drawn_x + 2 * drawn_y, level)
    assert axes.get_xlim() == (-2, 2) and axes.get_ylim() == (-1, 1)


def test_rate_map_draws_the_border_the_theory_and_a_strip_between_the_usual_rule_and_the_border():
    _, axes = panels()
    gain, scale = np.linspace(0, 4, 41), np.linspace(0, 2, 21)
    rates = gain - 2 - scale[:, None]  # zero where the gain is 2 + s
    theory = ([2.1, 4.1], [0, 2])
    assert rate_map(axes, gain, scale, rates, theory, usual=1.0) is axes
    lines = {line.get_label(): line for line in axes.lines}
    x, y = lines["rate zero"].get_data()
    assert np.allclose(x - 2, y)
    assert np.array_equal(lines["theory"].get_xdata(), theory[0])
    assert list(lines["ln ρ = 0"].get_xdata()) == [1, 1]
    strip = [line.get_data() for line in axes.lines if line.get_label() == "strip"]
    assert all(x[0] == 1 for x, _ in strip)
    assert all(abs(x[1] - min(2 + y[0], 4)) < 0.02 for x, y in strip)
