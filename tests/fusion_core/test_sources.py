"""Quantities of the sources are computed once, kept within a budget, and are the same however they come."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fusion_core.data.dataset import PairSet
from fusion_core.evaluation import average_of_both, evaluate
from fusion_core.metrics.catalog import measure
from fusion_core.sources import Fused, Sources, SourceSet

PLENTY = 1 << 28


def source_set(pairs: PairSet, budget: int = PLENTY) -> SourceSet:
    return SourceSet(torch.from_numpy(pairs.visible), torch.from_numpy(pairs.infrared), budget)


def test_a_quantity_is_computed_once_per_data_set(train_pairs: PairSet) -> None:
    pairs = source_set(train_pairs)
    calls = []

    def compute(sources: Sources) -> torch.Tensor:
        calls.append(len(sources.infrared))
        return sources.infrared.square()

    for _ in range(3):
        for _, batch in pairs.batches(4):
            batch.once("square", lambda batch=batch: compute(batch))
    assert calls == [4, 4]


def test_shuffled_rows_are_gathered_from_what_is_kept(train_pairs: PairSet) -> None:
    pairs = source_set(train_pairs)
    rows = np.array([6, 1, 3])
    for _, batch in pairs.batches(4):
        _ = batch.luma
    plain = Sources.from_pixels(pairs.visible[torch.from_numpy(rows)], pairs.infrared[torch.from_numpy(rows)])
    assert torch.equal(pairs.batch(rows).luma, plain.luma)


def test_what_does_not_fit_the_budget_is_computed_each_time_to_the_same_numbers(test_pairs: PairSet) -> None:
    generous, poor = source_set(test_pairs), source_set(test_pairs, budget=0)
    for _ in range(2):
        for (_, a), (_, b) in zip(generous.batches(2), poor.batches(2), strict=True):
            kept, fresh = (measure(s, Fused.from_pixels(s.visible_pixels)) for s in (a, b))
            assert {name: v.tolist() for name, v in kept.items()} == {name: v.tolist() for name, v in fresh.items()}
    assert poor.memory_used == 0
    assert 0 < generous.memory_used <= PLENTY


def test_a_quantity_that_cannot_be_kept_for_lack_of_memory_is_still_computed(
    test_pairs: PairSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*_: object, **__: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("out of memory")

    expected = source_set(test_pairs).batch(slice(0, 2)).luma
    pairs = source_set(test_pairs)
    monkeypatch.setattr(torch.Tensor, "new_empty", no_memory)
    assert torch.equal(pairs.batch(slice(0, 2)).luma, expected)
    assert pairs.memory_used == 0


def test_forgetting_frees_what_is_kept_and_changes_no_number(test_pairs: PairSet) -> None:
    pairs = source_set(test_pairs)
    before = pairs.batch(slice(0, 2)).luma.clone()
    assert pairs.forget()
    assert not pairs.forget()
    assert torch.equal(pairs.batch(slice(0, 2)).luma, before)
    assert pairs.memory_used == 0


def test_fused_luma_takes_the_colour_of_the_visible_image(test_pairs: PairSet) -> None:
    batch = source_set(test_pairs).batch(slice(0, 2))
    torch.testing.assert_close(Fused.from_luma(batch, batch.luma).image, batch.visible, rtol=0, atol=2e-6)


def test_a_grey_fused_image_is_judged_as_if_repeated_to_three_channels(test_pairs: PairSet) -> None:
    pairs = source_set(test_pairs)
    grey = Sources(pairs.batch(slice(0, 1)).luma, pairs.batch(slice(0, 1)).infrared)
    fused = Fused.from_luma(grey, grey.luma * 0.5)
    repeated = Fused(fused.image.expand(-1, 3, -1, -1))
    assert torch.equal(fused.metric_grey, repeated.metric_grey)


def test_evaluation_halves_its_batch_where_memory_runs_out_to_the_same_numbers(train_pairs: PairSet) -> None:
    sources = source_set(train_pairs)
    tried: list[int] = []

    def small_gpu(batch: Sources) -> Fused:
        tried.append(len(batch.infrared))
        if len(batch.infrared) > 2:
            raise torch.OutOfMemoryError("out of memory")
        return average_of_both(batch)

    halved, whole = evaluate(small_gpu, sources), evaluate(average_of_both, sources)
    assert tried == [8, 8, 6, 3] + [1] * 8
    assert {name: v.tolist() for name, v in halved.items()} == {name: v.tolist() for name, v in whole.items()}


def test_images_picked_from_several_batches_are_measured_as_they_were_there(test_pairs: PairSet) -> None:
    sources = Sources.from_pixels(torch.from_numpy(test_pairs.visible), torch.from_numpy(test_pairs.infrared))
    grey = Sources(sources.luma, sources.infrared)
    for kind in (sources, grey):
        batches = [Fused.from_luma(kind, torch.lerp(kind.luma, kind.infrared, share)) for share in (0.2, 0.5, 0.8)]
        apart = [measure(kind, fused) for fused in batches]
        together = measure(kind, Fused.pick(batches, [2, 0, 1]))
        for name, values in together.items():
            assert values.tolist() == [apart[k][name][i].item() for i, k in enumerate((2, 0, 1))], name
