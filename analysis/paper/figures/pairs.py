"""Heatmaps of every two parameters: the best over the others above the diagonal, the mean over them below."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from analysis.paper.cells import best_cells, mean_cells
from analysis.paper.figures.heatmap_panels import colour_bar, combinations, draw_cells, label_axis, print_cells, span
from analysis.paper.numbers import label
from analysis.paper.style import GREY, TWO_COLUMNS, Drawing, NothingToShow, figure
from analysis.paper.subject import Subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_PARAMETERS = 5


def two_by_two(subject: Subject) -> Drawing:
    """Draw every two parameters against each other: the best over the rest above the diagonal, the mean below."""
    keys = subject.strongest([key for key in subject.varied if not subject.searched(key)], _PARAMETERS)
    size = len(keys)
    if size < 3:
        raise NothingToShow("Heatmaps of every two parameters need three that vary, with few values each.")
    drawn = figure(TWO_COLUMNS, 0.5 + (TWO_COLUMNS - 0.5) * 0.72)
    panels = drawn.subplots(size, size, squeeze=False)
    every = {
        (i, j): (best_cells if i < j else mean_cells)(subject, keys[i : i + 1], keys[j : j + 1])
        for i, j in product(range(size), repeat=2) if i != j
    }  # fmt: skip
    limits = span(np.concatenate([cells.ravel() for cells in every.values()]))
    image, longest = None, max(len(subject.names[key]) for key in keys)
    for i, j in product(range(size), repeat=2):
        panel = panels[i, j]
        if i == j:
            _name(panel, subject.names[keys[i]], longest)
            continue
        image = draw_cells(panel, every[i, j], limits, subject.metric)
        if max(every[i, j].shape) <= 6:
            roomy = size <= 4 and every[i, j].shape[1] <= 5
            print_cells(panel, every[i, j], image, most=4 if roomy else 3)
        label_axis(panel.xaxis, subject, (keys[j],), combinations(subject, (keys[j],)), named=False)
        label_axis(panel.yaxis, subject, (keys[i],), combinations(subject, (keys[i],)), named=False)
    colour_bar(drawn, image, panels, label(subject.metric))
    left = len(subject.varied) - size
    return Drawing("pairs", drawn, (
        f"{label(subject.metric)} for every two parameters ({subject.whole}). Above the diagonal the best over all "
        "other parameters, below it the mean over them; columns share the parameter named in their diagonal panel, "
        f"rows likewise.{f' The {left} parameters that decide least are left out.' if left else ''}"
    ))  # fmt: skip


def _name(panel: Axes, name: str, longest: int) -> None:
    panel.axis("off")
    size = max(5.5, min(9.0, 130 / longest))
    panel.text(0.5, 0.5, name, ha="center", va="center", fontsize=size, transform=panel.transAxes)
    if panel.get_subplotspec().is_first_col():  # type: ignore[union-attr]
        panel.text(0.97, 0.5, "best →", ha="right", va="center", color=GREY, transform=panel.transAxes)
        panel.text(0.5, 0.03, "mean ↓", ha="center", va="bottom", color=GREY, transform=panel.transAxes)
