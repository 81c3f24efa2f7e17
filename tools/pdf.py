"""Print the built site as one PDF. Called by `make pdf` with the site's folder and the file."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

import matplotlib
from playwright.sync_api import Page as Tab
from playwright.sync_api import sync_playwright

from tools.chromium import FLAGS, installed
from tools.volume import Book, Page, leave_answers_out, point_links, read_book

STYLES = Path(__file__).resolve().parent / "styles"
FONTS = {  # of matplotlib, so that every machine prints the same
    ("Text", "normal", 400): "STIXGeneral",
    ("Text", "italic", 400): "STIXGeneralItalic",
    ("Text", "normal", 700): "STIXGeneralBol",
    ("Text", "italic", 700): "STIXGeneralBolIta",
    ("Figures", "normal", 400): "DejaVuSans",
    ("Figures", "italic", 400): "DejaVuSans-Oblique",
    ("Figures", "normal", 700): "DejaVuSans-Bold",
    ("Code", "normal", 400): "DejaVuSansMono",
    ("Code", "italic", 400): "DejaVuSansMono-Oblique",
    ("Code", "normal", 700): "DejaVuSansMono-Bold",
}
TEXT_WIDTH = 643  # pixels: the 170 mm that pdf.css leaves of a sheet of A4

# What Chromium writes: a sheet, and an anchor with the number of its sheet.
SHEET = rb"\n(\d+) 0 obj\n<</Type /Page\n"
ANCHOR = rb"/([\w-]+) \[(\d+) 0 R /XYZ"

# What is wider than the text would be cut off.
FIT = """() => {
  for (const box of document.querySelectorAll(".katex-display, table, p > .math")) {
    const room = box.parentElement.clientWidth;
    const wide = Math.max(box.scrollWidth, box.getBoundingClientRect().width);
    if (room && wide > room + 1) box.style.fontSize = `${Math.floor((98 * room) / wide)}%`;
  }
}"""


# ------------------------------------------------------------------ one page of HTML


def anchor(page: str, name: str = "") -> str:
    """Return the id that an anchor of a page has in the whole."""
    return f"{page}--{name}" if name else page


def name_ids(page: Page) -> None:
    """Give the ids of a page the page's name, since all pages become one."""
    for tag in [page.body, *page.body.find_all(True)]:
        if tag.get("id") and not tag.find_parent("svg"):
            tag["id"] = anchor(page.name, tag["id"])
        for attribute in ("aria-labelledby", "aria-describedby"):
            if tag.get(attribute):
                named = tag[attribute].split()
                tag[attribute] = " ".join(anchor(page.name, name) for name in named)


def name_pictures(page: Page) -> None:
    """See to it that a screen reader is told of figures and formulas; the latter by their TeX.

    The MathML of a formula, which is invisible in a browser, would be text of the PDF.
    """
    for formula in page.body.select(".katex"):
        formula["role"], formula["aria-label"] = "img", formula.annotation.get_text()
        formula.select_one(".katex-mathml").decompose()
    # Chromium forgets the name of a picture of which a part is hidden from screen readers.
    for hidden in page.body.select('[role="img"] [aria-hidden]'):
        del hidden["aria-hidden"]


def font_faces() -> str:
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return "".join(
        f"@font-face {{ font-family: {family}; font-style: {style}; font-weight: {weight};"
        f' src: url("{(folder / file).as_uri()}.ttf"); }}\n'
        for (family, style, weight), file in FONTS.items()
    )


def running_heads(book: Book) -> str:
    """Return the rules that print the title of a chapter above its pages."""
    return "".join(
        f"@page {page.name} {{ @top-left {{ content: {json.dumps(page.title)}; }} }}\n"
        for page in book.pages
    )


def contents(book: Book, numbers: dict[str, int]) -> str:
    """Return the table of contents; the numbers are those of the sheets, by anchor."""
    lines = []
    for page in book.pages:
        if page.caption:
            lines.append(f"<p class=part>{escape(page.caption)}</p>")
        lines.append(line("chapter", page.name, page.title, numbers))
        lines += [line("section", name, title, numbers) for name, title in page.sections()]
    return f'<nav id="contents"><h1>Contents</h1>{"".join(lines)}</nav>'


