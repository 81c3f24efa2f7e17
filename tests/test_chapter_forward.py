"""The first two explorers that a reader meets, in a real Chromium; the notation's completeness."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bptt_lab.book.plots import scientific
from test_browser import FROM_DISK, address, server, visit  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent


def move(page, **setting):
    """Set the controls of the page's explorer and return its sentence."""
    figure = page.locator("figure.explorer")
    for name, value in setting.items():
        if isinstance(value, str):
            figure.get_by_role("radio", name=value).evaluate("e => e.click()")
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
    return figure.locator("figcaption").inner_text()


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


CASES = {
    "dying out": (0.8, 1, "tanh", "has died out", "so this network forgets"),
    "ringing": (1.2, 1, "tanh", "is still there", "so this network"),
    "sensitive": (2, 0.3, "tanh", "is still there", "does not forget"),
    "driven": (2, 3, "tanh", "is still there", "so this network forgets"),
    "linear": (1.2, 3, "identity", "is still there", "does not forget"),
    "no ceiling": (2, 1, "relu", "|h| reaches", "so this network forgets"),
}


@FROM_DISK
@pytest.mark.site
@pytest.mark.browser
def test_the_state_does_what_the_list_says(visit):  # noqa: F811
    page = visit("forward")
    for rho, scale, activation, pulse, start in CASES.values():
        sentence = move(page, spectral_radius=rho, input_scale=scale, activation=activation)
        assert pulse in sentence and start in sentence, sentence


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
