"""What the orchestrator costs: `python -m benchmarks.orchestrator --trials 200 --executor inline`.

Trials made of arithmetic take microseconds, so the time of a sweep is the orchestrator's own. Each sweep runs in a
process of its own; the clock runs from the start of its first trial to the start of its last, so start-up is not in it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import report

EPOCHS = 2


def write_sweep(folder: Path, trials: int) -> Path:
    """Write a sweep file of so many arithmetic trials."""
    path = folder / f"arithmetic_{trials}.yaml"
    values = ", ".join(f"{value:.6g}" for value in np.linspace(1, 100, trials))
    path.write_text(
        f"name: arithmetic_{trials}\n"
        f"trial:\n  recipe: {{kind: arithmetic, epochs: {EPOCHS}}}\n"
        f"grid:\n  loss.max_ratio: [{values}]\n"
        "keep_best: 0\n"
    )
    return path


def _run(folder: str, trials: int, executor: str, queue: Any) -> None:
    from trials.sweep.driver import run
    from trials.sweep.options import Options
    from trials.sweepfile.load import load

    spec = load(write_sweep(Path(folder), trials))
    start = time.perf_counter()
    outcome = run(spec, Options(out=Path(folder), executor=executor, workers=None if executor == "inline" else 2))
    seconds = time.perf_counter() - start
    assert outcome.tally.done == trials, outcome
    with closing(sqlite3.connect(outcome.run / "results.sqlite")) as table:
        ((first, last),) = table.execute("SELECT min(started), max(started) FROM trials")
    queue.put((last - first, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))


def sweep_cost(trials: int, executor: str) -> tuple[float, float, float, int]:
    """Run a sweep in a fresh process.

    Returns the seconds from its first trial to its last, its seconds in all, the driver's peak memory, the files left.
    """
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    with tempfile.TemporaryDirectory() as folder:
        process = context.Process(target=_run, args=(folder, trials, executor, queue))
        process.start()
        working, seconds, memory = queue.get()
        process.join()
        files = sum(path.is_file() for path in (Path(folder) / f"arithmetic_{trials}").rglob("*"))
    return working, seconds, memory, files


def write_rate(trials: int = 500) -> float:
    """Return metric rows per second into the table, one transaction per epoch, in this process."""
    from fusion_core.config import ArithmeticConfig, TrialConfig
    from fusion_core.recipes.catalog import build_recipe
    from trials.storage.results import PlannedTrial, Results

    config = TrialConfig(recipe=ArithmeticConfig(epochs=EPOCHS))
    reports = list(build_recipe(config, None).epochs())
    rows = sum(len(metrics) for r in reports for metrics in r.metrics.values())
    with tempfile.TemporaryDirectory() as folder, Results.open(Path(folder) / "results.sqlite") as results:
        planned = [PlannedTrial(f"{i:016x}", "c", {}, config.model_dump_json(), 0, EPOCHS) for i in range(trials)]
        results.register(planned)
        start = time.perf_counter()
        for trial in planned:
            for number, one in enumerate(reports, start=1):
                results.report(trial.id, one, last=number == EPOCHS, node="here", device="cpu", baselines=None)
        return trials * rows / (time.perf_counter() - start)


def overhead(trials: int, executor: str) -> dict[str, float]:
    """Return seconds per trial above start-up, driver memory per trial, and files beyond those of one trial."""
    _, start_seconds, start_memory, start_files = sweep_cost(1, executor)
    working, _, memory, files = sweep_cost(trials, executor)
    return {
        "seconds_per_trial": working / (trials - 1),
        "start_seconds": start_seconds,
        "driver_bytes_per_trial": (memory - start_memory) / (trials - 1),
        "extra_files": files - start_files,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--executor", choices=("ray", "inline"), default="ray")
    options = parser.parse_args()
    figures = overhead(options.trials, options.executor)
    report(
        benchmark="orchestrator",
        executor=options.executor,
        trials=options.trials,
        **figures,
        table_rows_per_second=write_rate(),
    )


if __name__ == "__main__":
    main()
