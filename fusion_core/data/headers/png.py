"""PNG (ISO/IEC 15948): chunks of length, type, data, CRC."""

from __future__ import annotations

import zlib

from fusion_core.data.headers.header import Header, cut_off, damaged, several
from fusion_core.data.headers.tiff import orientation_of

START = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Pixels that do not compress grow by a few bytes in each block; a reader would still unpack what is beyond.
MOST_PACKED, SLACK = 1.1, 1 << 16


def inspect(data: bytes) -> Header:
    """Walk the chunks to the last one; the CRC of chunks that affect pixels is checked."""
    size, unpacked, packed = (0, 0), 0, 0
    orientation, alpha, at = 1, False, len(START)
    while True:
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        end = at + 8 + length
        if len(data) < end + 4:
            raise cut_off(
                f"the file ends in the chunk {kind.decode('latin-1')!r}" if len(kind) == 4 else "no last chunk"
            )
        # An upper-case letter marks a chunk that no reader may skip.
        if kind[0] < 97 and zlib.crc32(memoryview(data)[at + 4 : end]) != int.from_bytes(data[end : end + 4]):
            raise damaged(f"the chunk {kind.decode('latin-1')!r} fails its checksum")
        content = data[at + 8 : min(end, at + 8 + 65536)]
        if (at == len(START)) != (kind == b"IHDR") or (kind == b"IHDR" and length != 13):
            raise damaged("the file must start with a header, and have but one")
        if kind == b"IHDR":
            size = (int.from_bytes(content[4:8]), int.from_bytes(content[:4]))
            alpha = content[9] in (4, 6)
            unpacked = size[0] * (size[1] * CHANNELS.get(content[9], 4) * content[8] // 8 + 1)
        elif kind == b"IDAT":
            packed += length
            if packed > unpacked * MOST_PACKED + SLACK:
                raise damaged("it has more data than pixels")
        elif kind == b"tRNS":
            alpha = True
        elif kind == b"eXIf":
            orientation = orientation_of(content)
        elif kind == b"acTL" and int.from_bytes(content[:4]) > 1:
            raise several(f"an animation of {int.from_bytes(content[:4])} frames")
        elif kind == b"IEND":
            return Header(*size, orientation, alpha)
        at = end + 4
