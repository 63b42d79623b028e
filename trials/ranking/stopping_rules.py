"""When a trial ends before its last epoch: pure functions of the scores that trials have had so far.

The table alone decides, so a sweep that is killed stops the same trials when it goes on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median

from trials.spec.search import StopEarly

FEWEST = 5
"""As many others must have come to an epoch before their median says anything."""
Curve = Mapping[int, float]
"""Score by epoch; higher is better."""


def rungs(rule: StopEarly, epochs: int) -> Sequence[int]:
    """Return the epochs at which trials are judged; the last is none, since there is nothing left to save."""
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

    `others` are the trials that have reported so far, in any order; those that have not come to this epoch say nothing.
    A score that is no number is worse than any.
    """
    if epoch not in rungs(rule, epochs):
        return False
    reached = [_number(curve[epoch]) for curve in others if epoch in curve]
    score = _number(own[epoch])
    if rule.kind == "median":
        return len(reached) >= FEWEST and score < median(reached)
    # The trial itself is one of them, so that the first goes on whatever it has.
    better = sum(one > score for one in reached)
    return better >= max(1, (len(reached) + 1) // rule.reduction)


def _number(value: float) -> float:
    return -math.inf if math.isnan(value) else value
