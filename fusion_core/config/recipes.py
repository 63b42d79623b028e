"""How a trial trains: one configuration per recipe, distinguished by `kind`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from fusion_core.config.base import Count, Frozen, NonNegative, Positive, Share
from fusion_core.errors import did_you_mean

Precision = Literal["auto", "float32", "bf16", "fp16"]
Control = Literal["real", "shuffled", "negated", "frozen", "random", "direct"]


class SupervisedConfig(Frozen):
    """Train on the fusion loss."""

    needs_data: ClassVar[bool] = True
    learns_from_reward: ClassVar[bool] = False
    kind: Literal["supervised"] = "supervised"
    epochs: Count = 4
    learning_rate: Positive = 1e-4
    weight_decay: NonNegative = 1e-4
    batch_size: Count = 16
    accumulate: Count = 2
    gradient_clip: Positive = 1.0
    precision: Precision = "auto"


class ArithmeticConfig(Frozen):
    """A trial made of arithmetic, for tests and for measuring the orchestrator: no network, no images."""

    needs_data: ClassVar[bool] = False
    learns_from_reward: ClassVar[bool] = False
    kind: Literal["arithmetic"] = "arithmetic"
    epochs: Count = 2
    seconds: NonNegative = 0.0
    fail_at: Annotated[int, Field(ge=0)] = 0


class ReinforcedConfig(Frozen):
    """Common fields of recipes that learn from a reward.

    `updates` is the number of batches per epoch; None: one pass over the training pairs. `control` replaces the
    learning signal, to tell learning from drift: `shuffled` permutes advantages within each group, `negated` flips
    their sign, `frozen` never updates, `random` never updates and is judged by one draw, `direct` ascends the gradient
    of the reward itself. A trial fails if more than `collapse` of the map lies at 0 or at 1.
    """

    needs_data: ClassVar[bool] = True
    learns_from_reward: ClassVar[bool] = True
    epochs: Count = 4
    updates: Count | None = None
    samples: Annotated[int, Field(ge=2, le=256)] = 8
    learning_rate: Positive = 5e-5
    weight_decay: NonNegative = 1e-4
    batch_size: Count = 8
    gradient_clip: Positive = 1.0
    precision: Precision = "float32"
    inner_epochs: Annotated[int, Field(ge=1, le=4)] = 2
    clip: Annotated[float, Field(gt=0, lt=1)] = 0.2
    control: Control = "real"
    collapse: Share = 0.9

    @property
    def scale_free(self) -> bool:
        """Whether the scale of rewards does not matter, so that only the ratios of their weights do."""
        return self.control != "direct"

    @property
    def accumulate(self) -> int:
        """Batches per step: one, since a batch's samples are already many."""
        return 1


LEGACY: dict[str, Any] = {
    "samples": 4, "batch_size": 4, "grid": 0, "log_prob": "mean", "coefficient": 100.0, "target_kl": None,
    "beta_ref": 0.0, "kl_prior": 5e-3, "lambda_aux": 1e-3, "aux_gradient": False, "precision": "auto",
}  # fmt: skip
"""Values of the original PPO that differ from the defaults; its deviation is the policy's own, per pixel."""


LEARNED_SIGMA = (0.02, 0.3)
"""Bounds of a learned deviation."""


