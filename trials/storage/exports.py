"""CSV in the reference's layout, and one Parquet table, from the results table; also while a sweep runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion_core.atomic_files import whole_file
from fusion_core.config import LossConfig
from fusion_core.metrics.facts import FACTS, REFERENCE_COLUMNS
from trials.spec.labels import flat
from trials.storage.connection import reading
from trials.storage.layout import RunFolder
from trials.storage.results import Results

if TYPE_CHECKING:
    import pandas as pd


LOSS_COLUMNS = (
    "ssim_ratio", "ssim_ir_ratio", "max_ratio", "consist_ratio", "grad_ratio", "color_ratio", "ir_compose",
    "max_mode", "consist_mode", "ssim_window_size",
)  # fmt: skip
# Fields with a column of their own, or without effect on results; ssim_shared's weights are columns of params.csv.
NOT_COLUMNS = ("seed", "recipe.epochs", "evaluation.per_image", "loss.ssim_ratio", "loss.ssim_ir_ratio")
SECONDS = "SELECT number AS exp_id, epoch, value FROM training JOIN trials ON trial = id WHERE name = 'seconds'"


def export(run: Path) -> list[Path]:
    """Write `params.csv`, `metrics.csv` and `results.parquet` into the run folder, each whole or not at all.

    Raises ResultsError if the table cannot be read, DiskError if the disk refuses a file.
    """
    folder = RunFolder(run)
    with Results.read(folder.table) as results, reading(folder.table):
        results.query("BEGIN")  # one snapshot for all three files
        trials, metrics = _trials(results), _metrics(results)
        seconds = _frame(results, SECONDS).astype({"value": "float64"})
        parameters = parameter_table(trials)
        wide = metric_table(metrics, seconds)
        long = _long_table(trials, metrics)
    files: dict[Path, Callable[[Path], Any]] = {
        folder.parameters_csv: lambda path: parameters.to_csv(path, index=False),
        folder.metrics_csv: lambda path: wide.to_csv(path, index=False),
        folder.parquet: lambda path: long.to_parquet(path, index=False),
    }
    for file, write in files.items():
        # Parquet refuses other values in a text column.
        with reading(folder.table), whole_file(file) as partial:
            write(partial)
    return list(files)


def parameter_table(trials: pd.DataFrame) -> pd.DataFrame:
    """Return a row per trial: `exp_id`, every weight of the reference's loss, other swept parameters, seed, status."""
    import pandas as pd

    rows = []
    for trial in trials.itertuples():
        loss = LossConfig.model_validate(json.loads(trial.config)["loss"])
        row = {"exp_id": trial.number, "ssim_shared": loss.ssim_shared}
        row |= {name: getattr(loss.resolved(), name) for name in LOSS_COLUMNS}
        row |= {key: value for key, value in trial.parameters.items() if key.removeprefix("loss.") not in row}
        rows.append(row | {"seed": trial.seed, "epochs": trial.epochs, "status": trial.status, "id": trial.id})
    table = pd.DataFrame(rows, columns=None if rows else ["exp_id"])
    if rows and table["ssim_shared"].isna().all():
        table = table.drop(columns="ssim_shared")
    last = [name for name in ("seed", "epochs", "status", "id") if name in table]
    return table[[name for name in table if name not in last] + last]


def metric_table(metrics: pd.DataFrame, seconds: pd.DataFrame) -> pd.DataFrame:
    """Return a row per trial, epoch and data set: the reference's columns in its order, then ours."""
    keys = ["exp_id", "epoch", "dataset"]
    wide = metrics.rename(columns={"number": "exp_id"}).pivot(index=keys, columns="metric", values="mean").reset_index()
    seconds = seconds.sort_values(["exp_id", "epoch"])
    seconds["elapsed_sec"] = seconds.groupby("exp_id")["value"].cumsum()
    wide = wide.merge(seconds[["exp_id", "epoch", "elapsed_sec"]], on=["exp_id", "epoch"], how="left")
    reference = [*keys, *REFERENCE_COLUMNS, "elapsed_sec"]
    known = [name for name in FACTS if name in wide and name not in reference]
    others = [name for name in wide if name not in reference and name not in known]
    return wide.reindex(columns=[*reference, *known, *others])


def _trials(results: Results) -> pd.DataFrame:
    trials = _frame(results, "SELECT number, id, seed, parameters, config, epochs, status FROM trials ORDER BY number")
    # A value changed from one run of the sweep to the next distinguishes trials as an axis does.
    changed = _changed(trials["config"])
    parameters = []
    for swept, config in zip(trials["parameters"], trials["config"], strict=True):
        known = flat(json.loads(config)) if changed else {}
        values = json.loads(swept)
        parameters.append(values | {key: known.get(key) for key in changed if key not in values})
    trials["parameters"] = parameters
    return trials


def _changed(configs: Iterable[str]) -> list[str]:
    """Return the fields in which configs differ; one config at a time, since ten thousand parsed ones are large."""
    first: dict[str, Any] = {}
    changed: dict[str, None] = {}
    for text in configs:
        config = flat(json.loads(text))
        first = first or config
        changed |= {key: None for key in (*config, *first) if first.get(key) != config.get(key)}
    return [key for key in changed if key not in NOT_COLUMNS and not key.startswith("data.")]


def _metrics(results: Results) -> pd.DataFrame:
    return _frame(
        results,
        "SELECT number, epoch, dataset, metric, mean, std, n FROM metrics JOIN trials ON trial = id "
        "ORDER BY number, epoch, dataset, metric",
    ).astype({"mean": "float64", "std": "float64"})


def _long_table(trials: pd.DataFrame, metrics: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    swept = pd.DataFrame(list(trials["parameters"]), index=trials.index)
    # A column of numbers and words together would not fit Parquet.
    mixed = [name for name in swept if swept[name].map(type).nunique() > 1 and swept[name].dtype == object]
    swept[mixed] = swept[mixed].astype("string")
    head = pd.concat([trials[["number", "id", "seed"]], swept, trials[["status"]]], axis=1)
    return head.merge(metrics, on="number", how="inner")


def _frame(results: Results, sql: str) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_sql_query(sql, results.connection)
    except pd.errors.DatabaseError as problem:
        raise (problem.__cause__ or problem) from problem
