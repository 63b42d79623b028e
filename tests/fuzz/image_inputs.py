"""Image files that no camera would write, from a source of randomness: whole ones with bytes bent."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
from PIL import Image

ROWS, COLUMNS = np.mgrid[:9, :13]
GREY = (ROWS * 20 + COLUMNS * 3).astype(np.uint8)
RGB = np.dstack([GREY, GREY[::-1], GREY[:, ::-1]])
START = b"\x89PNG\r\n\x1a\n"
NUMBERS = [0, 1, 2, 7, 8, 16, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536, 2**31 - 1, 2**31, 2**32 - 1]


def _saved(image: Any, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    picture.save(stream, kind, **options)
    return stream.getvalue()


def _whole() -> list[bytes]:
    """Return a small file of every kind that is read, and of most that are refused."""
    turned = Image.Exif()
    turned[0x112] = 6
    palette, clear = Image.fromarray(RGB).quantize(20), np.dstack([RGB, GREY])
    wide = GREY.astype(np.uint16) * 257
    pngs = [_saved(image, "PNG") for image in (GREY, RGB, clear, palette, wide, GREY > 90)]
    pngs += [
        _saved(RGB, "PNG", exif=turned),
        _saved(RGB, "PNG", save_all=True, append_images=[Image.fromarray(255 - RGB)]),
    ]
    jpegs = [_saved(image, "JPEG") for image in (GREY, RGB, Image.fromarray(RGB).convert("CMYK"))]
    jpegs += [_saved(RGB, "JPEG", exif=turned), _saved(RGB, "JPEG", progressive=True)]
    bitmaps = [_saved(image, "BMP") for image in (GREY, RGB, palette, GREY > 90)]
    tiffs = [_saved(image, "TIFF") for image in (GREY, RGB, clear, palette, wide, GREY > 90, GREY.astype(np.float32))]
    tiffs += [_saved(RGB, "TIFF", compression=name) for name in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg")]
    tiffs += [_saved(RGB, "TIFF", big_tiff=True), _saved(RGB, "TIFF", tiffinfo={0x112: 3})]
    tiffs += [_saved(RGB, "TIFF", save_all=True, append_images=[Image.fromarray(255 - RGB)])]
    return pngs + jpegs + bitmaps + tiffs


WHOLE = _whole()


def image_input(rng: Random) -> bytes:
    """Return one file: any bytes after a known start, a bent one, or two joined."""
    if rng.random() < 0.05:
        return rng.choice(WHOLE)[: rng.randrange(30)] + bytes(rng.randrange(256) for _ in range(rng.randrange(200)))
    content = rng.choice(WHOLE)
    bend: Callable[[bytes, Random], bytes] = rng.choice(
        [bent_bytes, bent_bytes, bent_numbers, bent_numbers, cut, joined]
    )
    content = bend(content, rng)
    # A checksum that is right lets what was bent reach the decoder.
    return with_checksums(content) if content.startswith(START) and rng.random() < 0.7 else content


def bent_bytes(content: bytes, rng: Random) -> bytes:
    bent = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 8, 40])):
        bent[_place(bent, rng)] = rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])
    return bytes(bent)


def bent_numbers(content: bytes, rng: Random) -> bytes:
    """Return the file with numbers of two, four or eight bytes replaced by ones at which programs stumble."""
    bent = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 5])):
        form = rng.choice(["<H", ">H", "<I", ">I", "<Q"])
        at = min(_place(bent, rng), len(bent) - struct.calcsize(form))
        limit = 1 << 8 * struct.calcsize(form)
        struct.pack_into(form, bent, max(at, 0), rng.choice([*NUMBERS, len(content), rng.randrange(limit)]) % limit)
    return bytes(bent)


def cut(content: bytes, rng: Random) -> bytes:
    """Return the file without its end, without a part, or with a part twice."""
    start, end = sorted((rng.randrange(len(content)), rng.randrange(len(content))))
    return rng.choice([content[:end], content[:start] + content[end:], content[:end] + content[start:]])


def joined(content: bytes, rng: Random) -> bytes:
    other = rng.choice(WHOLE)
    return content[: rng.randrange(len(content))] + other[rng.randrange(len(other)) :]


def with_checksums(content: bytes) -> bytes:
    """Return a PNG with the checksum of every chunk put right, as far as its chunks can be followed."""
    right, at = bytearray(content), len(START)
    while at + 12 <= len(right):
        end = at + 8 + int.from_bytes(right[at : at + 4])
        if end + 4 > len(right):
            break
        struct.pack_into(">I", right, end, zlib.crc32(right[at + 4 : end]))
        at = end + 4
    return bytes(right)


def _place(content: bytearray, rng: Random) -> int:
    """Return a place; every second lies in the first 64 bytes, where headers are."""
    return rng.randrange(min(len(content), 64)) if rng.random() < 0.5 else rng.randrange(len(content))
