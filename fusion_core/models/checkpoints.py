"""Trained policies as safetensors files that carry their own config. No pickle."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import nn

from fusion_core.atomic_files import write_whole
from fusion_core.config import KernelConfig, PolicyConfig, TrialConfig
from fusion_core.errors import CheckpointError, printable, shown
from fusion_core.kernel import fuse, maps_of
from fusion_core.models.heads import BandHeads, pool
from fusion_core.models.policy import UNetPolicy
from fusion_core.sources import Fused, Sources

FORMAT = "fusion-policy-1"
STATE_FORMAT = "fusion-training-state-1"
REMEDY = "Take one from the checkpoints folder of a run of this program."
MAX_SHOWN = 200
HEADS = "heads."


@dataclass(frozen=True)
class Checkpoint:
    """A policy ready to fuse (in evaluation mode), and its origin; `digest` identifies its weights."""

    policy: UNetPolicy
    kernel: KernelConfig
    epoch: int
    config: dict[str, object]
    heads: BandHeads | None = None
    digest: str = ""

    @torch.no_grad()
    def fuse(self, sources: Sources) -> tuple[Fused, torch.Tensor]:
        """Fuse with the mean map, and the heads' mean action, if there are heads; return the map (N, 1, H, W) too."""
        # As in training, so that both give bitwise equal results.
        inputs = sources.policy_input.contiguous(memory_format=torch.channels_last)
        if self.heads is None:
            weight_map, _ = self.policy(inputs)
            return fuse(sources, weight_map, self.kernel.levels), weight_map
        features = self.policy.encode(inputs)
        weight_map, _ = self.policy.decode(features)
        action = self.heads(pool(features[-1])).mean
        fused = self.heads.fuse(sources, maps_of(weight_map, sources, self.kernel.levels), action)
        return fused, self.heads.effective_map(weight_map, action)


def misfits(checkpoint: Checkpoint, config: TrialConfig) -> list[str]:
    """Return why a checkpoint cannot be the start of a trial, a sentence each; empty if it can."""
    problems = []
    recipe = config.recipe
    own, wanted = checkpoint.policy.base_channels, config.policy.base_channels
    if own != wanted:
        problems.append(
            f"the start must have policy.base_channels {wanted}, but has {own}. Write policy: {{base_channels: {own}}}."
        )
    levels = checkpoint.kernel.levels
    if levels != config.kernel.levels:
        problems.append(
            f"the start must have been trained with kernel.levels {config.kernel.levels}, but was with {levels}. "
            f"Write kernel: {{levels: {levels}}}."
        )
    if checkpoint.heads is not None and recipe.kind == "grpo":
        reach = BandHeads(1, config.kernel.levels, recipe.delta, recipe.kappa).reach
        own_reach = checkpoint.heads.reach.cpu()
        if levels == config.kernel.levels and not torch.equal(reach, own_reach):
            kappa = own_reach[levels + 1].item() / 2 if len(own_reach) > levels + 1 else 0.0
            problems.append(
                f"the start's heads must have the trial's delta and kappa ({recipe.delta:g}, {recipe.kappa:g}), but "
                f"have {own_reach[0].item() / 2:g} and {kappa:g}. Write those, or name a start without heads."
            )
    if checkpoint.heads is not None and recipe.kind != "grpo":
        problems.append(
            f"the start of recipe {recipe.kind} must be a map alone, but this one has heads of recipe grpo. "
            "Name the checkpoint that it started from."
        )
    return problems


def to_bytes(policy: nn.Module, config: TrialConfig, epoch: int, heads: BandHeads | None = None) -> bytes:
    """Return a checkpoint, without paths and data sets."""
    sections = {"policy", "kernel", "loss", "recipe", "seed"}
    if config.recipe.learns_from_reward:
        sections.add("reward")
    described = config.model_dump(mode="json", include=sections)
    named = dict(policy.state_dict())
    if heads is not None:
        named |= {f"{HEADS}{name}": value for name, value in heads.state_dict().items()}
    tensors = {name: value.detach().cpu().contiguous() for name, value in named.items()}
    return save(tensors, {"format": FORMAT, "epoch": str(epoch), "config": json.dumps(described)})


def load_checkpoint(path: Path, device: str = "cpu") -> Checkpoint:
    """Read a checkpoint. Raises CheckpointError if it is missing, damaged, or of another architecture."""
    tensors, metadata = _read(path, FORMAT, device)
    return _built(shown(path), tensors, metadata, device)


def from_bytes(content: bytes, name: str, device: str = "cpu") -> Checkpoint:
    """Do what `load_checkpoint` does for the bytes of a file; `name` is its name in errors."""
    try:
        metadata = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")]).get("__metadata__", {})
        tensors = {key: value.to(device) for key, value in load(content).items()}
    except (SafetensorError, ValueError, AttributeError, RuntimeError) as problem:
        first = shortened(str(problem) or type(problem).__name__)
        raise CheckpointError(
            f"{name}: a checkpoint must be a whole safetensors file, but {first}. {REMEDY}"
        ) from problem
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{name}: the format must be {FORMAT!r}, but is another one. {REMEDY}")
    return _built(name, tensors, metadata, device)


