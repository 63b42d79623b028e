"""Pooled variance over seeds, and the difference that it can resolve."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

LEVEL = 0.95


def resolvable(std: float, freedom: float, settings: int, seeds: int = 1) -> float:
    """Return the least difference between any two of `settings`, each the mean of `seeds`, that noise does not explain.

    `std` is that of one seed, estimated with `freedom` degrees of freedom, in this sweep or in another with the same
    training: sweeps/seed_noise.yaml measures it for a grid that has one seed. Two settings: Student's t; more: the
    studentised range (Tukey), at 95 %. NaN for fewer than two.
    """
    if settings < 2 or seeds < 1 or not freedom > 0:
        return float("nan")
    return float(std * _range(settings, float(freedom)) / np.sqrt(seeds))


@lru_cache(maxsize=256)
def _range(settings: int, freedom: float) -> float:
    """Return the 95 % point of the studentised range; half a second each. Of two it is t times the root of 2."""
    from scipy import stats

    if settings == 2:
        return float(stats.t.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(2))
    return float(stats.studentized_range.ppf(LEVEL, settings, freedom))
