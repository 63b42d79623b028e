"""SIGKILL of workers, and workers that hang (SIGSTOP) until `limits.trial_seconds` ends them, during one sweep.

`python -m tests.chaos.worker_kill [--kills 20] [--hangs 5] [--trials 40] [--synthetic]`
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.sweeps import SYNTHETIC, Chaos, arithmetic, below, compare, table_row

EPOCHS = 3


def disturb(chaos: Chaos, signals: list[signal.Signals], moments: random.Random) -> tuple[int, str]:
    """Send each signal to a worker at a random moment of one sweep; return the exit code and what was said."""
    apart = max(1, chaos.trials * EPOCHS // (len(signals) + 2))
    with chaos.counting():
        process = chaos.start()
        for number in signals:
            before = chaos.epochs()
            if not chaos.wait(lambda before=before: chaos.epochs() >= before + moments.randint(1, apart), process):
                break
            time.sleep(moments.uniform(0, 0.2))
            workers = below(process.pid, "Trainable")
            if workers:
                os.kill(moments.choice(workers), number)
                chaos.faults += 1
        said, _ = process.communicate(timeout=600)
    return process.returncode, said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--hangs", type=int, default=5)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--synthetic", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    moments = random.Random(options.seed)
    trial = SYNTHETIC if options.synthetic else arithmetic(EPOCHS, 0.2)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        undisturbed = Chaos(Path(folder) / "undisturbed", trial, options.trials, ("--executor", "inline"))
        code, said = undisturbed.finish()
        assert code == 0, said
        chaos = Chaos(
            Path(folder) / "killed", trial, options.trials, extra="limits: {trial_seconds: 10, attempts: 10}\n"
        )
        signals = [signal.SIGKILL] * options.kills + [signal.SIGSTOP] * options.hangs
        moments.shuffle(signals)
        code, said = disturb(chaos, signals, moments)
        lost, doubled = compare(chaos.rows(), undisturbed.rows())
        if lost + doubled or code:
            print(said, file=sys.stderr)
        again = chaos.count("SELECT sum(attempts - 1) FROM trials")
        result = (
            f"exit {code}, {again} attempts more than trials" if not lost + doubled and not code else f"BAD exit {code}"
        )
        print(
            table_row(
                "SIGKILL and SIGSTOP of workers" + (" (synthetic pairs)" if options.synthetic else ""),
                f"{options.kills} killed, {options.hangs} hung, {chaos.faults} hit",
                lost,
                doubled,
                chaos.retrained,
                time.monotonic() - start,
                f"{result}; said 'no report for' {said.count('no report for')} times",
            )
        )


if __name__ == "__main__":
    main()
