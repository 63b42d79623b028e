"""The noise floor: how far repeats of one setting differ, and the smallest difference that a sweep can resolve."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from analysis.ranking import Scores, Stats
from analysis.tables import Run

LEVEL = 0.95
COLUMNS = (
    "metric", "dataset", "epoch", "setting", "mean", "std", "seeds", "resolves_pair", "resolves_sweep",
    "resolves_pair_one_seed", "resolves_sweep_one_seed", "pooled", "freedom", "settings",
)  # fmt: skip


def noise_floor(run: Run, scores: Scores) -> pd.DataFrame:
    """Return a row per metric, data set, epoch and setting that several seeds ran; no rows where each ran once.

    `mean` and `std` are over the `seeds` of that setting. `pooled` is the standard deviation between seeds from all
    repeated settings at that place, with its degrees of `freedom`. `resolves_pair` is the least difference between two
    settings of as many seeds each that seeds alone do not explain (95 %); `resolves_sweep` the same between any two of
    all `settings` that have a number there (NaN where there is one); `..._one_seed` where each is run with one seed.
    That is of settings with seeds of their own: where all ran the same ones, what a seed does to all alike cancels, and
    Judgement tells apart what differs by less.
    """
    places = [
        _place(scores.trials[m, d, e], {"metric": metric, "dataset": dataset, "epoch": epoch})
        for m, metric in enumerate(scores.metrics)
        for d, dataset in enumerate(scores.datasets)
        for e, epoch in enumerate(scores.epochs)
    ]
    return pd.DataFrame([row for rows in places for row in rows], columns=list(COLUMNS))


def pooled(stats: Stats) -> tuple[np.ndarray, np.ndarray]:
    """Return the standard deviation between seeds, pooled over the last axis (settings), and its degrees of freedom.

    NaN and 0 where no setting has two seeds with a number.
    """
    freedom = np.where(np.isfinite(stats.spread), np.maximum(stats.seeds - 1, 0), 0)
    squares = np.where(freedom > 0, freedom * np.nan_to_num(stats.spread) ** 2, 0)
    total = freedom.sum(axis=-1)
    with np.errstate(invalid="ignore"):
        return np.sqrt(squares.sum(axis=-1) / total), total


def resolvable(std: float, freedom: float, settings: int, seeds: int = 1) -> float:
    """Return the least difference between any two of `settings`, each the mean of `seeds`, that noise does not explain.

    `std` is that of one seed, estimated with `freedom` degrees of freedom, in this sweep or in another with the same
    training: sweeps/seed_noise.yaml measures it for a grid that has one seed. Two settings: Student's t; more: the
    studentised range (Tukey), at 95 %. NaN for fewer than two.
    """
    if settings < 2 or seeds < 1 or not freedom > 0:
        return float("nan")
    return float(std * _range(settings, float(freedom)) / np.sqrt(seeds))


@lru_cache(maxsize=256)
def _range(settings: int, freedom: float) -> float:
    """Return the 95 % point of the studentised range; half a second each. Of two it is t times the root of 2."""
    from scipy import stats

    if settings == 2:
        return float(stats.t.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(2))
    return float(stats.studentized_range.ppf(LEVEL, settings, freedom))


def _place(stats: Stats, names: dict[str, object]) -> list[dict[str, object]]:
    several = np.flatnonzero((stats.seeds > 1) & np.isfinite(stats.spread))
    if not len(several):
        return []
    std, freedom = map(float, pooled(stats))
    count = int(np.isfinite(stats.mean).sum())
    rows: list[dict[str, object]] = []
    for i in several.tolist():
        seeds = int(stats.seeds[i])
        rows.append({
            **names, "setting": i, "mean": float(stats.mean[i]), "std": float(stats.spread[i]), "seeds": seeds,
            "resolves_pair": resolvable(std, freedom, 2, seeds),
            "resolves_sweep": resolvable(std, freedom, count, seeds),
            "resolves_pair_one_seed": resolvable(std, freedom, 2),
            "resolves_sweep_one_seed": resolvable(std, freedom, count),
            "pooled": std, "freedom": int(freedom), "settings": count,
        })  # fmt: skip
    return rows
