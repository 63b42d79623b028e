"""Train the policy on 0.1 fusion loss + 1e-5 KL with AdamW and clipped gradients, as the reference does."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from fusion_core.config import SupervisedConfig, TrialConfig
from fusion_core.kernel import fuse
from fusion_core.losses import kl_divergence
from fusion_core.models.checkpoints import Checkpoint
from fusion_core.models.policy import sample_map
from fusion_core.recipes.optimizer_step import Stepper
from fusion_core.recipes.policy_recipe import PolicyRecipe, gradient_norms
from fusion_core.sources import Fused, Sources
from fusion_core.workspace import Workspace


class SupervisedRecipe(PolicyRecipe):
    """One trial: a U-Net trained on the fusion loss."""

    def __init__(self, config: TrialConfig, workspace: Workspace, start: Checkpoint | None = None) -> None:
        super().__init__(config, workspace, start)
        assert config.recipe.kind == "supervised"
        self.recipe: SupervisedConfig = config.recipe
        self.stepper = Stepper(self.policy, self.recipe, self.device, workspace.forget)

    def _train(self, epoch: int) -> dict[str, float]:
        self.policy.train()
        order = self.order(epoch)
        size, accumulate = self.recipe.batch_size, self.recipe.accumulate
        batches = [np.sort(order[at : at + size]) for at in range(0, len(order), size)]
        logged: list[dict[str, Tensor]] = []
        norms: list[Tensor] = []
        for at in range(0, len(batches), accumulate):
            values, norm = self.stepper.step(batches[at : at + accumulate], self.loss_of)
            logged += values
            norms.append(norm)
        return self.means(logged, epoch) | gradient_norms(torch.stack(norms))

    def loss_of(self, rows: np.ndarray) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of these rows of the training set, and every term by name."""
        sources = self.workspace.train.batch(rows)
        mu, logvar = self.stepper.forward(sources.policy_input)
        fusion, terms = self.loss(sources, fuse(sources, mu, self.config.kernel.levels))
        kl = kl_divergence(mu, logvar)
        total = self.config.loss.fusion_weight * fusion + self.config.loss.kl_weight * kl
        named = {f"loss_{name}": value for name, value in terms.items()}
        return total, {"loss_total": total, "loss_fusion": fusion, "kl": kl} | named

    def fuse(self, sources: Sources, seed: int | None = None) -> tuple[Fused, Tensor]:
        mu, logvar = self.stepper.forward(sources.policy_input)
        weight_map = mu if seed is None else sample_map(mu, logvar, seed + sources.first_row)
        return fuse(sources, weight_map, self.config.kernel.levels), weight_map
