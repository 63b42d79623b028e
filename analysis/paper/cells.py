"""The numbers in the cells of a heatmap, and the order of its rows and columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.paper.subject import Subject
from analysis.scores.metrics import facts_of
from analysis.statistics.cells import share


def best_cells(subject: Subject, rows: Sequence[str], columns: Sequence[str]) -> np.ndarray:
    """Return (rows, columns) the best value of the settings of each cell, NaN where there is none."""
    places, shape = _cells_of(subject, rows, columns)
    cells = np.full(shape, np.nan)
    better = np.fmax if facts_of(subject.metric).higher_is_better else np.fmin
    better.at(cells, places, subject.values)
    return cells


def mean_cells(subject: Subject, rows: Sequence[str], columns: Sequence[str]) -> np.ndarray:
    """Return (rows, columns) the mean over the settings of each cell that have a value, NaN where there is none."""
    places, shape = _cells_of(subject, rows, columns)
    there = np.isfinite(subject.values)
    total, count = np.zeros(shape), np.zeros(shape)
    np.add.at(total, places, np.where(there, subject.values, 0.0))
    np.add.at(count, places, there)
    return share(total, count)


def _cells_of(
    subject: Subject, rows: Sequence[str], columns: Sequence[str]
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[int, int]]:
    """Return the row and the column of every setting, and how many of each there are; the outer parameter first."""
    count = len(subject.values)
    places, shape = [], []
    for keys in (rows, columns):
        at, size = np.zeros(count, dtype=int), 1
        for key in keys:
            levels = len(subject.run.axes[key])
            at = at * levels + np.array([subject.level(i, key) for i in range(count)], dtype=int)
            size *= levels
        places.append(at)
        shape.append(size)
    return (places[0], places[1]), (shape[0], shape[1])
