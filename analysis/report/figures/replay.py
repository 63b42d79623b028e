"""The page's figure of a replay: the best found by each search against the share of the grid's cost."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.findings.findings import Findings
from analysis.replay.costs import SAID
from analysis.replay.files import Found, read_found
from analysis.replay.replay import finished
from analysis.replay.trace import WITHIN
from analysis.runs.run import Run
from analysis.scores.metrics import facts_of

_POINTS = ("cost", "seconds", "best_median", "best_low", "best_high")


def replay_part(findings: Findings) -> dict[str, Any] | None:
    """Return curves and numbers by search, the targets, and the recommendation; None without a replay."""
    run, scores = findings.run, findings.scores
    found = read_found(run.path)
    if found is None or found.metric not in scores.metrics:
        return None
    sign = facts_of(found.metric).sign
    return {
        "metric": scores.metrics.index(found.metric),
        "where": f"{found.dataset}, epoch {found.epoch}",
        "of": [found.settings, found.epochs],
        "workers": found.workers,
        "best": found.best,
        "within": WITHIN,
        "targets": [{"name": SAID[one.name], "key": one.name, "value": sign * one.least, "settings": one.settings}
                    for one in found.targets],
        "judged": found.judged_by,
        "recommended": found.recommended,
        "said": list(found.said),
        "notes": [*found.notes, *_stale(run, found)],
        "searches": [_search(found, row) for row in found.costs.to_dict("records")],
    }  # fmt: skip


def _search(found: Found, row: dict[Any, Any]) -> dict[str, Any]:
    curve = found.curves[found.curves["search"] == row["search"]]
    return {
        "row": {name: None if pd.isna(value) else value for name, value in row.items()},
        **{name: [None if pd.isna(x) else round(x, 9) for x in curve[name].tolist()] for name in _POINTS},
    }


def _stale(run: Run, found: Found) -> list[str]:
    now = finished(run)
    if now == found.trials:
        return []
    return [f"This replay is of {found.trials} finished trials, and the run has {now} by now: run it again."]
