"""The comparison table of the field: published methods, baselines and ours, method by metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.paper.methods import Published
from analysis.paper.numbers import brief, label
from analysis.paper.style import NothingToShow
from analysis.paper.subject import Subject
from analysis.paper.tables.table import Block, Cell, Column, Printed, Table
from analysis.scores.metrics import facts_of
from fusion_core.metrics.facts import BASELINES

_METRICS = 6


@dataclass(frozen=True)
class _Row:
    """One method on one data set; `ranked` ones compete for best and second."""

    method: str
    dataset: str
    values: np.ndarray
    ranked: bool
    setting: int = -1


def comparison(subject: Subject, published: Sequence[Published]) -> Table:
    """Return a block per data set that `published` names, else one: methods in their order, untrained, ours."""
    subject = subject.leading
    if not len(subject.order):
        raise NothingToShow(f"No configuration has a number of {subject.metric} here.")
    metrics = _metrics(subject, published)
    sets = list(dict.fromkeys(one.dataset for one in published)) or [""]
    rows = [row for name in sets for row in _rows(subject, name or subject.dataset, name, metrics, published)]
    every = np.array([row.values for row in rows])
    names = list(dict.fromkeys(row.dataset for row in rows))
    columns, printed = [Column("method", "l")], []
    for m, metric in enumerate(metrics):
        given = [one.decimals[metric] for one in published if metric in one.values]
        rivals = [np.array([row.values[m] for row in rows if row.ranked and row.dataset == name]) for name in names]
        printed.append(Printed.of(metric, every[:, m], max(given) if given else None, rivals))
        columns.append(printed[-1].column)
    blocks = []
    for name in names:
        some = [row for row in rows if row.dataset == name]
        heading = _heading(subject, name) if len(sets) > 1 else ""
        for ranked, title in ((True, heading), (False, "untrained, for scale")):
            part = [row for row in some if row.ranked == ranked]
            if part:
                blocks.append(_block(subject, part, printed, title))
    data = pd.DataFrame(every, columns=metrics)
    data.insert(0, "method", [row.method for row in rows])
    data.insert(1, "dataset", [row.dataset for row in rows])
    caption = _caption(subject, metrics, bool(published))
    return Table("comparison", caption, tuple(columns), tuple(blocks), data, wide=len(metrics) > 4)


def _default_row(subject: Subject) -> str:
    if subject.default_name == "default":
        return f"ours, default {subject.noun}s"
    return f"ours, {subject.noun}s {subject.default_name}"


def _metrics(subject: Subject, published: Sequence[Published]) -> list[str]:
    named = dict.fromkeys(name for one in published for name in one.decimals)
    return list(named) or list(subject.main_metrics[:_METRICS])


def _rows(subject: Subject, dataset: str, named: str, metrics: list[str], published: Sequence[Published]) -> list[_Row]:
    theirs = [
        _Row(one.method, dataset, np.array([one.values.get(metric, np.nan) for metric in metrics]), ranked=True)
        for one in published if one.dataset == named
    ]  # fmt: skip
    scores, (_, _, e) = subject.scores, subject.at
    d = scores.datasets.index(dataset)
    known = [scores.metrics.index(metric) if metric in scores.metrics else -1 for metric in metrics]

    def measured(means: np.ndarray, i: int) -> np.ndarray:
        return np.array([means[m, d, i] if m >= 0 else np.nan for m in known])

    best = int(subject.order[0])
    ours = {f"ours, best {subject.metric}": best}
    if subject.default not in (-1, best):
        ours[_default_row(subject)] = subject.default
    aside = subject.default_aside
    trained, untrained, starts = scores.trials.mean[:, :, e], scores.baselines.mean, scores.start_means
    return [
        *theirs,
        *(_Row(title, dataset, measured(trained, i), ranked=True, setting=i) for title, i in ours.items()),
        *(
            _Row(f"{_default_row(subject)} ({why})", dataset, measured(means[:, :, e], 0), ranked=True)
            for means, why in aside
        ),
        *(
            _Row(f"ours, {name}", dataset, measured(starts, i), ranked=True)
            for i, name in enumerate(scores.start_names)
        ),
        *(_Row(title, dataset, measured(untrained, i), ranked=False) for i, title in enumerate(BASELINES.values())),
    ]


def _block(subject: Subject, rows: list[_Row], printed: list[Printed], heading: str) -> Block:
    others = np.arange(len(subject.tied)) != subject.order[0]
    tied_with_best = subject.tied & others
    tied = [row.setting >= 0 and row.dataset == subject.dataset and tied_with_best[row.setting] for row in rows]
    columns = [[Cell(row.method) for row in rows]]
    for m, one in enumerate(printed):
        values = np.array([row.values[m] for row in rows])
        cells = one.cells(values, tied if one.metric == subject.metric and len(subject.order) > 1 else None)
        columns.append(cells if rows[0].ranked else [Cell(cell.text) for cell in cells])
    return Block(heading, tuple(zip(*columns, strict=True)))


def _heading(subject: Subject, dataset: str) -> str:
    d, (m, _, e) = subject.scores.datasets.index(dataset), subject.at
    return f"{dataset} (n = {int(subject.scores.trials.n[m, d, e].max(initial=0))} images)"


def _caption(subject: Subject, metrics: list[str], published: bool) -> str:
    best, judged = int(subject.order[0]), subject.judgement
    value = f"{label(subject.metric)} {brief(subject.values[best])}"
    if subject.is_sure(subject.metric):
        value += f" [{brief(judged.low)}, {brief(judged.high)}], corrected for the selection {brief(judged.corrected)}"
    theirs = " Published rows are as given; their authors' data and conventions may differ." if published else ""
    # Only where the reference's way differs from the usual one must a reader know which it is.
    quirks = [name for name in metrics if "(reference)" in facts_of(name).title]
    conventions = "; ".join(f"{name} {facts_of(name).convention}" for name in quirks)
    default = ""
    if subject.default not in (-1, best):
        default = f" Default {subject.noun}s, or those nearest to them: {subject.setting(subject.default)}"
        default += " (†: statistically tied with our best)." if subject.tied[subject.default] else "."
    elif subject.default_aside and subject.among is not None:
        default = f" Default {subject.noun}s, or those nearest to them: {subject.among.setting(subject.among.default)}."
    ours = f"{subject.setting(best)}, the best of {len(subject.order)} configurations by {value}.{subject.standing}"
    return (
        f"Comparison on {subject.place}. Best bold, second underlined, among the trained methods. Ours: "
        f"{ours}{default}{theirs}"
        f"{f' Conventions: {conventions}.' if quirks else ''}"
    )
