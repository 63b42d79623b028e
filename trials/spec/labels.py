"""Fields of a trial by their dotted paths, and the short names of swept ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

REWARD = "reward.weights."
# Prefixes of short names; keys of a start keep their whole name, since other sections have the same ones.
_SECTIONS = {REWARD: "w_", "data.worst.": "worst.", "recipe.lora.": "lora.", "start.": "start."}
_WHOLE = {"recipe.kind": "recipe"}


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """Return the last part of each dotted key, a reward weight as `w_VIF`; the whole key if two would be equal."""
    names = {key: _short(key) for key in keys}
    taken = list(names.values())
    return {key: name if taken.count(name) == 1 else key for key, name in names.items()}


def flat(config: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return nested sections by dotted path."""
    found: dict[str, Any] = {}
    for name, value in config.items():
        found |= flat(value, f"{above}{name}.") if isinstance(value, Mapping) else {above + name: value}
    return found


def _short(key: str) -> str:
    if key in _WHOLE:
        return _WHOLE[key]
    for section, prefix in _SECTIONS.items():
        if key.startswith(section):
            return prefix + key.removeprefix(section)
    return key.rsplit(".", 1)[-1]
