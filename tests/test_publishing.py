"""What a published site says of itself, and the workflow that publishes it."""

import re
from types import SimpleNamespace

import pytest
import yaml
from bs4 import BeautifulSoup
from docutils.core import publish_doctree
from PIL import Image
from sphinx.errors import ConfigError

from conftest import ROOT
from test_build import Book
from tools import publishing

pytestmark = pytest.mark.xdist_group("publishing")  # one worker builds the small site

WORKFLOW = ROOT / ".github" / "workflows" / "book.yml"
ADDRESS = "https://owner.example/book/"
TITLE = "Backpropagation through time"


# ------------------------------------------------------------------ descriptions


def described(text: str) -> str:
    settings = {"doctitle_xform": False}  # the title stays the title of a section
    page = publish_doctree(f"Title\n=====\n\n{text}", settings_overrides=settings)
    return publishing.description(page)


def test_a_page_is_described_by_its_question():
    assert described("*What is it?* More.\n\nOther.") == "What is it?"
    assert described("First.\n\n*What is it?*") == "What is it?"
    assert described("Words without a question.\n\nOther.") == "Words without a question."
    assert described("With :math:`x`.\n\nWithout.") == "Without."
    assert described(":math:`x`") == ""


def test_a_description_ends_with_a_sentence_or_a_word():
    one = "A sentence of some words. "
    assert described(one * 20) == (one * 7).strip()
    assert described("word " * 60) == "word " * 39 + "word …"


# ------------------------------------------------------------------ the address


def checked(address: str) -> str:
    config = SimpleNamespace(book_url=address)
    publishing.check_address(None, config)
    return config.html_baseurl


def test_an_address_ends_with_a_slash_and_none_stays_none():
    assert checked("https://owner.example/book") == checked(ADDRESS) == ADDRESS
    assert checked("https://owner.example") == "https://owner.example/"
    assert checked("") == ""


@pytest.mark.parametrize(
    "address", ["owner.example/book", "https://", "ftp://a.b/", "https://a/?x"]
)
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(ConfigError, match="BOOK_URL"):
        checked(address)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Site of a small book that knows its address."""
    book = Book(tmp_path_factory.mktemp("published"))
    book.page("a", prose="*What is a page?*")
    meta = "---\nmyst:\n  html_meta:\n    description: It says so.\n---\n"
    (book.root / "book" / "index.md").write_text(f"{meta}# Book\n\nText.\n", encoding="utf-8")
    status, printed, _ = book.build(
        BOOK_URL=ADDRESS, BOOK_REPOSITORY="https://github.com/owner/name"
    )
    assert status == 0, printed
    return book.root / "_build" / "html"


def head(path) -> dict[str, str]:
    """Return what a page's head says, by name of the property."""
    page = BeautifulSoup(path.read_text(encoding="utf-8").split("</head>")[0], "html.parser")
    tags = page.select("meta")
    found = {tag.get("property") or tag.get("name"): tag.get("content") for tag in tags}
    return found | {"canonical": [tag["href"] for tag in page.select('link[rel="canonical"]')]}


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("", ""),
        ("https://git.example/o/n", "https://git.example/o/n"),
        (
            "https://github.com/o/n",
            "https://github.com/o/n/issues/new?template=text.yml&place=a.html",
        ),
    ],
)
def test_an_error_is_reported_where_the_repository_is(address, link):
    assert publishing.report(SimpleNamespace(book_repository=address), "a") == link
    form = yaml.safe_load(
        (ROOT / ".github" / "ISSUE_TEMPLATE" / "text.yml").read_text(encoding="utf-8")
    )
    assert "place" in [field.get("id") for field in form["body"]]


@pytest.mark.site
def test_every_page_of_a_published_site_says_where_to_report_an_error(published):
    for name in ("index", "a", "b"):
        page = BeautifulSoup(
            (published / f"{name}.html").read_text(encoding="utf-8"), "html.parser"
        )
        (link,) = page.select("article .report a, .report a")
        assert link["href"].endswith(f"template=text.yml&place={name}.html")


