"""Results of other sweeps: told to the sampler if they are valid here too, otherwise the best are tried first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fusion_core.errors import ConfigError, FusionError
from trials.ranking.objective import Objective
from trials.ranking.outcome import Outcome, over_seeds
from trials.ranking.pareto import ranked
from trials.search.planner import Planner
from trials.search.proposals import key_of
from trials.space.space import Space
from trials.spec.labels import flat
from trials.spec.search import AxisValue
from trials.storage.layout import RunFolder
from trials.storage.results import Results

SHARE_TRIED_FIRST = 0.05
MOST_TRIED_FIRST = 5
# Fields in which trials may differ while their results stay comparable.
_IGNORED_FIELDS = ("seed", "recipe.epochs", "evaluation.per_image", "data.")


@dataclass(frozen=True)
class Found:
    """Settings of another run: `observed` with their results, `first` to be tried here, `note` for the log."""

    observed: Sequence[tuple[dict[str, AxisValue], Outcome]]
    first: Sequence[dict[str, AxisValue]]
    note: str


def read_history(run: Path, space: Space, objective: Objective, planner: Planner) -> Found:
    """Read a run folder. Raises FusionError if it is not one.

    Only finished trials whose values lie in the space count. If the data or a field that is fixed here differ, results
    are not comparable: the best of such settings are tried first instead of being told.
    """
    observed: dict[str, tuple[dict[str, AxisValue], list[Outcome]]] = {}
    other: dict[str, tuple[dict[str, AxisValue], list[Outcome]]] = {}
    left_out: Counter[str] = Counter()
    differing: set[str] = set()
    with Results.read(RunFolder(run).table) as results:
        rows = results.query(
            "SELECT id, cohort, config, epochs, seed FROM trials WHERE status = 'finished' ORDER BY number"
        )
        for trial, among, text, epochs, seed in rows:
            config = flat(json.loads(text))
            setting = space.part_of(config)
            if isinstance(setting, str):
                left_out[f"{setting} is outside the space"] += 1
                continue
            outcome = objective.outcome(results, trial, epochs)
            if outcome.values is None:
                left_out[f"no {' or '.join(objective.metrics)} at the epoch that is ranked"] += 1
                continue
            try:
                ours = flat(json.loads(planner.planned(setting, seed).config))
            except ConfigError:
                left_out["not a valid trial here"] += 1
                continue
            ignored = (
                _IGNORED_FIELDS
                if objective.rank_by.epoch
                else tuple(one for one in _IGNORED_FIELDS if one != "recipe.epochs")
            )
            apart = {name for name in {*config, *ours} if config.get(name) != ours.get(name)}
            apart = {name for name in apart if not name.startswith(ignored)}
            apart |= {"data"} if among != planner.cohort else set()
            differing |= apart
            (other if apart else observed).setdefault(key_of(setting), (setting, []))[1].append(outcome)
    known = [(setting, over_seeds(outcomes)) for setting, outcomes in observed.values()]
    apart_ones = [(setting, over_seeds(outcomes)) for setting, outcomes in other.values()]
    first = ranked(apart_ones, objective)[: max(1, min(MOST_TRIED_FIRST, round(SHARE_TRIED_FIRST * len(apart_ones))))]
    notes = [f"start_from {run.name}: {len(known)} configurations are given to the sampler"]
    if first:
        notes.append(
            f"{len(other)} differ in {', '.join(sorted(differing))}, so their values are not comparable: the best "
            f"{len(first)} are tried first instead"
        )
    notes += [f"{count} trials left out ({why})" for why, count in left_out.items()]
    return Found(known, first, ", ".join(notes))


def read_all(runs: Sequence[Path], space: Space, objective: Objective, planner: Planner) -> list[Found]:
    """Read several runs. Raises ConfigError with the problem of each that cannot be read."""
    found, problems = [], []
    for run in runs:
        try:
            found.append(read_history(run, space, objective, planner))
        except FusionError as problem:
            problems.append(f"start_from: {problem}")
    if problems:
        raise ConfigError(*problems)
    return found
