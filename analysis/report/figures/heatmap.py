"""The axes of the pair-pair heatmap, and the small heatmap of every two parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from analysis.findings.findings import Findings
from analysis.report.packing import pack
from analysis.scores.heatmap_layout import Layout, layout, varied_axes
from analysis.scores.metrics import facts_of
from analysis.scores.model import shown
from analysis.statistics.cells import by_cell

# With more cells per setting than this, nearly all are blank, and two parameters are clearer than four.
_CELLS = 8
# Two-parameter heatmaps of more than six parameters are too many to read.
_PAIRED = 6


def heatmap_part(findings: Findings) -> dict[str, Any]:
    """Return the initial axes (by position) of the heatmap; for scattered settings, the two most important."""
    run, scores = findings.run, findings.scores
    plan, keys = layout(run.axes, findings.mixture), list(run.axes)
    cells = math.prod(int(findings.levels_of(key)[1].max(initial=0)) + 1 for key in (*plan.rows, *plan.columns))
    if cells > _CELLS * len(scores.settings):
        first, second = _strongest(findings, [*plan.columns, *plan.rows])
        plan = Layout((second,), (first,), tuple(key for key in varied_axes(run.axes) if key not in (first, second)))
    return {part: [keys.index(key) for key in getattr(plan, part)] for part in ("rows", "columns")}


def _strongest(findings: Findings, keys: Sequence[str]) -> list[str]:
    """Return the two most important of these parameters, in their order."""
    scores = findings.scores
    found, weight = findings.shares, dict.fromkeys(keys, 0.0)
    if scores.metrics:
        main = found.main[scores.metrics.index(scores.metric), 0, scores.epochs.index(scores.epoch)]
        weight |= dict(zip(found.parameters, np.nan_to_num(main).tolist(), strict=True))
    chosen = sorted(keys, key=lambda key: -weight[key])[:2]
    return [key for key in keys if key in chosen]


def pairs_part(findings: Findings) -> dict[str, Any] | None:
    """Return for every two parameters the best and the mean over the rest, packed (metric, data set, epoch, cell).

    A cell is first's level * levels of the second + second's level; NaN where no setting has a number. None if
    fewer than two parameters vary.
    """
    run, scores = findings.run, findings.scores
    keys = list(run.axes)
    pairs = list(combinations(varied_axes(run.axes)[:_PAIRED], 2))
    if not pairs:
        return None
    values = scores.trials.mean[:, shown(scores)]
    higher = np.array([facts_of(name).higher_is_better for name in scores.metrics])
    levels = {key: findings.levels_of(key)[1] for key in dict.fromkeys(key for pair in pairs for key in pair)}
    found = []
    for first, second in pairs:
        columns = int(levels[second].max()) + 1
        cells = levels[first] * columns + levels[second]
        best, mean = by_cell(values, cells, (int(levels[first].max()) + 1) * columns, higher)
        found.append({"pair": [keys.index(first), keys.index(second)], "best": pack(best), "mean": pack(mean)})
    return {"pairs": found, "left_out": len(varied_axes(run.axes)[_PAIRED:])}
