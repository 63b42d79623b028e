"""What a setting must keep to: `Nabf <= 0.005` of a metric's mean over the data sets."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from fusion_core.errors import ConfigError, did_you_mean
from fusion_core.metrics.facts import FACTS

_FORM = re.compile(r"\s*(?P<metric>[A-Za-z_][A-Za-z0-9_]*)\s*(?P<sign><=|>=)\s*(?P<bound>[-+0-9.eE]+)\s*")
RULE = "a constraint must be METRIC <= NUMBER or METRIC >= NUMBER, such as Nabf <= 0.005"


@dataclass(frozen=True)
class Constraint:
    """A bound of a metric; `at_most` where it is from above."""

    metric: str
    at_most: bool
    bound: float

    @classmethod
    def parse(cls, text: str) -> Constraint:
        """Read `Nabf <= 0.005`. Raises ConfigError for what is no constraint, or of no known metric."""
        found = _FORM.fullmatch(text)
        try:
            bound = float(found["bound"]) if found else math.nan
        except ValueError:
            bound = math.nan
        if found is None or not math.isfinite(bound):
            raise ConfigError(f"{RULE}, but got {text[:60]!r}")
        if found["metric"] not in FACTS:
            raise ConfigError(
                f"a constraint must name a known metric, but got {found['metric'][:60]!r}."
                f"{did_you_mean(found['metric'], FACTS)}"
            )
        return cls(found["metric"], found["sign"] == "<=", bound)

    def excess(self, value: float) -> float:
        """Return by how much a value breaks it: at most 0 where it holds, infinite where there is no number."""
        if math.isnan(value):
            return math.inf
        return value - self.bound if self.at_most else self.bound - value

    def __str__(self) -> str:
        return f"{self.metric} {'<=' if self.at_most else '>='} {self.bound:g}"
