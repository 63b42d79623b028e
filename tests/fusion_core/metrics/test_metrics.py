"""Metrics against other people's code, and what their definitions promise."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage, signal, stats
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torchmetrics.functional.image import structural_similarity_index_measure

from fusion_core.metrics.catalog import measure
from fusion_core.sources import Fused, Sources

Case = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


@pytest.fixture
def greys() -> Case:
    """Visible, infrared and fused, smooth enough to have structure; whole numbers 0..255."""
    rng = np.random.default_rng(7)
    fields = (ndimage.gaussian_filter(rng.random((60, 70)), 1.5) for _ in range(3))
    scaled = (np.round(255 * (f - f.min()) / (f.max() - f.min())) for f in fields)
    visible, infrared, fused = (torch.from_numpy(f.astype(np.float32))[None, None] for f in scaled)
    return visible, infrared, fused


def values(case: Case) -> dict[str, float]:
    got = measure(Sources.from_pixels(case[0], case[1]), Fused.from_pixels(case[2]))
    return {name: value.item() for name, value in got.items()}


def test_the_usual_ssim_is_that_of_scikit_image(greys: Case) -> None:
    a, b, f = (x.numpy()[0, 0].astype(np.float64) for x in greys)
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    theirs = [structural_similarity(f, x, **options) for x in (a, b)]
    assert values(greys)["SSIM_std"] == pytest.approx(np.mean(theirs), rel=1e-9)


def test_the_usual_ssim_is_that_of_torchmetrics_inside_its_padding(greys: Case) -> None:
    a, b, f = (x.double() for x in greys)
    options = {"data_range": 255.0, "sigma": 1.5, "return_full_image": True}
    maps = [structural_similarity_index_measure(f, x, **options)[1] for x in (a, b)]
    theirs = [m[..., 5:-5, 5:-5].mean().item() for m in maps]
    assert values(greys)["SSIM_std"] == pytest.approx(np.mean(theirs), rel=1e-9)


def test_the_usual_psnr_is_that_of_scikit_image_on_the_joint_error(greys: Case) -> None:
    a, b, f = (x.numpy()[0, 0] for x in greys)
    both = peak_signal_noise_ratio(np.concatenate((a, b)), np.concatenate((f, f)), data_range=255)
    assert values(greys)["PSNR_std"] == pytest.approx(both, rel=1e-9)


def test_the_usual_spatial_frequency_is_that_of_plain_differences(greys: Case) -> None:
    f = greys[2].numpy()[0, 0].astype(np.float64)
    rows = signal.convolve2d(f, [[1], [-1]], mode="valid")
    columns = signal.convolve2d(f, [[1, -1]], mode="valid")
    assert values(greys)["SF_std"] == pytest.approx(np.sqrt((rows**2).mean() + (columns**2).mean()), rel=1e-9)


def test_correlation_and_scd_are_those_of_scipy(greys: Case) -> None:
    a, b, f = (x.numpy().ravel().astype(np.float64) for x in greys)
    got = values(greys)
    r = stats.pearsonr
    assert got["CC"] == pytest.approx((r(a, f)[0] + r(b, f)[0]) / 2, rel=1e-9)
    assert got["SCD"] == pytest.approx(r(f - b, a)[0] + r(f - a, b)[0], rel=1e-9)


def test_mutual_information_is_that_of_the_joint_histogram_in_scipy(greys: Case) -> None:
    a, b, f = (x.numpy().ravel() for x in greys)
    total = 0.0
    for source in (a, b):
        joint = np.histogram2d(source, f, bins=256, range=((0, 256), (0, 256)))[0]
        entropies = [stats.entropy(joint.sum(axis=axis), base=2) for axis in (0, 1)]
        total += sum(entropies) - stats.entropy(joint.ravel(), base=2)
    assert values(greys)["MI"] == pytest.approx(total, rel=1e-6)


def test_vif_of_a_perfect_copy_of_both_sources_is_two(greys: Case) -> None:
    assert values((greys[0], greys[0], greys[0]))["VIF"] == pytest.approx(2, rel=1e-6)


def test_a_copy_of_one_source_scores_about_one_for_vif_and_ssim(greys: Case) -> None:
    got = values((greys[0], greys[1], greys[0]))
    assert 1 <= got["VIF"] < 1.3
    assert 0.8 < got["SSIM"] < 1.2


def test_scd_of_a_copy_counts_nothing_for_the_flat_difference(greys: Case) -> None:
    a, b, _ = (x.numpy().ravel().astype(np.float64) for x in greys)
    assert values((greys[0], greys[1], greys[0]))["SCD"] == pytest.approx(stats.pearsonr(a - b, a)[0], rel=1e-9)


def test_nabf_of_flat_sources_is_not_a_number(greys: Case) -> None:
    flat = torch.full_like(greys[0], 100)
    assert np.isnan(values((flat, flat, greys[2]))["Nabf"])


def test_a_visible_copy_has_no_artefacts(greys: Case) -> None:
    assert values((greys[0], greys[1], greys[0]))["Nabf"] == 0
