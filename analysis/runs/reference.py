"""Reads a run folder of the reference, `params.csv` and `metrics.csv`, as `Run`; our exports have that layout too."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.runs.csv_file import CsvText, read_csv
from analysis.runs.reference_weights import weights_of
from analysis.runs.run import Run, in_order
from fusion_core.errors import ConfigError, printable
from fusion_core.metrics.facts import FACTS
from trials.spec.sweep import RankBy

PARAMS, METRICS = "params.csv", "metrics.csv"
# What the reference ranks by: Reward at epoch 2, with these weights by its and our names of the sets.
_WEIGHTS = {"msrs": 0.70, "m3fd": 0.06, "rs": 0.06, "roadscene": 0.06, "pet": 0.06, "spect": 0.06, "ct": 0.06}
_EPOCH = 2
_STATES = ("waiting", "running", "finished", "stopped", "failed")
_KEYS = ("exp_id", "epoch", "dataset")
_SHOWN = 20


def is_reference(path: Path) -> bool:
    """Return whether the folder holds either of the reference's two tables."""
    return any((path / name).is_file() for name in (PARAMS, METRICS))


def read_reference(path: Path) -> Run:
    """Read `path`/params.csv and metrics.csv. Raises ConfigError with every problem of both, a line each.

    `record["fixed"]` has the weights that no trial varies.
    """
    problems: list[str] = []
    notes = [
        f"Read from {PARAMS} and {METRICS}: they hold no values per image, no number of images, "
        "and no record of how the numbers came about."
    ]
    params = read_csv(path / PARAMS, ("exp_id",), problems)
    metrics = read_csv(path / METRICS, _KEYS, problems)
    trials, axes, fixed = _trials(params, problems, notes) if params is not None else (pd.DataFrame(), {}, {})
    if metrics is not None:
        measured, elapsed = _numbers(metrics, None if params is None else set(trials["id"]), problems, notes)
    if problems or params is None or metrics is None:
        left = len(problems) - _SHOWN
        raise ConfigError(*problems[:_SHOWN], *([f"... and {left} more problems"] if left > 0 else []))
    rows, seconds = _long(metrics, measured), _seconds(metrics, elapsed)
    _complete(trials, rows, seconds, notes)
    rank_by = _rank_by(rows, notes)
    return Run(
        path=path, name=path.resolve().name, axes=axes, trials=trials, metrics=rows, training=seconds,
        baselines=_empty(dataset=str, fusion=str, metric=str, mean=float, std=float, n=int),
        datasets=_empty(dataset=str, fingerprint=str, split=str, pairs=int, height=int, width=int),
        provenance=_empty(id=int, started=float, finished=float, seconds=float, record=object),
        record={"fixed": fixed}, rank_by=rank_by, notes=tuple(notes),
    )  # fmt: skip


def _empty(**columns: type) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})


def _trials(
    csv: CsvText, problems: list[str], notes: list[str]
) -> tuple[pd.DataFrame, dict[str, tuple[Hashable, ...]], dict[str, Hashable]]:
    """Return a row per trial with its weights, the axes, and the fixed values."""
    csv.refuse_empty("exp_id", problems)
    csv.refuse_duplicates(("exp_id",), problems)
    numbers = csv.whole_numbers("exp_id")
    if numbers is None:
        numbers = np.arange(1, len(csv) + 1)
        notes.append("exp_id is no whole number here: trials are numbered in the order of their lines.")
    if "seed" not in csv:
        notes.append("Seeds are not recorded: they are counted here, 0 for the first trial of a configuration.")
    columns, fixed = weights_of(csv, problems, notes)
    trials = pd.DataFrame({
        "id": csv.column("exp_id"), "number": numbers, "cohort": "",
        "seed": _whole(csv, "seed", problems), "epochs": _whole(csv, "epochs", problems),
        "status": csv.column("status") if "status" in csv else "", "attempts": 1, "started": np.nan, "seconds": 0.0,
        "node": None, "device": None, "error": None,
    })  # fmt: skip
    for line, status in zip(csv.lines, trials["status"], strict=True):
        if status and status not in _STATES:
            said = printable(status[:60])
            problems.append(f"{csv.path}:{line}: status must be one of {', '.join(_STATES)}, but got '{said}'")
    trials.loc[trials["status"] == "failed", "error"] = f"{PARAMS} does not say why"
    axes = {}
    if taken := [name for name in columns if name in trials]:
        problems.append(
            f"{csv.path}:1: a weight cannot be called {', '.join(taken)}, which names a fact of a trial. Rename it."
        )
        columns = {name: values for name, values in columns.items() if name not in taken}
    for key, values in columns.items():
        trials[key] = pd.Series(values, dtype=object)
        axes[key] = in_order(values)
    again = trials.duplicated([*axes, "seed"])
    if again.any():
        trials["seed"] = trials.groupby([*axes] or "cohort", sort=False, dropna=False).cumcount()
        notes.append(f"{again.sum()} trials have the weights and the seed of another one: they count as repeats of it.")
    return trials, axes, fixed


