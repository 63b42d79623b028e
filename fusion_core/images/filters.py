"""The one Gaussian and the one Sobel of the tree, both with a gradient. Tensors are (N, C, H, W)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Padding = Literal["replicate", "reflect", "constant"]


@lru_cache
def gaussian(size: int, sigma: float, centre: float | None = None) -> tuple[float, ...]:
    """Return `size` Gaussian taps that sum to 1, centred at index `centre` ((size - 1) / 2 where None)."""
    middle = (size - 1) / 2 if centre is None else centre
    taps = torch.exp(-((torch.arange(size, dtype=torch.float64) - middle) ** 2) / (2 * sigma**2))
    return tuple((taps / taps.sum()).tolist())


# Block size of a filter: both of its passes fit a core's second-level cache.
BLOCK_BYTES = 1 << 19


def _filter_axis(
    x: Tensor, taps: tuple[float, ...], axis: int, stride: int, length: int, out: Tensor | None = None
) -> Tensor:
    span = (length - 1) * stride + 1

    def shifted(by: int) -> Tensor:
        part = x.narrow(axis, by, span)
        if stride == 1:
            return part
        return part[..., ::stride] if axis == -1 else part[..., ::stride, :]

    total = torch.mul(shifted(0), taps[0], out=out)
    for index, tap in enumerate(taps[1:], 1):
        total.add_(shifted(index), alpha=tap)
    return total


def _shifted_sums(x: Tensor, taps: tuple[float, ...], stride: int) -> Tensor:
    height, width = ((size - len(taps)) // stride + 1 for size in x.shape[-2:])
    if x.nbytes <= BLOCK_BYTES:
        return _filter_axis(_filter_axis(x, taps, -2, stride, height), taps, -1, stride, width)
    planes = x.reshape(-1, x.shape[-2], x.shape[-1])
    out = x.new_empty((len(planes), height, width))
    row = x.shape[-1] * x.element_size()
    rows = max(1, min(height, BLOCK_BYTES // row))
    together = max(1, min(len(planes), BLOCK_BYTES // (rows * row)))
    columns = x.new_empty((together, rows, x.shape[-1]))
    for first in range(0, len(planes), together):
        for top in range(0, height, rows):
            block = out[first : first + together, top : top + rows]
            above = planes[first : first + together, top * stride :]
            shape = (len(block), block.shape[1])
            filtered = _filter_axis(above, taps, -2, stride, shape[1], columns[: shape[0], : shape[1]])
            _filter_axis(filtered, taps, -1, stride, width, block)
    return out.view(*x.shape[:-2], height, width)


def separable_filter(x: Tensor, taps: tuple[float, ...], stride: int = 1) -> Tensor:
    """Correlate the last two axes with `taps` x `taps`, valid region only, every `stride`-th output; no gradient.

    On a CPU shifted sums, a block at a time, touch each element once per tap: at 11 to 21 taps a fraction of a
    convolution's time, and each image's result does not depend on its neighbours in the batch. A GPU reads memory once
    in a depthwise convolution.
    """
    if min(x.shape[-2:]) < len(taps):
        raise ValueError(
            f"images must be at least {len(taps)} pixels in both directions, but got {tuple(x.shape[-2:])}"
        )
    return depthwise_filter(x, taps, stride) if x.is_cuda else _shifted_sums(x.detach(), taps, stride)


@lru_cache
def constant(values: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return fixed numbers as a tensor, sent to the device once."""
    return torch.tensor(values, dtype=dtype, device=device)


def depthwise_filter(x: Tensor, taps: tuple[float, ...], stride: int = 1) -> Tensor:
    """Do what `separable_filter` does as two depthwise convolutions, with a gradient."""
    channels = x.shape[1]
    weights = constant(taps, x.dtype, x.device)
    column, row = (weights.reshape(shape).expand(channels, 1, -1, -1) for shape in ((1, 1, -1, 1), (1, 1, 1, -1)))
    x = F.conv2d(x, column, stride=(stride, 1), groups=channels)
    return F.conv2d(x, row, stride=(1, stride), groups=channels)


def _spread_axis(grad: Tensor, taps: tuple[float, ...], axis: int, stride: int, size: int) -> Tensor:
    shape = list(grad.shape)
    shape[axis] = size
    out = grad.new_zeros(shape)
    span = (grad.shape[axis] - 1) * stride + 1
    for index, tap in enumerate(taps):
        part = out.narrow(axis, index, span)
        if stride > 1:
            part = part[..., ::stride] if axis == -1 else part[..., ::stride, :]
        part.add_(grad, alpha=tap)
    return out


class _Smooth(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, taps: tuple[float, ...], stride: int) -> Tensor:
        ctx.taps, ctx.stride, ctx.size = taps, stride, (x.shape[-2], x.shape[-1])
        return separable_filter(x, taps, stride)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        height, width = ctx.size
        spread = _spread_axis(grads[0], ctx.taps, -2, ctx.stride, height)
        return _spread_axis(spread, ctx.taps, -1, ctx.stride, width), None, None


_smooth: Callable[[Tensor, tuple[float, ...], int], Tensor] = _Smooth.apply


def smooth(x: Tensor, taps: tuple[float, ...], stride: int = 1) -> Tensor:
    """Do what `separable_filter` does, with a gradient."""
    return _smooth(x, taps, stride) if x.requires_grad and not x.is_cuda else separable_filter(x, taps, stride)


def _sobel_valid(x: Tensor) -> tuple[Tensor, Tensor]:
    across = x[..., 2:] - x[..., :-2]
    gx = across[..., :-2, :] + across[..., 2:, :]
    gx.add_(across[..., 1:-1, :], alpha=2)
    down = x[..., 2:, :] - x[..., :-2, :]
    gy = down[..., :-2] + down[..., 2:]
    gy.add_(down[..., 1:-1], alpha=2)
    return gx, gy


class _Sobel(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, padded: Tensor) -> tuple[Tensor, Tensor]:
        return _sobel_valid(padded)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        gx, gy = grads
        shape = (*gx.shape[:-2], gx.shape[-2] + 2, gx.shape[-1] + 2)
        out = gx.new_zeros(shape)
        down = gx.new_zeros((*gx.shape[:-2], shape[-2], gx.shape[-1]))
        for row, weight in ((0, 1), (1, 2), (2, 1)):
            down.narrow(-2, row, gx.shape[-2]).add_(gx, alpha=weight)
        out[..., 2:].add_(down)
        out[..., :-2].sub_(down)
        across = gy.new_zeros((*gy.shape[:-2], gy.shape[-2], shape[-1]))
        for column, weight in ((0, 1), (1, 2), (2, 1)):
            across.narrow(-1, column, gy.shape[-1]).add_(gy, alpha=weight)
        out[..., 2:, :].add_(across)
        out[..., :-2, :].sub_(across)
        return out


_sobel: Callable[[Tensor], tuple[Tensor, Tensor]] = _Sobel.apply


def sobel(x: Tensor, padding: Padding) -> tuple[Tensor, Tensor]:
    """Return the 3x3 Sobel responses in x (to the right) and y (down), of the size of `x`."""
    padded = F.pad(x, (1, 1, 1, 1), mode=padding)
    return _sobel(padded) if padded.requires_grad else _sobel_valid(padded)
