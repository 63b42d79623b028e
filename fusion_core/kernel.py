"""The fixed fusion kernel: a Laplacian pyramid blends luma and infrared under a weight map.

Burt and Adelson, The Laplacian pyramid as a compact image code, 1983; the map blends each level.
The blend is linear in the map: fused = visible + collapse(map_k * (infrared_k - visible_k)), so only the difference
pyramid is ever needed, it belongs to the sources, and a map of zeros gives the visible image back exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from fusion_core.images.filters import constant, gaussian
from fusion_core.sources import Fused, Sources

TAPS = gaussian(5, 1.0)


def _kernel(like: Tensor, gain: float) -> Tensor:
    return constant(tuple(gain * a * b for a in TAPS for b in TAPS), like.dtype, like.device).reshape(1, 1, 5, 5)


def down(x: Tensor) -> Tensor:
    """Blur and keep every second pixel, zero padding; (N, 1, H, W) to (N, 1, ceil(H / 2), ceil(W / 2))."""
    return F.conv2d(x, _kernel(x, 1.0), stride=2, padding=2)


def up(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Double the size and blur; bilinear to `size` where it differs."""
    doubled = F.conv_transpose2d(x, _kernel(x, 4.0), stride=2, padding=2, output_padding=1)
    return doubled if doubled.shape[-2:] == size else resize(doubled, size)


def resize(x: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


def pyramid(x: Tensor, levels: int) -> tuple[Tensor, ...]:
    """Return `levels` details, finest first, and the base."""
    details = []
    for _ in range(levels):
        coarse = down(x)
        details.append(x - up(coarse, (x.shape[-2], x.shape[-1])))
        x = coarse
    return (*details, x)


def maps_of(weight_map: Tensor, sources: Sources, levels: int = 4) -> tuple[Tensor, ...]:
    """Return the map (N, 1, H, W) at the size of every band, finest first, the base last."""
    return tuple(_resized(weight_map, level) for level in _difference(sources, levels))


def tilted(maps: Sequence[Tensor], tilt: Tensor) -> tuple[Tensor, ...]:
    """Add a tilt per image and band, (N, levels + 1), to the maps of `maps_of`, clamped to [0, 1]."""
    return tuple((one + tilt[:, k, None, None, None]).clamp(0, 1) for k, one in enumerate(maps))


def blend(sources: Sources, maps: Sequence[Tensor], gain: Tensor | None = None) -> Tensor:
    """Blend each band under its own map and return the luma (N, 1, H, W), not clamped; `gain` (N,) scales the details.

    Differentiable in the maps and the gain. A gain of exactly 1 changes nothing, to the last bit.
    """
    levels = len(maps) - 1
    blended = [level * one for level, one in zip(_difference(sources, levels), maps, strict=True)]
    if gain is not None:
        visible = sources.once(f"visible_pyramid{levels}", lambda: pyramid(sources.luma, levels))
        factor = gain[:, None, None, None]
        blended[:-1] = [factor * own + (factor - 1) * ours for own, ours in zip(blended[:-1], visible, strict=False)]
    fused = blended[-1]
    for detail in reversed(blended[:-1]):
        fused = up(fused, (detail.shape[-2], detail.shape[-1])) + detail
    return sources.luma + fused


def fuse_luma(sources: Sources, weight_map: Tensor, levels: int = 4) -> Tensor:
    """Blend under `weight_map` (N, 1, H, W), 0 for visible and 1 for infrared; return the luma, not clamped.

    Differentiable in the map.
    """
    return blend(sources, maps_of(weight_map, sources, levels))


def fuse(sources: Sources, weight_map: Tensor, levels: int = 4) -> Fused:
    """Blend under `weight_map` and give the result the colour of the visible image."""
    return Fused.from_luma(sources, fuse_luma(sources, weight_map, levels))


def _difference(sources: Sources, levels: int) -> tuple[Tensor, ...]:
    return sources.once(f"pyramid{levels}", lambda: pyramid(sources.infrared - sources.luma, levels))


def _resized(weight_map: Tensor, like: Tensor) -> Tensor:
    size = (like.shape[-2], like.shape[-1])
    return weight_map if weight_map.shape[-2:] == size else resize(weight_map, size)
