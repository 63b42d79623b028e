"""Does a metric's weight raise that metric? Rank correlations of weights with metrics over the settings of a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from analysis.formatting import is_number
from analysis.runs.run import Run
from analysis.scores.labels import LOSS
from analysis.scores.metrics import facts_of
from analysis.scores.model import Scores
from analysis.scores.starts import learns_from_reward
from analysis.scores.training_log import logged
from analysis.statistics.anova import varies
from analysis.statistics.correlation import MANY, correlated
from trials.spec.labels import REWARD

COLUMNS = ("weight", "metric", "dataset", "epoch", "spearman", "low", "high", "settings", "interval", "own")


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
    """Return the swept weights of rewards and losses that are numbers and vary; some settings may lack one."""
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
    direction. A 95 % bootstrap interval over settings, each the mean of its seeds; None if no weight varies.

    A reward weight counts for settings that learn from a reward. NaN: a constant, or too few settings.
    """
    weights = weights_in(run)
    if not weights or not scores.metrics:
        return None
    return _effects(run, scores, weights)


def effect_table(
    scores: Scores, found: Effects | None, as_rewarded: dict[str, tuple[float, float, float]]
) -> pd.DataFrame:
    """Return `effects` and `own_effects` as a tidy table; `own`: the metric is the one that the weight is of."""
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
    return pd.concat([table[list(COLUMNS)], _own_rows(scores, as_rewarded)], ignore_index=True)


def _own_rows(scores: Scores, as_rewarded: dict[str, tuple[float, float, float]]) -> pd.DataFrame:
    """Return the rows of each weight and its own metric as rewarded, over all test sets."""
    rows = [
        (key, f"{own_metric(key)} as rewarded", "all", scores.epoch, *values, len(scores.settings), "bootstrap", True)
        for key, values in as_rewarded.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def own_effects(run: Run, scores: Scores) -> dict[str, tuple[float, float, float]]:
    """Return correlation and 95 % interval of each reward weight with its own metric as the reward computes it.

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
            better = of_setting.to_numpy() * facts_of(own_metric(key)).sign
            if len(weights) and varies(weights[:, None])[0] and varies(better[:, None])[0]:
                rho, low, high = correlated(weights[None], better[None])[:, 0, 0]
                found[key] = (float(rho), float(low), float(high))
    return found


def _effects(run: Run, scores: Scores, weights: tuple[str, ...]) -> Effects:
    sign = np.array([facts_of(name).sign for name in scores.metrics])
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
                found[place] = correlated(values[np.ix_(moving, mask)], columns[np.ix_(mask, known)].T)
    how = "Bonett and Wright" if count.max(initial=0) > MANY else "bootstrap"
    spearman, low, high = found.reshape(3, len(weights), *shape)
    return Effects(weights, spearman, low, high, count.reshape(len(weights), *shape), how)


def _numbers(scores: Scores, key: str) -> np.ndarray:
    """Return a weight of every setting, NaN where a setting has none."""
    values = (setting.parameters[key] for setting in scores.settings)
    return np.array([np.nan if value is None else float(str(value)) for value in values])
