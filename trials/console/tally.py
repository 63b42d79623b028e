"""How far a sweep is: counts, speed, time left. Plain arithmetic, shown by `progress` and by Ray's metrics."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from trials.storage.results import TrialRow
from trials.worker.messages import Report

RECENT = 50


@dataclass
class Tally:
    """Counts over the trials of one sweep; epochs that earlier runs did count as done."""

    total: int = 0
    finished: int = 0
    failed: int = 0
    stopped: int = 0
    running: int = 0
    epochs_left: int = 0
    workers: int = 1
    coming: int = 0
    started: float = field(default_factory=time.monotonic)
    _seconds: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    _speeds: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))

    @classmethod
    def of(cls, rows: Iterable[TrialRow]) -> Tally:
        tally = cls()
        for row in rows:
            tally.total += 1
            tally.finished += row.status == "finished"
            tally.failed += row.status == "failed"
            tally.stopped += row.status == "stopped"
            if row.status in ("waiting", "running"):
                tally.epochs_left += max(row.epochs - row.done, 1)
        return tally

    def add(self, epochs: int) -> None:
        """Count a trial that has just been proposed."""
        self.total += 1
        self.epochs_left += epochs

    def expect(self, trials: int, epochs: int) -> None:
        """Set how many more trials may be proposed, of this many epochs each; replaces the earlier expectation."""
        self.total += trials - self.coming
        self.epochs_left += (trials - self.coming) * epochs
        self.coming = trials

    def report(self, report: Report) -> None:
        """Count one epoch."""
        assert report.epoch is not None
        self._seconds.append(report.epoch.seconds)
        if (speed := report.epoch.training.get("pairs_per_second")) is not None:
            self._speeds.append(speed)
        self.epochs_left = max(self.epochs_left - 1, 0)
        if report.last:
            self.finished += 1
            self.running -= 1

    def stop(self, epochs: int) -> None:
        """Count a trial that was stopped early, with this many epochs left."""
        self.stopped += 1
        self.running -= 1
        self.epochs_left = max(self.epochs_left - epochs, 0)

    def fail(self, row: TrialRow) -> None:
        self.failed += 1
        self.running -= 1
        self.epochs_left = max(self.epochs_left - max(row.epochs - row.done, 1), 0)

    @property
    def done(self) -> int:
        return self.finished + self.failed + self.stopped

    @property
    def pairs_per_second(self) -> float | None:
        """Training pairs per second of all workers together, over the latest epochs."""
        if not self._speeds:
            return None
        # The trial that has just reported makes room for the next: it still counts as running.
        return sum(self._speeds) / len(self._speeds) * min(self.workers, self.total - self.done + 1)

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the last trial ends, by the latest epochs; None before the first."""
        if not self._seconds:
            return None
        return self.epochs_left * sum(self._seconds) / len(self._seconds) / self.workers

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.started
