"""Rows made by hand, and sweeps made of arithmetic."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import numpy as np

from fusion_core.config import TrialConfig
from fusion_core.reports import EpochReport, Summary
from trials.storage.results import PlannedTrial

SWEEP = """\
name: tiny
trial:
  recipe: {kind: arithmetic, epochs: 2}
grid:
  loss.max_ratio: [10, 4, 16]
  loss.grad_ratio: [2, 32]
seeds: [0]
"""


def planned(name: str, epochs: int = 2, cohort: str = "one", seed: int = 0, **loss: float) -> PlannedTrial:
    config = TrialConfig.model_validate(
        {"recipe": {"kind": "arithmetic", "epochs": epochs}, "loss": loss, "seed": seed}
    )
    parameters = {f"loss.{key}": value for key, value in loss.items()}
    return PlannedTrial(name, cohort, parameters, config.model_dump_json(), seed, epochs)


def epoch_report(epoch: int, metrics: Mapping[str, Mapping[str, float]], seconds: float = 1.5) -> EpochReport:
    summaries = {
        dataset: {name: Summary(value, 0.1, 2, np.array([value, value], np.float32)) for name, value in values.items()}
        for dataset, values in metrics.items()
    }
    return EpochReport(epoch, summaries, {"loss_total": 1.0 / epoch}, seconds)


def write_sweep(folder: Path, text: str = SWEEP) -> Path:
    path = folder / "tiny.yaml"
    path.write_text(text)
    return path


def rows(run: Path) -> list[tuple[object, ...]]:
    """Everything that must be the same however a sweep was interrupted: trials, metrics, training without its clock."""
    with closing(sqlite3.connect(run / "results.sqlite")) as table:
        return [
            row
            for sql in (
                "SELECT number, id, cohort, parameters, config, seed, epochs, status, error FROM trials ORDER BY id",
                "SELECT * FROM metrics ORDER BY trial, epoch, dataset, metric",
                "SELECT * FROM training WHERE name NOT LIKE '%second%' ORDER BY trial, epoch, name",
                "SELECT * FROM baselines ORDER BY cohort, dataset, fusion, metric",
                "SELECT * FROM datasets ORDER BY cohort, dataset",
            )
            for row in table.execute(sql)
        ]
