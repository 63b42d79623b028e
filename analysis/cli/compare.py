"""The compare command: writes the page and prints the same on the console."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from analysis.cli.console import Progress, escape
from analysis.comparison.comparison import Comparison, open_comparison
from analysis.comparison.numbers import Numbers, numbers_of
from analysis.report.compare_page import render
from analysis.scores.metrics import facts_of
from analysis.text import comparison as words
from fusion_core.atomic_files import write_whole
from fusion_core.errors import ConfigError

FILE = "compare.html"
_FEW = 4


def write_comparison(paths: Sequence[Path], out: Path | None, progress: Progress, console: Console) -> Path:
    """Write the page of two runs or more, print its content, and return its path.

    `out` is a file or a folder; by default the page is written beside the first run's folder. Raises FusionError.
    """
    target = _target(paths, out)
    with progress.doing("reading the results tables", brief=True):
        comparison = open_comparison(paths)
    with progress.doing(f"best configurations and differences of {len(comparison.measured)} runs"):
        numbers = numbers_of(comparison)
    with progress.doing("page", brief=True):
        write_whole(target, render(comparison, numbers).encode(errors="replace"))
    for sentence in words.answer(comparison, numbers):
        console.print(escape(sentence), soft_wrap=True)
    for note in words.notes(comparison):
        console.print(f"note: {escape(note)}", soft_wrap=True)
    if comparison.measured:
        console.print(console_table(comparison, numbers))
    return target


def console_table(comparison: Comparison, numbers: Numbers) -> Table:
    """Return a table of the page's first view: each metric of a few runs, one metric of many."""
    few = len(comparison.measured) <= _FEW
    return metric_table(comparison, numbers) if few else run_table(comparison, numbers)


def metric_table(comparison: Comparison, numbers: Numbers) -> Table:
    """Return the best of each run for each metric; * is the best of a row, ~ tied with it."""
    sides = comparison.measured
    _, d, e = numbers.place(comparison)
    title = (
        f"Best on {comparison.dataset} at {words.epoch_words(comparison.epoch)} (* best, ~ statistically tied with it)"
    )
    table = Table(title=escape(title), title_justify="left", box=None)
    table.add_column("metric", no_wrap=True)
    for side in sides:
        table.add_column(escape(side.label), justify="right", overflow="fold")
    for m, metric in enumerate(comparison.metrics):
        values = numbers.best["value"][m, d, e]
        if not np.isfinite(values).any():
            continue
        higher = facts_of(metric).higher_is_better
        top = int(np.nanargmax(values if higher else -values))
        cells = [f"{metric} {'↑' if higher else '↓'}"]
        for r, value in enumerate(values):
            low = numbers.gain("low", (m, d, e), top, r) if r != top else np.nan
            mark = "*" if value == values[top] else "~" if low <= 0 else " "
            cells.append(f"{_number(value)}{mark}")
        table.add_row(*cells)
    return table


def run_table(comparison: Comparison, numbers: Numbers) -> Table:
    """Return the runs, best first, for the first metric of the page."""
    place = numbers.place(comparison)
    values = numbers.best["value"][place]
    higher = facts_of(comparison.metric).higher_is_better
    title = f"{comparison.metric} on {comparison.dataset} at {words.epoch_words(comparison.epoch)}"
    table = Table(title=escape(title), title_justify="left", box=None)
    for name in ("best", "95 % interval", "behind the first", ""):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("run", overflow="fold")
    order = np.argsort(np.where(np.isfinite(values), -values if higher else values, np.inf), kind="stable")
    for r in order:
        ends = [numbers.best[name][(*place, r)] for name in ("low", "high")]
        gap, low = (numbers.gain(name, place, order[0], r) if r != order[0] else np.nan for name in ("value", "low"))
        table.add_row(
            _number(values[r]), f"{_number(ends[0])} to {_number(ends[1])}" if np.isfinite(ends[0]) else "–",
            _number(gap), "~" if low <= 0 else "", escape(comparison.measured[r].label),
        )  # fmt: skip
    return table


def _number(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else "–"


def _target(paths: Sequence[Path], out: Path | None) -> Path:
    if out is None:
        return (paths[0].absolute().parent if paths else Path()) / FILE
    if out.is_dir():
        return out / FILE
    if out.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"--out: must be a folder that is there, or a file that ends in .html, but got {out}")
    return out