def _whole(csv: CsvText, name: str, problems: list[str]) -> Any:
    numbers = csv.whole_numbers(name, problems) if name in csv else None
    return 0 if numbers is None else numbers


def _numbers(
    csv: CsvText, known: set[str] | None, problems: list[str], notes: list[str]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the column of each metric and that of `elapsed_sec`, NaN where a cell is empty; check the keys."""
    for name in _KEYS:
        csv.refuse_empty(name, problems)
    csv.refuse_duplicates(_KEYS, problems)
    csv.whole_numbers("epoch", problems)
    for line, trial in zip(csv.lines, csv.column("exp_id"), strict=True):
        if trial and known is not None and trial not in known:
            problems.append(
                f"{csv.path}:{line}: exp_id must be one of {PARAMS}, but got '{printable(trial[:60])}'; "
                "add its weights there, or remove the row"
            )
    metrics = [name for name in csv.names if name in FACTS]
    others = [name for name in csv.names if name not in FACTS and name not in (*_KEYS, "elapsed_sec")]
    if not metrics:
        problems.append(f"{csv.path}:1: there must be a column for at least one metric: {', '.join(FACTS)}")
    if others:
        notes.append(f"Columns of {METRICS} that are no metric known here are left out: {', '.join(others)}.")
    values = {name: csv.numbers(name, problems) for name in metrics}
    if blank := sum(int((~np.isfinite(column)).sum()) for column in values.values()):
        notes.append(f"{blank} cells of {METRICS} are empty or not finite: they count as missing.")
    elapsed = csv.numbers("elapsed_sec", problems) if "elapsed_sec" in csv else np.full(len(csv), np.nan)
    return {name: np.where(np.isfinite(column), column, np.nan) for name, column in values.items()}, elapsed


def _keys(csv: CsvText) -> pd.DataFrame:
    trials, datasets = (pd.Categorical(csv.column(name)) for name in ("exp_id", "dataset"))
    return pd.DataFrame({"trial": trials, "epoch": csv.whole_numbers("epoch"), "dataset": datasets})


def _long(csv: CsvText, values: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Return a row per trial, epoch, data set and metric; n is 0: the number of images is unknown."""
    keys, names = _keys(csv), pd.CategoricalDtype(list(values))
    rows = [
        keys.assign(metric=pd.Categorical.from_codes(np.full(len(keys), i), dtype=names), mean=column, std=np.nan, n=0)
        for i, column in enumerate(values.values())
    ]
    return pd.concat(rows, ignore_index=True)


def _seconds(csv: CsvText, elapsed: np.ndarray) -> pd.DataFrame:
    """Return the seconds of each epoch; `elapsed` counts from a trial's start, as in our exports."""
    clock = _keys(csv)[["trial", "epoch"]].assign(name="seconds", value=elapsed).dropna()
    clock = clock.astype({"trial": str}).groupby(["trial", "epoch", "name"], as_index=False)["value"].max()
    clock["value"] = clock.groupby("trial")["value"].diff().fillna(clock["value"])
    # A clock that runs backwards (a resumed trial) gives no times.
    return clock[clock["value"] >= 0].reset_index(drop=True)


def _complete(trials: pd.DataFrame, rows: pd.DataFrame, seconds: pd.DataFrame, notes: list[str]) -> None:
    """Fill in the trials' state from `metrics.csv`: whether they ran, how far, how long."""
    there = trials["id"].isin(set(rows["trial"].unique()))
    if not there.all():
        notes.append(f"{(~there).sum()} of {len(trials)} trials have no row in {METRICS}.")
    ran = there.map({True: "finished", False: "stopped"})
    trials["status"] = trials["status"].where(trials["status"] != "", ran)
    reached = trials["id"].map(rows.groupby("trial", observed=True)["epoch"].max()).fillna(0).astype(int)
    trials["epochs"] = trials["epochs"].where(trials["epochs"] > 0, reached)
    trials["seconds"] = trials["id"].map(seconds.groupby("trial")["value"].sum()).fillna(0.0)


def _rank_by(rows: pd.DataFrame, notes: list[str]) -> RankBy:
    found = rows["dataset"].unique().tolist()
    weights = {name: _WEIGHTS[name.casefold()] for name in found if name.casefold() in _WEIGHTS}
    epoch = _EPOCH if (rows["epoch"] == _EPOCH).any() else None
    when = f"at epoch {_EPOCH}" if epoch else f"at the last epoch (none is epoch {_EPOCH})"
    how = "the data sets weighted as in the reference" if weights else "all data sets alike"
    notes.append(f"Ranked by Reward {when}, {how}: the files do not say by what.")
    return RankBy(metric="Reward", dataset_weights=weights, epoch=epoch)
