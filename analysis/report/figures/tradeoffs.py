"""The page's figures of trade-offs and parallel coordinates: packed arrays over the shown data sets."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.findings.findings import Findings
from analysis.findings.tradeoffs import prices
from analysis.report.figures.importance import HEADLINES
from analysis.report.packing import pack
from analysis.scores.model import Scores, shown

# More lines or points than this overplot, and are slow to draw.
DRAWN = 2000
# As many metrics as the figure of trade-offs puts side by side.
_COMPARED = 5


def tradeoffs(findings: Findings) -> dict[str, Any]:
    """Return the cost of the best of each metric in each other, packed (data set, epoch, metric, other).

    `loss` is in the other's own unit, `share` of its range over settings, `setting` the one that is best for the
    metric (-1: none). `chosen` and `front` are the metrics that the figure opens with: the objectives of a search that
    has several.
    """
    scores = findings.scores
    datasets, count = scores.datasets[shown(scores)], len(scores.metrics)
    shape = (len(datasets), len(scores.epochs), count, count)
    found = {name: np.full(shape, np.nan) for name in ("loss", "share", "setting")}
    for d, dataset in enumerate(datasets):
        for e, epoch in enumerate(scores.epochs):
            table = prices(scores, dataset, epoch)
            at = tuple(table[name].map(scores.metrics.index).to_numpy(dtype=int) for name in ("metric", "other"))
            for name, column in (("loss", "loss"), ("share", "loss_share"), ("setting", "setting")):
                found[name][d, e][at] = table[column]
    opening, front = _opening(scores, found["share"]), 2
    objectives = [scores.metrics.index(name) for name in findings.record.objectives if name in scores.metrics]
    if len(objectives) > 1:
        opening, front = list(dict.fromkeys([*objectives, *opening]))[:_COMPARED], min(len(objectives), 3)
    return {
        **{name: pack(values) for name, values in found.items()},
        "chosen": sorted(opening),
        "front": opening[:front],
        "sample": sample(scores),
    }


def _opening(scores: Scores, shares: np.ndarray) -> list[int]:
    """Return the ranked metric, then the two that its best setting costs most, then the familiar: up to five."""
    ranked = scores.metrics.index(scores.metric)
    costs = np.nan_to_num(shares[0, scores.epochs.index(scores.epoch), ranked])
    dear = [m for m in np.argsort(-costs, kind="stable")[:2].tolist() if costs[m] > 0]
    familiar = [scores.metrics.index(name) for name in HEADLINES if name in scores.metrics]
    return list(dict.fromkeys([ranked, *dear, *familiar, *range(min(2, len(scores.metrics)))]))[:_COMPARED]


def parallel(findings: Findings) -> dict[str, Any]:
    """Return which settings have a line (`sample`; None: all) and the metrics that have an axis."""
    scores = findings.scores
    chosen = [scores.metrics.index(name) for name in (*HEADLINES, scores.metric) if name in scores.metrics]
    return {"sample": sample(scores), "metrics": list(dict.fromkeys(chosen))}


def sample(scores: Scores) -> list[int] | None:
    """Return DRAWN settings at random, the same each time, or None if there are no more than that."""
    count = len(scores.settings)
    if count <= DRAWN:
        return None
    return sorted(np.random.default_rng(0).choice(count, DRAWN, replace=False).tolist())
