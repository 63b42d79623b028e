"""Separates the trials that confirm a search from those it picked from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.runs.run import Run
from analysis.runs.search_record import confirming_seeds


def set_apart(run: Run) -> Run:
    """Return the run of the search's own trials, the confirming ones as its `confirming`; the same run without any."""
    fresh = confirming_seeds(run)
    confirms = run.trials["seed"].isin(fresh)
    if not confirms.any() or confirms.all():
        return run
    return replace(_part(run, ~confirms), confirming=_part(run, confirms))


def _part(run: Run, some: np.ndarray) -> Run:
    trials = run.trials[some].reset_index(drop=True)
    ids = set(trials["id"])
    metrics, training = (
        frame[frame["trial"].isin(ids)].reset_index(drop=True) for frame in (run.metrics, run.training)
    )
    return replace(run, trials=trials, metrics=metrics, training=training)
