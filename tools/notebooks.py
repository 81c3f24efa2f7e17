"""Sphinx extension: every page that runs code, as a notebook for Jupyter.

The notebooks are written in plain Markdown, with the numbers, names and links that the page has.
`_build/html/notebooks` has them without outputs: a page offers its own for download, and the branch
of notebooks that Binder, Colab and JupyterHub open holds the same files. `_build/notebooks` has
them as they were executed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import nbformat
from docutils import nodes
from jupyter_cache import get_cache
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ConfigError

from bptt_lab.claims import CLAIMS, SIGNS

FENCE = re.compile(r"(`{3,}|:{3,})(?:\{([\w-]+)\})?\s*(.*)")
OPTION = re.compile(r":[\w-]+:.*")
TARGET = re.compile(r"\([\w-]+\)=")
HEADING = re.compile(r"^\(([\w-]+)\)=\n+#+ ([^$`\n]+)$", re.M)  # that can be linked to
ANSWER = re.compile(r"\[[ x]\] (.*)")

# What a notebook has in place of a directive that only the site can show.
INSTEAD = {
    "raw": "",
    "bibliography": "",
    "paths": "",
    "parsons": "*(Here the page has lines of code to put in order.)*",
    "claims-strip": "*(Here the page shows a figure; the table above has the same verdicts.)*",
    "claims-causes": "*(Here the page lists the slips; `CLAIMS.by_cause()` returns them.)*",
    "claims": "*(Here the page lists all entries; in a notebook `CLAIMS` holds them, see below.)*",
}

HEAD = """\
> This is the page *{title}* of the book *{book}*, as a notebook. It needs Python 3.11 or newer and
> the package `bptt_lab`. To install it, once:
>
> {install}"""
FROM_WHEEL = """\
`pip install "bptt_lab-{version}-py3-none-any.whl[notebooks]"` in the folder that holds the wheel,
> or `pip install ".[notebooks]"` in a copy of the repository."""
FROM_REPOSITORY = """\
`pip install {source}`. The next cell does so where the package is missing."""
INSTALL = """\
import importlib.util

