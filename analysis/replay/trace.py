"""Result and cost of one repeat of a search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

WITHIN = 0.25
"""Share of the grid's cost that searches are judged at."""


@dataclass(frozen=True, eq=False)
class Trace:
    """One repeat. `seconds` are those spent after each trained epoch (NaN where none were recorded).

    `hits` are the epochs spent when a trial reached the ranked epoch, `gains` its score, higher is better. `tried`
    settings were begun; `full` says how many epochs they would all have taken. `asking`: processor time of the sampler.
    """

    seconds: np.ndarray
    hits: np.ndarray
    gains: np.ndarray
    tried: int
    full: int
    asking: float

    @property
    def spent(self) -> int:
        """Epochs trained."""
        return len(self.seconds)
