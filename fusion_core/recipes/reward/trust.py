"""A trust region around a step: steps that went too far are shortened, not undone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

TOLERANCE = 2.0
TRIES = 4


class TrustRegion:
    """Keeps weights as they were before a step and shortens the step where it moved the policy too far.

    The divergence of a small step grows with its square, so a step of divergence d > 2 `target` is scaled by
    sqrt(target / d), again if that was not enough, and undone after a few tries. Undoing it at once would stop a policy
    whose every step is too large.
    """

    def __init__(self, parameters: Sequence[Tensor], target: float) -> None:
        self.parameters = list(parameters)
        self.target = target
        self.kept = [torch.empty_like(p) for p in self.parameters]

    @torch.no_grad()
    def keep(self) -> None:
        """Remember the weights before a step."""
        torch._foreach_copy_(self.kept, [p.detach() for p in self.parameters])

    @torch.no_grad()
    def hold(self, divergence: Callable[[], float]) -> float:
        """Shorten the step since `keep` if it went too far; return the share of it that remains."""
        share = 1.0
        for _ in range(TRIES):
            found = divergence()
            if found <= TOLERANCE * self.target:
                return share
            shorter = math.sqrt(self.target / found)
            torch._foreach_lerp_(self.parameters, self.kept, 1 - shorter)
            share *= shorter
        if divergence() <= TOLERANCE * self.target:
            return share
        torch._foreach_copy_(self.parameters, self.kept)
        return 0.0
