"""Curves and costs of repeats, counted by hand; which search they recommend."""

import numpy as np
import pandas as pd
import pytest

from analysis.replay.costs import FLOOR, TOP_1, TOP_5, Target, costs, curves, quantile, table, targets, up_to
from analysis.replay.noise_floor import OWN, SHARED, Floor
from analysis.replay.recommendation import advice, judged_by, recommended, remarks
from tests.analysis.replay.grids import grid_of, search, trace

TEN = grid_of([[float(i)] for i in range(10)], seconds=2.0)
LARGE = grid_of([[float(i)] for i in range(200)], seconds=2.0)
NOISE = Floor(1.5, 0.5, 9, SHARED, "noise")


def test_targets_are_the_best_share_of_the_settings_and_what_is_within_the_noise() -> None:
    grid = grid_of([[float(i)] for i in range(250)])
    found = {one.name: (one.least, one.settings) for one in targets(grid, Floor(10.0, 3.0, 9, OWN, "noise"))}
    assert found == {TOP_1: (248.0, 2), TOP_5: (238.0, 12), FLOOR: (239.0, 11)}
    assert [one.settings for one in targets(TEN, None)] == [1]


def test_the_best_so_far_and_its_band_are_quantiles_over_repeats() -> None:
    traces = [trace([1, 2, 3], [k, 0, 9], 3) for k in range(5)]
    found = curves(TEN, search("random"), traces)
    assert found["cost"].tolist() == [0.1, 0.2, 0.3]
    assert found["seconds"].tolist() == pytest.approx([0.05, 0.1, 0.15])
    assert found["best_median"].tolist() == [2, 2, 9]
    assert found["best_low"].tolist() == pytest.approx([*[np.quantile(range(5), 0.05)] * 2, 9])
    assert found["best_high"].tolist() == pytest.approx([*[np.quantile(range(5), 0.95)] * 2, 9])
    assert found["regret_median"].tolist() == [7, 7, 0]
    assert (found["n"] == 5).all()


def test_a_curve_begins_where_every_repeat_has_a_best() -> None:
    found = curves(TEN, search("random"), [trace([1, 2], [1, 2], 4), trace([3], [5], 4)])
    assert found["cost"].tolist() == [0.3, 0.4]
    assert not len(curves(TEN, search("random"), [trace([], [], 4), trace([3], [5], 4)]))


def test_of_a_lower_better_metric_the_band_is_in_its_own_values() -> None:
    grid = grid_of([[float(i)] for i in range(10)], metric="MSE")
    found = curves(grid, search("random"), [trace([1], [-gain], 1) for gain in (1.0, 2.0, 3.0)])
    assert found["best_median"].tolist() == [2]
    assert found["best_low"].iloc[0] == pytest.approx(1.1)
    assert found["best_high"].iloc[0] == pytest.approx(2.9)
    assert found["regret_low"].iloc[0] == pytest.approx(1.1)


def test_costs_are_counted_in_epochs_and_seconds_of_the_whole_grid() -> None:
    traces = [trace([1, 2, 3], [1, 9, 3], 3), trace([1, 2, 3], [1, 2, 9], 3), trace([1], [0], 3)]
    row = costs(TEN, search("random"), traces, [Target(TOP_5, 9.0, 1)])
    assert row["top_5_within"] == pytest.approx(1 / 3)
    assert row["top_5_cost_median"] == pytest.approx(0.3)
    assert row["top_5_seconds_median"] == pytest.approx(0.15)
    assert np.isnan(row["top_5_cost_q90"])
    assert row["regret_median"] == 7
    assert np.isnan(row["epochs_saved"])
    assert np.isnan(row["loss_most"])


