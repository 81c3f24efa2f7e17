"""Bind the built site as an ePub. Called by `make epub` with the site's folder and the file.

The formulas are the MathML that KaTeX wrote beside its HTML, the figures are SVG. There is no
script in it, and no address that a reading system would have to ask.
"""

from __future__ import annotations

import os
import sys
import tempfile
import uuid
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from tools import cover
from tools.volume import Book, Page, point_links, read_book

STYLES = Path(__file__).resolve().parent / "styles"
CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles>
<rootfile full-path="book/book.opf" media-type="application/oebps-package+xml"/>
</rootfiles>
</container>"""
# After a name as index KaTeX writes the sign of application, a child more than there may be.
APPLY = "\N{FUNCTION APPLICATION}"
FIXED_NUMBER_OF_CHILDREN = {"msub", "msup", "msubsup", "munder", "mover", "munderover", "mfrac"}
ACCESSIBILITY = {
    "accessMode": ["textual", "visual"],
    "accessModeSufficient": ["textual"],
    "accessibilityFeature": [
        "alternativeText", "MathML", "structuralNavigation", "tableOfContents", "readingOrder",
    ],
    "accessibilityHazard": ["none"],
    "accessibilitySummary": [
        "Formulas are MathML, with their TeX as alternative text. Figures have text alternatives."
    ],
}  # fmt: skip


# ------------------------------------------------------------------ pages


def to_xhtml(page: Page) -> None:
    """Make the body of a page what XHTML allows."""
    for formula in page.body.select(".katex"):
        math, tex = formula.math, formula.annotation.extract()
        math["alttext"] = tex.get_text()
        math.semantics.unwrap()
        for sign in math.find_all("mo", string=APPLY):
            if sign.parent.name in FIXED_NUMBER_OF_CHILDREN:
                sign.decompose()
        formula.replace_with(math)
    for row in page.body.select("mo mrow"):  # of \bmod; a sign is text alone
        if sign := row.find_parent("mo"):  # which no row before has taken it from
            sign.string = sign.get_text()
    for line in page.body.select("svg path:not([d])"):  # of an explorer, empty in its first setting
        line.decompose()
    for drawing in page.body.find_all("svg"):
        drawing["xmlns"] = "http://www.w3.org/2000/svg"


def document(title: str, body: str) -> str:
    return f"""<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"
 lang="en" xml:lang="en">
<head><title>{escape(title)}</title><link rel="stylesheet" type="text/css" href="book.css"/></head>
<body>{body}</body>
</html>"""


def title_page(book: Book) -> str:
    lines = [book.subtitle, book.author, f"Version {book.version}", book.licence]
    said = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return document(book.title, f"<section><h1>{escape(book.title)}</h1>{said}</section>")


def navigation(book: Book) -> str:
    """Return the table of contents, two levels deep."""
    entries = []
    for page in book.pages:
        file = f"{page.name}.xhtml"
        inner = "".join(entry(f"{file}#{name}", title) for name, title in page.sections())
        entries.append(entry(file, page.title, f"<ol>{inner}</ol>" if inner else ""))
    listed = f'<nav epub:type="toc" id="toc"><h1>Contents</h1><ol>{"".join(entries)}</ol></nav>'
    return document("Contents", listed)


def entry(target: str, title: str, inner: str = "") -> str:
    return f'<li><a href="{escape(target)}">{escape(title)}</a>{inner}</li>'


def styles(site: Path) -> str:
    """Return the style sheet, with the site's colours of code."""
    code = (site / "_static" / "pygments.css").read_text(encoding="utf-8").splitlines()
    light = [line.split("] ", 1)[1] for line in code if line.startswith('html[data-theme="light"]')]
    return "\n".join(
        [
            (STYLES / "volume.css").read_text(encoding="utf-8"),
            (STYLES / "epub.css").read_text(encoding="utf-8"),
            *light,
        ]
    )


# ------------------------------------------------------------------ the package


def package(book: Book, properties: dict[str, str], modified: str) -> str:
    """Return the package document: what the book is, its files and their order."""
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{book.title} {book.version}")
    access = "".join(
        f'<meta property="schema:{name}">{escape(value)}</meta>'
        for name, values in ACCESSIBILITY.items()
        for value in values
    )
    items = "".join(
        f'<item id="{Path(file).stem}" href="{file}" media-type="{kind(file)}"'
        + (f' properties="{marks}"' if marks else "")
        + "/>"
        for file, marks in properties.items()
    )
    spine = "".join(
        f'<itemref idref="{Path(file).stem}"/>' for file in properties if file.endswith(".xhtml")
    )
    return f"""<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="identity"
 xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="identity">urn:uuid:{identity}</dc:identifier>
<dc:title>{escape(book.title)}</dc:title>
<dc:creator>{escape(book.author)}</dc:creator>
<dc:language>en</dc:language>
<dc:description>{escape(book.subtitle)}</dc:description>
<dc:rights>{escape(book.licence)}</dc:rights>
<meta property="dcterms:modified">{modified}</meta>
{access}
</metadata>
<manifest>{items}</manifest>
<spine>{spine}</spine>
</package>"""


def kind(file: str) -> str:
    kinds = {".xhtml": "application/xhtml+xml", ".css": "text/css", ".png": "image/png"}
    return kinds[Path(file).suffix]


def marks(text: str) -> str:
    """Return what the package has to say of a page."""
    return " ".join(name for name, tag in (("mathml", "<math"), ("svg", "<svg")) if tag in text)


def write_epub(site: Path, target: Path) -> None:
    """Write the file."""
    book = read_book(site)
    point_links(book, lambda page, name: f"{page}.xhtml" + f"#{name}" * bool(name))
    for page in book.pages:
        to_xhtml(page)
    files = {"title-page.xhtml": title_page(book), "contents.xhtml": navigation(book)}
    files |= {f"{page.name}.xhtml": document(page.title, str(page.body)) for page in book.pages}
    properties = {name: marks(text) for name, text in files.items()}
    properties |= {"contents.xhtml": "nav", "book.css": "", "cover.png": "cover-image"}
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    files["book.css"] = styles(site)
    files["book.opf"] = package(book, properties, now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    target.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(target, "w", ZIP_DEFLATED) as bound, tempfile.TemporaryDirectory() as scratch:
        bound.writestr(ZipInfo("mimetype"), "application/epub+zip", ZIP_STORED)
        bound.writestr("META-INF/container.xml", CONTAINER)
        for name, text in files.items():
            bound.writestr(f"book/{name}", text)
        picture = Path(scratch) / "cover.png"
        cover.draw(picture, book.title, book.subtitle, 1600, 2560)
        bound.write(picture, "book/cover.png")


if __name__ == "__main__":
    site, target = map(Path, sys.argv[1:])
    write_epub(site, target)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
