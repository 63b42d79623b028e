"""Which setting runs the defaults of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from analysis.runs.run import Run
from analysis.scores.model import Scores
from trials.spec.defaults import default_trial, is_default


def default_setting(run: Run, scores: Scores) -> int | None:
    """Return the setting at the defaults of the configuration, or nearest to them."""
    shared = (run.record.get("resolved") or {}).get("trial") or {}
    settings = enumerate(scores.settings)
    return default_trial((i, setting.parameters, _config(setting.parameters, shared)) for i, setting in settings)


def default_name(run: Run, scores: Scores, setting: int) -> str:
    """Return the name of the setting of `default_setting`, which may be only near the defaults."""
    shared = (run.record.get("resolved") or {}).get("trial") or {}
    parameters = scores.settings[setting].parameters
    config = _config(parameters, shared)
    exact = all(value is None or is_default(config, key) for key, value in parameters.items())
    return "default" if exact else "nearest to the defaults"


def _config(parameters: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shared configuration with a setting's own dotted keys."""
    nested = deepcopy(dict(shared))
    for key, value in parameters.items():
        *sections, name = key.split(".")
        part = nested
        for section in sections:
            if not isinstance(part.get(section), dict):
                part[section] = {}
            part = part[section]
        part[name] = value
    return nested
