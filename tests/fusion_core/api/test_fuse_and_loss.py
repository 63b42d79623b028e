"""Fusing and the loss as a library: the numbers of the program, in the caller's kind, layout and range."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import fusion_core
from fusion_core.__main__ import app
from fusion_core.config import LossConfig, PolicyConfig, TrialConfig
from fusion_core.models.checkpoints import to_bytes
from fusion_core.models.policy import build_policy
from tests.fusion_core.test_golden_core import CASES, TOLERANCE, tensors

RNG = np.random.default_rng(3)
VISIBLE = RNG.integers(0, 256, (48, 64, 3), dtype=np.uint8)
INFRARED = RNG.integers(0, 256, (48, 64), dtype=np.uint8)
MAP = RNG.random((48, 64), dtype=np.float32)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"seed{case['seed']}")
@pytest.mark.parametrize("data_range", [(-1.0, 1.0), 1])
def test_the_loss_and_its_gradient_are_the_references(case: dict[str, Any], data_range: Any) -> None:
    visible, infrared, fused, _ = tensors(case)
    golden = case["totals"][0]
    if data_range == 1:
        visible, infrared, fused = ((image + 1) / 2 for image in (visible, infrared, fused))
    fused.requires_grad_()
    loss = fusion_core.FusionLoss(LossConfig(**golden["weights"]), data_range=data_range)
    value = loss(visible, infrared, fused)
    value.backward()
    assert value.item() == pytest.approx(golden["loss"], rel=TOLERANCE)
    span = 2 if data_range == 1 else 1
    assert fused.grad is not None
    assert fused.grad.double().abs().sum().item() == pytest.approx(span * golden["grad_abs_sum"], rel=TOLERANCE)
    assert set(loss.terms(visible, infrared, fused)) == {
        "ssim_visible", "ssim_infrared", "max", "consist", "color", "grad"
    }  # fmt: skip


def test_a_loss_checks_values_once_and_shapes_always() -> None:
    loss = fusion_core.FusionLoss(LossConfig(ssim_window_size=11), data_range=1)
    visible, infrared = torch.rand(1, 3, 32, 32), torch.rand(1, 1, 32, 32)
    with pytest.raises(fusion_core.ImageError, match="fused must lie in"):
        loss(visible, infrared, visible * 255)
    loss(visible, infrared, visible)
    with pytest.raises(fusion_core.ImageError, match="fused must have the size of visible, 32x32, but is 32x16"):
        loss(visible, infrared, visible[..., :16])
    with pytest.raises(fusion_core.ImageError, match="at least 11x11"):
        loss(visible[..., :8], infrared[..., :8], visible[..., :8])


def test_a_fused_image_comes_back_as_the_visible_one_went_in() -> None:
    fused = fusion_core.fuse(VISIBLE, INFRARED, MAP, data_range=255)
    assert fused.dtype == np.uint8 and fused.shape == VISIBLE.shape
    floats = [image.astype(np.float64) / 255 for image in (VISIBLE, INFRARED)]
    same = fusion_core.fuse(*floats, MAP, data_range=1)
    assert same.dtype == np.float64 and np.abs(same * 255 - fused).max() <= 0.5 + 1e-4
    batch = [torch.from_numpy(image)[None] for image in (VISIBLE, INFRARED, MAP)]
    again = fusion_core.fuse(*batch, data_range=255, layout="NHWC")
    assert isinstance(again, torch.Tensor) and np.array_equal(again[0].numpy(), fused)
    grey = fusion_core.fuse(INFRARED, INFRARED, MAP, data_range=255)
    assert np.array_equal(grey, INFRARED)


def test_a_map_of_zeros_gives_the_visible_image_and_gradients_reach_the_map() -> None:
    assert np.array_equal(fusion_core.fuse(VISIBLE, INFRARED, np.zeros_like(MAP), data_range=255), VISIBLE)
    weights = torch.full((1, 1, 48, 64), 0.5, requires_grad=True)
    visible = torch.rand(1, 3, 48, 64)
    fusion_core.fuse(visible, torch.rand(1, 1, 48, 64), weights, data_range=1, layout="NCHW").sum().backward()
    assert weights.grad is not None and bool(weights.grad.abs().sum() > 0)


def test_a_weight_map_outside_0_to_1_is_refused() -> None:
    with pytest.raises(fusion_core.ImageError, match=r"weight_map must lie in \[0, 1\]"):
        fusion_core.fuse(VISIBLE, INFRARED, MAP * 255, data_range=255)


def test_a_loaded_policy_fuses_as_the_command_does(tmp_path: Path) -> None:
    config = TrialConfig(policy=PolicyConfig(base_channels=2))
    file = tmp_path / "policy.safetensors"
    file.write_bytes(to_bytes(build_policy(config.policy, 0), config, 1))
    for name, image in (("vi", VISIBLE[..., ::-1]), ("ir", INFRARED)):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "a.png"), image)
    options = [
        "--checkpoint",
        file,
        "--visible",
        tmp_path / "vi",
        "--infrared",
        tmp_path / "ir",
        "--out",
        tmp_path / "o",
    ]
    assert CliRunner().invoke(app, ["fuse", *map(str, options)]).exit_code == 0
    written = cv2.imread(str(tmp_path / "o" / "a.png"))[..., ::-1]
    policy = fusion_core.load_checkpoint(file)
    assert np.array_equal(policy(VISIBLE, INFRARED, data_range=255), written)
    fused, weight_map = policy.fuse(VISIBLE, INFRARED, data_range=255)
    assert np.array_equal(fused, written) and weight_map.shape == INFRARED.shape
    with pytest.raises(fusion_core.ImageError, match="must be at least"):
        policy(VISIBLE[:8], INFRARED[:8], data_range=255)


def test_importing_the_packages_loads_neither_torch_nor_ray_nor_pandas() -> None:
    code = "import sys, fusion_core, trials, analysis; print({'torch', 'ray', 'pandas', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
