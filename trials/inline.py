"""The executor without Ray: one worker, in this process."""

from __future__ import annotations

from trials.job import Jobs
from trials.start_training import StartTraining
from trials.stop import Stop
from trials.sweep import Sweep
from trials.worker import Worker


def run_inline(sweep: Sweep, stop: Stop, device: str) -> None:
    """Train the starts that are lacking, then run all that waits, one after the other.

    Raises Stopped where the user asked to stop.
    """
    starts = StartTraining(sweep)
    worker = Worker(sweep.plan.pairs, sweep.rules, device, starts=starts.content)
    for jobs in (starts, sweep):
        _run(jobs, worker, stop)


def _run(jobs: Jobs, worker: Worker, stop: Stop) -> None:
    while True:
        stop.check()
        job = jobs.next_job()
        if job is None:
            return
        place, standing = job
        worker.start(jobs.tasks[place], standing)
        done = False
        while not done:
            with stop.interruptible():
                report = worker.step()
            done = jobs.take(report)
