"""Trade-offs: the price of each metric in another, and which metrics agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.scores.metrics import facts_of
from analysis.scores.model import Scores
from analysis.statistics.pareto import as_gains, best_point


def directions(metrics: Sequence[str]) -> list[bool]:
    """Return for each metric whether higher is better."""
    return [facts_of(metric).higher_is_better for metric in metrics]


def untrained_point(scores: Scores, metrics: Sequence[str], dataset: str) -> np.ndarray:
    """Return for each metric the best of all untrained fusions; NaN where none was measured.

    It is the reference of a hypervolume, which then measures the gain of training over all of them.
    """
    places = [scores.metrics.index(metric) for metric in metrics]
    values = scores.baselines.mean[places, scores.datasets.index(dataset)].T
    return best_point(values, directions(metrics))


def prices(scores: Scores, dataset: str, epoch: int) -> pd.DataFrame:
    """Return a row per ordered pair of metrics: the cost in `other` of the setting that is best for `metric`.

    Against the setting that is best for `other`: `gain` in `metric` and `loss` in `other`, both >= 0, and each as a
    share of its metric's range over settings (NaN for a constant); `setting` and `against` are the two (-1: none).
    `rate`: the median loss in `other` per unit gained in `metric`, from one point of their Pareto front to the next
    (NaN where it is one point); `front`: how many different points it has; `settings`: how many have both numbers.
    """
    gains = _place(scores, dataset, epoch)
    rows = [row for i in range(len(scores.metrics)) for row in _prices_of(gains, i)]
    table = pd.DataFrame(
        rows,
        columns=["metric", "other", "gain", "loss", "gain_share", "loss_share", "setting", "against", "rate", "front",
                 "settings"],
    )  # fmt: skip
    return table.assign(**{name: table[name].map(lambda m: scores.metrics[m]) for name in ("metric", "other")})


def rank_correlation(scores: Scores, dataset: str, epoch: int) -> np.ndarray:
    """Return Spearman's correlation over settings, (metrics, metrics): 1 where two agree on what is better, -1 where
    they conflict; NaN for a constant metric or fewer than two settings with both numbers.
    """
    gains = pd.DataFrame(_place(scores, dataset, epoch))
    correlation: np.ndarray = gains.where(np.isfinite(gains)).corr(method="spearman", min_periods=2).to_numpy()
    return correlation


def _place(scores: Scores, dataset: str, epoch: int) -> np.ndarray:
    """Return (settings, metrics) values of which higher is better."""
    values = scores.trials.mean[:, scores.datasets.index(dataset), scores.epochs.index(epoch)].T
    return as_gains(values, directions(scores.metrics))


def _prices_of(gains: np.ndarray, metric: int) -> list[tuple[float, ...]]:
    """Return the prices of one metric in every other: all their fronts from one ordering of the settings."""
    x = gains[:, metric]
    order = np.flatnonzero(np.isfinite(x))
    order = order[np.argsort(-x[order], kind="stable")]
    levels, starts = np.unique(-x[order], return_index=True)
    others = np.where(np.isfinite(gains[order]), gains[order], -np.inf)
    # The best in each other metric among equals in this one is on the front if it beats all that are better in this.
    tops = np.maximum.reduceat(others, starts, axis=0) if len(starts) else others
    before = np.maximum.accumulate(np.vstack([np.full(gains.shape[1], -np.inf), tops]))[:-1]
    return [
        (metric, other, *_price(x, gains[:, other], -levels[on_front], tops[on_front, other]))
        for other, on_front in enumerate((tops > before).T)
        if other != metric
    ]


def _price(x: np.ndarray, y: np.ndarray, front_x: np.ndarray, front_y: np.ndarray) -> tuple[float, ...]:
    """Return the columns of `prices` from gain on; the front falls in `x` and rises in `y`.

    Its ends are the best for each metric, and of several that tie there the best in the other metric too.
    """
    if not len(front_x):
        return (*[np.nan] * 4, -1, -1, np.nan, 0, 0)
    both = np.isfinite(x) & np.isfinite(y)
    first, last = (np.flatnonzero((x == front_x[end]) & (y == front_y[end]))[0] for end in (0, -1))
    gain, loss = front_x[0] - front_x[-1], front_y[-1] - front_y[0]
    shares = [
        part / whole if whole > 0 else np.nan for part, whole in ((gain, np.ptp(x[both])), (loss, np.ptp(y[both])))
    ]
    rate = np.median(np.diff(front_y) / -np.diff(front_x)) if len(front_x) > 1 else np.nan
    return gain, loss, *shares, first, last, rate, len(front_x), both.sum()
