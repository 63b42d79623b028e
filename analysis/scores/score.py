"""Every metric of every setting at every epoch, and what ranks first. A setting is one combination of swept values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.runs.run import Run
from analysis.scores.metrics import ALL, KNOWN, SCORE, SCORE_PARTS, START
from analysis.scores.model import Scores, Setting, Stats
from fusion_core.errors import FusionError
from fusion_core.metrics.facts import BASELINES


def score(run: Run, like: Scores | None = None) -> Scores:
    """Average each setting over its seeds and each metric over the data sets, by the sweep's own weights.

    `like`: at the metrics, data sets and epochs of these scores, and ranked as they are.
    """
    metrics, datasets, epochs = _labels(run, like)
    settings, setting_of = _settings(run)
    weights = dataset_weights(run.rank_by.dataset_weights, datasets)

    rows = run.metrics.assign(setting=_indices(run.metrics["trial"], setting_of))
    trials = _stats(rows, {"metric": metrics, "dataset": datasets, "epoch": epochs, "setting": range(len(settings))})
    baselines = _stats(run.baselines, {"metric": metrics, "dataset": datasets, "fusion": tuple(BASELINES)})
    start_ids = start_ids_of(run.baselines)
    fusions = tuple(f"{START}{one}" for one in start_ids)
    starts = _stats(run.baselines, {"metric": metrics, "dataset": datasets, "fusion": fusions})
    trials, baselines, starts = (_with_mean(stats, weights) for stats in (trials, baselines, starts))
    if set(SCORE_PARTS) <= set(metrics):
        trials, baselines, starts = (_with_score(stats, metrics) for stats in (trials, baselines, starts))
        metrics = (*metrics, SCORE)
    if trials.seeds.max(initial=0) > 1:
        trials = replace(trials, spread=_between_seeds(rows, metrics, datasets, epochs, weights, len(settings)))
    metric, epoch, notes = (
        _defaults(run, metrics, datasets, epochs, trials) if like is None else (like.metric, like.epoch, ())
    )
    return Scores(
        metrics, (ALL, *datasets), epochs, settings, trials, baselines, metric, epoch, notes, start_ids,
        starts if start_ids else None,
    )  # fmt: skip


def _labels(run: Run, like: Scores | None) -> tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...]]:
    """Return the metrics, data sets and epochs with numbers, without means over data sets or metrics."""
    if like is not None:
        return tuple(name for name in like.metrics if name != SCORE), like.datasets[1:], like.epochs
    measured, reported = set(run.metrics["metric"].unique()), set(run.metrics["dataset"].unique())
    datasets = tuple(dict.fromkeys(name for name in [*run.datasets["dataset"], *sorted(reported)] if name in reported))
    if ALL in datasets:
        raise FusionError(f"{run.path}: a data set cannot be called {ALL!r}, which is the mean over all. Rename it.")
    epochs = tuple(int(epoch) for epoch in np.unique(run.metrics["epoch"]))
    return tuple(name for name in KNOWN if name in measured), datasets, epochs


def start_ids_of(baselines: pd.DataFrame) -> tuple[str, ...]:
    """Return the ids of the starts that were measured, in their order."""
    fusions = sorted(set(baselines["fusion"])) if len(baselines) else []
    return tuple(name.removeprefix(START) for name in fusions if name.startswith(START))


def dataset_weights(weights: Mapping[str, float], datasets: tuple[str, ...]) -> np.ndarray:
    """Return a weight per data set: all alike where none is given, 0 for one that is not named."""
    return np.array([weights.get(name, 0.0) if weights else 1.0 for name in datasets], dtype=float)


def _settings(run: Run) -> tuple[tuple[Setting, ...], dict[str, int]]:
    keys = list(run.axes)
    groups: dict[tuple[Hashable, ...], list[int]] = {}
    for i, values in enumerate(
        zip(*(run.trials[key] for key in keys), strict=True) if keys else [()] * len(run.trials)
    ):
        groups.setdefault(tuple(values), []).append(i)
    ids, numbers, states = (run.trials[name].tolist() for name in ("id", "number", "status"))
    settings: list[Setting] = []
    setting_of: dict[str, int] = {}
    for index, (values, rows) in enumerate(groups.items()):
        setting_of.update((ids[i], index) for i in rows)
        counts = Counter(states[i] for i in rows).most_common()
        status = counts[0][0] if len(counts) == 1 else ", ".join(f"{n} {name}" for name, n in counts)
        settings.append(Setting(dict(zip(keys, values, strict=True)), tuple(numbers[i] for i in rows), status))
    return tuple(settings), setting_of


def _stats(rows: pd.DataFrame, labels: Mapping[str, Any]) -> Stats:
    """Lay long rows out as one array; several rows of one place are seeds. NaN stays NaN."""
    shape = tuple(len(values) for values in labels.values())
    places = [_indices(rows[name], {value: i for i, value in enumerate(values)}) for name, values in labels.items()]
    known = np.all([place >= 0 for place in places], axis=0)
    index = np.ravel_multi_index([place[known] for place in places], shape) if known.any() else np.zeros(0, int)
    mean, std = (rows[name].to_numpy(dtype=float, na_value=np.nan)[known] for name in ("mean", "std"))
    n = np.zeros(int(np.prod(shape)))
    np.maximum.at(n, index, rows["n"].to_numpy(dtype=float, na_value=0)[known])

    def total(values: np.ndarray | None = None) -> np.ndarray:
        return np.bincount(index, values, len(n))

    with np.errstate(invalid="ignore", divide="ignore"):
        seeds = total().astype(float)
        average = total(mean) / seeds
        spread = np.sqrt(total((mean - average[index]) ** 2) / (seeds - 1))
        found = (average, np.sqrt(total(std**2) / seeds), n, seeds, spread)
    return Stats(*(values.reshape(shape) for values in found))


def _indices(values: pd.Series, places: Mapping[Any, int]) -> np.ndarray:
    """Return the place of each value, -1 where it has none; a column of categories is looked up by category."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        of = np.array([*(places.get(name, -1) for name in values.cat.categories), -1], dtype=int)
        return np.asarray(of[values.cat.codes])
    positions: np.ndarray = pd.Index(list(places)).get_indexer(pd.Index(values))
    return positions


