"""Recipes that learn from a reward do learn from it: more than their controls, on pairs they never saw too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from fusion_core.config import RewardConfig
from fusion_core.rewards import Reward
from fusion_core.workspace import Workspace

Build = Callable[..., Any]
SETTINGS: dict[str, dict[str, Any]] = {
    "ppo": {"learning_rate": 1e-2, "updates": 15, "samples": 6},
    "grpo": {"learning_rate": 1e-2, "updates": 30, "lambda_sup": 0, "lambda_cons": 0, "beta_kl": 0},
}


def held_out(recipe: Any, workspace: Workspace) -> float:
    sources = workspace.test["synthetic"].batch(slice(0, 3))
    with torch.no_grad():
        return Reward(RewardConfig(aggregate="min"))(sources, recipe.fuse(sources)[0]).mean().item()


@pytest.mark.slow
@pytest.mark.parametrize("kind", SETTINGS)
def test_the_reward_rises_and_with_shuffled_or_negated_advantages_it_does_not(
    build: Build, workspace: Workspace, kind: str
) -> None:
    gains = {}
    for control in ("real", "shuffled", "negated"):
        recipe = build(kind, control=control, collapse=1.0, **SETTINGS[kind])
        before = held_out(recipe, workspace)
        training = next(recipe.epochs()).training
        gains[control] = (training["reward_train"] - training["reward_start"], held_out(recipe, workspace) - before)
    assert gains["real"][0] > 0.03
    assert gains["real"][1] > 0
    assert gains["real"][0] > gains["shuffled"][0] + 0.02
    assert gains["negated"][0] < 0
