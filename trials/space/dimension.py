"""One dimension of a space: a range or a list of choices."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from trials.document.yaml_reader import is_number
from trials.spec.search import AxisValue, Choices, Range

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


KIND = "recipe.kind"
MOST_SAID = 6
DIGITS = 4
"""Digits of a drawn number, counted from where the ends of its range differ: as many as a paper prints, so that what is
printed can be run again."""


@dataclass(frozen=True)
class Dimension:
    """One swept field: `values` to choose from, or numbers from `low` to `high`.

    `kinds` are the recipes whose trials have it; None: all. Samplers see numbers of `values` by their index, so that
    neighbours stay neighbours, and words as they are.
    """

    name: str
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    step: float | None = None
    whole: bool = False
    values: tuple[AxisValue, ...] | None = None
    kinds: tuple[str, ...] | None = None

    @classmethod
    def of(
        cls, name: str, given: Range | Choices, *, whole: bool = False, kinds: tuple[str, ...] | None = None
    ) -> Dimension:
        """Return the dimension of a field; `whole` if it takes only whole numbers."""
        if isinstance(given, Choices):
            ordered = all(map(is_number, given.choices))
            return cls(name, values=tuple(sorted(given.choices) if ordered else given.choices), kinds=kinds)
        return cls(name, given.low, given.high, given.log, given.step, whole, None, kinds)

    def __str__(self) -> str:
        """Say its values: `1 to 64 (log)`, `2, 32 or 90`."""
        if self.values is None:
            how = ", ".join(
                word for word, is_set in (("log", self.log), (f"step {self.step or 0:g}", self.step)) if is_set
            )
            return f"{self.low:g} to {self.high:g}{f' ({how})' if how else ''}"
        if len(self.values) > MOST_SAID:
            return f"one of {len(self.values)} values from {self.values[0]} to {self.values[-1]}"
        *some, last = map(str, self.values)
        return f"{', '.join(some)} or {last}" if some else last

    @property
    def words(self) -> bool:
        """Whether its values have no order."""
        return self.values is not None and not all(map(is_number, self.values))

    @cached_property
    def distribution(self) -> BaseDistribution:
        """Return what Optuna draws it from."""
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        if self.values is not None:
            return CategoricalDistribution(self.values) if self.words else IntDistribution(0, len(self.values) - 1)
        if self.whole:
            return IntDistribution(int(self.low), int(self.high), self.log, int(self.step or 1))
        return FloatDistribution(self.low, self.high, self.log, self.step)

    @property
    def size(self) -> int | None:
        """How many values it has; None for a continuous range."""
        if self.values is not None:
            return len(self.values)
        step = self.step or (1.0 if self.whole else None)
        return None if step is None else math.floor((self.high - self.low) / step + 1e-9) + 1

    @property
    def all(self) -> Iterator[AxisValue]:
        """Yield its values, if they can be counted."""
        assert self.size is not None
        yield from (self.value(self.low + i * (self.step or 1.0)) if self.values is None else self.values[i]
                    for i in range(self.size))  # fmt: skip

    @property
    def ends(self) -> tuple[AxisValue, ...]:
        """Return its lowest and highest value, or all that may be chosen."""
        return self.values or (self.value(self.low), self.value(self.high))

    def value(self, drawn: Any) -> AxisValue:
        """Return the trial's value for a sampler's value."""
        if self.values is not None:
            chosen: AxisValue = drawn if self.words else self.values[int(drawn)]
            return chosen
        if self.whole:
            whole: int = round(drawn)
            return whole
        if self.step is not None:
            # As it would be written: 0.3, not 0.1 + 2 * 0.1.
            steps = round((drawn - self.low) / self.step)
            value = float(Fraction(str(self.low)) + steps * Fraction(str(self.step)))
        else:
            value = float(f"{drawn:.{self._digits}g}")
        return min(max(value, self.low), self.high)

    @cached_property
    def _digits(self) -> int:
        alike = max(abs(self.low), abs(self.high)) / (self.high - self.low)
        return min(DIGITS + max(0, math.floor(math.log10(alike))), 17)

    def drawn(self, value: Any) -> Any:
        """Return the sampler's value for a trial's value."""
        if self.values is not None:
            return value if self.words else self.values.index(value)
        if self.step is None or self.whole:
            return value
        return self.low + round((value - self.low) / self.step) * self.step

    def holds(self, value: Any) -> bool:
        """Return whether a trial of this search may have the value."""
        if self.values is not None:
            return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in self.values)
        if not is_number(value) or not self.low <= value <= self.high:
            return False
        if not self.whole and self.step is None:
            return True
        steps = (value - self.low) / (self.step or 1.0)
        return abs(steps - round(steps)) < 1e-6

    def own(self, value: Any) -> AxisValue:
        """Return a value as the dimension writes it: 16 for 16.0."""
        if self.values is not None:
            return self.values[self.values.index(value)]
        return int(value) if self.whole else float(value)

    def distance(self, a: Any, b: Any) -> float:
        """Return how far apart two of its values are, 0 to 1: as a share of the places, or of the range, between."""
        if a == b:
            return 0.0
        if self.words:
            return 1.0
        if self.values is not None:
            return abs(self.values.index(a) - self.values.index(b)) / (len(self.values) - 1)
        scale: Callable[[float], float] = math.log if self.log else float
        return abs(scale(a) - scale(b)) / (scale(self.high) - scale(self.low))

    def at(self, share: float) -> AxisValue:
        """Return the value at a share of the way through it, 0 to below 1."""
        if (size := self.size) is not None and not self.log:
            place = min(int(share * size), size - 1)
            return self.values[place] if self.values is not None else self.value(self.low + place * (self.step or 1.0))
        if self.log:
            low, high = (self.low - 0.5, self.high + 0.5) if self.whole else (self.low, self.high)
            found = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
            return self.value(min(max(found, self.low), self.high))
        return self.value(self.low + share * (self.high - self.low))
