from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from fusion_core.config import TrialConfig
from fusion_core.errors import ConfigError, FusionError
from fusion_core.metrics import optional
from fusion_core.models.checkpoints import load_checkpoint
from fusion_core.recipes.policy_recipe import PolicyRecipe
from fusion_core.reports import EpochReport
from tests.trials.helpers import rows, write_sweep
from tests.trials.sweep.test_driver import run, start, statuses, worker_of
from trials.console.display import Display
from trials.executors.interrupt import Stopped
from trials.plan.make_plan import make_plan
from trials.storage.layout import RunFolder
from trials.storage.lock import RunLock
from trials.storage.results import PlannedTrial, Results
from trials.storage.states import States
from trials.sweep import dry_run
from trials.sweep.driver import bytes_of
from trials.sweep.dry_run import describe
from trials.sweep.options import Options, Outcome
from trials.sweep.start_training import StartError, StartTraining
from trials.sweep.sweep import Sweep
from trials.sweepfile.load import load
from trials.worker.messages import Rules, Task, TrialProgress
from trials.worker.resources import WorkerResources
from trials.worker.worker import Worker

PAIRS = """\
name: tiny
trial:
  recipe: {kind: supervised, epochs: 1, batch_size: 2, accumulate: 1}
  start: {recipe: {kind: supervised, epochs: 2, batch_size: 2, accumulate: 1}}
  policy: {base_channels: 2}
  data: {synthetic: {train: 4, test: 1, size: [48, 48]}}
  loss: {ssim_window_size: 11}
keep_best: 1
"""
GRPO = PAIRS.replace(
    "recipe: {kind: supervised, epochs: 1, batch_size: 2, accumulate: 1}",
    "recipe: {kind: grpo, epochs: 1, updates: 1, batch_size: 2}",
    1,
)
SEEDS = "seeds: [0, 1]\n"


def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, int, int]]:
    """Record what is trained from now on: whether it is a start, its seed, and the epoch."""
    epochs: list[tuple[bool, int, int]] = []
    train = PolicyRecipe.train_epoch

    def spy(self: PolicyRecipe) -> EpochReport:
        epochs.append((not self.workspace.test, self.config.seed, self.epoch + 1))
        return train(self)

    monkeypatch.setattr(PolicyRecipe, "train_epoch", spy)
    return epochs


def numbers(run: Path) -> list[tuple[object, ...]]:
    return [row for row in rows(run) if not {"memory_bytes", "pairs_per_second"} & set(row)]


def the_start(run: Path) -> Path:
    (found,) = (run / "starts").glob("*.safetensors")
    return found


def training(folder: Path, text: str, results: Results) -> StartTraining:
    spec = load(write_sweep(folder, text))
    rules = Rules(folder / "states", spec.rank_by, attempts=spec.limits.attempts)
    sweep = Sweep(RunFolder(folder), make_plan(spec), results, rules, Display("t", folder, "Reward"))
    sweep.prepare(retry_failed=False)
    return StartTraining(sweep)


def test_a_start_is_trained_once_before_the_trials_that_share_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    epochs = trained(monkeypatch)
    outcome = run(tmp_path, text=PAIRS + SEEDS)
    assert epochs == [(True, 0, 1), (True, 0, 2), (False, 0, 1), (False, 1, 1)]
    said = capsys.readouterr().out
    assert "an initial checkpoint is trained first (supervised, 2 epochs); 2 trials begin from it" in said
    assert "initial checkpoint 1 of 1 (supervised, 2 epochs), for 2 trials: epoch 2 of 2, " in said
    assert not (outcome.run / "states").exists()
    epochs.clear()
    run(tmp_path, "seeds=[0, 1, 2]", text=PAIRS)
    assert epochs == [(False, 2, 1)]
    assert len(list((outcome.run / "starts").glob("*.safetensors"))) == 1


def test_a_trial_begins_with_the_weights_of_its_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[tuple[str, str]] = []
    build = PolicyRecipe.__init__

    def spy(self: PolicyRecipe, config: TrialConfig, workspace: object, start: object = None) -> None:
        build(self, config, workspace, start)  # type: ignore[arg-type]
        begun.append((config.recipe.kind, start.digest if start else ""))  # type: ignore[attr-defined]

    monkeypatch.setattr(PolicyRecipe, "__init__", spy)
    outcome = run(tmp_path, text=PAIRS)
    assert begun == [("supervised", ""), ("supervised", load_checkpoint(the_start(outcome.run)).digest)]


