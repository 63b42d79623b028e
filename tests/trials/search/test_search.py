from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import optuna
import pytest

from fusion_core.errors import ConfigError
from fusion_core.recipes.arithmetic import ArithmeticRecipe
from fusion_core.reports import EpochReport
from tests.trials.helpers import rows
from tests.trials.sweep.test_driver import WAIT_SECONDS, start, statuses, wait_for
from tests.trials.sweep.test_driver import run as run_sweep
from trials.executors.interrupt import Stopped
from trials.search.journal import StudyFile
from trials.search.sampler import SETTING
from trials.space.from_spec import space_of
from trials.storage.layout import RunFolder
from trials.storage.results import Results
from trials.sweep.dry_run import describe
from trials.sweep.options import Options, Outcome
from trials.sweep.sweep import Sweep
from trials.sweepfile.load import load
from trials.worker.messages import Report

SEARCH = """\
name: tiny
trial:
  recipe: {kind: arithmetic, epochs: 2}
space:
  loss.max_ratio: {low: 1, high: 64, log: true}
  loss.grad_ratio: {low: 2, high: 90}
search: {kind: tpe, trials: 14, seed: 3, startup: 5}
rank_by: {metric: VIF}
"""
FINITE = SEARCH.replace("{low: 1, high: 64, log: true}", "[4, 10, 16]").replace("{low: 2, high: 90}", "[2, 32]")


def of_kind(kind: str, text: str = SEARCH) -> str:
    return text.replace("kind: tpe", f"kind: {kind}").replace(", startup: 5", ", startup: 5" if kind == "gp" else "")


def run(folder: Path, *overrides: str, text: str = SEARCH, **options: object) -> Outcome:
    folder.mkdir(exist_ok=True)
    return run_sweep(folder, *overrides, text=text, **options)


def parameters(folder: Path) -> list[dict[str, float]]:
    with Results.read(folder / "tiny" / "results.sqlite") as results:
        return [json.loads(text) for (text,) in results.query("SELECT parameters FROM trials ORDER BY number")]


def stop_after(monkeypatch: pytest.MonkeyPatch, epochs: int) -> None:
    """Have the user stop the sweep in the middle of an epoch; only once."""
    train, count = ArithmeticRecipe.train_epoch, iter(range(epochs))

    def spy(self: ArithmeticRecipe) -> EpochReport:
        if next(count, None) is None:
            monkeypatch.setattr(ArithmeticRecipe, "train_epoch", train)
            raise Stopped
        return train(self)

    monkeypatch.setattr(ArithmeticRecipe, "train_epoch", spy)


@pytest.mark.parametrize("kind", ["random", "sobol", "tpe", "cmaes", "nsga2"])
def test_a_search_tries_as_many_settings_as_it_may_and_none_twice(tmp_path, kind):
    outcome = run(tmp_path, text=of_kind(kind))
    tried = parameters(tmp_path)
    assert len(tried) == len({tuple(one.values()) for one in tried}) == 14
    assert outcome.tally.finished == outcome.tally.total == 14
    assert all(1 <= one["loss.max_ratio"] <= 64 and 2 <= one["loss.grad_ratio"] <= 90 for one in tried)


@pytest.mark.parametrize("kind", ["random", "sobol", "tpe", "cmaes", "nsga2"])
def test_a_search_that_was_stopped_goes_on_as_if_nothing_had_happened(tmp_path, monkeypatch, kind):
    run(tmp_path / "whole", text=of_kind(kind))
    for epochs in (7, 9):
        stop_after(monkeypatch, epochs)
        assert run(tmp_path / "cut", text=of_kind(kind)).stopped
    run(tmp_path / "cut", text=of_kind(kind))
    assert rows(tmp_path / "cut" / "tiny") == rows(tmp_path / "whole" / "tiny")


@pytest.mark.slow
def test_gp_that_was_stopped_goes_on_as_if_nothing_had_happened(tmp_path, monkeypatch):
    text = of_kind("gp").replace("trials: 14", "trials: 8")
    run(tmp_path / "whole", text=text)
    stop_after(monkeypatch, 13)
    run(tmp_path / "cut", text=text)
    run(tmp_path / "cut", text=text)
    assert rows(tmp_path / "cut" / "tiny") == rows(tmp_path / "whole" / "tiny")


def test_a_larger_budget_goes_on_from_what_is_known(tmp_path):
    run(tmp_path, text=SEARCH)
    before = parameters(tmp_path)
    run(tmp_path, "search.trials=20", text=SEARCH)
    assert parameters(tmp_path)[:14] == before
    assert len(parameters(tmp_path)) == 20


