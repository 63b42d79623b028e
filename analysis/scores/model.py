"""Scores as plain data: settings, statistics over seeds, scores."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from analysis.scores.metrics import facts_of
from fusion_core.metrics.facts import BASELINES


def pooled(stats: Stats) -> tuple[np.ndarray, np.ndarray]:
    """Return the standard deviation between seeds, pooled over the last axis (settings), and its degrees of freedom.

    NaN and 0 if no setting has two seeds with a number.
    """
    freedom = np.where(np.isfinite(stats.spread), np.maximum(stats.seeds - 1, 0), 0)
    squares = np.where(freedom > 0, freedom * np.nan_to_num(stats.spread) ** 2, 0)
    total = freedom.sum(axis=-1)
    with np.errstate(invalid="ignore"):
        return np.sqrt(squares.sum(axis=-1) / total), total


@dataclass(frozen=True)
class Setting:
    """One combination of swept values and the trials (one per seed) that ran it."""

    parameters: dict[str, Hashable]
    numbers: tuple[int, ...]
    status: str


@dataclass(frozen=True)
class Stats:
    """Mean, standard deviation within a data set, number of images and of seeds; NaN or 0 where empty."""

    mean: np.ndarray
    std: np.ndarray
    n: np.ndarray
    seeds: np.ndarray
    spread: np.ndarray

    def __getitem__(self, index: Any) -> Stats:
        return Stats(self.mean[index], self.std[index], self.n[index], self.seeds[index], self.spread[index])


@dataclass(frozen=True, eq=False)
class Scores:
    """`trials` is (metric, data set, epoch, setting), `baselines` (metric, data set, fusion); data set 0 is ALL.

    `starts` (metric, data set, start) are the scores of the starts, before training.
    """

    metrics: tuple[str, ...]
    datasets: tuple[str, ...]
    epochs: tuple[int, ...]
    settings: tuple[Setting, ...]
    trials: Stats
    baselines: Stats
    metric: str
    epoch: int
    notes: tuple[str, ...]
    start_ids: tuple[str, ...] = ()
    starts: Stats | None = None

    @cached_property
    def ended_before(self) -> np.ndarray:
        """Which settings were stopped early and have no number at an epoch (epoch, setting)."""
        stopped = np.array(["stopped" in setting.status for setting in self.settings], dtype=bool)
        return ~(self.trials.seeds > 0).any(axis=(0, 1)) & stopped

    @property
    def start_names(self) -> tuple[str, ...]:
        """Names of the starts: with their id if there are several."""
        return ("start",) if len(self.start_ids) == 1 else tuple(f"start {one}" for one in self.start_ids)

    @property
    def start_means(self) -> np.ndarray:
        """Return (metric, data set, start), of width 0 if there is no start."""
        return np.zeros((len(self.metrics), len(self.datasets), 0)) if self.starts is None else self.starts.mean

    def best_start(self, metric: str, dataset: str) -> int | None:
        """Return the best start at a place; None if none has a number."""
        sign = facts_of(metric).sign
        values = sign * self.start_means[self.metrics.index(metric), self.datasets.index(dataset)]
        return int(np.nanargmax(values)) if np.isfinite(values).any() else None

    def of(self, settings: np.ndarray) -> Scores:
        """Return the scores of some of the settings, by their indices."""
        some = tuple(self.settings[i] for i in settings)
        return replace(self, settings=some, trials=self.trials[..., np.asarray(settings, dtype=int)])

    def ranking(self, metric: str, dataset: str, epoch: int) -> pd.DataFrame:
        """Return settings, starts and baselines, best first, NaN last; `rank` counts the settings alone.

        `setting` is the index of a setting, -1 for the others.
        """
        m, d, e = self.metrics.index(metric), self.datasets.index(dataset), self.epochs.index(epoch)
        rows: list[dict[str, Any]] = []
        parts: list[tuple[Stats, Sequence[str] | None]] = [(self.trials[m, d, e], None)]
        parts += [(self.starts[m, d], self.start_names)] if self.starts is not None else []
        for stats, names in (*parts, (self.baselines[m, d], list(BASELINES.values()))):
            for i in range(len(stats.mean)):
                setting = self.settings[i] if names is None else None
                rows.append({
                    "baseline": names[i] if names else "",
                    "setting": i if setting else -1,
                    "numbers": setting.numbers if setting else (),
                    "parameters": setting.parameters if setting else {},
                    "status": setting.status if setting else "baseline",
                    "value": stats.mean[i], "std": stats.std[i], "n": int(stats.n[i]),
                    "seeds": int(stats.seeds[i]), "spread": stats.spread[i],
                })  # fmt: skip
        table = pd.DataFrame(rows)
        table = table.sort_values("value", ascending=not facts_of(metric).higher_is_better, kind="stable")
        scored = (table["baseline"] == "") & table["value"].notna()
        table["rank"] = scored.cumsum().where(scored)
        return table.reset_index(drop=True)


def shown(scores: Scores) -> slice:
    """Return which of the data sets of `scores` the page has: all, except the mean over a single one."""
    return slice(1 if len(scores.datasets) == 2 else 0, None)
