"""One run of a comparison."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np

from analysis.comparison.fixed_values import fixed_values
from analysis.findings.findings import Findings
from analysis.runs.run import Run
from analysis.scores.metrics import ALL
from analysis.scores.model import Scores
from analysis.scores.score import dataset_weights

LAST = "last of each"
OWN = "each run's own"


@dataclass(frozen=True)
class Side:
    """One of the runs; `weights` are the shares of the data sets in its mean, `fixed` what no trial varies."""

    label: str
    findings: Findings
    weights: dict[str, float] = field(default_factory=dict)
    fixed: dict[str, Hashable] = field(default_factory=dict)

    @property
    def run(self) -> Run:
        return self.findings.run

    @property
    def scores(self) -> Scores:
        return self.findings.scores

    @property
    def has_numbers(self) -> bool:
        return bool(np.isfinite(self.scores.trials.mean).any())

    def dataset(self, name: str) -> str | None:
        """Return what `scores` calls a data set of the comparison, or None if this run was not tested on it."""
        known = self.scores.datasets
        if name in (ALL, OWN):
            return known[1] if len(known) == 2 else ALL if len(known) > 2 else None
        return name if name in known else None

    def at(self, metric: str, dataset: str, epoch: int | str) -> tuple[int, int, int] | None:
        """Return the place in `scores.trials` of a metric, data set and epoch of the comparison; None without one."""
        own = self.dataset(dataset)
        when = self.scores.epochs[-1] if epoch == LAST and self.scores.epochs else epoch
        if own is None or metric not in self.scores.metrics or when not in self.scores.epochs:
            return None
        places = self.scores.metrics.index(metric), self.scores.datasets.index(own)
        return *places, self.scores.epochs.index(int(when))

    def values(self, metric: str, dataset: str, epoch: int | str) -> np.ndarray:
        """Return the mean of every setting, NaN where there is none."""
        place = self.at(metric, dataset, epoch)
        return np.full(len(self.scores.settings), np.nan) if place is None else self.scores.trials.mean[place]


def same_images(a: Side, b: Side, dataset: str) -> bool:
    """Return whether both runs were tested on the same images, as loaded; False if either does not record it."""
    ours, theirs = fingerprints(a, dataset), fingerprints(b, dataset)
    return bool(ours) and ours == theirs


def fingerprints(side: Side, dataset: str) -> dict[str, tuple[str, float]] | None:
    """Return the fingerprint and the share of every data set that a place counts; None if one is not recorded."""
    name = side.dataset(dataset)
    if name is None:
        return None
    shares = side.weights if name == ALL else {name: 1.0}
    known = dict(zip(side.run.datasets["dataset"], side.run.datasets["fingerprint"], strict=True))
    if any(one not in known for one in shares):
        return None
    return {one: (known[one], round(share, 9)) for one, share in shares.items()}


def side_of(label: str, findings: Findings) -> Side:
    """Return a run as one side of a comparison."""
    names = findings.scores.datasets[1:]
    weights = dataset_weights(findings.run.rank_by.dataset_weights, names)
    total = weights.sum()
    shares = {name: float(w / total) for name, w in zip(names, weights, strict=True) if w > 0} if total > 0 else {}
    return Side(label, findings, shares, fixed_values(findings.run))
