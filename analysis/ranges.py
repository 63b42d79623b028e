"""Numbers that were drawn from a range, put into a few ranges: a bound over one setting each would say nothing."""

from __future__ import annotations

from dataclasses import replace

from analysis.heatmap import LEVELS, levels_of
from analysis.ranking import Scores
from analysis.searched import asked
from analysis.tables import Run

# With this many settings per value, on average, each value keeps a bound of its own.
_SETTINGS = 3


def with_ranges(run: Run, scores: Scores) -> tuple[Run, Scores]:
    """Return run and scores in which such a parameter has ranges ("0.1–0.5") as its values; the same without any.

    Drawn from a range: more than LEVELS numbers in a search that draws, else with fewer than three settings each on
    average.
    """
    labels, levels = {}, {}
    draws = asked(run).draws
    for key, values in run.axes.items():
        if len(values) > LEVELS and (draws or len(scores.settings) < _SETTINGS * len(values)):
            names, codes = levels_of(run, scores, key)
            if names is not None:
                labels[key], levels[key] = tuple(names), codes
    if not labels:
        return run, scores
    settings = tuple(
        replace(setting, parameters=setting.parameters | {key: labels[key][levels[key][i]] for key in labels})
        for i, setting in enumerate(scores.settings)
    )
    return replace(run, axes=run.axes | labels), replace(scores, settings=settings)
