"""Checks a caller's images, and converts them to (N, C, H, W) in 0..255 and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

from fusion_core.errors import ImageError

Image: TypeAlias = np.ndarray | Tensor
Layout: TypeAlias = Literal["HWC", "CHW", "NHWC", "NCHW"]
DataRange: TypeAlias = float | tuple[float, float]

LAYOUTS: tuple[Layout, ...] = ("HWC", "CHW", "NHWC", "NCHW")
CHANNELS: dict[str, tuple[int, ...]] = {"visible": (1, 3), "infrared": (1,), "fused": (1, 3), "weight_map": (1,)}
FEW_PIXELS = 8
# Grey levels this near to a whole one are rounded to it: 0.1 * 255 in float32 is not quite.
WHOLE = 1e-3


@dataclass(frozen=True)
class Convention:
    """How a caller's images are laid out and what their values mean: `low` is black, `high` white."""

    layout: Layout
    low: float
    high: float

    @classmethod
    def of(cls, layout: str, data_range: DataRange) -> Convention:
        """Read the caller's arguments. Raises ImageError for an invalid layout or range."""
        if layout not in LAYOUTS:
            raise ImageError(f"layout must be one of {', '.join(LAYOUTS)}, but got {layout!r}")
        pair = data_range if isinstance(data_range, tuple) else (0, data_range)
        if len(pair) != 2 or not all(isinstance(value, int | float) for value in pair) or not pair[0] < pair[1]:
            raise ImageError(
                f"data_range must be white's value, or (black, white), but got {data_range!r}. Such as 255."
            )
        return cls(layout, float(pair[0]), float(pair[1]))

    @property
    def batched(self) -> bool:
        return self.layout.startswith("N")

    @property
    def range_text(self) -> str:
        return f"[{self.low:g}, {self.high:g}]"

    def planes(self, image: Image) -> Tensor:
        """Return (N, C, H, W) as a view; a grey image may lack its channel."""
        tensor = torch.from_numpy(image) if isinstance(image, np.ndarray) else image
        if tensor.ndim == len(self.layout) - 1:
            tensor = tensor.unsqueeze(-1 if self.layout.endswith("C") else self.layout.index("C"))
        tensor = tensor if self.batched else tensor.unsqueeze(0)
        return tensor.permute(0, 3, 1, 2) if self.layout.endswith("C") else tensor

    def pixels(self, image: Image) -> Tensor:
        """Return (N, C, H, W) in 0..255: uint8 as it is, else float32."""
        planes = self.planes(image).contiguous()
        if planes.dtype == torch.uint8:
            return planes
        scaled = (planes.to(torch.float64) - self.low) * (255 / (self.high - self.low))
        nearest = scaled.round()
        return torch.where((scaled - nearest).abs() < WHOLE, nearest, scaled).to(torch.float32)

    def restored(self, pixels: Tensor, like: Image) -> Image:
        """Return (N, C, H, W) in 0..255 in the caller's layout, range, dtype and kind; without the channel if grey."""
        whole = not _is_float(like)
        values = pixels.round() if whole else pixels * ((self.high - self.low) / 255) + self.low
        values = values.to(torch.uint8) if whole else values.to(_dtype_of(like))
        if values.shape[1] == 1 and like.ndim == len(self.layout) - 1:
            values = values[:, 0]
        elif self.layout.endswith("C"):
            values = values.permute(0, 2, 3, 1)
        values = values if self.batched else values[0]
        return values.detach().cpu().numpy() if isinstance(like, np.ndarray) else values


def check_images(images: Mapping[str, Image], convention: Convention, *, least: int = 1, values: bool = True) -> None:
    """Raise for images that do not fit together or their convention; every problem at once.

    `images` by name (visible, infrared, fused, weight_map); `least` pixels a side; `values` reads every pixel, to find
    those outside the range, NaN, and ranges that are likely wrong. Raises ImageError.
    """
    problems = [text for name, image in images.items() for text in _form_problems(name, image, convention)]
    if not problems:
        problems = [*_fit_problems(images, convention, least)]
    if not problems and values:
        problems = [*_value_problems(images, convention)]
    if problems:
        raise ImageError("\n".join(problems))


def _form_problems(name: str, image: Image, convention: Convention) -> list[str]:
    """Kind, dimensions, channels and dtype of one image."""
    if not isinstance(image, np.ndarray | Tensor):
        return [f"{name} must be a numpy array or a torch tensor, but got {type(image).__name__}"]
    layout, shape = convention.layout, tuple(image.shape)
    grey = layout.replace("C", "")
    if image.ndim not in (len(layout), len(grey)):
        return [f"{name} must have the shape {layout} or {grey}, but got {shape}. Say another layout."]
    if 0 in shape:
        return [f"{name} must have pixels, but its shape is {shape}"]
    allowed = CHANNELS[name]
    if image.ndim == len(layout) and (channels := shape[layout.index("C")]) not in allowed:
        other = shape[-3 if layout.endswith("C") else -1]
        remedy = " Pass one of its channels." if channels == 3 else ""
        remedy = f" Is its layout {_swapped(layout)}?" if other in (1, 3) else remedy
        counts = " or ".join(map(str, allowed))
        return [f"{name} must have {counts} channels as {layout}, but its shape is {shape}.{remedy}"]
    return _dtype_problems(name, image, convention)


