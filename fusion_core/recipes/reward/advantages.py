"""Advantages of samples within their group, and their changes by the controls.

Shao et al., DeepSeekMath (GRPO), 2024, for the group's own mean as the baseline.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor

EPSILON, TIE = 1e-4, 1e-5
LEGACY_FLOOR = 1e-3
Kind = Literal["std", "center", "wta"]


def group_advantages(rewards: Tensor, kind: Kind = "std") -> Tensor:
    """Return the advantage of each of S samples within its image's group, both (S, N) float32.

    `std`: (R - mean) / (population std + 1e-4); `center`: R - mean; `wta`: 1 for the best, 0 for the rest. Groups whose
    rewards all lie within 1e-5 get zeros: they are tied.
    """
    rewards = rewards.float()
    centred = rewards - rewards.mean(dim=0)
    if kind == "wta":
        advantages = torch.zeros_like(rewards).scatter_(0, rewards.argmax(dim=0, keepdim=True), 1.0)
    elif kind == "std":
        advantages = centred / (rewards.std(dim=0, correction=0) + EPSILON)
    else:
        advantages = centred
    tied = rewards.amax(dim=0) - rewards.amin(dim=0) < TIE
    return advantages.masked_fill(tied, 0)


def legacy_advantages(rewards: Tensor, kind: Kind = "std") -> Tensor:
    """Return the advantages of the original PPO: std floored at 1e-3, no ties, the batch rescaled to mean |A| = 1."""
    rewards = rewards.float()
    centred = rewards - rewards.mean(dim=0)
    if kind == "std":
        advantages = centred / rewards.std(dim=0, correction=0).clamp(min=LEGACY_FLOOR)
    else:
        advantages = group_advantages(rewards, kind)
    return advantages / advantages.abs().mean().clamp(min=1e-8)


def controlled(rewards: Tensor, control: str, random: np.random.Generator) -> Tensor:
    """Return rewards (S, N) changed by a control: permuted within each group, negated, or unchanged."""
    if control == "negated":
        return -rewards
    if control == "shuffled":
        order = random.permuted(np.tile(np.arange(len(rewards))[:, None], (1, rewards.shape[1])), axis=0)
        return rewards.gather(0, torch.from_numpy(order).to(rewards.device))
    return rewards


def clipped_surrogate(log_ratio: Tensor, advantages: Tensor, clip: float) -> Tensor:
    """Return -mean(min(r A, clip(r, 1 - clip, 1 + clip) A)). Schulman et al., Proximal policy optimization, 2017."""
    ratio = log_ratio.exp()
    return -torch.minimum(ratio * advantages, ratio.clamp(1 - clip, 1 + clip) * advantages).mean()
