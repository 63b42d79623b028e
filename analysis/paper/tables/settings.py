"""Tables of settings: the best ones, and what the best of one metric costs in the others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.findings.tradeoffs import prices
from analysis.formatting import text
from analysis.paper.numbers import NONE, decimals_of, exponent_of, interval, label, times, write
from analysis.paper.style import NothingToShow
from analysis.paper.subject import Subject
from analysis.paper.tables.table import HOW, Cell, Column, Printed, Table, block, plain

_METRICS, _PRICED = 5, 7


def top_settings(subject: Subject) -> Table:
    """Return the best settings, how much worse each may be, and their other metrics."""
    subject = subject.leading
    order = subject.order[: subject.top]
    if not len(order):
        raise NothingToShow(f"No configuration has a number of {subject.metric} here.")
    keys = list(subject.varied or subject.run.axes)
    settings = [subject.scores.settings[i] for i in order]
    ranks = range(1, len(order) + 1)
    columns = [Column("#"), *(Column(subject.names[key]) for key in keys)]
    cells = [plain(map(str, ranks)), *(plain(text(s.parameters[key]) for s in settings) for key in keys)]
    data: dict[str, object] = {"rank": ranks, "trials": [" ".join(map(str, s.numbers)) for s in settings]}
    data |= {key: [setting.parameters[key] for setting in settings] for key in keys}
    for metric in subject.main_metrics[:_METRICS]:
        values, own = subject.of(metric)[order], metric == subject.metric
        printed = Printed.of(metric, values)
        columns.append(printed.column)
        cells.append(printed.cells(values, subject.tied[order] if own and len(subject.order) > 1 else None))
        data[metric] = values
        if own:
            title, worse = _worse(subject, order)
            columns.append(Column(title))
            cells.append(worse)
            data |= {name: getattr(subject.judgement, name)[order] for name in _WORSE} | {"tied": subject.tied[order]}
    caption = (
        f"The best {len(order)} of {len(subject.order)} configurations by {label(subject.metric)} ({subject.place})."
        f"{subject.standing} {HOW}, within the table. {subject.sureness}"
    )
    return Table("top", caption, tuple(columns), (block(cells),), pd.DataFrame(data), wide=True)


def price_list(subject: Subject) -> Table:
    """Return what the best setting of each metric costs in the others, as shares of their ranges."""
    metrics = list(subject.main_metrics[:_PRICED])
    table = prices(subject.scores, subject.dataset, subject.epoch)
    if len(metrics) < 2 or not table["loss_share"].notna().any():
        raise NothingToShow("A trade-off table needs two metrics that differ between configurations.")
    shares = {(row.metric, row.other): row.loss_share for row in table.itertuples()}
    cells = [plain(label(metric) for metric in metrics)]
    for other in metrics:
        column = (shares.get((metric, other), np.nan) for metric in metrics)
        cells.append(plain(f"{100 * value:.0f} %" if np.isfinite(value) else NONE for value in column))
    caption = (
        f"What one metric costs in another ({subject.whole}): what the configuration that is best for the metric of "
        "the row "
        "loses in the metric of the column against the best there, as a share of that metric's range over all "
        "configurations."
    )
    columns = (Column("best for", "l"), *(Column(metric) for metric in metrics))
    return Table("prices", caption, columns, (block(cells),), table, wide=len(metrics) > 5)


_WORSE = ("worse", "worse_low", "worse_high")


def _worse(subject: Subject, order: np.ndarray) -> tuple[str, list[Cell]]:
    """Return how much worse each is than the best, with its interval: the title and the cells."""
    judged = subject.judgement
    worse, low, high = (part[order] for part in (judged.worse, judged.worse_low, judged.worse_high))
    most = np.concatenate([worse, high])
    exponent = exponent_of(most)
    scale = 10.0**-exponent
    decimals = decimals_of(most * scale) - 1
    written = (
        NONE if i == judged.best else f"{write(w * scale, decimals)} {interval(a * scale, b * scale, decimals)}"
        for i, w, a, b in zip(order, worse, low, high, strict=True)
    )  # fmt: skip
    title = "worse by [95 % interval]" if np.isfinite(high).any() else "worse by"
    return " ".join(filter(None, (title, times(exponent)))), plain(one.removesuffix(f" {NONE}") for one in written)
