"""Read what a learner's function returned, and compare it part by part with what it should be."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from math import prod
from typing import Any

import numpy as np

from bptt_lab.arguments import Array, describe

Parts = dict[str, Array]
"""What a function returned, as arrays by name."""

CLOSE = 1e-4
"""Relative error up to which two results are the same: single precision and differences pass."""


class Unusable(ValueError):
    """What came back is not of the kind asked for; the message says so to the learner."""


def read(value: Any, like: Any, names: Sequence[str] = ()) -> Parts:
    """Return the parts of ``value``, whose kind has to be that of ``like``.

    A dict may have more keys than asked for, and a tuple may be a list.

    Raises
    ------
    Unusable
        If the kind is another one, or a part is not an array of numbers.

    Examples
    --------
    >>> read([1.0, [2.0, 3.0]], like=(np.float64(0), np.zeros(2)), names=("loss", "e"))
    {'loss': array(1.), 'e': array([2., 3.])}
    """
    if value is None:
        raise Unusable("The function returns nothing. Does it end in a `return`?")
    if isinstance(like, dict):
        return {name: numbers(name, part) for name, part in entries(value, like).items()}
    if isinstance(like, tuple):
        parts = members(value, len(like), names)
        return {name: numbers(name, part) for name, part in zip(names, parts, strict=True)}
    return {names[0]: numbers(names[0], value)}


def entries(value: Any, like: dict[str, Any]) -> dict[str, Any]:
    """Return those entries of a dict that ``like`` has too."""
    wanted = ", ".join(like)
    if not isinstance(value, Mapping):
        raise Unusable(f"Return a dict with the keys {wanted}; this is {describe(value)}.")
    missing = ", ".join(name for name in like if name not in value)
    if missing:
        has = ", ".join(map(str, value)) or "no key at all"
        raise Unusable(f"The dict lacks {missing}; it has {has}.")
    return {name: value[name] for name in like}


def members(value: Any, count: int, names: Sequence[str]) -> Sequence[Any]:
    """Return the members of a tuple or list of the right length."""
    wanted = f"({', '.join(names)})"
    if not isinstance(value, tuple | list):
        raise Unusable(f"Return the tuple {wanted}; this is {describe(value)}.")
    if len(value) != count:
        raise Unusable(f"Return the tuple {wanted}; this one has {len(value)} members.")
    return value


def numbers(name: str, value: Any) -> Array:
    """Return a copy of a part as an array of real numbers."""
    try:
        array = np.array(value)
    except ValueError:
        raise Unusable(f"`{name}` is a ragged list, not an array.") from None
    if array.dtype.kind not in "fiub":
        raise Unusable(f"`{name}` should be an array of real numbers; it is {describe(value)}.")
    return array


def relative_error(came: Array, expected: Array) -> float:
    """Norm of the difference over the larger norm; infinity if the shapes differ or one is NaN.

    >>> relative_error(np.array([3.0, 0.0]), np.array([3.0, 4.0]))
    0.8
    """
    if came.shape != expected.shape or not (
        np.isfinite(came).all() and np.isfinite(expected).all()
    ):
        return np.inf
    size = max(np.linalg.norm(came), np.linalg.norm(expected))
    return float(np.linalg.norm(came - expected) / size) if size else 0.0


def shape_in_symbols(shape: Iterable[int], sizes: Mapping[str, int]) -> str:
    """Write a shape in the symbols of a problem whose sizes all differ.

    >>> shape_in_symbols((8, 4, 9), {"T": 7, "m": 4})
    '(T+1, m, 9)'
    """
    symbols = {size: name for name, size in sizes.items()}
    if "T" in sizes:
        symbols.setdefault(sizes["T"] + 1, "T+1")
    axes = [symbols.get(size, str(size)) for size in shape]
    return f"({axes[0]},)" if len(axes) == 1 else f"({', '.join(axes)})"


def relation(came: Array, expected: Array, sizes: Mapping[str, int]) -> str:
    """Say how a wrong result is related to the right one; nothing if it is not.

    >>> relation(np.array([0.25, 0.5]), np.array([1.0, 2.0]), {"m": 4})
    'the right one times 1/m'
    """
    if not came.any():
        return "zero"
    if came.T.shape == expected.shape and relative_error(came.T, expected) < CLOSE:
        return "the transpose of the right one"
    if came.shape != expected.shape or not np.vdot(expected, expected):
        return ""
    factor = float(np.vdot(expected, came) / np.vdot(expected, expected))
    if not factor or relative_error(came, factor * expected) > CLOSE:
        return ""
    return f"the right one times {in_symbols(factor, sizes)}"


def in_symbols(factor: float, sizes: Mapping[str, int]) -> str:
    """Write a factor as a product of sizes or one over it, if it is one."""
    choices = [some for count in (1, 2) for some in combinations(sizes, count)]
    for some in choices:
        size, name = prod(sizes[symbol] for symbol in some), " ".join(some)
        if np.isclose(factor, size, rtol=CLOSE):
            return name
        if np.isclose(factor, 1 / size, rtol=CLOSE):
            return f"1/({name})" if len(some) > 1 else f"1/{name}"
    return f"{factor:.4g}"


def same(a: Any, b: Any) -> bool:
    """Tell whether two arguments, arrays or dicts of arrays, are still equal."""
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return np.array_equal(a, b)
