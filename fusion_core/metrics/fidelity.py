"""Metrics of pixel values: MSE, PSNR, correlation, SCD, standard deviation; all from a few sums of grey."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fusion_core.images.gradients import finite_gradient
from fusion_core.sources import Fused, Sources


def _flat(grey: Tensor) -> Tensor:
    return grey.reshape(grey.shape[0], -1).to(torch.float64)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    result: Tensor = torch.linalg.vecdot(a, b)
    return result


def _source_sums(sources: Sources) -> tuple[Tensor, ...]:
    """Sums of A, B, A², B² and AB per image; exact, since greys are whole numbers below 2**8."""
    a, b = _flat(sources.visible_grey), _flat(sources.infrared_grey)
    return a.sum(dim=1), b.sum(dim=1), _dot(a, a), _dot(b, b), _dot(a, b)


def _fused_sums(sources: Sources, fused: Fused) -> tuple[Tensor, ...]:
    """Sums of F, F², FA and FB per image."""
    a, b, f = _flat(sources.visible_grey), _flat(sources.infrared_grey), _flat(fused.metric_grey)
    return f.sum(dim=1), _dot(f, f), _dot(f, a), _dot(f, b)


def _moments(sources: Sources, fused: Fused) -> dict[str, Tensor]:
    """Variances and covariances times the number of pixels squared, and mean squared differences."""
    a, b, aa, bb, ab = sources.once("sums", lambda: _source_sums(sources))
    f, ff, fa, fb = _fused_sums(sources, fused)
    n = fused.metric_grey[0].numel()
    return {
        "aa": n * aa - a * a,
        "bb": n * bb - b * b,
        "ff": n * ff - f * f,
        "ab": n * ab - a * b,
        "fa": n * fa - f * a,
        "fb": n * fb - f * b,
        "mse_a": (ff - 2 * fa + aa) / n,
        "mse_b": (ff - 2 * fb + bb) / n,
    }


def _of(sources: Sources, fused: Fused) -> dict[str, Tensor]:
    return fused.once("moments", lambda: _moments(sources, fused))  # type: ignore[type-var]


def _correlation(covariance: Tensor, variance: Tensor, other: Tensor) -> Tensor:
    """Return the correlation, 0 if either image is flat."""
    product = variance.clamp(min=0) * other.clamp(min=0)
    flat = product == 0
    return torch.where(flat, 0.0, covariance / product.masked_fill(flat, 1).sqrt())


def squared_errors(sources: Sources, fused: Fused) -> Tensor:
    """Mean squared difference to each source, in squared grey levels, (2, N)."""
    m = _of(sources, fused)
    return fused.once("parts_MSE", lambda: torch.stack((m["mse_a"], m["mse_b"])))


def mean_squared_error(parts: Tensor) -> Tensor:
    """Mean of the errors to both sources, on grey / 255; lower is better."""
    return (parts[0] + parts[1]) / (2 * 255**2)


def psnr_reference(parts: Tensor) -> Tensor:
    """20 log10(255 / sqrt(MSE)) with the MSE of grey / 255: 48.13 dB above the usual."""
    return psnr(parts) + 20 * math.log10(255)


def psnr(parts: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB, of the mean squared error over both sources; infinite for a perfect copy."""
    return -10 * torch.log10(finite_gradient(mean_squared_error(parts)))


def correlations(sources: Sources, fused: Fused) -> Tensor:
    """Pearson correlation with each source, (2, N)."""
    m = _of(sources, fused)
    return fused.once(
        "parts_CC",
        lambda: torch.stack((_correlation(m["fa"], m["aa"], m["ff"]), _correlation(m["fb"], m["bb"], m["ff"]))),
    )


def correlations_of_differences(sources: Sources, fused: Fused) -> Tensor:
    """corr(F - B, A) and corr(F - A, B), (2, N); a copy of one source has 0 for it. Aslantas and Bendes, 2015."""
    return fused.once("parts_SCD", lambda: _correlations_of_differences(_of(sources, fused)))


def _correlations_of_differences(m: dict[str, Tensor]) -> Tensor:
    without_b = m["ff"] - 2 * m["fb"] + m["bb"]
    without_a = m["ff"] - 2 * m["fa"] + m["aa"]
    with_visible = _correlation(m["fa"] - m["ab"], without_b, m["aa"])
    return torch.stack((with_visible, _correlation(m["fb"] - m["ab"], without_a, m["bb"])))


def standard_deviation(sources: Sources, fused: Fused) -> Tensor:
    """Population standard deviation of grey, in grey levels."""
    return finite_gradient(_of(sources, fused)["ff"].clamp(min=0)).sqrt() / fused.metric_grey[0].numel()
