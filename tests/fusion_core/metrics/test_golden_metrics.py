"""Every metric against the reference code: 1e-4 relative, Nabf 1e-3.

The reference has two versions of each metric, and where an image is flat its float32 ones drown in rounding: VIF by up
to 0.1 %, SSIM by up to 3 %. Each metric is held to the version that computes it in float64: numpy for VIF, else batch.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from fusion_core.metrics.catalog import measure
from fusion_core.metrics.facts import REFERENCE_COLUMNS
from fusion_core.sources import Fused, Sources
from tests.golden import SHARED, load

SYNTHETIC = load("metrics_synthetic.json")
REAL = load("metrics.json")
VERSION = {"VIF": "numpy"}


def batch(image: np.ndarray) -> torch.Tensor:
    planes = image[None] if image.ndim == 2 else image.transpose(2, 0, 1)
    return torch.from_numpy(np.ascontiguousarray(planes))[None]


def check(case: dict[str, Any], visible: np.ndarray, infrared: np.ndarray, fused: np.ndarray) -> None:
    got = measure(Sources.from_pixels(batch(visible), batch(infrared)), Fused.from_pixels(batch(fused)))
    wanted = {name: case[VERSION.get(name, "batch")][name] for name in REFERENCE_COLUMNS if name != "Reward"}
    wanted["Reward"] = (wanted["VIF"] + 1.5 * wanted["Qabf"] + wanted["SSIM"]) / 3
    for name, value in wanted.items():
        assert got[name].item() == pytest.approx(value, rel=1e-3 if name == "Nabf" else 1e-4), name


@pytest.mark.parametrize("case", SYNTHETIC, ids=lambda case: f"seed{case['seed']}")
def test_metrics_of_random_images_are_the_references(case: dict[str, Any]) -> None:
    rng = np.random.default_rng(case["seed"])
    shape = case["shape"]
    visible, infrared, fused = (rng.integers(0, 256, size, dtype=np.uint8) for size in (shape, shape[:2], shape))
    check(case, visible, infrared, fused)


def read(name: str) -> np.ndarray:
    image = cv2.imread(str(SHARED / name), cv2.IMREAD_UNCHANGED)
    assert image is not None
    return image if image.ndim == 2 else image[..., ::-1]


@pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="the real pairs are not beside this checkout")
@pytest.mark.parametrize("case", REAL, ids=lambda case: f"{case['visible'].split('/')[-1]}-{case['fused']}")
def test_metrics_of_real_pairs_are_the_references(case: dict[str, Any]) -> None:
    visible, infrared = read(case["visible"]), read(case["infrared"])
    b = infrared if visible.ndim == 2 else np.repeat(infrared[..., None], 3, axis=2)
    fused = {
        "average": ((visible.astype(int) + b) // 2).astype(np.uint8),
        "maximum": np.maximum(visible, b),
        "visible": visible,
    }[case["fused"]]
    check(case, visible, infrared, fused)


def test_the_published_psnr_lies_48_decibels_above_the_usual() -> None:
    rng = np.random.default_rng(0)
    a, b, f = (torch.from_numpy(rng.integers(0, 256, (1, 1, 48, 48)).astype(np.float32)) for _ in range(3))
    got = measure(Sources.from_pixels(a, b), Fused.from_pixels(f))
    assert got["PSNR"].item() - got["PSNR_std"].item() == pytest.approx(20 * math.log10(255), rel=1e-9)
