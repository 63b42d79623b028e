"""Which setting runs the defaults of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from analysis.ranking import Scores
from analysis.tables import Run
from trials.defaults import default_trial


def default_setting(run: Run, scores: Scores) -> int | None:
    """Return the setting at the defaults of the configuration, or nearest to them."""
    shared = (run.record.get("resolved") or {}).get("trial") or {}
    settings = enumerate(scores.settings)
    return default_trial((i, setting.parameters, _config(setting.parameters, shared)) for i, setting in settings)


def _config(parameters: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """Return what all trials share with a setting's own dotted keys in it."""
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
