"""Numbers as they are printed: as many digits as tell the best from the second, the same number in a whole column."""

from __future__ import annotations

import math

import numpy as np

from analysis.scores.metrics import facts_of

NONE = "–"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SIGNIFICANT, _MOST = 4, 5


def direction(metric: str) -> str:
    """Return the arrow that points to the better side."""
    return "↑" if facts_of(metric).higher_is_better else "↓"


def label(metric: str) -> str:
    """Return the metric with its direction: `VIF ↑`."""
    return f"{metric} {direction(metric)}"


def exponent_of(values: np.ndarray) -> int:
    """Return the power of ten to take out of a column so that no value needs more than a few digits; mostly 0."""
    largest = _largest(values)
    return math.floor(math.log10(largest)) if largest and not 1e-3 <= largest < 1e6 else 0


def times(exponent: int) -> str:
    """Return `×10⁻⁶` for -6 and nothing for 0."""
    return f"×10{str(exponent).translate(_SUPERSCRIPTS)}" if exponent else ""


def decimals_of(values: np.ndarray, higher: bool | None = None, given: int | None = None) -> int:
    """Return the decimals of a column: four significant digits of its largest value, or those that were `given`.

    Where a direction is told, there are up to three more if the two best values would read alike without.
    """
    largest = _largest(values)
    plain = _SIGNIFICANT - 1 - math.floor(math.log10(largest)) if largest else 1
    decimals = min(max(plain, 0), _MOST) if given is None else given
    if higher is None:
        return decimals
    distinct = np.unique(values[np.isfinite(values)])
    if len(distinct) < 2:
        return decimals
    first, second = distinct[[-1, -2]] if higher else distinct[[0, 1]]
    more = (d for d in range(decimals, decimals + 4) if write(first, d) != write(second, d))
    return next(more, decimals)


def write(value: float, decimals: int) -> str:
    """Write a value with a true minus; a dash where there is none."""
    if not math.isfinite(value):
        return NONE
    text = f"{value:.{decimals}f}"
    return text.replace("-", "−") if float(text) else text.removeprefix("-")


def interval(low: float, high: float, decimals: int) -> str:
    """Write `[low, high]`; a dash where it is not known."""
    known = math.isfinite(low) and math.isfinite(high)
    return f"[{write(low, decimals)}, {write(high, decimals)}]" if known else NONE


def brief(value: float) -> str:
    """Write one value in a sentence or a cell, with four significant digits."""
    return NONE if not math.isfinite(value) else f"{value:.4g}".replace("-", "−").replace("e−0", "e−")


def _largest(values: np.ndarray) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if len(finite) else 0.0
