"""Starts that a sweep lacks, trained before its trials. Executors take its jobs as they take those of a sweep."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from fusion_core.errors import CheckpointError, FusionError, printable
from fusion_core.whole import DiskError, write_whole
from trials.job import Report, Standing, Task
from trials.starts import Start, start_file
from trials.states import States
from trials.sweep import Sweep
from trials.tally import duration


class StartError(FusionError):
    """What trials were to begin from could not be trained."""


class StartTraining:
    """Trains what waiting trials begin from into `RUN/starts/<id>.safetensors`, each once; what is there stays.

    `<id>.digest` beside it tells its weights.
    """

    def __init__(self, sweep: Sweep) -> None:
        self.run = sweep.run
        self.plan = sweep.plan
        self.rules = sweep.rules
        self.display = sweep.display
        self.board = sweep.board
        self.needed = Counter(sweep.tasks[place].start for place in sweep.queue)
        if sweep.search is not None:
            self.needed.update(dict.fromkeys(self.plan.starts, sweep.search.to_come))
        lacking = [start for start in self.plan.starts.values() if self.needed[start.id] and self._lacks(start)]
        self.tasks = [
            Task(start.id, number, start.config.model_dump_json(), is_start=True)
            for number, start in enumerate(lacking, start=1)
            if start.config is not None
        ]
        self.queue = deque(range(len(self.tasks)))
        self.running: dict[str, int] = {}
        self.lost: Counter[str] = Counter()

    @property
    def over(self) -> bool:
        return not self.queue and not self.running

    @property
    def ids(self) -> Iterable[str]:
        """Return which starts the waiting trials begin from."""
        return [start for start in self.plan.starts if self.needed[start]]

    def content(self, start: str) -> bytes:
        """Return a start as a safetensors file."""
        given = self.plan.starts[start].content
        return self._path(start).read_bytes() if given is None else given

    def next_job(self) -> tuple[int, Standing] | None:
        """Return the place of the next task and where it stands, and mark it running; None where none waits."""
        if not self.queue:
            return None
        place = self.queue.popleft()
        task = self.tasks[place]
        self.running[task.id] = place
        done = max(States(self.rules.states, task.id).epochs(), default=0)
        if done:
            self.display.note(f"{self._said(task)}: goes on after epoch {done}")
        return place, Standing(done)

    def take(self, report: Report) -> bool:
        """Write a start that is trained; return whether it is over.

        Raises StartError where it cannot be trained, DiskError where the disk refuses.
        """
        task = self.tasks[self.running[report.trial]]
        for note in report.notes:
            self.display.note(note)
        if report.halts:
            raise DiskError(report.error)
        if report.epoch is None:
            self._fail(task, report.error or "no reason was given", report.details)
        config = self.plan.starts[task.id].config
        assert config is not None
        epoch = f"epoch {report.epoch.epoch} of {config.recipe.epochs}"
        self.display.note(f"{self._said(task)}: {epoch}, {duration(report.epoch.seconds)}")
        if not report.last:
            return False
        assert report.kept is not None and report.kept.checkpoint is not None
        path = self._path(task.id)
        path.parent.mkdir(exist_ok=True)
        write_whole(path, report.kept.checkpoint)
        from fusion_core.checkpoints import from_bytes

        self._remember(task.id, from_bytes(report.kept.checkpoint, str(path)).digest)
        del self.running[task.id]
        States(self.rules.states, task.id).remove()
        return True

    def lose(self, trial: str, reason: str) -> None:
        """A worker died under a start: it is trained again, `Rules.attempts` times in all."""
        place = self.running.pop(trial)
        task = self.tasks[place]
        self.lost[trial] += 1
        if self.lost[trial] >= self.rules.attempts:
            times = "once" if self.rules.attempts == 1 else f"{self.rules.attempts} times"
            self._fail(task, f"its worker died {times}: {reason}", None)
        self.display.note(f"{self._said(task)}: its worker died ({reason}); it is tried again ({self.lost[trial]})")
        self.queue.appendleft(place)

    def _fail(self, task: Task, error: str, details: str | None) -> NoReturn:
        """Raise StartError: without it no trial that begins from it can run."""
        if details is not None:
            log = self.run / "logs" / f"start_{task.id}.txt"
            log.parent.mkdir(exist_ok=True)
            write_whole(log, details.encode("utf-8", "backslashreplace"))
        raise StartError(
            f"{self._said(task)}: it must be trained before them, but: {error}. What was reported before is safe: "
            "mend that, and run the same command again"
        )

    def _said(self, task: Task) -> str:
        count = self.needed[task.id]
        trials = "1 trial" if count == 1 else f"{count} trials"
        return f"start {task.number} of {len(self.tasks)} ({self.plan.starts[task.id].said}), for {trials}"

    def _lacks(self, start: Start) -> bool:
        """Return whether a start is to be trained: it is not there, or damaged, which is said."""
        path = self._path(start.id)
        if start.config is None or not path.is_file():
            return start.config is not None
        from fusion_core.checkpoints import load_checkpoint

        try:
            self._remember(start.id, load_checkpoint(path).digest)
        except CheckpointError as problem:
            self.display.note(f"{problem} It is trained again.")
            return True
        return False

    def _remember(self, start: str, digest: str) -> None:
        """Keep which weights a start has, and say where they are others than before: the same training may differ."""
        path = self._path(start).with_suffix(".digest")
        known = path.read_text(encoding="utf-8", errors="replace").strip() if path.exists() else digest
        if known != digest:
            self.display.note(
                f"start {start[:8]} ({self.plan.starts[start].said}) has other weights now ({digest}) than before "
                f"({printable(known[:16])}): rows of trials that began from the earlier ones stay as they are"
            )
        if known != digest or not path.exists():
            write_whole(path, f"{digest}\n".encode())

    def _path(self, start: str) -> Path:
        return start_file(self.run, start)
