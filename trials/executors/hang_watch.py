"""Workers that hang: ended when they report nothing for `limits.trial_seconds`."""

from __future__ import annotations

import time
from typing import Any

import ray


class Watch:
    """Ends the workers that report nothing for `limit` seconds; where that is None, none."""

    def __init__(self, limit: float | None) -> None:
        self.limit = limit
        self.heard: dict[str, tuple[Any, float]] = {}
        self.hung: set[str] = set()

    def heard_of(self, trial: Any) -> None:
        """A trial has started or reported: its clock starts anew."""
        if self.limit is not None:
            self.heard[trial.trial_id] = trial, time.monotonic()

    def expect(self, trial: Any) -> None:
        """A worker was given a trial: its clock starts unless it runs: it may hang while it takes the trial up."""
        if self.limit is not None and trial.temporary_state.ray_actor is not None:
            self.heard.setdefault(trial.trial_id, (trial, time.monotonic()))

    def end_the_hung(self) -> None:
        now = time.monotonic()
        for name, (trial, since) in list(self.heard.items()):
            if self.limit is not None and now - since > self.limit:
                del self.heard[name]
                self.hung.add(name)
                ray.kill(trial.temporary_state.ray_actor)

    def forget(self, trial: Any) -> str | None:
        """A trial is over: return why, where it was ended here."""
        self.heard.pop(trial.trial_id, None)
        if trial.trial_id not in self.hung:
            return None
        self.hung.remove(trial.trial_id)
        return f"no report for {self.limit:g} s, so it was ended (limits.trial_seconds)"
