"""One small loss-trained start for all tests of recipes that learn from a reward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fusion_core.config import TrialConfig
from fusion_core.data.dataset import PairSet
from fusion_core.models import checkpoints
from fusion_core.models.checkpoints import Checkpoint
from fusion_core.recipes.catalog import build_recipe
from fusion_core.recipes.reward.reinforced import ReinforcedRecipe
from fusion_core.workspace import Workspace

Build = Callable[..., Any]


def trial(**sections: Any) -> TrialConfig:
    base = {"policy": {"base_channels": 2}, "loss": {"ssim_window_size": 11}}
    return TrialConfig.model_validate(base | sections)


@pytest.fixture(scope="session")
def start(train_pairs: PairSet, test_pairs: PairSet) -> Checkpoint:
    recipe = {"kind": "supervised", "epochs": 6, "batch_size": 4, "accumulate": 1, "learning_rate": 3e-3}
    trained = build_recipe(trial(recipe=recipe), Workspace(train_pairs, {"synthetic": test_pairs}))
    list(trained.epochs())
    return checkpoints.from_bytes(trained.checkpoint(), "the start")


@pytest.fixture
def build(workspace: Workspace, start: Checkpoint) -> Build:
    """Build a recipe from the start: `build("ppo", samples=4, reward={...})`."""

    def of(
        kind: str, reward: Any = None, data: Any = None, evaluation: Any = None, seed: int = 0, **recipe: Any
    ) -> ReinforcedRecipe:
        settings = {"kind": kind, "epochs": 1, "updates": 2, "batch_size": 4, "samples": 4} | recipe
        config = trial(
            recipe=settings,
            reward=reward or {"aggregate": "min"},
            data=data or {},
            evaluation=evaluation or {},
            seed=seed,
        )
        built = build_recipe(config, workspace, start)
        assert isinstance(built, ReinforcedRecipe)
        return built

    return of
