"""A whole training step over its bare network: `python -m benchmarks.training_step --base-channels 12`.

The step: batch fetch, network, kernel, loss, backward, clip, AdamW, logging. The bare network: channels_last, forward,
backward, AdamW, with the same threads and precision. Both in turns, in one process.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import torch

from benchmarks.timing import in_turns, machine, report
from fusion_core.config import LossConfig, PolicyConfig, SupervisedConfig, SyntheticConfig, TrialConfig
from fusion_core.data.synthetic.pairs import synthetic_pairs
from fusion_core.models.policy import build_policy
from fusion_core.recipes.supervised import SupervisedRecipe
from fusion_core.workspace import Workspace, choose_device, configure_process

# Forward and backward of the C = 64 network on a 480 x 640 pair; scales with C² and with pixels.
GFLOP_PER_PAIR = 1123.0
SETS_OF_BATCHES = 3


def step_figures(
    base_channels: int, height: int, width: int, batch: int, device: str, repeats: int
) -> dict[str, float]:
    """Return step_seconds, network_seconds, ratio, pairs_per_second."""
    pairs = synthetic_pairs("train", SyntheticConfig(train=SETS_OF_BATCHES * batch, size=(height, width)), None)
    workspace = Workspace(pairs, {}, device)
    config = TrialConfig(
        policy=PolicyConfig(base_channels=base_channels),
        loss=LossConfig(ssim_window_size=48),
        recipe=SupervisedConfig(epochs=1, batch_size=batch, accumulate=1),
    )
    recipe = SupervisedRecipe(config, workspace)
    recipe.policy.train()
    # The quantities of the sources are computed in a trial's first epoch only: fill them before timing.
    for start in range(0, len(pairs), batch):
        recipe.stepper.step([np.arange(start, start + batch)], recipe.loss_of)
    rng = np.random.default_rng(0)

    def step() -> None:
        recipe.stepper.step([np.sort(rng.choice(len(pairs), batch, replace=False))], recipe.loss_of)

    bare = _bare_network(recipe, workspace.train.batch(slice(0, batch)).policy_input, config)
    seconds = in_turns({"step": step, "network": bare}, repeats, device)
    return {
        "step_seconds": seconds["step"],
        "network_seconds": seconds["network"],
        "ratio": seconds["step"] / seconds["network"],
        "pairs_per_second": batch / seconds["step"],
    }


def _bare_network(recipe: SupervisedRecipe, inputs: torch.Tensor, config: TrialConfig) -> Callable[[], None]:
    policy = build_policy(config.policy, 0).to(inputs.device).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-4, fused=True)
    inputs = inputs.contiguous(memory_format=torch.channels_last)

    def run() -> None:
        with recipe.stepper.accelerator.autocast():
            mu, logvar = policy(inputs)
        (mu.mean() + logvar.mean()).backward()
        optimizer.step()
        optimizer.zero_grad()

    return run


def matrix_rate(device: str, size: int = 8192, repeats: int = 20) -> float:
    """Return the bf16 matrix product rate in FLOP/s."""
    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    seconds = in_turns({"product": lambda: a @ b}, repeats, device)["product"]
    return 2 * size**3 / seconds


def mfu(figures: dict[str, float], base_channels: int, height: int, width: int, rate: float) -> float:
    """Return the share of the matrix rate that the step's network FLOPs use."""
    flop = GFLOP_PER_PAIR * 1e9 * (base_channels / 64) ** 2 * (height * width) / (480 * 640)
    return figures["pairs_per_second"] * flop / rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-channels", type=int, default=12)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--repeats", type=int, default=11)
    options = parser.parse_args()
    device = choose_device(options.device)
    configure_process(device)
    figures = step_figures(options.base_channels, options.size, options.size, options.batch, device, options.repeats)
    if device != "cpu":
        figures["mfu"] = mfu(figures, options.base_channels, options.size, options.size, matrix_rate(device))
    print(machine(device))
    report(benchmark="training_step", base_channels=options.base_channels, size=options.size, **figures)


if __name__ == "__main__":
    main()
