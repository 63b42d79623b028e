from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fusion_core.config import TrialConfig
from fusion_core.errors import ConfigError, FusionError
from fusion_core.recipes.arithmetic import ArithmeticRecipe
from fusion_core.reports import EpochReport
from tests.trials.helpers import SWEEP, rows, write_sweep
from trials.console.display import Display
from trials.executors.interrupt import Stop, Stopped
from trials.storage.layout import RunFolder
from trials.storage.lock import LockedError, RunLock
from trials.storage.results import Results
from trials.sweep import driver
from trials.sweep.options import Options, Outcome
from trials.sweepfile.load import load

REPOSITORY = Path(__file__).parents[3]


def run(folder: Path, *overrides: str, text: str = SWEEP, **options: object) -> Outcome:
    spec = load(write_sweep(folder, text), overrides)
    return driver.run(spec, Options(**{"out": folder, "executor": "inline", **options}))  # type: ignore[arg-type]


def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float, int]]:
    """Record which epochs of which trials are trained from now on."""
    epochs: list[tuple[float, float, int]] = []
    train = ArithmeticRecipe.train_epoch

    def spy(self: ArithmeticRecipe) -> EpochReport:
        epochs.append((self.config.loss.max_ratio, self.config.loss.grad_ratio, self.epoch + 1))
        return train(self)

    monkeypatch.setattr(ArithmeticRecipe, "train_epoch", spy)
    return epochs


# Ray starts slowly where much else runs.
WAIT_SECONDS = 150
PROGRAM = (str(REPOSITORY / "run_sweep.py"),)
# Where much else runs, a report at a stop takes longer than a user is let wait for it.
PATIENT = (
    "-c",
    "import run_sweep; from trials.executors import interrupt; interrupt.WRAP_UP_SECONDS = 60; run_sweep.command()",
)


def statuses(run: Path) -> dict[int, str]:
    with Results.read(run / "results.sqlite") as results:
        return {row.number: row.status for row in results.trials().values()}


def start(folder: Path, *options: str, program: tuple[str, ...] = PROGRAM) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        *program,
        str(folder / "tiny.yaml"),
        "--out",
        str(folder),
        *options,
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=REPOSITORY)


