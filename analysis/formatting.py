"""How numbers and swept values are written in a sentence."""

from __future__ import annotations

from collections.abc import Iterable


def number(value: float) -> str:
    """Write a value with four significant digits."""
    return f"{value:.4g}"


def difference(value: float) -> str:
    """Write a difference with two significant digits."""
    return f"{value:.2g}"


def text(value: object) -> str:
    """Write a swept value with all its digits, 10.0 as 10."""
    if value is None:
        return "none"
    return repr(float(value)).removesuffix(".0") if isinstance(value, float) else str(value)


def is_number(value: object) -> bool:
    """Return whether a swept value is a number; true and false are words."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def listed(names: Iterable[str]) -> str:
    """Return `a, b and c`."""
    *some, last = names
    return f"{', '.join(some)} and {last}" if some else last
