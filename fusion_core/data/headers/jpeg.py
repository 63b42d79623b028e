"""JPEG (ITU-T T.81): markers with segments, and entropy-coded data between them."""

from __future__ import annotations

import re

from fusion_core.data.headers.header import MAX_PIXELS, Header, UnusableError, cut_off, damaged
from fusion_core.data.headers.tiff import orientation_of

START = b"\xff\xd8"
END, SCAN, EXIF = 0xD9, 0xDA, 0xE1
# A progressive file has about ten scans; one of thousands would take minutes over a few bytes.
MOST_SCANNED = 16 * MAX_PIXELS
ALONE = {0x01, *range(0xD0, 0xD9)}
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
# In a scan, a zero byte follows 0xff in data, and restart markers are part of it.
NEXT = re.compile(rb"\xff+([\x01-\xcf\xd9-\xfe])")


def inspect(data: bytes) -> Header:
    """Walk the markers to the end of the image. A scan has no checksum, so flipped bits in it go unnoticed."""
    header: Header | None = None
    orientation, scans, at = 1, 0, len(START)
    while True:
        found = NEXT.search(data, at)
        if found is None:
            raise cut_off("it has no end marker")
        marker, at = found[1][0], found.end()
        if marker == END:
            if header is None or not scans:
                raise damaged("it has no pixels")
            return Header(header.height, header.width, orientation)
        if marker in ALONE:
            continue
        length = int.from_bytes(data[at : at + 2])
        content = data[at + 2 : at + length]
        if length < 2 or len(content) < length - 2:
            raise cut_off(f"the file ends in the segment 0x{marker:02x}")
        at += length
        if marker == EXIF and content.startswith(b"Exif\0\0") and orientation == 1:
            orientation = orientation_of(content[6:])
        elif marker in FRAMES and header is None:
            header = _frame(content)
        elif marker == SCAN:
            scans += 1
            if header is not None and scans * header.height * header.width > MOST_SCANNED:
                raise damaged(f"it goes over its pixels {scans} times and more")


def _frame(content: bytes) -> Header:
    if len(content) < 6:
        raise damaged("its header is too short")
    bits, channels = content[0], content[5]
    if channels == 4:
        raise UnusableError("an image must be RGB or grey, but got CMYK. Convert it to RGB, and save it as PNG.")
    if bits != 8:
        raise UnusableError(f"a JPEG must have 8 bits per channel, but got {bits}. Save it as PNG.")
    return Header(int.from_bytes(content[1:3]), int.from_bytes(content[3:5]))
