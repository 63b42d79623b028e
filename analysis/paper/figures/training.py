"""What happens over the epochs: the front runners, how early the ranking settles, and the terms of the loss."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.findings.epochs import agreement, front_runners
from analysis.paper.figures.baselines import draw_lines, make_room, untrained
from analysis.paper.numbers import brief, label
from analysis.paper.style import (
    COLOURS,
    MARKERS,
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
from analysis.scores.training_log import LOSS, LOSS_AT_START, names

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_CURVES = 3


def over_epochs(subject: Subject) -> Drawing:
    """Draw the front runners over the epochs, and how well each epoch's ranking agrees with the last one's."""
    epochs = np.array(subject.scores.epochs)
    if len(epochs) < 2:
        raise NothingToShow("Curves over epochs need two epochs.")
    drawn = figure(ONE_COLUMN, 3.9)
    above, below = drawn.subplots(2, 1, sharex=True, height_ratios=[1.35, 1])
    runners = front_runners(subject.scores, subject.metric, subject.dataset, _CURVES)
    m, d, _ = subject.at
    curves = subject.scores.trials.mean[m, d]
    _spread(above, epochs, curves)
    for place, (setting, why) in enumerate(runners.itertuples(index=False)):
        name = f"{why}: {_numbers(subject, setting)}"
        above.plot(epochs, curves[:, setting], label=name, color=COLOURS[place % 6], marker=MARKERS[place % 6],
                   linestyle="-" if place < 6 else "--")  # fmt: skip
    above.set_ylabel(label(subject.metric))
    make_room(above, subject, subject.metric, above.get_ylim())
    draw_lines(above, subject, subject.metric, label="untrained: ")
    handles, labels = above.get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside upper center", ncols=2, columnspacing=1.0, labelspacing=0.25)
    shown = _agreement(below, subject)
    drawn.align_ylabels()
    below.set(xlabel="epoch", xlim=(epochs[0] - 0.1, epochs[-1] + 0.1))
    below.set_xticks(epochs if len(epochs) <= 10 else epochs[:: -(-len(epochs) // 8)])
    return Drawing("epochs", drawn, (
        f"Above: {label(subject.metric)} of the front runners over the epochs ({subject.whole}; grey: all "
        "configurations, "
        "5 % to 95 %, and their median). Below: Spearman correlation over configurations between an epoch and the "
        "last "
        f"one. {shown}{untrained(subject, [subject.metric])}"
    ))  # fmt: skip


def training(subject: Subject) -> Drawing:
    """Draw every term of the loss over the epochs for the best, the default and the worst setting."""
    order = subject.order
    terms = tuple(name for name in names(subject.run).get(LOSS, ()) if name != LOSS_AT_START)
    if not terms or not len(order):
        raise NothingToShow("No loss term was logged.")
    default = {subject.default_name: subject.default} if subject.default in order[1:-1] else {}
    why_of = {int(i): why for why, i in {"worst": order[-1], **default, "best": order[0]}.items()}
    chosen = {why: i for i, why in reversed(why_of.items())}
    curves = subject.findings.loss_curves(list(chosen.values()))
    begun = curves[curves["name"] == LOSS_AT_START]
    curves = curves[curves["name"].isin(terms)]
    per = curves.groupby("name")["epoch"].nunique()
    if not len(per) or per.max() < 2:
        raise NothingToShow("Loss terms over training need two epochs.")
    some = [term for term in terms if term in per.index]
    columns = min(4, len(some))
    rows = math.ceil(len(some) / columns)
    drawn = figure(TWO_COLUMNS if columns > 2 else ONE_COLUMN, 0.45 + 1.15 * rows)
    panels = drawn.subplots(rows, columns, sharex=True, squeeze=False)
    for panel, term in zip(panels.flat, some, strict=False):
        _term(panel, curves[curves["name"] == term], chosen, term)
        if term == "loss_fusion" and len(begun):
            panel.plot(begun["epoch"], begun["value"], color="black", linestyle="", marker="_", markersize=6)
    hide_rest(panels, len(some))
    handles, labels = panels.flat[0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside upper center", ncols=len(handles))
    drawn.supxlabel("epoch", fontsize=8)
    told = "; ".join(f"{why}: {subject.setting(i)}" for why, i in chosen.items())
    at_start = " Dashes in the panel of the fusion loss: the values of the initial checkpoint." if len(begun) else ""
    return Drawing("training", drawn, (
        f"Terms of the loss over training, unweighted (fusion and total are weighted sums), mean over an epoch, for "
        f"the best and the worst configuration by {label(subject.metric)} and the one at or "
        f"nearest to the defaults ({subject.whole}). {told}."
        f"{at_start}"
    ))  # fmt: skip


def _spread(panel: Axes, epochs: np.ndarray, curves: np.ndarray) -> None:
    there = np.isfinite(curves).any(axis=1)
    low, middle, high = np.nanpercentile(np.where(np.isfinite(curves), curves, np.nan)[there], (5, 50, 95), axis=1)
    panel.fill_between(epochs[there], low, high, color="#E3E3E3", linewidth=0)
    panel.plot(epochs[there], middle, color="#999999", linewidth=0.9)


def _agreement(panel: Axes, subject: Subject) -> str:
    table = agreement(subject.scores)
    table = table[(table["dataset"] == subject.dataset)]
    own = table[table["metric"] == subject.metric]
    others = [metric for metric in subject.main_metrics[:5] if metric != subject.metric]
    for place, metric in enumerate([subject.metric, *others]):
        some = table[table["metric"] == metric]
        panel.plot(some["epoch"], some["spearman"], label=metric, color=COLOURS[place], marker=MARKERS[place])
    panel.set(ylabel="rank correlation", ylim=(min(-0.05, np.nan_to_num(table["spearman"].min()) - 0.05), 1.05))
    panel.axhline(0, color="#999999", linewidth=0.5)
    panel.legend(ncols=2, loc="lower right", labelspacing=0.25, frameon=True, edgecolor="none", framealpha=0.85)
    if not len(own) or not np.isfinite(own["spearman"]).any():
        return ""
    first = own.iloc[0]
    lost = f"loses {brief(first['regret'])} in" if first["regret"] > 0 else "loses nothing in"
    return (
        f"At epoch {first['epoch']} it is {first['spearman']:.2f} for {subject.metric}; choosing the best "
        "configuration "
        f"there {lost} {subject.metric} at epoch {first['last']}."
    )


def _numbers(subject: Subject, setting: int) -> str:
    numbers = subject.scores.settings[setting].numbers
    return f"trial{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def _term(panel: Axes, curves: pd.DataFrame, chosen: dict[str, int], term: str) -> None:
    for place, (why, setting) in enumerate(chosen.items()):
        some = curves[curves["setting"] == setting]
        panel.plot(some["epoch"], some["value"], label=why, color=COLOURS[place], marker=MARKERS[place], markersize=2.5)
    panel.set_title(term.removeprefix("loss_").replace("_", " "), fontsize=SMALL, pad=2)
    epochs = sorted(curves["epoch"].unique())
    panel.set_xticks(epochs if len(epochs) <= 6 else epochs[:: -(-len(epochs) // 5)])
    value_ticks(panel.yaxis, 3)
