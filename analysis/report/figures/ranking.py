"""Data of the trial table and the trial panel besides the values: the uncertainty of the ranking."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.findings.findings import Findings
from analysis.findings.standings import Standings
from analysis.report.figures.page_data import MANY
from analysis.report.packing import pack
from analysis.scores.model import shown

SINGLE = ("best", "value", "corrected", "low", "high", "images", "seeds")
EACH = ("worse_low", "worse_high")


def ranking_part(findings: Findings) -> dict[str, Any]:
    """Return a judgement per place, packed (metric, data set, epoch), and (…, setting) for `tied` and the intervals.

    `notes` are the reasons why there is no interval, `note` the place of each in them (-1: there is one). The
    intervals are None if there are none, or too many for the page. `final` as of `_standings`.
    """
    standings, scores = findings.standings, findings.scores
    datasets = scores.datasets[shown(scores)]
    shape = (len(scores.metrics), len(datasets), len(scores.epochs))
    single = {name: np.full(shape, np.nan) for name in SINGLE}
    each = {name: np.full((*shape, len(scores.settings)), np.nan, dtype=np.float32) for name in EACH}
    tied = np.zeros((*shape, len(scores.settings)), dtype=bool)
    note = np.full(shape, -1)
    notes: dict[str, int] = {}
    for (metric, dataset, epoch), found in findings.judgements(datasets).items():
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
        "final": None if standings.is_plain else _standings(standings),
    }


def _standings(standings: Standings) -> dict[str, Any]:
    """Return the numbers to rank by, packed (metric, data set, epoch, setting), and the standings.

    `confirmed` (None: no setting was run again) says where they are from fresh seeds, `trials` by which [number, seed];
    `keeps` (epoch, setting) which satisfy the `constraints`.
    """
    part = (slice(None), shown(standings.scores))
    carried = standings.stats.std.size <= MANY
    trials: dict[int, list[tuple[int, int]]] = {}
    if standings.confirmed is not None:
        own = standings.confirmed.run.trials
        seed_of = dict(zip(own["number"].tolist(), own["seed"].tolist(), strict=True))
        for i, setting in zip(standings.confirmed.at.tolist(), standings.confirmed.scores.settings, strict=True):
            trials[i] = [(number, seed_of[number]) for number in setting.numbers]
    return {
        "values": pack(standings.stats.mean[part]),
        "stds": pack(standings.stats.std[part]) if carried else None,
        "spreads": pack(standings.stats.spread[part]) if carried and trials else None,
        "confirmed": pack(standings.is_confirmed[part]) if trials else None,
        "trials": trials,
        "keeps": pack(np.array([standings.keeps(epoch) for epoch in standings.scores.epochs]))
        if standings.constraints
        else None,
        "constraints": [str(one) for one in standings.constraints],
    }
