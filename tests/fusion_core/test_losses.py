"""What the loss promises beyond the golden figures."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d

from fusion_core import losses
from fusion_core.config import LossConfig
from fusion_core.errors import ConfigError
from fusion_core.images.filters import depthwise_filter, gaussian, separable_filter, smooth, sobel
from fusion_core.losses import FusionLoss
from fusion_core.sources import Fused, Sources

Batch = tuple[Tensor, Tensor, Tensor]


def test_ssim_shared_weighs_the_infrared_ssim_by_its_square() -> None:
    weights = FusionLoss(LossConfig(ssim_shared=10)).weights()
    assert (weights["ssim_visible"], weights["ssim_infrared"]) == (10, 100)


def test_ssim_shared_beside_ssim_ratio_is_refused() -> None:
    with pytest.raises(ValueError, match="not both"):
        LossConfig(ssim_shared=1, ssim_ratio=1)


def test_the_total_is_the_weighted_sum_of_its_terms(random_batch: Batch) -> None:
    visible, infrared, fused = random_batch
    loss = FusionLoss(LossConfig(ssim_window_size=11, max_ratio=3))
    total, terms = loss(Sources(visible, infrared), Fused(fused))
    assert total.item() == pytest.approx(sum(loss.weights()[n] * t.item() for n, t in terms.items()), rel=1e-6)


def test_a_term_of_your_own_joins_the_sum_by_its_weight(random_batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    def brightness(sources: Sources, fused: Fused, config: LossConfig) -> Tensor:
        return fused.grey.mean()

    monkeypatch.setitem(losses.EXTRA_TERMS, "brightness", brightness)
    visible, infrared, fused = random_batch
    pair = Sources(visible, infrared), Fused(fused)
    plain, _ = FusionLoss(LossConfig())(*pair)
    total, terms = FusionLoss(LossConfig(terms={"brightness": 2.0}))(*pair)
    assert (total - plain).item() == pytest.approx(2 * terms["brightness"].item(), abs=1e-4)


def test_a_term_of_your_own_cannot_take_the_name_of_another() -> None:
    def grad(sources: Sources, fused: Fused, config: LossConfig) -> Tensor:
        return fused.grey.mean()

    with pytest.raises(ValueError, match="'grad' is taken"):
        losses.term(grad)


def test_an_unknown_term_is_named_with_the_closest_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(losses.EXTRA_TERMS, "brightness", losses.gradient)
    with pytest.raises(ConfigError, match=r"'brightnes'.*Did you mean 'brightness'"):
        FusionLoss(LossConfig(terms={"brightnes": 1.0}))


def test_a_grey_visible_image_has_no_colour_loss(random_batch: Batch) -> None:
    visible, infrared, fused = (x[:, :1] for x in random_batch)
    terms = FusionLoss(LossConfig(ssim_window_size=11)).terms(Sources(visible, infrared), Fused(fused))
    assert terms["color"].item() == 0


def test_smoothing_is_a_valid_correlation_and_its_gradient_is_exact() -> None:
    x = torch.rand(2, 2, 15, 17, dtype=torch.float64, requires_grad=True)
    taps = gaussian(7, 1.5, 2.0)
    kernel = torch.tensor(taps, dtype=torch.float64)
    dense = conv2d(x.reshape(4, 1, 15, 17), (kernel[:, None] * kernel)[None, None]).reshape(2, 2, 9, 11)
    torch.testing.assert_close(smooth(x, taps), dense)
    assert torch.autograd.gradcheck(lambda y: smooth(y, taps), x)


@pytest.mark.parametrize("padding", ["replicate", "reflect", "constant"])
def test_the_sobel_gradient_is_exact(padding: str) -> None:
    x = torch.rand(2, 1, 6, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda y: sobel(y, padding), x)


def test_sobel_of_a_ramp_is_eight_per_step() -> None:
    ramp = torch.arange(8.0).expand(1, 1, 5, 8)
    gx, gy = sobel(ramp, "replicate")
    assert torch.equal(gx[..., 1:-1], torch.full((1, 1, 5, 6), 8.0))
    assert torch.equal(gy, torch.zeros(1, 1, 5, 8))


@pytest.mark.parametrize("stride", [1, 2])
def test_the_depthwise_filter_of_a_gpu_is_the_shifted_sums_of_a_cpu(stride: int) -> None:
    x = torch.rand(2, 3, 21, 24, dtype=torch.float64)
    taps = gaussian(9, 1.8)
    torch.testing.assert_close(depthwise_filter(x, taps, stride), separable_filter(x, taps, stride))