def test_without_its_journal_a_search_goes_on_from_the_table_and_tries_nothing_twice(tmp_path):
    run(tmp_path, text=of_kind("nsga2"))
    (tmp_path / "tiny" / "optuna.journal").unlink()
    run(tmp_path, "search.trials=25", text=of_kind("nsga2"))
    tried = parameters(tmp_path)
    assert len(tried) == len({tuple(one.values()) for one in tried}) == 25


def test_a_damaged_journal_is_said_and_written_anew(tmp_path, capsys):
    run(tmp_path, text=SEARCH)
    (tmp_path / "tiny" / "optuna.journal").write_bytes(b"\x00no journal\n" * 3)
    run(tmp_path, "search.trials=16", text=SEARCH)
    assert "optuna.journal could not be read" in capsys.readouterr().out
    assert len(parameters(tmp_path)) == 16


def test_a_journal_whose_writing_was_cut_short_is_read_from_the_one_before(tmp_path):
    run(tmp_path, text=of_kind("nsga2"))
    folder = tmp_path / "tiny"
    noted = StudyFile(RunFolder(folder), space_of(load(tmp_path / "tiny.yaml")), print).notes
    # as if killed here: the new journal is empty, the one before is still there
    assert (folder / ".optuna.journal.before").exists()
    assert StudyFile(RunFolder(folder), space_of(load(tmp_path / "tiny.yaml")), print).notes == noted != {}


def test_the_journal_is_a_study_that_optuna_reads(tmp_path):
    run(tmp_path, text=SEARCH)
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / "tiny" / "optuna.journal"))
    study = optuna.load_study(study_name="tiny", storage=optuna.storages.JournalStorage(backend))
    assert [trial.user_attrs[SETTING]["parameters"] for trial in study.trials] == parameters(tmp_path)
    assert {trial.state for trial in study.trials} == {optuna.trial.TrialState.COMPLETE}


def test_a_finite_space_that_is_exhausted_ends_and_says_so(tmp_path, capsys):
    outcome = run(tmp_path, text=FINITE)
    assert outcome.tally.finished == outcome.tally.total == len(parameters(tmp_path)) == 6
    assert "no configurations beyond the 6 that were tried" in capsys.readouterr().out


def test_a_search_whose_trials_all_fail_ends_after_its_budget(tmp_path):
    outcome = run(tmp_path, text=SEARCH.replace("epochs: 2", "epochs: 2, fail_at: 1"))
    assert outcome.tally.failed == len(parameters(tmp_path)) == 14
    assert not outcome.top


def test_failed_trials_of_a_search_are_tried_again_only_when_asked(tmp_path, monkeypatch):
    text = SEARCH.replace("trials: 14", "trials: 4")
    run(tmp_path, text=text.replace("epochs: 2", "epochs: 2, fail_at: 2"))
    with monkeypatch.context() as healed:
        train = ArithmeticRecipe.train_epoch

        def works(self: ArithmeticRecipe) -> EpochReport:
            self.recipe = self.recipe.model_copy(update={"fail_at": 0})
            return train(self)

        healed.setattr(ArithmeticRecipe, "train_epoch", works)
        failing = text.replace("epochs: 2", "epochs: 2, fail_at: 2")
        assert run(tmp_path, text=failing).tally.failed == 4
        assert run(tmp_path, text=failing, retry_failed=True).tally.finished == 4
    assert len(parameters(tmp_path)) == 4


def test_an_objective_that_is_no_number_is_told_as_a_failure(tmp_path, monkeypatch, capsys):
    train = ArithmeticRecipe.train_epoch

    def without(self: ArithmeticRecipe) -> EpochReport:
        report = train(self)
        if self.config.loss.max_ratio > 8:
            del report.metrics["arithmetic"]["VIF"]
        return report

    monkeypatch.setattr(ArithmeticRecipe, "train_epoch", without)
    run(tmp_path, text=SEARCH)
    study = StudyFile(RunFolder(tmp_path / "tiny"), space_of(load(tmp_path / "tiny.yaml")), print)
    assert len(study.notes) == 14
    assert "a finished configuration lacks VIF" in capsys.readouterr().out
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / "tiny" / ".optuna.journal.before"))
    loaded = optuna.load_study(study_name="tiny", storage=optuna.storages.JournalStorage(backend))
    states = {trial.params["loss.max_ratio"] > 8: trial.state for trial in loaded.trials}
    assert states == {True: optuna.trial.TrialState.FAIL, False: optuna.trial.TrialState.COMPLETE}


def test_each_setting_is_run_with_every_seed_and_told_as_their_mean(tmp_path):
    run(tmp_path, text=SEARCH.replace("trials: 14", "trials: 6") + "seeds: [0, 1, 2]\n")
    assert len(parameters(tmp_path)) == 18
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / "tiny" / "optuna.journal"))
    study = optuna.load_study(study_name="tiny", storage=optuna.storages.JournalStorage(backend))
    with Results.read(tmp_path / "tiny" / "results.sqlite") as results:
        means = results.query(
            "SELECT avg(mean) FROM trials JOIN metrics ON trial = id AND metric = 'VIF' AND epoch = 2 "
            "GROUP BY parameters ORDER BY min(number)"
        )
    assert [trial.value for trial in study.trials] == pytest.approx([mean for (mean,) in means])


