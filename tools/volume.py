"""The built site as one volume, for the PDF and the ePub, without what only a browser can use.

The pages are those of the site, so that nothing is executed, rendered or numbered twice. A slider
becomes its setting, a form a list. Answers of quizzes and solutions of exercises move to the end of
their page; hints and folded code are unfolded.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag

ROOT = Path(__file__).resolve().parent.parent
ONLY_IN_A_BROWSER = {"progress", "api", "equations"}  # with what the contents have beneath them
DROPPED = (
    "script, style, button, template, section.live, .headerlink, .feedback, .toctree-wrapper,"
    " .explorer details, .explorer .note, .explorer .status, .explorer .presets,"
    " .sd-summary-state-marker, .exercise-done, .equation-code, .paths, .fold-line.core, .rests-on"
)


@dataclass
class Page:
    """A page of the volume."""

    name: str
    caption: str  # the part of the book that begins with it, if one does
    title: str  # with its number
    body: Tag

    def sections(self) -> Iterator[tuple[str, str]]:
        """Yield anchor and title of the sections of the page's first level."""
        for heading in self.body.select("section > section > h2"):
            yield heading.parent["id"], words(heading)


@dataclass
class Book:
    """What the volume is called, and by whom it is."""

    title: str
    author: str
    version: str
    subtitle: str
    licence: str
    pages: list[Page]


# ------------------------------------------------------------------ reading


def read_book(site: Path, names: Collection[str] | None = None) -> Book:
    """Return the book of a built site, or some of its pages, by name."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return Book(
        title=config["title"],
        author=config["author"],
        version=project["version"],
        subtitle="An executable book, and the package bptt_lab",
        licence=config["sphinx"]["config"]["html_theme_options"]["extra_footer"].strip(),
        pages=[read_page(site, *where) for where in order() if names is None or where[0] in names],
    )


def order() -> Iterator[tuple[str, str]]:
    """Yield the names of the pages in order, each with the caption of the part that it begins."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    yield toc["root"], ""
    for part in toc.get("parts", [toc]):
        caption = part.get("caption", "")
        for name in files(part["chapters"]):
            yield name, caption
            caption = ""


def files(entries: list[dict]) -> Iterator[str]:
    """Yield the names of the pages of a part, each before those beneath it."""
    for entry in entries:
        if entry["file"] not in ONLY_IN_A_BROWSER:
            yield entry["file"]
            yield from files(entry.get("sections", []))


def read_page(site: Path, name: str, caption: str) -> Page:
    """Return a page of the site, ready to be bound."""
    path = site / f"{name}.html"
    if not path.exists():
        raise SystemExit(f"{path} is missing: run `make book` first")
    text = path.read_text(encoding="utf-8")
    soup = BeautifulSoup(text, "html.parser")
    body = soup.select_one("article > section")
    restore_case(body, text)
    formulas = set_aside(body, soup)
    tidy(body, soup)
    gather_answers(body, soup)
    title = words(body.h1)
    for place, formula in formulas:
        if place.parent:  # it was not dropped
            place.replace_with(formula)
    return Page(name, caption, title, body)


def set_aside(body: Tag, soup: BeautifulSoup) -> list[tuple[Tag, Tag]]:
    """Put its text in place of each formula, in which most elements are, for a time."""
    aside = []
    for formula in body.find_all(class_="katex"):
        place = soup.new_tag("span")
        place.string = formula.find(class_="katex-html", recursive=False).get_text(" ", strip=True)
        formula.replace_with(place)
        aside.append((place, formula))
    return aside


def restore_case(body: Tag, text: str) -> None:
    """Give elements and attributes of SVG their capitals back, which the parser takes from them."""
    cased = {name.lower(): name for name in re.findall(r"[<\s]([a-z]+[A-Z]\w*)(?=[\s=/>])", text)}
    for drawing in body.find_all("svg"):
        for tag in (drawing, *drawing.find_all(True)):
            tag.name = cased.get(tag.name, tag.name)
            tag.attrs = {cased.get(name, name): value for name, value in tag.attrs.items()}


def words(tag: Tag) -> str:
    """Return the text of a heading; a formula counts once, not once more as MathML."""
    parts = (
        text.strip()
        for text in tag.find_all(string=True)
        if not text.find_parent(class_="katex-mathml") and not text.find_parent("annotation")
    )
    return re.sub(r"\s+", " ", " ".join(filter(None, parts)))


# ------------------------------------------------------------------ what a browser did


