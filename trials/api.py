"""Sweeps from Python: read a sweep file, run what its table lacks."""

from __future__ import annotations

import io
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from rich.console import Console

from trials.console.display import Display
from trials.executors.interrupt import Stop
from trials.space.size import refuse_unless_confirmed
from trials.spec.sweep import SweepSpec
from trials.sweep.driver import run
from trials.sweep.options import Options, Outcome
from trials.sweepfile.load import load

__all__ = ["Outcome", "Stop", "SweepSpec", "load_sweep", "run_sweep"]


def load_sweep(
    path: str | PathLike[str], overrides: Sequence[str] = (), *, data_root: str | PathLike[str] | None = None
) -> SweepSpec:
    """Read a sweep file.

    Args:
        path: of the file; relative paths in it are relative to the working directory.
        overrides: `PATH=VALUE` as for `--set`, such as "trial.recipe.epochs=1".
        data_root: the folder of the data sets, in place of the file's.

    Raises:
        ConfigError: with every problem of the file and the overrides, each with its line.
    """
    return load(Path(path), overrides, None if data_root is None else Path(data_root))


def run_sweep(
    sweep: SweepSpec | str | PathLike[str],
    *,
    out: str | PathLike[str] = "runs",
    workers: int | None = None,
    executor: str | None = None,
    device: str = "auto",
    address: str | None = None,
    retry_failed: bool = False,
    confirmed: bool = False,
    quiet: bool = False,
    stop: Stop | None = None,
) -> Outcome:
    """Run the trials that the table of `out`/NAME lacks, as `python run_sweep.py` does; the report is not written.

    Outside the main thread no signals are handled: `stop.request()`, from any thread, ends the sweep after the running
    epoch.

    Args:
        sweep: a `load_sweep` result, or the path of a sweep file.
        out: the folder that run folders go into.
        workers: number of parallel trials; by default one per GPU share or core.
        executor: "ray", or "inline" for one trial after the other in this process; None uses Ray if it is installed.
        device: "auto", "cpu" or "cuda".
        address: of a Ray cluster to join.
        retry_failed: rerun failed trials too.
        confirmed: run a sweep of more than 2,000 trials too.
        quiet: print nothing.
        stop: to end the sweep from elsewhere.

    Returns:
        The run folder, the best trials, the failed ones, and whether it was stopped.

    Raises:
        FusionError: for problems that the user can fix, if possible before anything starts.
    """
    spec = sweep if isinstance(sweep, SweepSpec) else load_sweep(sweep)
    refuse_unless_confirmed(spec, confirmed=confirmed)
    options = Options(Path(out), workers, address, executor, device, retry_failed, "trials.run_sweep")
    console = Console(file=io.StringIO()) if quiet else Console(highlight=False)
    display = Display(spec.name, options.out / spec.name, spec.rank_by.metric, console)
    with stop or Stop() as listening:
        return run(spec, options, display, listening)
