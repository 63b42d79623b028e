"""Arrays of numbers as short text that a page unpacks (templates/page/data.js)."""

from __future__ import annotations

import base64
import gzip
from typing import Any

import numpy as np

# Beyond this many numbers a page carries 16 bits of each mantissa (1e-5 relative), else all of float32.
_MANY = 1_000_000


def pack(values: Any, *, bits: int | None = None) -> dict[str, Any]:
    """Return {"packed": base64 of gzip of the byte planes of float32, "shape": [...]}; non-finite values become NaN.

    `bits` of the mantissa are kept (1 to 23), rounded to the nearest: the relative error is at most 2^-(bits + 1).
    """
    with np.errstate(over="ignore"):  # beyond float32 is not finite, and so NaN
        array = np.asarray(values, dtype=np.float32)
    if bits is None:
        bits = 23 if array.size <= _MANY else 16
    planes = _rounded(array, bits).astype("<u4").reshape(-1, 1).view(np.uint8).T
    text = base64.b64encode(gzip.compress(np.ascontiguousarray(planes).tobytes(), 6, mtime=0)).decode()
    return {"packed": text, "shape": list(array.shape)}


def unpack(packed: dict[str, Any]) -> np.ndarray:
    """Return the float32 array that `pack` was given, as the page sees it."""
    planes = np.frombuffer(gzip.decompress(base64.b64decode(packed["packed"])), np.uint8).reshape(4, -1)
    return np.ascontiguousarray(planes.T).view("<f4").reshape(packed["shape"])


def _rounded(array: np.ndarray, bits: int) -> np.ndarray:
    """Return the bit patterns with the lowest bits of the mantissa rounded away, every NaN alike."""
    patterns = np.ascontiguousarray(array).view(np.uint32)
    drop = 23 - bits
    if drop:
        # A carry out of the mantissa raises the exponent, which is the right number.
        patterns = (patterns + np.uint32(1 << (drop - 1))) & np.uint32(0xFFFFFFFF << drop & 0xFFFFFFFF)
    return np.where(np.isfinite(array), patterns, np.uint32(0x7FC00000)).astype(np.uint32)
