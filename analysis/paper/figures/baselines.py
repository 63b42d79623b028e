"""The baselines in a figure: lines where they lie near the settings, words where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.paper.numbers import brief
from analysis.paper.style import BASELINE_LINES, GREY, value_ticks
from analysis.paper.subject import Subject
from fusion_core.metrics.facts import BASELINES

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def make_room(panel: Axes, subject: Subject, metric: str, needed: tuple[float, float]) -> None:
    """Show the settings, and baselines only where they lie near: far ones would press all into a corner."""
    low, high = needed
    span = high - low
    near = [value for value in subject.baselines(metric) if low - 0.3 * span < value < high + 0.3 * span]
    near += [value for value in subject.starts(metric).values() if low - span < value < high + span]
    low, high = min([low, *near]), max([high, *near])
    panel.set_ylim(low - 0.07 * span, high + 0.07 * span)
    value_ticks(panel.yaxis)


def draw_lines(panel: Axes, subject: Subject, metric: str, *, label: str = "") -> None:
    """Draw a line for each untrained fusion that lies in the panel; `label` is put before its name in the legend."""
    low, high = panel.get_ylim()
    for name, value in zip(BASELINES, subject.baselines(metric), strict=True):
        if low < value < high:
            written = f"{label}{name}" if label else None
            panel.axhline(value, color=GREY, linewidth=0.8, linestyle=BASELINE_LINES[name], zorder=0, label=written)
    for name, value in subject.starts(metric).items():
        if low < value < high:
            panel.axhline(value, color="black", linewidth=1.0, zorder=0, label=name if label else None)


def name_lines(panel: Axes, subject: Subject, metric: str) -> None:
    """Write at the right what each untrained fusion has, where it is, with an arrow for those outside the panel."""
    low, high = panel.get_ylim()
    every = [*zip(BASELINES, subject.baselines(metric), strict=True), *subject.starts(metric).items()]
    known = sorted((float(v), n) for n, v in every if np.isfinite(v))
    wanted = [np.clip((value - low) / (high - low), 0.04, 0.96) for value, _ in known]
    for (value, name), place in zip(known, _apart(wanted, 0.125), strict=True):
        arrow = "↑ " if value > high else "↓ " if value < low else ""
        panel.annotate(
            f"{arrow}{name} {brief(value)}", (1.0, place), xycoords="axes fraction", xytext=(2, 0),
            textcoords="offset points", va="center", fontsize=6.5, color=GREY,
        )  # fmt: skip


def _apart(places: Sequence[float], least: float) -> list[float]:
    """Move rising places in [0, 1] as little as it takes to keep them `least` apart."""
    moved = list(places)
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + least)
    over = moved[-1] - 0.96 if moved else 0.0
    if over > 0:
        moved[-1] -= over
        for i in range(len(moved) - 2, -1, -1):
            moved[i] = min(moved[i], moved[i + 1] - least)
    return moved


def visible(panel: Axes, subject: Subject, metric: str) -> list[str]:
    """Return the baselines that lie in the panel."""
    low, high = panel.get_ylim()
    return [name for name, value in zip(BASELINES, subject.baselines(metric), strict=True) if low < value < high]


def untrained(subject: Subject, metrics: Sequence[str]) -> str:
    """Return the sentence of a caption that gives what each untrained fusion has; empty where none was measured."""
    parts = []
    for place, title in enumerate(BASELINES.values()):
        values = [(metric, subject.baselines(metric)[place]) for metric in metrics]
        told = [f"{metric} {brief(value)}" if len(metrics) > 1 else brief(value) for metric, value in values]
        if np.isfinite([value for _, value in values]).all():
            parts.append(f"{title} {', '.join(told)}")
    begun: list[str] = []
    for name in subject.scores.start_names:
        shown = [(metric, brief(subject.starts(metric)[name])) for metric in metrics]
        begun.append(f"{name} {', '.join(f'{m} {value}' if len(shown) > 1 else value for m, value in shown)}")
    said = f" Baselines: {'; '.join(parts)}." if parts else ""
    return f"{said} Before the reward: {'; '.join(begun)}." if begun else said