def test_a_quantile_is_the_value_that_as_large_a_share_is_at_most() -> None:
    values = np.array([3.0, 1.0, np.inf, 2.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
    assert quantile(values, 0.5) == 5
    assert quantile(values, 0.9) == 9
    assert np.isnan(quantile(values, 0.95))


def test_what_early_stopping_saves_and_loses_is_of_the_whole_grid() -> None:
    traces = [trace([1, 5], [8, 9], 6), trace([1, 5], [7, 8], 8)]
    traces = [type(one)(one.seconds, one.hits, one.gains, 10, 20, 0.0) for one in traces]
    row = costs(TEN, search("asha"), traces, targets(TEN, NOISE))
    assert row["epochs_saved"] == pytest.approx(1 - 7 / 20)
    assert (row["loss_median"], row["loss_q95"], row["loss_most"]) == (0, 1, 1)


def frame(**q90: float | None) -> pd.DataFrame:
    columns = {"cost_q90": q90, "cost_median": q90, "seconds_q90": q90, "seconds_median": q90}
    rows = []
    for name in q90:
        row = {"search": name, "repeats": 200, "regret_median": 0.0, "epochs_saved": np.nan, "loss_most": np.nan}
        for target in (TOP_1, TOP_5, FLOOR):
            row |= {f"{target}_{key}": np.nan if of[name] is None else of[name] for key, of in columns.items()}
            row[f"{target}_within"] = 0.5 if q90[name] is None else 1.0
        rows.append(row)
    return table(rows)


def test_the_cheapest_of_those_that_arrive_in_ninety_percent_is_recommended() -> None:
    target = Target(FLOOR, 1.0, 3)
    assert recommended(frame(random=0.4, tpe=0.1, gp=None), target) == "tpe"
    assert recommended(frame(random=None, gp=None), target) is None


def test_where_none_arrives_it_says_so_and_which_comes_nearest() -> None:
    rows = frame(random=None, gp=None)
    rows.loc[1, "floor_within"] = 0.75
    said = advice(TEN, NOISE, targets(TEN, NOISE), rows)
    assert said == [
        "No search reaches a configuration statistically tied with the grid's best in 90 % of its repeats as far as "
        "they "
        "went; gp comes nearest: 75 % of 200 repeats within 25 % of the grid's epochs."
    ]


def test_the_recommendation_says_what_it_costs_and_what_comes_nearer() -> None:
    wide = Floor(30.0, 10.0, 9, SHARED, "noise")
    rows = frame(random=0.125, tpe=0.2)
    rows.loc[:, "top_1_cost_q90"] = [np.nan, 0.5]
    rows.loc[:, "top_5_cost_q90"] = [0.4, 0.3]
    said = advice(LARGE, wide, targets(LARGE, wide), rows)
    assert said[0] == (
        "Recommended: random. In 90 % of 200 repeats it has a configuration statistically tied with the grid's best by "
        "12.5 % of the grid's epochs, 12.5 % of its seconds (median 12.5 %); 100 % of the repeats have it within 25 %."
    )
    assert said[1] == (
        "Nearer to the best, in 90 % of the repeats: the top 5 % by 30 % with tpe, the top 1 % by 50 % with tpe."
    )


def test_what_costs_more_than_another_search_could_spend_is_not_reached() -> None:
    rows = frame(random=None, tpe=None, asha=0.708)
    fair = up_to(0.5, rows, targets(TEN, NOISE))
    assert recommended(rows, Target(FLOOR, 1.0, 3)) == "asha"
    assert recommended(fair, Target(FLOOR, 1.0, 3)) is None and np.isnan(fair["floor_seconds_q90"]).all()
    assert recommended(up_to(1.0, rows, targets(TEN, NOISE)), Target(FLOOR, 1.0, 3)) == "asha"


def test_a_recommendation_of_few_repeats_says_so() -> None:
    rows = frame(random=0.125, tpe=0.2)
    rows.loc[1, "repeats"] = 5
    said = advice(TEN, None, targets(TEN, None), rows)[0]
    assert said.endswith("This rests on few repeats (5): with 20 or more it is surer.")


def test_a_rule_that_loses_more_than_the_noise_in_any_repeat_is_not_praised() -> None:
    rows = frame(asha=0.1, median=0.1)
    rows["epochs_saved"], rows["loss_most"] = [0.5, 0.25], [2.0, 1.0]
    assert advice(TEN, NOISE, targets(TEN, NOISE), rows)[-1] == (
        "Early stopping alone: median saves 25 % of the whole grid's epochs and, in 200 repeats, loses at most 1, "
        "within the noise floor of 1.5."
    )
    assert "no rule loses nothing in every repeat; median saves 25 %" in advice(TEN, None, targets(TEN, None), rows)[-1]


def test_a_noise_floor_that_holds_most_of_the_grid_judges_no_search() -> None:
    wide = Floor(6.0, 2.0, 9, OWN, "seed_noise")
    assert judged_by(TEN, targets(TEN, NOISE)).name == FLOOR
    assert judged_by(TEN, targets(TEN, wide)).name == TOP_5
    said = remarks(TEN, wide, targets(TEN, wide))
    assert "7 of 10 configurations are that near to the best" in said[0]
    assert "several configurations of the same seeds would measure it" in said[1]
    assert said[1].endswith("judged by the top 5 % in its place.")


def test_without_a_noise_floor_it_says_so_once() -> None:
    assert judged_by(TEN, targets(TEN, None)).name == TOP_5
    assert len(remarks(TEN, None, targets(TEN, None))) == 1
