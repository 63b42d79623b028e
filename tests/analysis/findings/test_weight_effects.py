"""Rank correlations of weights with metrics, against scipy's."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import bootstrap, spearmanr

from analysis.findings.findings import Findings
from analysis.findings.weight_effects import effects, own_effects
from analysis.runs.open_run import open_run
from analysis.runs.run import Run
from analysis.scores.model import Scores
from analysis.scores.score import score
from analysis.statistics.correlation import MANY
from tests.analysis.make import Made, make_run
from tests.analysis.rewarded import reward_run
from tests.analysis.scored import made

VIF = "reward.weights.VIF"


def opened(folder: Path) -> tuple[Run, Scores]:
    run = open_run(folder)
    return run, score(run)


def weighed(values: np.ndarray, metrics: np.ndarray) -> tuple[Run, Scores]:
    return made(
        [{VIF: float(x), "loss.other": i} for i, x in enumerate(values)], metrics[:, None], metrics=("VIF", "MSE")
    )


def test_correlations_are_scipys_with_ties_and_a_metric_of_which_lower_is_better_turned_round() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 4, 30) / 4
    metrics = np.stack([values + rng.normal(0, 0.5, 30), values + rng.integers(0, 3, 30)])
    found = effects(*weighed(values, metrics))
    assert found is not None and found.weights[0] == VIF
    assert found.spearman[0, 0, 0, 0] == pytest.approx(spearmanr(values, metrics[0])[0], abs=1e-5)
    assert found.spearman[0, 1, 0, 0] == pytest.approx(-spearmanr(values, metrics[1])[0], abs=1e-5)
    assert found.settings[0, 0, 0, 0] == 30


def test_the_interval_is_that_of_scipys_bootstrap_over_settings() -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(0, 5, 40) / 4
    metric = values + rng.normal(0, 1, 40)
    found = effects(*weighed(values, np.stack([metric, metric])))
    theirs = bootstrap(
        (values, metric), lambda a, b: spearmanr(a, b)[0], paired=True, vectorized=False, n_resamples=999,
        method="percentile", random_state=0,
    ).confidence_interval  # fmt: skip
    assert found is not None
    assert found.low[0, 0, 0, 0] == pytest.approx(theirs.low, abs=0.05)
    assert found.high[0, 0, 0, 0] == pytest.approx(theirs.high, abs=0.05)


def test_many_settings_have_an_interval_without_resamples() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=MANY + 1)
    found = effects(*weighed(values, np.stack([values + rng.normal(0, 2, MANY + 1)] * 2)))
    assert found is not None and found.how == "Bonett and Wright"
    low, rho, high = (part[0, 0, 0, 0] for part in (found.low, found.spearman, found.high))
    assert low < rho < high
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt((1 + rho**2 / 2) / (MANY - 2)) * (1 - rho**2), rel=0.02)


def test_constants_words_and_too_few_settings_give_no_number(tmp_path: Path) -> None:
    nothing = effects(*weighed(np.arange(6.0), np.stack([np.ones(6), np.arange(6.0)])))
    assert nothing is not None and np.isnan(nothing.spearman[0, 0]).all()
    few = effects(*weighed(np.arange(4.0), np.stack([np.arange(4.0)] * 2)))
    assert few is not None and few.spearman[0, 0, 0, 0] == 1 and np.isnan(few.low).all()
    words = [Made({"reward.aggregate": word}, [{"a": {"Reward": 1.0}}]) for word in ("sum", "min")]
    assert effects(*opened(make_run(tmp_path, words))) is None


def test_settings_that_learn_from_no_reward_do_not_count_for_its_weights(tmp_path: Path) -> None:
    settings = [{"recipe.kind": "grpo", VIF: w / 5} for w in range(6)]
    settings += [{"recipe.kind": "supervised", VIF: w / 5} for w in range(6)]
    found = effects(*opened(reward_run(tmp_path, settings)))
    assert found is not None
    assert set(found.settings.ravel()) == {6}


def test_the_table_has_a_row_per_place_and_marks_a_metric_and_its_own_weight(tmp_path: Path) -> None:
    run, scores = opened(reward_run(tmp_path, seeds=(0, 1)))
    table = Findings(run, scores).effect_table
    assert len(table) == 4 * len(scores.metrics) * len(scores.datasets) * len(scores.epochs)
    own = table[table["own"] & (table["epoch"] == 2)]
    assert set(own["metric"]) == {"VIF", "Qabf", "SSIM", "MI"}
    assert (own["low"] > 0).all()
    assert set(table["settings"]) == {35}


def test_a_weight_is_judged_by_its_metric_as_the_reward_sees_it_where_trials_log_that(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    settings = [Made({VIF: w / 7}, [{"a": {"VIF": -float(w), "Reward": 0.5}}]) for w in range(8)]
    seen = rng.normal(np.arange(8), 2.0)
    rows = {place: [{"rewarded_VIF": value}] for place, value in enumerate(seen)}
    run, scores = opened(make_run(tmp_path / "logged", settings, training=rows))
    rho, low, high = own_effects(run, scores)[VIF]
    assert rho == pytest.approx(spearmanr(np.arange(8), seen)[0], abs=1e-5)
    assert low <= rho <= high
    row = Findings(run, scores).effect_table.iloc[-1]
    assert (row["metric"], row["spearman"]) == ("VIF as rewarded", pytest.approx(rho))
    assert own_effects(*opened(make_run(tmp_path / "not", settings))) == {}
