"""Which setting runs the defaults of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.ranking import Scores
from trials.defaults import default_trial


def default_setting(scores: Scores) -> int | None:
    """Return the setting at the defaults of the configuration, or nearest to them."""
    settings = enumerate(scores.settings)
    return default_trial((i, setting.parameters, _nested(setting.parameters)) for i, setting in settings)


def _nested(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return dotted keys as a configuration has them."""
    nested: dict[str, Any] = {}
    for key, value in parameters.items():
        *sections, name = key.split(".")
        part = nested
        for section in sections:
            part = part.setdefault(section, {})
        part[name] = value
    return nested
