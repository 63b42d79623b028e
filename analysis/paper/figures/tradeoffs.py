"""What must be traded for what: metrics against each other with their Pareto front."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.findings.tradeoffs import directions, prices
from analysis.formatting import text
from analysis.paper.figures.baselines import untrained
from analysis.paper.numbers import label
from analysis.paper.style import (
    COLOURS,
    LABEL_BOX,
    MARKERS,
    SMALL,
    TWO_COLUMNS,
    Drawing,
    NothingToShow,
    figure,
    value_ticks,
)
from analysis.paper.subject import Subject
from analysis.statistics.pareto import hypervolume, pareto_front, worst_point
from fusion_core.metrics.facts import BASELINES

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def trade_offs(subject: Subject) -> Drawing:
    """Draw the metric asked for and the two it costs most, every two of them, with their Pareto front."""
    metrics = _rivals(subject)
    pairs = list(combinations(metrics, 2))
    if not pairs:
        raise NothingToShow("A trade-off needs two metrics that differ between configurations.")
    drawn = figure(TWO_COLUMNS if len(pairs) > 1 else 3.5, 2.45)
    panels = drawn.subplots(1, len(pairs), squeeze=False)[0]
    key = _deciding(subject)
    said = []
    for panel, (x, y) in zip(panels, pairs, strict=True):
        values = np.column_stack([subject.of(x), subject.of(y)])
        _scatter(panel, subject, values, key)
        front = pareto_front(values, directions((x, y)))
        _stairs(panel, values[front], directions((x, y)))
        _untrained(panel, subject, x, y, values)
        panel.set(xlabel=label(x), ylabel=label(y))
        value_ticks(panel.xaxis, 3)
        value_ticks(panel.yaxis)
        said.append(_front_says(values, front, x, y))
    handles, labels = panels[0].get_legend_handles_labels()
    if handles:
        drawn.legend(handles, labels, loc="outside upper center", ncols=len(handles), handletextpad=0.2)
    colour = f" Colour: {subject.names[key]}." if key else ""
    return Drawing("tradeoffs", drawn, (
        f"Trade-offs between {', '.join(map(label, metrics))} ({subject.whole}): every point is a configuration, "
        f"the line is the Pareto front.{colour} {'; '.join(said)}; hypervolume: the share of the box around all "
        f"configurations that the front dominates.{untrained(subject, metrics)}"
    ))  # fmt: skip


def _rivals(subject: Subject, count: int = 3) -> tuple[str, ...]:
    """Return the metric asked for and those that its best setting costs most, as shares of their ranges."""
    table = prices(subject.scores, subject.dataset, subject.epoch)
    costs = table[(table["metric"] == subject.metric) & table["other"].isin(subject.main_metrics[:8])]
    costs = costs[costs["loss_share"] > 0].sort_values("loss_share", ascending=False, kind="stable")
    rivals = dict.fromkeys([*costs["other"], *subject.main_metrics[1:]])
    if np.ptp(subject.values[subject.order]) == 0 if len(subject.order) else True:
        raise NothingToShow(f"{subject.metric} is the same for every configuration: there is nothing to trade.")
    return (subject.metric, *list(rivals)[: count - 1])


def _deciding(subject: Subject) -> str:
    """Return the parameter that decides the metric most among those with few values, or nothing."""
    shares = np.nan_to_num(subject.shares.main[subject.at])
    some = [
        (share, key) for share, key in zip(shares, subject.shares.parameters, strict=True)
        if len(subject.run.axes[key]) <= len(COLOURS) - 1
    ]  # fmt: skip
    return max(some, key=lambda pair: pair[0])[1] if some else ""


def _scatter(panel: Axes, subject: Subject, values: np.ndarray, key: str) -> None:
    marks: dict[str, Any] = {"s": 9, "linewidths": 0.0, "alpha": 0.75}
    if not key:
        panel.scatter(*values.T, color=COLOURS[0], **marks)
        return
    level = np.array([subject.level(i, key) for i in range(len(values))])
    for place, value in enumerate(subject.run.axes[key]):
        name = f"{subject.names[key]} {text(value)}"
        some = values[level == place]
        panel.scatter(*some.T, color=COLOURS[place], marker=MARKERS[place], label=name, **marks)


def _stairs(panel: Any, front: np.ndarray, higher: list[bool]) -> None:
    """Draw the edge of what the front dominates."""
    if not len(front):
        return
    points = front[np.argsort(front[:, 0], kind="stable")]
    # The corner between two neighbours is what both reach: the worse of each.
    panel.step(*points.T, where="pre" if higher[0] else "post", color="black", linewidth=0.8, zorder=3)
    panel.scatter(*points.T, facecolors="none", edgecolors="black", s=16, linewidths=0.7, zorder=4)


def _untrained(panel: Any, subject: Subject, x: str, y: str, values: np.ndarray) -> None:
    """Mark the baselines that lie near the settings; far ones would press all settings into a corner."""
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    margin = 0.25 * (high - low)
    fusions = [*zip(BASELINES, subject.baselines(x), subject.baselines(y), strict=True)]
    begun = [(name, value, subject.starts(y)[name]) for name, value in subject.starts(x).items()]
    for name, *point in (*fusions, *begun):
        if np.all((np.array(point) > low - margin) & (np.array(point) < high + margin)):
            panel.scatter(
                *point,
                marker="*" if name in BASELINES else "D",
                s=45 if name in BASELINES else 20,
                color=COLOURS[-1],
                zorder=5,
                linewidths=0,
            )
            panel.annotate(
                name, point, xytext=(3, 3), textcoords="offset points", fontsize=SMALL, zorder=6, bbox=LABEL_BOX
            )


def _front_says(values: np.ndarray, front: np.ndarray, x: str, y: str) -> str:
    higher = directions((x, y))
    worst = worst_point(values, higher)
    there = values[np.isfinite(values).all(axis=1)]
    box = float(np.prod(np.ptp(there, axis=0))) if len(there) else 0.0
    covered = f", hypervolume {hypervolume(values, worst, higher) / box:.2f}" if box > 0 else ""
    return f"{x} and {y}: {int(front.sum())} configurations on the front{covered}"
