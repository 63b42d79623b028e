"""The queue that trials and starts share: what waits, what runs, what lost its worker."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter, deque
from typing import TYPE_CHECKING

from fusion_core.atomic_files import DiskError, write_whole
from trials.console.display import Display
from trials.plan.plan import Plan
from trials.storage.layout import RunFolder
from trials.worker.messages import Report, Rules, Task

if TYPE_CHECKING:
    from fusion_core.data.catalog import LoadedData


class JobQueue(ABC):
    """Tasks by index; `queue` holds the waiting indices, `running` those handed out, by the task's id."""

    def __init__(self, run: RunFolder, plan: Plan, rules: Rules, display: Display) -> None:
        self.run = run
        self.plan = plan
        self.rules = rules
        self.display = display
        self.tasks: list[Task] = []
        self.queue: deque[int] = deque()
        self.running: dict[str, int] = {}
        self.lost: Counter[str] = Counter()

    @property
    def data(self) -> LoadedData | None:
        return self.plan.data

    @property
    def over(self) -> bool:
        return not self.queue and not self.running

    def note(self, text: str) -> None:
        self.display.note(text)

    def workers_changed(self, workers: int) -> None:
        self.display.tally.workers = workers

    def gauges(self) -> dict[str, float]:
        """Return values for a dashboard: none by default."""
        return {}

    def hand_out(self) -> tuple[int, Task] | None:
        """Return the next task and its index, and mark it running; None if none waits."""
        if not self.queue:
            return None
        place = self.queue.popleft()
        task = self.tasks[place]
        self.running[task.id] = place
        return place, task

    def received(self, report: Report) -> Task:
        """Return the task of a report, and show its notes. Raises DiskError if the worker's disk refused."""
        for note in report.notes:
            self.display.note(note)
        if report.halts:
            raise DiskError(report.error)
        return self.tasks[self.running[report.trial]]

    def worker_died(self, trial: str, reason: str) -> None:
        """A task's worker died, or hung and was ended: start the task again, `Rules.attempts` times in total."""
        place = self.running[trial]
        task = self.tasks[place]
        self.lost[trial] += 1
        if self.lost[trial] >= self.rules.attempts:
            attempts = "1 attempt" if self.rules.attempts == 1 else f"{self.rules.attempts} attempts"
            self._on_failed(task, f"worker process died ({attempts}): {reason}", None)
            return
        del self.running[trial]
        self._on_retry(task, reason)
        self.queue.appendleft(place)

    @abstractmethod
    def _on_retry(self, task: Task, reason: str) -> None:
        """A task whose worker died is about to wait again."""

    @abstractmethod
    def _on_failed(self, task: Task, error: str, details: str | None) -> None:
        """A task is over without a result; `details` is the traceback."""

    def log(self, name: str, details: str) -> None:
        """Keep a traceback as `logs/<name>.txt`."""
        path = self.run.log(name)
        path.parent.mkdir(exist_ok=True)
        write_whole(path, details.encode("utf-8", "backslashreplace"))
