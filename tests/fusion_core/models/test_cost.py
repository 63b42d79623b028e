"""What a model costs, held against the published figures and against a count by hand."""

import pytest
import torch

from fusion_core.config import KernelConfig, PolicyConfig
from fusion_core.images import filters
from fusion_core.kernel import fuse_luma
from fusion_core.models.cost import count, inference_milliseconds, model_cost
from fusion_core.sources import Sources

CPU = torch.device("cpu")
REFERENCE_SIZE = (480, 640)


@pytest.mark.parametrize(("channels", "parameters"), [(64, 17_262_466), (12, 608_426), (4, 68_026)])
def test_parameters_are_the_published_ones(channels: int, parameters: int) -> None:
    assert count(PolicyConfig(base_channels=channels), KernelConfig(), (64, 64))[0] == parameters


def test_forward_and_backward_of_the_reference_s_model_are_the_published_1123_gflop() -> None:
    _, flops, training = count(PolicyConfig(base_channels=64), KernelConfig(), REFERENCE_SIZE)
    assert round(training / 1e9) == 1123
    assert 2.9 < training / flops < 3.0  # the first convolution passes no gradient on to the images


def test_flops_are_two_for_each_multiply_add_of_every_convolution() -> None:
    c, h, w = 4, 32, 48
    pixels = [h * w // 4**k for k in range(5)]
    double = [(2, c, c), (c, 2 * c, 2 * c), (2 * c, 4 * c, 4 * c), (4 * c, 8 * c, 8 * c), (8 * c, 8 * c, 8 * c)]
    ups = [(16 * c, 8 * c, 4 * c), (8 * c, 4 * c, 2 * c), (4 * c, 2 * c, c), (2 * c, c, c)]
    blocks = list(zip(pixels, double, strict=True)) + list(zip(pixels[3::-1], ups, strict=True))
    network = sum(2 * 9 * size * (a * b + b * d) for size, (a, b, d) in blocks) + 2 * pixels[0] * c * 2
    kernel = sum(2 * 25 * size for size in pixels[1:])  # an `up` of each level of the result: a product per input pixel
    assert count(PolicyConfig(base_channels=c), KernelConfig(), (h, w))[1] == network + kernel


def test_cost_grows_with_the_square_of_the_channels_and_with_the_pixels() -> None:
    def training(channels: int, size: tuple[int, int]) -> int:
        return count(PolicyConfig(base_channels=channels), KernelConfig(), size)[2]

    assert training(64, (64, 64)) / training(32, (64, 64)) == pytest.approx(4, rel=0.02)
    assert training(8, (128, 64)) / training(8, (64, 64)) == pytest.approx(2, rel=1e-3)


def test_measuring_changes_neither_random_numbers_nor_settings() -> None:
    before = torch.get_rng_state(), torch.get_num_threads(), torch.backends.cudnn.benchmark, torch.is_grad_enabled()
    cost = model_cost(PolicyConfig(base_channels=4), KernelConfig(), (64, 80), CPU)
    after = torch.get_rng_state(), torch.get_num_threads(), torch.backends.cudnn.benchmark, torch.is_grad_enabled()
    assert torch.equal(before[0], after[0]) and before[1:] == after[1:]
    assert cost.inference_ms_16 > 0
    assert cost.rows()["model_gflop"] == cost.flops / 1e9


def test_what_the_measuring_keeps_can_still_be_trained_with() -> None:
    filters.constant.cache_clear()
    inference_milliseconds(PolicyConfig(base_channels=2), KernelConfig(), (48, 48), CPU)
    weight_map = torch.full((1, 1, 48, 48), 0.5, requires_grad=True)
    fuse_luma(Sources(torch.zeros(1, 3, 48, 48), torch.ones(1, 1, 48, 48)), weight_map).sum().backward()
    assert weight_map.grad is not None


@pytest.mark.alone
def test_a_larger_model_takes_longer() -> None:
    small, large = (
        inference_milliseconds(PolicyConfig(base_channels=c), KernelConfig(), (64, 64), CPU) for c in (2, 32)
    )
    assert small < large
