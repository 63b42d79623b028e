"""The settings of a search and their trials."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fusion_core.errors import ConfigError
from trials.ranking.outcome import Outcome
from trials.search.proposals import key_of
from trials.search.search_plan import SearchPlan
from trials.spec.labels import flat
from trials.storage.results import PlannedTrial, Results

ROWS = "SELECT id, config, seed FROM trials WHERE cohort = ? ORDER BY number"


@dataclass
class SearchSetting:
    """A setting and its trials by seed, `fresh` those that confirm; `number` is the sampler's while it is open."""

    trials: dict[int, PlannedTrial] = field(default_factory=dict)
    fresh: dict[int, PlannedTrial] = field(default_factory=dict)
    number: int | None = None
    outcome: Outcome | None = None

    @property
    def first(self) -> PlannedTrial:
        return next(iter(self.trials.values()))

    @property
    def parameters(self) -> dict[str, Any]:
        return dict(self.first.parameters)


class Settings:
    """Every setting of a search by what it varies, and by its trials (those that confirm are in `confirming`)."""

    def __init__(self, plan: SearchPlan) -> None:
        self.plan = plan
        self.by_key: dict[str, SearchSetting] = {}
        self.of_trial: dict[str, SearchSetting] = {}
        self.confirming: dict[str, SearchSetting] = {}

    def __iter__(self) -> Iterator[SearchSetting]:
        return iter(self.by_key.values())

    def __len__(self) -> int:
        return len(self.by_key)

    def read(self, results: Results) -> None:
        """Add the rows that this sweep file would produce too, and the trials that their settings lack.

        Rows are identified by configuration: adding or removing a dimension does not change a trial.
        """
        for one in self.plan.listed:
            self.add(one)
        own, fresh = set(self.plan.spec.seeds), set(self.plan.fresh)
        rows = results.query(ROWS, (self.plan.planner.cohort,))
        for trial, text, seed in rows if self.plan.space is not None else ():
            if seed in own and (planned := self._planned(text, seed)) is not None and planned.id == trial:
                self.add(planned)
        for setting in self:
            for seed in self.plan.spec.seeds:
                if seed not in setting.trials:
                    self.add(self.plan.planner.again(setting.first, seed))
        if fresh:
            firsts = {self.plan.planner.without_seed(one.first.config): one for one in self}
        for trial, text, seed in rows if fresh else ():
            of = firsts.get(self.plan.planner.without_seed(text)) if seed in fresh else None
            if of is not None and (again := self.plan.planner.again(of.first, seed)).id == trial:
                self.confirm(of, again)

    def add(self, planned: PlannedTrial) -> SearchSetting:
        """Add a trial of the search itself to its setting."""
        setting = self.by_key.setdefault(key_of(planned.parameters), SearchSetting())
        setting.trials[planned.seed] = planned
        self.of_trial[planned.id] = setting
        return setting

    def confirm(self, setting: SearchSetting, planned: PlannedTrial) -> None:
        """Add a trial that confirms a setting."""
        setting.fresh[planned.seed] = planned
        self.confirming[planned.id] = setting

    @property
    def planned(self) -> list[PlannedTrial]:
        """Return the trials of all settings, those that confirm last."""
        return [
            *(one for setting in self for one in setting.trials.values()),
            *(one for setting in self for one in setting.fresh.values()),
        ]

    def _planned(self, config: str, seed: int) -> PlannedTrial | None:
        """Return the trial that this sweep makes of a configuration; None if it lies outside the space."""
        assert self.plan.space is not None
        parameters = self.plan.space.part_of(flat(json.loads(config)))
        if isinstance(parameters, str):
            return None
        try:
            return self.plan.planner.planned(parameters, seed)
        except ConfigError:
            return None  # of an earlier state of the sweep file
