"""Compare arrays, and write shapes and factors in the symbols of the problems."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import isfinite, prod, sqrt
from typing import Any

import numpy as np

from bptt_lab.arguments import Array, describe

Parts = dict[str, Array]
"""What a function returned, as arrays by name."""

Sizes = Mapping[str, int]
"""Length of each axis of a problem by its symbol."""

CLOSE = 1e-4
"""Relative error up to which two results are the same: single precision and differences pass."""


class Unusable(ValueError):
    """What came back is not of the kind asked for; the message says so to the learner."""


def numbers(name: str, value: Any) -> Array:
    """Return a copy of a part as an array of real numbers.

    Raises
    ------
    Unusable
        If it is something else.
    """
    try:
        array = np.array(value)
    except ValueError:
        raise Unusable(f"`{name}` is a ragged list, not an array.") from None
    if array.dtype.kind == "c" and not array.imag.any():
        array = array.real
    if array.dtype.kind not in "fiub":
        raise Unusable(f"`{name}` should be an array of real numbers; it is {describe(value)}.")
    return array


def relative_error(got: Array, expected: Array) -> float:
    """Norm of the difference over the larger norm; infinity if the shapes differ or one is NaN.

    Two that are NaN or infinite in the same places are compared in the others.

    >>> relative_error(np.array([3.0, 0.0]), np.array([3.0, 4.0]))
    0.8
    """
    if got.shape != expected.shape:
        return np.inf
    with np.errstate(invalid="ignore"):  # infinity less infinity
        difference = norm(np.subtract(got, expected, dtype=float))
    size = max(norm(got), norm(expected))
    if isfinite(difference) and isfinite(size):
        return difference / size if size else 0.0
    kept = np.isfinite(expected)
    same = np.array_equal(got[~kept], expected[~kept], equal_nan=True)
    if kept.all() or not kept.any() or not same:
        return np.inf
    return relative_error(got[kept], expected[kept])


def norm(a: Any) -> float:
    """Root of the sum of squares of all entries."""
    flat = np.asarray(a, float).ravel()
    return sqrt(flat @ flat)


def agree(got: Array, expected: Array) -> bool:
    """Tell whether two arrays are the same but for rounding."""
    return relative_error(got, expected) <= CLOSE


def all_agree(got: Sequence[Parts], expected: Sequence[Parts]) -> bool:
    """Tell whether every part of every problem agrees."""
    pairs = zip(got, expected, strict=True)
    return all(agree(a[name], b[name]) for a, b in pairs for name in b)


def expressions(sizes: Sequence[Sizes]) -> Iterator[tuple[str, list[int]]]:
    """Yield what the length of an axis can be, in symbols, with its value in each problem."""
    symbols = [name for name in sizes[0] if all(name in some for some in sizes)]
    yield from ((name, [some[name] for some in sizes]) for name in symbols)
    if "T" in symbols:
        yield "T+1", [some["T"] + 1 for some in sizes]
        yield "T-1", [some["T"] - 1 for some in sizes]
    for a, b in combinations(symbols, 2):
        yield f"{a}+{b}", [some[a] + some[b] for some in sizes]
    for a, b in combinations(symbols, 2):
        yield f"{a}*{b}", [some[a] * some[b] for some in sizes]


def length_in_symbols(lengths: Sequence[int], sizes: Sequence[Sizes]) -> str:
    """Write the length of an axis in symbols; the spelling has to fit all problems.

    >>> sizes = {"T": 7, "n_inputs": 3, "n": 5}, {"T": 8, "n_inputs": 4, "n": 3}
    >>> length_in_symbols([8, 9], sizes), length_in_symbols([8, 7], sizes)
    ('T+1', 'n_inputs+n')
    """
    if len({*lengths}) == 1 and (lengths[0] == 1 or not any(sizes)):
        return str(lengths[0])
    for text, values in expressions(sizes):
        if values == [*lengths]:
            return text
    return " or ".join(map(str, dict.fromkeys(lengths)))


def shape_in_symbols(shapes: Sequence[tuple[int, ...]], sizes: Sequence[Sizes]) -> str:
    """Write the shape that an array has in each of some problems in their symbols.

    >>> shape_in_symbols([(8, 4), (9, 2)], [{"T": 7, "m": 4}, {"T": 8, "m": 2}])
    '(T+1, m)'
    """
    if len({len(shape) for shape in shapes}) > 1:
        return " or ".join(map(str, dict.fromkeys(shapes)))
    axes = [length_in_symbols(lengths, sizes) for lengths in zip(*shapes, strict=True)]
    return f"({axes[0]},)" if len(axes) == 1 else f"({', '.join(axes)})"


def factors(got: Sequence[Array], expected: Sequence[Array]) -> list[float] | None:
    """Return by which number each array is a multiple of the expected one; None if one is not."""
    found = []
    for a, b in zip(got, expected, strict=True):
        if a.shape != b.shape or not b.any() or not np.isfinite(a).all():
            return None
        factor = float(np.vdot(b, a) / np.vdot(b, b))
        if not factor or not agree(a, factor * b):
            return None
        found.append(factor)
    return found


def factor_in_symbols(found: Sequence[float], sizes: Sequence[Sizes]) -> str:
    """Write a factor as sizes if they fit in all problems, as a number if it is the same in all.

    >>> sizes = {"T": 7, "m": 4}, {"T": 8, "m": 2}
    >>> factor_in_symbols([1 / 7, 1 / 8], sizes), factor_in_symbols([2, 2], sizes)
    ('1/T', '2')
    >>> factor_in_symbols([1.198, 1.21], sizes)
    ''
    """
    symbols = [name for name in sizes[0] if all(name in some for some in sizes)]
    if len(sizes) == 1:
        symbols = []  # whether 4 is m or a number cannot be told from one problem
    for some in (some for count in (1, 2) for some in combinations(symbols, count)):
        sides = np.array([prod(one[symbol] for symbol in some) for one in sizes], float)
        if len({*sides}) == 1:
            continue  # nor from several in which it is the same
        if np.allclose(found, sides, rtol=CLOSE):
            return " ".join(some)
        if np.allclose(found, 1 / sides, rtol=CLOSE):
            return f"1/({' '.join(some)})" if len(some) > 1 else f"1/{some[0]}"
    return f"{found[0]:.4g}" if np.allclose(found, found[0], rtol=CLOSE) else ""


def same(a: Any, b: Any) -> bool:
    """Tell whether two arguments, arrays, functions or dicts of them, are still equal."""
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if callable(a):
        return a is b
    return np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind == "f")
