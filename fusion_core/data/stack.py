"""Images of different size and colour to one array, held in memory about once."""

from __future__ import annotations

from collections import Counter

import numpy as np
import psutil

from fusion_core.data.dataset import PairSet
from fusion_core.data.reading import resized, to_rgb
from fusion_core.errors import DataError


def check_memory(name: str, count: int, pair_bytes: int) -> None:
    """Raise DataError for pairs that would take more memory than is free."""
    needed, free = count * pair_bytes, psutil.virtual_memory().available
    if needed > free:
        raise DataError(
            f"{name}: a data set must fit into memory, but {count:,} pairs take {needed / 1e9:,.1f} GB, and "
            f"{free / 1e9:,.1f} GB are free. Take fewer (data.limit) or smaller ones (data.resize)."
        )


class PairStack:
    """Takes decoded pairs one by one and gives the set, at its commonest size, grey only if every visible image is."""

    def __init__(self, name: str, split: str, stems: tuple[str, ...]) -> None:
        self.name = name
        self.split = split
        self.stems = stems
        self._visible = _Stack(len(stems))
        self._infrared = _Stack(len(stems))
        self._sizes: Counter[tuple[int, ...]] = Counter()
        self._grey = 0

    def put(self, index: int, visible: np.ndarray, infrared: np.ndarray) -> None:
        """Take pair `index`: visible (H, W) or (H, W, 3), infrared (H, W). Raises DataError if memory is too small."""
        if not self._sizes:
            check_memory(self.name, len(self.stems), visible.nbytes + infrared.nbytes)
        self._sizes[infrared.shape] += 1
        self._grey += visible.ndim == 2
        self._visible.put(index, visible)
        self._infrared.put(index, infrared)

    @property
    def size(self) -> tuple[int, int]:
        """The commonest height and width; of equally common ones the larger, whatever the order of files."""
        height, width = max(self._sizes, key=lambda size: (self._sizes[size], size))
        return height, width

    def finish(self, notes: tuple[str, ...] = ()) -> PairSet:
        """Return the set; its notes include resized images and those repeated to RGB. Every pair must have been put."""
        count, size = len(self.stems), self.size
        channels = 1 if self._grey == count else 3
        said = list(notes)
        if others := count - self._sizes[size]:
            what = f"{others} of {count} {self.split} pairs resized to {size[0]}x{size[1]}, the commonest size"
            said.append(f"{self.name}: {what}")
        if self._grey and channels == 3:
            said.append(f"{self.name}: {self._grey} of {count} visible {self.split} images are grey, repeated to RGB")
        visible = self._visible.finish((channels, size[0], size[1]))
        infrared = self._infrared.finish((1, size[0], size[1]))
        return PairSet(self.name, self.split, self.stems, visible, infrared, tuple(said))


class _Stack:
    """One array at the first image's shape; images of another shape wait, and it is rebuilt if theirs is commoner."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._array: np.ndarray | None = None
        self._waiting: dict[int, np.ndarray] = {}

    def put(self, index: int, image: np.ndarray) -> None:
        planes = image[None] if image.ndim == 2 else image.transpose(2, 0, 1)
        if self._array is None:
            self._array = np.empty((self._count, *planes.shape), np.uint8)
        if planes.shape == self._array.shape[1:]:
            self._array[index] = planes
        else:
            self._waiting[index] = image

    def finish(self, shape: tuple[int, int, int]) -> np.ndarray:
        assert self._array is not None
        array = self._array
        if array.shape[1:] != shape:
            for index in set(range(self._count)) - self._waiting.keys():
                self._waiting[index] = array[index, 0] if array.shape[1] == 1 else array[index].transpose(1, 2, 0)
            array = np.empty((self._count, *shape), np.uint8)
        for index, image in self._waiting.items():
            image = resized(image, shape[1:])
            array[index] = image[None] if shape[0] == 1 else to_rgb(image).transpose(2, 0, 1)
        return array
