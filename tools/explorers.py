"""Sphinx extension: what explorers show at other settings lies beside the page.

In a page it would be up to a third of what has to come before anything is shown; explorer.js asks
for it when the figure comes near. It is a script, since a page that lies on a disk may read no
other file.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from sphinx.application import Sphinx

from bptt_lab.book.explorer import in_script

DATA = re.compile(
    r'(<figure class="explorer"(?:(?!</figure>).)*?<script type="application/json")>(.*?)</script>',
    re.S,
)
BESIDE = re.compile(r'<script type="application/json" data-src="([^"]+)">(.*?)</script>', re.S)
FOLDER = "_static/explorers"
AT_ONCE = ("controls", "start")
"""What the controls need before anything moves."""

BEFORE = "document.currentScript.data="


def put_beside(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Write the data of a page's explorers into files, named by their contents."""

    def moved(match: re.Match) -> str:
        data = json.loads(match[2])
        page = {name: data.pop(name) for name in AT_ONCE}
        text = f"{BEFORE}{in_script(data)};\n"
        name = f"{FOLDER}/{hashlib.sha256(text.encode()).hexdigest()[:12]}.js"
        path = Path(app.outdir) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        address = "../" * pagename.count("/") + name
        return f'{match[1]} data-src="{address}">{in_script(page)}</script>'

    if body := context.get("body"):
        context["body"] = DATA.sub(moved, body)


def put_back(site: Path, figure: str) -> str:
    """Return a figure of the built site with its data in it, for a page that is one file."""

    def whole(match: re.Match) -> str:
        text = (site / match[1]).read_text(encoding="utf-8")
        data = json.loads(text.removeprefix(BEFORE).rstrip(";\n"))
        data = in_script({**json.loads(match[2]), **data})
        return f'<script type="application/json">{data}</script>'

    return BESIDE.sub(whole, figure)


def setup(app: Sphinx) -> dict:
    """Connect it."""
    app.connect("html-page-context", put_beside, priority=300)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
