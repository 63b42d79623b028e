"""What a search may try: its dimensions, as a sampler sees them and as a trial takes them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

from trials.space.dimension import KIND, Dimension
from trials.spec.labels import short_names
from trials.spec.search import AxisValue

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import Trial


@dataclass(frozen=True)
class Space:
    """The dimensions of a search; those that others depend on come first. `kind` is the recipe's, if fixed."""

    dimensions: tuple[Dimension, ...]
    kind: str

    def __str__(self) -> str:
        """Say its dimensions: `max_ratio 1 to 64 (log), grad_ratio 2 or 90`."""
        names = short_names([one.name for one in self.dimensions])
        return ", ".join(f"{names[one.name]} {one}" for one in self.dimensions)

    def active(self, parameters: Mapping[str, Any]) -> list[Dimension]:
        """Return the dimensions that a trial of this kind of recipe has."""
        kind = parameters.get(KIND, self.kind)
        return [one for one in self.dimensions if one.kinds is None or kind in one.kinds]

    @cached_property
    def conditional(self) -> list[str]:
        """Return the dimensions that only some trials have."""
        return [one.name for one in self.dimensions if len(self._kinds) > 1 and one.kinds is not None]

    @cached_property
    def names_in_order(self) -> list[str]:
        """Return the dimensions whose values have an order and that all trials have, as CMA-ES needs them."""
        return [
            one.name for one in self.dimensions if not one.words and one.size != 1 and one.name not in self.conditional
        ]

    @cached_property
    def size(self) -> int | None:
        """How many settings there are; None if they are infinite."""
        total = 0
        for kind in self._kinds:
            sizes = [one.size for one in self._of_kind(kind)]
            if None in sizes:
                return None
            total += math.prod(size for size in sizes if size is not None)
        return total

    def all(self) -> Iterator[dict[str, AxisValue]]:
        """Yield every setting, if they can be counted."""
        for kind in self._kinds:
            own = self._of_kind(kind)
            head = {KIND: kind} if self._varies_kind else {}
            for values in product(*(one.all for one in own)):
                yield self._in_order({**head, **dict(zip((one.name for one in own), values, strict=True))})

    def examples(self) -> list[dict[str, AxisValue]]:
        """Return the setting in the middle of each kind, and those with one value of it moved to an end or choice."""
        found: dict[str, dict[str, AxisValue]] = {}
        for kind in self._kinds:
            own = self._of_kind(kind)
            middle = {**({KIND: kind} if self._varies_kind else {}), **{one.name: one.at(0.5) for one in own}}
            for setting in (middle, *({**middle, one.name: end} for one in own for end in one.ends)):
                found.setdefault(repr(setting), self._in_order(setting))
        return list(found.values())

    def suggested(self, trial: Trial) -> dict[str, AxisValue]:
        """Return the setting that a sampler gives a trial of its study."""
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        found: dict[str, AxisValue] = {}
        for one in sorted(self.dimensions, key=lambda one: one.name != KIND):
            if one not in self.active(found):
                continue
            match one.distribution:
                case CategoricalDistribution() as own:
                    drawn: Any = trial.suggest_categorical(one.name, own.choices)
                case IntDistribution() as own:
                    drawn = trial.suggest_int(one.name, own.low, own.high, step=own.step, log=own.log)
                case FloatDistribution() as own:
                    drawn = trial.suggest_float(one.name, own.low, own.high, step=own.step, log=own.log)
            found[one.name] = one.value(drawn)
        return self._in_order(found)

    def at(self, shares: Sequence[float]) -> dict[str, AxisValue]:
        """Return the setting at a point of the unit cube, a share for each dimension."""
        every = {one.name: one.at(float(share)) for one, share in zip(self.dimensions, shares, strict=True)}
        return {one.name: every[one.name] for one in self.active(every)}

    def distance(self, a: Mapping[str, Any], b: Mapping[str, Any]) -> float:
        """Return how far apart two settings are, summed over dimensions; 1 for one that only one of them has."""
        return sum(
            one.distance(a[one.name], b[one.name]) if one.name in a and one.name in b else 1.0
            for one in self.dimensions if one.name in a or one.name in b
        )  # fmt: skip

    def part_of(self, values: Mapping[str, Any]) -> dict[str, AxisValue] | str:
        """Return the setting of a trial with these values, or the first dimension that it lies outside of."""
        found: dict[str, AxisValue] = {}
        for one in self.active(values):
            if not one.holds(values.get(one.name)):
                return one.name
            found[one.name] = one.own(values[one.name])
        return found

    def distributions(self, parameters: Mapping[str, Any]) -> dict[str, BaseDistribution]:
        return {one.name: one.distribution for one in self.active(parameters)}

    def drawn(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the sampler's values for a setting."""
        return {one.name: one.drawn(parameters[one.name]) for one in self.active(parameters)}

    @property
    def _varies_kind(self) -> bool:
        return any(one.name == KIND for one in self.dimensions)

    @cached_property
    def _kinds(self) -> tuple[str, ...]:
        return next((tuple(map(str, one.values or ())) for one in self.dimensions if one.name == KIND), (self.kind,))

    def _of_kind(self, kind: str) -> list[Dimension]:
        return [one for one in self.active({KIND: kind}) if one.name != KIND]

    def _in_order(self, found: Mapping[str, AxisValue]) -> dict[str, AxisValue]:
        return {one.name: found[one.name] for one in self.dimensions if one.name in found}
