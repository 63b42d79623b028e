"""What other images and other seeds would have given: paired resampling of every setting at once.

Higher is better in every array; rows are settings. All of them see the same resamples, as they saw the same images.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

# One more, and the percentages in use fall on whole draws.
DRAWS = 599
SPLITS = 200


@lru_cache(maxsize=64)
def draws(images: int, stream: int) -> np.ndarray:
    """Return (images, DRAWS) float32 weights of a bootstrap, columns summing to 1; `stream` tells data sets apart."""
    rng = np.random.default_rng((stream, images))
    drawn = rng.multinomial(images, np.full(images, 1 / images), DRAWS) / images
    return np.ascontiguousarray(drawn.T, dtype=np.float32)


@lru_cache(maxsize=64)
def halves(count: int, stream: int) -> np.ndarray:
    """Return (SPLITS, count) float32, 1 for what a split takes; each odd split takes what the one before it leaves.

    One thing alone is taken by all.
    """
    rng = np.random.default_rng((stream, count, 1))
    taken = np.ones((SPLITS, count), dtype=np.float32)
    if count > 1:
        order = rng.permuted(np.tile(np.arange(count), (SPLITS // 2, 1)), axis=1)
        taken[::2] = order < (count + rng.integers(0, 2, (SPLITS // 2, 1))) // 2
        taken[1::2] = 1 - taken[::2]
    return taken


def over_seeds(each: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Average (settings, seeds, SPLITS or 1) over the half of the seeds that each split takes: (settings, SPLITS).

    `there` (settings, seeds) are those a setting has; one that has none of a half gives the mean over all it has.
    """
    if there.shape[1] == 1:
        return np.repeat(each[:, 0], SPLITS // each.shape[2], axis=1)
    taken = halves(there.shape[1], 0)[None] * there[:, None]
    taken = np.where(taken.any(axis=2, keepdims=True), taken, there[:, None]).transpose(0, 2, 1)
    with np.errstate(invalid="ignore"):
        return np.asarray((each * taken).sum(axis=1) / taken.sum(axis=1))


@dataclass(frozen=True)
class Sample:
    """One data set of two images or more: `mean` (settings, 1), `deviation` (settings, images) from it; NaN rows stay.

    `resampled_deviation` (settings, DRAWS) is how far the mean strays on other images, `half` (settings, SPLITS)
    the mean over the images and seeds that a split takes.
    """

    mean: np.ndarray
    deviation: np.ndarray
    resampled_deviation: np.ndarray
    half: np.ndarray
    stream: int

    @classmethod
    def of(cls, by_seed: np.ndarray, stream: int) -> Sample:
        """Resample (settings, seeds, images); a seed that a setting lacks is NaN."""
        there = ~np.isnan(by_seed).any(axis=2)
        known = np.where(there[:, :, None], by_seed, 0.0)
        with np.errstate(invalid="ignore"):
            values = known.sum(axis=1) / there.sum(axis=1)[:, None]
        n = values.shape[1]
        mean = values.mean(axis=1, keepdims=True)
        deviation = (values - mean).astype(np.float32)
        # As many images drawn with replacement stray too little, by the degree of freedom that the mean takes.
        resampled_deviation = np.float32(np.sqrt(n / (n - 1))) * (deviation @ draws(n, stream))
        taken = halves(n, stream)
        each = (known - mean[:, :, None]).astype(np.float32) @ (taken / taken.sum(axis=1, keepdims=True)).T
        return cls(mean, deviation, resampled_deviation, mean + over_seeds(each, there), stream)

    @property
    def images(self) -> int:
        return int(self.deviation.shape[-1])

    @property
    def nbytes(self) -> int:
        return self.deviation.nbytes + self.resampled_deviation.nbytes + self.half.nbytes

    def at(self, rows: np.ndarray | slice | int) -> Sample:
        return Sample(
            self.mean[rows], self.deviation[rows], self.resampled_deviation[rows], self.half[rows], self.stream
        )

    def values(self, row: int) -> np.ndarray:
        """Return a setting's values per image (images,)."""
        return np.asarray(self.mean[row] + self.deviation[row])

    def variance(self, minus: Sample | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return the squared standard error of the mean: (settings, 1) here, (settings, DRAWS) in each resample.

        Or of the paired difference to the one setting `minus`.
        """
        deviation, resampled_deviation = self.deviation, self.resampled_deviation
        if minus is not None:
            deviation, resampled_deviation = (
                deviation - minus.deviation,
                resampled_deviation - minus.resampled_deviation,
            )
        n = deviation.shape[1]
        squares = deviation**2
        here = squares.sum(axis=1, keepdims=True) / (n * (n - 1))
        there = (np.float32(n / (n - 1)) * (squares @ draws(n, self.stream)) - resampled_deviation**2) / (n - 1)
        return here, np.maximum(there, 0)

    def covariance(self) -> np.ndarray:
        """Return the (settings, settings) covariance of the means."""
        n = self.images
        return np.asarray(self.deviation @ self.deviation.T, dtype=float) / (n * (n - 1))


@dataclass(frozen=True)
class SeedNoise:
    """The standard `error` (settings,) that seeds give each mean, and the degrees of `freedom` it is known with."""

    error: np.ndarray
    freedom: float

    def variance(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the squared standard error of the mean, as Sample does."""
        here = self.error[:, None] ** 2
        drawn = np.random.default_rng((3, int(self.freedom))).chisquare(self.freedom, DRAWS) / self.freedom
        return here, (here * drawn).astype(np.float32)

    def resampled_deviation(self) -> np.ndarray:
        """Return (settings, DRAWS): how far the mean strays with other seeds, independently between settings."""
        drawn = np.random.default_rng((2, len(self.error))).standard_normal((len(self.error), DRAWS), dtype=np.float32)
        return drawn * self.error[:, None].astype(np.float32)
