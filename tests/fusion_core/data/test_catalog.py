from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fusion_core.config import DataConfig, FolderPair, Limit, SyntheticConfig
from fusion_core.data.catalog import CATALOG, load_data, locate
from fusion_core.errors import DataError
from tests.fusion_core.data.conftest import Write

SMALL = SyntheticConfig(train=3, test=2, size=(16, 20))

LAYOUTS = [
    ("msrs", "MSRS/{}/vi", "MSRS/{}/ir"),
    ("msrs", "MSRS-main/{}/vi", "MSRS-main/{}/ir"),
    ("msrs", "MSRS-mini/{}/vi", "MSRS-mini/{}/ir"),
    ("roadscene", "RoadScene/{}/vi", "RoadScene/{}/ir"),
    ("roadscene", "RoadScene/crop_LR_visible", "RoadScene/cropinfrared"),
    ("m3fd", "M3FD/M3FD_Fusion/Vis", "M3FD/M3FD_Fusion/Ir"),
    ("m3fd", "m3fd_fusion/vis", "m3fd_fusion/IR"),
    ("pet", "Harvard/PET-MRI/{}/PET", "Harvard/PET-MRI/{}/MRI"),
    ("pet", "PET-MRI/PET", "PET-MRI/MRI"),
    (
        "spect",
        "Havard-Medical-Image-Fusion-Datasets/MyDatasets/SPECT-MRI/{}/SPECT",
        "Havard-Medical-Image-Fusion-Datasets/MyDatasets/SPECT-MRI/{}/MRI",
    ),
    ("ct", "Havard-Medical-Image-Fusion-Datasets/CT-MRI/CT", "Havard-Medical-Image-Fusion-Datasets/CT-MRI/MRI"),
]


def fill(write: Write, root: Path, visible: str, infrared: str, count: int = 2) -> None:
    for split in ("train", "test"):
        for index in range(count):
            shade = index + (5 if split == "test" and "{}" in visible else 0)
            for folder in (visible, infrared):
                write(root / folder.format(split) / f"{index:04}.png", np.full((6, 8), shade, np.uint8))


@pytest.mark.parametrize(("name", "visible", "infrared"), LAYOUTS)
def test_every_known_layout_is_found(tmp_path: Path, write: Write, name: str, visible: str, infrared: str) -> None:
    fill(write, tmp_path, visible, infrared, 12)
    data = load_data(DataConfig(train=name, test=(name,), root=tmp_path))
    assert data.train.name == name
    assert data.train.split == "train"
    assert data.test[name].split == "test"
    place = locate(name, "test", tmp_path)
    assert place.visible.samefile(tmp_path / visible.format("test"))
    assert place.infrared.samefile(tmp_path / infrared.format("test"))


def test_roadscene_without_a_split_holds_out_twenty_of_221_pairs(tmp_path: Path, write: Write) -> None:
    fill(write, tmp_path, "RoadScene/crop_LR_visible", "RoadScene/cropinfrared", 221)
    data = load_data(DataConfig(train="roadscene", test=("roadscene",), root=tmp_path))
    test = data.test["roadscene"]
    assert (len(data.train), len(test)) == (201, 20)
    assert not set(data.train.stems) & set(test.stems)
    assert test.stems[:2] == ("0005", "0016")
    assert any("held out" in note for note in data.notes)


def test_the_split_of_one_folder_is_never_mixed_with_another_folder(tmp_path: Path, write: Write) -> None:
    fill(write, tmp_path, "PET-MRI/PET", "PET-MRI/MRI")
    for folder in ("PET", "MRI"):
        write(tmp_path / "Harvard" / "PET-MRI" / "test" / folder / "0000.png")
    with pytest.raises(DataError, match="pet has no train split"):
        load_data(DataConfig(train="pet", test=("pet",), root=tmp_path))


def test_a_full_set_is_preferred_to_its_excerpt_and_an_excerpt_is_noted(tmp_path: Path, write: Write) -> None:
    fill(write, tmp_path, "MSRS-mini/{}/vi", "MSRS-mini/{}/ir", 1)
    config = DataConfig(train="msrs", test=("msrs",), root=tmp_path)
    assert any("excerpt" in note for note in load_data(config).notes)
    fill(write, tmp_path, "MSRS/{}/vi", "MSRS/{}/ir", 3)
    data = load_data(config)
    assert len(data.train) == 3
    assert data.notes == ()


def test_a_folder_pair_takes_part_beside_known_sets(tmp_path: Path, write: Write) -> None:
    fill(write, tmp_path, "a", "b", 3)
    mine = FolderPair(name="mine", visible=tmp_path / "a", infrared=tmp_path / "b")
    data = load_data(DataConfig(train=mine, test=("synthetic", mine), synthetic=SMALL, limit=Limit(train=2)))
    assert list(data.test) == ["synthetic", "mine"]
    assert (len(data.train), len(data.test["mine"])) == (2, 3)
    assert "mine has no split: it is tested on the pairs it is trained on" in data.notes


