"""TIFF 6.0 and BigTIFF: directories of tagged values. EXIF is one of them inside another file."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from fusion_core.data.headers.header import Header, UnusableError, cut_off, damaged, several

STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
BIG = {b"II+\0", b"MM\0+"}
SIZES = {1: "B", 3: "H", 4: "I", 16: "Q"}
(
    SUBFILE, WIDTH, HEIGHT, BITS, PHOTOMETRIC, ORIENTATION, SAMPLES, PLANES, EXTRA, FORMAT,
) = (254, 256, 257, 258, 262, 274, 277, 284, 338, 339)  # fmt: skip
PIECES = ((273, 279), (324, 325))
# White is zero, black is zero, RGB, palette, YCbCr; the rest is a transparency mask, CMYK, Lab, or raw sensor data.
PHOTOMETRICS = (0, 1, 2, 3, 6)
BLACK_IS_ZERO, RGB = 1, 2
KNOWN = {
    SUBFILE, WIDTH, HEIGHT, BITS, PHOTOMETRIC, ORIENTATION, SAMPLES, PLANES, EXTRA, FORMAT, *PIECES[0], *PIECES[1],
}  # fmt: skip
MOST_DIRECTORIES, MOST_ENTRIES, MOST_VALUES = 100, 1000, 100_000

Directory = dict[int, tuple[int, ...]]


def inspect(data: bytes) -> Header:
    """Return the header of the one image of a TIFF; previews and masks are ignored."""
    images = [one for one in _directories(data) if not _first(one, SUBFILE, 0) & 0b101]
    if not images:
        raise damaged("it has no image")
    if len(images) > 1:
        raise several(f"{len(images)} pages")
    (tags,) = images
    header = Header(_first(tags, HEIGHT, 0), _first(tags, WIDTH, 0), _upright(tags), bool(tags.get(EXTRA)))
    _refuse_kinds(tags)
    for places, lengths in PIECES:
        for start, length in zip(tags.get(places, ()), tags.get(lengths, ()), strict=False):
            if start + length > len(data):
                raise cut_off("pixels are missing")
    return header


def orientation_of(exif: bytes) -> int:
    """Return the orientation that EXIF data name, 1 where they name none or cannot be read, as viewers do."""
    try:
        return _upright(next(_directories(exif)))
    except (UnusableError, StopIteration):
        return 1


def _upright(tags: Directory) -> int:
    orientation = _first(tags, ORIENTATION, 1)
    return orientation if 1 <= orientation <= 8 else 1


def _refuse_kinds(tags: Directory) -> None:
    photometric, samples = _first(tags, PHOTOMETRIC, 1), _first(tags, SAMPLES, 1)
    if photometric not in PHOTOMETRICS:
        got = "CMYK" if photometric == 5 else f"the colour space {photometric} of TIFF"
        raise UnusableError(f"an image must be RGB or grey, but got {got}. Convert it to RGB, and save it as PNG.")
    if samples not in (1, 3, 4):
        raise UnusableError(f"an image must have 1, 3 or 4 channels, but got {samples}. Save it as grey or RGB.")
    bits, kinds = set(tags.get(BITS) or (1,)), set(tags.get(FORMAT) or (1,))
    if not bits <= {1, 2, 4, 8, 16} or kinds != {1}:
        what = {2: "signed", 3: "floating point"}.get(max(kinds), "unsigned")
        got = f"{'/'.join(map(str, sorted(bits)))} bits ({what})"
        raise UnusableError(
            f"an image must have 8 or 16 unsigned bits per channel, but got {got}. Scale it, and save it as PNG."
        )
    # OpenCV reads these too, but as negatives or with wrong channels.
    if 16 in bits and (photometric not in (BLACK_IS_ZERO, RGB) or (samples > 1 and _first(tags, PLANES, 1) != 1)):
        raise UnusableError(
            "a TIFF of 16 bits must be RGB, or grey with zero for black, its channels side by side, but is not. "
            "Save it as PNG."
        )


def _first(tags: Directory, tag: int, default: int) -> int:
    return tags[tag][0] if tags.get(tag) else default


def _directories(data: bytes) -> Iterator[Directory]:
    """Yield the directories of a file one after the other. Raises UnusableError if they point outside it."""
    if data[:4] not in STARTS:
        raise damaged("its header is not one")
    order, big = "<" if data.startswith(b"I") else ">", data[:4] in BIG
    offset, count, entry = ("Q", "Q", 20) if big else ("I", "H", 12)
    at, seen = _number(data, 8 if big else 4, order + offset), set[int]()
    while at:
        if at in seen or len(seen) >= MOST_DIRECTORIES:
            raise damaged("its directories do not end")
        seen.add(at)
        entries = _number(data, at, order + count)
        start = at + struct.calcsize(count)
        end = start + entries * entry
        if entries > MOST_ENTRIES:
            raise damaged(f"its directory has {entries} entries")
        if end + struct.calcsize(offset) > len(data):
            raise cut_off("its directory is missing")
        tags: Directory = {}
        for place in range(start, end, entry):
            tag = _number(data, place, order + "H")
            if tag in KNOWN and tag not in tags:
                tags[tag] = _values(data, place, order, offset)
        yield tags
        at = _number(data, end, order + offset)


def _values(data: bytes, at: int, order: str, offset: str) -> tuple[int, ...]:
    """Return the values of an entry, none if they are not whole numbers or too many."""
    kind, count = _number(data, at + 2, order + "H"), _number(data, at + 4, order + offset)
    if kind not in SIZES or count > MOST_VALUES:
        return ()
    place = at + 4 + struct.calcsize(offset)
    length = count * struct.calcsize(SIZES[kind])
    if length > struct.calcsize(offset):
        place = _number(data, place, order + offset)
    if place + length > len(data):
        raise cut_off("a value of its directory is missing")
    return struct.unpack_from(f"{order}{count}{SIZES[kind]}", data, place)


def _number(data: bytes, at: int, form: str) -> int:
    if at + struct.calcsize(form) > len(data):
        raise cut_off("its directory is missing")
    return int(struct.unpack_from(form, data, at)[0])
