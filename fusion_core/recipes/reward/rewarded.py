"""Rewards of a policy on training and held-out pairs, with those of the copies and the start for comparison."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fusion_core.config import TrialConfig
from fusion_core.errors import TrialError
from fusion_core.evaluation import batch_size
from fusion_core.metrics.catalog import METRICS, Metric
from fusion_core.models.checkpoints import Checkpoint
from fusion_core.recipes.policy_recipe import LOWER, PolicyRecipe
from fusion_core.recipes.reward import guards
from fusion_core.reports import EpochReport, Summary
from fusion_core.rewards import Reward, baseline_terms, non_finite
from fusion_core.sources import Fused, Sources, SourceSet
from fusion_core.workspace import Workspace

HELD_OUT = "reward_held_out"
LOGGED_AGGREGATES = ("sum", "min")


class RewardedRecipe(PolicyRecipe):
    """A policy that is deployed, drawn from and rewarded; `scales` divide the reward's metrics if it is normalised."""

    recipe: Any

    def __init__(self, config: TrialConfig, workspace: Workspace, start: Checkpoint | None = None) -> None:
        super().__init__(config, workspace, start)
        self.recipe = config.recipe
        self.reward = Reward(config.reward)
        self.logged_rewards = {aggregate: self.reward.also(aggregate) for aggregate in LOGGED_AGGREGATES}
        self.scales: dict[str, float] | None = None
        self.held_out: dict[str, float] = {}

    @abstractmethod
    def render(self, sources: Sources) -> tuple[Fused, Tensor]:
        """Fuse as it is deployed; return the map (N, 1, H, W) too. With a gradient if gradients are on."""

    @abstractmethod
    def draw(self, sources: Sources, random: np.random.Generator) -> tuple[Tensor, Tensor, Callable[[Tensor], Fused]]:
        """Draw actions (S, N, ...); return them, their log-probabilities (S, N), and how one (N, ...) fuses."""

    @abstractmethod
    def fuse_drawn(self, sources: Sources, seed: int) -> tuple[Fused, Tensor]:
        """Fuse with one draw per pair, by `seed` and the pair's index."""

    def fuse(self, sources: Sources, seed: int | None = None) -> tuple[Fused, Tensor]:
        return self.render(sources) if seed is None else self.fuse_drawn(sources, seed)

    def random(self, epoch: int, update: int) -> np.random.Generator:
        """Return the random numbers of one update: no draw depends on what was drawn before."""
        return np.random.default_rng((self.config.seed, epoch, update, 1))

    @property
    def rewarded(self) -> dict[str, Metric]:
        """Measurements of the test sets for the training rows: the reward, and its metrics with its aggregate.

        Metrics of weight 0 that are named count too, so that trials of a sweep compare.
        """
        terms = {name: partial(self.reward.term, name) for name in self.config.reward.weights if name in METRICS}
        own: Metric = partial(self.reward, scales=self.scales)
        return {HELD_OUT: own} | {f"rewarded_{name}": term for name, term in terms.items()}

    @property
    def extra(self) -> dict[str, Metric]:
        return super().extra | self.rewarded

    def evaluate(self, epoch: int) -> dict[str, dict[str, Summary]]:
        metrics = super().evaluate(epoch)
        self.held_out = {
            name: float(np.mean([values.pop(name).mean for values in metrics.values()]))
            for name in (self.rewarded if metrics else ())
        }
        return metrics

    def train_epoch(self) -> EpochReport:
        report = super().train_epoch()
        return replace(report, training=report.training | self.held_out)

    def start_metrics(self) -> dict[str, dict[str, Summary]] | None:
        metrics = super().start_metrics()
        for values in (metrics or {}).values():
            for name in self.rewarded:
                del values[name]
        return metrics

    @torch.no_grad()
    def judged(self, scales: Mapping[str, float] | None) -> tuple[dict[str, float], Tensor]:
        """Return means over the training pairs of the deterministic output, and the reward of each pair.

        The means are of the reward (also as sum and min), the fusion loss, and how much of the map is at either end.
        """
        found: dict[str, list[Tensor]] = {}
        train = self.workspace.train
        for rows, sources in train.batches(batch_size(train)):
            fused, weight_map = self.render(sources)
            terms = self.reward.terms(sources, fused)
            values = {name: value[None] for name, value in terms.items()}
            self.refuse_non_finite(values, self.workspace.train_stems[rows], self.epoch + 1)
            reward = self.reward.combine(terms, scales)
            at_0, at_1 = guards.ends(weight_map)
            loss, _ = self.loss(sources, fused)
            values = {"reward_train": reward, "loss_fusion": loss.expand(len(reward))}
            values |= {"map_at_0": at_0, "map_at_1": at_1}
            for aggregate, logged in self.logged_rewards.items():
                values[f"reward_train_{aggregate}"] = logged(sources, fused, scales)
            for name, value in values.items():
                found.setdefault(name, []).append(value)
        joined = {name: torch.cat(values) for name, values in found.items()}
        return {name: values.double().mean().item() for name, values in joined.items()}, joined["reward_train"]

    @torch.no_grad()
    def beside(self, pairs: SourceSet, scales: Mapping[str, float] | None) -> dict[str, float]:
        """Return the mean rewards to compare a policy's with: those of the copies, their average and the start."""
        found: dict[str, list[Tensor]] = {}
        for _, sources in pairs.batches(batch_size(pairs)):
            terms = baseline_terms(self.reward, sources)
            terms["start"] = self.reward.terms(sources, self.render(sources)[0])
            for name, one in terms.items():
                found.setdefault(name, []).append(self.reward.combine(one, scales))
        return {name: torch.cat(parts).double().mean().item() for name, parts in found.items()}

    def reference(self, sources: Sources) -> Mapping[str, Tensor] | None:
        """Return the start's metrics that are scored only for the best sample; measured once per pair."""
        if not self.reward.late:
            return None
        if self.start is None:
            return self.reward.terms(sources, self.render(sources)[0])
        fused = cache(lambda: self.start.fuse(sources)[0])  # type: ignore[union-attr]
        return {
            name: sources.once(
                f"{name} of {self.start.digest} {self.config.reward.aggregate}",
                lambda name=name: self.reward.term(name, sources, fused()),  # type: ignore[misc]
            )
            for name in self.reward.late
        }

    def refuse_non_finite(self, terms: Mapping[str, Tensor], stems: Sequence[str], epoch: int) -> None:
        """Raise TrialError for a reward that is not finite, naming broken weights, or metric and pair."""
        if non_finite(terms) is not None and not self.stepper.is_finite():
            raise TrialError(f"the policy's weights must stay finite, but are not at epoch {epoch}. {LOWER}")
        guards.refuse_non_finite_reward(terms, stems, epoch)
