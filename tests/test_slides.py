"""The slides of an evening: about fifteen, with the book's own figures, nothing from elsewhere."""

import re

import pytest
from bs4 import BeautifulSoup

from conftest import ROOT
from tools import slides

pytestmark = pytest.mark.site


@pytest.fixture(scope="module")
def page(site, tmp_path_factory):
    return slides.write_slides(site, tmp_path_factory.mktemp("slides"))


def test_there_are_about_fifteen_with_figures_and_formulas(page):
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    sections = soup.select(".slides > section")
    assert 12 <= len(sections) <= 18
    assert all(one.get_text().strip() for one in sections)
    assert len(soup.select("figure.explorer .panels svg")) >= 3
    assert len(soup.select(".katex")) > 20 and len(soup.select("aside.notes")) >= 5
    assert "Note:" not in soup.get_text() and "<!--" not in page.read_text(encoding="utf-8")


def test_all_that_they_load_lies_beside_them(page):
    text = page.read_text(encoding="utf-8")
    named = re.findall(r'<(?:script src|link rel="stylesheet" href)="([^"]+)"', text)
    assert len(named) == 8 and all((page.parent / name).is_file() for name in named)
    for sheet in page.parent.rglob("*.css"):
        said = sheet.read_text(encoding="utf-8")
        assert not re.findall(r"(?:url\(|@import )[\"']?https?:", said), sheet.name


def test_a_figure_that_is_not_there_is_refused(site):
    for label in ("sec-shapes", "sec-nowhere"):
        with pytest.raises(ValueError, match=label):
            slides.figure(site, "forward", label)


@pytest.mark.browser
def test_they_fit_and_their_figures_move(page, chromium):
    tab = chromium.new_page(viewport={"width": 1280, "height": 800})
    faults: list[str] = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("requestfailed", lambda request: faults.append(request.url))
    tab.goto(page.as_uri())
    tab.wait_for_function("window.Reveal && Reveal.isReady()")
    heights = tab.evaluate("""() => [...document.querySelectorAll(".slides > section")].map(
        (one, k) => (Reveal.slide(k), one.scrollHeight))""")
    assert max(heights) <= 760, heights
    number = tab.evaluate("""() => [...document.querySelectorAll(".slides > section")].findIndex(
        one => one.querySelector("figure"))""")
    tab.evaluate(f"Reveal.slide({number})")
    slider = tab.locator("section.present input[type=range]").first
    before = tab.locator("section.present figcaption").text_content()
    slider.focus()
    tab.keyboard.press("ArrowRight")  # moves the slider and not the slides
    assert tab.locator("section.present figcaption").text_content() != before
    assert tab.evaluate("Reveal.getIndices().h") == number
    assert not faults
    tab.close()


def test_the_code_on_them_is_right():
    """The loop of the slides gives what the package gives."""
    import numpy as np

    from bptt_lab import RNN, forward, loss_and_gradients, softmax

    source = re.search(r"```python\n(.*?)```", slides.SLIDES.read_text(encoding="utf-8"), re.S)[1]
    rng, cell = np.random.default_rng(3), RNN("tanh")
    p = cell.init(rng, 2, 4, 3)
    x, y = rng.normal(size=(5, 2, 2)), rng.integers(0, 3, (5, 2))
    trace, (_, grads) = forward(cell, p, x), loss_and_gradients(cell, p, x, y)
    pad = np.zeros((1, 2, 3))
    space = {
        "np": np, "T": 5, "h": trace.h, "W_yh": p["W_yh"], "W_hh": p["W_hh"],
        "e": np.concatenate([pad, softmax(trace.logits) - np.eye(3)[y]]),
        "x": np.concatenate([np.zeros((1, 2, 2)), x]),
        "g": {name: np.zeros_like(p[name]) for name in ("W_hh", "W_xh", "b_h")},
    }  # fmt: skip
    exec(source, space)
    for name, value in space["g"].items():
        assert np.allclose(value, grads[name], rtol=1e-12), name
    assert (ROOT / "teaching" / "slides.md").exists()
