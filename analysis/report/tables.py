"""Tidy tables of a run as files; bounds have a row per metric, data set, epoch, parameter and value."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.comparison.reward_lift import lift
from analysis.findings.findings import Findings
from fusion_core.atomic_files import whole_file
from fusion_core.errors import ConfigError

EFFECTS, LIFT, MODELS = "weight_effect.csv", "loss_and_reward.csv", "model_size.csv"
SUFFIXES = (".csv", ".parquet")


def write_bounds(findings: Findings) -> list[Path]:
    """Write `bounds.csv` and `bounds.parquet` into the run folder, each whole or not at all, and return their paths."""
    return [write_table(findings.bounds, findings.run.path / f"bounds{suffix}") for suffix in SUFFIXES]


def write_tables(findings: Findings) -> list[Path]:
    """Write the bounds and, if there are any, weight effects, reward lift and model sizes; return their paths."""
    folder, found = findings.run.path, lift(findings)
    files = write_bounds(findings)
    for name, table in ((EFFECTS, findings.effect_table), (MODELS, findings.model_table)):
        if len(table):
            files.append(write_table(table, folder / name))
    return files if found is None else [*files, write_table(found.table, folder / LIFT)]


def write_table(table: pd.DataFrame, path: Path) -> Path:
    """Write a table in the format of `path`'s suffix. Raises ConfigError unless it is .csv or .parquet."""
    check_suffix(path)
    with whole_file(path) as partial:
        if path.suffix.lower() == ".csv":
            table.to_csv(partial, index=False)
        else:
            _one_kind(table).to_parquet(partial, index=False)
    return path


def check_suffix(path: Path | None) -> None:
    """Raise ConfigError for a file that is neither .csv nor .parquet."""
    if path is not None and path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"--out: the file must end in {' or '.join(SUFFIXES)}, but got {path.name!r}")


def _one_kind(table: pd.DataFrame) -> pd.DataFrame:
    """Turn columns of numbers and words into words: Parquet has one type per column."""
    mixed = [name for name in table if table[name].dtype == object and table[name].map(type).nunique() > 1]
    return table.astype(dict.fromkeys(mixed, "string"))
