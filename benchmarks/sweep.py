"""Trials per minute of 16 trials of `loss_grid_small`, with 1 and 2 workers: `python -m benchmarks.sweep`.

RoadScene where `--data-root` has it, else scenes made from a seed. Start-up is not counted: the clock runs from the
second round of trials on.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from benchmarks.timing import report

SWEEP = Path(__file__).parent.parent / "sweeps" / "loss_grid_small.yaml"
FIRST_16 = ("grid.loss.max_ratio=[10]", "grid.loss.grad_ratio=[2, 32]", "grid.loss.ssim_shared=[1, 10]")
SYNTHETIC = ("trial.data.train=synthetic", "trial.data.test=[synthetic]")


def trials_per_minute(workers: int, data_root: Path | None, out: Path) -> float:
    """Run 16 trials on Ray and return their rate from the first report on."""
    from trials.sweep.driver import run
    from trials.sweep.options import Options
    from trials.sweepfile.load import load

    overrides = FIRST_16 if data_root is not None else (*FIRST_16, *SYNTHETIC)
    spec = load(SWEEP, overrides, data_root)
    outcome = run(spec, Options(out=out, workers=workers, executor="ray"))
    with closing(sqlite3.connect(outcome.run / "results.sqlite")) as table:
        ends = [row[0] for row in table.execute("SELECT started FROM trials ORDER BY started")]
        ((last,),) = table.execute("SELECT max(finished) FROM provenance").fetchall()
    # The first round of trials warms the workers up.
    timed = len(ends) - workers
    return 60 * timed / (last - ends[workers])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rates = {
            workers: trials_per_minute(workers, options.data_root, Path(folder) / str(workers)) for workers in (1, 2)
        }
    report(
        benchmark="sweep",
        one_worker_trials_per_minute=rates[1],
        two_workers_trials_per_minute=rates[2],
        ratio=rates[2] / rates[1],
    )


if __name__ == "__main__":
    main()
