"""Run a sweep: `python run_sweep.py sweeps/demo.yaml`. Run it again and it does what is missing."""

from __future__ import annotations

import shlex
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from fusion_core.errors import FusionError, print_errors

if TYPE_CHECKING:
    from trials.spec.sweep import SweepSpec
    from trials.sweep.options import Options

DATA_ROOT = Path("data")
STOPPED = 130
LOG_WIDTH = 160


class Executor(StrEnum):
    ray = "ray"
    inline = "inline"


class Device(StrEnum):
    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


def main(
    sweep: Annotated[Path | None, typer.Argument(metavar="SWEEP.yaml", help="The sweep file.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would run, for how long, and how much disk it takes.")
    ] = False,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Override a value of the file; repeatable.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Trials at once (one per GPU share or core).")] = None,
    data_root: Annotated[Path | None, typer.Option(help="Folder that holds the data sets (data).")] = None,
    out: Annotated[Path, typer.Option(help="Folder that run folders go into.")] = Path("runs"),
    address: Annotated[str | None, typer.Option(help="Join a Ray cluster (auto, or host:port).")] = None,
    executor: Annotated[
        Executor | None, typer.Option(help="ray, or inline: one trial at a time, in this process.")
    ] = None,
    device: Annotated[Device, typer.Option(help="Where trials compute.")] = Device.auto,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Retry failed trials too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Run even a very large sweep.")] = False,
    fetch: Annotated[str | None, typer.Option(metavar="NAME", help="Fetch a data set (msrs, ...) and stop.")] = None,
) -> None:
    """Train every trial of a sweep, and write what each loss weight allows to a table and a report."""
    try:
        if fetch is not None:
            from fusion_core.data.fetch import fetch as fetch_data

            print(fetch_data(fetch, data_root or DATA_ROOT, print))
            return
        if sweep is None:
            _refuse("a sweep file must be given, such as sweeps/demo.yaml (or --fetch NAME)")
        from trials.space.size import refuse_unless_confirmed
        from trials.sweepfile.load import load

        spec = load(sweep, set_ or [], data_root)
        refuse_unless_confirmed(spec, confirmed=yes or dry_run)
        from trials.sweep.options import Options

        command = shlex.join(["python", *sys.argv])
        options = Options(out, workers, address, executor and executor.value, device.value, retry_failed, command)
        if dry_run:
            from trials.sweep.dry_run import describe

            print("\n".join(describe(spec, options)))
            return
        code = _run(spec, options)
    except (FusionError, OSError) as problem:
        _refuse(str(problem))
    raise typer.Exit(code)


def _run(spec: SweepSpec, options: Options) -> int:
    """Run the sweep, write the report, say how it went; return the exit code."""
    from rich.console import Console

    from trials.console.display import Display
    from trials.executors.interrupt import Stop, Stopped
    from trials.sweep.driver import run
    from trials.sweep.summary import summary

    start = time.monotonic()
    # A log has no width of its own, and tables in it need not be cut at 80 columns.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)
    display = Display(spec.name, options.out / spec.name, spec.rank_by.metric, console)
    outcome = None
    try:
        with Stop() as stop:
            outcome = run(spec, options, display, stop)
            from analysis.report.report import write_report

            with stop.wrapping_up() if outcome.stopped else stop.interruptible():
                report = write_report(outcome.run)
    except Stopped:
        what = "before the first trial" if outcome is None else "before the report was written; nothing is lost"
        console.print(f"stopped {what}. To resume:\n  {options.command}", soft_wrap=True, markup=False)
        return STOPPED
    console.print(*summary(outcome, report, options.command, time.monotonic() - start), sep="\n", soft_wrap=True)
    if outcome.stopped:
        return STOPPED
    return 1 if outcome.failures and not outcome.tally.finished else 0


def _refuse(message: str) -> NoReturn:
    print_errors(message)
    raise typer.Exit(2)


def command() -> None:
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()


if __name__ == "__main__":
    command()
