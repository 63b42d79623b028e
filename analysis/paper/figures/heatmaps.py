"""The heatmap of the reference: two parameters by two parameters, each cell a setting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.paper.cells import best_cells
from analysis.paper.figures.heatmap_panels import (
    READABLE,
    colour_bar,
    combinations,
    draw_cells,
    label_axis,
    print_cells,
    span,
)
from analysis.paper.numbers import brief, label
from analysis.paper.style import ONE_COLUMN, TWO_COLUMNS, Drawing, NothingToShow, figure
from analysis.paper.subject import Subject
from analysis.scores.heatmap_layout import layout
from analysis.scores.metrics import facts_of
from analysis.statistics.cells import central

_NARROW, _MOST = 8, 60


def pair_pair(subject: Subject, order: str) -> Drawing:
    """Draw the reference's heatmap; `order` is numeric, or centre: the strongest rows and columns in the middle."""
    if len(subject.order) < 2:
        raise NothingToShow("A heatmap needs two configurations with a number.")
    plan = layout(subject.run.axes, subject.findings.mixture)
    rows, columns = (combinations(subject, keys) for keys in (plan.rows, plan.columns))
    if max(len(rows), len(columns)) > _MOST:
        raise NothingToShow(
            f"A heatmap of {len(rows)} x {len(columns)} cells cannot be read on paper; the page shows it."
        )
    cells = best_cells(subject, plan.rows, plan.columns)
    if order == "centre":
        rows_at, columns_at = (central(cells, axis, facts_of(subject.metric).higher_is_better) for axis in (0, 1))
        cells = cells[np.ix_(rows_at, columns_at)]
        rows, columns = [rows[i] for i in rows_at], [columns[i] for i in columns_at]
    wide = len(columns) > _NARROW
    width = TWO_COLUMNS if wide else ONE_COLUMN
    drawn = figure(width, min(9.0, 0.85 + 0.165 * max(len(rows), 3)))
    panel = drawn.add_subplot()
    image = draw_cells(panel, cells, span(cells), subject.metric)
    if len(columns) <= (READABLE if wide else _NARROW):
        print_cells(panel, cells, image)
    label_axis(panel.xaxis, subject, plan.columns, columns, grouped=order == "numeric")
    label_axis(panel.yaxis, subject, plan.rows, rows, grouped=order == "numeric")
    colour_bar(drawn, image, panel, label(subject.metric))
    return Drawing(f"heatmap_{order}", drawn, _caption(subject, plan.over, cells, order))


def _caption(subject: Subject, over: Sequence[str], cells: np.ndarray, order: str) -> str:
    low, high = span(cells)
    how = {
        "numeric": "Rows and columns in the order of the values.",
        "centre": "The rows and columns that are best on average stand in the middle.",
    }[order]
    hidden = f" A cell is the best over {', '.join(subject.names[key] for key in over)}." if over else ""
    copies = subject.baselines(subject.metric)
    known = copies[np.isfinite(copies)]
    best = f" Best baseline: {brief(_top(known, subject))}." if len(known) else ""
    told = ", ".join(f"{name} {brief(value)}" for name, value in subject.starts(subject.metric).items())
    begun = f" Before the reward: {told}." if told else ""
    missing = int(np.isnan(cells).sum())
    gaps = f" Grey: {missing} without a number." if missing else ""
    return (
        f"{label(subject.metric)} of every configuration ({subject.whole}), {brief(low)} to {brief(high)}; "
        f"brighter is better. {how}{hidden}{gaps}{best}{begun}"
    )


def _top(values: np.ndarray, subject: Subject) -> float:
    return float(values.max() if facts_of(subject.metric).higher_is_better else values.min())
