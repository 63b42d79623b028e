from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from tests.chaos import driver_kill, signals, worker_kill
from tests.chaos.sweeps import Chaos, arithmetic, compare

# Ray starts slowly where much else runs.
pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.timeout(300)]
INLINE = ("--executor", "inline")


def undisturbed(folder: Path, trial: str, trials: int) -> Chaos:
    chaos = Chaos(folder / "undisturbed", trial, trials, INLINE)
    code, said = chaos.finish()
    assert code == 0, said
    return chaos


def test_a_killed_driver_loses_and_doubles_nothing_and_trains_no_finished_epoch_again(tmp_path: Path) -> None:
    trial = arithmetic(3, 0.05)
    expected = undisturbed(tmp_path, trial, 4)
    chaos = Chaos(tmp_path / "killed", trial, 4, INLINE)
    driver_kill.disturb(chaos, 2, random.Random(1))
    code, said = chaos.finish()
    assert code == 0, said
    assert compare(chaos.rows(), expected.rows()) == (0, 0)
    assert chaos.retrained == 0 and chaos.known() <= set(chaos.trained())


def test_a_worker_that_hangs_is_ended_and_its_trial_tried_again(tmp_path: Path) -> None:
    expected = undisturbed(tmp_path, arithmetic(3, 0.1), 3)
    chaos = Chaos(
        tmp_path / "hung", arithmetic(3, 0.1), 3, ("--workers", "1"), extra="limits: {trial_seconds: 8, attempts: 5}\n"
    )
    code, said = worker_kill.disturb(chaos, [signal.SIGSTOP], random.Random(1))
    assert code == 0 and "no report for 8 s" in said, said
    assert compare(chaos.rows(), expected.rows()) == (0, 0)
    assert chaos.retrained == 0 and chaos.count("SELECT sum(attempts) FROM trials") == 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_leaves_a_closed_table_and_nothing_running(tmp_path: Path, number: signal.Signals) -> None:
    chaos = Chaos(tmp_path / "stopped", arithmetic(3, 0.3), 4, ("--workers", "1"))
    seconds, code, said, left = signals.stop(chaos, "training", number, twice=False)
    assert code == signals.EXIT_CODE and "To resume:" in said and "Traceback" not in said, said
    assert "SIGTERM received" not in said
    assert seconds < 30 and left == 0
    assert sorted(path.name for path in chaos.run.glob("results.sqlite*")) == ["results.sqlite"]
