"""What a page does not have: libraries that draw, and some that are too large.

Their names can be imported, and everything that is then done with them raises `Missing`. A
statement that does is left out, and what it would have named becomes a stand-in as well. So a cell
that computes and draws still computes.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

LIBRARIES = {
    "matplotlib": "drawing",
    "mpl_toolkits": "drawing",
    "ipywidgets": "drawing",
    "bptt_lab.book": "drawing",
    "sklearn": "scikit-learn",
    "distributed": "Dask",
}
"""What each of them is needed for."""

SPECIAL = (
    "bool", "call", "contains", "delitem", "enter", "format", "getitem", "iter", "len", "next",
    "setitem", "str", "add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv",
    "floordiv", "rfloordiv", "mod", "rmod", "pow", "rpow", "matmul", "rmatmul", "and", "rand",
    "or", "ror", "xor", "rxor", "neg", "pos", "abs", "invert", "lt", "le", "gt", "ge", "eq", "ne",
    "float", "int", "index",
)  # fmt: skip
"""Special methods of everything that can be done with a value."""


class Missing(Exception):
    """Raised when something is used that the page does not have."""


class StandIn:
    """A name of something that is missing: whatever is done with it raises."""

    def __init__(self, what: str) -> None:
        self.__dict__["what"] = what

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # questions that Python asks of everything
            raise AttributeError(name)
        raise Missing(self.what)

    def __setattr__(self, name: str, value: Any) -> None:
        raise Missing(self.what)

    __hash__ = object.__hash__


def _refuse(self: StandIn, *_: Any, **__: Any) -> Any:
    raise Missing(self.what)


for _name in SPECIAL:
    setattr(StandIn, f"__{_name}__", _refuse)


class MissingModule(ModuleType):
    """A module all of whose names are stand-ins."""

    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(library_of(self.__name__))


def library_of(module: str) -> str:
    """Say what a missing module is needed for; nothing if it is not missing."""
    parts = module.split(".")
    names = (".".join(parts[: k + 1]) for k in range(len(parts)))
    return next((LIBRARIES[name] for name in names if name in LIBRARIES), "")


class Finder(MetaPathFinder, Loader):
    """Finds modules of missing libraries, and gives what stands in for them."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if library_of(name) else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return MissingModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is to be done: the module has no content."""


def stand_in_for_them() -> None:
    """Let the libraries be imported from now on, as stand-ins."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())
