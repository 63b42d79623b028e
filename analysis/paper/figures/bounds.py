"""What each weight allows at best: a panel per metric and parameter, the bound above the settings below it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.formatting import text
from analysis.paper.figures.baselines import draw_lines, make_room, name_lines, untrained, visible
from analysis.paper.numbers import brief, label
from analysis.paper.style import (
    BASELINE_LINES,
    COLOURS,
    GREY,
    MARKERS,
    ONE_COLUMN,
    TWO_COLUMNS,
    Drawing,
    NothingToShow,
    figure,
    hide_rest,
    value_ticks,
)
from analysis.paper.subject import Subject
from analysis.scores.metrics import facts_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_ROWS, _COLUMNS, _LABELLED, _BAR_ROOM = 5, 4, 12, 0.5
# Names of values longer than this stand slanted.
_LONG = 5


def bounds_of_metric(subject: Subject) -> Drawing:
    """Draw the metric asked for in one column, a panel per parameter."""
    keys = _keys(subject, 6)
    columns = min(2, len(keys))
    rows = math.ceil(len(keys) / columns)
    drawn = figure(ONE_COLUMN, 0.55 + 1.2 * rows)
    panels = drawn.subplots(rows, columns, sharey=True, squeeze=False)
    for place, (panel, key) in enumerate(zip(panels.flat, keys, strict=False)):
        _panel(panel, subject, subject.metric, key, COLOURS[place % 6], MARKERS[place % 6])
        panel.set_xlabel(subject.names[key], labelpad=1)
        if place % columns == 0:
            panel.set_ylabel(label(subject.metric))
    hide_rest(panels, len(keys))
    make_room(panels.flat[0], subject, subject.metric, _range(subject, subject.metric, keys))
    for panel in list(panels.flat)[: len(keys)]:
        draw_lines(panel, subject, subject.metric)
    _legend(
        drawn,
        subject.is_sure(subject.metric),
        columns=2,
        lines=visible(panels.flat[0], subject, subject.metric),
        started=bool(subject.scores.start_ids),
    )
    return Drawing(
        "bounds_metric", drawn, f"{_caption(subject, [subject.metric])}{untrained(subject, [subject.metric])}"
    )


def bounds_of_metrics(subject: Subject) -> Iterator[Drawing]:
    """Draw all metrics, a row each, in two columns; the first figure has those that readers ask for first."""
    keys = _keys(subject, _COLUMNS)
    metrics = list(subject.main_metrics)
    for start in range(0, len(metrics), _ROWS):
        some = metrics[start : start + _ROWS]
        drawn = figure(TWO_COLUMNS if len(keys) > 1 else ONE_COLUMN, 0.55 + 1.08 * len(some))
        panels = drawn.subplots(len(some), len(keys), sharey="row", sharex="col", squeeze=False)
        for row, metric in enumerate(some):
            for column, key in enumerate(keys):
                _panel(panels[row, column], subject, metric, key, COLOURS[column], MARKERS[column])
                if row == len(some) - 1:
                    panels[row, column].set_xlabel(subject.names[key])
            panels[row, 0].set_ylabel(label(metric))
            make_room(panels[row, 0], subject, metric, _range(subject, metric, keys))
            for panel in panels[row]:
                draw_lines(panel, subject, metric)
            name_lines(panels[row, -1], subject, metric)
        drawn.align_ylabels(panels[:, 0])
        _legend(
            drawn,
            any(map(subject.is_sure, some)),
            columns=4 if len(keys) > 1 else 2,
            started=bool(subject.scores.start_ids),
        )
        name = "bounds" if start == 0 else f"bounds_more_{start // _ROWS}"
        yield Drawing(name, drawn, _caption(subject, some))


def _keys(subject: Subject, most: int) -> list[str]:
    if not subject.varied:
        raise NothingToShow("A bound per value needs a parameter that has two values.")
    return subject.strongest(list(subject.varied), most)


def _panel(panel: Axes, subject: Subject, metric: str, key: str, colour: str, marker: str) -> None:
    table, values = subject.bounds_of(metric, key), subject.levels(key)
    if len(values) > _LABELLED and all(isinstance(value, int | float) for value in values):
        _search(panel, table, colour)
        return
    x, best, q1, q3 = (table[name].to_numpy() for name in ("place", "best", "q1", "q3"))
    panel.fill_between(x, q1, q3, color=colour, alpha=0.18, linewidth=0)
    panel.plot(x, table["median"], color=colour, linewidth=0.7, linestyle=(0, (3, 1.5)))
    panel.vlines(x, *_bars(subject, metric, table), color=colour, linewidth=0.8)
    panel.plot(x, table["corrected"], color=colour, linestyle="", marker="_", markersize=6)
    panel.plot(x, best, color=colour)
    tied = table["tied"].to_numpy(dtype=bool) | (not subject.is_sure(metric))
    for some, inside in ((tied, colour), (~tied, "white")):
        panel.plot(x[some], best[some], linestyle="", marker=marker, color=colour, markerfacecolor=inside, zorder=4)
    step = math.ceil(len(values) / _LABELLED)
    written = [text(value) for value in values[::step]]
    slanted = max(map(len, written)) > _LONG
    panel.set_xticks(
        range(0, len(values), step), written, rotation=40 if slanted else 0, ha="right" if slanted else "center"
    )
    panel.set_xlim(-0.4, len(values) - 0.6)


def _bars(subject: Subject, metric: str, table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the paired interval of each bound, measured from the best of all.

    What settings share (hard images are hard for all) drops out of it; the interval of the mean itself is mostly that.
    """
    higher = facts_of(metric).higher_is_better
    every = subject.bounds.loc[subject.bounds["metric"] == metric, "best"].dropna()
    top, sign = (every.max(), 1.0) if higher else (every.min(), -1.0)
    return top - sign * table["worse_high"].to_numpy(), top - sign * table["worse_low"].to_numpy()


