"""Which trial is best: one score per trial, the same everywhere. Pure functions of the table's rows."""

from __future__ import annotations

import bisect
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fusion_core.metrics.facts import facts_of

if TYPE_CHECKING:
    from trials.spec.sweep import RankBy
    from trials.storage.results import Results


@dataclass(frozen=True)
class RankedTrial:
    """A trial and its score: the metric's weighted mean over the data sets, at `epoch`.

    Or a setting that several seeds ran, named after its first trial: `others` are the numbers of the rest, `spread` the
    standard deviation between seeds, `picked` the score that a confirmed setting was picked by.
    """

    number: int
    id: str
    parameters: dict[str, Any]
    seed: int
    epoch: int
    score: float
    others: tuple[int, ...] = ()
    spread: float | None = None
    picked: float | None = None


def weighted_mean(values: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Return the mean of `values` by data set, weights renormalised over those that are there; NaN where none is.

    Empty `weights` count every data set alike; otherwise a data set without a weight counts nothing.
    """
    if not weights:
        weights = dict.fromkeys(values, 1.0)
    total = sum(weights.get(name, 0.0) for name in values)
    if total <= 0:
        return math.nan
    return sum(value * weights[name] for name, value in values.items() if weights.get(name, 0.0) > 0) / total


class Leaderboard:
    """The best `limit` trials, best first, or the worst, worst first; a score that is no number is never among them.

    Of equal scores the lower number comes first, so it does not matter in which order trials are added.
    """

    def __init__(self, metric: str, limit: int, *, worst: bool = False) -> None:
        self.sign = -facts_of(metric).sign if worst else facts_of(metric).sign
        self.limit = limit
        self.top: list[RankedTrial] = []

    def add(self, trial: RankedTrial) -> None:
        """Place a trial, in place of what was known of it."""
        self.top = [other for other in self.top if other.id != trial.id]
        if not math.isnan(trial.score):
            bisect.insort(self.top, trial, key=lambda other: (-self.sign * other.score, other.number))
            del self.top[self.limit :]

    @property
    def threshold(self) -> float | None:
        """Score of the last of a full board; None while there is room."""
        return self.top[-1].score if self.top and len(self.top) >= self.limit else None

    def reaches(self, score: float) -> bool:
        """Return whether a trial of this score would be on the board."""
        threshold = self.threshold
        return self.limit > 0 and (threshold is None or self.sign * score >= self.sign * threshold)


def best(results: Results, rank_by: RankBy, cohort: str | None = None, limit: int | None = None) -> list[RankedTrial]:
    """Return trials by score, best first: those that reached `rank_by.epoch`, or, where that is None, finished ones.

    `cohort` keeps only trials that saw the same data; None takes all.
    """
    at = (
        "metrics.epoch = :epoch AND status != 'failed'"
        if rank_by.epoch
        else "metrics.epoch = trials.epochs AND status = 'finished'"
    )
    rows = results.query(
        "SELECT number, id, parameters, seed, metrics.epoch, cohort, dataset, mean FROM trials "
        f"JOIN metrics ON trial = id AND metric = :metric AND {at} ORDER BY number",
        {"metric": rank_by.metric, "epoch": rank_by.epoch},
    )
    values: dict[tuple[Any, ...], dict[str, float]] = {}
    for *trial, among, dataset, mean in rows:
        if cohort is None or among == cohort:
            values.setdefault(tuple(trial), {})[dataset] = math.nan if mean is None else mean
    ranked = [
        RankedTrial(number, trial, json.loads(parameters), seed, epoch, weighted_mean(means, rank_by.dataset_weights))
        for (number, trial, parameters, seed, epoch), means in values.items()
    ]
    ranked = [trial for trial in ranked if not math.isnan(trial.score)]
    ranked.sort(key=lambda trial: (-facts_of(rank_by.metric).sign * trial.score, trial.number))
    return ranked[:limit]
