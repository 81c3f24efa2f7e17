"""The figures of the chapter on gated cells show what they are given."""

import numpy as np
import pytest

from bptt_lab.book.plots import COLOURS, LagPanel, PathPanel, gru_cell, lstm_cell

LAGS = [0, 1, 5]


def words(axes):
    return {text.get_text() for text in axes.texts}


def lag_panel(axes, **options):
    return LagPanel(axes, ["one", "two", "three"], LAGS, (1e-4, 1e4), **options)


def heights(panel):
    return [label.get_position()[1] for label in panel.labels]


@pytest.mark.parametrize(
    ("options", "gates"),
    [
        ({"forget": False}, {"$i_t$", "$o_t$"}),
        ({}, {"$i_t$", "$f_t$", "$o_t$"}),
        ({"peepholes": True}, {"$i_t$", "$f_t$", "$o_t$", "$p_o$", "$p_f, p_i$"}),
    ],
)
def test_an_lstm_is_drawn_with_its_gates_and_no_others(axes, options, gates):
    shown = words(lstm_cell(axes, **options))
    optional = {"$f_t$", "$p_o$", "$p_f, p_i$"}
    assert gates <= shown
    assert not shown & (optional - gates)
    assert {"$C_{t-1}$", "$C_t$", "$h_{t-1}$", "$h_t$", r"$\tilde{C}_t$"} <= shown


def test_a_gru_has_no_cell_state(axes):
    shown = words(gru_cell(axes))
    assert {"$z_t$", "$r_t$", r"$\tilde{h}_t$", "$h_{t-1}$", "$h_t$"} <= shown
    assert not any("C" in word for word in shown)


@pytest.mark.parametrize("draw", [lstm_cell, gru_cell])
def test_every_path_stays_inside_the_picture(axes, draw):
    draw(axes)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    for line in axes.lines:
        assert left < min(line.get_xdata()) and max(line.get_xdata()) < right
        assert bottom < min(line.get_ydata()) and max(line.get_ydata()) < top


@pytest.mark.parametrize(
    ("word", "visits"),
    [
        ("FF", ["C", "C", "C"]),
        ("FAP", ["C", "h", "C", "C"]),
        ("APF", ["C", "C", "h", "C"]),
        ("APAP", ["C", "h", "C", "h", "C"]),
        ("ABP", ["C", "h", "h", "C"]),
    ],
)
def test_a_path_visits_the_nodes_of_its_word(axes, word, visits):
    panel = PathPanel(axes)
    panel.show(word, missing=word == "ABP")
    x, y = panel.mark.get_xdata(), panel.mark.get_ydata()
    assert ["C" if up else "h" for up in y] == visits
    across = [block in "FAB" for block in reversed(word)]
    assert np.allclose(np.diff(x), PathPanel.STEP * np.array(across))
    assert (x[0], x[-1]) == (0, 2 * PathPanel.STEP)


def test_the_missing_path_looks_and_reads_different(axes):
    panel = PathPanel(axes)
    panel.show("FF", missing=False)
    assert (panel.mark.get_color(), panel.name.get_text()) == (COLOURS[0], "in the product")
    panel.show("ABP", missing=True)
    assert (panel.mark.get_color(), panel.name.get_text()) == (COLOURS[1], "not in the product")


def test_curves_and_notes_are_drawn_as_given(axes):
    panel = lag_panel(axes, mark=True)
    curves = [[1, 2, 3], [1, 0.1, 0.01], [1, 1, 1]]
    panel.show(curves, ["a", "", "c"], at=5)
    for line, curve in zip(panel.lines, curves, strict=True):
        assert np.array_equal(line.get_xdata(), LAGS)
        assert np.array_equal(line.get_ydata(), curve)
    assert [label.get_text() for label in panel.labels] == ["one\na", "two", "three\nc"]
    assert list(panel.marks[0].get_xdata()) == [5, 5]
    assert set(panel.moving) == {*panel.lines, *panel.labels, *panel.marks}


def test_labels_stand_at_the_ends_of_their_curves(axes):
    panel = lag_panel(axes)
    panel.show([[1, 1, 1e2], [1, 1, 1], [1, 1, 1e-2]], ["", "", ""])
    assert heights(panel) == pytest.approx([0.75, 0.5, 0.25])


@pytest.mark.parametrize("ends", [(1, 1, 1), (1e9, 1e8, 1e7), (0, 1e-9, 1e-8), (1e-9, 1, 1e9)])
def test_labels_keep_apart_and_in_sight(axes, ends):
    panel = lag_panel(axes)
    panel.show([[1, 1, end] for end in ends], ["", "", ""])
    found = sorted(heights(panel))
    assert np.diff(found).min() >= 0.125 - 1e-12
    assert found[0] >= 0.05 - 1e-12 and found[-1] <= 0.95 + 1e-12


def test_a_linear_scale_is_linear(axes):
    panel = LagPanel(axes, ["only"], LAGS, (0, 200), log=False)
    panel.show([[0, 10, 100]], [""])
    assert heights(panel) == pytest.approx([0.5])
    assert axes.get_yscale() == "linear"
