"""Loss terms over training from rows made by hand."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.runs.run import Run
from analysis.scores.model import Scores
from analysis.scores.training_log import (
    BESIDE,
    COST,
    GRADIENT,
    LOSS,
    LOSS_AT_START,
    OTHER,
    REWARD,
    REWARDS,
    SPEED,
    TERMS,
    loss_curves,
    names,
    oddities,
)
from tests.analysis.rewarded import logged as rewarded
from tests.analysis.scored import made

LOGGED = {
    "loss_total": 3.0, "loss_grad": 1.0, "gradient_norm": 2.0, "kl": 0.1, "seconds": 9.0, "training_seconds": 8.0,
    "pairs_per_second": 30.0, "memory_bytes": 1e9,
}  # fmt: skip


def logged(rows: list[tuple[str, int, str, float | None]], settings: int = 3) -> tuple[Run, Scores]:
    training = pd.DataFrame(rows, columns=["trial", "epoch", "name", "value"])
    return made([{"a": i} for i in range(settings)], np.zeros((1, 2, settings)), training=training)


def test_what_was_logged_is_grouped_with_the_total_of_the_loss_first() -> None:
    run, _ = logged([("id1", 1, name, value) for name, value in LOGGED.items()])
    assert names(run) == {
        LOSS: ("loss_total", "loss_grad"),
        GRADIENT: ("gradient_norm",),
        OTHER: ("kl",),
        SPEED: ("memory_bytes", "pairs_per_second", "seconds", "training_seconds"),
    }


def test_rewards_come_first_of_their_own_and_what_they_cost_is_told_apart() -> None:
    run, _ = logged([("id1", 1, name, value) for name, value in rewarded({"reward.weights.VIF": 1.0}, 1)[0].items()])
    found = names(run)
    assert found[REWARD][:8] == (*REWARDS, *BESIDE)
    assert set(found[REWARD][8:]) == {"reward_train_sum", "reward_train_min"}
    assert found[TERMS] == ("term_VIF",)
    assert found[COST] == ("reward_calls", "samples_drawn")
    assert {"kl", "clip_fraction", "entropy", "advantage_size", "map_at_0", "map_at_1"} <= set(found[OTHER])
    assert found[LOSS] == ("loss_fusion", LOSS_AT_START)


def test_curves_hold_every_number_but_speed_of_the_chosen_settings() -> None:
    rows = [(f"id{i}", e, name, value * e) for i in (1, 2, 3) for e in (1, 2) for name, value in LOGGED.items()]
    curves = loss_curves(*logged(rows), [2, 0])
    assert sorted(curves["setting"].unique()) == [0, 2]
    assert set(curves["name"]) == {"loss_total", "loss_grad", "gradient_norm", "kl"}
    one = curves[(curves["setting"] == 2) & (curves["name"] == "loss_total")]
    assert one[["epoch", "value", "seeds"]].to_numpy().tolist() == [[1, 3, 1], [2, 6, 1]]


def test_seeds_are_averaged_and_counted_and_a_lost_value_is_not_hidden() -> None:
    rows = [
        ("id1", 1, "loss_total", 1.0), ("id2", 1, "loss_total", 3.0),
        ("id1", 2, "loss_total", 1.0), ("id2", 2, "loss_total", None),
        ("id1", 3, "loss_total", 4.0),
    ]  # fmt: skip
    run, scores = logged(rows)
    together = replace(scores.settings[0], numbers=(1, 2))
    curve = loss_curves(run, replace(scores, settings=(together, *scores.settings[2:])), [0])
    assert curve["seeds"].tolist() == [2, 2, 1]
    assert curve["value"].tolist() == pytest.approx([2, math.nan, 4], nan_ok=True)


def test_terms_that_are_zero_or_no_number_are_counted_by_setting() -> None:
    rows = [
        ("id1", 1, "loss_color", 0.0), ("id1", 2, "loss_color", 0.0),
        ("id2", 1, "loss_color", 0.0), ("id2", 2, "loss_color", 0.5),
        ("id3", 1, "loss_color", None),
        ("id1", 1, "gradient_norm", math.inf),
        ("id1", 1, "loss_total", 1.0), ("id1", 1, "kl", 0.0),
    ]  # fmt: skip
    table = oddities(*logged(rows)).set_index("name")
    assert table.loc["loss_color"].tolist() == [1, 1, 3]
    assert table.loc["gradient_norm"].tolist() == [0, 1, 1]
    assert set(table.index) == {"loss_color", "gradient_norm"}


@pytest.mark.parametrize("settings", [0, 1])
def test_a_run_that_has_logged_nothing_has_no_curves(settings: int) -> None:
    run, scores = logged([], settings)
    assert names(run) == {}
    assert loss_curves(run, scores, range(settings)).empty
    assert oddities(run, scores).empty
    assert list(loss_curves(run, scores, [])) == ["setting", "epoch", "name", "value", "seeds"]


def test_a_setting_that_was_not_asked_for_or_has_no_rows_is_left_out() -> None:
    run, scores = logged([("id1", 1, "loss_total", 1.0)])
    assert loss_curves(run, scores, [1, 2]).empty
