"""Rewards: hand-computed numbers, the reference's Reward, and what copies may not win."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy import special, stats
from torch import Tensor

from fusion_core.config import RewardConfig
from fusion_core.data.dataset import PairSet
from fusion_core.evaluation import copy_of_visible
from fusion_core.metrics import optional
from fusion_core.metrics.catalog import METRICS, measure
from fusion_core.rewards import Group, Reward, baseline_terms, non_finite, standardised
from fusion_core.sources import Fused, Sources, SourceSet

AGGREGATES = ("sum", "min", "softmin", "harmonic")


@pytest.fixture
def sources(test_pairs: PairSet) -> Sources:
    """Three pairs of 64 x 80."""
    return Sources.from_pixels(torch.from_numpy(test_pairs.visible), torch.from_numpy(test_pairs.infrared))


def blend(sources: Sources, share: float) -> Fused:
    return Fused.from_luma(sources, torch.lerp(sources.luma, sources.infrared, share))


def blends(sources: Sources) -> list[Fused]:
    return [blend(sources, share) for share in (0.1, 0.35, 0.6, 0.9)]


def reward(**settings: object) -> Reward:
    return Reward(RewardConfig.model_validate(settings))


def parts(name: str, sources: Sources, fused: Fused) -> tuple[Tensor, Tensor]:
    """A metric with the visible image as both sources, and with the infrared one as both, through its public face."""
    greys = (sources.visible_grey, sources.infrared_grey)
    if name == "SCD":  # looks at both sources in either part
        a, b, f = (x.flatten(1).double().numpy() for x in (*greys, fused.metric_grey))
        both = (stats.pearsonr(f - b, a, axis=1)[0], stats.pearsonr(f - a, b, axis=1)[0])
        return tuple(2 * torch.from_numpy(r) for r in both)
    return tuple(METRICS[name](Sources.from_pixels(g, g), fused) for g in greys)


def test_the_default_reward_is_that_of_the_catalog(sources: Sources) -> None:
    fused = blend(sources, 0.4)
    got = reward()(sources, fused)
    assert got.dtype == torch.float32
    torch.testing.assert_close(got, METRICS["Reward"](sources, fused).float())


def test_terms_come_in_the_order_of_the_catalog_and_only_where_they_have_a_weight(sources: Sources) -> None:
    some = reward(weights={"SD": 0.5, "SSIM": 1, "MI": 0, "VIF": 2})
    assert some.names == ("VIF", "SSIM", "SD")
    terms = some.terms(sources, blend(sources, 0.4))
    assert tuple(terms) == some.names
    assert all(term.shape == (3,) and term.dtype == torch.float32 for term in terms.values())


def test_the_reward_is_the_weighted_sum_over_the_number_of_metrics() -> None:
    terms = {"VIF": torch.tensor([0.5, 1.0]), "MSE": torch.tensor([0.1, 0.2]), "SD": torch.tensor([40.0, 50.0])}
    some = reward(weights={"VIF": 2, "MSE": 10, "SD": 0.1})
    assert some.combine(terms).tolist() == pytest.approx([(1 - 1 + 4) / 3, (2 - 2 + 5) / 3])
    scales = {"VIF": 0.5, "MSE": 0.1, "SD": 10.0}
    assert some.combine(terms, scales).tolist() == pytest.approx([(2 - 10 + 0.4) / 3, (4 - 20 + 0.5) / 3])
    table = {name: term.expand(5, 2) for name, term in terms.items()}
    assert some.combine(table).shape == (5, 2)


@pytest.mark.parametrize("name", ["VIF", "SSIM", "CC", "SCD", "MI", "PSNR", "PSNR_std", "SSIM_std", "MSE"])
def test_sources_join_in_the_metrics_own_unit(name: str, sources: Sources) -> None:
    fused = Fused.from_pixels((0.3 * sources.visible_grey + 0.7 * sources.infrared_grey).floor())
    a, b = (x.numpy() for x in parts(name, sources, fused))
    up = 1 if name != "MSE" else -1
    expected = {
        "sum": METRICS[name](sources, fused).numpy(),
        "min": up * np.minimum(up * a, up * b),
        "softmin": -up * 0.1 * (special.logsumexp([-up * a / 0.1, -up * b / 0.1], axis=0) - np.log(2)),
        "harmonic": stats.hmean(np.clip([a, b], 0, None)) if up > 0 else (a**2 + b**2) / (a + b),
    }
    for aggregate, values in expected.items():
        got = reward(weights={name: 1}, aggregate=aggregate).terms(sources, fused)[name]
        np.testing.assert_allclose(got.numpy(), values, rtol=2e-6, err_msg=aggregate)


@pytest.mark.parametrize("name", ["Qabf", "Nabf", "AG", "EN", "SF", "SD", "SF_std"])
def test_a_metric_without_parts_is_the_same_in_every_aggregate(name: str, sources: Sources) -> None:
    fused = blend(sources, 0.4)
    values = [reward(weights={name: 1}, aggregate=how).terms(sources, fused)[name] for how in AGGREGATES]
    assert all(torch.equal(value, values[0]) for value in values)


def test_the_reward_of_the_worse_source_is_the_recipes_formula(sources: Sources) -> None:
    fused = Fused.from_pixels((0.3 * sources.visible_grey + 0.7 * sources.infrared_grey).floor())
    (va, vb), (sa, sb) = (parts(name, sources, fused) for name in ("VIF", "SSIM"))
    qabf = METRICS["Qabf"](sources, fused)
    # Each of these counts its source twice already.
    expected = (torch.minimum(va, vb) + 1.5 * qabf + torch.minimum(sa, sb)) / 3
    torch.testing.assert_close(reward(aggregate="min")(sources, fused), expected.float())


@pytest.mark.parametrize(("aggregate", "copies_win"), [("sum", True), ("min", False), ("harmonic", False)])
def test_copying_a_source_beats_the_average_under_sum_alone(aggregate: str, copies_win: bool, sources: Sources) -> None:
    some = reward(aggregate=aggregate)
    scores = {which: some.combine(terms).mean() for which, terms in baseline_terms(some, sources).items()}
    for which in ("visible", "infrared"):
        assert (scores[which] > scores["average"] + 0.1) if copies_win else (scores[which] < scores["average"] - 0.1)


def test_a_source_that_is_not_there_at_all_leaves_a_harmonic_mean_of_nothing() -> None:
    joined = reward(aggregate="harmonic")._joined
    a, b = torch.tensor([0.0, 0.5, 3.0, float("inf")]), torch.tensor([1.0, -0.2, 1.0, 2.0])
    assert joined(a, b, True).tolist() == pytest.approx([0, 0, 1.5, 4])


def test_also_gives_the_same_weights_and_measures_nothing_twice(
    sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = reward(weights={"VIF": 1, "Qabf": 1})
    other = some.also("min")
    assert other.config == some.config.model_copy(update={"aggregate": "min"})
    fused = blend(sources, 0.4)
    some(sources, fused)
    monkeypatch.setattr(Fused, "metric_grey", property(lambda self: pytest.fail("the fused image was looked at again")))
    assert other(sources, fused).shape == (3,)


def test_a_group_is_the_rewards_of_its_samples(sources: Sources) -> None:
    some = reward(aggregate="min")
    group = some.group(sources, iter(blends(sources)))
    assert isinstance(group, Group)
    assert group.calls == 12
    assert group.rewards.shape == (4, 3)
    for row, fused in zip(group.rewards, blends(sources), strict=True):
        assert torch.equal(row, some(sources, fused))
    assert {name: tuple(term.shape) for name, term in group.terms.items()} == dict.fromkeys(some.names, (4, 3))


def test_a_group_leaves_no_graph_behind_and_a_reward_does(sources: Sources) -> None:
    luma = torch.lerp(sources.luma, sources.infrared, 0.4).requires_grad_()
    some = reward(weights={"VIF": 1, "Qabf": 1, "MI": 1}, aggregate="min")
    assert not some.group(sources, [Fused.from_luma(sources, luma)] * 2).rewards.requires_grad
    (gradient,) = torch.autograd.grad(some(sources, Fused.from_luma(sources, luma)).sum(), luma)
    assert gradient.isfinite().all()
    assert (gradient != 0).any()


def test_a_step_up_the_gradient_raises_the_reward_of_the_worse_source(sources: Sources) -> None:
    some = reward(aggregate="min")
    luma = torch.lerp(sources.luma, sources.infrared, 0.4).requires_grad_()
    before = some(sources, Fused.from_luma(sources, luma))
    (gradient,) = torch.autograd.grad(before.sum(), luma)
    step = gradient / gradient.abs().amax(dim=(1, 2, 3), keepdim=True)
    after = some(sources, Fused.from_luma(sources, (luma + 0.02 * step).detach()))
    assert (after > before).all()


def test_fixed_scales_are_the_mean_deviation_within_groups(sources: Sources) -> None:
    some = reward(normalise="fixed")
    terms = {name: torch.from_numpy(np.random.default_rng(0).random((5, 4))) for name in some.names}
    scales = some.spread(terms)
    assert scales == {name: pytest.approx(terms[name].numpy().std(axis=0).mean()) for name in some.names}
    assert some.spread(dict.fromkeys(some.names, torch.ones(5, 4))) == dict.fromkeys(some.names, 1e-6)
    expected = sum(w * terms[n] / scales[n] for n, w in some.config.weights.items()) / 3
    torch.testing.assert_close(some.combine(terms, scales), expected.float())
    group = some.group(sources, blends(sources), scales=scales)
    torch.testing.assert_close(group.rewards, some.combine(group.terms, scales))


def test_fixed_without_scales_says_what_is_missing(sources: Sources) -> None:
    with pytest.raises(ValueError, match=r"normalise: fixed needs scales, but got none: measure them once by"):
        reward(normalise="fixed")(sources, blend(sources, 0.4))


def test_a_group_standardises_each_metric_by_image_as_scipy_does(sources: Sources) -> None:
    some = reward(weights={"VIF": 1, "MSE": 2}, normalise="group")
    group = some.group(sources, blends(sources))
    z = {name: stats.zscore(term.numpy().astype(np.float64), axis=0) for name, term in group.terms.items()}
    np.testing.assert_allclose(group.rewards.numpy(), (z["VIF"] - 2 * z["MSE"]) / 2, rtol=1e-3, atol=1e-4)
    fused = blend(sources, 0.4)
    torch.testing.assert_close(some(sources, fused), reward(weights={"VIF": 1, "MSE": 2})(sources, fused))


def test_samples_that_tie_are_worth_nothing_beside_each_other() -> None:
    got = standardised(torch.tensor([[1.0, 0.3], [3.0, 0.3]]))
    assert got.tolist() == [[-1, 0], [1, 0]]


def test_the_first_value_that_is_not_finite_is_named_by_metric_and_image() -> None:
    fine = torch.zeros(2, 4)
    bad = fine.clone()
    bad[1, 2] = float("nan")
    assert non_finite({"VIF": fine, "Qabf": fine}) is None
    assert non_finite({"VIF": fine, "Nabf": bad, "MI": bad}) == ("Nabf", 2)
    assert non_finite({"PSNR": torch.tensor([1.0, float("inf")])}) == ("PSNR", 1)


def test_baselines_are_measured_once_for_all_trials_that_share_the_data(
    test_pairs: PairSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = SourceSet(torch.from_numpy(test_pairs.visible), torch.from_numpy(test_pairs.infrared), 1 << 30)
    some = reward(aggregate="min")
    first = baseline_terms(some, kept.batch(slice(0, 3)))
    sources = kept.batch(np.array([2, 0]))
    monkeypatch.setattr(Fused, "metric_grey", property(lambda self: pytest.fail("a baseline was measured again")))
    again = baseline_terms(some, sources)
    for which, terms in first.items():
        assert {name: term[[2, 0]].tolist() for name, term in terms.items()} == {
            name: term.tolist() for name, term in again[which].items()
        }
    with pytest.raises(pytest.fail.Exception):
        baseline_terms(some.also("harmonic"), sources)


def test_a_copys_baseline_is_its_measure(sources: Sources) -> None:
    terms = baseline_terms(reward(weights={"VIF": 1, "MI": 1}), sources)["visible"]
    measured = measure(sources, copy_of_visible(sources))
    assert all(torch.equal(term, measured[name].float()) for name, term in terms.items())


@pytest.fixture
def costly(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Stand a cheap function in for LPIPS, the mean of the image; return the sizes of the batches it was asked for."""
    sizes: list[int] = []

    def mean(sources: Sources, fused: Fused) -> Tensor:
        sizes.append(len(fused.image))
        return fused.image.mean(dim=(1, 2, 3))

    monkeypatch.setitem(optional.METRICS, "LPIPS", mean)
    return sizes


