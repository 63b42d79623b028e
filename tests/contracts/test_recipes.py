"""What every recipe must keep to."""

from __future__ import annotations

from pathlib import Path

import pytest

from fusion_core.config import (
    ArithmeticConfig,
    GRPOConfig,
    LossConfig,
    PolicyConfig,
    PPOConfig,
    SupervisedConfig,
    TrialConfig,
)
from fusion_core.data.dataset import PairSet
from fusion_core.recipes.base import Recipe
from fusion_core.recipes.catalog import build_recipe
from fusion_core.reports import EpochReport
from fusion_core.workspace import Workspace

RECIPES = {
    "supervised": SupervisedConfig(epochs=3, batch_size=4, accumulate=1),
    "ppo": PPOConfig(epochs=3, updates=1, batch_size=4, samples=3),
    "ppo legacy": PPOConfig.model_validate({"variant": "legacy", "epochs": 3, "updates": 1, "samples": 3}),
    "grpo": GRPOConfig(epochs=3, updates=1, batch_size=4),
    "grpo lora": GRPOConfig(epochs=3, updates=1, batch_size=4, train="lora"),
    "arithmetic": ArithmeticConfig(epochs=3),
}

Undisturbed = tuple[Recipe, list[EpochReport]]


@pytest.fixture(scope="module", params=RECIPES)
def config(request: pytest.FixtureRequest) -> TrialConfig:
    return TrialConfig(
        policy=PolicyConfig(base_channels=2), loss=LossConfig(ssim_window_size=11), recipe=RECIPES[request.param]
    )


def means(report: EpochReport) -> dict[tuple[str, str], float]:
    return {(d, m): s.mean for d, metrics in report.metrics.items() for m, s in metrics.items()}


def finished(recipe: Recipe) -> list[EpochReport]:
    return list(recipe.epochs())


@pytest.fixture(scope="module")
def undisturbed(config: TrialConfig, train_pairs: PairSet, test_pairs: PairSet) -> Undisturbed:
    """Return a recipe and all its reports."""
    recipe = build_recipe(config, Workspace(train_pairs, {"synthetic": test_pairs}))
    return recipe, finished(recipe)


def test_a_recipe_reports_each_epoch_once_in_order(undisturbed: Undisturbed) -> None:
    _, reports = undisturbed
    assert [r.epoch for r in reports] == [1, 2, 3]
    assert all("Reward" in metrics for r in reports for metrics in r.metrics.values())


def test_the_same_config_gives_the_same_reports(
    config: TrialConfig, workspace: Workspace, undisturbed: Undisturbed
) -> None:
    again = finished(build_recipe(config, workspace))
    assert [means(r) for r in undisturbed[1]] == [means(r) for r in again]


def test_another_seed_gives_other_reports(config: TrialConfig, workspace: Workspace, undisturbed: Undisturbed) -> None:
    other = next(build_recipe(config.model_copy(update={"seed": 1}), workspace).epochs())
    assert means(undisturbed[1][0]) != means(other)


def test_a_saved_state_goes_on_with_the_reports_of_an_undisturbed_run(
    config: TrialConfig, workspace: Workspace, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    _, whole = undisturbed
    stopped = build_recipe(config, workspace)
    next(stopped.epochs())
    stopped.save_state(tmp_path / "state")
    resumed = build_recipe(config, workspace)
    resumed.load_state(tmp_path / "state")
    assert [(r.epoch, means(r)) for r in finished(resumed)] == [(r.epoch, means(r)) for r in whole[1:]]


def test_a_finished_recipe_gives_a_checkpoint(undisturbed: Undisturbed) -> None:
    recipe, _ = undisturbed
    assert len(recipe.checkpoint()) > 0
