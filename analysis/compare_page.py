"""The page of a comparison, and the same on the console."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from plotly.offline import get_plotlyjs
from rich.console import Console
from rich.table import Table

from analysis import compare_words as words
from analysis import page
from analysis.cli_console import Progress, escape
from analysis.compare import (
    LAST,
    Comparison,
    best_so_far,
    envelope,
    levels,
    open_comparison,
    shared_parameters,
    training_seconds,
)
from analysis.compare_fixed import differences
from analysis.compare_numbers import Numbers, numbers_of
from analysis.names import short_names
from analysis.packing import pack
from analysis.ranking import FUSIONS, facts_of
from analysis.written import text
from fusion_core.errors import ConfigError

FILE = "compare.html"
_FEW = 4


def write_comparison(paths: Sequence[Path], out: Path | None, progress: Progress, console: Console) -> Path:
    """Write the page of two runs or more, print what it says, and return its path.

    `out` is a file or a folder; without it, the page lies beside the first run's folder. Raises FusionError.
    """
    target = _target(paths, out)
    with progress.doing("reading the results tables", brief=True):
        comparison = open_comparison(paths)
    with progress.doing(f"best settings and differences of {len(comparison.measured)} runs"):
        numbers = numbers_of(comparison)
    with progress.doing("page", brief=True):
        page.write_whole(target, render(comparison, numbers))
    for sentence in words.answer(comparison, numbers):
        console.print(escape(sentence), soft_wrap=True)
    for note in words.notes(comparison):
        console.print(f"note: {escape(note)}", soft_wrap=True)
    if comparison.measured:
        console.print(console_table(comparison, numbers))
    return target


def render(comparison: Comparison, numbers: Numbers) -> str:
    """Return the page: no outside request, all data inside."""
    sides = comparison.measured
    return page.render(
        "compare.html.j2",
        title=" · ".join(side.label for side in comparison.sides[:3]) + (" · ..." if len(comparison.sides) > 3 else ""),
        facts=[
            f"{len(comparison.sides)} runs",
            *(_facts(side.label, len(side.run.trials)) for side in comparison.sides),
        ],
        answer=words.answer(comparison, numbers),
        notes=words.notes(comparison),
        has_numbers=bool(sides),
        has_parameters=bool(shared_parameters(sides)),
        labels=[side.label for side in comparison.sides],
        differing=differences([side.run for side in comparison.sides]),
        shared=words.shared(comparison),
        data=page.data(comparison_data(comparison, numbers) if sides else {}),
        style=page.asset("page.css", "compare.css"),
        theme=page.asset("theme.js"),
        script=page.asset("state.js", "look.js", "compare.js"),
        plotly=Markup(get_plotlyjs()),
    )


def comparison_data(comparison: Comparison, numbers: Numbers) -> dict[str, Any]:
    """Return what the page's figures need, for the runs that have numbers; NaN is in packed arrays only."""
    sides = comparison.measured
    metric, dataset, epoch = numbers.place(comparison)
    return {
        "settings": {"at": [], "trials": [], "status": [], "statuses": []},
        "runs": [
            {
                "label": side.label,
                "epochs": list(side.scores.epochs),
                "seconds": [float(f"{x:.6g}") if np.isfinite(x) else None for x in training_seconds(side)],
                "settings": {int(i): words.setting_words(side, int(i)) for i in _picked(numbers, r)},
            }
            for r, side in enumerate(sides)
        ],
        "metrics": [_metric(name) for name in comparison.metrics],
        "datasets": list(comparison.datasets),
        "about": [words.about(comparison, name) for name in comparison.datasets],
        "epochs": list(comparison.epochs),
        "start": {"metric": metric, "dataset": dataset, "epoch": epoch, "against": 0, "clock": 0},
        "fusions": [*FUSIONS.values(), "start"],
        "best": {name: pack(values) for name, values in numbers.best.items()},
        "pairs": [list(pair) for pair in numbers.pairs],
        "gains": {name: pack(values) for name, values in numbers.gains.items()},
        "notes": list(numbers.notes),
        "baselines": pack(_baselines(comparison)),
        "parameters": _parameters(comparison),
        "curves": pack(_curves(comparison)),
    }


def _facts(label: str, trials: int) -> str:
    return f"{label}: {trials} {'trial' if trials == 1 else 'trials'}"


def _picked(numbers: Numbers, run: int) -> np.ndarray:
    best = numbers.best["best"][..., run]
    return np.unique(best[np.isfinite(best)]).astype(int)


def _metric(name: str) -> dict[str, Any]:
    facts = facts_of(name)
    return {"name": name, "title": facts.title, "convention": facts.convention, "higher": facts.higher_is_better}


def _baselines(comparison: Comparison) -> np.ndarray:
    """Return (metric, data set, run, fusion), the best start of each run last."""
    sides = comparison.measured
    values = np.full((len(comparison.metrics), len(comparison.datasets), len(sides), len(FUSIONS) + 1), np.nan)
    for r, side in enumerate(sides):
        for m, metric in enumerate(comparison.metrics):
            for d, dataset in enumerate(comparison.datasets):
                place = side.at(metric, dataset, LAST)
                if place is not None:
                    values[m, d, r, :-1] = side.scores.baselines.mean[place[:2]]
                    start = side.scores.best_start(metric, side.scores.datasets[place[1]])
                    values[m, d, r, -1] = np.nan if start is None else side.scores.start_means[(*place[:2], start)]
    return values


def _parameters(comparison: Comparison) -> list[dict[str, Any]]:
    """Return each shared parameter with its envelopes, packed (metric, data set, epoch, run, value)."""
    sides, found = comparison.measured, shared_parameters(comparison.measured)
    names = short_names(list(found))
    shape = (len(comparison.metrics), len(comparison.datasets), len(comparison.epochs), len(sides))
    parts = []
    for key, values in found.items():
        best = np.full((*shape, len(values)), np.nan)
        level = [levels(side, key, values) for side in sides]
        for m, d, e, r in np.ndindex(shape):
            metric = comparison.metrics[m]
            means = sides[r].values(metric, comparison.datasets[d], comparison.epochs[e])
            best[m, d, e, r] = envelope(level[r], len(values), means, higher=facts_of(metric).higher_is_better)
        shown = [text(value) for value in values]
        parts.append({"name": names[key], "values": shown, "best": pack(best)})
    return parts


def _curves(comparison: Comparison) -> np.ndarray:
    """Return (metric, data set, run, epoch of that run)."""
    sides = comparison.measured
    longest = max(len(side.scores.epochs) for side in sides)
    values = np.full((len(comparison.metrics), len(comparison.datasets), len(sides), longest), np.nan)
    for m, d, r in np.ndindex(values.shape[:3]):
        curve = best_so_far(sides[r], comparison.metrics[m], comparison.datasets[d])
        values[m, d, r, : len(curve)] = curve
    return values


def console_table(comparison: Comparison, numbers: Numbers) -> Table:
    """Return what the page opens on: each metric of a few runs, one metric of many."""
    few = len(comparison.measured) <= _FEW
    return metric_table(comparison, numbers) if few else run_table(comparison, numbers)


def metric_table(comparison: Comparison, numbers: Numbers) -> Table:
    """Return the best of each run for each metric; * is the best of a row, ~ tied with it."""
    sides = comparison.measured
    _, d, e = numbers.place(comparison)
    title = f"Best on {comparison.dataset} at {words.epoch_words(comparison.epoch)} (* best, ~ not told apart from it)"
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
    """Return the runs, best first, for the metric that the page opens on."""
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
