"""Upper bounds against tables made by hand, and properties that hold for any table."""

from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.findings.bounds import COLUMNS, bounds
from analysis.runs.open_run import open_run
from analysis.runs.run import Run
from analysis.scores.metrics import ALL
from analysis.scores.model import Scores
from analysis.scores.score import score
from tests.analysis.make import Made, make_run, seen

A, B = "loss.max_ratio", "loss.grad_ratio"


def table(folder: Path, trials: list[Made], **more: object) -> pd.DataFrame:
    return bounds(*opened(folder, trials, **more))


def opened(folder: Path, trials: list[Made], **more: object) -> tuple[Run, Scores]:
    run = open_run(make_run(folder, trials, **more))  # type: ignore[arg-type]
    return run, score(run)


def row(found: pd.DataFrame, parameter: str, value: float, **place: object) -> pd.Series:
    place = {"metric": "Reward", "dataset": ALL, "epoch": 1, "up_to": False, **place}
    where = (found["parameter"] == parameter) & (found["value"] == value)
    for name, wanted in place.items():
        where &= found[name] == wanted
    (only,) = found[where].to_dict("records")
    return pd.Series(only)


GRID = [Made({A: a, B: b}, [{"s": {"Reward": a + b / 10, "MSE": 1.0 / (a + b)}}]) for a in (1, 2, 3) for b in (1, 2, 5)]


def test_a_bound_is_the_best_of_the_trials_with_that_value(tmp_path: Path) -> None:
    found = row(table(tmp_path, GRID), A, 2)
    assert (found["best"], found["trial"], found["settings"]) == (pytest.approx(2.5), 6, 3)
    assert found["worse"] == pytest.approx(1.0)
    assert (found["q1"], found["median"], found["q3"]) == pytest.approx((2.15, 2.2, 2.35))
    assert not found["tied"]
    assert row(table(tmp_path / "2", GRID), A, 3)["tied"]


def test_the_bound_of_a_metric_that_should_be_low_is_the_lowest(tmp_path: Path) -> None:
    found = table(tmp_path, GRID)
    assert row(found, A, 1, metric="MSE")["best"] == pytest.approx(1 / 6)
    assert row(found, B, 5, metric="MSE")["worse"] == 0
    assert (found["worse"] >= 0).all()


def test_up_to_an_epoch_keeps_the_best_so_far(tmp_path: Path) -> None:
    trials = [Made({A: a}, [{"s": {"Reward": 5.0 - a}}, {"s": {"Reward": 1.0 + a}}]) for a in (1, 2)]
    found = table(tmp_path, trials)
    assert row(found, A, 1, epoch=2)["best"] == 2
    assert row(found, A, 1, epoch=2, up_to=True)["best"] == 4
    assert row(found, A, 2, epoch=2, up_to=True)["best"] == 3


def test_every_metric_data_set_epoch_and_value_has_its_row_in_order(tmp_path: Path) -> None:
    trials = [Made({A: a, B: b}, [{"s": {"Reward": a}, "t": {"Reward": b}}] * 2) for a, b in product((1, 2), (3, 4))]
    found = table(tmp_path, trials)
    assert list(found.columns) == list(COLUMNS)
    assert len(found) == 1 * 3 * 2 * 2 * 4
    first = found[:4][["parameter", "value"]].values.tolist()
    assert first == [[A, 1], [A, 2], [B, 3], [B, 4]]


def test_only_what_is_asked_for_is_computed(tmp_path: Path) -> None:
    run, scores = opened(tmp_path, GRID)
    found = bounds(run, scores, metrics=["MSE"], datasets=["s"], epochs=[1], up_to=[False])
    assert len(found) == 6
    assert set(found["metric"]) == {"MSE"}


