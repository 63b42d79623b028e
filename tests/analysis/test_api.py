"""A run from Python: DataFrames that a user may change, and what a notebook shows."""

from __future__ import annotations

from pathlib import Path

import pytest

import analysis
from fusion_core.errors import FusionError
from tests.analysis.make import Made, make_run

KEY = "loss.max_ratio"


def made(folder: Path) -> Path:
    values = {4: (0.2, 0.3), 8: (0.6, 0.8), 16: (0.5, 0.1)}
    return make_run(
        folder,
        [
            Made({KEY: value}, [{"a": {"Reward": score}}], seed=seed)
            for value, scores in values.items()
            for seed, score in enumerate(scores)
        ],
    )


def test_the_best_come_first_with_their_seeds_and_spread(tmp_path: Path) -> None:
    best = analysis.open_run(made(tmp_path)).best
    assert list(best.columns) == ["rank", KEY, "trials", "seeds", "value", "spread"]
    assert best[KEY].tolist() == [8, 16, 4] and best["rank"].tolist() == [1, 2, 3]
    assert best["value"].tolist() == pytest.approx([0.7, 0.3, 0.25])
    assert best["seeds"].tolist() == [2, 2, 2] and best["spread"][0] == pytest.approx(0.1414, abs=1e-4)


def test_frames_are_copies_with_a_row_for_every_trial_and_metric(tmp_path: Path) -> None:
    run = analysis.open_run(made(tmp_path))
    assert run.trials[KEY].tolist() == [4, 4, 8, 8, 16, 16]
    assert set(run.metrics["trial"]) == set(run.trials["id"])
    assert list(run.metrics.columns) == ["trial", "epoch", "dataset", "metric", "mean", "std", "n"]
    changed = run.trials
    changed["seed"] = 9
    assert set(run.trials["seed"]) == {0, 1}


def test_a_notebook_shows_the_best_and_nothing_of_a_name_is_markup(tmp_path: Path) -> None:
    run = analysis.open_run(made(tmp_path / "<i>x"))
    shown = run._repr_html_()
    assert "6 trials" in shown and "0.7000" in shown and "no report yet" in shown
    assert run.report().exists()
    shown = run._repr_html_()
    assert "no report yet" not in shown and "<i>" not in shown and "&lt;i&gt;x" in shown


def test_a_run_without_numbers_has_no_best(tmp_path: Path) -> None:
    run = analysis.open_run(make_run(tmp_path, [Made({KEY: 4}, status="waiting")]))
    assert run.best.empty and "no numbers yet" in run._repr_html_()


def test_a_folder_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FusionError):
        analysis.open_run(tmp_path)
