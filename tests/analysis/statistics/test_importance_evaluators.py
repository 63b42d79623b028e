"""Optuna's importances against functions whose answer is known."""

import numpy as np
import optuna
import pytest

from analysis.findings import importance
from analysis.findings.importance import optuna_importance, variance_shares
from tests.analysis.scored import grid, made

CUBE = grid({"a": (0, 1, 2), "b": (0, 1, 2, 3), "c": (0, 1)})
A, B, _ = (np.array([setting[key] for setting in CUBE], dtype=float) for key in "abc")  # type: ignore[arg-type]
SMALL = grid({"a": (4, 10, 16, 40), "b": (2, 32, 40, 64, 90), "c": (1, 10, 32), "d": (2, 12, 24, 40)})


def test_one_parameter_explains_everything() -> None:
    table = optuna_importance(*made([{"a": a} for a in range(6)], np.arange(6.0)), "Reward", "a", 1)
    assert table["fanova"].tolist() == pytest.approx([1.0])
    assert table["ped_anova"].tolist() == [1.0]


def test_the_forest_weighs_every_level_alike_however_they_are_spaced() -> None:
    # The last level of four differs: 3 / 16, not the 2 / 9 of its share of the range; the third level: 2 / 9.
    values = np.array([(setting["a"] == 40) + (setting["c"] == 32) for setting in SMALL], dtype=float)
    run, scores = made(SMALL, values)
    whole = 3 / 16 + 2 / 9
    exact = [3 / 16 / whole, 0, 2 / 9 / whole, 0]
    assert variance_shares(run, scores).main[0, 1, 0].tolist() == pytest.approx(exact, abs=1e-12)
    assert optuna_importance(run, scores, "Reward", "a", 1)["fanova"].tolist() == pytest.approx(exact, abs=0.01)


def test_the_forest_sees_effects_as_small_as_those_on_nabf() -> None:
    run, scores = made(CUBE, [[A + B], [1e-7 + 1e-10 * (A + B)]], metrics=("Reward", "Nabf"))
    large, small = (optuna_importance(run, scores, metric, "a", 1)["fanova"] for metric in ("Reward", "Nabf"))
    assert small.tolist() == pytest.approx(large.tolist(), abs=0.01)


@pytest.mark.parametrize(("metric", "first"), [("Reward", "a"), ("MSE", "b")])
def test_ped_anova_asks_what_the_best_have_in_common_whichever_way_the_metric_points(metric: str, first: str) -> None:
    # Only a = 16 gives high values, only b = 40 low ones.
    values = np.array([(s["a"] == 16) * 2.0 - (s["b"] == 40) * (s["a"] != 16) for s in SMALL])
    values += np.random.default_rng(0).random(len(values)) / 10
    run, scores = made(SMALL, [[values]], metrics=(metric,))
    table = optuna_importance(run, scores, metric, "a", 1)
    assert table["ped_anova"].sum() == pytest.approx(1)
    assert table.loc[table["ped_anova"].idxmax(), "parameter"] == first


def test_the_best_of_a_small_sweep_are_five_at_least() -> None:
    # The best two share b = 1 alone; four of the best five share a = 1, and each has another c.
    best = {(1, 1, 0): 9, (0, 1, 1): 8, (1, 0, 2): 7, (1, 0, 3): 6, (1, 0, 4): 5}
    settings = grid({"a": (0, 1), "b": (0, 1), "c": range(5)})
    values = [best.get(tuple(one.values()), i / 20) for i, one in enumerate(settings)]  # type: ignore[call-overload]
    table = optuna_importance(*made(settings, values), "Reward", "a", 1)
    assert table.loc[table["ped_anova"].idxmax(), "parameter"] == "a"


def test_a_large_sweep_is_sampled_alike_whatever_the_order_of_its_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importance, "_SAMPLE", 60)
    values = np.random.default_rng(0).random(len(SMALL))
    order = np.random.default_rng(1).permutation(len(SMALL))
    tables = [
        optuna_importance(*made([SMALL[i] for i in some], values[some]), "Reward", "a", 1)
        for some in (np.arange(len(SMALL)), order)
    ]
    assert tables[0]["used"].tolist() == [60] * 4
    assert tables[0]["settings"].tolist() == [240] * 4
    assert tables[0].equals(tables[1])


@pytest.mark.parametrize("values", [[], [1], [1, 2, 3, np.nan], [0.1] * 24, [np.nan] * 24])
def test_too_few_or_equal_values_have_no_importance(values: list[float]) -> None:
    table = optuna_importance(*made(CUBE[: len(values)], values), "Reward", "a", 1)
    assert table[["fanova", "ped_anova"]].isna().all(axis=None)
    assert table["settings"].eq(np.isfinite(values).sum()).all()


@pytest.mark.parametrize("other", range(4))
def test_four_settings_of_which_one_differs_give_no_traceback(other: int) -> None:
    values = np.where(np.arange(4) == other, 1.0, 0.0)
    table = optuna_importance(*made(grid({"a": (1, 2), "b": (1, 2)}), values), "Reward", "a", 1)
    assert table["fanova"].between(0, 1).all()


def test_parameters_that_some_settings_lack_have_importances_too() -> None:
    settings = [{"kind": "x", "q": q, "r": r} for q in (1, 2, 3) for r in range(5)]
    settings += [{"kind": "y", "r": r} for r in range(5)]
    values = [10.0 * s.get("q", 0) + 0.1 * s["r"] for s in settings]  # type: ignore[operator]
    table = optuna_importance(*made(settings, values), "Reward", "a", 1).set_index("parameter")
    assert table["ped_anova"].idxmax() == "q"
    assert table["fanova"].idxmax() == "q"


def test_optuna_stays_as_talkative_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[int] = [optuna.logging.INFO]
    monkeypatch.setattr(optuna.logging, "set_verbosity", said.append)
    monkeypatch.setattr(optuna.logging, "get_verbosity", lambda: said[-1])
    optuna_importance(*made(CUBE, A), "Reward", "a", 1)
    assert said[1] == optuna.logging.ERROR
    assert said[-1] == optuna.logging.INFO
