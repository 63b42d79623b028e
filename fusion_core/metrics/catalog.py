"""Every metric column: its facts, and its function `metric(sources, fused) -> (N,)`.

To add one: write the function in the file it belongs to, its facts in `facts.py`, and a line below; if it compares with
each source separately, a function of its parts and a line in `BY_SOURCE`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import torch
from torch import Tensor

from fusion_core.metrics import edges, fidelity, information, similarity
from fusion_core.metrics.by_source import BySource, mean, total
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


def reward_of_the_worse(sources: Sources, fused: Fused) -> Tensor:
    """The reward if both sources compared like the worse one: a copy of one does not maximise it."""
    vif, ssim = (BY_SOURCE[name].each_as_both(sources, fused).amin(dim=0) for name in ("VIF", "SSIM"))
    return (vif + 1.5 * fused.once("Qabf", lambda: METRICS["Qabf"](sources, fused)) + ssim) / 3


BY_SOURCE: dict[str, BySource] = {
    "VIF": BySource(information.visual_information_fidelity, total),
    "SSIM": BySource(similarity.ssim_reference, total),
    "PSNR": BySource(fidelity.squared_errors, fidelity.psnr_reference),
    "MSE": BySource(fidelity.squared_errors, fidelity.mean_squared_error),
    "CC": BySource(fidelity.correlations, mean),
    "SCD": BySource(fidelity.correlations_of_differences, total),
    "MI": BySource(information.mutual_information, total),
    "SSIM_std": BySource(similarity.ssim, mean),
    "PSNR_std": BySource(fidelity.squared_errors, fidelity.psnr),
}

METRICS: dict[str, Metric] = {
    "VIF": BY_SOURCE["VIF"],
    "Qabf": edges.qabf,
    "SSIM": BY_SOURCE["SSIM"],
    "PSNR": BY_SOURCE["PSNR"],
    "MSE": BY_SOURCE["MSE"],
    "CC": BY_SOURCE["CC"],
    "SCD": BY_SOURCE["SCD"],
    "Nabf": edges.nabf,
    "MI": BY_SOURCE["MI"],
    "AG": edges.average_gradient,
    "EN": information.entropy,
    "SF": edges.spatial_frequency_reference,
    "SD": fidelity.standard_deviation,
    "SSIM_std": BY_SOURCE["SSIM_std"],
    "PSNR_std": BY_SOURCE["PSNR_std"],
    "SF_std": edges.spatial_frequency,
    "Reward": reward,
    "Reward_min": reward_of_the_worse,
}
assert set(METRICS) == set(FACTS)


@torch.no_grad()
def measure(sources: Sources, fused: Fused, names: Iterable[str] = METRICS) -> dict[str, Tensor]:
    """Return metric columns, by default all of them, one float64 value per image."""
    return {name: fused.once(name, partial(METRICS[name], sources, fused)).double() for name in names}
