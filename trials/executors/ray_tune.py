"""The executor on Ray Tune: one worker per GPU share or core, each kept for all its trials."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple, replace
from itertools import islice
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.tune.search import Searcher
from ray.util.metrics import Gauge

from trials.executors.hang_watch import HangDetector
from trials.executors.interrupt import Stop
from trials.executors.jobs import Jobs, StartJobs
from trials.executors.ray_cluster import Capacity
from trials.executors.ray_heartbeat import ClusterError
from trials.executors.ray_starts import train_starts
from trials.executors.ray_trainable import FusionTrainable, Shared
from trials.worker.messages import Report, one_line

RECOUNT_SECONDS = 5.0


class EndTune(BaseException):
    """Ends Tune's loop from inside: all is done, or `cause` says why it cannot continue.

    Not an Exception: Tune would record it as a failed trial. A regular end would also read a result file and write a
    state per trial, which are not needed: the table holds everything.
    """

    def __init__(self, cause: BaseException | None = None) -> None:
        super().__init__(cause)
        self.cause = cause


@contextmanager
def ending_tune() -> Iterator[None]:
    """End Tune's loop with any exception raised inside as the cause."""
    try:
        yield
    except Exception as problem:
        raise EndTune(problem) from problem


class Unsaved:
    """Tune pickles these objects to resume by itself; here the table serves for that, so nothing is saved."""

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return object, ()


class JobSearcher(Unsaved, Searcher):
    """Hands Tune the next job whenever a worker is free; `measure` returns the current capacity if it may change.

    Workers know the tasks planned when the sweep began; later proposals of a search are sent with their job.
    """

    def __init__(self, jobs: Jobs, workers: int, measure: Callable[[], Capacity] | None = None) -> None:
        super().__init__()
        self.jobs = jobs
        self.shared = len(jobs.tasks)
        self.workers = workers
        self.measure = measure
        self.counted = time.monotonic()
        self.trials: dict[str, str] = {}

    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        if len(self.trials) >= self.workers:
            return None
        with ending_tune():
            job = self.jobs.next_job()
        if job is None:
            return None
        place, progress = job
        task = self.jobs.tasks[place]
        self.trials[trial_id] = task.id
        return {"job": (place, tuple(progress), None if place < self.shared else astuple(task))}

    def recount(self) -> None:
        """Use nodes that have joined, and stop handing out jobs for those that are gone."""
        if self.measure is None or time.monotonic() < self.counted + RECOUNT_SECONDS:
            return
        self.counted, workers = time.monotonic(), self.workers
        with suppress(ClusterError):  # no node has the resources for a trial now: one may come back
            workers = self.measure().workers
        if workers != self.workers:
            self.jobs.note(f"the cluster has changed: {workers} trials at once, {self.workers} before")
            self.workers = workers
            self.jobs.workers_changed(workers)

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Required by Tune; the callback below handles the event."""

    def save(self, checkpoint_path: str) -> None:
        """Nothing to save: the table is the state."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing to restore: the table is the state."""


class ReportStopper(Unsaved, tune.Stopper):
    """Passes reports to the sweep, and tells Tune which trials end early."""

    def __init__(self, jobs: Jobs) -> None:
        self.jobs = jobs

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        reports: list[Report] = result.pop("report")
        with ending_tune():
            return self.jobs.take(reports.pop())

    def stop_all(self) -> bool:
        return False


class SweepCallback(Unsaved, tune.Callback):
    """Passes Tune's events to the sweep."""

    def __init__(self, jobs: Jobs, searcher: JobSearcher, stop: Stop) -> None:
        self.jobs = jobs
        self.searcher = searcher
        self.stop = stop
        # Tune may report one death twice in a step, and write the second to the trial's folder too.
        self.broken: list[Any] = []
        self.hang_detector = HangDetector(jobs.rules.trial_seconds)
        self.gauges = {
            name: Gauge(f"fusion_sweep_{name}", description=text)
            for name, text in {
                "trials_done": "trials that ended, finished or failed",
                "best_score": "score of the best trial so far",
                "pairs_per_second": "training pairs per second of all workers",
            }.items()
        }

    def on_step_begin(self, iteration: int, trials: list[Any], **info: Any) -> None:
        if (cause := self.stop.cause()) is not None:
            raise EndTune(cause)
        if self.jobs.over:
            raise EndTune
        while self.broken:
            _forget(self.broken.pop())
        for trial in islice(reversed(trials), len(self.searcher.trials)):  # assigned trials are the latest ones
            if trial.trial_id in self.searcher.trials:
                self.hang_detector.expect(trial)
        self.hang_detector.end_hung()
        self.searcher.recount()

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self.hang_detector.restart_clock(trial)

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        self._measure()
        self.hang_detector.restart_clock(trial)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self.hang_detector.forget(trial)
        self.searcher.trials.pop(trial.trial_id, None)
        _forget(trial)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        lost = self.searcher.trials.pop(trial.trial_id, None)
        reason = self.hang_detector.forget(trial) or _reason(trial)
        self.broken.append(trial)
        if lost is not None:
            with ending_tune():
                self.jobs.worker_died(lost, reason)

    def _measure(self) -> None:
        for name, value in self.jobs.gauges().items():
            self.gauges[name].set(value)


def run_ray(
    starts: StartJobs, trials: Jobs, stop: Stop, capacity: Capacity, measure: Callable[[], Capacity] | None = None
) -> None:
    """Train the missing starts and run all waiting trials on the connected cluster.

    Raises Stopped if the user asked to stop. `measure` returns the current capacity if nodes may come and go.
    """
    shared = Shared(starts.tasks, ray.put(trials.data), trials.rules, capacity.device, capacity.share)
    train_starts(starts, shared, stop, capacity)
    content = {start: ray.put(starts.content(start)) for start in starts.ids}
    shared = replace(shared, tasks=trials.tasks, starts=content)
    trainable = tune.with_resources(
        tune.with_parameters(FusionTrainable, shared=shared), {"cpu": capacity.cpu, "gpu": capacity.gpu}
    )
    searcher = JobSearcher(trials, capacity.workers, measure)
    scratch = trials.run.ray
    try:
        tune.Tuner(
            trainable,
            tune_config=tune.TuneConfig(
                search_alg=searcher,
                num_samples=-1,
                reuse_actors=True,
                trial_dirname_creator=lambda trial: trial.trial_id,
            ),
            run_config=tune.RunConfig(
                name="sweep",
                storage_path=str(scratch),
                verbose=0,
                stop=ReportStopper(trials),
                callbacks=[SweepCallback(trials, searcher, stop)],
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        ).fit()
    except EndTune as leave:
        if leave.cause is not None:
            raise leave.cause from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _reason(trial: Any) -> str:
    """Return the first sentence of Tune's message about a trial whose worker died."""
    try:
        text = Path(trial.error_file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "no reason was given"
    lines = [line.strip() for line in text.splitlines()[1:] if line.strip()]
    return one_line(RuntimeError(lines[0] if lines else "no reason was given"))


def _forget(trial: Any) -> None:
    """Drop what Tune would keep of a trial that is over: its folder and its statistics."""
    shutil.rmtree(trial.local_path, ignore_errors=True)
    trial.run_metadata.metric_analysis.clear()
    trial.run_metadata.metric_n_steps.clear()
    trial.config = trial.evaluated_params = {}
    trial.experiment_tag = ""
