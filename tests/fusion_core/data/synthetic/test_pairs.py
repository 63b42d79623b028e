from __future__ import annotations

import numpy as np
import pytest

from fusion_core.config import SyntheticConfig
from fusion_core.data.reading import to_grey
from fusion_core.data.synthetic.pairs import synthetic_pairs
from fusion_core.errors import DataError

SMALL = SyntheticConfig(train=6, test=3, size=(48, 64))


def test_the_same_seed_gives_the_same_scenes() -> None:
    first, second = synthetic_pairs("train", SMALL), synthetic_pairs("train", SMALL)
    assert first.fingerprint == second.fingerprint
    np.testing.assert_array_equal(first.visible, second.visible)


def test_a_scene_does_not_depend_on_how_many_are_made() -> None:
    few, many = synthetic_pairs("train", SMALL, limit=2), synthetic_pairs("train", SMALL)
    assert few.stems == ("scene_0000", "scene_0001")
    np.testing.assert_array_equal(few.visible, many.visible[:2])
    np.testing.assert_array_equal(few.infrared, many.infrared[:2])


def test_splits_and_seeds_share_no_scene() -> None:
    sets = [
        synthetic_pairs(split, SMALL.model_copy(update={"seed": seed}))  # type: ignore[arg-type]
        for split in ("train", "test")
        for seed in (0, 1)
    ]
    scenes = [image.tobytes() for pairs in sets for image in pairs.visible]
    assert len(set(scenes)) == len(scenes) == 18


@pytest.mark.parametrize("size", [(16, 16), (17, 90), (90, 17), (128, 160)])
def test_any_size_from_16_up_works(size: tuple[int, int]) -> None:
    pairs = synthetic_pairs("test", SyntheticConfig(test=2, size=size))
    assert pairs.visible.shape == (2, 3, *size)
    assert pairs.infrared.shape == (2, 1, *size)
    assert pairs.visible.dtype == pairs.infrared.dtype == np.uint8


def test_a_smaller_size_is_refused() -> None:
    with pytest.raises(DataError, match="at least 16x16, but got 8x32"):
        synthetic_pairs("test", SyntheticConfig(size=(8, 32)))


def test_the_two_images_of_a_scene_share_edges_but_not_contrast() -> None:
    pairs = synthetic_pairs("train", SyntheticConfig(train=12, size=(96, 128)))

    def edges(image: np.ndarray) -> np.ndarray:
        smooth = image.astype(float)
        return np.abs(np.diff(smooth, axis=0))[:, 1:] + np.abs(np.diff(smooth, axis=1))[1:]

    grey = [to_grey(image.transpose(1, 2, 0)) for image in pairs.visible]
    infrared = [image[0] for image in pairs.infrared]
    values = [abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) for a, b in zip(grey, infrared, strict=True)]
    outlines = [np.corrcoef(edges(a).ravel(), edges(b).ravel())[0, 1] for a, b in zip(grey, infrared, strict=True)]
    elsewhere = [
        np.corrcoef(edges(a).ravel(), edges(b).ravel())[0, 1]
        for a, b in zip(grey, infrared[1:] + infrared[:1], strict=True)
    ]
    assert np.mean(values) < 0.75
    assert np.mean(outlines) > np.mean(elsewhere) + 0.1


def test_scenes_come_by_day_and_by_night() -> None:
    brightness = synthetic_pairs("train", SyntheticConfig(train=24, size=(32, 40))).visible.mean(axis=(1, 2, 3))
    assert brightness.min() < 50
    assert brightness.max() > 110
