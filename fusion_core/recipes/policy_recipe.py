"""The common part of all recipes that train a policy: start, evaluation, saving, samples."""

from __future__ import annotations

import math
import resource
import sys
import time
from abc import abstractmethod
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fusion_core.config import TrialConfig
from fusion_core.errors import CheckpointError, TrialError
from fusion_core.evaluation import evaluate, summarise
from fusion_core.images.colour import as_image
from fusion_core.losses import FusionLoss
from fusion_core.metrics import optional
from fusion_core.metrics.catalog import Metric
from fusion_core.models import checkpoints
from fusion_core.models.checkpoints import Checkpoint
from fusion_core.models.policy import UNetPolicy, build_policy
from fusion_core.recipes.base import Recipe
from fusion_core.recipes.optimizer_step import Stepper, Values
from fusion_core.reports import EpochReport, SampleImages, Summary
from fusion_core.sources import Fused, Sources
from fusion_core.workspace import Workspace

LOWER = "Lower recipe.learning_rate or the weights."


def peak_memory(device: torch.device) -> int:
    """Return the peak memory in bytes: of the GPU by this trial or, on a CPU, of its worker so far."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def gradient_norms(norms: Tensor) -> dict[str, float]:
    """Return the mean norm before clipping; with fp16, steps that overflowed are skipped and counted separately."""
    taken = norms.isfinite()
    skipped = int((~taken).sum())
    mean = norms[taken].double().mean().item() if skipped < len(norms) else math.nan
    return {"gradient_norm": mean} | ({"steps_skipped": float(skipped)} if skipped else {})


class PolicyRecipe(Recipe):
    """A U-Net, trained by `_train` and evaluated after every epoch; `start` gives its initial weights."""

    stepper: Stepper

    def __init__(self, config: TrialConfig, workspace: Workspace, start: Checkpoint | None = None) -> None:
        super().__init__(config)
        self.workspace = workspace
        self.device = workspace.device
        self.start = start
        self.loss = FusionLoss(config.loss)
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
        self.policy: UNetPolicy = build_policy(config.policy, config.seed)
        if start is not None:
            self.policy.load_state_dict(start.policy.state_dict())

    @property
    def extra(self) -> dict[str, Metric]:
        """Metrics measured besides those of the catalog: the optional ones that are rewarded."""
        rewarded = self.config.reward.active if self.config.recipe.learns_from_reward else {}
        return {name: optional.METRICS[name] for name in rewarded if name in optional.METRICS}

    @abstractmethod
    def _train(self, epoch: int) -> dict[str, float]:
        """Train one epoch and return its numbers by name."""

    @abstractmethod
    def fuse(self, sources: Sources, seed: int | None = None) -> tuple[Fused, Tensor]:
        """Fuse in evaluation mode, or with one draw that `seed` decides; return the map (N, 1, H, W) too."""

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

    def means(self, logged: list[Values], epoch: int) -> dict[str, float]:
        """Return the mean of each number over the batches. Raises TrialError if one is not finite."""
        table = torch.stack([torch.stack(tuple(values.values())) for values in logged]).double().cpu()
        names = list(logged[0])
        wrong = (~table.isfinite()).nonzero()
        if len(wrong):
            batch, column = wrong[0].tolist()
            raise TrialError(
                f"{names[column]} must stay finite, but is {table[batch, column].item()} at epoch {epoch}, "
                f"batch {batch + 1}. {LOWER}"
            )
        if not self.stepper.is_finite():
            raise TrialError(f"the policy's weights must stay finite, but are not after epoch {epoch}. {LOWER}")
        return dict(zip(names, table.mean(dim=0).tolist(), strict=True))

    @property
    def draws(self) -> bool:
        """Whether an epoch is judged by one draw instead of the deterministic output."""
        return self.config.evaluation.mode == "sample"

    def evaluate(self, epoch: int) -> dict[str, dict[str, Summary]]:
        """Return every metric of every test set; `epoch` seeds the draws of `evaluation.mode: sample`."""
        self.policy.eval()
        metrics = {}
        for name, sources in self.workspace.test.items():
            seed = (self.config.seed * 1000 + epoch) * 100_000 if self.draws else None
            metrics[name] = summarise(evaluate(partial(self._fused, seed), sources, self.extra))
        return metrics

    def _fused(self, seed: int | None, sources: Sources) -> Fused:
        fused, weight_map = self.fuse(sources, seed)
        if not weight_map.isfinite().all():
            raise TrialError(f"the weight map must stay finite, but is not after epoch {self.epoch + 1}. {LOWER}")
        return fused

    def start_metrics(self) -> dict[str, dict[str, Summary]] | None:
        if self.start is None:
            return None
        fuse = self.start.fuse
        return {
            name: summarise(evaluate(lambda batch: fuse(batch)[0], sources, self.extra))
            for name, sources in self.workspace.test.items()
        }

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

    def order(self, epoch: int, *more: int) -> np.ndarray:
        """Shuffle only by seed and epoch, so that a resumed trial sees the same batches."""
        return np.random.default_rng((self.config.seed, epoch, *more)).permutation(len(self.workspace.train))

    def checkpoint(self) -> bytes:
        return checkpoints.to_bytes(self.policy, self.config, self.epoch)

    def save_state(self, path: Path) -> None:
        tensors, metadata = self.stepper.state()
        checkpoints.save_state(path, tensors, metadata | self.memory() | self._marks())

    def load_state(self, path: Path) -> None:
        tensors, metadata = checkpoints.load_state(path, str(self.device))
        if metadata.get("trial") != self._marks()["trial"]:
            raise CheckpointError(f"{path}: a training state must be of this trial, but it is of another one.")
        try:
            self.stepper.restore(tensors, metadata)
            self.remember(metadata)
            self.epoch = int(metadata["epoch"])
        except (KeyError, ValueError, IndexError, RuntimeError) as problem:
            what = checkpoints.shortened(str(problem))
            raise CheckpointError(f"{path}: a training state must hold all of a trial, but {what}.") from problem

    def memory(self) -> dict[str, str]:
        """Return what training needs to continue besides weights and optimizer."""
        return {}

    def remember(self, metadata: dict[str, str]) -> None:
        """Restore what `memory` returned."""

    def _marks(self) -> dict[str, str]:
        sections = {"policy", "kernel", "loss", "seed"}
        if self.config.recipe.learns_from_reward:
            sections |= {"reward"}
        identity = self.config.model_dump_json(include=sections)
        return {"epoch": str(self.epoch), "trial": identity + (self.start.digest if self.start is not None else "")}
