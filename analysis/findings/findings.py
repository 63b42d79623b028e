"""The bounds and the judgement of every place: what takes longest, computed once for page, files and table."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from weakref import WeakKeyDictionary

import pandas as pd

from analysis.findings.bounds import bounds
from analysis.findings.judgement import Judgement, judgements
from analysis.runs.run import Run
from analysis.scores.binning import with_ranges
from analysis.scores.model import Scores


@dataclass(frozen=True)
class Judged:
    """`bounds` is the table of analysis.bounds over `with_ranges`; `places`: (metric, data set, epoch) -> Judgement."""

    bounds: pd.DataFrame
    places: dict[tuple[str, str, int], Judgement]


_KNOWN: WeakKeyDictionary[Scores, Judged] = WeakKeyDictionary()


def _on_one_core(run: Run, scores: Scores, places: dict[tuple[str, str, int], Judgement]) -> pd.DataFrame:
    """Compute the bounds; thousands of small matrices go thrice as fast when no thread waits for another."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return bounds(*with_ranges(run, scores), judged=places)


def judged(run: Run, scores: Scores) -> Judged:
    """Return what is known of the same scores already, or compute it."""
    if scores not in _KNOWN:
        places: dict[tuple[str, str, int], Judgement] = {}
        table = _on_one_core(run, scores, places)
        if not places:  # nothing is swept, so there are no bounds
            every = product(scores.metrics, scores.datasets, scores.epochs)
            places = {one.place: one.judgement() for one in judgements(run, scores, every)}
        _KNOWN[scores] = Judged(table, places)
    return _KNOWN[scores]
