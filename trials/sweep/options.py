"""How a sweep is run, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trials.console.tally import Tally
from trials.ranking.leaderboard import RankedTrial
from trials.storage.results import TrialRow


@dataclass(frozen=True)
class Options:
    """Where and how to run; nothing here changes results."""

    out: Path = Path("runs")
    workers: int | None = None
    address: str | None = None
    executor: str | None = None
    device: str = "auto"
    retry_failed: bool = False
    command: str = "python run_sweep.py"


@dataclass(frozen=True)
class Outcome:
    """How a run ended: the best settings, the failed trials, whether the user stopped it, what a search has found."""

    run: Path
    metric: str
    top: Sequence[RankedTrial]
    failures: Sequence[TrialRow]
    tally: Tally
    stopped: bool
    untrained: tuple[str, float] | None = None
    found: Sequence[str] = ()
    constrained: bool = False
