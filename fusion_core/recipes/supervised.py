"""Train the policy on 0.1 fusion loss + 1e-5 KL with AdamW and clipped gradients, as the reference does."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState
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
from fusion_core.sources import Fused, Sources
from fusion_core.workspace import Workspace


def precision_for(device: torch.device, wanted: str) -> str:
    """Return accelerate's name of the precision; `auto` is float32 on a CPU, bf16 on a GPU that has it, else fp16."""
    if wanted == "auto":
        if device.type != "cuda":
            return "no"
        return "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    return "no" if wanted == "float32" else wanted


def build_accelerator(device: torch.device, config: SupervisedConfig) -> Accelerator:
    """Build an accelerator for one trial; its state is process-wide, so what an earlier trial left goes first."""
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    return Accelerator(
        cpu=device.type == "cpu",
        mixed_precision=precision_for(device, config.precision),
        gradient_accumulation_steps=config.accumulate,
    )


class SupervisedRecipe(Recipe):
    """One trial: a U-Net trained on the fusion loss, evaluated after every epoch."""

    def __init__(self, config: TrialConfig, workspace: Workspace) -> None:
        super().__init__(config)
        assert config.recipe.kind == "supervised"
        self.recipe: SupervisedConfig = config.recipe
        self.workspace = workspace
        self.device = workspace.device
        self.loss = FusionLoss(config.loss)
        self.accelerator = build_accelerator(self.device, self.recipe)
        policy = build_policy(config.policy, config.seed).to(self.device)
        policy = policy.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.AdamW(
            policy.parameters(), lr=self.recipe.learning_rate, weight_decay=self.recipe.weight_decay, fused=True
        )
        self.policy = policy
        self.optimizer = self.accelerator.prepare_optimizer(optimizer)

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
            "memory_bytes": float(torch.cuda.max_memory_allocated() if self.device.type == "cuda" else 0),
        }
        return EpochReport(epoch, metrics, training, done - start)

    def _order(self, epoch: int) -> np.ndarray:
        """Shuffle by seed and epoch alone, so that a resumed trial sees the same batches."""
        return np.random.default_rng((self.config.seed, epoch)).permutation(len(self.workspace.train))

    def _train(self, epoch: int) -> dict[str, float]:
        self.policy.train()
        order = self._order(epoch)
        size, accumulate = self.recipe.batch_size, self.recipe.accumulate
        batches = [np.sort(order[at : at + size]) for at in range(0, len(order), size)]
        logged = [
            self.train_batch(rows, step=number % accumulate == 0 or number == len(batches))
            for number, rows in enumerate(batches, start=1)
        ]
        norms = torch.stack([values.pop("gradient_norm") for values in logged if "gradient_norm" in values])
        table = torch.stack([torch.stack(tuple(values.values())) for values in logged]).double().cpu()
        self._refuse_non_finite(table, list(logged[0]), epoch)
        means = dict(zip(logged[0], table.mean(dim=0).tolist(), strict=True))
        return means | {"gradient_norm": norms.double().mean().item()}

    def train_batch(self, rows: np.ndarray, *, step: bool) -> dict[str, Tensor]:
        """Learn from these rows of the training set; return the loss and every term, on the device, unread.

        `step` ends an accumulation: gradients are clipped and the weights move; the norm before clipping comes along.
        """
        self.accelerator.sync_gradients = step
        values = self._backward(self.workspace.train.batch(rows))
        if step:
            norm = self.accelerator.clip_grad_norm_(self.policy.parameters(), self.recipe.gradient_clip)
            values["gradient_norm"] = norm
        self.optimizer.step()
        self.optimizer.zero_grad()
        return {name: value.detach() for name, value in values.items()}

    def _backward(self, sources: Sources) -> dict[str, Tensor]:
        """Run one batch forward and backward."""
        mu, logvar = self._forward(sources)
        fused = fuse(sources, mu, self.config.kernel.levels)
        fusion, terms = self.loss(sources, fused)
        kl = kl_divergence(mu, logvar)
        total = self.config.loss.fusion_weight * fusion + self.config.loss.kl_weight * kl
        self.accelerator.backward(total)
        return {"loss_total": total, "loss_fusion": fusion, "kl": kl} | {f"loss_{n}": t for n, t in terms.items()}

    def _forward(self, sources: Sources) -> tuple[Tensor, Tensor]:
        with self.accelerator.autocast():
            return self.policy(sources.policy_input.contiguous(memory_format=torch.channels_last))

    @staticmethod
    def _refuse_non_finite(table: Tensor, names: list[str], epoch: int) -> None:
        wrong = (~table.isfinite()).nonzero()
        if len(wrong):
            batch, column = wrong[0].tolist()
            raise TrialError(
                f"{names[column]} must stay finite, but is {table[batch, column].item()} at epoch {epoch}, "
                f"batch {batch + 1}. Lower recipe.learning_rate or the loss weights."
            )

    def fuse(self, sources: Sources, generator: torch.Generator | None = None) -> tuple[Fused, Tensor]:
        """Fuse in evaluation mode with the mean map, or with one draw from `generator`; return the map too."""
        mu, logvar = self._forward(sources)
        weight_map = mu if generator is None else sample_map(mu, logvar, generator)
        return fuse(sources, weight_map, self.config.kernel.levels), weight_map

    def evaluate(self, epoch: int) -> dict[str, dict[str, Summary]]:
        """Return every metric of every test set; `epoch` seeds the draws of `evaluation.mode: sample`."""
        self.policy.eval()
        metrics = {}
        for name, sources in self.workspace.test.items():
            generator = None
            if self.config.evaluation.mode == "sample":
                generator = torch.Generator().manual_seed(self.config.seed * 1_000_003 + epoch)
            metrics[name] = summarise(evaluate(partial(self._fused, generator), sources))
        return metrics

    def _fused(self, generator: torch.Generator | None, sources: Sources) -> Fused:
        return self.fuse(sources, generator)[0]

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
        tensors = {f"policy.{name}": value for name, value in self.policy.state_dict().items()}
        for index, slots in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{slot}": value for slot, value in slots.items()}
        metadata = {"epoch": str(self.epoch), "trial": self._identity()}
        if self.accelerator.scaler is not None:
            metadata["scaler"] = str(self.accelerator.scaler.get_scale())
        checkpoints.save_state(path, tensors, metadata)

    def load_state(self, path: Path) -> None:
        tensors, metadata = checkpoints.load_state(path, str(self.device))
        if metadata.get("trial") != self._identity():
            raise CheckpointError(f"{path}: a training state must be of this trial, but it is of another one.")
        policy = {name[7:]: value for name, value in tensors.items() if name.startswith("policy.")}
        self.policy.load_state_dict(policy)
        # The fused optimizer walks memory: its slots must have the layout of their parameters.
        parameters = list(self.policy.parameters())
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("optimizer."):
                _, index, slot = name.split(".")
                like = parameters[int(index)] if value.dim() else value
                state.setdefault(int(index), {})[slot] = torch.empty_like(like).copy_(value)
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})
        if self.accelerator.scaler is not None and "scaler" in metadata:
            self.accelerator.scaler.update(float(metadata["scaler"]))
        self.epoch = int(metadata["epoch"])

    def _identity(self) -> str:
        return self.config.model_dump_json(include={"policy", "kernel", "loss", "seed"})
