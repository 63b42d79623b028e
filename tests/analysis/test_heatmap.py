"""The layout of the pair-pair heatmap and the numbers in its cells."""

from itertools import product
from pathlib import Path

import pytest

from analysis.figures import page_data
from analysis.heatmap import layout, short_names
from analysis.ranking import score
from analysis.tables import open_run
from tests.analysis.make import Made, make_run

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
    data = page_data(run, score(run))
    values = data["values"][0][0][0]
    assert len(data["settings"]) == len(values) == 20
    for setting, value in zip(data["settings"], values, strict=True):
        max_ratio, grad_ratio = (axis["values"][i] for axis, i in zip(data["axes"], setting["at"], strict=True))
        assert value == pytest.approx(reward(max_ratio, grad_ratio))


def test_a_cell_without_a_number_is_none_and_keeps_its_reason(tmp_path: Path) -> None:
    trials = [
        Made({"loss.max_ratio": 1}, [{"a": {"Reward": 0.5}}]),
        Made({"loss.max_ratio": 2}, status="failed", error="the loss is nan"),
        Made({"loss.max_ratio": 3}, status="waiting"),
        Made({"loss.max_ratio": 4}, [{"a": {"Reward": None}}]),
    ]
    run = open_run(make_run(tmp_path, trials))
    data = page_data(run, score(run))
    assert data["values"][0][0][0] == [0.5, None, None, None]
    assert data["failures"] == {2: "the loss is nan"}
    assert [setting["status"] for setting in data["settings"]] == ["finished", "failed", "waiting", "finished"]


def test_one_data_set_is_not_shown_twice(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path, [Made({"loss.max_ratio": 1}, [{"only": {"Reward": 0.5}}])]))
    assert page_data(run, score(run))["datasets"] == ["only"]
