"""How small images may be. Needs no torch, so that a sweep can be refused before anything expensive starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fusion_core.config import TrialConfig
from fusion_core.data.dataset import PairSet

# VIF blurs and halves an image three times, and its window must still fit.
SMALLEST_TEST = 41
# NIQE cuts an image into blocks of this side.
SMALLEST_NIQE = 96
# The policy halves an image four times, and batch normalisation needs more than one value of a lone pair.
SMALLEST_TRAIN = 32
REMEDY = "Use larger images, or enlarge them with data.resize."


def size_problems(configs: Iterable[TrialConfig], train: PairSet, test: Mapping[str, PairSet]) -> list[str]:
    """Return what is too small for the policy, the loss's window, the metrics or the reward."""
    configs = list(configs)
    window = max((config.loss.ssim_window_size for config in configs), default=1)
    rewarded = {name for config in configs if config.recipe.learns_from_reward for name in config.reward.active}
    problems = []
    side = min(train.size)
    if side < SMALLEST_TRAIN:
        problems.append(
            f"training images must be at least {SMALLEST_TRAIN} pixels a side, but {_described(train)}. {REMEDY}"
        )
    if side < window:
        problems.append(
            f"training images must hold loss.ssim_window_size = {window}, but {_described(train)}: "
            f"use larger images, or a window of at most {side}"
        )
    problems += _too_small("training", [train], SMALLEST_TEST, "a reward with VIF" if "VIF" in rewarded else None)
    problems += _too_small("test", test.values(), SMALLEST_TEST, "VIF")
    niqe = "a reward with NIQE" if "NIQE" in rewarded else None
    return (
        problems
        + _too_small("training", [train], SMALLEST_NIQE, niqe)
        + _too_small("test", test.values(), SMALLEST_NIQE, niqe)
    )


def _too_small(which: str, sets: Iterable[PairSet], least: int, what: str | None) -> list[str]:
    """Return which sets are too small for `what`; a minimum of None requires nothing."""
    return [
        f"{which} images must be at least {least} pixels a side for {what}, but {_described(pairs)}. {REMEDY}"
        for pairs in sets
        if what is not None and min(pairs.size) < least
    ]


def _described(pairs: PairSet) -> str:
    return f"{pairs.name} has {pairs.size[0]}x{pairs.size[1]}"
