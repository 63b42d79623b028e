"""The best and the mean value of each cell of a table."""

from __future__ import annotations

import numpy as np


def by_cell(values: np.ndarray, cells: np.ndarray, count: int, higher: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return best and mean over the settings of each cell; `values` (metric, ..., setting), NaN is left out."""
    order = np.argsort(cells, kind="stable")
    starts = np.flatnonzero(np.diff(cells[order], prepend=-1))
    present = cells[order][starts]
    sign = np.where(higher, 1.0, -1.0).reshape(-1, *[1] * (values.ndim - 1))
    sorted_values = values[..., order]
    there = np.isfinite(sorted_values)
    best, mean = (np.full((*values.shape[:-1], count), np.nan) for _ in range(2))
    top = np.maximum.reduceat(np.where(there, sign * sorted_values, -np.inf), starts, axis=-1)
    best[..., present] = np.where(np.isfinite(top), sign * top, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.add.reduceat(np.where(there, sorted_values, 0.0), starts, axis=-1)
        mean[..., present] = total / np.add.reduceat(there.astype(float), starts, axis=-1)
    return best, mean


def central(cells: np.ndarray, axis: int, higher: bool) -> list[int]:
    """Return the order along `axis` with the best mean in the middle and the next left and right of it in turn."""
    lines = cells if axis == 0 else cells.T
    there = np.isfinite(lines)
    total, count = np.where(there, lines, 0.0).sum(axis=1), there.sum(axis=1)
    mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    strength = np.where(np.isnan(mean), -np.inf, mean if higher else -mean)
    order: list[int] = []
    for place, line in enumerate(np.argsort(-strength, kind="stable").tolist()):
        order = [*order, line] if place % 2 else [line, *order]
    return order
