"""Bins numbers that were drawn from a range: a bound over a single setting would be meaningless."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import numpy as np

from analysis.runs.run import Run
from analysis.runs.search_record import asked
from analysis.scores.model import Scores

# A heatmap has a row per value up to this many; beyond, numbers are put into BINS ranges with about as many settings.
LEVELS, BINS = 12, 8
# With this many settings per value, on average, each value keeps a bound of its own.
_SETTINGS = 3


def binned(values: tuple[Hashable, ...], counts: list[int]) -> tuple[list[str], list[int]] | None:
    """Return labels of ranges and the range of each value, or None if each value can have a row of its own.

    `counts`: how many settings have each value. Only numbers are binned; `values` are in rising order, after None if
    some settings lack the parameter.
    """
    if values and values[0] is None:
        found = binned(values[1:], counts[1:])
        return None if found is None else (["none", *found[0]], [0, *(1 + place for place in found[1])])
    if len(values) <= LEVELS or not all(isinstance(x, int | float) and not isinstance(x, bool) for x in values):
        return None
    numbers = [float(x) for x in values if isinstance(x, int | float)]
    before = np.cumsum([0, *counts[:-1]]) + np.asarray(counts) / 2
    bins = np.minimum((before / max(sum(counts), 1) * BINS).astype(int), BINS - 1)
    _, places = np.unique(bins, return_inverse=True)
    ranges = [[x for x, place in zip(numbers, places, strict=True) if place == k] for k in range(places.max() + 1)]
    return [f"{some[0]:.3g}–{some[-1]:.3g}" if len(some) > 1 else f"{some[0]:.3g}" for some in ranges], places.tolist()


def levels_of(run: Run, scores: Scores, key: str) -> tuple[list[str] | None, np.ndarray]:
    """Return the labels of a parameter's ranges (None: its values themselves) and each setting's level."""
    values = run.axes[key]
    place = {value: i for i, value in enumerate(values)}
    codes = np.array([place[setting.parameters[key]] for setting in scores.settings], dtype=int)
    found = binned(values, np.bincount(codes, minlength=len(values)).tolist())
    return (None, codes) if found is None else (found[0], np.asarray(found[1])[codes])


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
