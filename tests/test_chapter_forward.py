"""The first explorers that a reader meets, in a real Chromium; the notation's completeness."""

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import bptt_lab
from bptt_lab import RNN, forward
from bptt_lab.book.plots import scientific
from chapters import functions
from sample_explorer import settled
from test_browser import FROM_DISK, address, server, visit  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent


def move(page, number=0, **setting):
    """Set the controls of an explorer of the page and return its sentence."""
    figure = page.locator("figure.explorer").nth(number)
    for name, value in setting.items():
        if isinstance(value, str):
            figure.get_by_role("radio", name=value, exact=True).evaluate("e => e.click()")
            continue
        slider = figure.get_by_role("slider", name=name.replace("_", " "))
        found = slider.evaluate(
            """(e, value) => {
                for (e.value = e.min; ; e.stepUp()) {
                    e.dispatchEvent(new Event("input", { bubbles: true }));
                    const shown = Number(e.getAttribute("aria-valuetext"));
                    if (shown === value || e.value === e.max) return shown;
                }
            }""",
            value,
        )
        assert found == value
    return settled(figure).locator("figcaption").inner_text()


@FROM_DISK
@pytest.mark.site
@pytest.mark.browser
def test_a_neuron_that_remembers_has_no_derivative(visit):  # noqa: F811
    page = visit("index")
    curve = page.locator("figure.explorer svg").last
    before = curve.inner_html()
    assert "has forgotten" in move(page, weight_w=0.6)
    assert curve.inner_html() != before
    sentence = move(page, weight_w=3.0)
    h, derivative = 0.5, 1.0
    for _ in range(20):
        h = np.tanh(3 * h)
        derivative *= 3 / np.cosh(np.arctanh(h)) ** 2
    assert "remembers" in sentence and f"derivative is {scientific(derivative)}" in sentence


@FROM_DISK
@pytest.mark.site
@pytest.mark.browser
def test_one_weight_decides_between_forgetting_remembering_and_being_stuck(visit):  # noqa: F811
    page = visit("forward")
    frame = page.locator("figure.explorer").first.locator("svg")
    before = frame.inner_html()
    for w, told in {
        0.5: "3 of 12 answers are right and clear (beyond ±½).",
        2.0: "12 of 12 answers are right and clear (beyond ±½).",
        3.5: "8 of 12 answers are right and clear (beyond ±½), 4 are wrong.",
    }.items():
        assert move(page, weight=w).endswith(told)
    assert frame.inner_html() != before


CASES = {
    "dying out": (0.8, 1, "tanh", "has died out", "so this network forgets"),
    "ringing": (1.2, 1, "tanh", "is still there", "so this network"),
    "sensitive": (2, 0.3, "tanh", "is still there", "does not forget"),
    "driven": (2, 3, "tanh", "is still there", "so this network forgets"),
    "linear": (1.2, 1, "identity", "is still there", "does not forget"),
    "no ceiling": (2, 1, "relu", "|h| reaches", "so this network forgets"),
}


@FROM_DISK
@pytest.mark.site
@pytest.mark.browser
def test_a_case_sets_the_controls_and_hides_the_answer_until_it_is_asked_for(visit):  # noqa: F811
    page = visit("forward")
    figure = page.locator("figure.explorer").nth(1)
    figure.evaluate("figure => figure.scrollIntoView()")
    for case, (rho, scale, activation, pulse, start) in CASES.items():
        figure.get_by_role("button", name=case).evaluate("e => e.click()")
        hidden = settled(figure).locator("figcaption").inner_text()
        assert "what becomes of the difference" in hidden and start not in hidden
        shown = json.loads(figure.get_attribute("data-setting"))
        assert (float(shown["rho"]), float(shown["scale"])) == (rho, scale)
        assert shown["activation"] == activation
        sentence = move(page, 1, distance="shown")
        assert pulse in sentence and start in sentence, sentence


@pytest.mark.slow
def test_what_other_draws_of_the_weights_do(fresh_seed):
    """The page counts 200 draws; here are 400 others."""
    u = np.zeros((60, 2, 1))
    u[5] = 1
    u[30:] = np.sin(2 * np.pi * np.arange(30) / 8)[:, None, None]
    scope = {"np": np, "bptt_lab": bptt_lab, "RNN": RNN, "forward": forward, "u": u}
    scope |= {"W_0": None, "w_in": None, "start": np.array([[0.0] * 6, [0.001] * 6])}
    scope["cases"] = {name: case[:3] for name, case in CASES.items()}
    *_, other_draws = functions("forward", "two_runs", "measures", "other_draws", **scope)
    first = 10_000 * (fresh_seed + 1)
    found = other_draws(range(first, first + 400))
    assert found["dying out"] > 0.98 and found["linear"] > 0.98 and found["rings"] > 0.97
    shares = [found[name] for name in list(found)[3:]]
    assert np.allclose(shares, [0.9, 0.8, 1 / 6, 0.5], atol=0.1)


# ---------------------------------------------------------------- notation

SYMBOL = re.compile(
    r"\\(?:tilde|hat|mathcal|mathbf)\s*\{?\w\}?"  # \tilde C
    r"|\\(?:alpha|gamma|delta|varepsilon|theta|lambda|rho|sigma|tau|phi|Omega)\b"
    r"|(?<![\\A-Za-z])[A-Za-z](?![A-Za-z])"
)
WORDS = re.compile(r"\\(?:text|operatorname|mathrm|begin|end)\{[^{}]*\}|(?<=[_^])\{[^{}]*\}|_\w")


def symbols(page: str) -> set[str]:
    """Letters of a page's formulas, without their indices."""
    text = (ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")
    text = re.sub(r"^```\{code-cell\}.*?^```$", "", text, flags=re.M | re.S)
    formulas = re.findall(r"\$\$(.+?)\$\$|(?<![\\$])\$([^$]+)\$", text, re.S)
    bare = [WORDS.sub("", "".join(formula)) for formula in formulas]
    return {re.sub(r"[\s{}]", "", one) for formula in bare for one in SYMBOL.findall(formula)}


def test_the_notation_has_every_letter_of_more_than_one_chapter():
    chapters = ("forward", "bptt", "vanishing", "lstm")
    found = Counter(symbol for chapter in chapters for symbol in symbols(chapter))
    shared = {symbol for symbol, number in found.items() if number > 1}
    assert {"h", "J", r"\delta", r"\tau", r"\haty"} <= shared
    assert shared - symbols("notation") == set()
