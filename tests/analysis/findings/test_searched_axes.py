"""Weights drawn from ranges, and weights that only some settings have, in everything that is drawn or written."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from analysis.findings.findings import Findings
from analysis.findings.weight_effects import effects
from analysis.report.figures.heatmap import heatmap_part
from analysis.report.figures.page_data import page_data
from analysis.report.figures.registry import page_parts
from analysis.report.figures.tradeoffs import tradeoffs
from analysis.report.tables import write_tables
from analysis.runs.open_run import open_run
from analysis.runs.run import Run
from analysis.scores.binning import binned, levels_of, with_ranges
from analysis.scores.metrics import ALL
from analysis.scores.model import Scores
from analysis.scores.score import score
from analysis.text.answer import answer
from tests.analysis.make import Made, make_run, seen
from tests.analysis.searches import AXES, KEY, at, search_run, searched

SOME = AXES[-1]


@pytest.fixture(scope="module")
def conditional(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Scores]:
    run = open_run(search_run(tmp_path_factory.mktemp("search"), count=30, epochs=1, conditional=True))
    return run, score(run)


def test_settings_without_a_weight_are_a_level_of_their_own_before_its_ranges() -> None:
    values = (None, *map(float, range(16)))
    labels, places = binned(values, [20, *[1] * 16]) or ([], [])
    assert labels[:3] == ["none", "0–1", "2–3"] and len(labels) == 9
    assert places == [0, *np.repeat(np.arange(1, 9), 2)]
    assert binned((None, 1.0, 2.0), [1, 1, 1]) is None


def test_a_weight_that_some_settings_have_is_ranged_by_those(conditional: tuple[Run, Scores]) -> None:
    run, scores = conditional
    labels, levels = levels_of(run, scores, SOME)
    assert labels is not None and labels[0] == "none" and len(labels) == 9
    assert {scores.settings[i].parameters[SOME] for i in np.flatnonzero(levels == 0)} == {None}
    assert with_ranges(run, scores)[0].axes[SOME][0] == "none"


def test_every_figure_and_file_can_be_had_of_a_weight_that_some_settings_have(conditional: tuple[Run, Scores]) -> None:
    run, scores = conditional
    assert page_data(Findings(run, scores))["axes"][3]["values"][0] == "none"
    assert {"bounds", "heatmap", "pairs", "importance", "effects", "parallel"} <= set(page_parts(Findings(run, scores)))
    assert {file.name for file in write_tables(Findings(run, scores))} >= {"bounds.csv", "weight_effect.csv"}


def test_its_effect_is_that_over_the_settings_that_have_it(conditional: tuple[Run, Scores]) -> None:
    run, scores = conditional
    found = effects(run, scores)
    assert found is not None and found.weights == AXES
    some = [i for i, setting in enumerate(scores.settings) if setting.parameters[SOME] is not None]
    weights = [scores.settings[i].parameters[SOME] for i in some]
    known = stats.spearmanr(weights, scores.trials.mean[0, 0, 0, some]).statistic
    assert found.spearman[3, 0, 0, 0] == pytest.approx(known) and found.settings[3, 0, 0, 0] == len(some) == 20
    assert found.settings[0, 0, 0, 0] == 30


def test_whole_numbers_of_a_search_are_ranged_however_many_settings_share_one(tmp_path: Path) -> None:
    trials = [Made({KEY: a, "loss.max_mode": mode}, [at(a / 100)]) for a in range(15) for mode in ("x", "y", "z")]
    drawn = open_run(make_run(tmp_path / "drawn", trials, record=searched(kind="tpe")))
    grid = open_run(make_run(tmp_path / "grid", trials))
    assert len(with_ranges(drawn, score(drawn))[0].axes[KEY]) == 8
    assert len(with_ranges(grid, score(grid))[0].axes[KEY]) == 15


def test_ties_over_a_range_are_said_by_its_ends(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    level = rng.normal(0.5, 0.1, 20)
    images = [list(level + rng.normal(0, 0.01, 20) - (0 if a < 3 else 0.1)) for a in range(20)]
    trials = [Made({KEY: float(a)}, [seen({"a": {"Reward": some}})]) for a, some in enumerate(images)]
    run = open_run(make_run(tmp_path, trials, record=searched()))
    said = " ".join(answer(Findings.of(run)))
    assert "3 of 20 configurations are statistically tied with it" in said and "all have max_ratio 0 to 2." in said


def test_settings_strewn_over_a_space_open_on_the_two_weights_that_decide(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = rng.uniform(0, 1, (60, 4)).round(4).tolist()
    trials = [Made(dict(zip(AXES, row, strict=True)), [at(row[1] + 0.5 * row[2])]) for row in rows]
    run = open_run(make_run(tmp_path, trials, record=searched()))
    part = heatmap_part(Findings.of(run))
    assert sorted(part["rows"] + part["columns"]) == [1, 2]


def test_trade_offs_open_on_the_objectives_of_the_search(tmp_path: Path) -> None:
    run = open_run(search_run(tmp_path, count=8, epochs=1, objectives=["SSIM", "VIF"]))
    scores = score(run)
    part = tradeoffs(Findings(run, scores))
    assert [scores.metrics[m] for m in part["front"]] == ["SSIM", "VIF"]
    assert {"SSIM", "VIF", "Reward"} <= {scores.metrics[m] for m in part["chosen"]}
    assert scores.datasets[0] == ALL