def _dtype_problems(name: str, image: Image, convention: Convention) -> list[str]:
    if name == "weight_map":
        return [] if _is_float(image) else [f"weight_map must be of a float dtype in [0, 1], but is {image.dtype}"]
    if _is_float(image):
        return []
    if str(image.dtype).removeprefix("torch.") != "uint8":
        return [f"{name} must be uint8 or of a float dtype, but is {image.dtype}. Convert it, and say its data_range."]
    if (convention.low, convention.high) != (0, 255):
        return [
            f"{name} is uint8, so data_range must be 255, but got {convention.range_text}. Convert it, or pass 255."
        ]
    return []


def _fit_problems(images: Mapping[str, Image], convention: Convention, least: int) -> list[str]:
    """Kinds, devices, numbers and sizes of all images together."""
    first, *others = images.items()
    name, image = first
    problems = []
    batch, _, height, width = convention.planes(image).shape
    for other_name, other in others:
        if isinstance(other, np.ndarray) != isinstance(image, np.ndarray):
            problems.append(f"{other_name} and {name} must both be numpy arrays or both torch tensors, but are not")
            continue
        if isinstance(other, Tensor) and isinstance(image, Tensor) and other.device != image.device:
            problems.append(f"{other_name} must be on the device of {name}, {image.device}, but is on {other.device}")
        own_batch, _, own_height, own_width = convention.planes(other).shape
        if (own_height, own_width) != (height, width):
            got = f"{own_height}x{own_width}"
            problems.append(f"{other_name} must have the size of {name}, {height}x{width}, but is {got}. Resize one.")
        if own_batch != batch:
            problems.append(f"{other_name} must hold as many images as {name}, {batch}, but holds {own_batch}")
    if min(height, width) < least:
        problems.append(f"{name} must be at least {least}x{least}, but is {height}x{width}. Use larger images.")
    return problems


def _value_problems(images: Mapping[str, Image], convention: Convention) -> list[str]:
    """Values that are NaN, outside the range, or all in a part of it that suggests another range."""
    problems, spans = [], {}
    for name, image in images.items():
        tensor = convention.planes(image).detach()
        low, high = (float(value) for value in tensor.aminmax())
        if low != low or high != high or low in (float("-inf"),) or high == float("inf"):
            problems.append(f"{name} must be finite, but holds NaN or infinity")
            continue
        black, white = (0.0, 1.0) if name == "weight_map" else (convention.low, convention.high)
        slack = 1e-6 * (white - black)
        if low < black - slack or high > white + slack:
            span = f"[{black:g}, {white:g}]"
            what = span if name == "weight_map" else f"{span}, its data_range"
            problems.append(f"{name} must lie in {what}, but holds values from {low:g} to {high:g}.{_meant(low, high)}")
        elif name != "weight_map" and _is_float(image):
            spans[name] = low, high
    if problems or not spans or len(spans) < len([name for name in images if name != "weight_map"]):
        return problems
    lowest, highest = min(low for low, _ in spans.values()), max(high for _, high in spans.values())
    names = ", ".join(spans)
    if convention.high > 2 and convention.low >= 0 and 0 < highest <= 1:
        return [f"{names}: all values lie in [0, 1], but data_range is {convention.range_text}. Pass data_range=1."]
    if convention.low < 0 and lowest >= 0 and highest > 0:
        return [f"{names}: no value is below 0, but data_range is {convention.range_text}. Pass the range they are in."]
    return []


def _meant(low: float, high: float) -> str:
    """Return a remedy that names the usual range of such values."""
    for black, white, text in ((0, 1, "1"), (-1, 1, "(-1, 1)"), (0, 255, "255")):
        if black <= low and high <= white:
            return f" Pass data_range={text}?"
    return " Clip it, or pass its data_range."


def _swapped(layout: Layout) -> str:
    return {"HWC": "CHW", "CHW": "HWC", "NHWC": "NCHW", "NCHW": "NHWC"}[layout]


def _is_float(image: Image) -> bool:
    return image.dtype.kind == "f" if isinstance(image, np.ndarray) else image.dtype.is_floating_point


def _dtype_of(image: Image) -> torch.dtype:
    return torch.from_numpy(np.zeros(0, image.dtype)).dtype if isinstance(image, np.ndarray) else image.dtype
