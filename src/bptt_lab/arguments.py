"""Checks of what a caller hands in, one small function per kind of argument.

Every check returns the argument in the form the numerics need, or raises a ``ValueError``
that names the argument, says what was expected and what it got. Nothing is broadcast and
nothing is modified.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

PRECISIONS = (np.dtype(np.float32), np.dtype(np.float64))


def fail(name: str, expected: str, got: str) -> NoReturn:
    """Raise the one form of error this package gives for a bad argument.

    >>> fail("window", "a positive integer", "0")
    Traceback (most recent call last):
    ValueError: window: expected a positive integer, got 0
    """
    raise ValueError(f"{name}: expected {expected}, got {got}")


def describe(value: Any) -> str:
    """Say in a few words what ``value`` is.

    >>> describe(np.zeros((2, 3)))
    'an array of type float64 and shape (2, 3)'
    >>> describe("tanh")
    "'tanh'"
    """
    if isinstance(value, np.ndarray):
        return f"an array of type {value.dtype} and shape {value.shape}"
    if value is None or isinstance(value, str | bool | int | float | np.generic):
        return repr(value)
    return f"an object of type {type(value).__name__}"


def shape_text(shape: Iterable[int | str]) -> str:
    """Write a shape whose free axes carry a symbol instead of a number.

    >>> shape_text(("T", "m", 3))
    '(T, m, 3)'
    """
    axes = [str(axis) for axis in shape]
    return f"({axes[0]},)" if len(axes) == 1 else f"({', '.join(axes)})"


def check_real(name: str, value: Any, shape: Sequence[int | str], dtype: Any = None) -> Array:
    """Return ``value`` as a real array of the given shape without NaN or infinity.

    An axis of ``shape`` is a size, or a symbol where any size of at least one will do.
    The result has type ``dtype``, or the type it had when ``dtype`` is None. Integers are taken
    as the real numbers they are, unless one is too large to be exact.

    >>> check_real("x", np.eye(2, dtype=int), (2, 2))
    array([[1., 0.],
           [0., 1.]])
    """
    array = exact_reals(as_array(name, value, "an array"))
    if array.dtype not in PRECISIONS or not fits(array.shape, shape):
        expected = f"a float32 or float64 array of shape {shape_text(shape)}"
        if 0 in array.shape:
            expected += ", no axis of length 0"
        fail(name, expected, describe(array))
    check_finite(name, array)
    return array if dtype is None else array.astype(dtype, copy=False)


def exact_reals(array: Array) -> Array:
    """Convert integers to float64 if every one of them is represented exactly."""
    if array.dtype.kind in "iu" and np.all(np.abs(array.astype(np.float64)) < 2**53):
        return array.astype(np.float64)
    return array


def as_array(name: str, value: Any, expected: str) -> Array:
    """Return ``value`` as an array, if it is one or a regular list of numbers."""
    if isinstance(value, np.ndarray):
        return value
    if value is None or isinstance(value, str | dict):
        fail(name, expected, describe(value))
    try:
        return np.asarray(value)
    except ValueError:
        fail(name, expected, "a ragged list")


def fits(got: tuple[int, ...], expected: Sequence[int | str]) -> bool:
    """Tell whether a shape agrees with ``expected``; a symbol stands for any size >= 1.

    >>> fits((7, 3), ("T", 3)), fits((0, 3), ("T", 3)), fits((7, 3, 1), ("T", 3))
    (True, False, False)
    """
    if got == expected:
        return all(got)
    return len(got) == len(expected) and all(
        size >= 1 if isinstance(axis, str) else size == axis
        for size, axis in zip(got, expected, strict=True)
    )


def check_shape(name: str, array: Array, shape: tuple[int, ...]) -> None:
    """Refuse an array that NumPy would have to broadcast.

    >>> check_shape("y", np.zeros((4, 1)), (4, 3))
    Traceback (most recent call last):
    ValueError: y: expected an array of shape (4, 3), got an array of type float64 and shape (4, 1)
    """
    if array.shape != shape:
        fail(name, f"an array of shape {shape}", describe(array))


def check_finite(name: str, array: Array) -> None:
    """Refuse NaN and infinity, and say where the first one is."""
    good = np.isfinite(array)
    if not np.logical_and.reduce(good, axis=None):  # much less overhead than good.all()
        index = tuple(int(i) for i in np.argwhere(~good)[0])
        fail(name, "finite numbers", f"{array[index]} at index {index}")


def check_classes(name: str, value: Any, shape: tuple[int, int], n_outputs: int) -> Array:
    """Return ``value`` as integer classes 0..n_outputs-1, with -1 where there is no target."""
    expected = f"integer classes of shape {shape}"
    array = as_array(name, value, expected)
    if array.dtype.kind not in "iu" or array.shape != shape:
        fail(name, expected, describe(array))
    outside = (array < -1) | (array >= n_outputs)
    if outside.any():
        got = f"{array[outside][0]} at index {tuple(int(i) for i in np.argwhere(outside)[0])}"
        fail(name, f"classes from 0 to {n_outputs - 1}, or -1 for no target", got)
    return array


def check_integer(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """Return ``value`` if it is an integer of at least ``least`` and at most ``most``."""
    expected = f"an integer of at least {least}"
    if most is not None:
        expected = f"an integer from {least} to {most}"
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        fail(name, expected, describe(value))
    return int(value)


def check_number(name: str, value: Any, least: float = -np.inf) -> float:
    """Return ``value`` if it is a finite real number of at least ``least``."""
    expected = "a finite number" if least == -np.inf else f"a finite number of at least {least:g}"
    is_number = isinstance(value, int | float | np.integer | np.floating)
    if not is_number or isinstance(value, bool) or not np.isfinite(value) or value < least:
        fail(name, expected, describe(value))
    return float(value)


def check_positive(name: str, value: Any) -> float:
    """Return ``value`` if it is a number above zero.

    >>> check_positive("rate", 0)
    Traceback (most recent call last):
    ValueError: rate: expected a number above 0, got 0
    """
    if check_number(name, value) <= 0:
        fail(name, "a number above 0", describe(value))
    return float(value)


def check_fraction(name: str, value: Any) -> float:
    """Return ``value`` if it is a number from 0 up to, but not, 1.

    >>> check_fraction("momentum", 1)
    Traceback (most recent call last):
    ValueError: momentum: expected a number of at least 0 and below 1, got 1
    """
    if not 0 <= check_number(name, value) < 1:
        fail(name, "a number of at least 0 and below 1", describe(value))
    return float(value)


def check_choice(name: str, value: Any, known: Iterable[str]) -> str:
    """Return ``value`` if it is one of the ``known`` words.

    >>> check_choice("reduction", "avg", ("sum", "mean"))
    Traceback (most recent call last):
    ValueError: reduction: expected one of 'sum', 'mean', got 'avg'
    """
    known = tuple(known)
    if not isinstance(value, str) or value not in known:
        fail(name, f"one of {', '.join(map(repr, known))}", describe(value))
    return value


def check_bool(name: str, value: Any) -> bool:
    """Return ``value`` if it is True or False."""
    if not isinstance(value, bool):
        fail(name, "True or False", describe(value))
    return value


def check_keys(name: str, value: Any, expected: Iterable[str]) -> None:
    """Refuse a dictionary that lacks one of the ``expected`` keys or has another one."""
    expected = tuple(expected)
    if not isinstance(value, dict):
        fail(name, f"a dict with the keys {', '.join(expected)}", describe(value))
    missing = [key for key in expected if key not in value]
    extra = [str(key) for key in value if key not in expected]
    if missing or extra:
        got = [f"no {key}" for key in missing] + [f"the unknown key {key}" for key in extra]
        fail(name, f"exactly the keys {', '.join(expected)}", " and ".join(got))


def check_dtype(name: str, value: Any) -> np.dtype[Any]:
    """Return the dtype float32 or float64."""
    try:
        dtype: np.dtype[Any] = np.dtype(value)
    except TypeError:
        fail(name, "float32 or float64", describe(value))
    if dtype not in PRECISIONS:
        fail(name, "float32 or float64", str(dtype))
    return dtype


def check_generator(name: str, value: Any) -> np.random.Generator:
    """Return ``value`` if it is a NumPy random generator."""
    if not isinstance(value, np.random.Generator):
        fail(name, "a numpy.random.Generator, such as numpy.random.default_rng(0)", describe(value))
    return value


def check_instance(name: str, value: Any, kind: type, example: str) -> None:
    """Refuse a ``value`` that is not of the given kind."""
    if not isinstance(value, kind):
        got = f"the class {value.__name__}" if isinstance(value, type) else describe(value)
        fail(name, f"{example}", got)


def check_function(name: str, value: Any) -> Callable[..., Any]:
    """Return ``value`` if it can be called."""
    if not callable(value):
        fail(name, "a function", describe(value))
    return value  # type: ignore[no-any-return]
