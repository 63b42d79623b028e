"""What every registered metric must keep to."""

from __future__ import annotations

import pytest
import torch

from fusion_core.data.dataset import PairSet
from fusion_core.metrics.catalog import BY_SOURCE, METRICS
from fusion_core.metrics.facts import FACTS, REFERENCE_COLUMNS
from fusion_core.sources import Fused, Sources

Pixels = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


@pytest.fixture
def pixels(test_pairs: PairSet) -> Pixels:
    """Visible, infrared and fused (their blend), two pairs, floats in 0..255."""
    visible, infrared = (torch.from_numpy(x[:2]).float() for x in (test_pairs.visible, test_pairs.infrared))
    return visible, infrared, 0.6 * visible + 0.4 * infrared


def value(name: str, pixels: Pixels) -> torch.Tensor:
    return METRICS[name](Sources.from_pixels(*pixels[:2]), Fused.from_pixels(pixels[2]))


def test_every_metric_has_facts_and_every_fact_a_metric() -> None:
    assert set(METRICS) == set(FACTS)
    assert set(REFERENCE_COLUMNS) <= set(FACTS)


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_gives_one_finite_value_per_image_within_its_bounds(name: str, pixels: Pixels) -> None:
    got = value(name, pixels)
    assert got.shape == (2,)
    assert got.isfinite().all()
    assert (got >= FACTS[name].low).all()
    assert (got <= FACTS[name].high).all()


@pytest.mark.parametrize("name", METRICS)
def test_an_image_scores_the_same_alone_and_in_a_batch(name: str, pixels: Pixels) -> None:
    alone = [value(name, tuple(x[i : i + 1] for x in pixels)).item() for i in range(2)]
    assert value(name, pixels).tolist() == alone


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_leaves_its_inputs_alone_and_repeats_itself(name: str, pixels: Pixels) -> None:
    before = [x.clone() for x in pixels]
    sources, fused = Sources.from_pixels(*pixels[:2]), Fused.from_pixels(pixels[2])
    first, again = METRICS[name](sources, fused), METRICS[name](sources, Fused.from_pixels(pixels[2]))
    assert torch.equal(first, again)
    assert all(torch.equal(x, y) for x, y in zip(pixels, before, strict=True))


@pytest.mark.parametrize("name", [n for n in METRICS if n not in ("EN", "SD", "AG", "SF", "SF_std")])
def test_a_metric_of_both_sources_is_better_for_a_copy_of_both_than_for_noise(name: str, pixels: Pixels) -> None:
    grey = pixels[1]
    noise = torch.rand(grey.shape, generator=torch.Generator().manual_seed(0)) * 255
    copy, bad = value(name, (grey, grey, grey)), value(name, (grey, grey, noise))
    assert (copy > bad).all() if FACTS[name].higher_is_better else (copy < bad).all()


@pytest.mark.parametrize("name", BY_SOURCE)
def test_a_metric_by_source_is_its_parts_joined(name: str, pixels: Pixels) -> None:
    assert METRICS[name] is BY_SOURCE[name]
    sources, fused = Sources.from_pixels(*pixels[:2]), Fused.from_pixels(pixels[2])
    parts = BY_SOURCE[name].parts(sources, fused)
    assert parts.shape == (2, 2)
    assert BY_SOURCE[name].parts(sources, fused) is parts
    assert torch.equal(BY_SOURCE[name].join(parts), METRICS[name](sources, fused))


@pytest.mark.parametrize("name", BY_SOURCE)
def test_parts_change_places_with_the_sources(name: str, pixels: Pixels) -> None:
    visible, infrared, fused = (x[:, :1] for x in pixels)
    parts = [
        BY_SOURCE[name].parts(Sources.from_pixels(*pair), Fused.from_pixels(fused))
        for pair in ((visible, infrared), (infrared, visible))
    ]
    torch.testing.assert_close(parts[0], parts[1].flip(0), rtol=1e-9, atol=0)
