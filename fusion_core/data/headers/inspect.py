"""From the first bytes of a file to the reader of its format."""

from __future__ import annotations

from fusion_core.data.headers import bmp, jpeg, png, tiff
from fusion_core.data.headers.header import Header, UnusableError

# Formats that people rename to .png, named in the error; (offset, bytes at it).
OTHERS = {
    "a GIF": ((0, b"GIF8"),),
    "a WebP": ((0, b"RIFF"), (8, b"WEBP")),
    "a JPEG 2000": ((0, b"\x00\x00\x00\x0cjP"),),
    "an AVIF or HEIC": ((4, b"ftyp"),),
    "an OpenEXR": ((0, b"\x76\x2f\x31\x01"),),
    "a NumPy array": ((0, b"\x93NUMPY"),),
    "a PDF": ((0, b"%PDF"),),
    "a zip archive": ((0, b"PK\x03\x04"),),
    "a web page": ((0, b"<!DOCTYPE"),),
    "a web page ": ((0, b"<html"),),
    "a Git LFS pointer (run git lfs pull)": ((0, b"version https://git-lfs"),),
}


def inspect(data: bytes) -> Header:
    """Return the header of a PNG, JPEG, BMP or TIFF. Raises UnusableError for a file that is not to be decoded.

    Refused are files of another format, that are cut off, of several frames, of more than MAX_PIXELS, and in CMYK or
    another colour space without a unique conversion to RGB.
    """
    if data.startswith(png.START):
        return png.inspect(data)
    if data.startswith(jpeg.START):
        return jpeg.inspect(data)
    if data.startswith(bmp.START):
        return bmp.inspect(data)
    if data.startswith(tiff.STARTS):
        return tiff.inspect(data)
    got = next((name.strip() for name, marks in OTHERS.items() if all(data[a : a + len(m)] == m for a, m in marks)), "")
    got = got or f"something that starts with {data[:8]!r}"
    raise UnusableError(f"an image must be a PNG, JPEG, BMP or TIFF, but got {got}. Save it as PNG.")
