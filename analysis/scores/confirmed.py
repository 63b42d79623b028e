"""Trials that ran the best settings again with fresh seeds, apart from the search that picked them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.runs.run import Run
from analysis.scores.model import Scores
from analysis.scores.score import score


@dataclass(frozen=True, eq=False)
class Confirmed:
    """The confirming trials as a run of their own. `scores` are at the metrics, data sets and epochs of the search's,
    `at` has the index of each of their settings among the search's settings."""

    run: Run
    scores: Scores
    at: np.ndarray


def confirmed(run: Run, scores: Scores) -> Confirmed | None:
    """Return the scores of the confirming trials of the settings of `scores`, None if there are none."""
    if run.confirming is None or not scores.metrics:
        return None
    own = score(run.confirming, like=scores)
    place = {tuple(setting.parameters.items()): i for i, setting in enumerate(scores.settings)}
    at = np.array([place.get(tuple(setting.parameters.items()), -1) for setting in own.settings], dtype=int)
    known = np.flatnonzero(at >= 0)
    return Confirmed(run.confirming, own.of(known), at[known])


def repeated(scores: Scores, again: Confirmed | None) -> Scores:
    """Return the scores that show the effect of seeds: of the confirming trials, if the search had one seed."""
    return scores if again is None or (scores.trials.seeds > 1).any() else again.scores
