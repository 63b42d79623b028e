"""What is known of settings at one place, and what follows: intervals, differences to the best, the price of picking.

Higher is better in every array; rows are settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.statistics.bootstrap import DRAWS, SPLITS, Sample, SeedNoise
from analysis.statistics.ties import LEVEL, student

OTHER_HALF = np.arange(SPLITS) ^ 1
# A setting picked on half of the images is a little worse than one picked on all, and on all it flatters itself: the
# truth lies between. Two thirds of the way the intervals cover 93 to 97 % in every world of benchmarks/coverage.py.
CENTRE = 2 / 3
# Fewer are no population to draw from.
_FEW_IMAGES = 6
_TAILS = (np.arange(DRAWS) + 1) / (DRAWS + 1)
Variance = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Evidence:
    """Means (settings,), samples of data sets with their shares in the mean, and the noise between seeds.

    `noise` is that of the means, `gap_noise` of their differences. `resampled_deviation` (settings, DRAWS) is how far
    means stray on other images; `pick` and `read` (settings, SPLITS) are means over one half of images and seeds, and
    over the other.
    """

    mean: np.ndarray
    shares: Sequence[float]
    samples: Sequence[Sample]
    noise: SeedNoise | None
    gap_noise: SeedNoise | None
    resampled_deviation: np.ndarray
    pick: np.ndarray
    read: np.ndarray

    @classmethod
    def of(
        cls,
        mean: np.ndarray,
        shares: Sequence[float],
        samples: Sequence[Sample],
        noise: tuple[SeedNoise, SeedNoise] | None = None,
        halves: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> Evidence:
        """Put samples and noise together; `halves` are `pick` and `read` where the samples do not give them."""
        resampled_deviation = np.zeros((len(mean), DRAWS), dtype=np.float32)
        for share, sample in zip(shares, samples, strict=True):
            resampled_deviation += np.float32(share) * sample.resampled_deviation
        own, gap = noise or (None, None)
        return cls(mean, shares, samples, own, gap, resampled_deviation, *(halves or both_halves(shares, samples)))

    @property
    def best(self) -> int:
        return int(self.mean.argmax())

    def studentised_deviation(self, rows: np.ndarray) -> np.ndarray:
        """Return (rows, DRAWS): how far means stray, studentised."""
        resampled_deviation = self.resampled_deviation[rows] + (
            0 if self.noise is None else self.noise.resampled_deviation()[rows]
        )
        return self._studentised(
            resampled_deviation, [sample.at(rows).variance() for sample in self.samples], self.noise, rows
        )

    def studentised_gap_deviation(self, best: int, rows: np.ndarray) -> np.ndarray:
        """Return (rows, DRAWS): how far their differences to the row `best` stray, studentised."""
        resampled_deviation, samples = (
            self.gaps(),
            [sample.at(rows).variance(sample.at(best)) for sample in self.samples],
        )
        return self._studentised(
            resampled_deviation[best] - resampled_deviation[rows], samples, self.gap_noise, rows, np.array([best])
        )

    def gaps(self) -> np.ndarray:
        """Return (settings, DRAWS): how far means stray, as their differences do."""
        return (
            self.resampled_deviation
            if self.gap_noise is None
            else self.resampled_deviation + self.gap_noise.resampled_deviation()
        )

    def covariance(self) -> tuple[np.ndarray, float]:
        """Return the covariance of the means, as their differences have it, and its degrees of freedom.

        These are those of the differences to the best (Welch and Satterthwaite).
        """
        parts = [(share**2 * sample.covariance(), sample.images - 1.0)
                 for share, sample in zip(self.shares, self.samples, strict=True)]  # fmt: skip
        if self.gap_noise is not None:
            parts.append((np.diag(self.gap_noise.error**2), self.gap_noise.freedom))
        best = self.best
        between = [float((np.diag(v) + v[best, best] - 2 * v[best]).mean()) for v, _ in parts]
        square = sum(size**2 / freedom for size, (_, freedom) in zip(between, parts, strict=True))
        freedom = sum(between) ** 2 / square if square > 0 else sum(freedom for _, freedom in parts)
        return np.asarray(sum(v for v, _ in parts)), freedom

    def _studentised(
        self, resampled_deviation: np.ndarray, samples: Sequence[Variance], noise: SeedNoise | None, *rows: np.ndarray
    ) -> np.ndarray:
        """Return what strays in units of the resample's standard error, times the standard error here: a bootstrap-t.

        With a handful of images it is Student's t itself, and never more than twice as wide: a resample that happens to
        have next to no spread claims too much.
        """
        parts = [(share**2 * here, share**2 * there, sample.images - 1.0)
                 for share, sample, (here, there) in zip(self.shares, self.samples, samples, strict=True)]  # fmt: skip
        if noise is not None:
            parts += [(here[some], there[some], noise.freedom) for some in rows for here, there in [noise.variance()]]
        here, there = (np.asarray(sum(part[k] for part in parts)) for k in (0, 1))
        square = sum(part[0] ** 2 / part[2] for part in parts)
        with np.errstate(divide="ignore", invalid="ignore"):
            freedom = np.where(square > 0, here**2 / square, 1.0)
            few = sum(sample.images for sample in self.samples) < _FEW_IMAGES
            if few and self.samples:
                return np.asarray(np.sqrt(here) * student(freedom, _TAILS))
            limit = 2 * np.sqrt(here) * student(freedom)
            found = np.where(there > 0, resampled_deviation * np.sqrt(here / there), 0)
        return np.clip(found, -limit, limit).astype(np.float32)


def both_halves(shares: Sequence[float], samples: Sequence[Sample]) -> tuple[np.ndarray, np.ndarray]:
    """Return `pick` and `read` over all data sets."""
    half = np.asarray(sum(share * sample.half for share, sample in zip(shares, samples, strict=True)))
    return half, half[:, OTHER_HALF]


def interval(centre: np.ndarray, resampled_deviation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of 95 % bootstrap-t intervals around `centre` (rows,); deviations (…, DRAWS) are studentised."""
    tail = round((1 - LEVEL) / 2 * (DRAWS + 1)) - 1
    resampled_deviation = np.partition(resampled_deviation, (tail, DRAWS - 1 - tail), axis=1)
    return centre - resampled_deviation[:, DRAWS - 1 - tail], centre - resampled_deviation[:, tail]


