"""What a trial is: frozen values, every unknown key refused. Needs neither torch nor images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Side = Annotated[int, Field(ge=1, le=8192)]
Scenes = Annotated[int, Field(ge=1, le=10_000)]
SceneSide = Annotated[int, Field(ge=1, le=2048)]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class FolderPair(Frozen):
    """A data set of your own: two folders whose files pair by stem."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$", max_length=40)]
    visible: Path
    infrared: Path


class Limit(Frozen):
    """How many pairs to take, the first by name."""

    train: Count | None = None
    test: Count | None = None


class SyntheticConfig(Frozen):
    """The embedded data set, made from a seed."""

    train: Scenes = 24
    test: Scenes = 6
    size: tuple[SceneSide, SceneSide] = (128, 160)
    seed: Annotated[int, Field(ge=0)] = 0


class DataConfig(Frozen):
    """Which pairs to train on and to test on; `test` may name any number of sets."""

    train: str | FolderPair = "synthetic"
    test: tuple[str | FolderPair, ...] = ("synthetic",)
    optional: tuple[str, ...] = ()
    root: Path | None = None
    crop: Literal["none", "square"] = "none"
    resize: tuple[Side, Side] | None = None
    limit: Limit = Limit()
    synthetic: SyntheticConfig = SyntheticConfig()

    @model_validator(mode="before")
    @classmethod
    def _limit_as_number(cls, value: object) -> object:
        if isinstance(value, dict) and isinstance(value.get("limit"), int) and not isinstance(value["limit"], bool):
            return {**value, "limit": {"train": value["limit"], "test": value["limit"]}}
        return value


class PolicyConfig(Frozen):
    """The U-Net that gives the weight map."""

    base_channels: Annotated[int, Field(ge=1, le=1024)] = 64


class KernelConfig(Frozen):
    """The fixed Laplacian pyramid that fuses."""

    levels: Annotated[int, Field(ge=1, le=8)] = 4


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
    def _one_way_to_say_ssim(self) -> Self:
        if self.ssim_shared is not None and {"ssim_ratio", "ssim_ir_ratio"} & self.model_fields_set:
            raise ValueError("ssim_shared sets ssim_ratio and ssim_ir_ratio: give either it or them, not both")
        return self

    @model_serializer(mode="wrap")
    def _what_is_dumped_validates_again(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = handler(self)
        if self.ssim_shared is not None:
            values.pop("ssim_ratio", None)
            values.pop("ssim_ir_ratio", None)
        return values

    def resolved(self) -> LossConfig:
        """Return the same loss with `ssim_shared` written out, so that equal losses are equal values."""
        if self.ssim_shared is None:
            return self
        values = self.model_dump(exclude={"ssim_shared", "ssim_ratio", "ssim_ir_ratio"})
        return LossConfig(**values, ssim_ratio=self.ssim_shared, ssim_ir_ratio=self.ssim_shared)


class SupervisedConfig(Frozen):
    """Train on the fusion loss."""

    needs_data: ClassVar[bool] = True
    kind: Literal["supervised"] = "supervised"
    epochs: Count = 4
    learning_rate: Positive = 1e-4
    weight_decay: NonNegative = 1e-4
    batch_size: Count = 16
    accumulate: Count = 2
    gradient_clip: Positive = 1.0
    precision: Literal["auto", "float32", "bf16", "fp16"] = "auto"


class ArithmeticConfig(Frozen):
    """A trial made of arithmetic, for tests and for measuring the orchestrator: no network, no images."""

    needs_data: ClassVar[bool] = False
    kind: Literal["arithmetic"] = "arithmetic"
    epochs: Count = 2
    seconds: NonNegative = 0.0
    fail_at: Annotated[int, Field(ge=0)] = 0


RecipeConfig = Annotated[SupervisedConfig | ArithmeticConfig, Field(discriminator="kind")]


class EvaluationConfig(Frozen):
    """How each epoch is judged: `mu` fuses with the mean map, `sample` with one draw from it."""

    mode: Literal["mu", "sample"] = "mu"
    per_image: Literal["all", "last", "none"] = "all"


class TrialConfig(Frozen):
    """Everything that decides a trial's numbers, and nothing that does not."""

    data: DataConfig = DataConfig()
    policy: PolicyConfig = PolicyConfig()
    kernel: KernelConfig = KernelConfig()
    loss: LossConfig = LossConfig()
    recipe: RecipeConfig = SupervisedConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    seed: Annotated[int, Field(ge=0)] = 0
