"""The recipe grpo: its heads, what each training mode moves, and what stays as it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy.stats import beta as scipy_beta
from torch.distributions import Beta

from fusion_core import kernel
from fusion_core.config import GRPOConfig, LoraConfig, PolicyConfig
from fusion_core.errors import TrialError
from fusion_core.models import checkpoints, heads
from fusion_core.models.checkpoints import Checkpoint
from fusion_core.models.lora import adapt, merged
from fusion_core.models.policy import build_policy
from fusion_core.recipes.catalog import build_recipe
from fusion_core.recipes.reward.grpo import GRPORecipe
from fusion_core.sources import Sources
from fusion_core.workspace import Workspace

Build = Callable[..., Any]


def held_out(workspace: Workspace) -> Sources:
    return workspace.test["synthetic"].batch(slice(0, 3))


def backbone(recipe: GRPORecipe) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in recipe.policy.state_dict().items()}


def changed(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> set[str]:
    return {name for name, value in after.items() if not torch.equal(value, before[name])}


@torch.no_grad()
def test_untrained_heads_fuse_as_the_start_does_to_the_last_bit(
    build: Build, workspace: Workspace, start: Checkpoint
) -> None:
    recipe, sources = build("grpo"), held_out(workspace)
    plain = start.fuse(sources)[0].image
    assert torch.equal(recipe.fuse(sources)[0].image, plain)
    assert torch.equal(recipe.render_off(sources).image, plain)


def test_heads_alone_leave_the_network_and_the_output_without_them_untouched(
    build: Build, workspace: Workspace, start: Checkpoint
) -> None:
    recipe = build("grpo", learning_rate=0.05)
    before = backbone(recipe)
    next(recipe.epochs())
    assert not changed(before, backbone(recipe))
    with torch.no_grad():
        plain = start.fuse(held_out(workspace))[0].image
        assert torch.equal(recipe.render_off(held_out(workspace)).image, plain)
        assert not torch.equal(recipe.fuse(held_out(workspace))[0].image, plain)


@pytest.mark.parametrize(("train", "moves"), [("decoder", ("ups.", "leave.")), ("all", ("",))])
def test_a_training_mode_moves_its_own_part_and_nothing_else(build: Build, train: str, moves: tuple[str, ...]) -> None:
    recipe = build("grpo", train=train, backbone_learning_rate=1e-2)
    before = backbone(recipe)
    next(recipe.epochs())
    moved = changed(before, backbone(recipe))
    assert moved
    assert all(name.startswith(moves) for name in moved)
    assert not any("running" in name for name in moved)


def test_lora_moves_its_changes_and_not_the_weights_below(build: Build) -> None:
    recipe = build("grpo", train="lora", backbone_learning_rate=1e-2)
    before = backbone(recipe)
    next(recipe.epochs())
    moved = changed(before, backbone(recipe))
    assert moved
    assert all(name.endswith((".0.up", ".0.down")) for name in moved)


@pytest.mark.parametrize("train", ["heads", "lora", "decoder", "all"])
def test_a_checkpoint_fuses_as_the_recipe_does(build: Build, workspace: Workspace, train: str) -> None:
    recipe = build("grpo", train=train, learning_rate=0.02, backbone_learning_rate=1e-2)
    next(recipe.epochs())
    saved = checkpoints.from_bytes(recipe.checkpoint(), "a checkpoint")
    assert saved.heads is not None
    with torch.no_grad():
        own = recipe.fuse(held_out(workspace))[0].image
    assert torch.allclose(saved.fuse(held_out(workspace))[0].image, own, atol=2e-6)


@torch.no_grad()
def test_every_action_moves_the_image(build: Build, workspace: Workspace) -> None:
    recipe, sources = build("grpo"), held_out(workspace)
    maps = recipe._maps(sources, recipe._network_output(sources)[0])
    middle = torch.full((3, 6), 0.5)
    plain = recipe.heads.fuse(sources, maps, middle).image
    for action in range(6):
        moved = middle.clone()
        moved[:, action] = 0.9
        assert (recipe.heads.fuse(sources, maps, moved).image - plain).abs().mean() > 1e-4


def test_a_dead_action_ends_the_trial_by_name(build: Build) -> None:
    recipe = build("grpo")
    recipe.heads.reach[2] = 0
    with pytest.raises(TrialError, match=r"1 of 6 \(2\) of the heads do not"):
        next(recipe.epochs())


def test_without_kappa_there_is_no_gain_to_learn(build: Build) -> None:
    assert build("grpo", kappa=0).heads.reach.numel() == 5


def test_log_probabilities_are_scipys_and_the_first_mean_is_exactly_a_half() -> None:
    own = heads.build_heads(4, 4, 0.4, 0.5, seed=0)(torch.rand(3, 8))
    assert (own.mean == 0.5).all()
    assert own.stddev[0, 0].item() == pytest.approx(0.198, abs=1e-3)
    action = torch.tensor(0.3)
    expected = scipy_beta.logpdf(0.3, own.concentration1[0, 0].item(), own.concentration0[0, 0].item())
    assert own.log_prob(action)[0, 0].item() == pytest.approx(expected, rel=1e-5)


def test_a_drawn_action_has_the_gradient_that_keeps_its_quantile() -> None:
    alpha, beta, drawn, step = 2.3, 3.1, 0.37, 1e-4
    concentrations = torch.tensor([[alpha]], requires_grad=True), torch.tensor([[beta]], requires_grad=True)
    heads.attached(Beta(*concentrations), torch.tensor([[drawn]])).sum().backward()
    quantile = scipy_beta.cdf(drawn, alpha, beta)
    for tensor, other in zip(concentrations, ((alpha + step, beta), (alpha, beta + step)), strict=True):
        expected = (scipy_beta.ppf(quantile, *other) - drawn) / step
        assert tensor.grad is not None
        assert tensor.grad.item() == pytest.approx(expected, rel=2e-3)


def test_draws_are_the_distributions_and_keep_off_the_edges() -> None:
    own = Beta(torch.full((1, 1), 2.0), torch.full((1, 1), 6.0))
    drawn = heads.draw(own, 20_000, np.random.default_rng(0))
    assert drawn.mean().item() == pytest.approx(0.25, abs=0.005)
    assert drawn.std().item() == pytest.approx(scipy_beta.std(2, 6), abs=0.005)
    edge = heads.draw(Beta(torch.full((1, 1), 1.001), torch.full((1, 1), 40.0)), 5_000, np.random.default_rng(0))
    assert edge.min() >= 1e-4


def test_a_gain_of_one_and_a_tilt_of_zero_are_the_plain_fusion(workspace: Workspace) -> None:
    sources = held_out(workspace)
    weight_map = torch.rand(3, 1, 64, 80, generator=torch.Generator().manual_seed(0))
    maps = kernel.tilted(kernel.maps_of(weight_map, sources), torch.zeros(3, 5))
    assert torch.equal(kernel.blend(sources, maps, torch.ones(3)), kernel.fuse_luma(sources, weight_map))


def test_a_gain_scales_the_details_of_the_fused_pyramid(workspace: Workspace) -> None:
    sources = held_out(workspace)
    weight_map = torch.zeros(3, 1, 64, 80)
    detail, *_, base = kernel.pyramid(sources.luma, 1)
    expected = 1.5 * detail + kernel.up(base, (64, 80))
    got = kernel.blend(sources, kernel.maps_of(weight_map, sources, 1), torch.full((3,), 1.5))
    assert torch.allclose(got, expected, atol=1e-6)


def test_lora_begins_as_the_network_it_changes_and_merges_into_it() -> None:
    policy, inputs = build_policy(PolicyConfig(base_channels=2), 0).eval(), torch.rand(1, 2, 32, 32)
    before = policy(inputs)[0]
    parameters = adapt(policy, LoraConfig(), seed=0)
    assert torch.equal(policy(inputs)[0], before)
    with torch.no_grad():
        for parameter in parameters:
            parameter += 0.1
    changed_output = policy(inputs)[0]
    assert not torch.equal(changed_output, before)
    whole = build_policy(PolicyConfig(base_channels=2), 1).eval()
    whole.load_state_dict(merged(policy))
    assert torch.allclose(whole(inputs)[0], changed_output, atol=1e-6)
    assert torch.equal(policy(inputs)[0], changed_output)


def test_a_decoder_that_nothing_reaches_is_refused() -> None:
    with pytest.raises(ValidationError, match="lambda_sup or lambda_cons above 0"):
        GRPOConfig(train="lora", lambda_sup=0, lambda_cons=0)


def test_what_a_frozen_network_gives_is_computed_once_for_all_trials(
    build: Build, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    next(build("grpo").epochs())
    again = build("grpo", seed=5)
    monkeypatch.setattr(again.stepper, "forward", lambda inputs: pytest.fail("the network ran again"))
    next(again.epochs())


@pytest.mark.parametrize("control", ["real", "shuffled", "negated"])
def test_the_best_sample_is_the_best_of_what_the_control_lets_be_seen(
    build: Build, workspace: Workspace, control: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = build("grpo", control=control, lambda_sup=1.0)
    chosen = []
    monkeypatch.setattr(heads, "attached", lambda distribution, action: chosen.append(action) or action)
    rows = np.arange(4)
    rollout = recipe._rollout(workspace.train.batch(rows), rows, recipe.random(1, 0))
    monkeypatch.setattr(recipe, "check_terms", lambda terms: None)
    recipe.objective(workspace.train.batch(rows), rollout, rows)
    true_best = rollout.actions[rollout.group.rewards.argmax(dim=0), torch.arange(4)]
    true_worst = rollout.actions[rollout.group.rewards.argmin(dim=0), torch.arange(4)]
    assert torch.equal(chosen[0], true_best) is (control == "real")
    assert torch.equal(chosen[0], true_worst) is (control == "negated")


def test_bands_that_all_tilt_to_one_source_collapse_though_the_map_does_not(build: Build) -> None:
    recipe = build("grpo", delta=1.0)
    with torch.no_grad():
        recipe.heads.out.bias[:6] = -40.0
        recipe.heads.out.bias[6:] = 40.0
    with pytest.raises(TrialError, match=r"at 0 \(a copy of the visible image\)"):
        next(recipe.epochs())


def test_heads_that_leap_end_the_trial_and_modest_ones_say_how_far_they_moved(build: Build) -> None:
    with pytest.raises(TrialError, match="log-probabilities must move by at most 20"):
        list(build("grpo", learning_rate=50.0, epochs=3).epochs())
    training = next(build("grpo", learning_rate=1e-2).epochs()).training
    assert training["ratio_deviation"] > 0


def test_the_mode_off_judges_the_policy_without_its_heads(
    build: Build, workspace: Workspace, start: Checkpoint
) -> None:
    recipe = build("grpo", learning_rate=0.05, evaluation={"mode": "off"})
    report = next(recipe.epochs())
    metrics = recipe.start_metrics()
    assert metrics is not None
    assert report.metrics["synthetic"]["VIF"].mean == metrics["synthetic"]["VIF"].mean


def test_a_start_with_heads_goes_on_and_one_of_other_reach_does_not_fit(build: Build, workspace: Workspace) -> None:
    first = build("grpo", learning_rate=0.05)
    next(first.epochs())
    begun = checkpoints.from_bytes(first.checkpoint(), "a start")
    recipe = build_recipe(first.config, workspace, begun)
    with torch.no_grad():
        assert torch.equal(recipe.fuse(held_out(workspace))[0].image, begun.fuse(held_out(workspace))[0].image)
    assert checkpoints.misfits(begun, first.config) == []
    for other, said in (({"delta": 0.1}, r"\(0.1, 0.5\), but have 0.4 and 0.5"), ({"kappa": 0.0}, "have 0.4 and 0.5")):
        (problem,) = checkpoints.misfits(begun, build("grpo", **other).config)
        assert re.search(said, problem)
    (problem,) = checkpoints.misfits(begun, build("ppo").config)
    assert "has heads of recipe grpo" in problem


def test_what_another_start_gave_is_given_up(build: Build, workspace: Workspace) -> None:
    first = build("grpo", train="decoder", learning_rate=0.05, backbone_learning_rate=1e-2)
    next(build("grpo").epochs())
    held = workspace.train.memory_used
    next(first.epochs())
    other = checkpoints.from_bytes(first.checkpoint(), "another start")
    plain = replace(other, heads=None)
    next(build_recipe(build("grpo").config, workspace, plain).epochs())
    assert workspace.train.memory_used == held


def test_controls_differ_as_they_should(build: Build, start: Checkpoint, workspace: Workspace) -> None:
    frozen = build("grpo", control="frozen")
    next(frozen.epochs())
    with torch.no_grad():
        assert torch.equal(frozen.fuse(held_out(workspace))[0].image, start.fuse(held_out(workspace))[0].image)
    real, negated = (next(build("grpo", control=c, learning_rate=0.02).epochs()) for c in ("real", "negated"))
    assert real.training["reward_train"] != negated.training["reward_train"]
    assert real.training["reward_mean"] == pytest.approx(negated.training["reward_mean"], abs=0.05)
    judged = next(build("grpo", control="random").epochs()).metrics["synthetic"]["VIF"].mean
    assert judged != frozen.evaluate(1)["synthetic"]["VIF"].mean