def test_the_metrics_of_a_start_stand_once_among_the_baselines_and_are_not_untrained(tmp_path: Path) -> None:
    outcome = run(tmp_path, text=PAIRS + SEEDS)
    fusion = f"start:{the_start(outcome.run).stem[:8]}"
    with Results.read(outcome.run / "results.sqlite") as results:
        counts = dict(results.query("SELECT fusion, count(*) FROM baselines GROUP BY fusion"))
    assert set(counts) == {"visible", "infrared", "average", fusion} and len(set(counts.values())) == 1
    assert outcome.untrained is not None and outcome.untrained[0] in ("visible", "infrared", "average")


@pytest.mark.parametrize(("own", "count"), [("null", 2), ("{ssim_window_size: 11}", 1)])
def test_each_loss_has_its_own_start_unless_the_start_has_a_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own: str, count: int
) -> None:
    epochs = trained(monkeypatch)
    axes = "grid: {loss.max_ratio: [4, 16]}\n" + SEEDS
    outcome = run(tmp_path, f"trial.start.loss={own}", text=PAIRS + axes)
    assert sum(begins for begins, *_ in epochs) == 2 * count
    said = capsys.readouterr().out
    assert ("2 initial checkpoints are trained first, one per loss.max_ratio; 4 trials begin from them" in said) == (
        count == 2
    )
    assert ("initial checkpoint 2 of 2 (supervised, 2 epochs, max_ratio 16), for 2 trials: epoch 1 of 2" in said) == (
        count == 2
    )
    with Results.read(outcome.run / "results.sqlite") as results:
        ((fusions,),) = results.query("SELECT count(DISTINCT fusion) FROM baselines WHERE fusion LIKE 'start:%'")
    assert fusions == count


def test_a_start_of_more_epochs_is_another_start_and_makes_other_trials(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = the_start(run(tmp_path, text=PAIRS).run).stem
    assert "another start" not in capsys.readouterr().out
    outcome = run(tmp_path, "trial.start.recipe.epochs=1", text=PAIRS)
    assert len(list((outcome.run / "starts").glob("*.safetensors"))) == len(statuses(outcome.run)) == 2
    assert f"trials in the table began from another initial checkpoint (start:{first[:8]})" in capsys.readouterr().out


def test_a_half_trained_start_goes_on_at_the_next_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other").mkdir()
    undisturbed = numbers(run(tmp_path / "other", text=PAIRS).run)
    train = PolicyRecipe.train_epoch

    def interrupted(self: PolicyRecipe) -> EpochReport:
        if self.epoch == 1:
            raise Stopped
        return train(self)

    monkeypatch.setattr(PolicyRecipe, "train_epoch", interrupted)
    outcome = run(tmp_path, text=PAIRS)
    assert outcome.stopped and len(list((outcome.run / "states").iterdir())) == 1
    assert statuses(outcome.run) == {1: "waiting"} and not (outcome.run / "starts").exists()
    monkeypatch.undo()
    epochs = trained(monkeypatch)
    outcome = run(tmp_path, text=PAIRS)
    assert epochs == [(True, 0, 2), (False, 0, 1)]
    assert numbers(outcome.run) == undisturbed and not (outcome.run / "states").exists()


@pytest.mark.alone
@pytest.mark.slow
def test_killed_while_starts_are_trained_a_sweep_ends_with_the_table_of_an_undisturbed_one(tmp_path: Path) -> None:
    text = GRPO.replace("epochs: 2", "epochs: 40") + "grid: {loss.max_ratio: [4, 16]}\n"
    (tmp_path / "other").mkdir()
    undisturbed = numbers(run(tmp_path / "other", text=text).run)
    write_sweep(tmp_path, text)
    for moment in (0.0, 0.15, 0.3):
        process = start(tmp_path, "--executor", "inline")
        states = tmp_path / "tiny" / "states"
        before = {path.name for path in states.glob("*.safetensors")}
        deadline = time.monotonic() + 60
        while {path.name for path in states.glob("*.safetensors")} <= before and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(moment)
        process.kill()
        process.communicate()
        # What a kill leaves half-written has a name of its own.
        for path in (tmp_path / "tiny" / "starts").glob("[!.]*.safetensors"):
            other = tmp_path / "other" / "tiny" / "starts" / path.name
            assert load_checkpoint(path).digest == load_checkpoint(other).digest
    assert numbers(run(tmp_path, text=text).run) == undisturbed


def test_a_start_that_fails_ends_the_sweep_with_one_error_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StartError) as caught:
        run(tmp_path, "trial.start.recipe.learning_rate=1e30", text=PAIRS)
    text = str(caught.value)
    assert text.startswith(
        "initial checkpoint 1 of 1 (supervised, 2 epochs), for 1 trial: it must be trained first, but: "
    )
    assert "must stay finite" in text and "\n" not in text and "rerun the same command" in text
    assert statuses(tmp_path / "tiny") == {1: "waiting"} and not (tmp_path / "tiny" / "starts").exists()
    with RunLock(tmp_path / "tiny"):
        pass
    assert list(statuses(run(tmp_path, text=PAIRS).run).values()) == ["finished"]


