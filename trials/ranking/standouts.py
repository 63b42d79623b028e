"""The best, the worst and the default trial, whose files are kept."""

from __future__ import annotations

from trials.ranking.leaderboard import Leaderboard, RankedTrial
from trials.storage.layout import trial_name


class Standouts:
    """The finished trials of which something is kept, by the names of their files.

    Only trials that are finished count: a half-done one that ranks may yet fail, and what it pushed out would be lost.
    The best and worst scores only become more extreme, so running extremes are enough, in whatever order trials end.
    """

    def __init__(self, metric: str, keep_best: int, default: str | None = None) -> None:
        self.best = Leaderboard(metric, keep_best)
        self.worst = Leaderboard(metric, min(keep_best, 1), worst=True)
        self.default = default

    def add(self, trial: RankedTrial) -> None:
        """Take up a trial that is finished."""
        self.best.add(trial)
        self.worst.add(trial)

    @property
    def with_checkpoint(self) -> set[str]:
        return {trial_name(trial.number, trial.id) for trial in self.best.top}

    @property
    def with_samples(self) -> set[str]:
        worst = {trial_name(trial.number, trial.id) for trial in self.worst.top}
        default = {self.default} if self.default and self.best.limit else set()
        return self.with_checkpoint | worst | default
