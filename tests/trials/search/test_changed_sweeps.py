"""A search whose sweep file changed between two runs in the same folder."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fusion_core.recipes.arithmetic import ArithmeticRecipe
from fusion_core.reports import EpochReport
from tests.trials.helpers import rows
from tests.trials.search.test_history import trials_of
from tests.trials.search.test_search import FINITE, SEARCH, of_kind, parameters, run, stop_after
from tests.trials.sweep.test_driver import statuses
from trials.search.sampler import SETTING
from trials.storage.results import Results


def values(folder: Path, metric: str = "VIF") -> dict[tuple[object, ...], float]:
    with Results.read(folder / "tiny" / "results.sqlite") as results:
        return {
            tuple(json.loads(text).values()): mean
            for text, mean in results.query(
                "SELECT parameters, mean FROM trials JOIN metrics ON trial = id AND metric = ? AND epoch = 2", (metric,)
            )
        }


@pytest.mark.parametrize("kind", ["tpe", "cmaes"])
@pytest.mark.parametrize("choices", ["[10, 16, 32]", "[10, 16]", "{low: 4, high: 16}"])
def test_what_is_told_of_an_edited_axis_is_told_in_its_new_measure(tmp_path, kind, choices):
    text = of_kind(kind, FINITE.replace("[2, 32]", "{low: 2, high: 90}"))
    run(tmp_path, text=text)
    run(tmp_path, f"space.loss.max_ratio={choices}", "search.trials=17", text=text)
    for trial in trials_of(tmp_path):
        own = trial.user_attrs[SETTING]["parameters"]
        drawn = trial.params["loss.max_ratio"]
        known = drawn if choices.startswith("{") else json.loads(choices)[int(drawn)]
        assert known == pytest.approx(own["loss.max_ratio"], rel=1e-3)


def test_a_bound_narrowed_to_the_best_value_keeps_it(tmp_path):
    run(tmp_path, text=SEARCH)
    highest = max(one["loss.grad_ratio"] for one in parameters(tmp_path))
    run(tmp_path, f"space.loss.grad_ratio.high={highest}", "search.trials=16", text=SEARCH)
    assert len(parameters(tmp_path)) == 16


def test_a_trial_stays_itself_when_a_dimension_comes_or_goes(tmp_path):
    narrow = FINITE.replace("  loss.grad_ratio: [2, 32]\n", "")
    run(tmp_path, text=narrow)
    run(tmp_path, text=FINITE.replace("[2, 32]", "[2, 40]"))  # 40 is the default, which the first three had
    assert len(parameters(tmp_path)) == 6
    run(tmp_path, text=narrow)
    assert len(parameters(tmp_path)) == 6


def test_the_best_is_a_mean_over_trials_of_one_configuration(tmp_path):
    text = SEARCH.replace("search:", "search:").replace("epochs: 2}", "epochs: 2}\n  loss: {consist_ratio: 2}")
    run(tmp_path, text=text)
    outcome = run(tmp_path, "trial.loss.consist_ratio=30", text=text)
    assert all(not one.others for one in outcome.top)
    assert all(one.number > 14 for one in outcome.top)


def test_settings_that_ran_a_seed_before_it_confirmed_are_not_confirmed(tmp_path):
    run(tmp_path, text=SEARCH + "seeds: [0, 1]\n")
    outcome = run(tmp_path, text=SEARCH + "seeds: [0]\nconfirm: {top: 2, seeds: [1, 2]}\n")
    assert len(outcome.top) == 2
    assert all(len(one.others) == 1 for one in outcome.top)
    assert len(parameters(tmp_path)) == 14 * 2 + 2


def test_a_trial_that_was_stopped_runs_at_full_length_when_it_confirms(tmp_path):
    early = "stop_early: {kind: asha, reduction: 2}\n"
    text = SEARCH.replace("epochs: 2", "epochs: 4")
    run(tmp_path, text=text + early + "seeds: [0, 1]\n")
    outcome = run(tmp_path, text=text + early + "seeds: [0]\nconfirm: {top: 14, seeds: [1]}\n")
    with Results.read(tmp_path / "tiny" / "results.sqlite") as results:
        ended = dict(results.query("SELECT seed, count(*) FROM trials WHERE status = 'finished' GROUP BY seed"))
    assert ended[1] >= ended[0] > 0
    assert outcome.top[0].picked is not None


def failing_seed(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    train = ArithmeticRecipe.train_epoch

    def fails(self: ArithmeticRecipe) -> EpochReport:
        if self.config.seed == seed and self.config.loss.max_ratio > 8:
            raise ValueError("no")
        return train(self)

    monkeypatch.setattr(ArithmeticRecipe, "train_epoch", fails)


def test_a_setting_of_which_a_seed_failed_is_not_named_best(tmp_path, monkeypatch):
    failing_seed(monkeypatch, 1)
    outcome = run(tmp_path, text=SEARCH + "seeds: [0, 1]\n")
    assert outcome.top
    assert all(one.parameters["loss.max_ratio"] <= 8 for one in outcome.top)


def test_constraints_hold_for_the_mean_over_seeds_at_the_end_as_in_the_search(tmp_path):
    text = SEARCH + "seeds: [0, 1, 2]\n"
    run(tmp_path, text=text)
    with Results.read(tmp_path / "tiny" / "results.sqlite") as results:
        means = sorted(
            mean
            for (mean,) in results.query(
                "SELECT avg(mean) FROM trials JOIN metrics ON trial = id AND metric = 'MSE' AND epoch = 2 "
                "GROUP BY parameters"
            )
        )
    bound = (means[3] + means[4]) / 2
    outcome = run(tmp_path, f"search.where=MSE <= {bound!r}", text=text)
    assert outcome.found == [f"4 of 14 configurations satisfy MSE <= {bound:g}"]
    assert len(outcome.top) == 4


def test_tpe_learns_from_settings_of_which_some_seeds_were_stopped(tmp_path):
    text = SEARCH.replace("epochs: 2", "epochs: 4") + "seeds: [0, 1, 2]\nstop_early: {kind: asha, reduction: 2}\n"
    run(tmp_path, text=text)
    assert {trial.state.name for trial in trials_of(tmp_path)} == {"COMPLETE", "PRUNED"}


def test_taking_early_stopping_out_goes_on_from_states_that_were_kept(tmp_path, capsys):
    text = SEARCH.replace("epochs: 2", "epochs: 4") + "keep_states: true\n"
    run(tmp_path, text=text + "stop_early: {kind: asha, reduction: 2}\n")
    assert "stopped" in statuses(tmp_path / "tiny").values()
    run(tmp_path, text=text)
    assert set(statuses(tmp_path / "tiny").values()) == {"finished"}
    assert "trained from the start" not in capsys.readouterr().out


def test_a_stopped_trial_that_has_all_epochs_asked_for_now_is_finished(tmp_path):
    early = "stop_early: {kind: median}\n"
    run(tmp_path, text=SEARCH.replace("epochs: 2", "epochs: 4") + early)
    assert "stopped" in statuses(tmp_path / "tiny").values()
    run(tmp_path, text=SEARCH.replace("epochs: 2", "epochs: 1"))
    assert set(statuses(tmp_path / "tiny").values()) == {"finished"}


def test_a_run_of_other_epochs_is_told_only_where_one_epoch_is_ranked_by(tmp_path, capsys):
    run(tmp_path / "other", text=SEARCH)
    own = f"start_from: [{tmp_path / 'other' / 'tiny'}]\n"
    longer = SEARCH.replace("epochs: 2", "epochs: 3")
    run(tmp_path / "last", text=longer + own)
    assert "14 differ in recipe.epochs" in capsys.readouterr().out
    run(tmp_path / "second", text=longer.replace("metric: VIF}", "metric: VIF, epoch: 2}") + own)
    assert "14 configurations are given" in capsys.readouterr().out


def test_a_search_that_starts_from_itself_is_told_everything_once(tmp_path):
    run(tmp_path, text=SEARCH)
    run(tmp_path, "search.trials=16", text=SEARCH + f"start_from: [{tmp_path / 'tiny'}]\n")
    assert len(trials_of(tmp_path)) == 16


@pytest.mark.parametrize("kind", ["cmaes", "nsga2", "tpe"])
def test_what_was_passed_over_before_a_stop_changes_nothing_after_it(tmp_path, monkeypatch, kind):
    text = of_kind(kind, SEARCH)
    text = re.sub(r"loss.max_ratio: .*", "loss.max_ratio: [2, 4, 8, 16]", text)
    text = re.sub(r"loss.grad_ratio: .*", "loss.grad_ratio: [2, 8, 32, 64]", text).replace("trials: 14", "trials: 12")
    run(tmp_path / "whole", text=text)
    for epochs in (5, 6, 4):
        stop_after(monkeypatch, epochs)
        run(tmp_path / "cut", text=text)
    run(tmp_path / "cut", text=text)
    assert rows(tmp_path / "cut" / "tiny") == rows(tmp_path / "whole" / "tiny")
