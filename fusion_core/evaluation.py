"""One pass over a test set: fuse, measure every metric of every image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from fusion_core.metrics.catalog import Metric, measure
from fusion_core.reports import Summary
from fusion_core.sources import Fused, Sources, SourceSet

Fuse = Callable[[Sources], Fused]
NOTHING: Mapping[str, Metric] = MappingProxyType({})

# Pixels per batch: as many as fit a CPU's cache, or fill a GPU.
CPU_BATCH_PIXELS, GPU_BATCH_PIXELS = 1 << 17, 1 << 23
# Peak bytes per pixel of network and metrics, and the share of a GPU's free memory they may take.
GPU_BYTES_PER_PIXEL, GPU_SHARE = 4096, 0.5


def batch_size(sources: SourceSet) -> int:
    """Return how many pairs to evaluate at once."""
    budget = CPU_BATCH_PIXELS
    if sources.infrared.is_cuda:
        device = sources.infrared.device
        free, _ = torch.cuda.mem_get_info(device)
        free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        budget = min(GPU_BATCH_PIXELS, int(GPU_SHARE * free) // GPU_BYTES_PER_PIXEL)
    return max(1, budget // sources.infrared[0].numel())


@torch.no_grad()
def evaluate(fuse: Fuse, sources: SourceSet, extra: Mapping[str, Metric] = NOTHING) -> dict[str, np.ndarray]:
    """Return each metric's value per image, in the order of the set; in smaller batches if GPU memory runs out.

    `extra` are additional metric functions, by the name of their column.
    """
    size = batch_size(sources)
    while True:
        try:
            return _evaluate(fuse, sources, size, extra)
        except torch.OutOfMemoryError:
            if size == 1:
                raise
            size //= 2
            torch.cuda.empty_cache()


def _measured(sources: Sources, fused: Fused, extra: Mapping[str, Metric]) -> dict[str, Tensor]:
    return measure(sources, fused) | {name: function(sources, fused).double() for name, function in extra.items()}


def _evaluate(fuse: Fuse, sources: SourceSet, size: int, extra: Mapping[str, Metric]) -> dict[str, np.ndarray]:
    parts = [_measured(batch, fuse(batch), extra) for _, batch in sources.batches(size)]
    columns = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    table = torch.stack(tuple(columns.values())).cpu().numpy()
    return dict(zip(columns, table, strict=True))


def summarise(columns: dict[str, np.ndarray]) -> dict[str, Summary]:
    return {name: Summary.of(values) for name, values in columns.items()}


def copy_of_visible(sources: Sources) -> Fused:
    return Fused.from_pixels(sources.visible_pixels)


def copy_of_infrared(sources: Sources) -> Fused:
    return Fused.from_pixels(sources.infrared_pixels.expand_as(sources.visible_pixels))


def average_of_both(sources: Sources) -> Fused:
    return Fused.from_pixels(((sources.visible_pixels + sources.infrared_pixels) / 2).floor())


# Baselines: a Reward means little without them.
BASELINES: dict[str, Fuse] = {
    "visible": copy_of_visible,
    "infrared": copy_of_infrared,
    "average": average_of_both,
}
