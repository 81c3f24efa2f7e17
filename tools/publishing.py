"""Sphinx extension: what a published page says of itself to search engines and to who shares it.

Every page has a description. The rest needs to know the address of the site, BOOK_URL: canonical
links, cards with a picture, a map of the site, and links in the page for addresses that lead
nowhere.

There are extensions for each, and none does it whole. That of cards cuts a description within a
word and does not take the one that a page gives of itself; that of maps lists only what the last
build has written; and the lost page of the third needs a dozen files of the site.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from html import escape, unescape
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ConfigError

from tools import cover
from tools.order import reading_order

PICTURE = "social.png"
SIZE = (1200, 630)  # pixels; what the networks ask for
SUBTITLE = "An executable book"
GIVEN = r'<meta content="([^"]*)" name="description" />'  # by a page itself, in its html_meta
LONGEST = 200  # characters of a description


# ------------------------------------------------------------------ the address


def check_address(app: Sphinx, config) -> None:
    """Refuse an address that is none; Sphinx writes the canonical links from html_baseurl."""
    address = config.book_url
    if address and not re.fullmatch(r"https?://[^/?#]+(/[^?#]*)?", address):
        raise ConfigError(f"BOOK_URL has to be like https://HOST/PATH/; it is {address!r}")
    config.book_url = address and address.rstrip("/") + "/"
    config.html_baseurl = config.book_url


# ------------------------------------------------------------------ what is in a page's head


def description(doctree: nodes.document) -> str:
    """Return the question with which a page begins, or else its first words."""
    paragraphs = [
        p for p in doctree.findall(nodes.paragraph) if isinstance(p.parent, nodes.section)
    ]
    questions = [p[0] for p in paragraphs[:2] if isinstance(p[0], nodes.emphasis)]
    plain = [p for p in questions + paragraphs if not p.next_node(nodes.math)]
    return shortened(plain[0].astext()) if plain else ""


def shortened(text: str) -> str:
    """Return whole sentences of a text, or whole words if the first sentence is too long."""
    text = re.sub(r"\s+", " ", text).strip()
    if len(text) <= LONGEST:
        return text
    start = text[:LONGEST]
    ends = [match.end() for match in re.finditer(r"[.?!](?= )", start)]
    return start[: ends[-1]] if ends else start[: start.rindex(" ")] + " …"


def describe(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Give the template of a page's head the description, and the picture if there is one."""
    if doctree is None:
        return
    tags = context.get("metatags", "")
    given = re.search(GIVEN, tags)
    context["metatags"] = re.sub(GIVEN, "", tags)
    context["description"] = unescape(given[1]) if given else description(doctree)
    if address := app.config.book_url:
        context["picture"] = {"url": urljoin(address, PICTURE), "size": SIZE, "alt": cover.ALT}


# ------------------------------------------------------------------ files beside the pages


def lost_page(app: Sphinx) -> Iterator[tuple[str, dict, str]]:
    """Yield the page that a server shows for an address that leads nowhere, at any depth."""
    base = urlsplit(app.config.book_url).path
    names = reading_order(app.env)
    titles = {f"{base}{name}.html": app.env.titles[name].astext() for name in names}
    yield "404", {"base": base, "pages": titles if base else {}}, "404.html"


def write_maps(app: Sphinx, exception: Exception | None) -> None:
    """Write what only a site with an address has: sitemap.xml, robots.txt, and the picture."""
    out, address = Path(app.outdir), app.config.book_url
    if exception is not None or app.builder.name != "html":
        return
    for name in ("sitemap.xml", "robots.txt", PICTURE):
        (out / name).unlink(missing_ok=True)
    if address:
        named = [urljoin(address, f"{name}.html") for name in reading_order(app.env)]
        places = "".join(f"<url><loc>{place}</loc></url>\n" for place in named)
        (out / "sitemap.xml").write_text(
            '<?xml version="1.0" encoding="utf-8"?>\n'
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{places}</urlset>\n',
            encoding="utf-8",
        )
        (out / "robots.txt").write_text(
            f"User-agent: *\nAllow: /\n\nSitemap: {urljoin(address, 'sitemap.xml')}\n",
            encoding="utf-8",
        )
        cover.draw(out / PICTURE, app.config.html_title or app.config.project, SUBTITLE, *SIZE)


# ------------------------------------------------------------------ errors that readers find


def report(config, page: str) -> str:
    """Return where an error on a page is reported, if the address of the repository is known.

    GitHub fills the form of the repository in; book.js adds the section that is on the screen.
    """
    address = config.book_repository
    if urlsplit(address).netloc == "github.com":
        query = {"template": "text.yml", "place": f"{page}.html"}
        return f"{address}/issues/new?{urlencode(query)}"
    return address


def offer_report(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Put the link below what a page says."""
    address = report(app.config, pagename)
    if doctree is not None and address:
        link = f'<a href="{escape(address)}">Report an error on this page</a>'
        context["body"] += f'<p class="report d-print-none">{link}</p>'


def setup(app: Sphinx) -> dict:
    """Connect everything. The address comes from the environment of the build."""
    app.add_config_value("book_url", os.environ.get("BOOK_URL", ""), "html", [str])
    app.connect("config-inited", check_address)
    app.connect("html-page-context", describe)
    app.connect("html-page-context", offer_report, priority=750)
    app.connect("html-collect-pages", lost_page)
    app.connect("build-finished", write_maps, priority=850)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
