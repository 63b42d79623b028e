"""Pareto fronts, hypervolumes and prices against brute force, Optuna and scipy."""

from itertools import product

import numpy as np
import optuna
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from optuna._hypervolume import compute_hypervolume

from analysis.findings.tradeoffs import prices, rank_correlation, untrained_point
from analysis.statistics.pareto import hypervolume, hypervolume_share, pareto_front, worst_point
from tests.analysis.scored import made

METRICS = ("Reward", "VIF", "MSE")


def points(k: int) -> st.SearchStrategy[np.ndarray]:
    """Points on a coarse lattice, so that many are equal in some metric or in all."""
    return arrays(float, st.tuples(st.integers(0, 25), st.just(k)), elements=st.integers(0, 6).map(float))


def some(count: int) -> list[dict[str, int]]:
    return [{"a": i} for i in range(count)]


def beaten(values: np.ndarray, signs: np.ndarray) -> np.ndarray:
    gains = values * signs
    return np.array([
        any((other >= one).all() and (other > one).any() for other in gains) for one in gains
    ], dtype=bool)  # fmt: skip


@pytest.mark.parametrize("k", [1, 2, 3, 4])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_front_is_what_nothing_beats_whichever_way_the_metrics_point(k: int, data: st.DataObject) -> None:
    values = data.draw(points(k))
    higher = data.draw(st.tuples(*[st.booleans()] * k))
    signs = np.where(higher, 1, -1)
    assert pareto_front(values, higher).tolist() == (~beaten(values, signs)).tolist()


@pytest.mark.parametrize("k", [2, 3, 4])
def test_the_front_is_optunas(k: int) -> None:
    values = np.random.default_rng(k).normal(size=(60, k)).round(1)
    higher = [True, False, True, False][:k]
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(directions=["maximize" if one else "minimize" for one in higher])
    study.add_trials([optuna.create_trial(values=row) for row in values.tolist()])
    best = sorted(trial.number for trial in study.best_trials)
    assert np.flatnonzero(pareto_front(values, higher)).tolist() == best


def test_a_setting_without_a_number_is_never_on_the_front() -> None:
    values = np.array([[np.nan, 9], [1, 1], [9, np.nan], [np.inf, 0], [0, 0]])
    assert pareto_front(values, (True, True)).tolist() == [False, True, False, False, False]
    assert pareto_front(np.full((3, 2), np.nan), (True, True)).tolist() == [False] * 3


@pytest.mark.parametrize("k", [2, 3])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_hypervolume_counts_the_cells_of_the_lattice(k: int, data: st.DataObject) -> None:
    values = data.draw(points(k))
    cells = np.array(list(product(range(1, 6), repeat=k)))
    covered = (cells[:, None] < values[None]).all(axis=2).any(axis=1)
    assert hypervolume(values, [1] * k, [True] * k) == pytest.approx(covered.sum())


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_the_hypervolume_is_optunas(k: int, seed: int) -> None:
    values = np.abs(np.random.default_rng(seed).normal(size=(80, k)))
    values /= np.linalg.norm(values, axis=1, keepdims=True) ** (seed % 2)
    reference = np.full(k, 1.5)
    inside = values[(values <= reference).all(axis=1)]
    assert hypervolume(values, reference, [False] * k) == pytest.approx(compute_hypervolume(inside, reference))


@given(points(2), st.tuples(st.integers(0, 6), st.integers(0, 6)))
@settings(deadline=None)
def test_a_hypervolume_never_falls_when_a_setting_is_added(values: np.ndarray, one: tuple[int, int]) -> None:
    more = np.vstack([values, one])
    assert hypervolume(more, (1, 1), (True, True)) >= hypervolume(values, (1, 1), (True, True))


def test_the_hypervolume_of_mixed_directions_by_hand() -> None:
    # Reward 3 at MSE 2, and Reward 1 at MSE 0, against Reward 0 at MSE 4: 3 x 2 and 1 x 2 more.
    values = np.array([[3, 2], [1, 0], [np.nan, 0], [-1, 0]])
    assert hypervolume(values, (0, 4), (True, False)) == 8
    assert hypervolume_share(values, (0, 4), (True, False)) == pytest.approx(8 / 12)


def test_without_a_reference_or_a_setting_beyond_it_there_is_no_share() -> None:
    values = np.array([[1.0, 1.0], [2.0, 0.0]])
    assert np.isnan(hypervolume(values, (np.nan, 0), (True, True)))
    assert hypervolume(values, (2, 0), (True, True)) == 0
    assert np.isnan(hypervolume_share(values, (2, 0), (True, True)))
    assert np.isnan(hypervolume_share(np.full((2, 2), np.nan), (0, 0), (True, True)))


def test_only_two_or_three_metrics_have_a_hypervolume() -> None:
    with pytest.raises(ValueError, match="2 or 3 metrics, but got 4"):
        hypervolume(np.zeros((1, 4)), [0] * 4, [True] * 4)


