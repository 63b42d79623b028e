"""Cost and metrics of swept models: a row per model, each metric of its best setting at every epoch."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.formatting import text
from analysis.runs.run import Run
from analysis.scores.metrics import facts_of
from analysis.scores.model import Scores
from analysis.scores.training_log import COSTS_OF_MODEL, logged
from trials.spec.labels import short_names

SECTIONS = ("policy.", "kernel.")
SECONDS = "training_seconds"
# SSIM_std is a metric.
SPREAD = "_seed_std"


@dataclass(frozen=True)
class ModelSizes:
    """`models` has a row per model: `model` (its name), its swept fields by their keys, parameters, GFLOP of one pair
    (forward; with backward), ms for 16 pairs, the standard deviation of those between workers, and `trials` measured.

    `seconds` and `seconds_std` (epoch, model): training up to an epoch, mean and standard deviation between trials.
    `best` (metric, data set, epoch, model): the model's best setting there, -1 for none; `mean`, `std` (between seeds),
    `seeds` are of that setting.
    """

    keys: tuple[str, ...]
    models: pd.DataFrame
    members: tuple[tuple[int, ...], ...]
    seconds: np.ndarray
    seconds_std: np.ndarray
    best: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    seeds: np.ndarray
    measured: str


def model_sizes(run: Run, scores: Scores) -> ModelSizes | None:
    """Return cost and metrics of the models of a sweep, by rising parameters; None if none was measured."""
    keys = tuple(key for key in run.axes if key.startswith(SECTIONS))
    if not keys or not run.training["name"].isin(COSTS_OF_MODEL).any():
        return None
    rows = logged(run, scores)
    cost = rows[rows["name"].isin(COSTS_OF_MODEL) & rows["setting"].notna()]
    if not len(cost):
        return None
    groups: dict[tuple[Hashable, ...], list[int]] = {}
    for i, setting in enumerate(scores.settings):
        groups.setdefault(tuple(setting.parameters[key] for key in keys), []).append(i)
    names = short_names(list(run.axes))
    model_of = {i: g for g, group in enumerate(groups.values()) for i in group}
    models = _costs(cost.assign(model=cost["setting"].map(model_of)), len(groups))
    models.insert(
        0, "model", [", ".join(f"{names[k]} {text(v)}" for k, v in zip(keys, g, strict=True)) for g in groups]
    )
    for k, key in enumerate(keys):
        models.insert(1 + k, key, pd.Series([values[k] for values in groups], dtype=object))
    order = models.sort_values(["parameters", "gflop"], kind="stable", na_position="last").index.to_numpy()
    members = tuple(tuple(list(groups.values())[g]) for g in order)
    place = {i: m for m, group in enumerate(members) for i in group}
    seconds, seconds_std = _seconds(rows.assign(model=rows["setting"].map(place)), scores.epochs, len(members))
    return ModelSizes(
        keys, models.loc[order].reset_index(drop=True), members, seconds, seconds_std, *_best(scores, members),
        _measured_on(run, set(cost["trial"])),
    )  # fmt: skip


def model_table(scores: Scores, found: ModelSizes | None) -> pd.DataFrame:
    """Return a row per model, data set and epoch: cost, training seconds up to there, each metric and its spread."""
    if found is None:
        return pd.DataFrame()
    tables = []
    for d, dataset in enumerate(scores.datasets):
        for e, epoch in enumerate(scores.epochs):
            table = found.models.assign(
                dataset=dataset, epoch=epoch,
                training_seconds=found.seconds[e], training_seconds_std=found.seconds_std[e],
                seeds=found.seeds[:, d, e].max(axis=0, initial=0).astype(int), measured_on=found.measured,
            )  # fmt: skip
            for m, metric in enumerate(scores.metrics):
                table[metric], table[f"{metric}{SPREAD}"] = found.mean[m, d, e], found.std[m, d, e]
            tables.append(table)
    # The mean over a single data set is that data set.
    return pd.concat(tables[len(scores.epochs) if len(scores.datasets) == 2 else 0 :], ignore_index=True)


def _costs(cost: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the numbers of each model over its trials; of a continued trial, those of its last epoch."""
    newest = cost.sort_values("epoch", kind="stable").drop_duplicates(["trial", "name"], keep="last")
    # A worker measures once for all its trials of a model.
    apart = newest[newest["name"] == "inference_ms_16"].drop_duplicates(["model", "value"])
    mean = newest.groupby(["name", "model"])["value"].mean().unstack("name")
    models = pd.DataFrame({name: mean.get(logged_as) for logged_as, name in COSTS_OF_MODEL.items()})
    models["inference_ms_16_std"] = apart.groupby("model")["value"].std()
    models["trials"] = newest.groupby("model")["trial"].nunique()
    models = models.reindex(range(count))
    return models.assign(trials=models["trials"].fillna(0).astype(int))


def _seconds(rows: pd.DataFrame, epochs: tuple[int, ...], count: int) -> tuple[np.ndarray, np.ndarray]:
    own = rows[rows["name"] == SECONDS].sort_values("epoch", kind="stable")
    own = own.assign(total=own.groupby("trial")["value"].cumsum())
    values = own.groupby(["epoch", "model"])["total"]
    mean, std = (
        table.unstack("model").reindex(index=list(epochs), columns=range(count)).to_numpy(dtype=float)
        for table in (values.mean(), values.std())
    )
    return mean, std


def _best(
    scores: Scores, members: tuple[tuple[int, ...], ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the best setting of each model at every place, its mean, deviation between seeds and number of seeds."""
    signs = np.array([facts_of(metric).sign for metric in scores.metrics])
    values = signs[:, None, None, None] * scores.trials.mean
    ranked = np.where(np.isfinite(values), values, -np.inf)
    best = np.stack([np.array(own)[ranked[..., own].argmax(axis=-1)] for own in map(list, members)], axis=-1)
    there = np.take_along_axis(ranked, best, axis=-1) > -np.inf
    mean, std, seeds = (
        np.take_along_axis(part, best, axis=-1)
        for part in (scores.trials.mean, scores.trials.spread, scores.trials.seeds)
    )
    return (
        np.where(there, best, -1), np.where(there, mean, np.nan), np.where(there, std, np.nan),
        np.where(there, seeds, 0),
    )  # fmt: skip


def _measured_on(run: Run, trials: set[str]) -> str:
    """Return the device of the measured times, and the size of the pairs."""
    devices = sorted(set(run.trials.loc[run.trials["id"].isin(trials), "device"].dropna()))
    machine = ", ".join(
        str(part) for part in (run.record.get("platform"), _cores(run.record.get("cpus"))) if part is not None
    )
    said = [f"one thread of {machine}" if device == "cpu" and machine else device for device in devices]
    sets = run.datasets[~run.datasets["dataset"].str.startswith("train:")]
    size = f", pairs of {sets['height'].iloc[0]}x{sets['width'].iloc[0]}" if len(sets) else ""
    return f"{' and '.join(said) or 'a device that was not recorded'}{size}"


def _cores(count: int | None) -> str | None:
    return None if count is None else f"{count} core{'s' * (count != 1)}"
