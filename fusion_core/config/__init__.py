"""What a trial is: frozen values, every unknown key refused. Needs neither torch nor images."""

from fusion_core.config.base import Count, Frozen, NonNegative, Positive
from fusion_core.config.data import DataConfig, FolderPair, Limit, SyntheticConfig, WorstConfig
from fusion_core.config.loss import LossConfig
from fusion_core.config.recipes import (
    ArithmeticConfig,
    GRPOConfig,
    LoraConfig,
    PPOConfig,
    RecipeConfig,
    ReinforcedConfig,
    SupervisedConfig,
)
from fusion_core.config.reward import RewardConfig
from fusion_core.config.trial import EvaluationConfig, KernelConfig, PolicyConfig, StartConfig, TrialConfig

__all__ = [
    "ArithmeticConfig", "Count", "DataConfig", "EvaluationConfig", "FolderPair", "Frozen", "GRPOConfig", "KernelConfig",
    "Limit", "LoraConfig", "LossConfig", "NonNegative", "PPOConfig", "PolicyConfig", "Positive", "RecipeConfig",
    "ReinforcedConfig", "RewardConfig", "StartConfig", "SupervisedConfig", "SyntheticConfig", "TrialConfig",
    "WorstConfig",
]  # fmt: skip
