"""The figures of the chapter on training show what they are given."""

import numpy as np
import pytest

from bptt_lab.book.plots import (
    COLOURS,
    RunPanel,
    digit_pixels,
    letters_and_windows,
    pixel_sequence,
    reach_film,
    seed_bands,
    shade,
    solved_map,
    solving_times,
)

INK = np.array([[0.0, 1.0, 0.25], [0.5, 0.0, 0.0]])


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


def shades(axes):
    """Return how dark each cell of a map is, row by row."""
    (mesh,) = axes.collections
    return mesh.get_array()[..., 3] if mesh.get_array() is not None else mesh.get_facecolor()[:, 3]


def test_a_share_is_a_number_and_a_shade(axes):
    solved_map(axes, [[1.0, 0.5], [0.0, np.nan]], ["a", "b"], [20, 40])
    written = {text.get_position(): text.get_text() for text in axes.texts}
    assert written == {(0, 0): "all", (1, 0): "50 %", (0, 1): "none"}
    assert np.allclose(np.ravel(shades(axes)), [0.75, 0.375, 0, 0])
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first network is on top
    assert [label.get_text() for label in axes.get_xticklabels()] == ["20", "40"]


def test_every_training_is_a_dot_or_is_counted_among_those_that_did_not_solve_it(axes):
    solving_times(axes, {"a": [200, 100, 200, None], "b": [None], "c": [100]}, budget=1000)
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert [list(line.get_xdata()) for line in dots] == [[100, 200, 200], [], [100]]
    assert len(set(dots[0].get_ydata()[1:])) == 2  # equal ones stand above each other
    for row, line in enumerate(dots):
        assert np.all(np.abs(np.array(line.get_ydata()) - row) < 0.5)
    written = {text.get_position()[1]: text.get_text() for text in axes.texts}
    assert written[0] == "1 of 4" and written[1] == "1 of 1" and 2 not in written


def test_the_film_is_darkest_where_the_reach_is_one_and_blank_below_the_least(axes):
    reach_film(axes, [0, 10, 20], [[1e-9, 1], [1e-2, 1], [1, 50]], low=1e-4)
    found = np.reshape(shades(axes), (2, 3))  # steps down, updates across
    assert np.allclose(found, [[0, 0.5, 1], [1, 1, 1]])
    assert axes.get_xlim() == (-5, 25) and axes.get_ylim() == (2.5, 0.5)


def test_a_window_touches_its_last_steps_and_letters_are_shaded(axes):
    letters_and_windows(axes, 20, {"1st": (3, 4)}, [1, 8])
    assert [list(line.get_xdata()) for line in axes.lines] == [[19.5, 20.5], [12.5, 20.5]]
    (span,) = axes.patches
    assert span.get_x() == 2.5 and span.get_width() == 2