def _built(name: str, tensors: dict[str, torch.Tensor], metadata: dict[str, str], device: str) -> Checkpoint:
    """Build the policy. Its size comes from the weights, never from the metadata alone."""
    try:
        config = json.loads(metadata["config"])
        epoch = int(metadata["epoch"])
        kernel = KernelConfig.model_validate(config["kernel"])
        wanted = PolicyConfig.model_validate(config["policy"])
    except KeyError as problem:
        raise CheckpointError(f"{name}: a checkpoint must carry {problem}, but does not. {REMEDY}") from problem
    except (ValueError, TypeError, RecursionError) as problem:
        first = shortened(str(problem))
        raise CheckpointError(f"{name}: a checkpoint must carry its config, but {first}. {REMEDY}") from problem
    own = {key.removeprefix(HEADS): value for key, value in tensors.items() if key.startswith(HEADS)}
    with torch.device("meta"):
        shapes = UNetPolicy(wanted).state_dict()
        # Without a gain the heads have one action less, as `reach` states.
        gain = 0.0 if "reach" in own and own["reach"].numel() == kernel.levels + 1 else 0.5
        heads = BandHeads(8 * wanted.base_channels, kernel.levels, 0.4, gain) if own else None
        if heads is not None:
            shapes |= {f"{HEADS}{key}": value for key, value in heads.state_dict().items()}
    if problems := _misfits(tensors, shapes):
        raise CheckpointError(
            f"{name}: the weights must be those of a policy of base_channels {wanted.base_channels}, but "
            f"{'; '.join(problems)}. {REMEDY}"
        )
    policy = UNetPolicy(wanted)
    policy.load_state_dict({key: value for key, value in tensors.items() if not key.startswith(HEADS)})
    if heads is not None:
        heads = heads.to_empty(device=device)
        heads.load_state_dict(own)
        heads.eval()
    policy = policy.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Checkpoint(policy.eval(), kernel, epoch, config, heads, _digest(tensors))


def _digest(tensors: dict[str, torch.Tensor]) -> str:
    """Return 16 hex digits that identify the weights."""
    digest = hashlib.blake2b(digest_size=8)
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _misfits(tensors: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> list[str]:
    """Return which weights are missing, unknown, of another shape or type, or not finite; three of each kind."""
    both = [name for name in wanted if name in tensors]
    kinds = {
        "missing": [name for name in wanted if name not in tensors],
        "unknown": [name for name in tensors if name not in wanted],
        "of another shape": [name for name in both if tensors[name].shape != wanted[name].shape],
        "of another type": [name for name in both if tensors[name].dtype != wanted[name].dtype],
        "not finite": [name for name in both if not bool(tensors[name].isfinite().all())],
    }
    problems = []
    for kind, names in kinds.items():
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        if names:
            problems.append(f"{', '.join(shortened(name) for name in names[:3])}{more} {_are(names)} {kind}")
    return problems


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def shortened(text: str) -> str:
    """Return the first line of text that may come from a file, for a message."""
    text = printable((text.splitlines() or [""])[0])
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."


def save_state(path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
    """Write a training state, atomically. Raises DiskError if the disk refuses."""
    path.parent.mkdir(parents=True, exist_ok=True)
    contiguous = {name: value.contiguous() for name, value in tensors.items()}
    write_whole(path, save(contiguous, {"format": STATE_FORMAT, **metadata}))


def load_state(path: Path, device: str = "cpu") -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Read a training state. Raises CheckpointError if it is missing or damaged."""
    return _read(path, STATE_FORMAT, device)


def _read(path: Path, wanted: str, device: str) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Return tensors and metadata. The format holds numbers and text alone, so nothing in it can run."""
    name, remedy = shown(path), f" {REMEDY}" if wanted == FORMAT else ""
    if not path.is_file():
        what = "a folder" if path.is_dir() else "nothing"
        raise CheckpointError(f"{name}: a checkpoint must be a file, but got {what}. Name a .safetensors file.")
    try:
        with safe_open(path, framework="pt", device=device) as file:
            metadata = file.metadata() or {}
            # First, so that a file of another kind is not read completely.
            if metadata.get("format") != wanted:
                got = f"'{shortened(metadata['format'])}'" if "format" in metadata else "none"
                raise CheckpointError(f"{name}: the format must be {wanted!r}, but got {got}.{remedy}")
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError, ValueError, RuntimeError, MemoryError) as problem:
        first = shortened(str(problem) or type(problem).__name__)
        raise CheckpointError(
            f"{name}: a checkpoint must be a whole safetensors file, but {first}.{remedy}"
        ) from problem
    return tensors, metadata
