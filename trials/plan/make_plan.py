"""Expands a sweep into its planned trials and loads their data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fusion_core.config import TrialConfig
from fusion_core.errors import ConfigError
from trials.plan.checks import check_trainable, load_data, not_installed, refuse_several_starts
from trials.plan.plan import Plan
from trials.plan.start_files import read_files
from trials.plan.starts import Start, StartCatalog, begins
from trials.ranking.objective import Objective
from trials.search.planner import Planner
from trials.space.from_spec import examples, space_of
from trials.space.grid import Trial, expand
from trials.spec.constraints import Constraint
from trials.spec.identity import cohort, start_config, trial_id
from trials.storage.results import PlannedTrial

if TYPE_CHECKING:
    from fusion_core.data.catalog import LoadedData
    from trials.search.search_plan import SearchPlan
    from trials.space.space import Space
    from trials.spec.sweep import SweepSpec


def make_plan(spec: SweepSpec) -> Plan:
    """Load the data and expand the sweep. Raises DataError or ConfigError with every problem of starts and data."""
    space = space_of(spec) if spec.search.adaptive else None
    expanded = expand(spec) if space is None else examples(spec, space)
    configs = [trial.config for trial in expanded]
    files = _files(configs)
    data = None
    marks: dict[str, str] = {}
    if any(config.recipe.needs_data for config in configs):
        trained = _starts_of(configs)
        data = load_data(spec, [*configs, *trained])
        check_trainable([*configs, *trained], data, spec.rank_by.dataset_weights)
        marks["train"] = data.train.fingerprint
        marks |= {f"test/{name}": pairs.fingerprint for name, pairs in data.test.items()}
    among = cohort(marks)
    starts = StartCatalog(files, marks)
    trials: dict[str, PlannedTrial] = {}
    for trial in expanded:
        planned = _planned(trial, marks, among, starts.of(trial))
        trials.setdefault(planned.id, planned)
    listed = list(trials.values())
    remarks = list(spec.notes)
    objectives = spec.search.objectives or (spec.rank_by.metric,)
    constraints = tuple(map(Constraint.parse, spec.search.where))
    objective = Objective(spec.rank_by, objectives, constraints, tuple(data.test) if data is not None else ())
    if space is None:
        remarks += starts.notes
        if len(listed) < len(expanded):
            remarks.append(
                f"{len(expanded) - len(listed)} of {len(expanded)} trials are the same as another of this sweep: each "
                "of those runs once"
            )
        search = _search(spec, objective, None, listed, marks, data) if spec.confirm else None
        return Plan(listed, configs[0], data, marks, among, objective, tuple(remarks), starts.starts, search)
    refuse_several_starts(starts.starts)
    remarks += [
        f"trials begin from {one.label}"
        if one.config is None
        else f"an initial checkpoint is trained first ({one.label})"
        for one in starts.starts.values()
    ]
    search = _search(spec, objective, space, listed, marks, data)
    return Plan([], configs[0], data, marks, among, objective, tuple(remarks), starts.starts, search, listed)


def _search(
    spec: SweepSpec,
    objective: Objective,
    space: Space | None,
    listed: list[PlannedTrial],
    marks: Mapping[str, str],
    data: LoadedData | None,
) -> SearchPlan:
    from trials.search.history import read_all
    from trials.search.search_plan import SearchPlan

    first = listed[0]
    planner = Planner(spec.trial, marks, first.cohort, first.start, data)
    if space is None:
        return SearchPlan(spec, objective, planner, listed=listed)
    found = read_all(spec.start_from, space, objective, planner)
    return SearchPlan(spec, objective, planner, space, found=found)


def _planned(trial: Trial, marks: dict[str, str], among: str, start: str | None) -> PlannedTrial:
    config = trial.config
    return PlannedTrial(
        trial_id(config, marks, start),
        among,
        trial.parameters,
        config.model_dump_json(),
        config.seed,
        config.recipe.epochs,
        start,
    )


def _starts_of(configs: list[TrialConfig]) -> list[TrialConfig]:
    """Return the trials that train the starts, one per distinct combination of sections."""
    sections = {
        tuple(map(id, (config.start, config.loss, config.policy, config.kernel))): config
        for config in configs
        if begins(config) and not isinstance(config.start, str)
    }
    return [start_config(config) for config in sections.values()]


def _files(configs: list[TrialConfig]) -> dict[str, Start]:
    """Return the starts that are files. Raises ConfigError with their problems, and with the metrics not installed."""
    problems = not_installed(configs)
    try:
        files = read_files(configs)
    except ConfigError as problem:
        raise ConfigError(*problems, *problem.problems) from None
    if problems:
        raise ConfigError(*problems)
    return files
