"""What a learner types leads to the section that says most of it, served and from the disk.

The order of results is that of one script over one list, however both are loaded; so it is held to
from the disk alone, and what is loaded in both ways with one result.
"""

import pytest
from playwright.sync_api import expect

from test_browser import BOTH_WAYS, FROM_DISK, address, server, visit  # noqa: F401 (fixtures)

pytestmark = [pytest.mark.site, pytest.mark.browser]

# What is typed, and where the first result leads. Spellings of both sides of the Atlantic.
FIRST = {
    "backpropagation through time": "bptt.html#sec-bptt",
    "truncated bptt": "bptt.html#sec-bptt-truncated",
    "truncated backpropagation": "bptt.html#sec-bptt-truncated",
    "detach": "bptt-exercises.html#ex-bptt-detached-state",
    "tbptt": "bptt.html#sec-bptt-cuts",
    "rtrl": "bptt.html#sec-bptt-rtrl",
    "finite differences": "glossary.html#term-finite-differences",
    "vanishing gradient": "vanishing.html#sec-vanishing",
    "exploding gradients": "vanishing.html#sec-vanishing",
    "clip": "vanishing.html#sec-clipping",
    "gradient clipping": "vanishing.html#sec-clipping",
    "saturation": "vanishing.html#sec-saturation",
    "orthogonal initialization": "vanishing.html#sec-isometry",
    "orthogonal initialisation": "vanishing.html#sec-isometry",
    "regularizer": "vanishing.html#sec-regulariser",
    "weight decay": "vanishing.html#sec-decay",
    "non-normal": "vanishing.html#sec-non-normal",
    "lstm": "lstm.html#sec-lstm",
    "gru": "lstm.html#sec-gru",
    "gated recurrent unit": "lstm.html#sec-gru",
    "forget gate": "lstm.html#sec-lstm-forget",
    "peephole": "lstm.html#sec-peepholes",
    "constant error carousel": "lstm.html#sec-carousel",
    "softmax": "forward.html#sec-softmax",
    "cross entropy": "forward.html#sec-cross-entropy",
    "minibatch": "forward.html#sec-shapes",
    "initial state": "forward.html#sec-initial-state",
    "pytorch": "forward-exercises.html#ex-forward-from-torch",
    "singular value": "prerequisites.html#eigenvalues-and-singular-values",
    "exam": "instructors.html#sec-instructors-exam",
    "notation": "notation.html#sec-notation",
    "lyapunov_exponents": "api-jacobians.html#bptt_lab.jacobians.lyapunov_exponents",
    "PeepholeLSTM": "api-cells.html#bptt_lab.cells.PeepholeLSTM",
}


@FROM_DISK
def test_the_section_that_is_meant_comes_first(visit):  # noqa: F811
    page = visit("search")
    field = page.get_by_role("searchbox")
    first = page.locator("#search-results li a").first
    wrong = {}
    for query, address in FIRST.items():  # noqa: F402
        field.fill(query)
        page.get_by_role("status").get_by_text(f"for “{query}”").wait_for()
        found = first.get_attribute("href") if first.count() else None
        if found != address:
            wrong[query] = found
    assert not wrong


@BOTH_WAYS
def test_a_result_shows_its_page_and_the_words_around(visit):  # noqa: F811
    page = visit("index")
    page.goto(page.url.replace("index.html", "search.html?q=Detach"))
    item = page.locator("#search-results li", has_text="Two ways to cut").first
    expect(item).to_contain_text("in 2. Backpropagation through time")
    expect(item.locator("mark").first).to_have_text("detach")
    item.get_by_role("link").click()
    page.wait_for_url("**/bptt.html#sec-bptt-cuts")
    expect(page.get_by_role("heading", name="Two ways to cut")).to_be_in_viewport()


def test_what_is_not_there_is_said(visit):  # noqa: F811
    page = visit("search")
    page.get_by_role("searchbox").fill("zzzzzz")
    expect(page.get_by_role("status")).to_have_text("Nothing found for “zzzzzz”.")
    page.get_by_role("searchbox").fill("")
    expect(page.get_by_role("status")).to_be_empty()


def test_slips_of_the_keyboard_are_forgiven(visit):  # noqa: F811
    page = visit("search")
    page.get_by_role("searchbox").fill("eigenvaleu")
    expect(page.locator("#search-results li").first).to_contain_text("igenvalue")
