"""What all trials of one worker share: device, data, initial checkpoints, model cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fusion_core.config import KernelConfig, PolicyConfig, TrialConfig
from trials.worker.messages import Rules, Task

if TYPE_CHECKING:
    from fusion_core.data.catalog import LoadedData
    from fusion_core.models.checkpoints import Checkpoint
    from fusion_core.workspace import Workspace

MOST_STARTS = 4
"""How many starts a worker keeps on its device."""


class WorkerResources:
    """Device, data, starts and model costs of one process, each made on first use and then kept.

    `data` is called once, when the first trial needs pairs; `share` of the device's memory is this worker's; `starts`
    gives the file of a start by its id.
    """

    def __init__(
        self,
        data: Callable[[], LoadedData],
        rules: Rules,
        device: str,
        share: float = 1.0,
        starts: Callable[[str], bytes] | None = None,
    ) -> None:
        self.data = data
        self.share = share
        self.starts = starts
        self.rules = rules
        self.device = device
        self.device_name = "cpu"
        self._workspace: Workspace | None = None
        self._loaded: dict[str, Checkpoint] = {}
        self._costs: dict[tuple[PolicyConfig, KernelConfig], dict[str, float]] = {}

    def workspace(self) -> Workspace:
        """Return the data on the device, put there once."""
        if self._workspace is None:
            from fusion_core.workspace import Workspace, choose_device, configure_process

            device = choose_device(self.device)
            configure_process(device)
            self.device_name = device_name(device)
            data = self.data()
            self._workspace = Workspace(data.train, data.test, device, share=self.share)
        return self._workspace

    def cost_of(self, config: TrialConfig) -> dict[str, float]:
        """Return the cost of a trial's model on pairs of the first test set, measured once per model."""
        model = config.policy, config.kernel
        if model not in self._costs:
            from fusion_core.models.cost import model_cost

            workspace = self.workspace()
            height, width = next(iter(workspace.test.values())).infrared.shape[-2:]
            self._costs[model] = model_cost(*model, (height, width), workspace.device).rows()
        return self._costs[model]

    def start_of(self, task: Task) -> Checkpoint | None:
        """Return a trial's start on the device; the last few are kept."""
        if task.start is None:
            return None
        if task.start not in self._loaded:
            from fusion_core.models.checkpoints import from_bytes

            assert self.starts is not None
            while len(self._loaded) >= MOST_STARTS:
                del self._loaded[next(iter(self._loaded))]
            device = str(self.workspace().device)
            self._loaded[task.start] = from_bytes(self.starts(task.start), f"start {task.start}", device)
        return self._loaded[task.start]


def device_name(device: str) -> str:
    """Return the name of the device in the table: the GPU's own name, or cpu."""
    if device == "cpu":
        return device
    import torch

    return torch.cuda.get_device_name(device)
