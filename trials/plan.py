"""Which trials a sweep asks for, and on which data: spec in, planned trials out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fusion_core.data.dataset import PairSet
from fusion_core.errors import ConfigError, DataError
from fusion_core.metrics.facts import OPTIONAL
from trials.identity import cohort, start_config, trial_id
from trials.results import PlannedTrial
from trials.space import Trial, expand
from trials.starts import Start, StartCatalog, begins, read_files

if TYPE_CHECKING:
    from fusion_core.config import TrialConfig
    from fusion_core.data.catalog import LoadedData
    from trials.spec import SweepSpec


@dataclass(frozen=True)
class Plan:
    """The trials of a sweep in order, the data they share (None where they need none), and what they begin from."""

    trials: list[PlannedTrial]
    first: TrialConfig
    data: LoadedData | None
    fingerprints: dict[str, str]
    cohort: str
    remarks: tuple[str, ...] = ()
    starts: Mapping[str, Start] = field(default_factory=dict)

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
    expanded = expand(spec)
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
    remarks = [*spec.notes, *starts.notes]
    if len(trials) < len(expanded):
        remarks.append(
            f"{len(expanded) - len(trials)} of {len(expanded)} trials are the same as another of this sweep: each of "
            "those runs once"
        )
    return Plan(list(trials.values()), configs[0], data, marks, among, tuple(remarks), starts.starts)


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