def test_an_unexpected_error_of_a_start_leaves_its_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: PolicyRecipe) -> EpochReport:
        raise ZeroDivisionError("by hand")

    monkeypatch.setattr(PolicyRecipe, "train_epoch", broken)
    with pytest.raises(StartError, match="ZeroDivisionError: by hand"):
        run(tmp_path, text=PAIRS)
    (log,) = (tmp_path / "tiny" / "logs").iterdir()
    assert log.name.startswith("start_") and "in broken" in log.read_text()


def test_a_start_whose_worker_dies_is_tried_as_often_as_a_trial(tmp_path: Path) -> None:
    with Results.open(tmp_path / "results.sqlite") as results:
        starts = training(tmp_path, PAIRS + "limits: {attempts: 2}\n", results)
        for attempt in range(2):
            place, progress = starts.next_job() or (-1, None)
            assert (place, progress and progress.done) == (0, 0)
            if attempt == 0:
                starts.worker_died(starts.tasks[0].id, "the node is gone")
        with pytest.raises(StartError, match=r"worker process died \(2 attempts\): the node is gone"):
            starts.worker_died(starts.tasks[0].id, "the node is gone")


def test_a_damaged_start_is_trained_again_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = run(tmp_path, text=PAIRS)
    before = load_checkpoint(the_start(outcome.run)).digest
    the_start(outcome.run).write_bytes(the_start(outcome.run).read_bytes()[:-50])
    epochs = trained(monkeypatch)
    run(tmp_path, "seeds=[1]", text=PAIRS)
    assert [begins for begins, *_ in epochs] == [True, True, False]
    assert load_checkpoint(the_start(outcome.run)).digest == before
    assert "It is retrained." in capsys.readouterr().out


def test_a_start_that_is_trained_to_other_weights_than_before_is_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = run(tmp_path, text=PAIRS)
    file = the_start(outcome.run)
    digest = load_checkpoint(file).digest
    kept = file.with_suffix(".digest")
    assert kept.read_text().strip() == digest
    file.unlink()
    run(tmp_path, "seeds=[1]", text=PAIRS)
    assert kept.read_text().strip() == digest and "other weights" not in capsys.readouterr().out
    file.unlink()
    kept.write_text("0123456789abcdef")  # as another device would have left it
    run(tmp_path, "seeds=[2]", text=PAIRS)
    said = " ".join(capsys.readouterr().out.split())
    assert (
        f"initial checkpoint {file.stem[:8]} (supervised, 2 epochs) has other weights ({digest}) than before (012345"
        in said
    )
    kept.unlink()
    run(tmp_path, "seeds=[3]", text=PAIRS)
    assert kept.read_text().strip() == digest and "other weights" not in capsys.readouterr().out


def test_a_test_set_more_trains_no_start_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = run(tmp_path, text=PAIRS)
    folders = [tmp_path / name for name in ("vi", "ir")]
    for folder in folders:
        folder.mkdir()
        cv2.imwrite(str(folder / "a.png"), np.full((48, 48), 90, np.uint8))
    more = f"{{name: more, visible: {folders[0]}, infrared: {folders[1]}}}"
    epochs = trained(monkeypatch)
    run(tmp_path, f"trial.data.test=[synthetic, {more}]", text=PAIRS)
    assert epochs == [(False, 0, 1)]
    fusion = f"start:{the_start(outcome.run).stem[:8]}"
    with Results.read(outcome.run / "results.sqlite") as results:
        measured = results.query("SELECT DISTINCT cohort, dataset FROM baselines WHERE fusion = ?", (fusion,))
    assert sorted(dataset for _, dataset in measured) == ["more", "synthetic", "synthetic"]


