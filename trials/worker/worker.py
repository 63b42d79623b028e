"""What happens inside one worker: trials one after the other, one epoch a step. Knows nothing of Ray or the table."""

from __future__ import annotations

import platform
import traceback
from dataclasses import replace

from fusion_core.atomic_files import FULL, DiskError
from fusion_core.errors import TrialError
from trials.worker.messages import Report, Task, TrialProgress, one_line
from trials.worker.resources import WorkerResources
from trials.worker.running_trial import RunningTrial


class Worker:
    """Runs any number of trials in this process; `resources` are kept from one to the next."""

    def __init__(self, resources: WorkerResources) -> None:
        self.resources = resources
        self.trial: RunningTrial | None = None

    def start(self, task: Task, progress: TrialProgress) -> None:
        """Set up a trial; the work begins with the first step."""
        self.trial = RunningTrial(self.resources, task, progress)

    def step(self) -> Report:
        """Train and evaluate one epoch. A failing trial does not raise: its report gives the reason.

        Request a step only when the previous report is in the table.
        """
        trial = self.trial
        assert trial is not None, "start() comes before step()"
        try:
            report = trial.step()
        except TrialError as problem:
            report = Report(trial.task.id, error=one_line(problem))
        except DiskError as problem:
            report = Report(trial.task.id, error=one_line(problem), halts=True)
        except Exception as problem:  # noqa: BLE001 - whatever breaks a trial is that trial's result, not the worker's end
            report = Report(
                trial.task.id,
                error=f"{type(problem).__name__}: {one_line(problem)}",
                details=traceback.format_exc(),
                halts=isinstance(problem, OSError) and problem.errno in FULL,
            )
        if report.done:
            self.trial = None
        return replace(report, node=platform.node(), device=self.resources.device_name)
