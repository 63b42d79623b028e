"""Which parameters decide: shares of the variance per metric, and Optuna's two importances as a second opinion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.paper.numbers import label
from analysis.paper.style import COLOURS, ONE_COLUMN, PALE, Drawing, NothingToShow, figure
from analysis.paper.subject import Subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_METRICS, _PARAMETERS, _PAIRS = 12, 6, 2
_HATCHES = ("////", "....")


def importance(subject: Subject) -> Drawing:
    """Draw what each parameter explains of every metric, and beside it what Optuna says of the metric asked for."""
    shares = subject.shares
    _, d, e = subject.at
    metrics = [m for m in subject.main_metrics if np.isfinite(shares.main[subject.scores.metrics.index(m), d, e]).any()]
    if len(shares.parameters) < 2:
        raise NothingToShow("Importance needs two parameters that vary.")
    if subject.metric not in metrics:
        raise NothingToShow(subject.why_no_shares)
    metrics = metrics[:_METRICS]
    keys = _keys(subject)
    second = subject.optuna
    _, d, e = subject.at
    whole = all(shares.complete[subject.scores.metrics.index(metric), d, e] for metric in metrics)
    drawn = figure(ONE_COLUMN, 1.75 + 0.165 * len(metrics) + 0.15 * len(keys))
    above, below = drawn.subplots(2, 1, height_ratios=[len(metrics) + 1.5, 0.9 * len(keys) + 2.2])
    _stacks(above, subject, metrics, keys)
    _second_opinion(below, subject, keys, second)
    handles, labels = above.get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside upper center", ncols=3, columnspacing=1.0)
    how = "exact, for the grid is complete" if whole else "by a least-squares fit, for the grid is incomplete"
    how += ", along the ranks of the values" if shares.ranked[subject.at] else ""
    used = int(second["used"].iloc[0]) if len(second) else 0
    return Drawing("importance", drawn, (
        f"Above: share of the variance between configurations that each {subject.noun} explains alone and with "
        "another one "
        f"({subject.whole}; {how}). Below: importance for {label(subject.metric)} by three measures: share of the "
        "variance, fANOVA (random forest) and PED-ANOVA (what decides whether a configuration is among the best "
        "tenth; "
        f"shares of 1), the latter two by Optuna from {used} configurations.{subject.dependent}"
    ))  # fmt: skip


def _keys(subject: Subject) -> list[str]:
    """Return the parameters that explain most, over all metrics, in the order of the sweep."""
    _, d, e = subject.at
    mean = np.nan_to_num(subject.shares.main[:, d, e]).mean(axis=0)
    most = sorted(range(len(mean)), key=lambda p: -mean[p])[:_PARAMETERS]
    return [key for p, key in enumerate(subject.shares.parameters) if p in most]


def _stacks(panel: Axes, subject: Subject, metrics: list[str], keys: list[str]) -> None:
    shares = subject.shares
    _, d, e = subject.at
    rows = [subject.scores.metrics.index(metric) for metric in metrics]
    main, pair = (np.nan_to_num(part[rows, d, e]) for part in (shares.main, shares.pair))
    heights = np.arange(len(metrics))
    left = np.zeros(len(metrics))
    for colour, key in zip(COLOURS, keys, strict=False):
        part = main[:, shares.parameters.index(key)]
        panel.barh(heights, part, left=left, height=0.72, color=colour, label=subject.names[key])
        left = left + part
    strongest = np.argsort(-pair.mean(axis=0), kind="stable")[:_PAIRS]
    for hatch, p in zip(_HATCHES, strongest, strict=False):
        name = " × ".join(subject.names[key] for key in shares.pairs[p])
        panel.barh(
            heights, pair[:, p], left=left, height=0.72, label=name, color="white", edgecolor="black", linewidth=0.4,
            hatch=hatch,
        )  # fmt: skip
        left = left + pair[:, p]
    others = np.clip(main.sum(axis=1) + pair.sum(axis=1) - left, 0, None)
    if others.max(initial=0) > 0.005:
        panel.barh(heights, others, left=left, height=0.72, color=PALE, label="other pairs")
    panel.set_yticks(heights, [label(metric) for metric in metrics])
    panel.set(xlim=(0, 1), ylim=(len(metrics) - 0.45, -0.55))
    panel.set_xlabel("share of the variance between configurations")


def _second_opinion(panel: Axes, subject: Subject, keys: list[str], second: pd.DataFrame) -> None:
    table = second.set_index("parameter").reindex(keys)
    m, d, e = subject.at
    own = [subject.shares.main[m, d, e, subject.shares.parameters.index(key)] for key in keys]
    places = np.arange(len(keys))
    for shift, (name, values) in enumerate(
        {"share of variance": own, "fANOVA": table["fanova"], "PED-ANOVA": table["ped_anova"]}.items()
    ):
        panel.barh(
            places + (shift - 1) * 0.26, np.asarray(values, dtype=float), height=0.26, label=name,
            color=("black", "#8A8A8A", "white")[shift], edgecolor="black", linewidth=0.4,
        )  # fmt: skip
    panel.set_yticks(places, [subject.names[key] for key in keys])
    panel.set(xlim=(0, 1), ylim=(len(keys) - 0.45, -0.55))
    panel.set_xlabel(f"importance for {label(subject.metric)}")
    panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, handlelength=1.2)
