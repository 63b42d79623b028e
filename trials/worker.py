"""What happens inside one worker: trials one after the other, one epoch a step. Knows nothing of Ray or the table."""

from __future__ import annotations

import math
import platform
import traceback
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from fusion_core.config import KernelConfig, PolicyConfig, TrialConfig
from fusion_core.errors import CheckpointError, TrialError
from fusion_core.recipes.base import EpochReport, Recipe, Summary
from fusion_core.recipes.catalog import build_recipe
from fusion_core.whole import FULL, DiskError
from trials.job import Kept, Report, Rules, Standing, Task
from trials.pictures import png
from trials.ranking import sign, weighted_mean
from trials.starts import fusion_of
from trials.states import States

if TYPE_CHECKING:
    from fusion_core.checkpoints import Checkpoint
    from fusion_core.data.catalog import LoadedData
    from fusion_core.workspace import Workspace

MOST_STARTS = 4
"""How many starts a worker keeps on its device."""


class Worker:
    """Runs any number of trials in this process; data stay on the device from one to the next.

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
        self._loaded: dict[str, Checkpoint] = {}
        self._costs: dict[tuple[PolicyConfig, KernelConfig], dict[str, float]] = {}
        self.rules = rules
        self.device = device
        self.device_name = "cpu"
        self._workspace: Workspace | None = None
        self.trial: RunningTrial | None = None

    def start(self, task: Task, standing: Standing) -> None:
        """Take up a trial; the work begins with the first step."""
        self.trial = RunningTrial(self, task, standing)

    def step(self) -> Report:
        """Train and evaluate one epoch. A trial that breaks gives a report that says why; it never raises for that.

        A step may be asked for only when the report of the step before is safe in the table.
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
        return replace(report, node=platform.node(), device=self.device_name)

    def workspace(self) -> Workspace:
        """Return the data on the device, put there once."""
        if self._workspace is None:
            from fusion_core.workspace import Workspace, choose_device, configure_process

            device = choose_device(self.device)
            configure_process(device)
            self.device_name = name_of(device)
            data = self.data()
            self._workspace = Workspace(data.train, data.test, device, share=self.share)
        return self._workspace

    def cost_of(self, config: TrialConfig) -> dict[str, float]:
        """Return what a trial's model costs on pairs of the first test set, measured once for all that have it."""
        model = config.policy, config.kernel
        if model not in self._costs:
            from fusion_core.model_cost import model_cost

            workspace = self.workspace()
            height, width = next(iter(workspace.test.values())).infrared.shape[-2:]
            self._costs[model] = model_cost(*model, (height, width), workspace.device).rows()
        return self._costs[model]

    def start_of(self, task: Task) -> Checkpoint | None:
        """Return what a trial begins from, on the device; read once as long as few others come between."""
        if task.start is None:
            return None
        if task.start not in self._loaded:
            from fusion_core.checkpoints import from_bytes

            assert self.starts is not None
            while len(self._loaded) >= MOST_STARTS:
                del self._loaded[next(iter(self._loaded))]
            device = str(self.workspace().device)
            self._loaded[task.start] = from_bytes(self.starts(task.start), f"start {task.start}", device)
        return self._loaded[task.start]


