"""The executor without Ray: one worker, in this process."""

from __future__ import annotations

from trials.executors.interrupt import Stop
from trials.executors.jobs import Jobs
from trials.worker.worker import Worker


def run_inline(starts: Jobs, trials: Jobs, worker: Worker, stop: Stop) -> None:
    """Train the missing starts, then run all waiting trials one after the other.

    Raises Stopped if the user asked to stop.
    """
    for jobs in (starts, trials):
        _run(jobs, worker, stop)


def _run(jobs: Jobs, worker: Worker, stop: Stop) -> None:
    while True:
        stop.check()
        job = jobs.next_job()
        if job is None:
            return
        place, progress = job
        worker.start(jobs.tasks[place], progress)
        done = False
        while not done:
            with stop.interruptible():
                report = worker.step()
            done = jobs.take(report)
