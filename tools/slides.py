"""The slides of one evening: `teaching/slides.md`, with the book's own figures, by reveal.js.

Slides are divided by a line of three dashes. An image whose address is PAGE#SECTION is the first
figure of that section of the built site, with its controls. What stands behind `Note:` is for who
speaks, in the view that the key S opens.
"""

from __future__ import annotations

import re
import shutil
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup

from tools.book_site import NODE_MODULES, ROOT, copy_katex
from tools.exam import markdown, typeset
from tools.explorers import put_back

SLIDES = ROOT / "teaching" / "slides.md"
ASSETS = ROOT / "book" / "assets"
REVEAL = NODE_MODULES / "reveal.js" / "dist"
FILES = ("reset.css", "reveal.css", "reveal.js", "theme/white.css", "plugin/notes.js")
SETTINGS = "settings"
"""What the controls of a figure are called here, since reveal.js has controls of its own."""

FIGURE = re.compile(r"^!\[\]\(([\w-]+)#([\w-]+)\)$", re.M)

PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="light" data-content_root="./">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="reveal/reset.css">
<link rel="stylesheet" href="reveal/reveal.css">
<link rel="stylesheet" href="reveal/theme/white.css">
<link rel="stylesheet" href="katex/katex.min.css">
<link rel="stylesheet" href="explorer.css">
<style>
.reveal {{ font: 30px system-ui, sans-serif; }}
.reveal :is(h1, h2) {{ font-family: inherit; text-transform: none; letter-spacing: 0; }}
.reveal h1 {{ font-size: 2em; }}
.reveal h2 {{ font-size: 1.4em; }}
.reveal pre {{ width: 100%; font-size: 0.65em; box-shadow: none; }}
.reveal figure {{ margin: 0; font-size: 18px; text-align: start; }}
.reveal .explorer .panels svg {{ max-height: 24rem; }}
.visually-hidden {{ position: absolute; clip-path: inset(50%); }}
</style>
</head>
<body>
<div class="reveal"><div class="slides">
{slides}
</div></div>
<script src="reveal/reveal.js"></script>
<script src="reveal/plugin/notes.js"></script>
<script src="explorer.js"></script>
<script>
Reveal.initialize({{
  hash: true, width: 1200, height: 760, margin: 0.03, transition: "none", plugins: [RevealNotes],
  keyboardCondition: () => !document.activeElement?.closest("figure"), // its sliders need the keys
}});
</script>
</body>
</html>
"""


def figure(site: Path, page: str, label: str) -> str:
    """Return the first figure of a section of the built site, without what is folded below it."""
    text = (site / f"{page}.html").read_text(encoding="utf-8")
    place = BeautifulSoup(text, "html.parser").find(id=label)
    section = place if place is None or place.name == "section" else place.find_parent("section")
    found = section.select_one("figure.explorer, figure.drawing") if section else None
    if found is None:
        raise ValueError(f"no figure in the section {label} of {page}")
    start = text.index(str(found)[: len("<figure")], position(text, found))
    whole = put_back(site, text[start : text.index("</figure>", start) + len("</figure>")])
    return whole.replace('class="controls"', f'class="{SETTINGS}"')


def position(text: str, found) -> int:
    """Return where in a page an element begins; as it was written, for SVG needs its capitals."""
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: found.sourceline - 1])) + found.sourcepos


def slide(source: str, site: Path, convert) -> str:
    """Return one slide as HTML."""
    text, _, note = source.partition("\nNote:")
    figures: list[str] = []

    def leave(match: re.Match) -> str:
        figures.append(figure(site, match[1], match[2]))
        return f"<!--figure {len(figures) - 1}-->"

    body = convert(FIGURE.sub(leave, text))
    body = re.sub(r"<!--figure (\d+)-->", lambda match: figures[int(match[1])], body)
    notes = f'<aside class="notes">{escape(note.strip())}</aside>' if note else ""
    return f"<section>{body}{notes}</section>"


def write_slides(site: Path, folder: Path) -> Path:
    """Write the slides into a folder that can be carried about, and return their page."""
    convert, formulas = markdown()
    sources = re.split(r"^---$", SLIDES.read_text(encoding="utf-8"), flags=re.M)
    slides = "\n".join(slide(source.strip(), site, convert) for source in sources)
    title = re.search(r"^# (.+)$", sources[0], re.M)[1]
    copy_katex(folder)
    for name in FILES:
        (folder / "reveal" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REVEAL / name, folder / "reveal" / name)
    for name, selector in (("explorer.js", '".{}"'), ("explorer.css", ".{}")):
        text = (ASSETS / name).read_text(encoding="utf-8")
        text = text.replace(selector.format("controls"), selector.format(SETTINGS))
        (folder / name).write_text(text, encoding="utf-8")
    page = folder / "index.html"
    page.write_text(typeset(PAGE.format(title=title, slides=slides), formulas), encoding="utf-8")
    return page
