from __future__ import annotations

from typing import Any

import pytest

from fusion_core.config import TrialConfig
from fusion_core.data.dataset import PairSet
from fusion_core.recipes.catalog import build_recipe
from fusion_core.workspace import Workspace
from tests.trials.sweepfile.test_reward_sweeps import loaded, problems


def learner(recipe: str, axis: str, reward: str = "{}", more: str = "") -> str:
    return (
        f"name: a\ntrial:\n  start: {{}}\n  recipe: {{{recipe}}}\n  reward: {reward}\n"
        f"grid:\n  reward.weights.VIF: [1, 2]\n  {axis}\n{more}"
    )


@pytest.mark.parametrize(
    ("recipe", "axis", "minded"),
    [
        ("kind: ppo", "recipe.entropy: [0, 0.01]", "learn_sigma: true"),
        ("kind: ppo", "recipe.entropy: [0, 0.01]", "variant: legacy"),
        ("kind: grpo", "recipe.clip: [0.1, 0.2]", "inner_epochs: 2"),
        ("kind: ppo, inner_epochs: 1", "recipe.clip: [0.1, 0.2]", "variant: legacy"),
        ("kind: grpo", "recipe.lora.rank: [2, 4]", "train: lora"),
        ("kind: grpo, train: all", "recipe.lora.alpha: [2, 4]", "train: lora"),
        ("kind: grpo", "recipe.backbone_learning_rate: [1.0e-4, 1.0e-3]", "train: decoder"),
        ("kind: grpo, lambda_sup: 0", "recipe.supervision: [self, fusion_loss]", "lambda_sup: 1"),
        ("kind: ppo, variant: legacy", "recipe.sigma: [0.1, 0.2]", "variant: coarse"),
        ("kind: ppo, variant: legacy", "recipe.learn_sigma: [false, true]", "variant: coarse"),
        ("kind: ppo, variant: legacy", "recipe.beta_ref: [0, 0.1]", "variant: coarse"),
        ("kind: ppo, control: direct", "recipe.samples: [2, 4]", "control: real"),
        ("kind: grpo, control: direct", "recipe.inner_epochs: [1, 2]", "control: real"),
        ("kind: ppo, control: direct", "recipe.clip: [0.1, 0.2]", "control: shuffled"),
    ],
)
def test_an_axis_that_no_trial_minds_is_refused_and_is_none_where_one_may(tmp_path, recipe, axis, minded):
    (found,) = problems(tmp_path, learner(recipe, axis))
    name, _, values = axis.partition(":")
    assert found.startswith(f"sweep.yaml:8: grid.{name} must affect some trial, but affects none: ")
    assert "Remove it, or " in found
    field, _, value = minded.partition(": ")
    given = ", ".join(part for part in recipe.split(", ") if not part.startswith(f"{field}:"))
    assert loaded(tmp_path, learner(f"{given}, {minded}", axis))
    other = next((part.split(": ")[1] for part in recipe.split(", ") if part.startswith(f"{field}:")), None)
    swept = f"grid:\n  recipe.{field}: [{value}{f', {other}' if other else ''}]\n"
    assert loaded(tmp_path, learner(given, axis).replace("grid:\n", swept))
    # As a value that all trials share, and as an axis of one value, it does no harm.
    first = values.strip(" []").split(", ")[0]
    assert loaded(tmp_path, learner(recipe, f"{name}: [{first}]"))


def test_a_temperature_is_minded_by_softmin_and_samples_by_scales(tmp_path):
    (found,) = problems(tmp_path, learner("kind: grpo", "reward.temperature: [0.1, 1]"))
    assert found.startswith(
        "sweep.yaml:8: grid.reward.temperature must affect some trial, but affects none: only aggregate"
    )
    assert loaded(tmp_path, learner("kind: grpo", "reward.temperature: [0.1, 1]", "{aggregate: softmin}"))
    fixed = learner("kind: ppo, control: direct", "recipe.samples: [2, 4]", "{normalise: fixed}")
    assert loaded(tmp_path, fixed)


def test_an_axis_is_idle_only_where_it_is_for_every_kind_of_the_sweep(tmp_path):
    kinds = "recipe.kind: [ppo, grpo]\n  recipe.{}"
    assert loaded(tmp_path, learner("epochs: 1", kinds.format("clip: [0.1, 0.2]")))  # ppo takes two steps, grpo one
    (found,) = problems(tmp_path, learner("inner_epochs: 1", kinds.format("clip: [0.1, 0.2]")))
    assert found.startswith("sweep.yaml:9: grid.recipe.clip must affect some trial")


DIRECT = [
    ({"kind": kind, "control": "direct"}, name, values)
    for kind in ("ppo", "grpo")
    for name, values in (("samples", (2, 4)), ("inner_epochs", (1, 2)), ("clip", (0.01, 0.1)))
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "name", "values"),
    [
        ({"kind": "grpo"}, "clip", (0.01, 0.1)),
        ({"kind": "ppo", "inner_epochs": 1}, "clip", (0.01, 0.1)),
        ({"kind": "grpo"}, "lora", ({"rank": 2}, {"rank": 4})),
        ({"kind": "grpo"}, "backbone_learning_rate", (1e-4, 1e-2)),
        ({"kind": "grpo", "lambda_sup": 0}, "supervision", ("self", "fusion_loss")),
        ({"kind": "ppo", "variant": "legacy"}, "sigma", (0.1, 0.2)),
        ({"kind": "ppo", "variant": "legacy"}, "learn_sigma", (False, True)),
        ({"kind": "ppo", "variant": "legacy"}, "beta_ref", (0, 0.1)),
        *DIRECT,
    ],
)
def test_what_is_refused_as_an_axis_changes_no_number(
    train_pairs: PairSet, test_pairs: PairSet, recipe: dict[str, Any], name: str, values: tuple[Any, Any]
) -> None:
    workspace = Workspace(train_pairs, {"test": test_pairs})

    def numbers(value: Any) -> list[tuple[dict[str, float], list[float]]]:
        config = TrialConfig.model_validate(
            {
                "recipe": {**recipe, "epochs": 2, "updates": 2, "batch_size": 2, name: value},
                "policy": {"base_channels": 2},
                "loss": {"ssim_window_size": 11},
                "reward": {"weights": {"SSIM": 1, "Qabf": 1}},
            }
        )
        return [
            (
                {key: one for key, one in report.training.items() if "second" not in key and "memory" not in key},
                [summary.mean for metrics in report.metrics.values() for summary in metrics.values()],
            )
            for report in build_recipe(config, workspace).epochs()
        ]

    first, second = map(numbers, values)
    assert first == second