def tidy(body: Tag, soup: BeautifulSoup) -> None:
    """Leave out or unfold what cannot be operated."""
    for number in body.select(".section-number"):
        number.string = number.get_text(strip=True) + " "
    for controls in body.select(".explorer .controls"):
        controls.replace_with(paragraph(soup, "setting", setting(controls)))
    for tag in body.select(DROPPED):
        tag.decompose()
    for tag in body.select("input"):
        tag.decompose()
    for tag in body.select(".question label"):
        tag.unwrap()
    for folded in body.select("details > noscript"):
        folded.unwrap()
    for details in body.select("details"):
        unfold(details, soup)
    renamed = {"form": "div", "fieldset": "div", "legend": "p"}
    for tag in body.find_all(list(renamed)):
        tag.name = renamed[tag.name]
    for tag in body.select("tbody"):
        tag.attrs = {}
    for caption in body.select("figcaption"):
        del caption["data-longest"]


def setting(controls: Tag) -> str:
    """Return what the controls of an explorer are set to."""
    said = []
    for control in controls.select(".control"):
        name = control.select_one("label > span, legend").get_text(" ", strip=True)
        chosen = control.select_one("label:has(:checked)") or control.output
        said.append(f"{name}: {chosen.get_text(' ', strip=True)}")
    return "Shown: " + "; ".join(said)


def unfold(details: Tag, soup: BeautifulSoup) -> None:
    """Replace folded text by a block with its title, and folded code by the code."""
    title = details.summary.select_one(".collapsed, .sd-summary-text") or details.summary
    text = title.get_text(" ", strip=True)
    details.summary.decompose()
    if "hide" in details.get("class", []) and not text.startswith(("Solution", "✓")):
        details.unwrap()
        return
    details.name = "div"
    details["class"] = ["answers" if "answers" in details.get("class", []) else "unfolded"]
    if text.startswith("Solution"):
        details["class"] = ["solution"]
    if "answers" not in details["class"]:
        details.insert(0, paragraph(soup, "unfolded-title", text))


def paragraph(soup: BeautifulSoup, kind: str, text: str) -> Tag:
    """Return a paragraph of a class."""
    made = soup.new_tag("p", attrs={"class": kind})
    made.string = text
    return made


# ------------------------------------------------------------------ answers and solutions


def gather_answers(body: Tag, soup: BeautifulSoup) -> None:
    """Move the answers of a page to its end, with links to and fro."""
    found = body.select(".answers, .solution")
    if not found:
        return
    end = soup.new_tag("section", id="answers-and-solutions")
    heading = soup.new_tag("h2")
    heading.string = "Answers and solutions"
    end.append(heading)
    at = None
    for answer in found:
        asked = answer.find_parent(class_="question") or answer.find_parent("section")
        if asked is not at:
            at = asked
            end.append(entry(asked, answer, soup))
        end.append(answer.extract())
    body.append(end)


def leave_answers_out(book: Book) -> None:
    """Take the answers and solutions from a book, and the links to them."""
    for page in book.pages:
        for part in page.body.select("#answers-and-solutions, p.see"):
            part.decompose()


def entry(asked: Tag, answer: Tag, soup: BeautifulSoup) -> Tag:
    """Return the heading of an answer, a link to its question, and link there to it."""
    title = words(asked.find(["p", "h2", "h3", "h4"]))
    heading = soup.new_tag("h3", id=f"answer-{asked['id']}")
    heading.append(link(soup, f"#{asked['id']}", title))
    kind = "Answer" if "answers" in answer["class"] else "Solution"
    there = paragraph(soup, "see", "")
    there.append(link(soup, f"#{heading['id']}", kind))
    answer.insert_before(there)
    return heading


def link(soup: BeautifulSoup, target: str, text: str) -> Tag:
    """Return a link."""
    made = soup.new_tag("a", href=target)
    made.string = text
    return made


# ------------------------------------------------------------------ links


def point_links(book: Book, where: Callable[[str, str], str]) -> None:
    """Let every link to a page of the volume point to where it is; `where(page, anchor)` tells.

    A link to another file of the site, which is not in the volume, becomes plain text.
    """
    names = {page.name for page in book.pages}
    for page in book.pages:
        for tag in page.body.find_all("a", href=True):
            parts = urlsplit(tag["href"])
            if parts.scheme or parts.netloc:
                continue
            name = re.sub(r"\.html$", "", unquote(parts.path)) or page.name
            if name in names:
                tag["href"] = where(name, unquote(parts.fragment))
            else:
                tag.unwrap()
