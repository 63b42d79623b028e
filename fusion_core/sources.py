"""Sources are fixed, only the fused image changes: what depends only on the sources is computed once and cached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from fusion_core.images import colour

T = TypeVar("T", Tensor, tuple[Tensor, ...])


class Quantities:
    """Named tensors, each computed when first needed and kept."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    def once(self, name: str, compute: Callable[[], T]) -> T:
        """Return the quantity `name`; `compute` gives it, batch first, the first time."""
        if name not in self._kept:
            self._kept[name] = compute()
        result: T = self._kept[name]
        return result


class Fused(Quantities):
    """A batch of fused images: `image` (N, 3 or 1, H, W) in [-1, 1], and quantities derived from it."""

    def __init__(self, image: Tensor, pixels: Tensor | None = None, *, repeated: bool = False) -> None:
        super().__init__()
        self.image = image
        self._repeated = repeated
        if pixels is not None:
            self._kept["pixels"] = pixels

    @classmethod
    def from_pixels(cls, pixels: Tensor) -> Fused:
        """Take 0..255 values as they are, so that whole numbers stay whole."""
        return cls(colour.to_unit(pixels), pixels.to(torch.float32))

    @classmethod
    def from_luma(cls, sources: Sources, luma: Tensor) -> Fused:
        """Give a fused luma (N, 1, H, W) the colour of the visible image; a grey visible image gives a grey one.

        The reference repeats a grey one to three channels; here it stays one, and only `metric_grey` can tell.
        """
        if sources.visible.shape[1] == 1:
            return cls(luma.clamp(-1, 1), repeated=True)
        return cls((luma + sources.colour_offset).clamp(-1, 1))

    @classmethod
    def pick(cls, batches: Sequence[Fused], which: Sequence[int]) -> Fused:
        """Take image i of the batch `which[i]`; all batches have the same sizes and were made in the same way."""
        first = batches[0]
        image = torch.stack([batches[k].image[i] for i, k in enumerate(which)])
        pixels = torch.stack([batches[k].pixels[i] for i, k in enumerate(which)])
        return cls(image, pixels, repeated=first._repeated)

    @property
    def grey(self) -> Tensor:
        """BT.601 grey in [-1, 1]."""
        return self.once("grey", lambda: colour.luma(self.image))

    @property
    def pixels(self) -> Tensor:
        """Floats in 0..255, not rounded."""
        return self.once("pixels", lambda: colour.to_pixels(self.image))

    @property
    def metric_grey(self) -> Tensor:
        """The grey of the metrics, 0..255, (N, 1, H, W)."""
        pixels = self.pixels.expand(-1, 3, -1, -1) if self._repeated else self.pixels
        return self.once("metric_grey", lambda: colour.metric_grey(pixels))


class Sources(Quantities):
    """A batch of pairs: `visible` (N, 3 or 1, H, W) and `infrared` (N, 1, H, W), float32 in [-1, 1].

    `once` asks the `SourceSet` the batch came from before it computes, so a quantity is computed once per data set.
    """

    def __init__(self, visible: Tensor, infrared: Tensor) -> None:
        super().__init__()
        self._kept["visible"], self._kept["infrared"] = visible, infrared
        self._origin: SourceSet | None = None
        self._rows: Rows | None = None

    @classmethod
    def from_pixels(cls, visible: Tensor, infrared: Tensor) -> Sources:
        """Take 0..255 images (uint8 or float)."""
        sources = cls(colour.to_unit(visible), colour.to_unit(infrared))
        sources._kept["visible_pixels"] = visible.to(torch.float32)
        sources._kept["infrared_pixels"] = infrared.to(torch.float32)
        return sources

    @classmethod
    def rows_of(cls, origin: SourceSet, rows: Rows) -> Sources:
        """Take some rows of a data set; computes nothing."""
        sources = cls.__new__(cls)
        Quantities.__init__(sources)
        sources._origin, sources._rows = origin, rows
        return sources

    @torch.no_grad()
    def once(self, name: str, compute: Callable[[], T]) -> T:
        if name not in self._kept:
            if self._origin is None or self._rows is None:
                self._kept[name] = compute()
            else:
                self._kept[name] = self._origin.recall(name, self._rows, compute)
        result: T = self._kept[name]
        return result

    @property
    def first_row(self) -> int:
        """Start of the batch in its data set; 0 for a batch of its own."""
        rows = None if self._rows is None else self._rows.rows
        return 0 if rows is None else int(rows.start if isinstance(rows, slice) else rows[0])

    def _stored(self, which: str) -> Tensor:
        assert self._origin is not None and self._rows is not None
        return self._rows.take(getattr(self._origin, which))

    @property
    def visible(self) -> Tensor:
        return self.once("visible", lambda: colour.to_unit(self._stored("visible")))

    @property
    def infrared(self) -> Tensor:
        return self.once("infrared", lambda: colour.to_unit(self._stored("infrared")))

    @property
    def visible_pixels(self) -> Tensor:
        """Floats in 0..255."""
        if self._origin is not None and "visible_pixels" not in self._kept:
            self._kept["visible_pixels"] = self._stored("visible").to(torch.float32)
        return self.once("visible_pixels", lambda: colour.to_pixels(self.visible))

    @property
    def infrared_pixels(self) -> Tensor:
        """Floats in 0..255."""
        if self._origin is not None and "infrared_pixels" not in self._kept:
            self._kept["infrared_pixels"] = self._stored("infrared").to(torch.float32)
        return self.once("infrared_pixels", lambda: colour.to_pixels(self.infrared))

    @property
    def luma(self) -> Tensor:
        """BT.601 luma (= grey) of the visible image, in [-1, 1]."""
        return self.once("luma", lambda: colour.luma(self.visible))

    @property
    def colour_offset(self) -> Tensor:
        """Offset from the luma to the visible image, (N, 3, H, W)."""
        return self.once("colour_offset", lambda: colour.colour_offset(self.visible))

    @property
    def policy_input(self) -> Tensor:
        """Luma and infrared, (N, 2, H, W)."""
        return self.once("policy_input", lambda: torch.cat((self.luma, self.infrared), dim=1))

    @property
    def visible_grey(self) -> Tensor:
        """The grey of the metrics, 0..255, (N, 1, H, W)."""
        return self.once("visible_grey", lambda: colour.metric_grey(self.visible_pixels))

    @property
    def infrared_grey(self) -> Tensor:
        return self.infrared_pixels

    def greys(self) -> tuple[tuple[str, Tensor], ...]:
        """Both greys of the metrics by name, to treat both sources alike."""
        return (("visible", self.visible_grey), ("infrared", self.infrared_grey))


