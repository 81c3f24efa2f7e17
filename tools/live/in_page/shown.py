"""What is shown of a value: HTML or a formula if it has one, else text."""

from __future__ import annotations

import sys
from contextlib import suppress
from types import ModuleType
from typing import Any

MOST = 20_000
"""Characters of one result."""


def cut(text: str) -> str:
    """Shorten what is too long for a page."""
    return text if len(text) <= MOST else f"{text[:MOST]}\n.. {len(text) - MOST} more characters"


def shown(value: Any) -> dict[str, str] | None:
    """Return the kind and the content of what a page can show of a value; None for None."""
    if value is None:
        return None
    for kind, method in (("html", "_repr_html_"), ("latex", "_repr_latex_")):
        with suppress(Exception):  # a value may be of any class, and its method may fail
            content = getattr(value, method)()
            if isinstance(content, str) and len(content) <= MOST:
                return {"kind": kind, "content": content}
    return {"kind": "text", "content": cut(repr(value))}


class Formatted:
    """What `IPython.display` gives: content that says how it is to be shown."""

    def __init__(self, data: str) -> None:
        self.data = data

    def __repr__(self) -> str:
        return self.data


class HTML(Formatted):
    """Content that is HTML."""

    def _repr_html_(self) -> str:
        return self.data


class Math(Formatted):
    """Content that is a formula."""

    def _repr_latex_(self) -> str:
        return f"${self.data.strip('$')}$"


class Markdown(Formatted):
    """Content that is Markdown; the page shows it as text."""


def offer_display(display: Any) -> None:
    """Let cells import what they know from notebooks."""
    package, module = ModuleType("IPython"), ModuleType("IPython.display")
    vars(module).update(HTML=HTML, Math=Math, Latex=Math, Markdown=Markdown, display=display)
    vars(package).update(display=module, __path__=[])
    sys.modules.update({"IPython": package, "IPython.display": module})
