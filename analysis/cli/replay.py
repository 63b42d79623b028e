"""The replay command: shows progress, a table and the recommendation, and rewrites the report."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Table

from analysis.cli.console import escape
from analysis.formatting import difference, duration, percent
from analysis.replay.costs import SAID
from analysis.replay.files import Found
from analysis.replay.processes import Done, Pace, replays
from analysis.replay.replay import Proof
from analysis.replay.trace import WITHIN, Trace

LOG_WIDTH = 160


def run_replay(proof: Proof, processes: int) -> Found:
    """Replay every search with a progress display; return the results."""
    traces: list[dict[int, Trace]] = [{} for _ in proof.searches]
    pace = Pace(proof.searches, processes)
    with _progress(proof, pace) as step:
        for done in replays(proof.grid, proof.searches, proof.until, proof.workers, processes):
            traces[done.task.search].update(zip(done.task.repeats, done.traces, strict=True))
            pace.done(done)
            step(done)
    return proof.found([[own[repeat] for repeat in sorted(own)] for own in traces])


class _Step:
    """Called after each task: moves a bar, or prints the line of a finished search."""

    def __init__(self, proof: Proof, pace: Pace, bar: Bar | None) -> None:
        self.proof, self.pace, self.bar = proof, pace, bar
        self.total = sum(one.repeats for one in proof.searches)
        self.task = None if bar is None else bar.add_task("replay", total=self.total, left="")

    def __call__(self, done: Done) -> None:
        left = "" if self.pace.left is None else f"about {duration(round(self.pace.left))} left"
        if self.bar is not None and self.task is not None:
            self.bar.update(self.task, completed=self.pace.repeats, left=left)
            return
        search = self.proof.searches[done.task.search]
        if len(self.pace.took[done.task.search]) == search.repeats:
            what = "1 repeat" if search.repeats == 1 else f"{search.repeats} repeats"
            more = f", {left}" if left and self.pace.repeats < self.total else ""
            print(f"replay: {search.name}, {what} done{more}", file=sys.stderr, flush=True)


@contextmanager
def _progress(proof: Proof, pace: Pace) -> Iterator[_Step]:
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _Step(proof, pace, None)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("repeats, {task.fields[left]}"),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        yield _Step(proof, pace, bar)


def print_found(found: Found, console: Console) -> None:
    """Print the table, the remarks on it, and the recommendation."""
    console.print(cost_table(found))
    for note in found.notes:
        console.print(f"note: {escape(note)}", soft_wrap=True)
    for sentence in found.said:
        console.print(escape(sentence), soft_wrap=True)


def cost_table(found: Found) -> Table:
    """Return a row per search: how often it reaches each target in time, and at what cost."""
    title = (
        f"{found.metric}, epoch {found.epoch}: repeats that find such a configuration within {percent(WITHIN)} of the "
        "epochs"
    )
    title += "; cost: by when 90 % of them have it"
    table = Table(title=escape(title), title_justify="left", box=None)
    table.add_column("search", no_wrap=True)
    table.add_column("repeats", justify="right")
    for target in found.targets:
        table.add_column(f"{SAID[target.name]} ({target.settings})", justify="right")
        table.add_column("cost", justify="right")
    early = bool(found.costs["epochs_saved"].notna().any())
    for name in ("epochs saved", "most lost") if early else ():
        table.add_column(name, justify="right")
    for row in found.costs.to_dict("records"):
        cells = [escape(str(row["search"])), f"{row['repeats']:.0f}"]
        for target in found.targets:
            cells += [percent(row[f"{target.name}_within"]), percent(row[f"{target.name}_cost_q90"])]
        if early:
            cells += [percent(row["epochs_saved"]), "" if _none(row["loss_most"]) else difference(row["loss_most"])]
        table.add_row(*cells, style="bold" if row["search"] == found.recommended else "")
    return table


def _none(value: object) -> bool:
    return bool(pd.isna(value))
