"""Intervals for a few settings given their values per image.

All arrays have higher values better. `images` is one (settings, images) array per data set, `weights` their shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.statistics.bootstrap import Sample, SeedNoise
from analysis.statistics.evidence import CENTRE, Evidence
from analysis.statistics.evidence import interval as interval_of
from analysis.statistics.ties import student

# As good as known: the noise between seeds comes with no degrees of freedom here.
_KNOWN = 1e6


@dataclass(frozen=True)
class Sampled:
    """Settings' means, and their standard error from images and seeds; `freedom` by Welch and Satterthwaite."""

    mean: np.ndarray
    error: np.ndarray
    freedom: np.ndarray


def sampled(images: Sequence[np.ndarray], weights: np.ndarray, seed_error: np.ndarray) -> Sampled:
    """Return mean and standard error of each setting; a data set of one image has no error, so NaN."""
    mean = sum(weight * values.mean(axis=1) for weight, values in zip(weights, images, strict=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = np.array([
            weight**2 * values.var(axis=1, ddof=1) / values.shape[1] if values.shape[1] > 1
            else np.full(len(values), np.nan)
            for weight, values in zip(weights, images, strict=True)
        ])  # fmt: skip
        freedom = np.array([max(values.shape[1] - 1, 1) for values in images])[:, None]
        total = parts.sum(axis=0)
        welch = np.where(total > 0, total**2 / (parts**2 / freedom).sum(axis=0), freedom.sum())
    return Sampled(np.asarray(mean), np.sqrt(total + seed_error**2), welch)


def paired_interval(
    images: Sequence[np.ndarray], weights: np.ndarray, best: int, seed_error: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of how far `best` is ahead of each, all chosen beforehand: a paired bootstrap-t."""
    samples = [Sample.of(values[:, None], place) for place, values in enumerate(images)]
    noise = SeedNoise(seed_error, _KNOWN) if seed_error.any() else None
    mean = np.asarray(sum(weight * values.mean(axis=1) for weight, values in zip(weights, images, strict=True)))
    evidence = Evidence.of(mean, weights.tolist(), samples, None if noise is None else (noise, noise))
    return interval_of(mean[best] - mean, evidence.studentised_gap_deviation(best, np.arange(len(mean))))


def interval(raw: float, corrected: float, error: float, freedom: float) -> tuple[float, float]:
    """Return the 95 % interval of the true mean of a setting picked for being best, by Student's t."""
    centre, half = raw + CENTRE * (corrected - raw), float(student(freedom)) * error
    return centre - half, centre + half
