"""What a sweep of rewards adds: the lift over the start and the loss, what weights raise, the reward over training."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.comparison.reward_lift import LOSS, REWARD, START, UNTRAINED
from analysis.findings.weight_effects import own_metric
from analysis.paper.numbers import brief, label, write
from analysis.paper.style import (
    BASELINE_LINES,
    COLOURS,
    GREY,
    ONE_COLUMN,
    SMALL,
    TWO_COLUMNS,
    Drawing,
    NothingToShow,
    figure,
    hide_rest,
    value_ticks,
)
from analysis.paper.subject import Subject
from analysis.paper.tables.reward_lift import METRICS, lift_rows
from analysis.scores.training_log import BESIDE, REWARDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Patch


_HUES = {LOSS: COLOURS[0], START: "black", REWARD: COLOURS[1]}
_NAMES = {
    "reward_train": "output", "reward_sample": "one sample", "reward_mean": "mean of samples",
    "reward_best": "best sample", "reward_start": "start", "reward_visible": "visible", "reward_infrared": "infrared",
    "reward_average": "average",
}  # fmt: skip


def lifted(subject: Subject) -> Drawing:
    """Draw loss-trained settings, the start and reward-trained settings, a panel per familiar metric."""
    table = lift_rows(subject)
    metrics = [metric for metric in subject.main_metrics if metric in set(table["metric"])][:METRICS]
    columns = min(4, len(metrics))
    rows = math.ceil(len(metrics) / columns)
    drawn = figure(TWO_COLUMNS if columns > 2 else ONE_COLUMN, 0.3 + 1.3 * rows)
    panels = drawn.subplots(rows, columns, squeeze=False)
    for panel, metric in zip(panels.flat, metrics, strict=False):
        _lift_panel(panel, table[table["metric"] == metric], metric)
    hide_rest(panels, len(metrics))
    own = table[(table["metric"] == subject.metric) & table["gain"].notna() & table["kind"].isin((START, LOSS))]
    said = "; ".join(_against(row) for row in own.to_dict("records"))
    return Drawing("lift", drawn, (
        f"Loss-trained and reward-trained configurations ({subject.whole}). Dot: the best configuration; box: "
        "quartiles and "
        "median; line: down to the worst; diamond and line across: the initial checkpoint, before the reward; grey: "
        "untrained "
        f"fusions near by. By {label(subject.metric)} the best reward-trained configuration is {said}."
    ))  # fmt: skip


def raised(subject: Subject) -> Drawing:
    """Draw the rank correlation of every weight with every metric."""
    found = subject.findings.effects
    _, d, e = subject.at
    if found is None or not np.isfinite(found.spearman[:, :, d, e]).any():
        raise NothingToShow("Rank correlations need a weight and a metric that vary over a few configurations.")
    metrics = list(subject.main_metrics)
    at = [subject.scores.metrics.index(metric) for metric in metrics]
    rho, low, high = (part[:, at, d, e] for part in (found.spearman, found.low, found.high))
    drawn = figure(TWO_COLUMNS if len(metrics) > 6 else ONE_COLUMN, 0.5 + 0.22 * len(found.weights))
    panel = drawn.add_subplot()
    panel.imshow(rho, aspect="auto", cmap="PuOr_r", vmin=-1, vmax=1)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    for (w, k), value in np.ndenumerate(rho):
        if np.isfinite(value):
            star = "*" if low[w, k] > 0 or high[w, k] < 0 else ""
            own = own_metric(found.weights[w]) == metrics[k]
            ink = "white" if abs(value) > 0.6 else "black"
            panel.text(k, w, f"{write(float(value), 2)}{star}", ha="center", va="center_baseline", fontsize=SMALL,
                       color=ink, fontweight="bold" if own else "normal")  # fmt: skip
            if own:
                panel.add_patch(_frame(k, w))
    panel.set_xticks(range(len(metrics)), [label(metric) for metric in metrics])
    panel.xaxis.tick_top()
    panel.set_yticks(range(len(found.weights)), [subject.names[key] for key in found.weights])
    how = "bootstrap over configurations" if found.how == "bootstrap" else "by Bonett and Wright"
    return Drawing("weight_effects", drawn, (
        f"Spearman's rank correlation of each weight with each metric ({subject.whole}); above 0: the higher the "
        f"weight, the better the metric, whichever way it points. *: the 95 % interval ({how}) excludes 0. Framed: a "
        "metric and its own weight."
    ))  # fmt: skip


def rewards(subject: Subject) -> Drawing:
    """Draw the reward over training of the best, the default and the worst setting, with the start and the copies."""
    order = subject.order
    default = [(subject.default_name, subject.default)] if subject.default in order[1:-1] else []
    chosen = [("best", int(order[0])), *default, *([("worst", int(order[-1]))] if len(order) > 1 else [])]
    curves = subject.findings.loss_curves([i for _, i in chosen])
    curves = curves[curves["name"].isin((*REWARDS, *BESIDE))]
    drawable = [(why, i) for why, i in chosen if (curves["setting"] == i).any()]
    if not drawable or curves["epoch"].nunique() < 2:
        raise NothingToShow("A reward over training needs two epochs in which it was logged.")
    drawn = figure(TWO_COLUMNS if len(drawable) > 1 else ONE_COLUMN, 2.0)
    panels = drawn.subplots(1, len(drawable), squeeze=False)[0]
    for panel, (why, i) in zip(panels, drawable, strict=True):
        _reward_panel(panel, curves[curves["setting"] == i])
        panel.set_title(why, fontsize=SMALL, pad=2)
        panel.set_xlabel("epoch")
    handles, labels = panels[0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside upper center", ncols=4, columnspacing=1.0)
    told = "; ".join(f"{why}: {subject.setting(i)}" for why, i in drawable)
    return Drawing("reward", drawn, (
        f"The reward that each configuration learns from, on its training pairs ({subject.whole}): of the "
        "deterministic "
        "output, of what is drawn, and of the initial checkpoint, both copies and the average on the same pairs. "
        f"{told}."
    ))  # fmt: skip


def _lift_panel(panel: Axes, rows: pd.DataFrame, metric: str) -> None:
    groups = rows[rows["kind"] != UNTRAINED].to_dict("records")
    for x, row in enumerate(groups):
        hue = _HUES[str(row["kind"])]
        if row["kind"] == START:
            panel.axhline(row["best"], color="black", linewidth=0.8, zorder=1)
            panel.plot(x, row["best"], marker="D", color=hue, zorder=4)
            continue
        panel.vlines(x, row["worst"], row["best"], color=hue, linewidth=0.8)
        panel.bar(x, row["q3"] - row["q1"], 0.5, bottom=row["q1"], color=hue, alpha=0.3, linewidth=0)
        panel.hlines(row["median"], x - 0.25, x + 0.25, color=hue, linewidth=1.2)
        panel.plot(x, row["best"], marker="o", color=hue, zorder=4)
    values = np.array([row[name] for row in groups for name in ("best", "worst")], dtype=float)
    low, high = np.nanmin(values), np.nanmax(values)
    span = (high - low) or abs(high) * 0.02 or 1.0
    for row in rows[rows["kind"] == UNTRAINED].to_dict("records"):
        if low - 0.3 * span < row["best"] < high + 0.3 * span:
            panel.axhline(row["best"], color=GREY, linewidth=0.8, linestyle=BASELINE_LINES[str(row["name"])], zorder=0)
    panel.set_title(label(metric), fontsize=SMALL, pad=2)
    short = {LOSS: "loss", START: "start", REWARD: "reward"}
    panel.set_xticks(range(len(groups)), [short[str(row["kind"])] for row in groups])
    panel.set_xlim(-0.6, len(groups) - 0.4)
    value_ticks(panel.yaxis)


def _reward_panel(panel: Axes, curves: pd.DataFrame) -> None:
    dashes = {"reward_sample": ":", "reward_mean": "--", "reward_best": "-."}
    for name in (*REWARDS, *BESIDE):
        some = curves[curves["name"] == name]
        if name in BESIDE:
            kind = name.removeprefix("reward_")
            line = "-" if kind == "start" else BASELINE_LINES[kind]
            panel.plot(some["epoch"], some["value"], color="black" if kind == "start" else GREY, linewidth=0.8,
                       linestyle=line, label=_NAMES[name])  # fmt: skip
        else:
            width = 1.6 if name == "reward_train" else 0.9
            panel.plot(some["epoch"], some["value"], color=COLOURS[0], linewidth=width,
                       linestyle=dashes.get(name, "-"), label=_NAMES[name])  # fmt: skip
    epochs = sorted(curves["epoch"].unique())
    panel.set_xticks(epochs if len(epochs) <= 6 else epochs[:: -(-len(epochs) // 5)])
    value_ticks(panel.yaxis)


def _frame(x: int, y: int) -> Patch:
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.47, y - 0.45), 0.94, 0.9, fill=False, linewidth=1.1)


def _against(row: dict[str, object]) -> str:
    of = "the start" if row["kind"] == START else f"the best {row['name']} one"
    gain = float(str(row["gain"]))
    return f"{brief(abs(gain))} {'better' if gain > 0 else 'worse'} than {of}" if gain else f"the same as {of}"
