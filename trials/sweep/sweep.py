"""A sweep in progress: hands out jobs, takes reports into the table. Executors call it; it knows none of them."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from trials.console.display import Display
from trials.plan.plan import Plan
from trials.ranking.early_stopping import EarlyStop
from trials.ranking.leaderboard import RankedTrial, weighted_mean
from trials.ranking.pareto import feasible
from trials.storage.connection import reading
from trials.storage.layout import RunFolder, trial_name
from trials.storage.results import PlannedTrial, Results, TrialRow
from trials.storage.states import States, remove_left_over, resumable
from trials.sweep.baselines_wanted import BaselinesWanted
from trials.sweep.job_queue import JobQueue
from trials.sweep.notes import checkpoint_notes, table_notes
from trials.sweep.standings import Standings
from trials.worker.messages import Report, Rules, Task, TrialProgress


class Sweep(JobQueue):
    """Everything between the plan and the table; only the driver's main thread may call it."""

    def __init__(self, run: RunFolder, plan: Plan, results: Results, rules: Rules, display: Display) -> None:
        super().__init__(run, plan, rules, display)
        self.results = results
        self.planned: dict[str, PlannedTrial] = {trial.id: trial for trial in plan.trials}
        self.rows: dict[str, TrialRow] = {}
        self.wanted = BaselinesWanted(results, plan.cohort, has_data=plan.data is not None)
        self.standings = Standings(run, rules)
        self.search = plan.begin(results, run, display.note)
        self.early = EarlyStop(rules.stop_early, plan.objective)

    def prepare(self, *, retry_failed: bool) -> None:
        """Bring the table up to the plan and queue what it lacks."""
        with reading(self.results.path):
            asked = self._read_table(retry_failed=retry_failed)
        if self.search is not None:
            self.search.resume(self.rows)
        self.early.resume(self.results, self.planned if self.search is None else self.search.settings.of_trial)
        rows = [resumable(self.rows[trial.id], self.rules.states) for trial in asked]
        self.display.begin(rows, self.standings.top)
        self._update_expected()
        self._extend()

    def _read_table(self, *, retry_failed: bool) -> Sequence[PlannedTrial]:
        """Bring the table up to the plan and queue what waits in it; return the planned trials."""
        asked = self.plan.trials if self.search is None else self.search.known()
        self.planned = {trial.id: trial for trial in asked}
        keep_stopped = self.rules.stop_early.kind != "none"
        self.rows = self.results.register(asked, keep_stopped=keep_stopped, axes=self.plan.axes)
        again = {i for i in self.planned if retry_failed and self.rows[i].status == "failed"}
        if self.search is not None:  # confirming trials run at full length, even if stopped before
            again |= {i for i in self.search.settings.confirming if self.rows[i].status == "stopped"}
        if again:
            self.results.wait(again)
            self.rows = self.results.trials()
        untrained = {start for start in self.plan.starts if not self.run.start(start).exists()}
        remove_left_over(self.rows, self.rules.states, keep=self.rules.keep_states, besides=untrained)
        self.results.describe_data(self.plan.cohort, self.plan.sets)
        self.standings.read(self.results, self.plan.cohort, self.rows, self._is_feasible)
        for planned in asked:
            if self.rows[planned.id].status == "waiting":
                self._queue(planned)
        return asked

    def _queue(self, planned: PlannedTrial) -> None:
        number = self.rows[planned.id].number
        self.queue.append(len(self.tasks))
        at_default = self.standings.is_default(number, planned.id)
        self.tasks.append(Task(planned.id, number, planned.config, at_default, planned.start))

    def _extend(self) -> None:
        """Let the search propose if nothing waits; proposals are in the table before they run."""
        if self.search is None or self.queue or self.search.over:
            return
        new = self.search.next()
        if any(one.id in self.rows for one in new):
            # A confirming trial that the table has from an earlier run; it runs at full length.
            self.results.register([*self.planned.values(), *new], keep_stopped=True, axes=self.plan.axes)
            self.results.wait(one.id for one in new if self.results.trials()[one.id].status == "stopped")
            self.rows = self.results.trials()
        else:
            self.rows |= {row.id: row for row in self.results.add(new)} if new else {}
        for planned in new:
            self.planned[planned.id] = planned
            self.standings.compared.add(planned.id)
            self.display.tally.add(planned.epochs)
            if planned.id in self.search.settings.of_trial:
                self.early.watch(planned.id)
            if self.rows[planned.id].status == "waiting":
                self._queue(planned)
            else:
                self.search.ended(planned.id, self.rows[planned.id].status)
        self._update_expected()

    def _on_ended(self, trial: str, status: str) -> None:
        """Tell the search. If nothing is running, extend now: no further report will trigger it."""
        if self.search is not None:
            self.search.ended(trial, status)
            if not self.running:
                self._extend()

    def _update_expected(self) -> None:
        """Let the display count what the search may still propose."""
        if self.search is not None:
            self.display.tally.expect(self.search.to_come, self.plan.first.recipe.epochs)

    def notes(self) -> list[str]:
        """Return notes for the user about the table that is continued."""
        notes = [] if self.queue else ["nothing to do: every trial has ended"]
        if self.search is not None:
            notes += self.search.notes()
        notes += table_notes(self.results, self.plan)
        return notes + checkpoint_notes(self.run, self.standings.standouts.best.top)

    @property
    def to_run(self) -> int:
        """How many trials are left, including those that the search may still propose."""
        return len(self.queue) + len(self.running) + (0 if self.search is None else self.search.to_come)

    @property
    def over(self) -> bool:
        return super().over and (self.search is None or self.search.over)

    def gauges(self) -> dict[str, float]:
        """Return trials that ended, the best score so far, and training pairs per second of all workers."""
        gauges = {"trials_done": float(self.display.tally.done)}
        if self.standings.top:
            gauges["best_score"] = self.standings.top[0].score
        if (speed := self.display.tally.pairs_per_second) is not None:
            gauges["pairs_per_second"] = speed
        return gauges

    def next_job(self) -> tuple[int, TrialProgress] | None:
        """Return the index of the next task and its progress, and mark it running; None if none waits."""
        self._extend()
        if (job := self.hand_out()) is None:
            return None
        place, task = job
        self.results.start(task.id, time.time())
        self.display.started(self.rows[task.id])
        done, score = self.rows[task.id].done, None
        if self.lost[task.id] or done:
            done, score = self._known(task.id)
        wanted = self.wanted.baselines(), self.wanted.metrics_of(task.start)
        return place, TrialProgress(done, score, *self.standings.thresholds, *wanted)

    def take(self, report: Report) -> bool:
        """Write a report; when this returns, it is on the disk. Return whether the trial is over.

        Raises FusionError if the disk refuses.
        """
        task, planned = self.received(report), self.planned[report.trial]
        if report.epoch is None:
            self._on_failed(task, report.error or "no reason was given", report.details)
            return True
        stopped = not report.last and self.early.ends(task.id, report.epoch, planned.epochs)
        ranked = None
        if (report.last or stopped) and report.score is not None:
            epoch = self.rules.rank_by.epoch or report.epoch.epoch
            if self._is_feasible(task.id, epoch, report):
                ranked = RankedTrial(task.number, task.id, dict(planned.parameters), planned.seed, epoch, report.score)
        if ranked is not None and report.last:
            self.standings.standouts.add(ranked)
        self.standings.write(task, report)
        baselines = None if report.baselines is None else (self.plan.cohort, report.baselines)
        differing = self.results.report(
            task.id,
            report.epoch,
            last=report.last,
            stopped=stopped,
            node=report.node,
            device=report.device,
            baselines=baselines,
        )
        if differing:
            self.display.note(
                f"trial {task.number}, epoch {report.epoch.epoch}: {differing} values differ from those of an earlier "
                "run; the earlier ones are kept"
            )
        if ranked is not None:
            self.standings.add(ranked)
        self.display.reported(self.rows[task.id], report, self.standings.top, stopped=stopped)
        if not report.last and not stopped:
            return False
        del self.running[task.id]
        States(self.rules.states, task.id).remove(below=report.epoch.epoch if self.rules.keep_states else None)
        self._on_ended(task.id, "stopped" if stopped else "finished")
        return True

    def _is_feasible(self, trial: str, epoch: int, report: Report | None = None) -> bool:
        """Return whether a trial satisfies the constraints at `epoch`, which is in the table or just reported."""
        objective = self.plan.objective
        if not objective.constraints:
            return True
        if report is not None and report.epoch is not None and report.epoch.epoch == epoch:
            outcome = objective.reported(report.epoch)
        else:
            outcome = objective.outcome(self.results, trial, epoch)
        return outcome.values is not None and feasible(outcome)

    def _on_retry(self, task: Task, reason: str) -> None:
        self.display.lost(self.rows[task.id], reason)
        self.results.wait([task.id])
        # The lost worker may have been the one to report the baselines.
        self.wanted.request_again()

    def requeue_running(self) -> int:
        """Make the running trials wait (their states remain) and return how many they are."""
        trials = list(self.running)
        self.results.wait(trials)
        self.running.clear()
        return len(trials)

    def failures(self) -> Sequence[TrialRow]:
        return [row for row in self.results.trials().values() if row.status == "failed" and row.id in self.planned]

    def _on_failed(self, task: Task, error: str, details: str | None) -> None:
        if details is not None:
            self.log(trial_name(task.number, task.id), details)
        self.results.fail(task.id, error)
        del self.running[task.id]
        self.wanted.request_again()
        States(self.rules.states, task.id).remove()
        self.display.failed(self.rows[task.id], error)
        self._on_ended(task.id, "failed")

    def _known(self, trial: str) -> tuple[int, float | None]:
        """Return the last epoch in the table, and the score if it has been reached."""
        ((done,),) = self.results.query("SELECT COALESCE(max(epoch), 0) FROM training WHERE trial = ?", (trial,))
        epoch = self.rules.rank_by.epoch
        if epoch is None or done < epoch:
            return done, None
        rows = self.results.query(
            "SELECT dataset, mean FROM metrics WHERE trial = ? AND epoch = ? AND metric = ?",
            (trial, epoch, self.rules.rank_by.metric),
        )
        means = {dataset: math.nan if mean is None else mean for dataset, mean in rows}
        return done, weighted_mean(means, self.rules.rank_by.dataset_weights)
