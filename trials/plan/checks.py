"""Checks that need the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fusion_core.config import TrialConfig
from fusion_core.errors import ConfigError, DataError
from fusion_core.metrics.facts import OPTIONAL
from trials.plan.starts import Start

if TYPE_CHECKING:
    from fusion_core.data.catalog import LoadedData
    from trials.spec.sweep import SweepSpec


def check_trainable(configs: list[TrialConfig], data: LoadedData, weights: Mapping[str, float]) -> None:
    from fusion_core.data.limits import size_problems

    problems = size_problems(configs, data.train, data.test)
    if weights and not any(weights.get(name, 0) > 0 for name in data.test):
        problems.append(
            "rank_by.dataset_weights must give weight to a test set that is there, but none of "
            f"{', '.join(data.test)} has any. Give one a weight, or leave dataset_weights out."
        )
    if problems:
        raise ConfigError(*problems)


def load_data(spec: SweepSpec, configs: list[TrialConfig]) -> LoadedData:
    """Return the data of a sweep. Raises DataError with its problems and unknown loss terms."""
    from fusion_core.data.catalog import load_data

    problems = []
    if any(config.loss.terms for config in configs):
        from fusion_core.losses import unknown_terms

        problems += unknown_terms(config.loss for config in configs)
    try:
        data = load_data(spec.trial.data)
    except DataError as problem:
        raise DataError("\n".join([*problems, str(problem)])) from None
    if problems:
        raise ConfigError(*problems)
    return data


def refuse_several_starts(starts: Mapping[str, Start]) -> None:
    if len(starts) > 1:
        raise ConfigError(
            "trial.start: all trials of a search must begin from one start, which is trained before them, but its "
            f"space varies how the start is trained ({len(starts)} ways). Give start a loss of its own, or take what "
            "varies it (policy, kernel, start) out of the space."
        )


def not_installed(configs: list[TrialConfig]) -> list[str]:
    """Return a sentence per rewarded metric whose package or weights are not installed."""
    rewarded = {name for config in configs if config.recipe.learns_from_reward for name in config.reward.active}
    names = sorted(rewarded & set(OPTIONAL))
    if not names:
        return []
    from fusion_core.metrics import optional

    return optional.problems(names)
