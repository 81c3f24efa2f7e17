"""Ranges of the numbers that a training takes."""

from typing import Any

from bptt_lab.arguments import check_number, describe, fail


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
