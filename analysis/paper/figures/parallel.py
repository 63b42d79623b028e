"""Parallel coordinates: every setting as a line across its parameters and its metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.formatting import text
from analysis.paper.numbers import brief, label
from analysis.paper.style import LABEL_BOX, MAP, SMALL, TWO_COLUMNS, Drawing, NothingToShow, figure
from analysis.paper.subject import Subject
from analysis.scores.metrics import facts_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_LINES, _PARAMETERS, _AXES = 400, 6, 9


def parallel(subject: Subject) -> Drawing:
    """Draw every setting as a line across its parameters and its metrics."""
    keys = subject.strongest(list(subject.varied), _PARAMETERS)
    metrics = subject.main_metrics[: max(2, _AXES - len(keys))]
    if not keys or len(subject.order) < 2:
        raise NothingToShow("Parallel coordinates need two configurations with a number.")
    shown = _sample(subject)
    columns = [_parameter_axis(subject, key) for key in keys] + [_metric_axis(subject, metric) for metric in metrics]
    places = np.column_stack([place for place, _, _ in columns])
    drawn = figure(TWO_COLUMNS, 2.6)
    panel = drawn.add_subplot()
    best = subject.order[: subject.top]
    _lines(panel, places, shown, best, subject)
    # A letter of this font is about half as wide as high; a name must not reach its neighbour's.
    longest, between = max(len(name) for _, _, name in columns), 72 * TWO_COLUMNS / len(columns)
    size = max(5.5, min(8.0, 2 * between / longest))
    for x, (_, ticks, name) in enumerate(columns):
        panel.axvline(x, color="black", linewidth=0.7, zorder=3)
        for height, written in ticks:
            panel.text(x + 0.03, height, written, fontsize=SMALL, va="center", zorder=4, bbox=LABEL_BOX)
        panel.text(x, 1.06, name, ha="center", va="bottom", fontsize=size)
    panel.set(xlim=(-0.1, len(columns) - 0.65), ylim=(-0.04, 1.04))
    panel.axis("off")
    part = f" A sample of {len(shown)} of {len(subject.order)} is drawn." if len(shown) < len(subject.order) else ""
    return Drawing("parallel", drawn, (
        f"Every configuration as a line across its {subject.noun}s and its metrics ({subject.whole}); up is better on "
        "the "
        f"metrics. Colour: {label(subject.metric)}, brighter is better; thick: the best {len(best)}.{part}"
    ))  # fmt: skip


def _sample(subject: Subject) -> np.ndarray:
    """Return the settings to draw: the best, and of the others every k-th in rank."""
    order = subject.order
    if len(order) <= _LINES:
        return order
    rest = order[subject.top :]
    return np.concatenate([order[: subject.top], rest[np.linspace(0, len(rest) - 1, _LINES).astype(int)]])


def _parameter_axis(subject: Subject, key: str) -> tuple[np.ndarray, list[tuple[float, str]], str]:
    values = subject.run.axes[key]
    height = np.linspace(0, 1, len(values))
    places = height[[subject.level(i, key) for i in range(len(subject.values))]]
    some = range(len(values)) if len(values) <= 8 else np.linspace(0, len(values) - 1, 5).astype(int)
    return places, [(height[i], text(values[i])) for i in some], subject.names[key]


def _metric_axis(subject: Subject, metric: str) -> tuple[np.ndarray, list[tuple[float, str]], str]:
    values = subject.of(metric)
    low, high = np.nanmin(values), np.nanmax(values)
    if not facts_of(metric).higher_is_better:
        low, high = high, low
    places = (values - low) / (high - low) if high != low else np.full(len(values), 0.5)
    return places, [(0.0, brief(low)), (1.0, brief(high))], label(metric)


def _lines(panel: Axes, places: np.ndarray, shown: np.ndarray, best: np.ndarray, subject: Subject) -> None:
    import matplotlib
    from matplotlib.collections import LineCollection

    values = subject.values
    low, high = np.nanmin(values[shown]), np.nanmax(values[shown])
    share = (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
    share = share if facts_of(subject.metric).higher_is_better else 1 - share
    colours = matplotlib.colormaps[MAP]
    # The best are drawn last, over the others.
    for some, width, alpha in ((shown[::-1], 0.5, 0.35), (best[::-1], 1.3, 1.0)):
        lines: Any = [np.column_stack([np.arange(places.shape[1]), places[i]]) for i in some]
        rgba = colours(share[some])
        rgba[:, 3] = alpha
        panel.add_collection(LineCollection(lines, colors=rgba, linewidths=width))
