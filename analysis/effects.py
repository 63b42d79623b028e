"""Does a metric's weight raise that metric? Rank correlations of weights with metrics over the settings of a sweep."""

from __future__ import annotations

import math
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
    """Return the swept weights of rewards and losses that are numbers and vary."""
    return tuple(
        key for key, values in run.axes.items()
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
    return table[list(COLUMNS)]


def _effects(run: Run, scores: Scores, weights: tuple[str, ...]) -> Effects:
    sign = np.array([1.0 if facts_of(name).higher_is_better else -1.0 for name in scores.metrics])
    gains = scores.trials.mean * sign[:, None, None, None]
    shape = gains.shape[:3]
    columns = gains.reshape(-1, gains.shape[3]).T
    rewarded = learns_from_reward(run, scores)
    found = {name: np.full((len(weights), columns.shape[1]), np.nan) for name in ("spearman", "low", "high")}
    count = np.zeros((len(weights), columns.shape[1]), dtype=int)
    how = "bootstrap"
    for w, key in enumerate(weights):
        counted = rewarded if key.startswith(REWARD) and rewarded.any() else np.ones(len(rewarded), dtype=bool)
        values = np.array([float(str(setting.parameters[key])) for setting in scores.settings])
        there = np.isfinite(columns) & counted[:, None]
        masks, mask_of = np.unique(there, axis=1, return_inverse=True)
        for number, mask in enumerate(masks.T):
            some = np.flatnonzero(mask_of.reshape(-1) == number)
            count[w, some] = mask.sum()
            known = some[varies(columns[np.ix_(mask, some)])] if mask.any() else some[:0]
            if len(known) and varies(values[mask, None]).all():
                if mask.sum() > MANY:
                    how = "Bonett and Wright"
                parts = _correlated(values[mask], columns[np.ix_(mask, known)])
                for name, part in zip(("spearman", "low", "high"), parts, strict=True):
                    found[name][w, known] = part
    full = {name: array.reshape(len(weights), *shape) for name, array in found.items()}
    return Effects(weights, full["spearman"], full["low"], full["high"], count.reshape(len(weights), *shape), how)


def _correlated(values: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return Spearman's correlation of (settings,) with each of (settings, columns), and its interval."""
    settings = len(values)
    ones = np.ones((1, settings), dtype=np.float32)
    rho = np.array([_correlation(_ranks(values, ones), _ranks(column, ones), ones)[0] for column in columns.T])
    nothing = np.full(len(rho), np.nan)
    if settings < LEAST:
        return rho, nothing, nothing
    if settings > MANY:
        with np.errstate(divide="ignore"):
            half = _NORMAL * np.sqrt((1 + rho**2 / 2) / (settings - 3))
            return rho, np.tanh(np.arctanh(rho) - half), np.tanh(np.arctanh(rho) + half)
    rng = np.random.default_rng((4, settings))
    drawn = rng.multinomial(settings, np.full(settings, 1 / settings), DRAWS).astype(np.float32)
    own = _ranks(values, drawn)
    ends = [np.nanquantile(_correlation(own, _ranks(column, drawn), drawn), ((1 - _LEVEL) / 2, (1 + _LEVEL) / 2))
            for column in columns.T]  # fmt: skip
    low, high = np.array(ends).T
    return rho, low, high


def _ranks(values: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return (draws, settings): each value's rank in resamples that hold it `drawn` (draws, settings) times; ties share
    their mean rank, as Spearman's correlation has it."""
    levels, level = np.unique(values, return_inverse=True)
    within = np.zeros((len(drawn), len(levels)), dtype=np.float32)
    order = np.argsort(level, kind="stable")
    starts = np.searchsorted(level[order], np.arange(len(levels)))
    np.add.reduceat(drawn[:, order], starts, axis=1, out=within)
    return np.asarray((np.cumsum(within, axis=1) - within / 2)[:, level])


def _correlation(a: np.ndarray, b: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return the correlation of two (draws, settings) of ranks, each setting counted as often as it was drawn."""
    total = drawn.sum(axis=1, keepdims=True)
    a, b = (one - (one * drawn).sum(axis=1, keepdims=True) / total for one in (a, b))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (a * b * drawn).sum(axis=1) / np.sqrt((a * a * drawn).sum(axis=1) * (b * b * drawn).sum(axis=1))
    return np.where(np.isfinite(found), np.clip(found, -1, 1), math.nan)
