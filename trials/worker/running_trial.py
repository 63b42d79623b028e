"""One trial on a worker, from its start or a saved state to its last epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from fusion_core.config import TrialConfig
from fusion_core.errors import CheckpointError
from fusion_core.images.png import png
from fusion_core.metrics.facts import facts_of
from fusion_core.recipes.base import Recipe
from fusion_core.recipes.catalog import build_recipe
from fusion_core.reports import EpochReport, Summary
from trials.ranking.leaderboard import weighted_mean
from trials.storage.artifacts import Artifacts
from trials.storage.layout import start_fusion
from trials.storage.states import States
from trials.worker.messages import Report, Task, TrialProgress, one_line
from trials.worker.resources import WorkerResources

if TYPE_CHECKING:
    from fusion_core.workspace import Workspace


class RunningTrial:
    """One trial from its start, or from a saved state, to its last epoch."""

    def __init__(self, resources: WorkerResources, task: Task, progress: TrialProgress) -> None:
        self.resources = resources
        self.task = task
        self.progress = progress
        self.config = TrialConfig.model_validate_json(task.config)
        self.states = States(resources.rules.states, task.id)
        self.score = progress.score
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
        epoch = self.without_image_values(next(self.epochs))
        last = epoch.epoch >= self.config.recipe.epochs
        self.rank(epoch, last=last)
        if last and self.resources.rules.measure_model and workspace is not None and not self.task.is_start:
            epoch = replace(epoch, training=epoch.training | self.resources.cost_of(self.config))
        if not last or (self.resources.rules.keep_states and not self.task.is_start):
            self.states.make_folder()
            self.recipe.save_state(self.states.path(epoch.epoch))
        baselines = self.baselines(workspace) if begins else None
        lists = self.recipe.lists() if begins else {}
        artifacts = self.artifacts() if last else None
        notes = (*self.notes, *(f"{self.task.label}: {note}" for note in epoch.notes))
        self.notes = ()
        return Report(
            self.task.id, epoch, last, self.score, baselines=baselines, artifacts=artifacts, lists=lists, notes=notes
        )

    def workspace(self) -> Workspace | None:
        """Return the data, without test sets for a start, which its trials measure; None if no data are needed."""
        if not self.config.recipe.needs_data:
            return None
        workspace = self.resources.workspace()
        if self.task.is_start:
            workspace = copy(workspace)
            workspace.test = {}
        return workspace

    def baselines(self, workspace: Workspace | None) -> dict[str, dict[str, dict[str, Summary]]] | None:
        """Return the requested baselines: the untrained fusions, and the trial's start."""
        found = workspace.baselines() if self.progress.baselines and workspace is not None else {}
        if self.progress.start_metrics and self.recipe is not None and self.task.start is not None:
            for dataset, metrics in (self.recipe.start_metrics() or {}).items():
                found.setdefault(dataset, {})[start_fusion(self.task.start)] = metrics
        return found or None

    def build(self, workspace: Workspace | None) -> Recipe:
        """Return the recipe at the newest saved state that is in the table, or at the start."""
        start = self.resources.start_of(self.task)
        damaged = []
        for epoch in self.states.epochs():
            if epoch > self.progress.done:
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
        if epoch < self.progress.done:
            self.notes = (self.trained_again(epoch, damaged),)
        return recipe

    def trained_again(self, epoch: int, damaged: list[str]) -> str:
        """Explain why epochs that the table holds are retrained."""
        if damaged:
            return (
                f"{self.task.label}: epochs {epoch + 1} to {self.progress.done} are retrained because "
                f"{'; '.join(damaged)}; their rows are kept"
            )
        return (
            "finished trials with fewer epochs are retrained from epoch 1 because their training state was not kept "
            "(keep_states: true in the sweep file keeps it); their rows are kept"
        )

    def without_image_values(self, report: EpochReport) -> EpochReport:
        """Drop the values per image if the sweep does not keep them."""
        per_image = self.config.evaluation.per_image
        if per_image == "all" or (per_image == "last" and report.epoch >= self.config.recipe.epochs):
            return report
        metrics = {
            dataset: {name: replace(summary, values=None) for name, summary in values.items()}
            for dataset, values in report.metrics.items()
        }
        return replace(report, metrics=metrics)

    def rank(self, report: EpochReport, *, last: bool) -> None:
        rank_by = self.resources.rules.rank_by
        if report.epoch == rank_by.epoch or (rank_by.epoch is None and last):
            means = {
                dataset: values[rank_by.metric].mean
                for dataset, values in report.metrics.items()
                if rank_by.metric in values
            }
            self.score = weighted_mean(means, rank_by.dataset_weights)

    def artifacts(self) -> Artifacts | None:
        """Return the trial's artifacts if it may be kept, as known at its start: the driver decides."""
        if self.task.is_start and self.recipe is not None:
            return Artifacts(self.recipe.checkpoint(), {})
        rules, progress = self.resources.rules, self.progress
        if not rules.keep_best or self.recipe is None:
            return None
        among_best, worst = self.is_at_least(progress.best_threshold), self.is_at_most(progress.worst_threshold)
        images = {}
        if rules.keep_samples and (among_best or worst or self.task.at_default):
            images = {
                f"{sample.dataset}_{sample.stem}_{name}.png": png(image)
                for sample in self.recipe.samples(rules.keep_samples)
                for name, image in sample.images.items()
            }
        if not among_best and not images:
            return None
        return Artifacts(self.recipe.checkpoint() if among_best else None, images)

    def is_at_least(self, threshold: float | None) -> bool:
        """Return whether the score is as good as `threshold` (None: any is); False without a score."""
        return self._is_beyond(threshold, facts_of(self.resources.rules.rank_by.metric).sign)

    def is_at_most(self, threshold: float | None) -> bool:
        """Return whether the score is as bad as `threshold` (None: any is); False without a score."""
        return self._is_beyond(threshold, -facts_of(self.resources.rules.rank_by.metric).sign)

    def _is_beyond(self, threshold: float | None, direction: float) -> bool:
        if self.score is None or math.isnan(self.score):
            return False
        return threshold is None or direction * self.score >= direction * threshold
