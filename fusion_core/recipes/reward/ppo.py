"""Proximal policy optimisation over coarse shifts of the weight map, after HybridFusion's per-pixel original.

An action is a grid of map values, drawn around the grid means of the map; the map is shifted by the difference, so the
mean action is exactly the deterministic output. Schulman et al., Proximal policy optimization algorithms, 2017.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fusion_core.config import PPOConfig, TrialConfig
from fusion_core.evaluation import batch_size
from fusion_core.kernel import fuse, fuse_luma, resize
from fusion_core.losses import kl_divergence
from fusion_core.models.checkpoints import Checkpoint
from fusion_core.models.policy import sample_map
from fusion_core.recipes.optimizer_step import Stepper, Values
from fusion_core.recipes.reward import guards
from fusion_core.recipes.reward.advantages import group_advantages, legacy_advantages
from fusion_core.recipes.reward.reinforced import ReinforcedRecipe
from fusion_core.recipes.reward.rollouts import Rollout
from fusion_core.recipes.reward.trust import TrustRegion
from fusion_core.sources import Fused, Sources
from fusion_core.workspace import Workspace

SMALLEST_SIGMA, LARGEST_SIGMA = 0.02, 0.3
LOG_2PI = math.log(2 * math.pi)
# The original bounds the difference of log-probabilities before it takes the ratio.
LEGACY_BOUND = 20.0


def log_density(value: Tensor, mean: Tensor, sigma: Tensor) -> Tensor:
    """Return the log-density of each element under N(mean, sigma²), in float32."""
    return -0.5 * ((value - mean) / sigma).square() - sigma.log() - 0.5 * LOG_2PI


class Explorer(nn.Module):
    """The policy, and the standard deviation of a cell, if one is learned for all."""

    def __init__(self, policy: nn.Module, config: PPOConfig) -> None:
        super().__init__()
        self.policy = policy
        self.log_sigma = nn.Parameter(torch.tensor(math.log(config.sigma)), requires_grad=config.learn_sigma)

    @property
    def sigma(self) -> Tensor:
        return self.log_sigma.exp()

    @torch.no_grad()
    def keep_sigma_within(self) -> None:
        """Clamp a learned deviation to its bounds."""
        self.log_sigma.clamp_(math.log(SMALLEST_SIGMA), math.log(LARGEST_SIGMA))

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        result: tuple[Tensor, Tensor] = self.policy(inputs)
        return result


class PPORecipe(ReinforcedRecipe):
    """The whole network learns; a trust region keeps each step within `target_kl`."""

    recipe: PPOConfig

    def __init__(self, config: TrialConfig, workspace: Workspace, start: Checkpoint | None = None) -> None:
        super().__init__(config, workspace, start)
        self.legacy = self.recipe.variant == "legacy"
        self.explorer = Explorer(self.policy, self.recipe)
        groups: list[dict[str, Any]] = [{"params": list(self.policy.parameters())}]
        if self.recipe.learn_sigma:
            # Weight decay would pull its logarithm to 0, a deviation of 1.
            groups.append({"params": [self.explorer.log_sigma], "weight_decay": 0.0})
        self.stepper = Stepper(self.explorer, self.recipe, self.device, workspace.forget, groups)
        if self.recipe.target_kl is not None:
            self.trust = TrustRegion(self.stepper.parameters, self.recipe.target_kl)
        self.first_means: Tensor | None = None
        if self.recipe.beta_ref and not self.legacy and not self.idle and self.recipe.control != "direct":
            self.first_means = self._means_of_the_start()

    @torch.no_grad()
    def _means_of_the_start(self) -> Tensor:
        """Return the action means of every training pair before the first update, (pairs, 1, grid, grid)."""
        self.policy.eval()
        train = self.workspace.train
        parts = (self._cells(self._map(sources)) for _, sources in train.batches(batch_size(train)))
        return torch.cat(list(parts))

    def _map(self, sources: Sources) -> Tensor:
        return self.stepper.forward(sources.policy_input)[0]

    def _cells(self, weight_map: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(weight_map, self.recipe.grid) if self.recipe.grid else weight_map

    def _moved(self, weight_map: Tensor, means: Tensor, action: Tensor) -> Tensor:
        shift = action - means
        size = (weight_map.shape[-2], weight_map.shape[-1])
        return (weight_map + (resize(shift, size) if self.recipe.grid else shift)).clamp(0, 1)

    def _deviation(self, logvar: Tensor) -> Tensor:
        return (logvar / 2).exp() if self.legacy else self.explorer.sigma

    def _log_prob(self, actions: Tensor, means: Tensor, sigma: Tensor) -> Tensor:
        """Return (S, N): the sum over cells, or their mean as in the original."""
        densities = log_density(actions, means, sigma).flatten(2)
        return densities.sum(dim=2) if self.recipe.log_prob == "sum" else densities.mean(dim=2)

    def render(self, sources: Sources) -> tuple[Fused, Tensor]:
        weight_map = self._map(sources)
        return fuse(sources, weight_map, self.config.kernel.levels), weight_map

    def draw(self, sources: Sources, random: np.random.Generator) -> tuple[Tensor, Tensor, Callable[[Tensor], Fused]]:
        mu, logvar = self._forward_as_trained(sources)
        means, sigma = self._cells(mu), self._deviation(logvar)
        self.before = torch.stack((means, sigma.expand_as(means)))
        noise = random.standard_normal((self.recipe.samples, *means.shape), dtype=np.float32)
        actions = means + sigma * torch.from_numpy(noise).to(means.device)

        def fuse_one(action: Tensor) -> Fused:
            return fuse(sources, self._moved(mu, means, action), self.config.kernel.levels)

        return actions, self._log_prob(actions, means, sigma), fuse_one

    def _forward_as_trained(self, sources: Sources) -> tuple[Tensor, Tensor]:
        """Run the network, in the original's training mode once it learns: batch statistics, which it also keeps."""
        self.policy.train(self.legacy and self.learning)
        mu, logvar = self.stepper.forward(sources.policy_input)
        self.policy.eval()
        return mu, logvar

    def _forward_to_measure(self, sources: Sources) -> tuple[Tensor, Tensor]:
        """Run the network as it is trained, and leave its running statistics unchanged."""
        norms = [one for one in self.policy.modules() if isinstance(one, nn.BatchNorm2d)]
        momenta = [one.momentum for one in norms]
        try:
            for one in norms:
                one.momentum = 0.0
            return self._forward_as_trained(sources)
        finally:
            for one, momentum in zip(norms, momenta, strict=True):
                one.momentum = momentum

    def log_prob_of(self, sources: Sources, actions: Tensor) -> Tensor:
        mu, logvar = self._forward_to_measure(sources)
        return self._log_prob(actions, self._cells(mu), self._deviation(logvar))

    def divergence(self, sources: Sources, rollout: Rollout) -> float:
        """Return KL(old || new) of the Gaussians, over cells as log-probabilities are, mean over pairs."""
        assert rollout.before is not None
        mu, logvar = self._forward_to_measure(sources)
        means, sigma = self._cells(mu), self._deviation(logvar)
        old, deviation = rollout.before
        away = (sigma / deviation).log() + (deviation.square() + (old - means).square()) / (2 * sigma.square()) - 0.5
        away = away.flatten(1)
        result: float = (away.sum(dim=1) if self.recipe.log_prob == "sum" else away.mean(dim=1)).mean().item()
        return result

    def _step(self, sources: Sources, rollout: Rollout, epoch: int) -> tuple[Values, list[Tensor]]:
        done = super()._step(sources, rollout, epoch)
        if self.recipe.learn_sigma:
            self.explorer.keep_sigma_within()
        return done

    def fuse_drawn(self, sources: Sources, seed: int) -> tuple[Fused, Tensor]:
        mu, logvar = self.stepper.forward(sources.policy_input)
        means = self._cells(mu)
        deviation = self._deviation(logvar)
        if self.legacy:
            weight_map = sample_map(mu, logvar, seed + sources.first_row)
        else:
            draws = [
                np.random.default_rng(seed + sources.first_row + k).standard_normal(one.shape, dtype=np.float32)
                for k, one in enumerate(means)
            ]
            weight_map = self._moved(mu, means, means + deviation * torch.from_numpy(np.stack(draws)).to(means))
        return fuse(sources, weight_map, self.config.kernel.levels), weight_map

    def advantages(self, rewards: Tensor) -> Tensor:
        kind = self.recipe.advantage
        return legacy_advantages(rewards, kind) if self.legacy else group_advantages(rewards, kind)

    def objective(self, sources: Sources, rollout: Rollout, rows: np.ndarray) -> tuple[Tensor, Values]:
        actions, old, advantages, _ = rollout.of(rows)
        mu, logvar = self._forward_as_trained(sources)
        means, sigma = self._cells(mu), self._deviation(logvar)
        log_prob = self._log_prob(actions, means, sigma)
        if self.legacy:
            log_prob = old + (log_prob - old).clamp(-LEGACY_BOUND, LEGACY_BOUND)
        loss, values = self.surrogate(log_prob, old, advantages)
        entropy = (sigma.log() + 0.5 * (1 + LOG_2PI)).mean() * means[0].numel()
        self.check_terms({"entropy": (self.recipe.entropy, entropy)})
        extra, logged = self._anchors(sources, rows, mu, logvar, means, sigma)
        total = self.recipe.coefficient * loss + extra - self.recipe.entropy * entropy
        values |= {"loss_policy": loss, "entropy": entropy, "sigma": sigma.mean(), "loss_total": total}
        return total, values | logged

    def _anchors(
        self, sources: Sources, rows: np.ndarray, mu: Tensor, logvar: Tensor, means: Tensor, sigma: Tensor
    ) -> tuple[Tensor, Values]:
        """Return the sum of the terms that keep the policy near the start and the fusion loss, and each of them."""
        recipe = self.recipe
        terms: dict[str, tuple[float, Tensor]] = {}
        if recipe.lambda_aux:
            with torch.set_grad_enabled(recipe.aux_gradient):
                fused = fuse(sources, mu, self.config.kernel.levels)
                auxiliary = self.config.loss.fusion_weight * self.loss(sources, fused)[0]
            terms["lambda_aux"] = (recipe.lambda_aux, auxiliary)
        if self.first_means is not None:
            first = self.first_means[torch.from_numpy(rows).to(means.device)]
            away = (means - first).square().flatten(1) / (2 * sigma.square())
            # Per cell or in total, as the log-probability is.
            away = away.sum(dim=1) if recipe.log_prob == "sum" else away.mean(dim=1)
            terms["beta_ref"] = (recipe.beta_ref, away.mean())
        if recipe.kl_prior:
            terms["kl_prior"] = (recipe.kl_prior, kl_divergence(mu, logvar))
        self.check_terms({n: term for n, term in terms.items() if n != "lambda_aux" or recipe.aux_gradient})
        total = torch.stack([weight * value for weight, value in terms.values()]).sum() if terms else mu.new_zeros(())
        return total, {f"loss_{name}": value for name, (_, value) in terms.items()}

    def refuse_dead_actions(self, sources: Sources) -> None:
        with torch.no_grad():
            mu = self._map(sources)
            means = self._cells(mu)
        shape = means.shape

        def output(action: Tensor) -> Tensor:
            moved = self._moved(mu, means, action.reshape(shape))
            return fuse_luma(sources, moved, self.config.kernel.levels)

        if self.recipe.grid:
            guards.refuse_dead_actions(output, means.flatten(1), "the grid's cells", "lower recipe.grid")
