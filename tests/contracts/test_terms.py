"""What every loss term must keep to."""

from __future__ import annotations

import pytest
import torch

from fusion_core.config import LossConfig
from fusion_core.data.dataset import PairSet
from fusion_core.losses import FusionLoss
from fusion_core.sources import Fused, Sources, SourceSet

LOSS = FusionLoss(LossConfig(ssim_window_size=11))
TERMS = list(LOSS.weights())


@pytest.fixture
def pairs(train_pairs: PairSet) -> SourceSet:
    return SourceSet(torch.from_numpy(train_pairs.visible), torch.from_numpy(train_pairs.infrared), 1 << 28)


def fused_of(sources: Sources) -> Fused:
    image = 0.5 * sources.visible + 0.4 * sources.infrared + 0.03 * sources.visible.square()
    return Fused(image.clone().requires_grad_())


@pytest.mark.parametrize("name", TERMS)
def test_a_term_is_a_finite_scalar_with_a_finite_gradient_that_is_not_nothing(name: str, pairs: SourceSet) -> None:
    sources = pairs.batch(slice(0, 3))
    fused = fused_of(sources)
    value = LOSS.terms(sources, fused)[name]
    (gradient,) = torch.autograd.grad(value, fused.image)
    assert value.shape == ()
    assert value.item() > 0
    assert gradient.isfinite().all()
    assert gradient.abs().sum() > 0


@pytest.mark.parametrize("name", TERMS)
def test_a_term_is_the_same_with_kept_and_with_fresh_sources(name: str, pairs: SourceSet) -> None:
    rows = slice(2, 5)
    fresh = Sources.from_pixels(pairs.visible[rows], pairs.infrared[rows])
    fused = fused_of(fresh)
    values = [LOSS.terms(sources, fused)[name].item() for sources in (fresh, pairs.batch(rows), pairs.batch(rows))]
    assert values[0] == values[1] == values[2]


@pytest.mark.parametrize("name", TERMS)
def test_a_perfect_copy_of_equal_sources_costs_nothing(name: str, pairs: SourceSet) -> None:
    grey = pairs.batch(slice(0, 2)).luma
    terms = LOSS.terms(Sources(grey, grey), Fused(grey))
    assert terms[name].item() == pytest.approx(0, abs=1e-5)
