"""What a swept model costs and reaches, from tables made by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.findings.findings import Findings
from analysis.findings.model_size import model_sizes
from analysis.paper.style import NothingToShow
from analysis.paper.subject import Subject
from analysis.paper.tables.latex import latex
from analysis.paper.tables.model import sizes_of_models
from analysis.report.figures.model_size import model_size_part
from analysis.report.figures.registry import page_parts
from analysis.report.packing import unpack
from analysis.report.report import write_report
from analysis.report.tables import write_tables
from analysis.runs.open_run import open_run
from analysis.runs.run import Run
from analysis.scores.score import score
from analysis.scores.training_log import SPEED, group_of
from tests.analysis.make import Made, make_run

AXIS = "policy.base_channels"
PARAMETERS = {4: 68_026, 12: 608_426, 64: 17_262_466}
GFLOP = {4: 1.5, 12: 13.3, 64: 374.5}
SEEDS = (0, 1)


def qabf(channels: int, epoch: int, seed: int, weight: float = 0.0) -> float:
    return 0.3 + channels / 1000 + 0.01 * epoch + 0.002 * seed + weight


def logged(channels: int, epoch: int, seed: int, epochs: int = 2) -> dict[str, float]:
    cost = {
        "model_parameters": float(PARAMETERS[channels]), "model_gflop": GFLOP[channels],
        "model_gflop_training": 3 * GFLOP[channels], "inference_ms_16": 10.0 * channels,
    }  # fmt: skip
    return {"training_seconds": float(channels + seed), "loss_total": 1.0} | (cost if epoch == epochs else {})


def sized(folder: Path, sizes: tuple[int, ...] = (64, 4, 12), lost: tuple[int, ...] = ()) -> Path:
    """Write a sweep of three sizes and two seeds over two epochs; every trial of the sizes `lost` failed at once."""
    each = [(c, seed) for c in sizes for seed in SEEDS]
    trials = [
        Made({AXIS: c}, [{"a": {"Qabf": qabf(c, e, seed), "MSE": 1 / c, "SSIM": 0.9, "SSIM_std": 0.5}} for e in (1, 2)],
             seed=seed) if c not in lost
        else Made({AXIS: c}, seed=seed, status="failed", error="out of memory")
        for c, seed in each
    ]  # fmt: skip
    training = {i: [logged(c, e, seed) for e in (1, 2)] for i, (c, seed) in enumerate(each) if c not in lost}
    record = {"platform": "Linux-x86_64", "cpus": 2}
    return make_run(
        folder, trials, training=training, n={"a": 5}, record=record, rank_by={"metric": "Qabf", "epoch": 2}
    )


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return open_run(sized(tmp_path))


def test_models_stand_by_rising_parameters_with_their_cost(run: Run) -> None:
    found = model_sizes(run, score(run))
    assert found is not None
    assert found.models["model"].tolist() == [f"base_channels {c}" for c in (4, 12, 64)]
    assert found.models["parameters"].tolist() == [PARAMETERS[c] for c in (4, 12, 64)]
    assert found.models["gflop"].tolist() == [GFLOP[c] for c in (4, 12, 64)]
    assert found.models["inference_ms_16"].tolist() == [40, 120, 640]
    assert found.models["inference_ms_16_std"].isna().all()  # both seeds have one measurement of one worker
    assert found.models["trials"].tolist() == [2, 2, 2]


def test_training_seconds_add_up_over_epochs_and_are_a_mean_over_seeds(run: Run) -> None:
    found = model_sizes(run, score(run))
    assert found is not None
    np.testing.assert_allclose(found.seconds, [[4.5, 12.5, 64.5], [9, 25, 129]])
    np.testing.assert_allclose(found.seconds_std, [[np.sqrt(0.5)] * 3, [np.sqrt(2)] * 3])


def test_metrics_of_the_table_are_means_over_seeds_with_their_deviation_at_every_epoch(run: Run) -> None:
    table = Findings.of(run).model_table.set_index(["epoch", AXIS])
    assert len(table) == 6 and set(table["dataset"]) == {"a"}
    for epoch in (1, 2):
        for c in PARAMETERS:
            own = [qabf(c, epoch, seed) for seed in SEEDS]
            assert table.loc[(epoch, c), "Qabf"] == pytest.approx(np.mean(own))
            assert table.loc[(epoch, c), "Qabf_seed_std"] == pytest.approx(np.std(own, ddof=1))
    assert (table["SSIM_std"] == 0.5).all() and (table["SSIM_seed_std"] == 0).all()  # one is a metric, one a spread
    assert set(table["seeds"]) == {2}


def test_a_model_of_several_settings_reaches_what_its_best_one_does(tmp_path: Path) -> None:
    each = [(c, weight) for c in (4, 12) for weight in (10.0, 40.0)]
    trials = [
        Made({AXIS: c, "loss.max_ratio": w}, [{"a": {"Qabf": qabf(c, 1, 0, w / 100), "MSE": w / c}}]) for c, w in each
    ]
    training = {i: [logged(c, 1, 0, epochs=1)] for i, (c, _) in enumerate(each)}
    run = open_run(make_run(tmp_path, trials, training=training, n={"a": 5}, rank_by={"metric": "Qabf"}))
    scores = score(run)
    found = model_sizes(run, scores)
    assert found is not None and found.members == ((0, 1), (2, 3))
    at = [scores.metrics.index(name) for name in ("Qabf", "MSE")]
    np.testing.assert_array_equal(found.best[at, 1, 0], [[1, 3], [0, 2]])  # lower is better for MSE
    np.testing.assert_allclose(found.mean[at[1], 1, 0], [10 / 4, 10 / 12])


def test_a_model_whose_trials_all_failed_stays_in_the_table_without_numbers(tmp_path: Path) -> None:
    run = open_run(sized(tmp_path, lost=(64,)))
    found = model_sizes(run, score(run))
    assert found is not None
    assert found.models["model"].tolist()[-1] == "base_channels 64"
    assert np.isnan(found.models["parameters"].iloc[-1]) and found.models["trials"].tolist() == [2, 2, 0]
    assert (found.best[..., -1] == -1).all() and np.isnan(found.mean[..., -1]).all()


def test_the_page_part_carries_the_same_numbers(run: Run) -> None:
    scores = score(run)
    part, found = model_size_part(Findings(run, scores)), model_sizes(run, scores)
    assert part is not None and found is not None
    assert part["models"] == [[f"base_channels {c}", 1, 2] for c in (4, 12, 64)]
    np.testing.assert_array_equal(unpack(part["parameters"]), found.models["parameters"].astype(np.float32))
    np.testing.assert_allclose(unpack(part["mean"]), found.mean[:, 1:], rtol=1e-6)
    assert "128x128" in part["measured"]


def test_a_sweep_of_weights_has_neither_section_nor_file(tmp_path: Path) -> None:
    trials = [Made({"loss.max_ratio": w}, [{"a": {"Qabf": 0.3 + w / 100}}]) for w in (4.0, 10.0)]
    run = open_run(make_run(tmp_path, trials, n={"a": 5}, training={0: [{"training_seconds": 1.0}]}))
    scores = score(run)
    assert model_sizes(run, scores) is None and "model_size" not in page_parts(Findings(run, scores))
    assert "model_size.csv" not in {path.name for path in write_tables(Findings(run, scores))}
    with pytest.raises(NothingToShow):
        sizes_of_models(Subject(Findings(run, scores), "Qabf", "a", 1, 3))
    assert "fig-model_size" not in write_report(tmp_path).read_text()


def test_the_csv_has_a_row_per_model_and_epoch(run: Run) -> None:
    files = {path.name: path for path in write_tables(Findings.of(run))}
    table = pd.read_csv(files["model_size.csv"])
    assert table[["model", "epoch"]].drop_duplicates().shape == (6, 2)
    assert table["parameters"].tolist() == [68026, 608426, 17262466] * 2


def test_the_latex_table_says_cost_and_metrics_of_each_model(run: Run) -> None:
    table = sizes_of_models(Subject(Findings.of(run), "Qabf", "a", 2, 3))
    assert r"base\_channels 64 & 17,262,466 & 374 & 1,124 & 640 & 129 & 0.3850 $\pm$ 0.0014" in latex(table)
    assert table.data["Qabf"].tolist() == pytest.approx([np.mean([qabf(c, 2, s) for s in SEEDS]) for c in (4, 12, 64)])


def test_costs_of_models_are_no_curves_of_training(run: Run) -> None:
    assert {group_of(name) for name in ("model_parameters", "model_gflop", "inference_ms_16")} == {SPEED}


def test_the_page_opens_with_the_section_s_script(tmp_path: Path) -> None:
    page = write_report(sized(tmp_path)).read_text()
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])
    assert 'id="fig-model_size"' in page and "drawModelSize" in page and "model_size" in data