class Rows:
    """Which rows of a data set a batch holds: a slice (views, no copy) or indices."""

    def __init__(self, rows: slice | np.ndarray, device: torch.device) -> None:
        self.rows = rows
        self._index = None if isinstance(rows, slice) else torch.as_tensor(rows, device=device)

    def take(self, stored: Tensor) -> Tensor:
        return stored[self.rows] if self._index is None else stored.index_select(0, self._index)

    def put(self, stored: Tensor, value: Tensor) -> None:
        stored[self.rows if self._index is None else self._index] = value


class SourceSet:
    """A data set resident on a device as uint8, with every quantity of its sources cached within `memory_budget` bytes.

    Others are recomputed on each use: slower, with equal results.
    """

    def __init__(self, visible: Tensor, infrared: Tensor, memory_budget: int) -> None:
        self.visible, self.infrared = visible, infrared
        self.memory_budget = memory_budget
        self.memory_used = 0
        self._stores: dict[str, Any] = {}
        self._filled: dict[str, np.ndarray] = {}

    def __len__(self) -> int:
        return self.visible.shape[0]

    def batch(self, rows: slice | np.ndarray) -> Sources:
        return Sources.rows_of(self, Rows(rows, self.visible.device))

    def batches(self, size: int) -> Iterator[tuple[slice, Sources]]:
        """Yield the whole set in order, `size` pairs at a time."""
        for start in range(0, len(self), size):
            rows = slice(start, min(start + size, len(self)))
            yield rows, self.batch(rows)

    def recall(self, name: str, rows: Rows, compute: Callable[[], Any]) -> Any:
        """Return the rows of a quantity, from the cache if they are in it, else computed and cached."""
        filled = self._filled.get(name)
        if filled is not None and filled[rows.rows].all():
            store = self._stores[name]
            return rows.take(store) if isinstance(store, Tensor) else tuple(rows.take(part) for part in store)
        value = compute()
        if filled is None and not self._allocate(name, value):
            return value
        store = self._stores[name]
        parts = ((store, value),) if isinstance(store, Tensor) else zip(store, value, strict=True)
        for stored, part in parts:
            rows.put(stored, part)
        self._filled[name][rows.rows] = True
        return value

    def keeps(self, name: str) -> bool:
        """Return whether a quantity is cached or there is room for it."""
        return name in self._filled

    def release(self, which: Callable[[str], bool]) -> None:
        """Drop the quantities of these names, to make room for others."""
        for name in [name for name in self._stores if which(name)]:
            store = self._stores.pop(name)
            if self._filled.pop(name, None) is not None:
                parts = (store,) if isinstance(store, Tensor) else store
                self.memory_used -= sum(part.numel() * part.element_size() for part in parts)

    def forget(self) -> bool:
        """Drop the cache and stop caching; return whether there was anything in it."""
        held = self.memory_used > 0
        self._stores = dict.fromkeys(self._stores)
        self._filled.clear()
        self.memory_budget = self.memory_used = 0
        return held

    def _allocate(self, name: str, value: Any) -> bool:
        if name in self._stores:
            return False
        parts = (value,) if isinstance(value, Tensor) else value
        need = sum(part[0].numel() * part.element_size() for part in parts) * len(self)
        self._stores[name] = None
        if self.memory_used + need > self.memory_budget:
            return False
        try:
            made = tuple(part.new_empty((len(self), *part.shape[1:])) for part in parts)
        except torch.OutOfMemoryError:  # the cache is optional; the current step is not
            return False
        self.memory_used += need
        self._stores[name] = made[0] if isinstance(value, Tensor) else made
        self._filled[name] = np.zeros(len(self), dtype=bool)
        return True
