from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fusion_core.data.pairs import files_by_stem, find_pairs, read_pair, read_pairs, scan_pairs
from fusion_core.errors import DataError
from tests.fusion_core.data.conftest import Write


def test_files_pair_by_stem_whatever_their_suffix_and_order(tmp_path: Path, write: Write) -> None:
    for name in ("b.PNG", "a.jpg", "c.tiff"):
        write(tmp_path / "vi" / name)
    for name in ("c.bmp", "a.png", "b.JPEG"):
        write(tmp_path / "ir" / name)
    pairing = find_pairs(tmp_path / "vi", tmp_path / "ir")
    assert pairing.stems == ("a", "b", "c")
    assert [path.name for path in pairing.visible] == ["a.jpg", "b.PNG", "c.tiff"]
    assert [path.name for path in pairing.infrared] == ["a.png", "b.JPEG", "c.bmp"]


def test_other_files_and_dot_files_are_passed_over(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "a.png")
    for name in ("Thumbs.db", "._a.png", "notes.txt"):
        write(tmp_path / name, b"no image")
    assert list(files_by_stem(tmp_path)) == ["a"]


def test_every_unpaired_unreadable_and_unequal_file_is_in_one_error(tmp_path: Path, write: Write) -> None:
    vi, ir = tmp_path / "vi", tmp_path / "ir"
    for stem in ("good", "only_visible", "wide", "broken"):
        write(vi / f"{stem}.png")
    for stem in ("good", "only_infrared"):
        write(ir / f"{stem}.png")
    write(ir / "wide.png", size=(6, 9))
    write(ir / "broken.png", b"\x89PNG not really")
    write(ir / "good.bmp")
    with pytest.raises(DataError) as caught:
        read_pairs(scan_pairs(vi, ir), "mine", "test")
    message = str(caught.value)
    for part in (
        "two files of one stem, remove one (1)",
        str(vi / "only_visible.png"),
        str(ir / "only_infrared.png"),
        str(ir / "broken.png"),
        f"{vi / 'wide.png'} is 6x8, {ir / 'wide.png'} is 6x9",
    ):
        assert part in message


def test_of_many_unpaired_files_twenty_are_listed_and_the_rest_counted(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "ir" / "000.png")
    for index in range(26):
        write(tmp_path / "vi" / f"{index:03}.png")
    with pytest.raises(DataError) as caught:
        find_pairs(tmp_path / "vi", tmp_path / "ir")
    lines = str(caught.value).splitlines()
    assert lines[0].endswith("(25):")
    assert len(lines) == 22
    assert lines[-1].strip() == "... and 5 more"


