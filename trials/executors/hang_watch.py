"""Ends workers that report nothing for `limits.trial_seconds`."""

from __future__ import annotations

import time
from typing import Any

import ray


class HangDetector:
    """Ends the workers that report nothing for `limit` seconds; None: no limit."""

    def __init__(self, limit: float | None) -> None:
        self.limit = limit
        self.clocks: dict[str, tuple[Any, float]] = {}
        self.hung: set[str] = set()

    def restart_clock(self, trial: Any) -> None:
        """Restart the clock of a trial that has started or reported."""
        if self.limit is not None:
            self.clocks[trial.trial_id] = trial, time.monotonic()

    def expect(self, trial: Any) -> None:
        """Start the clock of an assigned trial unless it runs already: its worker may hang in the setup."""
        if self.limit is not None and trial.temporary_state.ray_actor is not None:
            self.clocks.setdefault(trial.trial_id, (trial, time.monotonic()))

    def end_hung(self) -> None:
        now = time.monotonic()
        for name, (trial, since) in list(self.clocks.items()):
            if self.limit is not None and now - since > self.limit:
                del self.clocks[name]
                self.hung.add(name)
                ray.kill(trial.temporary_state.ray_actor)

    def forget(self, trial: Any) -> str | None:
        """Stop the clock of a trial that is over; return the reason if it was ended here."""
        self.clocks.pop(trial.trial_id, None)
        if trial.trial_id not in self.hung:
            return None
        self.hung.remove(trial.trial_id)
        return f"no report for {self.limit:g} s, so it was ended (limits.trial_seconds)"
