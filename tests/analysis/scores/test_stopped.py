"""Trials that were stopped early: nothing compares them at epochs that they have not reached."""

from pathlib import Path

import numpy as np
import pytest

from analysis.findings.bounds import bounds
from analysis.findings.epochs import agreement
from analysis.findings.findings import Findings
from analysis.findings.standings import Standings
from analysis.report.figures.bounds import bounds_part
from analysis.report.figures.page_data import page_data
from analysis.report.packing import unpack
from analysis.runs.open_run import open_run
from analysis.runs.run import Run
from analysis.scores.metrics import ALL
from analysis.scores.model import Scores
from analysis.scores.score import score
from analysis.text.answer import answer
from analysis.text.run_facts import provenance_line, search_facts
from tests.analysis.make import Made, make_run
from tests.analysis.searches import KEY, at, search_run, searched

# By weight: the reward at each epoch. What was stopped was ahead at epoch 1, and nobody has seen it later.
CURVES = {1: (0.9,), 2: (0.1, 0.2, 0.3, 0.4), 4: (0.2, 0.3, 0.4, 0.5), 8: (0.95,)}


@pytest.fixture
def opened(tmp_path: Path) -> tuple[Run, Scores]:
    trials = [
        Made({KEY: weight}, [at(value) for value in curve], status="finished" if len(curve) > 1 else "stopped")
        for weight, curve in CURVES.items()
    ]
    run = open_run(make_run(tmp_path, trials, record=searched(rule="asha")))
    return run, score(run)


def test_the_answer_says_how_many_were_stopped_by_which_rule(opened: tuple[Run, Scores]) -> None:
    said = answer(Findings(*opened))
    assert said[0].startswith("Best configuration: max_ratio 4 (trial 3). Reward 0.5 at epoch 4")
    assert "2 of 4 trials were stopped early by asha: they have no number at epoch 4." in said
    assert said[-1] == (
        "Only 2 of 4 configurations have a number here, none with max_ratio 1 or 8: what those allow is not known."
    )


def test_the_head_of_the_page_names_the_search_and_its_rule(opened: tuple[Run, Scores], tmp_path: Path) -> None:
    assert provenance_line(opened[0])[1:3] == [
        "search random, 60 configurations, seed 0", "stopped early by asha (grace 1, reduction 3)",
    ]  # fmt: skip
    plain = open_run(make_run(tmp_path / "plain", [Made({KEY: 1}, [at(0.5)])]))
    assert not search_facts(plain)
    grid = open_run(make_run(tmp_path / "grid", [Made({KEY: 1}, [at(0.5)])], record=searched(kind="grid")))
    assert not search_facts(grid)


def test_a_stopped_trial_has_no_rank_at_a_later_epoch(opened: tuple[Run, Scores]) -> None:
    run, scores = opened
    later, first = (Standings(run, scores).ranking("Reward", ALL, epoch) for epoch in (4, 1))
    assert later["rank"].notna().sum() == 2 and first["rank"].notna().sum() == 4
    assert [row[KEY] for row in first["parameters"][:2]] == [8, 1]


@pytest.mark.parametrize("up_to", [False, True])
def test_the_bound_of_values_of_which_only_stopped_trials_exist_is_not_known(
    opened: tuple[Run, Scores], up_to: bool
) -> None:
    table = bounds(*opened, datasets=[ALL], epochs=[4], up_to=[up_to]).set_index("value")
    assert table.loc[[1, 8], ["best", "worse"]].isna().all(axis=None)
    assert table.loc[[1, 8], "settings"].tolist() == [0, 0] and not table.loc[[1, 8], "tied"].any()
    assert table.loc[[2, 4], "best"].tolist() == [0.4, 0.5]


def test_at_the_epoch_that_a_trial_reached_it_counts_up_to_it(opened: tuple[Run, Scores]) -> None:
    table = bounds(*opened, datasets=[ALL], epochs=[1], up_to=[True]).set_index("value")
    assert table["best"].to_dict() == {1: 0.9, 2: 0.1, 4: 0.2, 8: 0.95}


def test_the_page_knows_which_values_are_not_known_and_how_many_had_ended(opened: tuple[Run, Scores]) -> None:
    part = bounds_part(Findings(*opened))
    assert part is not None
    assert unpack(part["ended"]).tolist() == [[0, 0, 0, 0], *[[1, 0, 0, 1]] * 3]
    assert page_data(Findings(*opened))["stopped"] == {"rule": "asha", "before": [0, 2, 2, 2]}


def test_the_page_says_at_which_epoch_a_setting_was_stopped(opened: tuple[Run, Scores]) -> None:
    settings = page_data(Findings(*opened))["settings"]
    states = [settings["statuses"][i] for i in settings["status"]]
    assert states == ["stopped at epoch 1", "finished", "finished", "stopped at epoch 1"]


def test_a_setting_that_one_seed_ran_to_the_end_is_known_by_that_seed(tmp_path: Path) -> None:
    trials = [
        Made({KEY: 1}, [at(0.9)], status="stopped"),
        Made({KEY: 1}, [at(0.1), at(0.3)], seed=5),
        Made({KEY: 2}, [at(0.2), at(0.2)]),
    ]
    run = open_run(make_run(tmp_path, trials, record=searched(rule="median", seeds=(0, 5))))
    scores = score(run)
    assert scores.trials.mean[0, 0, 1].tolist() == [0.3, 0.2]
    assert not scores.ended_before.any()
    assert "1 of 3 trials was stopped early by median: it has no number at epoch 2." in answer(Findings(run, scores))


def test_how_early_one_may_stop_is_asked_of_those_that_reached_the_end(opened: tuple[Run, Scores]) -> None:
    table = agreement(opened[1])
    assert table[table["epoch"] == 1]["settings"].unique().tolist() == [2]


def test_where_most_were_stopped_at_the_first_epoch_every_number_is_of_the_rest(tmp_path: Path) -> None:
    run = open_run(search_run(tmp_path, count=24, stopped=15))
    scores = score(run)
    found = Standings(run, scores).judgement("Reward", ALL, 4)
    assert found.settings == 9 and int(np.isfinite(found.worse).sum()) == 9 and found.tied.sum() <= 9
    table = bounds(run, scores, metrics=["Reward"], datasets=[ALL], epochs=[4])
    assert table[table["up_to"]]["settings"].groupby(table["parameter"]).sum().tolist() == [9] * 4
