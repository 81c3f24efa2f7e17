"""The pictures of the chapter on vanishing gradients show what they are given."""

import numpy as np
import pytest

from bptt_lab.book import plots
from bptt_lab.book.plots import panels


def labelled(axes, label):
    (line,) = [line for line in axes.lines if line.get_label() == label]
    return line


def test_the_tangent_touches_the_curve_with_the_slope_and_stays_short_where_it_is_steep(axes):
    panel = plots.EndPanel(axes, "a network", half=2.0, at=0.5)
    x = np.linspace(-2, 2, 401)
    for w in (0.5, 1, 50):
        panel.show(x, np.tanh(w * x), slope=w * (1 - np.tanh(w * 0.5) ** 2))
        (x_0, x_1), (y_0, y_1) = panel.tangent.get_data()
        slope = w * (1 - np.tanh(w * 0.5) ** 2)
        assert (y_1 - y_0) / (x_1 - x_0) == pytest.approx(slope, abs=1e-12)
        assert (y_0 + y_1) / 2 == pytest.approx(np.tanh(w * 0.5), abs=1e-3)
        assert y_1 - y_0 < 1
    assert panel.dot.get_xdata() == [0.5] and axes.get_title() == "a network"


def test_bars_stand_at_their_lags_and_the_whole_above(axes):
    assert plots.lag_bars(axes, [2.0, 0.5, 0.01], whole=2.2) is axes
    (bars,) = axes.collections
    tops = [segment[1].tolist() for segment in bars.get_segments()]
    assert tops == [[0, 2.0], [1, 0.5], [2, 0.01]]
    assert axes.get_yscale() == "log" and axes.lines[0].get_ydata() == [2.2, 2.2]


@pytest.fixture
def rates(axes):
    panel = plots.RatePanel(axes, [1, 10, 100], names=["bound", "theory"], limit=1.5)
    middle, band = [0.2, 0.1, -0.1], [[0.1, 0, -0.2], [0.3, 0.2, 0]]
    panel.set = lambda levels, **options: panel.show(middle, band, [1, 0.5, 0.1], levels, **options)
    return panel


def texts(panel):
    return {name: label.get_text() for name, label in panel.labels.items()}


def test_rates_and_levels_are_drawn_and_written_at_their_ends(rates):
    rates.set({"bound": 0.7, "theory": -0.12})
    assert rates.middle.get_ydata().tolist() == [0.2, 0.1, -0.1]
    assert rates.worst.get_ydata().tolist() == [1, 0.5, 0.1]
    assert rates.lines["bound"].get_ydata().tolist() == [0.7, 0.7]
    assert texts(rates) == {
        "bound": "bound +0.70",
        "theory": "theory −0.12",
        "gradient": "gradient −0.10",
        "worst": "worst +0.10",
    }
    heights = sorted(label.get_position()[1] for label in rates.labels.values())
    assert min(np.diff(heights)) > 0.2  # apart


def test_what_is_beyond_the_panel_is_drawn_at_its_edge_with_an_arrow(rates):
    rates.set({"bound": 2.0, "theory": -3.0})
    assert texts(rates)["bound"] == "bound +2.00 ↑" and texts(rates)["theory"] == "theory −3.00 ↓"
    assert 1.4 < max(rates.lines["bound"].get_ydata()) < 1.5
    assert -1.5 < min(rates.lines["theory"].get_ydata()) < -1.4


def test_a_hidden_answer_leaves_nothing_that_tells_it(rates):
    rates.set({"bound": 0.7, "theory": -0.12}, hide=("gradient", "theory"))
    told = [rates.middle, rates.worst, rates.band, rates.lines["theory"]]
    assert not any(line.get_visible() for line in told)
    assert texts(rates) == {"bound": "bound +0.70", "theory": "", "gradient": "", "worst": ""}
    assert "bet" in rates.hidden.get_text()
    rates.set({"bound": 0.7, "theory": -0.12})
    assert all(line.get_visible() for line in told) and rates.hidden.get_text() == ""


def test_bands_run_from_the_least_to_the_largest_with_the_theory_dashed(axes):
    values = np.array([[-1.0, -0.5, 0.0], [0.0, 0.5, 0.7]])
    plots.rate_bands(axes, [1, 2], {"tanh": values}, {"tanh": [-0.4, 0.6]})
    corners = axes.collections[0].get_paths()[0].vertices
    assert {(1.0, -1.0), (1.0, 0.0), (2.0, 0.0), (2.0, 0.7)} <= {tuple(v) for v in corners.tolist()}
    drawn = [line.get_ydata() for line in axes.lines]
    assert any(np.array_equal(y, [-0.5, 0.5]) for y in drawn)
    (dashed,) = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert list(dashed.get_ydata()) == [-0.4, 0.6]
    assert "tanh" in [text.get_text() for text in axes.texts]


def test_the_worst_direction_and_one_gradient_are_bands_beside_the_exponent(axes):
    worst, typical = np.full((20, 2), 0.5), np.linspace(-1, 1, 40).reshape(20, 2)
    plots.worst_and_typical(axes, [1, 10], worst, typical, limit=-0.03)
    assert np.allclose(labelled(axes, "worst direction").get_ydata(), 0.5)
    assert np.allclose(labelled(axes, "one gradient").get_ydata(), np.median(typical, axis=0))
    (dotted,) = [line for line in axes.lines if line.get_linestyle() == ":"]
    assert list(dotted.get_ydata()) == [-0.03, -0.03]


def test_a_bifurcation_diagram_has_every_state_above_its_parameter():
    _, (left, right) = panels(2)
    plots.bifurcation(left, right, [0, 1, 2], [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], [-1, 0, 1])
    x, y = left.lines[0].get_data()
    assert sorted(zip(x, y, strict=True))[:2] == [(0, 0.1), (0, 0.4)] and len(x) == 6
    assert list(right.lines[-1].get_ydata()) == [-1, 0, 1]


@pytest.mark.parametrize("size", [1.0, 1e-9])
def test_a_bifurcation_diagram_draws_a_cycle_once_however_small(size):
    _, (left, right) = panels(2)
    plots.bifurcation(
        left, right, [0, 1], size * np.array([[0, 3], [1, 3], [0, 3], [1, 3]]), [-1, -1]
    )
    x, y = left.lines[0].get_data()
    assert sorted(zip(x, y / size, strict=True)) == [(0, 0), (0, 1), (1, 3)]


def test_histograms_count_every_singular_value_also_those_that_are_too_small(axes):
    plots.spectra(axes, {"Gaussian": [1e-30, 1e-5, 0.5], "orthogonal": [1.0, 1.0]}, low=-12)
    heights = [patch.get_height() for patch in axes.patches]
    assert sum(heights) == 5 and heights[0] == 1
    assert [text.get_text() for text in axes.texts] == ["Gaussian", "orthogonal"]


def test_the_factor_is_drawn_beside_the_weight_alone(axes):
    plots.factor_curve(axes, [0, 1, 3], [0, 1, 0.03])
    assert list(labelled(axes, "factor").get_ydata()) == [0, 1, 0.03]
    weight = labelled(axes, "the weight")
    assert list(weight.get_xdata()) == list(weight.get_ydata())
