"""The policy: a U-Net that gives a weight map's mean and log-variance from luma and infrared.

Ronneberger et al., U-Net, 2015, with batch normalisation and bilinear upsampling; parameters at `base_channels`
64 / 12 / 4: 17,262,466 / 608,426 / 68,026.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fusion_core.config import PolicyConfig


class DoubleConv(nn.Sequential):
    """(3x3 convolution, batch norm, ReLU) twice."""

    def __init__(self, inputs: int, outputs: int, middle: int | None = None) -> None:
        middle = middle or outputs
        super().__init__(
            nn.Conv2d(inputs, middle, 3, padding=1, bias=False),
            nn.BatchNorm2d(middle),
            nn.ReLU(inplace=True),
            nn.Conv2d(middle, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class Up(nn.Module):
    """Double the size, pad to the skip connection, join, convolve."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolve = DoubleConv(inputs, outputs, inputs // 2)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
        high, wide = skip.shape[-2] - x.shape[-2], skip.shape[-1] - x.shape[-1]
        if high or wide:
            x = F.pad(x, (wide // 2, wide - wide // 2, high // 2, high - high // 2))
        result: Tensor = self.convolve(torch.cat((skip, x), dim=1))
        return result


class UNetPolicy(nn.Module):
    """Map (N, 2, H, W) luma and infrared in [-1, 1] to `mu` in (0, 1) and `logvar`, both (N, 1, H, W)."""

    MIN_SIZE = 16

    def __init__(self, config: PolicyConfig) -> None:
        super().__init__()
        self.base_channels = c = config.base_channels
        self.enter = DoubleConv(2, c)
        self.downs = nn.ModuleList(DoubleConv(a * c, b * c) for a, b in ((1, 2), (2, 4), (4, 8), (8, 8)))
        self.ups = nn.ModuleList(Up(a * c, b * c) for a, b in ((16, 4), (8, 2), (4, 1), (2, 1)))
        self.leave = nn.Conv2d(c, 2, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.decode(self.encode(x))

    def encode(self, x: Tensor) -> list[Tensor]:
        """Return the features of every scale, finest first; the last, (N, 8 base_channels, ...), is the bottleneck."""
        features = [self.enter(x)]
        for convolve in self.downs:
            features.append(convolve(F.max_pool2d(features[-1], 2)))
        return features

    def decode(self, features: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Return `mu` and `logvar` of the features that `encode` gave."""
        *skips, x = features
        for up in self.ups:
            x = up(x, skips.pop())
        head = self.leave(x).float()
        return torch.sigmoid(head[:, 0:1]), head[:, 1:2]


def build_policy(config: PolicyConfig, seed: int) -> UNetPolicy:
    """Build a policy whose initial weights depend only on `seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return UNetPolicy(config)


def sample_map(mu: Tensor, logvar: Tensor, seed: int) -> Tensor:
    """Draw maps from N(mu, exp(logvar)), clamped to [0, 1]; image k of the batch is drawn from `seed + k`."""
    generator = torch.Generator()
    draws = [torch.randn(one.shape, generator=generator.manual_seed(seed + k)) for k, one in enumerate(mu)]
    noise = torch.stack(draws).to(mu)
    return (mu + noise * (logvar / 2).exp()).clamp(0, 1)
