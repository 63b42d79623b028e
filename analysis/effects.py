"""Does a metric's weight raise that metric? Rank correlations of weights with metrics over the settings of a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from analysis.anova import varies
from analysis.names import LOSS, REWARD, is_number
from analysis.ranking import Scores, facts_of
from analysis.starts import learns_from_reward
from analysis.tables import Run
from analysis.training import logged

COLUMNS = ("weight", "metric", "dataset", "epoch", "spearman", "low", "high", "settings", "interval", "own")
DRAWS = 599
# Of more settings than this the interval is Bonett and Wright's (2000), which needs no resamples.
MANY = 600
# Fewer settings than this have no interval.
LEAST = 5
_LEVEL, _NORMAL = 0.95, 1.959964
_KNOWN: WeakKeyDictionary[Scores, Effects] = WeakKeyDictionary()


@dataclass(frozen=True)
class Effects:
    """`spearman`, `low`, `high`, `settings` are (weight, metric, data set, epoch); `how`: what gave the intervals."""

    weights: tuple[str, ...]
    spearman: np.ndarray
    low: np.ndarray
    high: np.ndarray
    settings: np.ndarray
    how: str


def weights_in(run: Run) -> tuple[str, ...]:
    """Return the swept weights of rewards and losses that are numbers and vary; some settings may have none of one."""
    numbers = {key: [value for value in values if value is not None] for key, values in run.axes.items()}
    return tuple(
        key for key, values in numbers.items()
        if key.startswith((REWARD, LOSS)) and len(values) > 1 and all(map(is_number, values))
    )  # fmt: skip


def own_metric(weight: str) -> str:
    """Return the metric that a reward weight is the weight of; empty for a weight of the loss."""
    return weight.removeprefix(REWARD) if weight.startswith(REWARD) else ""


def effects(run: Run, scores: Scores) -> Effects | None:
    """Correlate every weight with every metric: > 0, the higher the weight the better the metric, whatever its
    direction. A 95 % bootstrap interval over settings, each the mean of its seeds; None where no weight varies.

    A reward weight counts where a reward is learnt from. NaN: a constant, or too few settings.
    """
    weights = weights_in(run)
    if not weights or not scores.metrics:
        return None
    if scores not in _KNOWN:
        _KNOWN[scores] = _effects(run, scores, weights)
    return _KNOWN[scores]


def effect_table(run: Run, scores: Scores) -> pd.DataFrame:
    """Return the same as a tidy table; `own`: the metric is the one that the weight is of."""
    found = effects(run, scores)
    if found is None:
        return pd.DataFrame(columns=list(COLUMNS))
    places = product(found.weights, scores.metrics, scores.datasets, scores.epochs)
    table = pd.DataFrame(places, columns=list(COLUMNS[:4]))
    for name in ("spearman", "low", "high", "settings"):
        table[name] = getattr(found, name).reshape(-1)
    table["interval"] = np.where(table["low"].notna(), found.how, "")
    table["own"] = [
        own_metric(weight) == metric for weight, metric in zip(table["weight"], table["metric"], strict=True)
    ]
    return pd.concat([table[list(COLUMNS)], _own_rows(run, scores)], ignore_index=True)


def _own_rows(run: Run, scores: Scores) -> pd.DataFrame:
    """Return the rows of each weight and its own metric as rewarded, over all test sets."""
    rows = [
        (key, f"{own_metric(key)} as rewarded", "all", scores.epoch, *values, len(scores.settings), "bootstrap", True)
        for key, values in own_effects(run, scores).items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def own_effects(run: Run, scores: Scores) -> dict[str, tuple[float, float, float]]:
    """Return correlation and 95 % interval of each reward weight with its own metric as the reward sees it.

    That is the metric on the test sets with its sources joined by `reward.aggregate`, which trials log as
    `rewarded_<METRIC>`, at the epoch that ranks; weights of which none is logged are left out.
    """
    rows = logged(run, scores)
    rows = rows[rows["epoch"] == scores.epoch]
    found = {}
    for key in weights_in(run):
        of_setting = rows[rows["name"] == f"rewarded_{own_metric(key)}"].groupby("setting")["value"].mean().dropna()
        if own_metric(key) and len(of_setting):
            weights = _numbers(scores, key)[of_setting.index.to_numpy(dtype=int)]
            of_setting, weights = of_setting[np.isfinite(weights)], weights[np.isfinite(weights)]
            better = of_setting.to_numpy() * (1.0 if facts_of(own_metric(key)).higher_is_better else -1.0)
            if len(weights) and varies(weights[:, None])[0] and varies(better[:, None])[0]:
                rho, low, high = _correlated(weights[None], better[None])[:, 0, 0]
                found[key] = (float(rho), float(low), float(high))
    return found


def _effects(run: Run, scores: Scores, weights: tuple[str, ...]) -> Effects:
    sign = np.array([1.0 if facts_of(name).higher_is_better else -1.0 for name in scores.metrics])
    gains = scores.trials.mean * sign[:, None, None, None]
    shape = gains.shape[:3]
    columns = gains.reshape(-1, gains.shape[3]).T
    rewarded = learns_from_reward(run, scores)
    found = np.full((3, len(weights), columns.shape[1]), np.nan)
    count = np.zeros((len(weights), columns.shape[1]), dtype=int)
    every = np.array([_numbers(scores, key) for key in weights])
    counted = np.isfinite(every)
    counted[[key.startswith(REWARD) and bool(rewarded.any()) for key in weights]] &= rewarded
    # Weights that the same settings have are correlated at once.
    kinds, kind_of = np.unique(counted, axis=0, return_inverse=True)
    for kind, having in enumerate(kinds):
        some = np.flatnonzero(kind_of.reshape(-1) == kind)
        values = every[some]
        there = np.isfinite(columns) & having[:, None]
        masks, mask_of = np.unique(there, axis=1, return_inverse=True)
        for number, mask in enumerate(masks.T):
            same = np.flatnonzero(mask_of.reshape(-1) == number)
            count[np.ix_(some, same)] = mask.sum()
            if not mask.any():
                continue
            moving = varies(values[:, mask].T)
            known = same[varies(columns[np.ix_(mask, same)])]
            if moving.any() and len(known):
                place = np.ix_(range(3), some[moving], known)
                found[place] = _correlated(values[np.ix_(moving, mask)], columns[np.ix_(mask, known)].T)
    how = "Bonett and Wright" if count.max(initial=0) > MANY else "bootstrap"
    spearman, low, high = found.reshape(3, len(weights), *shape)
    return Effects(weights, spearman, low, high, count.reshape(len(weights), *shape), how)


def _numbers(scores: Scores, key: str) -> np.ndarray:
    """Return a weight of every setting, NaN where a setting has none."""
    values = (setting.parameters[key] for setting in scores.settings)
    return np.array([np.nan if value is None else float(str(value)) for value in values])


def _correlated(weights: np.ndarray, metrics: np.ndarray) -> np.ndarray:
    """Return (3, weights, metrics): correlations of (weights, settings) with (metrics, settings), their ends."""
    settings = weights.shape[1]
    rho = _spearman(weights, metrics, np.ones((1, settings), dtype=np.float32))[0]
    if settings < LEAST:
        return np.stack([rho, np.full_like(rho, np.nan), np.full_like(rho, np.nan)])
    if settings > MANY:
        with np.errstate(divide="ignore"):
            half = _NORMAL * np.sqrt((1 + rho**2 / 2) / (settings - 3))
            return np.stack([rho, np.tanh(np.arctanh(rho) - half), np.tanh(np.arctanh(rho) + half)])
    drawn = np.random.default_rng((4, settings)).multinomial(settings, np.full(settings, 1 / settings), DRAWS)
    resampled = _spearman(weights, metrics, drawn.astype(np.float32))
    return np.stack([rho, *np.nanquantile(resampled, ((1 - _LEVEL) / 2, (1 + _LEVEL) / 2), axis=0)])


def _spearman(weights: np.ndarray, metrics: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return (draws, weights, metrics): correlations in resamples that hold settings `drawn` (draws, settings) times.

    NaN where a resample holds one value alone.
    """
    total = drawn.sum(axis=1)
    counted, spread = [], []
    for values in weights:
        ranks = _ranks(values, drawn)
        ranks -= ((ranks * drawn).sum(axis=1) / total)[:, None]
        counted.append(ranks * drawn)
        spread.append((ranks * counted[-1]).sum(axis=1))
    found = np.empty((len(drawn), len(weights), len(metrics)))
    for m, values in enumerate(metrics):
        ranks = _ranks(values, drawn)
        own = np.einsum("ds,ds,ds->d", ranks, ranks, drawn) - np.einsum("ds,ds->d", ranks, drawn) ** 2 / total
        for w in range(len(weights)):
            with np.errstate(invalid="ignore", divide="ignore"):
                found[:, w, m] = np.einsum("ds,ds->d", counted[w], ranks) / np.sqrt(spread[w] * own)
    return np.where(np.isfinite(found), np.clip(found, -1, 1), np.nan)


def _ranks(values: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return (draws, settings): each value's rank in its resample, less half a rank; ties share their mean rank."""
    levels, level = np.unique(values, return_inverse=True)
    order = np.argsort(level, kind="stable")
    within = drawn[:, order]
    if len(levels) < len(values):
        within = np.add.reduceat(within, np.searchsorted(level[order], np.arange(len(levels))), axis=1)
    return np.asarray((np.cumsum(within, axis=1) - within / 2)[:, level])
