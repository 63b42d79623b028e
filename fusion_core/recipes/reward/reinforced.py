"""The common part of recipes that learn from a reward: rollouts, updates, the trust region, and controls.

One step is a contextual bandit's: of every pair S samples are drawn and fused, each is rewarded by its metrics, and
those better than the mean of their group become likelier. Only the reward of sampled images is used.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from fusion_core.config import TrialConfig
from fusion_core.errors import TrialError
from fusion_core.models.checkpoints import Checkpoint
from fusion_core.recipes.optimizer_step import Values
from fusion_core.recipes.policy_recipe import LOWER, gradient_norms
from fusion_core.recipes.reward import guards
from fusion_core.recipes.reward.advantages import clipped_surrogate, controlled, group_advantages
from fusion_core.recipes.reward.beginning import StartStatistics, measure_start
from fusion_core.recipes.reward.direct import ascend
from fusion_core.recipes.reward.rewarded import RewardedRecipe
from fusion_core.recipes.reward.rollouts import Rollout
from fusion_core.recipes.reward.trust import TrustRegion
from fusion_core.recipes.reward.worst import batches
from fusion_core.sources import Sources
from fusion_core.workspace import Workspace


class ReinforcedRecipe(RewardedRecipe):
    """A policy that learns from a reward. A subclass gives actions, their probabilities and its loss."""

    def __init__(self, config: TrialConfig, workspace: Workspace, start: Checkpoint | None = None) -> None:
        super().__init__(config, workspace, start)
        self.trust: TrustRegion | None = None
        self.begin = StartStatistics({})
        self.moves = self.connected = False
        self.before: Tensor | None = None
        self.learning = False

    @abstractmethod
    def log_prob_of(self, sources: Sources, actions: Tensor) -> Tensor:
        """Return the log-probabilities (S, N) of actions as the policy is now."""

    @abstractmethod
    def objective(self, sources: Sources, rollout: Rollout, rows: np.ndarray) -> tuple[Tensor, Values]:
        """Return the loss of a batch's rows and the numbers to log."""

    @abstractmethod
    def refuse_dead_actions(self, sources: Sources) -> None:
        """Raise TrialError if a dimension of the action has no effect on the output."""

    @property
    def trained(self) -> nn.Module:
        result: nn.Module = self.stepper.policy
        return result

    @property
    def draws(self) -> bool:
        return super().draws or self.recipe.control == "random"

    @property
    def idle(self) -> bool:
        """Whether the control never updates."""
        return self.recipe.control in ("frozen", "random")

    def _train(self, epoch: int) -> dict[str, float]:
        self.trained.eval()
        if not self.begin.values:
            self._begin(measure_start(self))
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
        after, _ = self.judged(self.scales)
        guards.refuse_collapse(after["map_at_0"], after["map_at_1"], self.recipe.collapse, epoch)
        gradients = gradient_norms(torch.stack(norms)) if norms else {"gradient_norm": 0.0}
        return means | counts | after | gradients | self.begin.values

    def _begin(self, begin: StartStatistics) -> None:
        self.begin, self.scales = begin, begin.scales

    def _batches(self, epoch: int) -> Iterator[np.ndarray]:
        count, size = len(self.workspace.train), self.recipe.batch_size
        updates = self.recipe.updates or math.ceil(count / size)
        worst = self.config.data.worst
        random = np.random.default_rng((self.config.seed, epoch))
        yield from batches(random, count, size, updates, self.begin.worst, 0.0 if worst is None else worst.mix)

    def _update(self, rows: np.ndarray, epoch: int, update: int) -> tuple[Values, list[Tensor]]:
        """Draw, reward and step; return the numbers of the batch and the norms of its gradients."""
        sources = self.workspace.train.batch(rows)
        random = self.random(epoch, update)
        if not self.moves:
            self.refuse_dead_actions(sources)
            self.moves = True
        if self.recipe.control == "direct":
            return ascend(self, rows)
        self.learning = not self.idle
        rollout = self._rollout(sources, rows, random)
        self.refuse_non_finite(rollout.group.terms, [self.workspace.train_stems[r] for r in rows], epoch)
        values = rollout.numbers(self.reward, self.scales)
        if self.idle:
            return values, []
        stepped, norms = self._step(sources, rollout, epoch)
        self.connected, self.learning = True, False
        return values | stepped, norms

    @torch.no_grad()
    def _rollout(self, sources: Sources, rows: np.ndarray, random: np.random.Generator) -> Rollout:
        actions, log_prob, fuse = self.draw(sources, random)
        fused = (fuse(action) for action in actions)
        group = self.reward.group(sources, fused, scales=self.scales, reference=self.reference(sources))
        rewards = controlled(group.rewards, self.recipe.control, random)
        return Rollout(rows, actions, log_prob, group, rewards, self.advantages(rewards), self.before)

    def advantages(self, rewards: Tensor) -> Tensor:
        """Return the advantages (S, N) of rewards (S, N)."""
        return group_advantages(rewards)

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
        """Check once whether every weighted term has a gradient."""
        if not self.connected:
            guards.refuse_terms_without_gradient(terms)

    def lists(self) -> dict[str, str]:
        return self.begin.lists

    def memory(self) -> dict[str, str]:
        return {"begin": self.begin.to_json()}

    def remember(self, metadata: dict[str, str]) -> None:
        self._begin(StartStatistics.from_json(metadata["begin"]))
