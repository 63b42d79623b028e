"""One image file to one uint8 array, and the few things done to an image before it joins a set."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from fusion_core.errors import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


def read_image(path: Path) -> np.ndarray:
    """Return a file's pixels as uint8: RGB (H, W, 3), or grey (H, W) where the file holds one channel.

    Alpha is dropped, a palette resolved, 16 bit become 8 (value / 257, rounded), and EXIF orientation ignored, so that
    both images of a pair come as stored. Raises DataError that names the file.
    """
    try:
        # imdecode, because imread takes no path outside the local code page on Windows
        data = np.fromfile(path, np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    except (OSError, cv2.error) as error:
        raise DataError(f"{path}: an image must be readable, but got {str(error).strip()}") from error
    if image is None:
        what = f"{data.size} bytes that do not decode (cut off?)" if data.size else "an empty file"
        raise DataError(f"{path}: an image must be a whole PNG, JPEG, BMP or TIFF, but got {what}")
    if image.dtype not in (np.uint8, np.uint16):
        raise DataError(f"{path}: an image must have 8 or 16 bits per channel, but got {image.dtype}; convert it first")
    if image.dtype == np.uint16:
        image = ((image.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if image.ndim == 2:
        return image
    if image.shape[2] not in (3, 4):
        raise DataError(f"{path}: an image must have 1, 3 or 4 channels, but got {image.shape[2]}")
    return np.ascontiguousarray(image[..., 2::-1])


def to_grey(image: np.ndarray) -> np.ndarray:
    """Return (H, W): BT.601 luma, rounded; exactly the channel where all three are equal."""
    if image.ndim == 2:
        return image
    red, green, blue = (image[..., channel].astype(np.uint32) for channel in range(3))
    return ((299 * red + 587 * green + 114 * blue + 500) // 1000).astype(np.uint8)


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
