"""Points that fill the space evenly: a scrambled Sobol sequence, by scipy (Sobol 1967, Owen 1998)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

from trials.space.space import Space


class SobolSampler(BaseSampler):
    """Gives the point of one draw. Optuna's own draws its first at random and ignores the order of values."""

    def __init__(self, space: Space, seed: int, draw: int) -> None:
        self.space = space
        self.seed = seed
        self.draw = draw

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: Mapping[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Return a dimension's value at this draw's point."""
        place = [one.name for one in self.space.dimensions].index(param_name)
        dimension = self.space.dimensions[place]
        return dimension.drawn(dimension.at(float(self._point[place])))

    @cached_property
    def _point(self) -> np.ndarray:
        from scipy.stats.qmc import Sobol

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of counts that are not a power of two
            engine = Sobol(len(self.space.dimensions), scramble=True, rng=self.seed)
            return np.asarray((engine.fast_forward(self.draw) if self.draw else engine).random(1)[0])