def wait_for(run: Path, count: str, least: int) -> None:
    """Wait until the SELECT `count` gives `least`."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if (run / "results.sqlite").exists():
            try:
                with Results.read(run / "results.sqlite") as results:
                    if results.query(count)[0][0] >= least:
                        return
            except (FusionError, sqlite3.Error):  # the table is only just being made
                pass
        time.sleep(0.01)
    raise AssertionError(f"{count} did not reach {least} within {WAIT_SECONDS} s")


def wait_for_reports(run: Path, count: int) -> None:
    wait_for(run, "SELECT count(*) FROM training WHERE name = 'loss_total'", count)


def test_a_sweep_writes_every_epoch_of_every_trial_and_the_exports(tmp_path: Path) -> None:
    outcome = run(tmp_path)
    assert set(statuses(outcome.run).values()) == {"finished"} and len(statuses(outcome.run)) == 6
    with Results.read(outcome.run / "results.sqlite") as results:
        assert results.query("SELECT count(DISTINCT trial || epoch) FROM metrics") == [(12,)]
        assert results.query("SELECT count(*), count(finished) FROM provenance") == [(1, 1)]
        ((record,),) = results.query("SELECT record FROM provenance")
    assert json.loads(record)["spec"] == SWEEP
    assert {path.name for path in outcome.run.iterdir()} == {
        "params.csv", "metrics.csv", "results.parquet", "sweep.yaml", "results.sqlite", "checkpoints", "driver.lock",
    }  # fmt: skip
    assert not outcome.stopped and outcome.top[0].score == max(trial.score for trial in outcome.top)


def test_the_same_command_again_trains_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows(run(tmp_path).run)
    epochs = trained(monkeypatch)
    assert rows(run(tmp_path).run) == before
    assert epochs == []


@pytest.mark.parametrize(
    ("override", "new"),
    [
        ("grid.loss.max_ratio=[10, 4, 16, 40]", {(40.0, 2.0, 1), (40.0, 2.0, 2), (40.0, 32.0, 1), (40.0, 32.0, 2)}),
        ("grid.loss.max_ratio=[4, 40]", {(40.0, 2.0, 1), (40.0, 2.0, 2), (40.0, 32.0, 1), (40.0, 32.0, 2)}),
    ],
)
def test_a_longer_axis_adds_only_its_trials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, override: str, new: set[tuple[float, float, int]]
) -> None:
    first = rows(run(tmp_path).run)
    epochs = trained(monkeypatch)
    outcome = run(tmp_path, override)
    assert set(epochs) == new and len(epochs) == len(new)
    assert set(first) <= set(rows(outcome.run))


def test_more_seeds_add_only_their_trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path)
    epochs = trained(monkeypatch)
    outcome = run(tmp_path, "seeds=[0, 1]")
    assert len(epochs) == 12 and len(statuses(outcome.run)) == 12


def test_more_epochs_go_on_from_the_states_that_were_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other").mkdir()
    undisturbed = rows(run(tmp_path / "other", "trial.recipe.epochs=4").run)
    run(tmp_path, "keep_states=true")
    epochs = trained(monkeypatch)
    outcome = run(tmp_path, "keep_states=true", "trial.recipe.epochs=4")
    assert {epoch for *_, epoch in epochs} == {3, 4} and len(epochs) == 12
    assert rows(outcome.run) == undisturbed
    assert len(list((outcome.run / "states").iterdir())) == 6


def test_more_epochs_without_states_train_from_the_start_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = {row for row in rows(run(tmp_path).run) if len(row) == 8}
    epochs = trained(monkeypatch)
    outcome = run(tmp_path, "trial.recipe.epochs=3")
    assert len(epochs) == 18
    assert first <= set(rows(outcome.run))
    said = capsys.readouterr().out
    assert said.count("are retrained from epoch 1 because their training state was not kept (keep_states: true") == 1


def test_a_failed_trial_is_a_row_with_its_reason_and_the_others_go_on(tmp_path: Path) -> None:
    outcome = run(tmp_path, text=SWEEP.replace("grid:", "grid:\n  recipe.fail_at: [0, 2]"))
    assert sorted(statuses(outcome.run).values()) == ["failed"] * 6 + ["finished"] * 6
    assert {row.error for row in outcome.failures} == {"the loss is nan at epoch 2: recipe.fail_at asked for it"}
    assert {row.done for row in outcome.failures} == {1}
    assert not (outcome.run / "states").exists() and not (outcome.run / "logs").exists()


def test_failed_trials_are_taken_up_again_only_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = SWEEP.replace("epochs: 2", "epochs: 2, fail_at: 1")
    run(tmp_path, text=text)
    epochs = trained(monkeypatch)
    run(tmp_path, text=text)
    assert epochs == []
    outcome = run(tmp_path, text=text, retry_failed=True)
    assert len(epochs) == 6 and len(outcome.failures) == 6
    with Results.read(outcome.run / "results.sqlite") as results:
        assert {row.attempts for row in results.trials().values()} == {2}


def test_an_unexpected_exception_fails_its_trial_and_leaves_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = ArithmeticRecipe.train_epoch

    def broken(self: ArithmeticRecipe) -> EpochReport:
        if self.config.loss.max_ratio == 4:
            raise ZeroDivisionError("by\nhand")
        return train(self)

    monkeypatch.setattr(ArithmeticRecipe, "train_epoch", broken)
    outcome = run(tmp_path)
    assert [(row.number, row.error) for row in outcome.failures] == [
        (3, "ZeroDivisionError: by hand"),
        (4, "ZeroDivisionError: by hand"),
    ]
    (log, _) = sorted((outcome.run / "logs").iterdir())
    assert log.name.startswith("3_") and "in broken" in log.read_text()


def test_a_stopped_trial_goes_on_at_the_next_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other").mkdir()
    undisturbed = rows(run(tmp_path / "other").run)
    train = ArithmeticRecipe.train_epoch

    def interrupted(self: ArithmeticRecipe) -> EpochReport:
        if (self.config.loss.max_ratio, self.epoch) == (4, 1):
            raise Stopped
        return train(self)

    monkeypatch.setattr(ArithmeticRecipe, "train_epoch", interrupted)
    outcome = run(tmp_path)
    assert outcome.stopped and statuses(outcome.run)[3] == "waiting"
    assert len(list((outcome.run / "states").iterdir())) == 1
    monkeypatch.undo()
    epochs = trained(monkeypatch)
    outcome = run(tmp_path)
    assert epochs[0] == (4.0, 2.0, 2) and len(epochs) == 7
    assert rows(outcome.run) == undisturbed


@pytest.mark.parametrize("damage", ["damaged", "missing", "ahead"])
def test_a_state_that_does_not_fit_the_table_is_not_gone_on_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    (tmp_path / "other").mkdir()
    text = SWEEP.replace("epochs: 2", "epochs: 3")
    undisturbed = rows(run(tmp_path / "other", text=text).run)
    outcome = run(tmp_path, text=text.replace("epochs: 3", "epochs: 3, fail_at: 0"))
    (folder := outcome.run / "states").mkdir(exist_ok=True)
    with Results.open(outcome.run / "results.sqlite") as results:
        (trial, *_) = results.trials()
        for table in ("metrics", "training"):
            results.query(f"DELETE FROM {table} WHERE trial = ? AND epoch > 1", (trial,))
        results.wait([trial])
    if damage == "damaged":
        (folder / f"{trial}.1.safetensors").write_text("{")
    if damage == "ahead":
        (folder / f"{trial}.1.safetensors").write_text('{"epoch": 1}')
        (folder / f"{trial}.2.safetensors").write_text('{"epoch": 2}')
    epochs = trained(monkeypatch)
    assert rows(run(tmp_path, text=text).run) == undisturbed
    assert len(epochs) == {"damaged": 3, "missing": 3, "ahead": 2}[damage]
    said = capsys.readouterr().out
    assert ("a saved state must be whole" in said) == (damage == "damaged")
    assert ("training state was not kept" in said) == (damage == "missing")


def test_checkpoints_of_the_best_are_kept_and_no_others(tmp_path: Path) -> None:
    outcome = run(tmp_path, "keep_best=2")
    kept = sorted(path.stem for path in (outcome.run / "checkpoints").iterdir())
    assert kept == sorted(f"{trial.number}_{trial.id}" for trial in outcome.top[:2])
    run(tmp_path, "keep_best=2", "grid.loss.max_ratio=[10, 4, 16, 7]")
    assert len(list((outcome.run / "checkpoints").iterdir())) == 2


def test_nothing_is_kept_where_the_sweep_says_so(tmp_path: Path) -> None:
    assert not (run(tmp_path, "keep_best=0").run / "checkpoints").exists()


@pytest.mark.parametrize(("per_image", "blobs"), [("all", {1, 2}), ("last", {2}), ("none", set())])
def test_values_per_image_are_stored_for_the_epochs_asked_for(tmp_path: Path, per_image: str, blobs: set[int]) -> None:
    outcome = run(tmp_path, f"trial.evaluation.per_image={per_image}")
    with Results.read(outcome.run / "results.sqlite") as results:
        stored = {epoch for (epoch,) in results.query("SELECT epoch FROM metrics WHERE per_image IS NOT NULL")}
    assert stored == blobs


def test_a_second_driver_on_the_same_run_folder_stops_before_it_writes(tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    with RunLock(tmp_path / "tiny"), pytest.raises(LockedError, match="one driver at a time"):
        run(tmp_path)
    assert not (tmp_path / "tiny" / "results.sqlite").exists()


def test_the_lock_of_a_killed_driver_is_no_obstacle(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib as p, trials.storage.lock as l; l.RunLock(p.Path(sys.argv[1])).__enter__(); os.abort()"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=REPOSITORY, check=False)
    with RunLock(tmp_path):
        assert (tmp_path / "driver.lock").read_text()


def test_inline_refuses_several_workers(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="one trial at a time"):
        run(tmp_path, workers=2)


def test_without_ray_trials_run_inline_and_it_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(driver.importlib.util, "find_spec", lambda name: None)
    outcome = run(tmp_path, executor=None)
    assert set(statuses(outcome.run).values()) == {"finished"}
    assert capsys.readouterr().out.count("Ray is not installed") == 1
    with pytest.raises(ConfigError, match="Ray is not installed"):
        run(tmp_path, executor="ray")


def test_a_sweep_on_pairs_has_baselines_and_describes_its_data_once(tmp_path: Path) -> None:
    text = SWEEP.replace(
        "{kind: arithmetic, epochs: 2}",
        "{kind: supervised, epochs: 1, batch_size: 2}\n  policy: {base_channels: 2}\n"
        "  loss: {ssim_window_size: 11}\n  data: {synthetic: {train: 2, test: 2, size: [48, 48]}}",
    ).replace("loss.grad_ratio: [2, 32]\n", "loss.consist_ratio: [1]\n")
    outcome = run(tmp_path, "grid.loss.max_ratio=[4, 8]", "keep_best=1", "keep_samples=1", text=text)
    with Results.read(outcome.run / "results.sqlite") as results:
        assert results.query("SELECT DISTINCT fusion FROM baselines ORDER BY fusion") == [
            ("average",), ("infrared",), ("visible",),
        ]  # fmt: skip
        assert results.query("SELECT dataset, pairs FROM datasets ORDER BY dataset") == [
            ("synthetic", 2), ("train:synthetic", 2),
        ]  # fmt: skip
        assert results.query("SELECT DISTINCT n, length(per_image) FROM metrics") == [(2, 8)]
    (samples,) = (outcome.run / "samples").iterdir()
    assert {path.name.rpartition("_")[2] for path in samples.iterdir()} >= {"fused.png", "visible.png", "infrared.png"}


def test_killed_at_random_moments_a_sweep_ends_with_the_table_of_an_undisturbed_one(tmp_path: Path) -> None:
    text = SWEEP.replace("epochs: 2", "epochs: 3, seconds: 0.02")
    (tmp_path / "other").mkdir()
    undisturbed = rows(run(tmp_path / "other", text=text).run)
    write_sweep(tmp_path, text)
    moments = random.Random(7)
    for killed in range(3):
        process = start(tmp_path, "--executor", "inline")
        wait_for_reports(tmp_path / "tiny", 3 * killed + 2)
        time.sleep(moments.uniform(0, 0.03))
        process.kill()
        process.communicate()
    assert rows(run(tmp_path, text=text).run) == undisturbed


@pytest.mark.alone
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_sweep_cleanly_and_says_how_to_go_on(tmp_path: Path, number: signal.Signals) -> None:
    write_sweep(tmp_path, SWEEP.replace("epochs: 2", "epochs: 2, seconds: 5"))
    process = start(tmp_path, "--executor", "inline", program=PATIENT)
    wait_for(tmp_path / "tiny", "SELECT count(*) FROM trials WHERE status = 'running'", 1)
    process.send_signal(number)
    said, _ = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "To resume:" in said and str(tmp_path / "tiny.yaml") in said and "Traceback" not in said
    assert set(statuses(tmp_path / "tiny").values()) == {"waiting"}
    assert (tmp_path / "tiny" / "report.html").is_file()


def test_a_signal_between_steps_is_not_lost() -> None:
    with Stop() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Stopped), stop.interruptible():
            raise AssertionError("the step must not begin")
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_trial_whose_worker_dies_three_times_has_failed(tmp_path: Path) -> None:
    from trials.plan.make_plan import make_plan
    from trials.sweep.sweep import Sweep
    from trials.worker.messages import Rules

    spec = load(write_sweep(tmp_path))
    with Results.open(tmp_path / "results.sqlite") as results:
        rules = Rules(tmp_path / "states", spec.rank_by)
        sweep = Sweep(RunFolder(tmp_path), make_plan(spec), results, rules, Display("t", tmp_path, "Reward"))
        sweep.prepare(retry_failed=False)
        for _ in range(3):
            job = sweep.next_job()
            assert job is not None and job[0] == 0
            sweep.worker_died(sweep.tasks[0].id, "the node is gone")
        row = results.trials()[sweep.tasks[0].id]
    assert (row.status, row.attempts, row.error) == ("failed", 3, "worker process died (3 attempts): the node is gone")


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_ray_gives_the_same_rows_as_inline_on_any_number_of_workers(
    tmp_path: Path, workers: int, capsys: pytest.CaptureFixture[str]
) -> None:
    text = SWEEP.replace("grid:", "grid:\n  recipe.fail_at: [0, 2]")
    (tmp_path / "other").mkdir()
    inline = run(tmp_path / "other", text=text)
    capsys.readouterr()
    outcome = run(tmp_path, text=text, executor="ray", workers=workers)
    assert rows(outcome.run) == rows(inline.run)
    assert [path.name for path in sorted((outcome.run / "checkpoints").iterdir())] == [
        path.name for path in sorted((inline.run / "checkpoints").iterdir())
    ]
    first, *_ = said = capsys.readouterr().out.splitlines()
    assert first.startswith("Ray dashboard: http://127.0.0.1:")
    assert all("trial" in line for line in said[1:]), "Ray prints nothing of its own"


@pytest.mark.alone
@pytest.mark.slow
def test_a_trial_whose_worker_is_killed_is_tried_again(tmp_path: Path) -> None:
    text = SWEEP.replace("epochs: 2", "epochs: 3, seconds: 0.2")
    (tmp_path / "other").mkdir()
    undisturbed = [row for row in rows(run(tmp_path / "other", text=text.replace("0.2", "0")).run) if len(row) == 8]
    write_sweep(tmp_path, text)
    process = start(tmp_path, "--workers", "1")
    wait_for_reports(tmp_path / "tiny", 2)
    os.kill(worker_of(process.pid), signal.SIGKILL)
    said, _ = process.communicate(timeout=90)
    assert process.returncode == 0 and "worker process died" in said and "Traceback" not in said
    with Results.read(tmp_path / "tiny" / "results.sqlite") as results:
        assert sorted(row.attempts for row in results.trials().values()) == [1, 1, 1, 1, 1, 2]
    assert [row for row in rows(tmp_path / "tiny") if len(row) == 8] == undisturbed


def worker_of(driver_pid: int, name: bytes = b"Trainable") -> int:
    """Return the process of the trial, or whatever bears this name, that runs below a driver."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    for pid in parents:
        above = pid
        while above in parents and above != driver_pid:
            above = parents[above]
        if above == driver_pid and name in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    raise AssertionError("no worker is running")


