"""Which trial runs the defaults of the configuration, or comes nearest to them. Pure functions of the table's rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fusion_core.config import LossConfig, TrialConfig
from trials.fields import models_at


def default_trial(trials: Iterable[tuple[int, Mapping[str, Any], Mapping[str, Any]]]) -> int | None:
    """Return the number of the trial with most swept values at their field's own default; the first among equals.

    `trials` are (number, swept values by dotted path, configuration); None where there is no trial.
    """
    trials = list(trials)
    swept = list(dict.fromkeys(key for _, parameters, _ in trials for key in parameters))
    at_default = {number: sum(is_default(config, key) for key in swept) for number, _, config in trials}
    return min(at_default, key=lambda number: (-at_default[number], number), default=None)


def is_default(config: Mapping[str, Any], key: str) -> bool:
    """Return whether a trial's value at a dotted path is the field's own default."""
    *section, name = key.split(".")
    value: Any = config
    for part in (*section, name):
        value = value.get(part) if isinstance(value, Mapping) else None
    if key == "loss.ssim_shared":
        return value in (None, LossConfig().ssim_ratio)  # it sets both SSIM weights, whose defaults are equal
    owners = [model for model in models_at(TrialConfig, section, config) if name in model.model_fields]
    if not owners:
        return not value  # a loss term of one's own that is not named weighs nothing
    return bool(value == owners[0].model_fields[name].get_default(call_default_factory=True))
