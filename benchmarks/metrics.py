"""Seconds per pair for all metric columns: `python -m benchmarks.metrics --size 480x640`.

Warm: what depends on the sources alone is kept, as from the second epoch on. Fresh: computed anew, as by `evaluate`.
"""

from __future__ import annotations

import argparse

import torch

from benchmarks.timing import in_turns, machine, report
from fusion_core.config import SyntheticConfig
from fusion_core.data.synthetic.pairs import synthetic_pairs
from fusion_core.images.colour import to_unit
from fusion_core.metrics.catalog import METRICS, measure
from fusion_core.sources import Fused, Sources
from fusion_core.workspace import choose_device, configure_process


def metric_figures(height: int, width: int, device: str, repeats: int) -> dict[str, float]:
    """Return warm_seconds_per_pair, fresh_seconds_per_pair, and each metric's warm seconds alone."""
    pairs = synthetic_pairs("test", SyntheticConfig(test=1, size=(height, width)), None)
    visible, infrared = (torch.from_numpy(x).to(device) for x in (pairs.visible, pairs.infrared))
    image = to_unit(0.4 * visible + 0.6 * infrared)
    warm = Sources.from_pixels(visible, infrared)

    def alone(name: str) -> None:
        with torch.no_grad():
            METRICS[name](warm, Fused(image))

    actions = {
        "warm_seconds_per_pair": lambda: measure(warm, Fused(image)),
        "fresh_seconds_per_pair": lambda: measure(Sources.from_pixels(visible, infrared), Fused(image)),
    } | {name: lambda name=name: alone(name) for name in METRICS}
    return in_turns(actions, repeats, device)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="480x640", help="HxW")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=11)
    options = parser.parse_args()
    device = choose_device(options.device)
    configure_process(device)
    height, width = (int(part) for part in options.size.split("x"))
    print(machine(device))
    report(benchmark="metrics", size=options.size, **metric_figures(height, width, device, options.repeats))


if __name__ == "__main__":
    main()