def test_states_of_a_start_that_nobody_begins_from_any_more_are_removed(tmp_path: Path) -> None:
    outcome = run(tmp_path, text=PAIRS)
    states = States(outcome.run / "states", the_start(outcome.run).stem)
    states.make_folder()
    for name in (states.trial, "0123456789abcdef"):
        States(states.folder, name).path(1).write_bytes(b"")
    run(tmp_path, text=PAIRS)
    assert not states.folder.exists()


def test_a_start_may_be_a_file_and_its_weights_decide_the_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    shutil.copy(the_start(run(tmp_path, "name=other", text=PAIRS).run), first)
    first.rename(second)
    shutil.copy(second, first)
    epochs = trained(monkeypatch)
    outcome = run(tmp_path, f"trial.start={first}", text=PAIRS)
    assert epochs == [(False, 0, 1)] and not (outcome.run / "starts").exists()
    assert f"1 trial begins from {first}" in capsys.readouterr().out
    run(tmp_path, f"trial.start={second}", text=PAIRS)
    assert len(epochs) == 1 and len(statuses(outcome.run)) == 1
    with Results.read(outcome.run / "results.sqlite") as results:
        assert results.query("SELECT count(DISTINCT fusion) FROM baselines WHERE fusion LIKE 'start:%'") == [(1,)]


def best_run(folder: Path, *overrides: str) -> Outcome:
    return run(folder, "name=other", "grid={loss.max_ratio: [4, 16]}", *overrides, text=PAIRS)


def test_a_start_may_be_the_best_of_another_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = best_run(tmp_path, "rank_by.metric=MSE")
    (kept,) = (other.run / "checkpoints").iterdir()
    assert kept.stem == f"{other.top[0].number}_{other.top[0].id}"
    outcome = run(tmp_path, f"trial.start={other.run}:best", text=GRPO)
    assert statuses(outcome.run) == {1: "finished"}
    assert f"1 trial begins from {kept}, the best of other (MSE {other.top[0].score:.4f})" in capsys.readouterr().out


def test_a_best_that_is_not_there_is_said_with_its_place_and_what_to_do(tmp_path: Path) -> None:
    def refused(start: str) -> str:
        with pytest.raises(FusionError) as caught:
            run(tmp_path, f"trial.start={start}", text=GRPO)
        assert not (tmp_path / "tiny").exists()
        (line,) = str(caught.value).splitlines()
        return line

    other = best_run(tmp_path)
    shutil.rmtree(other.run / "checkpoints")
    assert f"{other.run}/checkpoints/{other.top[0].number}_" in (line := refused(f"{other.run}:best"))
    assert "the checkpoint of the best trial must be there, but is not" in line and "keep_best: 1" in line
    assert "no results table here and no such folder. Did you mean 'other'?" in refused(f"{tmp_path}/othr:best")
    (tmp_path / "empty").mkdir()
    assert "there is no results table here, though the folder is" in refused(f"{tmp_path}/empty:best")
    with Results.open(tmp_path / "empty" / "results.sqlite"):
        pass
    assert "Run that sweep first." in refused(f"{tmp_path}/empty:best")
    assert "a checkpoint must be a file, but got a folder" in refused(str(other.run))
    assert "a checkpoint must be a file, but got nothing" in refused(f"{tmp_path}/none.safetensors")
    assert "trial.start: " in refused(str(write_sweep(tmp_path)))


def test_a_checkpoint_that_does_not_fit_stops_the_sweep_with_every_reason_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = the_start(run(tmp_path, "name=other", text=PAIRS).run)
    monkeypatch.setattr(optional, "problems", lambda names: [f"{name} is not here" for name in names])
    overrides = [f"trial.start={file}", "grid={policy.base_channels: [2, 3, 4]}", "trial.kernel.levels=3"]
    with pytest.raises(ConfigError) as caught:
        run(tmp_path, *overrides, "trial.reward.weights={LPIPS: 1, VIF: 1}", text=GRPO)
    assert not (tmp_path / "tiny").exists()
    missing, levels, *channels = caught.value.problems
    assert missing == "LPIPS is not here" and "kernel.levels 3, but was with 4" in levels
    assert ["base_channels 3" in channels[0], "base_channels 4" in channels[1], len(channels)] == [True, True, 2]


