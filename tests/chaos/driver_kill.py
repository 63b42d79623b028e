"""SIGKILL of the driver at random moments of one sweep; the same command again each time.

`python -m tests.chaos.driver_kill [--kills 30] [--trials 60] [--executor ray] [--synthetic]`
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.sweeps import SYNTHETIC, Chaos, alive, arithmetic, below, compare, kill_group, table_row

EPOCHS = 3


def disturb(chaos: Chaos, kills: int, moments: random.Random) -> list[int]:
    """Kill the driver `kills` times, spread over the sweep; return the processes it left behind."""
    left: list[int] = []
    whole = chaos.trials * EPOCHS
    for kill in range(kills):
        before = chaos.epochs()
        # A kill in ten comes while it starts; the others within the share of the sweep that is due by then.
        goal = before if kill % 10 == 9 else before + moments.randint(1, max(1, whole // kills))
        with chaos.counting():
            process = chaos.start()
            if kill % 10 == 9:
                time.sleep(moments.uniform(0.2, 6))
            else:
                chaos.wait(lambda goal=goal: chaos.epochs() >= goal, process)
            time.sleep(moments.uniform(0, 0.05))
            family = below(process.pid)
            ended = process.poll() is not None
            process.kill()
            process.wait()
            process.stdout.close()  # type: ignore[union-attr]
            chaos.faults += not ended
            deadline = time.monotonic() + 15
            while any(map(alive, family)) and time.monotonic() < deadline:
                time.sleep(0.1)
            left += [pid for pid in family if alive(pid)]
            kill_group(process)
    return left


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--executor", choices=("ray", "inline"), default="ray")
    parser.add_argument("--synthetic", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    trial = SYNTHETIC if options.synthetic else arithmetic(EPOCHS, 0.1)
    how = ("--executor", "inline") if options.executor == "inline" else ("--workers", "2")
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        undisturbed = Chaos(Path(folder) / "undisturbed", trial, options.trials, how)
        code, said = undisturbed.finish()
        assert code == 0, said
        chaos = Chaos(Path(folder) / "killed", trial, options.trials, how)
        left = disturb(chaos, options.kills, random.Random(options.seed))
        code, said = chaos.finish()
        assert chaos.known() <= set(chaos.trained()), "the spy saw every epoch"
        lost, doubled = compare(chaos.rows(), undisturbed.rows())
        if lost + doubled or code:
            print(said, file=sys.stderr)
        name = f"SIGKILL of the driver ({options.executor}, {'synthetic pairs' if options.synthetic else 'arithmetic'})"
        result = (
            f"exit {code}, {len(chaos.rows())} rows equal" if not lost + doubled and not code else f"BAD exit {code}"
        )
        print(
            table_row(
                name,
                f"{chaos.faults}",
                lost,
                doubled,
                chaos.retrained,
                time.monotonic() - start,
                f"{result}; processes left behind {len(left)}",
            )
        )


if __name__ == "__main__":
    main()