def test_costly_metrics_are_measured_for_the_best_sample_alone(sources: Sources, costly: list[int]) -> None:
    some = reward(weights={"VIF": 1, "SSIM": 1, "LPIPS": 3}, aggregate="min", expensive="best")
    samples = blends(sources)
    reference = {"LPIPS": torch.tensor([0.1, 0.2, 0.3])}
    group = some.group(sources, samples, reference=reference)
    assert costly == [3]
    assert group.calls == 4 * 3 + 3
    best = reward(weights={"VIF": 1, "SSIM": 1}, aggregate="min").group(sources, samples).rewards.argmax(dim=0)
    expected = reference["LPIPS"].expand(4, 3).clone()
    for image, sample in enumerate(best.tolist()):
        expected[sample, image] = samples[sample].image[image].mean()
    torch.testing.assert_close(group.terms["LPIPS"], expected)
    torch.testing.assert_close(group.rewards, some.combine(group.terms))
    assert tuple(group.terms) == some.names == ("VIF", "SSIM", "LPIPS")


def test_costly_metrics_are_measured_for_all_samples_unless_told_otherwise(sources: Sources, costly: list[int]) -> None:
    group = reward(weights={"VIF": 1, "LPIPS": 1}).group(sources, blends(sources))
    assert costly == [3] * 4
    assert group.calls == 12


def test_costly_metrics_of_the_best_need_the_values_of_the_start(sources: Sources, costly: list[int]) -> None:
    some = reward(weights={"VIF": 1, "LPIPS": 1}, expensive="best")
    with pytest.raises(ValueError, match=r"best needs reference values of LPIPS, but got none: pass reference="):
        some.group(sources, blends(sources))


def test_a_reward_of_costly_metrics_alone_has_no_best_sample() -> None:
    with pytest.raises(ValidationError, match="best must have a metric to tell the best sample by, but got only LPIPS"):
        reward(weights={"LPIPS": 1}, expensive="best")
