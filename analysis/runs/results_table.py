"""Opens the results table of a run, while it is being written or afterwards, and gives pandas frames."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Hashable, Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.runs.run import Run, in_order
from trials.spec.labels import flat
from trials.spec.sweep import RankBy

# Keys of a trial's config that do not distinguish settings.
_NOT_A_SETTING = ("seed", "data.", "recipe.epochs", "evaluation.per_image")
# Fields that come with the recipe do not count as parameters besides it.
_DECIDING = ("recipe.kind", "recipe.variant")
_REWARD_WEIGHT = "reward.weights."
# Decimals of a weight as shown to a reader: a third is 0.3333.
_DIGITS = 4
SUPERVISED = "supervised"
_OF_COHORT = "trial IN (SELECT id FROM trials WHERE cohort IS ?)"


def read_results(path: Path, connection: sqlite3.Connection) -> Run:
    connection.execute("BEGIN")

    def frame(query: str, *parameters: object) -> pd.DataFrame:
        return pd.read_sql_query(query, connection, params=parameters)

    provenance = frame("SELECT * FROM provenance ORDER BY id")
    provenance["record"] = [json.loads(text or "{}") for text in provenance["record"]]
    record = provenance["record"].iloc[-1] if len(provenance) else {}
    cohort, notes = _newest_cohort(connection, record)
    trials = frame("SELECT * FROM trials WHERE cohort IS ? ORDER BY number", cohort)
    configs = [json.loads(text) for text in trials.pop("config")]
    parameters = [json.loads(text) for text in trials.pop("parameters")]
    by_key = [flat(config) for config in configs]
    axes: dict[str, tuple[Hashable, ...]] = {}
    trials["recipe"] = [str(config.get("recipe.kind", SUPERVISED)) for config in by_key]
    for key in _swept(parameters, by_key):
        values = [_value(key, p, c) for p, c in zip(parameters, by_key, strict=True)]
        trials[key] = pd.Series(values, dtype=object)
        axes[key] = in_order(values)
    resolved = record.get("resolved") or {}
    if "rank_by" not in resolved:
        notes = (
            *notes,
            "The record of this run does not say what it ranks by: Reward, all data sets alike, it is here.",
        )
    return Run(
        path=path,
        name=str(record.get("sweep") or path.resolve().name),
        axes=axes,
        trials=trials,
        metrics=_measured(connection, cohort),
        training=frame(f"SELECT trial, epoch, name, value FROM training WHERE {_OF_COHORT}", cohort),
        baselines=frame("SELECT dataset, fusion, metric, mean, std, n FROM baselines WHERE cohort IS ?", cohort),
        datasets=_in_file_order(
            frame("SELECT dataset, fingerprint, split, pairs, height, width FROM datasets WHERE cohort IS ?", cohort),
            configs[-1] if configs else {},
        ),
        provenance=provenance,
        record=record,
        rank_by=_rank_by(resolved.get("rank_by") or {}),
        notes=notes,
    )


def _measured(connection: sqlite3.Connection, cohort: str | None) -> pd.DataFrame:
    """Return the metrics of a cohort; trial, dataset and metric are categories.

    Millions of rows: the names of a trial's epoch are read as one text, which is the same for nearly all of them.
    """
    rows = f"FROM metrics WHERE {_OF_COHORT} ORDER BY trial, epoch, dataset, metric"
    groups = connection.execute(
        "SELECT trial, epoch, group_concat(dataset || char(31) || metric, char(30)) "
        f"FROM (SELECT trial, epoch, dataset, metric {rows}) GROUP BY trial, epoch ORDER BY trial, epoch", (cohort,)
    ).fetchall()  # fmt: skip
    names = {text: [pair.split("\x1f") for pair in text.split("\x1e")] for text in {text for _, _, text in groups}}
    datasets, metrics = (sorted({pair[k] for pairs in names.values() for pair in pairs}) for k in (0, 1))
    trials = sorted({trial for trial, _, _ in groups})
    counts = [len(names[text]) for _, _, text in groups]
    numbers = np.fromiter(
        chain.from_iterable(connection.execute(f"SELECT mean, std, n {rows}", (cohort,))), float, 3 * sum(counts)
    ).reshape(-1, 3)

    def column(names_of_rows: Iterable[np.ndarray], among: list[str]) -> pd.Categorical:
        return pd.Categorical.from_codes(np.concatenate([*names_of_rows, []]).astype(int), among)

    def each(k: int, among: list[str]) -> pd.Categorical:
        codes = {text: np.array([among.index(pair[k]) for pair in pairs]) for text, pairs in names.items()}
        return column((codes[text] for _, _, text in groups), among)

    place = {trial: i for i, trial in enumerate(trials)}
    return pd.DataFrame({
        "trial": column([np.repeat([place[trial] for trial, _, _ in groups], counts)], trials),
        "epoch": np.repeat(np.array([epoch for _, epoch, _ in groups], dtype=int), counts),
        "dataset": each(0, datasets), "metric": each(1, metrics),
        "mean": numbers[:, 0], "std": numbers[:, 1], "n": numbers[:, 2].astype(int),
    })  # fmt: skip


def _in_file_order(datasets: pd.DataFrame, config: dict[str, Any]) -> pd.DataFrame:
    """Put the data sets in the order in which the sweep file names them."""
    test = config.get("data", {}).get("test") or []
    asked = [entry["name"] if isinstance(entry, dict) else entry for entry in test]
    place = datasets["dataset"].map(lambda name: asked.index(name) if name in asked else len(asked))
    return datasets.iloc[place.argsort(kind="stable")].reset_index(drop=True)


def _newest_cohort(connection: sqlite3.Connection, record: dict[str, Any]) -> tuple[str | None, tuple[str, ...]]:
    rows = connection.execute("SELECT cohort, count(*) FROM trials GROUP BY cohort ORDER BY max(number)").fetchall()
    if not rows:
        return None, ()
    counts = dict(rows)
    newest = record.get("cohort") if record.get("cohort") in counts else rows[-1][0]
    others = sum(count for cohort, count in counts.items() if cohort != newest)
    if not others:
        return newest, ()
    return newest, (
        f"{others} trials of this table were measured on other data or by another version of the numbers; "
        "they cannot be compared with these and are left out.",
    )


def _swept(parameters: list[dict[str, Any]], configs: list[dict[str, Any]]) -> list[str]:
    """Return the swept keys, then those that differ between trials after an edit of the sweep file."""
    swept = list(dict.fromkeys(key for row in parameters for key in row))
    every = dict.fromkeys(key for row in configs for key in row if not key.startswith(_NOT_A_SETTING))
    alike: dict[tuple[Hashable, ...], list[dict[str, Any]]] = {}
    for row in configs:
        alike.setdefault(tuple(row.get(key) for key in _DECIDING if key in swept), []).append(row)
    edited = (
        key for key in every
        if key not in swept and any(len({_hashable(row.get(key)) for row in rows}) > 1 for rows in alike.values())
    )  # fmt: skip
    return [*swept, *edited]


def _value(key: str, parameters: dict[str, Any], config: dict[str, Any]) -> Hashable:
    """Return a trial's value of a swept key; a metric that its reward does not name has 0, thirds are rounded."""
    value = _hashable(config.get(key, parameters.get(key)))
    if not key.startswith(_REWARD_WEIGHT):
        return value
    return round(value, _DIGITS) if isinstance(value, float) else 0.0 if value is None else value


def _hashable(value: Any) -> Hashable:
    return json.dumps(value) if isinstance(value, list | dict) else value


def _rank_by(values: dict[str, Any]) -> RankBy:
    return RankBy(
        metric=values.get("metric") or "Reward",
        dataset_weights=values.get("dataset_weights") or {},
        epoch=values.get("epoch"),
    )
