"""Trains missing starts before the trials. Executors run its jobs like those of a sweep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NoReturn

from fusion_core.atomic_files import write_whole
from fusion_core.errors import CheckpointError, FusionError, printable
from trials.console.text import duration
from trials.plan.starts import Start
from trials.storage.states import States
from trials.sweep.job_queue import JobQueue
from trials.sweep.sweep import Sweep
from trials.worker.messages import Report, Task, TrialProgress


class StartError(FusionError):
    """A start of trials could not be trained."""


class StartTraining(JobQueue):
    """Trains what waiting trials begin from into `RUN/starts/<id>.safetensors`, each once; existing files stay.

    `<id>.digest` beside it identifies its weights.
    """

    def __init__(self, sweep: Sweep) -> None:
        super().__init__(sweep.run, sweep.plan, sweep.rules, sweep.display)
        self.needed = Counter(sweep.tasks[place].start for place in sweep.queue)
        if sweep.search is not None:
            self.needed.update(dict.fromkeys(self.plan.starts, sweep.search.to_come))
        lacking = [start for start in self.plan.starts.values() if self.needed[start.id] and self._lacks(start)]
        self.tasks = [
            Task(start.id, number, start.config.model_dump_json(), is_start=True)
            for number, start in enumerate(lacking, start=1)
            if start.config is not None
        ]
        self.queue.extend(range(len(self.tasks)))

    @property
    def ids(self) -> Iterable[str]:
        """Return the starts that the waiting trials begin from."""
        return [start for start in self.plan.starts if self.needed[start]]

    def content(self, start: str) -> bytes:
        """Return a start as a safetensors file."""
        given = self.plan.starts[start].content
        return self.run.start(start).read_bytes() if given is None else given

    def next_job(self) -> tuple[int, TrialProgress] | None:
        """Return the index of the next task and its progress, and mark it running; None if none waits."""
        if (job := self.hand_out()) is None:
            return None
        place, task = job
        done = max(States(self.rules.states, task.id).epochs(), default=0)
        if done:
            self.display.note(f"{self._label(task)}: resumes after epoch {done}")
        return place, TrialProgress(done)

    def take(self, report: Report) -> bool:
        """Write a start that is trained; return whether it is over.

        Raises StartError if it cannot be trained, DiskError if the disk refuses.
        """
        task = self.received(report)
        if report.epoch is None:
            self._on_failed(task, report.error or "no reason was given", report.details)
        config = self.plan.starts[task.id].config
        assert config is not None
        epoch = f"epoch {report.epoch.epoch} of {config.recipe.epochs}"
        self.display.note(f"{self._label(task)}: {epoch}, {duration(report.epoch.seconds)}")
        if not report.last:
            return False
        assert report.artifacts is not None and report.artifacts.checkpoint is not None
        path = self.run.start(task.id)
        path.parent.mkdir(exist_ok=True)
        write_whole(path, report.artifacts.checkpoint)
        from fusion_core.models.checkpoints import from_bytes

        self._remember(task.id, from_bytes(report.artifacts.checkpoint, str(path)).digest)
        del self.running[task.id]
        States(self.rules.states, task.id).remove()
        return True

    def _on_retry(self, task: Task, reason: str) -> None:
        self.display.note(f"{self._label(task)}: worker process died ({reason}); retrying ({self.lost[task.id]})")

    def _on_failed(self, task: Task, error: str, details: str | None) -> NoReturn:
        """Raise StartError: without it no trial that begins from it can run."""
        if details is not None:
            self.log(f"start_{task.id}", details)
        raise StartError(
            f"{self._label(task)}: it must be trained first, but: {error}. Everything already reported is saved: "
            "fix the problem and rerun the same command"
        )

    def _label(self, task: Task) -> str:
        count = self.needed[task.id]
        trials = "1 trial" if count == 1 else f"{count} trials"
        return (
            f"initial checkpoint {task.number} of {len(self.tasks)} ({self.plan.starts[task.id].label}), for {trials}"
        )

    def _lacks(self, start: Start) -> bool:
        """Return whether a start must be trained: it is missing, or damaged (which is reported)."""
        path = self.run.start(start.id)
        if start.config is None or not path.is_file():
            return start.config is not None
        from fusion_core.models.checkpoints import load_checkpoint

        try:
            self._remember(start.id, load_checkpoint(path).digest)
        except CheckpointError as problem:
            self.display.note(f"{problem} It is retrained.")
            return True
        return False

    def _remember(self, start: str, digest: str) -> None:
        """Store the digest of a start's weights, and report a change: training may not be reproducible."""
        path = self.run.start_digest(start)
        known = path.read_text(encoding="utf-8", errors="replace").strip() if path.exists() else digest
        if known != digest:
            self.display.note(
                f"initial checkpoint {start[:8]} ({self.plan.starts[start].label}) has other weights ({digest}) than "
                "before "
                f"({printable(known[:16])}): rows of trials that began from the earlier weights are kept"
            )
        if known != digest or not path.exists():
            write_whole(path, f"{digest}\n".encode())
