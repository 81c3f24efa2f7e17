"""The built site, read from disk: links, addresses, text alternatives, and what is shipped."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from parsed import parse
from tools.book_site import APART

# One worker parses the pages, not each.
pytestmark = [pytest.mark.site, pytest.mark.xdist_group("pages")]
# Attributes that make a browser ask for something, unlike the href of a link that a reader follows.
REQUESTS = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src"}


@cache
def anchors(path: Path) -> set[str]:
    return {tag["id"] for tag in parse(path).find_all(id=True)}


@pytest.fixture(scope="session")
def pages(site):
    found = sorted(site.glob("*.html"))
    assert {"index", "notation", "forward", "vanishing", "search"} <= {p.stem for p in found}
    return found


def requests(page: BeautifulSoup) -> list[str]:
    """Everything that a page asks for by an attribute, its own data aside."""
    tags = [tag for tag in page.find_all(list(REQUESTS)) if tag.get("rel") != ["canonical"]]
    named = [tag.get(REQUESTS[tag.name]) for tag in tags]
    named += [tag["data-src"] for tag in page.find_all("script", attrs={"data-src": True})]
    named += [
        m for tag in page.find_all(style=True) for m in re.findall(r"url\(([^)]+)\)", tag["style"])
    ]
    return [address for address in named if address and not address.startswith(("data:", "#"))]


def test_pages_ask_for_nothing_outside(pages):
    asked = [address for path in pages for address in requests(parse(path))]
    assert asked
    assert not [
        address for address in asked if urlsplit(address).scheme or address.startswith("//")
    ]


def test_styles_ask_for_nothing_outside(site):
    sheets = list(site.rglob("*.css"))
    named = [
        u.strip("\"'")
        for s in sheets
        for u in re.findall(r"url\(([^)]+)\)", s.read_text(encoding="utf-8"))
    ]
    assert named
    assert not [u for u in named if re.match(r"(?!data:)[a-z]+:|//", u)]
    imported = [
        m for s in sheets for m in re.findall(r"@import ([^;]+)", s.read_text(encoding="utf-8"))
    ]
    assert not [name for name in imported if "//" in name]


def test_scripts_ask_for_nothing_outside(site, pages):
    texts = [
        script.read_text(encoding="utf-8")
        for script in site.rglob("*.js")
        if script.name != "search-list.js"  # the words of the book, and no code
    ]
    texts += [tag.get_text() for path in pages for tag in parse(path).find_all("script", src=False)]
    for text in texts:
        calls = re.findall(
            r"(?:fetch|import|importScripts|XMLHttpRequest|sendBeacon)\s*\(([^)]*)\)", text
        )
        assert not [call for call in calls if "://" in call or call.startswith(('"//', "'//"))]


def test_links_lead_somewhere(pages):
    dead = []
    for path in pages:
        for tag in parse(path).find_all(href=True):
            parts = urlsplit(tag["href"])
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                dead.append((path.name, tag["href"]))
                continue
            is_page = parts.fragment and target.suffix == ".html"
            if is_page and unquote(parts.fragment) not in anchors(target):
                dead.append((path.name, tag["href"]))
    assert not dead


def test_everything_named_is_shipped_and_everything_shipped_is_named(site, pages):
    named = {(p.parent / urlsplit(a).path).resolve() for p in pages for a in requests(parse(p))}
    assert not [target for target in named if not target.is_file()]
    beneath = {f for css in site.rglob("*.css") for f in files_of(css)}
    shipped = {p.resolve() for p in (site / "_static").rglob("*") if p.is_file()}
    for_paper = {(site / "_static" / name).resolve() for name in APART}
    assert shipped <= named | beneath | for_paper


def files_of(css: Path) -> set[Path]:
    """Fonts and further styles that a style sheet names."""
    text = css.read_text(encoding="utf-8")
    found = re.findall(r"url\(([^)]+)\)", text) + re.findall(r"@import ([^;]+)", text)
    return {(css.parent / u.strip("\"'")).resolve() for u in found if not u.startswith('"data:')}


def test_pictures_have_a_text_alternative(pages):
    for path in pages:
        for tag in parse(path).find_all("img"):
            alt = tag.get("alt", "").strip()
            assert alt and not re.fullmatch(r"\S+\.(png|svg|jpe?g)", alt), (
                path.name,
                str(tag)[:200],
            )
        for svg in parse(path).select("article figure svg, .cell_output svg"):
            around = [svg, *svg.parents]
            labelled = [t for t in around if t.get("aria-label") or t.get("aria-labelledby")]
            hidden = [t for t in around if t.get("aria-hidden") == "true"]
            assert labelled or hidden, (path.name, str(svg)[:200])


def test_ids_are_unique_and_labels_point_at_them(pages):
    for path in pages:
        ids = [tag["id"] for tag in parse(path).find_all(id=True)]
        assert len(ids) == len(set(ids)), (path.name, {i for i in ids if ids.count(i) > 1})
        for attribute in ("aria-labelledby", "aria-describedby", "for"):
            for tag in parse(path).find_all(attrs={attribute: True}):
                assert set(tag[attribute].split()) <= set(ids), (path.name, str(tag)[:200])


def test_a_page_says_what_it_is_about(pages):
    titles = [parse(path).title.get_text() for path in pages]
    assert len(set(titles)) == len(titles)
    for path in pages:
        if parse(path).find("article") and path.stem != "search":
            about = parse(path).find_all("meta", attrs={"name": "description"})
            assert len(about) == 1 and len(about[0]["content"]) > 15, path.name


def test_no_line_ends_between_a_formula_and_its_punctuation(pages):
    for path in pages:
        loose = [
            str(after)[:20]
            for formula in parse(path).select("article span.math")
            if isinstance(after := formula.next_sibling, str) and re.match(r"[.,;:!?)]", after)
            if "together" not in formula.parent.get("class", [])
        ]
        assert not loose, (path.name, loose[:5])


def test_math_is_rendered_and_without_errors(pages):
    assert sum(len(parse(path).select(".katex")) for path in pages) > 100
    assert not [path.name for path in pages if parse(path).select(".katex-error, .MathJax")]
    # What is left of unrendered math would show as raw LaTeX.
    for path in pages:
        article = parse(path).find("article")
        for tag in article.select("pre, code, script, .katex, style") if article else []:
            tag.decompose()
        text = article.get_text() if article else ""
        assert not re.findall(r"\\(?:frac|partial|sum|mathrm|left)\b|\$\$", text), path.name
    parse.cache_clear()


def test_nothing_tells_of_the_machine_that_built_it(site):
    root = str(Path(__file__).resolve().parent.parent)
    for path in site.rglob("*"):
        if path.is_file() and path.suffix in {".html", ".js", ".css", ".md", ".ipynb"}:
            assert root not in path.read_text(encoding="utf-8"), path.name


def test_no_widget_manager_and_no_widget_state(pages):
    for path in pages:
        text = path.read_text(encoding="utf-8")
        for unwanted in ("application/vnd.jupyter.widget-state+json", "requirejs", "html-manager"):
            assert unwanted not in text, path.name
