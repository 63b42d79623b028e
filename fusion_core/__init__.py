"""Image fusion: data, policy, kernel, losses, metrics, recipes. Knows nothing of sweeps, Ray or tables."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fusion_core.api.fuse import FusionPolicy, fuse, load_checkpoint
    from fusion_core.api.loss import FusionLoss
    from fusion_core.api.measure import measure
    from fusion_core.config import LossConfig
    from fusion_core.errors import FusionError, ImageError
    from fusion_core.metrics.facts import FACTS

_PUBLIC = {
    "FACTS": "metrics.facts",
    "FusionError": "errors",
    "FusionLoss": "api.loss",
    "FusionPolicy": "api.fuse",
    "ImageError": "errors",
    "LossConfig": "config",
    "fuse": "api.fuse",
    "load_checkpoint": "api.fuse",
    "measure": "api.measure",
}
_METRICS = (
    "vif", "qabf", "ssim", "psnr", "mse", "cc", "scd", "nabf", "mi", "ag", "en", "sf", "sd", "ssim_std", "psnr_std",
    "sf_std", "reward", "reward_min",
)  # fmt: skip

__all__ = [
    "FACTS", "FusionError", "FusionLoss", "FusionPolicy", "ImageError", "LossConfig", "fuse", "load_checkpoint",
    "measure",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import names on first use, so that `import fusion_core` costs nothing and needs no torch."""
    if name in _PUBLIC:
        return getattr(import_module(f"fusion_core.{_PUBLIC[name]}"), name)
    if name in _METRICS:
        from fusion_core.api.measure import metric_function

        return metric_function(name)
    raise AttributeError(f"module 'fusion_core' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_METRICS])
