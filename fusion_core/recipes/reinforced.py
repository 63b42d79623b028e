"""What recipes that learn from a reward share: rollouts, advantages, controls, guards, and what is logged of them.

One step is a contextual bandit's: of every pair S samples are drawn and fused, each is rewarded by its metrics, and
those better than the mean of their group become likelier. Nothing is learned from sampled images but their reward.
"""

from __future__ import annotations

import json
import math
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fusion_core.checkpoints import Checkpoint
from fusion_core.config import TrialConfig
from fusion_core.errors import TrialError
from fusion_core.evaluation import batch_size
from fusion_core.metrics.catalog import METRICS, Metric
from fusion_core.recipes import guards
from fusion_core.recipes.advantages import clipped_surrogate, controlled, group_advantages
from fusion_core.recipes.base import EpochReport, Summary
from fusion_core.recipes.policy_recipe import LOWER, PolicyRecipe, gradient_norms
from fusion_core.recipes.stepping import Values
from fusion_core.recipes.trust import TrustRegion
from fusion_core.recipes.worst import batches, worst_list, worst_rows
from fusion_core.rewards import Group, Reward, baseline_terms, non_finite
from fusion_core.sources import Fused, Sources, SourceSet
from fusion_core.workspace import Workspace

# How many training pairs are drawn from to measure the spread of each metric, for `reward.normalise: fixed`.
PAIRS_TO_SCALE = 64
HELD_OUT = "reward_held_out"
LOGGED_AGGREGATES = ("sum", "min")


@dataclass(frozen=True)
class Rollout:
    """S samples of each of N pairs: actions (S, N, ...), their log-probabilities (S, N), and what they earned.

    `rewards` (S, N) are what is learned from: those of `group`, or what the control made of them.
    """

    rows: np.ndarray
    actions: Tensor
    log_prob: Tensor
    group: Group
    rewards: Tensor
    advantages: Tensor
    before: Tensor | None = None

    def of(self, rows: np.ndarray) -> tuple[Tensor, Tensor, Tensor, np.ndarray]:
        """Return actions, log-probabilities and advantages of some of the rows, and their places."""
        at = np.searchsorted(self.rows, rows)
        index = torch.from_numpy(at).to(self.actions.device)
        return self.actions[:, index], self.log_prob[:, index], self.advantages[:, index], at


