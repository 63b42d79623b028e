"""Which settings are statistically tied with the best."""

from __future__ import annotations

import numpy as np

LEVEL = 0.95
# Rivals further behind than this many standard errors are not drawn.
_FAR_BEHIND = 4.0
# With fewer degrees of freedom the drawn null is too tame, and ties go by Bonferroni alone.
_FEW = 12


def student(freedom: np.ndarray | float, tail: np.ndarray | float = (1 - LEVEL) / 2) -> np.ndarray:
    """Return the point of Student's t that is passed with probability `tail`."""
    from scipy import special

    return -np.asarray(special.stdtrit(freedom, tail))


def tied_with_best(mean: np.ndarray, deviation: np.ndarray, spread: np.ndarray, freedom: float) -> np.ndarray:
    """Return the settings that are statistically tied with the best: the true best is among them in 95 % of samples.

    A setting leaves when somebody is ahead of it by more standard errors than the best of its equals would be: multiple
    comparisons with the best (Hsu 1984), the null drawn by bootstrap and read as Student's t, rivals that are far
    behind left out of it (moment selection, Andrews and Soares 2010). `mean` (settings,), higher is better;
    `deviation` (settings, draws) is how far means stray when drawn anew, `spread` their covariance.
    """
    variance = np.diag(spread)
    between = np.sqrt(np.maximum(variance[:, None] + variance[None] - 2 * spread, 0))
    ahead = mean[None] - mean[:, None]
    ahead[np.abs(ahead) <= 1e-12 * np.abs(mean).max(initial=0)] = 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        ahead = np.where(between > 0, ahead / between, np.where(ahead > 0, np.inf, 0.0))
        scale = np.where(between > 0, 1 / between, 0.0).astype(np.float32)
    rivals = np.flatnonzero(ahead[:, int(np.argmax(mean))] < _FAR_BEHIND)
    lead = ahead[:, rivals].max(axis=1)
    # One rival alone sets the least, all of them together by Bonferroni the most, that a lead must be to count.
    least, most = student(freedom, 1 - LEVEL), student(freedom, (1 - LEVEL) / len(rivals))
    if freedom < _FEW:
        return np.asarray(lead <= most)
    tied: np.ndarray = lead <= least
    drawn = np.ascontiguousarray(deviation[rivals])
    null = np.empty_like(drawn)
    for s in np.flatnonzero((lead > least) & (lead <= most)):
        np.subtract(drawn, deviation[s], out=null)
        null *= scale[s, rivals, None]
        # So few images span fewer directions than there are rivals: the drawn lead is too small, by this much.
        tied[s] = lead[s] <= (1 + 1 / freedom) * _as_student(_quantile(null.max(axis=0), LEVEL), freedom)
    result: np.ndarray = tied
    return result


def _as_student(point: float, freedom: float) -> float:
    """Return the point of Student's t that is as rare as this one of a normal."""
    from scipy import special

    return float(-special.stdtrit(freedom, special.ndtr(-point)))


def _quantile(values: np.ndarray, level: float) -> float:
    place = min(int(np.ceil(level * len(values))), len(values) - 1)
    return float(np.partition(values, place)[place])
