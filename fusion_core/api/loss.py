"""The fusion loss for a user's own training loop."""

from __future__ import annotations

from torch import Tensor, nn

from fusion_core import losses
from fusion_core.api.images import Convention, DataRange, check_images
from fusion_core.config import LossConfig
from fusion_core.sources import Fused, Sources


class FusionLoss(nn.Module):
    """The weighted sum of SSIM, maximum, consistency, colour and gradient terms (HybridFusion), differentiable.

    Args:
        config: weights and modes; `LossConfig(max_ratio=16)` and the like, the reference's by default.
        data_range: the value of white where black is 0, or (black, white).

    Values are checked at the first call; shapes, dtypes and devices at every one.

    Example:
        >>> import torch, fusion_core
        >>> loss = fusion_core.FusionLoss(fusion_core.LossConfig(ssim_window_size=11), data_range=1)
        >>> visible, infrared = torch.rand(2, 3, 48, 48), torch.rand(2, 1, 48, 48)
        >>> fused = visible.clone().requires_grad_()
        >>> loss(visible, infrared, fused).backward()
        >>> fused.grad.shape
        torch.Size([2, 3, 48, 48])
    """

    def __init__(self, config: LossConfig | None = None, *, data_range: DataRange = (-1.0, 1.0)) -> None:
        super().__init__()
        self.loss = losses.FusionLoss(config or LossConfig())
        self.convention = Convention.of("NCHW", data_range)
        self._seen = False

    @property
    def config(self) -> LossConfig:
        return self.loss.config

    def forward(self, visible: Tensor, infrared: Tensor, fused: Tensor) -> Tensor:
        """Return the loss, a scalar. (N, 3 or 1, H, W), (N, 1, H, W), and fused like visible, all float.

        Raises ImageError if they do not fit.
        """
        total, _ = self.loss(*self._batch(visible, infrared, fused))
        return total

    def terms(self, visible: Tensor, infrared: Tensor, fused: Tensor) -> dict[str, Tensor]:
        """Return every term by its name, unweighted, each a scalar."""
        return self.loss.terms(*self._batch(visible, infrared, fused))

    def _batch(self, visible: Tensor, infrared: Tensor, fused: Tensor) -> tuple[Sources, Fused]:
        images = {"visible": visible, "infrared": infrared, "fused": fused}
        check_images(images, self.convention, least=self.config.ssim_window_size, values=not self._seen)
        self._seen = True
        return Sources(self._unit(visible), self._unit(infrared)), Fused(self._unit(fused))

    def _unit(self, image: Tensor) -> Tensor:
        low, high = self.convention.low, self.convention.high
        planes = self.convention.planes(image).float()
        return planes if (low, high) == (-1, 1) else (planes - low) * (2 / (high - low)) - 1
