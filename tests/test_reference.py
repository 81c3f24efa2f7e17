"""The reference of the package in the book, and the way from an equation to its code and back."""

import gzip
import inspect
import json
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import bptt_lab
from conftest import ROOT
from parsed import by_id, parse
from tools import api, equations

pytestmark = pytest.mark.xdist_group("pages")  # one worker parses the pages, not each

PAGES = sorted((ROOT / "book").glob("api*.md"))
MODULES = {
    module: path.stem
    for path in PAGES
    for module in re.findall(r"automodule:: (\S+)", path.read_text(encoding="utf-8"))
}
HEAVIEST = 350_000  # bytes that a page may weigh with its styles and scripts, compressed


computed, checked = cache(equations.computed), cache(equations.tested)


def read(page: str) -> str:
    return (ROOT / "book" / page).read_text(encoding="utf-8")


@cache
def names() -> list[tuple[str, str]]:
    """Return module and name of all that the pages show."""
    return [(module, name) for module in MODULES for name in api.public(module)]


# ------------------------------------------------------------------------- what is in it


def test_every_public_name_of_the_package_has_its_place():
    shown = [getattr(import_module(module), name) for module, name in names()]
    lost = {n for n in bptt_lab.__all__ if not any(getattr(bptt_lab, n) is v for v in shown)}
    assert not lost, f"no page book/api*.md shows the module of {lost}"


def test_every_public_function_has_an_example():
    functions = {
        name: value
        for module, name in names()
        if inspect.isfunction(value := getattr(import_module(module), name))
        and module != "bptt_lab.reference"  # which is an example in itself
    }
    assert len(functions) > 40
    assert not [name for name, value in functions.items() if ">>> " not in inspect.getdoc(value)]


def test_the_list_of_equations_has_every_page_that_has_some():
    listed = re.findall(r"\{equations\} (\S+)", read("equations.md"))
    assert {page.removesuffix("-exercises") for page in equations.numbered().values()} == set(
        listed
    )


def test_a_plain_formula_is_text_and_a_label_a_link():
    lines = ["||W||_2 of W_x? and b_, ``|a|_`` (eq-lstm).", "", ">>> |a|_", "eq-lstm", "", "|b|"]
    assert list(api.readable(lines)) == [
        r"\|\|W\|\|_2 of W_x? and b\_, ``|a|_`` :eq:`eq-lstm`.",
        "",
        ">>> |a|_",
        "eq-lstm",
        "",
        r"\|b\|",
    ]


# ------------------------------------------------------------------------- in the built book


@pytest.mark.site
def test_every_name_is_shown_once_with_its_source(site):
    for module, name in names():
        page = by_id(site / f"{MODULES[module]}.html")
        value = getattr(import_module(module), name)
        if not (inspect.isclass(value) or inspect.isroutine(value)):
            continue
        shown = page[f"{module}.{name}"]
        assert shown.name == "dt"
        source = shown.select_one("a:has(.viewcode-link)")["href"]
        path, anchor = source.split("#")
        target = by_id((site / path).resolve())
        assert anchor in target, source
        back = target[anchor].select_one("a.viewcode-back")["href"]
        assert back.endswith(f"{MODULES[module]}.html#{module}.{name}")


@pytest.mark.site
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_name_and_field_says_what_it_is(site, path):
    for shown in parse(site / f"{path.stem}.html").select("dl.py > dt.sig"):
        said = shown.find_next_sibling("dd").get_text(" ", strip=True)
        assert said and not said.startswith("Alias for field"), shown["id"]


@pytest.mark.site
@pytest.mark.parametrize("page", sorted(set(equations.numbered().values())))
def test_beside_an_equation_stand_its_code_and_its_test(site, page):
    labels = [label for label, where in equations.numbered().items() if where == page]
    for label in labels:
        shown = by_id(site / f"{page}.html")[f"equation-{label}"]
        line = shown.find_next_sibling()
        links = [a["href"] for a in line.select("a")]
        assert line["class"] == ["equation-code"], label
        assert links[-1] == f"equations.html#of-{label}" and checked()[label]
        assert all(link.startswith("api-") for link in links[:-1])
        public = [p for p in computed().get(label, ()) if is_shown(p.name)]
        assert len(links) - 1 == len(public), label


def is_shown(name: str) -> bool:
    """Tell whether the reference has a definition, which it may show under another name."""
    return any(
        name == true or name.startswith(f"{true}.")
        for module, shown in names()
        if hasattr(value := getattr(import_module(module), shown), "__qualname__")
        for true in (f"{value.__module__}.{value.__qualname__}",)
    )


