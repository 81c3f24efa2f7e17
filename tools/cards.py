"""Sphinx extension: what a reference leads to, for the card that cards.js shows beside it.

For every page that others refer to there is a script, `cards/PAGE.js`, which is loaded when the
first reference to the page is pointed at: equations, the beginnings of sections, and words of the
glossary. A citation has its source with it, in the title of the link.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from sphinx.application import Sphinx

FOLDER = "cards"
REFERENCE = re.compile(r'<a class="(?:term )?reference internal" href="([\w.-]*)#([^"]+)"')

EQUATION = r'<div class="math" id="{}">.*?</div>'
AT = r'(?:<section[^>]* id="{0}"[^>]*>|<span id="{0}"></span>)(?:\s*<span id="[^"]*"></span>)*\s*'
SECTION = AT + r"<h[1-6]>(.*?)</h[1-6]>(?:(?!<section|<h[1-6]|<p).)*(<p[^>]*>.*?</p>)?"
TERM = r'<dt id="{}">(.*?)</dt>(?:\s*<dt id=.*?</dt>)*\s*<dd>(.*?)</dd>'

# A card is for the eye: without the half of a formula that is for the ear, and without links.
NOT_SHOWN = re.compile(
    r'<span class="katex-mathml">.*?</math></span>|<a class="headerlink".*?</a>'
    r'|<button.*?</button>|</?a\b[^>]*>| id="[^"]*"',
    re.S,
)


def shown(html: str) -> str:
    return NOT_SHOWN.sub("", html).strip()


def card(page: str, anchor: str) -> list[str] | None:
    """Return the head and the body of the card of a place in a page, if it is worth one."""
    name = re.escape(anchor)
    if found := re.search(EQUATION.format(name), page, re.S):
        return ["", shown(found[0])]
    if found := re.search(TERM.format(name), page, re.S):
        return [shown(found[1]), shown(found[2])]
    if found := re.search(SECTION.format(name), page, re.S):
        return [shown(found[1]), shown(found[2] or "")]
    return None


def cards(pages: dict[str, str]) -> dict[str, dict[str, list[str]]]:
    """Return the cards of all pages: page -> anchor -> head and body."""
    asked = {
        (other.removesuffix(".html") or name, anchor)
        for name, text in pages.items()
        for other, anchor in REFERENCE.findall(text)
    }
    found: dict[str, dict[str, list[str]]] = {}
    for name, anchor in sorted(asked):
        if name in pages and (told := card(pages[name], anchor)):
            found.setdefault(name, {})[anchor] = told
    return found


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the scripts into the site."""
    if exception is not None or app.builder.name != "html":
        return
    out = Path(app.outdir)
    shutil.rmtree(out / FOLDER, ignore_errors=True)
    (out / FOLDER).mkdir()
    pages = {path.stem: path.read_text(encoding="utf-8") for path in sorted(out.glob("*.html"))}
    for name, texts in cards(pages).items():
        text = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
        script = f"(window.CARDS ??= {{}})[{json.dumps(name)}] = {text};\n"
        (out / FOLDER / f"{name}.js").write_text(script, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Connect it."""
    app.connect("build-finished", write, priority=850)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
