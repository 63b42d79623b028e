from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fusion_core.data.reading import cropped, read_picture, resized, to_grey, to_rgb
from fusion_core.errors import DataError
from tests.fusion_core.data.conftest import Write

sizes = st.tuples(st.integers(1, 12), st.integers(1, 12))
unhurried = settings(deadline=None)  # a busy machine is no defect
shapes = st.one_of(sizes, sizes.map(lambda size: (*size, 3)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("images")


def stored(path: Path, image: np.ndarray) -> Path:
    done, data = cv2.imencode(path.suffix, image[..., ::-1] if image.ndim == 3 else image)
    assert done
    path.write_bytes(data.tobytes())
    return path


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
@unhurried
@given(image=shapes.flatmap(lambda shape: arrays(np.uint8, shape)))
def test_8_bit_images_come_back_exactly(folder: Path, suffix: str, image: np.ndarray) -> None:
    np.testing.assert_array_equal(read_picture(stored(folder / f"x{suffix}", image)).pixels, image)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@unhurried
@given(image=shapes.flatmap(lambda shape: arrays(np.uint16, shape)))
def test_16_bit_images_are_rounded_to_8_bit(folder: Path, suffix: str, image: np.ndarray) -> None:
    expected = np.rint(image / 257).astype(np.uint8)
    np.testing.assert_array_equal(read_picture(stored(folder / f"x{suffix}", image)).pixels, expected)


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".JPG"])
@pytest.mark.parametrize("color", [(200, 60, 30), 90])
def test_a_jpeg_keeps_its_colour_and_channel_count(
    tmp_path: Path, write: Write, suffix: str, color: tuple[int, int, int] | int
) -> None:
    image = np.full((16, 16, 3) if isinstance(color, tuple) else (16, 16), color, np.uint8)
    read = read_picture(write(tmp_path / f"x{suffix}", image)).pixels
    assert read.shape == image.shape
    assert np.abs(read.astype(int) - image).max() <= 3


def test_a_palette_is_resolved_to_rgb(tmp_path: Path) -> None:
    # an uncompressed 8-bit BMP with two colours: 4 x 1 pixels, palette in blue green red zero
    palette = bytes((0, 0, 255, 0, 20, 40, 60, 0))
    header = struct.pack("<2sIHHI", b"BM", 14 + 40 + 8 + 4, 0, 0, 14 + 40 + 8)
    info = struct.pack("<IiiHHIIiiII", 40, 4, 1, 1, 8, 0, 4, 0, 0, 2, 0)
    path = tmp_path / "x.bmp"
    path.write_bytes(header + info + palette + bytes((0, 1, 1, 0)))
    assert read_picture(path).pixels.tolist() == [[[255, 0, 0], [60, 40, 20], [60, 40, 20], [255, 0, 0]]]


def test_a_path_may_hold_any_letters(tmp_path: Path, write: Write) -> None:
    assert read_picture(write(tmp_path / "Wärme 图像" / "ü.png")).pixels.shape == (6, 8)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95])
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif"])
def test_a_file_cut_off_anywhere_is_named(tmp_path: Path, write: Write, suffix: str, share: float) -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    path = write(tmp_path / f"cut{suffix}", image)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(DataError, match=f"cut{suffix}"):
        read_picture(path)


def test_floating_point_pixels_are_refused(tmp_path: Path, write: Write) -> None:
    with pytest.raises(DataError, match=r"8 or 16 unsigned bits per channel, but got 32 bits \(floating point\)"):
        read_picture(write(tmp_path / "x.tif", np.zeros((4, 4), np.float32)))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.png"):
        read_picture(tmp_path / "gone.png")


@unhurried
@given(image=sizes.flatmap(lambda size: arrays(np.uint8, (*size, 3))))
def test_grey_is_bt601_rounded(image: np.ndarray) -> None:
    exact = image @ np.array([0.299, 0.587, 0.114])
    assert np.abs(to_grey(image) - exact).max() <= 0.5 + 1e-9


@unhurried
@given(grey=sizes.flatmap(lambda size: arrays(np.uint8, size)))
def test_grey_of_a_repeated_channel_is_that_channel(grey: np.ndarray) -> None:
    np.testing.assert_array_equal(to_grey(to_rgb(grey)), grey)


@unhurried
@given(size=sizes)
def test_a_square_crop_is_centred_with_the_short_side(size: tuple[int, int]) -> None:
    height, width = size
    rows, columns = np.mgrid[:height, :width]
    square = cropped(rows * width + columns, "square")
    top, left = divmod(int(square[0, 0]), width)
    assert square.shape == (min(size), min(size))
    assert 0 <= height - min(size) - 2 * top <= 1
    assert 0 <= width - min(size) - 2 * left <= 1


def test_shrinking_averages_and_enlarging_interpolates() -> None:
    board = np.indices((8, 8)).sum(axis=0) % 2 * 200
    np.testing.assert_array_equal(resized(board.astype(np.uint8), (4, 4)), np.full((4, 4), 100))
    ramp = np.array([[0, 100]], np.uint8)
    assert resized(ramp, (1, 4)).tolist() == [[0, 25, 75, 100]]
