"""Seconds from the command to the first training step: `python -m benchmarks.first_step --executor inline`.

`run_sweep.py` in a process of its own on made-up pairs; its first epoch's own seconds are taken off the time at which
that epoch's row is in the table.
"""

from __future__ import annotations

import argparse
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.timing import report

ROOT = Path(__file__).parent.parent


def first_epoch(table: Path) -> float | None:
    """Return the first reported epoch's own seconds, None while there is none."""
    if not table.exists():
        return None
    try:
        with sqlite3.connect(f"file:{table}?mode=ro", uri=True) as connection:
            rows = connection.execute("SELECT value FROM training WHERE name = 'seconds' LIMIT 1").fetchall()
    except sqlite3.OperationalError:
        return None
    return rows[0][0] if rows else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executor", choices=("ray", "inline"), default="ray")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "run_sweep.py"), str(ROOT / "sweeps" / "demo.yaml"), "--out", folder]
        start = time.perf_counter()
        with subprocess.Popen(
            [*command, "--executor", options.executor], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            while (seconds := first_epoch(Path(folder) / "demo" / "results.sqlite")) is None:
                if process.poll() is not None:
                    raise SystemExit("the sweep ended before its first epoch")
                time.sleep(0.02)
            elapsed = time.perf_counter() - start
            process.terminate()
            process.wait()
    report(benchmark="first_step", executor=options.executor, seconds=elapsed - seconds)


if __name__ == "__main__":
    main()
