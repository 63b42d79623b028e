"""Which trials a sweep asks for, and on which data: spec in, planned trials out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from fusion_core.config import TrialConfig
from fusion_core.data.dataset import PairSet
from fusion_core.errors import ConfigError, DataError
from fusion_core.metrics.facts import OPTIONAL
from trials.identity import cohort, start_config, trial_id
from trials.results import PlannedTrial
from trials.search.constraints import Constraint
from trials.search.dimensions import space_of
from trials.search.goal import Goal
from trials.search.planner import Planner
from trials.space import Sections, Trial, expand
from trials.starts import Start, StartCatalog, begins, read_files

if TYPE_CHECKING:
    from fusion_core.data.catalog import LoadedData
    from trials.results import Results
    from trials.search.search import Search
    from trials.search.search_plan import SearchPlan
    from trials.search.space import Space
    from trials.spec import SweepSpec


@dataclass(frozen=True)
class Plan:
    """The trials of a sweep in order, the data they share (None where they need none), and what they begin from.

    Of a search that proposes them one by one there are none yet; `examples` are some that it may propose, and `search`
    is what it goes by, or a grid whose best trials are confirmed.
    """

    trials: list[PlannedTrial]
    first: TrialConfig
    data: LoadedData | None
    fingerprints: dict[str, str]
    cohort: str
    goal: Goal
    remarks: tuple[str, ...] = ()
    starts: Mapping[str, Start] = field(default_factory=dict)
    search: SearchPlan | None = None
    examples: Sequence[PlannedTrial] = ()

    @property
    def probed(self) -> Sequence[PlannedTrial]:
        """Return the trials, or some of those that a search may propose."""
        return self.trials or self.examples

    @property
    def axes(self) -> list[str]:
        """Return what a search varies."""
        space = self.search.space if self.search else None
        return [one.name for one in space.dimensions] if space else []

    def begin(self, results: Results, run: Path, note: Callable[[str], None]) -> Search | None:
        """Return the search of a sweep that has one."""
        if self.search is None:
            return None
        from trials.search.search import Search

        return Search(self.search, results, run, note)

    def pairs(self) -> LoadedData:
        """Return the data of a sweep that needs some."""
        assert self.data is not None
        return self.data

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what the user should know of the sweep and of its data."""
        return (*self.remarks, *(self.data.notes if self.data is not None else ()))

    @property
    def sets(self) -> dict[str, PairSet]:
        """Return the sets of pairs by the names that the table gives them."""
        return {} if self.data is None else {f"train:{self.data.train.name}": self.data.train, **self.data.test}


def _refuse_what_cannot_train(configs: list[TrialConfig], data: LoadedData, weights: Mapping[str, float]) -> None:
    from fusion_core.limits import size_problems

    problems = size_problems(configs, data.train, data.test)
    if weights and not any(weights.get(name, 0) > 0 for name in data.test):
        problems.append(
            "rank_by.dataset_weights must give weight to a test set that is there, but none of "
            f"{', '.join(data.test)} has any. Give one a weight, or leave dataset_weights out."
        )
    if problems:
        raise ConfigError(*problems)


def _load(spec: SweepSpec, configs: list[TrialConfig]) -> LoadedData:
    """Return the data of a sweep. Raises DataError with its problems, and with the terms that no loss has."""
    from fusion_core.data.catalog import load_data

    problems = []
    if any(config.loss.terms for config in configs):
        from fusion_core.losses import unknown_terms

        problems += unknown_terms(config.loss for config in configs)
    try:
        data = load_data(spec.trial.data)
    except DataError as problem:
        raise DataError("\n".join([*problems, str(problem)])) from None
    if problems:
        raise ConfigError(*problems)
    return data


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
        data = _load(spec, [*configs, *trained])
        _refuse_what_cannot_train([*configs, *trained], data, spec.rank_by.dataset_weights)
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
    goal = Goal(spec.rank_by, objectives, constraints, tuple(data.test) if data is not None else ())
    if space is None:
        remarks += starts.notes
        if len(listed) < len(expanded):
            remarks.append(
                f"{len(expanded) - len(listed)} of {len(expanded)} trials are the same as another of this sweep: each "
                "of those runs once"
            )
        search = _search(spec, goal, None, listed, marks, data) if spec.confirm else None
        return Plan(listed, configs[0], data, marks, among, goal, tuple(remarks), starts.starts, search)
    _refuse_several_starts(starts.starts)
    remarks += [
        f"trials begin from {one.said}" if one.config is None else f"a start is trained first ({one.said})"
        for one in starts.starts.values()
    ]
    search = _search(spec, goal, space, listed, marks, data)
    return Plan([], configs[0], data, marks, among, goal, tuple(remarks), starts.starts, search, listed)


def examples(spec: SweepSpec, space: Space) -> list[Trial]:
    """Return trials that a search may propose: those in the middle of its space, and at each end of a dimension."""
    build = Sections(spec.trial)
    found = []
    for parameters in space.examples():
        with suppress(ValidationError):  # of a combination that no trial can have: the search passes over those too
            config = TrialConfig.model_validate({**build.sections(parameters), "seed": spec.seeds[0]})
            found.append(Trial(parameters, config))
    return found


def _search(
    spec: SweepSpec,
    goal: Goal,
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
        return SearchPlan(spec, goal, planner, listed=listed)
    found = read_all(spec.start_from, space, goal, planner)
    return SearchPlan(spec, goal, planner, space, found=found)


def _refuse_several_starts(starts: Mapping[str, Start]) -> None:
    if len(starts) > 1:
        raise ConfigError(
            "trial.start: all trials of a search must begin from one start, which is trained before them, but its "
            f"space varies how the start is trained ({len(starts)} ways). Give start a loss of its own, or take what "
            "varies it (policy, kernel, start) out of the space."
        )


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
    """Return what is trained before these trials, as far as sections differ."""
    sections = {
        tuple(map(id, (config.start, config.loss, config.policy, config.kernel))): config
        for config in configs
        if begins(config) and not isinstance(config.start, str)
    }
    return [start_config(config) for config in sections.values()]


def _files(configs: list[TrialConfig]) -> dict[str, Start]:
    """Return the starts that are files. Raises ConfigError with their problems, and with the metrics not installed."""
    problems = _not_installed(configs)
    try:
        files = read_files(configs)
    except ConfigError as problem:
        raise ConfigError(*problems, *problem.problems) from None
    if problems:
        raise ConfigError(*problems)
    return files


def _not_installed(configs: list[TrialConfig]) -> list[str]:
    """Return a sentence per metric that is rewarded though its package or its weights are not here."""
    rewarded = {name for config in configs if config.recipe.learns_from_reward for name in config.reward.active}
    names = sorted(rewarded & set(OPTIONAL))
    if not names:
        return []
    from fusion_core.metrics import optional

    return optional.problems(names)
