"""Helpers that make fast in-place code differentiable, at no cost if gradients are off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def scratch(x: Tensor) -> Tensor:
    """Return a tensor that may be overwritten: `x` itself, or a copy if autograd may have saved `x` for backward."""
    return x.clone() if x.requires_grad else x


def finite_gradient(x: Tensor) -> Tensor:
    """Zero each gradient of `x` that is not finite, such as that of a root at 0; return `x`."""
    if x.requires_grad:
        x.register_hook(lambda gradient: torch.where(gradient.isfinite(), gradient, 0.0))
    return x


class _Truncate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.trunc()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return gradients[0]


_truncate: Callable[[Tensor], Tensor] = _Truncate.apply


def truncated(x: Tensor) -> Tensor:
    """Truncate to whole numbers, in place if gradients are off; gradients pass straight through."""
    return _truncate(x) if x.requires_grad else x.trunc_()