def _with_mean(stats: Stats, weights: np.ndarray) -> Stats:
    """Put the weighted mean over data sets first; the weights are renormalised over those that reported."""
    there = stats.seeds > 0
    weight = weights.reshape(1, -1, *[1] * (stats.mean.ndim - 2)) * there
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = weight / weight.sum(axis=1, keepdims=True)

    def total(values: np.ndarray) -> np.ndarray:
        total: np.ndarray = np.where(weight > 0, weight * values, np.where(np.isnan(weight), np.nan, 0.0)).sum(
            axis=1, keepdims=True
        )
        return total

    means = Stats(
        mean=total(stats.mean),
        std=np.sqrt(total(stats.std**2)),
        n=np.where(weight > 0, stats.n, 0).sum(axis=1, keepdims=True),
        seeds=stats.seeds.max(axis=1, keepdims=True, initial=0),
        spread=np.sqrt(total(stats.spread**2)),
    )
    return Stats(*(np.concatenate([getattr(means, f), getattr(stats, f)], axis=1) for f in Stats.__dataclass_fields__))


def _between_seeds(
    rows: pd.DataFrame,
    metrics: tuple[str, ...],
    datasets: tuple[str, ...],
    epochs: tuple[int, ...],
    weights: np.ndarray,
    settings: int,
) -> np.ndarray:
    """Return the standard deviation between seeds (metric, data set, epoch, setting).

    From each trial's own weighted mean and score: the data sets of one trial are correlated, so theirs do not give it.
    """
    names, trial = np.unique(rows["trial"].astype(str), return_inverse=True)
    owner = np.zeros(len(names), dtype=int)
    owner[trial] = rows["setting"]
    labels = {"metric": metrics, "dataset": datasets, "epoch": epochs, "one": range(len(names))}
    each = _with_mean(_stats(rows.assign(one=trial), labels), weights)
    if SCORE in metrics:
        each = _with_score(each[:-1], metrics)
    there, value = each.seeds > 0, np.where(each.seeds > 0, each.mean, 0.0)
    count, total, squares = (np.zeros((*value.shape[:-1], settings)) for _ in range(3))
    place: Any = (..., owner)
    with np.errstate(invalid="ignore", divide="ignore"):
        np.add.at(count, place, there)
        np.add.at(total, place, value)
        np.add.at(squares, place, np.where(there, (value - (total / count)[place]) ** 2, 0.0))
        spread: np.ndarray = np.sqrt(squares / (count - 1))
    return spread


def _with_score(stats: Stats, metrics: tuple[str, ...]) -> Stats:
    """Append the reference's score; it is linear, so the means give it exactly, but not its spread."""
    parts = [stats[metrics.index(name)] for name in SCORE_PARTS]
    mean = sum(weight * part.mean for weight, part in zip(SCORE_PARTS.values(), parts, strict=True)) / 4
    nothing = np.full_like(parts[0].mean, np.nan)
    row = Stats(np.asarray(mean), nothing, parts[0].n, parts[0].seeds, nothing)
    return Stats(*(np.concatenate([getattr(stats, f), getattr(row, f)[None]]) for f in Stats.__dataclass_fields__))


def _defaults(
    run: Run, metrics: tuple[str, ...], datasets: tuple[str, ...], epochs: tuple[int, ...], trials: Stats
) -> tuple[str, int, tuple[str, ...]]:
    """Return the metric and epoch that the sweep ranks by, or the nearest available one, and a note."""
    notes = list(run.notes)
    metric, epoch = run.rank_by.metric, run.rank_by.epoch
    if metrics and metric not in metrics:
        notes.append(f"No trial has reported {metric}, which this sweep ranks by; the page opens on {metrics[0]}.")
        metric = metrics[0]
    if epochs and epoch not in epochs:
        if epoch is not None:
            notes.append(
                f"No trial has reached epoch {epoch}, which this sweep ranks by; the page opens on {epochs[-1]}."
            )
        epoch = epochs[-1]
    if metrics and not run.baselines["fusion"].isin(tuple(BASELINES)).any():
        notes.append("The baselines (a copy of either source, their average) were not measured.")
    if unknown := sorted(set(run.metrics["metric"].unique()) - set(KNOWN)):
        notes.append(f"Left out, because their direction (higher or lower is better) is unknown: {', '.join(unknown)}.")
    weights = run.rank_by.dataset_weights
    if outside := [name for name in datasets if weights and not weights.get(name)]:
        notes.append(f"Not part of the weighted mean, because the sweep gives no weight: {', '.join(outside)}.")
    if _some_lack_a_data_set(trials.seeds[:, 1:] > 0):
        notes.append("Some trials lack a data set that others have; their weighted mean is over those they have.")
    return metric, epoch or 0, tuple(notes)


def _some_lack_a_data_set(there: np.ndarray) -> bool:
    """Return whether a setting reported a metric on some of the data sets only, though others did on all of them."""
    measured_on_all = np.all(np.any(there, axis=(2, 3)), axis=1)
    partly = np.any(there, axis=1) & ~np.all(there, axis=1)
    return bool(np.any(partly[measured_on_all]))
