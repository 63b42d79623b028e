"""The parts of which heatmaps are drawn: cells, the numbers in them, the values at the axes, the scale."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.formatting import text
from analysis.paper.numbers import decimals_of, write
from analysis.paper.style import MAP, SMALL, NothingToShow, value_ticks
from analysis.paper.subject import Subject
from analysis.scores.metrics import facts_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


READABLE = 24


def combinations(subject: Subject, keys: Sequence[str]) -> list[tuple[Hashable, ...]]:
    """Return every combination of the values of some parameters, the outer one first."""
    return list(product(*(subject.run.axes[key] for key in keys)))


def span(cells: np.ndarray) -> tuple[float, float]:
    """Return the least and the greatest value; NothingToShow where there is none."""
    finite = cells[np.isfinite(cells)]
    if not len(finite):
        raise NothingToShow("No configuration has a number here.")
    return float(finite.min()), float(finite.max())


def draw_cells(panel: Axes, cells: np.ndarray, limits: tuple[float, float], metric: str) -> Any:
    """Draw cells in colours from the one limit to the other, the better the brighter; grey where there is no value."""
    low, high = limits
    panel.set_facecolor("#E6E6E6")
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0, pad=2)
    # Brighter is better, whichever way the metric points.
    colours = MAP if facts_of(metric).higher_is_better else f"{MAP}_r"
    # A constant has no scale of its own; the middle of the colours is as good as any.
    margin = 0.0 if high > low else max(abs(high), 1.0) * 0.05
    return panel.imshow(cells, aspect="auto", cmap=colours, vmin=low - margin, vmax=high + margin)


def print_cells(panel: Axes, cells: np.ndarray, image: Any, most: int = 4) -> None:
    """Write the values into the cells with `most` decimals at most, dark on bright colours and white on dark ones."""
    decimals = min(decimals_of(cells), most)
    for (row, column), value in np.ndenumerate(cells):
        if np.isfinite(value):
            red, green, blue, _ = image.cmap(image.norm(value))
            ink = "black" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.45 else "white"
            shown = write(float(value), decimals)
            shown = shown.replace("0.", ".", 1) if shown.startswith(("0.", "−0.")) else shown
            panel.text(column, row, shown, ha="center", va="center_baseline", fontsize=SMALL, color=ink)


def label_axis(
    axis: Any,
    subject: Subject,
    keys: Sequence[str],
    values: Sequence[tuple[Hashable, ...]],
    *,
    grouped: bool = False,
    named: bool = True,
) -> None:
    """Write the parameters' values at an axis; `grouped`: those of the outer one apart, with gaps between them."""
    horizontal = axis.axis_name == "x"
    count = len(values)
    step = max(1, -(-count // READABLE))
    joined = "\n" if horizontal else " · "
    written = [joined.join(map(text, some)) for some in values]
    if grouped and len(keys) == 2:
        inner = len(subject.run.axes[keys[1]])
        written = [text(some[1]) for some in values]
        places = np.arange(0, count, inner) + (inner - 1) / 2
        secondary = getattr(axis.axes, f"secondary_{axis.axis_name}axis")(0)
        getattr(secondary, f"set_{axis.axis_name}ticks")(places, [text(some[0]) for some in values[::inner]])
        secondary.tick_params(length=0, labelsize=SMALL, pad=11 if horizontal else 8 + 4 * max(map(len, written)))
        secondary.spines[:].set_visible(False)
        for edge in np.arange(inner, count, inner) - 0.5:
            (axis.axes.axvline if horizontal else axis.axes.axhline)(edge, color="white", linewidth=1.5)
        title = f"{subject.names[keys[0]]} (outer), {subject.names[keys[1]]} (inner)"
        getattr(secondary, f"set_{axis.axis_name}label")(title)
        named = False
    axis.set_ticks(range(0, count, step), written[::step])
    if named and keys:
        mark = " over " if horizontal else " · "
        axis.set_label_text(mark.join(subject.names[key] for key in keys))


def colour_bar(drawn: Figure, image: Any, panels: Any, title: str) -> None:
    """Put the scale of the colours at the right."""
    bar = drawn.colorbar(image, ax=panels, fraction=0.03, pad=0.01, aspect=30)
    bar.outline.set_visible(False)
    value_ticks(bar.ax.yaxis, 6)
    bar.set_label(title)
