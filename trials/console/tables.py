"""Tables for the console."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from trials.console.text import plain, trial_numbers, value_text
from trials.ranking.leaderboard import RankedTrial
from trials.spec.labels import short_names


def best_table(top: Sequence[RankedTrial], metric: str) -> Table:
    """Return the best trials, or settings with their trials, with their weights."""
    repeated = any(trial.others for trial in top)
    confirmed = any(trial.picked is not None for trial in top)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("trials" if repeated else "trial", justify="right")
    table.add_column(plain(metric), justify="right")
    if repeated:
        table.add_column("±", justify="right")
    if confirmed:
        table.add_column("picked", justify="right")
    keys = list(dict.fromkeys(key for trial in top for key in trial.parameters))
    for name in short_names(keys).values():
        table.add_column(plain(name), justify="right")
    seeds = not repeated and len({trial.seed for trial in top}) > 1
    if seeds:
        table.add_column("seed", justify="right")
    for trial in top:
        cells = [trial_numbers((trial.number, *trial.others)), f"{trial.score:.4f}"]
        cells += ["" if trial.spread is None else f"{trial.spread:.4f}"] if repeated else []
        cells += ["" if trial.picked is None else f"{trial.picked:.4f}"] if confirmed else []
        values = [plain(value_text(trial.parameters.get(key, ""))) for key in keys]
        table.add_row(*cells, *values, *([str(trial.seed)] if seeds else []))
    return table
