"""`python -m analysis runs/NAME` writes the report of a run; its other commands compare runs and write for papers."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from analysis.cli.console import Commands, Progress, refusals
from analysis.replay.searches import DEFAULT, SEARCH_HELP
from analysis.report.serve import LOOPBACK

app = typer.Typer(
    cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Read the results of sweeps: python -m analysis RUN is the report of a run.",
)  # fmt: skip

RunFolder = Annotated[
    Path, typer.Argument(metavar="RUN", help="A sweep's folder (runs/NAME), or one with params.csv and metrics.csv.")
]
Serve = Annotated[
    int | None,
    typer.Option("--serve", metavar="[PORT]", min=0, max=65535, help="Serve the page on this machine until Ctrl-C."),
]
Host = Annotated[str, typer.Option("--host", help="Address to serve on; any but loopback is open to others.")]
Open = Annotated[bool, typer.Option("--open", help="Open the page in a browser.")]


@app.command()
def report(
    run: RunFolder,
    watch: Annotated[bool, typer.Option("--watch", help="Build again at every change, until the sweep ends.")] = False,
    serve: Serve = None,
    host: Host = LOOPBACK,
    open_: Open = False,
    beside: Annotated[
        Path | None, typer.Option(metavar="OTHER_RUN", help="Another run, tested on the same images, on its axes.")
    ] = None,
) -> None:
    """Write RUN/report.html and RUN/bounds.csv, and print the best settings beside the baselines."""
    from analysis.cli.report import browse, report_once, report_watching, served, wait_for_interrupt

    console = Console(highlight=False)
    pages = {"report.html": run / "report.html"}
    with refusals():
        if not watch:
            page = report_once(run, console, beside)
            if open_ and serve is None:
                browse(page.absolute().as_uri())
        with served(pages, serve, host, console, show=open_) as is_served:
            if watch:
                try:
                    report_watching(run, console, beside)
                except KeyboardInterrupt:
                    console.print("stopped")
                    return
            if is_served:
                wait_for_interrupt()


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN RUN...", help="Two runs or more.")],
    out: Annotated[Path | None, typer.Option(help="The page (compare.html beside the first run's folder).")] = None,
    serve: Serve = None,
    host: Host = LOOPBACK,
    open_: Open = False,
) -> None:
    """Put several runs on the same axes: what each allows at best, and which differences are more than chance."""
    from analysis.cli.compare import write_comparison
    from analysis.cli.report import browse, served, wait_for_interrupt

    console = Console(highlight=False)
    with refusals():
        page = write_comparison(runs, out, Progress(), console)
        print(page, flush=True)
        if open_ and serve is None:
            browse(page.absolute().as_uri())
        with served({page.name: page}, serve, host, console, show=open_) as is_served:
            if is_served:
                wait_for_interrupt()


@app.command()
def paper(
    run: RunFolder,
    out: Annotated[Path | None, typer.Option(help="Folder to write to (RUN/paper).")] = None,
    methods: Annotated[
        Path | None, typer.Option(help="CSV of published rows (method, then metrics) for the comparison table.")
    ] = None,
    metric: Annotated[str | None, typer.Option(help="What ranks (as the sweep says).")] = None,
    epoch: Annotated[int | None, typer.Option(min=0, help="At which epoch (as the sweep says).")] = None,
    dataset: Annotated[str | None, typer.Option(help="On which data set (the weighted mean over all).")] = None,
    top: Annotated[int, typer.Option(min=1, help="Rows of the table of the best configurations.")] = 10,
) -> None:
    """Write every figure as PDF and PNG, and the tables as LaTeX, Markdown and CSV."""
    with refusals():
        from analysis.paper import Choice, write_paper

        with Progress().doing("figures and tables for a paper"):
            files = write_paper(run, out, Choice(metric, epoch, dataset, top, methods))
        for file in files:
            print(file)


@app.command()
def bounds(
    run: RunFolder,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A .csv or .parquet file (RUN/bounds.csv and .parquet).")
    ] = None,
) -> None:
    """Write what each value of each weight allows at best: one tidy table of every metric, data set and epoch."""
    with refusals():
        from analysis.findings.findings import Findings
        from analysis.report.tables import check_suffix, write_bounds, write_table
        from analysis.runs.open_run import open_run

        check_suffix(out)
        findings = Findings.of(open_run(run))
        with Progress().doing(f"bounds and their intervals: {len(findings.scores.settings)} configurations"):
            files = [write_table(findings.bounds, out)] if out else write_bounds(findings)
        for file in files:
            print(file)


@app.command()
def replay(
    run: RunFolder,
    search: Annotated[str, typer.Option(help=SEARCH_HELP)] = DEFAULT,
    repeats: Annotated[int, typer.Option(help="Repeats of each search, each with its own seed.")] = 200,
    noise: Annotated[
        Path | None, typer.Option(metavar="NOISE_RUN", help="A run of repeated seeds, as of sweeps/seed_noise.yaml.")
    ] = None,
    metric: Annotated[str | None, typer.Option(help="What ranks (as the sweep says).")] = None,
    epoch: Annotated[int | None, typer.Option(min=1, help="At which epoch (as the sweep says).")] = None,
    dataset: Annotated[str | None, typer.Option(help="On which data set (the weighted mean over all).")] = None,
    until: Annotated[float, typer.Option(help="A sampler's repeat ends at this share of the grid's epochs.")] = 0.5,
    workers: Annotated[int, typer.Option(min=1, help="Trials at a time: what they give is told when they end.")] = 1,
    processes: Annotated[int | None, typer.Option(min=1, help="Processes of one thread each (one per core).")] = None,
) -> None:
    """Run searches against a recorded grid without training: what each finds, for which share of the grid's cost."""
    with refusals():
        from analysis.cli.replay import LOG_WIDTH, print_found, run_replay
        from analysis.cli.report import build
        from analysis.replay.files import replaced, write_found
        from analysis.replay.recorded_grid import GridQuery
        from analysis.replay.replay import prepare

        # A log has no width of its own, and a table in it need not be cut at 80 columns.
        console = Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)
        asked = GridQuery(metric, epoch, dataset)
        proof = prepare(run, search, repeats, noise, asked, until, workers)
        found = run_replay(proof, processes or os.cpu_count() or 1)
        earlier = replaced(run)
        files = write_found(run, found)
        *_, page = build(run, Progress())
        print_found(found, console)
        if earlier:
            print(f"note: {earlier}")
        for file in (*files, page):
            print(file)


if __name__ == "__main__":
    app()
