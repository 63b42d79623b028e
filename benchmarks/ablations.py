"""What each measure gains: the training step with one measure taken away at a time, in turns within one process.

`python -m benchmarks.ablations --base-channels 12`
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from unittest.mock import patch

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.timing import in_turns, machine, report
from fusion_core import losses, workspace
from fusion_core.config import LossConfig, PolicyConfig, SupervisedConfig, SyntheticConfig, TrialConfig
from fusion_core.data.dataset import PairSet
from fusion_core.data.synthetic.pairs import synthetic_pairs
from fusion_core.images.filters import constant, gaussian
from fusion_core.recipes.supervised import SupervisedRecipe
from fusion_core.workspace import Workspace

BATCH, WINDOW = 8, 48
ROWS = np.arange(BATCH)


def dense_smooth(x: Tensor, taps: tuple[float, ...]) -> Tensor:
    """Filter with the whole 48 x 48 window, as the reference does."""
    channels = x.shape[1]
    line = constant(gaussian(WINDOW, 1.5, WINDOW // 2), x.dtype, x.device)
    kernel = (line[:, None] * line[None, :]).expand(channels, 1, -1, -1)
    return F.conv2d(x, kernel, groups=channels)


def recipe_on(pairs: PairSet, config: TrialConfig, budget: int | None = None) -> SupervisedRecipe:
    recipe = SupervisedRecipe(config, Workspace(pairs, {}, memory_budget=budget))
    recipe.policy.train()
    return recipe


def variants(base_channels: int) -> dict[str, Callable[[], object]]:
    """Return a step as it is, and one without each measure."""
    pairs = synthetic_pairs("train", SyntheticConfig(train=BATCH, size=(128, 128)), None)
    config = TrialConfig(
        policy=PolicyConfig(base_channels=base_channels),
        loss=LossConfig(ssim_window_size=WINDOW),
        recipe=SupervisedConfig(epochs=1, batch_size=BATCH, accumulate=1),
    )
    whole, forgetful, planar, dense = (recipe_on(pairs, config, budget) for budget in (None, 0, None, None))
    planar.policy.to(memory_format=torch.contiguous_format)

    def without_window() -> None:
        with patch.object(losses, "smooth", dense_smooth), patch.object(losses, "_window", lambda x, window: x):
            dense.stepper.step([ROWS], dense.loss_of)

    return {
        "as_it_is": lambda: whole.stepper.step([ROWS], whole.loss_of),
        "sources_computed_each_time": lambda: forgetful.stepper.step([ROWS], forgetful.loss_of),
        "dense_48x48_ssim": without_window,
        "channels_first": lambda: _planar_step(planar),
    }


def _planar_step(recipe: SupervisedRecipe) -> None:
    stepper = recipe.stepper
    with patch.object(stepper, "forward", lambda inputs: stepper.policy(inputs.contiguous())):
        stepper.step([ROWS], recipe.loss_of)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-channels", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    with patch.object(workspace, "_keep_freed_memory", lambda: None):
        workspace.configure_process("cpu")
    actions = variants(options.base_channels)
    # What glibc was told cannot be taken back, so this one goes first, alone.
    first = in_turns({"freed_memory_returned": actions["as_it_is"]}, options.repeats)
    workspace.configure_process("cpu")
    seconds = in_turns(actions, options.repeats)
    whole = seconds.pop("as_it_is")
    times = {name: value / whole for name, value in (first | seconds).items()}
    print(machine())
    print("step seconds, and how many times as long it takes without each measure:")
    report(benchmark="ablations", base_channels=options.base_channels, step_seconds=whole, **times)


if __name__ == "__main__":
    main()
