"""The protocol of a recipe: how a trial trains, one epoch at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

from fusion_core.config import TrialConfig
from fusion_core.reports import EpochReport, SampleImages, Summary


class Recipe(ABC):
    """A trial's training. The same config and data give the same reports on every worker."""

    def __init__(self, config: TrialConfig) -> None:
        self.config = config
        self.epoch = 0

    @abstractmethod
    def train_epoch(self) -> EpochReport:
        """Train and evaluate the next epoch. Raises TrialError if numbers are not finite."""

    def epochs(self) -> Iterator[EpochReport]:
        """Yield a report per epoch, from the one after `self.epoch` to the last."""
        while self.epoch < self.config.recipe.epochs:
            report = self.train_epoch()
            self.epoch = report.epoch
            yield report

    @abstractmethod
    def save_state(self, path: Path) -> None:
        """Write all that training needs to continue after this epoch (safetensors, atomically)."""

    @abstractmethod
    def load_state(self, path: Path) -> None:
        """Continue from `save_state`. Raises CheckpointError if the file is damaged or of another trial."""

    @abstractmethod
    def checkpoint(self) -> bytes:
        """Return the trained policy as a safetensors file that carries its own config."""

    def start_metrics(self) -> dict[str, dict[str, Summary]] | None:
        """Return every metric of every test set of the trial's start; None if it has none."""
        return None

    def lists(self) -> dict[str, str]:
        """Return texts to keep with the run, by file name; the same name always has the same content."""
        return {}

    def samples(self, limit: int) -> list[SampleImages]:
        """Return fused examples of the first `limit` pairs of each test set."""
        return []
