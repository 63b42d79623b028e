"""Which metrics a run has, and their facts."""

from __future__ import annotations

import numpy as np

from fusion_core.metrics.facts import FACTS, OPTIONAL, MetricFacts

ALL = "weighted mean"
START = "start:"
KNOWN = {**FACTS, **OPTIONAL}
SCORE = "Score (reference)"
SCORE_PARTS = {"VIF": 1.0, "Qabf": 1.5, "SSIM": 1.0, "MI": 0.2}
_SCORE_FACTS = MetricFacts(SCORE, "Score of the reference's figure", True, -np.inf, np.inf,
                           "(VIF + 1.5 Qabf + SSIM + MI / 5) / 4, from the means")  # fmt: skip


def facts_of(metric: str) -> MetricFacts:
    """Return a metric's direction and meaning, the reference's score included."""
    return _SCORE_FACTS if metric == SCORE else KNOWN[metric]
