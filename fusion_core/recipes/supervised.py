"""Train the policy on 0.1 fusion loss + 1e-5 KL with AdamW and clipped gradients, as the reference does."""

from __future__ import annotations

import math
import resource
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fusion_core import checkpoints
from fusion_core.config import SupervisedConfig, TrialConfig
from fusion_core.errors import CheckpointError, TrialError
from fusion_core.evaluation import evaluate, summarise
from fusion_core.images import as_image
from fusion_core.kernel import fuse
from fusion_core.losses import FusionLoss, kl_divergence
from fusion_core.policy import build_policy, sample_map
from fusion_core.recipes.base import EpochReport, Recipe, SampleImages, Summary
from fusion_core.recipes.stepping import Stepper
from fusion_core.sources import Fused, Sources
from fusion_core.workspace import Workspace


def peak_memory(device: torch.device) -> int:
    """Return the most bytes held: of GPU memory by this trial, or, on a CPU, of main memory by its worker so far."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def gradient_norms(norms: Tensor) -> dict[str, float]:
    """Return the mean norm before clipping; with fp16, steps that overflowed are skipped and counted apart."""
    taken = norms.isfinite()
    skipped = int((~taken).sum())
    mean = norms[taken].double().mean().item() if skipped < len(norms) else math.nan
    return {"gradient_norm": mean} | ({"steps_skipped": float(skipped)} if skipped else {})


class SupervisedRecipe(Recipe):
    """One trial: a U-Net trained on the fusion loss, evaluated after every epoch."""

    def __init__(self, config: TrialConfig, workspace: Workspace) -> None:
        super().__init__(config)
        assert config.recipe.kind == "supervised"
        self.recipe: SupervisedConfig = config.recipe
        self.workspace = workspace
        self.device = workspace.device
        self.loss = FusionLoss(config.loss)
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
        self.policy = build_policy(config.policy, config.seed)
        self.stepper = Stepper(self.policy, self.recipe, self.device, workspace.forget)

    def train_epoch(self) -> EpochReport:
        epoch = self.epoch + 1
        start = time.perf_counter()
        training = self._train(epoch)
        trained = time.perf_counter()
        metrics = self.evaluate(epoch)
        done = time.perf_counter()
        training |= {
            "pairs_per_second": len(self.workspace.train) / (trained - start),
            "training_seconds": trained - start,
            "evaluation_seconds": done - trained,
            "memory_bytes": float(peak_memory(self.device)),
        }
        notes, self.stepper.notes = tuple(self.stepper.notes), []
        return EpochReport(epoch, metrics, training, done - start, notes)

    def _order(self, epoch: int) -> np.ndarray:
        """Shuffle by seed and epoch alone, so that a resumed trial sees the same batches."""
        return np.random.default_rng((self.config.seed, epoch)).permutation(len(self.workspace.train))

    def _train(self, epoch: int) -> dict[str, float]:
        self.policy.train()
        order = self._order(epoch)
        size, accumulate = self.recipe.batch_size, self.recipe.accumulate
        batches = [np.sort(order[at : at + size]) for at in range(0, len(order), size)]
        logged: list[dict[str, Tensor]] = []
        norms: list[Tensor] = []
        for at in range(0, len(batches), accumulate):
            values, norm = self.stepper.step(batches[at : at + accumulate], self.loss_of)
            logged += values
            norms.append(norm)
        table = torch.stack([torch.stack(tuple(values.values())) for values in logged]).double().cpu()
        self._refuse_non_finite(table, list(logged[0]), epoch)
        means = dict(zip(logged[0], table.mean(dim=0).tolist(), strict=True))
        return means | gradient_norms(torch.stack(norms))

    def loss_of(self, rows: np.ndarray) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of these rows of the training set, and every term by name."""
        sources = self.workspace.train.batch(rows)
        mu, logvar = self.stepper.forward(sources.policy_input)
        fusion, terms = self.loss(sources, fuse(sources, mu, self.config.kernel.levels))
        kl = kl_divergence(mu, logvar)
        total = self.config.loss.fusion_weight * fusion + self.config.loss.kl_weight * kl
        named = {f"loss_{name}": value for name, value in terms.items()}
        return total, {"loss_total": total, "loss_fusion": fusion, "kl": kl} | named

    def _refuse_non_finite(self, table: Tensor, names: list[str], epoch: int) -> None:
        wrong = (~table.isfinite()).nonzero()
        if len(wrong):
            batch, column = wrong[0].tolist()
            raise TrialError(
                f"{names[column]} must stay finite, but is {table[batch, column].item()} at epoch {epoch}, "
                f"batch {batch + 1}. Lower recipe.learning_rate or the loss weights."
            )
        if not self.stepper.is_finite():
            raise TrialError(
                f"the policy's weights must stay finite, but are not after epoch {epoch}. "
                "Lower recipe.learning_rate or the loss weights."
            )

    def fuse(self, sources: Sources, seed: int | None = None) -> tuple[Fused, Tensor]:
        """Fuse in evaluation mode with the mean map, or with one draw that `seed` decides; return the map too."""
        mu, logvar = self.stepper.forward(sources.policy_input)
        weight_map = mu if seed is None else sample_map(mu, logvar, seed + sources.first_row)
        return fuse(sources, weight_map, self.config.kernel.levels), weight_map

    def evaluate(self, epoch: int) -> dict[str, dict[str, Summary]]:
        """Return every metric of every test set; `epoch` seeds the draws of `evaluation.mode: sample`."""
        self.policy.eval()
        metrics = {}
        for name, sources in self.workspace.test.items():
            seed = None if self.config.evaluation.mode == "mu" else (self.config.seed * 1000 + epoch) * 100_000
            metrics[name] = summarise(evaluate(partial(self._fused, seed), sources))
        return metrics

    def _fused(self, seed: int | None, sources: Sources) -> Fused:
        fused, weight_map = self.fuse(sources, seed)
        if not weight_map.isfinite().all():
            raise TrialError(
                f"the weight map must stay finite, but is not after epoch {self.epoch + 1}. "
                "Lower recipe.learning_rate or the loss weights."
            )
        return fused

    @torch.no_grad()
    def samples(self, limit: int) -> list[SampleImages]:
        self.policy.eval()
        found = []
        for name, sources in self.workspace.test.items():
            for index in range(min(limit, len(sources))):
                batch = sources.batch(slice(index, index + 1))
                fused, weight_map = self.fuse(batch)
                planes = {
                    "visible": sources.visible[index],
                    "infrared": sources.infrared[index],
                    "weight_map": weight_map[0] * 255,
                    "fused": fused.pixels[0],
                }
                arrays = {key: as_image(value) for key, value in planes.items()}
                found.append(SampleImages(name, self.workspace.stems[name][index], arrays))
        return found

    def checkpoint(self) -> bytes:
        return checkpoints.to_bytes(self.policy, self.config, self.epoch)

    def save_state(self, path: Path) -> None:
        tensors, metadata = self.stepper.state()
        checkpoints.save_state(path, tensors, metadata | {"epoch": str(self.epoch), "trial": self._identity()})

    def load_state(self, path: Path) -> None:
        tensors, metadata = checkpoints.load_state(path, str(self.device))
        if metadata.get("trial") != self._identity():
            raise CheckpointError(f"{path}: a training state must be of this trial, but it is of another one.")
        try:
            self.stepper.restore(tensors, metadata)
            self.epoch = int(metadata["epoch"])
        except (KeyError, ValueError, IndexError, RuntimeError) as problem:
            what = checkpoints.shortened(str(problem))
            raise CheckpointError(f"{path}: a training state must hold all of a trial, but {what}.") from problem

    def _identity(self) -> str:
        return self.config.model_dump_json(include={"policy", "kernel", "loss", "seed"})
