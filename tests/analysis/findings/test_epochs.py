"""How early one may stop, against hand-made curves and scipy."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.findings.epochs import agreement, front_runners, median_setting
from tests.analysis.scored import made

values_of = st.one_of(st.integers(0, 8).map(float), st.just(np.nan))


def some(count: int) -> list[dict[str, int]]:
    return [{"a": i} for i in range(count)]


def agreed(values: object, metric: str = "Reward") -> pd.DataFrame:
    """The rows of one metric on one data set, by epoch."""
    table = agreement(made(some(np.shape(values)[-1]), [values], metrics=(metric,))[1])
    return table[table["dataset"] == "a"].set_index("epoch")


def test_spearman_is_scipys() -> None:
    values = np.random.default_rng(0).normal(size=(3, 40)).round(1)
    table = agreed(values)
    for epoch in (1, 2):
        expected = scipy.stats.spearmanr(values[epoch - 1], values[2]).statistic
        assert table.loc[epoch, "spearman"] == pytest.approx(expected)
    assert table.loc[3, ["spearman", "regret", "top_overlap"]].tolist() == pytest.approx([1, 0, 1])
    assert table["last"].eq(3).all()


@pytest.mark.parametrize(("metric", "regret"), [("Reward", 3), ("MSE", 1)])
def test_regret_is_what_choosing_at_that_epoch_loses_at_the_last(metric: str, regret: float) -> None:
    # Highest at first: setting 0, which ends at 2 where the best ends at 5; lowest: setting 2, at 2 where 1 is lowest.
    row = agreed([[9, 5, 1, 4], [2, 5, 2, 1]], metric).loc[1]
    assert row["regret"] == regret
    assert row["regret_share"] == regret / 4


def test_those_that_tie_at_an_epoch_share_its_regret() -> None:
    assert agreed([[9, 9, 1], [5, 3, 4]]).loc[1, "regret"] == 1


def test_only_settings_that_reached_both_epochs_are_compared() -> None:
    row = agreed([[9, 1, 2, 3, np.nan], [np.nan, 1, 2, 3, 7]]).loc[1]
    assert row["settings"] == 3
    assert row["spearman"] == pytest.approx(1)
    assert row["regret"] == 0


def test_an_epoch_that_no_setting_has_in_common_with_the_last_says_nothing() -> None:
    row = agreed([[1, 2, np.nan], [np.nan, np.nan, 3]]).loc[1]
    assert row["settings"] == 0
    assert row[["spearman", "regret", "regret_share", "top_overlap"]].isna().all()


def test_the_overlap_counts_the_best_tenth_in_common() -> None:
    last = np.arange(40.0)
    now = last.copy()
    now[[39, 38, 0, 1]] = now[[0, 1, 39, 38]]
    assert agreed([now, last]).loc[1, "top_overlap"] == 0.5


def test_settings_that_cannot_be_told_apart_do_not_count_as_a_good_guess() -> None:
    last = np.arange(40.0)
    assert agreed([np.where(last == 0, 0, 1), last]).loc[1, "top_overlap"] == pytest.approx(4 / 39)


def test_a_constant_metric_has_no_rank_correlation_but_no_regret_either() -> None:
    row = agreed([[3, 3, 3], [3, 3, 3]]).loc[1]
    assert row["regret"] == 0
    assert row[["spearman", "regret_share", "top_overlap"]].isna().all()
    assert row["settings"] == 3


def test_the_last_epoch_is_the_last_that_the_metric_was_measured_at() -> None:
    values = [[[1, 2], [2, 1], [1, 2]], [[1, 2], [2, 1], [np.nan] * 2]]
    table = agreement(made(some(2), values, metrics=("Reward", "MSE"))[1])
    assert table.groupby("metric")["last"].unique().map(list).to_dict() == {"Reward": [3], "MSE": [2]}


@pytest.mark.parametrize("count", [0, 1])
def test_one_setting_or_none_agrees_with_nobody(count: int) -> None:
    table = agreement(made(some(count), np.zeros((1, 2, count)))[1])
    assert len(table) == 4 * count
    assert table["spearman"].isna().all()


def test_one_epoch_agrees_with_itself_alone() -> None:
    assert agreed([[1, 2, 3]])[["spearman", "regret"]].to_numpy().tolist() == [[pytest.approx(1), 0]]


@given(arrays(float, (1, 3, 12), elements=values_of), st.permutations(range(12)), st.sampled_from(("Reward", "MSE")))
@settings(max_examples=40, deadline=None)
def test_regret_is_never_negative_and_the_order_of_the_trials_changes_nothing(
    values: np.ndarray, order: list[int], metric: str
) -> None:
    table, other = (agreed(some_values[0], metric) for some_values in (values, values[..., order]))
    assert (table["regret"].dropna() >= 0).all()
    assert table["top_overlap"].dropna().between(0, 1).all()
    pd.testing.assert_frame_equal(table, other)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("Reward", {3: "best at epoch 2", 1: "best at epoch 2", 0: "best at epoch 1", 4: "median"}),
        ("MSE", {2: "best at epoch 2", 0: "best at epoch 2", 4: "best at epoch 1", 1: "best at epoch 1"}),
    ],
)
def test_front_runners_are_the_best_at_the_end_and_at_the_start_and_the_median(
    metric: str, expected: dict[int, str]
) -> None:
    values = [[9, 2, 5, 7, 1], [2, 6, 1, 8, 4]]
    _, scores = made(some(5), [values], metrics=(metric,))
    found = front_runners(scores, metric, "a", 2)
    # The lowest MSE is best; its median at the end is setting 4, drawn already.
    assert dict(zip(found["setting"], found["why"], strict=True)) == expected


def test_the_default_setting_is_drawn_too_where_one_is_named() -> None:
    _, scores = made(some(5), [[9, 2, 5, 7, 1]])
    assert front_runners(scores, "Reward", "a", 1, default=(4, "default")).to_numpy().tolist() == [
        [0, "best at epoch 1"], [4, "default"], [2, "median"],
    ]  # fmt: skip


def test_settings_without_a_number_are_no_front_runners() -> None:
    nan = np.nan
    _, scores = made(some(4), [[nan, 3, nan, 1], [nan, nan, nan, 2], [nan] * 4])
    assert front_runners(scores, "Reward", "a", 3)["setting"].tolist() == [3, 1]
    assert front_runners(made(some(2), [nan, nan])[1], "Reward", "a").empty


def test_the_median_setting_is_the_nearest_to_the_median_and_the_first_of_several() -> None:
    assert median_setting(np.array([3.0, 1.0, np.nan, 2.0])) == 3
    assert median_setting(np.array([4.0, 1.0, 3.0, 2.0])) == 2
    assert median_setting(np.array([np.nan])) == -1
