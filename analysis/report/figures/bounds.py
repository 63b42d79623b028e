"""The page's figure of upper bounds: the best at each value of each parameter, with its uncertainty."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.findings.findings import Findings
from analysis.findings.place import groups as value_groups
from analysis.formatting import text
from analysis.report.packing import pack
from analysis.scores.model import shown

# Columns of the bounds table that the page carries, packed (metric, data set, epoch, up to, place).
COLUMNS = ("best", "setting", "corrected", "low", "high", "q1", "median", "q3", "settings", "images", "seeds",
           "worse", "worse_low", "worse_high", "tied")  # fmt: skip
GROUPS = {
    "the reward and its parts": ("Reward", "VIF", "Qabf", "SSIM"),
    "information": ("EN", "MI", "VIF"),
    "edges and detail": ("Qabf", "Nabf", "AG", "SF", "SF_std"),
    "likeness to the sources": ("SSIM", "SSIM_std", "CC", "SCD", "MSE", "PSNR", "PSNR_std"),
    "contrast": ("SD", "EN", "AG"),
}


def bounds_part(findings: Findings) -> dict[str, Any] | None:
    """Return the bounds table as arrays; `places` are (position among the page's axes, value or range as text).

    `groups` are metrics (by position) that can be shown on their own. None if nothing is swept.
    """
    run, scores = findings.run, findings.scores
    ranged, ranged_scores = findings.ranged
    places = [(key, value) for key, values in ranged.axes.items() if len(values) > 1 for value in values]
    if not places:
        return None
    datasets = scores.datasets[shown(scores)]
    table = findings.bounds
    labels = (("metric", scores.metrics), ("dataset", datasets), ("epoch", scores.epochs), ("up_to", (False, True)))
    at = [pd.Index(values).get_indexer(table[name]) for name, values in labels]
    place = {where: i for i, where in enumerate(places)}
    at.append(np.array([place.get(where, -1) for where in zip(table["parameter"], table["value"], strict=True)], int))
    known = np.all([index >= 0 for index in at], axis=0)
    index = tuple(one[known] for one in at)
    shape = (*(len(values) for _, values in labels), len(places))
    arrays = {}
    for name in COLUMNS:
        arrays[name] = np.full(shape, np.nan)
        arrays[name][index] = table[name].to_numpy(dtype=float, na_value=np.nan)[known]
    axes, ended = list(run.axes), scores.ended_before
    of_place = {(key, value): members for key, value, members in value_groups(ranged, ranged_scores)}
    members = [of_place[where] for where in places]
    without = arrays["settings"].sum(axis=(0, 1, 3)) == 0
    groups = {name: [scores.metrics.index(m) for m in some if m in scores.metrics] for name, some in GROUPS.items()}
    return {
        "places": [[axes.index(key), text(value)] for key, value in places],
        "groups": {name: some for name, some in groups.items() if len(some) > 1},
        # Values without data at an epoch (epoch, place): all of their trials were stopped before it.
        "ended": pack(without & np.array([[row[some].any() for some in members] for row in ended]))
        if ended.any() else None,
        **{name: pack(array) for name, array in arrays.items()},
    }  # fmt: skip
