"""What comes with pixels of another kind is read as a viewer shows it, or refused with what to do; never wrong."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from fusion_core.data.headers import MAX_PIXELS
from fusion_core.data.reading import read_picture
from fusion_core.errors import DataError

ROWS, COLUMNS = np.mgrid[:12, :20]
RGB = np.stack([COLUMNS * 12, ROWS * 20, (ROWS + COLUMNS) * 8], axis=-1).astype(np.uint8)
GREY = (COLUMNS * 10 + ROWS).astype(np.uint8)
PALETTE = Image.fromarray(RGB).quantize(50)
CLEAR = np.dstack([RGB, np.where(COLUMNS > 9, 255, 40).astype(np.uint8)])


def pillow(image: np.ndarray | Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    picture.save(stream, kind, **options)
    return stream.getvalue()


def tiff(pixels: np.ndarray, bits: int, samples: int, photometric: int, *more: tuple[int, int]) -> bytes:
    """Return an uncompressed little-endian TIFF with these tags and more."""
    content = pixels.tobytes()
    tags = dict([(256, COLUMNS.shape[1]), (257, COLUMNS.shape[0]), (258, bits), (259, 1), (262, photometric),
                 (273, 8), (277, samples), (278, COLUMNS.shape[0]), (279, len(content)), *more])  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    return b"II*\0" + struct.pack("<I", 8 + len(content)) + content + struct.pack("<H", len(tags)) + entries + bytes(4)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(height: int, width: int, *chunks: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


def scanned(times: int) -> bytes:
    """Return a progressive JPEG of 8192 x 8192 pixels whose last scan comes over and over."""
    content = pillow(np.zeros((16, 16), np.uint8), "JPEG", progressive=True)
    last = content[content.rindex(b"\xff\xda") : -2]
    frame = content.index(b"\xff\xc2") + 5
    huge = content[:frame] + struct.pack(">HH", 8192, 8192) + content[frame + 4 : -2]
    return huge + last * times + content[-2:]


def refusal(folder: Path, content: bytes, name: str = "x.png") -> str:
    path = folder / name
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_picture(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ") and len(message.splitlines()) == 1 and message.endswith(".")
    return message


def read(folder: Path, content: bytes) -> np.ndarray:
    path = folder / "x.png"
    path.write_bytes(content)
    return read_picture(path).pixels


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_an_image_is_turned_as_its_exif_orientation_says_and_it_is_said(
    tmp_path: Path, kind: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x112] = orientation
    options = {"tiffinfo": {0x112: orientation}} if kind == "TIFF" else {"exif": exif}
    path = tmp_path / "x.png"
    path.write_bytes(pillow(RGB, kind, **options))
    picture = read_picture(path)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(path)))
    np.testing.assert_array_equal(picture.pixels, expected)
    assert [remark.startswith("were turned upright") for remark in picture.remarks] == [True] * (orientation > 1)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (pillow(PALETTE, "PNG"), np.asarray(PALETTE.convert("RGB"))),
        (pillow(PALETTE, "TIFF"), np.asarray(PALETTE.convert("RGB"))),
        (pillow(GREY > 99, "PNG"), (GREY > 99) * 255),
        (pillow(GREY > 99, "TIFF", compression="group4"), (GREY > 99) * 255),
        (pillow(Image.fromarray(GREY >> 4), "PNG", bits=4), (GREY >> 4) * 17),
        (pillow(CLEAR | np.uint8([0, 0, 0, 255]), "PNG"), RGB),
        (pillow(CLEAR | np.uint8([0, 0, 0, 255]), "TIFF"), RGB),
        (pillow(GREY.astype(np.uint16) * 257, "PNG"), GREY),
        (tiff(GREY.astype("<u2") * 257, 16, 1, 1), GREY),
        (tiff(255 - GREY, 8, 1, 0), GREY),
        (pillow(RGB, "TIFF", compression="tiff_lzw"), RGB),
    ],
    ids=["palette PNG", "palette TIFF", "1 bit PNG", "1 bit TIFF", "4 bits", "opaque PNG", "opaque TIFF", "16 bit PNG",
         "16 bit TIFF", "white is zero", "LZW"],
)  # fmt: skip
def test_what_can_be_read_right_is(tmp_path: Path, content: bytes, expected: np.ndarray) -> None:
    np.testing.assert_array_equal(read(tmp_path, content), expected)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "got an empty file. Copy it again."),
        (b"some text", "must be a PNG, JPEG, BMP or TIFF, but got something that starts with b'some tex'"),
        (pillow(RGB, "GIF"), "but got a GIF. Save it as PNG."),
        (pillow(RGB, "WEBP"), "but got a WebP. Save it as PNG."),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer (run git lfs pull)"),
        (pillow(CLEAR, "PNG"), "must be opaque, but 50.0% of its pixels are not. Flatten it onto a background."),
        (pillow(CLEAR, "TIFF"), "must be opaque, but 50.0% of its pixels are not"),
        (pillow(PALETTE, "PNG", transparency=3), "must be opaque"),
        (pillow(Image.fromarray(GREY), "PNG", transparency=3), "it names a transparent grey"),
        (pillow(Image.fromarray(np.dstack([GREY, GREY]), "LA"), "PNG"), "must be opaque"),
        (pillow(Image.fromarray(np.dstack([GREY, GREY]), "LA"), "TIFF"), "1, 3 or 4 channels, but got 2."),
        (pillow(Image.fromarray(RGB).convert("CMYK"), "JPEG"), "RGB or grey, but got CMYK. Convert it to RGB"),
        (pillow(Image.fromarray(RGB).convert("CMYK"), "TIFF"), "RGB or grey, but got CMYK. Convert it to RGB"),
        (pillow(Image.fromarray(RGB).convert("LAB"), "TIFF"), "but got the colour space 8 of TIFF."),
        (
            pillow(RGB, "PNG", save_all=True, append_images=[Image.fromarray(255 - RGB)]),
            "must hold one image, but this holds an animation of 2 frames. Save each as a file of its own.",
        ),
        (
            pillow(RGB, "TIFF", save_all=True, append_images=[Image.fromarray(255 - RGB)]),
            "must hold one image, but this holds 2 pages. Save each as a file of its own.",
        ),
        (pillow(GREY.astype(np.float32), "TIFF"), "but got 32 bits (floating point). Scale it, and save it as PNG."),
        (tiff(GREY.astype("<i2"), 16, 1, 1, (339, 2)), "but got 16 bits (signed)."),
        (tiff(GREY.astype("<u2"), 16, 1, 0), "a TIFF of 16 bits must be RGB, or grey with zero for black"),
        (tiff(RGB.transpose(2, 0, 1).astype("<u2"), 16, 3, 2, (284, 2)), "its channels side by side, but is not."),
        (png(65_535, 65_535, chunk(b"IDAT", zlib.compress(b""))), f"{MAX_PIXELS:,} pixels, but has 65535x65535"),
        (png(5, 5, chunk(b"IDAT", zlib.compress(bytes(10**8)))), "it has more data than pixels. Copy or"),
        (scanned(200), "it goes over its pixels 17 times and more. Copy or download it again."),
        (png(0, 5), "must have pixels, but its header says 0x5."),
        (png(5, 5, chunk(b"IDAT", b"nothing")), "must decode, but this does not"),
        (png(5, 5, chunk(b"IHDR", b"")), "must start with a header, and have but one."),
        (png(5, 5).replace(b"\x05\x08", b"\x06\x08"), "the chunk 'IHDR' fails its checksum. Copy or download it"),
    ],
    ids=["empty", "text", "GIF", "WebP", "LFS", "alpha PNG", "alpha TIFF", "palette alpha", "grey key", "LA PNG",
         "LA TIFF", "CMYK JPEG", "CMYK TIFF", "Lab", "animated", "pages", "float", "signed", "16 bit white is zero",
         "16 bit planes", "bomb", "data bomb", "scan bomb", "no pixels", "no data", "two headers", "checksum"],
)  # fmt: skip
def test_what_cannot_be_read_right_is_refused_with_what_to_do(tmp_path: Path, content: bytes, message: str) -> None:
    assert message in refusal(tmp_path, content)


@pytest.mark.parametrize(
    "encode",
    [
        lambda image: pillow(image, "PNG"),
        lambda image: pillow(image, "JPEG"),
        lambda image: pillow(image, "JPEG", progressive=True),
        lambda image: pillow(image, "BMP"),
        lambda image: pillow(image, "TIFF"),
        lambda image: pillow(image, "TIFF", compression="tiff_lzw"),
    ],
    ids=["PNG", "JPEG", "progressive JPEG", "BMP", "TIFF", "LZW TIFF"],
)
def test_a_file_cut_off_at_any_of_sixty_places_is_refused(tmp_path: Path, encode: Callable[..., bytes]) -> None:
    content = encode(np.random.default_rng(0).integers(0, 256, (40, 44, 3), dtype=np.uint8))
    for length in {*np.linspace(1, len(content) - 1, 60, dtype=int), len(content) - 1}:
        refusal(tmp_path, content[:length])


def test_a_thumbnail_in_a_jpeg_cut_off_after_it_does_not_count_as_its_end(tmp_path: Path) -> None:
    thumbnail = pillow(RGB, "JPEG")
    content = pillow(RGB, "JPEG", exif=b"Exif\0\0" + thumbnail)
    assert read(tmp_path, content).shape == RGB.shape
    assert "it has no end marker" in refusal(tmp_path, content[:-40])


def test_sixteen_bits_of_which_fourteen_are_used_are_read_and_said_to_be_dark(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    for top, remark in ((65_535, "read as value / 257"), (16_383, "they are dark. Stretch them to 65,535 first")):
        path.write_bytes(pillow(np.linspace(0, top, 64, dtype=np.uint16).reshape(8, 8), "PNG"))
        (said,) = read_picture(path).remarks
        assert remark in said
        assert read_picture(path).pixels.max() == round(top / 257)


def test_a_file_of_no_size_limit_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(DataError, match="must have at most 536,870,912 bytes, but has 1,099,511,627,776"):
        read_picture(path)


def test_a_name_of_a_broken_file_cannot_steer_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "x\x1b[31m\n.png"
    path.write_bytes(b"")
    with pytest.raises(DataError) as caught:
        read_picture(path)
    assert str(caught.value).isprintable() and "x\\x1b[31m\\n.png" in str(caught.value)


def test_what_opencv_thinks_of_a_broken_file_does_not_reach_the_console(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    refusal(tmp_path, pillow(RGB, "TIFF", compression="tiff_lzw")[:-400] + bytes(400))
    assert capfd.readouterr() == ("", "")
    assert cv2.utils.logging.getLogLevel() == cv2.utils.logging.LOG_LEVEL_SILENT
