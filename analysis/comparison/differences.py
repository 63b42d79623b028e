"""How much better one run's best is than another's, and whether that is more than chance over images and seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.findings.judgement import Judge
from analysis.statistics import resampling

OTHER_IMAGES = "not the same test images: not a paired interval"
SEEDS_ALONE = "over seeds only (no per-image values)"


@dataclass(frozen=True)
class Best:
    """The best setting of a run at one place, as in Judgement, and what a comparison with another run's best needs.

    `per_image` has its values per data set, higher is better; `seed_error` is what seeds add to its standard error.
    """

    best: int
    value: float
    corrected: float
    low: float
    high: float
    images: int
    seeds: int
    settings: int
    note: str
    sign: float
    per_image: tuple[np.ndarray, ...]
    weights: np.ndarray
    seed_error: float
    seed_freedom: float


@dataclass(frozen=True)
class Gain:
    """How much better the first run's best is: > 0 is better, whatever the metric's direction; 95 % interval."""

    value: float
    corrected: float
    low: float
    high: float
    images: int
    paired: bool
    note: str


def best_setting(judge: Judge) -> Best | None:
    """Judge only the best setting, in a fifth of the time of a whole judgement; None without one."""
    means, known = judge.means, judge.evidence
    if means.best < 0:
        return None
    corrected, low, high = judge.of_best()
    return Best(
        best=means.best,
        value=float(means.sign * means.mean[means.best]),
        corrected=corrected,
        low=low,
        high=high,
        images=int(means.images[means.best]),
        seeds=int(means.seeds[means.best]),
        settings=len(means.known),
        note=judge.note,
        sign=means.sign,
        per_image=() if known is None else tuple(sample.values(known.best) for sample in known.samples),
        weights=np.array([] if known is None else known.shares),
        seed_error=0.0 if known is None or known.noise is None else float(known.noise.error[known.best]),
        seed_freedom=means.noise[1],
    )


def gain(a: Best, b: Best, *, same_images: bool) -> Gain:
    """Compare the best settings of two runs.

    On the same images, a studentised bootstrap of the differences per image; else both errors together. Both have
    selection bias: the interval is corrected as that of a run's own best is (`resampling.interval`).
    """
    value, corrected = (a.sign * (getattr(a, name) - getattr(b, name)) for name in ("value", "corrected"))
    alike = [len(values) for values in a.per_image] == [len(values) for values in b.per_image]
    if same_images and a.per_image and alike:
        both = [np.stack(pair) for pair in zip(a.per_image, b.per_image, strict=True)]
        low, high = resampling.paired_interval(both, a.weights, 0, np.array([a.seed_error, b.seed_error]))
        moved = value - resampling.interval(value, corrected, 0.0, 1.0)[0]
        count = sum(len(values) for values in a.per_image)
        return Gain(value, corrected, float(low[1]) - moved, float(high[1]) - moved, count, True, "")
    first, second = _error(a), _error(b)
    if first is None or second is None:
        why = (a if first is None else b).note or "no values per image"
        return Gain(value, corrected, np.nan, np.nan, 0, False, why)
    (error_a, freedom_a), (error_b, freedom_b) = first, second
    error = float(np.hypot(error_a, error_b))
    shares = error_a**4 / freedom_a + error_b**4 / freedom_b
    freedom = error**4 / shares if shares > 0 else min(freedom_a, freedom_b)
    low_high = resampling.interval(value, corrected, error, max(freedom, 1.0))
    count = min(sum(len(values) for values in one.per_image) for one in (a, b))
    return Gain(value, corrected, *low_high, count, False, OTHER_IMAGES if count else SEEDS_ALONE)


def _error(one: Best) -> tuple[float, float] | None:
    """Return the standard error of the best setting's mean and its freedom; None if it is unknown."""
    if one.per_image:
        found = resampling.sampled([values[None] for values in one.per_image], one.weights, np.array([one.seed_error]))
        return float(found.error[0]), float(found.freedom[0])
    return (one.seed_error, one.seed_freedom) if one.seed_freedom else None
