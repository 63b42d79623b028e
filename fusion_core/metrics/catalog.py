"""Every metric column: its facts, and its function `metric(sources, fused) -> (N,)`.

To add one: write the function in the file it belongs to, its facts in `facts.py`, and a line below.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from fusion_core.metrics import edges, fidelity, information, similarity
from fusion_core.metrics.facts import FACTS
from fusion_core.sources import Fused, Sources

Metric = Callable[[Sources, Fused], Tensor]


def reward(sources: Sources, fused: Fused) -> Tensor:
    """The reference's reward: (VIF + 1.5 Qabf + SSIM) / 3."""
    return (
        fused.once("VIF", lambda: METRICS["VIF"](sources, fused))
        + 1.5 * fused.once("Qabf", lambda: METRICS["Qabf"](sources, fused))
        + fused.once("SSIM", lambda: METRICS["SSIM"](sources, fused))
    ) / 3


METRICS: dict[str, Metric] = {
    "VIF": information.visual_information_fidelity,
    "Qabf": edges.qabf,
    "SSIM": similarity.ssim_reference,
    "PSNR": fidelity.psnr_reference,
    "MSE": fidelity.mean_squared_error,
    "CC": fidelity.correlation,
    "SCD": fidelity.sum_of_correlations_of_differences,
    "Nabf": edges.nabf,
    "MI": information.mutual_information,
    "AG": edges.average_gradient,
    "EN": information.entropy,
    "SF": edges.spatial_frequency_reference,
    "SD": fidelity.standard_deviation,
    "SSIM_std": similarity.ssim,
    "PSNR_std": fidelity.psnr,
    "SF_std": edges.spatial_frequency,
    "Reward": reward,
}
assert set(METRICS) == set(FACTS)


@torch.no_grad()
def measure(sources: Sources, fused: Fused) -> dict[str, Tensor]:
    """Return every metric column, one float64 value per image."""
    return {name: fused.once(name, partial(metric, sources, fused)).double() for name, metric in METRICS.items()}
