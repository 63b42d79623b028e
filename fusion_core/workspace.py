"""What one worker keeps for all its trials: the device, the data on it, and the cached quantities of the sources."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping

import cv2
import psutil
import torch

from fusion_core.data.dataset import PairSet
from fusion_core.errors import ConfigError
from fusion_core.evaluation import BASELINES, evaluate, summarise
from fusion_core.reports import Summary
from fusion_core.sources import SourceSet

GIB = 1 << 30
CPU_BUDGET = 2 * GIB
# Share of the free memory at a worker's start; training and evaluation need the rest.
BUDGET_SHARE = 0.25

# Parameter numbers of glibc's mallopt(3).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


def choose_device(name: str = "auto") -> str:
    """Return "cuda" or "cpu"; `auto` takes a GPU where there is one. Raises ConfigError for a GPU that is not there."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise ConfigError(f"device must be there, but got {name!r} and torch sees no GPU. Use --device cpu or auto.")
    return name


def configure_process(device: str) -> None:
    """Set this process up for trials: on a CPU one thread, denormals flushed, freed memory kept for the next tensor."""
    cv2.setNumThreads(0)
    torch.set_flush_denormal(True)
    if device == "cpu":
        torch.set_num_threads(1)
        _keep_freed_memory()
    else:
        torch.backends.cudnn.benchmark = True
        # Kernel, loss and metrics are full float32; the network has its own precision.
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False


def _keep_freed_memory() -> None:
    """Have glibc reuse large blocks: mapping each of them again costs a third of a small network's step."""
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, 1 << 30)
        mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1)


class Workspace:
    """The training set and the test sets on a device.

    `memory_budget` bytes bound the cache of the sources, a third of it for training; None: a quarter of the free memory
    of which this worker may use `share`.
    """

    def __init__(
        self,
        train: PairSet,
        test: Mapping[str, PairSet],
        device: str = "cpu",
        memory_budget: int | None = None,
        share: float = 1.0,
    ) -> None:
        self.device = torch.device(device)
        if memory_budget is None:
            memory_budget = self._default_budget(share)
        self.train = self._resident(train, memory_budget // 3)
        each = (memory_budget - memory_budget // 3) // max(1, len(test))
        self.test = {name: self._resident(pairs, each) for name, pairs in test.items()}
        self.stems = {name: pairs.stems for name, pairs in test.items()}
        self.train_stems = train.stems

    def _default_budget(self, share: float) -> int:
        if self.device.type != "cuda":
            return min(CPU_BUDGET, int(psutil.virtual_memory().available * BUDGET_SHARE * share))
        free, total = torch.cuda.mem_get_info(self.device)
        return int(min(free, total * share) * BUDGET_SHARE)

    def forget(self) -> bool:
        """Drop the caches of the sources and stop caching; return whether there was anything in them."""
        return sum(sources.forget() for sources in (self.train, *self.test.values())) > 0

    def _resident(self, pairs: PairSet, memory_budget: int) -> SourceSet:
        # Ray's arrays are read-only; torch warns about them.
        visible, infrared = (
            torch.from_numpy(a if a.flags.writeable else a.copy()) for a in (pairs.visible, pairs.infrared)
        )
        return SourceSet(visible.to(self.device), infrared.to(self.device), memory_budget)

    def baselines(self) -> dict[str, dict[str, dict[str, Summary]]]:
        """Return the scores of the three baselines: [data set][visible, infrared, average][metric]."""
        return {
            name: {fusion: summarise(evaluate(fuse, sources)) for fusion, fuse in BASELINES.items()}
            for name, sources in self.test.items()
        }
