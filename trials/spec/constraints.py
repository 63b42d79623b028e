"""Constraints of a search: `Nabf <= 0.005` on a metric's mean over the data sets."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from fusion_core.errors import ConfigError, did_you_mean
from fusion_core.metrics.facts import FACTS

_FORM = re.compile(r"\s*(?P<metric>[A-Za-z_][A-Za-z0-9_]*)\s*(?P<sign><=|>=)\s*(?P<bound>[-+0-9.eE]+)\s*")
RULE = "must be METRIC <= NUMBER or METRIC >= NUMBER, such as Nabf <= 0.005"


@dataclass(frozen=True)
class Constraint:
    """A bound of a metric; `at_most` if it is an upper one."""

    metric: str
    at_most: bool
    bound: float

    @classmethod
    def parse(cls, text: str, name: str = "a constraint") -> Constraint:
        """Read `Nabf <= 0.005`. Raises ConfigError for bad syntax, an unknown metric, or an impossible bound."""
        found = _FORM.fullmatch(text)
        try:
            bound = float(found["bound"]) if found else math.nan
        except ValueError:
            bound = math.nan
        if found is None or not math.isfinite(bound):
            raise ConfigError(f"{name} {RULE}, but got {text[:60]!r}")
        metric = found["metric"]
        if metric not in FACTS:
            raise ConfigError(f"{name} must name a known metric, but got {metric[:60]!r}.{did_you_mean(metric, FACTS)}")
        if not FACTS[metric].low <= bound <= FACTS[metric].high:
            range_of = f"{FACTS[metric].low:g} to {FACTS[metric].high:g}"
            raise ConfigError(
                f"{name} must bound {metric} by a number that it can have ({range_of}), but got {text[:60]!r}"
            )
        return cls(metric, found["sign"] == "<=", bound)

    def excess(self, value: float) -> float:
        """Return by how much a value breaks it: at most 0 if it holds, infinite without a number."""
        if math.isnan(value):
            return math.inf
        return value - self.bound if self.at_most else self.bound - value

    def __str__(self) -> str:
        return f"{self.metric} {'<=' if self.at_most else '>='} {self.bound:g}"


def exclude_one_another(one: Constraint, other: Constraint) -> bool:
    """Return whether no value satisfies both."""
    if one.metric != other.metric or one.at_most == other.at_most:
        return False
    most, least = (one, other) if one.at_most else (other, one)
    return most.bound < least.bound
