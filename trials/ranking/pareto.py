"""Which settings of a search are best: those that keep to its constraints first, by front, then by the first metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from trials.ranking.objective import Objective
from trials.ranking.outcome import Outcome

Setting = TypeVar("Setting")


def feasible(outcome: Outcome) -> bool:
    """Return whether a setting keeps to every constraint."""
    return all(excess <= 0 for excess in outcome.excess.values())


def ranked(settings: Sequence[tuple[Setting, Outcome]], objective: Objective) -> list[Setting]:
    """Return the settings that have values, best first; equal ones in their order.

    What breaks a constraint comes after what keeps to all, by how much it does. Of several objectives, what fewer
    others beat in all of them comes first (Fonseca and Fleming 1993); then the first objective decides.
    """
    complete = [(setting, outcome) for setting, outcome in settings if outcome.values is not None]
    kept = [one for one in complete if feasible(one[1])]
    broken = sorted((one for one in complete if not feasible(one[1])), key=lambda one: _excess(one[1]))
    gains = np.array([objective.gains(outcome) for _, outcome in kept]).reshape(len(kept), len(objective.metrics))
    beaten = beaten_by(gains)
    order = sorted(range(len(kept)), key=lambda i: (beaten[i], -gains[i, 0], i))
    return [kept[i][0] for i in order] + [setting for setting, _ in broken]


def beaten_by(gains: np.ndarray) -> np.ndarray:
    """Return for each row of (settings, objectives) how many others are as good in all and better in one; 0: none."""
    return np.array([((gains >= one).all(axis=1) & (gains > one).any(axis=1)).sum() for one in gains], dtype=int)


def _excess(outcome: Outcome) -> float:
    return sum(max(excess, 0.0) for excess in outcome.excess.values())