class RunningTrial:
    """One trial from its start, or from a saved state, to its last epoch."""

    def __init__(self, worker: Worker, task: Task, standing: Standing) -> None:
        self.worker = worker
        self.task = task
        self.standing = standing
        self.config = TrialConfig.model_validate_json(task.config)
        self.states = States(worker.rules.states, task.id)
        self.score = standing.score
        self.notes: tuple[str, ...] = ()
        self.epochs: Iterator[EpochReport] | None = None
        self.recipe: Recipe | None = None

    def step(self) -> Report:
        workspace = self.workspace()
        begins = self.recipe is None
        if self.recipe is None:
            self.recipe = self.build(workspace)
            self.epochs = self.recipe.epochs()
        else:
            self.states.remove(below=self.recipe.epoch)
        assert self.epochs is not None
        epoch = self.thinned(next(self.epochs))
        last = epoch.epoch >= self.config.recipe.epochs
        self.rank(epoch, last=last)
        if last and self.worker.rules.measure_model and workspace is not None and not self.task.is_start:
            epoch = replace(epoch, training=epoch.training | self.worker.cost_of(self.config))
        if not last or (self.worker.rules.keep_states and not self.task.is_start):
            self.states.make_folder()
            self.recipe.save_state(self.states.path(epoch.epoch))
        baselines = self.baselines(workspace) if begins else None
        lists = self.recipe.lists() if begins else {}
        kept = self.kept() if last else None
        notes = (*self.notes, *(f"{self.task.said}: {note}" for note in epoch.notes))
        self.notes = ()
        return Report(self.task.id, epoch, last, self.score, baselines=baselines, kept=kept, lists=lists, notes=notes)

    def workspace(self) -> Workspace | None:
        """Return the data, without the test sets for a start, which its trials measure; None where none are needed."""
        if not self.config.recipe.needs_data:
            return None
        workspace = self.worker.workspace()
        if self.task.is_start:
            workspace = copy(workspace)
            workspace.test = {}
        return workspace

    def baselines(self, workspace: Workspace | None) -> dict[str, dict[str, dict[str, Summary]]] | None:
        """Return what is wanted of fusions that are no trials: those that learned nothing, and the trial's start."""
        found = workspace.baselines() if self.standing.baselines and workspace is not None else {}
        if self.standing.start_metrics and self.recipe is not None and self.task.start is not None:
            for dataset, metrics in (self.recipe.start_metrics() or {}).items():
                found.setdefault(dataset, {})[fusion_of(self.task.start)] = metrics
        return found or None

    def build(self, workspace: Workspace | None) -> Recipe:
        """Return the recipe at the newest saved state that the table knows of, or at the start."""
        start = self.worker.start_of(self.task)
        damaged = []
        for epoch in self.states.epochs():
            if epoch > self.standing.done:
                continue
            recipe = build_recipe(self.config, workspace, start)
            try:
                recipe.load_state(self.states.path(epoch))
            except CheckpointError as problem:
                damaged.append(one_line(problem))
                continue
            if recipe.epoch == epoch:
                break
            damaged.append(f"{self.states.path(epoch)}: it is of epoch {recipe.epoch}")
        else:
            epoch, recipe = 0, build_recipe(self.config, workspace, start)
        if epoch < self.standing.done:
            self.notes = (self.trained_again(epoch, damaged),)
        return recipe

    def trained_again(self, epoch: int, damaged: list[str]) -> str:
        """Say why epochs that the table holds are trained once more."""
        if damaged:
            return (
                f"{self.task.said}: epochs {epoch + 1} to {self.standing.done} are trained again, because "
                f"{'; '.join(damaged)}; their rows stay as they are"
            )
        return (
            "trials that ended before with fewer epochs are trained from the start, since no state of theirs was kept "
            "(keep_states: true in the sweep file keeps them); their rows stay as they are"
        )

    def thinned(self, report: EpochReport) -> EpochReport:
        """Leave out the values per image where the sweep does not want them."""
        per_image = self.config.evaluation.per_image
        if per_image == "all" or (per_image == "last" and report.epoch >= self.config.recipe.epochs):
            return report
        metrics = {
            dataset: {name: replace(summary, values=None) for name, summary in values.items()}
            for dataset, values in report.metrics.items()
        }
        return replace(report, metrics=metrics)

    def rank(self, report: EpochReport, *, last: bool) -> None:
        rank_by = self.worker.rules.rank_by
        if report.epoch == rank_by.epoch or (rank_by.epoch is None and last):
            means = {
                dataset: values[rank_by.metric].mean
                for dataset, values in report.metrics.items()
                if rank_by.metric in values
            }
            self.score = weighted_mean(means, rank_by.dataset_weights)

    def kept(self) -> Kept | None:
        """Return what is kept of the trial as far as was known when it started: only the driver knows the rest."""
        if self.task.is_start and self.recipe is not None:
            return Kept(self.recipe.checkpoint(), {})
        rules, standing = self.worker.rules, self.standing
        if not rules.keep_best or self.recipe is None:
            return None
        among_best, worst = self.reaches(standing.to_reach, 1), self.reaches(standing.to_sink_to, -1)
        images = {}
        if rules.keep_samples and (among_best or worst or self.task.at_default):
            images = {
                f"{sample.dataset}_{sample.stem}_{name}.png": png(image)
                for sample in self.recipe.samples(rules.keep_samples)
                for name, image in sample.images.items()
            }
        if not among_best and not images:
            return None
        return Kept(self.recipe.checkpoint() if among_best else None, images)

    def reaches(self, bar: float | None, way: int) -> bool:
        """Return whether the score is as good as `bar` (way 1), or as bad (way -1); no score ever is."""
        if self.score is None or math.isnan(self.score):
            return False
        direction = way * sign(self.worker.rules.rank_by.metric)
        return bar is None or direction * self.score >= direction * bar


def name_of(device: str) -> str:
    """Return what to call the device in the table: the GPU's own name, or cpu."""
    if device == "cpu":
        return device
    import torch

    return torch.cuda.get_device_name(device)


def one_line(problem: BaseException) -> str:
    """Return the message of an exception as one line of at most 500 characters."""
    return " ".join(str(problem).split())[:500] or type(problem).__name__
