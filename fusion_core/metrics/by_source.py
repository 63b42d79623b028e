"""Metrics that compare the fused image with each source separately, and join the two comparisons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fusion_core.sources import Fused, Sources


@dataclass(frozen=True)
class BySource:
    """A metric as `join(parts)`: `parts(sources, fused)` gives (2, N), visible then infrared, cached in `fused`.

    A part is a comparison with one source, in a unit that joins exactly (squared grey levels for PSNR); `join` gives
    the metric, (N,).
    """

    parts: Callable[[Sources, Fused], Tensor]
    join: Callable[[Tensor], Tensor]

    def __call__(self, sources: Sources, fused: Fused) -> Tensor:
        return self.join(self.parts(sources, fused))

    def each_as_both(self, sources: Sources, fused: Fused) -> Tensor:
        """Return the metric as it would be if both sources compared like the visible one, then like the infrared one.

        (2, N) in units and direction of the metric: twice the part if it is a sum, the part if it is a mean.
        """
        parts = self.parts(sources, fused)
        return self.join(torch.stack((parts, parts)))


def products(sources: Sources, fused: Fused) -> Tensor:
    """Grey of the fused image, its square, its product with each source: (N, 4, H, W) float64, to be filtered.

    One filter for all four: on small images the cost is in the calls, not in the pixels.
    """

    def compute() -> Tensor:
        f = fused.metric_grey.to(torch.float64)
        return torch.cat((f, f.square(), *(grey * f for _, grey in sources.greys())), dim=1)

    return fused.once("products", compute)


def total(parts: Tensor) -> Tensor:
    return parts[0] + parts[1]


def mean(parts: Tensor) -> Tensor:
    return (parts[0] + parts[1]) / 2
