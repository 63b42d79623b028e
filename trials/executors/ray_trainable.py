"""A worker as a Ray Tune Trainable that is reused for all its trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray
from ray import tune

from trials.worker.messages import Rules, Task, TrialProgress
from trials.worker.resources import WorkerResources
from trials.worker.worker import Worker


@dataclass(frozen=True)
class Shared:
    """What every worker of a sweep reads from the object store; `data` and `starts` are fetched when first needed."""

    tasks: Sequence[Task]
    data: ray.ObjectRef[Any]
    rules: Rules
    device: str
    share: float
    starts: Mapping[str, ray.ObjectRef[Any]] = field(default_factory=dict)


class FusionTrainable(tune.Trainable):
    """Runs the trials that come as `config["job"]`: their index in `Shared.tasks`, or the task itself if it is new."""

    def setup(self, config: dict[str, Any], shared: Shared | None = None) -> None:
        assert shared is not None
        self.shared = shared
        self.worker = Worker(
            WorkerResources(
                lambda: ray.get(shared.data),
                shared.rules,
                shared.device,
                shared.share,
                lambda start: ray.get(shared.starts[start]),
            )
        )
        self._take_up(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._take_up(new_config)
        return True

    def step(self) -> dict[str, Any]:
        report = self.worker.step()
        # In a list, so that the driver can empty it: Tune keeps the last result of every trial.
        return {"report": [report], "done": report.done}

    def _take_up(self, config: dict[str, Any]) -> None:
        place, progress, new = config["job"]
        self.worker.start(self.shared.tasks[place] if new is None else Task(*new), TrialProgress(*progress))
        # Tune makes a folder per trial; nothing is ever in it.
        with suppress(OSError):
            Path(self.logdir).rmdir()
