"""Settings of a search as trials: validated as those of a file are, one at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from fusion_core.config import TrialConfig
from fusion_core.errors import ConfigError
from trials.space.grid import Sections
from trials.spec.identity import canonical_json, trial_id
from trials.spec.search import AxisValue
from trials.storage.results import PlannedTrial

if TYPE_CHECKING:
    from fusion_core.data.catalog import LoadedData


@dataclass(frozen=True)
class Planner:
    """Makes trials of settings. `start` is the id of what all of them begin from."""

    trial: TrialConfig
    fingerprints: Mapping[str, str]
    cohort: str
    start: str | None = None
    data: LoadedData | None = None
    sections: Sections = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sections", Sections(self.trial, keep=False))

    def planned(self, parameters: Mapping[str, AxisValue], seed: int) -> PlannedTrial:
        """Return the trial of a setting. Raises ConfigError if a rule of the trial refuses it."""
        try:
            config = TrialConfig.model_validate({**self.sections.sections(dict(parameters)), "seed": seed})
        except ValidationError as problem:
            reason = problem.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
            chosen = ", ".join(f"{name}={value}" for name, value in parameters.items())
            raise ConfigError(f"{reason} ({chosen})") from problem
        return self._planned(config, parameters, self.start)

    def again(self, planned: PlannedTrial, seed: int) -> PlannedTrial:
        """Return a trial with another seed."""
        config = TrialConfig.model_validate_json(planned.config).model_copy(update={"seed": seed})
        return self._planned(config, planned.parameters, planned.start)

    @staticmethod
    def without_seed(config: str) -> str:
        """Return a key that trials share if they differ only in their seed."""
        return canonical_json({**json.loads(config), "seed": 0})

    def _planned(self, config: TrialConfig, parameters: Mapping[str, AxisValue], start: str | None) -> PlannedTrial:
        return PlannedTrial(
            trial_id(config, self.fingerprints, start),
            self.cohort,
            dict(parameters),
            config.model_dump_json(),
            config.seed,
            config.recipe.epochs,
            start,
        )

    def refused(self, parameters: Mapping[str, AxisValue]) -> str | None:
        """Return why a setting is invalid or cannot train on the data; None if it is valid."""
        try:
            planned = self.planned(parameters, 0)
        except ConfigError as problem:
            return problem.problems[0]
        if self.data is None:
            return None
        from fusion_core.data.limits import size_problems

        config = TrialConfig.model_validate_json(planned.config)
        problems = size_problems([config], self.data.train, self.data.test)
        return problems[0] if problems else None
