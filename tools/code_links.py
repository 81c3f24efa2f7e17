"""Sphinx extension: what sphinx-codeautolink needs so that only code is changed, and lightly.

It makes links of the package's names in code. It reads a page's whole HTML for that and writes it
anew, without the capitals of SVG: so it is given the blocks of code alone. It finds names by the
spans that Pygments puts around them; afterwards most of them go: those that give no colour.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Text
from sphinx.application import Sphinx

BLOCK = re.compile(r'<div class="[\w ]*\bhighlight-\w+ notranslate">.*?</pre></div>\n</div>', re.S)
LINK = re.compile(r'<a class="sphinx-codeautolink-a" href="([^"]+)"')
CUT = "<!-- cut -->"


def plain_span(themes: Iterable[str]) -> re.Pattern:
    """Match a span of code to which no theme gives another look than that of plain text.

    >>> bool(plain_span(["default"]).fullmatch('<span class="p">(</span>'))
    True
    """
    styles = [dict(get_style_by_name(theme)) for theme in themes]
    plain = {
        name
        for token, name in STANDARD_TYPES.items()
        if name and all(style.get(token) == style[Text] for style in styles)
    }
    return re.compile(rf'<span class="(?:{"|".join(sorted(plain))})">([^<]*)</span>')


def cut_out(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Leave the blocks of code in the place of a page's body, and keep the rest."""
    if body := context.get("body"):
        context["around_code"] = BLOCK.split(body)
        context["body"] = CUT.join(BLOCK.findall(body))


def put_back(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Put the blocks back to where they were.

    A name is a stop for the Tab key where it stands first in the page; there are hundreds of them.
    """
    if around := context.pop("around_code", None):
        seen: set[str] = set()

        def first_or_not(match: re.Match) -> str:
            again = match[1] in seen
            seen.add(match[1])
            return match[0] + ' tabindex="-1"' * again

        options = app.builder.theme.get_options(app.config.html_theme_options)
        plain = plain_span(options[f"pygments_{mode}_style"] for mode in ("light", "dark"))
        blocks = [
            plain.sub(r"\1", LINK.sub(first_or_not, block)) for block in context["body"].split(CUT)
        ]
        parts = [text for pair in zip(around, [*blocks, ""], strict=False) for text in pair]
        context["body"] = "".join(parts)


def setup(app: Sphinx) -> dict:
    """Stand before and after the extension, which has the priority 500."""
    app.setup_extension("sphinx_codeautolink")
    app.connect("html-page-context", cut_out, priority=400)
    app.connect("html-page-context", put_back, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
