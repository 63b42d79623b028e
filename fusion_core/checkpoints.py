"""Trained policies as safetensors files that carry their own config. No pickle."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save, save_file

from fusion_core.config import KernelConfig, PolicyConfig, TrialConfig
from fusion_core.errors import CheckpointError
from fusion_core.kernel import fuse
from fusion_core.policy import UNetPolicy
from fusion_core.sources import Fused, Sources

FORMAT = "fusion-policy-1"
STATE_FORMAT = "fusion-training-state-1"


@dataclass(frozen=True)
class Checkpoint:
    """A policy ready to fuse (in evaluation mode), and where it comes from."""

    policy: UNetPolicy
    kernel: KernelConfig
    epoch: int
    config: dict[str, object]

    @torch.no_grad()
    def fuse(self, sources: Sources) -> tuple[Fused, torch.Tensor]:
        """Fuse with the mean map; return the map (N, 1, H, W) in 0..1 too."""
        weight_map, _ = self.policy(sources.policy_input)
        return fuse(sources, weight_map, self.kernel.levels), weight_map


def to_bytes(policy: UNetPolicy, config: TrialConfig, epoch: int) -> bytes:
    """Return a checkpoint; paths and data sets stay out of it."""
    described = config.model_dump(mode="json", include={"policy", "kernel", "loss", "recipe", "seed"})
    tensors = {name: value.detach().cpu().contiguous() for name, value in policy.state_dict().items()}
    return save(tensors, {"format": FORMAT, "epoch": str(epoch), "config": json.dumps(described)})


def load_checkpoint(path: Path, device: str = "cpu") -> Checkpoint:
    """Read a checkpoint. Raises CheckpointError where it is missing, damaged, or of another architecture."""
    tensors, metadata = _read(path, FORMAT, device)
    try:
        config = json.loads(metadata["config"])
        kernel = KernelConfig.model_validate(config["kernel"])
        policy = UNetPolicy(PolicyConfig.model_validate(config["policy"]))
        policy.load_state_dict(tensors)
    except (KeyError, ValueError, ValidationError, RuntimeError) as problem:
        first = str(problem).splitlines()[0]
        raise CheckpointError(f"{path}: the weights must fit the config they carry, but {first}") from problem
    return Checkpoint(policy.to(device).eval(), kernel, int(metadata["epoch"]), config)


def save_state(path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
    """Write a training state, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    save_file(
        {name: value.contiguous() for name, value in tensors.items()}, partial, {"format": STATE_FORMAT, **metadata}
    )
    partial.replace(path)


def load_state(path: Path, device: str = "cpu") -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Read a training state. Raises CheckpointError where it is missing or damaged."""
    return _read(path, STATE_FORMAT, device)


def _read(path: Path, wanted: str, device: str) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    if not path.is_file():
        raise CheckpointError(f"{path}: a checkpoint must be a file, but there is none.")
    try:
        with safe_open(path, framework="pt", device=device) as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError) as problem:
        raise CheckpointError(f"{path}: a checkpoint must be a whole safetensors file, but {problem}.") from problem
    if metadata.get("format") != wanted:
        raise CheckpointError(f"{path}: the format must be {wanted!r}, but got {metadata.get('format')!r}.")
    return tensors, metadata
