from __future__ import annotations

import math

import pytest

from tests.trials.helpers import epoch_report, planned
from trials.ranking.early_stopping import EarlyStop
from trials.ranking.objective import Objective
from trials.ranking.outcome import FAILED, Outcome
from trials.spec.constraints import Constraint
from trials.spec.search import StopEarly
from trials.spec.sweep import RankBy
from trials.storage.results import Results

GOAL = Objective(RankBy(metric="VIF", dataset_weights={"a": 3, "b": 1, "c": 0}, epoch=1), ("VIF",), (), ("a", "b", "c"))


def test_an_objective_is_the_weighted_mean_over_the_data_sets():
    assert GOAL.mean({"a": 1.0, "b": 2.0, "c": 9.0}) == pytest.approx(1.25)


def test_an_objective_that_one_data_set_lacks_is_missing_and_one_without_weight_may_lack_it():
    assert math.isnan(GOAL.mean({"a": 1.0}))
    assert GOAL.mean({"a": 1.0, "b": 2.0}) == pytest.approx(1.25)
    assert GOAL.judged({"VIF": {"a": 1.0}}) == FAILED


def test_an_outcome_is_read_at_the_epoch_that_the_sweep_ranks_by(tmp_path):
    with Results.open(tmp_path / "results.sqlite") as results:
        results.register([planned("x")])
        for epoch, value in ((1, 0.5), (2, 0.9)):
            means = {name: {"VIF": value, "Nabf": 0.01} for name in "abc"}
            results.report("x", epoch_report(epoch, means), last=epoch == 2, node="n", device="cpu")
        constrained = Objective(GOAL.rank_by, ("VIF",), (Constraint.parse("Nabf <= 0.004"),), ("a", "b", "c"))
        found = constrained.outcome(results, "x", 2)
        assert found == Outcome((0.5,), {"Nabf <= 0.004": pytest.approx(0.006)})
        assert GOAL.curve(results, "x") == {1: pytest.approx(0.5), 2: pytest.approx(0.9)}


def early(**rule: object) -> EarlyStop:
    stop = EarlyStop(StopEarly(**rule), Objective(RankBy(metric="MSE"), ("MSE",), (), ()))  # type: ignore[arg-type]
    for name in "pqrs":
        stop.watch(name)
    return stop


def test_less_is_better_is_stopped_when_it_is_high():
    stop = early(kind="asha", reduction=2)
    ends = [
        stop.ends(name, epoch_report(1, {"s": {"MSE": value}}), 4)
        for name, value in zip("pqr", (0.1, 0.3, 0.05), strict=True)
    ]
    assert ends == [False, True, False]


def test_what_went_on_once_goes_on_when_it_is_trained_again():
    stop = early(kind="asha", reduction=2)
    assert not stop.ends("p", epoch_report(1, {"s": {"MSE": 0.3}}), 4)
    assert not stop.ends("p", epoch_report(2, {"s": {"MSE": 0.3}}), 4)
    assert not stop.ends("q", epoch_report(1, {"s": {"MSE": 0.1}}), 4)
    assert not stop.ends("p", epoch_report(1, {"s": {"MSE": 0.3}}), 4)


def test_trials_that_confirm_are_never_stopped():
    stop = early(kind="asha", reduction=2)
    stop.ends("p", epoch_report(1, {"s": {"MSE": 0.1}}), 4)
    assert not stop.ends("confirming", epoch_report(1, {"s": {"MSE": 9.0}}), 4)
