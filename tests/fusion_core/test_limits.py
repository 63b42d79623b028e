"""Images too small are told before anything is trained, with the size that works; at that size everything runs."""

from __future__ import annotations

import numpy as np
import pytest

from fusion_core.config import KernelConfig, LossConfig, PolicyConfig, SupervisedConfig, TrialConfig
from fusion_core.data.dataset import PairSet
from fusion_core.limits import SMALLEST_TEST, SMALLEST_TRAIN, size_problems
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
