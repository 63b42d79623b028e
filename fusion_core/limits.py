"""How small images may be. Needs no torch, so that a sweep can be refused before anything expensive starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fusion_core.config import TrialConfig
from fusion_core.data.dataset import PairSet

# VIF blurs and halves an image three times, and its window must still fit.
SMALLEST_TEST = 41
# The policy halves an image four times, and batch normalisation needs more than one value of a lone pair.
SMALLEST_TRAIN = 32
REMEDY = "Use larger images, or enlarge them with data.resize."


def size_problems(configs: Iterable[TrialConfig], train: PairSet, test: Mapping[str, PairSet]) -> list[str]:
    """Return what is too small for the policy, the loss's window or the metrics."""
    window = max((config.loss.ssim_window_size for config in configs), default=1)
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
    problems += [
        f"test images must be at least {SMALLEST_TEST} pixels a side for VIF, but {_described(pairs)}. {REMEDY}"
        for pairs in test.values()
        if min(pairs.size) < SMALLEST_TEST
    ]
    return problems


def _described(pairs: PairSet) -> str:
    return f"{pairs.name} has {pairs.size[0]}x{pairs.size[1]}"
