"""What a long sweep costs: `python -m benchmarks.endurance` (10,000 trials, inline and on two Ray workers).

`--hours 1` is a soak instead: trials that wait, for so long, while memory and file handles are watched. Beside every
sweep a reader asks the table for torn epochs in a loop. Trials are made of arithmetic: all cost is the program's.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import psutil

from benchmarks.orchestrator import EPOCHS, write_sweep
from benchmarks.timing import report

WAIT = 0.1
METRICS = 5


@dataclass
class Usage:
    """Memory (MB) and open file handles of this process, sampled while it is entered."""

    every: float = 0.5
    samples: list[tuple[float, float, int]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        process, start = psutil.Process(), time.monotonic()
        while True:
            self.samples.append((time.monotonic() - start, process.memory_info().rss / 1e6, process.num_fds()))
            if self._over.wait(self.every):
                return

    def figures(self) -> dict[str, float]:
        """Return peaks, and the growth from the second fifth of the time to the last: the first is start-up."""
        _, memory, handles = np.array(self.samples).T
        fifth = max(1, len(memory) // 5)
        early, late = slice(fifth, 2 * fifth) if len(memory) >= 5 else slice(0, 1), slice(-fifth, None)
        return {
            "memory_peak_mb": float(memory.max()),
            "memory_growth_mb": float(np.median(memory[late]) - np.median(memory[early])),
            "handles_peak": int(handles.max()),
            "handles_growth": float(np.median(handles[late]) - np.median(handles[early])),
        }


@contextmanager
def timed_writes() -> Iterator[list[float]]:
    """Give a list that gets the seconds of every epoch's transaction."""
    from trials.storage.results import Results

    plain, seconds = Results.report, list[float]()

    def timed(self: Results, *arguments: Any, **options: Any) -> int:
        start = time.perf_counter()
        try:
            return plain(self, *arguments, **options)
        finally:
            seconds.append(time.perf_counter() - start)

    Results.report = timed  # type: ignore[method-assign]
    try:
        yield seconds
    finally:
        Results.report = plain  # type: ignore[method-assign]


@contextmanager
def reader(table: Path) -> Iterator[dict[str, float]]:
    """Read the table in another process meanwhile; gives what came of it, at the end."""
    command = [sys.executable, "-m", "benchmarks.table_reader", str(table), str(METRICS)]
    found: dict[str, float] = {}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield found
        said, _ = process.communicate()
        found.update(json.loads(said))


def endure(folder: Path, trials: int, executor: str, wait: float = 0.0) -> dict[str, float]:
    """Run a sweep in this process and return its figures; `wait` is seconds per epoch."""
    from trials.storage.exports import export
    from trials.sweep.driver import run
    from trials.sweep.options import Options
    from trials.sweepfile.load import load

    overrides = [f"trial.recipe.seconds={wait}"] if wait else []
    spec = load(write_sweep(folder, trials), overrides)
    table = folder / spec.name / "results.sqlite"
    start = time.perf_counter()
    with Usage() as usage, timed_writes() as writes, reader(table) as read:
        outcome = run(spec, Options(out=folder, executor=executor, workers=None if executor == "inline" else 2))
        seconds = time.perf_counter() - start
    start = time.perf_counter()
    export(outcome.run)
    exported = time.perf_counter() - start
    start = time.perf_counter()
    with sqlite3.connect(table) as connection:
        ((whole,),) = connection.execute("PRAGMA integrity_check")
    connection.close()
    p50, p99 = np.quantile(writes, [0.5, 0.99]) * 1000
    return {
        "trials": trials,
        "seconds": seconds,
        **usage.figures(),
        "write_p50_ms": float(p50),
        "write_p99_ms": float(p99),
        "write_slowest_ms": max(writes) * 1000,
        "table_mb": table.stat().st_size / 1e6,
        "export_seconds": exported,
        "integrity_check_seconds": time.perf_counter() - start,
        "rows_lost": trials * EPOCHS - len(writes),
        "whole": whole == "ok",
        **read,
    }


def _in_a_process(trials: int, executor: str, wait: float, queue: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        queue.put(endure(Path(folder), trials, executor, wait))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--executor", choices=("ray", "inline"), help="both, one after the other, if left out")
    parser.add_argument("--hours", type=float, help=f"a soak of so many hours: inline trials of {EPOCHS} x {WAIT} s")
    options = parser.parse_args()
    trials, wait = options.trials, 0.0
    if options.hours:
        trials, wait = max(2, round(options.hours * 3600 / (EPOCHS * WAIT))), WAIT
    default = ("inline",) if options.hours else ("inline", "ray")
    context = multiprocessing.get_context("spawn")
    for executor in (options.executor,) if options.executor else default:
        queue = context.Queue()
        process = context.Process(target=_in_a_process, args=(trials, executor, wait, queue))
        process.start()
        figures = queue.get()
        process.join()
        report(benchmark="endurance", executor=executor, hours=options.hours, **figures)


if __name__ == "__main__":
    main()
