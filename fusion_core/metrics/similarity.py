"""Metrics of similarity: SSIM in the reference's convention and in the usual one."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from fusion_core.images.filters import gaussian, smooth
from fusion_core.metrics.by_source import products
from fusion_core.sources import Fused, Sources

WINDOW, SIGMA = 11, 1.5
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2

# The reference multiplies 0..255 by 255 once more, which divides the constants by 255² in effect.
REFERENCE_SHRINK = 255.0**2


def _moments(grey: Tensor) -> tuple[Tensor, Tensor]:
    x = grey.to(torch.float64)
    both = smooth(torch.cat((x, x.square()), dim=1), gaussian(WINDOW, SIGMA))
    mean, square = both[:, :1], both[:, 1:]
    return mean, square - mean.square()


def _filtered(sources: Sources, fused: Fused) -> tuple[Tensor, ...]:
    """Local means and variances of the fused image, then twice its covariance with each source; float64."""
    mean, square, *of_sources = smooth(products(sources, fused), gaussian(WINDOW, SIGMA)).split(1, dim=1)
    covariances = []
    for (name, grey), product in zip(sources.greys(), of_sources, strict=True):
        source_mean, _ = sources.once(f"ssim_moments_{name}", partial(_moments, grey))
        covariances.append((product - source_mean * mean).mul_(2))
    return mean, square - mean.square(), *covariances


def _compare(sources: Sources, fused: Fused, shrink: float) -> Tensor:
    """SSIM with each source, (2, N), in the convention of `shrink`."""
    mean_f, variance_f, *covariances = fused.once("ssim", lambda: _filtered(sources, fused))
    parts = []
    for (name, grey), covariance in zip(sources.greys(), covariances, strict=True):
        mean, variance = sources.once(f"ssim_moments_{name}", partial(_moments, grey))
        means, squares = (mean * mean_f).mul_(2), mean.square() + mean_f.square()
        parts.append(_ratio(means, squares, covariance, variance + variance_f, shrink))
    return torch.stack(parts)


def _ratio(means: Tensor, squares: Tensor, covariance: Tensor, variances: Tensor, shrink: float) -> Tensor:
    c1, c2 = C1 / shrink, C2 / shrink
    top = (means + c1).mul_(covariance + c2)
    return top.div_((squares + c1).mul_(variances + c2)).mean(dim=(1, 2, 3))


def ssim_reference(sources: Sources, fused: Fused) -> Tensor:
    """SSIM with each source, (2, N), the reference's nearly vanishing constants; float64, which flat regions need."""
    return fused.once("parts_SSIM", lambda: _compare(sources, fused, REFERENCE_SHRINK))


def ssim(sources: Sources, fused: Fused) -> Tensor:
    """SSIM with each source, (2, N): 11-tap Gaussian sigma 1.5, valid region, data range 255. Wang et al., 2004."""
    return fused.once("parts_SSIM_std", lambda: _compare(sources, fused, 1.0))
