"""The figures of how far a gradient reaches show what they are given."""

import numpy as np
import pytest

from bptt_lab.book.plots import (
    BandPanel,
    PathPanel,
    RateRows,
    RoadPanel,
    WiringPanel,
    four_terms,
)

LAGS = [0, 1, 5]


def test_a_band_reaches_from_the_least_to_the_largest_around_the_median(axes):
    panel = BandPanel(axes, ["one", "two"], LAGS, (1e-4, 10))
    low, middle, high = np.array([1, 0.1, 1e-3]), np.array([2, 1, 0.5]), np.array([3, 2, 4])
    panel.show([[high, low, middle], [low, low, low]], ["first", "second"])
    assert np.array_equal(panel.lines[0].get_ydata(), middle)
    corners = panel.bands[0].get_xy()[:-1]  # a polygon repeats its first corner
    assert np.array_equal(corners, np.column_stack([LAGS + LAGS[::-1], [*high, *low[::-1]]]))
    assert [note.get_text() for note in panel.notes] == ["first", "second"]
    assert set(panel.moving) == {*panel.bands, *panel.lines, *panel.notes}


def widths(lane):
    """Width of a lane at each step."""
    x, y = lane.get_xy().T
    half = int(np.argmax(x)) + 1  # there the outline turns back
    return y[:half] - y[half : 2 * half][::-1]


def test_two_lanes_are_as_wide_as_a_road(axes):
    panel = RoadPanel(axes, steps=4, signs=[1, 4])
    panel.show([1, 0.75, 0.5, -0.25, 0.001])
    upper, lower = map(widths, panel.lanes)
    assert upper == pytest.approx(RoadPanel.WIDTH * np.array([1, 0.75, 0.5, 0, 0.001]))
    assert upper + lower == pytest.approx(np.full(5, RoadPanel.WIDTH))
    assert [panel.signs[k].get_text() for k in (1, 4)] == ["75 %", "< 1 %"]
    assert not panel.question.get_visible()


def test_a_hidden_road_shows_a_question(axes):
    panel = RoadPanel(axes, steps=4, signs=[1])
    panel.show(None)
    assert [artist for artist in panel.moving if artist.get_visible()] == [panel.question]


def test_rates_are_dots_on_rows(axes):
    panel = RateRows(axes, ["a", "b"], (-1, 1), [0, 1])
    panel.show([[-0.5, -0.1, -0.2], [0.3, 0.1, 0.2]])
    assert list(panel.dots[1].get_xdata()) == [0.3, 0.1, 0.2]
    assert list(panel.dots[1].get_ydata()) == [1, 1, 1]
    assert [float(line.get_xdata()[0]) for line in panel.medians] == [-0.2, 0.2]


def test_a_wiring_shows_one_cell_at_a_time(axes):
    panel = WiringPanel(axes)
    for name, artists in panel.cells.items():
        panel.show(name)
        assert {a for a in panel.moving if a.get_visible()} == set(artists)


def test_arrows_are_drawn_by_their_letters(axes):
    panel = PathPanel(axes)
    panel.draw("FAP")
    panel.show("", missing=False)
    for block, arrows in panel.arrows.items():
        assert {arrow.get_visible() for arrow in arrows} == {block in "FAP"}
    assert not panel.mark.get_visible() and not panel.name.get_visible()


def test_four_ways_lead_through_three_boxes(axes):
    words = {text.get_text() for text in four_terms(axes).texts}
    assert {"$f_t$", "$i_t$", r"$\tilde{C}_t$", "1", "2", "3", "4"} <= words
