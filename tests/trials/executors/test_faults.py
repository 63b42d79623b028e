from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from fusion_core import losses
from tests.trials.helpers import SWEEP, rows, write_sweep
from tests.trials.sweep.test_driver import REPOSITORY, run, start, statuses, wait_for
from trials.executors import interrupt, ray_heartbeat
from trials.executors.interrupt import Stop, Stopped
from trials.executors.ray_heartbeat import ClusterError, Heartbeat
from trials.storage.layout import RunFolder
from trials.storage.results import Results
from trials.sweep import driver
from trials.sweep.options import Options
from trials.sweepfile.load import load

PAIRS = """\
name: tiny
trial:
  recipe: {epochs: 1, batch_size: 2, accumulate: 1}
  policy: {base_channels: 2}
  data: {synthetic: {train: 2, test: 1, size: [48, 48]}}
  loss: {ssim_window_size: 11}
grid:
  loss.max_ratio: [4, 8, 16]
"""


def fast_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_heartbeat, "EVERY_SECONDS", 0.02)
    monkeypatch.setattr(ray_heartbeat, "LOST_SECONDS", 0.1)


def test_a_head_that_answers_is_not_lost_and_one_that_goes_is(monkeypatch: pytest.MonkeyPatch) -> None:
    fast_heartbeat(monkeypatch)
    head = socket.create_server(("127.0.0.1", 0))
    with Stop() as stop, head, Heartbeat(f"127.0.0.1:{head.getsockname()[1]}", stop):
        time.sleep(0.3)
        stop.check()
        head.close()
        time.sleep(0.4)
        with pytest.raises(ClusterError, match=r"was lost .*same command"):
            stop.check()


def test_where_the_main_thread_hangs_in_a_call_to_a_lost_head_the_process_ends_by_itself() -> None:
    code = (
        "import time; from trials.executors import interrupt, ray_heartbeat\n"
        "ray_heartbeat.EVERY_SECONDS, ray_heartbeat.LOST_SECONDS, ray_heartbeat.GRACE_SECONDS = 0.02, 0.05, 0.1\n"
        "with ray_heartbeat.Heartbeat('127.0.0.1:1', interrupt.Stop()): time.sleep(60)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert done.stderr.startswith("error: Ray's head at 127.0.0.1:1 must answer, but was lost")


def test_a_stop_while_the_data_are_loaded_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(spec: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError("it must not go on")

    monkeypatch.setattr("trials.sweep.driver.make_plan", slow)
    with pytest.raises(Stopped):
        run(tmp_path)
    assert not (tmp_path / "tiny").exists()


def test_what_is_good_to_have_at_the_end_is_left_out_where_a_stop_takes_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(interrupt, "WRAP_UP_SECONDS", 0.05)
    with Stop() as listening:
        with listening.wrapping_up():
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Stopped), listening.wrapping_up():
            while True:
                time.sleep(0.01)
        with pytest.raises(Stopped), listening.wrapping_up():
            raise AssertionError("it must not begin")
    assert signal.getsignal(interrupt.ALARM) == signal.SIG_DFL


@pytest.mark.alone
def test_a_second_signal_ends_the_program_at_once(tmp_path: Path) -> None:
    write_sweep(tmp_path, SWEEP.replace("epochs: 2", "epochs: 2, seconds: 5"))
    process = start(tmp_path, "--executor", "inline")
    wait_for(tmp_path / "tiny", "SELECT count(*) FROM trials WHERE status = 'running'", 1)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == 130 and time.monotonic() - began < 2
    text = SWEEP
    assert set(statuses(run(tmp_path, text=text).run).values()) == {"finished"}


def test_attempts_of_the_sweep_file_count_the_workers_that_died(tmp_path: Path) -> None:
    from trials.console.display import Display
    from trials.plan.make_plan import make_plan
    from trials.sweep.sweep import Sweep
    from trials.worker.messages import Rules

    spec = load(write_sweep(tmp_path, SWEEP + "limits: {attempts: 1}\n"))
    with Results.open(tmp_path / "results.sqlite") as results:
        rules = Rules(tmp_path / "states", spec.rank_by, attempts=spec.limits.attempts)
        sweep = Sweep(RunFolder(tmp_path), make_plan(spec), results, rules, Display("t", tmp_path, "Reward"))
        sweep.prepare(retry_failed=False)
        sweep.next_job()
        sweep.worker_died(sweep.tasks[0].id, "the node is gone")
        row = results.trials()[sweep.tasks[0].id]
    assert (row.status, row.attempts, row.error) == ("failed", 1, "worker process died (1 attempt): the node is gone")


def test_inline_says_once_that_nobody_watches_for_trials_that_hang(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, "limits.trial_seconds=5")
    assert capsys.readouterr().out.count("limits.trial_seconds is not enforced with --executor inline") == 1
    run(tmp_path, "limits.trial_seconds=5", "seeds=[1]", executor="inline")
    capsys.readouterr()
    run(tmp_path, "seeds=[2]")
    assert "trial_seconds" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), "memory"),
        (ZeroDivisionError("in a term of one's own"), "ZeroDivisionError: in a term of one's own"),
    ],
)
def test_an_error_in_a_term_of_ones_own_fails_its_trial_and_can_be_retried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: Exception, reason: str
) -> None:
    text = PAIRS.replace("ssim_window_size: 11}", "ssim_window_size: 11, terms: {mine: 1}}")

    def mine(sources: object, fused: torch.Tensor, config: object) -> torch.Tensor:
        if broken and config.max_ratio == 8:  # type: ignore[attr-defined]
            raise problem
        return torch.zeros((), requires_grad=True)

    monkeypatch.setitem(losses.EXTRA_TERMS, "mine", mine)
    broken = True
    outcome = run(tmp_path, text=text)
    assert statuses(outcome.run) == {1: "finished", 2: "failed", 3: "finished"}
    assert reason in str(outcome.failures[0].error)
    if isinstance(problem, ZeroDivisionError):
        (log,) = (outcome.run / "logs").iterdir()
        assert log.name.startswith("2_") and "in mine" in log.read_text()
    broken = False
    assert statuses(run(tmp_path, text=text).run)[2] == "failed"
    assert statuses(run(tmp_path, text=text, retry_failed=True).run)[2] == "finished"


