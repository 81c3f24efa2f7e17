"""The pictures of the last chapter show what they are given."""

import numpy as np

from bptt_lab.book import plots


def test_dots_stand_on_their_curves_between_the_points_too(axes):
    tau = np.geomspace(1, 1000, 7)
    panel = plots.TimePanel(axes, tau, {"raw": tau**1.5, "cured": 0.5 + 0 * tau})
    panel.show(50.0)
    assert [dot.get_xdata()[0] for dot in panel.dots] == [50, 50]
    np.testing.assert_allclose([d.get_ydata()[0] for d in panel.dots], [50**1.5, 0.5], rtol=1e-9)
    assert {text.get_text() for text in axes.texts} == {"raw", "cured"}


def test_a_descent_begins_at_its_square_and_goes_along_its_dots(axes):
    panel = plots.DescentPanel(axes)
    panel.show([0, 1, 2], [4, 1, 0], visited=[0.5, 1.5], losses=[2, 0.5])
    assert panel.curve.get_ydata().tolist() == [4, 1, 0]
    assert panel.path.get_xdata().tolist() == [0.5, 1.5]
    assert (panel.start.get_xdata()[0], panel.start.get_ydata()[0]) == (0.5, 2)


def test_the_front_is_where_errors_end_for_good(axes):
    errors = np.array([[1, 1, 1.0], [1e-3, 1, 1], [1e-9, 0, 1], [1e-9, 1, 1e-5], [0, 0, 0]])
    panel = plots.FrontPanel(axes, T=3, most=6)
    panel.show(errors)
    assert panel.exact.get_ydata().tolist() == [2, 4, 4]  # the second was right, and wrong again
    top = panel.wrong.get_xy()[:3]
    assert top.tolist() == [[1, 1], [2, 4], [3, 3]]
    assert plots.settled_from(np.zeros((2, 3)), 0.5).tolist() == [0, 0, 0]


def test_counts_beyond_the_edge_stand_at_the_edge(axes):
    panel = plots.CountPanel(axes, [-1, 0.5], [4, np.inf], most=100)
    assert axes.lines[1].get_ydata().tolist() == [4, 100]
    panel.show([0.5], [np.inf])
    assert panel.marked.get_ydata().tolist() == [100]
    assert axes.get_ylim()[1] > 100


def test_a_tree_has_a_line_for_each_join_and_a_dot_where_it_ends(axes):
    plots.join_tree(axes, [[(1, 2), (3, 4)], [(2, 4)]], 4)
    joins = [line for line in axes.lines if len(set(line.get_xdata())) == 2]
    assert [line.get_xdata().tolist() for line in joins] == [[1, 2], [3, 4], [2, 4]]
    assert [line.get_ydata().tolist() for line in joins] == [[2, 1], [2, 1], [1, 0]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["2", "1", "0"]


def test_bands_reach_from_the_least_to_the_largest(axes):
    plots.run_bands(axes, [0, 1], {"a": [[1, 2], [3, 4], [2, 9]]}, at=[0.5])
    (line,) = [line for line in axes.lines if line.get_label() == "a"]
    assert line.get_ydata().tolist() == [2, 4]
    corners = axes.collections[0].get_paths()[0].vertices
    assert corners[:, 1].min() == 1 and corners[:, 1].max() == 9


def test_a_named_schedule_stands_where_it_is(axes):
    plots.memory_price(axes, [1, 10, 100], [9, 3, 1.5], {"root": (62, 1.97)})
    dot = axes.lines[-1]
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (62, 1.97)
    assert axes.texts[0].get_text() == "root" and axes.get_xscale() == "log"
