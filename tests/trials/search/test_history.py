from __future__ import annotations

import json
from pathlib import Path

import optuna
import pytest

from fusion_core.errors import ConfigError
from tests.trials.search.test_search import SEARCH, run
from trials.search.sampler import SETTING
from trials.storage.results import Results

OTHER = SEARCH.replace("trials: 14", "trials: 12")


def trials_of(folder: Path) -> list[optuna.trial.FrozenTrial]:
    backend = optuna.storages.journal.JournalFileBackend(str(folder / "tiny" / "optuna.journal"))
    return optuna.load_study(study_name="tiny", storage=optuna.storages.JournalStorage(backend)).trials


def best_of(folder: Path) -> dict[str, float]:
    with Results.read(folder / "tiny" / "results.sqlite") as results:
        ((text,),) = results.query(
            "SELECT parameters FROM trials JOIN metrics ON trial = id AND metric = 'VIF' AND epoch = 2 "
            "ORDER BY mean DESC LIMIT 1"
        )
    return dict(json.loads(text))


def from_(folder: Path, *more: Path) -> str:
    return (
        SEARCH.replace("trials: 14", "trials: 5") + f"start_from: [{', '.join(map(str, (folder / 'tiny', *more)))}]\n"
    )


def test_what_another_sweep_of_the_same_trials_found_is_told_to_the_sampler(tmp_path, capsys):
    run(tmp_path / "other", text=OTHER)
    run(tmp_path / "this", text=from_(tmp_path / "other"))
    assert "start_from tiny: 12 configurations are given to the sampler" in capsys.readouterr().out
    found = trials_of(tmp_path / "this")
    assert len(found) == 12 + 5
    told = {tuple(one.user_attrs[SETTING]["parameters"].values()): one.value for one in found[:12]}
    with Results.read(tmp_path / "other" / "tiny" / "results.sqlite") as results:
        theirs = results.query(
            "SELECT parameters, mean FROM trials JOIN metrics ON trial = id AND metric = 'VIF' AND epoch = 2"
        )
    assert told == {tuple(json.loads(text).values()): mean for text, mean in theirs}


def test_what_was_found_with_other_trials_is_tried_first_and_the_difference_said(tmp_path, capsys):
    recipe = "recipe: {kind: arithmetic, epochs: 2}"
    run(tmp_path / "other", text=OTHER.replace(recipe, f"{recipe}\n  loss: {{consist_ratio: 3}}"))
    run(tmp_path / "this", text=from_(tmp_path / "other"))
    assert "12 differ in loss.consist_ratio" in capsys.readouterr().out
    with Results.read(tmp_path / "this" / "tiny" / "results.sqlite") as results:
        ((first,),) = results.query("SELECT parameters FROM trials WHERE number = 1")
    assert json.loads(first) == best_of(tmp_path / "other")


def test_what_lies_outside_the_space_is_left_out_and_counted(tmp_path, capsys):
    run(tmp_path / "other", text=OTHER)
    run(tmp_path / "this", "space.loss.max_ratio.high=8", text=from_(tmp_path / "other"))
    with Results.read(tmp_path / "other" / "tiny" / "results.sqlite") as results:
        values = [json.loads(text)["loss.max_ratio"] for (text,) in results.query("SELECT parameters FROM trials")]
    outside = sum(value > 8 for value in values)
    assert f"{outside} trials left out (loss.max_ratio is outside the space)" in capsys.readouterr().out


def test_a_resumed_search_is_told_once_of_what_others_found(tmp_path):
    run(tmp_path / "other", text=OTHER)
    run(tmp_path / "this", text=from_(tmp_path / "other"))
    run(tmp_path / "this", "search.trials=8", text=from_(tmp_path / "other"))
    assert len(trials_of(tmp_path / "this")) == 12 + 8


def test_every_run_that_cannot_be_read_is_named_at_once(tmp_path):
    with pytest.raises(ConfigError) as refused:
        run(tmp_path / "this", text=from_(tmp_path / "nowhere", tmp_path / "neither"))
    assert [problem.startswith("start_from: ") for problem in refused.value.problems] == [True, True]
