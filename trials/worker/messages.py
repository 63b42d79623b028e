"""Messages to and from a worker: plain values that any process can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fusion_core.reports import EpochReport, Summary
from trials.spec.search import StopEarly
from trials.storage.artifacts import Artifacts

if TYPE_CHECKING:
    from trials.spec.sweep import RankBy


@dataclass(frozen=True)
class Task:
    """The part of a job that is known before the sweep starts; `config` is a TrialConfig as JSON.

    `at_default` marks the trial at the default setting, whose samples are kept whatever its score. `start` is the id of
    what the trial begins from; `is_start` marks the training of one, which is judged by the trials that begin from it.
    """

    id: str
    number: int
    config: str
    at_default: bool = False
    start: str | None = None
    is_start: bool = False

    @property
    def label(self) -> str:
        """Return its name in messages."""
        return f"{'start' if self.is_start else 'trial'} {self.number}"


class TrialProgress(NamedTuple):
    """The part of a job that is known when it starts.

    `done` is the last epoch in the table, `score` the trial's score if the table holds it, `best_threshold` the score
    needed to be among the best (None while there is room), `worst_threshold` that of the worst (None while there is
    none), `baselines` whether the first report must include them, `start_metrics` whether it must include those of the
    trial's start.
    """

    done: int = 0
    score: float | None = None
    best_threshold: float | None = None
    worst_threshold: float | None = None
    baselines: bool = False
    start_metrics: bool = False


@dataclass(frozen=True)
class Rules:
    """What all trials of a sweep share. `attempts` and `trial_seconds` are the sweep file's limits.

    `measure_model`: the last report of a trial includes the cost of its model. `stop_early`: when a trial ends before.
    """

    states: Path
    rank_by: RankBy
    keep_states: bool = False
    keep_best: int = 5
    keep_samples: int = 3
    attempts: int = 3
    trial_seconds: float | None = None
    measure_model: bool = False
    stop_early: StopEarly = field(default_factory=StopEarly)


@dataclass(frozen=True)
class Report:
    """One step of a trial: an epoch, or the reason why there is none (`details` is the traceback).

    `lists` are texts to keep with the run, by file name. `halts`: the disk refused, so the trial has not failed; the
    sweep stops, to be continued when there is room.
    """

    trial: str
    epoch: EpochReport | None = None
    last: bool = False
    score: float | None = None
    node: str = ""
    device: str = ""
    baselines: dict[str, dict[str, dict[str, Summary]]] | None = None
    artifacts: Artifacts | None = None
    lists: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    details: str | None = None
    notes: tuple[str, ...] = field(default=())
    halts: bool = False

    @property
    def done(self) -> bool:
        return self.last or self.error is not None


def one_line(problem: BaseException) -> str:
    """Return the message of an exception as one line of at most 500 characters."""
    return " ".join(str(problem).split())[:500] or type(problem).__name__
