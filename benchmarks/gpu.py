"""All GPU figures in under 8 minutes, without Ray and without files: `python -m benchmarks.gpu`.

Synthetic 480 x 640 pairs. Prints a table: the C = 64 step at batch 16 over its bare network and over the measured bf16
matrix rate, the evaluation of 361 pairs, and what the 240 x 4-epoch grid on MSRS would take at that rate.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.timing import machine, report
from benchmarks.training_step import matrix_rate, mfu, step_figures
from fusion_core.config import PolicyConfig, SyntheticConfig, TrialConfig
from fusion_core.data.dataset import PairSet
from fusion_core.data.synthetic.pairs import synthetic_pairs
from fusion_core.recipes.supervised import SupervisedRecipe
from fusion_core.workspace import Workspace, choose_device, configure_process

HEIGHT, WIDTH = 480, 640
MSRS_TRAIN, MSRS_TEST = 1083, 361
TRIALS, EPOCHS = 240, 4


def repeated(pairs: PairSet, count: int) -> PairSet:
    """Return so many pairs by repeating a few, shifted sideways so that no two are alike."""
    picks = [(index % len(pairs), 7 * (index // len(pairs))) for index in range(count)]
    visible, infrared = (
        np.stack([np.roll(images[pick], shift, axis=-1) for pick, shift in picks])
        for images in (pairs.visible, pairs.infrared)
    )
    return PairSet(pairs.name, pairs.split, tuple(map(str, range(count))), visible, infrared)


def evaluation_seconds(channels: int, count: int, device: str) -> tuple[float, float]:
    """Return the seconds of the first evaluation of `count` pairs, and of the next."""
    few = synthetic_pairs("test", SyntheticConfig(test=8, size=(HEIGHT, WIDTH)), None)
    workspace = Workspace(few, {"test": repeated(few, count)}, device)
    recipe = SupervisedRecipe(TrialConfig(policy=PolicyConfig(base_channels=channels)), workspace)
    seconds = []
    for epoch in (1, 2):
        start = time.perf_counter()
        recipe.evaluate(epoch)
        seconds.append(time.perf_counter() - start)
    return seconds[0], seconds[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--base-channels", type=int, default=64)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--pairs", type=int, default=MSRS_TEST, help="test pairs to evaluate")
    options = parser.parse_args()
    device = choose_device(options.device)
    configure_process(device)
    rate = matrix_rate(device, *((8192, 20) if device != "cpu" else (1024, 3)))
    step = step_figures(
        options.base_channels, HEIGHT, WIDTH, options.batch, device, repeats=10 if device != "cpu" else 1
    )
    share = mfu(step, options.base_channels, HEIGHT, WIDTH, rate)
    if device != "cpu":
        torch.cuda.empty_cache()
    first, warm = evaluation_seconds(options.base_channels, options.pairs, device)
    per_epoch = MSRS_TRAIN / step["pairs_per_second"] + warm * MSRS_TEST / options.pairs
    grid_minutes = TRIALS * EPOCHS * per_epoch / 60
    table = Table(title=machine(device), title_justify="left", box=None)
    table.add_column("what")
    table.add_column("measured", justify="right")
    table.add_column("goal", justify="right")
    for row in (
        ("bf16 matrix rate, TFLOP/s", f"{rate / 1e12:.4g}", ""),
        (f"C = {options.base_channels} step, batch {options.batch}, pairs/s", f"{step['pairs_per_second']:.4g}", ""),
        ("  of the matrix rate (MFU)", f"{share:.1%}", ">= 40 %"),
        ("  over the bare network", f"{step['ratio']:.3f}", "<= 1.15"),
        (f"evaluation of {options.pairs} pairs, first, s", f"{first:.3g}", ""),
        (f"evaluation of {options.pairs} pairs, warm, s", f"{warm:.3g}", "<= 5"),
        ("240 x 4-epoch MSRS grid at that rate, min", f"{grid_minutes:.3g}", "<= 60"),
    ):
        table.add_row(*row)
    Console().print(table)
    report(
        benchmark="gpu",
        matrix_tflops=rate / 1e12,
        **step,
        mfu=share,
        first_evaluation_seconds=first,
        warm_evaluation_seconds=warm,
        grid_minutes=grid_minutes,
    )


if __name__ == "__main__":
    main()