def line(kind: str, target: str, title: str, numbers: dict[str, int]) -> str:
    number = numbers.get(target, "")
    return f'<p class={kind}><a href="#{target}">{escape(title)}<span>{number}</span></a></p>'


def cover(book: Book) -> str:
    said = [f"Version {book.version}", book.licence]
    return f"""<section id="cover">
<h1>{escape(book.title)}</h1>
<p>{escape(book.subtitle)}</p>
<p class="author">{escape(book.author)}</p>
{"".join(f"<p class=small>{escape(text)}</p>" for text in said)}
</section>"""


def whole(book: Book, site: Path, numbers: dict[str, int]) -> str:
    """Return the whole book as one page of HTML."""
    sheets = [(STYLES / name).read_text(encoding="utf-8") for name in ("volume.css", "pdf.css")]
    styles = "".join([font_faces(), *sheets, running_heads(book)])
    chapters = "".join(
        f'<div class="chapter" id="{page.name}" style="page: {page.name}">{page.body}</div>'
        for page in book.pages
    )
    return f"""<!DOCTYPE html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<title>{escape(book.title)}</title>
<meta name="author" content="{escape(book.author)}">
<link rel="stylesheet" href="{site.as_uri()}/_static/pygments.css">
<link rel="stylesheet" href="{site.as_uri()}/_static/katex/katex.min.css">
<style>{styles}</style>
</head>
<body>{cover(book)}{contents(book, numbers)}{chapters}</body>
</html>"""


# ------------------------------------------------------------------ paper


def sheets_of_anchors(pdf: bytes) -> dict[str, int]:
    """Return the number of the sheet on which each anchor stands.

    Chromium writes the sheets in order, and their numbers and the anchors as plain text.
    """
    sheets = {number: i for i, number in enumerate(re.findall(SHEET, pdf), start=1)}
    return {name.decode(): sheets[number] for name, number in re.findall(ANCHOR, pdf)}


def print_page(tab: Tab, text: str, folder: Path) -> bytes:
    source = folder / "book.html"
    source.write_text(text, encoding="utf-8")
    tab.goto(source.as_uri())
    tab.evaluate("document.fonts.ready")
    tab.evaluate(FIT)
    return tab.pdf(prefer_css_page_size=True, outline=True, tagged=True)


def prepared(book: Book) -> Book:
    """Return a book with ids, links and names of formulas as the one page needs them."""
    point_links(book, lambda page, name: f"#{anchor(page, name)}")
    for page in book.pages:
        name_ids(page)
        name_pictures(page)
    return book


@contextmanager
def printer() -> Iterator[Tab]:
    """Yield a tab of a Chromium that shows what paper will."""
    if not installed():
        sys.exit("a PDF needs Chromium: install one, or name it in the variable CHROMIUM")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=installed(), args=FLAGS)
        tab = browser.new_page(viewport={"width": TEXT_WIDTH, "height": 900})
        tab.emulate_media(media="print")
        yield tab
        browser.close()


def write_book(tab: Tab, book: Book, site: Path, target: Path) -> None:
    """Print twice: the table of contents gets its numbers from the first print."""
    with tempfile.TemporaryDirectory() as scratch:
        draft = print_page(tab, whole(book, site, {}), Path(scratch))
        pdf = print_page(tab, whole(book, site, sheets_of_anchors(draft)), Path(scratch))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(pdf)


def write_pdf(site: Path, target: Path) -> None:
    """Print the whole book."""
    with printer() as tab:
        write_book(tab, prepared(read_book(site)), site.resolve(), target)


def write_chapters(site: Path, folder: Path, chapters: Iterable[str]) -> Iterator[Path]:
    """Print each chapter with its exercises, once without answers and once with them."""
    with printer() as tab:
        for chapter in chapters:
            for answered in (False, True):
                target = folder / f"{chapter}{'-answers' * answered}.pdf"
                book = read_book(site, (chapter, f"{chapter}-exercises"))
                if not answered:
                    leave_answers_out(book)
                write_book(tab, prepared(book), site.resolve(), target)
                yield target


if __name__ == "__main__":
    site, target = map(Path, sys.argv[1:])
    write_pdf(site, target)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
