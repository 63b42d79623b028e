"""Ranking against tables made by hand."""

import math
from pathlib import Path

import numpy as np
import pytest

from analysis.runs.open_run import open_run
from analysis.scores.metrics import ALL, SCORE
from analysis.scores.model import Scores
from analysis.scores.score import dataset_weights, score
from tests.analysis.make import Made, make_run
from trials.ranking.leaderboard import weighted_mean

KEY = "loss.max_ratio"


def scores_of(folder: Path, trials: list[Made], **more: object) -> Scores:
    return score(open_run(make_run(folder, trials, **more)))  # type: ignore[arg-type]


def value(scores: Scores, metric: str, dataset: str, epoch: int, setting: int) -> float:
    m, d, e = scores.metrics.index(metric), scores.datasets.index(dataset), scores.epochs.index(epoch)
    return float(scores.trials.mean[m, d, e, setting])


def test_the_weighted_mean_uses_the_weights_of_the_sweep(tmp_path: Path) -> None:
    trial = Made({KEY: 1}, [{"a": {"Reward": 1.0}, "b": {"Reward": 0.0}}])
    scores = scores_of(tmp_path, [trial], rank_by={"metric": "Reward", "dataset_weights": {"a": 0.7, "b": 0.1}})
    assert value(scores, "Reward", ALL, 1, 0) == pytest.approx(0.875)


def test_weights_are_renormalised_over_the_data_sets_that_are_there(tmp_path: Path) -> None:
    trials = [
        Made({KEY: 1}, [{"a": {"Reward": 0.5}, "b": {"Reward": 0.9}}]),
        Made({KEY: 2}, [{"b": {"Reward": 0.8}}]),
    ]
    weights = {"a": 0.7, "b": 0.1, "absent": 0.2}
    scores = scores_of(tmp_path, trials, rank_by={"metric": "Reward", "dataset_weights": weights})
    assert value(scores, "Reward", ALL, 1, 0) == pytest.approx((0.7 * 0.5 + 0.1 * 0.9) / 0.8)
    assert value(scores, "Reward", ALL, 1, 1) == pytest.approx(0.8)
    assert any("lack a data set" in note for note in scores.notes)


@pytest.mark.parametrize("weights", [{}, {"a": 0.7, "b": 0.1}, {"b": 3.0}, {"absent": 1.0}])
def test_the_weighted_mean_is_that_of_the_driver(tmp_path: Path, weights: dict[str, float]) -> None:
    values = {"a": 0.25, "b": 0.5, "c": 0.125}
    trial = Made({KEY: 1}, [{name: {"Reward": x} for name, x in values.items()}])
    scores = scores_of(tmp_path, [trial], rank_by={"metric": "Reward", "dataset_weights": weights})
    assert value(scores, "Reward", ALL, 1, 0) == pytest.approx(weighted_mean(values, weights), nan_ok=True)


def test_a_data_set_without_a_weight_counts_nothing_and_is_named(tmp_path: Path) -> None:
    trial = Made({KEY: 1}, [{"a": {"Reward": 0.5}, "b": {"Reward": 0.9}}])
    scores = scores_of(tmp_path, [trial], rank_by={"metric": "Reward", "dataset_weights": {"a": 2.0}})
    assert value(scores, "Reward", ALL, 1, 0) == pytest.approx(0.5)
    assert any(note.endswith("gives no weight: b.") for note in scores.notes)


def test_no_weights_count_every_data_set_alike() -> None:
    assert dataset_weights({}, ("a", "b")).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(("metric", "first"), [("Reward", 3), ("MSE", 1)])
def test_the_best_comes_first_whichever_way_a_metric_points(tmp_path: Path, metric: str, first: int) -> None:
    trials = [Made({KEY: i}, [{"a": {metric: 0.1 * i}}]) for i in (1, 2, 3)]
    ranking = scores_of(tmp_path, trials, rank_by={"metric": metric}).ranking(metric, ALL, 1)
    assert ranking.iloc[0]["parameters"] == {KEY: first}
    assert ranking["rank"].dropna().tolist() == [1, 2, 3]


