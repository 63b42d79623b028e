"""The numbers in the cells of a heatmap, and the order of its rows and columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.paper.subject import Subject
from analysis.scores.metrics import facts_of
from analysis.statistics.cells import by_cell


def best_cells(subject: Subject, rows: Sequence[str], columns: Sequence[str]) -> np.ndarray:
    """Return (rows, columns) the best value of the settings of each cell, NaN where there is none."""
    return _by_cell(subject, rows, columns)[0]


def mean_cells(subject: Subject, rows: Sequence[str], columns: Sequence[str]) -> np.ndarray:
    """Return (rows, columns) the mean over the settings of each cell that have a value, NaN where there is none."""
    return _by_cell(subject, rows, columns)[1]


def _by_cell(subject: Subject, rows: Sequence[str], columns: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return best and mean (rows, columns); the outer parameter varies slowest."""
    count = len(subject.values)
    cells, shape = np.zeros(count, dtype=int), [1, 1]
    for side, keys in enumerate((rows, columns)):
        for key in keys:
            levels = len(subject.run.axes[key])
            cells = cells * levels + np.array([subject.level(i, key) for i in range(count)], dtype=int)
            shape[side] *= levels
    higher = np.array([facts_of(subject.metric).higher_is_better])
    best, mean = by_cell(subject.values[None], cells, shape[0] * shape[1], higher)
    return best.reshape(shape), mean.reshape(shape)
