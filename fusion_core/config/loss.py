"""The fusion loss: its weights and its modes."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from fusion_core.config.base import Frozen, NonNegative


class LossConfig(Frozen):
    """Weights of the fusion loss; the defaults are the reference's. `ssim_shared` sets both SSIM weights."""

    ssim_ratio: NonNegative = 1.0
    ssim_ir_ratio: NonNegative = 1.0
    ssim_shared: NonNegative | None = None
    max_ratio: NonNegative = 10.0
    consist_ratio: NonNegative = 2.0
    grad_ratio: NonNegative = 40.0
    color_ratio: NonNegative = 2.0
    ir_compose: NonNegative = 2.0
    max_mode: Literal["l1", "l2"] = "l1"
    consist_mode: Literal["l1", "l2"] = "l1"
    ssim_window_size: Annotated[int, Field(ge=3, le=512)] = 48
    terms: dict[str, NonNegative] = Field(default_factory=dict)
    fusion_weight: NonNegative = 0.1
    kl_weight: NonNegative = 1e-5

    @model_validator(mode="after")
    def _exclusive_ssim_keys(self) -> Self:
        if self.ssim_shared is not None and {"ssim_ratio", "ssim_ir_ratio"} & self.model_fields_set:
            raise ValueError("ssim_shared sets ssim_ratio and ssim_ir_ratio: give either it or them, not both")
        return self

    @model_serializer(mode="wrap")
    def _dump_validates_again(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = handler(self)
        if self.ssim_shared is not None:
            values.pop("ssim_ratio", None)
            values.pop("ssim_ir_ratio", None)
        return values

    def resolved(self) -> LossConfig:
        """Return the same loss with `ssim_shared` written out, so that equal losses compare equal."""
        if self.ssim_shared is None:
            return self
        values = self.model_dump(exclude={"ssim_shared", "ssim_ratio", "ssim_ir_ratio"})
        return LossConfig(**values, ssim_ratio=self.ssim_shared, ssim_ir_ratio=self.ssim_shared)
