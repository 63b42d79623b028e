"""Which parameters decide a metric: shares of variance, and Optuna's importances as a second opinion."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from analysis.runs.run import Run
from analysis.scores.metrics import facts_of
from analysis.scores.model import Scores
from analysis.statistics.anova import Design, along_ranks, shares, varies
from analysis.statistics.importance_evaluators import fanova, ped_anova

# Minimum number of settings with a number for an importance.
LEAST = 4
# A number with more values than this, or with another one in most settings, was drawn from a range.
_MANY = 12
_SAMPLE = 2000
_SEED = 0


@dataclass(frozen=True)
class Shares:
    """Share of the variance between settings that parameters explain, in [0, 1]; NaN where undefined.

    `main` is (metric, data set, epoch, parameter), `pair` the same per pair: what two explain together beyond what each
    explains alone. `exact`: every place that has numbers is a complete grid; else some are least-squares fits:
    `complete`, of shape (metric, data set, epoch), says which are none, and `ranked` which are fits along the ranks of
    numbers, because settings are few. `settings` counts the numbers of each place.
    """

    parameters: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    main: np.ndarray
    pair: np.ndarray
    exact: bool
    complete: np.ndarray
    settings: np.ndarray
    ranked: np.ndarray


def too_few(settings: int, what: str) -> str:
    """Return why settings that differ have no shares; the page's figure uses the same words."""
    return f"{settings} configurations are too few to separate the {what}s"


def variance_shares(run: Run, scores: Scores) -> Shares:
    """Decompose the variance of every metric, data set and epoch; parameters of one value in the sweep are left out.

    NaN: a constant metric, a parameter that does not vary there, a pair for which there are too few settings.
    """
    parameters = _varied(run)
    pairs = tuple(combinations(parameters, 2))
    design = design_of(scores, parameters)
    places = scores.trials.mean.shape[:3]
    values = scores.trials.mean.reshape(int(np.prod(places)), len(scores.settings)).T
    there = np.isfinite(values)
    main = np.full((len(parameters), values.shape[1]), np.nan)
    pair = np.full((len(pairs), values.shape[1]), np.nan)
    complete, ranked = np.zeros((2, values.shape[1]), dtype=bool)
    # All places that miss the same settings are decomposed at once.
    masks, mask_of = np.unique(there, axis=1, return_inverse=True)
    for number, mask in enumerate(masks.T):
        columns = np.flatnonzero(mask_of.reshape(-1) == number)
        here = design.at(mask)
        complete[columns] = here.complete
        varied = np.flatnonzero(here.levels > 1)
        if len(varied):
            here = here.of(varied)
            ranked[columns] = along_ranks(here)
            main[np.ix_(varied, columns)], together = shares(values[np.ix_(mask, columns)], here)
            kept = [pairs.index((parameters[i], parameters[j])) for i, j in combinations(varied, 2)]
            pair[np.ix_(np.array(kept, dtype=int), columns)] = together
    return Shares(
        parameters, pairs, main.T.reshape(*places, len(parameters)), pair.T.reshape(*places, len(pairs)),
        bool(complete[there.any(axis=0)].all()), complete.reshape(places), there.sum(axis=0).reshape(places),
        ranked.reshape(places),
    )  # fmt: skip


def design_of(scores: Scores, parameters: tuple[str, ...]) -> Design:
    """Return which levels the settings have of these parameters; one that a setting lacks is the lowest level."""
    values = [[setting.parameters.get(key) for setting in scores.settings] for key in parameters]
    codes = np.zeros((len(scores.settings), len(parameters)), dtype=int)
    searched = np.zeros(len(parameters), dtype=bool)
    for p, column in enumerate(values):
        levels = {value: place for place, value in enumerate(sorted(set(column), key=_order))}
        codes[:, p] = [levels[value] for value in column]
        searched[p] = len(levels) > min(_MANY, len(codes) / 2) and all(_order(value)[0] < 2 for value in levels)
    missing = np.array([[value is None for value in column] for column in values], dtype=bool)
    numbers = np.array([all(_order(value)[0] == 1 for value in column) for column in values], dtype=bool)
    return Design(codes, missing.reshape(codes.shape[::-1]).T, searched, numbers)


def _order(value: Hashable) -> tuple[int, float, str]:
    if value is None:
        return 0, 0.0, ""
    return (1, float(value), "") if isinstance(value, int | float) else (2, 0.0, str(value))


def _varied(run: Run) -> tuple[str, ...]:
    return tuple(key for key, values in run.axes.items() if len(values) > 1)


def optuna_importance(run: Run, scores: Scores, metric: str, dataset: str, epoch: int) -> pd.DataFrame:
    """Return a row per parameter: parameter, fanova, ped_anova, settings (that have a number), used (of those).

    `fanova`: the share of variance that a random forest gives to the parameter alone, in [0, 1]. `ped_anova`: how much
    it decides whether a setting is among the best tenth (five at least), as shares of 1. NaN for fewer than LEAST
    settings, a constant metric, or a parameter that does not vary among them.
    """
    parameters = _varied(run)
    values = scores.trials.mean[scores.metrics.index(metric), scores.datasets.index(dataset)]
    values = values[scores.epochs.index(epoch)]
    there = np.flatnonzero(np.isfinite(values))
    design = design_of(scores, parameters)
    chosen = _sample(there, design.codes)
    table = pd.DataFrame({"parameter": parameters, "fanova": np.nan, "ped_anova": np.nan})
    table["settings"], table["used"] = len(there), len(chosen)
    if len(chosen) < LEAST or not varies(values[chosen, None]).all():
        return table
    design = design.at(chosen)
    higher = facts_of(metric).higher_is_better
    measured = values[chosen]
    for name, found in (("fanova", fanova(measured, design)), ("ped_anova", ped_anova(measured, design, higher))):
        table[name] = [found.get(p, np.nan) for p in range(len(parameters))]
    return table


def _sample(there: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return up to _SAMPLE settings in the order of their levels: the same ones whatever the order of the trials."""
    ordered = there[np.lexsort(codes[there].T[::-1])] if codes.shape[1] else there
    if len(ordered) <= _SAMPLE:
        return ordered
    return ordered[np.sort(np.random.default_rng(_SEED).choice(len(ordered), _SAMPLE, replace=False))]
