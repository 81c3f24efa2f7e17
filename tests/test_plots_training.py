"""The figures of the chapter on training show what they are given."""

import numpy as np
import pytest

from bptt_lab.book.plots import (
    COLOURS,
    RunPanel,
    digit_pixels,
    panels,
    pixel_sequence,
    seed_bands,
    shade,
)

INK = np.array([[0.0, 1.0, 0.25], [0.5, 0.0, 0.0]])


@pytest.fixture
def axes():
    return panels()[1]


def test_a_pixel_is_a_square_whose_area_is_its_ink(axes):
    digit_pixels(axes, INK)
    found = {(float(line.get_xdata()[0]), float(line.get_ydata()[0])): line for line in axes.lines}
    assert set(found) == {(1, 0), (2, 0), (0, 1)}  # column, row; blank ones are not drawn
    areas = {place: line.get_markersize() ** 2 for place, line in found.items()}
    assert areas[2, 0] / areas[1, 0] == pytest.approx(0.25)
    assert areas[0, 1] / areas[1, 0] == pytest.approx(0.5)
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first row is on top


def test_the_sequence_goes_row_by_row(axes):
    pixel_sequence(axes, INK)
    (curve, *rows) = axes.lines
    assert np.array_equal(curve.get_xdata(), [1, 2, 3, 4, 5, 6])
    assert np.array_equal(curve.get_ydata(), [0, 1, 0.25, 0.5, 0, 0])
    assert [line.get_xdata()[0] for line in rows] == [3.5]


def test_a_band_goes_from_the_smallest_to_the_largest_seed(axes):
    runs = {"a": [[1, 5], [2, 9], [0, 4]], "b": [[3, 3], [3, 3], [3, 3]]}
    seed_bands(axes, [10, 20], runs)
    assert [list(line.get_ydata()) for line in axes.lines] == [[1, 5], [3, 3]]
    assert [line.get_color() for line in axes.lines] == list(COLOURS[:2])
    corners = axes.collections[0].get_paths()[0].vertices
    assert {tuple(corner) for corner in corners} >= {(10, 0), (10, 2), (20, 4), (20, 9)}
    assert [(text.get_text(), text.get_position()[1]) for text in axes.texts] == [
        ("a", 5),
        ("b", 3),
    ]


def test_a_line_ends_where_there_is_nothing_to_draw(axes):
    seed_bands(axes, [1, 2, 3], {"a": [[1, 2, np.nan], [1, 4, 5]]})
    (name,) = axes.texts
    assert name.get_position()[1] == 3 and 2 < name.get_position()[0] < 3


def test_stretches_are_shaded_and_named(axes):
    shade(axes, {"here": (2, 4), "there": (6, 7)})
    assert [text.get_text() for text in axes.texts] == ["here", "there"]
    assert [text.get_position()[0] for text in axes.texts] == [3, 6.5]
    assert [(box.get_x(), box.get_width()) for box in axes.patches] == [(2, 2), (6, 1)]


def test_names_change_with_the_run(axes):
    panel = RunPanel(axes, 2, updates=[0, 20, 40], limits=(0, 2))
    panel.show_run({"loss": [1, 1, 0.5], "wrong": [0.75, 0.5, 0]}, at=20)
    panel.show_run({"rate": [0.8, 0.9, 1], "radius": [1, 1.2, 1.4]}, at=40)
    assert [label.get_text() for label in panel.labels] == ["rate", "radius"]
    assert [list(line.get_ydata()) for line in panel.lines] == [[0.8, 0.9, 1], [1, 1.2, 1.4]]
    assert list(panel.marks[0].get_xdata()) == [40, 40]
    assert set(panel.moving) == {*panel.lines, *panel.labels, *panel.marks}
    with pytest.raises(ValueError):
        panel.show_run({"alone": [1, 2, 3]}, at=0)


@pytest.mark.parametrize(("log", "height"), [(False, 0.1), (True, 0.5)])
def test_a_run_is_shown_on_the_scale_that_was_asked_for(axes, log, height):
    panel = RunPanel(axes, 1, updates=[0, 1], limits=(0.1, 10), log=log)
    panel.show_run({"norm": [5, 1 if log else 1.09]}, at=0)
    assert panel.labels[0].get_position()[1] == pytest.approx(height)
