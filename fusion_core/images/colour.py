"""Ranges, BT.601 and grey. Tensors are (N, C, H, W)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from fusion_core.images.gradients import truncated

LUMA = (0.299, 0.587, 0.114)
METRIC_GREY = (0.2989, 0.5870, 0.1140)
CB = (-0.168736, -0.331264, 0.5)
CR = (0.5, -0.418688, -0.081312)


def to_unit(pixels: Tensor) -> Tensor:
    """Map 0..255 to float32 in [-1, 1]."""
    return pixels.to(torch.float32) / 127.5 - 1


def to_pixels(image: Tensor) -> Tensor:
    """Map [-1, 1] to floats in 0..255; values outside are clamped."""
    return (image.clamp(-1, 1) + 1) * 127.5


def as_image(planes: Tensor) -> np.ndarray:
    """(C, H, W) in 0..255 to rounded uint8 (H, W) or (H, W, 3)."""
    array = planes.float().round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    return np.ascontiguousarray(array[..., 0] if array.shape[-1] == 1 else array)


def weigh_channels(image: Tensor, weights: tuple[float, float, float]) -> Tensor:
    """Return the weighted sum of the three channels, (N, 1, H, W)."""
    red, green, blue = image[:, 0:1], image[:, 1:2], image[:, 2:3]
    return (red * weights[0]).add_(green, alpha=weights[1]).add_(blue, alpha=weights[2])


def luma(image: Tensor) -> Tensor:
    """Return BT.601 luma, in the range of `image`; a one-channel image is its own luma."""
    return image if image.shape[1] == 1 else weigh_channels(image, LUMA)


def chroma(image: Tensor) -> tuple[Tensor, Tensor]:
    """Return BT.601 Cb and Cr without the .5 offset, in the scale of `image` (N, 3, H, W)."""
    return weigh_channels(image, CB), weigh_channels(image, CR)


def colour_offset(image: Tensor) -> Tensor:
    """Return the offset that gives a luma the colour of `image`: (N, 3, H, W), scale of `image`."""
    cb, cr = chroma(image)
    return torch.cat((1.402 * cr, -0.344136 * cb - 0.714136 * cr, 1.772 * cb), dim=1)


def metric_grey(pixels: Tensor) -> Tensor:
    """Return the grey that metrics use: whole numbers 0..255 as float32; one channel is taken as it is.

    Gradients ignore the truncation to whole numbers (straight-through).
    """
    if pixels.shape[1] == 1:
        return pixels
    return truncated(weigh_channels(pixels, METRIC_GREY).clamp_(0, 255))
