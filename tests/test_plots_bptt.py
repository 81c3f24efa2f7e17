"""The drawings of the chapter on backpropagation through time."""

import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch

from bptt_lab.book import plots
from bptt_lab.book.svg import Drawing


def names(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


def arrows(axes):
    return [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]


def heights(panel):
    return [float(bar.get_height()) for bar in panel.bars]


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


def test_gradient_paths_are_legible_on_a_phone():
    figure, axes = plots.panels(size=(5, 3.6))
    plots.gradient_paths(axes)
    assert "<svg" in Drawing(figure, "paths")._repr_html_()


# ----------------------------------------------------------------------------------- the shares


def test_shares_are_bars_and_their_sum_runs_from_the_latest_use_to_the_earliest():
    _, (left, right) = plots.panels(2)
    panel = plots.SharesPanel(left, right, T=4)
    panel.show([0.1, -0.3, 1.2])
    assert heights(panel) == [0.1, -0.3, 1.2, 0]
    assert list(panel.sum.get_xdata()) == [3, 2, 1]
    np.testing.assert_allclose(panel.sum.get_ydata(), [1.2, 0.9, 1.0])


# ---------------------------------------------------------------------------- the backward pass


@pytest.fixture
def backward():
    _, (left, right) = plots.panels(2)
    return plots.BackwardPanel(left, right, shares=[0.2, 0.3, 0.5])


def test_the_moves_go_from_the_last_step_to_the_initial_state(backward):
    moves = [backward.show(move) for move in range(backward.moves)]
    assert moves[0] == (3, "start") and moves[-1] == (0, "g")
    assert [t for t, _ in moves] == sorted((t for t, _ in moves), reverse=True)
    assert moves[1:4] == [(3, "g"), (3, "delta"), (3, "weight")]
    assert len(moves) == 1 + 3 * 3 + 1


def visible(panel):
    return sum(arrow.get_visible() for group in panel.arrows.values() for arrow in group)


def test_every_move_keeps_the_arrows_of_the_moves_before(backward):
    seen = []
    for move in range(backward.moves):
        backward.show(move)
        seen.append(visible(backward))
    # collect: one arrow from the loss, and one from the step after; then none; then one down
    assert list(np.diff(seen)) == [1, 0, 1, 2, 0, 1, 2, 0, 1, 1]


def test_the_moves_can_be_taken_in_any_order(backward):
    backward.show(backward.moves - 1)
    backward.show(0)
    assert visible(backward) == 0 and heights(backward) == [0, 0, 0]


def test_the_product_of_a_step_counts_from_its_third_move_on(backward):
    collected = []
    for move in range(backward.moves):
        backward.show(move)
        total = backward.sum.get_ydata()
        collected.append(float(total[-1]) if len(total) else 0)
        assert np.isclose(sum(heights(backward)), collected[-1])
    np.testing.assert_allclose(collected, [0, 0, 0, 0.5, 0.5, 0.5, 0.8, 0.8, 0.8, 1, 1])


def test_the_formula_names_the_step_before_and_after(backward):
    def formula(move):
        backward.show(move)
        return backward.formula.get_text()

    assert formula(1) == "g₃ = e₃ W_yhᵀ"  # nothing comes from later steps
    assert formula(4) == "g₂ = e₂ W_yhᵀ + δ₃ W_hhᵀ"
    assert formula(5) == "δ₂ = g₂ ∘ φ′(a₂)"
    assert formula(6) == "∂L/∂W_hh gets h₁ᵀ δ₂"
    assert formula(10) == "∂L/∂h₀ = δ₁ W_hhᵀ"


# ------------------------------------------------------------------------ truncation, and costs


def test_truncation_marks_one_window_in_both_panels():
    _, (left, right) = plots.panels(2)
    panel = plots.TruncationPanel(left, right, windows=[1, 5, 9], T=3)
    panel.show([0.5, 0.1, 0], [1, 0.5, 0.2, 0.1], K=5)
    assert [list(cut.get_xdata()) for cut in panel.cuts] == [[5, 5], [5, 5]]
    assert (panel.point.get_xdata()[0], panel.point.get_ydata()[0]) == (5, 0.1)
    assert list(panel.norms.get_ydata()) == [1, 0.5, 0.2, 0.1]
    assert panel.errors.get_ydata()[-1] > 0  # zero has no place on a logarithmic axis


def test_cost_guides_have_the_predicted_slope_and_meet_the_last_measurement():
    _, axes = plots.panels()
    T, cost = [10, 20, 40], [1.3, 3.9, 16.0]
    plots.cost_curves(axes, {"pairs": (T, cost)}, slopes=[2], unit="s")
    guide, points = axes.lines
    np.testing.assert_allclose(guide.get_ydata(), [1, 4, 16])
    assert list(points.get_ydata()) == cost
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert names(axes) == ["pairs"]
