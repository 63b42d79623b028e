"""Scores made of arrays, for numbers that need no results table."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.runs.run import Run
from analysis.scores.metrics import ALL
from analysis.scores.model import Scores, Setting, Stats
from trials.spec.sweep import RankBy

Levels = Mapping[str, Sequence[Hashable]]


def grid(levels: Levels) -> list[dict[str, Hashable]]:
    """Return every combination, the last axis fastest."""
    return [dict(zip(levels, values, strict=True)) for values in product(*levels.values())]


def made(
    settings: Sequence[Mapping[str, Hashable]],
    values: Any,
    *,
    metrics: Sequence[str] = ("Reward",),
    baselines: Any = None,
    training: pd.DataFrame | None = None,
) -> tuple[Run, Scores]:
    """Return a run and its scores; `values` are (metric, epoch, setting) or what broadcasts to it, on one data set.

    Its trials are numbered from 1 and called id1, id2, …; `baselines` are (metric, fusion).
    """
    count, epochs = len(settings), np.atleast_2d(values).shape[-2]
    means = np.broadcast_to(np.asarray(values, dtype=float), (len(metrics), epochs, count))
    fusions = np.full((len(metrics), 3), np.nan) if baselines is None else np.asarray(baselines, dtype=float)
    keys = list(dict.fromkeys(key for setting in settings for key in setting))
    parameters: list[dict[str, Hashable]] = [{key: setting.get(key) for key in keys} for setting in settings]
    axes = {key: tuple(dict.fromkeys(setting[key] for setting in parameters)) for key in keys}
    trials = pd.DataFrame({"id": [f"id{i + 1}" for i in range(count)], "number": range(1, count + 1)})
    nothing = pd.DataFrame({"trial": [], "epoch": [], "name": [], "value": []})
    run = Run(
        Path(), "made", axes, trials, pd.DataFrame(), nothing if training is None else training, pd.DataFrame(),
        pd.DataFrame(), pd.DataFrame(), {}, RankBy(metric=metrics[0]), (),
    )  # fmt: skip
    scores = Scores(
        tuple(metrics), (ALL, "a"), tuple(range(1, epochs + 1)),
        tuple(Setting(one, (i + 1,), "finished") for i, one in enumerate(parameters)),
        _stats(np.stack([means, means], axis=1)), _stats(np.stack([fusions, fusions], axis=1)), metrics[0], epochs, (),
    )  # fmt: skip
    return run, scores


def _stats(means: np.ndarray) -> Stats:
    there = np.isfinite(means).astype(float)
    nothing = np.full(means.shape, np.nan)
    return Stats(means, nothing, 10 * there, there, nothing)