def test_reference_points_take_the_worst_setting_or_the_best_untrained_fusion() -> None:
    values = np.array([[1, 5], [3, np.nan], [2, 9]])
    assert worst_point(values, (True, False)).tolist() == [1, 9]
    baselines = [[0.2, 0.7, 0.5], [1, 2, 3], [30, 10, 20]]
    _, scores = made(some(2), np.zeros((3, 1, 2)), metrics=METRICS, baselines=baselines)
    assert untrained_point(scores, ("MSE", "Reward"), "a").tolist() == [10, 0.7]
    assert np.isnan(untrained_point(made(some(2), [0, 0])[1], ("Reward",), "a")).all()


def test_the_price_of_a_metric_is_what_its_best_setting_loses_in_the_other() -> None:
    # Reward against MSE; the front is settings 0, 1 and 2, and 3 is beaten.
    values = [[[9, 6, 5, 1]], [[0, 0, 0, 0]], [[10, 4, 2, 8]]]
    _, scores = made(some(4), values, metrics=METRICS)
    table = prices(scores, "a", 1).set_index(["metric", "other"])
    assert len(table) == 6
    there = table.loc[("Reward", "MSE")]
    assert there[["gain", "loss", "setting", "against", "front", "settings"]].tolist() == [4, 8, 0, 2, 3, 4]
    assert there[["gain_share", "loss_share"]].tolist() == [0.5, 1]
    # From 5 to 6 it costs 2, from 6 to 9 it costs 6.
    assert there["rate"] == 2
    back = table.loc[("MSE", "Reward")]
    assert back[["gain", "loss", "setting", "against"]].tolist() == [8, 4, 2, 0]
    assert back["rate"] == 0.5


def test_of_settings_that_tie_in_a_metric_the_one_that_is_best_in_the_other_sets_the_price() -> None:
    _, scores = made(some(3), [[[5, 5, 1]], [[1, 3, 4]], [[0, 0, 0]]], metrics=METRICS)
    row = prices(scores, "a", 1).set_index(["metric", "other"]).loc[("Reward", "VIF")]
    assert row[["gain", "loss", "setting", "against"]].tolist() == [4, 1, 1, 2]


def test_a_metric_that_is_constant_or_has_no_numbers_costs_nothing_that_can_be_stated() -> None:
    _, scores = made(some(3), [[[1, 2, 3]], [[4, 4, 4]], [[np.nan] * 3]], metrics=METRICS)
    table = prices(scores, "a", 1).set_index(["metric", "other"])
    constant = table.loc[("Reward", "VIF")]
    assert constant[["gain", "loss", "setting", "against", "front", "settings"]].tolist() == [0, 0, 2, 2, 1, 3]
    assert constant[["loss_share", "rate"]].isna().all()
    nothing = table.loc[("Reward", "MSE")]
    assert nothing[["gain", "loss", "rate"]].isna().all()
    assert nothing[["setting", "against", "front", "settings"]].tolist() == [-1, -1, 0, 0]


@given(arrays(float, (3, 1, 12), elements=st.one_of(st.integers(0, 5).map(float), st.just(np.nan))))
@settings(max_examples=60, deadline=None)
def test_prices_are_those_of_the_front_and_never_negative(values: np.ndarray) -> None:
    _, scores = made(some(12), values, metrics=METRICS)
    for row in prices(scores, "a", 1).to_dict("records"):
        one, other = METRICS.index(row["metric"]), METRICS.index(row["other"])
        two = values[[one, other], 0].T
        higher = [METRICS[one] != "MSE", METRICS[other] != "MSE"]
        front = np.unique(two[pareto_front(two, higher)], axis=0)
        assert row["front"] == len(front)
        assert row["settings"] == np.isfinite(two).all(axis=1).sum()
        if len(front):
            assert row["gain"] == np.ptp(front[:, 0]) and row["loss"] == np.ptp(front[:, 1])
            assert pareto_front(two, higher)[[row["setting"], row["against"]]].all()


def test_metrics_agree_or_conflict_by_what_is_better_and_as_scipy_says() -> None:
    values = np.random.default_rng(0).normal(size=(3, 1, 30)).round(1)
    values[2] = -values[0]
    values[1, 0, :4] = np.nan
    _, scores = made(some(30), values, metrics=METRICS)
    found = rank_correlation(scores, "a", 1)
    assert found[0, 2] == pytest.approx(1)
    expected = scipy.stats.spearmanr(values[0, 0, 4:], values[1, 0, 4:]).statistic
    assert found[0, 1] == found[1, 0] == pytest.approx(expected)


def test_one_setting_or_a_constant_metric_has_no_rank_correlation() -> None:
    _, scores = made(some(3), [[[1, 2, 3]], [[4, 4, 4]], [[np.nan] * 3]], metrics=METRICS)
    found = rank_correlation(scores, "a", 1)
    assert found[0, 0] == 1
    assert np.isnan(found[0, 1:]).all()
    assert np.isnan(rank_correlation(made(some(1), np.zeros((3, 1, 1)), metrics=METRICS)[1], "a", 1)).all()
