"""What a search is after, and what the results table says of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from fusion_core.metrics.facts import facts_of
from fusion_core.reports import EpochReport
from trials.ranking.outcome import FAILED, Outcome
from trials.spec.constraints import Constraint
from trials.spec.sweep import RankBy
from trials.storage.results import Results

MEANS = "SELECT dataset, metric, mean FROM metrics WHERE trial = ? AND epoch = ?"
CURVE = "SELECT epoch, dataset, mean FROM metrics WHERE trial = ? AND metric = ?"


@dataclass(frozen=True)
class Objective:
    """What a search is after: metrics, constraints, and where they are read (the ranking's epoch and data sets)."""

    rank_by: RankBy
    metrics: tuple[str, ...]
    constraints: tuple[Constraint, ...]
    datasets: tuple[str, ...]

    def outcome(self, results: Results, trial: str, epochs: int) -> Outcome:
        """Return what came of one finished trial; FAILED where an objective has no number on one of the data sets."""
        means: dict[str, dict[str, float]] = {}
        for dataset, metric, mean in results.query(MEANS, (trial, self.rank_by.epoch or epochs)):
            means.setdefault(metric, {})[dataset] = math.nan if mean is None else mean
        return self.judged(means)

    def reported(self, report: EpochReport) -> Outcome:
        """Return the outcome of an epoch that has just been reported."""
        means: dict[str, dict[str, float]] = {}
        for dataset, values in report.metrics.items():
            for metric, summary in values.items():
                means.setdefault(metric, {})[dataset] = summary.mean
        return self.judged(means)

    def judged(self, means: Mapping[str, Mapping[str, float]]) -> Outcome:
        """Return the outcome of means by metric and data set."""
        values = tuple(self.mean(means.get(one, {})) for one in self.metrics)
        if not all(map(math.isfinite, values)):
            return FAILED
        return Outcome(values, {str(one): one.excess(self.mean(means.get(one.metric, {}))) for one in self.constraints})

    def curve(self, results: Results, trial: str) -> dict[int, float]:
        """Return the ranking's metric by epoch, as far as a trial came."""
        epochs: dict[int, dict[str, float]] = {}
        for epoch, dataset, mean in results.query(CURVE, (trial, self.rank_by.metric)):
            epochs.setdefault(epoch, {})[dataset] = math.nan if mean is None else mean
        return {epoch: self.mean(means) for epoch, means in sorted(epochs.items())}

    def mean(self, means: Mapping[str, float]) -> float:
        """Return the weighted mean over the data sets; NaN where one that counts has none: others would flatter it."""
        weights = {name: self.rank_by.dataset_weights.get(name, 0.0) if self.rank_by.dataset_weights else 1.0
                   for name in self.datasets or means}  # fmt: skip
        total = sum(weights.values())
        counted = [(means.get(name, math.nan), weight) for name, weight in weights.items() if weight > 0]
        return sum(value * weight for value, weight in counted) / total if total > 0 else math.nan

    def gains(self, outcome: Outcome) -> tuple[float, ...]:
        """Return the values of the objectives, higher is better."""
        assert outcome.values is not None
        return tuple(facts_of(one).sign * value for one, value in zip(self.metrics, outcome.values, strict=True))
