"""SIGTERM, SIGINT and SIGHUP, once and twice, in every phase of a sweep.

`python -m tests.chaos.signals [--executor ray]`
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.chaos.sweeps import Chaos, alive, arithmetic, below, compare, kill_group, table_row

EXIT_CODE = 130
STOPS_WITHIN = 10.0
AT_ONCE = 2.0


def phases(chaos: Chaos) -> dict[str, Callable[[subprocess.Popen[str]], bool]]:
    """Return what tells that a phase has begun, by its name."""
    return {
        "starting": lambda process: (chaos.run / "sweep.yaml").exists(),
        "training": lambda process: chaos.epochs() >= 3,
        "ending": lambda process: (
            chaos.count("SELECT count(*) FROM trials WHERE status != 'finished'") == 0 and chaos.epochs() > 0
        ),
    }


def send(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal as people do: Ctrl-C goes to all that share the terminal, `kill` to the one process."""
    if number is signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)


def stop(chaos: Chaos, phase: str, number: signal.Signals, *, twice: bool) -> tuple[float, int, str, int]:
    """Stop a sweep in a phase; return the seconds it took, its exit code, what it said, and the processes it left."""
    with chaos.counting():
        process = chaos.start()
        begun = phases(chaos)[phase]
        chaos.wait(lambda: begun(process), process)
        family = below(process.pid)
        start = time.monotonic()
        send(process, number)
        if twice:
            time.sleep(0.3)
            if process.poll() is None:
                send(process, number)
        said, _ = process.communicate(timeout=60)
        seconds = time.monotonic() - start
        deadline = time.monotonic() + 15
        while any(map(alive, family)) and time.monotonic() < deadline:
            time.sleep(0.1)
        left = sum(map(alive, family))
        kill_group(process)
    return seconds, process.returncode, said, left


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executor", choices=("ray", "inline"), default="ray")
    parser.add_argument("--trials", type=int, default=8)
    options = parser.parse_args()
    how = ("--executor", "inline") if options.executor == "inline" else ("--workers", "2")
    trial = arithmetic(3, 0.3)
    with tempfile.TemporaryDirectory() as folder:
        undisturbed = Chaos(Path(folder) / "undisturbed", trial, options.trials, ("--executor", "inline"))
        undisturbed.finish()
        cases = [
            (phase, number, twice)
            for phase in ("starting", "training", "ending")
            for number in (signal.SIGTERM, signal.SIGINT)
            for twice in (False, True)
        ]
        for at, (phase, number, twice) in enumerate(cases):
            chaos = Chaos(Path(folder) / str(at), trial, options.trials, how)
            seconds, code, said, left = stop(chaos, phase, number, twice=twice)
            files = sorted(path.name for path in chaos.run.glob("results.sqlite*"))
            chaos.finish()
            lost, doubled = compare(chaos.rows(), undisturbed.rows())
            ends = (EXIT_CODE, -number) if twice else (EXIT_CODE,)  # Ray, half shut down, has given SIGTERM back
            fine = seconds < (AT_ONCE if twice else STOPS_WITHIN) and code in ends and "Traceback" not in said
            fine = fine and (twice or ("To resume:" in said and files == ["results.sqlite"]))
            name = f"{number.name} {'twice' if twice else 'once'} while {phase} ({options.executor})"
            result = f"exit {code} after {seconds:.1f} s; processes left behind {left}"
            print(
                table_row(
                    name, "1", lost, doubled, chaos.retrained, seconds, result if fine else f"BAD {result} {said}"
                ),
                flush=True,
            )


if __name__ == "__main__":
    main()
