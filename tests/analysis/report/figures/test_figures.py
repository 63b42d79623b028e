"""What the page carries for its figures: the numbers of the analysis, in the places where the page looks for them."""

import numpy as np
import pandas as pd
import pytest

from analysis.findings.epochs import agreement
from analysis.findings.findings import Findings
from analysis.findings.importance import optuna_importance, variance_shares
from analysis.findings.noise_floor import noise_floor
from analysis.findings.tradeoffs import prices
from analysis.report.figures import curves
from analysis.report.figures.importance import importance
from analysis.report.figures.tradeoffs import DRAWN, sample, tradeoffs
from analysis.report.packing import unpack
from analysis.runs.open_run import open_run
from analysis.scores.model import Scores
from analysis.scores.score import score
from tests.analysis.make import Made, make_run
from tests.analysis.scored import grid, made

AXES = {"loss.max_ratio": (4, 10), "loss.grad_ratio": (40,), "loss.ssim_shared": (1, 10, 32)}
SETTINGS = grid(AXES)
METRICS = ("Reward", "MSE", "VIF")
RNG = np.random.default_rng(1)
RUN, SCORES = made(SETTINGS, RNG.random((3, 2, 6)), metrics=METRICS)
CLOSE = {"rtol": 1e-5, "atol": 0}


def test_shares_of_the_page_are_those_of_the_analysis_without_the_mean_over_one_data_set() -> None:
    part, shares = importance(Findings(RUN, SCORES)), variance_shares(RUN, SCORES)
    np.testing.assert_allclose(unpack(part["main"]), shares.main[:, 1:], **CLOSE)
    np.testing.assert_allclose(unpack(part["pair"]), shares.pair[:, 1:], **CLOSE)
    assert [list(RUN.axes)[i] for i in part["parameters"]] == ["loss.max_ratio", "loss.ssim_shared"]
    assert part["pairs"] == [[0, 1]]
    assert np.shape(part["complete"]) == (3, 1, 2)


def test_the_ranked_metric_has_its_second_opinion_however_little_time_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.report.figures.importance.SECONDS", 0.0)
    (only,) = importance(Findings(RUN, SCORES))["optuna"]
    table = optuna_importance(RUN, SCORES, "Reward", "a", 2)
    assert (only["metric"], only["dataset"], only["epoch"]) == (0, 0, 1)
    np.testing.assert_allclose(unpack(only["fanova"]), table["fanova"], **CLOSE)
    np.testing.assert_allclose(unpack(only["ped_anova"]), table["ped_anova"], **CLOSE)


def test_nothing_swept_asks_nobody_for_importances() -> None:
    part = importance(Findings(*made([{}], [[0.5]])))
    assert part["parameters"] == part["optuna"] == []


def test_a_price_lies_at_the_metric_then_the_other() -> None:
    part = tradeoffs(Findings(RUN, SCORES))
    loss, share, setting = (unpack(part[name]) for name in ("loss", "share", "setting"))
    assert loss.shape == (1, 2, 3, 3)
    for row in prices(SCORES, "a", 2).to_dict("records"):
        place = (0, 1, METRICS.index(row["metric"]), METRICS.index(row["other"]))
        assert loss[place] == pytest.approx(row["loss"], rel=1e-5)
        assert share[place] == pytest.approx(row["loss_share"], rel=1e-5)
        assert setting[place] == row["setting"]
    assert np.isnan(loss[0, :, range(3), range(3)]).all()


@pytest.mark.parametrize(
    ("metrics", "chosen", "front"),
    [
        (("Reward",), ["Reward"], ["Reward"]),
        (("Reward", "MSE"), ["Reward", "MSE"], ["Reward", "MSE"]),
        (("MSE", "VIF", "AG"), ["MSE", "VIF"], ["MSE", "VIF"]),
        (("AG", "VIF", "Qabf", "SSIM", "MI"), ["AG", "VIF", "Qabf", "SSIM", "MI"], ["AG", "VIF"]),
    ],
)
def test_trade_offs_open_on_the_ranked_metric_and_the_headlines_on_two_at_least(
    metrics: tuple[str, ...], chosen: list[str], front: list[str]
) -> None:
    part = tradeoffs(Findings(*made(SETTINGS, 0.5, metrics=metrics)))
    assert [metrics[m] for m in part["chosen"]] == chosen
    assert [metrics[m] for m in part["front"]] == front


def test_only_more_settings_than_can_be_drawn_are_sampled_and_each_time_the_same() -> None:
    few = made(grid({"loss.max_ratio": range(DRAWN)}), [[0.5]])[1]
    many = made(grid({"loss.max_ratio": range(DRAWN + 1)}), [[0.5]])[1]
    assert sample(few) is None
    drawn = sample(many)
    assert drawn is not None
    assert drawn == sorted(set(drawn)) == sample(many)
    assert len(drawn) == DRAWN
    assert max(drawn) < len(many.settings)


