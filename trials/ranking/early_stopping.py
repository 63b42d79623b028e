"""Stopping early in a sweep: what each trial has scored so far, and whether it should be pruned."""

from __future__ import annotations

from collections.abc import Iterable

from fusion_core.metrics.facts import facts_of
from fusion_core.reports import EpochReport
from trials.ranking.objective import Objective
from trials.ranking.stopping_rules import rungs, stops
from trials.spec.search import StopEarly
from trials.storage.results import Results


class EarlyStop:
    """Judges trials by the metric that the sweep ranks by; those that confirm are never stopped."""

    def __init__(self, rule: StopEarly, objective: Objective) -> None:
        self.rule = rule
        self.objective = objective
        self.way = facts_of(objective.rank_by.metric).sign
        self.curves: dict[str, dict[int, float]] = {}

    def resume(self, results: Results, trials: Iterable[str]) -> None:
        """Read the scores so far from the table."""
        if self.rule.kind == "none":
            return
        for trial in trials:
            curve = self.objective.curve(results, trial)
            self.curves[trial] = {epoch: self.way * score for epoch, score in curve.items()}

    def watch(self, trial: str) -> None:
        """Judge a trial that has just been proposed, too."""
        self.curves[trial] = {}

    def ends(self, trial: str, report: EpochReport, epochs: int) -> bool:
        """Return whether a trial ends with this report, and remember what it scored."""
        if self.rule.kind == "none" or trial not in self.curves:
            return False
        metric = self.objective.rank_by.metric
        means = {dataset: values[metric].mean for dataset, values in report.metrics.items() if metric in values}
        own = self.curves[trial]
        before = report.epoch in own
        own[report.epoch] = self.way * self.objective.mean(means)
        if before or report.epoch not in rungs(self.rule, epochs):
            return False  # before: the trial is retrained because its state was lost
        others = [curve for other, curve in self.curves.items() if other != trial]
        return stops(self.rule, epochs, own, report.epoch, others)