def test_an_edited_space_leaves_what_lies_outside_it_in_the_table(tmp_path):
    run(tmp_path, text=SEARCH)
    outside = sum(one["loss.max_ratio"] > 16 for one in parameters(tmp_path))
    assert 0 < outside < 14
    run(tmp_path, "space.loss.max_ratio.high=16", text=SEARCH)
    inside = [one for one in parameters(tmp_path) if one["loss.max_ratio"] <= 16]
    assert len(inside) == 14
    assert len(parameters(tmp_path)) == 14 + outside


AGAIN = "confirm: {top: 2, seeds: [7]}\n"
CONFIRMED = SEARCH + "confirm: {top: 3, seeds: [7, 8]}\n"


def test_the_best_settings_are_confirmed_with_fresh_seeds_and_ranked_by_them(tmp_path):
    outcome = run(tmp_path, text=CONFIRMED)
    with Results.read(tmp_path / "tiny" / "results.sqlite") as results:
        scores = results.query(
            "SELECT parameters, seed, mean FROM trials JOIN metrics ON trial = id AND metric = 'VIF' AND epoch = 2"
        )
    picked = sorted(((mean, text) for text, seed, mean in scores if seed == 0), reverse=True)[:3]
    fresh = {text: [mean for other, seed, mean in scores if other == text and seed in (7, 8)] for _, text in picked}
    assert all(len(means) == 2 for means in fresh.values())
    assert sum(seed != 0 for _, seed, _ in scores) == 6
    best = max(fresh, key=lambda text: sum(fresh[text]))
    assert outcome.top[0].parameters == json.loads(best)
    assert outcome.top[0].score == pytest.approx(sum(fresh[best]) / 2)
    assert outcome.top[0].picked == pytest.approx(dict(map(reversed, picked))[best])


def test_a_confirmation_that_was_stopped_goes_on(tmp_path, monkeypatch):
    run(tmp_path / "whole", text=CONFIRMED)
    stop_after(monkeypatch, 14 * 2 + 3)
    run(tmp_path / "cut", text=CONFIRMED)
    run(tmp_path / "cut", text=CONFIRMED)
    assert rows(tmp_path / "cut" / "tiny") == rows(tmp_path / "whole" / "tiny")


def test_a_grid_is_confirmed_too(tmp_path):
    text = FINITE.replace("space:", "grid:").replace("search: {kind: tpe, trials: 14, seed: 3, startup: 5}\n", "")
    outcome = run(tmp_path, text=text + "confirm: {top: 2, seeds: [1, 2]}\n")
    assert outcome.tally.finished == outcome.tally.total == 6 + 4
    assert len(outcome.top) == 2
    assert outcome.top[0].others


def test_only_what_keeps_to_the_constraints_is_confirmed_and_named_best(tmp_path):
    text = CONFIRMED.replace("startup: 5", "startup: 5, where: MSE <= 0.083")
    outcome = run(tmp_path, text=text)
    with Results.read(tmp_path / "tiny" / "results.sqlite") as results:
        found = results.query(
            "SELECT seed, mean FROM trials JOIN metrics ON trial = id AND metric = 'MSE' AND epoch = 2"
        )
    kept = sum(seed == 0 and mean <= 0.083 for seed, mean in found)
    assert 0 < kept < 14
    assert f"{kept} of 14 configurations satisfy MSE <= 0.083" in outcome.found
    assert sum(seed != 0 for seed, _ in found) == 2 * min(kept, 3)


def test_where_nothing_keeps_to_the_constraints_nothing_is_confirmed_or_named_best_and_it_is_said(tmp_path, capsys):
    outcome = run(tmp_path, text=CONFIRMED.replace("startup: 5", "startup: 5, where: MSE <= 0.001"))
    assert outcome.tally.finished == outcome.tally.total == 14
    assert not outcome.top
    assert outcome.found == ["0 of 14 configurations satisfy MSE <= 0.001"]
    assert "none has finished and satisfies every constraint" in capsys.readouterr().out


def test_what_breaks_a_constraint_is_neither_on_the_board_nor_kept(tmp_path):
    outcome = run(tmp_path, text=SEARCH.replace("startup: 5", "startup: 5, where: MSE <= 0.083"))
    kept = {int(path.name.partition("_")[0]) for path in (tmp_path / "tiny" / "checkpoints").iterdir()}
    with Results.read(tmp_path / "tiny" / "results.sqlite") as results:
        keeps = {
            number
            for number, mean in results.query(
                "SELECT number, mean FROM trials JOIN metrics ON trial = id AND metric = 'MSE' AND epoch = 2"
            )
            if mean <= 0.083
        }
    assert kept
    assert kept <= keeps
    assert {one.number for one in outcome.top} <= keeps


