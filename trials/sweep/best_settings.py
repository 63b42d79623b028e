"""The result of a sweep: its best settings, by means over seeds or by confirming trials, and the best baseline."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from fusion_core.metrics.facts import BASELINES, facts_of
from trials.ranking.leaderboard import RankedTrial, best, weighted_mean
from trials.ranking.outcome import over_seeds
from trials.ranking.pareto import feasible

if TYPE_CHECKING:
    from trials.plan.plan import Plan
    from trials.search.search import Search
    from trials.storage.results import PlannedTrial, Results


Seeds = Mapping[int, RankedTrial]


def best_settings(results: Results, plan: Plan, search: Search | None, limit: int) -> list[RankedTrial]:
    """Return the best settings, each as the first of its trials with the mean over them as its score.

    A setting counts when every seed has a score. If trials confirm, only they are ranked, and `picked` is the score of
    the search's own trials. Settings that break a constraint are left out.
    """
    scored = {trial.id: trial for trial in best(results, plan.objective.rank_by, plan.cohort)}
    settings: list[tuple[Seeds, Seeds]]
    if search is None:
        settings = [(own, {}) for own in _of_grid(results, plan, scored)]
    else:
        settings = [
            (_scored(one.trials, scored), _scored(one.fresh, scored))
            for one in search.settings
            if all(one.trials[seed].id in scored for seed in search.spec.seeds)
            and (one.outcome is None or one.outcome.values is not None)
        ]
    fresh = set(plan.search.fresh) if plan.search else set()
    confirmed = [(own, again) for own, again in settings if fresh and fresh <= set(again)]
    found = []
    for own, again in confirmed or settings:
        ranked_by = [again[seed] for seed in fresh] if confirmed else list(own.values())
        picked = fmean(one.score for one in own.values()) if confirmed else None
        if _keeps(results, plan, ranked_by):
            found.append(replace(_mean(ranked_by), picked=picked))
    found.sort(key=lambda one: (-facts_of(plan.objective.rank_by.metric).sign * one.score, one.number))
    return found[:limit]


def best_untrained(results: Results, plan: Plan) -> tuple[str, float] | None:
    """Return the best untrained fusion (never a start), and its score; None if none was measured."""
    rank_by = plan.objective.rank_by
    means: dict[str, dict[str, float]] = {}
    for fusion, dataset, mean in results.query(
        "SELECT fusion, dataset, mean FROM baselines WHERE cohort = ? AND metric = ?", (plan.cohort, rank_by.metric)
    ):
        if fusion in BASELINES:
            means.setdefault(fusion, {})[dataset] = math.nan if mean is None else mean
    scores = {fusion: weighted_mean(values, rank_by.dataset_weights) for fusion, values in means.items()}
    known = [(fusion, score) for fusion, score in scores.items() if not math.isnan(score)]
    return max(known, key=lambda one: facts_of(rank_by.metric).sign * one[1], default=None)


def _of_grid(results: Results, plan: Plan, scored: Mapping[str, RankedTrial]) -> list[Seeds]:
    """Return the settings of a sweep without a search, including values that its grid had before, by configuration."""
    rows = results.query("SELECT id, config FROM trials WHERE cohort = ? ORDER BY number", (plan.cohort,))
    settings: dict[str, dict[int, RankedTrial]] = {}
    for trial, text in rows:
        if trial in scored:
            config = json.loads(text)
            seed = config.pop("seed")
            config["recipe"].pop("epochs", None)
            settings.setdefault(json.dumps(config, sort_keys=True), {})[seed] = scored[trial]
    planned_seeds = {trial.seed for trial in plan.trials}
    return [own for own in settings.values() if planned_seeds <= set(own)] or list(settings.values())


def _scored(trials: Mapping[int, PlannedTrial], scored: Mapping[str, RankedTrial]) -> Seeds:
    return {seed: scored[one.id] for seed, one in trials.items() if one.id in scored}


def _mean(trials: Sequence[RankedTrial]) -> RankedTrial:
    first, *others = sorted(trials, key=lambda one: one.number)
    scores = [one.score for one in trials]
    numbers = tuple(one.number for one in others)
    return replace(first, score=fmean(scores), others=numbers, spread=stdev(scores) if others else None)


def _keeps(results: Results, plan: Plan, trials: Sequence[RankedTrial]) -> bool:
    """Return whether a setting satisfies every constraint, in the mean over its trials."""
    if not plan.objective.constraints:
        return True
    outcome = over_seeds([plan.objective.outcome(results, one.id, one.epoch) for one in trials])
    return outcome.values is not None and feasible(outcome)