def test_lists_of_worst_pairs_are_kept_with_the_run_and_whose_they_are(tmp_path: Path) -> None:
    worst = "synthetic: {train: 4, test: 1, size: [48, 48]}, worst: {min: 1, percent: 0.5}"
    text = GRPO.replace("synthetic: {train: 4, test: 1, size: [48, 48]}", worst)
    outcome = run(tmp_path, "grid={reward.weights.VIF: [0, 1]}", text=text)
    lists = outcome.run / "worst"
    assert all(len(path.read_text().splitlines()) == 2 for path in lists.glob("*.txt"))
    with Results.read(outcome.run / "results.sqlite") as results:
        trials = [(str(row.number), row.id) for row in results.trials().values()]
    header, *index = [tuple(line.split(",")) for line in (lists / "lists.csv").read_text().splitlines()]
    assert header == ("number", "id", "file") and sorted(row[:2] for row in index) == sorted(trials)
    assert {file for *_, file in index} == {path.name for path in lists.glob("*.txt")}
    run(tmp_path, "grid={reward.weights.VIF: [0, 1, 9]}", text=text)
    assert (lists / "lists.csv").read_text().splitlines()[1:3] == [",".join(row) for row in index]
    assert len((lists / "lists.csv").read_text().splitlines()) == 4


def test_trials_that_are_the_same_run_once_and_it_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    axes = "grid: {recipe.kind: [supervised, grpo], reward.aggregate: [sum, min]}\n"
    text = GRPO.replace("kind: grpo, epochs: 1, updates: 1", "epochs: 1") + axes
    outcome = run(tmp_path, text=text)
    assert list(statuses(outcome.run).values()) == ["finished"] * 3
    assert "1 of 4 trials are the same as another of this sweep" in capsys.readouterr().out


def test_a_dry_run_names_the_starts_and_trains_none(tmp_path: Path) -> None:
    _, begun, takes, _ = describe(load(write_sweep(tmp_path, GRPO)), Options(out=tmp_path / "out", device="cpu"))
    assert begun == "an initial checkpoint is trained first (supervised, 2 epochs); 1 trial begins from it"
    assert "an epoch, by 2 pairs just trained)" in takes and not (tmp_path / "out").exists()


def test_a_dry_run_measures_a_trial_of_each_kind_of_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = GRPO.replace("kind: grpo, epochs: 1, updates: 1", "epochs: 2") + "grid: {recipe.kind: [grpo, ppo]}\n"
    plan = make_plan(load(write_sweep(tmp_path, text)))
    tried: list[str] = []

    def cost(plan: object, trial: PlannedTrial, device: str) -> dry_run.Cost:
        tried.append(str(trial.parameters["recipe.kind"]))
        return dry_run.Cost(1.0 if tried[-1] == "grpo" else 4.0, 1000, "by hand")

    with monkeypatch.context() as patched:
        patched.setattr(dry_run, "_cost", cost)
        assert dry_run.probe(plan, "cpu") == dry_run.Cost(2.5, 1000, "by hand with each of grpo, ppo")
        assert tried == ["grpo", "ppo"]
    measured = dry_run.probe(plan, "cpu")
    assert measured.epoch_seconds > 0 and measured.measured == "by 2 pairs just trained with each of grpo, ppo"


def test_a_dry_run_counts_the_epochs_of_starts_that_are_lacking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(folder: Path) -> str:
        spec = load(write_sweep(tmp_path, PAIRS + SEEDS))
        return describe(spec, Options(out=folder, executor="inline", device="cpu"))[2]

    monkeypatch.setattr(dry_run, "probe", lambda *_: dry_run.Cost(10.0, 1000, "by hand", start_seconds=100.0))
    assert said(tmp_path / "out").startswith("time: about 3 min 40 s on 1 worker")  # two epochs of 10 s, two of 100 s
    run(tmp_path, text=PAIRS)
    assert not said(tmp_path).startswith("time: about 3 min")


