"""Which trials of a sweep are best and worst so far, and the files that are kept of them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping

from trials.ranking.leaderboard import Leaderboard, RankedTrial, best
from trials.ranking.standouts import Standouts
from trials.spec.defaults import default_trial
from trials.storage.artifacts import ArtifactWriter
from trials.storage.layout import RunFolder, trial_name
from trials.storage.results import Results, TrialRow
from trials.worker.messages import Report, Rules, Task

BOARD = 5


class Standings:
    """The board that is shown, the trials whose files are kept, and the ids (`compared`) that both choose among."""

    def __init__(self, run: RunFolder, rules: Rules) -> None:
        self.rules = rules
        self.board = Leaderboard(rules.rank_by.metric, max(BOARD, rules.keep_best))
        self.standouts = Standouts(rules.rank_by.metric, rules.keep_best)
        self.compared: set[str] = set()
        self.writer = ArtifactWriter(run)

    @property
    def top(self) -> list[RankedTrial]:
        return self.board.top

    @property
    def thresholds(self) -> tuple[float | None, float | None]:
        """Scores that a trial must reach for its files to be kept, as one of the best and as the worst."""
        return self.standouts.best.threshold, self.standouts.worst.threshold

    def read(
        self, results: Results, cohort: str, rows: Mapping[str, TrialRow], feasible: Callable[[str, int], bool]
    ) -> None:
        """Rank the trials of the table, and remove the files of those that do not stand out."""
        known = results.query("SELECT number, id, parameters, config FROM trials WHERE cohort = ?", (cohort,))
        self.compared = {trial for _, trial, _, _ in known}
        default = default_trial(
            (number, json.loads(parameters), json.loads(config)) for number, _, parameters, config in known
        )
        self.standouts.default = next((trial_name(n, trial) for n, trial, _, _ in known if n == default), None)
        ranked = [trial for trial in best(results, self.rules.rank_by, cohort) if feasible(trial.id, trial.epoch)]
        for trial in ranked[: self.board.limit]:
            self.board.add(trial)
        for trial in ranked:
            if rows[trial.id].status == "finished":
                self.standouts.add(trial)
        self._remove_others()

    def is_default(self, number: int, trial: str) -> bool:
        """Return whether a trial has the default setting."""
        return trial_name(number, trial) == self.standouts.default

    def write(self, task: Task, report: Report) -> None:
        """Write what a report brings to be kept. Raises OSError or DiskError."""
        if report.artifacts is not None:
            name = trial_name(task.number, task.id)
            checkpoint, samples = name in self.standouts.with_checkpoint, name in self.standouts.with_samples
            self.writer.write(name, report.artifacts, checkpoint=checkpoint, samples=samples)
        self.writer.write_lists(task.number, task.id, report.lists)

    def add(self, trial: RankedTrial) -> None:
        """Place a trial whose score is in the table."""
        if not math.isnan(trial.score):
            self.board.add(trial)
            self._remove_others()

    def _remove_others(self) -> None:
        # An unfinished trial on the board may have a checkpoint of an earlier, shorter run, which stays until it is
        # rewritten. Files that it displaces stay too, since it may still fail.
        unfinished = {trial_name(trial.number, trial.id) for trial in self.board.top[: self.rules.keep_best]}
        self.writer.keep_only(
            self.standouts.with_checkpoint | unfinished, self.standouts.with_samples | unfinished, self.compared
        )
