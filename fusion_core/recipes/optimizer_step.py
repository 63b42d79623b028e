"""Optimizer steps of a policy: device, precision, accumulation, clipping, and recovery when memory runs out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState
from torch import Tensor, nn

from fusion_core.errors import TrialError

Values = dict[str, Tensor]


class Descent(Protocol):
    """The optimizer fields of a recipe's configuration."""

    @property
    def learning_rate(self) -> float: ...

    @property
    def weight_decay(self) -> float: ...

    @property
    def gradient_clip(self) -> float: ...

    @property
    def batch_size(self) -> int: ...

    @property
    def accumulate(self) -> int: ...

    @property
    def precision(self) -> str: ...


# Maps rows of the training set to the loss and the numbers to log, all on the device.
LossOf = Callable[[np.ndarray], tuple[Tensor, Values]]


def precision_for(device: torch.device, wanted: str) -> str:
    """Return accelerate's name of the precision; `auto` is float32 on a CPU, bf16 on a GPU that has it, else fp16."""
    if wanted == "auto":
        if device.type != "cuda":
            return "no"
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    if wanted == "fp16" and device.type != "cuda":
        raise TrialError("recipe.precision must be float32 or bf16 on a CPU, but got 'fp16'. Use auto.")
    return "no" if wanted == "float32" else wanted


def build_accelerator(device: torch.device, config: Descent) -> Accelerator:
    """Build an accelerator for one trial; its state is process-wide, so that of an earlier trial is reset first."""
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    return Accelerator(
        cpu=device.type == "cpu",
        mixed_precision=precision_for(device, config.precision),
        gradient_accumulation_steps=config.accumulate,
    )


class Stepper:
    """Minimises a loss with AdamW.

    `notes` collects notes for the user. `make_room` frees memory that is only cached for speed, and returns whether
    there was any. `groups` are the optimizer's parameter groups, if not every weight of `policy` is trained, or not at
    one rate; the rest must need no gradient.
    """

    def __init__(
        self,
        policy: nn.Module,
        config: Descent,
        device: torch.device,
        make_room: Callable[[], bool] = lambda: False,
        groups: Sequence[dict[str, Any]] | None = None,
    ) -> None:
        self.make_room = make_room
        self.accelerator = build_accelerator(device, config)
        self.policy = policy.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.clip = config.gradient_clip
        self.micro_batch = config.batch_size
        self.notes: list[str] = []
        groups = [{"params": list(policy.parameters())}] if groups is None else groups
        self.parameters: list[nn.Parameter] = [p for group in groups for p in group["params"]]
        self.optimizer = self.accelerator.prepare_optimizer(
            torch.optim.AdamW(list(groups), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True)
        )

    def step(self, batches: Sequence[np.ndarray], loss_of: LossOf) -> tuple[list[Values], Tensor]:
        """Update the weights once by the mean gradient over `batches`.

        Returns each batch's numbers and the gradient's norm before clipping, unread. If GPU memory runs out, the step
        is repeated in parts of half the size, with the same effective batch; batch normalisation then sees the smaller
        parts. Raises TrialError if a single pair does not fit.
        """
        while True:
            try:
                logged = [self._backward(rows, loss_of, len(batches)) for rows in batches]
                break
            except torch.OutOfMemoryError as problem:
                self._halve(max(len(rows) for rows in batches), problem)
        norm = self.accelerator.clip_grad_norm_(self.parameters, self.clip)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return logged, norm

    def _backward(self, rows: np.ndarray, loss_of: LossOf, batches: int) -> Values:
        # accelerate divides by its number of steps, even if an epoch's last step has fewer batches.
        scale = self.accelerator.gradient_accumulation_steps / batches
        parts = np.array_split(rows, math.ceil(len(rows) / self.micro_batch))
        sums: Values = {}
        for part in parts:
            share = len(part) / len(rows)
            loss, values = loss_of(part)
            self.accelerator.backward(loss * (scale * share) if scale * share != 1 else loss)
            for name, value in values.items():
                value = value.detach() * share if share < 1 else value.detach()
                sums[name] = sums[name] + value if name in sums else value
        return sums

    def _halve(self, largest: int, problem: torch.OutOfMemoryError) -> None:
        self.optimizer.zero_grad()
        if self.make_room():
            torch.cuda.empty_cache()
            self.notes.append(
                "GPU memory ran out: cached quantities of the sources are dropped and recomputed each time"
            )
            return
        whole = min(self.micro_batch, largest)
        if whole == 1:
            raise TrialError(
                "one training pair must fit into GPU memory, but does not. Use smaller images (data.resize) or "
                "policy.base_channels."
            ) from problem
        self.micro_batch = whole // 2
        torch.cuda.empty_cache()
        self.notes.append(
            f"GPU memory ran out at {whole} pairs at once: training goes on with {self.micro_batch} at once, "
            "the effective batch is kept by accumulation"
        )

    def is_finite(self) -> bool:
        """Return whether every weight is."""
        return bool(torch.stack([p.isfinite().all() for p in self.parameters]).all())

    def run(self, module: Callable[[Tensor], Any], inputs: Tensor) -> Any:
        """Run a module on images in the trial's precision."""
        with self.accelerator.autocast():
            return module(inputs.contiguous(memory_format=torch.channels_last))

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Run the policy in the trial's precision; mu and logvar come as float32."""
        result: tuple[Tensor, Tensor] = self.run(self.policy, inputs)
        return result

    def state(self) -> tuple[dict[str, Tensor], dict[str, str]]:
        """Return weights and optimizer slots by name, and what else training needs to continue."""
        tensors = {f"policy.{name}": value for name, value in self.policy.state_dict().items()}
        for index, slots in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{slot}": value for slot, value in slots.items()}
        metadata = {"micro_batch": str(self.micro_batch)}
        if self.accelerator.scaler is not None:
            scaler = self.accelerator.scaler.state_dict()
            metadata |= {"scale": repr(scaler["scale"]), "growth": str(scaler["_growth_tracker"])}
        return tensors, metadata

    def restore(self, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
        """Continue from what `state` returned."""
        weights = {name.removeprefix("policy."): v for name, v in tensors.items() if name.startswith("policy.")}
        self.policy.load_state_dict(weights)
        # The fused optimizer works in memory order: its slots must have the layout of their parameters.
        slots: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("optimizer."):
                _, index, slot = name.split(".")
                like = self.parameters[int(index)] if value.dim() else value
                slots.setdefault(int(index), {})[slot] = torch.empty_like(like).copy_(value)
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": slots, "param_groups": groups})
        self.micro_batch = int(metadata["micro_batch"])
        if self.accelerator.scaler is not None:
            scaler = self.accelerator.scaler.state_dict()
            known = {"scale": float(metadata["scale"]), "_growth_tracker": int(metadata["growth"])}
            self.accelerator.scaler.load_state_dict(scaler | known)
