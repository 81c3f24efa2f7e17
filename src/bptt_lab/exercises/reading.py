"""Read what a learner's function returned, also where its form is not the one asked for.

A form is what does not touch the numbers: names, the order of axes, a tuple in place of a dict, a
sum that was not taken. What is read in another form is told to the learner, and is not right.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, permutations
from typing import Any, NamedTuple

import numpy as np

from bptt_lab.arguments import Array, describe
from bptt_lab.exercises.comparing import (
    Parts,
    Sizes,
    Unusable,
    agree,
    length_in_symbols,
    numbers,
    shape_in_symbols,
)


class Reading(NamedTuple):
    """What was returned for each problem, and what is to be said of its form."""

    parts: list[Parts]
    form: tuple[str, ...] = ()


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
        parts = entries(value, like)
    elif isinstance(like, tuple):
        parts = dict(zip(names, members(value, len(like), names), strict=True))
    elif isinstance(value, tuple) and value and np.ndim(value[0]) == np.ndim(like):
        raise Unusable(f"Return `{names[0]}` alone; this is a tuple of {len(value)} members.")
    elif isinstance(like, bool | np.bool):
        parts = {names[0]: truth(names[0], value)}
    else:
        parts = {names[0]: value}
    return {name: numbers(name, part) for name, part in parts.items()}


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


def truth(name: str, value: Any) -> Any:
    """Return a verdict, which has to be True or False."""
    if not isinstance(value, bool | np.bool) and np.shape(value) + (1,) != (1,):
        raise Unusable(f"`{name}` should be True or False; it is {describe(value)}.")
    if np.asarray(value).dtype.kind != "b":
        raise Unusable(f"`{name}` should be True or False; it is {describe(value)}.")
    return value


# ------------------------------------------------------------------------- another container


def unwrapped(
    values: Sequence[Any], right: Sequence[Parts], like: Any, names: Sequence[str]
) -> Reading | None:
    """Find the parts among the members of another container; None if they are not all there.

    A part is known by its numbers if they are right, else by its shape if no other has it.
    """
    candidates = [contents(value) for value in values]
    inner = [
        key for key in candidates[0] if all(isinstance(c.get(key), Mapping) for c in candidates)
    ]
    if isinstance(like, dict) and len(inner) == 1:
        try:
            parts = [read(c[inner[0]], like, names) for c in candidates]
        except Unusable:
            return None
        return Reading(parts, ("The gradients are one member of a tuple; return that dict alone.",))
    found = {name: counterpart(name, candidates, right) for name in right[0]}
    if None in found.values() or len({*found.values()}) < len(found):
        return None
    parts = [{name: numbers(name, c[key]) for name, key in found.items()} for c in candidates]
    return Reading(parts, (container(found, candidates[0], like, names),))


def contents(value: Any) -> dict[Any, Any]:
    """Return the members of a container by key or position."""
    if isinstance(value, Mapping):
        return dict(value)
    return dict(enumerate(value)) if isinstance(value, tuple | list) else {}


def counterpart(name: str, candidates: Sequence[dict[Any, Any]], right: Sequence[Parts]) -> Any:
    """Return the key under which a part is handed back in all problems; None if it is not clear."""

    def are(key: Any, test: Callable[[Array, Array], bool]) -> bool:
        try:
            arrays = [numbers(name, c[key]) for c in candidates]
        except (KeyError, Unusable):
            return False
        return all(test(a, parts[name]) for a, parts in zip(arrays, right, strict=True))

    keys = [*candidates[0]]
    exact = [key for key in keys if are(key, agree)]
    if exact:
        return exact[0]
    fitting = [key for key in keys if are(key, lambda a, b: a.shape == b.shape)]
    alike = [n for n in right[0] if right[0][n].shape == right[0][name].shape]
    return fitting[0] if len(fitting) == len(alike) == 1 else None


def container(
    found: Mapping[str, Any], candidate: Mapping[Any, Any], like: Any, names: Sequence[str]
) -> str:
    """Say in which container the parts are, and in which they should be."""
    if isinstance(like, dict):
        wanted = f"a dict with the keys {', '.join(like)}"
    else:
        wanted = f"({', '.join(names)})" if isinstance(like, tuple) else f"`{names[0]}` alone"
    if all(isinstance(key, str) for key in candidate):
        renamed = [f"`{key}` is `{name}`" for name, key in found.items() if key != name]
        if isinstance(like, dict):
            return f"The names are others: {', '.join(renamed)}. Return {wanted}."
        return f"The function returns a dict; return {wanted}."
    return f"The function returns a tuple of {len(candidate)} members; return {wanted}."


# ------------------------------------------------------------------------------- other axes


class Turn(NamedTuple):
    """A way to bring an array into another form, and what to say of it."""

    turn: Callable[[Array, Array], Array | None]
    says: str


def moved(order: tuple[int, ...]) -> Callable[[Array, Array], Array | None]:
    """Move axes into another order."""
    return lambda a, right: a.transpose(order) if a.ndim == len(order) else None


def summed(axes: tuple[int, ...]) -> Callable[[Array, Array], Array | None]:
    """Sum over axes."""
    return lambda a, right: a.sum(axis=axes) if a.ndim > max(axes) else None


def without_ones(a: Array, right: Array) -> Array | None:
    """Drop or add axes of length 1."""
    kept = [[size for size in shape if size != 1] for shape in (a.shape, right.shape)]
    return a.reshape(right.shape) if kept[0] == kept[1] else None


def turns(got: Sequence[Array], sizes: Sequence[Sizes], sums: bool) -> list[Turn]:
    """All forms that an array may have been brought into by mistake, with sums or without."""
    ndim = got[0].ndim
    names = [length_in_symbols([a.shape[k] for a in got], sizes) for k in range(ndim)]
    found = [Turn(without_ones, "it has axes of length 1 that do not belong there, or lacks some")]
    found += [
        Turn(moved(order), "its axes are in another order: move them, or transpose, at the end")
        for order in [*permutations(range(ndim))][1:]
        if ndim <= 4
    ]
    found += [
        Turn(summed(axes), f"it is not summed over {' and '.join(names[k] for k in axes)}")
        for count in range(1, ndim + 1 if sums else 1)
        for axes in combinations(range(ndim), count)
    ]
    return found


def turned(
    name: str, parts: list[Parts], right: list[Parts], sizes: Sequence[Sizes], sums: bool
) -> Reading:
    """Bring one part into the shape it should have.

    Preferred is a form in which the numbers are right; then one in which at least the shape fits.

    Raises
    ------
    Unusable
        If there is no such form.
    """
    got, wanted = [p[name] for p in parts], [p[name] for p in right]
    shapes = [[a.shape for a in some] for some in (got, wanted)]
    fitting: list[tuple[bool, int, list[Array], str]] = []
    if len({a.ndim for a in got}) > 1:
        raise Unusable(name)
    for turn, says in turns(got, sizes, sums):
        results = [turn(a, b) for a, b in zip(got, wanted, strict=True)]
        arrays = [a for a in results if a is not None]
        if [a.shape for a in arrays] == [b.shape for b in wanted]:
            exact = all(map(agree, arrays, wanted))
            fitting.append((not exact, len(fitting), arrays, says))
    if not fitting:
        raise Unusable(name)
    _, _, arrays, says = min(fitting, key=lambda some: some[:2])
    is_shape, should = (shape_in_symbols(some, sizes) for some in shapes)
    new = [{**p, name: a} for p, a in zip(parts, arrays, strict=True)]
    return Reading(new, (f"`{name}` has shape {is_shape}, should be {should}: {says}.",))


def reshaped(
    parts: list[Parts], right: list[Parts], sizes: Sequence[Sizes], *, sums: bool
) -> Reading | None:
    """Bring every part into the shape it should have; None if one cannot be.

    What is moved holds the same numbers. A sum that was not taken is another matter: that a shape
    fits after it says nothing, unless the numbers fit too.
    """
    said: list[str] = []
    for name in right[0]:
        if any(a[name].shape != b[name].shape for a, b in zip(parts, right, strict=True)):
            try:
                parts, form = turned(name, parts, right, sizes, sums)
            except Unusable:
                return None
            said += form
    return Reading(parts, tuple(said)) if said else None
