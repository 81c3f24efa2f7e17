"""The book to take away: what the PDF and the ePub are made of, and that both are whole."""

import re
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from zipfile import ZipFile

import pytest
from bs4 import BeautifulSoup

from conftest import ROOT, missing
from tools import epub, pdf, volume
from tools.chromium import installed

pytestmark = pytest.mark.xdist_group("volume")  # one worker binds the book, not each

XHTML = "{http://www.w3.org/1999/xhtml}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"

PAGE = """<article><section id="a-page"><h1><span class="section-number">2. </span>A page</h1>
<div class="cell tag_hide-input"><details class="admonition hide"><summary><p class="collapsed">Show
 the code</p></summary><pre>folded = 1</pre></details></div>
<figure class="explorer"><div class="controls"><div class="control"><label><span>radius</span>
<input type="range">
</label><output>1.10</output></div><fieldset class="control"><legend>activation</legend>
<label><input type="radio" checked>tanh</label><label><input type="radio">relu</label></fieldset>
<p class="note">needs JavaScript</p></div><div class="panels" role="img" aria-label="What is seen">
<svg viewBox="0 0 1 1"><clipPath id="c"></clipPath></svg></div>
<details><summary>The numbers</summary>0.5</details><script>[1]</script>
<figcaption data-longest="long">A sentence.</figcaption></figure>
<div class="question" id="question-one"><fieldset><legend>1. One</legend><ol class="upperalpha">
<li><label><input type="radio"><span>Yes.</span></label></li></ol><button>Check</button>
<div class="feedback"></div></fieldset><details class="answers"><summary>The answers, explained
</summary><p>Because.</p></details></div>
<section id="exercise"><h3>Exercise</h3><details class="sd-dropdown"><summary>
<span class="sd-summary-text">Hint</span></summary><p>Try.</p></details>
<details class="sd-dropdown"><summary><span class="sd-summary-text">Solution</span></summary>
<p>So. <a href="b.html#there">there</a> <a href="#exercise">here</a> <a href="b.html">b</a>
<a href="notebooks/a.ipynb">file</a> <a href="https://example.org">outside</a></p></details></section>
</section></article>"""


@pytest.fixture
def page(tmp_path):
    (tmp_path / "a.html").write_text(PAGE, encoding="utf-8")
    return volume.read_page(tmp_path, "a", "")


def text_of(tag):
    return re.sub(r"\s+", " ", tag.get_text(" ", strip=True))


def test_nothing_of_a_browser_is_left(page):
    gone = "form, input, button, script, details, summary, label, output, .note, .feedback"
    assert not page.body.select(gone)
    assert page.title == "2. A page"
    assert "folded = 1" in text_of(page.body) and "Show the code" not in text_of(page.body)


def test_an_explorer_keeps_its_setting_its_figure_and_its_sentence(page):
    figure = page.body.select_one("figure")
    assert text_of(figure.select_one(".setting")) == "Shown: radius: 1.10; activation: tanh"
    assert figure.select_one(".panels")["aria-label"] == "What is seen"
    assert figure.svg["viewBox"] == "0 0 1 1" and figure.find("clipPath")
    assert text_of(figure.figcaption) == "A sentence." and "0.5" not in text_of(figure)


def test_answers_stand_at_the_end_and_hints_where_they_were(page):
    end = page.body.select_one("#answers-and-solutions")
    assert end.find_next_sibling("section") is None
    assert [text_of(h) for h in end.select("h3")] == ["1. One", "Exercise"]
    assert "Because." in text_of(end) and "So." in text_of(end) and "Try." not in text_of(end)
    for asked, kind in (("question-one", "Answer"), ("exercise", "Solution")):
        link = page.body.select_one(f"#{asked} .see a")
        assert (link["href"], link.get_text()) == (f"#answer-{asked}", kind)
        assert end.select_one(f"#answer-{asked} a")["href"] == f"#{asked}"


def test_links_within_the_volume_lead_to_it_and_others_are_kept_or_text(page):
    other = volume.Page("b", "", "B", BeautifulSoup("<section></section>", "html.parser"))
    book = volume.Book("T", "S", "A", "1", "L", [page, other])
    volume.point_links(book, lambda name, anchor: f"{name}|{anchor}")
    targets = {a.get_text(): a["href"] for a in page.body.select(".solution a")}
    outside = targets.pop("outside")
    assert targets == {"there": "b|there", "here": "a|exercise", "b": "b|"}
    assert outside == "https://example.org"
    assert "file" in text_of(page.body)


def test_every_page_of_the_contents_is_in(site):
    named = re.findall(r"(?:file|root): (\S+)", (ROOT / "_toc.yml").read_text(encoding="utf-8"))
    assert [name for name, _ in volume.order()] == [
        name for name in named if name.split("-")[0] not in volume.ONLY_IN_A_BROWSER
    ]


def test_xhtml_has_no_sign_with_parts_and_no_line_without_a_path():
    text = """<section><span class="katex"><math><semantics><mrow><mo><mrow><mi>m</mi><mi>o</mi>
<mi>d</mi></mrow></mo><msub><mi>max</mi><mo>\N{FUNCTION APPLICATION}</mo></msub></mrow><annotation>
x</annotation></semantics></math></span><svg><path></path><path d="M0 0"></path></svg></section>"""
    body = BeautifulSoup(text, "html.parser").section
    epub.to_xhtml(volume.Page("a", "", "A", body))
    assert body.mo.find() is None and "".join(body.mo.get_text().split()) == "mod"
    assert [tag.name for tag in body.msub.find_all()] == ["mi"]
    assert len(body.select("path")) == 1 and body.math["alttext"].strip() == "x"


