"""Everything that decides a trial's results, in one frozen value."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fusion_core.config.base import Frozen
from fusion_core.config.data import DataConfig
from fusion_core.config.loss import LossConfig
from fusion_core.config.recipes import RecipeConfig, SupervisedConfig
from fusion_core.config.reward import RewardConfig


class PolicyConfig(Frozen):
    """The U-Net that gives the weight map."""

    base_channels: Annotated[int, Field(ge=1, le=1024)] = 64


class KernelConfig(Frozen):
    """The fixed Laplacian pyramid that fuses."""

    levels: Annotated[int, Field(ge=1, le=8)] = 4


class EvaluationConfig(Frozen):
    """How each epoch is judged: `mu` fuses as deployed, `sample` with one draw, `off` without the heads of grpo."""

    mode: Literal["mu", "sample", "off"] = "mu"
    per_image: Literal["all", "last", "none"] = "all"


class StartConfig(Frozen):
    """A policy trained first, once per sweep, on the trial's own data, policy and kernel; `loss: null`: its own too."""

    recipe: SupervisedConfig = SupervisedConfig()
    loss: LossConfig | None = None
    seed: Annotated[int, Field(ge=0)] = 0


class TrialConfig(Frozen):
    """Everything that decides a trial's results, and nothing else.

    `start` is the initial checkpoint: a checkpoint's path, `runs/NAME:best`, or a recipe that is trained first.
    """

    data: DataConfig = DataConfig()
    policy: PolicyConfig = PolicyConfig()
    kernel: KernelConfig = KernelConfig()
    loss: LossConfig = LossConfig()
    reward: RewardConfig = RewardConfig()
    start: StartConfig | str | None = None
    recipe: RecipeConfig = SupervisedConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    seed: Annotated[int, Field(ge=0)] = 0