def test_the_config_in_the_table_gives_the_trial_back(tmp_path: Path) -> None:
    outcome = run(tmp_path, "grid.loss.ssim_shared=[1, 10]")
    with Results.read(outcome.run / "results.sqlite") as results:
        configs = [TrialConfig.model_validate_json(text) for (text,) in results.query("SELECT config FROM trials")]
    assert {config.loss.resolved().ssim_ir_ratio for config in configs} == {1.0, 10.0}


def test_a_trial_that_failed_after_the_ranked_epoch_is_never_among_the_best(tmp_path: Path) -> None:
    text = SWEEP.replace("epochs: 2", "epochs: 2, fail_at: 2").replace("name: tiny", "name: tiny\nrank_by: {epoch: 1}")
    for _ in range(2):
        outcome = run(tmp_path, text=text)
        assert list(outcome.top) == []
        assert len(outcome.failures) == 6


def test_asking_for_fewer_epochs_ranks_old_and_new_trials_at_the_same_epoch(tmp_path: Path) -> None:
    run(tmp_path, "trial.recipe.epochs=3")
    outcome = run(tmp_path, "trial.recipe.epochs=1", "seeds=[0, 1]")
    assert {trial.epoch for trial in outcome.top} == {1}


def test_a_table_that_refuses_a_write_stops_the_sweep_with_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = Results.report

    def full_disk(self: Results, *arguments: object, **options: object) -> int:
        self.connection.execute("PRAGMA max_page_count = 1")
        return report(self, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Results, "report", full_disk)
    with pytest.raises(FusionError, match=r"database or disk is full.*Everything already reported is saved"):
        run(tmp_path, "seeds=[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]")
    monkeypatch.undo()
    assert set(statuses(run(tmp_path).run).values()) == {"finished"}


