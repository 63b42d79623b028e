"""The layout of the pair-pair heatmap and the numbers in its cells."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.findings.findings import Findings
from analysis.report.figures.heatmap import pairs_part
from analysis.report.figures.page_data import page_data
from analysis.report.packing import unpack
from analysis.runs.open_run import open_run
from analysis.scores.binning import BINS, binned
from analysis.scores.heatmap_layout import layout
from analysis.statistics.cells import by_cell
from tests.analysis.make import Made, make_run
from trials.spec.labels import short_names

LEVELS = {"loss.max_ratio": (4, 10, 16, 40), "loss.grad_ratio": (2, 32, 40, 64, 90)}
REFERENCE = {**LEVELS, "loss.ssim_shared": (1, 10, 32), "loss.consist_ratio": (2, 12, 24, 40)}


def test_the_references_grid_has_consist_and_ssim_as_rows_and_max_and_grad_as_columns() -> None:
    plan = layout(REFERENCE)
    assert plan.rows == ("loss.consist_ratio", "loss.ssim_shared")
    assert plan.columns == ("loss.max_ratio", "loss.grad_ratio")
    assert plan.over == ()


@pytest.mark.parametrize(
    ("count", "columns", "rows", "over"),
    [(0, "", "", ""), (1, "a", "", ""), (2, "a", "b", ""), (3, "ab", "c", ""), (6, "ab", "cd", "ef")],
)
def test_any_number_of_parameters_finds_its_place(count: int, columns: str, rows: str, over: str) -> None:
    plan = layout(dict.fromkeys("abcdef"[:count], (1, 2)))
    assert (plan.columns, plan.rows, plan.over) == (tuple(columns), tuple(rows), tuple(over))


def test_a_parameter_with_one_value_takes_no_place() -> None:
    assert layout({"a": (1, 2), "b": (7,), "c": (1, 2)}).rows == ("c",)


def test_names_that_would_read_alike_keep_their_section() -> None:
    assert short_names(["loss.seed", "data.seed", "loss.max"]) == {
        "loss.seed": "loss.seed", "data.seed": "data.seed", "loss.max": "max",
    }  # fmt: skip


def test_every_cell_holds_the_value_of_its_own_weights(tmp_path: Path) -> None:
    def reward(max_ratio: int, grad_ratio: int) -> float:
        return max_ratio + grad_ratio / 100

    trials = [
        Made(dict(zip(LEVELS, values, strict=True)), [{"a": {"Reward": reward(*values)}}])
        for values in product(*map(reversed, LEVELS.values()))
    ]
    run = open_run(make_run(tmp_path, trials))
    data = page_data(Findings.of(run))
    values = unpack(data["values"])[0, 0, 0]
    assert len(data["settings"]["at"]) == len(values) == 20
    for at, value in zip(data["settings"]["at"], values, strict=True):
        max_ratio, grad_ratio = (axis["values"][i] for axis, i in zip(data["axes"], at, strict=True))
        assert value == pytest.approx(reward(max_ratio, grad_ratio), rel=1e-6)


def test_a_cell_without_a_number_is_nan_and_keeps_its_reason(tmp_path: Path) -> None:
    trials = [
        Made({"loss.max_ratio": 1}, [{"a": {"Reward": 0.5}}]),
        Made({"loss.max_ratio": 2}, status="failed", error="the loss is nan"),
        Made({"loss.max_ratio": 3}, status="waiting"),
        Made({"loss.max_ratio": 4}, [{"a": {"Reward": None}}]),
    ]
    run = open_run(make_run(tmp_path, trials))
    data = page_data(Findings.of(run))
    assert np.array_equal(unpack(data["values"])[0, 0, 0], [0.5, np.nan, np.nan, np.nan], equal_nan=True)
    assert data["failures"] == {2: "the loss is nan"}
    settings = data["settings"]
    states = [settings["statuses"][code] for code in settings["status"]]
    assert states == ["finished", "failed", "waiting", "finished"]


def test_one_data_set_is_not_shown_twice(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path, [Made({"loss.max_ratio": 1}, [{"only": {"Reward": 0.5}}])]))
    assert page_data(Findings.of(run))["datasets"] == ["only"]


def test_a_cell_of_two_weights_holds_best_and_mean_over_the_rest(tmp_path: Path) -> None:
    trials = [
        Made({"loss.a": a, "loss.b": b, "loss.c": c}, [{"s": {"MSE": 1.0 * a + b + c}}])
        for a, b, c in product((1, 2), (10, 20), (100, 300))
    ]
    run = open_run(make_run(tmp_path, trials, rank_by={"metric": "MSE"}))
    part = pairs_part(Findings.of(run))
    assert part is not None
    assert [pair["pair"] for pair in part["pairs"]] == [[0, 1], [0, 2], [1, 2]]
    assert unpack(part["pairs"][0]["best"])[0, 0, 0].tolist() == [111, 121, 112, 122]
    assert unpack(part["pairs"][0]["mean"])[0, 0, 0].tolist() == [211, 221, 212, 222]
    assert unpack(part["pairs"][1]["best"])[0, 0, 0].tolist() == [111, 311, 112, 312]


def test_one_swept_weight_has_no_pair(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path, [Made({"loss.a": a}, [{"s": {"MSE": 1.0}}]) for a in (1, 2)]))
    assert pairs_part(Findings.of(run)) is None


def test_a_cell_without_settings_or_without_numbers_is_nan() -> None:
    values = np.array([[[1.0, np.nan, 3.0, np.nan]]])
    best, mean = by_cell(values, np.array([0, 0, 2, 3]), 5, np.array([True]))
    assert np.array_equal(best[0, 0], [1, np.nan, 3, np.nan, np.nan], equal_nan=True)
    assert np.array_equal(mean[0, 0], [1, np.nan, 3, np.nan, np.nan], equal_nan=True)


def test_few_values_or_words_keep_a_row_each() -> None:
    assert binned((1, 2, 3), [5, 5, 5]) is None
    assert binned(tuple(map(str, range(30))), [1] * 30) is None


@given(st.lists(st.integers(1, 9), min_size=13, max_size=60))
def test_many_values_fall_into_ranges_in_their_order_and_each_range_is_used(counts: list[int]) -> None:
    found = binned(tuple(range(len(counts))), counts)
    assert found is not None
    labels, of = found
    assert of == sorted(of) and set(of) == set(range(len(labels))) and len(labels) <= BINS
    settings = np.bincount(of, weights=counts)
    assert settings.max() - sum(counts) / BINS <= max(counts)
