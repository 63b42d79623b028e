from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.trials.helpers import epoch_report, planned
from trials.ranking.leaderboard import Leaderboard, RankedTrial, best, weighted_mean
from trials.storage.results import Results


@dataclass
class By:
    metric: str = "VIF"
    dataset_weights: dict[str, float] = field(default_factory=dict)
    epoch: int | None = None


@pytest.fixture
def results(tmp_path: Path) -> Results:
    table = Results.open(tmp_path / "results.sqlite")
    table.register([planned("a", max_ratio=1), planned("b", max_ratio=2), planned("c", cohort="other")])
    for name, values in {"a": (0.9, 0.2), "b": (0.5, 0.8), "c": (2.0, 2.0)}.items():
        for epoch, value in enumerate(values, start=1):
            rows = {"x": {"VIF": value, "MSE": value}, "y": {"VIF": 0.0, "MSE": 0.0}}
            table.report(name, epoch_report(epoch, rows), last=epoch == 2, node="n", device="cpu")
    return table


def trial(number: int, score: float) -> RankedTrial:
    return RankedTrial(number, str(number), {}, 0, 1, score)


def test_weights_are_renormalised_over_the_data_sets_that_are_there() -> None:
    assert weighted_mean({"a": 1.0, "b": 3.0}, {"a": 0.7, "b": 0.1, "missing": 0.2}) == pytest.approx(1.25)


def test_without_weights_every_data_set_counts_alike() -> None:
    assert weighted_mean({"a": 1.0, "b": 3.0}, {}) == 2.0


def test_the_mean_of_nothing_is_not_a_number() -> None:
    assert math.isnan(weighted_mean({}, {})) and math.isnan(weighted_mean({"a": 1.0}, {"b": 1.0}))


def test_a_value_that_is_not_a_number_counts_only_where_it_has_weight() -> None:
    values = {"a": 1.0, "b": math.nan}
    assert weighted_mean(values, {"a": 1.0}) == 1.0
    assert math.isnan(weighted_mean(values, {}))


def test_the_best_at_the_last_epoch_need_not_be_the_best_at_the_first(results: Results) -> None:
    assert [(r.id, r.epoch) for r in best(results, By(), "one")] == [("b", 2), ("a", 2)]  # type: ignore[arg-type]
    assert [r.id for r in best(results, By(epoch=1), "one")] == ["a", "b"]  # type: ignore[arg-type]


def test_lower_is_better_where_the_metric_says_so(results: Results) -> None:
    assert [r.id for r in best(results, By("MSE"), "one")] == ["a", "b"]  # type: ignore[arg-type]


def test_only_trials_of_the_cohort_asked_for_are_ranked(results: Results) -> None:
    assert [r.id for r in best(results, By())] == ["c", "b", "a"]  # type: ignore[arg-type]
    assert [r.id for r in best(results, By(), "other")] == ["c"]  # type: ignore[arg-type]
    assert [r.id for r in best(results, By(), None, limit=1)] == ["c"]  # type: ignore[arg-type]


def test_scores_carry_the_parameters_and_the_weighted_mean(results: Results) -> None:
    (first, *_) = best(results, By(dataset_weights={"x": 3, "y": 1}), "one")  # type: ignore[arg-type]
    assert first.parameters == {"loss.max_ratio": 2} and first.score == pytest.approx(0.6)


def test_a_trial_without_a_score_is_not_ranked(results: Results) -> None:
    results.connection.execute("UPDATE metrics SET mean = NULL WHERE trial = 'b'")
    assert [r.id for r in best(results, By(), "one")] == ["a"]  # type: ignore[arg-type]


def test_the_leaderboard_keeps_the_best_and_says_what_it_takes_to_get_on_it() -> None:
    board = Leaderboard("VIF", 2)
    assert board.threshold is None and board.reaches(-1.0)
    for number, score in enumerate([0.2, 0.9, math.nan, 0.5]):
        board.add(trial(number, score))
    assert [entry.number for entry in board.top] == [1, 3]
    assert board.threshold == 0.5
    assert board.reaches(0.5) and not board.reaches(0.4) and not board.reaches(math.nan)


def test_the_leaderboard_of_a_metric_to_lower_keeps_the_lowest() -> None:
    board = Leaderboard("MSE", 1)
    board.add(trial(1, 0.3))
    board.add(trial(2, 0.1))
    assert [entry.number for entry in board.top] == [2] and not board.reaches(0.3)


def test_a_trial_is_on_the_leaderboard_once() -> None:
    board = Leaderboard("VIF", 3)
    board.add(trial(1, 0.3))
    board.add(trial(1, 0.4))
    assert [(entry.number, entry.score) for entry in board.top] == [(1, 0.4)]


def test_a_board_of_no_places_is_reached_by_nobody() -> None:
    assert not Leaderboard("VIF", 0).reaches(9.0)
