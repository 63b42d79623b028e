"""Ids of trials, from everything that decides their results, and their cohorts."""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Mapping
from typing import Any

from fusion_core.config import ReinforcedConfig, RewardConfig, StartConfig, TrialConfig

NUMERICS = 1
"""Version of the arithmetic. Raise it when the same trial would give other numbers than before (a formula, an order of
random draws, an initialisation): old rows stay in the table, and are neither reused nor ranked with new ones."""
NOT_DECIDING: dict[str, frozenset[str]] = {
    "recipe": frozenset({"epochs", "seconds"}),
    "evaluation": frozenset({"per_image"}),
}
"""Fields that a trial's numbers do not depend on: an epoch's metrics are the same however many epochs follow it."""


def canonical_json(value: Any) -> str:
    """Return one text for equal values: keys sorted, 10 as 10.0, -0.0 as 0. Raises ValueError for NaN and infinity."""
    return json.dumps(_canonical(value), sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)


def trial_id(config: TrialConfig, fingerprints: Mapping[str, str], start: str | None = None) -> str:
    """Return 16 hex digits that equal trials share; `fingerprints` are of the data as loaded, by `train`, `test/NAME`.

    The data section is left out, except the worst pairs: names, paths, crops and sizes are all in the fingerprints.
    `start` is the digest of the checkpoint that the config names; without it, its path stands for it.
    """
    deciding = config.model_dump(mode="json", exclude={"data", "loss", "reward", "start"})
    for section, names in NOT_DECIDING.items():
        for name in names:
            deciding[section].pop(name, None)
    deciding["loss"] = config.loss.resolved().model_dump(mode="json", exclude={"ssim_shared"})
    if isinstance(config.recipe, ReinforcedConfig):
        deciding["reward"] = _reward(config.reward)
        if config.data.worst is not None:
            deciding["worst"] = config.data.worst.model_dump(mode="json")
    if config.start is not None and config.recipe.needs_data:
        deciding["start"] = start or (config.start if isinstance(config.start, str) else start_id(config, fingerprints))
    return _digest({**deciding, "fingerprints": dict(fingerprints), "numerics": NUMERICS})


def start_config(config: TrialConfig) -> TrialConfig:
    """Return the trial that trains the start of `config`."""
    start = config.start
    assert isinstance(start, StartConfig)
    return TrialConfig(
        data=config.data.model_copy(update={"worst": None}),
        policy=config.policy,
        kernel=config.kernel,
        loss=config.loss if start.loss is None else start.loss,
        recipe=start.recipe,
        seed=start.seed,
    )


def start_id(config: TrialConfig, fingerprints: Mapping[str, str]) -> str:
    """Return 16 hex digits of a start that is trained first; unlike a trial's, it changes with the number of epochs.

    It sees no test set, so it is the same whatever its trials are tested on.
    """
    trained = start_config(config)
    seen = {name: mark for name, mark in fingerprints.items() if name == "train"}
    return _digest({"start": trial_id(trained, seen), "epochs": trained.recipe.epochs})


def ratios(weights: Mapping[str, float]) -> dict[str, float]:
    """Return the weights above 0 as shares of their sum, to 12 digits: 0.1 to 0.2 is 1 to 2."""
    largest = max(weights.values())
    shares = {name: weight / largest for name, weight in weights.items() if weight > 0}  # their sum is never too large
    total = math.fsum(shares.values())
    return {name: float(f"{share / total:.12g}") for name, share in shares.items()}


def _reward(reward: RewardConfig) -> dict[str, Any]:
    """Return the parts of a reward that decide results: weights by value, since logged rewards have their scale."""
    unused = {"weights"} if reward.aggregate == "softmin" else {"weights", "temperature"}
    return {**reward.model_dump(mode="json", exclude=unused), "weights": reward.active}


def cohort(fingerprints: Mapping[str, str]) -> str:
    """Return 16 hex digits shared by the trials that may be compared: same data, same arithmetic."""
    return _digest({"fingerprints": dict(fingerprints), "numerics": NUMERICS})


def _digest(value: Any) -> str:
    return hashlib.blake2b(canonical_json(value).encode(), digest_size=8).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _canonical(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(below) for below in value]
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