def test_values_per_image_give_a_bound_its_interval_and_its_correction(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    image = rng.normal(size=15)
    trials = [
        Made({A: a, B: b}, [seen({"s": {"Reward": image + a + 0.01 * rng.normal(size=15)}})])
        for a in (0, 1) for b in range(8)
    ]  # fmt: skip
    found = table(tmp_path, trials)
    low, high = row(found, A, 0), row(found, A, 1)
    assert low["worse_low"] < 1 < low["worse_high"]
    assert (low["tied"], high["tied"]) == (False, True)
    for bound in (low, high):
        assert bound["low"] < bound["best"] < bound["high"]
        assert bound["corrected"] < bound["best"] + 1e-9
    assert row(found, A, 0, up_to=True)["low"] == low["low"]


def test_up_to_an_epoch_each_setting_is_judged_at_its_own_best_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    image = rng.normal(size=12)

    def at(level: float) -> object:
        return seen({"s": {"Reward": image + level + 0.01 * rng.normal(size=12)}})

    trials = [Made({A: a}, [at(early), at(late)]) for a, early, late in ((1, 5, 1), (2, 1, 3), (3, 1, 5))]  # type: ignore[list-item]
    found = table(tmp_path, trials)
    tied = [row(found, A, a, epoch=2, up_to=True)["tied"] for a in (1, 2, 3)]
    assert tied == [True, False, True]
    assert [row(found, A, a, epoch=2)["tied"] for a in (1, 2, 3)] == [False, False, True]
    second = row(found, A, 2, epoch=2, up_to=True)
    assert second["worse_low"] < 2 < second["worse_high"]
    assert [row(found, A, a, epoch=2, up_to=True)["at_epoch"] for a in (1, 2, 3)] == [1, 2, 2]


def test_a_value_that_no_trial_reported_has_no_bound(tmp_path: Path) -> None:
    trials = [*GRID, Made({A: 9, B: 1}, status="failed", error="the loss is nan")]
    found = row(table(tmp_path, trials), A, 9)
    assert np.isnan(found["best"])
    assert (found["settings"], found["trial"], found["tied"]) == (0, -1, False)


@pytest.mark.parametrize("trials", [[], [Made({A: 1})], [Made({A: 1}, [{"s": {"Reward": 1.0}}])]])
def test_where_nothing_is_compared_there_are_no_rows(tmp_path: Path, trials: list[Made]) -> None:
    assert table(tmp_path, trials).empty


VALUES = st.lists(
    st.tuples(st.sampled_from((1, 2, 3)), st.integers(-1000, 1000).map(lambda n: n / 100) | st.none()),
    min_size=2,
    max_size=8,
)


def reported(values: list[tuple[int, float | None]]) -> list[Made]:
    return [Made({A: a, B: i}, [{"s": {"MSE": value}}]) for i, (a, value) in enumerate(values)]


def best_at(trials: list[Made]) -> dict[float, float]:
    with TemporaryDirectory() as folder:
        found = table(Path(folder), trials)
    if found.empty:
        return {}
    found = found[(found["parameter"] == A) & (found["dataset"] == "s") & ~found["up_to"]]
    return dict(zip(found["value"], found["best"], strict=True))


@settings(max_examples=25, deadline=None)
@given(VALUES, VALUES)
def test_a_bound_never_gets_worse_when_trials_are_added(
    first: list[tuple[int, float | None]], more: list[tuple[int, float | None]]
) -> None:
    before, after = best_at(reported(first)), best_at(reported([*first, *more]))
    for value, bound in before.items():
        assert np.isnan(bound) or after[value] <= bound


@settings(max_examples=25, deadline=None)
@given(VALUES, st.randoms())
def test_the_order_of_the_trials_changes_nothing(values: list[tuple[int, float | None]], random: object) -> None:
    trials = reported(values)
    shuffled = random.sample(trials, len(trials))  # type: ignore[attr-defined]
    first, second = best_at(trials), best_at(shuffled)
    assert first.keys() == second.keys()
    np.testing.assert_array_equal([first[k] for k in sorted(first)], [second[k] for k in sorted(first)])


def test_the_best_so_far_names_the_images_of_its_own_epoch(tmp_path: Path) -> None:
    trials = [Made({A: 1}, [{"s": {"Reward": 5.0}}], status="running"), Made({A: 2}, [{"s": {"Reward": 1.0}}] * 2)]
    found = row(table(tmp_path, trials), A, 1, epoch=2, up_to=True)
    assert (found["best"], found["images"], found["seeds"]) == (5.0, 10, 1)


def test_the_mean_over_no_set_that_counts_has_no_bound(tmp_path: Path) -> None:
    trials = [Made({A: a}, [{"s": {"Reward": float(a)}}]) for a in (1, 2)]
    found = table(tmp_path, trials, rank_by={"metric": "Reward", "dataset_weights": {"absent": 1}})
    mean = row(found, A, 2)
    assert np.isnan(mean["best"])
    assert not mean["tied"]


def test_a_value_whose_trials_all_failed_has_no_bound_where_seeds_are_the_only_evidence(tmp_path: Path) -> None:
    trials = [Made({A: a}, [{"s": {"Reward": a + seed / 100}}], seed=seed) for a in (1, 2) for seed in (0, 1)]
    trials += [Made({A: 3}, seed=seed, status="failed", error="out of memory") for seed in (0, 1)]
    found = table(tmp_path, trials)
    assert np.isnan(row(found, A, 3)["best"]) and np.isnan(row(found, A, 3)["low"])
    assert row(found, A, 2)["low"] < 2.005 < row(found, A, 2)["high"]
