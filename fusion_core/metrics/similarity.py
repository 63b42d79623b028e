"""Metrics of likeness: structural similarity in the reference's convention and in the usual one."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from fusion_core.images import gaussian, smooth
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


def _both(sources: Sources, fused: Fused) -> tuple[Tensor, Tensor]:
    """SSIM with each source: (reference convention, usual constants), (2, N) each."""
    mean_f, variance_f = _moments(fused.metric_grey)
    reference, usual = [], []
    for name, grey in sources.greys():
        mean, variance = sources.once(f"ssim_moments_{name}", partial(_moments, grey))
        product = grey.to(torch.float64) * fused.metric_grey
        covariance = smooth(product, gaussian(WINDOW, SIGMA)).sub_(mean * mean_f).mul_(2)
        means = (mean * mean_f).mul_(2)
        squares, variances = mean.square() + mean_f.square(), variance + variance_f
        reference.append(_ratio(means, squares, covariance, variances, REFERENCE_SHRINK))
        usual.append(_ratio(means, squares, covariance, variances, 1.0))
    return torch.stack(reference), torch.stack(usual)


def _ratio(means: Tensor, squares: Tensor, covariance: Tensor, variances: Tensor, shrink: float) -> Tensor:
    c1, c2 = C1 / shrink, C2 / shrink
    top = (means + c1).mul_(covariance + c2)
    return top.div_((squares + c1).mul_(variances + c2)).mean(dim=(1, 2, 3))


def ssim_reference(sources: Sources, fused: Fused) -> Tensor:
    """SSIM with each source, (2, N), the reference's constants all but removed; float64 as flat regions need it."""
    return fused.once("ssim", lambda: _both(sources, fused))[0]


def ssim(sources: Sources, fused: Fused) -> Tensor:
    """SSIM with each source, (2, N): 11-tap Gaussian sigma 1.5, valid region, data range 255. Wang et al., 2004."""
    return fused.once("ssim", lambda: _both(sources, fused))[1]
