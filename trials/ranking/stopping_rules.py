"""Early stopping rules: pure functions of the scores that trials have had so far.

They depend only on the table, so a killed sweep stops the same trials when it is resumed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median

from trials.spec.search import StopEarly

FEWEST = 5
"""Number of other trials that must have reached an epoch before their median counts."""
Curve = Mapping[int, float]
"""Score by epoch; higher is better."""


def rungs(rule: StopEarly, epochs: int) -> Sequence[int]:
    """Return the epochs at which trials are judged; never the last one, where nothing is left to save."""
    if rule.kind == "none":
        return []
    if rule.kind == "median":
        return range(rule.grace_epochs, epochs)
    found, epoch = [], rule.grace_epochs
    while epoch < epochs:
        found.append(epoch)
        epoch *= rule.reduction
    return found


def stops(rule: StopEarly, epochs: int, own: Curve, epoch: int, others: Sequence[Curve]) -> bool:
    """Return whether a trial that has just reported `epoch` of `epochs` ends there.

    `others` are the trials that have reported so far, in any order; those that have not reached this epoch are ignored.
    NaN is worse than any score.
    """
    if epoch not in rungs(rule, epochs):
        return False
    reached = [_number(curve[epoch]) for curve in others if epoch in curve]
    score = _number(own[epoch])
    if rule.kind == "median":
        return len(reached) >= FEWEST and score < median(reached)
    # The trial itself counts, so the first to arrive always continues.
    better = sum(one > score for one in reached)
    return better >= max(1, (len(reached) + 1) // rule.reduction)


def _number(value: float) -> float:
    return -math.inf if math.isnan(value) else value
