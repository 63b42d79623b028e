"""The table of what decides: shares of the variance for several metrics, Optuna's importances for one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.paper.numbers import write
from analysis.paper.style import NothingToShow
from analysis.paper.subject import Subject
from analysis.paper.tables.table import Cell, Column, Table, block, marked, plain

_METRICS, _PAIRS = 5, 3


def importances(subject: Subject) -> Table:
    """Return what each parameter and the strongest pairs explain of the familiar metrics, and Optuna's importances."""
    shares = subject.shares
    _, d, e = subject.at
    metrics = subject.main_metrics[:_METRICS]
    rows = [subject.scores.metrics.index(metric) for metric in metrics]
    main, pair = shares.main[rows, d, e], shares.pair[rows, d, e]
    if len(shares.parameters) < 2:
        raise NothingToShow("Importance needs two parameters that vary.")
    if not np.isfinite(main[0]).any():
        raise NothingToShow(subject.why_no_shares)
    optuna = [subject.optuna[name].to_numpy(dtype=float) for name in ("fanova", "ped_anova")]
    alone = [plain(subject.names[key] for key in shares.parameters)]
    alone += [marked([write(value, 3) for value in column], column, True) for column in (*main, *optuna)]
    strength = np.nan_to_num(pair[0])
    strongest = [p for p in np.argsort(-strength, kind="stable")[:_PAIRS] if strength[p] >= 0.0005]
    together = [plain(" × ".join(subject.names[key] for key in shares.pairs[p]) for p in strongest)]
    together += [plain(write(column[p], 3) for p in strongest) for column in pair] + [[Cell()] * len(strongest)] * 2
    how = "exact" if shares.complete[rows, d, e].all() else "by a least-squares fit"
    more = ", and what the strongest pairs add" if strongest else ""
    caption = (
        f"Share of the variance between configurations that each {subject.noun} explains{more} ({subject.whole}; "
        f"{how}). "
        f"Largest bold, second underlined. fANOVA and PED-ANOVA: Optuna's importances for {subject.metric}."
        f"{subject.dependent}"
    )
    columns = [
        Column(subject.noun, "l"),
        *(Column(metric) for metric in metrics),
        Column("fANOVA"),
        Column("PED-ANOVA"),
    ]
    blocks = (block(alone), block(together)) if strongest else (block(alone),)
    return Table("importance", caption, tuple(columns), blocks, _data(subject, metrics, main, pair, optuna), wide=True)


def _data(
    subject: Subject, metrics: tuple[str, ...], main: np.ndarray, pair: np.ndarray, optuna: list[np.ndarray]
) -> pd.DataFrame:
    """Return a row per parameter and pair, every share unrounded."""
    shares = subject.shares
    data = pd.DataFrame({"weight": [*shares.parameters, *(" x ".join(two) for two in shares.pairs)]})
    for metric, alone, together in zip(metrics, main, pair, strict=True):
        data[metric] = np.concatenate([alone, together])
    for name, values in zip(("fANOVA", "PED-ANOVA"), optuna, strict=True):
        data[name] = np.concatenate([values, np.full(len(shares.pairs), np.nan)])
    return data
