"""Names of swept parameters on a page, and whether they are weights that depend on each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.formatting import is_number, listed
from analysis.runs.run import Run
from analysis.scores.model import Scores
from trials.spec.labels import REWARD, short_names

LOSS = "loss."
# Tolerance of a sum of weights that were rounded to three digits.
_ROUNDING = 2e-3


def noun(axes: Mapping[str, Sequence[object]]) -> str:
    """Return what the parameters that vary are: weights (reward weights where all are), or parameters in general."""
    varied = [key for key, values in axes.items() if len(values) > 1]
    if varied and all(key.startswith(REWARD) for key in varied):
        return "reward weight"
    return "weight" if all(key.startswith((REWARD, LOSS)) or "." not in key for key in varied) else "parameter"


def mixture(run: Run, scores: Scores) -> tuple[str, ...]:
    """Return the reward weights that vary and have the same sum in every setting, so that none is free; else empty."""
    keys = tuple(key for key, values in run.axes.items() if key.startswith(REWARD) and len(values) > 1)
    rows = [[setting.parameters.get(key) for key in keys] for setting in scores.settings]
    if len(keys) < 2 or not all(is_number(value) for row in rows for value in row):
        return ()
    sums = np.array(rows, dtype=float).sum(axis=1)
    return keys if np.ptp(sums) <= _ROUNDING * np.abs(sums).max() else ()


def mixture_label(run: Run, scores: Scores) -> str:
    """Return the sentence that says what weights of a constant sum mean; empty if there are none."""
    keys = mixture(run, scores)
    names = short_names(list(run.axes))
    if not keys:
        return ""
    total = sum(float(str(scores.settings[0].parameters[key])) for key in keys)
    return (
        f"{listed(names[key] for key in keys)} sum to {total:.3g} in every configuration: raising one lowers "
        "the others, so what one allows or decides is said of its share against the rest."
    )
