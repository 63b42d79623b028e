from __future__ import annotations

import pytest

from tests.trials.test_reward_sweeps import loaded, problems


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
    assert found.startswith(f"sweep.yaml:8: grid.{name} must change some trial, but does none: ")
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
    assert found.startswith("sweep.yaml:8: grid.reward.temperature must change some trial, but does none: no aggregate")
    assert loaded(tmp_path, learner("kind: grpo", "reward.temperature: [0.1, 1]", "{aggregate: softmin}"))
    fixed = learner("kind: ppo, control: direct", "recipe.samples: [2, 4]", "{normalise: fixed}")
    assert loaded(tmp_path, fixed)


def test_an_axis_is_idle_only_where_it_is_for_every_kind_of_the_sweep(tmp_path):
    kinds = "recipe.kind: [ppo, grpo]\n  recipe.{}"
    assert loaded(tmp_path, learner("epochs: 1", kinds.format("entropy: [0, 0.01]")))  # grpo's heads have one to win
    (found,) = problems(tmp_path, learner("inner_epochs: 1", kinds.format("clip: [0.1, 0.2]")))
    assert found.startswith("sweep.yaml:9: grid.recipe.clip must change some trial")
