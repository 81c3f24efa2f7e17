"""Sphinx extension: the reference of the package, from its docstrings.

The docstrings are read with autodoc and napoleon. Here is what they need beside that: only public
names are shown, a table of them stands first, and the label of an equation is a link to it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module

from sphinx.application import Sphinx

import bptt_lab
from tools.equations import LABEL

MARKED = re.compile(r"(``.+?``|`[^`]+`)")  # what is set apart in a docstring: code, a role, a link


def public(module: str) -> list[str]:
    """Return the public names of a module: those it lists, or the package lists, or else all."""
    found = import_module(module)
    if hasattr(found, "__all__"):
        return [*found.__all__]
    listed = [n for n in bptt_lab.__all__ if is_made_in(module, getattr(bptt_lab, n), n)]
    return listed or [n for n, v in vars(found).items() if n[0] != "_" and is_defined_in(module, v)]


def is_made_in(module: str, value: object, name: str) -> bool:
    """Tell whether a module holds a value under this name without having imported it."""
    held = getattr(import_module(module), name, None)
    return held is value and getattr(value, "__module__", module) == module


def is_defined_in(module: str, value: object) -> bool:
    """Tell whether a value is a class or a function of this module."""
    return (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__ == module


def leave_out(app: Sphinx, what: str, name: str, obj: object, skip: bool, options) -> bool | None:
    """Leave out what a module does not show to the public."""
    if what == "module" and name not in public(app.env.temp_data["autodoc:module"]):
        return True
    return None


def prepare(app: Sphinx, what: str, name: str, obj: object, options, lines: list[str]) -> None:
    """Make a docstring ready to be read, and begin the page of a module with a table of names."""
    lines[:] = readable(lines)
    if what == "module":
        members = options.get("members")
        names = members if isinstance(members, list) else public(name)
        values = {member: getattr(obj, member) for member in names}
        told = [n for n, v in values.items() if inspect.isclass(v) or inspect.isroutine(v)]
        lines += ["", ".. autosummary::", "   :nosignatures:", "", *(f"   {n}" for n in told), ""]
    elif what in ("attribute", "data", "property"):
        lines[:0] = ["..", ""]  # or napoleon takes the words before a first colon for a type


def readable(lines: list[str]) -> Iterator[str]:
    """Yield lines in which plain formulas are text, and labels of equations are links."""
    example = False
    for line in lines:
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        parts = [line] if example else MARKED.split(line)
        yield "".join(
            escaped(part) if i % 2 == 0 and not example else part for i, part in enumerate(parts)
        )


def escaped(text: str) -> str:
    """Escape the bars of a norm, and the underscore of a name without its letter, as `W_x?`."""
    text = re.sub(r"\||_(?!\w)", r"\\\g<0>", text)
    text = re.sub(rf"\(({LABEL.pattern})\)", r"\1", text)  # the number of an equation has its own
    return LABEL.sub(r":eq:`\g<0>`", text)


def setup(app: Sphinx) -> dict:
    """Connect it to autodoc."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-skip-member", leave_out)
    app.connect("autodoc-process-docstring", prepare, priority=400)  # before napoleon
    return {"parallel_read_safe": True, "parallel_write_safe": True}
