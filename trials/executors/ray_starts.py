"""Trains starts on Ray in parallel, in plain actors that end and free their memory before the first trial."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, TypeAlias

import ray
from ray.exceptions import RayError

from trials.executors.interrupt import Stop
from trials.executors.jobs import Jobs
from trials.executors.ray_cluster import Capacity
from trials.executors.ray_trainable import Shared
from trials.worker.messages import Report, TrialProgress, one_line
from trials.worker.resources import WorkerResources
from trials.worker.worker import Worker

POLL_SECONDS = 0.5


class StartWorker:
    """A worker in a process of its own."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.worker = Worker(WorkerResources(lambda: ray.get(shared.data), shared.rules, shared.device, shared.share))

    def start(self, place: int, progress: TrialProgress) -> None:
        self.worker.start(self.shared.tasks[place], progress)

    def step(self) -> Report:
        return self.worker.step()


@dataclass
class Training:
    """One start on its worker; `since` is when its running step was requested, None until the worker is ready."""

    id: str
    worker: Any
    since: float | None = None
    reason: str | None = None


Pending: TypeAlias = "dict[ray.ObjectRef[Any], Training]"


def train_starts(starts: Jobs, shared: Shared, stop: Stop, capacity: Capacity) -> None:
    """Train all starts, several at once; a finished worker takes the next one and keeps its data.

    Raises StartError if one fails, Stopped if the user asks.
    """
    actor = ray.remote(num_cpus=capacity.cpu, num_gpus=capacity.gpu, max_restarts=0)(StartWorker)
    reference = ray.put(shared)
    pending: Pending = {}
    idle: list[Any] = []
    try:
        while not starts.over:
            stop.check()
            while len(pending) < capacity.workers and (job := starts.next_job()) is not None:
                place, progress = job
                training = Training(starts.tasks[place].id, idle.pop() if idle else actor.remote(reference))
                pending[training.worker.start.remote(place, progress)] = training
            _end_hung(pending, starts.rules.trial_seconds)
            for done in ray.wait(list(pending), timeout=POLL_SECONDS)[0]:
                _advance(pending, idle, done, starts)
    finally:
        for worker in (*idle, *(training.worker for training in pending.values())):
            ray.kill(worker)


def _advance(pending: Pending, idle: list[Any], done: ray.ObjectRef[Any], starts: Jobs) -> None:
    """Take a worker's report, then request its next step or leave it idle; handle a worker that died."""
    training = pending[done]
    try:
        report: Report | None = ray.get(done)
    except RayError as problem:
        del pending[done]
        starts.worker_died(training.id, training.reason or one_line(RuntimeError(str(problem).strip().split("\n")[0])))
        return
    if report is not None:
        starts.take(report)
    del pending[done]
    if report is not None and report.done:
        idle.append(training.worker)
        return
    training.since = time.monotonic()
    pending[training.worker.step.remote()] = training


def _end_hung(pending: Pending, limit: float | None) -> None:
    for training in pending.values():
        if limit is not None and training.since is not None and time.monotonic() - training.since > limit:
            training.since = None
            training.reason = f"no report for {limit:g} s, so it was ended (limits.trial_seconds)"
            ray.kill(training.worker)
