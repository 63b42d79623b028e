"""What executors run, as a protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from trials.worker.messages import Report, Rules, Task, TrialProgress

if TYPE_CHECKING:
    from fusion_core.data.catalog import LoadedData
    from trials.storage.layout import RunFolder


class Jobs(Protocol):
    """Tasks of one kind: the trials of a sweep, or the starts before them. `data` is None if no task needs pairs."""

    run: RunFolder
    rules: Rules

    @property
    def tasks(self) -> Sequence[Task]: ...

    @property
    def data(self) -> LoadedData | None: ...

    @property
    def over(self) -> bool: ...

    def next_job(self) -> tuple[int, TrialProgress] | None:
        """Return the index of the next task and its progress, and mark it running; None if none waits."""

    def take(self, report: Report) -> bool:
        """Take a report; return whether its task is over."""

    def worker_died(self, trial: str, reason: str) -> None:
        """The worker of a task died, or hung and was ended."""

    def note(self, text: str) -> None:
        """Print a note for the user, once."""

    def workers_changed(self, workers: int) -> None:
        """The number of workers is now `workers`."""

    def gauges(self) -> Mapping[str, float]:
        """Return what is shown on a dashboard, by name."""


class StartJobs(Jobs, Protocol):
    """The starts: `ids` are those that the waiting trials begin from, existing ones included."""

    @property
    def ids(self) -> Iterable[str]: ...

    def content(self, start: str) -> bytes:
        """Return a trained start as a safetensors file."""
