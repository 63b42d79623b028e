"""Which trial runs the defaults of the configuration, or comes nearest to them. Pure functions of the table's rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fusion_core.config import LossConfig, RewardConfig, TrialConfig
from trials.document.fields import models_at

_REWARD_WEIGHT = "reward.weights."
_ROUNDING = 1e-3


def default_trial(trials: Iterable[tuple[int, Mapping[str, Any], Mapping[str, Any]]]) -> int | None:
    """Return the number of the trial with most swept values at their field's own default; the first among equals.

    Among reward weights, if only ratios count, it is the nearest one. `trials` are (number, swept values by dotted
    path, configuration); None if there is no trial.
    """
    trials = list(trials)
    swept = list(dict.fromkeys(key for _, parameters, _ in trials for key in parameters))
    at_default = {number: sum(is_default(config, key) for key in swept) for number, _, config in trials}
    swept_reward = any(key.startswith(_REWARD_WEIGHT) for key in swept)
    apart = {number: _reward_apart(config) if swept_reward else 0.0 for number, _, config in trials}
    return min(at_default, key=lambda number: (-at_default[number], apart[number], number), default=None)


def _reward_shares(config: Mapping[str, Any]) -> dict[str, float]:
    """Return each rewarded metric's weight as a share of their sum."""
    reward = config.get("reward")
    weights = reward.get("weights") if isinstance(reward, Mapping) else None
    weights = weights if isinstance(weights, Mapping) else RewardConfig().weights
    total = sum(weight or 0.0 for weight in weights.values())
    return {name: (weight or 0.0) / total for name, weight in weights.items()} if total > 0 else {}


def _from_default(shares: Mapping[str, float], names: Iterable[str]) -> list[float]:
    default = _reward_shares({})
    return [shares.get(name, 0.0) - default.get(name, 0.0) for name in names]


def _reward_apart(config: Mapping[str, Any]) -> float:
    """Return how far the shares of the reward's weights are from the default ones: 0, or up to 2 where none agrees."""
    shares = _reward_shares(config)
    return round(sum(map(abs, _from_default(shares, {*shares, *_reward_shares({})}))), 6)


def is_default(config: Mapping[str, Any], key: str) -> bool:
    """Return whether a trial's value at a dotted path is the field's own default."""
    *section, name = key.split(".")
    value: Any = config
    for part in (*section, name):
        value = value.get(part) if isinstance(value, Mapping) else None
    if key.startswith(_REWARD_WEIGHT):
        shares = _reward_shares(config)
        return all(abs(share) < _ROUNDING for share in _from_default(shares, [name]))
    if key == "loss.ssim_shared":
        return value in (None, LossConfig().ssim_ratio)  # it sets both SSIM weights, whose defaults are equal
    if key == "recipe.kind":
        return bool(value == TrialConfig().recipe.kind)  # each recipe's own default is its name
    owners = [model for model in models_at(TrialConfig, section, config) if name in model.model_fields]
    if not owners:
        return not value  # a user's loss term that is not named has weight 0
    return bool(value == owners[0].model_fields[name].get_default(call_default_factory=True))
