"""The noise floor: how much repeats of one setting differ, and what a sweep of this size can resolve."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.paper.numbers import brief, label
from analysis.paper.style import COLOURS, MARKERS, ONE_COLUMN, Drawing, NothingToShow, figure
from analysis.paper.subject import Subject

_COLUMNS = {"pooled": "std. deviation", "resolves_pair": "resolves a pair", "resolves_sweep": "resolves a sweep"}


def noise(subject: Subject) -> Drawing:
    """Draw the standard deviation between seeds and the two smallest differences that count, relative to the mean."""
    from matplotlib.ticker import LogLocator, NullLocator

    table = subject.findings.noise
    here = table[(table["dataset"] == subject.dataset) & (table["epoch"] == subject.epoch) & (table["pooled"] > 0)]
    if not len(here):
        raise NothingToShow("A noise floor needs a configuration that several seeds ran, with results that differ.")
    rows = _per_metric(here, subject)
    drawn = figure(ONE_COLUMN, 0.85 + 0.17 * len(rows))
    panel = drawn.add_subplot()
    heights = np.arange(len(rows))
    share = {name: 100 * rows[name].to_numpy() / rows["mean"].to_numpy() for name in _COLUMNS}
    panel.hlines(heights, share["pooled"], np.fmax(share["resolves_pair"], share["resolves_sweep"]), color="#BBBBBB",
                 linewidth=0.8, zorder=0)  # fmt: skip
    for place, (name, title) in enumerate(_COLUMNS.items()):
        panel.plot(share[name], heights, linestyle="", marker=MARKERS[place], color=COLOURS[place], label=title)
    panel.set_xscale("log")
    panel.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    panel.xaxis.set_major_formatter(lambda value, _: brief(value))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_yticks(heights, [label(metric) for metric in rows.index])
    panel.set(ylim=(len(rows) - 0.4, -0.6), xlabel="% of the mean")
    drawn.legend(loc="outside upper center", ncols=3, columnspacing=1.0, handletextpad=0.2)
    low, high = int(here["seeds"].min()), int(here["seeds"].max())
    seeds = str(low) if low == high else f"{low} to {high}"
    settings = here["setting"].nunique()
    return Drawing("noise", drawn, (
        f"Noise floor ({subject.count}, {subject.place}): standard deviation between {seeds} seeds, pooled over "
        f"{settings} repeated configuration{'s' * (settings > 1)}, and the smallest difference that seeds alone do not "
        "explain (95 %) between two configurations and between any two of the sweep. As shares of the mean."
    ))  # fmt: skip


def _per_metric(table: pd.DataFrame, subject: Subject) -> pd.DataFrame:
    """Return a row per metric, in the order of the other figures; of settings with fewer seeds, what those resolve."""
    table = table.assign(mean=table["mean"].abs())
    rows = table.groupby("metric", observed=True).agg(
        {"mean": "mean", "pooled": "first", "resolves_pair": "max", "resolves_sweep": "max"}
    )
    rows = rows[rows["mean"] > 0]
    return rows.loc[[metric for metric in subject.main_metrics if metric in rows.index]]
