"""A rollout: samples of each pair of a batch, their rewards, and the numbers to log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fusion_core.recipes.optimizer_step import Values
from fusion_core.rewards import Group, Reward


@dataclass(frozen=True)
class Rollout:
    """S samples of each of N pairs: actions (S, N, ...), their log-probabilities (S, N), and their rewards.

    `rewards` (S, N) are those used in learning: of `group`, or changed by the control.
    """

    rows: np.ndarray
    actions: Tensor
    log_prob: Tensor
    group: Group
    rewards: Tensor
    advantages: Tensor
    before: Tensor | None = None

    def of(self, rows: np.ndarray) -> tuple[Tensor, Tensor, Tensor, np.ndarray]:
        """Return actions, log-probabilities and advantages of some of the rows, and their indices."""
        at = np.searchsorted(self.rows, rows)
        index = torch.from_numpy(at).to(self.actions.device)
        return self.actions[:, index], self.log_prob[:, index], self.advantages[:, index], at

    def numbers(self, reward: Reward, scales: Mapping[str, float] | None) -> Values:
        """Return the numbers to log, means over all samples."""
        group = self.group
        # Raw rewards: standardised ones have no meaningful mean.
        rewards = reward.combine(group.terms, scales)
        named = {f"term_{name}": value.mean() for name, value in group.terms.items()}
        return named | {
            "reward_sample": rewards[0].mean(),
            "reward_mean": rewards.mean(),
            "reward_best": rewards.amax(dim=0).mean(),
            "reward_spread": rewards.std(dim=0, correction=0).mean(),
            "advantage_size": self.advantages.abs().mean(),
            "reward_calls": rewards.new_tensor(float(group.calls)),
            "samples_drawn": rewards.new_tensor(float(rewards.numel())),
        }
