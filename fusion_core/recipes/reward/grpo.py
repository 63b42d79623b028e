"""Group-relative policy optimisation of six numbers per image: a tilt of the map per band, and a gain of the details.

Shao et al., DeepSeekMath (GRPO), 2024, for the group's advantages; the action and the stabilisers are those proposed
for AdaIR, with the fusion loss instead of the distance to a ground truth, which fusion lacks.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.distributions import Beta, kl_divergence

from fusion_core import kernel
from fusion_core.config import GRPOConfig, TrialConfig
from fusion_core.errors import TrialError
from fusion_core.evaluation import batch_size
from fusion_core.models import checkpoints, heads
from fusion_core.models.checkpoints import Checkpoint
from fusion_core.models.heads import BandHeads
from fusion_core.models.lora import adapt, merged
from fusion_core.models.policy import UNetPolicy
from fusion_core.recipes.optimizer_step import Stepper, Values
from fusion_core.recipes.reward import guards
from fusion_core.recipes.reward.reinforced import ReinforcedRecipe
from fusion_core.recipes.reward.rollouts import Rollout
from fusion_core.sources import Fused, Sources
from fusion_core.workspace import Workspace

SEEN = "seen_"


class TiltingPolicy(nn.Module):
    """A U-Net and the heads on its bottleneck: images to map and pooled features."""

    def __init__(self, policy: UNetPolicy, band_heads: BandHeads) -> None:
        super().__init__()
        self.policy = policy
        self.heads = band_heads

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        features = self.policy.encode(inputs)
        weight_map, _ = self.policy.decode(features)
        return weight_map, heads.pool(features[-1])


class GRPORecipe(ReinforcedRecipe):
    """The heads learn, and with them LoRA, the decoder or the whole network if `recipe.train` says so."""

    recipe: GRPOConfig

    def __init__(self, config: TrialConfig, workspace: Workspace, start: Checkpoint | None = None) -> None:
        super().__init__(config, workspace, start)
        recipe, levels = self.recipe, config.kernel.levels
        self.heads = heads.build_heads(8 * self.policy.base_channels, levels, recipe.delta, recipe.kappa, config.seed)
        if start is not None and start.heads is not None:
            self._take_up(start.heads)
        backbone = self._trainable()
        groups: list[dict[str, Any]] = [{"params": list(self.heads.parameters())}]
        if backbone:
            groups.append({"params": backbone, "lr": recipe.backbone_learning_rate})
        self.stepper = Stepper(TiltingPolicy(self.policy, self.heads), recipe, self.device, workspace.forget, groups)
        self.stepper.policy.eval()
        self.first_heads = deepcopy(self.heads).to(self.device).requires_grad_(False)
        self._release_other_starts()

    def _take_up(self, known: BandHeads) -> None:
        self.heads.load_state_dict(known.state_dict())

    def _trainable(self) -> list[nn.Parameter]:
        """Freeze all that is not trained, and return the trained parameters of the network."""
        self.policy.requires_grad_(False)
        if self.recipe.train == "lora":
            try:
                return adapt(self.policy, self.recipe.lora, self.config.seed)
            except ValueError as problem:
                raise TrialError(str(problem)) from problem
        parts = {"heads": (), "decoder": (self.policy.ups, self.policy.leave), "all": (self.policy,)}
        chosen = parts[self.recipe.train]
        for part in chosen:
            part.requires_grad_()
        return [parameter for part in chosen for parameter in part.parameters()]

    @property
    def caches_network_output(self) -> bool:
        return self.recipe.train == "heads" and self.start is not None

    def _release_other_starts(self) -> None:
        """Drop cached outputs of a frozen network of another start: memory is limited."""
        for sources in (self.workspace.train, *self.workspace.test.values()):
            sources.release(lambda name: name.startswith(SEEN) and name != self._cache_name)

    def _train(self, epoch: int) -> dict[str, float]:
        if self.caches_network_output:
            self._fill_cache()
        return super()._train(epoch)

    @torch.no_grad()
    def _fill_cache(self) -> None:
        """Run the network once over all pairs, in order and in whole batches: the order of use has no effect."""
        for sources in (self.workspace.train, *self.workspace.test.values()):
            for _, batch in sources.batches(batch_size(sources)):
                self._network_output(batch)
                if not sources.keeps(self._cache_name):
                    note = "the network's features do not fit beside the data: they are recomputed each time"
                    self.stepper.notes += [] if note in self.stepper.notes or self.epoch else [note]
                    break

    @property
    def _cache_name(self) -> str:
        return f"{SEEN}{self.start.digest if self.start else ''}_{self.recipe.precision}"

    def _network_output(self, sources: Sources) -> tuple[Tensor, Tensor]:
        """Return map and pooled features. A frozen network is run once per data set."""
        if not self.caches_network_output:
            seen: tuple[Tensor, Tensor] = self.stepper.forward(sources.policy_input)
            return seen
        weight_map, pooled = sources.once(self._cache_name, lambda: self.stepper.forward(sources.policy_input))
        return weight_map, pooled

    def render(self, sources: Sources) -> tuple[Fused, Tensor]:
        weight_map, pooled = self._network_output(sources)
        action = self.heads(pooled).mean
        fused = self.heads.fuse(sources, self._maps(sources, weight_map), action)
        return fused, self.heads.effective_map(weight_map, action)

    def fuse(self, sources: Sources, seed: int | None = None) -> tuple[Fused, Tensor]:
        if self.config.evaluation.mode == "off":
            return self.render_off(sources), self._network_output(sources)[0]
        return super().fuse(sources, seed)

    def render_off(self, sources: Sources) -> Fused:
        """Fuse without the heads, by the policy alone."""
        return kernel.fuse(sources, self._network_output(sources)[0], self.config.kernel.levels)

    def _maps(self, sources: Sources, weight_map: Tensor) -> tuple[Tensor, ...]:
        return kernel.maps_of(weight_map, sources, self.config.kernel.levels)

    def draw(self, sources: Sources, random: np.random.Generator) -> tuple[Tensor, Tensor, Callable[[Tensor], Fused]]:
        weight_map, pooled = self._network_output(sources)
        distribution = self.heads(pooled)
        actions = heads.draw(distribution, self.recipe.samples, random)
        maps = self._maps(sources, weight_map)
        return actions, _log_prob(distribution, actions), lambda action: self.heads.fuse(sources, maps, action)

    def fuse_drawn(self, sources: Sources, seed: int) -> tuple[Fused, Tensor]:
        weight_map, pooled = self._network_output(sources)
        distribution = self.heads(pooled)
        drawn = [
            heads.draw(_row(distribution, k), 1, np.random.default_rng(seed + sources.first_row + k))[0]
            for k in range(len(pooled))
        ]
        action = torch.cat(drawn)
        fused = self.heads.fuse(sources, self._maps(sources, weight_map), action)
        return fused, self.heads.effective_map(weight_map, action)

    def log_prob_of(self, sources: Sources, actions: Tensor) -> Tensor:
        return _log_prob(self.heads(self._network_output(sources)[1]), actions)

    def objective(self, sources: Sources, rollout: Rollout, rows: np.ndarray) -> tuple[Tensor, Values]:
        actions, old, advantages, at = rollout.of(rows)
        weight_map, pooled = self._network_output(sources)
        distribution = self.heads(pooled)
        log_prob = _log_prob(distribution, actions)
        loss, values = self.surrogate(log_prob, old, advantages)
        entropy = distribution.entropy().sum(dim=1).mean()
        rewards = rollout.rewards[:, torch.from_numpy(at).to(old.device)]
        best = actions[rewards.argmax(dim=0), torch.arange(len(rows), device=old.device)]
        # If all samples have the same reward, none is best: the deterministic output is used.
        tied = (advantages == 0).all(dim=0)[:, None]
        best = torch.where(tied, distribution.mean.detach(), best).clamp(heads.EDGE, 1 - heads.EDGE)
        initial = self._initial(pooled)
        terms = self._stabilisers(sources, weight_map, distribution, initial, actions[0], best)
        self.check_terms(terms)
        extra = torch.stack([weight * value for weight, value in terms.values()]).sum() if terms else 0.0
        total = loss + extra - self.recipe.entropy * entropy
        values |= {
            "loss_policy": loss,
            "entropy": entropy,
            "kl_initial": kl_divergence(distribution, initial).sum(dim=1).mean(),
            "loss_total": total,
        }
        return total, values | {f"loss_{name}": value for name, (_, value) in terms.items()}

    @torch.no_grad()
    def _initial(self, pooled: Tensor) -> Beta:
        """Return the initial output of the heads."""
        result: Beta = self.first_heads(pooled)
        return result

    def _stabilisers(
        self, sources: Sources, weight_map: Tensor, distribution: Beta, initial: Beta, sample: Tensor, best: Tensor
    ) -> dict[str, tuple[float, Tensor]]:
        """Return weight and value of the terms that keep the policy near the fusion loss and the start.

        `sample` and `best` are actions (N, dims).
        """
        recipe, maps = self.recipe, self._maps(sources, weight_map)
        terms: dict[str, tuple[float, Tensor]] = {}
        if recipe.lambda_sup:
            fused = self.heads.fuse(sources, maps, heads.attached(distribution, best))
            if recipe.supervision == "self":
                target = fused.image.detach()
                own = self.heads.fuse(sources, maps, distribution.mean)
                value = (own.image - target).abs().mean()
            else:
                value = self.config.loss.fusion_weight * self.loss(sources, fused)[0]
            terms["lambda_sup"] = (recipe.lambda_sup, value)
        if recipe.lambda_cons:
            # One sample represents all: it is as random as they are.
            fused = self.heads.fuse(sources, maps, heads.attached(distribution, sample))
            off = self._off(sources)
            terms["lambda_cons"] = (recipe.lambda_cons, (fused.image - off).abs().mean())
        if recipe.beta_kl:
            away = kl_divergence(distribution, initial).sum(dim=1).mean()
            terms["beta_kl"] = (recipe.beta_kl, away)
        return terms

    @torch.no_grad()
    def _off(self, sources: Sources) -> Tensor:
        return self.render_off(sources).image

    def refuse_dead_actions(self, sources: Sources) -> None:
        with torch.no_grad():
            maps = self._maps(sources, self._network_output(sources)[0])
        middle = self.heads.reach.new_full((len(maps[0]), self.heads.reach.numel()), 0.5)
        guards.refuse_dead_actions(
            lambda action: self.heads.fuse(sources, maps, action).image,
            middle,
            "the heads",
            "raise recipe.delta or kappa",
        )

    def checkpoint(self) -> bytes:
        plain = UNetPolicy(self.config.policy)
        plain.load_state_dict(merged(self.policy))
        return checkpoints.to_bytes(plain, self.config, self.epoch, self.heads)


def _log_prob(distribution: Beta, actions: Tensor) -> Tensor:
    result: Tensor = distribution.log_prob(actions).sum(dim=-1)
    return result


def _row(distribution: Beta, index: int) -> Beta:
    rows = slice(index, index + 1)
    return Beta(distribution.concentration1[rows], distribution.concentration0[rows], validate_args=False)
