"""The initial checkpoints that trials began from."""

from __future__ import annotations

import numpy as np

from analysis.runs.run import Run
from analysis.scores.metrics import ALL
from analysis.scores.model import Scores

# Recipes that learn from no reward.
_OTHERS = ("supervised", "arithmetic")


def learns_from_reward(run: Run, scores: Scores) -> np.ndarray:
    """Return which settings learn from a reward, (settings,)."""
    if "recipe" not in run.trials:
        return np.zeros(len(scores.settings), dtype=bool)
    kinds = zip(run.trials["number"], run.trials["recipe"], strict=True)
    rewarded = {number for number, kind in kinds if kind not in _OTHERS}
    return np.array([setting.numbers[0] in rewarded for setting in scores.settings], dtype=bool)


def whole(scores: Scores) -> str:
    """Return the data set for a sentence about all of them."""
    return scores.datasets[1] if len(scores.datasets) == 2 else ALL
