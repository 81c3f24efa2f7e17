import numpy as np
import pytest

from bptt_lab import (
    GRU,
    LSTM,
    RNN,
    OriginalLSTM,
    PeepholeLSTM,
    check_gradients,
    loss_and_gradients,
)
from problems import make_problem

CELLS = [
    RNN("tanh"),
    RNN("relu"),
    RNN("sigmoid"),
    OriginalLSTM(squashing="1997"),
    LSTM(),
    PeepholeLSTM(),
    GRU(),
    GRU("after"),
]


def small(cell, **options):
    return make_problem(cell, T=4, m=2, n=3, n_inputs=5, n_outputs=6, **options)


def report_on(case, y="y", **options):
    return check_gradients(case.cell, case.params, case.x, getattr(case, y), **options)


@pytest.mark.parametrize("cell", CELLS, ids=repr)
@pytest.mark.parametrize("y", ["y", "targets"])
def test_correct_gradients_pass(cell, y):
    case = small(cell)
    names = (*case.params, "x", "state0")
    report = report_on(case, y, state0=case.state0, names=names, reduction="mean")
    assert report.passed, report
    assert max(report.values()) < 1e-6
    assert max(check.complex_error for check in report.checks) < 1e-12
    assert report.direction_error < 1e-12
    assert set(report) > set(case.params) and len(report) == len(case.params) + 1 + len(case.state0)


def test_it_is_a_mapping_from_parameters_to_errors():
    case = small(RNN())
    report = report_on(case)
    assert list(report) == list(case.params)
    assert all(0 < report[name] < 1e-7 for name in case.params)
    assert "x" not in report
    with pytest.raises(KeyError):
        report["W_hx"]


@pytest.mark.parametrize("name", ["W_hh", "b_y"])
def test_one_wrong_entry_is_found_and_named(name):
    case = small(RNN())
    _, gradients = loss_and_gradients(case.cell, case.params, case.x, case.y)
    gradients[name] = gradients[name].copy()
    index = (1, 2)[: gradients[name].ndim]
    gradients[name][index] += 1e-4
    report = report_on(case, gradients=gradients)
    assert not report.passed
    assert [check.name for check in report.checks if not check.passed] == [name]
    assert report.worst.name == name and report.worst.worst.index == index
    assert f"Not the derivative of the loss: {name}" in str(report)
    assert report.direction_error > 1e-7


def test_an_error_too_small_for_differences_is_seen_by_the_complex_step():
    case = small(RNN())
    _, gradients = loss_and_gradients(case.cell, case.params, case.x, case.y)
    gradients["W_hh"] = gradients["W_hh"] * (1 + 1e-9)
    (check,) = report_on(case, gradients=gradients, names=("W_hh",)).checks
    assert check.error < check.expected and not check.passed


def test_the_misconceptions_of_the_article_do_not_pass():
    """The transposed matrix, or one step only, is not the gradient (claims vg-05 and bptt-12)."""
    case = small(RNN())
    wrong = dict(case.params, W_hh=case.params["W_hh"].T.copy())
    _, gradients = loss_and_gradients(case.cell, wrong, case.x, case.y)
    assert report_on(case, gradients=gradients)["W_hh"] > 0.01
    _, gradients = loss_and_gradients(case.cell, case.params, case.x, case.y, window=1)
    assert report_on(case, gradients=gradients)["W_hh"] > 0.01


def test_truncated_gradients_fail_and_the_report_says_why():
    report = report_on(small(OriginalLSTM(truncated=True)))
    assert not report.passed and "cuts these gradients on purpose" in str(report)
    assert report["W_yh"] < 1e-7 < 0.01 < report["W_hi"]
    assert "on purpose" not in str(report_on(small(OriginalLSTM())))


def test_the_expected_error_is_kept_and_grows_for_gradients_far_below_the_loss():
    case = make_problem(RNN(), T=40)
    case.y[:-1] = -1
    case.y[-1] = 0
    report = report_on(case, names=("b_y", "state0"))
    near, far = report.checks
    assert far.name == "state0[0]" and near.expected < 1e-6 < 1e-3 < far.expected
    assert near.error <= near.expected and far.error > near.error
    assert report.passed and far.complex_error < 1e-11


def test_the_expected_error_is_the_order_of_the_one_found():
    report = report_on(make_problem(RNN(), n=9, n_outputs=11))
    factors = [check.expected / check.error for check in report.checks]
    assert min(factors) > 8 and max(factors) < 1000


def test_zero_gradients_agree_with_zero():
    case = small(LSTM())
    case.y[:] = -1
    report = report_on(case)
    assert report.passed and set(report.values()) == {0.0} and report.direction_error == 0


def test_single_precision_is_held_to_its_own_standard():
    case = small(GRU(), dtype=np.float32)
    report = report_on(case)
    assert report.passed and 1e-8 < max(report.values()) < 1e-4
    gradients = loss_and_gradients(case.cell, case.params, case.x, case.y)[1]
    gradients["W_hn"] = gradients["W_hn"] * np.float32(1.01)
    assert not report_on(case, gradients=gradients).passed


def test_a_sample_of_the_entries_costs_less_and_is_reproducible():
    case = small(LSTM())
    report = report_on(case, entries=4)
    assert {check.entries for check in report.checks} == {3, 4}  # biases have but three
    assert str(report) == str(report_on(case, entries=4))
    other = report_on(case, entries=4, rng=np.random.default_rng(9))
    assert str(report) != str(other)


def test_the_table_has_a_row_per_parameter_and_names_the_worst_entries():
    case = small(PeepholeLSTM())
    report = report_on(case, entries=2)
    lines = str(report).splitlines()
    assert lines[0].split("  ")[0] == "parameter"
    assert [line.split()[0] for line in lines[1 : 1 + len(case.params)]] == list(case.params)
    assert all("against" in line for line in lines[1 : 1 + len(case.params)])
    assert lines[-1] == "Every gradient agrees with both, as well as they can tell."
    assert repr(report) == str(report)


def test_the_html_is_a_table_with_headers_and_a_caption():
    case = small(RNN())
    html = report_on(case)._repr_html_()
    assert html.count("<tr>") == 1 + len(case.params) == html.count("</tr>")
    assert html.count('scope="row"') == len(case.params) and html.count('scope="col"') == 6
    assert "<caption>" in html and "<th>" not in html
    gradients = {name: value + 1 for name, value in case.params.items()}
    assert "<th>" in report_on(case, gradients=gradients)._repr_html_()


def test_nothing_handed_in_is_modified():
    case = small(RNN())
    arrays = [*case.params.values(), case.x, case.y, *case.state0]
    copies = [array.copy() for array in arrays]
    report_on(case, state0=case.state0, names=("W_hh", "x", "state0"))
    assert all(map(np.array_equal, arrays, copies))
