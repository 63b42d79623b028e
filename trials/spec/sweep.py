"""The sweep file as frozen values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from fusion_core.config import Frozen, NonNegative, Positive, TrialConfig
from trials.spec.search import AxisValue, Confirm, Given, Runs, SearchConfig, Seed, StopEarly
from trials.spec.simplex import Simplex

BEST = ":best"
"""Suffix of a run folder in `start`: its best trial's checkpoint."""


class RankBy(Frozen):
    """How trials are ranked: the weighted mean of a metric over the test sets, at one epoch (None = the last)."""

    metric: str = "Reward"
    dataset_weights: dict[str, NonNegative] = Field(default_factory=dict)
    epoch: Annotated[int, Field(ge=1)] | None = None


class Resources(Frozen):
    """What one trial takes: a share of a GPU or whole GPUs (ignored without a GPU), and CPU cores."""

    gpu: Positive = 1.0
    cpu: Positive = 1.0


class Limits(Frozen):
    """When a trial counts as lost, and how often it is tried.

    `trial_seconds`: how long one report (an epoch, or the start of a trial) may take before its worker counts as hung
    and is ended; null: no limit. `attempts`: how often a trial is started in total if its worker dies or hangs; 1: no
    retry.
    """

    trial_seconds: Positive | None = None
    attempts: Annotated[int, Field(ge=1)] = 3


class SweepFile(Frozen):
    """What a sweep file may say."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=100)]
    trial: TrialConfig = TrialConfig()
    grid: dict[str, tuple[AxisValue, ...]] = Field(default_factory=dict)
    simplex: dict[str, Simplex] = Field(default_factory=dict)
    space: dict[str, Given] = Field(default_factory=dict)
    search: SearchConfig = SearchConfig()
    stop_early: StopEarly = StopEarly()
    confirm: Confirm | None = None
    start_from: Runs = ()
    seeds: tuple[Seed, ...] = (0,)
    rank_by: RankBy = RankBy()
    keep_best: Annotated[int, Field(ge=0)] = 5
    keep_samples: Annotated[int, Field(ge=0)] = 3
    keep_states: bool = False
    resources: Resources = Resources()
    limits: Limits = Limits()


class SweepSpec(SweepFile):
    """A sweep, ready to run: paths are absolute, overrides are applied; `text` is the file as read."""

    path: Path
    text: str
    overrides: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
