"""One image file to one uint8 array, and the conversions of an image before it joins a set."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, NamedTuple

import cv2
import numpy as np

from fusion_core.data.headers import Header, UnusableError, damaged, inspect, tiff
from fusion_core.errors import DataError, printable

MAX_BYTES = 1 << 29
EIGHT_BITS = ((np.arange(1 << 16) + 128) // 257).astype(np.uint8)
DARK = 1 << 14
# The words of a remark after the number of images: `3 of 24 visible images …`.
TURNED = "were turned upright, as their EXIF orientation says"
WIDE = "have 16 bits a channel, read as value / 257"
NARROW = (
    f"have 16 bits a channel of which they use {DARK - 1:,} values or fewer: read as value / 257 they are dark. "
    "Stretch them to 65,535 first if that is not meant"
)
FALSE_COLOUR = "are in colour: their BT.601 luma is read"

# Its errors come back as values; on the console they would disturb a live display.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


class Picture(NamedTuple):
    """The pixels of a file, and remarks on their conversion."""

    pixels: np.ndarray
    remarks: tuple[str, ...] = ()


def read_picture(path: Path) -> Picture:
    """Return a file's pixels as uint8: RGB (H, W, 3), or grey (H, W) if the file holds one channel.

    A palette is resolved, 16 bits become 8 (value / 257, rounded), and the image is turned as its EXIF orientation
    says, as in a viewer; colour profiles and gamma are ignored. Raises DataError, which names the file and what to do,
    for: anything but a complete PNG, JPEG, BMP or TIFF, whatever its name; several frames or pages; CMYK; pixels that
    are not opaque; more than 16 bits, signed or floating point; more than MAX_PIXELS pixels.
    """
    try:
        data = _content(path)
        header = inspect(data)
        stored = _decoded(data)
        _refuse_transparency(stored, header)
    except UnusableError as problem:
        raise DataError(f"{printable(str(path))}: {problem}") from None
    pixels, remarks = stored, list[str]()
    if stored.dtype == np.uint16:
        pixels = EIGHT_BITS[stored]
        remarks.append(NARROW if stored.max() < DARK else WIDE)
    if pixels.ndim == 3:
        pixels = pixels[..., 2::-1]
    if header.orientation != 1:
        remarks.append(TURNED)
        if not data.startswith(tiff.STARTS):  # the decoder turns those
            pixels = upright(pixels, header.orientation)
    return Picture(np.ascontiguousarray(pixels), tuple(remarks))


def _content(path: Path) -> bytes:
    """Return a file's bytes. Raises UnusableError if it is empty, too large, or cannot be read."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = file.read() if size <= MAX_BYTES else b""
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise UnusableError(f"an image must be readable, but got: {reason}") from problem
    if size > MAX_BYTES:
        raise UnusableError(f"an image must have at most {MAX_BYTES:,} bytes, but has {size:,}. Save it as PNG.")
    if not data:
        raise UnusableError("an image must be a PNG, JPEG, BMP or TIFF, but got an empty file. Copy it again.")
    return data


def _decoded(data: bytes) -> np.ndarray:
    """Return the pixels as stored, in OpenCV's channel order."""
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except (cv2.error, MemoryError) as problem:
        raise damaged(f"OpenCV says: {' '.join(str(problem).split())[:200]}") from problem
    if image is None:
        raise UnusableError(
            "an image must decode, but this does not: it is damaged, or compressed in a way that OpenCV does not read. "
            "Copy it again, or save it as PNG."
        )
    if image.dtype not in (np.uint8, np.uint16):
        raise UnusableError(f"an image must have 8 or 16 bits per channel, but got {image.dtype}. Save it as PNG.")
    if image.ndim == 3 and image.shape[2] not in (3, 4):
        raise UnusableError(f"an image must have 1, 3 or 4 channels, but got {image.shape[2]}. Save it as grey or RGB.")
    return image


def _refuse_transparency(stored: np.ndarray, header: Header) -> None:
    """Raise UnusableError for transparent pixels: the background is unknown."""
    if not header.alpha:
        return
    opaque = np.iinfo(stored.dtype).max
    four = stored.ndim == 3 and stored.shape[2] == 4
    share = np.count_nonzero(stored[..., 3] != opaque) / stored[..., 3].size if four else 1.0
    if share:
        got = f"{max(share, 0.001):.1%} of its pixels are not" if four else "it names a transparent grey"
        raise UnusableError(f"an image must be opaque, but {got}. Flatten it onto a background.")


def upright(image: np.ndarray, orientation: int) -> np.ndarray:
    """Return a view of an image turned and mirrored as EXIF orientation 1 to 8 says."""
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    rows = -1 if orientation in (3, 4, 7, 8) else 1
    columns = -1 if orientation in (2, 3, 6, 7) else 1
    return image[::rows, ::columns]


def to_grey(image: np.ndarray) -> np.ndarray:
    """Return (H, W): BT.601 luma, rounded; exactly the channel where all three are equal."""
    if image.ndim == 2:
        return image
    red, green, blue = (image[..., channel].astype(np.uint32) for channel in range(3))
    return ((299 * red + 587 * green + 114 * blue + 500) // 1000).astype(np.uint8)


def coloured(image: np.ndarray) -> bool:
    """Whether an image is in colour beyond what compression does to grey; looks at every eighth pixel."""
    return image.ndim == 3 and bool(np.mean(np.ptp(image[::8, ::8], axis=2) > 32) > 0.01)


def to_rgb(image: np.ndarray) -> np.ndarray:
    """Return (H, W, 3), a grey image repeated."""
    return image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)


def cropped(image: np.ndarray, crop: Literal["none", "square"]) -> np.ndarray:
    """Return the image, or its centre square with the short side for an edge."""
    if crop == "none":
        return image
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


def resized(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the image at (height, width): by area where neither side grows, else bilinear."""
    height, width = size
    if image.shape[:2] == (height, width):
        return image
    shrinks = height <= image.shape[0] and width <= image.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(image), (width, height), interpolation=interpolation)
