"""Optuna's importance evaluators, asked about a table of settings; parameters go by their column."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from analysis.statistics.anova import Design

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution


_TREES = 16
_SEED = 0
# A tree that is cut at a thousand ranks takes minutes to read.
_PLACES = 12
# PED-ANOVA asks what the best tenth has in common; its authors want five of them at least.
_BEST, _FEW = 0.1, 5


def fanova(values: np.ndarray, design: Design) -> dict[int, float]:
    """Return the share of variance of each parameter alone, from a forest that sees a level as its place among them.

    The forest weighs a level by the width that it has in the range. In its place each has the same width; by value,
    40 of (4, 10, 16, 40) would have a third of the range, and as one-hot columns the levels would be weighed together
    with combinations of them that no setting can have.
    """
    from optuna.distributions import FloatDistribution
    from optuna.importance import FanovaImportanceEvaluator

    places = np.where(design.searched, design.codes * _PLACES // design.levels, design.codes)
    kinds: dict[str, BaseDistribution] = {
        str(p): FloatDistribution(-0.5, float(places[:, p].max()) + 0.5) for p in np.flatnonzero(design.levels > 1)
    }
    rows = [{name: row[int(name)] for name in kinds} for row in places.tolist()]
    # A forest takes values that differ by less than 1e-8, as those of Nabf do, for equal ones.
    study = _study(rows, (values - values.mean()) / values.std(), kinds)
    try:
        found = FanovaImportanceEvaluator(n_trees=_TREES, seed=_SEED).evaluate(study)
    except RuntimeError:
        # No tree drew the few settings that differ from the others.
        return {}
    return {int(name): share for name, share in found.items()}


def ped_anova(values: np.ndarray, design: Design, higher: bool) -> dict[int, float]:
    """Return what decides whether a setting is among the best, as shares of 1: levels are categories, ranks numbers.

    A kernel over the places of four levels would be all edge. Empty where the best cannot be told from the rest.
    """
    from optuna.distributions import CategoricalDistribution, FloatDistribution
    from optuna.importance import PedAnovaImportanceEvaluator

    kinds: dict[str, BaseDistribution] = {}
    for p in np.flatnonzero(design.levels > 1).tolist():
        levels = int(design.levels[p])
        kinds[str(p)] = (
            FloatDistribution(0, levels - 1) if design.searched[p] else CategoricalDistribution(range(levels))
        )
    rows = [
        {name: row[int(name)] for name in kinds if not lacks[int(name)]}
        for row, lacks in zip(design.codes.tolist(), design.missing.tolist(), strict=True)
    ]
    share = min(0.5, max(_BEST, _FEW / len(values)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        evaluator = PedAnovaImportanceEvaluator(target_quantile=share)
        found = evaluator.evaluate(_study(rows, -values if higher else values, kinds))
    total = sum(found.values())
    return {int(name): value / total for name, value in found.items()} if total > 0 else {}


def _study(rows: list[dict[str, int]], values: np.ndarray, kinds: dict[str, BaseDistribution]) -> Study:
    """Return a study in memory that minimizes the values; it says nothing of itself."""
    from optuna import create_study, create_trial, logging

    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    study = create_study(direction="minimize")
    logging.set_verbosity(before)
    for row, value in zip(rows, values.tolist(), strict=True):
        study.add_trial(create_trial(params=row, distributions={name: kinds[name] for name in row}, value=value))
    return study
