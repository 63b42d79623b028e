"""A set of image pairs, decoded once into uint8."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class PairSet:
    """Registered pairs of one size: `visible` (N, 3 or 1, H, W) and `infrared` (N, 1, H, W), both uint8, RGB order."""

    name: str
    split: str
    stems: tuple[str, ...]
    visible: np.ndarray
    infrared: np.ndarray
    notes: tuple[str, ...] = ()
    fingerprint: str = field(default="")

    def __post_init__(self) -> None:
        if not self.fingerprint:
            digest = hashlib.blake2b(digest_size=12)
            digest.update("\n".join(self.stems).encode())
            for images in (self.visible, self.infrared):
                digest.update(str(images.shape).encode())
                digest.update(np.ascontiguousarray(images).data)
            object.__setattr__(self, "fingerprint", digest.hexdigest())

    def __len__(self) -> int:
        return len(self.stems)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.visible.shape[2], self.visible.shape[3]

    @property
    def nbytes(self) -> int:
        return self.visible.nbytes + self.infrared.nbytes
