"""Tables of what each value of each parameter allows at best."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.formatting import text
from analysis.paper.numbers import NONE, label
from analysis.paper.style import NothingToShow
from analysis.paper.subject import Subject
from analysis.paper.tables.table import HOW, Block, Cell, Column, Printed, Table, block, plain

_METRICS, _VALUES = 6, 12


def bounds_of_values(subject: Subject) -> Table:
    """Return the bound of the metric for each value of each parameter, with its interval."""
    rows_of = {key: subject.bounds_of(subject.metric, key) for key in _keys(subject)}
    printed = _printed(subject.metric, rows_of)
    columns = (
        Column(subject.noun, "l"), Column("value"), printed.column, Column("95 % interval"), Column("corrected"),
        Column("median [quartiles]"), Column("worse by [95 % interval]"), Column("settings"), Column("best at", "l"),
    )  # fmt: skip
    blocks = tuple(_details(subject, key, rows, printed) for key, rows in rows_of.items())
    caption = (
        f"The best {label(subject.metric)} that each value of each {subject.noun} allows ({subject.whole}). {HOW}, "
        f"within a {subject.noun}. Corrected: for selecting the best of several (winner's curse). Best at: the other "
        f"{subject.noun}s, in the order of the table. {subject.dagger}{printed.power}{subject.dependent}"
    )
    return Table("bounds", caption, columns, blocks, subject.bounds.reset_index(drop=True), wide=True)


def bounds_of_metrics(subject: Subject) -> Table:
    """Return the bound of the familiar metrics for each value of each parameter."""
    metrics, keys = subject.main_metrics[:_METRICS], _keys(subject)
    rows_of = {metric: {key: subject.bounds_of(metric, key) for key in keys} for metric in metrics}
    printed = {metric: _printed(metric, rows_of[metric]) for metric in metrics}
    blocks, data = [], []
    for key in keys:
        values = subject.levels(key)
        cells, found = _names(subject, key, range(len(values))), pd.DataFrame({"parameter": key, "value": values})
        for metric in metrics:
            rows = rows_of[metric][key].set_index("place").reindex(range(len(values)))
            found[metric] = rows["best"].to_numpy()
            cells.append(printed[metric].cells(found[metric].to_numpy(), rows["tied"].eq(True).tolist()))
        blocks.append(block(cells))
        data.append(found)
    caption = (
        f"The best of each metric that each value of each {subject.noun} allows ({subject.whole}). {HOW}, within "
        f"a {subject.noun}. †: statistically tied with the best of all configurations."
    )
    columns = (Column(subject.noun, "l"), Column("value"), *(one.column for one in printed.values()))
    return Table("bounds_metrics", caption, columns, tuple(blocks), pd.concat(data), wide=len(metrics) > 4)


def _keys(subject: Subject) -> list[str]:
    """Return the parameters that vary and have few values: a table of very many is not read."""
    keys = [key for key in subject.varied if len(subject.levels(key)) <= _VALUES]
    if not keys:
        raise NothingToShow("A table of bounds needs a parameter that has a few values, two or more.")
    return keys


def _printed(metric: str, rows_of: dict[str, pd.DataFrame]) -> Printed:
    groups = [rows["best"].to_numpy(dtype=float) for rows in rows_of.values()]
    return Printed.of(metric, np.concatenate(groups), None, groups)


def _names(subject: Subject, key: str, places: Iterable[int]) -> list[list[Cell]]:
    """Return the first two columns: the parameter in the first row, the value in each."""
    values = [text(subject.levels(key)[place]) for place in places]
    return [plain([subject.names[key], *[""] * (len(values) - 1)]), plain(values)]


def _details(subject: Subject, key: str, rows: pd.DataFrame, printed: Printed) -> Block:
    def spans(middle: str, low: str, high: str) -> list[str]:
        between = printed.intervals(rows[low].to_numpy(), rows[high].to_numpy())
        return [
            one if span == NONE else f"{one} {span}"
            for one, span in zip(printed.texts(rows[middle].to_numpy()), between, strict=True)
        ]

    others = [other for other in subject.varied if other != key]
    settings = rows["setting"].astype(int).tolist()
    worse = zip(settings, spans("worse", "worse_low", "worse_high"), strict=True)
    at = (", ".join(text(subject.scores.settings[i].parameters[other]) for other in others) for i in settings)
    return block([
        *_names(subject, key, rows["place"]),
        printed.cells(rows["best"].to_numpy(), rows["tied"].tolist()),
        plain(printed.intervals(rows["low"].to_numpy(), rows["high"].to_numpy())),
        plain(printed.texts(rows["corrected"].to_numpy())),
        plain(spans("median", "q1", "q3")),
        plain(NONE if i == subject.judgement.best else span for i, span in worse),
        plain(map(str, rows["settings"].astype(int))),
        plain(at),
    ])  # fmt: skip
