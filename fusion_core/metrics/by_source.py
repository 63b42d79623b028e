"""Metrics that compare the fused image with each source apart, and how the two comparisons become one number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fusion_core.sources import Fused, Sources


@dataclass(frozen=True)
class BySource:
    """A metric as `join(parts)`: `parts(sources, fused)` gives (2, N), visible then infrared, kept by `fused`.

    A part is a comparison with one source, in whatever unit joins exactly (squared grey levels for PSNR); `join` gives
    the metric, (N,).
    """

    parts: Callable[[Sources, Fused], Tensor]
    join: Callable[[Tensor], Tensor]

    def __call__(self, sources: Sources, fused: Fused) -> Tensor:
        return self.join(self.parts(sources, fused))

    def each_as_both(self, sources: Sources, fused: Fused) -> Tensor:
        """Return the metric as it would be if both sources compared like the visible one, then like the infrared one.

        (2, N) in units and direction of the metric: twice the part where it is a sum, the part where it is a mean.
        """
        parts = self.parts(sources, fused)
        return self.join(torch.stack((parts, parts)))


def products(sources: Sources, fused: Fused) -> Tensor:
    """Grey of the fused image, its square, its product with each source: (N, 4, H, W) float64, for whom filters them.

    One filter for all four: what a small image's filters cost is their calls, not their pixels.
    """

    def compute() -> Tensor:
        f = fused.metric_grey.to(torch.float64)
        return torch.cat((f, f.square(), *(grey * f for _, grey in sources.greys())), dim=1)

    return fused.once("products", compute)


def total(parts: Tensor) -> Tensor:
    return parts[0] + parts[1]


def mean(parts: Tensor) -> Tensor:
    return (parts[0] + parts[1]) / 2
