"""A run as tables."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from trials.document.yaml_reader import is_number
from trials.spec.sweep import RankBy


@dataclass(frozen=True)
class Run:
    """The newest cohort of a results table. `axes`: dotted parameter -> its values, numbers in rising order.

    `trials["recipe"]` is the kind of recipe. `beside` is another run to draw on the same axes. `confirming` has the
    trials that ran settings again with fresh seeds, not contained in `trials`.
    """

    path: Path
    name: str
    axes: dict[str, tuple[Hashable, ...]]
    trials: pd.DataFrame
    metrics: pd.DataFrame
    training: pd.DataFrame
    baselines: pd.DataFrame
    datasets: pd.DataFrame
    provenance: pd.DataFrame
    record: dict[str, Any]
    rank_by: RankBy
    notes: tuple[str, ...]
    beside: Run | None = None
    confirming: Run | None = None

    @property
    def every_trial(self) -> pd.DataFrame:
        """The trials with the confirming ones, by number."""
        if self.confirming is None:
            return self.trials
        return pd.concat([self.trials, self.confirming.trials]).sort_values("number", ignore_index=True)


def in_order(values: Sequence[Any]) -> tuple[Hashable, ...]:
    """Return the values once each: numbers in rising order, then words in their order; None, for no value, first."""
    unique = dict.fromkeys(values)
    words = [value for value in unique if value is not None and not is_number(value)]
    return *(None for value in unique if value is None), *sorted(filter(is_number, unique)), *words
