"""The recipe ppo: its arithmetic, its trust region, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy.stats import norm
from torch.distributions import Normal, kl_divergence

from fusion_core.config import PPOConfig
from fusion_core.errors import TrialError
from fusion_core.kernel import fuse
from fusion_core.models.checkpoints import Checkpoint
from fusion_core.recipes.reward.advantages import controlled
from fusion_core.recipes.reward.ppo import PPORecipe, log_density
from fusion_core.recipes.reward.rollouts import Rollout
from fusion_core.recipes.reward.trust import TrustRegion
from fusion_core.workspace import Workspace

Build = Callable[..., Any]
ROWS = np.arange(4)


def rollout_of(recipe: PPORecipe, workspace: Workspace) -> Rollout:
    return recipe._rollout(workspace.train.batch(ROWS), ROWS, recipe.random(1, 0))


def gradient(recipe: PPORecipe) -> torch.Tensor:
    return torch.cat([p.grad.flatten() for p in recipe.policy.parameters() if p.grad is not None])


def test_log_densities_are_scipys() -> None:
    x, mean = torch.linspace(-1, 2, 7), torch.full((7,), 0.4)
    expected = norm.logpdf(x.numpy(), 0.4, 0.2)
    assert log_density(x, mean, torch.tensor(0.2)).numpy() == pytest.approx(expected, rel=1e-5)


def test_no_update_leaves_the_output_of_the_start_to_the_last_bit(
    build: Build, workspace: Workspace, start: Checkpoint
) -> None:
    recipe = build("ppo")
    for _, sources in workspace.test["synthetic"].batches(2):
        recipe.policy.eval()
        with torch.no_grad():
            assert torch.equal(recipe.fuse(sources)[0].image, start.fuse(sources)[0].image)


@pytest.mark.parametrize(
    "settings", [{}, {"grid": 0, "sigma": 0.05}, {"variant": "legacy"}, {"learn_sigma": True, "sigma": 0.3}]
)
def test_the_ratio_is_one_before_the_first_step(build: Build, workspace: Workspace, settings: dict[str, Any]) -> None:
    recipe = build("ppo", **settings)
    recipe.trained.eval()
    rollout, sources = rollout_of(recipe, workspace), workspace.train.batch(ROWS)
    _, values = recipe.objective(sources, rollout, ROWS)
    assert values["clip_fraction"] == 0
    with torch.no_grad():
        assert torch.equal(recipe.log_prob_of(sources, rollout.actions), rollout.log_prob)
        assert recipe.divergence(sources, rollout) == pytest.approx(0, abs=1e-4)


def test_the_divergence_is_that_of_the_gaussians(build: Build, workspace: Workspace) -> None:
    recipe, sources = build("ppo"), workspace.train.batch(ROWS)
    recipe.trained.eval()
    rollout = rollout_of(recipe, workspace)
    assert rollout.before is not None
    moved = replace(rollout, before=torch.stack((rollout.before[0] + 0.1, rollout.before[1] * 0.5)))
    means, sigma = rollout.before
    expected = kl_divergence(Normal(means + 0.1, sigma * 0.5), Normal(means, sigma)).sum(dim=(1, 2, 3)).mean()
    with torch.no_grad():
        assert recipe.divergence(sources, moved) == pytest.approx(expected.item(), rel=1e-4)


def test_the_mean_action_is_the_map_itself_and_an_action_moves_its_cell(build: Build, workspace: Workspace) -> None:
    recipe = build("ppo", grid=4)
    sources = workspace.train.batch(ROWS)
    recipe.policy.eval()
    with torch.no_grad():
        mu = recipe._map(sources)
        means = recipe._cells(mu)
        assert torch.equal(recipe._moved(mu, means, means), mu)
        shifted = means.clone()
        shifted[:, :, 0, 0] += 0.1
        difference = recipe._moved(mu, means, shifted) - mu
    assert difference[..., :4, :4].mean() == pytest.approx(0.1, abs=0.01)
    assert difference[..., 40:, 40:].abs().max() == 0


def test_rewards_that_tie_move_nothing_but_by_the_anchors(build: Build, workspace: Workspace) -> None:
    recipe = build("ppo", lambda_aux=0, beta_ref=0)
    recipe.trained.eval()
    rollout = rollout_of(recipe, workspace)
    tied = replace(rollout, advantages=recipe.advantages(torch.full((4, 4), 0.5)))
    loss, _ = recipe.objective(workspace.train.batch(ROWS), tied, ROWS)
    loss.backward()
    assert gradient(recipe).abs().max() == 0


@pytest.mark.parametrize(("aux_gradient", "flows"), [(True, True), (False, False)])
def test_the_auxiliary_loss_has_a_gradient_unless_it_is_the_originals(
    build: Build, workspace: Workspace, aux_gradient: bool, flows: bool
) -> None:
    recipe = build("ppo", lambda_aux=1.0, aux_gradient=aux_gradient, beta_ref=0)
    recipe.trained.eval()
    rollout = rollout_of(recipe, workspace)
    still = replace(rollout, advantages=torch.zeros(4, 4))
    loss, values = recipe.objective(workspace.train.batch(ROWS), still, ROWS)
    loss.backward()
    assert values["loss_lambda_aux"] > 0
    assert bool(gradient(recipe).abs().max() > 0) is flows


def test_a_target_that_is_passed_stops_the_inner_steps(build: Build) -> None:
    free = next(build("ppo", inner_epochs=4, target_kl=1e3, learning_rate=1e-3).epochs()).training
    held = next(build("ppo", inner_epochs=4, target_kl=1e-6, learning_rate=1e-3).epochs()).training
    assert free["inner_steps"] == 4
    assert held["inner_steps"] == 1
    assert held["step_share"] < 1 == free["step_share"]
    assert abs(held["kl"]) < 1e-3 < free["kl"]


def test_a_step_too_far_is_shortened_by_the_root_of_its_excess() -> None:
    weight = torch.tensor([1.0])
    region = TrustRegion([weight], target=0.01)
    region.keep()
    weight += 0.4
    share = region.hold(lambda: float((weight - 1).square() / 2))
    assert share == pytest.approx((0.01 / 0.08) ** 0.5)
    assert weight.item() == pytest.approx(1 + 0.4 * share)


def test_a_step_that_no_shortening_helps_is_undone() -> None:
    weight = torch.tensor([1.0])
    region = TrustRegion([weight], target=0.01)
    region.keep()
    weight += 0.4
    assert region.hold(lambda: 1.0) == 0
    assert weight.item() == 1


@pytest.mark.parametrize("settings", [{"inner_epochs": 1}, {"inner_epochs": 2}, {"target_kl": None}])
def test_a_gradient_that_is_no_number_ends_the_trial_and_blames_no_pair(build: Build, settings: dict[str, Any]) -> None:
    recipe = build("ppo", **settings)
    recipe.policy.leave.weight.register_hook(lambda gradient: gradient * float("nan"))
    with pytest.raises(TrialError, match=r"must stay finite, but|must move by at most"):
        next(recipe.epochs())


def test_batch_normalisation_is_frozen_and_the_originals_is_not(build: Build, start: Checkpoint) -> None:
    def moved(**settings: Any) -> bool:
        recipe = build("ppo", **settings)
        next(recipe.epochs())
        before = dict(start.policy.named_buffers())
        return any(not torch.equal(value, before[name]) for name, value in recipe.policy.named_buffers())

    assert not moved()
    assert moved(variant="legacy")


@pytest.mark.parametrize("control", ["frozen", "random"])
def test_a_control_that_never_updates_leaves_the_original_as_it_was_too(
    build: Build, start: Checkpoint, control: str
) -> None:
    recipe = build("ppo", variant="legacy", control=control, reward={"normalise": "fixed"})
    next(recipe.epochs())
    before = start.policy.state_dict()
    assert all(torch.equal(value, before[name]) for name, value in recipe.policy.state_dict().items())


def test_the_original_fills_in_what_is_not_said() -> None:
    legacy = PPOConfig.model_validate({"variant": "legacy", "samples": 6})
    assert (legacy.samples, legacy.batch_size, legacy.coefficient, legacy.log_prob) == (6, 4, 100, "mean")
    assert PPOConfig.model_validate(legacy.model_dump()) == legacy


def test_a_learned_deviation_moves_within_its_bounds_and_is_saved(build: Build, tmp_path: Any) -> None:
    recipe = build("ppo", learn_sigma=True, learning_rate=0.02, target_kl=None, lambda_aux=0, beta_ref=0, updates=1)
    next(recipe.epochs())
    sigma = recipe.explorer.sigma.item()
    assert 0.02 <= sigma + 1e-7 <= 0.3 and sigma != pytest.approx(0.2)
    recipe.save_state(tmp_path / "state")
    again = build("ppo", learn_sigma=True, learning_rate=0.02, target_kl=None, lambda_aux=0, beta_ref=0, updates=1)
    again.load_state(tmp_path / "state")
    assert again.explorer.sigma.item() == sigma


def test_the_policy_gradient_points_along_the_gradient_of_the_reward(build: Build, workspace: Workspace) -> None:
    """A cell's share in the policy gradient, of 128 samples, against autograd through the same reward."""
    recipe = build("ppo", samples=128, sigma=0.05, grid=4)
    sources = workspace.train.batch(ROWS)
    recipe.trained.eval()
    rollout = rollout_of(recipe, workspace)
    with torch.no_grad():
        mu = recipe._map(sources)
        means = recipe._cells(mu)
    action = means.clone().requires_grad_()
    recipe.reward(sources, fuse(sources, recipe._moved(mu, means, action))).sum().backward()
    assert action.grad is not None
    towards = (rollout.actions - means) / 0.05
    random = np.random.default_rng(0)

    def cosine(advantages: torch.Tensor) -> float:
        estimate = (advantages[:, :, None, None, None] * towards).mean(dim=0)
        return torch.nn.functional.cosine_similarity(estimate.flatten(1), action.grad.flatten(1)).mean().item()

    assert cosine(rollout.advantages) > 0.3
    assert abs(cosine(recipe.advantages(controlled(rollout.rewards, "shuffled", random)))) < 0.2


def test_the_original_has_no_grid() -> None:
    with pytest.raises(ValidationError, match=r"recipe\.grid must be 0 with variant legacy"):
        PPOConfig.model_validate({"variant": "legacy", "grid": 4})
