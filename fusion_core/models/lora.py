"""Low-rank changes of convolutions. Hu et al., LoRA: Low-rank adaptation of large language models, 2021.

A change is a k x k convolution to `rank` channels and a 1 x 1 one back, which is a change of the weight itself: it is
kept as a parametrization of that weight, so that one convolution runs, and merging is exact.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from fusion_core.config import LoraConfig


class LowRank(nn.Module):
    """Add (alpha / rank) * up @ down to a weight (out, in, k, k); `up` starts at zero, so nothing changes at first."""

    def __init__(self, weight: Tensor, config: LoraConfig) -> None:
        super().__init__()
        self.scale = config.alpha / config.rank
        self.down = nn.Parameter(torch.empty(config.rank, *weight.shape[1:]))
        self.up = nn.Parameter(torch.zeros(weight.shape[0], config.rank))
        nn.init.kaiming_uniform_(self.down, a=5**0.5)

    def forward(self, weight: Tensor) -> Tensor:
        return weight + self.scale * torch.einsum("or,rikl->oikl", self.up, self.down)


def convolutions(module: nn.Module, targets: tuple[str, ...]) -> dict[str, nn.Conv2d]:
    """Return the convolutions at or below the named modules."""
    return {
        name: one
        for name, one in module.named_modules()
        if isinstance(one, nn.Conv2d) and any(name == target or name.startswith(f"{target}.") for target in targets)
    }


def adapt(module: nn.Module, config: LoraConfig, seed: int) -> list[nn.Parameter]:
    """Freeze `module`, put low-rank changes on its target convolutions, and return their parameters.

    Raises ValueError for a target that names no convolution.
    """
    for target in config.targets:
        if not convolutions(module, (target,)):
            names = ", ".join(name for name, _ in module.named_children())
            raise ValueError(
                f"recipe.lora.targets must name modules with convolutions (of {names}), but got {target!r}"
            )
    module.requires_grad_(False)
    changes: list[nn.Parameter] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for convolution in convolutions(module, config.targets).values():
            change = LowRank(convolution.weight, config)
            parametrize.register_parametrization(convolution, "weight", change)
            changes += change.parameters()
    return changes


def merged(module: nn.Module) -> dict[str, Tensor]:
    """Return the state of `module` with the changes merged into its weights."""
    state = {name: value for name, value in module.state_dict().items() if ".parametrizations." not in name}
    for name, one in module.named_modules():
        if parametrize.is_parametrized(one, "weight"):
            state[f"{name}.weight"] = one.weight.detach()
    return state