def test_weights_on_test_sets_that_are_not_there_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    text = (
        "name: tiny\ntrial:\n  data: {test: [synthetic, pet], optional: [pet], root: nowhere}\n"
        "  loss: {ssim_window_size: 11}\nrank_by: {dataset_weights: {pet: 1}}\n"
    )
    with pytest.raises(ConfigError, match=r"weight to a test set that is there, but none of synthetic"):
        run(tmp_path, text=text)
    assert not (tmp_path / "tiny").exists()


def test_trials_of_other_data_keep_their_checkpoints_and_the_report_follows_the_command(tmp_path: Path) -> None:
    text = (
        "name: tiny\ntrial:\n  recipe: {epochs: 1, batch_size: 2, accumulate: 1}\n  policy: {base_channels: 2}\n"
        "  data: {synthetic: {train: 2, test: 1, size: [48, 48]}}\n  loss: {ssim_window_size: 11}\n"
        "grid:\n  loss.max_ratio: [4, 16]\nkeep_best: 1\n"
    )
    first = run(tmp_path, text=text)
    kept = set((first.run / "checkpoints").iterdir())
    other = run(tmp_path, "trial.data.synthetic.seed=5", text=text)
    assert len(kept) == 1
    assert kept < set((other.run / "checkpoints").iterdir())
    again = run(tmp_path, text=text)
    assert [trial.id for trial in again.top] == [trial.id for trial in first.top]
    assert again.untrained is not None
    with Results.read(first.run / "results.sqlite") as results:
        ((record,),) = results.query("SELECT record FROM provenance ORDER BY id DESC LIMIT 1")
        cohorts = dict(results.query("SELECT id, cohort FROM trials"))
    assert json.loads(record)["cohort"] == cohorts[first.top[0].id]
    assert "# run with" not in (first.run / "sweep.yaml").read_text()


def test_a_value_changed_between_two_runs_is_a_column_of_the_exports(tmp_path: Path) -> None:
    import pandas as pd

    run(tmp_path)
    folder = run(tmp_path, "trial.policy.base_channels=8").run
    assert set(pd.read_csv(folder / "params.csv")["policy.base_channels"]) == {8, 64}
    assert set(pd.read_parquet(folder / "results.parquet")["policy.base_channels"]) == {8, 64}
