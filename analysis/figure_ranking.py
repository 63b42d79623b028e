"""What the trial table and the panel of one trial need beside the values: how sure the ranking is."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.figures import MANY, shown
from analysis.judged import judged
from analysis.packing import pack
from analysis.ranking import Scores
from analysis.tables import Run

SINGLE = ("best", "value", "corrected", "low", "high", "images", "seeds")
EACH = ("worse_low", "worse_high")


def ranking_part(run: Run, scores: Scores) -> dict[str, Any]:
    """Return a judgement per place, packed (metric, data set, epoch), and (…, setting) for `tied` and the intervals.

    `notes` are the reasons why there is no interval, `note` the place of each in them (-1: there is one). The
    intervals are None where there are none, or too many for the page.
    """
    datasets = scores.datasets[shown(scores)]
    shape = (len(scores.metrics), len(datasets), len(scores.epochs))
    single = {name: np.full(shape, np.nan) for name in SINGLE}
    each = {name: np.full((*shape, len(scores.settings)), np.nan, dtype=np.float32) for name in EACH}
    tied = np.zeros((*shape, len(scores.settings)), dtype=bool)
    note = np.full(shape, -1)
    notes: dict[str, int] = {}
    for (metric, dataset, epoch), found in judged(run, scores).places.items():
        if dataset not in datasets:
            continue
        m, d, e = scores.metrics.index(metric), datasets.index(dataset), scores.epochs.index(epoch)
        for name in SINGLE:
            single[name][m, d, e] = getattr(found, name)
        for name in EACH:
            each[name][m, d, e] = getattr(found, name)
        tied[m, d, e] = found.tied
        if found.note:
            note[m, d, e] = notes.setdefault(found.note, len(notes))
    carried = tied.size <= MANY and bool(np.isfinite(each["worse_low"]).any())
    return {
        **{name: pack(values) for name, values in single.items()},
        **{name: pack(values, bits=16) if carried else None for name, values in each.items()},
        "tied": pack(tied),
        "notes": list(notes),
        "note": pack(note),
    }
