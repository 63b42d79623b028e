"""The `simplex` section: weights that sum to one, on a regular grid."""

from __future__ import annotations

from collections.abc import Iterator
from math import comb
from typing import Annotated, Any

from pydantic import Field

from fusion_core.config import Count, Frozen

WEIGHTS = "reward.weights"
WEIGHTS_PREFIX = f"{WEIGHTS}."


class Simplex(Frozen):
    """Every combination of the weights of these metrics in steps of 1 / `steps` that sums to 1."""

    of: Annotated[tuple[str, ...], Field(min_length=1)]
    steps: Count

    @property
    def size(self) -> int:
        """How many points it has."""
        return comb(self.steps + len(self.of) - 1, len(self.of) - 1)

    def points(self) -> Iterator[dict[str, Any]]:
        """Yield the weights by dotted path, from all on the first metric to all on the last."""
        for counts in _sharings(self.steps, len(self.of)):
            yield {f"{WEIGHTS_PREFIX}{name}": count / self.steps for name, count in zip(self.of, counts, strict=True)}

    def corners(self) -> Iterator[dict[str, Any]]:
        """Yield the points that have all on one metric."""
        for chosen in self.of:
            yield {f"{WEIGHTS_PREFIX}{name}": float(name == chosen) for name in self.of}


def _sharings(whole: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Yield every way to share `whole` out, the first part from most to least."""
    if parts == 1:
        yield (whole,)
        return
    for first in range(whole, -1, -1):
        for rest in _sharings(whole - first, parts - 1):
            yield first, *rest
