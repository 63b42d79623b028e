"""Means of all settings at one metric, data set and epoch, turned so that higher is better."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.runs.run import Run
from analysis.scores.metrics import facts_of
from analysis.scores.model import Scores, pooled


@dataclass(frozen=True)
class EvaluationPoint:
    """Arrays are over settings; `when` is the index of the epoch a mean is from, another for each only where `so_far`.

    `noise` is the standard deviation between seeds, pooled over settings, with its degrees of freedom (0: one seed).
    """

    metric: str
    dataset: str
    epoch: int
    so_far: bool
    sign: float
    when: np.ndarray
    mean: np.ndarray
    images: np.ndarray
    seeds: np.ndarray
    noise: tuple[float, float]

    @cached_property
    def known(self) -> np.ndarray:
        """The settings that have a number here."""
        return np.flatnonzero(np.isfinite(self.mean))

    @cached_property
    def best(self) -> int:
        """The setting that comes first, -1 where none has a number."""
        return self.best_of(self.known)

    def best_of(self, group: np.ndarray) -> int:
        """Return the setting of a group that comes first, -1 where none has a number."""
        values = self.mean[group]
        first = int(np.where(np.isnan(values), -np.inf, values).argmax()) if len(values) else 0
        return int(group[first]) if len(values) and np.isfinite(values[first]) else -1


def place_of(scores: Scores, metric: str, dataset: str, epoch: int, *, so_far: bool = False) -> EvaluationPoint:
    """Return the means there; `so_far`: of each setting at its own best epoch up to this one.

    A setting that was stopped before this epoch has none: at its best so far it would be held against longer training.
    """
    m, d, e = scores.metrics.index(metric), scores.datasets.index(dataset), scores.epochs.index(epoch)
    first = 0 if so_far else e
    span, sign = scores.trials[m, d, first : e + 1], facts_of(metric).sign
    means = np.where(np.isfinite(span.mean), sign * span.mean, -np.inf)
    means[:, scores.ended_before[e]] = -np.inf
    when = means.argmax(axis=0)
    mean, images, seeds = (values[when, np.arange(len(when))] for values in (means, span.n, span.seeds))
    std, freedom = map(float, pooled(scores.trials[m, d, e]))
    mean = np.where(np.isfinite(mean), mean, np.nan)
    return EvaluationPoint(metric, dataset, epoch, so_far, sign, first + when, mean, images, seeds, (std, freedom))


def groups(run: Run, scores: Scores) -> list[tuple[str, Hashable, np.ndarray]]:
    """Return (parameter, value, the settings that have it) for every value of every parameter that varies."""
    found: list[tuple[str, Hashable, np.ndarray]] = []
    for key, values in run.axes.items():
        if len(values) > 1:
            of = {value: i for i, value in enumerate(values)}
            places = np.array([of.get(setting.parameters.get(key), -1) for setting in scores.settings], dtype=int)
            found += [(key, value, np.flatnonzero(places == i)) for i, value in enumerate(values)]
    return found
