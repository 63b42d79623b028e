"""`python -m analysis runs/NAME` writes the report of a run and prints its best settings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analysis.heatmap import short_names
from analysis.ranking import ALL, Scores, score
from analysis.report import answer, number, text, write_page
from analysis.tables import Run, open_run
from fusion_core.errors import FusionError

_TOP = 5


def main(run: Annotated[Path, typer.Argument(help="The folder of a sweep: runs/NAME.")]) -> None:
    """Write RUN/report.html and print the best settings beside the untrained fusions."""
    console = Console(highlight=False)
    try:
        table = open_run(run)
        scores = score(table)
        path = write_page(table, scores)
    except (FusionError, OSError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        raise typer.Exit(2) from problem
    for sentence in answer(table, scores):
        console.print(escape(sentence), soft_wrap=True)
    for note in scores.notes:
        console.print(f"note: {escape(note)}")
    if scores.metrics:
        console.print(ranking_table(table, scores))
    print(path)


def ranking_table(run: Run, scores: Scores) -> Table:
    """Return the best settings and every untrained fusion, best first."""
    names = short_names(list(run.axes))
    ranking = scores.ranking(scores.metric, ALL, scores.epoch)
    ranking = ranking[(ranking["rank"] <= _TOP) | (ranking["baseline"] != "") & ranking["value"].notna()]
    table = Table(title=escape(f"{run.name}: {scores.metric} at epoch {scores.epoch}"), title_justify="left", box=None)
    for name in ("#", scores.metric, "±", "n"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("setting")
    for row in ranking.to_dict("records"):
        place = "" if row["baseline"] else f"{row['rank']:.0f}"
        weights = ", ".join(
            f"{name} {text(row['parameters'][key])}" for key, name in names.items() if not row["baseline"]
        )
        setting = row["baseline"] or weights or "the only one"
        table.add_row(place, number(row["value"]), number(row["std"]), str(row["n"]), escape(setting))
    return table


if __name__ == "__main__":
    typer.run(main)