class ReinforcedRecipe(PolicyRecipe):
    """A policy that learns from a reward. A recipe of this kind gives actions, their probabilities and its loss."""

    recipe: Any

    def __init__(self, config: TrialConfig, workspace: Workspace, start: Checkpoint | None = None) -> None:
        super().__init__(config, workspace, start)
        self.recipe = config.recipe
        self.reward = Reward(config.reward)
        self.logged_rewards = {aggregate: self.reward.also(aggregate) for aggregate in LOGGED_AGGREGATES}
        self.trust: TrustRegion | None = None
        self.begin: dict[str, float] = {}
        self.scales: dict[str, float] | None = None
        self.worst: np.ndarray | None = None
        self._lists: dict[str, str] = {}
        self.moves = self.connected = False
        self.before: Tensor | None = None
        self.held_out: dict[str, float] = {}
        self.learning = False

    @abstractmethod
    def render(self, sources: Sources) -> tuple[Fused, Tensor]:
        """Fuse as it is deployed; return the map (N, 1, H, W) too. With a gradient where that is on."""

    @abstractmethod
    def draw(self, sources: Sources, random: np.random.Generator) -> tuple[Tensor, Tensor, Callable[[Tensor], Fused]]:
        """Draw actions (S, N, ...); return them, their log-probabilities (S, N), and how one (N, ...) fuses."""

    @abstractmethod
    def log_prob_of(self, sources: Sources, actions: Tensor) -> Tensor:
        """Return the log-probabilities (S, N) of actions as the policy is now."""

    @abstractmethod
    def objective(self, sources: Sources, rollout: Rollout, rows: np.ndarray) -> tuple[Tensor, Values]:
        """Return the loss of a batch's rows and the numbers to log."""

    @abstractmethod
    def refuse_dead_actions(self, sources: Sources) -> None:
        """Raise TrialError where a dimension of the action moves no output."""

    @abstractmethod
    def fuse_drawn(self, sources: Sources, seed: int) -> tuple[Fused, Tensor]:
        """Fuse with one draw per pair that `seed` and the pair's place decide."""

    @property
    def trained(self) -> nn.Module:
        return self.stepper.policy

    @property
    def draws(self) -> bool:
        return super().draws or self.recipe.control == "random"

    def fuse(self, sources: Sources, seed: int | None = None) -> tuple[Fused, Tensor]:
        return self.render(sources) if seed is None else self.fuse_drawn(sources, seed)

    def random(self, epoch: int, update: int) -> np.random.Generator:
        """Return the random numbers of one update: no draw depends on what was drawn before."""
        return np.random.default_rng((self.config.seed, epoch, update, 1))

    def _train(self, epoch: int) -> dict[str, float]:
        self.trained.eval()
        if not self.begin:
            self._look_at_the_start()
        logged: list[Values] = []
        norms: list[Tensor] = []
        for update, rows in enumerate(self._batches(epoch)):
            values, steps = self._update(rows, epoch, update)
            logged.append(values)
            norms += steps
        means = self.means(logged, epoch)
        counts = {name: means.pop(name) * len(logged) for name in ("reward_calls", "samples_drawn")}
        counts["reward_calls"] += len(self.workspace.train)
        if means.get("step_share") == 0:
            self.stepper.notes.append(f"epoch {epoch}: every step went too far and was undone. {LOWER}")
        after = self._judged(self.workspace.train.batches(self._size))
        guards.refuse_collapse(after["map_at_0"], after["map_at_1"], self.recipe.collapse, epoch)
        gradients = gradient_norms(torch.stack(norms)) if norms else {"gradient_norm": 0.0}
        return means | counts | after | gradients | self.begin

    @property
    def rewarded(self) -> dict[str, Metric]:
        """What is measured of the test sets for the training rows: the reward, and its metrics as it joins sources.

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

    @property
    def _size(self) -> int:
        return batch_size(self.workspace.train)

    def _batches(self, epoch: int) -> Iterator[np.ndarray]:
        count, size = len(self.workspace.train), self.recipe.batch_size
        updates = self.recipe.updates or math.ceil(count / size)
        worst = self.config.data.worst
        random = np.random.default_rng((self.config.seed, epoch))
        yield from batches(random, count, size, updates, self.worst, 0.0 if worst is None else worst.mix)

    def _update(self, rows: np.ndarray, epoch: int, update: int) -> tuple[Values, list[Tensor]]:
        """Draw, reward and step; return the numbers of the batch and the norms of its gradients."""
        sources = self.workspace.train.batch(rows)
        random = self.random(epoch, update)
        if not self.moves:
            self.refuse_dead_actions(sources)
            self.moves = True
        if self.recipe.control == "direct":
            return self._ascend(rows)
        self.learning = not self.idle
        rollout = self._rollout(sources, rows, random)
        self._refuse_non_finite(rollout.group.terms, [self.workspace.train_stems[r] for r in rows], epoch)
        values = self._described(rollout)
        if self.idle:
            return values, []
        stepped, norms = self._step(sources, rollout, epoch)
        self.connected, self.learning = True, False
        return values | stepped, norms

    @torch.no_grad()
    def _rollout(self, sources: Sources, rows: np.ndarray, random: np.random.Generator) -> Rollout:
        actions, log_prob, fuse = self.draw(sources, random)
        group = self.reward.group(
            sources, (fuse(action) for action in actions), scales=self.scales, reference=self._reference(sources)
        )
        rewards = controlled(group.rewards, self.recipe.control, random)
        return Rollout(rows, actions, log_prob, group, rewards, self.advantages(rewards), self.before)

    def _refuse_non_finite(self, terms: Mapping[str, Tensor], stems: Sequence[str], epoch: int) -> None:
        """Raise TrialError for a reward that is no number: of broken weights, or of a metric and a pair."""
        if non_finite(terms) is not None and not self.stepper.is_finite():
            raise TrialError(f"the policy's weights must stay finite, but are not at epoch {epoch}. {LOWER}")
        guards.refuse_non_finite_reward(terms, stems, epoch)

    @property
    def idle(self) -> bool:
        """Whether the control never updates."""
        return self.recipe.control in ("frozen", "random")

    def advantages(self, rewards: Tensor) -> Tensor:
        """Return the advantages (S, N) of rewards (S, N)."""
        return group_advantages(rewards)

    def _reference(self, sources: Sources) -> Mapping[str, Tensor] | None:
        """Return what the start has of the metrics that are scored for the best sample only; measured once per pair."""
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

    def _described(self, rollout: Rollout) -> Values:
        group = rollout.group
        # As they are: standardised ones, which a group may learn from, have no level to look at.
        rewards = self.reward.combine(group.terms, self.scales)
        named = {f"term_{name}": value.mean() for name, value in group.terms.items()}
        return named | {
            "reward_sample": rewards[0].mean(),
            "reward_mean": rewards.mean(),
            "reward_best": rewards.amax(dim=0).mean(),
            "reward_spread": rewards.std(dim=0, correction=0).mean(),
            "advantage_size": rollout.advantages.abs().mean(),
            "reward_calls": rewards.new_tensor(float(group.calls)),
            "samples_drawn": rewards.new_tensor(float(rewards.numel())),
        }

    def _step(self, sources: Sources, rollout: Rollout, epoch: int) -> tuple[Values, list[Tensor]]:
        """Take up to `inner_epochs` steps on one rollout; return their mean numbers and their gradients' norms."""
        logged: list[Values] = []
        norms: list[Tensor] = []
        for inner in range(self.recipe.inner_epochs):
            if self.trust is not None:
                if inner and self._diverged(sources, rollout, epoch) > self.trust.target:
                    break
                self.trust.keep()
            values, norm = self.stepper.step(
                [rollout.rows],
                lambda rows: self.objective(
                    sources if len(rows) == len(rollout.rows) else self.workspace.train.batch(rows), rollout, rows
                ),
            )
            logged += values
            norms.append(norm)
        means = {name: torch.stack([values[name] for values in logged]).mean() for name in logged[0]}
        means["inner_steps"] = rollout.log_prob.new_tensor(float(len(norms)))
        if self.trust is not None:
            share = self.trust.hold(lambda: self._diverged(sources, rollout, epoch))
            means["step_share"] = rollout.log_prob.new_tensor(share)
        return means | self._moved_by(sources, rollout, epoch), norms

    @torch.no_grad()
    def _moved_by(self, sources: Sources, rollout: Rollout, epoch: int) -> Values:
        """Return how far the policy has moved since the rollout, after its last step."""
        log_ratio = self.log_prob_of(sources, rollout.actions) - rollout.log_prob
        guards.refuse_explosion(log_ratio.abs().amax().item(), epoch)
        return {"kl": -log_ratio.mean(), "ratio_deviation": (log_ratio.exp() - 1).abs().mean()}

    def _diverged(self, sources: Sources, rollout: Rollout, epoch: int) -> float:
        with torch.no_grad():
            divergence = self.divergence(sources, rollout)
        if not math.isfinite(divergence):
            raise TrialError(f"the policy must stay finite, but is not at epoch {epoch}. {LOWER}")
        return divergence

    def divergence(self, sources: Sources, rollout: Rollout) -> float:
        """Return how far the policy has moved since the rollout: here mean log p_old - log p_new of its samples."""
        return (rollout.log_prob - self.log_prob_of(sources, rollout.actions)).mean().item()

    def surrogate(self, log_prob: Tensor, old: Tensor, advantages: Tensor) -> tuple[Tensor, Values]:
        """Return the clipped surrogate of log-probabilities (S, N), and how many of its ratios are clipped."""
        log_ratio = log_prob - old
        clipped = (log_ratio.detach().exp() - 1).abs() > self.recipe.clip
        return clipped_surrogate(log_ratio, advantages, self.recipe.clip), {"clip_fraction": clipped.float().mean()}

    def check_terms(self, terms: Mapping[str, tuple[float, Tensor]]) -> None:
        """Look once whether every weighted term has a gradient."""
        if not self.connected:
            guards.refuse_terms_without_gradient(terms)

    def _ascend(self, rows: np.ndarray) -> tuple[Values, list[Tensor]]:
        """Step along the gradient of the reward itself, which no sampling method can do better than."""

        def descend(part: np.ndarray) -> tuple[Tensor, Values]:
            sources = self.workspace.train.batch(part)
            terms = self.reward.terms(sources, self.render(sources)[0])
            if dead := [name for name, term in terms.items() if not term.requires_grad]:
                raise TrialError(
                    f"control direct must have a reward with a gradient, but {', '.join(dead)} counts grey levels and "
                    "has none: take it out of reward.weights"
                )
            self._refuse_non_finite(
                {name: term.detach()[None] for name, term in terms.items()},
                [self.workspace.train_stems[row] for row in part],
                self.epoch + 1,
            )
            reward = self.reward.combine(terms, self.scales).mean()
            return -reward, {"reward_mean": reward.detach()}

        (values,), norm = self.stepper.step([rows], descend)
        count = values["reward_mean"].new_tensor(float(len(rows)))
        return values | {"reward_calls": count, "samples_drawn": count}, [norm]

    @torch.no_grad()
    def _look_at_the_start(self) -> None:
        """Measure what training begins with: scales of the metrics, the worst pairs, rewards of start and copies."""
        if self.config.reward.normalise == "fixed":
            self._measure_scales()
        train = self.workspace.train
        scores: list[Tensor] = []
        judged = self._judged(train.batches(self._size), scores)
        held_out = [self._beside(sources) for sources in self.workspace.test.values()]
        self.begin = {
            "loss_fusion_start": judged["loss_fusion"],
            **{f"reward_{name}": value for name, value in self._beside(train).items()},
            **{
                f"{HELD_OUT}_{name}": float(np.mean([one[name] for one in held_out]))
                for name in (held_out[0] if held_out else ())
            },
            **{f"scale_{name}": scale for name, scale in (self.scales or {}).items()},
        }
        if self.config.data.worst is not None:
            values = torch.cat(scores).double().cpu().numpy()
            self.worst = worst_rows(values, self.workspace.train_stems, self.config.data.worst)
            name, text = worst_list(self.worst, values, self.workspace.train_stems)
            self._lists = {name: text}

    def _beside(self, pairs: SourceSet) -> dict[str, float]:
        """Return the mean rewards that stand beside a policy's: those of the copies, their average and the start."""
        found: dict[str, list[Tensor]] = {}
        for _, sources in pairs.batches(batch_size(pairs)):
            terms = baseline_terms(self.reward, sources)
            terms["start"] = self.reward.terms(sources, self.render(sources)[0])
            for name, one in terms.items():
                found.setdefault(name, []).append(self.reward.combine(one, self.scales))
        return {name: torch.cat(parts).double().mean().item() for name, parts in found.items()}

    def _measure_scales(self) -> None:
        train = self.workspace.train
        terms: dict[str, list[Tensor]] = {}
        for at in range(0, min(PAIRS_TO_SCALE, len(train)), self.recipe.batch_size):
            sources = train.batch(slice(at, min(at + self.recipe.batch_size, PAIRS_TO_SCALE, len(train))))
            actions, _, fuse = self.draw(sources, self.random(0, at))
            drawn = [self.reward.terms(sources, fuse(action)) for action in actions]
            for name in self.reward.names:
                terms.setdefault(name, []).append(torch.stack([sample[name] for sample in drawn]))
            stems = self.workspace.train_stems[at : at + len(actions[0])]
            self._refuse_non_finite({name: parts[-1] for name, parts in terms.items()}, stems, self.epoch + 1)
        self.scales = self.reward.spread({name: torch.cat(parts, dim=1) for name, parts in terms.items()})

    @torch.no_grad()
    def _judged(self, parts: Iterator[tuple[slice, Sources]], scores: list[Tensor] | None = None) -> dict[str, float]:
        """Return means over pairs of the deterministic output: reward (also as sum and min), fusion loss, map ends."""
        found: dict[str, list[Tensor]] = {}
        for rows, sources in parts:
            fused, weight_map = self.render(sources)
            terms = self.reward.terms(sources, fused)
            self._refuse_non_finite(
                {name: value[None] for name, value in terms.items()}, self.workspace.train_stems[rows], self.epoch + 1
            )
            reward = self.reward.combine(terms, self.scales)
            ends = guards.ends(weight_map)
            loss, _ = self.loss(sources, fused)
            values = {"reward_train": reward, "loss_fusion": loss.expand(len(reward)), "map_at_0": ends[0]}
            values["map_at_1"] = ends[1]
            for aggregate, logged in self.logged_rewards.items():
                values[f"reward_train_{aggregate}"] = logged(sources, fused, self.scales)
            for name, value in values.items():
                found.setdefault(name, []).append(value)
            if scores is not None:
                scores.append(reward)
        return {name: torch.cat(values).double().mean().item() for name, values in found.items()}

    def lists(self) -> dict[str, str]:
        return self._lists

    def memory(self) -> dict[str, str]:
        worst = None if self.worst is None else self.worst.tolist()
        return {"begin": json.dumps({"values": self.begin, "scales": self.scales, "worst": worst})}

    def remember(self, metadata: dict[str, str]) -> None:
        known = json.loads(metadata["begin"])
        self.begin, self.scales = known["values"], known["scales"]
        self.worst = None if known["worst"] is None else np.array(known["worst"])
