"""Beta heads on the bottleneck: per image, a tilt of the map per band and a gain of the details.

Six numbers in (0, 1) for four levels; .5 leaves the fusion as it is. Chou, Maturana and Scherer, Improving stochastic
policy gradients in continuous control with deep RL using the Beta distribution, 2017 (concentrations above 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Beta

from fusion_core import kernel
from fusion_core.sources import Fused, Sources

HIDDEN = 32
# 1 + softplus(1.5) = 2.70 for both concentrations: mean exactly .5, standard deviation .198.
FIRST_BIAS = 1.5
EDGE = 1e-4


class BandHeads(nn.Module):
    """Map bottleneck features (N, C, h, w) to a Beta distribution over (N, levels + 2) actions in (0, 1).

    `delta` is the largest tilt of a band, `kappa` the largest change of the gain; without `kappa` there is no gain.
    """

    reach: Tensor

    def __init__(self, channels: int, levels: int, delta: float = 0.4, kappa: float = 0.5) -> None:
        super().__init__()
        self.bands = levels + 1
        reach = [2 * delta] * self.bands + ([2 * kappa] if kappa else [])
        self.hidden = nn.Linear(2 * channels, HIDDEN)
        self.out = nn.Linear(HIDDEN, 2 * len(reach))
        self.register_buffer("reach", torch.tensor(reach))
        nn.init.zeros_(self.out.weight)
        nn.init.constant_(self.out.bias, FIRST_BIAS)

    def forward(self, pooled: Tensor) -> Beta:
        """Return the distribution for features as `pool` gives them; float32 in any precision."""
        with torch.autocast(pooled.device.type, enabled=False):
            hidden = F.gelu(self.hidden(pooled.float()))
            alpha, beta = (1 + F.softplus(self.out(hidden))).chunk(2, dim=1)
        return Beta(alpha, beta, validate_args=False)

    def fuse(self, sources: Sources, maps: Sequence[Tensor], action: Tensor) -> Fused:
        """Fuse under the maps of `kernel.maps_of`, changed by `action` (N, dims); all .5 is the plain fusion."""
        shift = self.reach * (action - 0.5)
        gain = 1 + shift[:, self.bands] if shift.shape[1] > self.bands else None
        luma = kernel.blend(sources, kernel.tilted(maps, shift[:, : self.bands]), gain)
        return Fused.from_luma(sources, luma)

    def effective_map(self, weight_map: Tensor, action: Tensor) -> Tensor:
        """Return the mean over the bands of their tilted maps, (N, 1, H, W): the map that describes the blend."""
        shift = (self.reach * (action - 0.5))[:, : self.bands, None, None]
        return (weight_map + shift).clamp(0, 1).mean(dim=1, keepdim=True)


def pool(features: Tensor) -> Tensor:
    """Return mean and maximum over the positions of (N, C, h, w): (N, 2 C)."""
    features = features.float()
    return torch.cat((features.mean(dim=(2, 3)), features.amax(dim=(2, 3))), dim=1)


def build_heads(channels: int, levels: int, delta: float, kappa: float, seed: int) -> BandHeads:
    """Build heads whose initial weights depend only on `seed`; their initial output does not depend on it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return BandHeads(channels, levels, delta, kappa)


def draw(distribution: Beta, samples: int, random: np.random.Generator) -> Tensor:
    """Draw (samples, N, dims) actions, clamped away from 0 and 1, where densities diverge; without a gradient."""
    alpha, beta = (
        c.detach().double().cpu().numpy() for c in (distribution.concentration1, distribution.concentration0)
    )
    drawn = random.beta(alpha, beta, size=(samples, *alpha.shape)).clip(EDGE, 1 - EDGE)
    return torch.from_numpy(drawn).to(distribution.concentration1)


class _AtSample(torch.autograd.Function):
    """Give a drawn action the gradient in its concentrations. Figurnov et al., Implicit reparameterization, 2018."""

    @staticmethod
    def forward(ctx: Any, concentrations: Tensor, drawn: Tensor) -> Tensor:
        ctx.save_for_backward(concentrations, drawn)
        return drawn.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        concentrations, drawn = ctx.saved_tensors
        total = concentrations.sum(-1, keepdim=True).expand_as(concentrations)
        own = torch._dirichlet_grad(drawn, concentrations, total)
        return own * (grads[0] - (drawn * grads[0]).sum(-1, keepdim=True)), None


_at_sample: Callable[[Tensor, Tensor], Tensor] = _AtSample.apply


def attached(distribution: Beta, action: Tensor) -> Tensor:
    """Return a drawn `action` (N, dims) with its gradient in the distribution's concentrations."""
    concentrations = torch.stack((distribution.concentration1, distribution.concentration0), dim=-1)
    return _at_sample(concentrations, torch.stack((action, 1 - action), dim=-1))[..., 0]
