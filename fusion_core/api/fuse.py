"""Fuse images given as arrays: under a weight map, or with a trained policy."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import numpy as np
import torch

from fusion_core import kernel
from fusion_core.api.images import Convention, DataRange, Image, Layout, check_images
from fusion_core.models import checkpoints
from fusion_core.models.policy import UNetPolicy
from fusion_core.sources import Sources


def fuse(
    visible: Image,
    infrared: Image,
    weight_map: Image,
    *,
    data_range: DataRange,
    layout: Layout = "HWC",
    levels: int = 4,
) -> Image:
    """Blend the Laplacian pyramids of luma and infrared under a weight map, and keep the colour of the visible image.

    Burt and Adelson, The Laplacian pyramid as a compact image code, 1983.

    Args:
        visible: grey or RGB, in the order of `layout`; a grey image may lack its channel.
        infrared: grey, of the same size.
        weight_map: float in [0, 1], of the same size, one channel or none: 0 takes visible, 1 infrared. Torch
            gradients reach it.
        data_range: the value of white where black is 0, or (black, white).
        layout: "HWC" or "CHW" for one image, "NHWC" or "NCHW" for a batch.
        levels: of the pyramid; 0 blends the pixels.

    Returns:
        The fused image in kind, layout, range and dtype of `visible`.

    Raises:
        ImageError: for shapes, sizes, dtypes, devices or values that break a rule.

    Example:
        >>> import numpy as np, fusion_core
        >>> visible = np.full((48, 48, 3), 100, np.uint8)
        >>> infrared, nothing = np.full((48, 48), 200, np.uint8), np.zeros((48, 48), np.float32)
        >>> bool((fusion_core.fuse(visible, infrared, nothing, data_range=255) == visible).all())
        True
    """
    convention = Convention.of(layout, data_range)
    check_images({"visible": visible, "infrared": infrared, "weight_map": weight_map}, convention)
    fused = kernel.fuse(_sources(convention, visible, infrared), convention.planes(weight_map).float(), levels)
    return convention.restored(fused.pixels, visible)


def load_checkpoint(path: str | PathLike[str], device: str = "cpu") -> FusionPolicy:
    """Read a trained policy (`runs/NAME/checkpoints/*.safetensors`). Raises CheckpointError if it cannot be read.

    Example:
        >>> import fusion_core
        >>> policy = fusion_core.load_checkpoint("best.safetensors")  # doctest: +SKIP
        >>> fused = policy(visible, infrared, data_range=255)  # doctest: +SKIP
    """
    return FusionPolicy(checkpoints.load_checkpoint(Path(path), device), device)


class FusionPolicy:
    """A trained policy: fuses pairs as `python -m fusion_core fuse` does. `config` is the trial that trained it."""

    def __init__(self, checkpoint: checkpoints.Checkpoint, device: str = "cpu") -> None:
        self.checkpoint = checkpoint
        self.device = device

    @property
    def config(self) -> dict[str, object]:
        return self.checkpoint.config

    def __call__(self, visible: Image, infrared: Image, *, data_range: DataRange, layout: Layout = "HWC") -> Image:
        """Return the fused image in kind, layout, range and dtype of `visible`; arguments as for `fusion_core.fuse`."""
        return self.fuse(visible, infrared, data_range=data_range, layout=layout)[0]

    def fuse(
        self, visible: Image, infrared: Image, *, data_range: DataRange, layout: Layout = "HWC"
    ) -> tuple[Image, np.ndarray]:
        """Return the fused image, and the weight map as float32 (H, W), or (N, H, W) of a batch: 1 takes infrared."""
        convention = Convention.of(layout, data_range)
        check_images({"visible": visible, "infrared": infrared}, convention, least=UNetPolicy.MIN_SIZE)
        sources = _sources(convention, visible, infrared, self.device)
        fused, weight_map = self.checkpoint.fuse(sources)
        maps = weight_map[:, 0].cpu().numpy()
        return convention.restored(fused.pixels, visible), maps if convention.batched else maps[0]


def _sources(convention: Convention, visible: Image, infrared: Image, device: str | torch.device = "") -> Sources:
    """Return the pair as sources, on `device` if one is given."""
    pixels = convention.pixels(visible), convention.pixels(infrared)
    return Sources.from_pixels(*(one.to(device) if device else one for one in pixels))
