"""The executor without Ray: one worker, in this process."""

from __future__ import annotations

from trials.stop import Stop
from trials.sweep import Sweep
from trials.worker import Worker


def run_inline(sweep: Sweep, stop: Stop, device: str) -> None:
    """Run all that waits, one trial after the other. Raises Stopped where the user asked to stop."""
    worker = Worker(sweep.plan.pairs, sweep.rules, device)
    while True:
        stop.check()
        job = sweep.next_job()
        if job is None:
            return
        place, standing = job
        worker.start(sweep.tasks[place], standing)
        done = False
        while not done:
            with stop.interruptible():
                report = worker.step()
            sweep.take(report)
            done = report.done
