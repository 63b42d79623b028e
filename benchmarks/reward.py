"""What S samples of an image cost to score, over S times its metrics measured apart: `python -m benchmarks.reward`.

Together: `Reward.group` of S samples. Apart: each metric of each sample on a `Fused` of its own. The sources are warm
for both, so a ratio below 1 is what the metrics share of a sample. About 20 seconds.
"""

from __future__ import annotations

import argparse

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.timing import in_turns, machine, report
from fusion_core.config import RewardConfig, SyntheticConfig
from fusion_core.config.reward import REWARDABLE
from fusion_core.data.synthetic.pairs import synthetic_pairs
from fusion_core.metrics.catalog import METRICS
from fusion_core.metrics.facts import OPTIONAL
from fusion_core.rewards import Reward
from fusion_core.sources import Fused, Sources
from fusion_core.workspace import choose_device, configure_process

REWARDS = {
    "VIF Qabf SSIM": ("VIF", "Qabf", "SSIM"),
    "VIF Qabf SSIM MI": ("VIF", "Qabf", "SSIM", "MI"),
    "all": tuple(name for name in REWARDABLE if name not in OPTIONAL),
}
# Height, width, pairs per batch, how many of the sample numbers, rounds of timing.
SIZES = ((64, 64, 4, 3, 5), (128, 128, 2, 2, 5), (480, 640, 1, 1, 3))


def ratios(
    size: tuple[int, int], pairs: int, samples: int, names: tuple[str, ...], device: str, repeats: int
) -> dict[str, float]:
    """Return together_seconds and apart_seconds of all samples, and their ratio."""
    made = synthetic_pairs("test", SyntheticConfig(test=pairs, size=size), None)
    visible, infrared = (torch.from_numpy(x).to(device) for x in (made.visible, made.infrared))
    sources = Sources.from_pixels(visible, infrared)
    lumas = [torch.lerp(sources.luma, sources.infrared, (k + 0.5) / samples) for k in range(samples)]
    reward = Reward(RewardConfig(weights=dict.fromkeys(names, 1.0), aggregate="min"))

    def together() -> None:
        reward.group(sources, (Fused.from_luma(sources, luma) for luma in lumas))

    @torch.no_grad()
    def apart() -> None:
        for luma in lumas:
            for name in names:
                METRICS[name](sources, Fused.from_luma(sources, luma))

    seconds = in_turns({"together": together, "apart": apart}, repeats, device)
    return {
        "together_seconds": seconds["together"], "apart_seconds": seconds["apart"],
        "ratio": seconds["together"] / seconds["apart"],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, nargs="+", default=[4, 8, 16])
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    device = choose_device(options.device)
    configure_process(device)
    table = Table(title=machine(device), title_justify="left", box=None)
    for column in ("metrics", "size", "samples", "ms per image and sample", "over apart"):
        table.add_column(column, justify="left" if column == "metrics" else "right", no_wrap=True)
    found: dict[str, float] = {}
    for height, width, pairs, some, repeats in SIZES:
        for title, names in REWARDS.items():
            for samples in options.samples[:some]:
                figures = ratios((height, width), pairs, samples, names, device, repeats)
                each = 1000 * figures["together_seconds"] / (samples * pairs)
                table.add_row(title, f"{height} x {width}", str(samples), f"{each:.2f}", f"{figures['ratio']:.3f}")
                found[f"{title}, {height}x{width}, {samples}"] = figures["ratio"]
    Console(width=100).print(table)
    report(benchmark="reward", largest_ratio=max(found.values()), **found)


if __name__ == "__main__":
    main()