@pytest.mark.site
def test_the_list_of_equations_has_each_with_its_tests(site):
    page = by_id(site / "equations.html")
    for label in equations.numbered():
        row = page[f"of-{label}"]
        assert re.fullmatch(r"\(\d+(\.\d+)?\)", row.a.get_text()), label
        assert row.a["href"].endswith(f"#equation-{label}")
        named = [summary.code.get_text() for summary in row.select("summary")]
        assert named == [place.name.rpartition(".")[2] for place in checked()[label]]
        assert all(text.select_one(".highlight pre") for text in row.select("details"))


@pytest.mark.site
def test_a_docstring_leads_to_its_equations(site):
    entry = parse(site / "api-time.html").find(id="bptt_lab.bptt.backward").find_next_sibling("dd")
    targets = {a["href"] for a in entry.select("a.reference") if "equation" in a["href"]}
    assert "bptt.html#equation-eq-bptt-recursion" in targets
    for path in site.glob("api*.html"):
        text = parse(path).find("article").get_text()
        assert not equations.LABEL.findall(text), path.name


@pytest.mark.site
def test_names_in_code_lead_to_the_reference_and_the_first_is_a_stop_for_the_tab_key(site):
    for name in ("forward", "vanishing", "lstm"):
        links = parse(site / f"{name}.html").select("pre a.sphinx-codeautolink-a")
        targets = [a["href"] for a in links]
        assert len(links) > 30 and all(t.startswith("api") for t in targets)
        stops = [a["href"] for a in links if a.get("tabindex") != "-1"]
        assert len(stops) == len(set(stops)) == len(set(targets))


@pytest.mark.site
def test_only_words_with_a_colour_have_a_span(site):
    spans = parse(site / "forward.html").select(".highlight pre span[class]")
    assert len(spans) > 500
    assert not {"n", "p", "w", "nn"} & {span["class"][0] for span in spans}
    css = (site / "_static" / "pygments.css").read_text(encoding="utf-8")
    for mode in ("light", "dark"):  # and what has none has the colour of code
        looks = [
            re.search(rf'"{mode}"\] .highlight{of} {{ .*?\bcolor: (#\w+)', css)
            for of in ("", " .n", " .p", " .w")
        ]
        assert len({look[1] for look in looks}) == 1


@pytest.mark.site
def test_links_in_code_change_nothing_but_code(site):
    text = (site / "forward.html").read_text(encoding="utf-8")
    assert "viewBox" in text and "viewbox" not in text


@pytest.mark.site
def test_it_stands_under_reference_and_is_nothing_to_be_done(site):
    sidebar = parse(site / "index.html").select_one(".bd-links")
    caption = next(p for p in sidebar.select("p.caption") if p.get_text() == "Reference")
    listed = {a["href"] for a in caption.find_next_sibling("ul").select("a")}
    assert {"api.html", "equations.html", *(f"{path.stem}.html" for path in PAGES)} <= listed
    contents = (site / "_static" / "contents.js").read_text(encoding="utf-8")
    pages = json.loads(contents.removeprefix("window.BOOK = ").rstrip(";\n"))
    assert not [page for page in pages if page.startswith(("api", "equations"))]


@pytest.mark.site
def test_the_index_of_the_search_has_the_names(site):
    text = (site / "_static" / "search-list.js").read_text(encoding="utf-8")
    index = json.loads(text.removeprefix("window.BOOK_TEXTS = ").removesuffix(";\n"))
    found = {entry["address"].split("#")[1] for page in index for entry in page["entries"]}
    shown = {f"{m}.{n}" for m, n in names() if inspect.isroutine(getattr(import_module(m), n))}
    assert shown <= found


def weight(path: Path) -> int:
    """Bytes of a page with its styles and scripts, compressed."""
    page = parse(path)
    asked = [tag["href"] for tag in page.select('link[rel="stylesheet"]')]
    asked += [tag["src"] for tag in page.select("script[src]")]
    files = [path, *((path.parent / urlsplit(name).path).resolve() for name in asked)]
    return sum(len(gzip.compress(file.read_bytes())) for file in files)


@pytest.mark.site
def test_no_page_is_heavier_than_its_bound(site):
    heavy = {path.name: weight(path) for path in site.rglob("*.html")}
    assert heavy.pop("search.html") < 400_000  # it holds what is found in all the others
    assert not {name: size for name, size in heavy.items() if size > HEAVIEST}