def test_the_start_says_what_is_searched_and_by_what_rules(tmp_path, capsys):
    text = CONFIRMED.replace("epochs: 2", "epochs: 4").replace("trials: 14", "trials: 4") + "stop_early: {kind: asha}\n"
    run(tmp_path, text=text)
    said = capsys.readouterr().out
    assert "search tpe: 4 configurations of an infinite space (max_ratio 1 to 64 (log), grad_ratio 2 to 90)\n" in said
    assert "tpe samples the first 5 configurations at random (search.startup), so all of these are random" in said
    assert "stop_early asha: trials are judged at epoch 1, 3 of 4" in said
    assert "confirm: the best 3 configurations are rerun with seeds 7, 8 at the end" in said
    run(tmp_path, "search.seed=9", text=text)
    assert "all 4 configurations were tried already: raise search.trials" in capsys.readouterr().out


def test_several_objectives_have_a_front(tmp_path):
    text = of_kind("nsga2").replace("seed: 3", "seed: 3, objectives: [VIF, SSIM], population: 4")
    outcome = run(tmp_path, text=text)
    assert any(said.startswith("Pareto front of VIF, SSIM: ") for said in outcome.found)


@pytest.mark.parametrize(("confirm", "where"), [("", ""), (AGAIN, ""), (AGAIN, ", where: MSE <= 0.001")])
def test_a_search_is_over_with_its_last_report_before_anybody_asks_for_more(tmp_path, monkeypatch, confirm, where):
    # Tune asks for the next trial without a callback in between, and waits for one.
    over, take = [], Sweep.take

    def spy(self: Sweep, report: Report) -> bool:
        ended = take(self, report)
        over.append(self.over)
        return ended

    monkeypatch.setattr(Sweep, "take", spy)
    run(tmp_path, text=SEARCH.replace("trials: 14", "trials: 5").replace("startup: 5", f"startup: 5{where}") + confirm)
    assert over[-1]
    assert not any(over[:-1])


def test_a_dry_run_of_a_search_counts_what_is_left(tmp_path):
    spec = load(tmp_path / "tiny.yaml") if run(tmp_path, text=CONFIRMED) else None
    assert spec is not None
    options = Options(out=tmp_path, executor="inline")
    assert describe(spec, options)[0].startswith("tiny: 20 trials of 2 epochs; 20 done already")
    more = load(tmp_path / "tiny.yaml", ["search.trials=20"])
    assert "20 done already" in describe(more, options)[0]
    assert describe(more, options)[0].endswith("6 to run") or "12 to run" in describe(more, options)[0]


def test_settings_that_no_trial_can_be_are_passed_over_and_said(tmp_path, capsys):
    text = SEARCH.replace("loss.grad_ratio: {low: 2, high: 90}", "loss.ssim_window_size: {low: 11, high: 12}")
    outcome = run(tmp_path, text=text.replace("trials: 14", "trials: 5"))
    assert outcome.tally.finished == 5 or "proposed what no trial can be" in capsys.readouterr().out


@pytest.mark.alone
@pytest.mark.slow
def test_a_search_on_ray_survives_sigkill_and_runs_nothing_twice(tmp_path):
    text = CONFIRMED.replace("epochs: 2", "epochs: 3, seconds: 0.2") + "stop_early: {kind: asha, reduction: 2}\n"
    (tmp_path / "tiny.yaml").write_text(text)
    process = start(tmp_path, "--workers", "2")
    wait_for(tmp_path / "tiny", "SELECT count(*) FROM trials WHERE status IN ('finished', 'stopped')", 5)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert start(tmp_path, "--workers", "2").wait(WAIT_SECONDS) == 0
    states = list(statuses(tmp_path / "tiny").values())
    assert set(states) == {"finished", "stopped"}
    tried = parameters(tmp_path)
    with Results.read(tmp_path / "tiny" / "results.sqlite") as results:
        ((settings, trials),) = results.query("SELECT count(DISTINCT parameters), count(*) FROM trials")
        ((stopped,),) = results.query(
            "SELECT count(*) FROM trials JOIN training ON trial = id WHERE status = 'stopped' AND epoch = 3"
        )
    assert settings == 14
    assert trials == len(tried) == len(states) == 14 + 2 * min(3, sum(state == "finished" for state in states))
    assert stopped == 0


def test_a_start_from_that_is_no_run_is_refused_before_anything_runs(tmp_path):
    with pytest.raises(ConfigError, match="start_from"):
        run(tmp_path, text=SEARCH + f"start_from: [{tmp_path / 'nowhere'}]\n")
    assert not (tmp_path / "tiny").exists()
