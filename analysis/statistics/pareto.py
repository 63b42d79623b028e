"""Pareto fronts and hypervolumes, whichever way each metric points."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np


def as_gains(values: np.ndarray, higher: Sequence[bool]) -> np.ndarray:
    """Return (settings, k) values of which higher is better; `higher` says it of each metric as it is."""
    return np.asarray(values, dtype=float).reshape(-1, len(higher) or 1) * np.where(higher, 1.0, -1.0)


def pareto_front(values: np.ndarray, higher: Sequence[bool]) -> np.ndarray:
    """Return which of (settings, k) `values` no other setting beats: as good in every metric and better in one.

    Equal settings are on the front together; a setting with a value that is not finite never is.
    """
    gains = as_gains(values, higher)
    on_front = np.zeros(len(gains), dtype=bool)
    there = np.flatnonzero(np.isfinite(gains).all(axis=1))
    if len(there):
        # In falling order a point can be beaten only by those before it.
        falling, place = np.unique(-gains[there], axis=0, return_inverse=True)
        front = _front_of_three(-falling) if gains.shape[1] <= 3 else _front_of_many(-falling)
        on_front[there] = front[place.reshape(-1)]
    return on_front


def hypervolume(values: np.ndarray, reference: Sequence[float] | np.ndarray, higher: Sequence[bool]) -> float:
    """Return the area (k = 2) or volume (k = 3) between `reference` and what (settings, k) `values` reach, exactly.

    A setting that is not better than the reference in every metric adds nothing. NaN where the reference has one;
    ValueError for another k.
    """
    if len(higher) not in (2, 3):
        raise ValueError(f"hypervolume takes 2 or 3 metrics, but got {len(higher)}")
    corner = as_gains(np.asarray(reference), higher)
    if not np.isfinite(corner).all():
        return float("nan")
    gains = as_gains(values, higher)
    gains = gains[np.isfinite(gains).all(axis=1)] - corner
    gains = gains[(gains > 0).all(axis=1)]
    gains = gains[np.argsort(-gains[:, 0], kind="stable")]
    # Two metrics are three of which the last is 1 for all.
    x, y, z = (*gains.T, np.ones(len(gains)))[:3]
    stair = _Stair()
    area = volume = 0.0
    # Slice by slice along the first metric, the area that the others cover so far.
    for b, c, depth in zip(y.tolist(), z.tolist(), (x - np.append(x[1:], 0.0)).tolist(), strict=True):
        area += stair.add(b, c)
        volume += area * depth
    return volume


def hypervolume_share(values: np.ndarray, reference: Sequence[float] | np.ndarray, higher: Sequence[bool]) -> float:
    """Return the hypervolume over that of a setting that would have the best of every metric, in [0, 1].

    1: nothing has to be traded; 0: no setting is better than the reference in all; NaN where no such setting could be.
    """
    sides = as_gains(best_point(values, higher), higher) - as_gains(np.asarray(reference), higher)
    whole = float(np.prod(sides)) if (sides > 0).all() else 0.0
    return hypervolume(values, reference, higher) / whole if whole > 0 else float("nan")


def worst_point(values: np.ndarray, higher: Sequence[bool]) -> np.ndarray:
    """Return the worst finite value of each metric over (settings, k) `values`; NaN where there is none."""
    return -best_point(-np.asarray(values, dtype=float), higher)


def best_point(values: np.ndarray, higher: Sequence[bool]) -> np.ndarray:
    """Return the best finite value of each metric over (settings, k) `values`; NaN where there is none."""
    gains = as_gains(values, higher)
    best = np.where(np.isfinite(gains), gains, -np.inf).max(axis=0, initial=-np.inf)
    return np.where(np.isfinite(best), best, np.nan) * np.where(higher, 1.0, -1.0)


class _Stair:
    """The front of points (y, z) with y, z > 0 added so far: y rises, z falls."""

    def __init__(self) -> None:
        self.y: list[float] = []
        self.z: list[float] = []

    def covers(self, y: float, z: float) -> bool:
        at = bisect_left(self.y, y)
        return at < len(self.y) and self.z[at] >= z

    def add(self, y: float, z: float) -> float:
        """Add a point, drop those that it covers, and return how much area it adds."""
        if self.covers(y, z):
            return 0.0
        end = bisect_right(self.y, y)
        start = end
        while start > 0 and self.z[start - 1] <= z:
            start -= 1
        left = self.y[start - 1] if start > 0 else 0.0
        after = self.z[end] if end < len(self.z) else 0.0
        added = (y - left) * (z - after)
        # What the dropped steps had covered beyond the step that follows.
        for i in range(start, end):
            added -= (self.y[i] - left) * (self.z[i] - after)
            left = self.y[i]
        self.y[start:end] = [y]
        self.z[start:end] = [z]
        return added


def _front_of_three(gains: np.ndarray) -> np.ndarray:
    """Return the front of up to three metrics in n log n; rows differ and fall lexicographically."""
    _, y, z = (*gains.T, *np.zeros((2, len(gains))))[:3]
    front = np.zeros(len(gains), dtype=bool)
    stair = _Stair()
    for i, (b, c) in enumerate(zip(y.tolist(), z.tolist(), strict=True)):
        if not stair.covers(b, c):
            front[i] = True
            stair.add(b, c)
    return front


def _front_of_many(gains: np.ndarray) -> np.ndarray:
    """Return the front of any number of metrics; rows differ and fall lexicographically."""
    front = np.zeros(len(gains), dtype=bool)
    left = np.arange(len(gains))
    while len(left):
        front[left[0]] = True
        left = left[1:][(gains[left[1:]] > gains[left[0]]).any(axis=1)]
    return front
