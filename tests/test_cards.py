"""The cards of references: what of a page they show."""

import pytest

from tools.cards import cards

PAGE = """
<section class="x" id="a-title"><span id="sec-a"></span>
<h2><span class="section-number">2.1. </span>A title<a class="headerlink" href="#a-title">#</a></h2>
<p class="fold-line"><b>Deeper.</b> One <a href="x.html">sentence</a>. <button>Read</button></p>
<p>More</p>
<section id="empty"><h3>Empty</h3><section id="next"><h4>Next</h4><p>Other</p></section></section>
</section>
<div class="math" id="equation-eq-cell"><span class="eqno">(1)</span><span class="katex"><span \
class="katex-mathml"><math><mi>x</mi></math></span><span class="katex-html">x</span></span></div>
<dl><dt id="term-word">word</dt><dt id="term-other">other</dt><dd><p>Meaning</p></dd></dl>
"""
LINK = '<a class="reference internal" href="page.html#{}">link</a>'


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        (
            "sec-a",
            [
                '<span class="section-number">2.1. </span>A title',
                '<p class="fold-line"><b>Deeper.</b> One sentence. </p>',
            ],
        ),
        ("empty", ["Empty", ""]),
        (
            "equation-eq-cell",
            [
                "",
                '<div class="math"><span class="eqno">(1)</span><span class="katex">'
                '<span class="katex-html">x</span></span></div>',
            ],
        ),
        ("term-word", ["word", "<p>Meaning</p>"]),
        ("term-other", ["other", "<p>Meaning</p>"]),
    ],
)
def test_a_card_shows_the_beginning_of_what_is_referred_to(anchor, expected):
    assert cards({"page": PAGE, "other": LINK.format(anchor)}) == {"page": {anchor: expected}}


def test_a_page_may_refer_to_itself_and_nobody_else_has_cards():
    here = PAGE + '<a class="term reference internal" href="#term-word">link</a>'
    assert list(cards({"page": here})) == ["page"] and list(cards({"page": here})["page"]) == [
        "term-word"
    ]
    assert not cards({"page": PAGE, "other": LINK.format("nowhere")})