def test_agreement_lies_at_its_metric_data_set_and_epoch() -> None:
    part = curves.curves(Findings(RUN, SCORES))
    for row in agreement(SCORES).query("dataset == 'a'").to_dict("records"):
        place = (METRICS.index(row["metric"]), 0, row["epoch"] - 1)
        for name in ("spearman", "regret", "regret_share", "top_overlap", "settings"):
            assert unpack(part[name])[place] == pytest.approx(row[name], rel=1e-5, abs=1e-12)


def test_front_runners_are_the_best_of_the_last_epoch_then_of_the_first() -> None:
    values = [[[5, 4, 3, 2, 1, 0, 0], [1, 2, 3, 4, 5, 6, 7]]]
    runners = curves.curves(Findings(*made(grid({"loss.max_ratio": range(7)}), values)))["runners"][0][0]
    assert [setting for setting, why in runners if why == "best at epoch 2"] == [6, 5, 4, 3]
    assert [setting for setting, why in runners if why == "best at epoch 1"] == [0, 1, 2]


def logged(*rows: tuple[int, int, str, float]) -> pd.DataFrame:
    return pd.DataFrame([(f"id{i}", *row) for i, *row in rows], columns=["trial", "epoch", "name", "value"])


def test_loss_terms_lie_at_their_setting_name_and_epoch_and_speed_is_left_out() -> None:
    rows = logged((1, 1, "loss_max", 4), (1, 2, "loss_max", 2), (2, 1, "loss_max", 8), (2, 1, "gradient_norm", 1),
                  (2, 1, "pairs_per_second", 9))  # fmt: skip
    part = curves.training(Findings(*made(grid({"loss.max_ratio": (10, 4)}), [[0.5, 0.6]], training=rows)))
    assert part["settings"] is None
    assert [name for name, _ in part["names"]] == ["loss_max", "gradient_norm"]
    assert part["epochs"] == [1, 2]
    nan = np.nan
    np.testing.assert_array_equal(unpack(part["curves"]), [[[4, 2], [nan, nan]], [[8, nan], [1, nan]]])
    assert part["default"] == 0


def test_no_logged_losses_are_no_error() -> None:
    part = curves.training(Findings(RUN, SCORES))
    assert part["names"] == part["epochs"] == part["odd"] == []
    assert unpack(part["curves"]).size == 0


def test_of_too_many_settings_the_best_the_worst_the_median_and_the_default_keep_their_losses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(curves, "CARRIED", 4)
    values = [np.roll(np.arange(101.0), 7)]
    rows = logged(*((i + 1, 1, "loss_max", i) for i in range(101)))
    run, scores = made(grid({"loss.max_ratio": range(101)}), values, training=rows)
    part = curves.training(Findings(run, scores))
    assert {np.argmin(values[0]), np.argmax(values[0]), np.argsort(values[0])[50], 10} <= set(part["settings"])
    assert len(part["settings"]) <= 6
    np.testing.assert_array_equal(unpack(part["curves"])[:, 0, 0], part["settings"])


def seeds_run(tmp_path: object, seeds: int) -> tuple[object, Scores]:
    trials = [
        Made({"loss.max_ratio": ratio}, [{"a": {"Reward": ratio + noise, "VIF": noise}}], seed=seed)
        for ratio in (1, 2, 3)
        for seed, noise in enumerate(np.random.default_rng(ratio).normal(0, 0.1, seeds))
    ]
    run = open_run(make_run(tmp_path, trials))  # type: ignore[arg-type]
    return run, score(run)


def test_one_seed_has_no_noise_floor(tmp_path: object) -> None:
    assert curves.noise(Findings(*seeds_run(tmp_path, 1))) is None  # type: ignore[arg-type]


def test_the_noise_floor_of_the_page_is_that_of_the_table(tmp_path: object) -> None:
    run, scores = seeds_run(tmp_path, 4)
    part = curves.noise(Findings(run, scores))  # type: ignore[arg-type]
    assert part is not None
    names = {"std": "pooled", "freedom": "freedom", "settings": "settings", "seeds": "seeds", "pair": "resolves_pair",
             "sweep": "resolves_sweep", "pair_one": "resolves_pair_one_seed",
             "sweep_one": "resolves_sweep_one_seed"}  # fmt: skip
    table = noise_floor(scores).query("dataset == 'a' and setting == 0").set_index("metric")  # type: ignore[arg-type]
    for name, column in names.items():
        np.testing.assert_allclose(unpack(part[name])[:, 0, 0], table.loc[list(scores.metrics), column], **CLOSE)
    assert unpack(part["repeated"])[:, 0, 0].tolist() == [3, 3]