class PPOConfig(ReinforcedConfig):
    """Clipped policy gradient over a coarse grid of shifts of the weight map (recipe `ppo`).

    `grid`: cells per side, 0 for one per pixel; `sigma`: standard deviation of a cell, learned if `learn_sigma`.
    `variant: legacy` is the original: per pixel with the policy's own deviation, mean log-probabilities times 100,
    batch normalisation in training mode, advantages rescaled per batch, an auxiliary loss without gradient.
    """

    kind: Literal["ppo"] = "ppo"
    variant: Literal["coarse", "legacy"] = "coarse"
    grid: Annotated[int, Field(ge=0, le=64)] = 4
    sigma: Annotated[float, Field(gt=0, le=1)] = 0.2
    learn_sigma: bool = False
    log_prob: Literal["sum", "mean"] = "sum"
    advantage: Literal["std", "center", "wta"] = "std"
    target_kl: Positive | None = 0.05
    coefficient: Positive = 1.0
    beta_ref: NonNegative = 0.01
    kl_prior: NonNegative = 0.0
    lambda_aux: NonNegative = 1e-2
    aux_gradient: bool = True
    entropy: NonNegative = 0.0

    @property
    def scale_free(self) -> bool:
        """Centred advantages keep the rewards' own size; the original rescales them."""
        return super().scale_free and (self.advantage != "center" or self.variant == "legacy")

    @model_validator(mode="before")
    @classmethod
    def _as_the_original(cls, value: object) -> object:
        if isinstance(value, dict) and value.get("variant") == "legacy":
            return LEGACY | value
        return value

    @model_validator(mode="after")
    def _entropy_can_rise(self) -> Self:
        if self.entropy and not self.learn_sigma and self.variant == "coarse":
            raise ValueError(
                f"recipe.entropy must be 0 where the deviation is fixed, but got {self.entropy}: nothing can raise it. "
                "Write learn_sigma: true."
            )
        return self

    @model_validator(mode="after")
    def _the_original_acts_per_pixel(self) -> Self:
        if self.variant == "legacy" and self.grid:
            raise ValueError(
                f"recipe.grid must be 0 with variant legacy, which acts per pixel, but got {self.grid}. Leave it out."
            )
        return self

    @model_validator(mode="after")
    def _learned_sigma_starts_within_bounds(self) -> Self:
        low, high = LEARNED_SIGMA
        if self.learn_sigma and self.variant == "coarse" and not low <= self.sigma <= high:
            raise ValueError(
                f"recipe.sigma must be from {low} to {high} with learn_sigma, but got {self.sigma}: a learned one is "
                "held there. Write a value between, or learn_sigma: false."
            )
        return self


BLOCKS = ("enter", *(f"downs.{k}" for k in range(4)), *(f"ups.{k}" for k in range(4)), "leave")
CONVOLUTIONS = tuple(
    name
    for block in BLOCKS
    for inside in (("",) if block == "leave" else (".convolve.0", ".convolve.3") if "ups" in block else (".0", ".3"))
    for name in (block + inside,)
)
"""Blocks of the policy, and the convolutions in them, by their names in the network."""


class LoraConfig(Frozen):
    """Low-rank adaptation of convolutions: rank, scale alpha / rank, and target modules with all submodules.

    Modules are `enter`, `downs`, `ups`, `leave`, and what is in them, such as `ups.3`.
    """

    rank: Count = 4
    alpha: Positive = 4.0
    targets: Annotated[tuple[str, ...], Field(min_length=1)] = ("ups.2", "ups.3", "leave")

    @field_validator("targets")
    @classmethod
    def _targets_of_the_policy(cls, targets: tuple[str, ...]) -> tuple[str, ...]:
        for target in targets:
            if not any(f"{name}.".startswith(f"{target}.") for name in CONVOLUTIONS):
                raise ValueError(
                    f"lora.targets must name modules of the policy, but got {target!r}.{did_you_mean(target, BLOCKS)}"
                )
        return targets


class GRPOConfig(ReinforcedConfig):
    """Group-relative policy gradient over six numbers per image: a tilt per band and a gain of the details.

    `delta` is the largest tilt, `kappa` the largest change of the gain. `learning_rate` is that of the heads,
    `backbone_learning_rate` that of LoRA, decoder or the whole network, as `train` says. `lambda_sup` weighs the fusion
    loss of the best sample (`supervision: self`: the distance of the deterministic output to it), `lambda_cons` the
    distance of a sample to the output without heads, `beta_kl` the divergence from the initial distribution.
    """

    kind: Literal["grpo"] = "grpo"
    samples: Annotated[int, Field(ge=2, le=256)] = 4
    learning_rate: Positive = 2e-3
    backbone_learning_rate: Positive = 1e-4
    inner_epochs: Annotated[int, Field(ge=1, le=4)] = 1
    train: Literal["heads", "lora", "decoder", "all"] = "heads"
    lora: LoraConfig = LoraConfig()
    delta: Annotated[float, Field(gt=0, le=1)] = 0.4
    kappa: Annotated[float, Field(ge=0, lt=1)] = 0.5
    lambda_sup: NonNegative = 0.1
    supervision: Literal["fusion_loss", "self"] = "fusion_loss"
    lambda_cons: NonNegative = 0.05
    beta_kl: NonNegative = 0.01
    entropy: NonNegative = 0.0

    @model_validator(mode="after")
    def _trained_weights_get_a_gradient(self) -> Self:
        if self.train in ("lora", "decoder") and not (self.lambda_sup or self.lambda_cons):
            raise ValueError(
                f"recipe.train: {self.train} must have lambda_sup or lambda_cons above 0, but both are 0: actions are "
                "drawn before the decoder, so the reward itself moves the heads alone"
            )
        return self


RecipeConfig = Annotated[SupervisedConfig | PPOConfig | GRPOConfig | ArithmeticConfig, Field(discriminator="kind")]
