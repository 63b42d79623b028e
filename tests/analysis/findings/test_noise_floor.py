"""The noise floor against tables made by hand, scipy and simulated sweeps."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.findings.noise_floor import COLUMNS, noise_floor
from analysis.runs.open_run import open_run
from analysis.scores.metrics import ALL, SCORE
from analysis.scores.score import score
from analysis.statistics.seed_noise import resolvable
from tests.analysis.make import Made, make_run

KEY = "loss.max_ratio"


def floor_of(folder: Path, trials: list[Made], **more: object) -> pd.DataFrame:
    run = open_run(make_run(folder, trials, **more))  # type: ignore[arg-type]
    return noise_floor(score(run))


def repeats(*values: float, at: int = 1, metric: str = "Reward") -> list[Made]:
    return [Made({KEY: at}, [{"a": {metric: value}}], seed=seed) for seed, value in enumerate(values)]


def at(table: pd.DataFrame, dataset: str = "a", metric: str = "Reward") -> pd.DataFrame:
    return table[(table["dataset"] == dataset) & (table["metric"] == metric)]


def test_mean_and_standard_deviation_are_over_the_seeds_of_a_setting(tmp_path: Path) -> None:
    row = at(floor_of(tmp_path, repeats(0.8, 0.9, 1.0))).iloc[0]
    assert (row["mean"], row["std"]) == (pytest.approx(0.9), pytest.approx(0.1))
    assert (row["seeds"], row["freedom"], row["setting"], row["epoch"], row["settings"]) == (3, 2, 0, 1, 1)


def test_a_pair_is_resolved_where_a_t_test_of_as_many_seeds_says_so(tmp_path: Path) -> None:
    row = at(floor_of(tmp_path, repeats(0.8, 0.9, 1.0))).iloc[0]
    assert row["resolves_pair"] == pytest.approx(stats.t.ppf(0.975, 2) * 0.1 * np.sqrt(2 / 3))
    assert row["resolves_pair_one_seed"] == pytest.approx(stats.t.ppf(0.975, 2) * 0.1 * np.sqrt(2))


def test_one_setting_alone_has_no_sweep_to_resolve(tmp_path: Path) -> None:
    assert np.isnan(at(floor_of(tmp_path, repeats(0.8, 0.9))).iloc[0]["resolves_sweep"])


def test_the_noise_is_pooled_over_all_settings_that_were_repeated(tmp_path: Path) -> None:
    table = at(floor_of(tmp_path, [*repeats(0.8, 1.0), *repeats(0.1, 0.2, 0.3, at=2), *repeats(0.7, at=3)]))
    pooled = np.sqrt((0.02 + 2 * 0.01) / 3)
    assert table["pooled"].tolist() == [pytest.approx(pooled)] * 2
    assert (table["freedom"].tolist(), table["settings"].tolist()) == ([3, 3], [3, 3])
    tukey = stats.studentized_range.ppf(0.95, 3, 3)
    assert table["resolves_sweep"].tolist() == [pytest.approx(tukey * pooled / np.sqrt(k)) for k in (2, 3)]


def test_one_seed_per_setting_gives_an_empty_table_with_its_columns(tmp_path: Path) -> None:
    table = floor_of(tmp_path, [*repeats(0.8), *repeats(0.9, at=2)])
    assert (len(table), tuple(table)) == (0, COLUMNS)


def test_an_empty_sweep_has_no_noise_floor(tmp_path: Path) -> None:
    assert len(floor_of(tmp_path, [])) == 0


def test_a_seed_that_broke_counts_nothing(tmp_path: Path) -> None:
    table = at(floor_of(tmp_path, [*repeats(0.8, 1.0), Made({KEY: 1}, seed=7, status="failed")]))
    assert table["seeds"].tolist() == [2]


def test_a_value_that_is_not_a_number_leaves_its_setting_out(tmp_path: Path) -> None:
    broken = [Made({KEY: 2}, [{"a": {"Reward": value}}], seed=seed) for seed, value in enumerate((None, 0.5))]
    assert at(floor_of(tmp_path, [*repeats(0.8, 1.0), *broken]))["setting"].tolist() == [0]


def test_constant_repeats_resolve_everything(tmp_path: Path) -> None:
    row = at(floor_of(tmp_path, repeats(0.5, 0.5, 0.5))).iloc[0]
    assert (row["std"], row["resolves_pair"]) == (0.0, 0.0)


def test_the_noise_of_a_weighted_mean_is_that_of_each_seeds_weighted_mean(tmp_path: Path) -> None:
    values = {"a": (0.1, 0.5, 0.4), "b": (0.9, 0.5, 0.9)}
    trials = [Made({KEY: 1}, [{name: {"Reward": of[k]} for name, of in values.items()}], seed=k) for k in range(3)]
    weights = {"metric": "Reward", "dataset_weights": {"a": 3.0, "b": 1.0}}
    row = at(floor_of(tmp_path, trials, rank_by=weights), ALL).iloc[0]
    each = 0.75 * np.array(values["a"]) + 0.25 * np.array(values["b"])
    assert (row["mean"], row["std"]) == (pytest.approx(each.mean()), pytest.approx(each.std(ddof=1)))


def test_the_references_score_has_a_noise_of_its_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    parts = [dict(zip(("VIF", "Qabf", "SSIM", "MI"), rng.random(4).tolist(), strict=True)) for _ in range(4)]
    trials = [Made({KEY: 1}, [{"a": part}], seed=seed) for seed, part in enumerate(parts)]
    each = [(p["VIF"] + 1.5 * p["Qabf"] + p["SSIM"] + p["MI"] / 5) / 4 for p in parts]
    assert at(floor_of(tmp_path, trials), metric=SCORE).iloc[0]["std"] == pytest.approx(np.std(each, ddof=1))


def test_equal_settings_differ_by_more_than_is_resolvable_once_in_twenty_sweeps() -> None:
    rng, settings, freedom, seeds = np.random.default_rng(0), 12, 9, 3
    sweeps = 4000
    means = rng.normal(size=(sweeps, settings)) / np.sqrt(seeds)
    stds = np.sqrt(rng.chisquare(freedom, sweeps) / freedom)
    widest = means.max(axis=1) - means.min(axis=1)
    wrong = np.mean(widest > stds * resolvable(1.0, freedom, settings, seeds))
    assert wrong == pytest.approx(0.05, abs=0.012)


def test_what_the_noise_of_repeats_says_of_a_grid_of_240() -> None:
    tukey = stats.studentized_range.ppf(0.95, 240, 9)
    assert resolvable(0.01, 9, 240) == pytest.approx(0.01 * tukey)
    assert resolvable(0.01, 9, 240, seeds=4) == pytest.approx(0.005 * tukey)


@pytest.mark.parametrize(("freedom", "settings", "seeds"), [(0, 5, 1), (9, 1, 1), (9, 5, 0), (float("nan"), 5, 1)])
def test_without_noise_or_without_two_settings_nothing_is_resolvable(freedom: float, settings: int, seeds: int) -> None:
    assert np.isnan(resolvable(0.1, freedom, settings, seeds))