def _range(subject: Subject, metric: str, keys: Sequence[str]) -> tuple[float, float]:
    """Return what a row of panels must show: all bounds and quartiles, and bars as far as they leave these readable."""
    tables = [subject.bounds_of(metric, key) for key in keys]
    core = np.concatenate([table[["best", "q1", "q3", "corrected"]].to_numpy().ravel() for table in tables])
    bars = np.concatenate([end for table in tables for end in _bars(subject, metric, table)])
    low, high = np.nanmin(core), np.nanmax(core)
    room = _BAR_ROOM * (high - low)
    if np.isfinite(bars).any():
        low, high = max(low - room, min(low, np.nanmin(bars))), min(high + room, max(high, np.nanmax(bars)))
    return (low, high) if high > low else (low - 0.05 * (abs(low) or 1.0), high + 0.05 * (abs(high) or 1.0))


def _search(panel: Axes, table: pd.DataFrame, colour: str) -> None:
    """Draw a dot per value of a parameter that was searched over a range, where no value has settings to spare."""
    x, tied = table["value"].to_numpy(dtype=float), table["tied"].to_numpy(dtype=bool)
    best = table["best"].to_numpy(dtype=float)
    panel.plot(x, best, linestyle="", marker=".", markersize=2.5, color=colour, alpha=0.6)
    panel.plot(x[tied], best[tied], linestyle="", marker="o", color=colour)
    if len(x) and x.min() > 0 and x.max() > 100 * x.min():
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(lambda value, _: brief(value))
    else:
        value_ticks(panel.xaxis, 3)


def _legend(drawn: Figure, sure: bool, columns: int, lines: Sequence[str] = (), *, started: bool = False) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    ink: dict[str, Any] = {"color": "black", "linewidth": 1.0}
    name = "bound, tied with the best of all" if sure else "bound"
    handles: list[Any] = [Line2D([], [], marker="o", markersize=3.5, label=name, **ink)]
    if sure:
        handles += [
            Line2D([], [], marker="o", markersize=3.5, markerfacecolor="white", label="bound, worse", **ink),
            Line2D([], [], marker="_", linestyle="", markersize=6, color="black", label="selection-corrected"),
        ]
    handles.append(Patch(facecolor="black", alpha=0.18, label="quartiles and median"))
    handles += [
        Line2D([], [], color=GREY, linewidth=0.8, linestyle=BASELINE_LINES[name], label=f"untrained: {name}")
        for name in lines
    ]
    handles += [Line2D([], [], color="black", linewidth=1.0, label="start")] if started else []
    drawn.legend(handles=handles, loc="outside upper center", ncols=columns, columnspacing=1.0)


def _caption(subject: Subject, metrics: list[str]) -> str:
    of = label(metrics[0]) if len(metrics) == 1 else f"{', '.join(map(label, metrics[:-1]))} and {label(metrics[-1])}"
    how = "the best configuration that has the value"
    if any(map(subject.is_sure, metrics)):
        how += (
            "; filled: statistically tied with the best of all. Bar: where the best of all less the 95 % paired "
            "interval "
            "of the difference to it lies, cut where it leaves the panel (a bar is of one value against the best, a "
            "filled mark has stood up to all rivals at once). Dash: the same, corrected for selecting the best "
            "(winner's curse)"
        )
    begun = " Black: the initial checkpoint, before the reward." if subject.scores.start_ids else ""
    return (
        f"Upper bound of {of} for each value of each {subject.noun}, equally spaced ({subject.whole}). Line: {how}. "
        f"Band: quartiles of all configurations that have the value, dashed: their median. Grey: baselines.{begun} "
        f"{subject.judgement.note}{subject.dependent}"
    ).strip()
