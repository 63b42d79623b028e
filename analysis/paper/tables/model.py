"""The table of model sizes: what each swept model costs, and what it reaches in the familiar metrics."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.findings.model_size import SPREAD
from analysis.paper.numbers import NONE, brief, write
from analysis.paper.style import NothingToShow
from analysis.paper.subject import Subject
from analysis.paper.tables.table import Cell, Column, Printed, Table, block, plain

_METRICS = 4


def sizes_of_models(subject: Subject) -> Table:
    """Return cost and metrics of each model; ± is the standard deviation between seeds."""
    found = subject.findings.model_sizes
    if found is None:
        raise NothingToShow("A table of model sizes needs a swept field of the policy or the kernel, with its cost.")
    _, d, e = subject.at
    models = found.models.assign(training_seconds=found.seconds[e], training_seconds_std=found.seconds_std[e])
    columns = [
        Column("model", "l"), Column("parameters"), Column("GFLOP"), Column("GFLOP, training"), Column("ms, 16 pairs"),
        Column("training s"),
    ]  # fmt: skip
    cells = [
        plain(models["model"]),
        plain(NONE if value != value else f"{value:,.0f}" for value in models["parameters"]),
        *(_rounded(models[name]) for name in ("gflop", "gflop_training", "inference_ms_16", "training_seconds")),
    ]
    for metric in subject.main_metrics[:_METRICS]:
        m = subject.scores.metrics.index(metric)
        values, spread = found.mean[m, d, e], found.std[m, d, e]
        printed = Printed.of(metric, values)
        columns.append(printed.column)
        cells.append(_with_spread(printed, values, spread))
        models[metric], models[f"{metric}{SPREAD}"] = values, spread
    seeds = f" ±: standard deviation between {subject.seeds} seeds." if subject.seeds > 1 else ""
    several = " A metric is that of the model's best configuration." if max(map(len, found.members)) > 1 else ""
    caption = (
        f"Models by size ({subject.whole}). GFLOP of one pair, policy and fusion kernel, two FLOPs for a multiply-add; "
        f"training: forward and backward. Milliseconds to fuse 16 pairs and seconds of training up to this epoch, on "
        f"{found.measured}.{seeds}{several}"
    )
    return Table("model_size", caption, tuple(columns), (block(cells),), models, wide=True)


def _rounded(values: pd.Series) -> list[Cell]:
    """Write costs with three digits, whole from a hundred on."""
    return plain(
        NONE if not np.isfinite(value) else f"{value:,.0f}" if value >= 100 else brief(float(f"{value:.3g}"))
        for value in values.to_numpy(dtype=float)
    )


def _with_spread(printed: Printed, values: np.ndarray, spread: np.ndarray) -> list[Cell]:
    """Write values with their spread; none is marked as best, for that takes more than a glance at the spread."""
    scale = 10.0**-printed.exponent
    return plain(
        f"{said} ± {write(std * scale, printed.decimals)}" if np.isfinite(std) else said
        for said, std in zip(printed.texts(values), spread.tolist(), strict=True)
    )
