"""Sphinx extension: Python in the page.

Every exercise that has a checker gets a place to write in, every code cell a button. A page loads
nothing for it but a small script, until its reader presses one. What is loaded then lies in the
folder `python` of the site: scripts bundled from the folder `browser`, and the pack.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from tools.book_site import NODE, ROOT

from . import pack, wheels
from .cells import cells
from .exercises import insert, places

HERE = Path(__file__).resolve().parent
PACKAGE = ROOT / "src" / "bptt_lab"
IN_PAGE = HERE / "in_page"
FOLDER = "python"
"""Folder of the site that holds what is loaded after a press."""

log = logging.getLogger(__name__)


# ------------------------------------------------------------------ which build


def numpy_wheel(app: Sphinx) -> Path | None:
    """Return NumPy's wheel from BOOK_WHEELS, or from where `make wheels` puts it."""
    named = os.environ.get("BOOK_WHEELS")
    folder = Path(named) if named else Path(app.outdir).parent / "wheels"
    wheel = wheels.find(folder)
    if named and wheel is None:
        log.warning("no wheel of NumPy for Pyodide in the folder that BOOK_WHEELS names: %s", named)
    return wheel


def fingerprint(numpy: Path | None) -> str:
    """Return a short name of all that the pack and its scripts are made from."""
    digest = hashlib.sha256()
    sources = [
        *HERE.rglob("*"),
        *PACKAGE.rglob("*"),
        ROOT / "package-lock.json",
        *filter(None, [numpy]),
    ]
    for path in sorted(p for p in sources if p.is_file() and "__pycache__" not in p.parts):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def name_build(app: Sphinx, config) -> None:
    """Give the pages the name of this build, so that they take no pack of another."""
    app.numpy_wheel = numpy_wheel(app)
    config.live_build = fingerprint(app.numpy_wheel)


# ------------------------------------------------------------------ the pages


def add_exercises(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the exercises of a page into it. All pages are looked through before the first."""
    if app.builder.name != "html":
        return
    if not hasattr(app, "exercise_places"):
        app.exercise_places = places(app.env)
    insert(doctree, page, app.exercise_places, app.env)


def add_script(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """Give a page with code the script and the name of the build; others nothing."""
    if doctree is None or not cells(doctree):
        return
    app.add_js_file("live.js", loading_method="defer")
    settings = json.dumps({"build": app.config.live_build, "version": version("bptt-lab")})
    context["body"] += f'<script type="application/json" id="live-page">{settings}</script>'


# ------------------------------------------------------------------ the folder of the site


def take_away(app: Sphinx, exception: Exception | None) -> None:
    """Remove the folder of the last build, which need not be looked through for names of styles."""
    shutil.rmtree(Path(app.outdir) / FOLDER, ignore_errors=True)


def put_there(app: Sphinx, exception: Exception | None) -> None:
    """Write the folder into the site."""
    if exception is not None or app.builder.name != "html":
        return
    made = make(Path(app.outdir).parent / FOLDER, app.config.live_build, app.numpy_wheel)
    target = Path(app.outdir) / FOLDER
    shutil.copytree(made, target, copy_function=os.link)
    table = json.loads((made / "table.json").read_text(encoding="utf-8"))
    table |= {"build": app.config.live_build, "sections": sections(app)}
    script = f"(window.PYTHON_PACK ??= {{}}).contents = {json.dumps(table)};\n"
    (target / "table.json").unlink()
    (target / "contents.js").write_text(script, encoding="utf-8")


def make(folder: Path, build: str, numpy: Path | None) -> Path:
    """Make the scripts and the pack in a folder beside the site, unless they are made already."""
    stamp = folder / "build"
    if not (stamp.exists() and stamp.read_text(encoding="utf-8") == build):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        subprocess.run([NODE, HERE / "bundle.mjs", folder], check=True)
        shutil.copy2(HERE / "browser" / "live.css", folder)
        table = pack.build(folder, PACKAGE, IN_PAGE, numpy)
        (folder / "table.json").write_text(json.dumps(table), encoding="utf-8")
        stamp.write_text(build, encoding="utf-8")
    return folder


def sections(app: Sphinx) -> dict[str, str]:
    """Return the address of every labelled section, for what a checker names."""
    labels = app.env.get_domain("std").labels
    return {
        label: f"{page}.html#{anchor}"
        for label, (page, anchor, _) in sorted(labels.items())
        if label.startswith("sec-")
    }


def setup(app: Sphinx) -> dict:
    """Connect everything."""
    app.add_config_value("live_build", "", "html", [str])
    app.add_css_file("live.css")
    app.connect("config-inited", name_build)
    app.connect("doctree-resolved", add_exercises)
    app.connect("html-page-context", add_script, priority=700)
    app.connect("build-finished", take_away, priority=100)
    app.connect("build-finished", put_there, priority=850)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
