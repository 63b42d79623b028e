"""Reward weights that are swept: points of a simplex, or a grid of which only different ratios count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

from fusion_core.config import TrialConfig
from trials.spec.identity import ratios
from trials.spec.simplex import WEIGHTS, WEIGHTS_PREFIX, Simplex


@dataclass(frozen=True)
class Ratios:
    """The combinations of the axes of reward weights that are run: the first of each ratio."""

    axes: tuple[str, ...]
    kept: frozenset[tuple[float, ...]]
    combinations: int
    zero: int

    def keeps(self, parameters: Mapping[str, Any]) -> bool:
        """Return whether a combination of all axes is run."""
        return not self.axes or tuple(parameters[axis] for axis in self.axes) in self.kept

    @property
    def note(self) -> str | None:
        """Say what is left out, and why; None if nothing is."""
        left_out = self.combinations - len(self.kept)
        if not left_out:
            return None
        repeated = left_out - self.zero
        reasons = [f"{repeated} repeat another's ratio, and only ratios decide what is learned"] if repeated else []
        reasons += [f"{self.zero} {'has' if self.zero == 1 else 'have'} no weight above 0"] if self.zero else []
        return f"{left_out} of {self.combinations} combinations of {WEIGHTS} are left out: {'; '.join(reasons)}"


def distinct_ratios(grid: Mapping[str, tuple[Any, ...]], shared: TrialConfig) -> Ratios:
    """Return which combinations of the grid's reward weights differ; `shared` has the weights that are not axes.

    They differ by ratio, unless the size of its rewards matters to a recipe of the sweep: then by value.
    """
    axes = tuple((axis, tuple(values)) for axis, values in grid.items() if axis.startswith(WEIGHTS_PREFIX))
    by_value = {"recipe.advantage": "center", "recipe.control": "direct"}
    swept = any(value in grid.get(axis, ()) for axis, value in by_value.items())
    by_ratio = not swept and getattr(shared.recipe, "scale_free", True)
    return _distinct(axes, tuple(shared.reward.weights.items()), by_ratio)


@cache
def _distinct(
    axes: tuple[tuple[str, tuple[float, ...]], ...], shared: tuple[tuple[str, float], ...], by_ratio: bool
) -> Ratios:
    names = [axis.removeprefix(WEIGHTS_PREFIX) for axis, _ in axes]
    first: dict[frozenset[tuple[str, float]], tuple[float, ...]] = {}
    combinations = zero = 0
    for values in product(*(values for _, values in axes)):
        combinations += 1
        weights = {**dict(shared), **dict(zip(names, values, strict=True))}
        if not any(weight > 0 for weight in weights.values()):
            zero += 1
            continue
        first.setdefault(frozenset((ratios(weights) if by_ratio else weights).items()), values)
    return Ratios(tuple(axis for axis, _ in axes), frozenset(first.values()), combinations, zero)


def with_simplex(trial: TrialConfig, simplex: dict[str, Simplex]) -> TrialConfig:
    """Return the trial with the weights of the simplex's metrics in place of the default ones."""
    if not simplex:
        return trial
    reward = trial.reward.model_copy(update={"weights": dict.fromkeys(simplex[WEIGHTS].of, 1.0)})
    return trial.model_copy(update={"reward": reward})
