"""The page's figures of the reward: its lift over the start and the loss, and the effects of its weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.comparison.reward_lift import LOSS, REWARD, START, lift
from analysis.findings.findings import Findings
from analysis.findings.weight_effects import own_metric
from analysis.report.packing import pack
from analysis.scores.model import shown

STATS = ("best", "q1", "median", "q3", "worst", "settings", "at_epoch", "gain", "gain_low", "gain_high", "above", "of")


def lift_part(findings: Findings) -> dict[str, Any] | None:
    """Return each of STATS packed (metric, data set, epoch, group); `groups` are [kind, name], starts among them."""
    scores, found = findings.scores, lift(findings)
    if found is None:
        return None
    datasets = scores.datasets[shown(scores)]
    starts = [(START, name) for name in scores.start_names]
    groups = [*(one for one in found.groups if one[0] == LOSS), *starts, *(g for g in found.groups if g[0] == REWARD)]
    table = found.table
    place = {group: g for g, group in enumerate(groups)}
    of = np.array([place.get(group, -1) for group in zip(table["kind"], table["name"], strict=True)], dtype=int)
    at = [
        pd.Index(labels).get_indexer(table[name])
        for name, labels in (("metric", scores.metrics), ("dataset", datasets), ("epoch", scores.epochs))
    ]
    known = np.all([index >= 0 for index in (*at, of)], axis=0)
    where = tuple(index[known] for index in (*at, of))
    arrays = {}
    for name in STATS:
        array = np.full((len(scores.metrics), len(datasets), len(scores.epochs), len(groups)), np.nan)
        array[where] = table[name].to_numpy(dtype=float, na_value=np.nan)[known]
        arrays[name] = pack(array)
    return {"groups": [list(group) for group in groups], "notes": list(found.notes), **arrays}


def effects_part(findings: Findings) -> dict[str, Any] | None:
    """Return rank correlations packed (weight, metric, data set, epoch); `own` is the metric of each weight (-1: none).

    `weights` are places in run.axes.
    """
    scores, found = findings.scores, findings.effects
    if found is None or not np.isfinite(found.spearman).any():
        return None
    keys = list(findings.run.axes)
    own = [own_metric(key) for key in found.weights]
    return {
        "weights": [keys.index(key) for key in found.weights],
        "own": [scores.metrics.index(metric) if metric in scores.metrics else -1 for metric in own],
        "how": found.how,
        "joined": bool(findings.own_effects),
        **{name: pack(getattr(found, name)[:, :, shown(scores)]) for name in ("spearman", "low", "high", "settings")},
    }
