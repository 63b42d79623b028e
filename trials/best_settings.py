"""Which settings a sweep names at its end: means over seeds, by the seeds that confirm where there are such."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from trials.identity import canonical_json
from trials.ranking import RankedTrial, best, sign

if TYPE_CHECKING:
    from trials.plan import Plan
    from trials.results import Results


def best_settings(results: Results, plan: Plan, limit: int) -> list[RankedTrial]:
    """Return the best settings, each as the first of its trials with the mean over them as its score.

    Where trials confirm, they alone count, and `picked` is what the search's own read. What breaks a constraint of the
    search is left out.
    """
    again = set(plan.search.spec.confirm.seeds) if plan.search and plan.search.spec.confirm else set()
    own: dict[str, list[RankedTrial]] = {}
    fresh: dict[str, list[RankedTrial]] = {}
    for trial in best(results, plan.goal.rank_by, plan.cohort):
        (fresh if trial.seed in again else own).setdefault(canonical_json(trial.parameters), []).append(trial)
    found = []
    for key, trials in (fresh or own).items():
        setting = _of(trials)
        picked = fmean(one.score for one in own[key]) if fresh and key in own else None
        found.append(replace(setting, picked=picked))
    found.sort(key=lambda one: (-sign(plan.goal.rank_by.metric) * one.score, one.number))
    kept = _kept(results, plan, found)
    return [one for one, _ in zip(kept, range(limit), strict=False)]


def _of(trials: Sequence[RankedTrial]) -> RankedTrial:
    first, *others = sorted(trials, key=lambda one: one.number)
    scores = [one.score for one in trials]
    return replace(
        first,
        score=fmean(scores),
        others=tuple(one.number for one in others),
        spread=stdev(scores) if others else None,
    )


def _kept(results: Results, plan: Plan, found: Sequence[RankedTrial]) -> Iterator[RankedTrial]:
    """Yield the settings that keep to every constraint, by the trial they are named after."""
    for one in found:
        outcome = plan.goal.outcome(results, one.id, one.epoch) if plan.goal.constraints else None
        if outcome is None or (outcome.values is not None and all(excess <= 0 for excess in outcome.excess.values())):
            yield one
