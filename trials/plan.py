"""Which trials a sweep asks for, and on which data: spec in, planned trials out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fusion_core.data.dataset import PairSet
from trials.identity import canonical_json, cohort, trial_id
from trials.results import PlannedTrial
from trials.space import expand

if TYPE_CHECKING:
    from fusion_core.config import DataConfig, TrialConfig
    from fusion_core.data.catalog import LoadedData
    from trials.spec import SweepSpec


@dataclass
class Plan:
    """The distinct trials of a sweep, in order; `data` holds every set of pairs, `data_of` the key of each cohort's."""

    trials: list[PlannedTrial] = field(default_factory=list)
    configs: list[TrialConfig] = field(default_factory=list)
    data: dict[str, LoadedData] = field(default_factory=dict)
    data_of: dict[str, str | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def fingerprints(self) -> dict[str, str]:
        """Return what was trained and tested on; several sets of data are told apart by their place."""
        if len(self.data) == 1:
            return fingerprints(next(iter(self.data.values())))
        return {
            f"{place}/{name}": value
            for place, data in enumerate(self.data.values(), start=1)
            for name, value in fingerprints(data).items()
        }


def make_plan(spec: SweepSpec) -> Plan:
    """Load the data and expand the sweep. Raises DataError with every problem of the data."""
    plan = Plan()
    loaded: dict[DataConfig, str] = {}
    marks: dict[str | None, dict[str, str]] = {None: {}}
    seen: set[str] = set()
    for trial in expand(spec):
        config = trial.config
        key = _load(plan, loaded, config) if config.recipe.needs_data else None
        if key is not None and key not in marks:
            marks[key] = fingerprints(plan.data[key])
        identity, among = trial_id(config, marks[key]), cohort(marks[key])
        if identity in seen:
            continue
        seen.add(identity)
        plan.data_of[among] = key
        text = config.model_dump_json()
        plan.trials.append(PlannedTrial(identity, among, trial.parameters, text, config.seed, config.recipe.epochs))
        plan.configs.append(config)
    if doubled := spec.size - len(plan.trials):
        plan.notes.append(f"{doubled} of {spec.size} combinations are the same trial as another, and run once")
    return plan


def fingerprints(data: LoadedData) -> dict[str, str]:
    """Return the fingerprint of every set, by `train` and `test/NAME`."""
    return {"train": data.train.fingerprint} | {f"test/{name}": pairs.fingerprint for name, pairs in data.test.items()}


def described(data: LoadedData) -> dict[str, PairSet]:
    """Return the sets by the names that the table gives them."""
    return {f"train:{data.train.name}": data.train, **data.test}


def _load(plan: Plan, loaded: dict[DataConfig, str], config: TrialConfig) -> str:
    if config.data not in loaded:
        from fusion_core.data.catalog import load_data

        key = loaded[config.data] = canonical_json(config.data.model_dump(mode="json"))
        plan.data[key] = load_data(config.data)
        plan.notes.extend(note for note in plan.data[key].notes if note not in plan.notes)
    return loaded[config.data]
