"""The drawings of the chapter on backpropagation through time."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.patches import FancyArrowPatch

from bptt_lab.book import plots
from bptt_lab.book.plots.bptt import FAINT
from bptt_lab.book.svg import Drawing


def names(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


def arrows(axes):
    return [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]


# ------------------------------------------------------------------------- paths of the gradient


@pytest.mark.parametrize("t", [2, 3])
def test_gradient_paths_end_in_one_copy_of_the_matrix_for_each_step(t):
    _, axes = plots.panels()
    found = names(plots.gradient_paths(axes, t))
    assert found.count("$W_{hh}$") == t
    assert {f"$J_{k}$" for k in range(2, t + 1)} <= set(found)
    assert "$J_1$" not in found  # h_0 does not depend on W_hh
    assert {rf"$\partial^+ h_{k}$" for k in range(1, t + 1)} <= set(found)
    assert [name for name in found if "L" in name] == [f"$L_{t}$"]
    assert len(arrows(axes)) == t + 1 + (t - 1) + t  # forward, from the loss, back, down


@pytest.mark.parametrize("k", [1, 2, 3])
def test_one_path_is_lit_by_the_factors_that_it_multiplies(k):
    _, axes = plots.panels()
    found = names(plots.gradient_paths(axes, 3, k))
    factors = [name for name in found if "J" in name or "v" in name or "partial" in name]
    assert factors == [rf"$\partial^+ h_{k}$", "$v_3$", *(f"$J_{j}$" for j in range(3, k, -1))]
    faint = [arrow for arrow in arrows(axes) if arrow.get_alpha() == FAINT]
    assert len(faint) == 2 + (k - 1)  # two other copies, and the way beyond h_k


def test_each_copy_of_a_weight_has_one_use():
    _, (left, right) = plots.panels(2)
    plots.two_copies(left, right)
    assert names(left).count("$w$") == 1
    assert [name for name in names(right) if name in ("$w_1$", "$w_2$")] == ["$w_1$", "$w_2$"]
    assert len(arrows(left)) == 2 + 2  # forward, and two uses of one weight
    assert len(arrows(right)) == 2 + 2 + 1  # forward, down to each copy, back through h_1


def test_drawings_are_legible_on_a_phone():
    figure, axes = plots.panels(3, size=(2.7, 2.4))
    for k, one in enumerate(axes, start=1):
        plots.gradient_paths(one, k=k)
    assert "<svg" in Drawing(figure, "paths")._repr_html_()


# ----------------------------------------------------------------------------------- the shares


def test_shares_are_laid_end_to_end_from_the_latest_use_to_the_earliest():
    _, axes = plots.panels()
    panel = plots.SharesPanel(axes, T=4)
    panel.show({"immediate": [0.1, -0.3, 1.2], "total": [0.5, 0.5, 1.0]})
    ends = {
        name: [(round(p.get_x(), 9), round(p.get_width(), 9)) for p in pieces]
        for name, pieces in panel.pieces.items()
    }
    assert ends["immediate"] == [(0.9, 0.1), (1.2, -0.3), (0, 1.2), (0, 0)]
    assert ends["total"] == [(1.5, 0.5), (1.0, 0.5), (0, 1.0), (0, 0)]
    shown = {name: [t.get_text() for t in texts] for name, texts in panel.names.items()}
    assert shown["immediate"] == ["1", "", "3", ""]  # a piece that goes back has no room


# ---------------------------------------------------------------------------- the backward pass

SENT = {
    "e": [0.1, 0.2, 0.3],
    "back": [0.4, 0.5, 0.6, 0.0],
    "g": [0.6, 0.8, 0.3],
    "delta": [0.2, 0.25, 0.3],
    "left": [0.0, -0.7, 0.9],
}


@pytest.fixture
def backward():
    _, (left, right) = plots.panels(2)
    return plots.BackwardPanel(left, right)


def test_the_moves_go_from_the_last_step_to_the_initial_state(backward):
    moves = [backward.show(move, **SENT) for move in range(backward.moves)]
    assert moves[0] == (3, "start") and moves[-1] == (0, "g")
    assert [t for t, _ in moves] == sorted((t for t, _ in moves), reverse=True)
    assert moves[1:4] == [(3, "g"), (3, "delta"), (3, "weight")]
    assert len(moves) == 1 + 3 * 3 + 1


def visible(panel):
    return sum(arrow.get_visible() for group in panel.arrows.values() for arrow in group)


def test_every_move_keeps_the_arrows_of_the_moves_before(backward):
    seen = []
    for move in range(backward.moves):
        backward.show(move, **SENT)
        seen.append(visible(backward))
    # collect: one arrow from the loss, and one from the step after; then none; then one down
    assert list(np.diff(seen)) == [1, 0, 1, 2, 0, 1, 2, 0, 1, 1]


def test_the_moves_can_be_taken_in_any_order(backward):
    backward.show(backward.moves - 1, **SENT)
    backward.show(0, **SENT)
    assert visible(backward) == 0
    assert not any(text.get_text() for text in backward.numbers.values())
    assert not any(text.get_text() for text in backward.table.values())


def test_a_number_is_written_when_its_move_has_come(backward):
    known = []
    for move in range(backward.moves):
        backward.show(move, **SENT)
        known.append({name for name, text in backward.table.items() if text.get_text()})
    added = [after - before for before, after in zip(known, known[1:], strict=False)]
    names = {"g": "g", "delta": "delta", "weight": "left"}
    assert added == [{(names[kind], t)} for t, kind in backward.order[1:-1]] + [set()]
    assert backward.table["left", 2].get_text() == "−0.7000"
    assert backward.numbers["back", 2].get_text() == "0.6000"
    assert backward.numbers["back", 0].get_text() == "0.4000"


def test_the_line_that_is_executed_is_lit(backward):
    for move, (t, kind) in enumerate(backward.order):
        backward.show(move, **SENT)
        lit = [name for name, text in backward.formulas.items() if text.get_fontweight() == "bold"]
        assert lit == ([kind] if t and kind != "start" else [])


def test_the_formula_names_the_step_before_and_after_and_the_numbers(backward):
    def formulas(move):
        backward.show(move, **SENT)
        return {name: text.get_text().strip(" ▸") for name, text in backward.formulas.items()}

    assert formulas(1)["g"] == "g₃ = e₃"  # nothing comes from later steps
    assert formulas(4)["g"] == "g₂ = e₂ + δ₃ wₕ"
    assert formulas(4)["sum"] == "g₂ = 0.2000 + 0.6000 = 0.8000"
    assert formulas(5)["delta"] == "δ₂ = g₂ · (1 − h₂²)"
    assert formulas(6)["weight"] == "∂L/∂wₕ += h₁ δ₂"
    assert formulas(10)["sum"] == "∂L/∂h₀ = δ₁ wₕ = 0.4000"


def test_the_graph_can_stand_alone():
    figure, axes = plots.panels(size=(5.6, 2.7))
    panel = plots.BackwardPanel(axes)
    assert panel.show(6, **SENT) == (2, "weight")
    assert "−0.7000" in Drawing(figure, "six moves")._repr_html_()


# ------------------------------------------------------------------------- pairs, truncation, costs


def test_the_triangle_has_a_cell_for_each_pair_and_fills_those_that_are_kept():
    _, axes = plots.panels()
    panel = plots.TrianglePanel(axes, T=4)
    assert set(panel.cells) == {(t, k) for t in range(1, 5) for k in range(1, t + 1)}
    panel.show({(2, 1): 1, (4, 1): 3}, "two\nterms", marked=[(4, 1)])
    filled = {cell for cell, square in panel.cells.items() if square.get_facecolor()[3] > 0}
    assert filled == {(2, 1), (4, 1)}
    assert panel.texts[4, 1].get_text() == "3" and not panel.texts[3, 3].get_text()
    assert panel.cells[4, 1].get_facecolor()[:3] == to_rgba(plots.COLOURS[1])[:3]
    assert panel.cells[2, 1].get_facecolor()[:3] == to_rgba(plots.COLOURS[0])[:3]
    assert [note.get_text() for note in panel.notes] == ["two", "terms"]
    panel.show({}, "")
    assert [note.get_text() for note in panel.notes] == ["", ""]


def test_truncation_marks_the_norm_at_the_cut_and_hides_an_error_that_is_not_told():
    _, (left, right) = plots.panels(2)
    panel = plots.TruncationPanel(left, right, T=3, others=[[0.5, 0.4], [0.1, 0.0]])
    panel.show([1, 0.5, 0.2, 0.1], K=2, error=0)
    assert list(panel.cut.get_xdata()) == [2, 2]
    assert (panel.left.get_xdata()[0], panel.left.get_ydata()[0]) == (2, 0.2)
    assert panel.point.get_visible() and panel.point.get_xdata()[0] == 0.2
    assert panel.point.get_ydata()[0] > 0  # zero has no place on a logarithmic axis
    panel.show([1, 0.5, 0.2, 0.1], K=1, error=None)
    assert not panel.point.get_visible()


def test_rows_of_dots_have_a_bar_at_the_median():
    _, axes = plots.panels()
    plots.dot_rows(axes, {"a": [1, 2, 9], "b": [4]})
    dots, bar, *_ = axes.lines
    assert list(dots.get_xdata()) == [1, 2, 9] and set(dots.get_ydata()) == {0}
    assert set(bar.get_xdata()) == {2}
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first row is on top


def test_an_error_of_zero_is_drawn_at_the_end_of_the_thermometer():
    _, axes = plots.panels()
    plots.error_thermometer(axes, {"exact": [0.0], "wrong": [1e9]})
    low, high = axes.get_xlim()
    drawn = [float(line.get_xdata()[0]) for line in axes.lines]
    assert all(low < x < high for x in drawn)
    assert {"rounding", "differences", "a mistake"} <= set(names(axes))


def test_cost_guides_have_the_predicted_slope_and_meet_the_last_measurement():
    _, axes = plots.panels()
    T, cost = [10, 20, 40], [1.3, 3.9, 16.0]
    plots.cost_curves(axes, {"pairs": (T, cost)}, slopes=[2], unit="s")
    guide, points = axes.lines
    np.testing.assert_allclose(guide.get_ydata(), [1, 4, 16])
    assert list(points.get_ydata()) == cost
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert names(axes) == ["pairs"]
