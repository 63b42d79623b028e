from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

from fusion_core.metrics.facts import REFERENCE_COLUMNS
from tests.trials.helpers import epoch_report, planned
from trials.storage.exports import export
from trials.storage.results import Results


@pytest.fixture
def run(tmp_path: Path) -> Path:
    with Results.open(tmp_path / "results.sqlite") as results:
        results.register([planned("a", max_ratio=4, ssim_shared=10), planned("b", max_ratio=16, ssim_shared=1)])
        for epoch in (1, 2):
            values = {"msrs": {"VIF": 0.5 * epoch, "SSIM_std": 0.7}, "pet": {"VIF": float("nan"), "SSIM_std": 0.1}}
            results.report("a", epoch_report(epoch, values), last=epoch == 2, node="n", device="cpu")
    return tmp_path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_params_csv_has_every_weight_of_the_reference_for_every_trial(run: Path) -> None:
    export(run)
    first, second = read(run / "params.csv")
    assert list(first)[:2] == ["exp_id", "ssim_shared"]
    assert (first["exp_id"], first["max_ratio"], first["ssim_ratio"], first["ssim_ir_ratio"]) == (
        "1",
        "4.0",
        "10.0",
        "10.0",
    )
    assert (second["exp_id"], second["max_ratio"], second["grad_ratio"], second["status"]) == (
        "2",
        "16.0",
        "40.0",
        "waiting",
    )


def test_metrics_csv_has_the_columns_of_the_reference_in_its_order_then_ours(run: Path) -> None:
    export(run)
    rows = read(run / "metrics.csv")
    assert list(rows[0]) == ["exp_id", "epoch", "dataset", *REFERENCE_COLUMNS, "elapsed_sec", "SSIM_std"]
    assert [(r["exp_id"], r["epoch"], r["dataset"], r["VIF"], r["elapsed_sec"]) for r in rows] == [
        ("1", "1", "msrs", "0.5", "1.5"),
        ("1", "1", "pet", "", "1.5"),
        ("1", "2", "msrs", "1.0", "3.0"),
        ("1", "2", "pet", "", "3.0"),
    ]


def test_the_parquet_table_is_long_and_has_a_column_per_parameter(run: Path) -> None:
    export(run)
    table = pd.read_parquet(run / "results.parquet")
    assert list(table.columns) == [
        "number", "id", "seed", "loss.max_ratio", "loss.ssim_shared", "status",
        "epoch", "dataset", "metric", "mean", "std", "n",
    ]  # fmt: skip
    assert len(table) == 8 and set(table["loss.max_ratio"]) == {4}


def test_a_run_without_reports_exports_empty_tables(tmp_path: Path) -> None:
    with Results.open(tmp_path / "results.sqlite") as results:
        results.register([planned("a", max_ratio=4)])
    export(tmp_path)
    assert read(tmp_path / "metrics.csv") == []
    assert len(read(tmp_path / "params.csv")) == 1


def test_exports_leave_no_partial_file_and_work_while_the_table_is_open(run: Path) -> None:
    with Results.open(run / "results.sqlite") as results:
        results.connection.execute("BEGIN IMMEDIATE")
        export(run)
        results.connection.execute("COMMIT")
    assert not list(run.glob(".*partial"))