# ------------------------------------------------------------------ the ePub, whole


@pytest.fixture(scope="module")
def bound(site, tmp_path_factory):
    target = tmp_path_factory.mktemp("volume") / "book.epub"
    epub.write_epub(site, target)
    with ZipFile(target) as opened:
        assert (
            opened.infolist()[0].filename == "mimetype" and not opened.infolist()[0].compress_type
        )
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.fixture(scope="module")
def chapters(bound):
    # Every one is well-formed, or this fails.
    return {
        name.removeprefix("book/"): ET.fromstring(text)
        for name, text in bound.items()
        if name.endswith(".xhtml")
    }


@pytest.mark.site
def test_the_package_names_every_file_and_every_page_is_in_the_spine(bound, chapters):
    package = ET.fromstring(bound["book/book.opf"])
    opf = "{http://www.idpf.org/2007/opf}"
    items = {i.get("id"): i.get("href") for i in package.iter(f"{opf}item")}
    files = {name.removeprefix("book/") for name in bound if name.startswith("book/")}
    assert set(items.values()) == files - {"book.opf"}
    spine = [items[ref.get("idref")] for ref in package.iter(f"{opf}itemref")]
    assert spine[2:] == [f"{name}.xhtml" for name, _ in volume.order()]
    assert set(spine) == set(chapters)


@pytest.mark.site
def test_links_of_the_epub_lead_somewhere_and_nothing_is_asked_of_outside(chapters):
    ids = {name: {e.get("id") for e in root.iter()} for name, root in chapters.items()}
    followed = 0
    for name, root in chapters.items():
        assert not [e for e in root.iter() if e.get("src") or e.tag == f"{XHTML}script"]
        for link in root.iter(f"{XHTML}a"):
            file, _, anchor = link.get("href").partition("#")
            if "://" not in file:
                assert file in ids and (not anchor or anchor in ids[file]), (name, link.get("href"))
                followed += 1
    assert followed > 300


@pytest.mark.site
def test_figures_of_the_epub_have_text_alternatives_and_formulas_are_mathml(chapters):
    figures = formulas = 0
    for name, root in chapters.items():
        panels = [e for e in root.iter() if "panels" in e.get("class", "").split()]
        assert all(e.get("role") == "img" and len(e.get("aria-label")) > 30 for e in panels), name
        figures += len(panels)
        math = list(root.iter(f"{MATHML}math"))
        assert all(e.get("alttext") for e in math), name
        formulas += len(math)
        said = " ".join(texts(root))
        assert not re.findall(r"\\(?:frac|partial|sum|mathrm|left)\b|\$\$", said), name
    assert figures > 15 and formulas > 1000


def texts(element):
    """Yield the texts below an element, code aside."""
    if element.tag not in (f"{XHTML}pre", f"{XHTML}code"):
        yield element.text or ""
        for child in element:
            yield from texts(child)
            yield child.tail or ""


# ------------------------------------------------------------------ the PDF, of two pages


@pytest.mark.site
@pytest.mark.browser
def test_the_pdf_has_outline_tags_alternatives_and_right_page_numbers(site, tmp_path, monkeypatch):
    if not installed():
        missing("no Chromium is installed, and none is named in the variable CHROMIUM")
    monkeypatch.setattr(volume, "order", lambda: iter([("index", ""), ("notation", "Reference")]))
    sources = []
    whole = pdf.whole
    monkeypatch.setattr(pdf, "whole", lambda *a: sources.append(whole(*a)) or sources[-1])
    with ThreadPoolExecutor(1) as apart:  # one thread drives one Chromium, and this has one
        apart.submit(pdf.write_pdf, site, tmp_path / "book.pdf").result()
    written = (tmp_path / "book.pdf").read_bytes()
    for mark in (b"/Type /Outlines", b"/StructTreeRoot", b"/Lang (en)"):
        assert mark in written
    named = sources[-1].count('role="img"')
    assert named > 50 and written.count(b"/Alt ") == named  # figures, and formulas by their TeX
    sheets = pdf.sheets_of_anchors(written)
    listed = re.findall(r'<p class=\w+><a href="#([\w-]+)">.*?<span>(\d+)</span>', sources[-1])
    assert len(listed) > 12 and listed == [(name, str(sheets[name])) for name, _ in listed]
    assert 2 < sheets["index"] < sheets["notation"] <= max(sheets.values())


@pytest.mark.site
def test_anchors_of_the_whole_are_unique_and_every_link_meets_one(site, monkeypatch):
    monkeypatch.setattr(volume, "order", lambda: iter([("forward", ""), ("notation", "")]))
    book = pdf.prepared(volume.read_book(site))
    soup = BeautifulSoup(pdf.whole(book, site, {}), "html.parser")
    ids = [tag["id"] for tag in soup.find_all(id=True)]
    assert len(ids) == len(set(ids))
    inside = [a["href"][1:] for a in soup.find_all("a", href=re.compile("^#"))]
    assert len(inside) > 40 and set(inside) <= set(ids)
