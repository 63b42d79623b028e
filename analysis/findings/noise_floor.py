"""The noise floor: how far repeats of one setting differ, and the smallest difference that a sweep can resolve."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.scores.model import Scores, Stats, pooled
from analysis.statistics.seed_noise import resolvable

COLUMNS = (
    "metric", "dataset", "epoch", "setting", "mean", "std", "seeds", "resolves_pair", "resolves_sweep",
    "resolves_pair_one_seed", "resolves_sweep_one_seed", "pooled", "freedom", "settings",
)  # fmt: skip


def noise_floor(scores: Scores) -> pd.DataFrame:
    """Return a row per metric, data set, epoch and setting that several seeds ran; no rows if each ran once.

    `mean` and `std` are over the `seeds` of that setting. `pooled` is the standard deviation between seeds from all
    repeated settings at that place, with its degrees of `freedom`. `resolves_pair` is the minimum detectable difference
    (95 %) between two settings of as many seeds each; `resolves_sweep` the same between any two of all `settings` that
    have a number there (NaN where there is one); `..._one_seed` where each is run with one seed. This holds for
    settings with different seeds: if all ran the same ones, common effects of a seed cancel, and Judgement can separate
    smaller differences.
    """
    places = [
        _place(scores.trials[m, d, e], {"metric": metric, "dataset": dataset, "epoch": epoch})
        for m, metric in enumerate(scores.metrics)
        for d, dataset in enumerate(scores.datasets)
        for e, epoch in enumerate(scores.epochs)
    ]
    return pd.DataFrame([row for rows in places for row in rows], columns=list(COLUMNS))


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
