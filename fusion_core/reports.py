"""Reports of a recipe: metric summaries, epochs, sample images."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Summary:
    """A metric over one test set: mean, standard deviation (population), number of images, value of each."""

    mean: float
    std: float
    n: int
    values: np.ndarray | None = None

    @classmethod
    def of(cls, values: np.ndarray, *, keep: bool = True) -> Summary:
        """Summarise one value per image; `keep` says whether the values are included."""
        values = np.asarray(values, dtype=np.float64)
        return cls(float(values.mean()), float(values.std()), len(values), values.astype(np.float32) if keep else None)


@dataclass(frozen=True)
class EpochReport:
    """Result of one epoch: `metrics[dataset][metric]`, numbers of the training by name, notes for the user."""

    epoch: int
    metrics: dict[str, dict[str, Summary]]
    training: dict[str, float]
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SampleImages:
    """One test pair as the trained policy fuses it; uint8, (H, W) or (H, W, 3) in RGB order."""

    dataset: str
    stem: str
    images: dict[str, np.ndarray] = field(default_factory=dict)
