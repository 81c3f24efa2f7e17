"""The figures of the chapter on vanishing gradients show what they are given."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from bptt_lab.book.plots import NormPanel, SpectrumPanel, panels

LAGS = 10


@pytest.fixture
def norm_panel():
    _, axes = panels()
    return NormPanel(axes, lags=LAGS)


def show(panel, norm, bound, rho):
    lags = np.arange(LAGS + 1)
    panel.show(norm**lags, bound**lags, rho**lags, factors=(norm, bound, rho))


def heights(panel):
    return np.log10([label.get_position()[1] for label in panel.labels])


def test_spectrum_shows_eigenvalues_and_both_radii():
    _, axes = panels()
    panel = SpectrumPanel(axes)
    panel.show([1 + 2j, 1 - 2j, -0.5], rho=5**0.5, sigma_max=3.25)
    assert np.array_equal(panel.eigenvalues.get_xdata(), [1, 1, -0.5])
    assert np.array_equal(panel.eigenvalues.get_ydata(), [2, -2, 0])
    assert [circle.get_radius() for circle in panel.radii] == [5**0.5, 3.25]
    assert [name.get_text() for name in panel.names] == ["ρ = 2.24", "σ max = 3.25"]


def test_spectrum_keeps_a_unit_circle_that_does_not_move():
    _, axes = panels()
    panel = SpectrumPanel(axes)
    panel.show([0.5], rho=0.5, sigma_max=2)
    still = [patch for patch in axes.patches if patch not in panel.moving]
    assert [circle.get_radius() for circle in still] == [1]


def test_norms_bound_and_powers_are_drawn_as_given(norm_panel):
    show(norm_panel, 0.8, 2.0, 1.1)
    for line, factor in zip(norm_panel.lines, (0.8, 2.0, 1.1), strict=True):
        assert np.array_equal(line.get_xdata(), np.arange(LAGS + 1))
        assert np.array_equal(line.get_ydata(), factor ** np.arange(LAGS + 1))
    assert [label.get_text() for label in norm_panel.labels] == [
        "gradient\n×0.80",
        "bound\n×2.00",
        "ρ alone\n×1.10",
    ]


def test_labels_stand_at_the_ends_of_their_lines(norm_panel):
    show(norm_panel, 0.01, 1000.0, 1.0)
    assert heights(norm_panel) == pytest.approx([-20, 30, 0])


@pytest.mark.parametrize("factors", [(1, 1, 1), (1e-9, 1e-9, 1e-8), (1e9, 1e20, 1e10)])
def test_labels_keep_apart_and_inside(norm_panel, factors):
    show(norm_panel, *map(float, factors))
    sorted_heights = np.sort(heights(norm_panel))
    assert np.diff(sorted_heights).min() > 10
    assert np.abs(sorted_heights).max() < norm_panel.decades


def test_labels_are_in_the_order_of_their_lines_even_out_of_sight(norm_panel):
    show(norm_panel, 1e9, 1e20, 1e10)
    assert list(np.argsort(heights(norm_panel))) == [0, 2, 1]


def test_an_arrow_says_where_a_line_has_gone(norm_panel):
    show(norm_panel, 1e-9, 1e9, 1.0)
    assert [label.get_text().split("\n")[0] for label in norm_panel.labels] == [
        "gradient ↓",
        "bound ↑",
        "ρ alone",
    ]


def test_a_norm_of_zero_is_drawn_below_everything(norm_panel):
    norms = np.zeros(LAGS + 1)
    norm_panel.show(norms, norms + 1, norms + 1, factors=(0.0, 1.0, 1.0))
    assert heights(norm_panel)[0] == pytest.approx(-0.88 * norm_panel.decades)


def test_the_two_panels_share_their_colours(norm_panel):
    _, axes = panels()
    rho, sigma_max = SpectrumPanel(axes).radii
    _, bound, power = norm_panel.lines
    assert to_hex(rho.get_edgecolor()) == power.get_color()
    assert to_hex(sigma_max.get_edgecolor()) == bound.get_color()


def test_ticks_stay_inside():
    for decades in (42, 12):
        _, axes = panels()
        NormPanel(axes, lags=LAGS, decades=decades)
        ticks = np.log10(axes.get_yticks())
        assert len(ticks) == 5 and abs(ticks).max() <= decades


def test_further_lines_have_names_of_their_own():
    _, axes = panels()
    panel = NormPanel(axes, lags=LAGS, names=("gradient", "bound", "ρ alone", "λ₁"))
    lags = np.arange(LAGS + 1)
    panel.show(0.8**lags, 2.0**lags, 1.1**lags, 0.9**lags, factors=(0.8, 2, 1.1, 0.9))
    assert panel.labels[3].get_text() == "λ₁\n×0.90"
    assert np.array_equal(panel.lines[3].get_ydata(), 0.9**lags)
    assert np.diff(np.sort(heights(panel))).min() > 10
