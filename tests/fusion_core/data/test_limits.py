"""Images too small are told before anything is trained, with the size that works; at that size everything runs."""

from __future__ import annotations

import numpy as np
import pytest

from fusion_core.config import (
    GRPOConfig,
    KernelConfig,
    LossConfig,
    PolicyConfig,
    RewardConfig,
    SupervisedConfig,
    TrialConfig,
)
from fusion_core.data.dataset import PairSet
from fusion_core.data.limits import SMALLEST_NIQE, SMALLEST_TEST, SMALLEST_TRAIN, size_problems
from fusion_core.metrics.optional import NIQE_BLOCK
from fusion_core.recipes.catalog import build_recipe
from fusion_core.workspace import Workspace

CONFIG = TrialConfig(
    policy=PolicyConfig(base_channels=2),
    loss=LossConfig(ssim_window_size=11),
    recipe=SupervisedConfig(epochs=1, batch_size=2, accumulate=1),
)


def pairs(name: str, count: int, height: int, width: int) -> PairSet:
    rng = np.random.default_rng(0)
    visible, infrared = (rng.integers(0, 256, (count, c, height, width), dtype=np.uint8) for c in (3, 1))
    return PairSet(name, "train", tuple(map(str, range(count))), visible, infrared)


def test_every_set_that_is_too_small_is_named_with_its_size() -> None:
    config = CONFIG.model_copy(update={"loss": LossConfig(ssim_window_size=48)})
    problems = size_problems([CONFIG, config], pairs("tiny", 1, 30, 60), {"small": pairs("small", 1, 40, 80)})
    facts = ("32 pixels", "window_size = 48", "small has 40x80")
    assert all(fact in problem for fact, problem in zip(facts, problems, strict=True))
    assert "a window of at most 30" in problems[1]


@pytest.mark.parametrize("levels", [1, 4, 8])
def test_the_smallest_sizes_that_are_allowed_do_train_and_evaluate_even_in_a_batch_of_one(levels: int) -> None:
    config = CONFIG.model_copy(update={"kernel": KernelConfig(levels=levels)})
    train = pairs("train", 3, SMALLEST_TRAIN, SMALLEST_TRAIN)
    test = {"test": pairs("test", 1, SMALLEST_TEST, SMALLEST_TEST)}
    assert size_problems([config], train, test) == []
    (report,) = build_recipe(config, Workspace(train, test)).epochs()
    assert np.isfinite(report.metrics["test"]["VIF"].mean)


def rewarded(**weights: float) -> TrialConfig:
    return CONFIG.model_copy(update={"recipe": GRPOConfig(), "reward": RewardConfig(weights=weights)})


def test_a_reward_with_vif_needs_of_training_pairs_what_vif_needs_of_test_pairs() -> None:
    test = {"test": pairs("test", 1, SMALLEST_TEST, SMALLEST_TEST)}
    small, enough = (pairs("train", 2, side, 60) for side in (SMALLEST_TEST - 1, SMALLEST_TEST))
    (found,) = size_problems([CONFIG, rewarded(VIF=1)], small, test)
    assert found.startswith("training images must be at least 41 pixels a side for a reward with VIF, but train has 40")
    assert size_problems([rewarded(VIF=1)], enough, test) == size_problems([rewarded(VIF=0, MI=1)], small, test) == []
    unlearned = rewarded(VIF=1).model_copy(update={"recipe": CONFIG.recipe})
    assert size_problems([unlearned], small, test) == []


def test_a_reward_with_niqe_needs_its_blocks_of_training_and_of_test_pairs() -> None:
    assert SMALLEST_NIQE == NIQE_BLOCK
    small, enough = (pairs("set", 2, 200, side) for side in (NIQE_BLOCK - 1, NIQE_BLOCK))
    found = size_problems([rewarded(NIQE=1)], small, {"a": small, "b": enough, "c": small})
    assert [problem.split(" images must be at least 96 ")[0] for problem in found] == ["training", "test", "test"]
    assert size_problems([rewarded(NIQE=1)], enough, {"a": enough}) == []
    assert size_problems([rewarded(MI=1)], small, {"a": small}) == []