def test_baselines_stand_in_the_ranking_without_a_rank(tmp_path: Path) -> None:
    trials = [Made({KEY: 1}, [{"a": {"Reward": 0.9}}]), Made({KEY: 2}, [{"a": {"Reward": 0.5}}])]
    baselines = {"visible": {"a": {"Reward": 1.0}}, "average": {"a": {"Reward": 0.7}}}
    ranking = scores_of(tmp_path, trials, baselines=baselines).ranking("Reward", ALL, 1)
    assert ranking["value"].tolist()[:4] == [1.0, 0.9, 0.7, 0.5]
    assert ranking["baseline"].tolist()[:4] == ["copy of the visible image", "", "average of both", ""]
    assert ranking["rank"].tolist()[1] == 1


def test_a_value_that_is_not_a_number_is_ranked_last_and_never_averaged_away(tmp_path: Path) -> None:
    trials = [
        Made({KEY: 1}, [{"a": {"Reward": 0.9}, "b": {"Reward": None}}]),
        Made({KEY: 2}, [{"a": {"Reward": 0.5}, "b": {"Reward": 0.1}}]),
    ]
    scores = scores_of(tmp_path, trials)
    assert math.isnan(value(scores, "Reward", ALL, 1, 0))
    assert scores.ranking("Reward", ALL, 1).iloc[0]["numbers"] == (2,)


def test_a_setting_is_the_mean_of_its_seeds_with_the_spread_between_them(tmp_path: Path) -> None:
    trials = [Made({KEY: 1}, [{"a": {"Reward": x}}], seed=seed) for seed, x in enumerate((0.8, 0.9, 1.0))]
    row = scores_of(tmp_path, trials, std=0.2).ranking("Reward", "a", 1).iloc[0]
    assert row["value"] == pytest.approx(0.9)
    assert row["spread"] == pytest.approx(0.1)
    assert row["std"] == pytest.approx(0.2)
    assert (row["seeds"], row["n"], row["numbers"]) == (3, 10, (1, 2, 3))


def test_each_epoch_has_its_own_ranking(tmp_path: Path) -> None:
    early = Made({KEY: 1}, [{"a": {"Reward": 0.9}}, {"a": {"Reward": 0.6}}])
    late = Made({KEY: 2}, [{"a": {"Reward": 0.5}}, {"a": {"Reward": 0.7}}])
    scores = scores_of(tmp_path, [early, late])
    assert [scores.ranking("Reward", "a", e).iloc[0]["parameters"][KEY] for e in (1, 2)] == [1, 2]
    assert scores.epoch == 2


def test_the_references_score_comes_from_its_four_metrics(tmp_path: Path) -> None:
    metrics = {"VIF": 0.9, "Qabf": 0.6, "SSIM": 0.95, "MI": 3.0, "Reward": 0.91}
    scores = scores_of(tmp_path, [Made({KEY: 1}, [{"a": metrics}])])
    assert value(scores, SCORE, "a", 1, 0) == pytest.approx((0.9 + 1.5 * 0.6 + 0.95 + 3.0 / 5) / 4)


def test_without_one_of_its_metrics_there_is_no_reference_score(tmp_path: Path) -> None:
    assert SCORE not in scores_of(tmp_path, [Made({KEY: 1}, [{"a": {"VIF": 0.9, "Qabf": 0.6}}])]).metrics


def test_a_metric_or_epoch_that_is_not_there_is_said(tmp_path: Path) -> None:
    trial = Made({KEY: 1}, [{"a": {"VIF": 0.9}}])
    scores = scores_of(tmp_path, [trial], rank_by={"metric": "Reward", "epoch": 7})
    assert (scores.metric, scores.epoch) == ("VIF", 1)
    assert [note.split(",")[0] for note in scores.notes][:2] == [
        "No trial has reported Reward",
        "No trial has reached epoch 7",
    ]


def test_the_spread_of_a_weighted_mean_is_the_one_within_the_data_sets(tmp_path: Path) -> None:
    trial = Made({KEY: 1}, [{"a": {"Reward": 0.0}, "b": {"Reward": 10.0}}])
    scores = scores_of(tmp_path, [trial], std=0.3, n={"a": 20, "b": 5})
    assert float(scores.trials.std[0, 0, 0, 0]) == pytest.approx(0.3)
    assert np.array_equal(scores.trials.n[0, :, 0, 0], [25, 20, 5])