def test_a_worker_takes_a_start_as_bytes_and_reads_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = load(write_sweep(tmp_path, GRPO))
    plan = make_plan(spec)
    content = the_start(run(tmp_path, text=PAIRS).run).read_bytes()
    asked: list[str] = []
    rules = Rules(tmp_path / "states", spec.rank_by)
    worker = Worker(WorkerResources(plan.pairs, rules, "cpu", starts=lambda one: asked.append(one) or content))
    for number, begun in enumerate("aabcdea"):
        worker.start(
            Task(f"{number}", number, plan.trials[0].config, start=begun), TrialProgress(start_metrics=number == 0)
        )
        report = worker.step()
        assert report.error is None
        fusions = {fusion for fusions in (report.baselines or {}).values() for fusion in fusions}
        assert fusions == ({"start:a"} if number == 0 else set())
    assert "".join(asked) == "abcdea"  # a worker keeps the last few


@pytest.mark.alone
@pytest.mark.slow
def test_a_start_whose_worker_is_killed_goes_on_with_the_epoch_after_its_last(tmp_path: Path) -> None:
    text = PAIRS.replace("epochs: 2", "epochs: 6").replace("train: 4", "train: 12")
    (tmp_path / "other").mkdir()
    undisturbed = numbers(run(tmp_path / "other", text=text).run)
    write_sweep(tmp_path, text)
    process = start(tmp_path, "--workers", "1")
    while process.poll() is None and not any((tmp_path / "tiny" / "states").glob("*.safetensors")):
        time.sleep(0.02)
    os.kill(worker_of(process.pid, b"StartWorker"), signal.SIGKILL)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0 and "worker process died (" in said and "resumes after epoch" in said
    assert "Traceback" not in said and numbers(tmp_path / "tiny") == undisturbed


@pytest.mark.alone
@pytest.mark.slow
def test_ray_trains_two_starts_at_once_and_gives_the_rows_of_inline(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = GRPO + "grid: {loss.max_ratio: [4, 16]}\n" + SEEDS
    (tmp_path / "other").mkdir()
    inline = run(tmp_path / "other", text=text)
    outcome = run(tmp_path, text=text, executor="ray", workers=2)
    assert numbers(outcome.run) == numbers(inline.run)
    for path in (inline.run / "starts").glob("*.safetensors"):
        assert load_checkpoint(outcome.run / "starts" / path.name).digest == load_checkpoint(path).digest
    assert "initial checkpoint 2 of 2" in capsys.readouterr().out
    with pytest.raises(StartError, match="must stay finite"):
        run(tmp_path, "trial.start.recipe.learning_rate=1e30", text=text, executor="ray", workers=2)


@pytest.mark.alone
@pytest.mark.slow
def test_a_worker_on_ray_trains_one_start_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "token")  # Ray reads it when it is imported
    from trials.executors import ray_starts

    begun = tmp_path / "begun"

    class Noted(ray_starts.StartWorker):
        def __init__(self, shared: Any) -> None:
            super().__init__(shared)
            with begun.open("a") as file:
                file.write(f"{os.getpid()}\n")

    monkeypatch.setattr(ray_starts, "StartWorker", Noted)
    outcome = run(tmp_path, text=PAIRS + "grid: {loss.max_ratio: [4, 10, 16]}\n", executor="ray", workers=1)
    assert len(list((outcome.run / "starts").glob("*.safetensors"))) == 3
    assert len(begun.read_text().splitlines()) == 1


@pytest.mark.parametrize("own", [False, True])
def test_room_is_set_aside_for_starts_of_files_and_for_those_that_are_trained(tmp_path: Path, own: bool) -> None:
    other = run(tmp_path, "name=other", text=PAIRS)
    size = the_start(other.run).stat().st_size
    plan = make_plan(load(write_sweep(tmp_path, GRPO), [] if own else [f"trial.start={the_start(other.run)}"]))
    (start,) = plan.starts.values()
    assert (start.config is not None) is own
    # All but names and shapes, which a small network has many of.
    state = load_checkpoint(the_start(other.run)).policy.state_dict()
    weights = sum(one.numel() * one.element_size() for one in state.values())
    assert bytes_of(start) == (weights if own else size)
