"""Loss terms, totals, gradients and pyramid against the reference code, 1e-5 relative."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from fusion_core.config import LossConfig
from fusion_core.images.colour import luma
from fusion_core.kernel import fuse_luma
from fusion_core.losses import FusionLoss
from fusion_core.sources import Fused, Sources
from tests.golden import load

CASES = load("core.json")
TOLERANCE = 1e-5

TERMS: dict[str, tuple[str, dict[str, Any]]] = {
    "ssim_visible": ("ssim_visible", {}),
    "ssim_infrared": ("ssim_infrared", {}),
    "max_l1": ("max", {}),
    "max_l2": ("max", {"max_mode": "l2"}),
    "consist_l1_ir2": ("consist", {}),
    "consist_l2_ir1": ("consist", {"consist_mode": "l2", "ir_compose": 1.0}),
    "color": ("color", {}),
    "grad": ("grad", {}),
    "ssim_visible_window11": ("ssim_visible", {"ssim_window_size": 11}),
}


def tensors(case: dict[str, Any]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Visible, infrared, fused, weight map."""
    rng = np.random.default_rng(case["seed"])

    def draw(channels: int) -> Tensor:
        shape = (case["n"], channels, case["h"], case["w"])
        return torch.from_numpy(rng.random(shape, dtype=np.float32) * 2 - 1)

    visible, infrared, fused, weight_map = draw(3), draw(1), draw(3), draw(1)
    return visible, infrared, fused, (weight_map + 1) / 2


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"seed{case['seed']}")
@pytest.mark.parametrize("name", TERMS)
def test_each_loss_term_is_the_references(case: dict[str, Any], name: str) -> None:
    visible, infrared, fused, _ = tensors(case)
    term, config = TERMS[name]
    value = FusionLoss(LossConfig(**config)).terms(Sources(visible, infrared), Fused(fused))[term]
    assert value.item() == pytest.approx(case["terms"][name], rel=TOLERANCE)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"seed{case['seed']}")
@pytest.mark.parametrize("number", range(3))
def test_totals_and_their_gradients_are_the_references(case: dict[str, Any], number: int) -> None:
    visible, infrared, fused, _ = tensors(case)
    golden = case["totals"][number]
    fused.requires_grad_()
    total, _ = FusionLoss(LossConfig(**golden["weights"]))(Sources(visible, infrared), Fused(fused))
    total.backward()
    assert fused.grad is not None
    grad = fused.grad.double()
    assert total.item() == pytest.approx(golden["loss"], rel=TOLERANCE)
    assert grad.abs().sum().item() == pytest.approx(golden["grad_abs_sum"], rel=TOLERANCE)
    assert grad.norm().item() == pytest.approx(golden["grad_norm"], rel=TOLERANCE)
    assert grad.sum().item() == pytest.approx(golden["grad_sum"], abs=TOLERANCE * golden["grad_abs_sum"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"seed{case['seed']}")
def test_pyramid_fusion_is_the_references(case: dict[str, Any]) -> None:
    visible, infrared, _, weight_map = tensors(case)
    fused = fuse_luma(Sources(luma(visible), infrared), weight_map).double()
    golden = case["pyramid"]
    assert fused.sum().item() == pytest.approx(golden["sum"], abs=TOLERANCE * golden["abs_sum"])
    assert fused.abs().sum().item() == pytest.approx(golden["abs_sum"], rel=TOLERANCE)
    assert fused.norm().item() == pytest.approx(golden["norm"], rel=TOLERANCE)
    assert fused[0, 0, 0, :8].tolist() == pytest.approx(golden["first_row_first_8"], rel=TOLERANCE)
    assert fused[0, 0, case["h"] // 2, case["w"] // 2].item() == pytest.approx(golden["centre"], rel=TOLERANCE)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"seed{case['seed']}")
def test_a_map_of_zeros_gives_the_visible_image_and_one_of_ones_the_infrared(case: dict[str, Any]) -> None:
    visible, infrared, _, weight_map = tensors(case)
    sources = Sources(visible, infrared)
    assert torch.equal(fuse_luma(sources, torch.zeros_like(weight_map)), sources.luma)
    torch.testing.assert_close(fuse_luma(sources, torch.ones_like(weight_map)), infrared, rtol=0, atol=1e-6)
