"""Formats numbers and swept values in a sentence."""

from __future__ import annotations

import math
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
    """Return `a, b and c`, nothing for no name."""
    *some, last = [*names] or [""]
    return f"{', '.join(some)} and {last}" if some else last


def percent(share: float | None) -> str:
    """Write a share of 1 with three significant digits, a dash where there is none."""
    return "–" if share is None or math.isnan(share) else f"{100 * share:.3g} %"


def duration(seconds: float) -> str:
    """Write `0.53 s`, `12 min` or `1.5 h`."""
    if seconds < 90:
        return f"{seconds:.2g} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