if importlib.util.find_spec("bptt_lab") is None:
    %pip install --quiet {source}"""


# ------------------------------------------------------------------ from MyST to plain Markdown


class Plain:
    """Rewrites the Markdown of one page."""

    def __init__(self, env: BuildEnvironment, page: str, text: str):
        self.env, self.page = env, page
        self.headings = dict(HEADING.findall(text))

    def cell(self, text: str) -> str:
        """Return the text of a cell without what only Sphinx understands."""
        return "\n".join(self.blocks(text.splitlines())).strip()

    def blocks(self, lines: list[str]) -> Iterator[str]:
        text: list[str] = []
        rest = iter(lines)
        for line in rest:
            fence = FENCE.fullmatch(line)
            if not fence:
                text += [line] * (not TARGET.fullmatch(line))
                continue
            yield self.inline("\n".join(text))
            text.clear()
            inside = list(until(rest, fence[1]))
            if fence[2]:
                yield self.directive(fence[2], fence[3], inside)
            else:
                yield "\n".join([line, *inside, fence[1]])
        yield self.inline("\n".join(text))

    def directive(self, name: str, title: str, lines: list[str]) -> str:
        while lines and OPTION.fullmatch(lines[0]):
            lines = lines[1:]
        if name == "question":
            return self.question(title, lines)
        if name == "deeper":
            return f"**Deeper.** {self.inline(title)}"
        body = "\n".join(self.blocks(lines)).strip()
        if name == "dropdown":
            return folded(title, body)
        if name in INSTEAD:
            return INSTEAD[name]
        heading = f"**{self.inline(title)}**\n\n" * bool(title)
        return "\n".join(f"> {line}".rstrip() for line in (heading + body).splitlines())

    def question(self, title: str, lines: list[str]) -> str:
        """Return a question with its answers as a list, and the explanations folded."""
        first = next(i for i, line in enumerate(lines) if ANSWER.fullmatch(line))
        answers = [ANSWER.fullmatch(line) for line in lines[first:]]
        options = [f"* {self.inline(answer[1])}" for answer in answers if answer]
        marks = {"x": "right", " ": "not this"}
        reasons = [
            f"* {self.inline(line[4:])}: **{marks[line[1]]}**" if ANSWER.fullmatch(line)
            else "  " + self.inline(line.removeprefix(": "))
            for line in lines[first:]
            if line
        ]  # fmt: skip
        text = self.inline("\n".join(lines[:first]).strip())
        parts = [f"**{title}**", text, "\n".join(options)]
        return "\n\n".join([*parts, folded("The answers, explained", "\n".join(reasons))])

    def inline(self, text: str) -> str:
        """Rewrite labels of equations, roles and links."""
        text = re.sub(r"\$\$\s*\(([\w-]+)\)", self.tag, text)
        text = re.sub(r"\{([\w:]+)\}`([^`]+)`", self.role, text)
        return re.sub(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)", self.link, text)

    def tag(self, match: re.Match) -> str:
        return rf"\tag{{{self.equation(match[1])}}}" + "\n$$"

    def equation(self, label: str) -> str:
        """Return the number that an equation has in the book."""
        equations = self.env.get_domain("math").equations
        page, number = equations[label]
        numbers = self.env.toc_fignumbers.get(page, {}).get("displaymath", {})
        path = numbers.get(nodes.make_id(f"equation-{label}"))
        return ".".join(map(str, path)) if path else str(number)

    def role(self, match: re.Match) -> str:
        name, text = match.groups()
        if name == "eq":
            return f"({self.equation(text)})"
        if name == "ledger":
            return f"[{SIGNS[CLAIMS[text].verdict]} {text}](ledger.md)"
        if name.startswith("cite"):
            return self.citation(name, text)
        return text.split(" <")[0]

    def citation(self, name: str, keys: str) -> str:
        entries = self.env.get_domain("cite").bibdata.data.entries
        cited = []
        for key in keys.split(","):
            people = [" ".join(one.last_names) for one in entries[key.strip()].persons["author"]]
            who = {1: people[0], 2: " and ".join(people)}.get(len(people), f"{people[0]} et al.")
            cited.append((who, entries[key.strip()].fields["year"]))
        if name == "cite:t":
            return ", ".join(f"{who} ({year})" for who, year in cited)
        return "(" + "; ".join(f"{who}, {year}" for who, year in cited) + ")"

    def link(self, match: re.Match) -> str:
        text, target = match.groups()
        if urlsplit(target).scheme:
            return match[0]
        page, label = target.removesuffix(".md"), target.removeprefix("#")
        if page not in self.env.found_docs:
            page, _, title = self.env.get_domain("std").labels[label]
            text = text or title
        text = text or self.env.titles[page].astext()
        if page != self.page:
            is_notebook = "kernelspec" in self.env.metadata[page]
            return f"[{text}]({page}.ipynb)" if is_notebook else text
        heading = self.headings.get(label, "").replace(" ", "-")
        return f"[{text}](#{heading})" if heading else text


def until(lines: Iterator[str], fence: str) -> Iterator[str]:
    """Yield the lines up to the one that closes the fence."""
    for line in lines:
        if line.startswith(fence) and not line.strip(fence[0]):
            return
        yield line


def folded(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>\n"


# ------------------------------------------------------------------ the notebooks


def executed_notebook(env: BuildEnvironment, page: str) -> nbformat.NotebookNode:
    """Return the notebook of a page with its outputs.

    The file that myst-nb writes lacks them if they came from its cache, as they mostly do.
    """
    path = Path(env.app.outdir).parent / "jupyter_execute" / f"{page}.ipynb"
    found = nbformat.read(path, as_version=4)
    with suppress(KeyError):  # a notebook that failed is not in the cache
        _, found = get_cache(env.config.nb_execution_cache_path).merge_match_into_notebook(found)
    return found


def notebook(env: BuildEnvironment, page: str) -> nbformat.NotebookNode:
    """Return the executed notebook of a page in plain Markdown, and with how to install first."""
    found = executed_notebook(env, page)
    plain = Plain(env, page, "\n".join(cell.source for cell in found.cells))
    cells = head(env, page)
    for cell in found.cells:
        if cell.cell_type == "markdown":
            cell.source = plain.cell(cell.source)
        elif {"hide-input", "hide-cell"} & set(cell.metadata.get("tags", [])):
            cell.metadata["jupyter"] = {"source_hidden": True}
        cell.metadata.pop("mystnb", None)
        cells += [cell] * bool(cell.source)
    for number, cell in enumerate(cells):
        cell["id"] = f"{page}-{number}"  # the same in every build
    kept = {key: found.metadata[key] for key in ("kernelspec", "widgets") if key in found.metadata}
    return nbformat.v4.new_notebook(cells=cells, metadata=kept)


def head(env: BuildEnvironment, page: str) -> list[nbformat.NotebookNode]:
    """Return the cells that say how to install what the notebook needs, and do it if they can."""
    source = requirement(env.config)
    install = FROM_WHEEL.format(version=version("bptt-lab"))
    if source:
        install = FROM_REPOSITORY.format(source=source)
    title, book = env.titles[page].astext(), env.config.html_title or env.config.project
    said = nbformat.v4.new_markdown_cell(HEAD.format(title=title, book=book, install=install))
    code = nbformat.v4.new_code_cell(INSTALL.format(source=source))
    return [said, code] if source else [said]


def requirement(config) -> str:
    """Return what pip installs from the repository, if its address is known."""
    address = config.book_repository
    return f'"bptt-lab[notebooks] @ git+{address}"' if address else ""


def without_outputs(found: nbformat.NotebookNode) -> nbformat.NotebookNode:
    for cell in found.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    found.metadata.pop("widgets", None)
    return found


def runs_code(app: Sphinx, page: str) -> bool:
    return "kernelspec" in app.env.metadata.get(page, {})


def write_notebooks(app: Sphinx, exception: Exception | None) -> None:
    """Write the notebook of every page that has one, executed and without outputs."""
    if exception is not None or app.builder.name != "html":
        return
    build = Path(app.outdir).parent
    clean, executed = Path(app.outdir) / "notebooks", build / "notebooks"
    for folder in (clean, executed):
        folder.mkdir(exist_ok=True)
        for old in folder.glob("*"):
            old.unlink()
    for page in filter(lambda page: runs_code(app, page), sorted(app.env.found_docs)):
        found = notebook(app.env, page)
        nbformat.write(found, executed / f"{page}.ipynb")
        nbformat.write(without_outputs(found), clean / f"{page}.ipynb")
    if app.config.book_repository:
        # What Binder installs before it opens a notebook of this folder.
        (clean / "requirements.txt").write_text(
            requirement(app.config).strip('"') + "\n", encoding="utf-8"
        )


# ------------------------------------------------------------------ where they can be run


def check_addresses(app: Sphinx, config) -> None:
    """Refuse an address that could only make a dead button."""
    for name, form in (
        ("book_repository", r"https://[^/]+/[^/]+/[^/]+"),
        ("book_hub", "https?://.+"),
    ):
        address = config[name] = config[name].strip("/").removesuffix(".git")
        if address and not re.fullmatch(form, address):
            raise ConfigError(f"{name.upper()} has to be like {form}; it is {address!r}")


def launches(config, page: str) -> dict[str, str]:
    """Return the services that can open the notebook of a page, and the address at each."""
    address, branch, name = (
        config.book_repository,
        quote(config.book_branch, safe=""),
        f"{page}.ipynb",
    )
    if not address:
        return {}
    host, path = urlsplit(address).netloc, urlsplit(address).path.strip("/")
    found = {
        "Binder": f"https://mybinder.org/v2/git/{quote(address, safe='')}/{branch}?labpath={name}"
    }
    if host == "github.com":
        found["Binder"] = f"https://mybinder.org/v2/gh/{path}/{branch}?labpath={name}"
        found["Colab"] = f"https://colab.research.google.com/github/{path}/blob/{branch}/{name}"
    if config.book_hub:
        folder = path.split("/")[-1]
        query = {
            "repo": address,
            "branch": config.book_branch,
            "urlpath": f"lab/tree/{folder}/{name}",
        }
        found["JupyterHub"] = f"{config.book_hub}/hub/user-redirect/git-pull?{urlencode(query)}"
    return found


def offer(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Tell the template of a page's head which notebook it has, and where that can be run."""
    if runs_code(app, pagename):
        context["notebook"] = f"notebooks/{pagename}.ipynb"
        context["launches"] = launches(app.config, pagename)


def setup(app: Sphinx) -> dict:
    """Connect everything. The addresses come from the environment of the build."""
    for name, default in (("repository", ""), ("branch", "notebooks"), ("hub", "")):
        given = os.environ.get(f"BOOK_{name.upper()}") or default
        app.add_config_value(f"book_{name}", given, "html", [str])
    app.connect("config-inited", check_addresses)
    app.connect("html-page-context", offer)
    app.connect("build-finished", write_notebooks, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
