"""What swept parameters are called, and which of them depend on each other."""

from pathlib import Path

import pytest

from analysis.runs.open_run import open_run
from analysis.runs.run import Run, in_order
from analysis.scores.default_setting import default_setting
from analysis.scores.heatmap_layout import layout
from analysis.scores.labels import mixture, mixture_label, noun
from analysis.scores.model import Scores
from analysis.scores.score import score
from tests.analysis.make import Made, make_run
from tests.analysis.rewarded import reward_run, simplex
from trials.spec.labels import short_names

VIF, QABF = "reward.weights.VIF", "reward.weights.Qabf"


def opened(folder: Path) -> tuple[Run, Scores]:
    run = open_run(folder)
    return run, score(run)


def test_reward_weights_recipes_and_worst_pairs_have_names_that_say_what_they_are() -> None:
    keys = [VIF, "reward.aggregate", "recipe.kind", "recipe.samples", "data.worst.percent", "loss.terms.brightness"]
    names = ["w_VIF", "aggregate", "recipe", "samples", "worst.percent", "brightness"]
    assert list(short_names(keys).values()) == names


def test_a_key_of_the_start_is_not_taken_for_the_trials_own() -> None:
    names = short_names(["recipe.epochs", "start.recipe.epochs"])
    assert names == {"recipe.epochs": "epochs", "start.recipe.epochs": "start.recipe.epochs"}


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ([VIF, QABF], "reward weight"), ([VIF, "loss.max_ratio"], "weight"), (["loss.max_ratio"], "weight"),
        ([VIF, "reward.aggregate"], "parameter"), (["recipe.kind"], "parameter"), ([], "weight"),
    ],
)  # fmt: skip
def test_parameters_are_called_weights_only_where_all_of_them_are(keys: list[str], word: str) -> None:
    assert noun({**dict.fromkeys(keys, (0, 1)), "recipe.samples": (4,)}) == word


def test_weights_on_a_simplex_depend_on_each_other_and_a_grid_of_them_does_not(tmp_path: Path) -> None:
    run, scores = opened(reward_run(tmp_path / "a", simplex(0.5, ("VIF", "Qabf"))))
    assert mixture(run, scores) == (VIF, QABF)
    assert mixture_label(run, scores).startswith("w_VIF and w_Qabf sum to 1 in every configuration: raising one lowers")
    free = [{VIF: a, QABF: b} for a in (0.5, 1.0) for b in (0.5, 1.0)]
    assert mixture(*opened(reward_run(tmp_path / "b", free))) == ()


def test_thirds_that_were_rounded_still_sum_to_one_and_are_written_short(tmp_path: Path) -> None:
    run, scores = opened(reward_run(tmp_path, simplex(1 / 3, ("VIF", "Qabf", "SSIM"))))
    assert run.axes[VIF] == (0.0, 0.3333, 0.6667, 1.0)
    assert len(mixture(run, scores)) == 3


def test_a_heatmap_of_a_simplex_has_one_weight_a_side_and_free_parameters_outside_them() -> None:
    axes = dict.fromkeys([VIF, QABF, "reward.weights.SSIM", "reward.aggregate"], (0, 1))
    plan = layout(axes, (VIF, QABF, "reward.weights.SSIM"))
    assert (plan.rows, plan.columns) == (("reward.aggregate", QABF), (VIF,))
    assert plan.over == ("reward.weights.SSIM",)


def test_a_metric_that_a_reward_does_not_name_weighs_nothing(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path, [Made({VIF: 1.0, QABF: 0.0}), Made({VIF: 1.0})]))
    assert run.axes == {VIF: (1.0,), QABF: (0.0,)}


def test_what_a_kind_of_recipe_brings_with_it_is_no_axis_of_the_sweep(tmp_path: Path) -> None:
    grpo, ppo = {"samples": 4, "delta": 0.4}, {"samples": 8, "grid": 4}
    trials = [Made({"recipe.kind": kind}, config={"recipe": fields}) for kind, fields in (("grpo", grpo), ("ppo", ppo))]
    assert list(open_run(make_run(tmp_path / "a", trials)).axes) == ["recipe.kind"]
    edited = Made({"recipe.kind": "ppo"}, config={"recipe": {"samples": 16, "grid": 4}})
    assert list(open_run(make_run(tmp_path / "b", [*trials, edited])).axes) == ["recipe.kind", "recipe.samples"]


def test_numbers_rise_words_stay_as_they_came_and_none_comes_first() -> None:
    assert in_order([0.5, None, 0.1]) == (None, 0.1, 0.5)
    assert in_order(["sum", "min"]) == ("sum", "min")
    assert in_order([2, "all", 1]) == (1, 2, "all")


def test_the_default_of_reward_weights_is_the_setting_with_the_nearest_shares(tmp_path: Path) -> None:
    run, scores = opened(reward_run(tmp_path, simplex(0.25)))
    default = default_setting(run, scores)
    assert default is not None
    assert list(scores.settings[default].parameters.values()) == [0.25, 0.5, 0.25, 0.0]