def corrected(evidence: Evidence, among: np.ndarray) -> float:
    """Return what the best of `among` (rows), picked on one half, reads on the other, averaged over the splits."""
    picked = among[evidence.pick[among].argmax(axis=0)]
    read = evidence.read[picked, np.arange(SPLITS)].mean()
    # Over all possible splits each image is read as often; what these lack of it is known from the best setting itself.
    best = among[evidence.mean[among].argmax()]
    return float(read - evidence.read[best].mean() + evidence.mean[best])


@dataclass(frozen=True)
class Selected:
    """The best of each of some groups: its row, its corrected mean, what picking flatters it by, its interval."""

    row: np.ndarray
    corrected: np.ndarray
    selection_bias: np.ndarray
    low: np.ndarray
    high: np.ndarray


def pick(evidence: Evidence, groups: Sequence[np.ndarray]) -> Selected:
    """Return the best of each group (rows), and what its picking leaves of it."""
    row = np.array([group[evidence.mean[group].argmax()] for group in groups], dtype=int)
    fair = np.array([corrected(evidence, group) for group in groups])
    selection_bias = CENTRE * (evidence.mean[row] - fair)
    return Selected(
        row, fair, selection_bias, *interval(evidence.mean[row] - selection_bias, evidence.studentised_deviation(row))
    )


def behind(evidence: Evidence, rows: np.ndarray, selection_bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of how far `rows` are behind the best.

    `selection_bias` is taken off the lead of the best, as far as it has one.
    """
    best = evidence.best
    lead = evidence.mean[best] - evidence.mean[rows]
    low, high = interval(lead - np.minimum(selection_bias, lead), evidence.studentised_gap_deviation(best, rows))
    return np.where(rows == best, 0.0, low), np.where(rows == best, 0.0, high)