@pytest.mark.parametrize(
    ("visible", "infrared", "rule"),
    [
        ("vi", "missing", "missing must be a folder"),
        ("vi", "empty", "empty must hold images"),
        ("vi", "other", "must share file stems"),
        ("vi", "vi", "must be two folders"),
    ],
)
def test_folders_that_cannot_pair_are_refused(
    tmp_path: Path, write: Write, visible: str, infrared: str, rule: str
) -> None:
    write(tmp_path / "vi" / "a.png")
    write(tmp_path / "other" / "b.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=rule):
        find_pairs(tmp_path / visible, tmp_path / infrared)


def test_a_set_keeps_rgb_order_and_turns_colour_infrared_grey(tmp_path: Path, write: Write) -> None:
    visible = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    write(tmp_path / "vi" / "a.png", visible)
    write(tmp_path / "ir" / "a.png", np.repeat(visible[..., :1], 3, axis=2))
    pairs = read_pairs(find_pairs(tmp_path / "vi", tmp_path / "ir"), "mine", "test")
    assert (pairs.name, pairs.split, pairs.stems, pairs.notes) == ("mine", "test", ("a",), ())
    np.testing.assert_array_equal(pairs.visible[0], visible.transpose(2, 0, 1))
    np.testing.assert_array_equal(pairs.infrared[0, 0], visible[..., 0])


@pytest.mark.parametrize("colored", [(), (0,), (2,)])
def test_a_set_is_grey_only_where_every_visible_image_is(
    tmp_path: Path, write: Write, colored: tuple[int, ...]
) -> None:
    for index in range(3):
        size = (4, 6, 3) if index in colored else (4, 6)
        write(tmp_path / "vi" / f"{index}.png", np.full(size, 10 * index, np.uint8))
        write(tmp_path / "ir" / f"{index}.png", size=(4, 6))
    pairs = read_pairs(find_pairs(tmp_path / "vi", tmp_path / "ir"), "mine", "train")
    assert pairs.visible.shape == (3, 3 if colored else 1, 4, 6)
    assert pairs.visible[:, :, 0, 0].tolist() == [[10 * index] * (3 if colored else 1) for index in range(3)]
    grey = "mine: 2 of 3 visible train images are grey, repeated to RGB"
    assert pairs.notes == ((grey,) if colored else ())


@pytest.mark.parametrize("odd", [0, 1, 3])
def test_an_image_of_another_size_takes_the_commonest_and_is_noted(tmp_path: Path, write: Write, odd: int) -> None:
    for index in range(4):
        size = (12, 20) if index == odd else (6, 8)
        for folder in ("vi", "ir"):
            write(tmp_path / folder / f"{index}.png", np.full(size, 50 + index, np.uint8))
    pairs = read_pairs(find_pairs(tmp_path / "vi", tmp_path / "ir"), "mine", "train")
    assert pairs.size == (6, 8)
    assert pairs.infrared[:, 0, 3, 3].tolist() == [50, 51, 52, 53]
    assert pairs.notes == ("mine: 1 of 4 train pairs resized to 6x8, the commonest size",)


def test_a_pixel_among_images_is_named_and_not_blown_up(tmp_path: Path, write: Write) -> None:
    for folder in ("vi", "ir"):
        for stem, size in (("a", (48, 48)), ("b", (48, 48)), ("dot", (1, 1))):
            write(tmp_path / folder / f"{stem}.png", size=size)
    with pytest.raises(DataError) as caught:
        read_pairs(find_pairs(tmp_path / "vi", tmp_path / "ir"), "mine", "train")
    assert str(caught.value) == (
        f"mine: images must have at least 32 pixels a side to be enlarged (1):\n  {tmp_path / 'vi' / 'dot.png'} is 1x1"
    )


def test_what_was_done_to_images_is_counted_in_the_notes(tmp_path: Path, write: Write) -> None:
    for stem in "abc":
        write(tmp_path / "vi" / f"{stem}.png", np.full((4, 4), 700, np.uint16))
        colour = (250, 40, 10) if stem == "b" else (90, 90, 95)
        write(tmp_path / "ir" / f"{stem}.png", np.full((4, 4, 3), colour, np.uint8))
    notes = read_pairs(find_pairs(tmp_path / "vi", tmp_path / "ir"), "mine", "test").notes
    assert notes[0].startswith(
        "mine: 3 of 3 test visible images have 16 bits a channel of which they use 16,383 values"
    )
    assert notes[1:] == ("mine: 1 of 3 test infrared images are in colour: their BT.601 luma is read",)


def test_a_set_that_does_not_fit_into_memory_is_refused_at_its_first_pair(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stem in "abc":
        for folder in ("vi", "ir"):
            write(tmp_path / folder / f"{stem}.png", size=(100, 100))
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=59_999))
    with pytest.raises(
        DataError, match=r"mine: a data set must fit into memory, but 3 pairs take 0\.0 GB, .*data\.limit"
    ):
        read_pairs(find_pairs(tmp_path / "vi", tmp_path / "ir"), "mine", "test")
    assert len(read_pairs(find_pairs(tmp_path / "vi", tmp_path / "ir"), "mine", "test", limit=2)) == 2


def test_the_crop_comes_before_the_resize(tmp_path: Path, write: Write) -> None:
    image = np.zeros((8, 24), np.uint8)
    image[:, 8:16] = 200
    for folder in ("vi", "ir"):
        write(tmp_path / folder / "a.png", image)
    pairing = find_pairs(tmp_path / "vi", tmp_path / "ir")
    pairs = read_pairs(pairing, "mine", "train", crop="square", resize=(4, 4))
    np.testing.assert_array_equal(pairs.visible, np.full((1, 1, 4, 4), 200))


def test_a_limit_takes_the_first_by_stem_and_changes_the_fingerprint(tmp_path: Path, write: Write) -> None:
    for stem in "dbca":
        for folder in ("vi", "ir"):
            write(tmp_path / folder / f"{stem}.png", np.full((4, 4), ord(stem), np.uint8))
    pairing = find_pairs(tmp_path / "vi", tmp_path / "ir")
    few, all_four = read_pairs(pairing, "mine", "train", limit=2), read_pairs(pairing, "mine", "train", limit=9)
    assert few.stems == ("a", "b")
    assert few.visible[:, 0, 0, 0].tolist() == [ord("a"), ord("b")]
    assert len(all_four) == 4
    assert few.fingerprint != all_four.fingerprint


def test_a_pair_read_alone_names_both_broken_files(tmp_path: Path, write: Write) -> None:
    left, right = write(tmp_path / "a.png", b"x"), write(tmp_path / "b.png", b"")
    with pytest.raises(DataError, match=r"a\.png(.|\n)*b\.png"):
        read_pair(left, right)
    pair = read_pair(write(tmp_path / "c.png"), write(tmp_path / "d.png", np.zeros((6, 8, 3), np.uint8)))
    assert (pair.visible.shape, pair.infrared.shape, pair.remarks) == ((6, 8), (6, 8), ())
