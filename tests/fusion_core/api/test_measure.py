"""`measure` and its refusals: what a library must not get wrong in silence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import fusion_core
from fusion_core import ImageError
from fusion_core.api.images import WHOLE, Convention
from fusion_core.metrics import catalog
from fusion_core.metrics.facts import FACTS, REFERENCE_COLUMNS
from fusion_core.sources import Fused, Sources
from tests.golden import load

CASES = load("metrics_synthetic.json")
RNG = np.random.default_rng(7)
VISIBLE = RNG.integers(0, 256, (48, 56, 3), dtype=np.uint8)
INFRARED = RNG.integers(0, 256, (48, 56), dtype=np.uint8)
FUSED = RNG.integers(0, 256, (48, 56, 3), dtype=np.uint8)


def planes(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(image[None] if image.ndim == 2 else image.transpose(2, 0, 1)))[None]


def scaled(low: float, high: float, *images: np.ndarray) -> list[np.ndarray]:
    return [(image.astype(np.float32) / 255 * (high - low) + low).astype(np.float32) for image in images]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"seed{case['seed']}")
def test_the_values_are_the_references(case: dict[str, Any]) -> None:
    rng, shape = np.random.default_rng(case["seed"]), case["shape"]
    visible, infrared, fused = (rng.integers(0, 256, size, dtype=np.uint8) for size in (shape, shape[:2], shape))
    got = fusion_core.measure(visible, infrared, fused, data_range=255)
    for name in set(REFERENCE_COLUMNS) - {"Reward"}:
        wanted = case["numpy" if name == "VIF" else "batch"][name]
        assert got[name] == pytest.approx(wanted, rel=1e-3 if name == "Nabf" else 1e-4), name


def test_the_values_are_those_of_the_program_whatever_the_range_layout_or_library() -> None:
    sources = Sources.from_pixels(planes(VISIBLE), planes(INFRARED))
    wanted = {name: value.item() for name, value in catalog.measure(sources, Fused.from_pixels(planes(FUSED))).items()}
    images = VISIBLE, INFRARED, FUSED
    assert fusion_core.measure(*images, data_range=255) == wanted
    for data_range, low, high in ((1, 0, 1), ((-1, 1), -1, 1), (255.0, 0, 255)):
        assert fusion_core.measure(*scaled(low, high, *images), data_range=data_range) == wanted
    tensors = [planes(image) for image in images]
    batch = fusion_core.measure(*tensors, data_range=255, layout="NCHW")
    assert {name: value.tolist() for name, value in batch.items()} == {name: [value] for name, value in wanted.items()}
    chw = [tensor[0] for tensor in tensors]
    assert fusion_core.measure(*chw, data_range=255, layout="CHW") == wanted


def test_each_metric_is_a_function_with_its_facts() -> None:
    every = fusion_core.measure(VISIBLE, INFRARED, FUSED, data_range=255)
    assert {name.lower() for name in FACTS} == set(fusion_core._METRICS)
    for name, value in every.items():
        function = getattr(fusion_core, name.lower())
        assert function(VISIBLE, INFRARED, FUSED, data_range=255) == value
        assert FACTS[name].convention in function.__doc__
    assert fusion_core.measure(VISIBLE, INFRARED, FUSED, data_range=255, metrics=["EN"]) == {"EN": every["EN"]}


def test_a_value_between_two_grey_levels_stays_between_them() -> None:
    image = np.full((48, 48), 100.5, np.float32)
    image[0, 0] = 100 + WHOLE / 2
    pixels = Convention.of("HWC", 255).pixels(image)
    assert pixels[0, 0, 0, 0] == 100 and pixels[0, 0, 1, 1] == 100.5


FLOAT = scaled(0, 1, VISIBLE, INFRARED, FUSED)
UNIT = scaled(-1, 1, VISIBLE, INFRARED, FUSED)
NAN = FLOAT[2].copy()
NAN[3, 4] = np.nan


@pytest.mark.parametrize(
    ("images", "options", "words"),
    [
        ((FLOAT[0] * 255, FLOAT[1], FLOAT[2]), {"data_range": 1}, ["visible must lie in [0, 1]", "data_range=255"]),
        (UNIT, {"data_range": 1}, ["visible must lie in [0, 1]", "infrared must", "fused must", "data_range=(-1, 1)"]),
        (FLOAT, {"data_range": (-1, 1)}, ["no value is below 0", "[-1, 1]"]),
        (FLOAT, {"data_range": 255}, ["all values lie in [0, 1]", "Pass data_range=1"]),
        ((FLOAT[0], FLOAT[1], NAN), {"data_range": 1}, ["fused must be finite"]),
        ((VISIBLE, INFRARED, FUSED), {"data_range": 1}, ["visible is uint8", "data_range must be 255"]),
        ((VISIBLE.astype(np.int64), INFRARED, FUSED), {"data_range": 255}, ["visible must be uint8 or of a float"]),
        ((VISIBLE, INFRARED[:-2], FUSED[:, :-1]), {"data_range": 255}, ["infrared must have the size", "fused must"]),
        ((VISIBLE, INFRARED, FUSED), {"data_range": 255, "layout": "CHW"}, ["channels as CHW", "layout HWC?"]),
        ((VISIBLE, VISIBLE, FUSED), {"data_range": 255}, ["infrared must have 1 channels", "Pass one of its channels"]),
        ((VISIBLE, INFRARED, planes(FUSED)[0]), {"data_range": 255, "layout": "HWC"}, ["fused must have 1 or 3"]),
        ((VISIBLE[:40], INFRARED[:40], FUSED[:40]), {"data_range": 255}, ["at least 41x41", "40x56"]),
        ((VISIBLE, INFRARED, None), {"data_range": 255}, ["fused must be a numpy array", "NoneType"]),
        ((VISIBLE[None], INFRARED[None], FUSED), {"data_range": 255, "layout": "NHWC"}, ["fused must"]),
        ((VISIBLE, INFRARED, FUSED), {"data_range": 255, "layout": "WHC"}, ["layout must be one of HWC"]),
        ((VISIBLE, INFRARED, FUSED), {"data_range": (1, 0)}, ["data_range must be"]),
        ((VISIBLE, INFRARED, FUSED), {"data_range": 255, "metrics": ["SSMI"]}, ["Did you mean 'SSIM'?"]),
    ],
)
def test_what_would_give_wrong_numbers_is_refused(
    images: tuple[Any, ...], options: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ImageError) as refused:
        fusion_core.measure(*images, **options)
    for word in words:
        assert word in str(refused.value)


def test_numpy_and_torch_are_not_mixed() -> None:
    with pytest.raises(ValueError, match="must both be numpy arrays or both torch tensors"):
        fusion_core.measure(VISIBLE, INFRARED, torch.from_numpy(FUSED), data_range=255)
