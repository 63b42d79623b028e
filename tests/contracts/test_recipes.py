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
from fusion_core.recipes.base import EpochReport, Recipe
from fusion_core.recipes.catalog import build_recipe
from fusion_core.workspace import Workspace

RECIPES = {
    "supervised": SupervisedConfig(epochs=3, batch_size=4, accumulate=1),
    "ppo": PPOConfig(epochs=3, updates=1, batch_size=4, samples=3),
    "ppo legacy": PPOConfig.model_validate({"variant": "legacy", "epochs": 3, "updates": 1, "samples": 3}),
    "grpo": GRPOConfig(epochs=3, updates=1, batch_size=4),
    "grpo lora": GRPOConfig(epochs=3, updates=1, batch_size=4, train="lora"),
    "arithmetic": ArithmeticConfig(epochs=3),
}


@pytest.fixture(params=RECIPES)
def config(request: pytest.FixtureRequest) -> TrialConfig:
    return TrialConfig(
        policy=PolicyConfig(base_channels=2), loss=LossConfig(ssim_window_size=11), recipe=RECIPES[request.param]
    )


def means(report: EpochReport) -> dict[tuple[str, str], float]:
    return {(d, m): s.mean for d, metrics in report.metrics.items() for m, s in metrics.items()}


def finished(recipe: Recipe) -> list[EpochReport]:
    return list(recipe.epochs())


def test_a_recipe_reports_each_epoch_once_in_order(config: TrialConfig, workspace: Workspace) -> None:
    reports = finished(build_recipe(config, workspace))
    assert [r.epoch for r in reports] == [1, 2, 3]
    assert all("Reward" in metrics for r in reports for metrics in r.metrics.values())


def test_the_same_config_gives_the_same_reports(config: TrialConfig, workspace: Workspace) -> None:
    first, again = (finished(build_recipe(config, workspace)) for _ in range(2))
    assert [means(r) for r in first] == [means(r) for r in again]


def test_another_seed_gives_other_reports(config: TrialConfig, workspace: Workspace) -> None:
    other = config.model_copy(update={"seed": 1})
    reports = [next(build_recipe(c, workspace).epochs()) for c in (config, other)]
    assert means(reports[0]) != means(reports[1])


def test_a_saved_state_goes_on_with_the_reports_of_an_undisturbed_run(
    config: TrialConfig, workspace: Workspace, tmp_path: Path
) -> None:
    whole = finished(build_recipe(config, workspace))
    stopped = build_recipe(config, workspace)
    next(stopped.epochs())
    stopped.save_state(tmp_path / "state")
    resumed = build_recipe(config, workspace)
    resumed.load_state(tmp_path / "state")
    assert [(r.epoch, means(r)) for r in finished(resumed)] == [(r.epoch, means(r)) for r in whole[1:]]


def test_a_finished_recipe_gives_a_checkpoint(config: TrialConfig, workspace: Workspace) -> None:
    recipe = build_recipe(config, workspace)
    finished(recipe)
    assert len(recipe.checkpoint()) > 0
