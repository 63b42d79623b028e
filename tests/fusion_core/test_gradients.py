"""Metrics as functions that can be ascended: autograd against finite differences, and nothing that is not finite."""

from __future__ import annotations

import pytest
import torch
from scipy import ndimage
from torch import Tensor

from fusion_core.images.filters import BLOCK_BYTES, gaussian, separable_filter, smooth
from fusion_core.images.gradients import finite_gradient, scratch, truncated
from fusion_core.metrics.catalog import METRICS
from fusion_core.sources import Fused, Sources

WITHOUT_GRADIENT = ("MI", "EN", "SF")
DIFFERENTIABLE = [name for name in METRICS if name not in WITHOUT_GRADIENT]


def random_sources(channels: int = 1) -> Sources:
    generator = torch.Generator().manual_seed(0)
    visible, infrared = (torch.randint(0, 256, (2, c, 48, 56), generator=generator) for c in (channels, 1))
    return Sources.from_pixels(visible, infrared)


def inside(sources: Sources) -> Tensor:
    """A blend away from the ends of the range, with noise so that no two responses are equal; float64."""
    noise = torch.randn(sources.infrared.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return 0.4 * sources.luma.double() + 0.5 * sources.infrared.double() + 0.01 * noise


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_the_gradient_is_that_of_finite_differences_along_a_random_direction(name: str) -> None:
    sources = random_sources()
    image, step = inside(sources), 1e-7
    direction = torch.randn(image.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    leaf = image.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(METRICS[name](sources, Fused(leaf)).sum(), leaf)
    there, back = (METRICS[name](sources, Fused(image + sign * step * direction)) for sign in (1, -1))
    expected = (there - back) / (2 * step)
    torch.testing.assert_close((gradient * direction).sum(dim=(1, 2, 3)), expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", WITHOUT_GRADIENT)
def test_histograms_and_uint8_have_no_gradient(name: str) -> None:
    sources = random_sources()
    assert not METRICS[name](sources, Fused(inside(sources).float().requires_grad_())).requires_grad


@pytest.mark.parametrize("name", DIFFERENTIABLE)
@pytest.mark.parametrize("what", ["flat", "half flat", "copy of visible", "copy of infrared"])
def test_a_gradient_is_finite_where_images_are_flat_or_copies(name: str, what: str) -> None:
    sources = random_sources(channels=3)
    image = {
        "flat": torch.zeros_like(sources.visible),
        "half flat": torch.cat((torch.zeros(2, 3, 48, 28), sources.visible[..., 28:]), dim=-1),
        "copy of visible": sources.visible.clone(),
        "copy of infrared": sources.infrared.repeat(1, 3, 1, 1),
    }[what].requires_grad_()
    (gradient,) = torch.autograd.grad(METRICS[name](sources, Fused(image)).sum(), image)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("name", [name for name in DIFFERENTIABLE if name != "Nabf"])
def test_a_flat_half_costs_the_other_half_none_of_its_gradient(name: str) -> None:
    sources = random_sources()
    image = inside(sources).float()
    image[..., :28] = 0.1
    image.requires_grad_()
    (gradient,) = torch.autograd.grad(METRICS[name](sources, Fused(image)).sum(), image)
    assert (gradient[..., 29:] != 0).float().mean() > 0.99


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_has_the_same_value_whether_gradients_are_on_or_off(name: str) -> None:
    sources = random_sources(channels=3)
    image = inside(sources).float() + 0.1 * sources.visible
    with_gradient = METRICS[name](sources, Fused(image.clone().requires_grad_()))
    with torch.no_grad():
        assert torch.equal(with_gradient.detach(), METRICS[name](sources, Fused(image)))


def test_the_whole_numbers_of_the_colour_grey_pass_gradients_straight_through() -> None:
    image = (torch.rand(1, 3, 4, 4) - 0.5).requires_grad_()
    (gradient,) = torch.autograd.grad(Fused(image).metric_grey.sum(), image)
    expected = 127.5 * torch.tensor((0.2989, 0.5870, 0.1140)).reshape(1, 3, 1, 1).expand(1, 3, 4, 4)
    torch.testing.assert_close(gradient, expected)


def test_a_truncated_tensor_is_changed_in_place_only_without_gradients() -> None:
    plain, leaf = torch.tensor([1.7, -1.7]), torch.tensor([1.7, -1.7]).requires_grad_()
    assert truncated(plain) is plain
    assert truncated(leaf).tolist() == [1, -1]
    assert leaf.tolist() == pytest.approx([1.7, -1.7])
    assert scratch(plain) is plain


def test_what_is_not_finite_stops_where_it_arises() -> None:
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    (gradient,) = torch.autograd.grad(finite_gradient(x * 1).sqrt().sum(), x)
    assert gradient.tolist() == [0, 0.25]


@pytest.mark.parametrize("stride", [1, 2])
def test_smoothing_has_the_gradient_of_finite_differences_at_either_stride(stride: int) -> None:
    x = torch.rand(1, 2, 12, 13, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda y: smooth(y, gaussian(5, 1.0), stride), x)


@pytest.mark.parametrize("shape", [(1, 1, 700, 300), (20, 2, 60, 70), (3, 1, 8, 40_000)])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_filter_in_blocks_is_that_of_scipy(shape: tuple[int, ...], stride: int) -> None:
    x, taps = torch.rand(shape, dtype=torch.float64), gaussian(7, 1.4)
    assert x.nbytes > BLOCK_BYTES
    theirs = x.numpy()
    for axis in (2, 3):
        theirs = ndimage.correlate1d(theirs, taps, axis=axis)
    expected = torch.from_numpy(theirs)[..., 3:-3:stride, 3:-3:stride]
    torch.testing.assert_close(separable_filter(x, taps, stride), expected, rtol=1e-12, atol=0)
