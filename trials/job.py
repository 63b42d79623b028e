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
    """The part of a job that is known before the sweep starts; `config` is a TrialConfig as JSON.

    `at_default` marks the trial at the default setting, whose samples are kept whatever its score.
    """

    id: str
    number: int
    config: str
    at_default: bool = False


class Standing(NamedTuple):
    """The part of a job that is known when it starts.

    `done` is the last epoch in the table, `score` the trial's score if the table holds it, `to_reach` the score that
    gets among the best (None while there is room), `to_sink_to` that of the worst (None while there is none),
    `baselines` whether the first report shall bring them.
    """

    done: int = 0
    score: float | None = None
    to_reach: float | None = None
    to_sink_to: float | None = None
    baselines: bool = False


@dataclass(frozen=True)
class Rules:
    """What all trials of a sweep share. `attempts` and `trial_seconds` are the sweep file's limits."""

    states: Path
    rank_by: RankBy
    keep_states: bool = False
    keep_best: int = 5
    keep_samples: int = 3
    attempts: int = 3
    trial_seconds: float | None = None


@dataclass(frozen=True)
class Kept:
    """What is kept of a trial: a safetensors file if it is among the best, and PNG files by name."""

    checkpoint: bytes | None
    images: dict[str, bytes]


@dataclass(frozen=True)
class Report:
    """One step of a trial: an epoch, or the reason why there is none (`details` is the traceback).

    `halts`: the disk refused, which is no fault of the trial; the sweep stops, and goes on when there is room.
    """

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
    halts: bool = False

    @property
    def done(self) -> bool:
        return self.last or self.error is not None