@pytest.mark.site
def test_a_published_page_has_one_address_a_description_and_a_card(published):
    said = head(published / "a.html")
    assert said["canonical"] == [f"{ADDRESS}a.html"] and said["og:url"] == f"{ADDRESS}a.html"
    assert said["description"] == said["og:description"] == "What is a page?"
    assert said["og:title"] == "Page a" and said["og:type"] == "article"
    assert said["og:site_name"] == TITLE
    first = head(published / "index.html")
    assert first["og:type"] == "website"
    assert first["description"] == first["og:description"] == "It says so."
    assert said["twitter:card"] == "summary_large_image" and len(said["og:image:alt"]) > 50


@pytest.mark.site
def test_the_picture_of_a_card_is_there_and_as_large_as_it_says(published):
    said = head(published / "a.html")
    name = said["og:image"].removeprefix(ADDRESS)
    size = int(said["og:image:width"]), int(said["og:image:height"])
    with Image.open(published / name) as picture:
        assert picture.size == size == (1200, 630)


@pytest.mark.site
def test_the_map_of_a_published_site_names_every_page(published):
    places = re.findall("<loc>(.*?)</loc>", (published / "sitemap.xml").read_text(encoding="utf-8"))
    assert places == [f"{ADDRESS}{name}.html" for name in ("index", "a", "b")]
    assert f"Sitemap: {ADDRESS}sitemap.xml" in (published / "robots.txt").read_text(
        encoding="utf-8"
    )


@pytest.mark.site
def test_an_address_that_leads_nowhere_finds_back_from_any_depth(published):
    page = BeautifulSoup((published / "404.html").read_text(encoding="utf-8"), "html.parser")
    links = [a["href"] for a in page.select("a")]
    assert links == ["/book/index.html", "/book/a.html", "/book/b.html"]
    assert TITLE in page.title.get_text() and TITLE in page.p.get_text()
    assert not page.select("link, script, img")  # a relative address would depend on the depth


@pytest.mark.site
def test_without_an_address_nothing_claims_one(site):
    known = (site / "sitemap.xml").exists()  # the workflow tests the site that it publishes
    assert (site / "robots.txt").exists() == (site / "social.png").exists() == known
    pages = [path for path in site.glob("*.html") if path.stem not in ("404", "search")]
    for path in pages:
        said = head(path)
        assert len(said["canonical"]) == known and ("og:image" in said) == known
        assert 15 < len(said["description"]) <= publishing.LONGEST + 2, path.name
    assert not [path.name for path in pages if "name not set" in path.read_text(encoding="utf-8")]
    lost = BeautifulSoup((site / "404.html").read_text(encoding="utf-8"), "html.parser")
    assert bool(lost.select("a")) == known


# ------------------------------------------------------------------ the workflow


@pytest.fixture(scope="module")
def workflow():
    return yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_a_job_may_do_no_more_than_it_must(workflow):
    assert workflow["permissions"] == {"contents": "read"}
    allowed = {name: job.get("permissions") for name, job in workflow["jobs"].items()}
    assert allowed == {
        "book": None,
        "links": None,
        "site": {"pages": "write", "id-token": "write"},
        "notebooks": {"contents": "write"},
    }
    for name in ("site", "notebooks"):  # only the main branch, and only after the tests
        job = workflow["jobs"][name]
        assert job["needs"] == "book" and "refs/heads/main" in job["if"]


def test_the_workflow_tells_the_build_its_addresses(workflow):
    told = workflow["jobs"]["book"]["env"]
    assert set(told) == {"BOOK_URL", "BOOK_REPOSITORY"}


def test_the_workflow_runs_every_test(workflow):
    assert ".ci/run" in [step.get("run") for step in steps(workflow)]