def test_one_set_used_twice_is_decoded_once(tmp_path: Path, write: Write) -> None:
    fill(write, tmp_path, "a", "b")
    mine = FolderPair(name="mine", visible=tmp_path / "a", infrared=tmp_path / "b")
    other = mine.model_copy(update={"name": "other"})
    data = load_data(DataConfig(train=mine, test=(mine, other)))
    assert data.train.visible is data.test["mine"].visible is data.test["other"].visible
    assert (data.train.split, data.test["mine"].split, data.test["other"].name) == ("train", "test", "other")


def test_all_problems_of_all_sets_come_at_once(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "MSRS" / "test" / "vi" / "a.png")
    write(tmp_path / "MSRS" / "test" / "ir" / "b.png")
    config = DataConfig(
        train="roadscen", test=("msrs", "m3fd", "pet", "pet"), optional=("m3df",), root=tmp_path, synthetic=SMALL
    )
    with pytest.raises(DataError) as caught:
        load_data(config)
    message = str(caught.value)
    for part in (
        "data.train must name a known data set, but got 'roadscen'. Did you mean 'roadscene'?",
        "data.optional must name known data sets, but got 'm3df'. Did you mean 'm3fd'?",
        "data.test must name each set once, but got 'pet' 2 times",
        "msrs: no partner of that name in",
        f"m3fd not found under {tmp_path}: looked for M3FD/M3FD_Fusion/{{Vis,Ir}}",
        "--data-root DIR",
        "python run_sweep.py --fetch pet",
        "use `synthetic`",
    ):
        assert part in message


def test_a_path_that_the_system_refuses_is_one_problem_among_others(tmp_path: Path) -> None:
    mine = FolderPair(name="mine", visible=tmp_path / ("n" * 300), infrared=tmp_path)
    with pytest.raises(DataError) as caught:
        load_data(DataConfig(train=mine, test=("m3fd",), root=tmp_path))
    first, second = str(caught.value).splitlines()
    assert first.startswith("mine must lie in folders that can be read, but got: File name too long: ")
    assert second.startswith("m3fd not found under")


def test_an_optional_set_that_is_missing_is_left_out_with_a_note(tmp_path: Path) -> None:
    config = DataConfig(test=("synthetic", "m3fd"), optional=("m3fd",), root=tmp_path, synthetic=SMALL)
    data = load_data(config)
    assert list(data.test) == ["synthetic"]
    assert data.notes == (f"m3fd not found under {tmp_path}: left out",)


def test_an_optional_set_that_is_broken_is_an_error(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "M3FD_Fusion" / "Vis" / "a.png")
    write(tmp_path / "M3FD_Fusion" / "Ir" / "a.png", b"broken")
    config = DataConfig(test=("synthetic", "m3fd"), optional=("m3fd",), root=tmp_path, synthetic=SMALL)
    with pytest.raises(DataError, match=r"a\.png"):
        load_data(config)


def test_no_test_set_left_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least one set that is there"):
        load_data(DataConfig(test=("m3fd",), optional=("m3fd",), root=tmp_path, synthetic=SMALL))


def test_without_a_root_the_folder_data_is_searched(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(write, tmp_path / "data", "MSRS/{}/vi", "MSRS/{}/ir")
    monkeypatch.chdir(tmp_path)
    assert len(load_data(DataConfig(train="msrs", test=("msrs",))).train) == 2


def test_crop_resize_and_limit_apply_to_synthetic_pairs_too() -> None:
    config = DataConfig(crop="square", resize=(8, 8), limit=Limit(train=2, test=1), synthetic=SMALL)
    data = load_data(config)
    assert data.train.visible.shape == (2, 3, 8, 8)
    assert data.test["synthetic"].infrared.shape == (1, 1, 8, 8)


def test_the_catalog_describes_each_set() -> None:
    assert set(CATALOG) == {"msrs", "m3fd", "roadscene", "pet", "spect", "ct", "synthetic"}
    assert all(entry.title and entry.name == name for name, entry in CATALOG.items())


def test_the_real_pairs_load_where_they_are(shared_data: Path) -> None:
    tests = ("roadscene", "msrs", "m3fd", "pet", "spect", "ct")
    config = DataConfig(
        train="roadscene",
        test=tests,
        optional=tests,
        root=shared_data,
        crop="square",
        resize=(64, 64),
        limit=Limit(train=4, test=2),
    )
    data = load_data(config)
    assert data.train.visible.shape == (4, 3, 64, 64)
    for name, pairs in data.test.items():
        assert pairs.visible.shape == (2, 1 if name == "ct" else 3, 64, 64)
        assert pairs.infrared.std() > 1
