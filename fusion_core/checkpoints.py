"""Trained policies as safetensors files that carry their own config. No pickle."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from fusion_core.config import KernelConfig, PolicyConfig, TrialConfig
from fusion_core.data.listing import shown
from fusion_core.errors import CheckpointError, printable
from fusion_core.kernel import fuse
from fusion_core.policy import UNetPolicy
from fusion_core.sources import Fused, Sources
from fusion_core.whole import write_whole

FORMAT = "fusion-policy-1"
STATE_FORMAT = "fusion-training-state-1"
REMEDY = "Take one from the checkpoints folder of a run of this program."
MAX_SHOWN = 200


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
    """Read a checkpoint. Raises CheckpointError where it is missing, damaged, or of another architecture.

    Nothing is built from what the metadata say alone: a policy is only as large as the weights that are there.
    """
    tensors, metadata = _read(path, FORMAT, device)
    name = shown(path)
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
    with torch.device("meta"):
        shapes = UNetPolicy(wanted).state_dict()
    if problems := _misfits(tensors, shapes):
        raise CheckpointError(
            f"{name}: the weights must be those of a policy of base_channels {wanted.base_channels}, but "
            f"{'; '.join(problems)}. {REMEDY}"
        )
    policy = UNetPolicy(wanted)
    policy.load_state_dict(tensors)
    return Checkpoint(policy.to(device).eval(), kernel, epoch, config)


def _misfits(tensors: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> list[str]:
    """Return what of the weights is missing, unknown, of another shape or type, or not finite; three of each kind."""
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
    """Return the first line of text that may come from a file, as a message shows it."""
    text = printable((text.splitlines() or [""])[0])
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."


def save_state(path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
    """Write a training state, whole or not at all. Raises DiskError where the disk refuses."""
    path.parent.mkdir(parents=True, exist_ok=True)
    contiguous = {name: value.contiguous() for name, value in tensors.items()}
    write_whole(path, save(contiguous, {"format": STATE_FORMAT, **metadata}))


def load_state(path: Path, device: str = "cpu") -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Read a training state. Raises CheckpointError where it is missing or damaged."""
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
            # First, so that a file of another kind is not read whole.
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
