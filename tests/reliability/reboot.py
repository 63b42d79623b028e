"""A machine that stops between two commits: `python -m tests.reliability.reboot --copies 100 --continued 10`.

The driver of a running sweep is frozen at random moments and its folder copied, the table's log and shared memory
included: what a machine finds after it went down. At the end of every other copy's log stands part of a commit that was
under way. Each copy must open, be whole, and hold whole epochs and the states to go on from; a sweep continued from
some of them must end with the rows of an undisturbed one.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.reliability.commands import assert_whole, leftovers, sweep
from tests.trials.helpers import rows, write_sweep
from trials.storage.results import Results
from trials.storage.states import States

REPOSITORY = Path(__file__).parents[2]
SWEEP = """\
name: tiny
trial:
  recipe: {kind: arithmetic, epochs: 3, seconds: 0.01}
grid:
  loss.max_ratio: [10, 4, 16, 7]
  loss.grad_ratio: [2, 32, 40, 64, 90]
seeds: [0, 1, 2]
keep_best: 1
"""
FRAME = 4096 + 24


def copies_of_a_running_sweep(folder: Path, count: int, seed: int = 0) -> list[Path]:
    """Return `count` copies of run folders, taken at random moments of as many sweeps as that takes."""
    moments = random.Random(seed)
    made: list[Path] = []
    for attempt in range(100):
        home = folder / f"sweep_{attempt}"
        home.mkdir(parents=True)
        command = [sys.executable, "run_sweep.py", write_sweep(home, SWEEP), "--out", home, "--executor", "inline"]
        with subprocess.Popen([*map(str, command)], cwd=REPOSITORY, stdout=subprocess.DEVNULL) as process:
            while not (home / "tiny" / "results.sqlite").exists() and process.poll() is None:
                time.sleep(0.005)
            while process.poll() is None and len(made) < count:
                time.sleep(moments.uniform(0.001, 0.05))
                process.send_signal(signal.SIGSTOP)
                copy = folder / f"copy_{len(made)}" / "tiny"
                shutil.copytree(home / "tiny", copy)
                process.send_signal(signal.SIGCONT)
                if len(made) % 2:
                    tear_the_log(copy, moments)
                made.append(copy)
            process.kill()
        if len(made) == count:
            return made
    raise AssertionError(f"{len(made)} copies of {count} after 100 sweeps")


def tear_the_log(run: Path, moments: random.Random) -> None:
    """Add some of a commit that was under way to the log: pages cut anywhere, as they were meant or as zeros."""
    log = run / "results.sqlite-wal"
    if not log.exists() or not log.stat().st_size:
        return
    written = log.read_bytes()
    lost = moments.randrange(1, 3 * FRAME)
    with log.open("ab") as file:
        file.write(written[-lost:] if moments.random() < 0.5 else bytes(lost))


def check(run: Path) -> str:
    """Check one copy as the next start of the program finds it; return `empty`, `under way` or `over`."""
    with Results.open(run / "results.sqlite") as results:
        trials = results.trials()
    assert_whole(run, tidy=False)
    for trial in trials.values():
        if 0 < trial.done < trial.epochs:
            assert trial.done in States(run / "states", trial.id).epochs(), "an epoch would be trained again"
        assert (trial.status == "finished") == (trial.done == trial.epochs)
    if not trials:
        return "empty"
    return "over" if all(trial.status == "finished" for trial in trials.values()) else "under way"


def reboots(folder: Path, copies: int, continued: int) -> Counter[str]:
    """Take, check and continue copies; return how many there were of each kind."""
    found: Counter[str] = Counter()
    assert sweep(folder, SWEEP.replace("0.01", "0"), out=folder / "undisturbed") == 0
    undisturbed = _rows(folder / "undisturbed" / "tiny")
    made = copies_of_a_running_sweep(folder, copies)
    for copy in made:
        found[check(copy)] += 1
    for copy in random.Random(1).sample(made, continued):
        assert sweep(folder, SWEEP.replace("0.01", "0"), out=copy.parent) == 0
        assert _rows(copy) == undisturbed
        assert leftovers(copy) == [], "what the killed driver left half-written goes"
        assert not (copy / "states").exists(), sorted((copy / "states").iterdir())
        found["continued to the same rows"] += 1
    return found


def _rows(run: Path) -> list[tuple[object, ...]]:
    """Everything but the config, which says how long an epoch waits."""
    return [tuple(v for v in row if not str(v).startswith('{"data')) for row in rows(run)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=100)
    parser.add_argument("--continued", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(dict(reboots(Path(folder), options.copies, options.continued)))


if __name__ == "__main__":
    os.chdir(REPOSITORY)
    main()
