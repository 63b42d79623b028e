"""Metrics of information: entropy, mutual information, visual information fidelity. One value per image."""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor

from fusion_core.images.filters import gaussian, smooth
from fusion_core.images.gradients import scratch
from fusion_core.metrics.by_source import products
from fusion_core.sources import Fused, Sources

BINS = 256
VIF_NOISE = 2.0
VIF_WINDOWS = (17, 9, 5, 3)
TINY = 1e-10


def _counts(codes: Tensor, bins: int) -> Tensor:
    """Count each code per image: (N, ...) whole numbers below `bins` to (N, bins) float64."""
    images = codes.shape[0]
    offset = torch.arange(images, device=codes.device, dtype=codes.dtype) * bins
    flat = (codes.reshape(images, -1) + offset[:, None]).reshape(-1)
    if flat.is_cuda:  # bincount would synchronise with the GPU to find the largest code
        counts = torch.zeros(images * bins, dtype=torch.int32, device=flat.device)
        counts.scatter_add_(0, flat.long(), torch.ones_like(flat, dtype=torch.int32))
    else:
        counts = torch.bincount(flat, minlength=images * bins)
    return counts.reshape(images, bins).to(torch.float64)


def entropy(sources: Sources, fused: Fused) -> Tensor:
    """Entropy of the 256-bin histogram over all channels, in bits; reference convention log2(p + 1e-7)."""
    pixels = fused.pixels
    counts = _counts(pixels.to(torch.int64), BINS)
    p = counts / pixels[0].numel()
    return -(p * torch.log2(p + 1e-7)).sum(dim=1)


def _bits(counts: Tensor) -> Tensor:
    p = counts / counts.sum(dim=1, keepdim=True)
    result: Tensor = -torch.special.xlogy(p, p).sum(dim=1) / math.log(2)
    return result


def _codes(grey: Tensor) -> Tensor:
    return grey.to(torch.int64)


def _rows(grey: Tensor) -> Tensor:
    """Start of each grey's row in a joint histogram."""
    return (grey.to(torch.int32) * BINS).to(torch.int32)


def mutual_information(sources: Sources, fused: Fused) -> Tensor:
    """MI(visible, fused) and MI(infrared, fused) in bits, (2, N); 256 x 256 joint histograms of grey."""
    return fused.once("parts_MI", lambda: _mutual_information(sources, fused))


def _mutual_information(sources: Sources, fused: Fused) -> Tensor:
    f = _codes(fused.metric_grey)
    parts = []
    for name, grey in sources.greys():
        rows = sources.once(f"codes_{name}", partial(_rows, grey))
        joint = _counts(rows + f, BINS * BINS)
        table = joint.reshape(-1, BINS, BINS)
        parts.append(_bits(table.sum(dim=2)) + _bits(table.sum(dim=1)) - _bits(joint))
    return torch.stack(parts)


def _next_scale(x: Tensor, window: int) -> Tensor:
    return smooth(x, gaussian(window, window / 5), stride=2)


def _scales(grey: Tensor) -> tuple[Tensor, ...]:
    """Return the image at each scale, then its local means, then its local variances, float64."""
    x = grey.to(torch.float64)
    images = [x]
    for window in VIF_WINDOWS[1:]:
        images.append(_next_scale(images[-1], window))
    means, variances = [], []
    for image, window in zip(images, VIF_WINDOWS, strict=True):
        taps = gaussian(window, window / 5)
        both = smooth(torch.cat((image, image.square()), dim=1), taps)
        mean, square = both[:, :1], both[:, 1:]
        means.append(mean)
        variances.append((square - mean.square()).clamp_(min=0))
    return (*images, *means, *variances)


def _fidelity(s1: Tensor, s2: Tensor, s12: Tensor) -> Tensor:
    """Information that the fused image keeps of a source at one scale, per image."""
    gain = s12 / (s1 + TINY)
    residual = s2 - gain * s12
    flat_source, flat_fused = s1 < TINY, s2 < TINY
    gain = scratch(gain).masked_fill_(flat_source | flat_fused, 0)
    residual = torch.where(flat_source, s2, residual).masked_fill_(flat_fused, 0)
    residual = torch.where(gain < 0, s2, residual).clamp_(min=TINY)
    gain = gain.clamp_(min=0)
    s1 = s1.masked_fill(flat_source, 0)
    return torch.log1p(gain.square_().mul_(s1).div_(residual.add_(VIF_NOISE))).sum(dim=(1, 2, 3))


def _known(variances: tuple[Tensor, ...]) -> Tensor:
    """Information in a source over all scales, per image."""
    return torch.stack([torch.log1p(v / VIF_NOISE).sum(dim=(1, 2, 3)) for v in variances]).sum(dim=0)


def visual_information_fidelity(sources: Sources, fused: Fused) -> Tensor:
    """Pixel-domain VIF of each source, (2, N); a copy of a source has 1 for it. Needs 41 x 41 pixels.

    Sheikh and Bovik, Image information and visual quality, 2006; four scales, windows 17, 9, 5, 3, noise variance 2.
    Float64: float32's rounding is too coarse for flat regions.
    """
    return fused.once("parts_VIF", lambda: _visual_information_fidelity(sources, fused))


def _visual_information_fidelity(sources: Sources, fused: Fused) -> Tensor:
    scales = len(VIF_WINDOWS)
    known, of_sources = [], []
    for name, source in sources.greys():
        a = sources.once(f"vif_{name}", partial(_scales, source))
        known.append(sources.once(f"vif_known_{name}", partial(_known, a[2 * scales :])))
        of_sources.append(a)
    kept = [torch.zeros_like(k) for k in known]
    stacked = products(sources, fused)
    for k, window in enumerate(VIF_WINDOWS):
        if k:
            f = _next_scale(stacked[:, :1], window)
            stacked = torch.cat((f, f.square(), *(a[k] * f for a in of_sources)), dim=1)
        mean, square, *with_sources = smooth(stacked, gaussian(window, window / 5)).split(1, dim=1)
        variance = (square - mean.square()).clamp_(min=0)
        for total, a, product in zip(kept, of_sources, with_sources, strict=True):
            total += _fidelity(a[2 * scales + k], variance, product - a[scales + k] * mean)
    return torch.stack(kept) / torch.stack(known)