def test_weights_that_explode_fail_their_trial_with_the_epoch_and_the_others_go_on(tmp_path: Path) -> None:
    text = PAIRS.replace("loss.max_ratio: [4, 8, 16]", "recipe.learning_rate: [1.0e-4, 1.0e+30]")
    outcome = run(tmp_path, text=text)
    assert sorted(statuses(outcome.run).values()) == ["failed", "finished"]
    assert "must stay finite, but" in str(outcome.failures[0].error) and "epoch 1" in str(outcome.failures[0].error)


def test_a_run_folder_that_is_copied_elsewhere_goes_on_there(tmp_path: Path) -> None:
    import shutil

    text = SWEEP.replace("epochs: 2", "epochs: 3, seconds: 0.05")
    (tmp_path / "other").mkdir()
    undisturbed = rows(run(tmp_path / "other", text=text).run)
    write_sweep(tmp_path, text)
    process = start(tmp_path, "--executor", "inline")
    wait_for(tmp_path / "tiny", "SELECT count(*) FROM training WHERE name = 'loss_total'", 4)
    process.kill()
    process.communicate()
    moved = tmp_path / "ein anderer Ort é"
    shutil.copytree(tmp_path / "tiny", moved / "tiny")
    shutil.rmtree(tmp_path / "tiny")
    spec = load(tmp_path / "tiny.yaml")
    outcome = driver.run(spec, Options(out=moved, executor="inline"))
    assert rows(outcome.run) == undisturbed


def test_a_grid_edited_while_trials_were_half_done_keeps_their_rows_and_runs_what_it_asks_for(tmp_path: Path) -> None:
    text = SWEEP.replace("epochs: 2", "epochs: 3, seconds: 0.05")
    write_sweep(tmp_path, text)
    process = start(tmp_path, "--executor", "inline")
    wait_for(tmp_path / "tiny", "SELECT count(*) FROM training WHERE name = 'loss_total'", 4)
    process.kill()
    process.communicate()
    with Results.read(tmp_path / "tiny" / "results.sqlite") as results:
        before = results.query("SELECT * FROM metrics")
    outcome = run(tmp_path, "grid.loss.max_ratio=[7]", text=text)
    assert outcome.tally.finished == outcome.tally.total == 2
    with Results.read(tmp_path / "tiny" / "results.sqlite") as results:
        assert set(before) <= set(results.query("SELECT * FROM metrics"))
    run(tmp_path, text=text)
    assert set(statuses(tmp_path / "tiny").values()) == {"finished"} and len(statuses(tmp_path / "tiny")) == 8


def test_the_folder_of_a_trial_whose_worker_died_stays_to_the_end_of_the_step(tmp_path: Path) -> None:
    from types import SimpleNamespace

    from trials.executors.ray_tune import JobSearcher, SweepCallback

    lost: list[tuple[str, str]] = []
    rules = SimpleNamespace(trial_seconds=None)
    sweep = SimpleNamespace(rules=rules, over=False, tasks=[], worker_died=lambda *all: lost.append(all))
    searcher = JobSearcher(sweep, 1)  # type: ignore[arg-type]
    searcher.trials["t"] = "abc"
    listener = SweepCallback(sweep, searcher, Stop())  # type: ignore[arg-type]
    (folder := tmp_path / "t").mkdir()
    (folder / "error.txt").write_text("Failure # 1\nThe actor died.\n")
    forgotten = SimpleNamespace(metric_analysis={}, metric_n_steps={})
    trial = SimpleNamespace(
        trial_id="t", local_path=str(folder), error_file=str(folder / "error.txt"), run_metadata=forgotten
    )
    for _ in range(2):  # Tune tells it twice, and writes into the folder before it does
        assert folder.is_dir()
        listener.on_trial_error(1, [], trial)
    assert lost == [("abc", "The actor died.")]
    listener.on_step_begin(2, [])
    assert not folder.exists()
