"""Values per image: which are read, which are refused, and in which order."""

from pathlib import Path

import numpy as np
import pytest

from analysis.runs.open_run import open_run
from analysis.runs.run import Run
from analysis.scores import per_image
from analysis.scores.metrics import ALL, SCORE
from analysis.scores.model import Scores
from analysis.scores.per_image import ImageReader, image_values, mean_over_seeds
from analysis.scores.score import score
from tests.analysis.make import Made, make_run, seen
from tests.analysis.scored import made

KEY = "loss.max_ratio"


def opened(folder: Path, trials: list[Made], **more: object) -> tuple[Run, Scores]:
    run = open_run(make_run(folder, trials, **more))  # type: ignore[arg-type]
    return run, score(run)


def trial(i: int, values: list[float], seed: int = 0) -> Made:
    return Made({KEY: i}, [seen({"a": {"Reward": values}})], seed=seed)


def test_only_the_settings_asked_for_are_read_in_the_order_asked(tmp_path: Path) -> None:
    run, scores = opened(tmp_path, [trial(i, [i, i + 0.5]) for i in range(4)])
    found = image_values(run, scores, "Reward", "a", 1, [3, 1])
    assert found is not None
    assert found[0].tolist() == [[3.0, 3.5], [1.0, 1.5]]


def test_a_setting_without_stored_values_has_none(tmp_path: Path) -> None:
    run, scores = opened(tmp_path, [trial(1, [0.1, 0.2]), Made({KEY: 2}, [{"a": {"Reward": 0.3}}])])
    found = image_values(run, scores, "Reward", "a", 1)
    assert found is not None
    assert np.isnan(found[0][1]).all()


def test_a_mean_over_seeds_of_which_one_stored_nothing_has_no_values(tmp_path: Path) -> None:
    plain = Made({KEY: 1}, [{"a": {"Reward": 0.3}}], seed=1)
    run, scores = opened(tmp_path, [trial(1, [0.1, 0.2]), plain, trial(2, [0.5, 0.6])])
    found = image_values(run, scores, "Reward", "a", 1)
    assert found is not None
    assert np.isnan(found[0][0]).all()
    assert np.isfinite(found[0][1]).all()


def test_another_number_of_images_than_the_others_have_is_left_out(tmp_path: Path) -> None:
    run, scores = opened(tmp_path, [trial(1, [0.1, 0.2]), trial(2, [0.1, 0.3]), trial(3, [0.9])])
    found = image_values(run, scores, "Reward", "a", 1)
    assert found is not None
    assert found[0].shape == (3, 2)
    assert np.isnan(found[0][2]).all()


@pytest.mark.parametrize("trials", [[], [Made({KEY: 1}, [{"a": {"Reward": 0.3}}])]])
def test_a_run_that_stored_nothing_has_no_values(tmp_path: Path, trials: list[Made]) -> None:
    run, scores = opened(tmp_path, trials)
    assert image_values(run, scores, "Reward", "a" if trials else ALL, 1) is None


def test_a_run_without_a_results_table_has_no_values() -> None:
    run, scores = made([{KEY: 1}, {KEY: 2}], [[0.1, 0.2]])
    assert image_values(run, scores, "Reward", "a", 1) is None


def test_the_references_score_of_an_image_comes_from_its_four_metrics(tmp_path: Path) -> None:
    parts = {"VIF": [0.9, 0.8], "Qabf": [0.6, 0.5], "SSIM": [0.95, 0.9], "MI": [3.0, 2.0]}
    run, scores = opened(tmp_path, [Made({KEY: 1}, [seen({"a": parts})])])
    found = image_values(run, scores, SCORE, "a", 1)
    assert found is not None
    expected = [(v + 1.5 * q + s + m / 5) / 4 for v, q, s, m in zip(*parts.values(), strict=True)]
    assert found[0][0] == pytest.approx(expected)


def test_a_table_read_at_once_gives_the_same_as_one_read_place_by_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    trials = [
        Made({KEY: i}, [seen({d: {m: rng.normal(size=3) for m in ("Reward", "MSE")} for d in "ab"})] * 2, seed=s)
        for i in range(3) for s in range(2)
    ]  # fmt: skip
    run, scores = opened(tmp_path, trials)
    at_once = ImageReader(run, scores, hold=True)
    monkeypatch.setattr(per_image, "HELD", 0)
    one_by_one = ImageReader(run, scores, hold=True)
    assert (at_once.hold, one_by_one.hold) == (True, False)
    for metric in scores.metrics:
        for dataset in scores.datasets[1:]:
            for epoch in scores.epochs:
                first, second = (reader.read(metric, dataset, epoch, range(3)) for reader in (at_once, one_by_one))
                assert first is not None and second is not None
                np.testing.assert_array_equal(first, second)


def test_shares_are_the_weights_of_the_sets_that_count(tmp_path: Path) -> None:
    trials = [Made({KEY: 1}, [seen({d: {"Reward": [1, 2]} for d in "abc"})])]
    rank_by = {"metric": "Reward", "dataset_weights": {"a": 1, "b": 3}}
    reader = ImageReader(*opened(tmp_path, trials, rank_by=rank_by))
    assert reader.shares(ALL) == {"a": 0.25, "b": 0.75}
    assert reader.shares("c") == {"c": 1.0}


def test_a_mean_over_seeds_leaves_out_those_that_are_missing() -> None:
    values = np.array([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [np.nan, np.nan]], np.full((2, 2), np.nan)])
    np.testing.assert_array_equal(mean_over_seeds(values), [[2.0, 3.0], [5.0, 6.0], [np.nan, np.nan]])
