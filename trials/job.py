"""What goes to a worker and what comes back: plain values that any process can read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fusion_core.recipes.base import EpochReport, Summary

if TYPE_CHECKING:
    from trials.spec import RankBy


@dataclass(frozen=True)
class Task:
    """The part of a job that is known before the sweep starts; `config` is a TrialConfig as JSON."""

    id: str
    number: int
    config: str


class Standing(NamedTuple):
    """The part of a job that is known when it starts.

    `done` is the last epoch in the table, `score` the trial's score if the table holds it, `to_reach` the score that
    gets on the board (None while there is room), `baselines` whether the first report shall bring them.
    """

    done: int = 0
    score: float | None = None
    to_reach: float | None = None
    baselines: bool = False


@dataclass(frozen=True)
class Rules:
    """What all trials of a sweep share."""

    states: Path
    rank_by: RankBy
    keep_states: bool = False
    keep_best: int = 5
    keep_samples: int = 3


@dataclass(frozen=True)
class Kept:
    """What is kept of a trial among the best: a safetensors file, and PNG files by name."""

    checkpoint: bytes
    images: dict[str, bytes]


@dataclass(frozen=True)
class Report:
    """One step of a trial: an epoch, or the reason why there is none (`details` is the traceback)."""

    trial: str
    epoch: EpochReport | None = None
    last: bool = False
    score: float | None = None
    node: str = ""
    device: str = ""
    baselines: dict[str, dict[str, dict[str, Summary]]] | None = None
    kept: Kept | None = None
    error: str | None = None
    details: str | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def done(self) -> bool:
        return self.last or self.error is not None
