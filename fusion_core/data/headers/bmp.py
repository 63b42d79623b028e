"""Windows bitmaps: a file header, an information header, masks or a palette, rows of pixels."""

from __future__ import annotations

import struct

from fusion_core.data.headers.header import Header, UnusableError, cut_off, damaged

START = b"BM"
OLD, PLAIN, MASKED = 12, 0, (3, 6)


def inspect(data: bytes) -> Header:
    """Return the size; uncompressed rows must be complete."""
    if len(data) < 30:
        raise cut_off("it has no header")
    start, kind = struct.unpack_from("<II", data, 10)
    if kind == OLD:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = PLAIN
    elif kind >= 40 and len(data) >= 54:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    else:
        raise damaged(f"its header has {kind} bytes")
    if compression not in (PLAIN, *MASKED):
        raise UnusableError("a BMP must not be compressed, but this one is. Save it as PNG.")
    # A negative height means that the first row is the top one.
    header = Header(
        abs(height), width, alpha=bits == 32 and compression in MASKED and _has_alpha(data, kind, compression)
    )
    if start + (width * bits + 31) // 32 * 4 * abs(height) > len(data):
        raise cut_off("rows are missing")
    return header


def _has_alpha(data: bytes, kind: int, compression: int) -> bool:
    """Whether the masks define an alpha channel; the fourth byte is unused otherwise."""
    if kind < 56 and compression != MASKED[1]:
        return False
    return len(data) >= 70 and struct.unpack_from("<I", data, 66)[0] != 0
